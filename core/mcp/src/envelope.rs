//! One pass over a message: is it JSON, is it JSON-RPC, and where is what we need.
//!
//! The pass keeps spans of the members that any method reads, in whatever order they come, and
//! skips the rest. Arguments are the one thing that is read again, once the tool is known.

use trine_descriptor::NAME_MAX;

use crate::id::Id;
use crate::json::scan::{WORD, special};
use crate::json::words::same;
use crate::json::{JsonError, JsonReader, JsonText, Kind};
use crate::members::{Key, Level, MemberReader};

/// Whether the tool's name is guessed where it is not known yet: not on a microcontroller, where
/// flash is dearer than reading arguments twice.
const GUESSES: bool = cfg!(all(target_pointer_width = "64", not(trine_small)));

/// A member that should be a string.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Member<'m> {
    #[default]
    Absent,
    Text(JsonText<'m>),
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
    /// The version is 2026-07-28, which was recognised with its name.
    pub(crate) newest: bool,
    /// The capabilities, an object; empty if they are not there.
    pub(crate) capabilities: &'m [u8],
    pub(crate) progress: Option<Id<'m>>,
    /// There are members that the engine does not read.
    pub(crate) has_more: bool,
    pub(crate) malformed: bool,
}

/// What `params` says, of all that any method reads.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Params<'m> {
    pub(crate) malformed: bool,
    pub(crate) name: Member<'m>,
    /// Starts with the arguments, and may go on behind them.
    pub(crate) arguments: Object<'m>,
    /// The name of the tool that arguments were read for before it was there.
    guess: Option<JsonText<'m>>,
    pub(crate) cursor: Member<'m>,
    pub(crate) level: Member<'m>,
    pub(crate) protocol_version: Member<'m>,
    pub(crate) request_id: Option<Id<'m>>,
    pub(crate) notifications: Object<'m>,
    pub(crate) request_state: Member<'m>,
    pub(crate) input_responses: Object<'m>,
    pub(crate) meta: Meta<'m>,
}

/// A message, taken apart.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Envelope<'m> {
    pub(crate) version_2: bool,
    pub(crate) id: IdMember<'m>,
    pub(crate) method: Member<'m>,
    /// The method is `tools/call`, which was recognised with its name.
    pub(crate) call: bool,
    pub(crate) params: Params<'m>,
    /// Has a `result` or an `error`: an answer to a request that we never sent.
    pub(crate) response: bool,
    /// A member that we read is there twice. Which one counts would be a guess.
    pub(crate) repeated: bool,
}

impl<'m> Envelope<'m> {
    /// Reads a message that should be one object.
    ///
    /// An error comes with the byte where the value that holds it starts.
    ///
    /// Where the name of the tool is known before its arguments are read, as it nearly always is,
    /// `early` is given both and may read the arguments at once; it answers the text behind them.
    /// A name that seems to follow them is a guess: see [`Params::is_misread`].
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn read(
        &mut self,
        message: &'m [u8],
        early: &mut impl FnMut(&JsonText<'m>, &'m [u8]) -> Option<&'m [u8]>,
    ) -> Result<(), (JsonError, usize)> {
        let mut reader = JsonReader::new(message);
        self.read_members(&mut reader, early).map_err(|error| (error, reader.position()))
    }

    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn read_members(
        &mut self,
        reader: &mut JsonReader<'m>,
        early: &mut impl FnMut(&JsonText<'m>, &'m [u8]) -> Option<&'m [u8]>,
    ) -> Result<(), JsonError> {
        let mut members = MemberReader::new(Level::Message);
        let mut repeated = false;
        while let Some(key) = members.next(reader)? {
            match key {
                Key::Jsonrpc2 => self.version_2 = true,
                Key::Jsonrpc => {
                    let version = text_member(reader)?;
                    self.version_2 = matches!(version, Member::Text(text) if text.is(b"2.0"));
                }
                Key::Id => {
                    self.id = Id::read(reader)?.map_or(IdMember::Unreadable, IdMember::Id);
                }
                Key::Method => self.method = text_member(reader)?,
                Key::MethodCall => {
                    self.call = true;
                    self.method = Member::Text(JsonText::checked(b"tools/call", false));
                }
                Key::Params => self.params.read(reader, &mut repeated, early)?,
                key => {
                    self.response |= key == Key::Answer;
                    reader.skip_value()?;
                }
            }
        }
        self.repeated = repeated || members.repeated();
        reader.end()
    }
}

