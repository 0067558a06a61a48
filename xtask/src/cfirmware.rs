//! The firmware in C on emulated boards: the wire step by step, the same conversation as with the
//! firmware in Rust, and a small part of it on every processor that the library is made for.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::board::Board;
use crate::cboard::{C_BOARDS, CBoard, Program, build};
use crate::emulator::Emulator;
use crate::firmware::{self, Variant};
use crate::matrix::{files, quiet};
use crate::{alike, programs, session, sh};

/// Made by `trine gen`.
const GENERATED: &str = "firmware-example/c/src/board_tools.h";
/// Calls that are made on a board with one line, which has no person.
const CALLS: &str = "20";

/// `cargo xtask test --leg c-firmware`.
///
/// # Errors
/// When a program does not build, or a board answers otherwise than it should.
pub(crate) fn main() -> Result<()> {
    programs::build()?;
    let [first, ..] = C_BOARDS else { return Ok(()) };
    let mut greenhouse = None;
    for program in [Program::Greenhouse, Program::Dma, Program::Rtos] {
        let image = build(first, program)?;
        println!("\n{} on {}", program.name(), first.name);
        step_by_step(first, &image, &[])?;
        greenhouse.get_or_insert(image);
    }
    let greenhouse = greenhouse.context("there is a greenhouse")?;
    same_conversation(&greenhouse)?;
    transcripts(&greenhouse)?;
    generated()?;
    for board in C_BOARDS {
        let image = build(board, Program::Base)?;
        step_by_step(board, &image, &["--calls", CALLS])?;
        println!("{}: {CALLS} calls answered, profile base", board.name);
    }
    Ok(())
}

fn step_by_step(board: &CBoard, image: &Path, options: &[&str]) -> Result<()> {
    let emulator = Emulator::of(board.emulator, board.name, image)?;
    sh::run(programs::command("trine-smoke").args(options).args(emulator.sockets()))
}

/// What is asked of both firmwares, and must be answered alike: every tool, its limits, and what
/// each leaves behind in the state of the board.
fn conversation() -> Vec<(&'static str, Value)> {
    alike::measured().chain(requests()).collect()
}

fn requests() -> Vec<(&'static str, Value)> {
    vec![
        ("board_status", json!({})),
        ("light_set", json!({"light": "grow", "on": true, "brightness": 40})),
        ("light_set", json!({"light": "all", "on": true})),
        ("light_set", json!({"light": "door", "on": false})),
        ("light_set", json!({"light": "moon", "on": true})),
        ("fan_set", json!({"percent": 0})),
        ("fan_set", json!({"percent": 101})),
        ("fan_set", json!({})),
        ("climate_set", json!({"mode": "heat", "celsius": 24.5})),
        ("climate_set", json!({"mode": "heat"})),
        ("climate_set", json!({"mode": "heat", "celsius": 24.7})),
        ("climate_set", json!({"mode": "off", "celsius": 20})),
        ("valve_open", json!({"valve": "mist", "seconds": 5})),
        ("valve_close", json!({"valve": "all"})),
        ("vent_move", json!({"degrees": 30})),
        ("vent_move", json!({"degrees": 91})),
        ("sensor_read", json!({"sensor": "temperature"})),
        ("sensor_read", json!({"sensor": "humidity"})),
        ("sensor_read", json!({"sensor": "soil"})),
        ("sensor_read", json!({"sensor": "light"})),
        ("sensor_read", json!({"sensor": "tank"})),
        ("timer_start", json!({"seconds": 3_600, "label": "tomatoes \u{1F345}"})),
        ("timer_start", json!({"seconds": 86_400})),
        ("timer_start", json!({"seconds": 60, "label": "0123456789012345678901234"})),
        ("display_show", json!({"text": "Grüße aus dem Gewächshaus", "line": 3})),
        ("display_show", json!({"text": "", "line": 1})),
        ("display_show", json!({"text": "five", "line": 5})),
        ("timer_start", json!({"seconds": 3_600})),
        ("timer_start", json!({"seconds": 3_600})),
        ("timer_start", json!({"seconds": 3_600})),
        ("camera_snap", json!({})),
        ("camera_snap", json!({"size": "large"})),
        ("vent_move", json!({"degrees": 0})),
        ("board_status", json!({})),
    ]
}

/// Both firmwares behind the same gateway, one after the other.
fn same_conversation(c: &Path) -> Result<()> {
    let board = Board::named("mps2-an386")?;
    let rust = firmware::build(board, Variant::Trine)?;
    let talk = |image: &Path| -> Result<Vec<Value>> {
        session::transcript(&mut programs::gateway(board.name, image), &conversation())
    };
    let (c, rust) = (talk(c)?, talk(&rust)?);
    alike::compare(&c, &rust).context("the firmware in C and the one in Rust differ")?;
    alike::has_picture(&c)?;
    ensure!(c.len() > conversation().len(), "{} answers", c.len());
    println!("{} answers, those of the firmware in C and of the one in Rust are equal", c.len());
    Ok(())
}

/// The typed arguments are what `trine gen` makes of the list of tools.
fn generated() -> Result<()> {
    let mut gen_header = programs::command("trine");
    gen_header.args(["gen", "firmware-example/board/tools.json", "--prefix", "board"]);
    gen_header.args(["--device", "firmware-example/board/device.json"]);
    let wanted = quiet(&mut gen_header)?;
    let committed = std::fs::read_to_string(sh::root().join(GENERATED)).context(GENERATED)?;
    ensure!(committed == wanted, "{GENERATED} is not what `{}` writes", sh::shown(&gen_header));
    println!("{GENERATED} is what trine gen writes");
    Ok(())
}

/// The recorded conversations of every revision of MCP, which the firmware in Rust holds too.
fn transcripts(image: &Path) -> Result<()> {
    for transcript in files("tests/clients/raw_transcripts", "jsonl")? {
        let mut python = sh::command("python3");
        python.arg("tests/clients/raw_transcript.py").arg(&transcript).arg("--");
        python.arg(programs::path("trine"));
        python.args(["gateway", "--emulate", "mps2-an386", "--firmware"]).arg(image);
        let said = quiet(&mut python)?;
        let last = said.lines().next_back().unwrap_or_default();
        println!("{}: {last}", transcript.file_stem().unwrap_or_default().to_string_lossy());
    }
    Ok(())
}
