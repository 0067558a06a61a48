//! Serial ports. One program at a time has a port, as two would take each other's answers; others
//! of the user may have its device through that one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serial2::{FlowControl, SerialPort, StopBits};

use super::dial::{READ_PATIENCE, WRITE_PATIENCE};
use super::place::{Place, joined, offered};
use super::{Dial, LinkError, Opened};
use crate::sys;

/// Numbers of the kinds of pseudo-terminals.
#[cfg(target_os = "linux")]
const PSEUDO: std::ops::RangeInclusive<libc::c_uint> = 136..=143;

/// A serial port.
#[derive(Debug)]
pub(crate) struct Serial {
    pub(crate) path: PathBuf,
    pub(crate) baud: u32,
    /// The device may be had through another program of the user that has the port, and by others
    /// through this one.
    pub(crate) is_shared: bool,
}

/// Why a port does not open.
enum Closed {
    /// Another program has it, or this one.
    Held,
    Failed(io::Error),
}

impl From<io::Error> for Closed {
    fn from(error: io::Error) -> Self {
        // That is how a port answers that someone has opened for himself alone.
        if error.kind() == io::ErrorKind::ResourceBusy { Self::Held } else { Self::Failed(error) }
    }
}

impl Serial {
    fn open(&self) -> Result<(SerialPort, SerialPort), Closed> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        let file = options.open(&self.path)?;
        // Before anything of the port is changed, which another program may be using.
        lock(&file, &self.path)?;
        let mut port = SerialPort::from(OwnedFd::from(file));
        let mut settings = port.get_configuration()?;
        settings.set_raw();
        settings.set_stop_bits(StopBits::One);
        settings.set_flow_control(FlowControl::None);
        settings.set_baud_rate(self.baud)?;
        // Closing the port must not drop DTR, or opening it the next time would raise it again,
        // which resets many boards.
        settings.as_termios_mut().c_cflag &= !libc::HUPCL;
        port.set_configuration(&settings)?;
        port.set_read_timeout(READ_PATIENCE)?;
        port.set_write_timeout(WRITE_PATIENCE)?;
        Ok((port.try_clone()?, port))
    }
}

/// Locks a port, for those who ask first, and keeps others from opening it, where the system can.
/// Both end when its last copy is closed, also because the process was killed.
fn lock(file: &File, path: &Path) -> Result<(), Closed> {
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Closed::Held),
        // A device file that cannot be locked can still be opened exclusively.
        Err(TryLockError::Error(_)) => {}
    }
    if !is_pseudo(file, path) {
        // Where it is no terminal, its configuration will tell.
        drop(sys::make_exclusive(file));
    }
    Ok(())
}

/// Whether this is the end of a pair that two programs share: it would stay exclusive after its
/// last copy was closed, as long as the other end is open.
#[cfg(target_os = "linux")]
fn is_pseudo(file: &File, _: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.metadata().is_ok_and(|file| PSEUDO.contains(&libc::major(file.rdev())))
}

/// The same where the number of a terminal does not tell: those of macOS are called so.
#[cfg(not(target_os = "linux"))]
fn is_pseudo(_: &File, path: &Path) -> bool {
    path.to_string_lossy().starts_with("/dev/ttys")
}

impl Dial for Serial {
    fn dial(&mut self) -> Result<Opened, LinkError> {
        let path = self.path.clone();
        let place = self.is_shared.then(|| Place::of(&path));
        match self.open() {
            Ok((reader, writer)) => Ok(offered(Opened::stream(reader, writer), place, &path)),
            Err(Closed::Held) => joined(path, place),
            Err(Closed::Failed(source)) => Err(match source.kind() {
                io::ErrorKind::NotFound => LinkError::Missing { path },
                io::ErrorKind::PermissionDenied => LinkError::forbidden(path),
                _ => LinkError::Port { path, baud: self.baud, source },
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A port, and the end at which its device would be.
    fn port() -> (SerialPort, Serial) {
        let (device, end) = SerialPort::pair().unwrap();
        let path = std::fs::read_link(format!("/proc/self/fd/{}", number(&end))).unwrap();
        (device, Serial { path, baud: 9_600, is_shared: false })
    }

    fn number(port: &SerialPort) -> i32 {
        use std::os::fd::AsRawFd as _;
        port.as_raw_fd()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_port_is_opened_once_and_the_second_is_told_who_has_it() {
        let (_device, mut first) = port();
        let mut second = Serial { path: first.path.clone(), baud: 115_200, is_shared: false };
        let opened = first.dial().ok().unwrap();
        let said = second.dial().err().unwrap().to_string();
        let own = format!("this program (process {})", std::process::id());
        assert!(said.contains("is in use by") && said.contains(&own), "{said}");
        // Its reader and its writer share it: it is free when both are gone.
        drop(opened.reader);
        assert!(second.dial().is_err());
        drop(opened.writer);
        assert!(second.dial().is_ok());
    }

    #[test]
    fn what_does_not_open_for_another_reason_says_which() {
        let path = std::env::temp_dir().join(format!("trine-no-port-{}", std::process::id()));
        let mut none = Serial { path: path.clone(), baud: 9_600, is_shared: false };
        assert!(none.dial().err().unwrap().to_string().contains("is it plugged in?"));
        std::fs::write(&path, "").unwrap();
        assert!(none.dial().err().unwrap().to_string().contains("does not open at 9600 baud"));
        std::fs::remove_file(path).unwrap();
    }
}
