//! Floods: memory stays flat, nothing is lost, and the end of input ends the program.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::board::Board;
use crate::harness::{Folder, Gateway, stateless};
use serde_json::{Value, json};

/// The most memory of its own. Pages of the program do not count: without optimization it has many.
const LIMIT_KIB: u64 = 6 * 1024;

fn call(id: u64) -> String {
    let params = json!({"name": "fan_set", "arguments": {"percent": id % 101}});
    format!("{}\n", stateless(&json!(id), "tools/call", params))
}

fn memory_kib(child: &Child, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn exits_within(child: &mut Child, patience: Duration) -> Option<i32> {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if since.elapsed() > patience {
            child.kill().unwrap();
            panic!("still running after {patience:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn fifty_thousand_pipelined_calls_are_all_answered_in_little_memory() {
    let mut gateway = Gateway::start(&["--simulate"]);
    let mut input = gateway.input.take().unwrap();
    let writer = std::thread::spawn(move || {
        for id in 0..50_000 {
            input.write_all(call(id).as_bytes()).unwrap();
        }
        input
    });
    let mut peak = 0;
    for id in 0..50_000u64 {
        if id % 1_000 == 0 {
            peak = peak.max(gateway.memory_kib("RssAnon"));
        }
        let answer = gateway.line();
        assert_eq!(answer["id"], json!(id));
        assert_eq!(answer["result"]["structuredContent"]["percent"], json!(id % 101));
    }
    let input = writer.join().unwrap();
    assert!(peak <= LIMIT_KIB, "{peak} KiB at the peak");
    drop(input);
    assert_eq!(gateway.exited().code(), Some(0));
}

/// A gateway whose input is a socket, as Node makes it.
fn start_on_socket(arguments: &[&str]) -> (Child, UnixStream) {
    let (ours, its) = UnixStream::pair().unwrap();
    let child = Gateway::command(arguments)
        .stdin(Stdio::from(OwnedFd::from(its)))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (child, ours)
}

/// Makes the request of a number.
type Request<'a> = &'a dyn Fn(u64) -> String;

/// Writes requests until the gateway takes no more for a second; answers how many bytes it took.
fn stuff(input: &mut UnixStream, request: Request<'_>) -> usize {
    input.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut sent = 0;
    for id in 0.. {
        let request = request(id);
        match input.write_all(request.as_bytes()) {
            Ok(()) => sent += request.len(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
        assert!(sent < 64 << 20, "it reads without end though nobody reads its answers");
    }
    sent
}

#[test]
fn a_client_that_never_reads_is_not_read_any_more() {
    let list = |id: u64| format!("{}\n", stateless(&json!(id), "tools/list", json!({})));
    let snap = |id: u64| {
        let params = json!({"name": "camera_snap", "arguments": {}});
        format!("{}\n", stateless(&json!(id), "tools/call", params))
    };
    let folder = Folder::new("never");
    let board = Board::start(folder.path("board"), "A1");
    let (simulated, linked) = (&["--simulate"][..], &["--unix", board.address()][..]);
    let cases: [(&[&str], Request<'_>); 4] =
        [(simulated, &call), (simulated, &list), (linked, &call), (linked, &snap)];
    for (arguments, request) in cases {
        let (mut child, mut input) = start_on_socket(arguments);
        let took = stuff(&mut input, request);
        let before = memory_kib(&child, "VmRSS");
        std::thread::sleep(Duration::from_millis(300));
        assert!(took < 4 << 20, "it took {took} bytes");
        let (after, own) = (memory_kib(&child, "VmRSS"), memory_kib(&child, "RssAnon"));
        assert!(after <= before + 64, "{before} KiB grew to {after}");
        assert!(own <= LIMIT_KIB, "{own} KiB of its own");
        // The end of input ends it although no one reads.
        drop(input);
        assert_eq!(exits_within(&mut child, Duration::from_secs(5)), Some(0));
    }
}

#[test]
fn a_client_that_reads_late_gets_every_answer() {
    let mut child = Gateway::command(&["--simulate"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        for id in 0..5_000 {
            input.write_all(call(id).as_bytes()).unwrap();
        }
    });
    std::thread::sleep(Duration::from_millis(1_500));
    let mut output = String::new();
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    writer.join().unwrap();
    let ids: Vec<u64> = output
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, (0..5_000).collect::<Vec<_>>());
    assert_eq!(exits_within(&mut child, Duration::from_secs(5)), Some(0));
}

#[test]
fn a_client_that_has_gone_ends_it() {
    let mut child = Gateway::command(&["--simulate"]).spawn().unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    input.write_all(call(1).as_bytes()).unwrap();
    assert_eq!(exits_within(&mut child, Duration::from_secs(5)), Some(0));
}

#[test]
fn sockets_that_were_left_in_the_mode_that_does_not_wait_serve_as_well() {
    let ([mut input, its_input], [output, its_output]) =
        (UnixStream::pair().unwrap().into(), UnixStream::pair().unwrap().into());
    let pipes: [&UnixStream; 2] = [&its_input, &its_output];
    pipes.iter().for_each(|pipe| pipe.set_nonblocking(true).unwrap());
    let mut child = Gateway::command(&["--simulate"])
        .stdin(Stdio::from(OwnedFd::from(its_input)))
        .stdout(Stdio::from(OwnedFd::from(its_output)))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Longer than the buffer of a socket, so that the gateway has to wait for its reader.
    let writer = std::thread::spawn(move || {
        for id in 0..5_000 {
            input.write_all(call(id).as_bytes()).unwrap();
        }
    });
    std::thread::sleep(Duration::from_millis(300));
    let lines = BufReader::new(output).lines().map(Result::unwrap);
    assert_eq!(lines.take(5_000).count(), 5_000);
    writer.join().unwrap();
    assert_eq!(exits_within(&mut child, Duration::from_secs(5)), Some(0));
}
