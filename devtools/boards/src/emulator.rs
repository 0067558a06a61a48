//! An emulated board with its two serial lines as sockets, without a gateway.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use devtools::programs;
use devtools::sh::{self, Running};
use tempfile::TempDir;

use crate::Board;

/// Machines with one serial line. The person's socket is there, and no one is behind it unless an
/// option brings a second line.
const ONE_LINE: &[&str] = &["microbit", "virt"];
/// The name of the file that takes what the emulator writes.
const OUTPUT: &str = "output";

/// A running QEMU. It waits for both sockets to be connected before the board starts, and ends
/// with this value.
pub(crate) struct Emulator {
    _qemu: Running,
    folder: TempDir,
}

impl Emulator {
    /// Starts a board with its firmware, and options besides its own.
    pub(crate) fn start(board: &Board, elf: &Path, more: &[&str]) -> Result<Self> {
        let options = [board.options(), more].concat();
        Self::of(board, "-kernel", elf, &options)
    }

    /// Starts a machine with the option of QEMU's that loads an image there.
    pub(crate) fn of(board: &Board, load: &str, image: &Path, options: &[&str]) -> Result<Self> {
        // A socket's path may have about 100 bytes, which rules the target folder out.
        let folder = TempDir::with_prefix("trine-").context("no folder for the sockets")?;
        let line = |name: &str| {
            let path = folder.path().join(name);
            format!("socket,id={name},path={},server=on,wait=on", path.display())
        };
        let mut qemu = sh::command(board.emulator());
        qemu.args(["-M", board.name, "-display", "none", "-monitor", "none"])
            .args(["-chardev", &line("board"), "-serial", "chardev:board"])
            .args(["-chardev", &line("person")]);
        if !ONE_LINE.contains(&board.name) {
            qemu.args(["-serial", "chardev:person"]);
        }
        // It writes for each socket that it waits, which is no news.
        qemu.arg(load).arg(image).args(options).stdin(Stdio::null()).stderr(Stdio::null());
        let child = qemu.stdout(File::create(folder.path().join(OUTPUT))?).spawn();
        let qemu = Running(child.with_context(|| format!("{} does not start", board.emulator()))?);
        Ok(Self { _qemu: qemu, folder })
    }

    /// The sockets of the board's line and of the one that no MCP client reaches.
    pub(crate) fn sockets(&self) -> [PathBuf; 2] {
        ["board", "person"].map(|name| self.folder.path().join(name))
    }

    /// What the firmware has written by semihosting, where an option turns that on.
    pub(crate) fn output(&self) -> Result<File> {
        Ok(File::open(self.folder.path().join(OUTPUT))?)
    }

    /// The command with which `trine-smoke` examines the board.
    pub(crate) fn smoke(&self, options: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
        let mut smoke = programs::command("trine-smoke");
        smoke.args(options).args(self.sockets());
        smoke
    }
}
