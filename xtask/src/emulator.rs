//! An emulated board with its two serial lines as sockets, without a gateway.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

use crate::board::Board;
use crate::sh;

/// The emulator's program.
pub(crate) const QEMU: &str = "qemu-system-arm";

/// A running QEMU. It waits for both sockets to be connected before the board starts, and ends
/// with this value.
#[derive(Debug)]
pub(crate) struct Emulator {
    child: Child,
    folder: PathBuf,
}

impl Emulator {
    /// Starts a board with its firmware; `plugin` is QEMU's `-plugin` option, if one is wanted.
    ///
    /// # Errors
    /// When there is no QEMU or no folder for the sockets.
    pub(crate) fn start(board: &Board, elf: &Path, plugin: Option<&str>) -> Result<Self> {
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
        let mut qemu = sh::command(QEMU);
        qemu.args(["-M", board.name, "-display", "none", "-monitor", "none"])
            .args(["-chardev", &line("board"), "-serial", "chardev:board"])
            .args(["-chardev", &line("person"), "-serial", "chardev:person", "-kernel"])
            .arg(elf)
            .stdin(Stdio::null())
            // It says for each socket that it waits, which is no news.
            .stderr(Stdio::null());
        if let Some(plugin) = plugin {
            qemu.args(["-plugin", plugin]);
        }
        let child = qemu.spawn().with_context(|| format!("{QEMU} does not start"))?;
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
