//! A device of version 1: what is asked again, what is made again, and what is never repeated.

use trine_board::tools::{CAMERA_SNAP, FAN_SET, SENSOR_READ, TIMER_START, TOOLS};
use trine_descriptor::ToolTable;
use trine_wire::message::{self, DeviceMessage, Hello, Outcome as Said};

use super::super::protocol::DeviceProtocol;
use super::play::{HELLO, Play, number};
use crate::device::State;

const DONE: Said<'_> = Said::Done { value: &[0, 2, 8] };

#[test]
fn no_more_calls_are_in_flight_than_there_are_slots() {
    let mut play = Play::online(HELLO);
    for tag in 0..6 {
        play.call(FAN_SET, tag);
    }
    assert_eq!(play.calls(), [4, 5, 6, 7]);
    play.answer(6, DONE);
    assert_eq!((play.calls(), play.ends().len()), (vec![10], 1));
    // A late second answer is no one's.
    play.answer(6, DONE);
    assert_eq!((play.calls(), play.ends()), (vec![], vec![]));
}

#[test]
fn no_more_bytes_are_on_their_way_than_the_device_takes() {
    let mut play = Play::online(Hello { rx_bytes: 60, message_max: 40, calls_max: 64, ..HELLO });
    for tag in 0..20 {
        play.call(FAN_SET, tag);
    }
    let first = play.calls();
    assert!((1..=3).contains(&first.len()), "{first:?}");
    play.answer(first[0], DONE);
    assert!(!play.calls().is_empty());
}

#[test]
fn an_unanswered_call_is_sent_again_under_its_id_ever_more_slowly_and_ends_once() {
    let mut play = Play::online(HELLO);
    play.call(TIMER_START, 1);
    let id = play.calls()[0];
    let mut times = Vec::new();
    for _ in 0..10_000 {
        play.pass(1);
        let calls = play.calls();
        assert!(calls.iter().all(|&again| again == id));
        times.extend(calls.iter().map(|_| play.now));
        if play.session.state() != super::super::State::Online {
            break;
        }
    }
    let pauses: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(times.len() >= 3 && pauses.is_sorted(), "{times:?}");
    assert!(times.len() < 10, "a storm: {times:?}");
    assert_eq!(play.ends(), []);
}

#[test]
fn a_call_that_the_device_has_waits_and_receives_its_progress() {
    let mut play = Play::online(HELLO);
    play.call(SENSOR_READ, 3);
    let id = play.calls()[0];
    for (done, total, text) in [(0, 0, ""), (2, 5, "cooling"), (0, 0, "still")] {
        play.say(&DeviceMessage::Progress { id, done, total, text });
    }
    let told = [(3, "2/5 cooling".to_owned()), (3, "0/0 still".to_owned())];
    assert_eq!(play.ends(), told);
    play.answer(id, DONE);
    play.say(&DeviceMessage::Progress { id, done: 5, total: 5, text: "late" });
    assert_eq!(play.ends().len(), 1);
}

#[test]
fn a_cable_that_is_pulled_and_plugged_in_again_loses_no_call() {
    let mut play = Play::online(HELLO);
    play.call(TIMER_START, 1);
    play.call(FAN_SET, 2);
    let ids = play.calls();
    play.session.lost("pulled", play.now);
    play.pass(500);
    // A call that was not sent can be refused at once.
    play.call(FAN_SET, 3);
    assert_eq!(play.ends(), [(3, "Failed(Offline)".to_owned())]);
    play.plug();
    play.send_hello();
    play.pass(1);
    assert_eq!(play.calls(), ids);
    play.answer(ids[0], DONE);
    play.answer(ids[1], DONE);
    assert_eq!(play.ends().len(), 2);
}

#[test]
fn after_a_restart_only_what_is_repeatable_is_made_again() {
    let mut play = Play::online(HELLO);
    play.call(TIMER_START, 1);
    play.call(FAN_SET, 2);
    play.call(CAMERA_SNAP, 3);
    let old = play.calls();
    play.hello.epoch = 6;
    // A pong tells of the restart; the hello after it says what the device is now.
    play.say(&DeviceMessage::Pong { nonce: 0, epoch: 6 });
    assert_eq!(play.ends(), []);
    play.send_hello();
    assert_eq!(play.ends(), [(1, "Failed(OutcomeUnknown)".to_owned())]);
    play.pass(1);
    let said = play.said();
    let again: Vec<_> = said.iter().filter(|said| said.starts_with("Call")).collect();
    assert_eq!(again.len(), 2, "{said:?} after {old:?}");
    // They are made for the new boot.
    let fan = again.iter().find(|said| number(said, "tool: ") == u32::from(FAN_SET)).unwrap();
    let session = play.session.number;
    let check = message::check(TOOLS.hash(FAN_SET), 6, session);
    assert!(fan.contains(&format!("check: {check:?}")), "{fan}");
}

