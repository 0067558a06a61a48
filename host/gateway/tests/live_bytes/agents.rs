//! Clients that end well, and such as vanish in the middle of something.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

/// What an agent does with the address of the server.
type Agent = fn(&str);

pub(crate) const KINDS: [Agent; 9] = [
    calls,
    opens_a_session,
    leaves_a_session,
    stops_in_a_head,
    stops_in_a_body,
    leaves_a_call,
    leaves_a_stream,
    talks_over_a_websocket,
    leaves_a_websocket,
];

/// Sessions that agents left.
static LEFT: Mutex<Vec<String>> = Mutex::new(Vec::new());

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
"io.modelcontextprotocol/clientCapabilities":{}}"#;

/// Sends bytes on a connection of its own.
fn sent(address: &str, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// Reads until the text has come.
fn until(stream: &mut TcpStream, wanted: &str) -> String {
    let (mut all, mut chunk) = (String::new(), [0; 512]);
    while !all.contains(wanted) {
        let len = stream.read(&mut chunk).unwrap();
        assert!(len > 0, "the server closed a connection: {all}");
        all += &String::from_utf8_lossy(&chunk[..len]);
    }
    all
}

fn post(address: &str, headers: &str, body: &str) -> String {
    format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nAccept: \
         application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A stateless request.
fn stateless(address: &str, method: &str, name: &str, params: &str) -> String {
    let body =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params},{META}}}}}"#);
    let name = if name.is_empty() { String::new() } else { format!("Mcp-Name: {name}\r\n") };
    let headers = format!("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {method}\r\n{name}");
    post(address, &headers, &body)
}

fn call(address: &str, name: &str, arguments: &str) -> String {
    let params = format!(r#""name":"{name}","arguments":{arguments}"#);
    stateless(address, "tools/call", name, &params)
}

fn calls(address: &str) {
    let mut stream = sent(address, &call(address, "fan_set", r#"{"percent":40}"#));
    until(&mut stream, r#""isError":false"#);
}

/// Opens a session and calls a tool in it; its id.
fn session(address: &str) -> String {
    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{
        "protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}"#;
    let head = until(&mut sent(address, &post(address, "", hello)), "serverInfo").to_lowercase();
    let id = head.split_once("mcp-session-id: ").unwrap().1.lines().next().unwrap().to_owned();
    let call = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"fan_set",
        "arguments":{"percent":40}}}"#;
    let header = format!("Mcp-Session-Id: {id}\r\n");
    until(&mut sent(address, &post(address, &header, call)), "isError");
    id
}

fn end(address: &str, id: &str) {
    let text = format!("DELETE /mcp HTTP/1.1\r\nHost: {address}\r\nMcp-Session-Id: {id}\r\n\r\n");
    until(&mut sent(address, &text), "\r\n\r\n");
}

fn opens_a_session(address: &str) {
    end(address, &session(address));
}

fn leaves_a_session(address: &str) {
    let id = session(address);
    LEFT.lock().unwrap().push(id);
}

/// Ends the sessions that agents left.
pub(crate) fn end_sessions(address: &str) {
    let left = std::mem::take(&mut *LEFT.lock().unwrap());
    left.iter().for_each(|id| end(address, id));
}

fn stops_in_a_head(address: &str) {
    sent(address, "POST /mcp HTTP/1.1\r\nHost: loc");
}

fn stops_in_a_body(address: &str) {
    let whole = call(address, "fan_set", r#"{"percent":40}"#);
    sent(address, &whole[..whole.len() - 20]);
}

/// Vanishes while a tool runs that takes two seconds.
fn leaves_a_call(address: &str) {
    let stream = sent(address, &call(address, "vent_move", r#"{"degrees":45}"#));
    std::thread::sleep(Duration::from_millis(20));
    drop(stream);
}

/// Vanishes while it listens to changes.
fn leaves_a_stream(address: &str) {
    let params = r#""notifications":{"toolsListChanged":true}"#;
    let mut stream = sent(address, &stateless(address, "subscriptions/listen", "", params));
    until(&mut stream, "acknowledged");
}

/// A WebSocket over which a tool is called.
fn websocket(address: &str, name: &str, arguments: &str) -> TcpStream {
    let open = format!(
        "GET /mcp HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let mut stream = sent(address, &open);
    assert!(until(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 101"));
    let request = call(address, name, arguments);
    let message = request.split_once("\r\n\r\n").unwrap().1;
    // A text of 126 bytes or more (RFC 6455, section 5.2) under a mask of zeros.
    let [high, low] = u16::try_from(message.len()).unwrap().to_be_bytes();
    let frame = [&[0x81, 0xfe, high, low, 0, 0, 0, 0], message.as_bytes()].concat();
    stream.write_all(&frame).unwrap();
    stream
}

fn talks_over_a_websocket(address: &str) {
    let mut stream = websocket(address, "fan_set", r#"{"percent":40}"#);
    until(&mut stream, r#""isError":false"#);
    stream.write_all(&[0x88, 0x80, 0, 0, 0, 0]).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
}

fn leaves_a_websocket(address: &str) {
    let stream = websocket(address, "vent_move", r#"{"degrees":45}"#);
    std::thread::sleep(Duration::from_millis(20));
    drop(stream);
}
