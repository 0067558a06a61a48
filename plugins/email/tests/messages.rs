//! Messages as they are kept, what is refused, and the definition with its program.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{json, Value};
use trine_gateway::json_tools::load_file;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_plugin_email::message::{is_address, Message};
use trine_plugin_email::outbox::{Outbox, Quota};

const PATIENCE: Duration = Duration::from_secs(30);

fn message(to: &str, cc: &[&str], subject: &str, body: &str) -> Result<Message, String> {
    let cc = cc.iter().map(|&one| one.to_owned()).collect();
    Message::new(vec![to.to_owned()], cc, subject, body)
}

/// The headers of a message, unfolded.
fn headers(text: &str) -> Vec<String> {
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ").replace("\r\n\t", " ").lines().map(str::to_owned).collect()
}

#[test]
fn a_message_is_kept_as_rfc_5322_has_it_for_its_user_alone() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(folder.path().join("new/outbox"), "me@example.org").unwrap();
    let cc = ["b@example.org", "c@example.org"];
    let kept = outbox.keep(&message("a@example.org", &cc, "Grüße", "Zeile\n.\n").unwrap()).unwrap();
    assert_eq!(kept.recipients, 3);
    let text = fs::read_to_string(&kept.path).unwrap();
    let headers = headers(&text);
    let has = |start: &str| headers.iter().filter(|line| line.starts_with(start)).count();
    for name in ["From: ", "To: ", "Cc: ", "Subject: =?utf-8?", "Date: ", "Message-ID: "] {
        assert_eq!(has(name), 1, "{name} {headers:?}");
    }
    assert!(headers.iter().any(|line| line.starts_with("To: ") && line.contains("a@example.org")));
    let id = headers.iter().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
    assert_eq!(id, kept.message_id);
    let lines = text.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(lines.lines().take(2).collect::<Vec<_>>(), ["Zeile", "."]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&kept.path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = outbox.keep(&message("a@example.org", &[], "Two", "").unwrap()).unwrap();
    assert_ne!(again.path, kept.path);
    let why = Outbox::new("/dev/null/x", "me@example.org").unwrap();
    let why = why.keep(&message("a@example.org", &[], "x", "").unwrap()).unwrap_err();
    assert!(why.starts_with("cannot keep the message in /dev/null/x: "), "{why}");
}

#[test]
fn nothing_in_a_message_makes_a_header_of_its_own() {
    let ways = ["\r\nBcc: x@example.org", "\nBcc: x@example.org", "\rX: y", "\0", "\u{85}X: y"];
    for way in ways {
        for part in ["to", "cc", "subject"] {
            let with = |name: &str, text: &str| {
                if name == part {
                    format!("{text}{way}")
                } else {
                    text.to_owned()
                }
            };
            let (to, cc) = (with("to", "a@example.org"), with("cc", "b@example.org"));
            let why = message(&to, &[&cc], &with("subject", "Hello"), "").unwrap_err();
            assert!(why.starts_with(part), "{way:?} {part}: {why}");
        }
        assert!(Outbox::new("x", &format!("me@example.org{way}")).is_err());
    }
    // A body that looks like headers stays one, and a long subject is folded.
    let subject = "word ".repeat(39);
    let body = "\r\nBcc: x@example.org\r\n\r\nFrom me\r\n";
    let made = message("a@example.org", &[], subject.trim(), body).unwrap();
    let bytes = made.bytes("me@example.org", "1@example.org").unwrap();
    let headers = headers(std::str::from_utf8(&bytes).unwrap());
    assert!(!headers.iter().any(|line| line.starts_with("Bcc")), "{headers:?}");
    let text = std::str::from_utf8(&bytes).unwrap();
    assert!(text.lines().all(|line| line.len() <= 78), "{text}");
}

