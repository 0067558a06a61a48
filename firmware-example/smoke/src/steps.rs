//! What is examined, in order.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use trine_descriptor::{Entry, FaultCode, Scalar, ValueWriter};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage};
use trine_wire::secure::Key;

use crate::board::{Answer, Board, SESSION, WAIT};
use crate::consent;

/// Calls sent in one piece by the flood.
const FLOOD: usize = 200;
/// How long a board may think about a byte that ends no frame before it sleeps again.
const ASLEEP: Duration = Duration::from_millis(3);
/// How often something is tried that a busy machine can miss.
const ATTEMPTS: u32 = 10;
/// How fast the board's clock runs while a timer is waited for.
const SCALE: u32 = 60;

/// Most bytes of stack that the whole firmware may have used after all of this.
const STACK_MAX: u32 = 2_048;

type Step = fn(&mut Board) -> Result<String>;

const STEPS: &[(&str, Step)] = &[
    ("boot text", boot_text),
    ("hello", hello),
    ("list", list),
    ("a call", fan_set),
    ("two arguments", light_set),
    ("out of range", out_of_range),
    ("stale descriptor", stale),
    ("nested result", board_status),
    ("pending tools", pending),
    ("content in chunks", camera),
    ("a person agrees", consent::person),
    ("too early", consent::too_early),
    ("a larger question", consent::larger),
    ("over the question", consent::covered),
    ("dismissed", consent::dismissed),
    ("timer's event", timer),
    ("noise", noise),
    ("flood", flood),
    ("repeats", repeats),
    ("progress and log", progress),
    ("the host is gone", host_gone),
    ("the loop stands", loop_stands),
    ("counters", counters),
    ("stack", stack),
];

/// Runs every step and prints what each cost.
pub(crate) fn all(board: &str, person: &str) -> Result<()> {
    let mut board = Board::connect(board, person)?;
    println!("{:<18}{:>9}{:>9}{:>9}  what", "step", "sent", "received", "ms");
    for (name, step) in STEPS {
        let (sent, received) = (board.link.sent, board.link.received);
        let since = Instant::now();
        let what = step(&mut board).context(*name)?;
        let ms = since.elapsed().as_secs_f64() * 1_000.0;
        let (sent, received) = (board.link.sent - sent, board.link.received - received);
        println!("{name:<18}{sent:>9}{received:>9}{ms:>9.1}  {what}");
    }
    Ok(())
}

/// Makes `count` calls of two arguments, one at a time, and nothing else after the list; with tags
/// if there is a key. The board has gone to sleep again after the byte that a frame begins with
/// when the rest comes, and before the last one, as on a line, which is slower than any board: what
/// a turn costs in which no frame ended is no part of a call.
pub(crate) fn calls(count: u32, key: Option<Key>, board: &str, person: &str) -> Result<()> {
    let mut board = Board::connect(board, person)?;
    boot_text(&mut board)?;
    send_hello(&mut board, key)?;
    board.list()?;
    for _ in 0..count {
        let (id, frame) = board.prepare("light_set", status_light)?;
        let (begin, rest) = frame.split_at(1);
        let (middle, end) = rest.split_at(rest.len() - 1);
        for piece in [begin, middle] {
            board.again(piece)?;
            std::thread::sleep(ASLEEP);
        }
        board.again(end)?;
        status_light_is_on(&board.answer(id)?)?;
    }
    Ok(())
}

/// What `board_status` counts as calls that reached a tool.
pub(crate) fn entered(board: &mut Board) -> Result<u32> {
    Ok(board.status()?.entered)
}

pub(crate) fn boot_text(board: &mut Board) -> Result<String> {
    let text = board.link.text(b"\r\n", WAIT)?;
    let text = String::from_utf8(text)?;
    ensure!(text.starts_with("trine greenhouse "), "the board boots with {text:?}");
    Ok(text.trim_end().to_owned())
}

pub(crate) fn hello(board: &mut Board) -> Result<String> {
    send_hello(board, None)
}

