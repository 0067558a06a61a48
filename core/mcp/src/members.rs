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
    /// Who the client is; not read.
    MetaClient,
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
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
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
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) const fn repeated(&self) -> bool {
        const MANY: u32 = Key::Other.bit() | Key::Answer.bit() | Key::MetaClient.bit();
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
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
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
                    _ => (Key::MetaClient, after(text, b"clientInfo\":")?),
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
const QUICK: bool = cfg!(all(target_pointer_width = "64", not(trine_small)));

/// What follows `literal`, if that is how `text` starts.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
fn after<'m, const N: usize>(text: &'m [u8], literal: &[u8; N]) -> Option<&'m [u8]> {
    let (start, rest) = text.split_first_chunk::<N>()?;
    (start == literal).then_some(rest)
}

impl Key {
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
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
            (b"io.modelcontextprotocol/clientInfo", Key::MetaClient),
        ];
        let known = match level {
            Level::Message => MESSAGE,
            Level::Params => PARAMS,
            Level::Meta => META,
        };
        known.iter().find(|(known, _)| name.is(known)).map_or(Self::Other, |(_, key)| *key)
    }
}

#[cfg(test)]
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
mod tests {
    use super::*;

    /// Members as clients write them, what stands for each, and a value that is read with its name.
    static COMMON: [(Level, &str, Key, &str); 14] = [
        (Level::Message, r#""jsonrpc":"#, Key::Jsonrpc2, r#""2.0""#),
        (Level::Message, r#""id":"#, Key::Id, ""),
        (Level::Message, r#""method":"#, Key::Method, ""),
        (Level::Message, r#""method":"#, Key::MethodCall, r#""tools/call""#),
        (Level::Message, r#""params":"#, Key::Params, ""),
        (Level::Params, r#""name":"#, Key::Name, ""),
        (Level::Params, r#""arguments":"#, Key::Arguments, ""),
        (Level::Params, r#""_meta":"#, Key::Meta, ""),
        (Level::Meta, r#""io.modelcontextprotocol/protocolVersion":"#, Key::MetaVersion, ""),
        (
            Level::Meta,
            r#""io.modelcontextprotocol/protocolVersion":"#,
            Key::MetaVersion2026,
            r#""2026-07-28""#,
        ),
        (
            Level::Meta,
            r#""io.modelcontextprotocol/clientCapabilities":"#,
            Key::MetaCapabilities,
            "",
        ),
        (Level::Meta, r#""io.modelcontextprotocol/clientInfo":"#, Key::MetaClient, ""),
        (Level::Meta, r#""io.modelcontextprotocol/logLevel":"#, Key::Other, ""),
        (Level::Meta, r#""progressToken":"#, Key::ProgressToken, ""),
    ];

    #[test]
    fn names_that_nearly_every_client_writes_are_known_at_a_glance() {
        for &(level, name, key, value) in &COMMON {
            for (lead, wrong) in [("{", ","), (",", "{")] {
                let text = std::format!("{lead}{name}{value} 1");
                let mut members =
                    MemberReader { lead: lead.as_bytes()[0], ..MemberReader::new(level) };
                let mut reader = JsonReader::new(text.as_bytes());
                assert!(members.common_name(&mut reader) == Some(key), "{text}");
                assert_eq!(reader.rest(), b" 1");
                // As any reader would find it.
                let mut reader = JsonReader::new(text.as_bytes());
                assert!(members.next(&mut reader) == Ok(Some(key)) && members.seen == key.bit());

                members.lead = wrong.as_bytes()[0];
                let mut reader = JsonReader::new(text.as_bytes());
                assert!(members.common_name(&mut reader).is_none(), "{text} behind {wrong}");
                assert_eq!(reader.rest(), text.as_bytes());
            }
            for other in [level == Level::Message, level == Level::Params, level == Level::Meta]
                .into_iter()
                .zip([Level::Message, Level::Params, Level::Meta])
                .filter_map(|(is_it, other)| (!is_it).then_some(other))
            {
                let text = std::format!("{{{name}{value}1");
                let mut reader = JsonReader::new(text.as_bytes());
                assert!(MemberReader::new(other).common_name(&mut reader).is_none(), "{text}");
            }
            for end in 0..name.len() {
                let text = std::format!("{{{}", &name[..end]);
                let mut reader = JsonReader::new(text.as_bytes());
                assert!(MemberReader::new(level).common_name(&mut reader).is_none(), "{text}");
            }
        }
    }

    #[test]
    fn a_member_is_repeated_in_either_spelling() {
        let read = |level, text: &str| {
            let (mut reader, mut members) =
                (JsonReader::new(text.as_bytes()), MemberReader::new(level));
            while let Some(key) = members.next(&mut reader).unwrap() {
                if !matches!(key, Key::Jsonrpc2 | Key::MethodCall | Key::MetaVersion2026) {
                    reader.skip_value().unwrap();
                }
            }
            members.repeated()
        };
        let version = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28""#;
        let other = r#""io.modelcontextprotocol/protocolVersion":"2025-11-25""#;
        for (level, one, two) in [
            (Level::Message, r#""jsonrpc":"2.0""#, r#""jsonrpc": "2.0""#),
            (Level::Message, r#""method":"tools/call""#, r#""method":"ping""#),
            (Level::Message, r#""id":1"#, r#""\u0069d":2"#),
            (Level::Params, r#""name":1"#, r#""name" :2"#),
            (Level::Params, r#""cursor":1"#, r#""cursor":1"#),
            (Level::Meta, version, other),
        ] {
            for (one, two) in [(one, two), (two, one), (one, one), (two, two)] {
                assert!(read(level, &std::format!("{{{one},{two}}}")), "{one} and {two}");
            }
            assert!(
                !read(level, &std::format!("{{{one}}}"))
                    && !read(level, &std::format!("{{{two}}}"))
            );
        }
        assert!(!read(Level::Message, r#"{"result":1,"error":2,"a":1,"a":2}"#));
        let all = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#;
        assert!(!read(Level::Message, all));
        assert!(!read(Level::Meta, &std::format!("{{{version},\"progressToken\":1}}")));
    }
}
