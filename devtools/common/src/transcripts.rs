//! Recorded conversations of MCP, played to a server by `tests/clients/raw_transcript.py`.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::sh;

/// The conversations of every revision of the protocol.
pub const REVISIONS: &str = "tests/clients/raw_transcripts";

/// Plays a transcript: each answer is the one that was recorded, and the server ends by itself.
/// What the server says besides goes to `errors`.
pub fn play(transcript: &Path, server: &Command, errors: Stdio) -> Result<()> {
    let mut python = sh::command("python3");
    python.arg("tests/clients/raw_transcript.py").arg(transcript).arg("--");
    python.arg(server.get_program()).args(server.get_args()).stderr(errors);
    python.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let done = python.output().context("python3 could not start")?;
    let said = String::from_utf8_lossy(&done.stdout);
    let name = transcript.file_stem().unwrap_or_default().to_string_lossy();
    ensure!(done.status.success(), "{name}, played to `{}`:\n{said}", sh::shown(server));
    println!("{name}: {} answers as recorded", said.matches("ok   ").count());
    Ok(())
}
