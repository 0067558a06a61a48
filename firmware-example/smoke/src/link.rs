//! A socket with frames on it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use trine_wire::message::{self, DeviceMessage, HostHello, HostMessage};
use trine_wire::secure::{HostKeys, Key};
use trine_wire::{DecodeEvent, Decoder, encode_in_place, frame, frame_max};

use crate::board::WAIT;

/// Longest message either side sends here.
const MESSAGE_MAX: usize = 2_048;
/// How long a socket may take to appear.
const CONNECT: Duration = Duration::from_secs(60);

/// The line to the board.
pub(crate) struct Link {
    stream: UnixStream,
    decoder: Decoder,
    message: Vec<u8>,
    waiting: Vec<u8>,
    /// The keys of a session, if the board has one.
    pub(crate) keys: Option<HostKeys>,
    /// Bytes sent so far.
    pub(crate) sent: usize,
    /// Bytes received so far.
    pub(crate) received: usize,
}

/// Connects to a socket as soon as it is there.
pub(crate) fn connect(path: &str) -> Result<UnixStream> {
    let until = Instant::now() + CONNECT;
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return Ok(stream),
            Err(error) if Instant::now() > until => {
                return Err(error).with_context(|| format!("no socket at {path}"));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

impl Link {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            decoder: Decoder::new(),
            message: vec![0; MESSAGE_MAX],
            waiting: Vec::new(),
            keys: None,
            sent: 0,
            received: 0,
        }
    }

    /// Ends the connection, as a host that was killed does.
    pub(crate) fn close(&mut self) -> Result<()> {
        Ok(self.stream.shutdown(Shutdown::Both)?)
    }

    /// Goes on with another connection. What the first one had not brought whole is lost.
    pub(crate) fn reopen(&mut self, stream: UnixStream) {
        self.stream = stream;
        self.decoder = Decoder::new();
        self.waiting.clear();
    }

    /// A message as a frame, tagged if there are keys.
    pub(crate) fn frame(keys: Option<&mut HostKeys>, message: &HostMessage<'_>) -> Result<Vec<u8>> {
        let start = frame::headroom(MESSAGE_MAX);
        let mut buffer = vec![0; start + frame_max(MESSAGE_MAX)];
        let body = buffer.get_mut(start..).context("the buffer is longer than its headroom")?;
        let mut len = message::write(message, body).context("the message is too long")?;
        if let Some(keys) = keys {
            len = keys.seal(&mut buffer, start, len).context("there is no session")?;
        }
        let framed = encode_in_place(&mut buffer, start, len).context("the frame is too long")?;
        buffer.truncate(framed);
        Ok(buffer)
    }

    pub(crate) fn send(&mut self, message: &HostMessage<'_>) -> Result<()> {
        let frame = Self::frame(self.keys.as_mut(), message)?;
        self.send_bytes(&frame)
    }

    /// Says hello, without a tag, and gives the answer, whose tag is right if there is a key.
    pub(crate) fn send_hello(&mut self, hello: HostHello, key: Option<Key>) -> Result<Vec<u8>> {
        self.send_bytes(&Self::frame(None, &HostMessage::Hello(hello))?)?;
        let answer = self.receive(WAIT)?;
        if let Some(key) = key {
            let Some(DeviceMessage::Hello(said)) = message::read(&answer) else {
                bail!("no greeting: {answer:?}");
            };
            let mut keys = HostKeys::new(key);
            let plain = keys.hello_answered(hello.host_nonce, said.challenge, &answer);
            plain.context("the tag of the greeting is wrong")?;
            self.keys = Some(keys);
        }
        Ok(answer)
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).context("the board's socket is closed")?;
        self.sent += bytes.len();
        Ok(())
    }

    /// What stands on the line up to and including `end`, undecoded.
    pub(crate) fn text(&mut self, end: &[u8], wait: Duration) -> Result<Vec<u8>> {
        let until = Instant::now() + wait;
        loop {
            let found = self.waiting.windows(end.len()).position(|part| part == end);
            if let Some(at) = found {
                return Ok(self.waiting.drain(..at + end.len()).collect());
            }
            self.fill(until)?;
        }
    }

    /// The next message, as its bytes.
    pub(crate) fn receive(&mut self, wait: Duration) -> Result<Vec<u8>> {
        let until = Instant::now() + wait;
        loop {
            for (at, &byte) in self.waiting.iter().enumerate() {
                match self.decoder.feed(byte, &mut self.message) {
                    DecodeEvent::Nothing => {}
                    DecodeEvent::Bad => bail!("the board sent a broken frame"),
                    DecodeEvent::Message(len) => {
                        self.waiting.drain(..=at);
                        let message = self.message.get(..len).unwrap_or_default();
                        let Some(keys) = &mut self.keys else { return Ok(message.to_vec()) };
                        return Ok(keys.open(message).context("a tag is wrong")?.to_vec());
                    }
                }
            }
            self.waiting.clear();
            self.fill(until)?;
        }
    }

    fn fill(&mut self, until: Instant) -> Result<()> {
        let left = until.saturating_duration_since(Instant::now());
        ensure!(!left.is_zero(), "the board does not answer");
        self.stream.set_read_timeout(Some(left))?;
        let mut bytes = [0; 512];
        match self.stream.read(&mut bytes) {
            Ok(0) => bail!("the board's socket was closed"),
            Ok(count) => {
                self.waiting.extend(bytes.iter().take(count));
                self.received += count;
                Ok(())
            }
            // The next round sees that the time is over.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(error).context("the board's socket"),
        }
    }
}
