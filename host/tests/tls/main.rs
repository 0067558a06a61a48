//! The program with TLS, and curl as its client.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

/// A running `trine gateway`, and the files that it has.
struct Site {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
    /// Lines of its log from the one with its address on.
    log: Receiver<String>,
    /// Those before.
    first: Vec<String>,
}

/// A certificate for `localhost`, which is out of date where it is to be, and its key.
fn certificate(folder: &Path, is_old: bool) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    if is_old {
        (params.not_before, params.not_after) =
            (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 2, 3));
    }
    let key = KeyPair::generate().unwrap();
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    fs::write(folder.join("keys"), "kitchen 0123456789abcdef\n").unwrap();
}

impl Site {
    /// Starts it with the files of `name` and keys only the user can read, unless `is_old`.
    fn start(name: &str, is_old: bool, arguments: &[&str]) -> Self {
        let name = format!("tls-{name}-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        certificate(&folder, is_old);
        let mode = if is_old { 0o644 } else { 0o600 };
        fs::set_permissions(folder.join("key.pem"), Permissions::from_mode(mode)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
        command.args(["gateway", "--simulate", "--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
        command.args(arguments).current_dir(&folder).env("TRINE_CONFIG", folder.join("settings"));
        let command = command.stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (send, log) = mpsc::channel();
        std::thread::spawn(move || {
            lines.map_while(Result::ok).try_for_each(|line| send.send(line)).ok();
        });
        let mut first = Vec::new();
        let address: SocketAddr = loop {
            let line = log.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{first:?}"));
            if let Some((_, rest)) = line.split_once("https://") {
                break rest.strip_suffix("/mcp").unwrap().parse().unwrap();
            }
            first.push(line);
        };
        Self { child, folder, address, log, first }
    }

    /// What curl prints for a request of a path, under the name of the certificate.
    fn curl(&self, path: &str, options: &[&str]) -> (bool, Value) {
        let port = self.address.port();
        let mut command = Command::new("curl");
        command.args(["--silent", "--max-time", "60", "--cacert", "cert.pem"]);
        command.args(["--resolve", &format!("localhost:{port}:127.0.0.1")]).args(options);
        command.arg(format!("https://localhost:{port}{path}")).current_dir(&self.folder);
        let output = command.output().unwrap();
        (output.status.success(), serde_json::from_slice(&output.stdout).unwrap_or_default())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // One that has ended cannot be killed again, which is fine.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

#[test]
fn curl_calls_a_tool_over_each_version_of_tls_at_an_address_for_other_machines() {
    let site = Site::start("curl", false, &["--http", "0.0.0.0:0", "--api-keys", "keys"]);
    assert!(!site.first.iter().any(|line| line.contains("WARN")), "{:?}", site.first);
    let key = "X-API-Key: 0123456789abcdef";
    let (_, discovered) = site.curl("/mcp/discover", &["--header", key]);
    let health = format!("https://localhost:{}/health", site.address.port());
    assert_eq!(discovered["health_check_url"], json!(health));
    let body = r#"{"tools": [{"tool_slug": "fan_set", "arguments": {"percent": 40}}]}"#;
    for version in [&["--tlsv1.2", "--tls-max", "1.2"][..], &["--tlsv1.3"]] {
        let options = [version, &["--header", key, "--json", body]].concat();
        let (_, done) = site.curl("/mcp/execute", &options);
        assert_eq!(done["data"]["results"][0]["response"]["percent"], json!(40), "{done}");
        let (_, refused) = site.curl("/mcp/execute", &[version, &["--json", body]].concat());
        assert_eq!(refused["error"]["code"], json!(-32600), "{refused}");
    }
    assert_eq!(site.curl("/health", &["--tls-max", "1.1"]), (false, Value::Null));
}

#[test]
fn what_is_wrong_with_a_certificate_for_its_clients_is_one_warning_each() {
    let site = Site::start("old", true, &["--http", "127.0.0.1:0"]);
    let warnings: Vec<_> = site.first.iter().filter(|line| line.contains("WARN")).collect();
    let [expired, exposed] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(expired.contains("cert.pem") && expired.contains("2021-02-03"), "{expired}");
    assert!(exposed.contains("chmod 600 key.pem"), "{exposed}");
    assert!(!site.curl("/health", &[]).0);
    let (is_served, health) = site.curl("/health", &["--insecure"]);
    assert!(is_served && health["status"] == "healthy", "{health}");
}

#[test]
fn plain_http_is_closed_and_logged_at_level_debug_alone() {
    for (level, count) in [("info", 0), ("debug", 20)] {
        let site = Site::start(level, false, &["--http", "127.0.0.1:0", "--log", level]);
        for _ in 0..20 {
            let mut stream = TcpStream::connect(site.address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            drop(stream.read_to_end(&mut Vec::new()));
        }
        assert!(site.curl("/health", &[]).0);
        std::thread::sleep(Duration::from_millis(100));
        let log: Vec<String> = site.log.try_iter().collect();
        let about = log.iter().filter(|line| line.contains("127.0.0.1:")).count();
        assert_eq!(about, count, "{log:?}");
    }
}
