//! Devices on packets and on a bus, and what can stand on a link.
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::bench::{Board, Counting};
use trine_dispatch::Link;
use trine_gateway::middleware::{self, LinkArgs};
use trine_gateway::{DeviceArgs, Hub, Prefix, State};

const PATIENCE: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(1);

/// A thread that runs until it is dropped.
struct Running(Arc<AtomicBool>, Option<JoinHandle<()>>);

impl Running {
    fn start(mut step: impl FnMut(u64) + Send + 'static) -> Self {
        let on = Arc::new(AtomicBool::new(true));
        let watched = Arc::clone(&on);
        let run = move || {
            let since = Instant::now();
            while watched.load(Ordering::Relaxed) {
                step(since.elapsed().as_millis() as u64 + 1);
            }
        };
        Self(on, Some(std::thread::spawn(run)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
        if let Some(thread) = self.1.take() {
            thread.join().unwrap();
        }
    }
}

fn board(link: Link) -> Board {
    Board::new(link, false, 7, Counting::new(100))
}

/// A board behind a datagram socket; answers the socket's address.
fn packets(mtu: u16) -> (String, Running) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let (mut board, mut host, mut buffer) = (board(Link::Packet { mtu }), None, vec![0; 2_000]);
    let running = Running::start(move |now| {
        if let Ok((len, from)) = socket.recv_from(&mut buffer) {
            assert!(len <= usize::from(mtu), "{len} bytes in a packet of {mtu}");
            host = Some(from);
            board.receive(&buffer[..len]);
        }
        board.poll(now, &mut |packet| {
            // The host may be gone already.
            host.map(|host| socket.send_to(packet, host));
        });
    });
    (address, running)
}

/// Two boards on one line behind a unix socket. What one says the other hears too.
fn bus(path: &Path) -> Running {
    let listener = UnixListener::bind(path).unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut boards = [1, 2].map(|address| board(Link::Bus { address }));
    let (mut line, mut buffer) = (None, vec![0; 2_000]);
    Running::start(move |now| {
        let Some(stream) = &mut line else {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).unwrap();
                    stream.set_read_timeout(Some(SOON)).unwrap();
                    line = Some(stream);
                }
                Err(_) => std::thread::sleep(SOON),
            }
            return;
        };
        if let Ok(len) = stream.read(&mut buffer) {
            boards.iter_mut().for_each(|board| board.receive(&buffer[..len]));
        }
        let mut all = Vec::new();
        for at in 0..boards.len() {
            let mut said = Vec::new();
            boards[at].poll(now, &mut |piece| said.extend_from_slice(piece));
            assert!(said.is_empty() || all.is_empty(), "two devices speak at once");
            boards[1 - at].receive(&said);
            all.extend_from_slice(&said);
        }
        drop(stream.write_all(&all));
    })
}

/// Opens devices that are expected to come up.
fn open(args: &DeviceArgs) -> Arc<Hub> {
    let hub = Hub::open(args, Prefix::Auto).unwrap();
    let _ = hub.wait_ready(PATIENCE);
    for device in hub.devices() {
        assert_eq!(device.state(), State::Online, "{}", device.source());
    }
    hub
}

fn call(hub: &Hub, at: usize, tool: &str, number: u32) {
    let device = &hub.devices()[at];
    let report = device.call_json(tool, &format!("{{\"number\": {number}}}"), PATIENCE);
    assert_eq!((report.is_error, report.text), (false, format!("{{\"number\":{number}}}")));
}

#[test]
fn a_device_is_called_in_packets_of_every_size() {
    for mtu in [8, 20, 64, 244] {
        let (address, running) = packets(mtu);
        let hub = open(&DeviceArgs { udp: vec![address], mtu, ..DeviceArgs::default() });
        for (number, tool) in ["once", "once_later", "again", "again_later"].iter().enumerate() {
            call(&hub, 0, tool, number as u32);
        }
        hub.close();
        drop(running);
    }
}

#[test]
fn two_devices_on_one_line_are_called_in_turn() {
    let path = std::env::temp_dir().join(format!("trine-bus-{}", std::process::id()));
    let running = bus(&path);
    let line = |address: u8| format!("n{address}={address}@unix:{}", path.display());
    let hub = open(&DeviceArgs { bus: vec![line(1), line(2)], ..DeviceArgs::default() });
    for number in 0..5 {
        call(&hub, 0, "once_later", number);
        call(&hub, 1, "once", number);
    }
    hub.close();
    drop(running);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn calls_get_through_faults_that_the_command_line_asks_for() {
    let faults = "drop=0.02,flip=0.0005,split=0.02,duplicate=0.1,stall=0.05:20ms,baud=921600,\
                  mask=0.01:200us,seed=4";
    let links = LinkArgs { faults: Some(faults.parse().unwrap()), ..LinkArgs::default() };
    let (address, running) = packets(64);
    let args = DeviceArgs { udp: vec![address], mtu: 64, links, ..DeviceArgs::default() };
    let hub = open(&args);
    for number in 0..20 {
        call(&hub, 0, "once", number);
    }
    hub.close();
    drop(running);
}

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()))
}

/// The line with these two stretches of text.
fn line_of<'t>(text: &'t str, head: &str, tail: &str) -> &'t str {
    let mut lines = text.lines();
    let found = lines.find(|line| line.contains(head) && line.ends_with(tail));
    assert!(found.is_some(), "no line with {head}…{tail} in:\n{text}");
    found.unwrap()
}

