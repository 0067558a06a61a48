//! Calls of tools.

use super::arguments::escaped;
use super::{Generator, TOOLS, bad_arguments, good_arguments};
use crate::case::Case;

impl Generator {
    fn tool(&mut self) -> &'static str {
        self.pick(&TOOLS)
    }

    fn call(&mut self, tag: String, members: Vec<String>) -> Case {
        let id = self.id();
        let params = self.params(members);
        let line = self.request(&id, "tools/call", params.as_deref());
        Case::new(tag, line)
    }

    pub(super) fn good_call(&mut self) -> Case {
        let tool = self.tool();
        let arguments = good_arguments(&mut self.rng, tool);
        let name = if self.rng.u32(0..16) == 0 { escaped(tool) } else { tool.to_owned() };
        let mut members = vec![format!("\"name\":\"{name}\"")];
        // A tool without required arguments may be called without the object.
        if arguments != "{}" || self.rng.bool() {
            members.push(format!("\"arguments\":{arguments}"));
        }
        self.call(format!("call.good.{tool}"), members)
    }

    pub(super) fn bad_call(&mut self) -> Case {
        let tool = self.tool();
        if self.rng.u32(0..12) == 0 {
            return self.bad_arguments_member(tool);
        }
        if tool == "climate_set" && self.rng.u32(0..3) == 0 {
            let text = r#""arguments":{"mode":"heat"}"#.to_owned();
            return self.call(
                "call.bad.heat-alone".to_owned(),
                vec![r#""name":"climate_set""#.to_owned(), text],
            );
        }
        let (what, arguments) = bad_arguments(&mut self.rng, tool);
        self.call(
            format!("call.bad.{what}.{tool}"),
            vec![format!("\"name\":\"{tool}\""), format!("\"arguments\":{arguments}")],
        )
    }

    /// `arguments` itself is of another type.
    fn bad_arguments_member(&mut self, tool: &str) -> Case {
        let (what, value) = match self.rng.u32(0..4) {
            0 => ("array", "[1]"),
            1 => ("text", "\"percent\""),
            2 => ("number", "4"),
            _ => ("null", "null"),
        };
        self.call(
            format!("call.arguments.{what}.{tool}"),
            vec![format!("\"name\":\"{tool}\""), format!("\"arguments\":{value}")],
        )
    }

    pub(super) fn unknown_tool(&mut self) -> Case {
        let tool = self.tool();
        let (what, name) = match self.rng.u32(0..10) {
            0 => ("absent", None),
            1 => ("number", Some("7".to_owned())),
            2 => ("null", Some("null".to_owned())),
            3 => ("object", Some("{}".to_owned())),
            4 => ("unknown", Some("\"\"".to_owned())),
            5 => ("unknown", Some(format!("\"{}\"", tool.to_uppercase()))),
            6 => ("unknown", Some(format!("\"{tool} \""))),
            7 => ("unknown", Some(format!("\"{}\"", "x".repeat(200)))),
            8 => ("unknown", Some("\"greenhouse\\u0000\\\"é\"".to_owned())),
            _ => ("unknown", Some("\"greenhouse_dance\"".to_owned())),
        };
        let mut members = vec!["\"arguments\":{}".to_owned()];
        members.extend(name.map(|name| format!("\"name\":{name}")));
        self.call(format!("call.name.{what}"), members)
    }
}
