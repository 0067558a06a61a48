//! What the user keeps about devices: `provision`, and names by serial number.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};

/// A user with settings of his own, and a simulated board that keeps its key.
struct User(PathBuf);

impl User {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn trine(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
        command.args(args).env("TRINE_CONFIG", self.0.join("settings")).env_remove("TRINE_LOG");
        command.output().unwrap()
    }

    /// A command about the board called `shed`, with its flash.
    fn shed(&self, args: &[&str]) -> Output {
        let flash = self.0.join("flash").display().to_string();
        self.trine(&[args, &["--simulate=shed", "--simulate-key", &flash]].concat())
    }

    fn fan(&self) -> Output {
        self.shed(&["call", "shed", "fan_set", "{\"percent\": 4}"])
    }
}

impl Drop for User {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn said(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_key_needs_a_person_at_the_board_and_is_then_asked_for() {
    let user = User::new("provision");
    let refused = user.shed(&["provision", "shed"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("hold its button"), "{}", said(&refused));
    assert_eq!(user.fan().status.code(), Some(0));
    let made = user.shed(&["provision", "shed", "--hold"]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    // Counter and tag make each message 20 bytes longer.
    let fan = user.fan();
    assert!(said(&fan).contains("39 bytes out, 34 back"), "{}", said(&fan));
    let devices = user.shed(&["devices", "--json"]);
    let devices: Value = serde_json::from_slice(&devices.stdout).unwrap();
    assert_eq!(devices[0]["wire"]["keyed"], json!(true), "{devices}");
    // Another board of that number has no key.
    let other = user.trine(&["call", "shed", "fan_set", "{\"percent\": 4}", "--simulate=shed"]);
    assert_eq!(other.status.code(), Some(3));
    assert!(said(&other).contains("refused"), "{}", said(&other));
    let erased = user.shed(&["provision", "shed", "--erase", "--hold"]);
    assert_eq!(erased.status.code(), Some(0), "{}", said(&erased));
    assert!(said(&user.fan()).contains("19 bytes out"), "{}", said(&user.fan()));
}

#[test]
fn no_file_that_is_written_while_a_key_is_set_holds_it_or_is_readable_by_others() {
    use std::os::unix::fs::PermissionsExt as _;

    let user = User::new("capture-of-key");
    let file = |name: &str| user.0.join(name).display().to_string();
    let (capture, trace) = (file("capture"), file("trace"));
    let links = ["--record", &capture, "--trace", &trace, "--log", "trace"];
    let made = user.shed(&[&["provision", "shed", "--hold"], &links[..]].concat());
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let kept = std::fs::read_dir(user.0.join("settings/keys")).unwrap().next().unwrap().unwrap();
    let key = std::fs::read_to_string(kept.path()).unwrap();
    let key = key.trim();
    assert_eq!(key.len(), 32);
    let capture_text = std::fs::read_to_string(&capture).unwrap();
    assert!(capture_text.contains("bytes left out: they may hold a key"), "{capture_text}");
    for text in [&capture_text, &std::fs::read_to_string(&trace).unwrap(), &said(&made)] {
        // Any four bytes of the key, as digits.
        for at in (0..=24).step_by(2) {
            assert!(!text.contains(&key[at..at + 8]), "{} in {text}", &key[at..at + 8]);
        }
    }
    for path in [&capture, &trace] {
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{path}: {mode:o}");
    }
}

#[test]
fn a_keyed_conversation_is_traced_as_what_it_says_and_refused_for_replay_at_once() {
    let user = User::new("keyed-trace");
    assert_eq!(user.shed(&["provision", "shed", "--hold"]).status.code(), Some(0));
    let capture = user.0.join("capture").display().to_string();
    let fan = ["call", "shed", "fan_set", "{\"percent\": 4}", "--record", &capture];
    assert_eq!(user.shed(&fan).status.code(), Some(0));
    let traced = said(&user.trine(&["trace", &capture]));
    assert!(traced.contains("fan_set percent=4, tag "), "{traced}");
    assert!(traced.contains("done percent=4, tag "), "{traced}");
    assert!(!traced.contains("state"), "{traced}");
    let replayed = user.trine(&["replay", &capture, "--simulate"]);
    assert_ne!(replayed.status.code(), Some(0));
    assert!(said(&replayed).contains("tagged, so no device accepts them"), "{}", said(&replayed));
}

#[test]
fn a_key_of_the_user_is_no_trouble_for_the_doctor() {
    let user = User::new("doctor");
    let flash = user.0.join("flash").display().to_string();
    let green = ["--simulate=greenhouse", "--simulate-key", &flash];
    let made = user.trine(&[&["provision", "greenhouse", "--hold"], &green[..]].concat());
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let doctor = said(&user.trine(&["doctor"]));
    assert!(!doctor.contains("fault of Trine"), "{doctor}");
}

#[test]
fn a_device_that_does_not_answer_is_exit_code_three_whatever_it_is_called() {
    let user = User::new("silent");
    for command in
        [&["selftest", "north"][..], &["call", "north", "fan_set", "{}"], &["provision", "north"]]
    {
        let nowhere = ["--unix", "/nonexistent/trine.sock", "--patience", "1"];
        let ran = user.trine(&[command, &nowhere[..]].concat());
        assert_eq!(ran.status.code(), Some(3), "{command:?}: {}", said(&ran));
    }
    let ran = user.trine(&["selftest", "north", "--simulate=south"]);
    assert_eq!(ran.status.code(), Some(2), "{}", said(&ran));
}

#[test]
fn a_board_whose_key_was_lost_takes_another_one_from_a_person_at_it() {
    let user = User::new("lost-key");
    assert_eq!(user.shed(&["provision", "shed", "--hold"]).status.code(), Some(0));
    std::fs::remove_dir_all(user.0.join("settings")).unwrap();
    let fan = user.fan();
    assert_eq!(fan.status.code(), Some(3));
    assert!(said(&fan).contains("trine provision"), "{}", said(&fan));
    assert_eq!(user.shed(&["provision", "shed"]).status.code(), Some(1));
    let made = user.shed(&["provision", "shed", "--hold"]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    assert_eq!(user.fan().status.code(), Some(0));
}

#[test]
fn a_board_that_cannot_store_a_key_says_so_and_nothing_is_kept() {
    let user = User::new("no-flash");
    let refused = user.trine(&["provision", "shed", "--hold", "--simulate=shed"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("cannot store"), "{}", said(&refused));
    let kept = std::fs::read_dir(user.0.join("settings/keys")).unwrap().count();
    assert_eq!(kept, 0);
}

#[test]
fn a_name_belongs_to_a_serial_number_and_the_command_line_wins() {
    let user = User::new("alias");
    let name = |args: &[&str]| {
        let devices = user.trine(&[&["devices", "--json"], args].concat());
        let devices: Value = serde_json::from_slice(&devices.stdout).unwrap();
        devices[0]["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(name(&["--simulate"]), "greenhouse");
    assert_eq!(user.trine(&["devices", "alias", "sim-1", "north"]).status.code(), Some(0));
    assert_eq!(name(&["--simulate"]), "north");
    assert_eq!(name(&["--simulate=shed"]), "shed");
    let list = user.trine(&["devices", "alias"]);
    assert!(said(&list).contains("north") && said(&list).contains("sim-1"), "{}", said(&list));
    let wrong = user.trine(&["devices", "alias", "sim-1", "a b"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert_eq!(user.trine(&["devices", "alias", "--remove", "north"]).status.code(), Some(0));
    assert_eq!(user.trine(&["devices", "alias", "--remove", "north"]).status.code(), Some(2));
    assert_eq!(name(&["--simulate"]), "greenhouse");
}
