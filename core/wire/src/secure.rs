//! Tagged messages: who holds the key of a device is known by them, and no message is taken twice.
//!
//! A tagged message is the message, a counter (`u32`, little-endian) and a tag of 16 bytes:
//! SipHash-2-4-128, under a key of this session and this direction, over all that stands before
//! it. Nothing is encrypted. Both session keys come from the device's key and from numbers that
//! each side chose for this session, so a message of another session or of the other direction has
//! the wrong tag; within a session the counter rises.
//!
//! [`DeviceKeys`] and [`HostKeys`] hold what each side has to remember.

use core::fmt;

use crate::siphash::{is_hash, siphash128};

/// Bytes of a key.
pub const KEY_LEN: usize = 16;
/// Bytes behind a tagged message: counter and tag.
pub const TAIL_LEN: usize = 4 + 16;

/// A key of a device, or of one direction of a session.
pub type Key = [u8; KEY_LEN];

/// What both sides chose for a session: the host's nonce and the device's challenge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Salt {
    /// The host's eight bytes, from its hello.
    pub host_nonce: [u8; 8],
    /// The device's twelve, from its hello.
    pub challenge: [u8; 12],
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the host to the device.
    ToDevice = 0,
    /// From the device to the host.
    ToHost = 1,
}

/// The key of one direction of a session.
#[must_use]
pub fn session_key(key: &Key, direction: Direction, salt: &Salt) -> Key {
    derived(key, direction as u8, salt)
}

fn derived(key: &Key, number: u8, salt: &Salt) -> Key {
    let mut bytes = [number; 1 + 8 + 12];
    let [_, rest @ ..] = &mut bytes;
    let (host_nonce, challenge) = rest.split_at_mut(8);
    host_nonce.copy_from_slice(&salt.host_nonce);
    challenge.copy_from_slice(&salt.challenge);
    siphash128(key, &bytes)
}

/// Bytes of the digest of a hello.
pub const DIGEST_LEN: usize = 8;

/// The number in place of a direction in the key of hello digests.
const OF_HELLO: u8 = 2;

/// The digest of a host's hello as it arrived, by which the device's tagged answer says which hello
/// it answers: the first half of SipHash-2-4-128 over the message, under a key that is made as
/// those of the directions are, with the number 2. Half of it is enough: a hello is answered once
/// for each try, so that who alters one has one guess in 2^64 a try.
#[must_use]
pub fn hello_digest(key: &Key, salt: &Salt, hello: &[u8]) -> [u8; DIGEST_LEN] {
    let [digest @ .., _, _, _, _, _, _, _, _] = siphash128(&derived(key, OF_HELLO, salt), hello);
    digest
}

/// Appends counter and tag to the message at `buffer[start..start + len]`; answers the length of
/// the tagged message, or `None` when the buffer is too short.
pub fn seal(key: &Key, counter: u32, buffer: &mut [u8], start: usize, len: usize) -> Option<usize> {
    let message = buffer.get_mut(start..)?.get_mut(..len.checked_add(TAIL_LEN)?)?;
    // Checked, since on some targets the compiler does not see that the other kind cannot panic.
    let (content, tag) = message.split_at_mut_checked(message.len().checked_sub(16)?)?;
    *content.last_chunk_mut()? = counter.to_le_bytes();
    *tag.first_chunk_mut()? = siphash128(key, content);
    Some(len + TAIL_LEN)
}

/// Message and counter of a tagged message; `None` when the tag is not of this key.
#[must_use]
pub fn open<'a>(key: &Key, tagged: &'a [u8]) -> Option<(&'a [u8], u32)> {
    let (content, tag) = tagged.split_last_chunk::<16>()?;
    let (message, counter) = content.split_last_chunk::<4>()?;
    is_hash(key, content, tag).then(|| (message, u32::from_le_bytes(*counter)))
}

/// Both directions of a session.
#[derive(Clone, Copy)]
struct Channel {
    salt: Salt,
    sends: Key,
    takes: Key,
    sent: u32,
    taken: u32,
}

