//! The body of `POST /mcp/execute`.

use trine_mcp::json::reader::DEPTH_MAX;
use trine_mcp::json::{JsonError, JsonReader, JsonText, Kind};

/// Most tools of one request.
const TOOLS_MAX: usize = 32;
/// Longest `request_id`, in bytes.
const REQUEST_ID_MAX: usize = 256;
/// Longest `thought`, in bytes.
const THOUGHT_MAX: usize = 4096;
/// Longest `current_step`, in bytes.
const STEP_MAX: usize = 256;

const MEMBERS: [&str; 5] =
    ["tools", "request_id", "thought", "current_step", "sync_response_to_workbench"];

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked<'m> {
    pub(super) tools: Vec<AskedTool<'m>>,
    pub(super) request_id: Option<String>,
    pub(super) thought: Option<String>,
    pub(super) current_step: Option<String>,
}

/// A tool to call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AskedTool<'m> {
    pub(super) slug: String,
    /// The slug as it stands in the body, a JSON string.
    pub(super) raw_slug: &'m [u8],
    /// The arguments as they stand in the body, a JSON object.
    pub(super) arguments: Option<&'m [u8]>,
}

/// Why a body is refused, and its `request_id` where that could be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) request_id: Option<String>,
    pub(super) why: String,
}

/// Reads a body.
pub(super) fn read(body: &[u8]) -> Result<Asked<'_>, Malformed> {
    let refused = |why| Malformed { request_id: None, why };
    let mut reader = JsonReader::new(body);
    let whole = reader.skip_value().and_then(|value| reader.end().map(|()| value));
    let whole = whole.map_err(|error| refused(not_json(error)))?;
    let members = members(whole, "the body", MEMBERS).map_err(refused)?;
    let [tools, request_id, thought, current_step, sync] = members;
    let request_id = text(request_id, "request_id", REQUEST_ID_MAX).map_err(refused)?;
    let rest = || {
        let thought = text(thought, "thought", THOUGHT_MAX)?;
        let current_step = text(current_step, "current_step", STEP_MAX)?;
        if sync.is_some_and(|value| JsonReader::new(value).bool().is_err()) {
            return Err("sync_response_to_workbench must be true or false".to_owned());
        }
        Ok((all_tools(tools)?, thought, current_step))
    };
    match rest() {
        Ok((tools, thought, current_step)) => {
            Ok(Asked { tools, request_id, thought, current_step })
        }
        Err(why) => Err(Malformed { request_id, why }),
    }
}

fn not_json(error: JsonError) -> String {
    match error {
        JsonError::Depth => format!("the body is nested deeper than {DEPTH_MAX} levels"),
        _ => "the body is not valid JSON".to_owned(),
    }
}

/// The members of these names; `null` is as if a member were not there. Others mean nothing.
fn members<'m, const N: usize>(
    object: &'m [u8],
    what: &str,
    names: [&str; N],
) -> Result<[Option<&'m [u8]>; N], String> {
    let malformed = |_| format!("{what} must be a JSON object");
    let mut found = [None; N];
    let (mut reader, mut first) = (JsonReader::new(object), true);
    reader.begin_object().map_err(malformed)?;
    while let Some(name) = reader.next_member(&mut first).map_err(malformed)? {
        let value = reader.skip_value().map_err(malformed)?;
        let at = names.iter().position(|known| name.is(known.as_bytes()));
        let place = at.and_then(|at| Some((names.get(at)?, found.get_mut(at)?)));
        let Some((known, place)) = place else { continue };
        if place.replace(value).is_some() {
            return Err(format!("{what} has {known} twice"));
        }
    }
    Ok(found.map(|value| value.filter(|value| *value != b"null")))
}

/// A text, if it is there and no longer than this many bytes.
fn text(value: Option<&[u8]>, what: &str, most: usize) -> Result<Option<String>, String> {
    let Some(value) = value else { return Ok(None) };
    let text = JsonReader::new(value).string().ok();
    let text = text.filter(|text| text.decoded_len() <= most).and_then(decoded);
    text.map(Some).ok_or_else(|| format!("{what} must be a string of at most {most} bytes"))
}

fn decoded(text: JsonText<'_>) -> Option<String> {
    let mut bytes = vec![0; text.decoded_len()];
    let len = text.decode_into(&mut bytes)?;
    bytes.truncate(len);
    String::from_utf8(bytes).ok()
}

fn all_tools(tools: Option<&[u8]>) -> Result<Vec<AskedTool<'_>>, String> {
    let malformed = || format!("tools must be an array of 1 to {TOOLS_MAX} objects");
    let (mut reader, mut first) = (JsonReader::new(tools.ok_or_else(malformed)?), true);
    reader.begin_array().map_err(|_| malformed())?;
    let mut all = Vec::new();
    while reader.next_element(&mut first).map_err(|_| malformed())? {
        let tool = reader.skip_value().map_err(|_| malformed())?;
        if all.len() == TOOLS_MAX {
            return Err(malformed());
        }
        all.push(one_tool(tool, all.len())?);
    }
    if all.is_empty() { Err(malformed()) } else { Ok(all) }
}

