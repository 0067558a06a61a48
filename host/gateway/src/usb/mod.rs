//! USB boards: finding the one that an address names, whatever port it has at present.

mod address;
mod attached;
mod choose;

pub(crate) use address::UsbAddress;
pub(crate) use attached::attached;
pub(crate) use choose::{ChooseError, choose};

use std::path::PathBuf;

use crate::sanitize::plain;

/// A USB board that is plugged in and has a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsbBoard {
    /// Vendor number, as `lsusb` prints it before the colon.
    pub vendor: u16,
    /// Product number, as `lsusb` prints it after the colon.
    pub product: u16,
    /// Serial number; empty where the board has none.
    pub serial: String,
    /// Names of manufacturer and product; empty where the board has none.
    pub name: String,
    /// Its ports in the order of their interfaces.
    pub ports: Vec<UsbPort>,
}

/// A byte stream to and from a USB board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbPort {
    /// Number of the USB interface.
    pub interface: u8,
    /// Name of the interface; empty where it has none.
    pub name: String,
    /// How it is reached.
    pub way: UsbWay,
}

/// How a port of a USB board is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsbWay {
    /// By a driver of the system, which shows it as a serial port.
    Serial(PathBuf),
    /// By bulk transfers, without a driver.
    Bulk,
}

/// The boards that `--usb` can name at present, in the order of their numbers. In what they say of
/// themselves, code points that control a terminal or hide text are replaced.
///
/// # Errors
/// When the system does not list its USB devices.
pub fn boards() -> std::io::Result<Vec<UsbBoard>> {
    let mut boards: Vec<_> = attached()?.into_iter().map(|found| found.board).collect();
    boards.retain(|board| !board.ports.is_empty());
    boards.iter_mut().for_each(tame);
    boards.sort_by(|one, two| key(one).cmp(&key(two)));
    Ok(boards)
}

fn tame(board: &mut UsbBoard) {
    let names = board.ports.iter_mut().map(|port| &mut port.name);
    for text in names.chain([&mut board.serial, &mut board.name]) {
        *text = plain(text).into_owned();
    }
}

fn key(board: &UsbBoard) -> (u16, u16, &str) {
    (board.vendor, board.product, &board.serial)
}

impl UsbBoard {
    /// As `--usb` takes it: `303a:1001:A1`, or `303a:1001` for a board without a serial number.
    #[must_use]
    pub fn address(&self) -> String {
        let serial = (!self.serial.is_empty()).then(|| self.serial.clone());
        UsbAddress { vendor: self.vendor, product: self.product, interface: None, serial }
            .to_string()
    }
}

impl std::fmt::Display for UsbWay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Serial(path) => write!(f, "{}", path.display()),
            Self::Bulk => f.write_str("bulk transfers"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_board_says_of_itself_acts_on_no_terminal() {
        let text = || "a\u{1b}[2J\u{202e}b".to_owned();
        let port = UsbPort { interface: 0, name: text(), way: UsbWay::Bulk };
        let mut board =
            UsbBoard { serial: text(), name: text(), ports: vec![port], ..UsbBoard::default() };
        tame(&mut board);
        for text in [&board.serial, &board.name, &board.ports[0].name] {
            assert_eq!(text, "a\u{fffd}[2J\u{fffd}b");
        }
    }
}
