//! To whom a link belongs: the device that has proven its key on it, from program to program, and
//! the program that has a serial port open.

use std::io::{Read, Write};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::bench::{Board, Counting};
use serial2::SerialPort;
use trine_dispatch::Link;

const TRINE: &str = env!("CARGO_BIN_EXE_trine");
const SOON: Duration = Duration::from_millis(1);
const A: (&str, [u8; 16]) = ("A1", [1; 16]);
const B: (&str, [u8; 16]) = ("B2", [2; 16]);

/// A user with settings of his own, and a place for sockets.
struct User(PathBuf);

impl User {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("settings/keys")).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn key_file(&self, serial: &str) -> PathBuf {
        let keys = self.path("settings/keys");
        let found = std::fs::read_dir(&keys).unwrap().flatten().map(|entry| entry.path());
        let is_it = |path: &PathBuf| path.to_str().unwrap().contains(serial);
        found.into_iter().find(is_it).unwrap_or_else(|| keys.join(format!("{serial}.key")))
    }

    /// The user has the key of this device: in the file of an earlier version, which is renamed.
    fn has(self, (serial, key): (&str, [u8; 16])) -> Self {
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create(true).mode(0o600).open(self.key_file(serial));
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        file.unwrap().write_all(digits.as_bytes()).unwrap();
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(TRINE);
        command.args(args).env("TRINE_CONFIG", self.path("settings")).env_remove("TRINE_LOG");
        command
    }

    fn trine(&self, args: &[&str]) -> (Option<i32>, String) {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        let said = [stdout, stderr].concat();
        (status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Calls a tool of the device behind the socket.
    fn call(&self) -> (Option<i32>, String) {
        let link = format!("it={}", self.path("line").display());
        self.trine(&["call", "it", "once", "{\"number\": 3}", "--unix", &link, "--patience", "3"])
    }

    /// The same while this device is there. Answers how often its tool was entered, too.
    fn call_with(&self, serial: &'static str, key: Option<[u8; 16]>) -> (Option<i32>, String, u32) {
        let board = Served::behind_socket(&self.path("line"), serial, key);
        let (code, said) = self.call();
        (code, said, board.entered())
    }

    fn is_served(&self, serial: &'static str, key: Option<[u8; 16]>) {
        let (code, said, entered) = self.call_with(serial, key);
        assert_eq!((code, entered), (Some(0), 1), "{said}");
    }

    /// The device is not served; answers why.
    fn is_refused(&self, serial: &'static str, key: Option<[u8; 16]>) -> String {
        let (code, said, entered) = self.call_with(serial, key);
        assert_eq!((code, entered), (Some(3), 0), "{said}");
        said
    }

    /// How the sentence ends that says what to do.
    fn remedy(&self) -> String {
        format!("trine trust 'unix {}'", self.path("line").display())
    }
}

impl Drop for User {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A board with its line, until it is dropped.
struct Served {
    on: Arc<AtomicBool>,
    entered: Arc<AtomicU32>,
    thread: Option<JoinHandle<()>>,
    socket: Option<PathBuf>,
}

impl Served {
    fn start<L: Read + Write>(
        serial: &'static str,
        key: Option<[u8; 16]>,
        mut line: impl FnMut() -> Option<L> + Send + 'static,
    ) -> Self {
        let (on, entered) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::new(0)));
        let (watched, counted) = (Arc::clone(&on), Arc::clone(&entered));
        let boot = std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos() | 1;
        let mut board = Board::called(serial, Link::Stream, key, boot, Counting::new(10));
        let thread = std::thread::spawn(move || {
            let (since, mut open, mut buffer) = (Instant::now(), None, vec![0; 2_000]);
            while watched.load(Ordering::Relaxed) {
                let Some(stream) = &mut open else {
                    open = line();
                    std::thread::sleep(SOON);
                    continue;
                };
                match stream.read(&mut buffer) {
                    Ok(0) => open = None,
                    Ok(len) => board.receive(&buffer[..len]),
                    Err(_) => {}
                }
                let now = since.elapsed().as_millis() as u64 + 1;
                if let Some(stream) = &mut open {
                    board.poll(now, &mut |said| drop(stream.write_all(said)));
                }
                counted.store(board.tools.entered.iter().sum(), Ordering::Relaxed);
            }
        });
        Self { on, entered, thread: Some(thread), socket: None }
    }

    fn behind_socket(path: &Path, serial: &'static str, key: Option<[u8; 16]>) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let accept = move || -> Option<UnixStream> {
            let (stream, _) = listener.accept().ok()?;
            stream.set_nonblocking(false).unwrap();
            stream.set_read_timeout(Some(SOON)).unwrap();
            Some(stream)
        };
        let mut served = Self::start(serial, key, accept);
        served.socket = Some(path.to_owned());
        served
    }

    fn entered(self) -> u32 {
        let entered = Arc::clone(&self.entered);
        drop(self);
        entered.load(Ordering::Relaxed)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.on.store(false, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        if let Some(socket) = &self.socket {
            std::fs::remove_file(socket).unwrap();
        }
    }
}

