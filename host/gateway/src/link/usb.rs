//! USB boards. Each time that the link is opened the board is found anew: plugged in again, it may
//! have another port than before.

use std::time::Duration;

use super::bulk;
use super::serial::Serial;
use super::{Dial, LinkError, Opened};
use crate::usb::{ChooseError, UsbAddress, UsbWay, attached, choose};

/// How long after a board was plugged in it is noticed, at most.
const LOOK: Duration = Duration::from_millis(500);

/// A USB board.
#[derive(Debug)]
pub(crate) struct Usb {
    pub(crate) board: UsbAddress,
    pub(crate) baud: u32,
    /// As of a serial port.
    pub(crate) is_shared: bool,
}

impl Dial for Usb {
    fn dial(&mut self) -> Result<Opened, LinkError> {
        let address = || self.board.to_string();
        let attached = attached().map_err(LinkError::UsbList)?;
        let boards: Vec<_> = attached.iter().map(|found| &found.board).collect();
        let (index, port) = choose(&self.board, &boards).map_err(|why| refused(address(), why))?;
        match (&port.way, attached.get(index)) {
            (UsbWay::Serial(path), _) => {
                Serial { path: path.clone(), baud: self.baud, is_shared: self.is_shared }.dial()
            }
            (UsbWay::Bulk, Some(found)) => {
                let bulk = bulk::Bulk { info: &found.info, interface: port.interface };
                bulk.open(&address(), self.baud, self.is_shared)
            }
            (UsbWay::Bulk, None) => {
                Err(LinkError::NoUsbBoard { address: address(), found: String::new() })
            }
        }
    }

    fn pause_max(&self) -> Duration {
        LOOK
    }
}

fn refused(address: String, why: ChooseError) -> LinkError {
    match why {
        ChooseError::Missing(found) => LinkError::NoUsbBoard { address, found },
        ChooseError::SeveralBoards(boards) => LinkError::SeveralUsbBoards { address, boards },
        ChooseError::Alike(ports) => LinkError::UsbBoardsAlike { address, ports },
        ChooseError::NoPort(ports) => LinkError::NoUsbPort { address, ports },
        ChooseError::SeveralPorts(ports) => LinkError::SeveralUsbPorts { address, ports },
    }
}