impl<'m> Params<'m> {
    /// Whether arguments were read for another tool than the one that is named.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn is_misread(&self) -> bool {
        GUESSES
            && self.guess.is_some_and(
                |guess| !matches!(self.name, Member::Text(name) if same(name.raw(), guess.raw())),
            )
    }

    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn read(
        &mut self,
        reader: &mut JsonReader<'m>,
        repeated: &mut bool,
        early: &mut impl FnMut(&JsonText<'m>, &'m [u8]) -> Option<&'m [u8]>,
    ) -> Result<(), JsonError> {
        if !matches!(reader.rest(), [b'{', ..]) && reader.kind()? != Kind::Object {
            self.malformed = reader.skip_value()? != b"null";
            return Ok(());
        }
        let mut members = MemberReader::new(Level::Params);
        while let Some(key) = members.next(reader)? {
            match key {
                Key::Name => self.read_name(reader)?,
                Key::Arguments => {
                    let text = reader.rest();
                    let name = match self.name {
                        Member::Text(name) => Some(name),
                        _ if GUESSES => {
                            self.guess = name_at_the_end(text);
                            self.guess
                        }
                        _ => None,
                    };
                    let read = match (&name, text) {
                        (Some(name), [b'{', ..]) => early(name, text),
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
                Key::LogLevel => self.level = text_member(reader)?,
                Key::ProtocolVersion => self.protocol_version = text_member(reader)?,
                Key::RequestId => self.request_id = Id::read(reader)?,
                Key::Notifications => self.notifications = object_member(reader)?,
                Key::RequestState => self.request_state = text_member(reader)?,
                Key::InputResponses => self.input_responses = object_member(reader)?,
                _ => drop(reader.skip_value()?),
            }
        }
        *repeated |= members.repeated();
        Ok(())
    }

    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn read_name(&mut self, reader: &mut JsonReader<'m>) -> Result<(), JsonError> {
        if GUESSES && let Some(guess) = self.guess {
            let behind = guess.raw().len() + r#""""#.len();
            // As far from the end as the guess is: the same bytes, which are a whole string.
            if let Some(rest @ [_, _]) = reader.rest().get(behind..) {
                reader.go_on(rest);
                (self.name, self.guess) = (Member::Text(guess), None);
                return Ok(());
            }
        }
        self.name = text_member(reader)?;
        Ok(())
    }
}

impl<'m> Meta<'m> {
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    fn read(&mut self, reader: &mut JsonReader<'m>, repeated: &mut bool) -> Result<(), JsonError> {
        if !matches!(reader.rest(), [b'{', ..]) && reader.kind()? != Kind::Object {
            self.malformed = reader.skip_value()? != b"null";
            return Ok(());
        }
        let mut members = MemberReader::new(Level::Meta);
        while let Some(key) = members.next(reader)? {
            match key {
                Key::MetaVersion => {
                    self.version = match text_member(reader)? {
                        Member::Absent => Member::Other,
                        member => member,
                    };
                }
                Key::MetaVersion2026 => {
                    self.newest = true;
                    self.version = Member::Text(JsonText::checked(b"2026-07-28", false));
                }
                Key::MetaCapabilities => {
                    if let Object::Text(text) = object_member(reader)? {
                        self.capabilities = text;
                    }
                }
                Key::ProgressToken => {
                    self.progress = Id::read(reader)?;
                    self.malformed |= self.progress.is_none();
                }
                key => {
                    self.has_more |= key == Key::Other;
                    reader.skip_value()?;
                }
            }
        }
        *repeated |= members.repeated();
        Ok(())
    }
}

/// The name that seems to end `text`, which starts with the arguments: a client that sorts members
/// by their names sends it last of all. Whether it is the tool's is known when it is read.
#[inline(never)]
fn name_at_the_end(text: &[u8]) -> Option<JsonText<'_>> {
    let (text, end) = text.split_last_chunk()?;
    if end != b"\"}}" {
        return None;
    }
    let mut at = text.len();
    // A hit above the lowest may be none, and then no member ends there.
    let quote = loop {
        let (before, word) = text.get(..at)?.split_last_chunk::<WORD>()?;
        match special(usize::from_le_bytes(*word)) {
            0 if text.len() - at < NAME_MAX => at = before.len(),
            hits => break at - hits.leading_zeros() as usize / 8,
        }
    };
    let (before, name) = text.split_at_checked(quote)?;
    (before.last_chunk() == Some(b",\"name\":\"")).then_some(JsonText::checked(name, false))
}

/// Reads a member that should be a string. `null` counts as absent.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
fn text_member<'m>(reader: &mut JsonReader<'m>) -> Result<Member<'m>, JsonError> {
    if let [b'"', ..] = reader.rest() {
        return reader.string().map(Member::Text);
    }
    let (member, rest) = spaced_text_member(reader.rest())?;
    reader.go_on(rest);
    Ok(member)
}

