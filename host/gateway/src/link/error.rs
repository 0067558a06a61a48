//! Why a link cannot be opened.

use std::error::Error;
use std::io;
use std::path::PathBuf;

#[cfg(unix)]
use super::owner;

/// Why a link cannot be opened: what is wrong and what to do.
///
/// The cause is the [`source`](std::error::Error::source) and not part of the text.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// A TCP or unix socket on which nothing listens.
    #[error("{address} does not answer")]
    Silent {
        /// The address or path.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// An address to which no datagram can be sent.
    #[error("{address} cannot be reached")]
    Unreachable {
        /// The address.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// A serial port that another program has.
    #[error(
        "{} is in use by {holder}: one program at a time can have it; end that one, or let its \
         gateway make the calls",
        path.display()
    )]
    Busy {
        /// The port.
        path: PathBuf,
        /// The program and its process.
        holder: String,
    },
    /// A serial port that does not exist.
    #[error("there is no {}: is it plugged in?", path.display())]
    Missing {
        /// The port.
        path: PathBuf,
    },
    /// A port that the user may not open.
    #[error("{} may not be opened: {advice}", path.display())]
    Forbidden {
        /// The port.
        path: PathBuf,
        /// What to do.
        advice: String,
    },
    /// The system does not list its USB devices.
    #[error("cannot list the USB devices")]
    UsbList(#[source] io::Error),
    /// A USB board that is not there.
    #[error("no USB board {address} is plugged in; found: {found}")]
    NoUsbBoard {
        /// As it was named.
        address: String,
        /// Those that are there.
        found: String,
    },
    /// Several USB boards that one address names.
    #[error("several USB boards are {address}: name one of them: {boards}")]
    SeveralUsbBoards {
        /// As they were named.
        address: String,
        /// How each is named.
        boards: String,
    },
    /// Several USB boards that have no serial numbers, or the same one.
    #[error(
        "several USB boards are {address}, without serial numbers of their own: name the port of \
         one with --serial; their ports: {ports}"
    )]
    UsbBoardsAlike {
        /// As they were named.
        address: String,
        /// Their ports.
        ports: String,
    },
    /// A USB board without a port, or without the one that is named.
    #[error(
        "USB board {address} has no such port: load its driver, or name another interface; its \
         ports: {ports}"
    )]
    NoUsbPort {
        /// As it was named.
        address: String,
        /// The ports that it has.
        ports: String,
    },
    /// A USB board with several ports.
    #[error("USB board {address} has several ports: name one of them: {ports}")]
    SeveralUsbPorts {
        /// As it was named.
        address: String,
        /// How each is named.
        ports: String,
    },
    /// An interface of a USB board that carries no byte stream.
    #[error(
        "interface {interface} of USB board {address} has no pair of bulk endpoints: name another \
         interface, or its serial port with --serial"
    )]
    NoUsbStream {
        /// As it was named.
        address: String,
        /// The interface.
        interface: u8,
    },
    /// A USB board that does not open.
    #[error("USB board {address} does not open")]
    Usb {
        /// As it was named.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// A serial port that fails for another reason.
    #[error("{} does not open at {baud} baud", path.display())]
    Port {
        /// The port.
        path: PathBuf,
        /// The speed that was asked for.
        baud: u32,
        /// Why.
        source: io::Error,
    },
    /// A bus on a link that carries packets.
    #[error("a bus needs a byte stream")]
    NotAStream,
    /// A bus that has been closed.
    #[error("the thread of the bus has ended")]
    Ended,
    /// The system starts no thread.
    #[error("cannot spawn a thread")]
    Thread(#[source] io::Error),
    /// The system gives no sockets for an emulator.
    #[error("cannot make sockets for the emulator")]
    Sockets(#[source] io::Error),
    /// An emulator that does not start.
    #[error("{} does not start", program.display())]
    Emulator {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Firmware that cannot be read or copied.
    #[error("cannot copy {}", path.display())]
    Firmware {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Firmware in which a second board gets no serial number of its own.
    #[error("{} holds no serial number that can be changed", path.display())]
    NoSerialNumber {
        /// The file.
        path: PathBuf,
    },
    /// A layer on the link, such as a capture, cannot be made.
    #[error(transparent)]
    Layer(Box<dyn Error + Send + Sync>),
}

impl LinkError {
    /// A port that the user may not open, and what to do about that.
    pub(crate) fn forbidden(path: PathBuf) -> Self {
        #[cfg(unix)]
        let advice = owner::advice(&path);
        #[cfg(not(unix))]
        let advice = "let an administrator give your user access to it".to_owned();
        Self::Forbidden { path, advice }
    }
}
