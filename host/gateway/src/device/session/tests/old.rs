//! A device of version 0. Its bytes were recorded when there was no other version.

use trine_board::tools::{FAN_SET, TIMER_START, TOOLS};
use trine_descriptor::ToolTable;
use trine_wire::message::{self, Hello};

use super::play::{HELLO, Play, number};
use crate::device::State;
use crate::link::{Frames, Framing};
use crate::middleware::capture::unhex;

/// Frame by frame: see the file.
const RECORDED: &str = include_str!("version-0.hex");

fn old() -> Play {
    Play::online(Hello { wire: 0, session: 0, rx_bytes: 0, result_max: 0, features: 0, ..HELLO })
}

#[test]
fn its_recorded_bytes_are_served() {
    let mut play = Play::new();
    let mut frames = Frames::new(Framing::Stream);
    let recorded: Vec<_> = RECORDED.lines().filter(|line| !line.starts_with('#')).collect();
    let (answer, list) = recorded.split_last().unwrap();
    let mut hear = |play: &mut Play, frame: &str| {
        let (session, now) = (&mut play.session, play.now);
        frames.feed(&unhex(frame).unwrap(), &mut |found| session.found(found, now));
    };
    for frame in list {
        hear(&mut play, frame);
    }
    assert_eq!(play.session.state(), State::Online);
    assert_eq!(play.session.identity.as_ref().unwrap().serial, "old-1");
    assert_eq!(play.session.table.as_ref().unwrap().count(), 11);
    play.call(FAN_SET, 1);
    let said = play.said();
    // The call guard is the hash alone, and no member of a later version follows.
    let check = format!("check: {:?}", message::check(TOOLS.hash(FAN_SET), 0, 0));
    let call = said.last().unwrap();
    assert!(call.contains(&check) && number(call, "id: ") == 64, "{call}");
    hear(&mut play, answer);
    assert_eq!(play.ends(), [(1, "Value([0, 2, 80])".to_owned())]);
    assert_eq!(frames.bad(), 0);
}

#[test]
fn only_what_is_repeatable_is_sent_again() {
    let mut play = old();
    play.call(TIMER_START, 1);
    play.call(FAN_SET, 2);
    let ids = play.calls();
    play.pass(1_000);
    assert_eq!(play.calls(), ids[1..]);
    play.session.lost("pulled", play.now);
    assert_eq!(play.ends(), [(1, "Failed(Lost)".to_owned())]);
    play.plug();
    play.send_hello();
    play.pass(1);
    assert_eq!(play.calls(), ids[1..]);
}

#[test]
fn it_gets_a_hello_where_a_later_one_gets_a_ping() {
    let mut play = old();
    play.pass(2_500);
    let said = play.said();
    assert!(said.iter().all(|said| said.starts_with("Hello")) && !said.is_empty(), "{said:?}");
}
