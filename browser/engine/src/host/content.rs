//! Content that comes in chunks.

/// Bytes that a device may send ahead of what it was told to.
pub(super) const WINDOW: u32 = 16 << 10;
/// Most bytes of a content.
pub const CONTENT_MAX: usize = 128 << 10;
/// Bytes of a media type.
const MIME_MAX: usize = 48;

/// What a piece came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Something is missing before it.
    Hole,
    /// There is more to come.
    More,
    /// The content is whole.
    Last,
}

/// The content of one call at a time.
#[derive(Debug)]
pub struct Content {
    /// The lane of its call.
    pub(super) lane: Option<usize>,
    mime: [u8; MIME_MAX],
    mime_len: usize,
    bytes: [u8; CONTENT_MAX],
    len: usize,
    total: usize,
    credit: u32,
}

impl Content {
    pub(super) const fn new() -> Self {
        Self {
            lane: None,
            mime: [0; MIME_MAX],
            mime_len: 0,
            bytes: [0; CONTENT_MAX],
            len: 0,
            total: 0,
            credit: WINDOW,
        }
    }

    /// Waits for the content of a lane; `None` where it is too much.
    pub(super) fn begin(&mut self, lane: usize, mime: &str, total: u32) -> Option<()> {
        let total = usize::try_from(total).ok().filter(|&total| total <= CONTENT_MAX)?;
        self.mime.get_mut(..mime.len())?.copy_from_slice(mime.as_bytes());
        (self.mime_len, self.len, self.total, self.credit) = (mime.len(), 0, total, WINDOW);
        self.lane = Some(lane);
        Some(())
    }

    /// Takes a piece. Of one that came before, in whole or in part, what is new in it.
    pub(super) fn take(&mut self, offset: u32, bytes: &[u8]) -> Piece {
        let known = usize::try_from(offset).ok().and_then(|at| self.len.checked_sub(at));
        let Some(known) = known else { return Piece::Hole };
        let new = bytes.get(known..).unwrap_or_default();
        let place = self.bytes.get_mut(self.len..self.total).and_then(|it| it.get_mut(..new.len()));
        let Some(place) = place else { return Piece::Hole };
        place.copy_from_slice(new);
        self.len += new.len();
        if self.len < self.total { Piece::More } else { Piece::Last }
    }

    /// Up to where the device may now send, once half of the window is used.
    pub(super) fn credit(&mut self) -> Option<u32> {
        let upto = (self.len as u32).saturating_add(WINDOW);
        let is_due = upto - self.credit >= WINDOW / 2 && (self.credit as usize) < self.total;
        is_due.then(|| {
            self.credit = upto;
            upto
        })
    }

    /// Its media type.
    #[must_use]
    pub fn mime(&self) -> &str {
        let mime = self.mime.get(..self.mime_len).unwrap_or_default();
        core::str::from_utf8(mime).unwrap_or_default()
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_come_twice_or_overlap_add_what_is_new() {
        let mut content = Content::new();
        content.begin(0, "image/png", 10).unwrap();
        assert_eq!(content.take(0, b"0123"), Piece::More);
        assert_eq!(content.take(0, b"0123"), Piece::More);
        assert_eq!(content.take(2, b"2345"), Piece::More);
        assert_eq!(content.take(7, b"789"), Piece::Hole);
        assert_eq!(content.take(6, b"67890"), Piece::Hole);
        assert_eq!(content.take(6, b"6789"), Piece::Last);
        assert_eq!((content.bytes(), content.mime()), (&b"0123456789"[..], "image/png"));
    }

    #[test]
    fn what_is_too_much_is_not_begun() {
        let mut content = Content::new();
        assert_eq!(content.begin(0, "a", CONTENT_MAX as u32 + 1), None);
        assert_eq!(content.begin(0, core::str::from_utf8(&[b'm'; MIME_MAX + 1]).unwrap(), 1), None);
        assert_eq!(content.begin(0, "a", CONTENT_MAX as u32), Some(()));
    }

    #[test]
    fn credit_is_given_when_half_of_the_window_is_used() {
        let mut content = Content::new();
        content.begin(0, "", 3 * WINDOW).unwrap();
        let half = [0; WINDOW as usize / 2];
        assert_eq!(content.credit(), None);
        content.take(0, &half[1..]);
        assert_eq!(content.credit(), None);
        content.take(WINDOW / 2 - 1, &half);
        assert_eq!(content.credit(), Some(2 * WINDOW - 1));
        assert_eq!(content.credit(), None);
    }
}
