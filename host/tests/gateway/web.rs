//! A client over HTTP that says each byte of its requests itself.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Gateway, PATIENCE, stateless};

/// A gateway that serves HTTP.
pub(crate) struct Site {
    pub(crate) gateway: Gateway,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
}

/// A response, its body read to the end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A response of events, as they come.
pub(crate) struct Events {
    pub(crate) head: Reply,
    /// The id of the last event that had one.
    pub(crate) id: Option<String>,
    reader: BufReader<TcpStream>,
    /// Events that came in one chunk: the lines of each.
    waiting: VecDeque<String>,
}

/// A header and its value.
pub(crate) type Header<'a> = (&'a str, &'a str);

impl Site {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(&mut Gateway::command(&[arguments, &["--http", "127.0.0.1:0"]].concat()))
    }

    /// The same by a command of its own.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let gateway = Gateway::spawn(command);
        let log = gateway.logged("/mcp");
        let (_, rest) = log.split_once("http://").unwrap();
        let address = rest.split('/').next().unwrap().to_owned();
        Self { gateway, address }
    }

    /// Ends it as a system does that shuts down.
    pub(crate) fn terminate(&self) {
        let id = self.gateway.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// The head of a request and its body, with a `Host` unless one is given.
    pub(crate) fn request(&self, line: &str, headers: &[Header<'_>], body: &str) -> String {
        request(&self.address, line, headers, body)
    }

    /// Sends a request on a connection of its own.
    pub(crate) fn send(&self, line: &str, headers: &[Header<'_>], body: &str) -> Reply {
        let mut stream = self.connect();
        let headers = [headers, &[("Connection", "close")]].concat();
        stream.write_all(self.request(line, &headers, body).as_bytes()).unwrap();
        Reply::read(&mut BufReader::new(stream))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path}"), &[], "")
    }

    /// Posts a message with these headers and the usual ones.
    pub(crate) fn post(&self, headers: &[Header<'_>], message: &Value) -> Reply {
        self.send("POST /mcp", &[&USUAL[..], headers].concat(), &message.to_string())
    }

    /// Sends a stateless request with the headers that it needs.
    pub(crate) fn ask(&self, method: &str, params: Value) -> Reply {
        let message = stateless(&json!(1), method, params);
        self.post(&repeated(&message), &message)
    }

    /// Calls a tool statelessly; the `result` object.
    pub(crate) fn call(&self, tool: &str, arguments: &Value) -> Value {
        let reply = self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["result"].clone()
    }

    /// Opens a session; its id.
    pub(crate) fn open(&self, version: &str) -> String {
        self.open_as(&[], version)
    }

    pub(crate) fn open_as(&self, headers: &[Header<'_>], version: &str) -> String {
        let [hello, ready] = crate::harness::initialize(version);
        let opened = self.post(headers, &hello);
        assert_eq!(opened.json()["result"]["protocolVersion"], json!(version), "{opened:?}");
        let id = opened.header("mcp-session-id").unwrap().to_owned();
        let headers = [headers, &[("Mcp-Session-Id", &*id)]].concat();
        assert_eq!(self.post(&headers, &ready).status, 202);
        id
    }

    /// Sends a request whose response is of events.
    pub(crate) fn stream(&self, line: &str, headers: &[Header<'_>], body: &str) -> Events {
        let events = self.messages(line, headers, body);
        let head = &events.head;
        assert_eq!(head.header("content-type"), Some("text/event-stream"), "{head:?}");
        events
    }

    /// Sends a request whose response is of events, or one message.
    pub(crate) fn messages(&self, line: &str, headers: &[Header<'_>], body: &str) -> Events {
        let mut stream = self.connect();
        stream.write_all(self.request(line, headers, body).as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let head = Reply::head(&mut reader);
        Events { head, id: None, reader, waiting: VecDeque::new() }
    }

    /// Sends a stateless request whose response is of events.
    pub(crate) fn stream_of(&self, message: &Value) -> Events {
        let headers = [&USUAL[..], &repeated(message)].concat();
        self.stream("POST /mcp", &headers, &message.to_string())
    }
}

/// A request to an address.
pub(crate) fn request(address: &str, line: &str, headers: &[Header<'_>], body: &str) -> String {
    let mut text = format!("{line} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        write!(text, "Host: {address}\r\n").unwrap();
    }
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    text
}

/// What every client sends with a message.
pub(crate) const USUAL: [Header<'static>; 2] =
    [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];

/// The headers in which a stateless request repeats itself.
pub(crate) fn repeated(message: &Value) -> Vec<Header<'_>> {
    let mut headers = vec![
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", message["method"].as_str().unwrap()),
    ];
    let of = |member: &str| message["params"][member].as_str();
    if let Some(name) = of("name").or_else(|| of("uri")).or_else(|| of("taskId")) {
        headers.push(("Mcp-Name", name));
    }
    headers
}

impl Reply {
    fn head(reader: &mut BufReader<TcpStream>) -> Self {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no status: '{line}'"));
        let (status, mut headers) = (status.parse().unwrap(), Vec::new());
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Self { status, headers, body: String::new() }
    }

    pub(crate) fn read(reader: &mut BufReader<TcpStream>) -> Self {
        let mut reply = Self::head(reader);
        if reply.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = chunk(reader) {
                reply.body += &chunk;
            }
        } else if let Some(len) = reply.header("content-length") {
            let mut body = vec![0; len.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            reply.body = String::from_utf8(body).unwrap();
        }
        reply
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a JSON-RPC error.
    pub(crate) fn code(&self) -> i64 {
        self.json()["error"]["code"].as_i64().unwrap_or_else(|| panic!("{self:?}"))
    }

    /// Its sentence.
    pub(crate) fn message(&self) -> String {
        let message = self.json()["error"]["message"].as_str().map(str::to_owned);
        message.unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// The next chunk of a body; none after the last.
fn chunk(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let len = usize::from_str_radix(line.trim_end(), 16).unwrap_or_default();
    let mut chunk = vec![0; len + 2];
    reader.read_exact(&mut chunk).ok()?;
    chunk.truncate(len);
    (len > 0).then(|| String::from_utf8(chunk).unwrap())
}

impl Events {
    /// The next message; none where the response has ended.
    pub(crate) fn next(&mut self) -> Option<Value> {
        if self.head.header("content-type") == Some("application/json") {
            let len = self.head.header("content-length")?.parse().unwrap();
            let mut body = vec![0; len];
            self.head.headers.clear();
            self.reader.read_exact(&mut body).unwrap();
            return Some(serde_json::from_slice(&body).unwrap());
        }
        loop {
            let data = self.event()?;
            if !data.is_empty() {
                return Some(serde_json::from_str(&data).unwrap());
            }
        }
    }

    /// The data of the next event, which may be none.
    pub(crate) fn event(&mut self) -> Option<String> {
        while self.waiting.is_empty() {
            let chunk = chunk(&mut self.reader)?;
            let events = chunk.split("\n\n").filter(|event| !event.is_empty());
            self.waiting.extend(events.map(str::to_owned));
        }
        let event = self.waiting.pop_front()?;
        let id = event.lines().find_map(|line| line.strip_prefix("id: "));
        if let Some(id) = id {
            self.id = Some(id.to_owned());
        }
        Some(event.lines().filter_map(|line| line.strip_prefix("data: ")).collect())
    }
}
