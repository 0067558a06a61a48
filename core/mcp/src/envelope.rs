//! One pass over a message: is it JSON, is it JSON-RPC, and where is what we need.
//!
//! The pass keeps spans of the members that any method reads, in whatever order they come, and
//! skips the rest. Arguments are the one thing that is read again, once the tool is known.

use crate::id::Id;
use crate::json::{JsonError, Kind, Reader, Text};

/// A member that should be a string.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Member<'m> {
    #[default]
    Absent,
    Text(Text<'m>),
    Other,
}

/// The `id` member.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum IdMember<'m> {
    /// A notification.
    #[default]
    Absent,
    Id(Id<'m>),
    /// `null`, another type, or too long: nothing that could be echoed.
    Unreadable,
}

/// A member that should be an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Object<'m> {
    /// Not there, or `null`.
    #[default]
    Absent,
    Text(&'m [u8]),
    Other,
}

/// What `params._meta` says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meta<'m> {
    pub(crate) version: Member<'m>,
    pub(crate) capabilities: bool,
    pub(crate) progress: Option<Id<'m>>,
    pub(crate) malformed: bool,
}

/// What `params` says, of all that any method reads.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Params<'m> {
    pub(crate) malformed: bool,
    pub(crate) name: Member<'m>,
    /// Starts with the arguments, and may go on behind them.
    pub(crate) arguments: Object<'m>,
    pub(crate) cursor: Member<'m>,
    pub(crate) protocol_version: Member<'m>,
    pub(crate) request_id: Option<Id<'m>>,
    pub(crate) notifications: Object<'m>,
    pub(crate) meta: Meta<'m>,
}

/// A message, taken apart.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Envelope<'m> {
    pub(crate) version_2: bool,
    pub(crate) id: IdMember<'m>,
    pub(crate) method: Member<'m>,
    pub(crate) params: Params<'m>,
    /// Has a `result` or an `error`: an answer to a request that we never sent.
    pub(crate) response: bool,
    /// A member that we read is there twice. Which one counts would be a guess.
    pub(crate) repeated: bool,
}

/// A member that we read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Jsonrpc,
    /// The member with its value, which is nearly always the same.
    Jsonrpc2,
    Id,
    Method,
    Params,
    Answer,
    Name,
    Arguments,
    Meta,
    Cursor,
    ProtocolVersion,
    RequestId,
    Notifications,
    MetaVersion,
    MetaCapabilities,
    ProgressToken,
    Other,
}

/// The object whose members are being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Message,
    Params,
    Meta,
}

/// Walks the members of one object.
#[derive(Clone, Copy)]
struct Walk {
    level: Level,
    /// What stands before the next member: the brace, or a comma.
    lead: u8,
    /// One bit a key that was seen, and those that were seen again.
    seen: u32,
    again: u32,
}

impl Walk {
    /// Starts at a reader that stands before the brace of an object.
    const fn new(level: Level) -> Self {
        Self { level, lead: b'{', seen: 0, again: 0 }
    }

    /// Reads what stands before a member's value; `None` at the end of the object.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<Key>, JsonError> {
        let key = match self.usual(reader) {
            Some(key) => key,
            None => {
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
        self.again |= self.seen & key.bit();
        self.seen |= key.bit();
        Ok(Some(key))
    }

    /// Reads a member's name in the spelling that nearly every client uses, compared as a whole
    /// with its colon. Any other spelling of the same name, with spaces or escapes, is left to
    /// [`Key::named`].
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn usual(&self, reader: &mut Reader<'_>) -> Option<Key> {
        let [lead, text @ ..] = reader.rest() else { return None };
        if *lead != self.lead {
            return None;
        }
        let (key, rest) = match (self.level, text.get(1)?) {
            (Level::Message, b'j') => (Key::Jsonrpc2, after(text, b"\"jsonrpc\":\"2.0\"")?),
            (Level::Message, b'i') => (Key::Id, after(text, b"\"id\":")?),
            (Level::Message, b'm') => (Key::Method, after(text, b"\"method\":")?),
            (Level::Message, b'p') => (Key::Params, after(text, b"\"params\":")?),
            (Level::Params, b'n') => (Key::Name, after(text, b"\"name\":")?),
            (Level::Params, b'a') => (Key::Arguments, after(text, b"\"arguments\":")?),
            (Level::Params, b'_') => (Key::Meta, after(text, b"\"_meta\":")?),
            (Level::Meta, b'i') => {
                let text = after(text, b"\"io.modelcontextprotocol/")?;
                match text.get(6)? {
                    b'o' => (Key::MetaVersion, after(text, b"protocolVersion\":")?),
                    b'C' => (Key::MetaCapabilities, after(text, b"clientCapabilities\":")?),
                    _ => (Key::Other, after(text, b"clientInfo\":")?),
                }
            }
            _ => return None,
        };
        reader.go_on(rest);
        Some(key)
    }
}

/// What follows `literal`, if that is how `text` starts.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn after<'m, const N: usize>(text: &'m [u8], literal: &[u8; N]) -> Option<&'m [u8]> {
    let (start, rest) = text.split_first_chunk::<N>()?;
    (start == literal).then_some(rest)
}

