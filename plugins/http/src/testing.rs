//! A small HTTP server for tests: each path has the bytes that it answers, right or wrong.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What is written, and what happens then.
#[derive(Debug, Clone)]
pub enum Answer {
    /// These bytes, and the end of the connection.
    Raw(Vec<u8>),
    /// These bytes, and then nothing for a long time.
    Stuck(Vec<u8>),
    /// These bytes again and again.
    Endless(Vec<u8>),
}

/// A whole answer with a length.
#[must_use]
pub fn answer(status: &str, kind: &str, body: impl AsRef<[u8]>) -> Answer {
    let body = body.as_ref();
    let bytes = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    Answer::Raw([bytes.as_bytes(), body].concat())
}

/// A JSON text of status 200.
#[must_use]
pub fn json(body: &str) -> Answer {
    answer("200 OK", "application/json", body)
}

/// The body in chunks of seven bytes.
#[must_use]
pub fn chunked(kind: &str, body: impl AsRef<[u8]>) -> Answer {
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n")
            .into_bytes();
    for piece in body.as_ref().chunks(7) {
        bytes.extend(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend(piece);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    Answer::Raw(bytes)
}

type Routes = Arc<dyn Fn(&str) -> Answer + Send + Sync>;

/// The server; it serves until the test's process ends.
#[derive(Debug)]
pub struct Server {
    /// Its address, as a plug-in takes it.
    pub address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// A server on a port of its own.
    ///
    /// # Errors
    /// When there is no port.
    pub fn tcp(routes: impl Fn(&str) -> Answer + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("http://{}", listener.local_addr()?);
        let (server, routes) = Self::new(address, routes);
        let requests = Arc::clone(&server.requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (routes, requests) = (Arc::clone(&routes), Arc::clone(&requests));
                thread::spawn(move || serve(stream, &*routes, &requests));
            }
        });
        Ok(server)
    }

    /// A server on a Unix socket.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub fn unix(
        path: &Path,
        routes: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        let (server, routes) = Self::new(format!("unix://{}", path.display()), routes);
        let requests = Arc::clone(&server.requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (routes, requests) = (Arc::clone(&routes), Arc::clone(&requests));
                thread::spawn(move || serve(stream, &*routes, &requests));
            }
        });
        Ok(server)
    }

    fn new(
        address: String,
        routes: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> (Self, Routes) {
        (Self { address, requests: Arc::default() }, Arc::new(routes))
    }

    /// The requests so far, each with its headers.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Serves one request; a client that goes away is no matter.
pub fn serve(
    mut stream: impl Read + Write,
    routes: &dyn Fn(&str) -> Answer,
    requests: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut reader = BufReader::new(&mut stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        request.push_str(&line);
    }
    let path = request.split(' ').nth(1)?.to_owned();
    requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    match routes(&path) {
        Answer::Raw(bytes) => stream.write_all(&bytes).ok()?,
        Answer::Stuck(bytes) => {
            stream.write_all(&bytes).ok()?;
            stream.flush().ok()?;
            thread::sleep(Duration::from_secs(30));
        }
        Answer::Endless(bytes) => loop {
            stream.write_all(&bytes).ok()?;
        },
    }
    stream.flush().ok()
}
