//! Tagged messages: the keys of the device, and what is refused for want of a tag.

use trine_mcp::{Failure, Outcome};
use trine_wire::message::{self, DeviceMessage, Hello};
use trine_wire::secure::{HostKeys, Key};

use super::Session;
use crate::settings::{Held, Settings};

/// The keys in use, and where they are kept.
#[derive(Debug)]
pub(super) struct Secure {
    settings: Settings,
    pub(super) host_nonce: [u8; 8],
    keys: Option<HostKeys>,
    /// Messages dropped for their tag, or for the want of one.
    pub(super) unauthentic: u64,
    /// The device is not served, for want of a key or a tag.
    pub(super) refused: bool,
    /// Serial number of a device that has a key which is not held here.
    pub(super) locked: Option<String>,
}

/// What a message from the link is.
pub(super) enum Opened<'a> {
    /// One to be believed.
    Message(&'a [u8]),
    /// One to be dropped.
    Dropped,
    /// The device speaks, and has to be asked who it is.
    Ask,
    /// A device that must not be served, and why.
    Refused(String),
}

impl Secure {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            host_nonce: [0; 8],
            keys: None,
            unauthentic: 0,
            refused: false,
            locked: None,
        }
    }

    pub(super) const fn is_keyed(&self) -> bool {
        self.keys.is_some()
    }

    /// A new question has a new nonce, so that no answer of old is taken for one.
    pub(super) fn renew_nonce(&mut self) {
        // Without entropy the device's own numbers still make each session another one.
        _ = getrandom::fill(&mut self.host_nonce);
    }

    /// Tags the message at the start of `out`, if messages are tagged; answers its length.
    pub(super) fn seal(&mut self, out: &mut [u8], len: usize) -> Option<usize> {
        match &mut self.keys {
            Some(keys) => keys.seal(out, 0, len),
            None => Some(len),
        }
    }

    /// Decides what a message is. `asked` is the nonce of the greeting that waits for its answer.
    pub(super) fn open<'a>(&mut self, bytes: &'a [u8], asked: Option<u32>) -> Opened<'a> {
        if let Some(message) = self.keys.as_mut().and_then(|keys| keys.open(bytes)) {
            return Opened::Message(message);
        }
        match message::read::<DeviceMessage<'_>>(bytes) {
            Some(DeviceMessage::Hello(hello)) => self.greeted(&hello, bytes, asked),
            _ if self.keys.is_none() => Opened::Message(bytes),
            _ => {
                self.unauthentic += 1;
                Opened::Dropped
            }
        }
    }

    /// A hello that no session vouches for: the answer to a question, or nothing.
    fn greeted<'a>(
        &mut self,
        hello: &Hello<'_>,
        bytes: &'a [u8],
        asked: Option<u32>,
    ) -> Opened<'a> {
        let serial = hello.serial;
        (self.refused, self.locked) = (false, None);
        let held = match self.settings.keys(serial) {
            Ok(held) => held,
            Err(error) => return Opened::Refused(format!("its key cannot be read: {error}")),
        };
        if !hello.keyed && held.known.is_none() {
            self.keys = None;
            return Opened::Message(bytes);
        }
        if asked != Some(hello.nonce) {
            // Anybody may have said it, but it may be time to ask.
            self.unauthentic += 1;
            return if asked.is_none() { Opened::Ask } else { Opened::Dropped };
        }
        match held.into_iter().find_map(|key| self.prove(key, hello, bytes)) {
            Some((message, key)) => match self.settings.proven(serial, &key) {
                Ok(()) => Opened::Message(message),
                Err(error) => Opened::Refused(format!("its key cannot be kept: {error}")),
            },
            None => {
                self.keys = None;
                self.locked = hello.keyed.then(|| serial.to_owned());
                Opened::Refused(self.refusal(hello, held.known.is_some()))
            }
        }
    }

    /// Whether the device has this key: its greeting is tagged with it.
    fn prove<'a>(
        &mut self,
        key: Key,
        hello: &Hello<'_>,
        bytes: &'a [u8],
    ) -> Option<(&'a [u8], Key)> {
        // The session in force lives on while the same device says hello again.
        let mut keys = match self.keys {
            Some(keys) => keys,
            None => HostKeys::new(key),
        };
        let mut message = keys.greeted(self.host_nonce, hello.challenge, bytes);
        if message.is_none() {
            keys = HostKeys::new(key);
            message = keys.greeted(self.host_nonce, hello.challenge, bytes);
        }
        self.keys = Some(keys).filter(|_| message.is_some()).or(self.keys);
        Some((message?, key))
    }

    fn refusal(&self, hello: &Hello<'_>, known: bool) -> String {
        let (product, serial) = (hello.product, hello.serial);
        let file = self.settings.key_path(serial);
        let file = file.map_or_else(String::new, |file| file.display().to_string());
        match (hello.keyed, known) {
            (true, false) => format!(
                "{product} {serial} has a key, and this user has none for it: copy the key to \
                 {file}, or hold the device's button and give it a new one with trine provision"
            ),
            (true, true) => format!(
                "refused: it says it is {product} {serial}, and does not have the key that is kept \
                 in {file}: this is another device, or somebody gave it another key"
            ),
            (false, _) => format!(
                "refused: it says it is {product} {serial}, which has a key, and answers without \
                 one: this is another device, or its key was erased; if you erased it, remove \
                 {file}"
            ),
        }
    }
}

impl IntoIterator for Held {
    type Item = Key;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<Key>, 2>>;

    fn into_iter(self) -> Self::IntoIter {
        [self.known, self.pending].into_iter().flatten()
    }
}

impl Session {
    /// The device must not be served.
    pub(super) fn refuse_device(&mut self, why: &str, now: u64) {
        self.asked = None;
        self.greeted = false;
        self.secure.refused = true;
        self.heard_at = now;
        self.gone(why, now);
        for index in self.calls.under_way() {
            self.calls.end(index, Outcome::Failed(Failure::Lost));
        }
    }

    /// Says hello anew: what is known of the device's key has changed.
    pub(in crate::device) fn greet_anew(&mut self, now: u64) {
        (self.greeted, self.asked) = (false, None);
        self.ask(now);
        self.pump(now);
    }
}
