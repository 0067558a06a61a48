//! Serial ports of Windows, which opens each for one program: `COM3`, or `\\\\.\\COM10`.

use std::io;
use std::path::PathBuf;

use serial2::{FlowControl, SerialPort, Settings, StopBits};

use super::dial::{READ_PATIENCE, WRITE_PATIENCE};
use super::place::joined;
use super::{Dial, LinkError, Opened};

/// A serial port.
#[derive(Debug)]
pub(crate) struct Serial {
    pub(crate) path: PathBuf,
    pub(crate) baud: u32,
    #[expect(dead_code, reason = "no port is shared on this system")]
    pub(crate) is_shared: bool,
}

impl Serial {
    fn open(&self) -> io::Result<(SerialPort, SerialPort)> {
        let mut port = SerialPort::open(&self.path, |mut settings: Settings| {
            settings.set_raw();
            settings.set_stop_bits(StopBits::One);
            settings.set_flow_control(FlowControl::None);
            settings.set_baud_rate(self.baud)?;
            Ok(settings)
        })?;
        port.set_read_timeout(READ_PATIENCE)?;
        port.set_write_timeout(WRITE_PATIENCE)?;
        Ok((port.try_clone()?, port))
    }
}

impl Dial for Serial {
    fn dial(&mut self) -> Result<Opened, LinkError> {
        let path = self.path.clone();
        match self.open() {
            Ok((reader, writer)) => Ok(Opened::stream(reader, writer)),
            Err(source) => match source.kind() {
                io::ErrorKind::NotFound => Err(LinkError::Missing { path }),
                // That is how Windows answers for a port that is open already.
                io::ErrorKind::PermissionDenied => joined(path, None),
                _ => Err(LinkError::Port { path, baud: self.baud, source }),
            },
        }
    }
}
