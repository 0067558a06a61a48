//! The same greenhouse, UART and clock without Trine: what the comparison of sizes is made with.
//!
//! It calls every function of the controller that the tools call, behind the smallest protocol that
//! can: a request is an operation, a length and as many bytes; the answer has the same form. There
//! is no description, no checksum, no list, no deadline and no check but the controller's own.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;

use trine_arena::{Consumer, Producer, Ring};
use trine_board::camera::{Picture, Scene, Size};
use trine_board::greenhouse::Ticket;
use trine_board::{Fault, Greenhouse, Lamp, Sensor, SimHardware, Valve};
use trine_bsp::led::Led;
use trine_bsp::place::Place;
use trine_bsp::shared::Shared;
use trine_bsp::uart::{self, Rx, Tx};
use trine_bsp::{Board, Interrupt, clock, emergency, entry, handler, singleton};

const BAUD: u32 = 115_200;
const RX_BYTES: usize = 512;
/// Longest content of a request and of an answer.
const CONTENT_MAX: usize = 254;

struct Line {
    rx: Rx,
    ring: Producer<'static>,
}

static LINE: Shared<Line> = Shared::empty();
static WORK: AtomicBool = AtomicBool::new(false);

/// The board and what outlives one request.
struct Owner {
    board: Greenhouse<SimHardware<Led>>,
    sensor: Option<Ticket>,
    picture: Option<Picture>,
}

static RX_MEMORY: Place<[u8; RX_BYTES]> = Place::new([0; RX_BYTES]);
static REQUEST: Place<[u8; CONTENT_MAX + 2]> = Place::new([0; CONTENT_MAX + 2]);
static ANSWER: Place<[u8; CONTENT_MAX + 2]> = Place::new([0; CONTENT_MAX + 2]);

