//! Tagged messages: the keys of the device, and what is refused for want of a tag.

use trine_mcp::{Failure, Outcome};
use trine_wire::message::{self, DeviceMessage, Hello};
use trine_wire::secure::{DIGEST_LEN, HostKeys, Key};

use super::DeviceSession;
use super::bond::Bond;
use crate::settings::{DeviceId, Held, Settings};

/// How long after its last tagged message a session counts as in force: what proves nothing changes
/// nothing until then. A device that is gone, or that another has replaced, is silent for longer.
const IN_FORCE_MS: u64 = 3_000;
/// How often a message that proves nothing makes the host ask the device who it is.
const ASK_MS: u64 = 1_000;

/// The keys in use, and where they are kept.
#[derive(Debug)]
pub(super) struct Secure {
    settings: Settings,
    pub(super) host_nonce: [u8; 8],
    /// Bytes of the hello that was sent last: the device's answer repeats a digest of them.
    hello: Vec<u8>,
    keys: Option<HostKeys>,
    /// The device that has proven a key on this link. No other one is served on it.
    shown: Option<DeviceId>,
    /// What keeps it from one process to the next.
    bond: Bond,
    /// When the last tagged message came over the link as it is now.
    proven_at: Option<u64>,
    /// When a message that proves nothing made the host ask.
    asked_at: Option<u64>,
    /// Messages dropped for their tag, or for the want of one.
    pub(super) unauthentic: u64,
    /// The device is not served, for want of a key or a tag.
    pub(super) refused: bool,
    /// A device that has a key which is not held here.
    pub(super) locked: Option<DeviceId>,
    /// The other end of the link is a program of the user, which speaks with the device itself: it
    /// needs no tag.
    is_holder: bool,
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

/// What the tag of a hello proves.
enum Proof<'a> {
    /// The device has the key, and answers the hello that was sent.
    Given(&'a [u8]),
    /// The device has the key, and answers a hello that was altered on its way.
    OfAnother,
    /// Nothing.
    None,
}

impl Secure {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            bond: Bond::default(),
            settings,
            host_nonce: [0; 8],
            hello: Vec::new(),
            keys: None,
            shown: None,
            proven_at: None,
            asked_at: None,
            unauthentic: 0,
            refused: false,
            locked: None,
            is_holder: false,
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

    /// Says whether the other end is a program of the user that has the device.
    pub(super) fn set_holder(&mut self, is_holder: bool) {
        self.is_holder = is_holder;
        if is_holder {
            (self.keys, self.proven_at) = (None, None);
        }
    }

    /// The link is named, so that a device that proves its key on it is kept from then on.
    pub(super) fn set_link(&mut self, link: String) {
        self.bond = Bond::of(link);
    }

    /// Why it could not be kept which device belongs on the link; once.
    pub(super) fn take_unkept(&mut self) -> Option<String> {
        self.bond.take_unkept()
    }

    /// The device that the link belongs to: the one that has proven its key on it, in this process
    /// or in an earlier one.
    fn owner(&self) -> Option<&DeviceId> {
        self.shown.as_ref().or_else(|| self.bond.device())
    }

    /// The bytes of the hello that is sent.
    pub(super) fn note_hello(&mut self, bytes: &[u8]) {
        self.bond.read(&self.settings);
        self.hello.clear();
        self.hello.extend_from_slice(bytes);
    }

    /// What was proven over the last link is not proven over the next one.
    pub(super) const fn unlinked(&mut self) {
        self.proven_at = None;
    }

    /// The key of the device was erased, by this program: it has none any more.
    pub(super) fn forget(&mut self) {
        (self.keys, self.shown, self.proven_at) = (None, None, None);
        self.bond.forget(&self.settings);
    }

    /// Tags the message at the start of `out`, if messages are tagged; answers its length.
    pub(super) fn seal(&mut self, out: &mut [u8], len: usize) -> Option<usize> {
        match &mut self.keys {
            Some(keys) => keys.seal(out, 0, len),
            None => Some(len),
        }
    }

