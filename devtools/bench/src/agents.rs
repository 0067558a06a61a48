//! Agents that come and go on one gateway over HTTP: some end well, others vanish in the middle of
//! a request, of a call or of a stream, and one is a process that is killed. What they had is given
//! back at the end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devtools::sh::{self, Running};
use procfs::process::Process;
use serde_json::{Value, json};

use crate::http::{Site, request};

/// Agents of a cycle, each of which is the next of [`KINDS`].
const AGENTS: usize = 50;
/// Cycles before memory is measured for the first time: buffers and pools are then made.
const WARM_UP: u32 = 20;
/// What resident memory may have grown by since then, in KiB: the sessions that no agent has ended
/// (4,096 at most, about 1 KiB each), and 2 MiB that an allocator may keep in pieces.
const GROWTH_MAX: u64 = (4 + 2) * 1024;
/// The same when these sessions have ended: what an allocator may keep in pieces.
const KEPT_MAX: u64 = 2 * 1024;
/// Sessions that agents left.
static LEFT: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// How long the gateway may take to give back what the last agents had.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an agent does with the address of the gateway.
type Agent = fn(&str) -> Result<()>;

const KINDS: [Agent; 9] = [
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

/// What the system knows of the gateway: open files, threads and child processes.
type Held = [usize; 3];

/// Runs the cycles; what was found.
pub fn soak(cycles: u32) -> Result<String> {
    sh::run(sh::cargo().args(["build", "--release", "-p", "trine"]))?;
    let program = sh::program_in(&sh::target_dir().join("release"), "trine");
    let site = Site::gateway(&program, &[])?;
    let process = Process::new(site.process.0.id().try_into()?)?;
    let held = held(&process)?;
    for _ in 0..WARM_UP {
        cycle(&site, &program)?;
    }
    end_sessions(&site.address)?;
    let before = at_rest(&process, held)?;
    for number in 1..=cycles {
        cycle(&site, &program).with_context(|| format!("cycle {number}"))?;
        if number.is_multiple_of(100) {
            eprintln!("{number} cycles of {cycles}: {} KiB", resident(&process)?);
        }
    }
    let after = at_rest(&process, held)?;
    let growth = after.saturating_sub(before);
    ensure!(growth <= GROWTH_MAX, "memory grew from {before} to {after} KiB: {GROWTH_MAX} allowed");
    let sessions = end_sessions(&site.address)?;
    let end = at_rest(&process, held)?;
    let kept = end.saturating_sub(before);
    ensure!(kept <= KEPT_MAX, "memory is {end} KiB, from {before}: {KEPT_MAX} more allowed");
    let [files, threads, children] = held;
    Ok(format!(
        "{cycles} cycles of {AGENTS} agents: {files} files, {threads} threads and {children} child \
         processes as at the start; {before} KiB resident, then {after} (at most {GROWTH_MAX} \
         more), and {end} when the {sessions} sessions that were left had ended (at most \
         {KEPT_MAX} more)"
    ))
}

/// Agents at the same time, and a process that is killed in the middle of its calls.
fn cycle(site: &Site, program: &Path) -> Result<()> {
    let url = format!("http://{}/mcp", site.address);
    let mut command = sh::command(program);
    command.args(["bench", "load", &url, "--seconds", "60", "--connections", "2"]);
    let crash = Running(command.spawn()?);
    std::thread::scope(|scope| {
        let agents: Vec<_> = (1..AGENTS)
            .map(|number| scope.spawn(move || KINDS[number % KINDS.len()](&site.address)))
            .collect();
        let ended = |agent: std::thread::ScopedJoinHandle<'_, Result<()>>| {
            agent.join().unwrap_or_else(|_| anyhow::bail!("an agent ended badly"))
        };
        agents.into_iter().try_for_each(ended)
    })?;
    // It is killed when it is dropped.
    drop(crash);
    Ok(())
}

/// The resident memory once no client is there: the gateway gives memory back within a second.
fn at_rest(process: &Process, held: Held) -> Result<u64> {
    given_back(process, held)?;
    std::thread::sleep(Duration::from_secs(2));
    resident(process)
}

