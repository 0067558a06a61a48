//! What the user keeps about devices: `provision`, and names by serial number.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

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
fn a_key_needs_somebody_at_the_board_and_is_then_asked_for() {
    let user = User::new("provision");
    let refused = user.shed(&["provision", "shed"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("hold the button"), "{}", said(&refused));
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
fn a_board_whose_key_was_lost_takes_another_one_from_somebody_at_it() {
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
