//! What can stand between a host and a device: layers around any byte or packet link.
//!
//! A [`Layer`] is told of each piece that goes either way and hands on what it will: a [`Tracer`]
//! writes down what it means, a [`Recorder`] keeps it, [`Faults`] hurts it. Layers know no clock,
//! no thread and no socket: time comes in as a value, so that the same layer serves a live port and
//! a test in virtual time, and does the same both times.
//!
//! A *piece* is what was written or read at once: some bytes of a stream, or one whole packet.

mod args;
pub mod capture;
pub mod conversation;
mod describe;
pub mod faults;
mod live;
mod replay;
mod trace;

pub use args::LinkArgs;
pub(crate) use args::Prepared;
pub use capture::Recorder;
pub use faults::{FaultPlan, Faults};
pub(crate) use replay::to_device as replay;
pub use replay::{Played, Replayed};
pub use trace::{LinkKind, Tracer};

use crate::error::Result;

/// Writes a line for every message of a capture.
///
/// # Errors
/// When the text is no capture.
pub fn trace(text: &str, out: impl std::io::Write) -> Result<()> {
    let mut tracer = Tracer::new(out, conversation::link_of(text)?, "");
    for entry in capture::read(text)? {
        tracer.take(entry.way, entry.at_ms * 1000, &entry.bytes);
    }
    Ok(())
}

/// Which way a piece goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the host to the device.
    ToDevice,
    /// From the device to the host.
    ToHost,
}

impl Direction {
    /// Both ways.
    pub const BOTH: [Self; 2] = [Self::ToDevice, Self::ToHost];

    /// As captures write it: `>` to the device, `<` to the host.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::ToDevice => '>',
            Self::ToHost => '<',
        }
    }
}

/// Takes pieces that a layer hands on.
pub type Out<'a> = &'a mut dyn FnMut(&[u8]);

/// One layer of a link. Times are microseconds from any start; they never fall.
pub trait Layer: Send {
    /// A piece has come: hands on through `out` what goes on at once.
    fn pass(&mut self, way: Direction, now_us: u64, piece: &[u8], out: Out<'_>);

    /// Hands on what was held back and is due by now.
    fn due(&mut self, way: Direction, now_us: u64, out: Out<'_>) {
        _ = (way, now_us, out);
    }

    /// When something that is held back is due, if anything is.
    fn next_due(&self) -> Option<u64> {
        None
    }
}

/// Layers in a row; the first is next to the host.
#[derive(Default)]
pub struct Layers(Vec<Box<dyn Layer>>);

impl std::fmt::Debug for Layers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Layers").field(&self.0.len()).finish()
    }
}

impl Layers {
    /// No layer: every piece goes through as it is.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The same with one more layer, next to the device.
    #[must_use]
    pub fn with(mut self, layer: impl Layer + 'static) -> Self {
        self.0.push(Box::new(layer));
        self
    }

    /// Adds a layer next to the device.
    pub fn push(&mut self, layer: Box<dyn Layer>) {
        self.0.push(layer);
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Layer for Layers {
    fn pass(&mut self, way: Direction, now_us: u64, piece: &[u8], out: Out<'_>) {
        through(&mut self.0, way, now_us, piece, out);
    }

    fn due(&mut self, way: Direction, now_us: u64, out: Out<'_>) {
        let mut rest = self.0.as_mut_slice();
        loop {
            // What a layer lets go passes the layers behind it.
            let split = match way {
                Direction::ToDevice => rest.split_first_mut(),
                Direction::ToHost => rest.split_last_mut(),
            };
            let Some((layer, behind)) = split else { return };
            layer.due(way, now_us, &mut |piece| through(behind, way, now_us, piece, out));
            rest = behind;
        }
    }

    fn next_due(&self) -> Option<u64> {
        self.0.iter().filter_map(|layer| layer.next_due()).min()
    }
}

/// Sends a piece through layers in the order of its way.
fn through(layers: &mut [Box<dyn Layer>], way: Direction, now_us: u64, piece: &[u8], out: Out<'_>) {
    let split = match way {
        Direction::ToDevice => layers.split_first_mut(),
        Direction::ToHost => layers.split_last_mut(),
    };
    match split {
        Some((layer, rest)) => {
            layer.pass(way, now_us, piece, &mut |piece| through(rest, way, now_us, piece, out));
        }
        None => out(piece),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts its mark behind each piece and holds every second one back for 10 us.
    struct Mark(u8, bool, Option<(u64, Vec<u8>)>);

    impl Layer for Mark {
        fn pass(&mut self, _: Direction, now_us: u64, piece: &[u8], out: Out<'_>) {
            let marked = [piece, &[self.0]].concat();
            self.1 = !self.1;
            if self.1 { out(&marked) } else { self.2 = Some((now_us + 10, marked)) }
        }

        fn due(&mut self, _: Direction, now_us: u64, out: Out<'_>) {
            if let Some((_, piece)) = self.2.take_if(|(at, _)| *at <= now_us) {
                out(&piece);
            }
        }

        fn next_due(&self) -> Option<u64> {
            self.2.as_ref().map(|(at, _)| *at)
        }
    }

    #[test]
    fn layers_stand_in_order_each_way_and_let_go_through_those_behind() {
        for (way, first, second) in
            [(Direction::ToDevice, "0ab", "1ab"), (Direction::ToHost, "0ba", "1ba")]
        {
            let mut layers =
                Layers::new().with(Mark(b'a', false, None)).with(Mark(b'b', false, None));
            let mut said: Vec<String> = Vec::new();
            let mut out = |piece: &[u8]| said.push(String::from_utf8_lossy(piece).into());
            layers.pass(way, 0, b"0", &mut out);
            layers.pass(way, 5, b"1", &mut out);
            assert_eq!(layers.next_due(), Some(15));
            layers.due(way, 14, &mut out);
            // The outer layer lets go at 15, and the inner one holds it back for its own 10.
            layers.due(way, 15, &mut out);
            assert_eq!(layers.next_due(), Some(25));
            layers.due(way, 25, &mut |piece| said.push(String::from_utf8_lossy(piece).into()));
            assert_eq!(said, [first, second]);
        }
    }
}
