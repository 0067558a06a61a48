//! A device with a key: who does not hold it changes nothing.

use trine_descriptor::{Annotations, Tool, ToolInfo, ToolTable, ValueWriter};
use trine_dispatch::{Answer, Call, Config, Device, InitError, Key, Tools};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage};
use trine_wire::secure::HostKeys;

use crate::bench::{Bench, CONFIG, FAN, MOVE, SESSION, TOOLS, call_of};
use crate::harness::{LinkHarness, text};

const KEY: Key = Key(*b"sixteen byte key");
const NONCE: u64 = 0x0102_0304_0506_0708;

fn config() -> Config<'static> {
    Config { key: Some(KEY), nonce: NONCE, epoch: 0, ..CONFIG }
}

fn harness() -> (LinkHarness<Bench>, u32) {
    let mut harness = LinkHarness::new(config(), &TOOLS, Bench::default());
    let epoch = harness.send_hello(SESSION);
    (harness, epoch)
}

fn heard(harness: &mut LinkHarness<Bench>) -> Vec<String> {
    harness.hear().iter().map(|bytes| text(bytes)).collect()
}

fn fan_done(id: u32) -> String {
    format!("Result {{ id: {id}, outcome: Done {{ value: [0, 2, 20] }} }}")
}

#[test]
fn tagged_calls_are_run_and_their_principal_is_believed() {
    let (mut harness, epoch) = harness();
    assert_eq!(epoch, NONCE as u32, "not the nonce of whoever says hello");
    let check = message::check(trine_descriptor::ToolTable::hash(&TOOLS, FAN), epoch, SESSION);
    let call = message::Call { check, principal: "ann", ..call_of(0, FAN, &[0, 2, 20]) };
    harness.send(&HostMessage::Call(call));
    assert_eq!(heard(&mut harness), [fan_done(8)]);
    let (_, _, principal, tagged) = &harness.tools.last;
    assert_eq!((principal.as_str(), *tagged), ("ann", true));
    // The same call again, with a tag of its own, has the same answer.
    harness.call((8, FAN), epoch, &[0, 2, 20]);
    assert_eq!(heard(&mut harness), [fan_done(8)]);
    assert_eq!(harness.tools.entered.len(), 1);
}

/// A tool for tagged calls alone, and how often it was entered.
#[derive(Default)]
struct Vault(usize);

static VAULT: [Tool<'static>; 1] = {
    let annotations = Annotations(Annotations::HOST_VALIDATED);
    [Tool::new(ToolInfo { annotations, ..ToolInfo::new("open", "Opens it.") }, &[], &[])]
};

impl Tools for Vault {
    fn call(&mut self, _: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        self.0 += 1;
        Answer::Done
    }
}

#[test]
fn a_tool_that_wants_its_host_validated_is_entered_by_tagged_calls_alone() {
    for (config, is_keyed) in [(CONFIG, false), (config(), true)] {
        let mut harness = LinkHarness::new(config, &VAULT, Vault::default());
        let epoch = harness.send_hello(SESSION);
        let check = message::check(VAULT.hash(0), epoch, SESSION);
        let call = message::Call { id: 8, check, principal: "ann", ..message::Call::default() };
        harness.send(&HostMessage::Call(call));
        let outcome = if is_keyed { "Done { value: [] }" } else { "Unauthenticated" };
        let wanted = format!("Result {{ id: 8, outcome: {outcome} }}");
        let heard: Vec<_> = harness.hear().iter().map(|bytes| text(bytes)).collect();
        assert_eq!((heard, harness.tools.0), (vec![wanted], usize::from(is_keyed)));
    }
}