impl Channel {
    fn new(key: &Key, salt: Salt, sends: Direction) -> Self {
        let takes = match sends {
            Direction::ToDevice => Direction::ToHost,
            Direction::ToHost => Direction::ToDevice,
        };
        Self {
            salt,
            sends: session_key(key, sends, &salt),
            takes: session_key(key, takes, &salt),
            sent: 0,
            taken: 0,
        }
    }

    fn seal(&mut self, buffer: &mut [u8], start: usize, len: usize) -> Option<usize> {
        let counter = self.sent.checked_add(1)?;
        let len = seal(&self.sends, counter, buffer, start, len)?;
        self.sent = counter;
        Some(len)
    }

    #[inline]
    fn open<'a>(&mut self, tagged: &'a [u8]) -> Option<&'a [u8]> {
        let (message, counter) = open(&self.takes, tagged)?;
        if counter <= self.taken {
            return None;
        }
        self.taken = counter;
        Some(message)
    }
}

/// A session that a hello was answered with, and that has not begun.
#[derive(Clone, Copy)]
struct Offer {
    channel: Channel,
    digest: [u8; DIGEST_LEN],
}

/// Offers that a device keeps: a hello of anyone between the host's own and its first tagged
/// message pushes that one out no more.
pub const OFFERS: usize = 2;

/// What [`DeviceKeys::answer_hello`] answers a hello with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelloAnswer {
    /// The challenge.
    pub challenge: [u8; 12],
    /// The digest of the hello, see [`hello_digest`].
    pub digest: [u8; DIGEST_LEN],
    /// Which of the offers it is, below [`OFFERS`]; [`DeviceKeys::open`] tells which one was taken.
    pub offer: usize,
}

/// The device's side: the session in force, and those that the last hellos offered.
#[derive(Clone, Copy)]
pub struct DeviceKeys {
    key: Key,
    current: Option<Channel>,
    offers: [Option<Offer>; OFFERS],
    /// The offer that the last hello was answered with.
    last: usize,
}

impl DeviceKeys {
    /// A device with this key and no session yet.
    #[must_use]
    pub const fn new(key: Key) -> Self {
        Self { key, current: None, offers: [None; OFFERS], last: 0 }
    }

    /// Takes a hello with its nonce and answers what belongs into the answer to it, which
    /// [`Self::seal_hello`] tags. The challenge is `fresh`, or the one of before if the same hello,
    /// byte for byte, came again. `fresh` must never have been one before, also not before the last
    /// boot.
    pub fn answer_hello(
        &mut self,
        host_nonce: [u8; 8],
        hello: &[u8],
        fresh: [u8; 12],
    ) -> HelloAnswer {
        for (at, offer) in self.offers.iter().enumerate() {
            let Some(Offer { channel: Channel { salt, .. }, digest }) = offer else { continue };
            if salt.host_nonce == host_nonce && *digest == hello_digest(&self.key, salt, hello) {
                self.last = at;
                return HelloAnswer { challenge: salt.challenge, digest: *digest, offer: at };
            }
        }
        let salt = Salt { host_nonce, challenge: fresh };
        let channel = Channel::new(&self.key, salt, Direction::ToHost);
        let digest = hello_digest(&self.key, &salt, hello);
        self.last = (self.last + 1) % OFFERS;
        if let Some(place) = self.offers.get_mut(self.last) {
            *place = Some(Offer { channel, digest });
        }
        HelloAnswer { challenge: fresh, digest, offer: self.last }
    }

    /// Tags the answer to the last hello, with the keys that it offers and the counter 0.
    pub fn seal_hello(&self, buffer: &mut [u8], start: usize, len: usize) -> Option<usize> {
        seal(&self.offers.get(self.last)?.as_ref()?.channel.sends, 0, buffer, start, len)
    }

    /// Tags any other message; `None` when there is no session or its counter has run out, or the
    /// buffer is too short.
    pub fn seal(&mut self, buffer: &mut [u8], start: usize, len: usize) -> Option<usize> {
        self.current.as_mut()?.seal(buffer, start, len)
    }

