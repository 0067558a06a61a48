//! Where programs would meet that share a port: nowhere on this system. It opens each port for one
//! program, and says nothing of who that is.

use std::io;
use std::path::{Path, PathBuf};

use super::{LinkError, Opened};

/// The place of a serial port; this system has no serial ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {}

impl Place {
    pub(crate) fn of_interface(_: &Path, _: u8) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A port that this program has, which others may not use meanwhile.
pub(super) fn offered(opened: Opened, _: Option<io::Result<Place>>, _: &Path) -> Opened {
    opened
}

/// The port of another program, which is not shared.
pub(super) fn joined(path: PathBuf, _: Option<io::Result<Place>>) -> Result<Opened, LinkError> {
    Err(LinkError::Busy { path, holder: "another program".to_owned() })
}