#[test]
fn untagged_replayed_and_altered_messages_are_dropped_and_counted() {
    let (mut harness, epoch) = harness();
    let before = harness.said.len();
    harness.call((8, FAN), epoch, &[0, 2, 20]);
    let frame = harness.said[before].bytes.clone();
    assert_eq!(heard(&mut harness).len(), 1);
    harness.push(&frame);
    assert_eq!(heard(&mut harness), [""; 0], "a frame again, byte for byte");
    for message in
        [HostMessage::Status, HostMessage::Ping { nonce: 1 }, HostMessage::Cancel { id: 8 }]
    {
        harness.plain(&message);
    }
    assert_eq!(heard(&mut harness), [""; 0], "without a tag");
    let tagged = harness.tagged(&HostMessage::Ping { nonce: 2 });
    for at in 0..tagged.len() {
        let mut altered = tagged.clone();
        altered[at] ^= 1;
        // What begins as a hello is none, or one of no one.
        altered[0] = altered[0].max(1);
        if altered != tagged {
            harness.send_raw(&altered);
        }
    }
    assert_eq!(heard(&mut harness), [""; 0], "with a bit turned over");
    let dropped = 1 + 3 + tagged.len() as u32;
    assert!((dropped - 1..=dropped).contains(&harness.device.status(0).unauthentic));
    assert_eq!(harness.tools.entered.len(), 1);
    harness.send_raw(&tagged);
    assert_eq!(heard(&mut harness).len(), 1, "and the right one is taken");
}

#[test]
fn a_hello_without_a_key_disturbs_nothing() {
    let (mut harness, epoch) = harness();
    harness.call((8, MOVE), epoch, &[0, 2, 20]);
    assert_eq!(heard(&mut harness), [""; 0]);
    for nonce in 0..300 {
        let hello = HostHello {
            wire: 1,
            nonce,
            session: nonce,
            host_nonce: [nonce as u8; 8],
            message_max: 30,
            ..HostHello::default()
        };
        harness.plain(&HostMessage::Hello(hello));
        // The answers are for someone else's keys.
        for bytes in harness.hear_raw() {
            let Some(DeviceMessage::Hello(hello)) = message::read(&bytes) else { panic!() };
            assert!(hello.keyed);
        }
    }
    assert_eq!(harness.tools.stopped, []);
    harness.tools.complete.push_back((harness.tools.pending[0], 10));
    assert_eq!(heard(&mut harness), [fan_done(8)], "the session goes on, its answers are tagged");
    harness.call((9, FAN), epoch, &[0, 2, 20]);
    assert_eq!(heard(&mut harness), [fan_done(9)]);
}

#[test]
fn a_recorded_session_cannot_be_replayed_in_full() {
    let (mut first, epoch) = harness();
    for id in 8..12 {
        first.call((id, FAN), epoch, &[0, 2, 20]);
        assert_eq!(heard(&mut first).len(), 1);
    }
    let record: Vec<Vec<u8>> =
        first.said.iter().filter(|said| said.by_host).map(|said| said.bytes.clone()).collect();
    // Against the same device, and against it after a restart, when its nonce is another one.
    let restarted = Config { nonce: NONCE + 1, ..config() };
    let second = LinkHarness::new(restarted, &TOOLS, Bench::default());
    for mut harness in [first, second] {
        let entered = harness.tools.entered.len();
        for frame in &record {
            harness.push(frame);
        }
        for bytes in harness.hear_raw() {
            assert!(matches!(message::read(&bytes), Some(DeviceMessage::Hello(_))), "{bytes:?}");
        }
        assert_eq!(harness.tools.entered.len(), entered);
    }
}

#[test]
fn a_new_session_begins_with_its_first_tagged_message() {
    let (mut harness, epoch) = harness();
    harness.call((8, MOVE), epoch, &[0, 2, 20]);
    heard(&mut harness);
    let old = harness.keys;
    harness.host_nonce = *b"otherone";
    harness.send_hello(SESSION + 1);
    assert_eq!(harness.tools.stopped, [], "a hello alone ends nothing");
    let new = core::mem::replace(&mut harness.keys, old);
    harness.send(&HostMessage::Ping { nonce: 1 });
    assert_eq!(harness.hear_raw().len(), 1, "the old session is still in force");
    harness.keys = new;
    harness.send(&HostMessage::Ping { nonce: 2 });
    assert_eq!(heard(&mut harness).len(), 1);
    assert_eq!(harness.tools.stopped.len(), 1, "the calls of the old one are over");
    harness.keys = old;
    harness.send(&HostMessage::Ping { nonce: 3 });
    assert_eq!(harness.hear_raw(), [[]; 0], "and the old keys are");
}

