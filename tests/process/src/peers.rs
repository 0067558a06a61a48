//! What Trine is compared with: `serde_json` on the same message, and rmcp's server with the same
//! tools.

use std::hint::black_box;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::io::{DuplexStream, ReadHalf, WriteHalf};
use tokio::runtime::Runtime;
use trine_peer::Adder;

use crate::Subject;
use crate::json::MESSAGE;

/// Parses a message into a tree, and does nothing with it.
pub(crate) struct Value(pub(crate) Vec<u8>);

pub(crate) fn value(_calls: u32) -> Box<dyn Subject> {
    Box::new(Value(MESSAGE.to_vec()))
}

impl Subject for Value {
    fn run(&mut self, calls: u32) -> usize {
        let parse = |_| serde_json::from_slice::<serde_json::Value>(black_box(&self.0)).is_ok();
        (0..calls).map(parse).filter(|parsed| black_box(*parsed)).count()
    }
}

/// The message as types that borrow from it, without any of the checks that MCP asks for.
#[derive(Deserialize)]
struct Request<'m> {
    jsonrpc: &'m str,
    id: u64,
    method: &'m str,
    #[serde(borrow)]
    params: Params<'m>,
}

#[derive(Deserialize)]
struct Params<'m> {
    name: &'m str,
    arguments: Arguments,
    #[serde(borrow, rename = "_meta")]
    meta: Meta<'m>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    a: i64,
    b: i64,
}

#[derive(Deserialize)]
struct Meta<'m> {
    #[serde(rename = "io.modelcontextprotocol/protocolVersion")]
    version: &'m str,
    #[serde(borrow, rename = "io.modelcontextprotocol/clientInfo")]
    client: Client<'m>,
    #[serde(rename = "io.modelcontextprotocol/clientCapabilities")]
    _capabilities: Capabilities,
}

#[derive(Deserialize)]
struct Client<'m> {
    name: &'m str,
    version: &'m str,
}

#[derive(Deserialize)]
struct Capabilities {}

/// Parses the message into types, and does nothing with them.
struct Typed;

pub(crate) fn typed(_calls: u32) -> Box<dyn Subject> {
    Box::new(Typed)
}

impl Subject for Typed {
    fn run(&mut self, calls: u32) -> usize {
        let mut sum = 0;
        for _ in 0..calls {
            let Ok(request) = serde_json::from_slice::<Request<'_>>(black_box(MESSAGE)) else {
                continue;
            };
            let Request { jsonrpc, id, method, params } = black_box(request);
            let Params { name, arguments: Arguments { a, b }, meta } = params;
            let Meta { version, client, .. } = meta;
            let texts = [jsonrpc, method, name, version, client.name, client.version];
            sum += usize::from(black_box((a, b, id)).0 == 12) * usize::from(!texts.is_empty());
        }
        sum
    }
}

/// rmcp's server as a task of this thread, at the other end of a pipe in memory.
pub(crate) struct Rmcp {
    runtime: Runtime,
    reader: BufReader<ReadHalf<DuplexStream>>,
    writer: WriteHalf<DuplexStream>,
    /// What is sent again and again.
    line: Vec<u8>,
    is_good: fn(&[u8]) -> bool,
}

pub(crate) fn rmcp(_calls: u32) -> Box<dyn Subject> {
    let is_good = |answer: &[u8]| answer.windows(8).any(|part| part == b"\"sum\":17");
    Box::new(Rmcp::new(|far| Adder.run(far), MESSAGE, is_good))
}

impl Rmcp {
    /// A server at the end of a pipe that it is given. It is sent this message again and again, and
    /// its answers must be good.
    pub(crate) fn new<S: Future<Output: Send> + Send + 'static>(
        serve: impl FnOnce(DuplexStream) -> S,
        message: &[u8],
        is_good: fn(&[u8]) -> bool,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.unwrap_or_else(|error| {
            eprintln!("no runtime: {error}");
            std::process::exit(1)
        });
        let (near, far) = tokio::io::duplex(1 << 16);
        // How it ends is seen from the other side.
        runtime.spawn(serve(far));
        let (reader, writer) = tokio::io::split(near);
        let (reader, line) = (BufReader::new(reader), [message, b"\n"].concat());
        let mut peer = Self { runtime, reader, writer, line, is_good };
        // The first call opens what later ones use.
        peer.run(1);
        peer
    }
}

impl Subject for Rmcp {
    fn run(&mut self, calls: u32) -> usize {
        let mut answer = Vec::with_capacity(1024);
        let Self { runtime, reader, writer, line, is_good } = self;
        runtime.block_on(async {
            let mut bytes = 0;
            for _ in 0..calls {
                answer.clear();
                let sent = writer.write_all(black_box(line)).await;
                let read = reader.read_until(b'\n', &mut answer).await;
                if sent.is_err() || !is_good(&answer) {
                    eprintln!("rmcp answered {read:?}: {}", String::from_utf8_lossy(&answer));
                    std::process::exit(1);
                }
                bytes += answer.len();
            }
            bytes
        })
    }
}