#[test]
fn a_named_link_on_which_a_key_was_proven_serves_no_other_device_in_a_later_program() {
    let user = User::new("bound").has(A).has(B);
    user.is_served(A.0, Some(A.1));
    let kept = std::fs::read_dir(user.path("settings/links")).unwrap().next().unwrap().unwrap();
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o077, 0);
    // One that no one knows and has no key; the same with a key; and one whose key the user has.
    let other = user.is_refused("X9", None);
    assert!(other.contains("bench A1 has proven its key"), "{other}");
    assert!(other.contains("bench X9 answers, without a key"), "{other}");
    assert!(other.contains(&user.remedy()), "{other}");
    for (serial, key) in [("X9", [9; 16]), B] {
        let other = user.is_refused(serial, Some(key));
        let both =
            other.contains("bench A1 has proven") && other.contains(&format!("bench {serial}"));
        assert!(both && other.contains(&user.remedy()), "{other}");
        assert!(!other.contains("without a key"), "{other}");
    }
    // One that says it is the same.
    let same = user.is_refused(A.0, None);
    assert!(same.contains("bench A1, which has a key, and answers without one"), "{same}");
    assert!(same.contains(&user.remedy()), "{same}");
    let same = user.is_refused(A.0, Some([9; 16]));
    assert!(same.contains("does not have the key"), "{same}");
    // The right one is served as ever.
    user.is_served(A.0, Some(A.1));
}

#[test]
fn a_device_without_a_key_is_not_served_in_place_of_one_whose_key_file_is_gone() {
    let user = User::new("bound-gone").has(A);
    user.is_served(A.0, Some(A.1));
    std::fs::remove_file(user.key_file(A.0)).unwrap();
    let same = user.is_refused(A.0, None);
    assert!(same.contains(&user.remedy()), "{same}");
    // With its key it can be provisioned again, or the file be copied.
    let keyed = user.is_refused(A.0, Some(A.1));
    assert!(keyed.contains("copy the key"), "{keyed}");
}

#[test]
fn a_link_that_is_trusted_is_the_next_devices() {
    let user = User::new("bound-trust").has(A).has(B);
    user.is_served(A.0, Some(A.1));
    user.is_refused(B.0, Some(B.1));
    let line = user.path("line").display().to_string();
    let (code, said) = user.trine(&["trust", &line]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&line) && said.contains("not bench A1 alone"), "{said}");
    user.is_served(B.0, Some(B.1));
    assert!(user.is_refused(A.0, Some(A.1)).contains("bench B2 has proven its key"));
    // By the words of the log, and then also to one without a key.
    let (code, said) = user.trine(&["trust", &format!("unix {line}")]);
    assert_eq!(code, Some(0), "{said}");
    user.is_served("X9", None);
    user.is_served("Y8", None);
    let (code, said) = user.trine(&["trust", &line]);
    assert!(code == Some(1) && said.contains("no known device or link"), "{said}");
}

#[test]
fn a_gateway_that_refuses_a_device_serves_it_once_the_link_is_trusted() {
    let user = User::new("bound-live").has(A);
    user.is_served(A.0, Some(A.1));
    let _board = Served::behind_socket(&user.path("line"), "X9", None);
    let link = user.path("line").display().to_string();
    let mut gateway = user.command(&["gateway", "--unix", &link, "--log", "info"]);
    let gateway = gateway.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut gateway = gateway.spawn().unwrap();
    let (send, log) = std::sync::mpsc::channel();
    let stderr = std::io::BufReader::new(gateway.stderr.take().unwrap());
    std::thread::spawn(move || {
        let lines = std::io::BufRead::lines(stderr).map_while(Result::ok);
        lines.for_each(|line| drop(send.send(line)));
    });
    let logged = |part: &str| {
        while !log.recv_timeout(Duration::from_secs(20)).expect(part).contains(part) {}
    };
    logged(&user.remedy());
    assert_eq!(user.trine(&["trust", &link]).0, Some(0));
    logged("online: 5 tools");
    drop(gateway.stdin.take());
    gateway.wait().unwrap();
}

