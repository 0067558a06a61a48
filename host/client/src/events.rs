//! Server-sent events, as their bytes come.

/// The longest event, and the longest message in any other form.
pub(crate) const MESSAGE_MAX: usize = 16 * 1024 * 1024;

/// An event, or its line, is longer than [`MESSAGE_MAX`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Finds events in a stream of bytes.
#[derive(Debug, Default)]
pub(crate) struct EventReader {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// Its type is one that carries no message.
    is_other: bool,
    /// A line feed that comes next belongs to the line before.
    after_return: bool,
    /// A line has been read: a byte order mark can no longer come.
    has_begun: bool,
}

impl EventReader {
    /// Takes bytes; `message` gets the data of each event that they complete.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        mut message: impl FnMut(&[u8]),
    ) -> Result<(), TooLong> {
        for byte in bytes {
            let after_return = std::mem::take(&mut self.after_return);
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    self.end_line(&mut message);
                }
                _ => self.line.push(*byte),
            }
            if self.line.len() + self.data.len() > MESSAGE_MAX {
                return Err(TooLong);
            }
        }
        Ok(())
    }

    fn end_line(&mut self, message: &mut impl FnMut(&[u8])) {
        let mut line = &self.line[..];
        if !std::mem::replace(&mut self.has_begun, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            // One without data has an id alone, for a stream that is taken up again.
            if self.has_data && !self.data.is_empty() && !self.is_other {
                message(&self.data);
            }
            self.data.clear();
            (self.has_data, self.is_other) = (false, false);
        } else {
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let (field, value) = (parts.next(), parts.next().unwrap_or_default());
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match field {
                Some(b"data") => {
                    if self.has_data {
                        self.data.push(b'\n');
                    }
                    self.data.extend_from_slice(value);
                    self.has_data = true;
                }
                Some(b"event") => self.is_other = !value.is_empty() && value != b"message",
                // Comments, ids and times to wait.
                _ => {}
            }
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, piece: usize) -> Vec<String> {
        let (mut reader, mut all) = (EventReader::default(), Vec::new());
        for bytes in text.as_bytes().chunks(piece) {
            let keep = |data: &[u8]| all.push(String::from_utf8(data.to_vec()).unwrap());
            reader.feed(bytes, keep).unwrap();
        }
        all
    }

    #[test]
    fn events_are_found_whatever_ends_their_lines_and_wherever_they_are_cut() {
        let ends =
            "\u{feff}:hello\n\nevent: message\ndata: 1\n\ndata:2\ndata:  3\r\n\r\nid: 9\rdata\r\r";
        let kinds = "event: other\ndata: no\n\nretry: 5\n\ndata: 4\nnonsense\n\ndata: cut off";
        let text = &format!("{ends}{kinds}");
        for piece in 1..=text.len() {
            // `id: 9` has no data, and so no message.
            assert_eq!(read(text, piece), ["1", "2\n 3", "4"], "{piece}");
        }
    }

    #[test]
    fn an_event_without_an_end_is_refused() {
        let mut reader = EventReader::default();
        let piece = vec![b'x'; 1024 * 1024];
        let fed = (0..17).try_for_each(|_| reader.feed(&piece, |_| ()));
        assert_eq!(fed, Err(TooLong));
    }
}
