//! Which board, and which of its ports, an address means.

use super::{UsbAddress, UsbBoard, UsbPort, UsbWay};
use crate::sanitize::plain;

/// Why an address means no port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChooseError {
    /// No such board; what there is instead.
    Missing(String),
    /// Several such boards; how each is named.
    SeveralBoards(String),
    /// Several such boards that nothing tells apart; their ports.
    Alike(String),
    /// The board has no port, or not this one; its ports.
    NoPort(String),
    /// Several ports; how each is named.
    SeveralPorts(String),
}

/// The place of the board in the list, and its port.
pub(crate) fn choose<'b>(
    wanted: &UsbAddress,
    boards: &[&'b UsbBoard],
) -> Result<(usize, &'b UsbPort), ChooseError> {
    let is_meant = |board: &UsbBoard| {
        (board.vendor, board.product) == (wanted.vendor, wanted.product)
            && wanted.serial.as_ref().is_none_or(|serial| *serial == board.serial)
    };
    let meant: Vec<_> = boards.iter().enumerate().filter(|(_, board)| is_meant(board)).collect();
    match meant.as_slice() {
        [] => Err(ChooseError::Missing(others(boards))),
        [(index, board)] => Ok((*index, port(wanted, board)?)),
        several => Err(too_many(wanted, several.iter().map(|(_, board)| **board).collect())),
    }
}

fn port<'b>(wanted: &UsbAddress, board: &'b UsbBoard) -> Result<&'b UsbPort, ChooseError> {
    let serial = board.ports.iter().filter(|port| matches!(port.way, UsbWay::Serial(_)));
    let serial: Vec<_> = serial.collect();
    let among = match wanted.interface {
        Some(number) => board.ports.iter().filter(|port| port.interface == number).collect(),
        // Interfaces without a driver, such as that of a debugger, stand next to serial ports.
        None if !serial.is_empty() => serial,
        None => board.ports.iter().collect(),
    };
    match among.as_slice() {
        [port] => Ok(port),
        [] => Err(ChooseError::NoPort(listed(&board.ports.iter().collect::<Vec<_>>()))),
        several => {
            let of = |port: &&UsbPort| {
                named(&UsbAddress { interface: Some(port.interface), ..wanted.clone() }, port)
            };
            Err(ChooseError::SeveralPorts(several.iter().map(of).collect::<Vec<_>>().join(", ")))
        }
    }
}

fn named(address: &UsbAddress, port: &UsbPort) -> String {
    let name =
        if port.name.is_empty() { String::new() } else { format!(", {}", plain(&port.name)) };
    format!("--usb {} ({}{name})", plain(&address.to_string()), port.way)
}

fn too_many(wanted: &UsbAddress, mut boards: Vec<&UsbBoard>) -> ChooseError {
    boards.sort_by(|one, two| one.serial.cmp(&two.serial));
    let differ =
        boards.windows(2).all(|pair| matches!(pair, [one, two] if one.serial != two.serial));
    if differ && boards.iter().all(|board| !board.serial.is_empty()) {
        let of = |board: &&UsbBoard| {
            let serial = Some(board.serial.clone());
            format!("--usb {}", plain(&UsbAddress { serial, ..wanted.clone() }.to_string()))
        };
        return ChooseError::SeveralBoards(boards.iter().map(of).collect::<Vec<_>>().join(", "));
    }
    let ports = boards.iter().flat_map(|board| &board.ports);
    ChooseError::Alike(listed(&ports.collect::<Vec<_>>()))
}

fn listed(ports: &[&UsbPort]) -> String {
    let ports: Vec<_> =
        ports.iter().map(|port| format!("{} (interface {})", port.way, port.interface)).collect();
    if ports.is_empty() { "none".to_owned() } else { ports.join(", ") }
}