/// Starts the board, and its loop.
#[entry]
fn main() -> ! {
    let (Some(rx_memory), Some(request), Some(answer)) =
        (RX_MEMORY.take(), REQUEST.take(), ANSWER.take())
    else {
        stop()
    };
    let Some(parts) = Board::take() else { stop() };
    let hardware = SimHardware::with_status_led(parts.led0);
    let owner = singleton!(: Owner = Owner {
        board: Greenhouse::new(hardware),
        sensor: None,
        picture: None,
    });
    let received = singleton!(: Ring<'static> = Ring::new(rx_memory));
    let (Some(owner), Some(received)) = (owner, received) else { stop() };
    let (ring, received) = received.split();
    let (tx, rx) = parts.uart0.start(BAUD);
    LINE.put(Line { rx, ring });
    trine_bsp::enable(Interrupt::UART0_RX);
    trine_bsp::enable(Interrupt::UART0_TX);
    run(owner, received, tx, request, answer)
}

fn run(
    owner: &mut Owner,
    mut received: Consumer<'static>,
    mut tx: Tx,
    request: &mut [u8],
    answer: &mut [u8],
) -> ! {
    let (mut have, mut from, mut to) = (0, 0, 0);
    loop {
        WORK.store(false, Ordering::Release);
        let now = clock::now_ms();
        owner.board.tick(now);
        while from == to {
            let Some(byte) = received.pop() else { break };
            if let Some(place) = request.get_mut(have) {
                *place = byte;
            }
            have += 1;
            let whole = request.get(1).map_or(2, |len| usize::from(*len) + 2);
            if have >= 2 && have >= whole {
                let content = request.get(2..whole).unwrap_or_default();
                let operation = request.first().copied().unwrap_or(0);
                let len = answer_to(owner, operation, content, answer);
                (have, from, to) = (0, 0, len);
            }
        }
        from += tx.try_write(answer.get(from..to).unwrap_or_default());
        let waits = from < to;
        tx.wake(waits);
        trine_bsp::sleep_unless(|| {
            WORK.load(Ordering::Acquire)
                || (waits && tx.is_ready())
                || (!waits && !received.is_empty())
                || clock::now_ms() != now
        });
    }
}

/// Does one request; answers the length of the answer, which begins with 0 or with a fault.
fn answer_to(owner: &mut Owner, operation: u8, content: &[u8], answer: &mut [u8]) -> usize {
    let (head, out) = answer.split_at_mut(2);
    let done = serve(owner, operation, content, out);
    let len = *done.as_ref().unwrap_or(&0);
    let status = done.err().map_or(0, |fault| 1 + fault as u8);
    head.copy_from_slice(&[status, len as u8]);
    len + 2
}

fn serve(owner: &mut Owner, operation: u8, content: &[u8], out: &mut [u8]) -> Result<usize, Fault> {
    let board = &mut owner.board;
    board.enter();
    let byte = |at: usize| content.get(at).copied().unwrap_or(0);
    let word = u32::from_le_bytes([byte(1), byte(2), byte(3), byte(4)]);
    let valve = Valve::ALL.get(usize::from(byte(0))).copied();
    match operation {
        b'l' => {
            let lamp = Lamp::ALL.get(usize::from(byte(0))).copied();
            return Ok(put(out, &[board.light_set(lamp, byte(1) != 0, byte(2))?]));
        }
        b'f' => board.fan_set(byte(0))?,
        b'h' => board.climate_heat(word.cast_signed())?,
        b'c' => board.climate_off(),
        b'o' => {
            board.prompt_end();
            board.valve_open(valve.ok_or(Fault::OutOfRange)?, word)?;
        }
        b'q' => board.prompt(text(content)?, word),
        b'x' => board.valve_close(valve)?,
        b'v' => board.vent_move(byte(0))?,
        b'w' => return Ok(put(out, &[board.vent_target(), u8::from(board.vent_at_rest())])),
        b's' => {
            let sensor = Sensor::ALL.get(usize::from(byte(0))).copied();
            owner.sensor = Some(board.sensor_start(sensor.ok_or(Fault::OutOfRange)?));
        }
        b'r' => {
            let Some(ticket) = owner.sensor else { return Err(Fault::NotReady) };
            let Poll::Ready(reading) = board.sensor_poll(ticket) else {
                return Err(Fault::NotReady);
            };
            let reading = reading?;
            let [low, high, ..] = reading.tenths.to_le_bytes();
            return Ok(put(out, &[low, high, reading.unit as u8]));
        }
        b't' => {
            let label = content.get(5..).filter(|label| !label.is_empty());
            let label = label.map(text).transpose()?;
            return Ok(put(out, &[board.timer_start(word, label)?]));
        }
        b'e' => {
            let id = board.ended().map_or(0, |timer| timer.id);
            board.drop_ended();
            return Ok(put(out, &[id]));
        }
        b'd' => board.display_show(byte(0), text(content.get(1..).unwrap_or_default())?)?,
        b'p' => {
            let size = if byte(0) == 0 { Size::Small } else { Size::Large };
            let picture = owner.picture.insert(Picture::new(Scene::of(board), size));
            return Ok(put(out, &picture.len().to_le_bytes()));
        }
        b'P' => return Ok(owner.picture.as_mut().map_or(0, |picture| picture.read(word, out))),
        b'b' => return Ok(u8::from(board.take_press()).into()),
        _ => return Ok(status(board, out)),
    }
    Ok(0)
}

/// The whole state, byte by byte.
fn status(board: &Greenhouse<SimHardware<Led>>, out: &mut [u8]) -> usize {
    let mut at = 0;
    let mut add = |bytes: &[u8]| at += put(out.get_mut(at..).unwrap_or_default(), bytes);
    let lamps = board.lamps();
    add(&[lamps.grow, lamps.door, lamps.status, board.fan_percent(), board.vent_degrees()]);
    add(&board.target_tenths().unwrap_or(0).to_le_bytes());
    for valve in Valve::ALL {
        add(&board.valve_remaining_s(valve).unwrap_or(0).to_le_bytes());
    }
    for sensor in Sensor::ALL {
        add(&board.reading(sensor).tenths.to_le_bytes());
    }
    for timer in board.timers() {
        add(&[timer.id]);
        add(&timer.remaining_s.to_le_bytes());
        add(timer.label.unwrap_or("").as_bytes());
    }
    for line in board.display_lines() {
        add(line.as_bytes());
    }
    add(&board.uptime_s().to_le_bytes());
    add(&board.calls_entered().to_le_bytes());
    at
}

fn put(out: &mut [u8], bytes: &[u8]) -> usize {
    let count = bytes.len().min(out.len());
    for (place, byte) in out.iter_mut().zip(bytes) {
        *place = *byte;
    }
    count
}

fn text(bytes: &[u8]) -> Result<&str, Fault> {
    core::str::from_utf8(bytes).map_err(|_| Fault::OutOfRange)
}

fn receive() {
    // Without an end of its own in the protocol, each byte is looked at.
    _ = LINE.with(|Line { rx, ring }| rx.drain(ring, 0));
    WORK.store(true, Ordering::Release);
}

handler! {
    fn UART0_RX() {
        receive();
    }
}

handler! {
    fn UART0_TX() {
        uart::sent_uart0();
    }
}

handler! {
    fn SysTick() {
        clock::tick();
    }
}

fn stop() -> ! {
    emergency::restart(b"\r\nthe device cannot start\r\n")
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    emergency::restart(b"\r\nrestart after a panic\r\n")
}
