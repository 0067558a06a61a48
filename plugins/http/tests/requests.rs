//! Requests to servers that answer well, badly, late and without end.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use trine_plugin_http::testing::{Answer, Server, answer, chunked, json};
use trine_plugin_http::{Error, Service};

const NO: &dyn Fn() -> bool = &|| false;

fn service(server: &Server) -> Service {
    Service::new("Test", "TEST_URL", &server.address).unwrap().limits(1000, TIME)
}

const TIME: Duration = Duration::from_millis(400);

fn routes(path: &str) -> Answer {
    let raw = |text: &str| Answer::Raw(text.as_bytes().to_vec());
    match path {
        "/json" => json(r#"{"a": [1]}"#),
        "/chunked" => chunked("application/json", r#"{"text": "in pieces of seven bytes"}"#),
        "/until-the-end" => raw("HTTP/1.1 200 OK\r\n\r\n[2]"),
        "/old" => raw("HTTP/1.0 200 OK\r\n\r\n[3]"),
        "/404" => answer("404 Not Found", "application/json", r#"{"message": "no such\u001b[2J"}"#),
        "/500" => answer("500 Internal Server Error", "text/plain", "\r\n  it broke\r\nat 1\r\n"),
        "/empty" => answer("503 Service Unavailable", "text/plain", ""),
        "/moved" => raw("HTTP/1.1 302 Found\r\nLocation: http://b.example/\r\n\r\n"),
        "/html" => answer("200 OK", "text/html", "<html>Sign in</html>"),
        "/deep" => json(&"[".repeat(900)),
        "/cut" => raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1"),
        "/cut-chunk" => raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1"),
        "/garbage" => raw("\u{0}\u{1}SSH-2.0-OpenSSH\r\n"),
        "/nothing" => raw(""),
        "/hints" => Answer::Endless(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
        "/early-hints" => Answer::Endless(b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n".to_vec()),
        "/slow" => Answer::Stuck(Vec::new()),
        "/slow-body" => Answer::Stuck(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1".to_vec()),
        "/huge" => json(&format!("[{}]", "1,".repeat(1000))),
        // No piece is large.
        "/many" => chunked("application/json", "1".repeat(1001)),
        "/endless" => Answer::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
        "/headers" => Answer::Endless(b"HTTP/1.1 200 OK\r\n".to_vec()),
        _ => answer("400 Bad Request", "text/plain", path),
    }
}

#[test]
fn an_answer_is_read_however_it_is_framed_over_both_kinds_of_socket() {
    let folder = tempfile::tempdir().unwrap();
    let unix = Server::unix(&folder.path().join("s"), routes).unwrap();
    for server in [Server::tcp(routes).unwrap(), unix] {
        let service = service(&server);
        assert_eq!(service.json("/json", NO).unwrap()["a"][0], 1);
        let text = &service.json("/chunked", NO).unwrap()["text"];
        assert_eq!(text, "in pieces of seven bytes");
        assert_eq!(service.json("/until-the-end", NO).unwrap()[0], 2);
        assert_eq!(service.json("/old", NO).unwrap()[0], 3);
        let request = server.requests()[0].to_lowercase();
        assert!(request.starts_with("get /json http/1.1\r\nhost: "), "{request}");
    }
}

#[test]
fn what_is_no_good_answer_is_an_error_that_names_the_service() {
    let server = Server::tcp(routes).unwrap();
    let place = server.address.strip_prefix("http://").unwrap();
    let fails = |path| service(&server).json(path, NO).unwrap_err().to_string();
    assert_eq!(fails("/404"), "Test answered status 404: no such [2J");
    assert_eq!(fails("/500"), "Test answered status 500: it broke");
    assert_eq!(fails("/empty"), "Test answered status 503: ");
    let moved = "Test redirects to `http://b.example/`, which is not followed";
    assert!(fails("/moved").starts_with(moved));
    for path in ["/html", "/deep"] {
        let why = fails(path);
        assert!(why.starts_with(&format!("Test at {place} did not answer JSON: ")), "{why}");
    }
    for path in ["/cut", "/cut-chunk", "/garbage", "/nothing", "/headers"] {
        let why = fails(path);
        assert!(why.starts_with(&format!("Test at {place} broke off or does not")), "{why}");
        assert!(why.ends_with("is TEST_URL right?"), "{why}");
    }
}

#[test]
fn neither_bytes_nor_time_are_without_end() {
    let server = Server::tcp(routes).unwrap();
    for path in ["/huge", "/many", "/endless"] {
        let why = service(&server).get(path, NO).unwrap_err();
        assert!(matches!(why, Error::Long { limit: 1000, .. }), "{why}");
    }
    for path in ["/slow", "/slow-body", "/hints", "/early-hints"] {
        let start = Instant::now();
        let why = service(&server).get(path, NO).unwrap_err().to_string();
        assert!(why.ends_with("did not answer within 0.4 seconds"), "{why}");
        assert!(start.elapsed() < TIME * 5);
    }
}

#[test]
fn a_cancelled_call_waits_no_longer() {
    let server = Server::tcp(routes).unwrap();
    let service = service(&server).limits(1000, Duration::from_secs(20));
    let (cancelled, start) = (AtomicBool::new(false), Instant::now());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(100));
            cancelled.store(true, Ordering::Release);
        });
        let why = service.get("/slow", &|| cancelled.load(Ordering::Acquire)).unwrap_err();
        assert!(matches!(why, Error::Cancelled), "{why}");
    });
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_service_that_is_not_there_says_what_to_set() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for address in [&*address, "unix:///nowhere/to/be/found.sock"] {
        let service = Service::new("Test", "TEST_URL", address).unwrap();
        let why = service.get("/", NO).unwrap_err().to_string();
        assert!(why.starts_with("cannot connect to Test at "), "{why}");
        assert!(why.ends_with("start it, or set TEST_URL to its address"), "{why}");
    }
}

#[test]
fn a_secret_goes_to_the_service_and_into_no_error() {
    let server = Server::tcp(routes).unwrap();
    let service = service(&server).bearer("s3cret").unwrap();
    let why = service.json("/500", NO).unwrap_err().to_string();
    assert!(server.requests()[0].contains("authorization: Bearer s3cret\r\n"));
    assert!(!why.contains("s3cret") && !format!("{service:?}").contains("s3cret"));
    assert!(service.bearer("a\r\nb: c").is_err());
}

#[test]
fn no_path_makes_a_second_request() {
    let server = Server::tcp(routes).unwrap();
    let why = service(&server).get("/a b\r\nx: y", NO).unwrap_err();
    assert!(matches!(why, Error::Path { .. }), "{why}");
    assert!(server.requests().is_empty());
}

#[cfg(not(feature = "tls"))]
#[test]
fn a_build_without_tls_says_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let service = Service::new("Test", "TEST_URL", &address).unwrap();
    let why = service.get("/", NO).unwrap_err().to_string();
    assert!(why.contains("build the plug-in with its feature `tls`"), "{why}");
}