#[inline(never)]
fn spaced_text_member(rest: &[u8]) -> Result<(Member<'_>, &[u8]), JsonError> {
    let mut reader = JsonReader::new(rest);
    let member = match reader.kind()? {
        Kind::String => Member::Text(reader.string()?),
        Kind::Null => reader.null().map(|()| Member::Absent)?,
        _ => reader.skip_value().map(|_| Member::Other)?,
    };
    Ok((member, reader.rest()))
}

/// Reads a member that should be an object. `null` counts as absent.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
fn object_member<'m>(reader: &mut JsonReader<'m>) -> Result<Object<'m>, JsonError> {
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

#[cfg(test)]
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
mod tests {
    use super::*;
    use std::format;

    fn guessed(text: &str) -> Option<&str> {
        name_at_the_end(text.as_bytes()).map(|name| core::str::from_utf8(name.raw()).unwrap())
    }

    #[test]
    fn the_name_that_ends_a_message_is_found() {
        for len in 0..=NAME_MAX {
            let name = &"a_name_of_some_length_".repeat(4)[..len];
            for behind in ["{}", r#"{"percent":40,"text":"\"name\":\""}"#] {
                let text = format!(r#"{behind},"name":"{name}"}}}}"#);
                assert_eq!(guessed(&text), Some(name), "{text}");
            }
        }
        let long = "n".repeat(2 * NAME_MAX + 8);
        assert_eq!(
            guessed(&format!(r#"{{}},"name":"{long}"}}}}"#)),
            None,
            "no tool has such a name"
        );
    }

    #[test]
    fn what_ends_a_message_in_another_way_is_no_name() {
        for text in [
            "",
            r#""}}"#,
            r#"{},"name":"a_tool"}"#,
            r#"{},"name":"a_tool"}} "#,
            r#"{},"name":"a_tool"}]"#,
            r#"{}, "name":"a_tool"}}"#,
            r#"{},"name": "a_tool"}}"#,
            r#"{},"title":"a_tool"}}"#,
            r#"{},"nam\u0065":"a_tool"}}"#,
            r#"{},"name":"a\_tool_that_is_escaped"}}"#,
            "{},\"name\":\"a\u{e9}tool_beyond_ascii\"}}",
            "{},\"name\":\"a\ttool_with_a_control\"}}",
            r#"name":"a_tool"}}"#,
        ] {
            assert_eq!(guessed(text), None, "{text}");
        }
    }

    /// The names that arguments were read for, and whether the call is for another tool.
    fn read(message: &str) -> (std::vec::Vec<std::string::String>, bool, bool) {
        let (mut envelope, mut names) = (Envelope::default(), std::vec::Vec::new());
        let mut early = |name: &JsonText<'_>, text: &'_ [u8]| {
            names.push(std::string::String::from_utf8(name.raw().to_vec()).unwrap());
            text.strip_prefix(b"{\"a\":1}").map(|rest| {
                // As long as the text is.
                let at = message.len() - rest.len();
                &message.as_bytes()[at..]
            })
        };
        envelope.read(message.as_bytes(), &mut early).unwrap();
        let has_name = matches!(envelope.params.name, Member::Text(_));
        (names, envelope.params.is_misread(), has_name)
    }

    #[test]
    fn arguments_are_read_for_the_name_that_comes_before_them_or_ends_the_message() {
        let message = |params: &str| {
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{{params}}}}}"#)
        };
        let one = |params: &str| {
            let (names, is_misread, has_name) = read(&message(params));
            (names.join(" "), is_misread, has_name)
        };
        let said = |names: &str, is_misread, has_name| (names.into(), is_misread, has_name);
        assert_eq!(one(r#""name":"fan","arguments":{"a":1}"#), said("fan", false, true));
        assert_eq!(one(r#""arguments":{"a":1},"name":"fan""#), said("fan", false, true));
        assert_eq!(one(r#""arguments":{"a":2},"name":"fan""#), said("fan", false, true));
        assert_eq!(one(r#""name":"fan","arguments":[]"#), said("", false, true), "no object");
        assert_eq!(one(r#""arguments":{"a":1}"#), said("", false, false));
        // What ends the message is the name of something else.
        let behind = |params| format!(r#"{{"params":{{{params}}},"x":{{"y":1,"name":"fan"}}}}"#);
        let (names, is_misread, _) = read(&behind(r#""arguments":{"a":1},"name":"lamp""#));
        assert_eq!((names.join(" "), is_misread), ("fan".into(), true));
        let (names, is_misread, _) = read(&behind(r#""arguments":{"a":1},"name":"fan""#));
        assert_eq!((names.join(" "), is_misread), ("fan".into(), false), "by chance the same");
        let (names, is_misread, has_name) = read(&behind(r#""arguments":{"a":1}"#));
        assert_eq!((names.join(" "), is_misread, has_name), ("fan".into(), true, false));
    }
}