fn send_hello(board: &mut Board, key: Option<Key>) -> Result<String> {
    let nonce = 0x1234_5678;
    let host_nonce = if key.is_some() { *b"counting" } else { [0; 8] };
    let hello = HostHello { wire: 1, nonce, session: SESSION, host_nonce, ..HostHello::default() };
    let bytes = board.link.send_hello(hello, key)?;
    let Some(DeviceMessage::Hello(hello)) = message::read(&bytes) else {
        bail!("no greeting: {bytes:?}");
    };
    ensure!(hello.nonce == nonce && hello.epoch != 0, "the greeting is not to us: {hello:?}");
    // A small board has no camera.
    ensure!(matches!(hello.tools, 10 | 11), "{} tools", hello.tools);
    ensure!(
        hello.wire == 1 && hello.session == SESSION && hello.keyed == key.is_some(),
        "{hello:?}"
    );
    (board.epoch, board.slots) = (hello.epoch, hello.calls_max.into());
    Ok(format!("{} {} {} {}", hello.vendor, hello.product, hello.serial, hello.firmware))
}

fn list(board: &mut Board) -> Result<String> {
    let bytes = board.list()?;
    for name in ["fan_set", "sensor_read", "valve_open", "timer_start", "camera_snap"] {
        ensure!(board.tools.contains_key(name), "no {name} in the list");
    }
    Ok(format!("{} tools in {bytes} bytes", board.tools.len()))
}

fn fan_set(board: &mut Board) -> Result<String> {
    let answer = board.call("fan_set", |out| out.int(0, 40))?;
    expect(&answer, &[(0, Scalar::Int(40))])?;
    Ok("fan_set 40".to_owned())
}

fn status_light(out: &mut ValueWriter<'_>) {
    out.label(0, 2);
    out.bool(1, true);
}

fn status_light_is_on(answer: &Answer) -> Result<()> {
    expect(answer, &[(0, Scalar::Label(2)), (1, Scalar::Bool(true)), (2, Scalar::Int(100))])
}

fn light_set(board: &mut Board) -> Result<String> {
    status_light_is_on(&board.call("light_set", status_light)?)?;
    Ok("light_set status on, brightness by its default".to_owned())
}

fn out_of_range(board: &mut Board) -> Result<String> {
    let before = entered(board)?;
    let answer = board.call("fan_set", |out| out.int(0, 140))?;
    let fault = Answer::Fault { code: FaultCode::TooLarge as u8, node: 0, bound: 100 };
    ensure!(answer == fault, "{answer:?}");
    let answer = board.call("climate_set", |out| out.label(0, 0))?;
    ensure!(matches!(answer, Answer::Fault { node: 1, .. }), "heat without celsius: {answer:?}");
    ensure!(entered(board)? == before, "a tool was entered");
    Ok("fan_set 140, climate_set without its target: no tool entered".to_owned())
}

fn stale(board: &mut Board) -> Result<String> {
    let tool = *board.tools.get("fan_set").context("fan_set")?;
    let mut other = tool;
    other.hash = !tool.hash;
    board.tools.insert("fan_set".to_owned(), other);
    let answer = board.call("fan_set", |out| out.int(0, 99));
    board.tools.insert("fan_set".to_owned(), tool);
    let answer = answer?;
    ensure!(answer == Answer::Other("Stale".to_owned()), "{answer:?}");
    Ok("another hash is answered as stale".to_owned())
}

fn board_status(board: &mut Board) -> Result<String> {
    let text = "32 characters, all of them in UTF\u{2011}8";
    let text: String = text.chars().take(32).collect();
    let answer = board.call("display_show", |out| {
        out.text(0, &text);
        out.int(1, 2);
    })?;
    expect(&answer, &[(0, Scalar::Int(2))])?;
    let answer = board.call("board_status", |_| {})?;
    let entries = answer.entries()?;
    let shown = entries.iter().any(|entry| entry.value == Scalar::Text(&text));
    ensure!(shown, "the display does not show {text:?}: {entries:?}");
    Ok(format!("{} entries, the display shows what was sent", entries.len()))
}