impl Key {
    /// The bit of a member that may be there only once.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    const fn bit(self) -> u32 {
        match self {
            Self::Other | Self::Answer => 0,
            Self::Jsonrpc2 => 1 << Self::Jsonrpc as u32,
            key => 1 << key as u32,
        }
    }

    #[inline(never)]
    fn named(name: Text<'_>, level: Level) -> Self {
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

impl<'m> Envelope<'m> {
    /// Reads a message that should be one object.
    ///
    /// An error comes with the byte where the value that holds it starts.
    ///
    /// Where the name of the tool stands before its arguments, as it nearly always does, `early`
    /// is given both and may read the arguments at once; it answers the text behind them.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn read(
        message: &'m [u8],
        early: &mut impl FnMut(&Text<'m>, &'m [u8]) -> Option<&'m [u8]>,
    ) -> Result<Self, (JsonError, usize)> {
        let mut reader = Reader::new(message);
        Self::read_members(&mut reader, early).map_err(|error| (error, reader.position()))
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn read_members(
        reader: &mut Reader<'m>,
        early: &mut impl FnMut(&Text<'m>, &'m [u8]) -> Option<&'m [u8]>,
    ) -> Result<Self, JsonError> {
        let mut envelope = Self::default();
        let mut walk = Walk::new(Level::Message);
        let mut repeated = false;
        while let Some(key) = walk.next(reader)? {
            match key {
                Key::Jsonrpc2 => envelope.version_2 = true,
                Key::Jsonrpc => {
                    let version = text_member(reader)?;
                    envelope.version_2 = matches!(version, Member::Text(text) if text.is(b"2.0"));
                }
                Key::Id => {
                    envelope.id = Id::read(reader)?.map_or(IdMember::Unreadable, IdMember::Id);
                }
                Key::Method => envelope.method = text_member(reader)?,
                Key::Params => envelope.params.read(reader, &mut repeated, early)?,
                key => {
                    envelope.response |= key == Key::Answer;
                    reader.skip_value()?;
                }
            }
        }
        envelope.repeated = repeated || walk.again != 0;
        reader.end()?;
        Ok(envelope)
    }
}

impl<'m> Params<'m> {
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn read(
        &mut self,
        reader: &mut Reader<'m>,
        repeated: &mut bool,
        early: &mut impl FnMut(&Text<'m>, &'m [u8]) -> Option<&'m [u8]>,
    ) -> Result<(), JsonError> {
        if !matches!(reader.rest(), [b'{', ..]) && reader.kind()? != Kind::Object {
            self.malformed = reader.skip_value()? != b"null";
            return Ok(());
        }
        let mut walk = Walk::new(Level::Params);
        while let Some(key) = walk.next(reader)? {
            match key {
                Key::Name => self.name = text_member(reader)?,
                Key::Arguments => {
                    let text = reader.rest();
                    let read = match (&self.name, text) {
                        (Member::Text(name), [b'{', ..]) => early(name, text),
                        _ => None,
                    };
                    self.arguments = match read {
                        Some(rest) => {
                            reader.go_on(rest);
                            Object::Text(text)
                        }
                        None => object_member(reader)?,
                    };
                }
                Key::Meta => self.meta.read(reader, repeated)?,
                Key::Cursor => self.cursor = text_member(reader)?,
                Key::ProtocolVersion => self.protocol_version = text_member(reader)?,
                Key::RequestId => self.request_id = Id::read(reader)?,
                Key::Notifications => self.notifications = object_member(reader)?,
                _ => drop(reader.skip_value()?),
            }
        }
        *repeated |= walk.again != 0;
        Ok(())
    }
}

impl<'m> Meta<'m> {
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn read(&mut self, reader: &mut Reader<'m>, repeated: &mut bool) -> Result<(), JsonError> {
        if !matches!(reader.rest(), [b'{', ..]) && reader.kind()? != Kind::Object {
            self.malformed = reader.skip_value()? != b"null";
            return Ok(());
        }
        let mut walk = Walk::new(Level::Meta);
        while let Some(key) = walk.next(reader)? {
            match key {
                Key::MetaVersion => {
                    self.version = match text_member(reader)? {
                        Member::Absent => Member::Other,
                        member => member,
                    };
                }
                Key::MetaCapabilities => {
                    self.capabilities = matches!(object_member(reader)?, Object::Text(_));
                }
                Key::ProgressToken => {
                    self.progress = Id::read(reader)?;
                    self.malformed |= self.progress.is_none();
                }
                _ => drop(reader.skip_value()?),
            }
        }
        *repeated |= walk.again != 0;
        Ok(())
    }
}

/// Reads a member that should be a string. `null` counts as absent.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn text_member<'m>(reader: &mut Reader<'m>) -> Result<Member<'m>, JsonError> {
    if let [b'"', ..] = reader.rest() {
        return reader.string().map(Member::Text);
    }
    let (member, rest) = spaced_text_member(reader.rest())?;
    reader.go_on(rest);
    Ok(member)
}

#[inline(never)]
fn spaced_text_member(rest: &[u8]) -> Result<(Member<'_>, &[u8]), JsonError> {
    let mut reader = Reader::new(rest);
    let member = match reader.kind()? {
        Kind::String => Member::Text(reader.string()?),
        Kind::Null => reader.null().map(|()| Member::Absent)?,
        _ => reader.skip_value().map(|_| Member::Other)?,
    };
    Ok((member, reader.rest()))
}

/// Reads a member that should be an object. `null` counts as absent.
#[cfg_attr(target_pointer_width = "64", inline(always))]
fn object_member<'m>(reader: &mut Reader<'m>) -> Result<Object<'m>, JsonError> {
    if reader.eat(b"{}") {
        return Ok(Object::Text(b"{}"));
    }
    let value = reader.skip_value()?;
    Ok(match value {
        [b'{', ..] => Object::Text(value),
        b"null" => Object::Absent,
        _ => Object::Other,
    })
}
