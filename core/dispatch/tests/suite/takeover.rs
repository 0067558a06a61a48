//! A device that two hosts greet in turn: what one of them sent before runs nothing afterwards.

use std::collections::HashSet;

use proptest::prelude::*;
use trine_dispatch::Config;
use trine_wire::message::{self, Call, HostMessage};

use crate::bench::{Bench, CONFIG, FAN, SESSION, TOOLS, call_of};
use crate::harness::{LinkHarness, text};

/// The other host's session.
const OTHER: u32 = SESSION ^ 0x5555_5555;

fn heard(harness: &mut LinkHarness<Bench>) -> Vec<String> {
    harness.hear().iter().map(|bytes| text(bytes)).collect()
}

fn call(harness: &mut LinkHarness<Bench>, epoch: u32, session: u32) -> Vec<String> {
    let check = message::check(trine_descriptor::ToolTable::hash(&TOOLS, FAN), epoch, session);
    harness.send(&HostMessage::Call(Call { check, ..call_of(0, FAN, &[0, 2, 20]) }));
    heard(harness)
}

#[test]
fn a_call_of_before_another_host_came_does_not_run_again_when_the_first_one_is_back() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Bench::default());
    let epoch = harness.send_hello(SESSION);
    assert!(call(&mut harness, epoch, SESSION)[0].contains("Done"));
    harness.send_hello(OTHER);
    harness.send_hello(SESSION);
    // The same bytes under the same session: the slots that knew them are forgotten.
    let again = call(&mut harness, epoch, SESSION);
    assert!(again[0].contains("Stale"), "{again:?}");
    assert_eq!(harness.tools.entered.len(), 1);
}

#[test]
fn a_host_that_is_displaced_learns_it_from_the_epoch_and_one_that_greets_again_keeps_it() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Bench::default());
    let first = harness.send_hello(SESSION);
    assert_eq!(harness.send_hello(SESSION), first, "a lost link changes nothing");
    let second = harness.send_hello(OTHER);
    let third = harness.send_hello(SESSION);
    assert_eq!(HashSet::from([first, second, third, 0]).len(), 4);
}

#[test]
fn an_epoch_that_two_divides_often_is_made_odd_at_a_takeover() {
    let config = Config { epoch: 1 << 30, ..CONFIG };
    let mut harness = LinkHarness::new(config, &TOOLS, Bench::default());
    assert_eq!([SESSION, OTHER].map(|it| harness.send_hello(it)), [1 << 30, 0x92D2_A7D9]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_boot_counter_and_no_number_of_takeovers_repeats_an_epoch(
        boots in prop_oneof![
            1..2_000_u32,
            any::<u32>().prop_map(|boot| boot.max(1)),
            // Multiples of large powers of two, which a plain product leads round a short circle.
            (16..32_u32, 1..8_u32).prop_map(|(power, odd)| (odd | 1) << power),
        ],
        takeovers in 1..60_u32,
    ) {
        let mut seen = HashSet::new();
        for boot in boots..boots.saturating_add(20) {
            let config = Config { epoch: boot, ..CONFIG };
            let mut harness = LinkHarness::new(config, &TOOLS, Bench::default());
            for turn in 0..takeovers {
                let session = if turn % 2 == 0 { SESSION } else { OTHER };
                let epoch = harness.send_hello(session);
                prop_assert!(epoch != 0 && seen.insert(epoch), "{boot} {turn} {epoch}");
            }
        }
    }
}

#[cfg(feature = "secure")]
mod keyed {
    use trine_dispatch::Key;
    use trine_wire::message::{DeviceMessage, HostHello};
    use trine_wire::secure::HostKeys;

    use super::*;

    const KEY: Key = Key(*b"sixteen byte key");

    fn config() -> Config<'static> {
        Config { key: Some(KEY), nonce: 0x0102_0304_0506_0708, epoch: 0, ..CONFIG }
    }

    #[test]
    fn an_offer_names_the_epoch_that_its_session_will_have() {
        let mut harness = LinkHarness::new(config(), &TOOLS, Bench::default());
        let first = harness.send_hello(SESSION);
        assert!(call(&mut harness, first, SESSION)[0].contains("Done"));
        let old = harness.keys;
        harness.host_nonce = *b"otherone";
        harness.keys = Some(HostKeys::new(KEY.0));
        let second = harness.send_hello(OTHER);
        assert_ne!(second, first);
        // The session in force has its epoch until the other one begins.
        let other = core::mem::replace(&mut harness.keys, old);
        harness.send(&HostMessage::Ping { nonce: 1 });
        assert_eq!(heard(&mut harness), [format!("Pong {{ nonce: 1, epoch: {first} }}")]);
        harness.keys = other;
        let done = call(&mut harness, second, OTHER);
        assert!(done[0].contains("Done"), "{done:?}");
        assert_eq!(harness.tools.entered.len(), 2);
    }

    #[test]
    fn a_hello_with_the_same_nonce_and_other_values_replaces_no_offer() {
        let mut harness = LinkHarness::new(config(), &TOOLS, Bench::default());
        let epoch = harness.send_hello(SESSION);
        // What was offered to the host is offered to it still, whatever else is said in its name.
        harness.plain(&HostMessage::Hello(HostHello {
            wire: 1,
            nonce: 7,
            session: OTHER,
            message_max: 30,
            host_nonce: harness.host_nonce,
            ..HostHello::default()
        }));
        assert_eq!(harness.hear_raw().len(), 1);
        let done = call(&mut harness, epoch, SESSION);
        assert!(done[0].contains("Done"), "{done:?}");
    }

    #[test]
    fn a_hello_of_another_between_the_offer_and_its_first_message_ends_no_offer() {
        let mut harness = LinkHarness::new(config(), &TOOLS, Bench::default());
        let epoch = harness.send_hello(SESSION);
        let stranger = HostHello { session: OTHER, host_nonce: [9; 8], ..HostHello::default() };
        harness.plain(&HostMessage::Hello(stranger));
        assert_eq!(harness.hear_raw().len(), 1);
        assert!(call(&mut harness, epoch, SESSION)[0].contains("Done"));
    }

    #[test]
    fn the_answer_to_a_hello_tells_which_hello_it_answers() {
        let mut harness = LinkHarness::new(config(), &TOOLS, Bench::default());
        let hello = HostHello { wire: 1, nonce: 7, session: SESSION, ..HostHello::default() };
        let mut digests = HashSet::new();
        for hello in [
            HostHello { host_nonce: [1; 8], ..hello },
            HostHello { host_nonce: [1; 8], message_max: 30, ..hello },
            HostHello { host_nonce: [1; 8], flags: 1, ..hello },
        ] {
            let mut bytes = [0; 64];
            let len = message::write(&HostMessage::Hello(hello), &mut bytes).unwrap();
            harness.send_raw(&bytes[..len]);
            let heard = harness.hear_raw();
            let Some(DeviceMessage::Hello(answer)) = message::read(&heard[0]) else { panic!() };
            let mut keys = HostKeys::new(KEY.0);
            assert!(keys.hello_answered([1; 8], answer.challenge, &heard[0]).is_some());
            assert_eq!(Some(answer.hello_digest), keys.hello_digest(&bytes[..len]));
            digests.insert(answer.hello_digest);
            // It is the whole hello that counts, and each of its bytes.
            for at in 0..len {
                let mut other = bytes;
                other[at] ^= 1;
                assert_ne!(Some(answer.hello_digest), keys.hello_digest(&other[..len]));
            }
        }
        assert_eq!(digests.len(), 3);
    }
}
