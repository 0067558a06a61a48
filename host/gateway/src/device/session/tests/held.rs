//! Calls that may not leave for the device yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use trine_board::tools::{FAN_SET, TOOLS};
use trine_descriptor::ToolTable as _;
use trine_mcp::Outcome;
use trine_wire::message::{DeviceMessage, Outcome as Said};

use super::play::{HELLO, Play, number};
use crate::device::calls::{CallRequest, Cost, Extra, Leave, Ticket, Waiter};
use crate::sync::lock;

const DONE: Said<'_> = Said::Done { value: &[0, 2, 8] };

/// Holds each call whose tag has no other answer, and notes what it was asked and how calls ended.
#[derive(Default)]
struct Holder {
    answers: Mutex<HashMap<u64, Leave>>,
    asked: Mutex<Vec<u64>>,
    ends: Mutex<Vec<(u64, String)>>,
}

impl Waiter for Holder {
    fn done(&self, tag: u64, outcome: Outcome<'_>, _: Cost) {
        lock(&self.ends).push((tag, format!("{outcome:?}")));
    }

    fn leaves(&self, tag: u64) -> Leave {
        lock(&self.asked).push(tag);
        lock(&self.answers).get(&tag).copied().unwrap_or(Leave::Later)
    }
}

impl Holder {
    fn answer(&self, tag: u64, leave: Leave) {
        lock(&self.answers).insert(tag, leave);
    }

    fn asked(&self) -> Vec<u64> {
        std::mem::take(&mut lock(&self.asked))
    }
}

fn call(play: &mut Play, holder: &Arc<Holder>, tool: u16, tag: u64) -> Option<Ticket> {
    let (info, hash) = (TOOLS.info(tool).unwrap(), TOOLS.hash(tool));
    let waiter: Arc<dyn Waiter> = Arc::clone(holder) as _;
    let (args, extra, now): (&[u8], _, _) = (&[0, 2, 8], Extra::default(), play.now);
    let waiter = &waiter;
    play.session.call(&CallRequest { info, tool, hash, args, extra, now, waiter, tag })
}

#[test]
fn a_call_is_held_until_it_may_leave_and_no_more_are_asked_than_there_are_slots() {
    let (mut play, holder) = (Play::online(HELLO), Arc::new(Holder::default()));
    for tag in 0..7 {
        call(&mut play, &holder, FAN_SET, tag);
    }
    assert_eq!((play.calls(), holder.asked()), (vec![], vec![0, 1, 2, 3]));
    // What is not held passes them.
    let own = play.call(FAN_SET, 100);
    assert!(own.is_some() && play.calls().is_empty(), "the slots are kept for those before it");
    holder.answer(1, Leave::Now);
    holder.answer(2, Leave::Never);
    play.session.let_go(play.now);
    let sent = play.calls();
    assert_eq!(sent.len(), 1);
    assert_eq!(holder.asked(), [0, 1, 2, 3, 4], "4 has the place of 2");
    // It left: it is not asked again, also where it is sent again.
    play.answer(sent[0], DONE);
    let ended: Vec<u64> = lock(&holder.ends).iter().map(|(tag, _)| *tag).collect();
    assert_eq!(ended, [1]);
    (0..7).for_each(|tag| holder.answer(tag, Leave::Now));
    play.session.let_go(play.now);
    assert_eq!(play.calls().len(), 4);
    assert_eq!(play.session.calls.len(), 6, "0, 3, 4, 5, 6 and the one that no one holds");
}

#[test]
fn a_call_that_is_cancelled_or_expires_while_it_is_held_was_not_sent() {
    let (mut play, holder) = (Play::online(HELLO), Arc::new(Holder::default()));
    let ticket = call(&mut play, &holder, FAN_SET, 1).unwrap();
    call(&mut play, &holder, FAN_SET, 2);
    play.session.cancel(ticket, play.now);
    for _ in 0..60 {
        play.pass(1_000);
        let said = play.said();
        let ping = said.iter().find(|said| said.starts_with("Ping"));
        if let Some(ping) = ping {
            let nonce = number(ping, "nonce: ");
            play.say(&DeviceMessage::Pong { nonce, epoch: 5 });
        }
        assert!(!said.iter().any(|said| said.starts_with("Call")), "{said:?}");
    }
    assert_eq!(*lock(&holder.ends), [(2, "Failed(Busy)".to_owned())]);
    holder.answer(3, Leave::Now);
    call(&mut play, &holder, FAN_SET, 3);
    assert_eq!(play.calls().len(), 1);
}

#[test]
fn a_call_that_may_have_run_is_lost_when_the_program_ends_and_not_offline() {
    let mut play = Play::online(HELLO);
    play.call(FAN_SET, 1);
    assert_eq!(play.calls().len(), 1);
    // The device restarts with other tools: until they are known, the call waits to be made again.
    play.hello.epoch = 6;
    play.hello.table_hash = 1;
    play.say(&DeviceMessage::Pong { nonce: 0, epoch: 6 });
    play.send_hello();
    play.call(FAN_SET, 2);
    assert_eq!((play.calls(), play.ends()), (vec![], vec![]));
    play.session.close();
    let mut ends = play.ends();
    ends.sort();
    assert_eq!(ends, [(1, "Failed(Lost)".to_owned()), (2, "Failed(Offline)".to_owned())]);
}