#[test]
fn what_was_recorded_is_traced_replayed_and_played() {
    let (file, traced) = (temporary("capture"), temporary("trace"));
    let links = LinkArgs { record: Some(file.clone()), trace: Some(traced.clone()), faults: None };
    let simulated = DeviceArgs { simulate: vec![String::new()], ..DeviceArgs::default() };
    let hub = open(&DeviceArgs { links, ..simulated.clone() });
    let report = hub.devices()[0].call_json("fan_set", "{\"percent\": 40}", PATIENCE);
    assert!(!report.is_error, "{}", report.text);
    hub.close();

    let capture = std::fs::read_to_string(&file).unwrap();
    let live = std::fs::read_to_string(&traced).unwrap();
    let mut later = Vec::new();
    middleware::trace(&capture, &mut later).unwrap();
    let later = String::from_utf8(later).unwrap();
    for text in [&live, &later] {
        let call = line_of(text, "> call ", " fan_set percent=40  (21 bytes)");
        let result = line_of(text, "< result ", " done percent=40  (16 bytes)");
        // Ids begin at random.
        let id = |line: &str| line.split_whitespace().nth(3).map(str::to_owned);
        assert!(id(call).is_some() && id(call) == id(result), "{call}\n{result}");
    }

    // Another board with another epoch answers the same.
    let replayed = Hub::replay(&capture, &simulated, PATIENCE).unwrap();
    assert_eq!(replayed.different, []);
    assert!(replayed.same > 30, "{replayed:?}");

    // The recorded board can be called although there is none.
    let played = DeviceArgs { played: vec![file.display().to_string()], ..DeviceArgs::default() };
    let hub = open(&played);
    let report = hub.devices()[0].call_json("fan_set", "{\"percent\": 40}", PATIENCE);
    assert_eq!(report.text, "{\"percent\":40}");
    let report = hub.devices()[0].call_json("fan_set", "{\"percent\": 41}", PATIENCE);
    assert!(report.is_error && report.text.contains("the capture has no call"), "{}", report.text);
    hub.close();
    std::fs::remove_file(file).unwrap();
    std::fs::remove_file(traced).unwrap();
}

#[test]
fn a_replay_says_which_answers_differ() {
    let record = |name: &str, speeds: &[u32]| {
        let file = temporary(name);
        let links = LinkArgs { record: Some(file.clone()), ..LinkArgs::default() };
        let simulate = vec![String::new()];
        let hub = open(&DeviceArgs { simulate, links, ..DeviceArgs::default() });
        for percent in speeds {
            let arguments = format!("{{\"percent\": {percent}}}");
            let report = hub.devices()[0].call_json("fan_set", &arguments, PATIENCE);
            assert!(!report.is_error, "{}", report.text);
        }
        hub.close();
        file
    };
    let (one, two) = (record("one", &[30]), record("two", &[30, 31]));
    let played = DeviceArgs { played: vec![one.display().to_string()], ..DeviceArgs::default() };
    let capture = std::fs::read_to_string(&two).unwrap();
    let replayed = Hub::replay(&capture, &played, Duration::from_millis(300)).unwrap();
    let [(was, is)] = &replayed.different[..] else { panic!("{replayed:?}") };
    assert!(was.contains("percent=31") && is.contains("the capture has no call"), "{was}\n{is}");
    std::fs::remove_file(one).unwrap();
    std::fs::remove_file(two).unwrap();
}

/// Runs the program; answers its exit code and what it printed.
fn trine(args: &[&str]) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_trine"));
    let ran = command.args(args).output().unwrap();
    let said = [ran.stdout, ran.stderr].concat();
    (ran.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn the_command_line_records_traces_replays_and_plays() {
    let file = temporary("command");
    let path = file.to_str().unwrap();
    let call = "fan_set {\"percent\": 40}";
    let (code, said) = trine(&["record", path, "--call", call, "--simulate"]);
    assert_eq!((code, said.as_str()), (Some(0), "fan_set: {\"percent\":40}\n"));
    let (code, said) = trine(&["trace", path]);
    assert_eq!(code, Some(0), "{said}");
    line_of(&said, "> call ", " fan_set percent=40  (21 bytes)");
    let (code, said) = trine(&["replay", path, "--simulate"]);
    assert!(code == Some(0) && said.contains("0 are not"), "{said}");
    let (code, said) = trine(&["call", "greenhouse", "board_status", "{}", "--played", path]);
    assert!(code == Some(1) && said.contains("the capture has no call"), "{said}");
    let (code, said) = trine(&["replay", path]);
    assert!(code == Some(2) && said.contains("no device is named"), "{said}");
    let (code, said) = trine(&["tools", "--simulate", "--faults", "drop=7"]);
    assert!(code == Some(2) && said.contains("a chance from 0 to 1"), "{said}");
    let two = ["tools", "--simulate=a", "--simulate=b", "--record", path];
    let (code, said) = trine(&two);
    assert!(
        code == Some(2) && said.contains("2 devices are named: --record takes exactly one"),
        "{said}"
    );
    let broken = temporary("broken");
    std::fs::write(&broken, "0 > 00\nnothing\n").unwrap();
    let (code, said) = trine(&["trace", broken.to_str().unwrap()]);
    assert!(code == Some(1) && said.contains("invalid line 2 of the capture"), "{said}");
    std::fs::remove_file(broken).unwrap();
    std::fs::remove_file(file).unwrap();
}

#[test]
fn every_golden_capture_is_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/wire-v1");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "capture") {
            continue;
        }
        count += 1;
        let mut said = Vec::new();
        middleware::trace(&std::fs::read_to_string(&path).unwrap(), &mut said).unwrap();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("> ") && said.contains("< "), "{}", path.display());
        let odd = said.lines().find(|line| line.contains("hurt") || line.contains("unknown"));
        assert_eq!(odd, None, "{}", path.display());
    }
    assert!(count >= 10, "{count} captures");
}
