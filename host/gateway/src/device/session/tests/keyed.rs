//! A device with a key.

use std::path::PathBuf;

use trine_bits::Random;
use trine_board::tools::{FAN_SET, TOOLS};
use trine_descriptor::record;
use trine_wire::message::{self, DeviceMessage, Hello, Outcome as Said};
use trine_wire::secure::{DeviceKeys, Key};

use super::play::{HELLO, Play};
use crate::device::State;
use crate::device::session::Deferred;
use crate::settings::{DeviceId, Settings};

const KEY: Key = [9; 16];
const DONE: Said<'_> = Said::Done { value: &[0, 2, 8] };

/// The device that is played.
fn id() -> DeviceId {
    DeviceId { vendor: "v".into(), product: "p".into(), serial: "s".into() }
}

/// A user who has the key of the device with the serial number `s`.
struct User(PathBuf);

impl User {
    fn new(name: &str, key: Option<&Key>) -> Self {
        let folder = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
        let user = Self(folder);
        if let Some(key) = key {
            user.settings().keep_pending(&id(), key).unwrap();
            user.settings().proven(&id(), key).unwrap();
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
    play.send_hello();
    // Reading what the host has said panics if it is not tagged.
    assert!(play.said()[0].starts_with("List"));
    play.list();
    assert_eq!(play.session.state(), State::Online);
    play.call(FAN_SET, 1);
    let id = play.calls()[0];
    // Someone without the key answers first.
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
    play.send_hello();
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
    play.send_hello();
    play.pass(200);
    let id = *play.calls().last().unwrap();
    play.answer(id, DONE);
    assert_eq!(play.ends().len(), 1);
}

#[test]
fn a_device_that_should_have_a_key_and_shows_none_is_refused() {
    let user = User::new("untagged", Some(&KEY));
    let mut play = play(&user, None);
    play.send_hello();
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
        play.send_hello();
        play.pass(1_900);
        assert_eq!(play.said(), [""; 0]);
        play.pass(200);
    }
}

#[test]
fn a_device_with_another_key_is_refused_and_one_with_an_unknown_key_explained() {
    let user = User::new("other", Some(&KEY));
    let mut other = play(&user, Some([8; 16]));
    other.send_hello();
    assert!(why(&other).contains("another key"), "{}", why(&other));
    let nobody = User::new("nobody", None);
    let mut unknown = play(&nobody, Some(KEY));
    unknown.send_hello();
    assert!(why(&unknown).contains("trine provision"), "{}", why(&unknown));
}

#[test]
fn a_pending_key_is_the_key_once_the_device_has_it() {
    let user = User::new("pending", Some(&KEY));
    let new = [3; 16];
    user.settings().keep_pending(&id(), &new).unwrap();
    let mut play = play(&user, Some(new));
    play.send_hello();
    let held = user.settings().keys(&id()).unwrap();
    assert!(held.known == Some(new) && held.pending.is_none());
}

#[test]
fn an_unrequested_hello_only_makes_the_host_ask() {
    let user = User::new("unasked", Some(&KEY));
    let mut play = play(&user, Some(KEY));
    play.send_hello();
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

/// A keyed device that is online, and its last hello in clear.
fn online(user: &User) -> Play {
    let mut play = play(user, Some(KEY));
    play.send_hello();
    play.said();
    play.list();
    play.said();
    assert_eq!(play.session.state(), State::Online);
    play
}

/// Someone without the key, who says what a device without one would say.
fn impostor(play: &Play) -> Hello<'static> {
    Hello { serial: "impostor", keyed: false, ..play.hello }
}

#[test]
fn an_untagged_hello_of_another_device_takes_nothing_over() {
    let user = User::new("takeover", Some(&KEY));
    let mut play = online(&user);
    play.hear(&untagged(&DeviceMessage::Hello(impostor(&play))));
    assert_eq!(play.session.identity.as_ref().map(|identity| &*identity.serial), Some("s"));
    // The next call is tagged, or reading it panics; the impostor's answer counts for nothing.
    play.call(FAN_SET, 1);
    let id = play.calls()[0];
    play.hear(&untagged(&DeviceMessage::Result { id, outcome: DONE }));
    assert_eq!(play.ends(), []);
    play.answer(id, DONE);
    assert_eq!(play.ends().len(), 1);
}

#[test]
fn a_flood_of_hellos_makes_the_host_ask_once_a_second() {
    let user = User::new("flood", Some(&KEY));
    let mut play = online(&user);
    let mut asked = 0;
    for at in 0..5_000 {
        let hello = Hello { epoch: at, ..impostor(&play) };
        play.hear(&untagged(&DeviceMessage::Hello(hello)));
        play.pass(1);
        if play.said().iter().any(|said| said.starts_with("Hello")) {
            asked += 1;
            play.send_hello_as_asked();
        }
    }
    assert!((4..=6).contains(&asked), "asked {asked} times in five seconds");
    assert_eq!(play.session.state(), State::Online);
}

#[test]
fn an_answer_without_proof_does_not_keep_the_device_from_answering() {
    let user = User::new("race", Some(&KEY));
    let mut play = play(&user, Some(KEY));
    // The answer of another comes first, under the nonce that anyone can read.
    play.said();
    let nonce = play.asked_nonce();
    let forged = Hello { nonce, keyed: true, challenge: [1; 12], ..play.hello };
    play.hear(&untagged(&DeviceMessage::Hello(forged)));
    assert!(matches!(play.session.state(), State::Offline(_)));
    play.send_hello_as_asked();
    play.said();
    play.list();
    assert_eq!(play.session.state(), State::Online);
}

#[test]
fn the_answer_to_a_hello_that_was_altered_on_its_way_begins_no_session() {
    let user = User::new("altered", Some(&KEY));
    let mut play = play(&user, Some(KEY));
    play.said();
    let sent = play.last_hello.clone();
    // The same nonces, another session and other limits.
    play.last_hello[4] ^= 1;
    play.send_hello_as_asked();
    assert_eq!(play.session.state(), State::Coming);
    assert_eq!(play.session.unauthentic(), 1);
    play.last_hello = sent;
    play.send_hello_as_asked();
    play.said();
    play.list();
    assert_eq!(play.session.state(), State::Online);
}

#[test]
fn a_keyed_device_of_before_there_were_digests_is_served() {
    let user = User::new("before", Some(&KEY));
    let mut play = play(&user, Some(KEY));
    play.has_digests = false;
    play.send_hello();
    play.said();
    play.list();
    assert_eq!(play.session.state(), State::Online);
}

#[test]
fn a_link_that_showed_a_keyed_device_serves_no_other() {
    let user = User::new("shown", Some(&KEY));
    for key in [None, Some([8; 16]), Some(KEY)] {
        let mut play = online(&user);
        // Unplugged, and another device in its place, which may even hold the key.
        play.session.lost("the cable", play.now);
        play.plug();
        play.keys = key.map(DeviceKeys::new);
        play.hello.serial = "other";
        play.send_hello();
        let said = why(&play);
        assert!(said.contains("p s has proven its key") && said.contains("p other"), "{said}");
        assert_eq!(play.said().iter().filter(|said| !said.starts_with("Hello")).count(), 0);
        // The first one is served again.
        play.pass(3_000);
        play.keys = Some(DeviceKeys::new(KEY));
        play.hello.serial = "s";
        // Its list is known from before.
        play.send_hello();
        assert_eq!(play.session.state(), State::Online);
    }
}

#[test]
fn a_link_is_the_devices_until_this_program_erases_the_key() {
    let user = User::new("bond", Some(&KEY));
    let link = "serial /dev/x";
    let mut play = play(&user, Some(KEY));
    play.session.set_link(link.into());
    play.send_hello();
    assert_eq!(user.settings().device_of_link(link).unwrap(), Some(id()));
    play.session.send_new_hello(true, play.now);
    assert_eq!(user.settings().device_of_link(link).unwrap(), None);
}

#[test]
fn that_a_link_cannot_be_kept_is_said_once() {
    let user = User::new("unkept", Some(&KEY));
    std::fs::write(user.0.join("links"), "no folder").unwrap();
    let mut play = play(&user, Some(KEY));
    play.session.set_link("serial /dev/x".into());
    for _ in 0..3 {
        play.send_hello();
        play.session.lost("the cable", play.now);
        play.plug();
    }
    let is_it = |deferred: &&Deferred| match deferred {
        Deferred::Note(text) => text.contains("cannot be kept"),
        _ => false,
    };
    assert_eq!(play.session.deferred.iter().filter(is_it).count(), 1);
}

#[test]
fn ten_thousand_injected_hellos_let_nothing_out_untagged_and_lose_no_call() {
    let user = User::new("injected", Some(&KEY));
    let mut play = online(&user);
    let mut random = Random::new(1);
    let mut below = |bound: u64| random.below(bound as usize) as u64;
    let (mut injected, mut tag) = (0_u32, 0_u64);
    let mut ends = Vec::new();
    while injected < 10_000 {
        if below(3) == 0 {
            tag += 1;
            play.call(FAN_SET, tag);
        }
        for _ in 0..below(8) {
            let nonce = [0, play.asked_nonce(), below(1 << 32) as u32][below(3) as usize];
            let serial = ["s", "impostor", ""][below(3) as usize];
            let hello = Hello {
                nonce,
                serial,
                keyed: below(2) == 1,
                epoch: [play.hello.epoch, below(1 << 32) as u32, 0][below(3) as usize],
                challenge: [below(256) as u8; 12],
                ..play.hello
            };
            let mut bytes = untagged(&DeviceMessage::Hello(hello));
            if below(2) == 1 {
                bytes.extend([below(256) as u8; 20]);
            }
            play.hear(&bytes);
            injected += 1;
        }
        play.pass(below(400));
        // `said` panics where a message that is no hello is untagged.
        let said = play.said();
        for said in &said {
            if said.starts_with("Call") {
                let id = super::play::number(said, "id: ");
                play.hear(&untagged(&DeviceMessage::Result { id, outcome: DONE }));
                play.answer(id, DONE);
            } else if said.starts_with("Ping") {
                let nonce = super::play::number(said, "nonce: ");
                let epoch = play.hello.epoch;
                play.say(&DeviceMessage::Pong { nonce, epoch });
            }
        }
        if said.iter().any(|said| said.starts_with("Hello")) {
            play.send_hello_as_asked();
        }
        ends.extend(play.ends());
    }
    play.pass(1_000);
    assert_eq!(play.session.state(), State::Online);
    assert_eq!(ends.len() as u64, tag, "each call has its answer");
    let strange = ends.iter().find(|(_, end)| !end.starts_with("Value("));
    assert_eq!(strange, None);
    assert!(tag > 500, "{tag} calls");
}
