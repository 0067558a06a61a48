//! A reader on a thread of its own, for who has other things to wait for too.

use std::io::{ErrorKind, Read};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Weak};

/// What a [`Pump`] tells.
#[derive(Debug)]
pub(crate) enum ReadEvent {
    /// A piece.
    Piece(Vec<u8>),
    /// The link is at its end, and why.
    End(String),
}

/// Keeps its thread reading for as long as it lives; the thread ends some time after.
#[derive(Debug)]
pub(crate) struct Pump {
    _alive: Arc<()>,
}

impl Pump {
    /// Starts a thread that reads `reader` and sends what comes as `wrap` has it.
    pub(crate) fn start<T: Send + 'static>(
        mut reader: Box<dyn Read + Send>,
        to: Sender<T>,
        wrap: impl Fn(ReadEvent) -> T + Send + 'static,
    ) -> std::io::Result<Self> {
        let alive = Arc::new(());
        let watched = Arc::downgrade(&alive);
        let run = move || {
            let why = read(&mut *reader, &watched, &|piece| {
                to.send(wrap(ReadEvent::Piece(piece.to_vec()))).is_ok()
            });
            // Who is gone needs no reason.
            drop(to.send(wrap(ReadEvent::End(why))));
        };
        std::thread::Builder::new().name("line".into()).stack_size(128 * 1024).spawn(run)?;
        Ok(Self { _alive: alive })
    }
}

/// Reads until the end; answers why it is the end.
fn read(reader: &mut dyn Read, alive: &Weak<()>, each: &dyn Fn(&[u8]) -> bool) -> String {
    let mut buffer = vec![0; 64 * 1024];
    while alive.strong_count() > 0 {
        match reader.read(&mut buffer) {
            Ok(0) => return "the other end has closed the link".to_owned(),
            Ok(len) => {
                if !each(buffer.get(..len).unwrap_or_default()) {
                    break;
                }
            }
            Err(error) if is_quiet(error.kind()) => {}
            Err(error) => return format!("the link broke: {error}"),
        }
    }
    String::new()
}

/// Nothing came within the patience of a read.
pub(crate) const fn is_quiet(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
