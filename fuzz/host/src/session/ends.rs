//! Who waits for the ends of calls, and what must hold of each.

use std::sync::{Mutex, MutexGuard};

use trine_descriptor::record::Decoder;
use trine_descriptor::{Scalar, ValueReader};
use trine_gateway::device::{Asked, Cost, Waiter};
use trine_mcp::{Block, Outcome};
use trine_wire::message::input::{Records, Request};

use crate::harmless::{is_line, is_text};

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stand {
    UnderWay,
    GivenUp,
    Ended,
}

/// All calls, by their tags.
#[derive(Debug, Default)]
pub(super) struct Ends(Mutex<Vec<Stand>>);

impl Ends {
    fn all(&self) -> MutexGuard<'_, Vec<Stand>> {
        self.0.lock().expect("no one panics with it")
    }

    /// The tag of a new call.
    pub(super) fn tag(&self) -> u64 {
        let mut all = self.all();
        all.push(Stand::UnderWay);
        all.len() as u64 - 1
    }

    /// Its client has given it up: it must not end any more.
    pub(super) fn give_up(&self, tag: u64) {
        let stand = &mut self.all()[tag as usize];
        *stand = if *stand == Stand::Ended { Stand::Ended } else { Stand::GivenUp };
    }

    pub(super) fn has_ended(&self, tag: u64) -> bool {
        self.all()[tag as usize] == Stand::Ended
    }

    /// How many have not ended and were not given up.
    pub(super) fn under_way(&self) -> usize {
        self.all().iter().filter(|stand| **stand == Stand::UnderWay).count()
    }

    fn end(&self, tag: u64) {
        let before = std::mem::replace(&mut self.all()[tag as usize], Stand::Ended);
        assert_eq!(before, Stand::UnderWay, "call {tag} ends");
    }
}

impl Waiter for Ends {
    fn done(&self, tag: u64, outcome: Outcome<'_>, _: Cost) {
        self.end(tag);
        match outcome {
            Outcome::Error(text) => assert!(is_line(text), "{text:?}"),
            Outcome::Value(value) => entries(value),
            Outcome::Content(blocks) => blocks.iter().for_each(block),
            _ => {}
        }
    }

    fn progress(&self, tag: u64, _: (u32, u32), text: &str) -> bool {
        assert_eq!(self.all()[tag as usize], Stand::UnderWay, "call {tag} goes on");
        assert!(is_line(text), "{text:?}");
        true
    }

    fn log(&self, tag: u64, _: u8, text: &str) {
        assert_eq!(self.all()[tag as usize], Stand::UnderWay, "call {tag} goes on");
        assert!(is_line(text), "{text:?}");
    }

    fn needs_input(&self, tag: u64, asked: &Asked<'_>, _: Cost) {
        self.end(tag);
        let mut records = Records::new(asked.requests).expect("what is passed on can be read");
        while records.left() > 0 {
            let request: Request<'_> = records.record().expect("what is passed on can be read");
            assert!(is_line(request.name) && is_text(request.message), "{request:?}");
            let mut nodes = Decoder::new(request.nodes);
            for _ in 0..nodes.count().expect("a count") {
                let node = nodes.node().expect("a node");
                assert!([node.name, node.description, node.unit].into_iter().all(is_line));
            }
        }
    }
}

fn entries(value: &[u8]) {
    let mut reader = ValueReader::new(value);
    while let Some(entry) = reader.entry().expect("a result was checked") {
        if let Scalar::Text(text) = entry.value {
            assert!(is_text(text), "{text:?}");
        }
    }
}

fn block(block: &Block<'_>) {
    match block {
        Block::Text(text) => assert!(is_text(text), "{text:?}"),
        Block::Image { mime, .. } | Block::Audio { mime, .. } => assert!(is_line(mime)),
        Block::Link { uri, name, mime, description } => {
            assert!([uri, name, mime, description].into_iter().all(|text| is_line(text)));
        }
        Block::Embedded { uri, mime, .. } => assert!(is_line(uri) && is_line(mime)),
        Block::Structured(value) => entries(value),
        _ => {}
    }
}