    /// Decides what a message is. `asked` is the nonce of the hello that waits for its answer.
    pub(super) fn open<'a>(&mut self, bytes: &'a [u8], asked: Option<u32>, now: u64) -> Opened<'a> {
        if self.is_holder {
            (self.refused, self.locked) = (false, None);
            return Opened::Message(bytes);
        }
        if let Some(message) = self.keys.as_mut().and_then(|keys| keys.open(bytes)) {
            self.proven_at = Some(now);
            return Opened::Message(message);
        }
        match message::read::<DeviceMessage<'_>>(bytes) {
            Some(DeviceMessage::Hello(hello)) => self.hello_answered(&hello, bytes, asked, now),
            _ if self.owner().is_none() => Opened::Message(bytes),
            _ => self.unproven(false, now),
        }
    }

    /// A message that proves nothing: dropped and counted. Anybody may have sent it, but it may be
    /// time to ask.
    fn unproven<'a>(&mut self, may_ask: bool, now: u64) -> Opened<'a> {
        self.unauthentic += 1;
        let is_due = self.asked_at.is_none_or(|at| now.saturating_sub(at) >= ASK_MS);
        if may_ask && is_due {
            self.asked_at = Some(now);
            return Opened::Ask;
        }
        Opened::Dropped
    }

    fn is_in_force(&self, now: u64) -> bool {
        self.proven_at.is_some_and(|at| now.saturating_sub(at) < IN_FORCE_MS)
    }

    /// A hello that no session vouches for: the answer to a question, or nothing.
    fn hello_answered<'a>(
        &mut self,
        hello: &Hello<'_>,
        bytes: &'a [u8],
        asked: Option<u32>,
        now: u64,
    ) -> Opened<'a> {
        let id = DeviceId::of(hello);
        let held = match self.settings.keys(&id) {
            Ok(held) => held,
            Err(_) if self.shown.is_some() => return self.unproven(asked.is_none(), now),
            Err(error) => {
                return Opened::Refused(format!("its key cannot be read: {}", error.chain()));
            }
        };
        let is_free = self.owner().is_none() && self.bond.error().is_none();
        if !hello.keyed && held.known.is_none() && is_free {
            (self.refused, self.locked) = (false, None);
            return Opened::Message(bytes);
        }
        if asked != Some(hello.nonce) {
            return self.unproven(asked.is_none(), now);
        }
        if let Some(error) = self.bond.error().filter(|_| self.shown.is_none()) {
            return Opened::Refused(format!("refused: {error}"));
        }
        if self.owner().is_none_or(|owner| *owner == id) {
            for key in held {
                match self.prove(key, hello, bytes) {
                    Proof::Given(message) => return self.begin(id, message, &key, now),
                    Proof::OfAnother => return self.unproven(false, now),
                    Proof::None => {}
                }
            }
        }
        if self.is_in_force(now) {
            return self.unproven(false, now);
        }
        let may_be_keyed = self.shown.is_none() && self.owner().is_none_or(|owner| *owner == id);
        self.locked = (hello.keyed && may_be_keyed).then(|| id.clone());
        Opened::Refused(self.refusal(&id, hello.keyed, held.known.is_some()))
    }

    /// The device has proven its key: its session begins, and the link is its own from here on.
    fn begin<'a>(&mut self, id: DeviceId, message: &'a [u8], key: &Key, now: u64) -> Opened<'a> {
        if let Err(error) = self.settings.proven(&id, key) {
            return Opened::Refused(format!("its key cannot be kept: {}", error.chain()));
        }
        (self.refused, self.locked) = (false, None);
        self.proven_at = Some(now);
        self.bond.keep(&self.settings, &id);
        self.shown = Some(id);
        Opened::Message(message)
    }

    /// Whether the device has this key: its hello is tagged with it, and repeats the digest of
    /// the hello that was sent. A device of before there were digests repeats none.
    fn prove<'a>(&mut self, key: Key, hello: &Hello<'_>, bytes: &'a [u8]) -> Proof<'a> {
        // The session in force lives on while the same device says hello again.
        for mut keys in self.keys.into_iter().chain([HostKeys::new(key)]) {
            let Some(message) = keys.hello_answered(self.host_nonce, hello.challenge, bytes) else {
                continue;
            };
            // What stands before the tag: behind a shorter hello the tag itself would be read.
            let Some(DeviceMessage::Hello(Hello { hello_digest, .. })) = message::read(message)
            else {
                continue;
            };
            let has_digest = hello_digest != [0; DIGEST_LEN];
            if has_digest && keys.hello_digest(&self.hello) != Some(hello_digest) {
                return Proof::OfAnother;
            }
            self.keys = Some(keys);
            return Proof::Given(message);
        }
        Proof::None
    }

    fn refusal(&self, id: &DeviceId, keyed: bool, known: bool) -> String {
        let DeviceId { product, serial, .. } = id;
        let file = self.settings.key_path(id);
        let file = file.map_or_else(String::new, |file| file.display().to_string());
        if let Some(owner) = self.owner().filter(|owner| *owner != id) {
            let key = if keyed { "" } else { ", without a key" };
            return format!(
                "refused: on this link {owner} has proven its key, and now {id} answers{key}: no \
                 other device is served on it{}",
                self.bond.how_to_lift(self.shown.is_some())
            );
        }
        let lift = self.bond.also_lift();
        match (keyed, known) {
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
                 {file}{lift}"
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

impl DeviceSession {
    /// The device must not be served.
    pub(super) fn refuse_device(&mut self, why: &str, now: u64) {
        // The question stays open: it may have been answered by another before the device could.
        if let Some(asked) = &mut self.asked {
            (asked.at, asked.tries) = (now, 0);
        }
        self.hello_answered = false;
        self.secure.refused = true;
        self.heard_at = now;
        self.gone(why, now);
        for index in self.calls.under_way() {
            self.calls.end(index, Outcome::Failed(Failure::Lost));
        }
    }

    /// Says hello again: what is known of the device's key has changed.
    pub(in crate::device) fn send_new_hello(&mut self, is_erased: bool, now: u64) {
        if is_erased {
            self.secure.forget();
        }
        (self.hello_answered, self.asked) = (false, None);
        self.ask(now);
        self.pump(now);
    }
}
