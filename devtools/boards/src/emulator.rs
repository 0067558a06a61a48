//! An emulated board with its two serial lines as sockets, without a gateway.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use devtools::sh;

use crate::board::Board;

/// Machines with one serial line. The person's socket is there, and no one is behind it unless an
/// option brings a second line.
const ONE_LINE: &[&str] = &["microbit", "virt"];

/// A running QEMU. It waits for both sockets to be connected before the board starts, and ends
/// with this value.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    folder: PathBuf,
}

impl Emulator {
    /// Starts a board with its firmware, and options besides its own.
    pub fn start(board: &Board, elf: &Path, more: &[&str]) -> Result<Self> {
        let options = [board.options(), more].concat();
        Self::of([board.emulator(), "-kernel"], board.name, elf, &options, None)
    }

    /// Starts a board whose firmware writes to the file `log` by semihosting.
    pub(crate) fn logging(board: &Board, elf: &Path, log: &Path) -> Result<Self> {
        let log = File::create(log).with_context(|| format!("no {}", log.display()))?;
        let semihosting = ["-semihosting-config", "enable=on,target=native"];
        let options = [board.options(), &semihosting].concat();
        Self::of([board.emulator(), "-kernel"], board.name, elf, &options, Some(log))
    }

    /// Starts a machine with QEMU's program and its option that loads an image.
    pub(crate) fn of(
        [program, load]: [&str; 2],
        machine: &str,
        image: &Path,
        options: &[&str],
        log: Option<File>,
    ) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // A socket's path may have about 100 bytes, which rules the target folder out.
        let name = format!("trine-xtask-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).with_context(|| format!("no folder {}", folder.display()))?;
        let line = |name: &str| {
            let path = folder.join(name);
            format!("socket,id={name},path={},server=on,wait=on", path.display())
        };
        let mut qemu = sh::command(program);
        qemu.args(["-M", machine, "-display", "none", "-monitor", "none"])
            .args(["-chardev", &line("board"), "-serial", "chardev:board"])
            .args(["-chardev", &line("person")]);
        if !ONE_LINE.contains(&machine) {
            qemu.args(["-serial", "chardev:person"]);
        }
        // It writes for each socket that it waits, which is no news.
        qemu.arg(load).arg(image).args(options).stdin(Stdio::null()).stderr(Stdio::null());
        if let Some(log) = log {
            qemu.stdout(log);
        }
        let child = qemu.spawn().with_context(|| format!("{program} does not start"))?;
        Ok(Self { child, folder })
    }

    /// The sockets of the board's line and of the one that no MCP client reaches.
    #[must_use]
    pub fn sockets(&self) -> [PathBuf; 2] {
        ["board", "person"].map(|name| self.folder.join(name))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}
