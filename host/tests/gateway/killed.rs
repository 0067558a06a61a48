//! A gateway that is killed with hundreds of calls under way, again and again: a ledger inside the
//! tool has no call twice, and each call that is repeated gets its answer or is of unknown outcome.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use trine_bits::{Random, rounds};

use crate::harness::{Folder, Gateway};
use crate::ledger::Ledger;
use crate::once::named;
use crate::web::{Site, USUAL, repeated, request};

/// Calls under way at a time.
const CALLS: usize = 240;
/// Calls that the device has at a time.
const SLOTS: usize = 8;
/// The longest time from the first call to the kill, in microseconds.
const KILL_MAX: usize = 30_000;

/// What a client knows of its calls.
#[derive(Default)]
struct Calls {
    told: BTreeMap<u64, Told>,
    next: u64,
    /// Repeated calls that were answered from the journal, and those that ran.
    kept: usize,
    ran: usize,
}

enum Told {
    /// It was sent so often.
    Nothing(u32),
    Answer(Value),
    Unknown,
}

impl Calls {
    /// The calls of a round: those that were not answered, and further ones.
    fn take(&mut self, count: usize) -> Vec<Value> {
        let waiting = |(id, told): (&u64, &Told)| matches!(told, Told::Nothing(_)).then_some(*id);
        let mut ids: Vec<u64> = self.told.iter().filter_map(waiting).collect();
        while ids.len() < count {
            ids.push(self.next);
            self.next += 1;
        }
        ids.truncate(CALLS);
        ids.into_iter().map(|id| self.call(id)).collect()
    }

    fn call(&mut self, id: u64) -> Value {
        if let Told::Nothing(sent) = self.told.entry(id).or_insert(Told::Nothing(0)) {
            *sent += 1;
        }
        named(id as u32, "note", json!({"number": id}), &json!(format!("note {id}")))
    }

    fn hear(&mut self, answer: &Value) {
        let Some(id) = answer["id"].as_u64() else { panic!("{answer}") };
        let told = &self.told[&id];
        if let Some(error) = answer.get("error") {
            assert_eq!(error["data"]["trine/call"], "unknown", "{answer}");
            assert!(!matches!(told, Told::Answer(_)), "it was answered before: {answer}");
            self.told.insert(id, Told::Unknown);
            return;
        }
        let is_kept = answer["result"]["_meta"]["trine/repeated"] == json!(true);
        match told {
            Told::Nothing(1) => assert!(!is_kept, "{answer}"),
            Told::Nothing(_) if is_kept => self.kept += 1,
            Told::Nothing(_) => self.ran += 1,
            Told::Answer(before) => assert!(is_kept && answer["result"]["content"] == *before),
            Told::Unknown => panic!("its outcome was unknown: {answer}"),
        }
        assert_eq!(answer["result"]["structuredContent"]["number"], json!(id), "{answer}");
        self.told.insert(id, Told::Answer(answer["result"]["content"].clone()));
    }

    /// Looks at how often each call has run.
    fn check(&self, ran: impl Fn(u64) -> usize) {
        for (id, told) in &self.told {
            let right = match told {
                Told::Answer(_) => 1..=1,
                Told::Unknown | Told::Nothing(_) => 0..=1,
            };
            assert!(right.contains(&ran(*id)), "call {id} has run {} times", ran(*id));
        }
    }

    fn unknown(&self) -> usize {
        self.told.values().filter(|told| matches!(told, Told::Unknown)).count()
    }

    /// What has come of the calls: those of unknown outcome, and those that were repeated and then
    /// answered from the journal, or run.
    fn tally(&self, what: &str, kills: usize) -> [usize; 3] {
        let seen @ [unknown, kept, ran] = [self.unknown(), self.kept, self.ran];
        println!(
            "{what}: {} calls, {kills} kills; {unknown} of unknown outcome, {kept} answered from \
             the journal, {ran} run when they were repeated; none ran twice",
            self.next
        );
        seen
    }
}

/// A plug-in with a ledger, and a journal.
struct Plugin {
    folder: Folder,
    arguments: Vec<String>,
}

impl Plugin {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-std=c11", "-Wall", "-Wextra", "-Werror"]);
        cc.arg("-D_POSIX_C_SOURCE=200809L").arg(format!("-DLEDGER=\"{}\"", path("ledger")));
        cc.arg("-I").arg(root.join("../include")).arg(root.join("tests/gateway/ledger.c"));
        assert!(cc.arg("-o").arg(path("libledger.so")).status().unwrap().success());
        let arguments = ["--plugin", &path("libledger.so"), "--journal", &path("calls")];
        let arguments = arguments.iter().chain(&["--in-flight", "256"]);
        Self { arguments: arguments.map(|it| (*it).to_owned()).collect(), folder }
    }

    fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(|it| &**it).collect()
    }

    /// How often each call has run.
    fn ledger(&self) -> BTreeMap<u64, usize> {
        let text = std::fs::read_to_string(self.folder.path("ledger")).unwrap_or_default();
        let mut ran = BTreeMap::new();
        text.lines().for_each(|line| *ran.entry(line.parse().unwrap()).or_default() += 1);
        ran
    }

    fn check(&self, calls: &Calls) {
        let ran = self.ledger();
        calls.check(|id| ran.get(&id).copied().unwrap_or(0));
    }
}

/// How often the gateway is killed; a soak does it 300 times (`cargo xtask soak killed`).
fn kills(usual: usize) -> usize {
    let set = std::env::var("TRINE_KILLS").ok();
    set.map_or(rounds(usual), |kills| kills.parse().unwrap())
}

