//! Reaching an address within a time, also one that is dead: a host that drops what it is sent, a
//! name server that does not answer, a program that takes no connection.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

#[cfg(unix)]
use socket2::{Domain, SockAddr, Socket, Type};

/// How long a connection may take to be made, with the search for the name.
pub(super) const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// How often a program that takes no connection is tried.
const RETRY: Duration = Duration::from_millis(20);

/// Finds the addresses of a name on a thread, as the system's search has no limit that can be set.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    /// A search that was not over when it was wanted.
    search: Option<Receiver<io::Result<Vec<SocketAddr>>>>,
}

impl Resolver {
    /// The addresses of `HOST:PORT`. A search that takes longer goes on, for the next time.
    pub(super) fn resolve(&mut self, name: &str, until: Instant) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = name.parse() {
            return Ok(vec![address]);
        }
        let search = match self.search.take() {
            Some(search) => search,
            None => search(name)?,
        };
        match search.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(found) => found,
            Err(RecvTimeoutError::Timeout) => {
                self.search = Some(search);
                Err(io::Error::new(ErrorKind::TimedOut, "its name is not found in time"))
            }
            Err(RecvTimeoutError::Disconnected) => Err(ErrorKind::Other.into()),
        }
    }
}

fn search(name: &str) -> io::Result<Receiver<io::Result<Vec<SocketAddr>>>> {
    let (found, search) = mpsc::channel();
    let name = name.to_owned();
    let run = move || {
        // Who wanted it may be gone.
        drop(found.send(name.to_socket_addrs().map(Iterator::collect)));
    };
    std::thread::Builder::new().name("resolve".to_owned()).spawn(run)?;
    Ok(search)
}

/// Connects to the first of the addresses that answers. Each has an equal part of the time.
pub(super) fn connect(addresses: &[SocketAddr], until: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from(ErrorKind::AddrNotAvailable);
    for (index, address) in addresses.iter().enumerate() {
        let left = until.saturating_duration_since(Instant::now());
        let part = left / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, part.max(RETRY)) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(unix)]
/// Connects to a local socket, also where the program behind it has taken no connection for long:
/// then connecting would wait without an end.
pub(super) fn connect_local(path: &Path, until: Instant) -> io::Result<UnixStream> {
    let address = SockAddr::unix(path)?;
    loop {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&address) {
            Ok(()) => {
                socket.set_nonblocking(false)?;
                return Ok(socket.into());
            }
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            Err(_) if Instant::now() >= until => {
                return Err(io::Error::new(ErrorKind::TimedOut, "it takes no connection"));
            }
            Err(_) => std::thread::sleep(RETRY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(400)
    }

    /// A listener that takes no connection, and enough connections to fill its queue.
    fn full(domain: Domain, address: &SockAddr) -> (Socket, Vec<Socket>) {
        let listener = Socket::new(domain, Type::STREAM, None).unwrap();
        listener.bind(address).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = (0..3).map(|_| {
            let socket = Socket::new(domain, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            drop(socket.connect(&address));
            socket
        });
        let waiting = waiting.collect();
        (listener, waiting)
    }

    #[test]
    fn a_local_socket_that_takes_no_connection_is_given_up_in_time() {
        let path = std::env::temp_dir().join(format!("trine-full-{}", std::process::id()));
        drop(std::fs::remove_file(&path));
        let full = full(Domain::UNIX, &SockAddr::unix(&path).unwrap());
        let since = Instant::now();
        let error = connect_local(&path, soon()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(since.elapsed() < Duration::from_secs(10));
        // It is taken as soon as there is room.
        drop(full.0.accept().unwrap());
        drop(full.1);
        connect_local(&path, soon()).unwrap();
        drop(full.0);
        assert!(connect_local(&path, soon()).is_err_and(|it| it.kind() != ErrorKind::TimedOut));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_dead_address_leaves_time_for_the_next_one() {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let dead = full(Domain::IPV4, &any.into());
        let dead = (dead.0.local_addr().unwrap().as_socket().unwrap(), dead);
        let alive = TcpListener::bind(any).unwrap();
        let alive = (alive.local_addr().unwrap(), alive);
        let error = connect(&[dead.0], soon()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let stream = connect(&[dead.0, dead.0, alive.0], soon()).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive.0);
        assert!(connect(&[], soon()).is_err());
    }

    #[test]
    fn a_name_that_is_not_found_in_time_is_found_the_next_time() {
        let (found, search) = mpsc::channel();
        let mut resolver = Resolver { search: Some(search) };
        let late = resolver.resolve("board:1", soon()).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::TimedOut);
        found.send(Ok(vec!["127.0.0.1:1".parse().unwrap()])).unwrap();
        assert_eq!(resolver.resolve("board:1", soon()).unwrap().len(), 1);
        assert!(!resolver.resolve("localhost:1", soon()).unwrap().is_empty());
        assert_eq!(resolver.resolve("[::1]:7", soon()).unwrap(), ["[::1]:7".parse().unwrap()]);
    }
}