#[test]
fn what_is_stale_gets_a_hello_and_is_sent_as_a_new_call() {
    let mut play = Play::online(HELLO);
    play.call(TIMER_START, 1);
    let id = play.calls()[0];
    play.answer(id, Said::Stale);
    play.call(FAN_SET, 2);
    // Nothing is sent to a device that does not know us.
    assert_eq!(play.ends(), []);
    play.send_hello();
    play.pass(1);
    let new = play.calls();
    assert!(new.len() == 2 && !new.contains(&id), "{new:?}");
    // One that was sent twice may have been run the first time.
    let timer = new[0];
    let mut is_sent_again = |_: &u32| {
        play.pass(1);
        play.calls().contains(&timer)
    };
    assert!((0..1_000).find(&mut is_sent_again).is_some(), "and not a third time");
    play.answer(timer, Said::Stale);
    assert_eq!(play.ends(), [(1, "Failed(OutcomeUnknown)".to_owned())]);
}

#[test]
fn what_a_restarted_device_refuses_is_not_sent_again_unless_that_does_no_harm() {
    let mut play = Play::online(HELLO);
    play.call(TIMER_START, 1);
    play.call(FAN_SET, 2);
    for id in play.calls() {
        play.answer(id, Said::Stale);
    }
    play.hello = Hello { epoch: 9, ..play.hello };
    play.send_hello();
    play.pass(1);
    // The link may have brought the call twice, and the device of before have run the first.
    assert_eq!(play.ends(), [(1, "Failed(OutcomeUnknown)".to_owned())]);
    assert_eq!(play.calls().len(), 1);
}

#[test]
fn what_stays_stale_ends() {
    let mut play = Play::online(HELLO);
    play.call(TIMER_START, 1);
    for _ in 0..20 {
        let Some(&id) = play.calls().last() else { break };
        play.answer(id, Said::Stale);
        play.send_hello();
        play.pass(1);
    }
    assert_eq!(play.ends(), [(1, "Failed(Stale)".to_owned())]);
}

#[test]
fn an_answer_that_is_lost_for_good_is_said_or_the_call_is_repeated() {
    let mut play = Play::online(HELLO);
    play.call(TIMER_START, 1);
    play.call(FAN_SET, 2);
    let ids = play.calls();
    play.answer(ids[0], Said::Forgotten);
    assert_eq!(play.ends(), [(1, "Failed(Forgotten)".to_owned())]);
    play.answer(ids[1], Said::Forgotten);
    let new = play.calls();
    assert!(new.len() == 1 && new != ids[1..], "{new:?}");
    play.answer(new[0], DONE);
    assert_eq!(play.ends().len(), 1);
}

#[test]
fn a_hole_in_content_makes_a_new_call_and_credit_follows_what_came() {
    let mut play = Play::online(HELLO);
    play.call(CAMERA_SNAP, 1);
    let mut id = play.calls()[0];
    let (len, bytes) = (40_000, vec![7; 1_000]);
    for try_ in 0..2 {
        play.answer(id, Said::Content { mime: "image/png", len });
        for offset in (0..len).step_by(1_000) {
            if try_ == 0 && offset == 9_000 {
                continue;
            }
            play.say(&DeviceMessage::Chunk { id, offset, bytes: &bytes, block: 0 });
        }
        let said = play.said();
        if try_ == 0 {
            assert!(said.iter().any(|said| *said == format!("Cancel {{ id: {id} }}")), "{said:?}");
            let again = said.iter().find(|said| said.starts_with("Call")).unwrap();
            id = number(again, "id: ");
        } else {
            let credits: Vec<_> = said.iter().filter(|said| said.starts_with("Credit")).collect();
            let upto: Vec<_> = credits.iter().map(|said| number(said, "upto: ")).collect();
            assert!(upto.is_sorted() && upto[0] > 16_384 && upto.len() >= 3, "{upto:?}");
        }
    }
    assert_eq!(play.ends(), [(1, "Content([Image(\"image/png\")])".to_owned())]);
}

#[test]
fn a_device_that_watches_its_link_gets_heartbeats_in_time() {
    let mut play = Play::online(Hello { link_ms: 400, ..HELLO });
    let mut last = play.now;
    let mut pings = 0;
    for _ in 0..3_000 {
        play.pass(1);
        for said in play.said() {
            assert!(play.now - last <= 400 / 3, "{} ms of silence", play.now - last);
            (last, pings) = (play.now, pings + 1);
            let nonce = number(&said, "nonce: ");
            play.say(&DeviceMessage::Pong { nonce, epoch: 5 });
        }
    }
    assert!((20..40).contains(&pings), "{pings} pings");
}

#[test]
fn a_device_that_restarts_its_slots_with_another_count_is_followed() {
    let mut play = Play::online(HELLO);
    play.call(FAN_SET, 1);
    play.hello = Hello { epoch: 9, calls_max: 2, ..play.hello };
    play.say(&DeviceMessage::Pong { nonce: 0, epoch: 9 });
    play.send_hello();
    play.pass(1);
    // The first call was number 4 of four slots; what is above that on two slots begins with 6.
    assert!(play.calls().iter().all(|&id| id / 2 == 3));
    for tag in 2..5 {
        play.call(FAN_SET, tag);
    }
    play.pass(1);
    assert_eq!(play.calls().len(), 1);
}

