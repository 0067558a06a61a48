//! What a person agrees to is for the client that asked.

use trine_board::tools::TOOLS;
use trine_descriptor::{Consent, ToolTable as _};
use trine_wire::message::Outcome as Said;

use super::play::{HELLO, Play};

const VALVE: &[u8] = &[0, 4, 0];
const OTHER: &[u8] = &[0, 4, 1];

/// A tool for which a person has to agree.
fn valve_open() -> u16 {
    let needs = |tool: &u16| TOOLS.info(*tool).is_some_and(|it| it.name == "valve_open");
    (0..TOOLS.count()).find(needs).unwrap()
}

/// A call of a client that the device refuses for want of a person.
fn refused(play: &mut Play, client: u64, args: &[u8]) {
    play.call_as(client, valve_open(), args, client);
    let calls = play.calls();
    play.answer(calls[0], Said::NeedsPerson { consent: Consent::Elicit as u8 });
    assert!(play.ends()[0].1.contains("NeedsPerson"));
}

#[test]
fn the_same_call_of_another_client_is_refused_and_not_sent() {
    let mut play = Play::online(HELLO);
    refused(&mut play, 1, VALVE);
    play.call_as(2, valve_open(), VALVE, 2);
    assert!(play.calls().is_empty(), "the device would take it for the other's");
    let ends = play.ends();
    assert_eq!(ends.len(), 1);
    assert!(ends[0].1.contains("NeedsPerson(Elicit)"), "{ends:?}");
    // Another call of the other client is its own matter.
    refused(&mut play, 2, OTHER);
    play.call_as(1, valve_open(), OTHER, 3);
    assert!(play.calls().is_empty());
    // The person agrees, and the client that asked makes its call.
    play.ends();
    play.call_as(1, valve_open(), VALVE, 4);
    let calls = play.calls();
    play.answer(calls[0], Said::Failed { text: "the tank is empty" });
    assert!(play.ends()[0].1.contains("the tank is empty"));
    // Now it is anyone's turn.
    refused(&mut play, 2, VALVE);
}

#[test]
fn a_client_that_does_not_come_back_keeps_no_one_from_asking() {
    let mut play = Play::online(HELLO);
    refused(&mut play, 1, VALVE);
    play.now += 119_000;
    play.said();
    play.call_as(2, valve_open(), VALVE, 2);
    assert!(play.calls().is_empty(), "an agreement of the first may still hold");
    play.now += 2_000;
    play.ends();
    play.said();
    refused(&mut play, 2, VALVE);
}

#[test]
fn calls_that_wait_have_a_bound_and_the_oldest_is_forgotten() {
    let mut play = Play::online(HELLO);
    for client in 1..=17 {
        refused(&mut play, client, &[0, 4, client as u8]);
    }
    let mut sent = |client, args: &[u8]| {
        play.call_as(client, valve_open(), args, 99);
        let calls = play.calls();
        play.ends();
        !calls.is_empty()
    };
    assert!(sent(30, &[0, 4, 1]), "the first is forgotten");
    assert!(!sent(31, &[0, 4, 17]) && !sent(32, &[0, 4, 2]));
}