/// Waits until the gateway holds what it held at the start.
fn given_back(process: &Process, held_before: Held) -> Result<()> {
    let is_back = || held(process).is_ok_and(|now| now == held_before).then_some(());
    let is_back = sh::within(PATIENCE, is_back).is_some();
    ensure!(is_back, "files, threads and children: {:?}, not {held_before:?}", held(process)?);
    Ok(())
}

fn held(process: &Process) -> Result<Held> {
    let tasks: Vec<_> = process.tasks()?.filter_map(Result::ok).collect();
    let children = tasks.iter().filter_map(|task| Some(task.children().ok()?.len())).sum();
    Ok([process.fd_count()?, tasks.len(), children])
}

/// Resident memory in KiB.
fn resident(process: &Process) -> Result<u64> {
    process.status()?.vmrss.context("/proc/PID/status has no VmRSS")
}

/// Sends bytes on a connection of its own.
fn sent(address: &str, bytes: &str) -> Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(bytes.as_bytes())?;
    Ok(BufReader::new(stream))
}

/// The head of an answer, and the length of what follows.
fn head(input: &mut BufReader<TcpStream>) -> Result<(String, usize)> {
    let (mut head, mut line) = (String::new(), String::new());
    while line != "\r\n" {
        line.clear();
        ensure!(input.read_line(&mut line)? > 0, "the gateway closed a connection");
        head += &line;
    }
    let head = head.to_lowercase();
    let length = head.split_once("content-length:").map_or("", |(_, rest)| rest);
    let length = length.lines().next().unwrap_or_default().trim().parse().unwrap_or_default();
    Ok((head, length))
}

/// A whole answer, which has to be a success.
fn answered(address: &str, bytes: &str) -> Result<(String, String)> {
    let mut input = sent(address, bytes)?;
    let (head, length) = head(&mut input)?;
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    let body = String::from_utf8(body)?;
    let is_good = head.starts_with("http/1.1 20") && !body.contains("\"error\":");
    ensure!(is_good, "{head}{body}");
    Ok((head, body))
}

/// A stateless request.
fn stateless(address: &str, method: &str, name: &str, params: Value) -> String {
    request(address, 1, method, name, params)
}

/// A message of a session, or the one that opens it.
fn of_session(address: &str, session: &str, message: &Value) -> String {
    let (body, session) = (message.to_string(), session_header(session));
    format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nAccept: \
         application/json, text/event-stream\r\n{session}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn session_header(session: &str) -> String {
    match session {
        "" => String::new(),
        id => format!("Mcp-Session-Id: {id}\r\nMCP-Protocol-Version: 2025-11-25\r\n"),
    }
}

/// Opens a session and calls a tool in it; the session.
fn session(address: &str) -> Result<String> {
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": "soak", "version": "1"}});
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
    let (head, _) = answered(address, &of_session(address, "", &hello))?;
    let id = head.split_once("mcp-session-id:").context("no session")?.1;
    let id = id.lines().next().unwrap_or_default().trim().to_owned();
    let params = json!({"name": "fan_set", "arguments": {"percent": 40}});
    let call = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params});
    answered(address, &of_session(address, &id, &call))?;
    Ok(id)
}

/// Calls a tool, and reads the answer.
fn calls(address: &str) -> Result<()> {
    let params = json!({"name": "fan_set", "arguments": {"percent": 40}});
    answered(address, &stateless(address, "tools/call", "fan_set", params)).map(drop)
}

/// Opens a session and ends it.
fn opens_a_session(address: &str) -> Result<()> {
    let header = session_header(&session(address)?);
    let end = format!("DELETE /mcp HTTP/1.1\r\nHost: {address}\r\n{header}\r\n");
    answered(address, &end).map(drop)
}

/// Opens a session and never comes back.
fn leaves_a_session(address: &str) -> Result<()> {
    let id = session(address)?;
    LEFT.lock().map_err(|_| anyhow::anyhow!("an agent ended badly"))?.push(id);
    Ok(())
}