fn pending(board: &mut Board) -> Result<String> {
    // Four at a time, all on their way at once; answers come in any order.
    let mut ids = Vec::new();
    for sensor in 0..3 {
        ids.push(board.start("sensor_read", |out| out.label(0, sensor))?);
    }
    let vent = board.start("vent_move", |out| out.int(0, 30))?;
    for id in ids {
        let answer = board.answer(id)?;
        let entries = answer.entries()?;
        let decimal = matches!(
            entries.as_slice(),
            [
                Entry { node: 0, value: Scalar::Decimal(1..) },
                Entry { node: 1, value: Scalar::Label(_) }
            ]
        );
        ensure!(decimal, "{entries:?}");
    }
    expect(&board.answer(vent)?, &[(0, Scalar::Int(30))])?;
    Ok("three sensors and the vent at once".to_owned())
}

fn camera(board: &mut Board) -> Result<String> {
    let answer = board.call("camera_snap", |out| out.label(0, 1))?;
    let Answer::Content { mime, bytes, .. } = answer else { bail!("{answer:?}") };
    ensure!(mime == "image/png", "an image of type {mime}");
    ensure!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "no PNG");
    let chunks = png_chunks(&bytes)?;
    Ok(format!("{} bytes of PNG, {chunks} chunks with right checksums", bytes.len()))
}

/// Walks the chunks of a PNG file and checks each one's CRC; the last must be IEND.
fn png_chunks(file: &[u8]) -> Result<usize> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut rest = file.get(8..).unwrap_or_default();
    let mut count = 0;
    loop {
        let (len, tail) = rest.split_first_chunk::<4>().context("the file ends too early")?;
        let len = u32::from_be_bytes(*len) as usize;
        let (body, tail) = tail.split_at_checked(4 + len).context("a chunk is cut off")?;
        let (sum, tail) = tail.split_first_chunk::<4>().context("a checksum is cut off")?;
        ensure!(crc.checksum(body) == u32::from_be_bytes(*sum), "chunk {count} is damaged");
        (rest, count) = (tail, count + 1);
        if body.starts_with(b"IEND") {
            ensure!(rest.is_empty(), "{} bytes behind the end", rest.len());
            return Ok(count);
        }
    }
}

fn timer(board: &mut Board) -> Result<String> {
    board.person(&format!("scale {SCALE}\n"))?;
    let since = Instant::now();
    let answer = board.call("timer_start", |out| {
        out.int(0, 30);
        out.text(1, "tea");
    })?;
    let entries = answer.entries()?;
    ensure!(entries.len() == 2, "{entries:?}");
    let (tool, text) = board.event()?;
    let took = since.elapsed();
    board.person("scale 1\n")?;
    let timer_start = board.tools.get("timer_start").map(|tool| tool.number);
    ensure!(Some(tool) == timer_start, "an event of tool {tool}");
    ensure!(text.contains("tea"), "the event says {text:?}");
    ensure!(took > Duration::from_millis(400), "30 s at {SCALE} times the pace took {took:?}");
    Ok(format!("{text:?}, 30 s at {SCALE} times the pace"))
}

fn noise(board: &mut Board) -> Result<String> {
    let before = board.status()?.frames_bad;
    let (_, mut corrupt) = board.prepare("fan_set", |out| out.int(0, 1))?;
    let middle = corrupt.len() / 2;
    if let Some(byte) = corrupt.get_mut(middle) {
        *byte ^= 0x40;
    }
    board.link.send_bytes(&corrupt)?;
    board.link.send_bytes(b"\0rst:0x1 (POWERON_RESET),boot:0x8\r\n\0")?;
    board.link.send_bytes(&vec![0xff; 3_000])?;
    let answer = board.call("fan_set", |out| out.int(0, 7))?;
    expect(&answer, &[(0, Scalar::Int(7))])?;
    let bad = board.status()?.frames_bad - before;
    ensure!(bad >= 3, "{bad} bad frames counted");
    Ok(format!("a hurt frame, text and 3,000 bytes: {bad} counted, the next call is served"))
}