#[test]
fn where_it_cannot_be_kept_that_is_said_once_and_the_device_served() {
    let user = User::new("bound-unkept").has(A);
    std::fs::write(user.path("settings/links"), "no folder").unwrap();
    let (code, said, entered) = user.call_with(A.0, Some(A.1));
    assert_eq!((code, entered), (Some(0), 1), "{said}");
    assert_eq!(said.matches("cannot be kept for later programs").count(), 1, "{said}");
}

#[test]
fn what_is_kept_and_cannot_be_read_serves_no_device_until_it_is_forgotten() {
    let user = User::new("bound-unread").has(A);
    user.is_served(A.0, Some(A.1));
    let kept = std::fs::read_dir(user.path("settings/links")).unwrap().next().unwrap().unwrap();
    std::fs::write(kept.path(), "nothing").unwrap();
    for key in [None, Some(A.1)] {
        let said = user.is_refused(A.0, key);
        assert!(said.contains(&user.remedy()), "{said}");
    }
    let link = format!("unix {}", user.path("line").display());
    assert_eq!(user.trine(&["trust", &link]).0, Some(0));
    user.is_served(A.0, Some(A.1));
}

#[test]
fn nothing_is_kept_of_a_board_that_is_simulated() {
    let user = User::new("bound-sim");
    let flash = user.path("flash").display().to_string();
    let shed = ["--simulate=shed", "--simulate-key", &flash];
    let made = user.trine(&[&["provision", "shed", "--hold"], &shed[..]].concat());
    assert_eq!(made.0, Some(0), "{}", made.1);
    assert_eq!(user.trine(&[&["tools"], &shed[..]].concat()).0, Some(0));
    assert!(!user.path("settings/links").exists());
}

/// A board on a pseudo-terminal; answers the path of the port, and what keeps it there.
fn port() -> (String, Served, SerialPort) {
    let (mut ours, its) = SerialPort::pair().unwrap();
    ours.set_read_timeout(SOON).unwrap();
    let path = std::fs::read_link(format!("/proc/self/fd/{}", its.as_raw_fd())).unwrap();
    let mut line = Some(ours);
    let board = Served::start("P1", None, move || line.take());
    (path.display().to_string(), board, its)
}

fn call_port(user: &User, port: &str) -> (Option<i32>, String) {
    let link = format!("it={port}");
    user.trine(&["call", "it", "once", "{\"number\": 3}", "--serial", &link, "--patience", "2"])
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_cannot_share_a_serial_port_is_told_who_has_it_until_that_one_is_gone() {
    let user = User::new("port");
    let (port, _board, _its) = port();
    for is_killed in [false, true] {
        let mut first = user.command(&["gateway", "--serial", &port]);
        // Another user of the machine: they do not meet in one folder.
        let first = first.env("XDG_RUNTIME_DIR", user.path("other"));
        let first = first.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut first = first.spawn().unwrap();
        let holder = format!("is in use by trine (process {})", first.id());
        let since = Instant::now();
        let said = loop {
            let (code, said) = call_port(&user, &port);
            if code != Some(0) {
                assert_eq!(code, Some(3), "{said}");
                break said;
            }
            assert!(since.elapsed().as_secs() < 60, "the gateway does not open the port");
            // It tries from time to time, and finds the port free only between two calls.
            std::thread::sleep(Duration::from_millis(500));
        };
        assert!(said.contains(&holder) && said.contains("it is offline"), "{said}");
        // Whatever the command is, and nothing is changed of a port that another program uses.
        let link = format!("it={port}:9600");
        for args in [&["selftest", "it"][..], &["tools"], &["devices"]] {
            let (code, said) =
                user.trine(&[args, &["--serial", &link, "--patience", "1"]].concat());
            assert!(code == Some(3) && said.contains(&holder), "{args:?}: {said}");
        }
        if is_killed {
            first.kill().unwrap();
        } else {
            drop(first.stdin.take());
        }
        first.wait().unwrap();
        let (code, said) = call_port(&user, &port);
        assert_eq!(code, Some(0), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_port_that_one_command_names_twice_is_opened_once() {
    let user = User::new("port-twice");
    let (port, _board, _its) = port();
    let (one, two) = (format!("one={port}"), format!("two={port}"));
    let names = ["--serial", &one, "--serial", &two, "--patience", "2"];
    let (code, said) = user.trine(&[&["devices", "--json", "--log", "off"], &names[..]].concat());
    assert_eq!(code, Some(3), "{said}");
    assert_eq!(said.matches("is in use by this program").count(), 1, "{said}");
}
