//! A device with a key: who does not hold it changes nothing.

use trine_dispatch::{Config, Device, InitError, Key};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage};
use trine_wire::secure::HostKeys;

use crate::bench::{Bench, CONFIG, FAN, MOVE, SESSION, TOOLS, call_of};
use crate::peer::{Peer, text};

const KEY: Key = Key(*b"sixteen byte key");
const NONCE: u64 = 0x0102_0304_0506_0708;

fn config() -> Config<'static> {
    Config { key: Some(KEY), nonce: NONCE, epoch: 0, ..CONFIG }
}

fn peer() -> (Peer<Bench>, u32) {
    let mut peer = Peer::new(config(), &TOOLS, Bench::default());
    let epoch = peer.greet(SESSION);
    (peer, epoch)
}

fn heard(peer: &mut Peer<Bench>) -> Vec<String> {
    peer.hear().iter().map(|bytes| text(bytes)).collect()
}

fn fan_done(id: u32) -> String {
    format!("Result {{ id: {id}, outcome: Done {{ value: [0, 2, 20] }} }}")
}

#[test]
fn tagged_calls_are_run_and_their_principal_is_believed() {
    let (mut peer, epoch) = peer();
    assert_eq!(epoch, NONCE as u32, "not the nonce of whoever says hello");
    let check = message::check(trine_descriptor::ToolTable::hash(&TOOLS, FAN), epoch, SESSION);
    let call = message::Call { check, principal: "ann", ..call_of(0, FAN, &[0, 2, 20]) };
    peer.send(&HostMessage::Call(call));
    assert_eq!(heard(&mut peer), [fan_done(8)]);
    let (_, _, principal, tagged) = &peer.tools.last;
    assert_eq!((principal.as_str(), *tagged), ("ann", true));
    // The same call again, with a tag of its own, has the same answer.
    peer.call((8, FAN), epoch, &[0, 2, 20]);
    assert_eq!(heard(&mut peer), [fan_done(8)]);
    assert_eq!(peer.tools.entered.len(), 1);
}

#[test]
fn untagged_replayed_and_altered_messages_are_dropped_and_counted() {
    let (mut peer, epoch) = peer();
    let before = peer.said.len();
    peer.call((8, FAN), epoch, &[0, 2, 20]);
    let frame = peer.said[before].bytes.clone();
    assert_eq!(heard(&mut peer).len(), 1);
    peer.push(&frame);
    assert_eq!(heard(&mut peer), [""; 0], "a frame again, byte for byte");
    for message in
        [HostMessage::Status, HostMessage::Ping { nonce: 1 }, HostMessage::Cancel { id: 8 }]
    {
        peer.plain(&message);
    }
    assert_eq!(heard(&mut peer), [""; 0], "without a tag");
    let tagged = peer.tagged(&HostMessage::Ping { nonce: 2 });
    for at in 0..tagged.len() {
        let mut altered = tagged.clone();
        altered[at] ^= 1;
        // What begins as a hello is none, or one of nobody.
        altered[0] = altered[0].max(1);
        if altered != tagged {
            peer.send_raw(&altered);
        }
    }
    assert_eq!(heard(&mut peer), [""; 0], "with a bit turned over");
    let dropped = 1 + 3 + tagged.len() as u32;
    assert!((dropped - 1..=dropped).contains(&peer.device.status(0).unauthentic));
    assert_eq!(peer.tools.entered.len(), 1);
    peer.send_raw(&tagged);
    assert_eq!(heard(&mut peer).len(), 1, "and the right one is taken");
}

#[test]
fn a_hello_of_nobody_disturbs_nothing() {
    let (mut peer, epoch) = peer();
    peer.call((8, MOVE), epoch, &[0, 2, 20]);
    assert_eq!(heard(&mut peer), [""; 0]);
    for nonce in 0..300 {
        let hello = HostHello {
            wire: 1,
            nonce,
            session: nonce,
            host_nonce: [nonce as u8; 8],
            message_max: 30,
            ..HostHello::default()
        };
        peer.plain(&HostMessage::Hello(hello));
        // The answers are for somebody else's keys.
        for bytes in peer.hear_raw() {
            let Some(DeviceMessage::Hello(hello)) = message::read(&bytes) else { panic!() };
            assert!(hello.keyed);
        }
    }
    assert_eq!(peer.tools.stopped, []);
    peer.tools.complete.push_back((peer.tools.pending[0], 10));
    assert_eq!(heard(&mut peer), [fan_done(8)], "the session goes on, its answers are tagged");
    peer.call((9, FAN), epoch, &[0, 2, 20]);
    assert_eq!(heard(&mut peer), [fan_done(9)]);
}

#[test]
fn a_session_recorded_whole_is_worth_nothing() {
    let (mut first, epoch) = peer();
    for id in 8..12 {
        first.call((id, FAN), epoch, &[0, 2, 20]);
        assert_eq!(heard(&mut first).len(), 1);
    }
    let record: Vec<Vec<u8>> =
        first.said.iter().filter(|said| said.by_host).map(|said| said.bytes.clone()).collect();
    // Against the same device, and against it after a restart, when its nonce is another one.
    let restarted = Config { nonce: NONCE + 1, ..config() };
    let second = Peer::new(restarted, &TOOLS, Bench::default());
    for mut peer in [first, second] {
        let entered = peer.tools.entered.len();
        for frame in &record {
            peer.push(frame);
        }
        for bytes in peer.hear_raw() {
            assert!(matches!(message::read(&bytes), Some(DeviceMessage::Hello(_))), "{bytes:?}");
        }
        assert_eq!(peer.tools.entered.len(), entered);
    }
}

