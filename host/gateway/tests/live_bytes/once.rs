//! A call without an id costs no allocation more where the gateway has a journal.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use trine_descriptor::{Tool, ToolInfo};
use trine_gateway::host_tools::{HostCall, HostTools, table};
use trine_gateway::server::Server;
use trine_gateway::table::Table;
use trine_gateway::{DeviceArgs, Hub, JournalOptions, Prefix, Settings};

use super::counting;

const CALLS: usize = 1_000;
const ENDED: &[u8] = b"\"isError\":false";

struct Quick(Arc<Table>);

impl HostTools for Quick {
    fn table(&self) -> &Arc<Table> {
        &self.0
    }

    fn call(&self, call: HostCall) {
        call.value(16, |_| {});
    }
}

/// A request on a connection that stays open.
fn request(address: &str, meta: &str) -> String {
    let body = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"quick\",\
         \"_meta\":{{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\
         \"io.modelcontextprotocol/clientCapabilities\":{{}}{meta}}}}}}}"
    );
    format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
         Mcp-Method: tools/call\r\nMcp-Name: quick\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Allocations of the calls, all of which succeed. `meta` makes what a request has in its `_meta`.
fn allocations(journal: Option<&Path>, meta: impl Fn(usize) -> String) -> usize {
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    let tool = Tool::new(ToolInfo::new("quick", "Does nothing."), &[], &[]);
    hub.add_tools(Arc::new(Quick(table(&[tool]).unwrap()))).unwrap();
    if let Some(path) = journal {
        hub.keep_journal(path, JournalOptions::default()).unwrap();
    }
    let server = Server::builder().hub(hub).port(0).build().unwrap();
    let (address, handle) = (server.local_addr().to_string(), server.handle());
    let serving = std::thread::spawn(move || server.run());
    let mut stream = TcpStream::connect(&address).unwrap();
    let mut answer = vec![0; 4096];
    let all: Vec<String> = (0..2 * CALLS).map(|number| request(&address, &meta(number))).collect();
    let mut before = 0;
    for (number, text) in all.iter().enumerate() {
        if number == CALLS {
            before = counting::made();
        }
        stream.write_all(text.as_bytes()).unwrap();
        let mut len = 0;
        while !answer[..len].windows(ENDED.len()).any(|it| it == ENDED) {
            let read = stream.read(&mut answer[len..]).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&answer[..len]));
            len += read;
        }
    }
    let made = counting::made() - before;
    drop(stream);
    handle.shutdown();
    serving.join().unwrap().unwrap();
    made
}

#[test]
fn a_call_without_an_id_allocates_as_often_with_a_journal_as_without_one() {
    let _alone = super::alone();
    let folder = std::env::temp_dir().join(format!("trine-once-costs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let [path, other] = ["calls", "named"].map(|name| folder.join(name));
    let without = allocations(None, |_| String::new());
    let with = allocations(Some(&path), |_| String::new());
    let named = allocations(Some(&other), |n| format!(",\"trine/call-id\":\"{n}\""));
    println!("allocations of {CALLS} calls: {without}, with a journal {with}, with ids {named}");
    // What the runtime allocates differs a little from run to run.
    assert!(without.abs_diff(with) < CALLS / 10, "{without} and {with}");
    let len = |path: &Path| std::fs::metadata(path).unwrap().len();
    assert_eq!(len(&path), 16, "a header");
    assert!(named > with + CALLS && len(&other) > 100_000);
    std::fs::remove_dir_all(folder).unwrap();
}
