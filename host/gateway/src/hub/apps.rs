//! User interfaces of tools (MCP Apps, SEP-1865): what a device says of them, as clients are shown
//! it. The addresses of several devices are told apart by their names: `ui://panel` of the device
//! `north` is `ui://north/panel`.

use std::borrow::Cow;

use serde_json::Value;
use trine_descriptor::ToolTable as _;
use trine_descriptor::extras::{Extras, Of};
use trine_mcp::ToolUi;
use trine_mcp::apps::{MIME, SCHEME};

use crate::sanitize;
use crate::table::Table;

/// Most characters of a value in a sentence about it.
const SHOWN_MAX: usize = 80;

/// What clients are shown of the user interface of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OwnUi {
    /// The address as the device has it, or as clients are shown it; may be empty.
    pub(super) resource: Box<str>,
    for_model: bool,
    for_app: bool,
}

impl OwnUi {
    pub(super) const fn shown(&self) -> ToolUi<'_> {
        let Self { resource, for_model, for_app } = self;
        ToolUi { resource, for_model: *for_model, for_app: *for_app }
    }

    /// What a tool's extras say; `None` where they say nothing of a user interface.
    ///
    /// # Errors
    /// With a sentence, where a member is not what the extension has it to be.
    pub(super) fn read(table: &Table, row: u16) -> Option<Result<Self, String>> {
        let members = Extras::new(table.extras(row)).members(Of::Tool)?;
        // The record was read when the table was made: what is no JSON has been left out.
        let members: Value = serde_json::from_str(members).ok()?;
        members.get("_meta")?.get("ui").map(Self::of)
    }

    fn of(ui: &Value) -> Result<Self, String> {
        let Some(ui) = ui.as_object() else { return Err("it must be an object".to_owned()) };
        let resource = match ui.get("resourceUri") {
            None => "",
            Some(Value::String(uri)) if uri.starts_with(SCHEME) => uri,
            Some(Value::String(uri)) => {
                return Err(format!("its resourceUri \"{}\" must begin with {SCHEME}", short(uri)));
            }
            Some(_) => return Err("its resourceUri must be a text".to_owned()),
        };
        let (mut for_model, mut for_app) = (true, true);
        if let Some(visibility) = ui.get("visibility") {
            (for_model, for_app) = (false, false);
            let audience = visibility.as_array().map(Vec::as_slice).unwrap_or(&[Value::Null]);
            for one in audience {
                match one.as_str() {
                    Some("model") => for_model = true,
                    Some("app") => for_app = true,
                    _ => return Err("its visibility must be an array of model and app".to_owned()),
                }
            }
        }
        Ok(Self { resource: resource.into(), for_model, for_app })
    }
}

/// Why a tool cannot name a resource of this address and media type, where it is one of its device.
pub(super) fn fault(uri: &str, mime: Option<&str>) -> Option<String> {
    match mime {
        Some(MIME) => None,
        Some(mime) => Some(format!(
            "its resource {} has the media type \"{}\" and must have {MIME}",
            short(uri),
            short(mime)
        )),
        None => Some(format!("the device itself has no resource {}", short(uri))),
    }
}

fn short(text: &str) -> String {
    sanitize::plain(text).chars().take(SHOWN_MAX).collect()
}

/// An address as clients are shown it: that of a user interface begins with the name of its device,
/// where clients are shown such names.
pub(crate) fn shown<'a>(own: &'a str, scope: Option<&str>) -> Cow<'a, str> {
    match (own.strip_prefix(SCHEME), scope) {
        (Some(rest), Some(name)) => format!("{SCHEME}{name}/{rest}").into(),
        _ => own.into(),
    }
}

/// The address that a device itself has for one that clients are shown.
pub(super) fn own<'a>(shown: &'a str, scope: Option<&str>) -> Option<Cow<'a, str>> {
    match (shown.strip_prefix(SCHEME), scope) {
        (Some(rest), Some(name)) => {
            let rest = rest.strip_prefix(name)?.strip_prefix('/')?;
            Some(format!("{SCHEME}{rest}").into())
        }
        _ => Some(shown.into()),
    }
}

/// Whether clients may take the scheme of an address for that of user interfaces, although it is
/// not rewritten.
pub(super) fn is_disguised(uri: &str) -> bool {
    let scheme = uri.split(':').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("ui") && !uri.starts_with(SCHEME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_of_one_device_becomes_that_of_another() {
        let (north, south) = (Some("north"), Some("south"));
        assert_eq!(shown("ui://panel", north), "ui://north/panel");
        assert_eq!(shown("ui://south/panel", north), "ui://north/south/panel");
        assert_eq!(
            (shown("ui://panel", None), shown("a://b", north)),
            ("ui://panel".into(), "a://b".into())
        );
        for uri in ["ui://panel", "ui://", "ui:///", "ui://north/panel", "ui://../south/panel"] {
            let there = shown(uri, north);
            assert_eq!(own(&there, north).as_deref(), Some(uri));
            assert_eq!(own(&there, south), None, "{uri}");
            assert_eq!(own(&there, Some("nort")), None, "{uri}");
        }
        assert_eq!(own("a://b", north).as_deref(), Some("a://b"));
        assert!(is_disguised("UI://panel") && is_disguised("ui:panel") && is_disguised("Ui:x"));
        assert!(
            !is_disguised("ui://panel") && !is_disguised("uix://a") && !is_disguised("gui://a")
        );
    }

    #[test]
    fn what_a_tool_says_is_taken_or_refused_with_a_sentence() {
        let read = |text: &str| OwnUi::of(&serde_json::from_str(text).unwrap());
        let ui = |resource: &str, for_model, for_app| {
            Ok(OwnUi { resource: resource.into(), for_model, for_app })
        };
        assert_eq!(read(r#"{"resourceUri":"ui:\/\/panel"}"#), ui("ui://panel", true, true));
        assert_eq!(read(r#"{"visibility":["app"],"other":7}"#), ui("", false, true));
        assert_eq!(read(r#"{"visibility":["model","model"]}"#), ui("", true, false));
        assert_eq!(read(r#"{"visibility":[]}"#), ui("", false, false));
        for (text, why) in [
            ("7", "must be an object"),
            (r#"{"resourceUri":7}"#, "must be a text"),
            (r#"{"resourceUri":"https://example.com/"}"#, "must begin with ui://"),
            (r#"{"resourceUri":"UI://panel"}"#, "must begin with ui://"),
            (r#"{"visibility":"app"}"#, "array of model and app"),
            (r#"{"visibility":["app","all"]}"#, "array of model and app"),
        ] {
            assert!(read(text).unwrap_err().contains(why), "{text}");
        }
        let long = read(&format!(r#"{{"resourceUri":"{}\u001b[2J"}}"#, "x".repeat(9000)));
        assert!(long.unwrap_err().len() < 200);
    }
}