#[test]
fn a_new_session_begins_with_its_first_tagged_message() {
    let (mut peer, epoch) = peer();
    peer.call((8, MOVE), epoch, &[0, 2, 20]);
    heard(&mut peer);
    let old = peer.keys;
    peer.host_nonce = *b"otherone";
    peer.greet(SESSION + 1);
    assert_eq!(peer.tools.stopped, [], "a hello alone ends nothing");
    let new = core::mem::replace(&mut peer.keys, old);
    peer.send(&HostMessage::Ping { nonce: 1 });
    assert_eq!(peer.hear_raw().len(), 1, "the old session is still in force");
    peer.keys = new;
    peer.send(&HostMessage::Ping { nonce: 2 });
    assert_eq!(heard(&mut peer).len(), 1);
    assert_eq!(peer.tools.stopped.len(), 1, "the calls of the old one are over");
    peer.keys = old;
    peer.send(&HostMessage::Ping { nonce: 3 });
    assert_eq!(peer.hear_raw(), [[]; 0], "and the old keys are");
}

#[test]
fn nothing_is_said_before_there_is_a_session_but_hello() {
    let mut peer = Peer::new(config(), &TOOLS, Bench::default());
    peer.tools.events.push_back("too early");
    assert_eq!(peer.hear_raw(), [[]; 0]);
    peer.greet(SESSION);
    peer.send(&HostMessage::Ping { nonce: 1 });
    assert_eq!(heard(&mut peer).len(), 1);
    peer.tools.events.push_back("in time");
    assert_eq!(heard(&mut peer), ["Event { seq: 1, tool: 0, text: \"in time\", what: 0 }"]);
    peer.device.announce();
    let heard = heard(&mut peer);
    assert!(heard.len() == 1 && heard[0].starts_with("Hello"), "{heard:?}");
}

#[test]
fn an_untagged_hello_keeps_no_link_alive() {
    let mut peer = Peer::new(Config { link_ms: 100, ..config() }, &TOOLS, Bench::default());
    peer.greet(SESSION);
    assert!(!peer.device.is_linked());
    peer.send(&HostMessage::Ping { nonce: 1 });
    peer.hear();
    assert!(peer.device.is_linked());
    for now in 0..150 {
        peer.now = now;
        peer.plain(&HostMessage::Hello(HostHello { host_nonce: [3; 8], ..HostHello::default() }));
        peer.hear_raw();
    }
    assert_eq!(peer.tools.losses, [100]);
}

#[test]
fn a_key_is_set_only_while_a_person_holds_the_input() {
    let provisioned = |code| format!("Provisioned {{ code: {code} }}");
    let mut peer = Peer::new(Config { nonce: NONCE, ..CONFIG }, &TOOLS, Bench::default());
    let epoch = peer.greet(SESSION);
    let provision = HostMessage::Provision { op: 0, key: KEY.0 };
    peer.send(&provision);
    assert_eq!(heard(&mut peer), [provisioned(1)]);
    peer.tools.held = true;
    peer.send(&HostMessage::Provision { op: 7, key: KEY.0 });
    assert_eq!(heard(&mut peer), [provisioned(3)]);
    assert_eq!(peer.tools.stored, None);
    peer.send(&provision);
    assert_eq!(heard(&mut peer), [provisioned(0)]);
    assert_eq!(peer.tools.stored, Some(Some(KEY.0)));
    peer.tools.held = false;
    // From here on nothing without a tag.
    peer.call((8, FAN), epoch, &[0, 2, 20]);
    assert_eq!(peer.hear_raw(), [[]; 0]);
    peer.keys = Some(HostKeys::new(KEY.0));
    let keyed = peer.greet(SESSION);
    assert_ne!(keyed, epoch, "what was recorded before is of another epoch");
    peer.call((8, FAN), keyed, &[0, 2, 20]);
    assert_eq!(heard(&mut peer), [fan_done(8)]);
    // Erased by who holds the key and the input; then it is open again.
    peer.tools.held = true;
    peer.send(&HostMessage::Provision { op: 1, key: [0; 16] });
    assert_eq!(heard(&mut peer), [provisioned(0)]);
    peer.keys = None;
    peer.greet(SESSION);
    peer.send(&HostMessage::Ping { nonce: 1 });
    assert_eq!(heard(&mut peer).len(), 1);
}

#[test]
fn a_lost_key_is_replaced_by_the_person_at_the_device() {
    let mut peer = Peer::new(config(), &TOOLS, Bench::default());
    let other = [9; 16];
    peer.plain(&HostMessage::Provision { op: 0, key: other });
    assert_eq!(peer.hear_raw(), [[]; 0]);
    peer.tools.held = true;
    peer.plain(&HostMessage::Provision { op: 0, key: other });
    let heard: Vec<String> = peer.hear_raw().iter().map(|bytes| text(bytes)).collect();
    assert_eq!(heard, ["Provisioned { code: 0 }"]);
    peer.keys = Some(HostKeys::new(other));
    peer.greet(SESSION);
}

#[test]
fn a_device_without_a_nonce_takes_no_key() {
    let memory = vec![0; config().memory()].leak();
    let mut line = [0; 8];
    let mut ring = trine_arena::Ring::new(&mut line);
    let (_, rx) = ring.split();
    let error = Device::new(Config { nonce: 0, ..config() }, memory, rx, &TOOLS).unwrap_err();
    assert_eq!(error, InitError::Nonce);
    let mut peer = Peer::new(CONFIG, &TOOLS, Bench::default());
    peer.greet(SESSION);
    peer.tools.held = true;
    peer.send(&HostMessage::Provision { op: 0, key: KEY.0 });
    assert_eq!(heard(&mut peer), ["Provisioned { code: 2 }"]);
}