/// The boards that there are, for who has named another one.
fn others(boards: &[&UsbBoard]) -> String {
    let mut all: Vec<_> = boards.iter().filter(|board| !board.ports.is_empty()).collect();
    all.sort_by_key(|board| board.address());
    let of = |board: &&&UsbBoard| {
        let name = plain(&board.name);
        let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
        format!("{}{name}", plain(&board.address()))
    };
    let all: Vec<_> = all.iter().map(of).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(interface: u8, way: &str) -> UsbPort {
        let way = if way.is_empty() { UsbWay::Bulk } else { UsbWay::Serial(way.into()) };
        UsbPort { interface, name: String::new(), way }
    }

    fn board(product: u16, serial: &str, ports: Vec<UsbPort>) -> UsbBoard {
        UsbBoard { vendor: 0x303a, product, serial: serial.into(), name: "X Y".into(), ports }
    }

    fn chosen(text: &str, boards: &[UsbBoard]) -> Result<(usize, u8), ChooseError> {
        let all: Vec<_> = boards.iter().collect();
        let chosen = choose(&UsbAddress::parse(text).unwrap(), &all);
        chosen.map(|(index, port)| (index, port.interface))
    }

    #[test]
    fn a_board_is_found_by_its_numbers_and_serial_number() {
        let boards = [
            board(1, "A:1", vec![port(0, "/dev/ttyACM0")]),
            board(1, "B", vec![port(0, "/dev/ttyACM1")]),
            board(2, "", vec![port(1, "")]),
        ];
        assert_eq!(chosen("303a:1:A:1", &boards), Ok((0, 0)));
        assert_eq!(chosen("303a:1:B", &boards), Ok((1, 0)));
        assert_eq!(chosen("303a:2", &boards), Ok((2, 1)));
        let there = "303a:0001:A:1 (X Y), 303a:0001:B (X Y), 303a:0002 (X Y)";
        assert_eq!(chosen("303a:3", &boards), Err(ChooseError::Missing(there.into())));
        assert_eq!(chosen("303a:1:C", &boards), Err(ChooseError::Missing(there.into())));
        assert_eq!(chosen("303a:1:C", &[]), Err(ChooseError::Missing("none".into())));
        let named = "--usb 303a:0001:A:1, --usb 303a:0001:B";
        assert_eq!(chosen("303a:1", &boards), Err(ChooseError::SeveralBoards(named.into())));
    }

    #[test]
    fn boards_that_nothing_tells_apart_are_named_by_their_ports() {
        let ports = "/dev/ttyACM0 (interface 0), bulk transfers (interface 2)";
        for serial in ["", "A"] {
            let boards = [
                board(1, serial, vec![port(0, "/dev/ttyACM0")]),
                board(1, serial, vec![port(2, "")]),
            ];
            assert_eq!(chosen("303a:1", &boards), Err(ChooseError::Alike(ports.into())));
        }
    }

    #[test]
    fn a_port_is_chosen_by_its_interface_and_serial_ports_come_first() {
        let two = [port(0, "/dev/ttyACM0"), port(2, "/dev/ttyACM1"), port(4, "")];
        let one = [board(1, "A", two[1..].to_vec())];
        assert_eq!(chosen("303a:1", &one), Ok((0, 2)));
        assert_eq!(chosen("303a:1/4", &one), Ok((0, 4)));
        let none = "/dev/ttyACM1 (interface 2), bulk transfers (interface 4)";
        assert_eq!(chosen("303a:1/3", &one), Err(ChooseError::NoPort(none.into())));
        let several = [board(1, "A", two.to_vec())];
        let named = "--usb 303a:0001/0:A (/dev/ttyACM0), --usb 303a:0001/2:A (/dev/ttyACM1)";
        assert_eq!(chosen("303a:1:A", &several), Err(ChooseError::SeveralPorts(named.into())));
        let bare = [board(1, "A", Vec::new())];
        assert_eq!(chosen("303a:1", &bare), Err(ChooseError::NoPort("none".into())));
    }

    #[test]
    fn names_of_boards_carry_no_control_characters_into_messages() {
        let boards = [
            UsbBoard { name: "evil\u{1b}[2J".into(), ..board(1, "A\n", vec![port(0, "/dev/x")]) },
            board(1, "B\u{202e}", vec![port(0, "/dev/y")]),
        ];
        for text in ["303a:1", "303a:2"] {
            let said = match chosen(text, &boards).unwrap_err() {
                ChooseError::Missing(text) | ChooseError::SeveralBoards(text) => text,
                other => panic!("{other:?}"),
            };
            assert!(!said.chars().any(|c| c.is_control() || c == '\u{202e}'), "{said:?}");
        }
    }
}
