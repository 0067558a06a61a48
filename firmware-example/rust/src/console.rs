//! The second serial channel, which no MCP client reaches: what a person at the board does.
//!
//! Lines end with LF; a CR before it is ignored. `button` agrees to the question on the display,
//! `dismiss` wants no such call, `scale N` lets N board seconds pass in one, `stack` asks how deep
//! the stack ever was. Any other line is ignored. `water` asks whether the main cock is open,
//! `stall N` lets the loop stand still for N milliseconds, and `trip` asks how long the loop had
//! been silent, in milliseconds, when the timer's interrupt closed the cock last. The answer to
//! each is `ok`, or `ok` and a number.

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// A person presses the button.
    Button,
    /// A person wants no such call as is asked for.
    Dismiss,
    /// Board seconds to a second.
    Scale(u32),
    /// How many bytes of stack were ever in use?
    Stack,
    /// Does water flow?
    Water,
    /// The loop is to stand still for so many milliseconds.
    Stall(u32),
    /// How long was the loop silent when the cock was closed without it?
    Trip,
}

/// Longest line, without its end. A longer one is ignored whole.
const LINE_MAX: usize = 16;

/// Puts lines together out of bytes as they come. Small enough for an interrupt.
#[derive(Clone, Copy, Debug, Default)]
pub struct Console {
    line: [u8; LINE_MAX],
    len: usize,
}

impl Console {
    /// Waits for the first line.
    #[must_use]
    pub const fn new() -> Self {
        Self { line: [0; LINE_MAX], len: 0 }
    }

    /// Takes one byte; answers the command that it completes.
    pub fn feed(&mut self, byte: u8) -> Option<Command> {
        match byte {
            b'\n' => {
                let command = self.line.get(..self.len).and_then(command);
                self.len = 0;
                command
            }
            b'\r' => None,
            _ => {
                if let Some(place) = self.line.get_mut(self.len) {
                    *place = byte;
                }
                // One past the end marks a line that is too long, however long it gets.
                self.len = (self.len + 1).min(LINE_MAX + 1);
                None
            }
        }
    }
}

fn command(line: &[u8]) -> Option<Command> {
    if line == b"button" {
        return Some(Command::Button);
    }
    if line == b"dismiss" {
        return Some(Command::Dismiss);
    }
    if line == b"stack" {
        return Some(Command::Stack);
    }
    if line == b"water" {
        return Some(Command::Water);
    }
    if line == b"trip" {
        return Some(Command::Trip);
    }
    match line.strip_prefix(b"stall ") {
        Some(digits) => number(digits).map(Command::Stall),
        None => number(line.strip_prefix(b"scale ")?).map(Command::Scale),
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u32, |number, &digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u32::from(digit))
    })
}

/// The answer to a line, sent as the UART takes it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reply {
    bytes: [u8; 16],
    start: usize,
    end: usize,
}

impl Reply {
    /// Nothing to say.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; 16], start: 0, end: 0 }
    }

    /// Says `ok`, and a number if there is one. What was not sent yet is forgotten.
    pub fn set(&mut self, number: Option<u32>) {
        (self.start, self.end) = (0, 0);
        self.put(b"ok");
        if let Some(number) = number {
            self.put(b" ");
            let mut scale = 1_000_000_000;
            while scale > 1 && number < scale {
                scale /= 10;
            }
            while scale > 0 {
                self.put(&[b'0' + (number / scale % 10) as u8]);
                scale /= 10;
            }
        }
        self.put(b"\r\n");
    }

    /// What is still to be sent.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The first `count` bytes of [`Self::rest`] were sent.
    pub fn sent(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = self.end + bytes.len();
        if let Some(place) = self.bytes.get_mut(self.end..end) {
            place.copy_from_slice(bytes);
            self.end = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, Console, Reply};

    fn last(text: &[u8]) -> Option<Command> {
        let mut console = Console::new();
        text.iter().fold(None, |last, &byte| console.feed(byte).or(last))
    }

    #[test]
    fn lines_are_commands() {
        assert_eq!(last(b"button\n"), Some(Command::Button));
        assert_eq!(last(b"dismiss\n"), Some(Command::Dismiss));
        assert_eq!(last(b"scale 60\r\n"), Some(Command::Scale(60)));
        assert_eq!(last(b"hello\nbutton\n"), Some(Command::Button));
        assert_eq!(last(b"stack\n"), Some(Command::Stack));
        assert_eq!(last(b"water\n"), Some(Command::Water));
        assert_eq!(last(b"trip\n"), Some(Command::Trip));
        assert_eq!(last(b"stall 1500\n"), Some(Command::Stall(1_500)));
        assert_eq!(last(b"scale 4294967295\n"), Some(Command::Scale(u32::MAX)));
    }

    #[test]
    fn replies_are_ok_and_maybe_a_number() {
        let mut reply = Reply::new();
        assert_eq!(reply.rest(), b"");
        reply.set(None);
        assert_eq!(reply.rest(), b"ok\r\n");
        reply.sent(3);
        assert_eq!(reply.rest(), b"\n");
        for (number, text) in
            [(0, "ok 0\r\n"), (1_020, "ok 1020\r\n"), (u32::MAX, "ok 4294967295\r\n")]
        {
            reply.set(Some(number));
            assert_eq!(reply.rest(), text.as_bytes());
        }
        reply.sent(99);
        assert_eq!(reply.rest(), b"");
    }

    #[test]
    fn other_lines_are_ignored() {
        for text in [
            "button",
            "Button\n",
            "scale\n",
            "stall\n",
            "stall x\n",
            "scale \n",
            "scale -1\n",
            "scale 1 2\n",
        ] {
            assert_eq!(last(text.as_bytes()), None, "{text}");
        }
        assert_eq!(last(b"scale 42949672960\n"), None);
        assert_eq!(last(b"xxxxxxxxxxxxxxxxbutton\n"), None);
        assert_eq!(last(b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nbutton\n"), Some(Command::Button));
        assert_eq!(last(b"\xff\0\nbutton\n"), Some(Command::Button));
    }
}
