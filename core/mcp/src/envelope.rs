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

/// Longest member name that means anything to us, with room to spare.
const NAME_MAX: usize = 64;

/// The decoded name of a member, through `buffer` if it has escapes; empty if it is none of ours.
#[inline]
fn name_of<'b>(name: &Text<'b>, buffer: &'b mut [u8; NAME_MAX]) -> &'b [u8] {
    if let Some(plain) = name.plain() {
        return plain;
    }
    let len = name.decode_into(buffer).unwrap_or(0);
    &buffer[..len]
}

/// Notes that one of our members was seen, and whether it was seen before.
fn once(seen: &mut u16, repeated: &mut bool, bit: u16) {
    *repeated |= *seen & bit != 0;
    *seen |= bit;
}

impl<'m> Envelope<'m> {
    /// Reads a message that should be one object.
    pub(crate) fn read(reader: &mut Reader<'m>) -> Result<Self, JsonError> {
        let mut envelope = Self::default();
        let (mut first, mut seen) = (true, 0);
        let mut buffer = [0; NAME_MAX];
        reader.begin_object()?;
        while let Some(name) = reader.next_member(&mut first)? {
            let repeated = &mut envelope.repeated;
            match name_of(&name, &mut buffer) {
                b"jsonrpc" => {
                    once(&mut seen, repeated, 1);
                    envelope.version_2 =
                        matches!(text_member(reader)?, Member::Text(text) if text.is(b"2.0"));
                }
                b"id" => {
                    once(&mut seen, repeated, 2);
                    envelope.id = Id::read(reader)?.map_or(IdMember::Unreadable, IdMember::Id);
                }
                b"method" => {
                    once(&mut seen, repeated, 4);
                    envelope.method = text_member(reader)?;
                }
                b"params" => {
                    once(&mut seen, repeated, 8);
                    envelope.params = Params::read(reader, repeated)?;
                }
                b"result" | b"error" => {
                    envelope.response = true;
                    reader.skip_value()?;
                }
                _ => drop(reader.skip_value()?),
            }
        }
        reader.end()?;
        Ok(envelope)
    }
}

impl<'m> Params<'m> {
    fn read(reader: &mut Reader<'m>, repeated: &mut bool) -> Result<Self, JsonError> {
        let mut params = Self::default();
        if reader.kind()? != Kind::Object {
            params.malformed = reader.skip_value()? != b"null";
            return Ok(params);
        }
        let (mut first, mut seen) = (true, 0);
        let mut buffer = [0; NAME_MAX];
        reader.begin_object()?;
        while let Some(name) = reader.next_member(&mut first)? {
            match name_of(&name, &mut buffer) {
                b"name" => {
                    once(&mut seen, repeated, 1);
                    params.name = text_member(reader)?;
                }
                b"arguments" => {
                    once(&mut seen, repeated, 2);
                    params.arguments = object_member(reader)?;
                }
                b"_meta" => {
                    once(&mut seen, repeated, 4);
                    params.meta = Meta::read(reader, repeated)?;
                }
                b"cursor" => {
                    once(&mut seen, repeated, 8);
                    params.cursor = text_member(reader)?;
                }
                b"protocolVersion" => {
                    once(&mut seen, repeated, 16);
                    params.protocol_version = text_member(reader)?;
                }
                b"requestId" => {
                    once(&mut seen, repeated, 32);
                    params.request_id = Id::read(reader)?;
                }
                b"notifications" => {
                    once(&mut seen, repeated, 64);
                    params.notifications = object_member(reader)?;
                }
                _ => drop(reader.skip_value()?),
            }
        }
        Ok(params)
    }
}

impl<'m> Meta<'m> {
    fn read(reader: &mut Reader<'m>, repeated: &mut bool) -> Result<Self, JsonError> {
        let mut meta = Self::default();
        if reader.kind()? != Kind::Object {
            meta.malformed = reader.skip_value()? != b"null";
            return Ok(meta);
        }
        let (mut first, mut seen) = (true, 0);
        let mut buffer = [0; NAME_MAX];
        reader.begin_object()?;
        while let Some(name) = reader.next_member(&mut first)? {
            match name_of(&name, &mut buffer) {
                b"io.modelcontextprotocol/protocolVersion" => {
                    once(&mut seen, repeated, 1);
                    meta.version = match text_member(reader)? {
                        Member::Absent => Member::Other,
                        member => member,
                    };
                }
                b"io.modelcontextprotocol/clientCapabilities" => {
                    once(&mut seen, repeated, 2);
                    let capabilities = object_member(reader)?;
                    meta.capabilities = matches!(capabilities, Object::Text(_));
                }
                b"progressToken" => {
                    once(&mut seen, repeated, 4);
                    meta.progress = Id::read(reader)?;
                    meta.malformed |= meta.progress.is_none();
                }
                _ => drop(reader.skip_value()?),
            }
        }
        Ok(meta)
    }
}

/// Reads a member that should be a string. `null` counts as absent.
fn text_member<'m>(reader: &mut Reader<'m>) -> Result<Member<'m>, JsonError> {
    match reader.kind()? {
        Kind::String => reader.string().map(Member::Text),
        Kind::Null => reader.null().map(|()| Member::Absent),
        _ => reader.skip_value().map(|_| Member::Other),
    }
}

/// Reads a member that should be an object. `null` counts as absent.
fn object_member<'m>(reader: &mut Reader<'m>) -> Result<Object<'m>, JsonError> {
    match reader.kind()? {
        Kind::Object => reader.skip_value().map(Object::Text),
        Kind::Null => reader.null().map(|()| Object::Absent),
        _ => reader.skip_value().map(|_| Object::Other),
    }
}
