//! What a client says that it can be asked for.

use super::InputKind;
use crate::json::object::{each, member};
use crate::json::{JsonReader, JsonWriter};

/// The extension by which a client takes tasks.
pub(crate) const TASKS: &str = "io.modelcontextprotocol/tasks";

/// The extension by which a client shows user interfaces of tools, and their media type.
const APPS: &str = "io.modelcontextprotocol/ui";
const APPS_MIME: &[u8] = b"text/html;profile=mcp-app";

/// What a client can be asked for: its capabilities, as far as a server's requests need them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientCapabilities {
    /// Forms can be filled in: `elicitation` is there, and either empty or with a `form`.
    pub forms: bool,
    /// A language model answers messages: `sampling`.
    pub sampling: bool,
    /// The folders that the client works on can be listed: `roots`.
    pub roots: bool,
    /// It takes a task in place of a result: the extension `io.modelcontextprotocol/tasks`.
    pub tasks: bool,
    /// It shows user interfaces of tools: the extension `io.modelcontextprotocol/ui`, for their
    /// media type.
    pub apps: bool,
}

impl ClientCapabilities {
    /// Nothing at all.
    pub const NONE: Self =
        Self { forms: false, sampling: false, roots: false, tasks: false, apps: false };

    /// Reads them, a JSON object.
    #[must_use]
    pub fn read(capabilities: &[u8]) -> Self {
        let mut found = Self::default();
        // What is malformed has none of what follows the fault.
        let read = each(&mut JsonReader::new(capabilities), &mut |name, reader| {
            let value = reader.skip_value()?;
            if !matches!(value, [b'{', ..]) {
                return Ok(());
            }
            if name.is(b"elicitation") {
                found.forms = is_empty(value) || member(value, b"form").is_some();
            }
            found.sampling |= name.is(b"sampling");
            found.roots |= name.is(b"roots");
            if name.is(b"extensions") {
                found.tasks |= member(value, TASKS.as_bytes()).is_some();
                found.apps |= member(value, APPS.as_bytes()).is_some_and(shows_apps);
            }
            Ok(())
        });
        _ = read;
        found
    }

    /// Reads those of an `initialize` request.
    #[cfg(any(feature = "apps", feature = "requests"))]
    pub(crate) fn of_initialize(message: &[u8]) -> Self {
        let params = member(message, b"params");
        let capabilities = params.and_then(|params| member(params, b"capabilities"));
        capabilities.map_or(Self::default(), Self::read)
    }

    /// Whether the client can be asked for anything at all.
    #[must_use]
    pub const fn can_be_asked(&self) -> bool {
        self.forms || self.sampling || self.roots
    }

    /// Whether the client can be asked for this.
    #[must_use]
    pub const fn serve(&self, kind: &InputKind<'_>) -> bool {
        match kind {
            InputKind::Form { .. } => self.forms,
            InputKind::Sampling { .. } => self.sampling,
            InputKind::Roots => self.roots,
        }
    }

    /// These, and what one more request needs.
    #[must_use]
    pub const fn and(mut self, kind: &InputKind<'_>) -> Self {
        match kind {
            InputKind::Form { .. } => self.forms = true,
            InputKind::Sampling { .. } => self.sampling = true,
            InputKind::Roots => self.roots = true,
        }
        self
    }

    /// Writes them as a JSON object.
    pub(crate) fn write(&self, out: &mut JsonWriter<'_>) {
        let all: [(bool, &[u8]); 4] = [
            (self.forms, b"\"elicitation\":{\"form\":{}}"),
            (self.sampling, b"\"sampling\":{}"),
            (self.roots, b"\"roots\":{}"),
            (self.tasks, b"\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}"),
        ];
        let mut lead: &[u8] = b"{";
        for (_, text) in all.into_iter().filter(|(is_there, _)| *is_there) {
            out.raw(lead);
            out.raw(text);
            lead = b",";
        }
        out.raw(if lead == b"{" { b"{}" } else { b"}" });
    }

    /// The names of the capabilities, for a sentence.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.forms, "elicitation"),
            (self.sampling, "sampling"),
            (self.roots, "roots"),
            (self.tasks, TASKS),
        ];
        all.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name)
    }
}

/// Whether the settings of the extension allow the one media type that there is. Clients that name
/// none take it.
fn shows_apps(settings: &[u8]) -> bool {
    let Some(types) = member(settings, b"mimeTypes") else { return true };
    let (mut reader, mut first) = (JsonReader::new(types), true);
    if reader.begin_array().is_err() {
        return false;
    }
    while reader.next_element(&mut first) == Ok(true) {
        match reader.string() {
            Ok(text) if text.is(APPS_MIME) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

/// Whether an object has no members.
fn is_empty(object: &[u8]) -> bool {
    let mut reader = JsonReader::new(object);
    reader.begin_object().is_ok() && matches!(reader.next_member(&mut true), Ok(None))
}