    /// Takes a tagged message, and which offer began with it, if it is the first of a new session.
    /// `None` for any other bytes, which are to be dropped and counted.
    pub fn open<'a>(&mut self, tagged: &'a [u8]) -> Option<(&'a [u8], Option<usize>)> {
        match self.current.as_mut().and_then(|channel| channel.open(tagged)) {
            Some(message) => Some((message, None)),
            None => self.open_first(tagged).map(|(message, offer)| (message, Some(offer))),
        }
    }

    // Once a session, so that its stack and its copies are no part of a call's.
    #[cold]
    #[inline(never)]
    fn open_first<'a>(&mut self, tagged: &'a [u8]) -> Option<(&'a [u8], usize)> {
        for (at, place) in self.offers.iter_mut().enumerate() {
            let Some(Offer { channel, .. }) = place else { continue };
            if let Some(message) = channel.open(tagged) {
                self.current = place.take().map(|offer| offer.channel);
                return Some((message, at));
            }
        }
        None
    }
}

/// The host's side.
///
/// ```
/// use trine_wire::secure::{DeviceKeys, HostKeys};
///
/// let (mut device, mut host) = (DeviceKeys::new([7; 16]), HostKeys::new([7; 16]));
/// // The hello is not tagged; the device's answer is, and begins the session.
/// let hello = device.answer_hello(*b"a nonce!", b"hello", *b"never before");
/// let mut answer = *b"welcome, and room for a tag";
/// let len = device.seal_hello(&mut answer, 0, 7).ok_or("the buffer is too short")?;
/// assert!(host.hello_answered(*b"a nonce!", hello.challenge, &answer[..len]).is_some());
///
/// let mut call = *b"open, and room for its tag";
/// let len = host.seal(&mut call, 0, 4).ok_or("there is no session")?;
/// assert_eq!(device.open(&call[..len]), Some((&b"open"[..], Some(hello.offer))));
/// // Once more it is a repeat, which is dropped.
/// assert_eq!(device.open(&call[..len]), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy)]
pub struct HostKeys {
    key: Key,
    current: Option<Channel>,
    previous: Option<Channel>,
}

impl HostKeys {
    /// The host of a device with this key, without a session yet.
    #[must_use]
    pub const fn new(key: Key) -> Self {
        Self { key, current: None, previous: None }
    }

    /// Whether there is a session, so that messages can be sent.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.current.is_some()
    }

    /// Takes the device's tagged hello for the hello with `host_nonce`, whose challenge the caller
    /// has read from it unproven. If the tag is right, it is the session from here on; the message
    /// is answered. `None` for any other bytes.
    pub fn hello_answered<'a>(
        &mut self,
        host_nonce: [u8; 8],
        challenge: [u8; 12],
        tagged: &'a [u8],
    ) -> Option<&'a [u8]> {
        let salt = Salt { host_nonce, challenge };
        let channel = Channel::new(&self.key, salt, Direction::ToDevice);
        let (message, counter) = open(&channel.takes, tagged)?;
        if counter != 0 {
            return None;
        }
        if self.current.as_ref().is_none_or(|current| current.salt != salt) {
            self.previous = self.current.replace(channel);
        }
        Some(message)
    }

    /// What the device makes of a hello with these bytes in the session that
    /// [`Self::hello_answered`] has begun; `None` before that.
    #[must_use]
    pub fn hello_digest(&self, hello: &[u8]) -> Option<[u8; DIGEST_LEN]> {
        Some(hello_digest(&self.key, &self.current.as_ref()?.salt, hello))
    }

    /// Tags a message; `None` when there is no session or its counter has run out, which a new
    /// hello ends, or when the buffer is too short.
    pub fn seal(&mut self, buffer: &mut [u8], start: usize, len: usize) -> Option<usize> {
        self.current.as_mut()?.seal(buffer, start, len)
    }

    /// Takes a tagged message. Those of the session before are taken until the first one of this
    /// session comes. `None` for any other bytes, which are to be dropped and counted.
    pub fn open<'a>(&mut self, tagged: &'a [u8]) -> Option<&'a [u8]> {
        if let Some(message) = self.current.as_mut().and_then(|channel| channel.open(tagged)) {
            self.previous = None;
            return Some(message);
        }
        self.previous.as_mut()?.open(tagged)
    }
}

impl fmt::Debug for DeviceKeys {
    /// Tells nothing of the keys.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DeviceKeys")
    }
}

impl fmt::Debug for HostKeys {
    /// Tells nothing of the keys.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("HostKeys")
    }
}
