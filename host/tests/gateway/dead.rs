//! Addresses that are dead: what is sent there is dropped, and no answer comes.

use std::time::{Duration, Instant};

use serde_json::json;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::harness::{Folder, Gateway};

/// A dead address is reported within this time.
const REPORTED: Duration = Duration::from_secs(30);

/// A program that takes no connection, and as many as fill its queue: the system drops the next.
fn dead(domain: Domain, address: &SockAddr) -> (SockAddr, Vec<Socket>) {
    let new = || Socket::new(domain, Type::STREAM, None).unwrap();
    let listener = new();
    listener.bind(address).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut sockets = vec![listener];
    for _ in 0..3 {
        let socket = new();
        socket.set_nonblocking(true).unwrap();
        drop(socket.connect(&address));
        sockets.push(socket);
    }
    (address, sockets)
}

#[test]
fn a_dead_address_is_reported_in_time_and_holds_no_other_device_up() {
    let folder = Folder::new("dead");
    let path = folder.path("socket");
    let local = dead(Domain::UNIX, &SockAddr::unix(&path).unwrap());
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    let (address, sockets) = dead(Domain::IPV4, &any.into());
    let tcp = format!("far={}", address.as_socket().unwrap());
    let near = format!("near={}", path.display());
    let since = Instant::now();
    let mut gateway =
        Gateway::start(&["--simulate=bed", "--tcp", &tcp, "--unix", &near, "--prefix", "always"]);
    // The list is held back for what may still come, and no longer.
    gateway.tools_of(11);
    let listed = since.elapsed();
    gateway.value("bed_fan_set", json!({"percent": 3}));
    for name in ["far", "near"] {
        let log = gateway.logged(&format!("{name}: offline: "));
        assert!(log.contains(" does not answer: "), "{log}");
    }
    assert!(since.elapsed() < REPORTED, "{:?}", since.elapsed());
    println!("listed after {listed:?}, both reported after {:?}", since.elapsed());
    // And again, as it is tried again.
    let since = Instant::now();
    gateway.value("bed_fan_set", json!({"percent": 4}));
    gateway.tools_of(11);
    assert!(since.elapsed() < REPORTED / 3, "{:?}", since.elapsed());
    drop((local, sockets));
}
