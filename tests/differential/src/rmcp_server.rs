//! rmcp's server in this process, on a pipe in memory.

use std::error::Error;
use std::io;
use std::time::Duration;

use rmcp::ServiceExt;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::runtime::Runtime;
use trine_peer::{Pace, PeerBoard};

use crate::case::{Case, ProtocolFamily};
use crate::{INITIALIZE, INITIALIZED, SENTINEL_ID, sentinel};

const PIPE_BYTES: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a server that runs as a task.
#[derive(Debug)]
struct Connection {
    reader: BufReader<ReadHalf<DuplexStream>>,
    writer: WriteHalf<DuplexStream>,
}

/// rmcp's server with the board's tools; slow tools answer at once.
#[derive(Debug)]
pub struct RmcpServer {
    runtime: Runtime,
    board: PeerBoard,
    family: ProtocolFamily,
    session: Option<Connection>,
}

impl RmcpServer {
    /// A server of the era, with a board just switched on.
    ///
    /// # Errors
    ///
    /// When the runtime or the board cannot be made.
    pub fn new(family: ProtocolFamily) -> Result<Self, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, board: PeerBoard::new(Pace::Instant)?, family, session: None })
    }

    /// Plays cases to a board just switched on, on one connection, and returns the answers to each.
    ///
    /// # Errors
    ///
    /// When the connection cannot be opened.
    pub fn play(&mut self, cases: &[Case]) -> io::Result<Vec<Vec<Vec<u8>>>> {
        self.board.reset();
        self.session = None;
        cases.iter().map(|case| self.exchange(case)).collect()
    }

    /// Sends a case and returns every line that came back. `{"closed":true}` stands for the end of
    /// the connection.
    fn exchange(&mut self, case: &Case) -> io::Result<Vec<Vec<u8>>> {
        let (board, family) = (self.board.clone(), self.family);
        let mut connection = match self.session.take().filter(|_| !case.fresh) {
            Some(connection) => connection,
            None => self.runtime.block_on(connect(board, (!case.fresh).then_some(family)))?,
        };
        let exchange = connection.exchange(&case.line, family);
        let (lines, alive) = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, exchange).await })
            .map_err(|_| io::Error::other(format!("rmcp is silent after {case:?}")))??;
        if alive && !case.fresh {
            self.session = Some(connection);
        }
        Ok(lines)
    }
}

async fn connect(board: PeerBoard, open: Option<ProtocolFamily>) -> io::Result<Connection> {
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    tokio::spawn(async move {
        // How the connection ends is seen from its other side.
        if let Ok(running) = board.serve(far).await {
            let _ = running.waiting().await;
        }
    });
    let (reader, writer) = tokio::io::split(near);
    let mut connection = Connection { reader: BufReader::new(reader), writer };
    if open == Some(ProtocolFamily::Legacy) {
        connection.send(INITIALIZE.as_bytes()).await?;
        connection.receive().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        connection.send(INITIALIZED.as_bytes()).await?;
    }
    Ok(connection)
}

impl Connection {
    async fn send(&mut self, line: &[u8]) -> io::Result<()> {
        self.writer.write_all(line).await?;
        self.writer.write_all(b"\n").await
    }

    async fn receive(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let count = self.reader.read_until(b'\n', &mut line).await?;
        Ok((count > 0).then_some(line))
    }

    /// The lines up to the answer to the sentinel, and whether the connection still stands.
    async fn exchange(
        &mut self,
        line: &[u8],
        family: ProtocolFamily,
    ) -> io::Result<(Vec<Vec<u8>>, bool)> {
        self.send(line).await?;
        // A server that has hung up does not take the sentinel; what it said is still read.
        let _ = self.send(sentinel(family).as_bytes()).await;
        let mut lines = Vec::new();
        while let Some(line) = self.receive().await? {
            let value: serde_json::Value = serde_json::from_slice(&line)?;
            if value.get("id").and_then(serde_json::Value::as_str) == Some(SENTINEL_ID) {
                return Ok((lines, true));
            }
            lines.push(line);
        }
        lines.push(br#"{"closed":true}"#.to_vec());
        Ok((lines, false))
    }
}