fn one_tool(tool: &[u8], index: usize) -> Result<AskedTool<'_>, String> {
    let what = format!("tools[{index}]");
    let [raw_slug, arguments] = members(tool, &what, ["tool_slug", "arguments"])?;
    let slug = raw_slug.and_then(|raw| JsonReader::new(raw).string().ok()).and_then(decoded);
    let (Some(raw_slug), Some(slug)) = (raw_slug, slug) else {
        return Err(format!("{what}.tool_slug must be a string"));
    };
    let is_object = |value| JsonReader::new(value).kind() == Ok(Kind::Object);
    if !arguments.is_none_or(is_object) {
        return Err(format!("{what}.arguments must be a JSON object"));
    }
    Ok(AskedTool { slug, raw_slug, arguments })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(body: &str) -> String {
        read(body.as_bytes()).unwrap_err().why
    }

    #[test]
    fn a_body_is_read_as_it_stands() {
        let body = br#" {"tools":[{"tool_slug":"fan\u005fset","arguments":{"percent":4e1},"x":[]},
            {"arguments":null,"tool_slug":"b"}],"request_id":"7","thought":null,"other":{},
            "current_step":"COOL","sync_response_to_workbench":false} "#;
        let asked = read(body).unwrap();
        let one = AskedTool {
            slug: "fan_set".into(),
            raw_slug: br#""fan\u005fset""#,
            arguments: Some(br#"{"percent":4e1}"#),
        };
        let two = AskedTool { slug: "b".into(), raw_slug: b"\"b\"", arguments: None };
        let (request_id, current_step) = (Some("7".into()), Some("COOL".into()));
        let wanted = Asked { tools: vec![one, two], request_id, thought: None, current_step };
        assert_eq!(asked, wanted);
    }

    #[test]
    fn no_body_that_is_cut_or_changed_does_harm() {
        let body =
            br#"{"tools":[{"tool_slug":"a\u00e9","arguments":{"b":[1,null]}}],"thought":"\n"}"#;
        assert!(read(body).is_ok());
        for at in 0..body.len() {
            assert!(read(body.get(..at).unwrap()).is_err(), "cut at {at}");
            for byte in 0..=255 {
                let mut changed = body.to_vec();
                changed[at] = byte;
                match read(&changed) {
                    Ok(asked) => assert_eq!(asked.tools.len(), 1),
                    Err(malformed) => assert!(!malformed.why.is_empty()),
                }
            }
        }
    }

    #[test]
    fn what_is_malformed_is_named_with_its_bound() {
        let tools = "\"tools\":[{\"tool_slug\":\"a\"}]";
        let with =
            |member: &str, len| why(&format!("{{{tools},\"{member}\":\"{}\"}}", "é".repeat(len)));
        for (member, most) in [("request_id", 256), ("current_step", 256), ("thought", 4096)] {
            let wanted = format!("{member} must be a string of at most {most} bytes");
            assert_eq!(with(member, most / 2 + 1), wanted);
            assert_eq!(why(&format!("{{{tools},\"{member}\":7}}")), wanted);
            let longest = format!("{{{tools},\"{member}\":\"{}\"}}", "é".repeat(most / 2));
            assert!(read(longest.as_bytes()).is_ok());
        }
        let many =
            |count| format!("{{\"tools\":[{}]}}", vec!["{\"tool_slug\":\"a\"}"; count].join(","));
        assert!(read(many(32).as_bytes()).is_ok());
        for body in [&*many(33), &many(0), "{}", "{\"tools\":null}", "{\"tools\":{}}"] {
            assert_eq!(why(body), "tools must be an array of 1 to 32 objects", "{body}");
        }
        for (body, wanted) in [
            ("", "the body is not valid JSON"),
            ("{\"tools\":[}", "the body is not valid JSON"),
            ("{} {}", "the body is not valid JSON"),
            ("{\"tools\":[],\"x\":\"\\ud800\"}", "the body is not valid JSON"),
            ("[]", "the body must be a JSON object"),
            ("{\"tools\":[7]}", "tools[0] must be a JSON object"),
            ("{\"tools\":[{}]}", "tools[0].tool_slug must be a string"),
            ("{\"tools\":[{\"tool_slug\":[]}]}", "tools[0].tool_slug must be a string"),
            ("{\"tools\":[],\"tools\":[]}", "the body has tools twice"),
            ("{\"thought\":null,\"th\\u006fught\":null}", "the body has thought twice"),
            (
                "{\"tools\":[{\"tool_slug\":\"a\",\"arguments\":{},\"arguments\":{}}]}",
                "tools[0] has arguments twice",
            ),
            (
                "{\"tools\":[{\"tool_slug\":\"a\"},{\"tool_slug\":\"a\",\"arguments\":[]}]}",
                "tools[1].arguments must be a JSON object",
            ),
            (
                "{\"sync_response_to_workbench\":\"yes\"}",
                "sync_response_to_workbench must be true or false",
            ),
        ] {
            assert_eq!(why(body), wanted, "{body}");
        }
        let deep = format!("{{\"x\":{}", "[".repeat(100_000));
        assert_eq!(why(&deep), "the body is nested deeper than 64 levels");
        let known = read(b"{\"tools\":7,\"request_id\":\"r\"}").unwrap_err();
        assert_eq!(known.request_id.as_deref(), Some("r"));
    }
}
