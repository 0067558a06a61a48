//! Devices that say what no device should.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use trine_board::tools::TOOLS;
use trine_descriptor::{ToolTable, record};
use trine_mcp::Outcome;
use trine_wire::message::{self, DeviceMessage, Hello, Outcome as Said};

use super::super::{CallRequest, DeviceSession};
use super::play::HELLO;
use crate::device::State;
use crate::device::calls::{Cost, Extra, Waiter};
use crate::link::{FrameEvent, Framing, Line};
use crate::settings::Settings;
use crate::table::Table;

#[derive(Default)]
struct Ends(AtomicU32);

impl Waiter for Ends {
    fn done(&self, _: u64, _: Outcome<'_>, _: Cost) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// An unasked hello of a device that knows the session.
fn hello(session: &DeviceSession, table_hash: u64) -> Hello<'static> {
    Hello { table_hash, session: session.number, ..HELLO }
}

fn list() -> Vec<u8> {
    let mut list = vec![0; record::page(&TOOLS, 0, &mut [])];
    record::page(&TOOLS, 0, &mut list);
    list
}

fn say(session: &mut DeviceSession, message: &DeviceMessage<'_>, now: u64) {
    let mut bytes = vec![0; 8 * 1024];
    let len = message::write(message, &mut bytes).unwrap();
    session.found(FrameEvent::Message(&bytes[..len], len as u32), now);
}

/// A session with a device that has shown its tools.
fn online() -> DeviceSession {
    let mut session = DeviceSession::new(Settings::none());
    session.linked(Line::Link(Box::new(std::io::sink()), Framing::Stream), 0);
    let hello = hello(&session, record::table_hash(&TOOLS));
    say(&mut session, &DeviceMessage::Hello(hello), 1);
    let list = list();
    let total = list.len() as u32;
    for (at, bytes) in list.chunks(100).enumerate() {
        let offset = at as u32 * 100;
        say(&mut session, &DeviceMessage::Page { offset, total, bytes, what: 0 }, 2);
    }
    assert_eq!(session.state(), State::Online);
    session
}

fn call(session: &mut DeviceSession, waiter: &Arc<dyn Waiter>, tool: u16, now: u64) {
    let info = TOOLS.info(tool).unwrap();
    let (hash, args) = (TOOLS.hash(tool), &[0, 2, 8][..]);
    let extra = Extra::default();
    session.call(&CallRequest { info, tool, hash, args, extra, now, waiter, tag: 0 });
}

#[test]
fn a_list_that_is_not_what_was_announced_is_refused_once() {
    let list = list();
    let total = list.len() as u32;
    let wrong: [(u64, u32, &[u8]); 4] =
        [(1, total, &list), (2, total - 1, &list), (3, u32::MAX, &list[..10]), (4, total, &[])];
    for (table_hash, total, bytes) in wrong {
        let mut session = DeviceSession::new(Settings::none());
        session.linked(Line::Link(Box::new(std::io::sink()), Framing::Stream), 0);
        for _ in 0..2 {
            let hello = hello(&session, table_hash);
            say(&mut session, &DeviceMessage::Hello(hello), 1);
            say(&mut session, &DeviceMessage::Page { offset: 0, total, bytes, what: 0 }, 2);
        }
        let State::Offline(why) = session.state() else { panic!("{:?}", session.state()) };
        assert!(why.contains("its list of tools"), "{why}");
        assert!(session.listing.is_none());
    }
}

#[test]
fn a_device_of_another_version_is_refused_with_both() {
    let mut session = DeviceSession::new(Settings::none());
    session.linked(Line::Link(Box::new(std::io::sink()), Framing::Stream), 0);
    say(&mut session, &DeviceMessage::Hello(Hello { wire: 9, ..HELLO }), 1);
    let State::Offline(why) = session.state() else { panic!("{:?}", session.state()) };
    assert!(why.contains("version 9") && why.contains("update"), "{why}");
}

#[test]
fn every_call_ends_once_whatever_the_device_says() {
    let ends = Arc::new(Ends::default());
    let waiter: Arc<dyn Waiter> = Arc::clone(&ends) as _;
    let mut session = online();
    let (mut random, mut now, mut made) = (7u32, 3u64, 0);
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        random
    };
    for _ in 0..60_000 {
        now += u64::from(next() % 50);
        let (id, offset) = (next() % 600, next() % 300);
        let bytes = [3u8; 200];
        let bytes = &bytes[..next() as usize % 200];
        let outcome = match next() % 9 {
            0 => Said::Done { value: bytes },
            1 => Said::Fault { code: next() as u8, node: next() as u16, bound: i64::MIN },
            2 => Said::Failed { text: "no" },
            3 => Said::Stale,
            4 => Said::NeedsPerson { consent: next() as u8 },
            5 => Said::Busy,
            6 => Said::BadResult { code: 0, node: 0 },
            7 => Said::Content { mime: "image/png", len: next() % 400 },
            _ => Said::Content { mime: "", len: u32::MAX },
        };
        match next() % 12 {
            0..=3 => {
                made += 1;
                call(&mut session, &waiter, next() as u16 % 11, now);
            }
            4..=6 => say(&mut session, &DeviceMessage::Result { id, outcome }, now),
            7 => say(&mut session, &DeviceMessage::Chunk { id, offset, bytes, block: 0 }, now),
            8 => say(&mut session, &DeviceMessage::Page { offset, total: id, bytes, what: 0 }, now),
            9 if next() % 40 == 0 => {
                let (epoch, table_hash) = (next(), record::table_hash(&TOOLS));
                let session_number = if next() % 4 == 0 { next() } else { session.number };
                let hello = Hello { epoch, table_hash, session: session_number, ..HELLO };
                say(&mut session, &DeviceMessage::Hello(hello), now);
            }
            10 if next() % 40 == 0 => {
                session.lost("the cable was pulled", now);
                session.linked(Line::Link(Box::new(std::io::sink()), Framing::Stream), now);
            }
            _ => session.tick(now),
        }
        // Bytes that are no message at all.
        let noise = next().to_le_bytes();
        session.found(FrameEvent::Message(&noise, 6), now);
        session.deferred.clear();
    }
    session.close();
    assert_eq!(ends.0.load(Ordering::Relaxed), made);
    assert_eq!((session.calls.len(), session.calls.waiting, session.calls.contents), (0, 0, 0));
}

#[test]
fn the_table_that_was_listed_is_the_one_of_the_device() {
    let session = online();
    let table: &Table = session.table.as_ref().unwrap();
    assert_eq!(table.count(), TOOLS.count());
}