/// Ends the sessions that agents left. The gateway has forgotten all but the last 4,096 of them.
fn end_sessions(address: &str) -> Result<usize> {
    let left = LEFT.lock().map_err(|_| anyhow::anyhow!("an agent ended badly"))?.split_off(0);
    let mut ended = 0;
    for id in left {
        let header = session_header(&id);
        let end = format!("DELETE /mcp HTTP/1.1\r\nHost: {address}\r\n{header}\r\n");
        let (head, _) = head(&mut sent(address, &end)?)?;
        ended += usize::from(head.starts_with("http/1.1 204"));
    }
    Ok(ended)
}

/// Vanishes in the head of a request.
fn stops_in_a_head(address: &str) -> Result<()> {
    sent(address, "POST /mcp HTTP/1.1\r\nHost: loc").map(drop)
}

/// Vanishes in the body of a request.
fn stops_in_a_body(address: &str) -> Result<()> {
    let params = json!({"name": "fan_set", "arguments": {"percent": 40}});
    let whole = stateless(address, "tools/call", "fan_set", params);
    sent(address, whole.get(..whole.len() - 20).unwrap_or_default()).map(drop)
}

/// Vanishes while a tool runs that takes two seconds.
fn leaves_a_call(address: &str) -> Result<()> {
    let params = json!({"name": "vent_move", "arguments": {"degrees": 45}});
    let input = sent(address, &stateless(address, "tools/call", "vent_move", params))?;
    std::thread::sleep(Duration::from_millis(20));
    drop(input);
    Ok(())
}

/// Vanishes while it listens to changes.
fn leaves_a_stream(address: &str) -> Result<()> {
    let params = json!({"notifications": {"toolsListChanged": true}});
    let mut input = sent(address, &stateless(address, "subscriptions/listen", "", params))?;
    let (head, _) = head(&mut input)?;
    ensure!(head.starts_with("http/1.1 200"), "{head}");
    Ok(())
}

/// A WebSocket on a connection of its own, over which a tool is called.
fn websocket(address: &str, name: &str, arguments: Value) -> Result<BufReader<TcpStream>> {
    let open = format!(
        "GET /mcp HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: mcp\r\n\r\n"
    );
    let mut input = sent(address, &open)?;
    let (head, _) = head(&mut input)?;
    ensure!(head.starts_with("http/1.1 101"), "{head}");
    let request =
        stateless(address, "tools/call", name, json!({"name": name, "arguments": arguments}));
    let message = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let length = u16::try_from(message.len())?;
    // A text (RFC 6455, section 5.2) of 126 bytes or more under a mask of zeros.
    let mut frame = vec![0x81, 0xfe];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(message.as_bytes());
    input.get_mut().write_all(&frame)?;
    Ok(input)
}

/// Calls a tool over a WebSocket, reads the answer and says goodbye.
fn talks_over_a_websocket(address: &str) -> Result<()> {
    let mut input = websocket(address, "fan_set", json!({"percent": 40}))?;
    let mut head = [0; 4];
    input.read_exact(&mut head)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes([head[2], head[3]]))];
    input.read_exact(&mut answer)?;
    let answer = String::from_utf8(answer)?;
    ensure!(head[..2] == [0x81, 126] && answer.contains("\"isError\":false"), "{answer}");
    input.get_mut().write_all(&[0x88, 0x80, 0, 0, 0, 0])?;
    // The server answers with a close frame, and then ends the connection.
    let mut rest = Vec::new();
    input.read_to_end(&mut rest)?;
    ensure!(rest.first() == Some(&0x88), "no close frame: {rest:?}");
    Ok(())
}

/// Vanishes from a WebSocket while a tool runs that takes two seconds.
fn leaves_a_websocket(address: &str) -> Result<()> {
    let input = websocket(address, "vent_move", json!({"degrees": 45}))?;
    std::thread::sleep(Duration::from_millis(20));
    drop(input);
    Ok(())
}
