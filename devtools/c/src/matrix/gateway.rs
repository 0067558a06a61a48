//! A device in C behind the gateway: lists in, blocks out, and a question to a person, as an MCP
//! client gets to see them.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devtools::{programs, sh, transcripts};

use crate::program::SANITIZED;
use crate::{dist, output_folder};

const FOLDER: &str = "tests/c/gateway";
/// The longest that the device may take to listen, on a machine that does much else.
const START_MAX: Duration = Duration::from_secs(60);

/// Builds the device under sanitizers, and plays transcripts to a gateway before it and to the
/// device as a server by itself.
pub(super) fn main() -> Result<()> {
    programs::build()?;
    let folder = output_folder("clerk")?;
    let line = format!("-std=c99 -g -O1 -Iinclude {FOLDER}/clerk.c");
    let program = SANITIZED.compile("clerk", &line, &[&dist::host_library()?])?;
    // A socket's path may have about 100 bytes, which rules the target folder out.
    let socket = std::env::temp_dir().join(format!("trine-clerk-{}", std::process::id()));
    let device = sh::command(&program).arg(&socket).spawn();
    let mut device = sh::Running(device.context("no device")?);
    let opens = sh::within(START_MAX, || socket.exists().then_some(()));
    opens.context("the device opens no socket")?;
    let log = folder.join("gateway.log");
    let mut gateway = programs::command("trine gateway --unix");
    play(&["answers", "question"], gateway.arg(&socket), &log)?;
    let ended = device.0.wait().context("the device is gone")?;
    ensure!(ended.success(), "the device ended with {ended}: its line is at its end");
    let said = std::fs::read_to_string(&log)?;
    ensure!(said.contains("WARN clerk: the ink is low"), "no line from the port in:\n{said}");
    play(&["answers", "unasked"], sh::command(&program).arg("-"), &folder.join("alone.log"))?;
    println!("a device in C behind the gateway: lists, blocks, a question and a line of log");
    Ok(())
}

/// Plays transcripts, as one, to a server.
fn play(names: &[&str], server: &Command, log: &Path) -> Result<()> {
    let texts = names.iter().map(|name| sh::read(&format!("{FOLDER}/{name}.jsonl")));
    let transcript = log.with_extension("jsonl");
    std::fs::write(&transcript, texts.collect::<Result<String>>()?)?;
    transcripts::play(&transcript, server, File::create(log)?.into())
}
