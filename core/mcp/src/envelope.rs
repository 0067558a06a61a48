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

impl Key {
    /// Reads a member's name and the colon.
    ///
    /// The spelling that nearly every client uses is compared as a whole, colon included; any other
    /// spelling of the same name, with spaces or escapes, is found by [`Key::named`].
    #[inline(always)]
    fn read(reader: &mut Reader<'_>, level: Level) -> Result<Self, JsonError> {
        let key = match (level, reader.second()) {
            (Level::Message, b'j') if reader.eat(b"\"jsonrpc\":\"2.0\"") => Self::Jsonrpc2,
            (Level::Message, b'i') if reader.eat(b"\"id\":") => Self::Id,
            (Level::Message, b'm') if reader.eat(b"\"method\":") => Self::Method,
            (Level::Message, b'p') if reader.eat(b"\"params\":") => Self::Params,
            (Level::Params, b'n') if reader.eat(b"\"name\":") => Self::Name,
            (Level::Params, b'a') if reader.eat(b"\"arguments\":") => Self::Arguments,
            (Level::Params, b'_') if reader.eat(b"\"_meta\":") => Self::Meta,
            (Level::Meta, b'i') if reader.eat(b"\"io.modelcontextprotocol/protocolVersion\":") => {
                Self::MetaVersion
            }
            (Level::Meta, b'i')
                if reader.eat(b"\"io.modelcontextprotocol/clientCapabilities\":") =>
            {
                Self::MetaCapabilities
            }
            (Level::Meta, b'i') if reader.eat(b"\"io.modelcontextprotocol/clientInfo\":") => {
                Self::Other
            }
            _ => Self::named(reader.member_name()?, level),
        };
        Ok(key)
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

    /// Notes that this member was seen; sets `repeated` if it was seen before.
    #[inline(always)]
    fn once(self, seen: &mut u32, repeated: &mut bool) {
        let bit = match self {
            Self::Other | Self::Answer => return,
            Self::Jsonrpc2 => 1 << Self::Jsonrpc as u32,
            key => 1 << key as u32,
        };
        *repeated |= *seen & bit != 0;
        *seen |= bit;
    }
}

impl<'m> Envelope<'m> {
    /// Reads a message that should be one object.
    ///
    /// An error comes with the byte where the value that holds it starts.
    ///
    /// Where the name of the tool stands before its arguments, as it nearly always does, `early`
    /// is given both and may read the arguments at once; it answers the text behind them.
    #[inline(always)]
    pub(crate) fn read(
        message: &'m [u8],
        early: &mut impl FnMut(&Text<'m>, &'m [u8]) -> Option<&'m [u8]>,
    ) -> Result<Self, (JsonError, usize)> {
        let mut reader = Reader::new(message);
        Self::read_members(&mut reader, early).map_err(|error| (error, reader.position()))
    }

    #[inline(always)]
    fn read_members(
        reader: &mut Reader<'m>,
        early: &mut impl FnMut(&Text<'m>, &'m [u8]) -> Option<&'m [u8]>,
    ) -> Result<Self, JsonError> {
        let mut envelope = Self::default();
        let (mut first, mut seen, mut repeated) = (true, 0, false);
        reader.begin_object()?;
        while reader.more(b'}', &mut first)? {
            let key = Key::read(reader, Level::Message)?;
            key.once(&mut seen, &mut repeated);
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
        envelope.repeated = repeated;
        reader.end()?;
        Ok(envelope)
    }
}

impl<'m> Params<'m> {
    #[inline(always)]
    fn read(
        &mut self,
        reader: &mut Reader<'m>,
        repeated: &mut bool,
        early: &mut impl FnMut(&Text<'m>, &'m [u8]) -> Option<&'m [u8]>,
    ) -> Result<(), JsonError> {
        if reader.kind()? != Kind::Object {
            self.malformed = reader.skip_value()? != b"null";
            return Ok(());
        }
        let (mut first, mut seen) = (true, 0);
        reader.begin_object()?;
        while reader.more(b'}', &mut first)? {
            let key = Key::read(reader, Level::Params)?;
            key.once(&mut seen, repeated);
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
        Ok(())
    }
}

impl<'m> Meta<'m> {
    #[inline(always)]
    fn read(&mut self, reader: &mut Reader<'m>, repeated: &mut bool) -> Result<(), JsonError> {
        if reader.kind()? != Kind::Object {
            self.malformed = reader.skip_value()? != b"null";
            return Ok(());
        }
        let (mut first, mut seen) = (true, 0);
        reader.begin_object()?;
        while reader.more(b'}', &mut first)? {
            let key = Key::read(reader, Level::Meta)?;
            key.once(&mut seen, repeated);
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
        Ok(())
    }
}

/// Reads a member that should be a string. `null` counts as absent.
#[inline(always)]
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
#[inline(always)]
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