fn flood(board: &mut Board) -> Result<String> {
    let mut frames = Vec::new();
    let mut ids = Vec::new();
    for at in 0..FLOOD {
        let (id, frame) = board.prepare("fan_set", |out| out.int(0, at as i64 % 101))?;
        frames.extend(frame);
        ids.push(id);
    }
    let since = Instant::now();
    board.link.send_bytes(&frames)?;
    for (at, id) in ids.into_iter().enumerate() {
        expect(&board.answer(id)?, &[(0, Scalar::Int(at as i64 % 101))])?;
    }
    let lost = board.status()?.bytes_lost;
    ensure!(lost == 0, "{lost} bytes lost");
    let each = since.elapsed().as_secs_f64() * 1_000.0 / FLOOD as f64;
    Ok(format!("{FLOOD} calls in one piece, {each:.2} ms each, no byte lost"))
}

/// The same bytes again while the call runs and after it: it is run once and answered alike.
fn repeats(board: &mut Board) -> Result<String> {
    let before = board.status()?;
    let mut calls = 0;
    loop {
        calls += 1;
        // Forth and back, a second each.
        if repeated(board, if calls % 2 == 1 { 75 } else { 30 })? {
            break;
        }
        ensure!(calls < ATTEMPTS, "no repeat hears that its call runs");
    }
    let after = board.status()?;
    ensure!(after.entered - before.entered == calls, "{before:?} and {after:?}: not run once");
    ensure!(after.repeats - before.repeats == 2 * calls, "{before:?} and {after:?}: repeats");
    Ok("one call sent three times: run once, the same answer twice".to_owned())
}

/// One call sent three times. Answers whether the second came while it ran: of a machine that is
/// busy with something else, no one can tell when it goes on.
fn repeated(board: &mut Board, degrees: i64) -> Result<bool> {
    board.progress.clear();
    let (id, frame) = board.prepare("vent_move", |out| out.int(0, degrees))?;
    board.again(&[frame.as_slice(), &frame].concat())?;
    let first = board.answer(id)?;
    expect(&first, &[(0, Scalar::Int(degrees))])?;
    let in_time = board.progress == [(id, 0, 0)];
    if !in_time {
        ensure!(board.progress.is_empty(), "a repeat hears {:?}", board.progress);
        ensure!(board.answer(id)? == first, "the late repeat is answered otherwise");
    }
    board.again(&frame)?;
    ensure!(board.answer(id)? == first, "the repeat is answered otherwise");
    Ok(in_time)
}

fn progress(board: &mut Board) -> Result<String> {
    board.link.send(&HostMessage::Log { level: 1 })?;
    let steps = vent_steps(board)?;
    board.person(&format!("scale {SCALE}\n"))?;
    board.call("timer_start", |out| out.int(0, 20))?;
    let ended = |(level, _): &&(u8, String)| *level == 1;
    board.until(|board| board.log.iter().any(|line| ended(&line)))?;
    board.person("scale 1\n")?;
    let line = board.log.iter().find(ended).map(|(_, text)| text.as_str()).unwrap_or_default();
    ensure!(line.starts_with("timer "), "{:?}", board.log);
    let told = format!("{steps} steps of the vent, {line:?} in the log");
    board.events.clear();
    board.link.send(&HostMessage::Log { level: 255 })?;
    Ok(told)
}

/// How often the vent tells where it is on its way. It may tell less where the machine stands still
/// meanwhile.
fn vent_steps(board: &mut Board) -> Result<usize> {
    board.call("vent_move", |out| out.int(0, 75))?;
    for attempt in 0..ATTEMPTS {
        let degrees = if attempt % 2 == 0 { 30 } else { 75 };
        board.progress.clear();
        let (id, frame) = board.prepare_with("vent_move", 1, |out| out.int(0, degrees))?;
        board.again(&frame)?;
        expect(&board.answer(id)?, &[(0, Scalar::Int(degrees))])?;
        let told = &board.progress;
        let right = told.iter().all(|&(of, done, total)| of == id && done <= total && total == 45);
        ensure!(told.is_sorted() && right, "{told:?}");
        if told.len() > 5 {
            return Ok(told.len());
        }
    }
    bail!("the vent tells nothing of its way")
}