#[test]
fn an_answer_that_comes_after_another_host_took_the_device_is_not_believed() {
    let mut play = Play::online(HELLO);
    play.call(FAN_SET, 1);
    let id = play.calls()[0];
    // The device answers another host's hello: it is in that one's session, and so is its answer.
    let nonce = 99;
    play.say(&DeviceMessage::Hello(Hello { nonce, session: 0x4711, epoch: 6, ..play.hello }));
    play.answer(id, Said::Done { value: &[0, 2, 9] });
    assert_eq!(play.ends(), []);
    // The fan may be set twice, so it is called again.
    play.hello.epoch = 5_u32.wrapping_mul(0x9E37_79B5);
    play.send_hello();
    play.pass(1);
    let again = play.calls();
    assert!(again.len() == 1 && again[0] != id, "{again:?} after {id}");
    play.answer(again[0], Said::Done { value: &[0, 2, 8] });
    assert_eq!(play.ends(), [(1, "Value([0, 2, 8])".to_owned())]);
}

#[test]
fn an_epoch_that_a_takeover_makes_follows_the_old_one_and_the_next_number_does_not() {
    let of = |epoch| DeviceProtocol::new(&Hello { epoch, ..HELLO });
    for (old, new) in [(5, 5_u32.wrapping_mul(0x9E37_79B5)), (1 << 30, 0x92D2_A7D9)] {
        assert!(of(new).follows(&of(old)) && !of(old + 1).follows(&of(old)), "{old}");
        assert!(!of(old).follows(&of(old)), "{old}");
    }
}

#[test]
fn a_host_that_is_displaced_three_times_in_ten_seconds_stops_and_says_so() {
    let mut play = Play::online(HELLO);
    for round in 1..=3 {
        play.say(&DeviceMessage::Hello(Hello { nonce: 99, session: 0x4711, ..play.hello }));
        // The device is taken back; meanwhile it was another's.
        play.hello.epoch = play.hello.epoch.wrapping_mul(0x9E37_79B5);
        // From the second time on it leaves the device to the other one for a while.
        play.pass(700);
        play.send_hello();
        play.pass(200);
        let online = play.session.state() == State::Online;
        assert_eq!(online, round < 3, "{round}");
    }
    let State::Offline(why) = play.session.state() else { panic!() };
    assert!(why.contains("another program uses this link"), "{why}");
    play.said();
    play.pass(60_000);
    assert_eq!(play.said(), [""; 0], "it leaves the device alone");
    play.call(FAN_SET, 1);
    assert_eq!(play.ends(), [(1, "Failed(Offline)".to_owned())]);
    // A new cable is a new try.
    play.plug();
    play.send_hello();
    assert_eq!(play.session.state(), State::Online);
}

#[test]
fn a_device_that_says_many_times_at_once_that_it_has_started_gets_one_question() {
    let mut play = Play::online(HELLO);
    play.said();
    for epoch in [0, 5] {
        play.pass(50);
        play.said();
        for _ in 0..20 {
            let hello = Hello { nonce: 0, session: 0, epoch, ..play.hello };
            play.say(&DeviceMessage::Hello(hello));
        }
        let said = play.said();
        let asked = said.iter().filter(|message| message.starts_with("Hello(")).count();
        assert_eq!(asked, 1, "epoch {epoch}");
    }
}

#[test]
fn a_device_that_restarts_three_times_is_served_all_the_same() {
    let mut play = Play::online(HELLO);
    for boot in 1..=5 {
        play.say(&DeviceMessage::Hello(Hello { nonce: 0, session: 0, ..play.hello }));
        play.hello.epoch = 5 + boot;
        play.send_hello();
        assert_eq!(play.session.state(), State::Online);
    }
}

#[test]
fn an_outcome_of_a_later_version_ends_its_call_at_once_as_one_of_unknown_effect() {
    let mut play = Play::online(HELLO);
    for outcome in [15, 16, 200, 255] {
        play.call(FAN_SET, 1);
        let id = play.calls()[0];
        let mut bytes = vec![0; 16];
        let len = message::write(&DeviceMessage::Result { id, outcome: Said::Busy }, &mut bytes);
        bytes.truncate(len.unwrap());
        *bytes.last_mut().unwrap() = outcome;
        bytes.extend([1, 2, 3]);
        play.hear(&bytes);
        let ends = play.ends();
        assert!(ends.len() == 1 && ends[0].1.contains("outcome unknown"), "{ends:?}");
    }
}

#[test]
fn ids_of_two_hosts_begin_at_different_numbers() {
    let first_id = || {
        let mut play = Play::new();
        play.plug_as_new();
        play.hello = Hello { table_hash: trine_descriptor::record::table_hash(&TOOLS), ..HELLO };
        play.send_hello();
        play.list();
        play.call(FAN_SET, 1);
        play.calls()[0]
    };
    let ids: std::collections::BTreeSet<_> = (0..20).map(|_| first_id()).collect();
    // Three bytes each, and far apart.
    let are_in = ids.iter().all(|&id| (1 << 14..1 << 21).contains(&id));
    assert!(ids.len() > 18 && are_in, "{ids:?}");
}
