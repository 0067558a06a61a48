//! A client that says nothing keeps no tools from being shut down.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use trine_descriptor::{Tool, ToolInfo};

use super::{Helpers, Who, serve_lines};
use crate::args::Prefix;
use crate::host_tools::{HostCall, HostTools, table};
use crate::table::Table;
use crate::{DeviceArgs, Hub, Settings};

struct Beep(Arc<Table>);

impl Beep {
    fn new() -> Arc<Self> {
        let beep = Tool::new(ToolInfo::new("beep", "Beeps."), &[], &[]);
        Arc::new(Self(table(&[beep]).unwrap()))
    }
}

impl HostTools for Beep {
    fn table(&self) -> &Arc<Table> {
        &self.0
    }

    fn call(&self, call: HostCall) {
        call.value(0, |_| {});
    }
}

#[test]
fn a_client_that_says_nothing_keeps_no_tools_from_being_shut_down() {
    const CALL: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\
        \"name\":\"beep\",\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\
        \"io.modelcontextprotocol/clientCapabilities\":{}}}}\n";
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    let id = hub.add_tools(Beep::new()).unwrap();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let serving = {
        let (hub, helpers) = (Arc::clone(&hub), Arc::new(Helpers::new(&hub, None)));
        std::thread::spawn(move || serve_lines((&hub, &helpers), Who::STDIO, theirs, 4))
    };
    let mut answers = BufReader::new(ours.try_clone().unwrap());
    for _ in 0..3 {
        let mut answer = String::new();
        ours.write_all(CALL).unwrap();
        answers.read_line(&mut answer).unwrap();
        assert!(answer.contains("\"isError\":false"), "{answer}");
        let leaving = hub.replace_tools(id, Beep::new()).unwrap();
        assert!(leaving.wait(Duration::from_secs(20)), "the client holds what it was shown");
    }
    drop((ours, answers));
    serving.join().unwrap().unwrap();
}
