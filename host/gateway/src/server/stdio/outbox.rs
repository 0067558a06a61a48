//! What waits to be written to the client.

/// Room that is kept for the usual case.
const ROOM: usize = 64 * 1024;
/// A buffer that one large answer has made larger than this is given back.
const ROOM_MAX: usize = 4 * ROOM;

/// Bytes for the client: an initialised buffer, so that answers are written in their place.
#[derive(Debug)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    used: usize,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; ROOM], used: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.used
    }

    /// Appends what `write` writes, which says how many bytes it needs when there are too few.
    pub(super) fn write(
        &mut self,
        mut write: impl FnMut(&mut [u8]) -> Result<usize, trine_mcp::NeedBytes>,
    ) {
        loop {
            match write(self.bytes.get_mut(self.used..).unwrap_or_default()) {
                Ok(len) => {
                    self.used += len;
                    return;
                }
                Err(need) => self.reserve(need.0),
            }
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        let place = self.bytes.get_mut(self.used..self.used + bytes.len());
        place.unwrap_or_default().copy_from_slice(bytes);
        self.used += bytes.len();
    }

    /// Moves what was written since the mark `from` to the end of `to`.
    pub(super) fn take_since(&mut self, from: usize, to: &mut Vec<u8>) {
        to.extend_from_slice(self.bytes.get(from..self.used).unwrap_or_default());
        self.used = from;
    }

    /// The bytes that wait.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.used = 0;
        if self.bytes.len() > ROOM_MAX {
            *self = Self::new();
        }
    }

    fn reserve(&mut self, more: usize) {
        let needed = self.used + more;
        if self.bytes.len() < needed {
            self.bytes.resize(needed.next_multiple_of(ROOM), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_mcp::NeedBytes;

    #[test]
    fn a_large_answer_fits_and_its_room_is_given_back() {
        let mut outbox = Outbox::new();
        outbox.push(b"a");
        let large = 5 * ROOM_MAX;
        outbox.write(|out| {
            let place = out.get_mut(..large).ok_or(NeedBytes(large))?;
            place.fill(b'x');
            Ok(large)
        });
        assert_eq!(
            (outbox.len(), outbox.bytes()[0], outbox.bytes()[large]),
            (large + 1, b'a', b'x')
        );
        let mut taken = Vec::new();
        outbox.take_since(1, &mut taken);
        assert_eq!((taken.len(), outbox.bytes()), (large, &b"a"[..]));
        outbox.clear();
        assert_eq!((outbox.len(), outbox.bytes.len()), (0, ROOM));
    }
}
