//! A board in this process behind a byte stream, so that something can stand between.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::dial::READ_PATIENCE;
use super::{Board, Dial, LinkError, Opened};
use crate::sync::lock;

/// How often the board is driven.
const TICK: Duration = Duration::from_millis(1);

/// A board as a link. It keeps running while no one is linked to it, in what it does next.
pub(crate) struct Attached(Arc<Mutex<Box<dyn Board>>>);

impl Attached {
    pub(crate) fn new(board: Box<dyn Board>) -> Self {
        Self(Arc::new(Mutex::new(board)))
    }
}

impl Dial for Attached {
    fn dial(&mut self) -> Result<Opened, LinkError> {
        let reader = Out { board: Arc::clone(&self.0), said: Vec::new() };
        Ok(Opened::stream(reader, In(Arc::clone(&self.0))))
    }
}

/// What the board says.
struct Out {
    board: Arc<Mutex<Box<dyn Board>>>,
    said: Vec<u8>,
}

impl Read for Out {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let since = Instant::now();
        while self.said.is_empty() {
            lock(&self.board).run(&mut self.said);
            if self.said.is_empty() {
                if since.elapsed() > READ_PATIENCE {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                std::thread::sleep(TICK);
            }
        }
        let len = self.said.len().min(buffer.len());
        for (place, byte) in buffer.iter_mut().zip(self.said.drain(..len)) {
            *place = byte;
        }
        Ok(len)
    }
}

/// What is said to the board.
struct In(Arc<Mutex<Box<dyn Board>>>);

impl Write for In {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).feed(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