#[test]
fn nothing_is_said_before_there_is_a_session_but_hello() {
    let mut harness = LinkHarness::new(config(), &TOOLS, Bench::default());
    harness.tools.events.push_back("too early");
    assert_eq!(harness.hear_raw(), [[]; 0]);
    harness.send_hello(SESSION);
    harness.send(&HostMessage::Ping { nonce: 1 });
    assert_eq!(heard(&mut harness).len(), 1);
    harness.tools.events.push_back("in time");
    assert_eq!(heard(&mut harness), ["Event { seq: 1, tool: 0, text: \"in time\", what: 0 }"]);
    harness.device.announce();
    let heard = heard(&mut harness);
    assert!(heard.len() == 1 && heard[0].starts_with("Hello"), "{heard:?}");
}

#[test]
fn an_untagged_hello_keeps_no_link_alive() {
    let mut harness =
        LinkHarness::new(Config { link_ms: 100, ..config() }, &TOOLS, Bench::default());
    harness.send_hello(SESSION);
    assert!(!harness.device.is_linked());
    harness.send(&HostMessage::Ping { nonce: 1 });
    harness.hear();
    assert!(harness.device.is_linked());
    for now in 0..150 {
        harness.now = now;
        harness
            .plain(&HostMessage::Hello(HostHello { host_nonce: [3; 8], ..HostHello::default() }));
        harness.hear_raw();
    }
    assert_eq!(harness.tools.losses, [100]);
}

#[test]
fn a_key_is_set_only_while_a_person_holds_the_input() {
    let provisioned = |code| format!("Provisioned {{ code: {code} }}");
    let mut harness = LinkHarness::new(Config { nonce: NONCE, ..CONFIG }, &TOOLS, Bench::default());
    let epoch = harness.send_hello(SESSION);
    let provision = HostMessage::Provision { op: 0, key: KEY.0 };
    harness.send(&provision);
    assert_eq!(heard(&mut harness), [provisioned(1)]);
    harness.tools.held = true;
    harness.send(&HostMessage::Provision { op: 7, key: KEY.0 });
    assert_eq!(heard(&mut harness), [provisioned(3)]);
    assert_eq!(harness.tools.stored, None);
    harness.send(&provision);
    assert_eq!(heard(&mut harness), [provisioned(0)]);
    assert_eq!(harness.tools.stored, Some(Some(KEY.0)));
    harness.tools.held = false;
    // From here on nothing without a tag.
    harness.call((8, FAN), epoch, &[0, 2, 20]);
    assert_eq!(harness.hear_raw(), [[]; 0]);
    harness.keys = Some(HostKeys::new(KEY.0));
    let keyed = harness.send_hello(SESSION);
    assert_ne!(keyed, epoch, "what was recorded before is of another epoch");
    harness.call((8, FAN), keyed, &[0, 2, 20]);
    assert_eq!(heard(&mut harness), [fan_done(8)]);
    // Erased by who holds the key and the input; then it is open again.
    harness.tools.held = true;
    harness.send(&HostMessage::Provision { op: 1, key: [0; 16] });
    assert_eq!(heard(&mut harness), [provisioned(0)]);
    harness.keys = None;
    harness.send_hello(SESSION);
    harness.send(&HostMessage::Ping { nonce: 1 });
    assert_eq!(heard(&mut harness).len(), 1);
}

#[test]
fn a_lost_key_is_replaced_by_the_person_at_the_device() {
    let mut harness = LinkHarness::new(config(), &TOOLS, Bench::default());
    let other = [9; 16];
    harness.plain(&HostMessage::Provision { op: 0, key: other });
    assert_eq!(harness.hear_raw(), [[]; 0]);
    harness.tools.held = true;
    harness.plain(&HostMessage::Provision { op: 0, key: other });
    let heard: Vec<String> = harness.hear_raw().iter().map(|bytes| text(bytes)).collect();
    assert_eq!(heard, ["Provisioned { code: 0 }"]);
    harness.keys = Some(HostKeys::new(other));
    harness.send_hello(SESSION);
}

#[test]
fn a_device_without_a_nonce_takes_no_key() {
    let memory = vec![0; config().memory()].leak();
    let mut line = [0; 8];
    let mut ring = trine_arena::Ring::new(&mut line);
    let (_, rx) = ring.split();
    let error = Device::new(Config { nonce: 0, ..config() }, memory, rx, &TOOLS).unwrap_err();
    assert_eq!(error, InitError::Nonce);
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Bench::default());
    harness.send_hello(SESSION);
    harness.tools.held = true;
    harness.send(&HostMessage::Provision { op: 0, key: KEY.0 });
    assert_eq!(heard(&mut harness), ["Provisioned { code: 2 }"]);
}
