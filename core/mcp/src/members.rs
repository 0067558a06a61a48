//! The members of a message's objects: which one comes next, and whether one is there twice.

use crate::json::{JsonError, JsonReader, JsonText};

/// A member that we read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Jsonrpc,
    /// The member with its value, which is nearly always the same.
    Jsonrpc2,
    Id,
    Method,
    /// The member with the method that is called by far the most.
    MethodCall,
    Params,
    Answer,
    Name,
    Arguments,
    Meta,
    Cursor,
    LogLevel,
    ProtocolVersion,
    RequestId,
    Notifications,
    RequestState,
    InputResponses,
    MetaVersion,
    /// The member with the one revision that it names.
    MetaVersion2026,
    MetaCapabilities,
    ProgressToken,
    Other,
}

/// The object whose members are being read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Message,
    Params,
    Meta,
}

/// Walks the members of one object.
#[derive(Clone, Copy)]
pub(crate) struct MemberReader {
    level: Level,
    /// What stands before the next member: the brace, or a comma.
    lead: u8,
    /// One bit a key that was seen, and those that were seen again.
    seen: u32,
    again: u32,
}

impl MemberReader {
    /// Starts at a reader that stands before the brace of an object.
    pub(crate) const fn new(level: Level) -> Self {
        Self { level, lead: b'{', seen: 0, again: 0 }
    }

    /// Reads what stands before a member's value; `None` at the end of the object.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn next(&mut self, reader: &mut JsonReader<'_>) -> Result<Option<Key>, JsonError> {
        let key = match self.common_name(reader) {
            Some(key) => key,
            None => {
                if QUICK && let ([b'}', rest @ ..], b',') = (reader.rest(), self.lead) {
                    reader.go_on(rest);
                    return Ok(None);
                }
                let mut first = self.lead == b'{';
                if first {
                    reader.begin_object()?;
                }
                if !reader.more(b'}', &mut first)? {
                    return Ok(None);
                }
                Key::named(reader.member_name()?, self.level)
            }
        };
        self.lead = b',';
        let bit = key.bit();
        self.again |= self.seen & bit;
        self.seen |= bit;
        Ok(Some(key))
    }

    /// Whether a member that we read was there twice, in one spelling or in both.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) const fn repeated(&self) -> bool {
        const MANY: u32 = Key::Other.bit() | Key::Answer.bit();
        // The same member, without its value and with it.
        const TWICE: [u32; 3] = [
            Key::Jsonrpc.bit() | Key::Jsonrpc2.bit(),
            Key::Method.bit() | Key::MethodCall.bit(),
            Key::MetaVersion.bit() | Key::MetaVersion2026.bit(),
        ];
        let [jsonrpc, method, version] = TWICE;
        self.again & !MANY != 0
            || self.seen & jsonrpc == jsonrpc
            || self.seen & method == method
            || self.seen & version == version
    }

    /// Reads a member's name in the spelling that nearly every client uses, compared as a whole
    /// with its colon. Any other spelling of the same name, with spaces or escapes, is left to
    /// [`Key::named`].
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn common_name(&self, reader: &mut JsonReader<'_>) -> Option<Key> {
        let [lead, text @ ..] = reader.rest() else { return None };
        if *lead != self.lead {
            return None;
        }
        let (key, rest) = match (self.level, text.get(1)?) {
            (Level::Message, b'j') => (Key::Jsonrpc2, after(text, b"\"jsonrpc\":\"2.0\"")?),
            (Level::Message, b'i') => (Key::Id, after(text, b"\"id\":")?),
            (Level::Message, b'm') => {
                let text = after(text, b"\"method\":")?;
                match after(text, b"\"tools/call\"") {
                    Some(rest) if QUICK => (Key::MethodCall, rest),
                    _ => (Key::Method, text),
                }
            }
            (Level::Message, b'p') => (Key::Params, after(text, b"\"params\":")?),
            (Level::Params, b'n') => (Key::Name, after(text, b"\"name\":")?),
            (Level::Params, b'a') => (Key::Arguments, after(text, b"\"arguments\":")?),
            (Level::Params, b'_') => (Key::Meta, after(text, b"\"_meta\":")?),
            (Level::Meta, b'i') => {
                let text = after(text, b"\"io.modelcontextprotocol/")?;
                match text.get(6)? {
                    b'o' => {
                        let text = after(text, b"protocolVersion\":")?;
                        match after(text, b"\"2026-07-28\"") {
                            Some(rest) if QUICK => (Key::MetaVersion2026, rest),
                            _ => (Key::MetaVersion, text),
                        }
                    }
                    b'C' => (Key::MetaCapabilities, after(text, b"clientCapabilities\":")?),
                    b'e' if QUICK => (Key::Other, after(text, b"logLevel\":")?),
                    _ => (Key::Other, after(text, b"clientInfo\":")?),
                }
            }
            (Level::Meta, b'p') if QUICK => {
                (Key::ProgressToken, after(text, b"\"progressToken\":")?)
            }
            _ => return None,
        };
        reader.go_on(rest);
        Some(key)
    }
}

/// Whether members are recognised that a microcontroller reads like any other, which is smaller.
const QUICK: bool = cfg!(target_pointer_width = "64");

/// What follows `literal`, if that is how `text` starts.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn after<'m, const N: usize>(text: &'m [u8], literal: &[u8; N]) -> Option<&'m [u8]> {
    let (start, rest) = text.split_first_chunk::<N>()?;
    (start == literal).then_some(rest)
}

impl Key {
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    const fn bit(self) -> u32 {
        1 << self as u32
    }

    #[inline(never)]
    fn named(name: JsonText<'_>, level: Level) -> Self {
        const MESSAGE: &[(&[u8], Key)] = &[
            (b"jsonrpc", Key::Jsonrpc),
            (b"id", Key::Id),
            (b"method", Key::Method),
            (b"params", Key::Params),
            (b"result", Key::Answer),
            (b"error", Key::Answer),
        ];
        const PARAMS: &[(&[u8], Key)] = &[
            (b"name", Key::Name),
            (b"arguments", Key::Arguments),
            (b"_meta", Key::Meta),
            (b"cursor", Key::Cursor),
            (b"protocolVersion", Key::ProtocolVersion),
            (b"requestId", Key::RequestId),
            (b"notifications", Key::Notifications),
            (b"requestState", Key::RequestState),
            (b"inputResponses", Key::InputResponses),
            (b"level", Key::LogLevel),
        ];
        const META: &[(&[u8], Key)] = &[
            (b"io.modelcontextprotocol/protocolVersion", Key::MetaVersion),
            (b"io.modelcontextprotocol/clientCapabilities", Key::MetaCapabilities),
            (b"progressToken", Key::ProgressToken),
        ];
        let known = match level {
            Level::Message => MESSAGE,
            Level::Params => PARAMS,
            Level::Meta => META,
        };
        known.iter().find(|(known, _)| name.is(known)).map_or(Self::Other, |(_, key)| *key)
    }
}