#[test]
fn addresses_are_what_rfc_5321_has_without_quotes() {
    for good in ["a@b", "a.b+c@example.org", "x_y@a-b.example", "o'neil@example.org"] {
        assert!(is_address(good), "{good}");
    }
    let (long, label) = (format!("{}@b.example", "a".repeat(65)), "b".repeat(64));
    let wrong = [
        "",
        "a",
        "@b",
        "a@",
        "a b@c",
        "a@b c",
        "a@b@c",
        ".a@b",
        "a.@b",
        "a..b@c",
        "a@-b",
        "a@b-",
        "a@b..c",
        "a@.b",
        "<a@b>",
        "Ann <a@b>",
        "a@b,c@d",
        "\"a b\"@c",
        "ä@b",
        "a@[1.2.3.4]",
        "a@b;",
        "a(x)@b",
        &long,
        &format!("a@{label}"),
        "a@b\n",
        "\ta@b",
    ];
    for wrong in wrong {
        assert!(!is_address(wrong), "{wrong:?}");
    }
    let why = message("a@b", &["c@d", "none"], "x", "").unwrap_err();
    assert_eq!(why, "cc/1 must be an e-mail address like ann@example.org");
    assert!(Message::new(Vec::new(), Vec::new(), "x", "").unwrap_err().starts_with("to must"));
    let many = vec!["a@b".to_owned(); 51];
    assert!(Message::new(many, Vec::new(), "x", "").unwrap_err().contains("at most 50"));
    assert!(message("a@b", &[], &"x".repeat(201), "").unwrap_err().starts_with("subject"));
    assert!(message("a@b", &[], "x", &"x".repeat((1 << 20) + 1)).unwrap_err().starts_with("body"));
}

#[test]
fn ten_calls_are_made_in_any_hour() {
    let (start, mut quota) = (Instant::now(), Quota::new());
    let at = |seconds| start + Duration::from_secs(seconds);
    for call in 0..10 {
        quota.check(at(call * 60)).unwrap();
        quota.count(at(call * 60));
    }
    let why = quota.check(at(600)).unwrap_err();
    assert!(why.ends_with("the next may be sent in 3000 seconds"), "{why}");
    assert!(quota.check(at(3599)).unwrap_err().ends_with("in 1 seconds"));
    quota.check(at(3600)).unwrap();
    quota.count(at(3600));
    assert!(quota.check(at(3600)).is_err(), "the second of the ten is 59 minutes old");
}

/// The tool of the definition, whose program is the one that was built with this test.
fn hub(folder: &Path, needs_consent: bool) -> Arc<Hub> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("send_email.json")).unwrap();
    let mut definition: Value = serde_json::from_str(&text).unwrap();
    let outbox = format!("TRINE_EMAIL_OUTBOX={}", folder.join("outbox").display());
    let program = env!("CARGO_BIN_EXE_trine-send-email");
    assert_eq!(definition["execute"]["command"], json!(["trine-send-email"]));
    definition["execute"]["command"] = json!(["env", outbox, program]);
    assert_eq!(definition["requires_confirmation"], true);
    definition["requires_confirmation"] = needs_consent.into();
    let file = folder.join("send_email.json");
    fs::write(&file, definition.to_string()).unwrap();
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    hub.add_tools(load_file(&file).unwrap()).unwrap();
    hub
}

#[test]
fn the_definition_runs_the_same_code_as_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let good = json!({"to": ["a@example.org"], "subject": "Hello", "body": "Text."});
    let asks = hub(folder.path(), true).call_own("send_email", &good.to_string(), PATIENCE);
    let asks = asks.unwrap();
    assert!(asks.is_error && asks.text.contains("asks for further input"), "{}", asks.text);
    assert!(!folder.path().join("outbox").exists());
    let hub = hub(folder.path(), false);
    let call = |arguments: Value| {
        let call = hub.call_own("send_email", &arguments.to_string(), PATIENCE);
        let report = call.unwrap();
        if report.is_error {
            Err(report.text)
        } else {
            Ok(report.result["structuredContent"].clone())
        }
    };
    let kept = call(good.clone()).unwrap();
    assert_eq!(kept["recipients"], 1);
    let text = fs::read_to_string(kept["kept_in"].as_str().unwrap()).unwrap();
    assert!(text.contains("Subject: Hello\r\n") && text.contains("Text."), "{text}");
    assert!(!text.contains("Cc:"), "{text}");
    // The schema refuses these, and the program what the schema allows.
    let why = call(json!({"to": ["none"], "subject": "x", "body": ""})).unwrap_err();
    assert!(why.starts_with("send_email: to/0 must be"), "{why}");
    let subject = "Hello\r\nBcc: x@example.org";
    let why = call(json!({"to": ["a@example.org"], "subject": subject, "body": ""})).unwrap_err();
    assert!(why.contains("subject must be one line"), "{why}");
    for _ in 0..8 {
        call(good.clone()).unwrap();
    }
    // The refused one counts, as its program ran.
    let why = call(good).unwrap_err();
    assert!(why.contains("seconds") && !why.contains("subject"), "{why}");
}
