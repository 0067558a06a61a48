//! Opening byte links. All of them read with a short timeout, so that their thread can look at the
//! time, and write with one, so that a stuck device holds no one up.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::place::Place;
use super::reach::{self, CONNECT_PATIENCE, Resolver};
use super::{Framing, LinkError};

/// How long a read waits for a byte.
pub(crate) const READ_PATIENCE: Duration = Duration::from_millis(50);
/// How long a write waits for room.
pub(super) const WRITE_PATIENCE: Duration = Duration::from_secs(2);

/// Longest pause between two attempts to open a link.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How long a device has to answer before it counts as offline, in milliseconds.
pub(crate) const COMING_MS: u64 = 3_000;

/// The two ends of an open link.
pub(crate) struct Opened {
    pub(crate) reader: Box<dyn Read + Send>,
    pub(crate) writer: Box<dyn Write + Send>,
    pub(crate) framing: Framing,
    /// Where other programs of the user may have the device through this one, which alone has the
    /// link.
    pub(crate) place: Option<Place>,
    /// The other end is a program of the user that has the device: it needs no tag.
    pub(crate) is_holder: bool,
}

impl Opened {
    /// The two ends of a byte stream.
    pub(crate) fn stream(
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> Self {
        Self::new(Box::new(reader), Box::new(writer), Framing::Stream)
    }

    /// The two ends of a link that is no one else's matter.
    pub(crate) fn new(
        reader: Box<dyn Read + Send>,
        writer: Box<dyn Write + Send>,
        framing: Framing,
    ) -> Self {
        Self { reader, writer, framing, place: None, is_holder: false }
    }
}

/// Opens a link, as often as it breaks.
pub(crate) trait Dial: Send {
    /// Opens the link.
    fn dial(&mut self) -> Result<Opened, LinkError>;

    /// How long a peer may take to answer before it counts as offline, in milliseconds from the
    /// start of the program.
    fn coming_ms(&self) -> u64 {
        COMING_MS
    }

    /// Whether a peer that has fallen silent is worth a new connection. On a serial port it is
    /// not: opening one may reset the board.
    fn redial_when_silent(&self) -> bool {
        false
    }

    /// Longest pause between two attempts to open the link.
    fn pause_max(&self) -> Duration {
        PAUSE_MAX
    }
}

/// A TCP socket.
#[derive(Debug)]
pub(crate) struct Tcp {
    address: String,
    resolver: Resolver,
}

impl Tcp {
    /// One to `HOST:PORT`.
    pub(crate) fn new(address: String) -> Self {
        Self { address, resolver: Resolver::default() }
    }
}

impl Dial for Tcp {
    fn dial(&mut self) -> Result<Opened, LinkError> {
        let until = Instant::now() + CONNECT_PATIENCE;
        let mut open = || {
            let addresses = self.resolver.resolve(&self.address, until)?;
            let stream = reach::connect(&addresses, until)?;
            // Without this each frame may wait 40 ms for an acknowledgement.
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(READ_PATIENCE))?;
            stream.set_write_timeout(Some(WRITE_PATIENCE))?;
            Ok((stream.try_clone()?, stream))
        };
        let opened = open();
        let (reader, writer) =
            opened.map_err(|source| LinkError::Silent { address: self.address.clone(), source })?;
        Ok(Opened::stream(reader, writer))
    }

    fn redial_when_silent(&self) -> bool {
        true
    }
}

/// Datagrams to one address.
#[derive(Debug)]
pub(crate) struct Udp {
    address: String,
    mtu: u16,
    resolver: Resolver,
}

impl Udp {
    /// Those to `HOST:PORT`, of that many bytes at most.
    pub(crate) fn new(address: String, mtu: u16) -> Self {
        Self { address, mtu, resolver: Resolver::default() }
    }
}

impl Dial for Udp {
    fn dial(&mut self) -> Result<Opened, LinkError> {
        let until = Instant::now() + CONNECT_PATIENCE;
        let mut open = || {
            let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
            for address in self.resolver.resolve(&self.address, until)? {
                let own: SocketAddr = match address {
                    SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                    SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                };
                let socket = UdpSocket::bind(own)?;
                match socket.connect(address) {
                    Ok(()) => {
                        socket.set_read_timeout(Some(READ_PATIENCE))?;
                        socket.set_write_timeout(Some(WRITE_PATIENCE))?;
                        return Ok((socket.try_clone()?, socket));
                    }
                    Err(error) => last = error,
                }
            }
            Err(last)
        };
        let opened = open();
        let (reader, writer) = opened
            .map_err(|source| LinkError::Unreachable { address: self.address.clone(), source })?;
        let (reader, writer) = (Box::new(Datagrams(reader)), Box::new(Datagrams(writer)));
        Ok(Opened::new(reader, writer, Framing::Packet { mtu: self.mtu }))
    }
}

/// Each read takes a datagram, each write sends one. That no one listens yet is told by what was
/// sent before and is no end: datagrams have no connection that could break.
struct Datagrams(UdpSocket);

impl Read for Datagrams {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.recv(buffer) {
            // An empty datagram is not the end.
            Ok(0) => Err(io::ErrorKind::Interrupted.into()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Err(io::ErrorKind::Interrupted.into())
            }
            read => read,
        }
    }
}

impl Write for Datagrams {
    fn write(&mut self, packet: &[u8]) -> io::Result<usize> {
        match self.0.send(packet) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(packet.len()),
            sent => sent,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A unix socket.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Unix {
    pub(crate) path: PathBuf,
}

#[cfg(unix)]
impl Dial for Unix {
    fn dial(&mut self) -> Result<Opened, LinkError> {
        let until = Instant::now() + CONNECT_PATIENCE;
        let opened = reach::connect_local(&self.path, until).and_then(halves);
        let address = || self.path.display().to_string();
        opened.map_err(|source| LinkError::Silent { address: address(), source })
    }

    fn redial_when_silent(&self) -> bool {
        true
    }
}

/// The two ends of a connected unix socket.
#[cfg(unix)]
pub(crate) fn halves(stream: UnixStream) -> io::Result<Opened> {
    stream.set_read_timeout(Some(READ_PATIENCE))?;
    stream.set_write_timeout(Some(WRITE_PATIENCE))?;
    let reader = stream.try_clone()?;
    Ok(Opened::stream(reader, stream))
}
