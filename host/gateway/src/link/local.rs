//! A board in this process. The bytes are the same as on any other link.

use super::{Frames, Framing};

/// A device that is driven by whoever talks to it.
pub(crate) trait Board: Send {
    /// Bytes from the host.
    fn feed(&mut self, bytes: &[u8]);

    /// Lets the board work up to the present and appends what it says.
    fn run(&mut self, said: &mut Vec<u8>);
}

/// The board, and the buffers for what it says.
pub(crate) struct Local {
    board: Box<dyn Board>,
    /// Taken while it is in use.
    frames: Option<Frames>,
    bytes: Vec<u8>,
    /// Whether something was sent since the board last ran.
    fed: bool,
}

impl Local {
    pub(crate) fn new(board: Box<dyn Board>) -> Self {
        Self { board, frames: None, bytes: Vec::new(), fed: false }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.fed = true;
        self.board.feed(bytes);
    }

    pub(crate) const fn was_fed(&self) -> bool {
        self.fed
    }

    pub(crate) fn run(&mut self, said: &mut Vec<u8>) {
        self.fed = false;
        self.board.run(said);
    }

    /// The buffers, so that what is found in them can be dealt with; then [`Self::give_buffers`].
    pub(crate) fn take_buffers(&mut self) -> (Vec<u8>, Frames) {
        let bytes = std::mem::take(&mut self.bytes);
        (bytes, self.frames.take().unwrap_or_else(|| Frames::new(Framing::Stream)))
    }

    pub(crate) fn give_buffers(&mut self, mut bytes: Vec<u8>, frames: Frames) {
        bytes.clear();
        (self.bytes, self.frames) = (bytes, Some(frames));
    }
}
