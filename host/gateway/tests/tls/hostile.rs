//! Clients that mean no good, or do not know whom they talk to.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::ClientConnection;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::site::{Folder, Pair, Site, builder, client, fan};

/// What the server sends until it closes the connection.
fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // The end may come as a reset, when not all that was sent has been read.
    drop(stream.read_to_end(&mut bytes));
    bytes
}

/// The first message of a client.
fn hello(pair: &Pair) -> Vec<u8> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(client(&pair.root, 3)), name).unwrap();
    let mut bytes = Vec::new();
    connection.write_tls(&mut bytes).unwrap();
    bytes
}

#[test]
fn who_trusts_another_certificate_or_expects_another_name_sends_no_request() {
    let (folder, pair, other) = (Folder::new("trust"), Pair::new(), Pair::new());
    let site = Site::start(builder().tls(folder.tls(&pair).unwrap()));
    for version in [2, 3] {
        let refused = site.connect(client(&other.root, version), "localhost").unwrap_err();
        assert!(refused.to_string().contains("invalid peer certificate"), "{refused}");
        let refused = site.connect(client(&pair.root, version), "board.example").unwrap_err();
        assert!(refused.to_string().contains("not valid for name"), "{refused}");
    }
    site.is_left_alone(&pair.root);
}

#[test]
fn plain_http_and_bytes_that_are_no_handshake_are_closed_and_the_next_client_is_served() {
    let (folder, pair) = (Folder::new("plain"), Pair::new());
    let site = Site::start(builder().tls(folder.tls(&pair).unwrap()));
    let mut wrong = hello(&pair);
    wrong.iter_mut().skip(9).for_each(|byte| *byte = 0xff);
    let all: [&[u8]; 5] = [
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        &vec![0xff; 70_000],
        // A record that says it is as long as one can be.
        &[[22, 3, 1, 0xff, 0xff].as_slice(), &vec![0; 70_000]].concat(),
        &wrong,
    ];
    for bytes in all {
        let mut stream = site.tcp();
        let since = Instant::now();
        drop(stream.write_all(bytes));
        let answer = rest(stream);
        // An alert of TLS, or nothing: no page, and no waiting.
        assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
        assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    }
    site.is_left_alone(&pair.root);
}

#[test]
fn handshakes_that_stall_count_as_connections_and_end_after_ten_seconds() {
    let (folder, pair) = (Folder::new("stall"), Pair::new());
    let tls = folder.tls(&pair).unwrap();
    let site = Site::start(builder().tls(tls).connections_max(3));
    let since = Instant::now();
    let hello = hello(&pair);
    let stalled = [&[][..], &hello[..hello.len() / 2], &hello[..]].map(|part| {
        let mut stream = site.tcp();
        stream.write_all(part).unwrap();
        stream
    });
    std::thread::sleep(Duration::from_millis(200));
    // One connection too many is closed without a word.
    assert!(site.clients(&pair.root).is_err());
    // One that sends a byte from time to time gets no longer.
    let mut slow = stalled[1].try_clone().unwrap();
    std::thread::spawn(move || {
        for byte in &hello[hello.len() / 2..] {
            std::thread::sleep(Duration::from_millis(500));
            if slow.write_all(&[*byte]).is_err() {
                return;
            }
        }
    });
    for stream in stalled {
        rest(stream);
    }
    let took = since.elapsed();
    assert!((9..20).contains(&took.as_secs()), "{took:?}");
    site.is_left_alone(&pair.root);
}

#[test]
fn a_client_that_goes_away_or_closes_half_of_its_connection_leaves_nothing() {
    let (folder, pair) = (Folder::new("gone"), Pair::new());
    let site = Site::start(builder().tls(folder.tls(&pair).unwrap()));
    let hello = hello(&pair);
    for len in [0, 1, 5, hello.len() / 2, hello.len()] {
        for how in [Shutdown::Write, Shutdown::Both] {
            let mut stream = site.tcp();
            stream.write_all(&hello[..len]).unwrap();
            stream.shutdown(how).unwrap();
            if how == Shutdown::Write {
                rest(stream);
            }
        }
    }
    for version in [2, 3] {
        for says_so in [true, false] {
            let mut stream = site.connect(client(&pair.root, version), "localhost").unwrap();
            assert_eq!(fan(&mut stream, 5).unwrap(), 5);
            if says_so {
                stream.conn.send_close_notify();
                stream.flush().unwrap();
            }
            stream.sock.shutdown(Shutdown::Write).unwrap();
            rest(stream.sock);
        }
    }
    site.is_left_alone(&pair.root);
}

#[test]
fn a_record_that_is_altered_on_its_way_ends_its_connection_alone() {
    let (folder, pair) = (Folder::new("altered"), Pair::new());
    let site = Site::start(builder().tls(folder.tls(&pair).unwrap()));
    for version in [2, 3] {
        let mut stream = site.connect(client(&pair.root, version), "localhost").unwrap();
        assert_eq!(fan(&mut stream, 5).unwrap(), 5);
        let mut record = Vec::new();
        stream.conn.writer().write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        stream.conn.write_tls(&mut record).unwrap();
        *record.last_mut().unwrap() ^= 1;
        stream.sock.write_all(&record).unwrap();
        let answer = rest(stream.sock);
        assert!(!answer.windows(7).any(|it| it == b"healthy"), "{answer:?}");
    }
    site.is_left_alone(&pair.root);
}
