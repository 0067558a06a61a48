//! An emulated board with its two serial lines as sockets, without a gateway.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

use crate::board::Board;
use crate::sh;

/// Machines with one serial line. The person's socket is there, and nobody is behind it unless an
/// option brings a second line.
const ONE_LINE: &[&str] = &["microbit", "virt"];

/// A running QEMU. It waits for both sockets to be connected before the board starts, and ends
/// with this value.
#[derive(Debug)]
pub(crate) struct Emulator {
    child: Child,
    folder: PathBuf,
}

impl Emulator {
    /// Starts a board with its firmware.
    ///
    /// # Errors
    /// When there is no QEMU or no folder for the sockets.
    pub(crate) fn start(board: &Board, elf: &Path) -> Result<Self> {
        Self::with(board.emulator, board.name, elf, (board.options, None))
    }

    /// [`Self::start`] with another emulator, which loads images by another option. A machine with
    /// one serial line has no person.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub(crate) fn of(emulator: [&str; 2], machine: &str, image: &Path) -> Result<Self> {
        Self::with(emulator, machine, image, (&[], None))
    }

    /// The same with options of the emulator's own.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub(crate) fn with_options(
        emulator: [&str; 2],
        machine: &str,
        image: &Path,
        options: &[&str],
    ) -> Result<Self> {
        Self::with(emulator, machine, image, (options, None))
    }

    /// Starts a board whose firmware may write to the file `log` by semihosting.
    ///
    /// # Errors
    /// As [`Self::start`], or when there can be no such file.
    pub(crate) fn logging(board: &Board, elf: &Path, log: &Path) -> Result<Self> {
        let log = std::fs::File::create(log).with_context(|| format!("no {}", log.display()))?;
        let semihosting = ["-semihosting-config", "enable=on,target=native"];
        let options = [board.options, &semihosting].concat();
        Self::with(board.emulator, board.name, elf, (&options, Some(log)))
    }

    fn with(
        [program, load]: [&str; 2],
        machine: &str,
        image: &Path,
        (options, log): (&[&str], Option<std::fs::File>),
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
        qemu.arg(load)
            .arg(image)
            .stdin(Stdio::null())
            // It says for each socket that it waits, which is no news.
            .stderr(Stdio::null());
        qemu.args(options);
        if let Some(log) = log {
            qemu.stdout(log);
        }
        let child = qemu.spawn().with_context(|| format!("{program} does not start"))?;
        Ok(Self { child, folder })
    }

    /// The sockets of the board's line and of the one that no MCP client reaches.
    pub(crate) fn sockets(&self) -> [PathBuf; 2] {
        [self.folder.join("board"), self.folder.join("person")]
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
