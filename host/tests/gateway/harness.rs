//! A gateway as a client sees it, and a board at the end of a cable that can be pulled.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Long enough for anything that is going to come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running `trine gateway`.
pub(crate) struct Gateway {
    pub(crate) child: Child,
    pub(crate) input: Option<ChildStdin>,
    lines: Receiver<String>,
    log: Arc<Mutex<String>>,
    id: u64,
}

impl Gateway {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_on(Stdio::piped(), arguments)
    }

    /// A gateway with this for its input.
    pub(crate) fn start_on(input: Stdio, arguments: &[&str]) -> Self {
        Self::spawn(Self::command(arguments).stdin(input))
    }

    /// A gateway whose settings are in this folder.
    pub(crate) fn start_in(settings: &Path, arguments: &[&str]) -> Self {
        Self::spawn(Self::command(arguments).env("TRINE_CONFIG", settings))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let stderr = child.stderr.take();
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                if send.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        let log = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            let lines = stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).lines());
            for line in lines.map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let input = child.stdin.take();
        Self { child, input, lines, log, id: 0 }
    }

    pub(crate) fn command(arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
        command.arg("gateway").args(arguments);
        // Nothing of the user's is read or kept. Without a home the system would name the user's.
        static HOMES: AtomicU32 = AtomicU32::new(0);
        let number = HOMES.fetch_add(1, Ordering::Relaxed);
        let home = format!("home-{}-{number}", std::process::id());
        command.env("HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join(home));
        for name in ["XDG_CONFIG_HOME", "TRINE_CONFIG"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log has a text, which it answers.
    pub(crate) fn logged(&self, text: &str) -> String {
        until(
            || self.log().contains(text).then(|| self.log()),
            || format!("no '{text}' in the log:\n{}", self.log()),
        )
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.send_raw(format!("{message}\n").as_bytes());
    }

    /// The next line, which must be one JSON value.
    pub(crate) fn line(&mut self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|_| panic!("no line; the log:\n{}", self.log()));
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The next line; none when the program has ended.
    pub(crate) fn line_or_end(&mut self) -> Option<Value> {
        let line = match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => panic!("no line; the log:\n{}", self.log()),
        };
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// All that still comes of a program that was killed. Its last line may be cut.
    pub(crate) fn rest(&mut self) -> Vec<Value> {
        let mut rest = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            rest.extend(serde_json::from_str::<Value>(&line));
        }
        rest
    }

    /// No line comes for a while.
    pub(crate) fn is_silent_for(&mut self, while_ms: u64) {
        if let Ok(line) = self.lines.recv_timeout(Duration::from_millis(while_ms)) {
            panic!("unexpected: {line}");
        }
    }

    /// The next line that answers this id; notifications before it are passed over.
    pub(crate) fn answer(&mut self, id: &Value) -> Value {
        loop {
            let line = self.line();
            if line.get("id") == Some(id) {
                return line;
            }
            assert!(line.get("method").is_some(), "an answer to something else: {line}");
        }
    }

    /// Sends a stateless request and waits for its answer.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = json!(self.id);
        self.send(&stateless(&id, method, params));
        self.answer(&id)
    }

    /// Calls a tool statelessly; the `result` object.
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        answer.get("result").unwrap_or_else(|| panic!("{answer}")).clone()
    }

    /// Calls a tool that must succeed; its structured result.
    pub(crate) fn value(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], json!(false), "{result}");
        result["structuredContent"].clone()
    }

    /// Calls a tool that must fail; the sentence.
    pub(crate) fn refusal(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], json!(true), "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Names of all tools.
    pub(crate) fn tools(&mut self) -> Vec<String> {
        let answer = self.ask("tools/list", json!({}));
        let tools = answer["result"]["tools"].as_array().unwrap_or_else(|| panic!("{answer}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The names of the tools once there are this many. A board may take longer to come up than the
    /// gateway holds a list back for it, on a machine that has much else to do.
    pub(crate) fn tools_of(&mut self, count: usize) -> Vec<String> {
        let since = Instant::now();
        loop {
            let tools = self.tools();
            if tools.len() == count || since.elapsed() > PATIENCE {
                assert_eq!(tools.len(), count, "{tools:?}\n{}", self.log());
                return tools;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends the input and waits for the end of the program.
    pub(crate) fn end(mut self) -> ExitStatus {
        self.input = None;
        self.exited()
    }

    pub(crate) fn exited(&mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < PATIENCE, "still running; the log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// A figure of `/proc/PID/status` in KiB, such as `VmHWM`.
    pub(crate) fn memory_kib(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // One that has ended cannot be killed again, which is fine.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits for something, or panics with what `otherwise` says.
pub(crate) fn until<T>(mut done: impl FnMut() -> Option<T>, otherwise: impl Fn() -> String) -> T {
    let since = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(since.elapsed() < PATIENCE, "{}", otherwise());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A request of 2026-07-28.
pub(crate) fn stateless(id: &Value, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// The two messages by which a session of an older revision opens.
pub(crate) fn initialize(version: &str) -> [Value; 2] {
    let client = json!({"name": "test", "version": "1"});
    let params = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
    [
        json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": params}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
    ]
}

/// A folder that goes away with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It may be gone already.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Says one line to the socket of `--button` and waits for its answer.
pub(crate) fn person(path: &Path, line: &str) {
    // The question is read first.
    if line == "button" {
        std::thread::sleep(Duration::from_millis(1_200));
    }
    let connect = || std::os::unix::net::UnixStream::connect(path).ok();
    let mut stream = until(connect, || format!("nobody listens on {}", path.display()));
    stream.write_all(format!("{line}\n").as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    assert_eq!(answer, "ok\n");
}
