//! Files of certificates and keys: of each kind, and those that cannot be used.

use std::fs;
use std::path::PathBuf;

use data_encoding::BASE64;
use rcgen::KeyPair;
use trine_gateway::server::http::Tls;

use crate::site::{Folder, Pair, Site, builder, client, fan, until};

/// The content of an element of DER, and what follows it.
fn element(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (len, from) = match bytes[1] {
        len @ ..=0x7f => (usize::from(len), 2),
        0x81 => (usize::from(bytes[2]), 3),
        _ => (usize::from(bytes[2]) * 256 + usize::from(bytes[3]), 4),
    };
    bytes[from..].split_at(len)
}

/// The key that a key of PKCS#8 wraps, as PEM of its own kind.
fn unwrapped(pkcs8: &[u8], kind: &str) -> String {
    let (_version, after) = element(element(pkcs8).0);
    let (_algorithm, after) = element(after);
    let text = BASE64.encode(element(after).0);
    format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
}

#[test]
fn keys_are_read_in_each_of_their_forms() {
    let folder = Folder::new("forms");
    let ec = KeyPair::generate().unwrap();
    let rsa = KeyPair::from_pem(include_str!("rsa.pem")).unwrap();
    for (key, kind) in [(&ec, "EC PRIVATE KEY"), (&rsa, "RSA PRIVATE KEY")] {
        let mut pair = Pair::of(key);
        pair.key = unwrapped(key.serialized_der(), kind);
        let site = Site::start(builder().tls(folder.tls(&pair).unwrap()));
        let mut stream = site.connect(client(&pair.root, 3), "localhost").unwrap();
        assert_eq!(fan(&mut stream, 4).unwrap(), 4, "{kind}");
    }
    // Both in one file, with a text before each.
    let pair = Pair::new();
    let both = format!("The key\n{}The certificate\n{}", pair.key, pair.certificate);
    let path = folder.write("both.pem", both);
    Tls::open(&path, &path).unwrap();
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_name_and_without_its_content() {
    let (folder, pair, other) = (Folder::new("wrong"), Pair::new(), Pair::new());
    let certificate = folder.write("cert.pem", &pair.certificate);
    let key = folder.write("key.pem", &pair.key);
    let said = |certificate: &PathBuf, key: &PathBuf| {
        let error = Tls::open(certificate, key).unwrap_err().chain();
        let lines = pair.key.lines().chain(other.key.lines());
        let secret = lines.filter(|line| !line.starts_with('-')).any(|line| error.contains(line));
        assert!(!secret, "{error}");
        error
    };
    let has = |error: String, words: &[&str]| {
        assert!(words.iter().all(|word| error.contains(word)), "{error}: {words:?}");
    };
    let missing = folder.write("gone", "");
    fs::remove_file(&missing).unwrap();
    has(said(&missing, &key), &["cannot read", "gone"]);
    has(said(&certificate, &missing), &["cannot read", "gone"]);
    let locked = pair.key.replace("PRIVATE", "ENCRYPTED PRIVATE");
    let cases = vec![
        ("empty", String::new(), "BEGIN CERTIFICATE", "passphrase"),
        ("text", "no PEM\n".to_owned(), "BEGIN CERTIFICATE", "passphrase"),
        ("locked", locked, "BEGIN CERTIFICATE", "passphrase"),
        ("cut", pair.certificate[..200].to_owned(), "damaged", "damaged"),
        ("letters", damaged("CERTIFICATE", "!?"), "damaged", "damaged"),
        ("der", damaged("CERTIFICATE", "MAA="), "no X.509", "passphrase"),
        ("key", damaged("PRIVATE KEY", "MAA="), "BEGIN CERTIFICATE", "no RSA, ECDSA"),
        ("old", damaged("RSA PRIVATE KEY", ""), "BEGIN CERTIFICATE", "no RSA, ECDSA"),
    ];
    for (name, text, of_certificate, of_key) in cases {
        let path = folder.write(name, text);
        has(said(&path, &key), &[name, "invalid certificate", of_certificate]);
        has(said(&certificate, &path), &[name, "invalid private key", of_key]);
    }
    let others = folder.write("other", &other.key);
    has(said(&certificate, &others), &["cert.pem", "other", "does not belong"]);
}

fn damaged(kind: &str, text: &str) -> String {
    format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
}

#[test]
fn a_file_that_is_cut_or_altered_anywhere_is_an_error_or_read_and_no_panic() {
    let (folder, pair) = (Folder::new("cut"), Pair::new());
    let certificate = folder.write("cert.pem", &pair.certificate);
    let key = folder.write("key.pem", &pair.key);
    for (text, is_key) in [(&pair.certificate, false), (&pair.key, true)] {
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] ^= 3;
            for bytes in [&text.as_bytes()[..at], &altered] {
                let path = folder.write("altered", bytes);
                let _ =
                    if is_key { Tls::open(&certificate, &path) } else { Tls::open(&path, &key) };
            }
        }
    }
}

#[test]
fn a_renewed_certificate_is_served_without_a_restart_and_a_bad_one_is_not() {
    let (folder, old, new) = (Folder::new("renewed"), Pair::new(), Pair::new());
    let site = Site::start(builder().tls(folder.tls(&old).unwrap()));
    let serves = |pair: &Pair| site.connect(client(&pair.root, 3), "localhost").is_ok();
    let mut kept = site.connect(client(&old.root, 3), "localhost").unwrap();
    // The key comes a while after its certificate.
    folder.write("cert.pem", &new.certificate);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert!(serves(&old) && !serves(&new));
    folder.write("key.pem", &new.key);
    until(|| serves(&new), "the new certificate is not served");
    assert!(!serves(&old));
    assert_eq!(fan(&mut kept, 6).unwrap(), 6, "a connection from before goes on");
    folder.write("cert.pem", "none");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert!(serves(&new));
    // As a tool that renews does it: a link to other files.
    let (path, link) = (folder.write("old.pem", &old.certificate), folder.write("link", ""));
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    folder.write("key.pem", &old.key);
    fs::rename(&link, path.with_file_name("cert.pem")).unwrap();
    until(|| serves(&old), "the certificate behind the link is not served");
}
