//! What a press of the board's button agrees to: the question on the display, when someone can
//! have read it, and nothing else.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use trine_descriptor::Scalar;

use crate::board::{Answer, Board};
use crate::steps::{entered, expect};

/// How long a question is shown before a press counts.
const GUARD: Duration = Duration::from_millis(1_000);
/// How long someone reads it here: a little more, for a busy machine.
const READING: Duration = Duration::from_millis(1_300);

const ATTEMPTS: u32 = 10;

const NORTH: u16 = 0;
const DRIP: u16 = 2;

/// Asks for water through a valve, for so many seconds.
fn ask(board: &mut Board, valve: u16, seconds: i64) -> Result<Answer> {
    board.call("valve_open", |out| {
        out.label(0, valve);
        out.int(1, seconds);
    })
}

fn refused(board: &mut Board, valve: u16, seconds: i64) -> Result<()> {
    let answer = ask(board, valve, seconds)?;
    ensure!(answer == Answer::NeedsPerson { consent: 1 }, "{seconds} s: {answer:?}");
    Ok(())
}

/// The press counted and the water flows. On a busy machine the board's clock is behind: there the
/// question is read for longer, and the button pressed again.
fn opened(board: &mut Board, valve: u16, seconds: i64) -> Result<()> {
    let mut answer = ask(board, valve, seconds)?;
    for attempt in 1..=ATTEMPTS {
        if answer != (Answer::NeedsPerson { consent: 1 }) {
            break;
        }
        std::thread::sleep(READING * attempt);
        board.person("button\n")?;
        answer = ask(board, valve, seconds)?;
    }
    expect(&answer, &[(0, Scalar::Label(valve)), (1, Scalar::Int(seconds))])
}

/// Reads the question, and presses.
fn read_and_press(board: &mut Board) -> Result<()> {
    std::thread::sleep(READING);
    board.person("button\n")?;
    Ok(())
}

fn close(board: &mut Board) -> Result<()> {
    let closed = board.call("valve_close", |out| out.label(0, 4))?;
    expect(&closed, &[(0, Scalar::Label(4))])
}

/// Opens a valve with a person's consent.
pub(crate) fn open(board: &mut Board, valve: u16, seconds: i64) -> Result<()> {
    refused(board, valve, seconds)?;
    read_and_press(board)?;
    opened(board, valve, seconds)
}

pub(crate) fn person(board: &mut Board) -> Result<String> {
    let before = entered(board)?;
    refused(board, NORTH, 5)?;
    ensure!(entered(board)? == before, "the tool was entered without a person");
    read_and_press(board)?;
    refused(board, NORTH, 6)?;
    opened(board, NORTH, 5)?;
    // The second is a question of its own, which is used up here.
    open(board, NORTH, 5)?;
    close(board)?;
    Ok("refused, the button, other arguments refused, once allowed, refused".to_owned())
}

pub(crate) fn too_early(board: &mut Board) -> Result<String> {
    board.person("button\n")?;
    let since = Instant::now();
    refused(board, NORTH, 5)?;
    board.person("button\n")?;
    let is_early = since.elapsed() < GUARD;
    let answer = ask(board, NORTH, 5)?;
    let is_refused = answer == Answer::NeedsPerson { consent: 1 };
    // On a machine that stood still the question may have been there for long enough.
    ensure!(is_refused || !is_early, "an early press counts: {answer:?}");
    if is_refused {
        read_and_press(board)?;
        opened(board, NORTH, 5)?;
    }
    close(board)?;
    Ok("a press before the question and one at once agree to nothing".to_owned())
}

pub(crate) fn larger(board: &mut Board) -> Result<String> {
    refused(board, DRIP, 1)?;
    std::thread::sleep(READING);
    refused(board, NORTH, 1_800)?;
    board.person("button\n")?;
    refused(board, NORTH, 1_800)?;
    opened(board, DRIP, 1)?;
    board.person("button\n")?;
    let answer = ask(board, DRIP, 1)?;
    ensure!(answer == Answer::NeedsPerson { consent: 1 }, "the large one was kept: {answer:?}");
    read_and_press(board)?;
    opened(board, DRIP, 1)?;
    close(board)?;
    Ok("a large question takes nothing from a small one, and is not remembered".to_owned())
}

/// Another text on the question's line: the question stays, and the press is for it.
pub(crate) fn covered(board: &mut Board) -> Result<String> {
    refused(board, NORTH, 5)?;
    let shown = board.call("display_show", |out| {
        out.text(0, "ALARM: press to silence");
        out.int(1, 4);
    })?;
    expect(&shown, &[(0, Scalar::Int(4))])?;
    refused(board, NORTH, 1_800)?;
    read_and_press(board)?;
    refused(board, NORTH, 1_800)?;
    opened(board, NORTH, 5)?;
    close(board)?;
    Ok("a text for the question's line waits for it".to_owned())
}

/// Someone who asks all the time is sent away, and others can ask.
pub(crate) fn dismissed(board: &mut Board) -> Result<String> {
    board.principal = "eve";
    refused(board, NORTH, 1_800)?;
    std::thread::sleep(READING);
    board.person("dismiss\n")?;
    refused(board, NORTH, 1_800)?;
    read_and_press(board)?;
    refused(board, NORTH, 1_800)?;
    board.principal = "ann";
    refused(board, NORTH, 5)?;
    read_and_press(board)?;
    board.principal = "eve";
    refused(board, NORTH, 5)?;
    board.principal = "ann";
    opened(board, NORTH, 5)?;
    board.principal = "";
    close(board)?;
    Ok("dismissed, its asker has to wait, another is asked and agreed to".to_owned())
}