/// Opens a valve with a person's consent, for so long that it does not close by itself here.
fn open_valve(board: &mut Board) -> Result<()> {
    consent::open(board, 3, 1_000)?;
    ensure!(board.person("water\n")? == "1", "no water flows");
    Ok(())
}

/// The valve closes some seconds after the host was heard last, and the session goes on.
fn host_gone(board: &mut Board) -> Result<String> {
    open_valve(board)?;
    let before = board.status()?.link_losses;
    let since = Instant::now();
    board.vanish(|board| {
        while board.person("water\n")? != "0" {
            ensure!(since.elapsed() < WAIT, "water flows though the host is gone");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    })?;
    let took = since.elapsed();
    ensure!(took > Duration::from_secs(2), "closed after {took:?}: the link was not yet lost");
    let losses = board.status()?.link_losses - before;
    ensure!(losses == 1, "the link was lost {losses} times");
    let answer = board.call("valve_close", |out| out.label(0, 4))?;
    expect(&answer, &[(0, Scalar::Label(4))])?;
    Ok(format!("the valve closed {:.1} s later, the session goes on", took.as_secs_f64()))
}

/// The timer closes the cock while the loop does nothing at all.
fn loop_stands(board: &mut Board) -> Result<String> {
    open_valve(board)?;
    let since = Instant::now();
    board.person("stall 2000\n")?;
    let stood = since.elapsed();
    ensure!(stood >= Duration::from_secs(1), "the loop stood still for {stood:?} only");
    ensure!(board.person("water\n")? == "0", "water flows though the loop stood still");
    let silent: u32 = board.person("trip\n")?.parse()?;
    ensure!((500..1_500).contains(&silent), "closed when the loop was silent for {silent} ms");
    expect(&board.call("fan_set", |out| out.int(0, 3))?, &[(0, Scalar::Int(3))])?;
    Ok(format!("the cock closed {silent} ms into a stall of 2000 ms, calls are served again"))
}

fn counters(board: &mut Board) -> Result<String> {
    let status = board.status()?;
    ensure!(status.bad_results == 0 && status.expired == 0, "{status:?}");
    Ok(format!(
        "{} calls, {} entered, {} of {} B used, at most {} received and {} to send",
        status.calls,
        status.entered,
        status.memory_used,
        status.memory,
        status.rx_high_water,
        status.tx_high_water
    ))
}

fn stack(board: &mut Board) -> Result<String> {
    let deepest: u32 = board.person("stack\n")?.parse()?;
    ensure!(deepest > 0, "the board has used no stack");
    ensure!(deepest <= STACK_MAX, "the board has used {deepest} bytes of stack of {STACK_MAX}");
    Ok(format!("{deepest} bytes at its deepest, interrupts and the board's tools included"))
}

pub(crate) fn expect(answer: &Answer, wanted: &[(u16, Scalar<'_>)]) -> Result<()> {
    let entries = answer.entries()?;
    let wanted: Vec<Entry<'_>> =
        wanted.iter().map(|&(node, value)| Entry { node, value }).collect();
    ensure!(entries == wanted, "{entries:?} instead of {wanted:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::png_chunks;
    use crate::link::Link;
    use trine_wire::message::{Call, HostMessage};

    #[test]
    fn the_frame_of_a_call_is_the_golden_one() {
        let args = [0, 2, 80];
        let call = HostMessage::Call(Call {
            id: 5,
            tool: 1,
            check: [1, 2, 3, 4],
            args: &args,
            ..Call::default()
        });
        let golden = [
            0x00, 0x08, 0x02, 0x05, 0x01, 0x01, 0x02, 0x03, 0x04, 0x02, 0x03, 0x07, 0x02, 0x50,
            0xa1, 0x48, 0xb4, 0xbd, 0x00,
        ];
        assert_eq!(Link::frame(None, &call).unwrap(), golden);
    }

    #[test]
    fn a_damaged_picture_is_found() {
        let end = b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82";
        assert_eq!(png_chunks(end).unwrap(), 1);
        assert!(png_chunks(&end[..end.len() - 1]).is_err());
        let mut corrupt = *end;
        corrupt[12] = b'J';
        assert!(png_chunks(&corrupt).is_err());
    }
}
