//! What a client keeps others from: a silent one keeps no tools from being shut down, and none
//! keeps a device that answers.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use trine_descriptor::{Tool, ToolInfo};
use trine_mcp::Outcome;

use super::super::calls::{Caller, Running};
use super::client::Client;
use super::{Helpers, Who, serve_lines};
use crate::args::Prefix;
use crate::device::{Cost, Device, Extra, Waiter};
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
    let ends = [theirs.try_clone().unwrap(), theirs].map(OwnedFd::from).map(File::from);
    let serving = {
        let (hub, helpers) = (Arc::clone(&hub), Arc::new(Helpers::new(&hub, None)));
        std::thread::spawn(move || serve_lines((&hub, &helpers), Who::STDIO, ends.into(), 4))
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

/// Looks at a client's requests while the device is locked, as an answer does.
struct Answering {
    begins: Sender<()>,
    client: Arc<Client>,
}

impl Waiter for Answering {
    fn done(&self, _: u64, _: Outcome<'_>, _: Cost) {
        self.begins.send(()).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        assert!(!self.client.wants(7));
    }
}

#[test]
fn a_call_that_has_ended_before_it_is_noted_does_not_stop_the_device_that_answers() {
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    let helpers = Arc::new(Helpers::new(&hub, None));
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let output = File::from(OwnedFd::from(ours));
    let client = Client::new(hub, (Who::STDIO, output), 4, helpers);
    let device = Arc::new(Device::new(None, "test".to_owned(), None, &Settings::none()));
    let (begins, begun) = channel();
    let answering = Answering { begins, client: Arc::clone(&client) };
    let waiter: Arc<dyn Waiter> = Arc::new(answering);
    let tools = Beep::new();
    let call = (&[][..], Extra::default());
    let ticket = device.call_with(&tools.0, 0, call, (&waiter, 0)).unwrap();
    let its = Arc::clone(&device);
    let (tell, told) = channel();
    let answers = tell.clone();
    // The threads are not joined: where they wait for each other, this test fails by its clock.
    std::thread::spawn(move || {
        its.close();
        answers.send(()).unwrap();
    });
    begun.recv().unwrap();
    std::thread::spawn(move || {
        client.started(99, Running::Device(device, ticket));
        tell.send(()).unwrap();
    });
    for _ in 0..2 {
        told.recv_timeout(Duration::from_secs(20)).expect("they wait for one another");
    }
}
