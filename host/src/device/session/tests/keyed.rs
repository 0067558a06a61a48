//! A device with a key.

use std::path::PathBuf;

use trine_board::tools::{FAN_SET, TOOLS};
use trine_descriptor::record;
use trine_wire::message::{self, DeviceMessage, Hello, Outcome as Said};
use trine_wire::secure::{DeviceKeys, Key};

use super::play::{HELLO, Play};
use crate::device::State;
use crate::settings::Settings;

const KEY: Key = [9; 16];
const DONE: Said<'_> = Said::Done { value: &[0, 2, 8] };

/// A user who has the key of the device with the serial number `s`.
struct User(PathBuf);

impl User {
    fn new(name: &str, key: Option<&Key>) -> Self {
        let folder = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
        let user = Self(folder);
        if let Some(key) = key {
            user.settings().keep_pending("s", key).unwrap();
            user.settings().proven("s", key).unwrap();
        }
        user
    }

    fn settings(&self) -> Settings {
        Settings::in_folder(&self.0)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // A user without a key has no folder.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn play(user: &User, key: Option<Key>) -> Play {
    let mut play = Play::with_settings(user.settings());
    play.hello = Hello { table_hash: record::table_hash(&TOOLS), ..HELLO };
    play.keys = key.map(DeviceKeys::new);
    play
}

fn why(play: &Play) -> String {
    match play.session.state() {
        State::Offline(why) => why,
        state => panic!("{state:?}"),
    }
}

/// Bytes of a message without a tag.
fn untagged(message: &DeviceMessage<'_>) -> Vec<u8> {
    let mut bytes = vec![0; 256];
    let len = message::write(message, &mut bytes).unwrap();
    bytes.truncate(len);
    bytes
}

#[test]
fn every_message_but_the_hello_is_tagged() {
    let user = User::new("tagged", Some(&KEY));
    let mut play = play(&user, Some(KEY));
    play.greet();
    // Reading what the host has said panics if it is not tagged.
    assert!(play.said()[0].starts_with("List"));
    play.list();
    assert_eq!(play.session.state(), State::Online);
    play.call(FAN_SET, 1);
    let id = play.calls()[0];
    // Somebody without the key answers first.
    let mut forged = untagged(&DeviceMessage::Result { id, outcome: DONE });
    play.hear(&forged);
    forged.extend([1; 20]);
    play.hear(&forged);
    assert_eq!((play.ends(), play.session.unauthentic()), (vec![], 2));
    play.answer(id, DONE);
    assert_eq!(play.ends().len(), 1);
}

#[test]
fn a_restart_of_the_device_makes_a_new_session_of_both() {
    let user = User::new("again", Some(&KEY));
    let mut play = play(&user, Some(KEY));
    play.greet();
    play.said();
    play.list();
    play.said();
    // It drops what is tagged for the boot before; a hello it always takes.
    play.hello.epoch = 6;
    play.call(FAN_SET, 1);
    play.said();
    play.keys = None;
    play.pass(3_000);
    play.keys = Some(DeviceKeys::new(KEY));
    play.skip_to_hello();
    play.greet();
    play.pass(200);
    let id = *play.calls().last().unwrap();
    play.answer(id, DONE);
    assert_eq!(play.ends().len(), 1);
}

#[test]
fn a_device_that_should_have_a_key_and_shows_none_is_refused() {
    let user = User::new("untagged", Some(&KEY));
    let mut play = play(&user, None);
    play.greet();
    let said = why(&play);
    assert!(said.contains("refused") && said.contains("p s") && said.contains("s.key"), "{said}");
    play.call(FAN_SET, 1);
    assert_eq!(play.ends(), [(1, "Failed(Offline)".to_owned())]);
}

#[test]
fn a_device_that_is_refused_is_left_alone_for_a_while() {
    let user = User::new("alone", Some(&KEY));
    let mut play = play(&user, None);
    for _ in 0..3 {
        play.greet();
        play.pass(1_900);
        assert_eq!(play.said(), [""; 0]);
        play.pass(200);
    }
}

#[test]
fn a_device_with_another_key_is_refused_and_one_with_an_unknown_key_explained() {
    let user = User::new("other", Some(&KEY));
    let mut other = play(&user, Some([8; 16]));
    other.greet();
    assert!(why(&other).contains("another key"), "{}", why(&other));
    let nobody = User::new("nobody", None);
    let mut unknown = play(&nobody, Some(KEY));
    unknown.greet();
    assert!(why(&unknown).contains("trine provision"), "{}", why(&unknown));
}

#[test]
fn a_pending_key_is_the_key_once_the_device_has_it() {
    let user = User::new("pending", Some(&KEY));
    let new = [3; 16];
    user.settings().keep_pending("s", &new).unwrap();
    let mut play = play(&user, Some(new));
    play.greet();
    let held = user.settings().keys("s").unwrap();
    assert!(held.known == Some(new) && held.pending.is_none());
}

#[test]
fn a_hello_that_nobody_asked_for_only_makes_the_host_ask() {
    let user = User::new("unasked", Some(&KEY));
    let mut play = play(&user, Some(KEY));
    play.greet();
    play.said();
    play.list();
    play.said();
    let forged = untagged(&DeviceMessage::Hello(Hello { epoch: 66, ..play.hello }));
    for _ in 0..3 {
        play.hear(&forged);
    }
    assert_eq!(play.session.state(), State::Online);
    assert_eq!(play.said().len(), 1, "one question for all of them");
    play.call(FAN_SET, 1);
    let id = play.calls()[0];
    play.answer(id, DONE);
    assert_eq!(play.ends().len(), 1);
}