fn wait(random: &mut Random) {
    std::thread::sleep(Duration::from_micros(random.below(KILL_MAX) as u64));
}

/// Sends calls on standard input and kills the gateway while they run; what it has answered.
fn killed(mut gateway: Gateway, calls: &[Value], random: &mut Random) -> Vec<Value> {
    assert!(!gateway.tools().is_empty());
    let text: String = calls.iter().map(|call| format!("{call}\n")).collect();
    let mut input = gateway.input.take().unwrap();
    let writer = std::thread::spawn(move || drop(input.write_all(text.as_bytes())));
    wait(random);
    gateway.child.kill().unwrap();
    let answers = gateway.rest();
    writer.join().unwrap();
    answers
}

/// Sends all that is not answered until it is, and some of the rest again.
fn answer_all(gateway: &mut Gateway, calls: &mut Calls) {
    while calls.told.values().any(|told| matches!(told, Told::Nothing(_))) {
        for call in calls.take(0) {
            gateway.send(&call);
            calls.hear(&gateway.line());
        }
    }
    for id in (0..calls.next).step_by(5) {
        gateway.send(&calls.call(id));
        calls.hear(&gateway.line());
    }
}

#[test]
fn calls_of_a_plug_in_run_once_however_often_the_gateway_is_killed() {
    plugin_killed("killed-stdio", &[]);
}

#[test]
fn calls_of_a_plug_in_that_wait_for_the_disk_run_once_too() {
    plugin_killed("killed-sync", &["--journal-sync"]);
}

fn plugin_killed(name: &str, more: &[&str]) {
    let mut plugin = Plugin::new(name);
    plugin.arguments.extend(more.iter().map(|it| (*it).to_owned()));
    let mut random = Random::named(1, "killed");
    let mut calls = Calls::default();
    let kills = kills(14);
    for _ in 0..kills {
        let batch = calls.take(CALLS);
        let gateway = Gateway::start(&plugin.arguments());
        killed(gateway, &batch, &mut random).iter().for_each(|it| calls.hear(it));
        plugin.check(&calls);
    }
    answer_all(&mut Gateway::start(&plugin.arguments()), &mut calls);
    plugin.check(&calls);
    let [unknown, kept, ran] = calls.tally("plug-in on standard input and output", kills);
    // Where calls wait for a slow disk, none may be done when the gateway is killed.
    let is_each_seen = !more.is_empty() || (kept > 0 && ran > 0);
    assert!(calls.next > 100 && unknown > 0 && is_each_seen, "{unknown} {kept} {ran}");
}

#[test]
fn calls_over_http_run_once_however_often_the_gateway_is_killed() {
    let plugin = Plugin::new("killed-http");
    let mut random = Random::named(2, "killed");
    let mut calls = Calls::default();
    let kills = kills(6);
    for _ in 0..kills {
        let mut site = Site::start(&plugin.arguments());
        let sent: Vec<TcpStream> = calls.take(CALLS).iter().map(|call| sent(&site, call)).collect();
        wait(&mut random);
        site.gateway.child.kill().unwrap();
        sent.into_iter().filter_map(received).for_each(|it| calls.hear(&it));
        plugin.check(&calls);
    }
    answer_all(&mut Gateway::start(&plugin.arguments()), &mut calls);
    plugin.check(&calls);
    let [unknown, kept, ran] = calls.tally("plug-in over HTTP", kills);
    assert!(unknown > 0 && kept + ran > 0);
}

/// Sends a call on a connection of its own.
fn sent(site: &Site, call: &Value) -> TcpStream {
    let headers = [&USUAL[..], &repeated(call), &[("Connection", "close")]].concat();
    let mut stream = site.connect();
    let text = request(&site.address, "POST /mcp", &headers, &call.to_string());
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// The answer on a connection, if it came whole.
fn received(mut stream: TcpStream) -> Option<Value> {
    let mut text = Vec::new();
    // The system resets connections of a program that was killed.
    drop(stream.read_to_end(&mut text));
    let text = String::from_utf8(text).ok()?;
    serde_json::from_str(text.split_once("\r\n\r\n")?.1).ok()
}

#[test]
fn calls_of_a_device_run_once_however_often_the_gateway_is_killed() {
    device_killed("killed-device", &[]);
}

#[test]
fn calls_of_a_device_that_wait_for_the_disk_run_once_too() {
    device_killed("killed-device-sync", &["--journal-sync"]);
}

fn device_killed(name: &str, more: &[&str]) {
    let folder = Folder::new(name);
    let ledger = Ledger::start(folder.path("port"), 100_000);
    let (port, journal) = (folder.path("port"), folder.path("calls"));
    let arguments = ["--serial", port.to_str().unwrap(), "--journal", journal.to_str().unwrap()];
    let arguments = [&arguments[..], more].concat();
    let start = || {
        let mut command = Gateway::command(&arguments);
        let mut gateway = Gateway::spawn(command.env("XDG_RUNTIME_DIR", folder.path("")));
        gateway.tools_of(1);
        gateway
    };
    let mut random = Random::named(3, "killed");
    let mut calls = Calls::default();
    let kills = kills(6);
    for _ in 0..kills {
        let batch = calls.take(60);
        killed(start(), &batch, &mut random).iter().for_each(|it| calls.hear(it));
    }
    answer_all(&mut start(), &mut calls);
    let noted = ledger.noted.lock().unwrap();
    calls.check(|id| noted[id as usize] as usize);
    let [unknown, _, ran] = calls.tally("device", kills);
    // Those that were queued had not begun: they run in the next gateway.
    assert!((1..=kills * SLOTS).contains(&unknown) && ran > 0, "{unknown} {ran}");
}
