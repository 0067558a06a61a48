//! Tools and the results of calls, read from JSON.

use serde_json::{Map, Value};

/// A tool of a server, as `tools/list` has it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tool {
    /// What it is called by.
    pub name: String,
    /// A name for people.
    pub title: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// The JSON Schema of its arguments.
    pub input_schema: Value,
    /// The JSON Schema of [`CallResult::structured`], if the tool has one.
    pub output_schema: Option<Value>,
    /// All other members, such as `annotations` and `icons`.
    pub more: Map<String, Value>,
}

impl Tool {
    /// Reads a tool; `None` where it has no name.
    pub(crate) fn read(tool: Value) -> Option<Self> {
        let Value::Object(mut more) = tool else { return None };
        let mut text = |name: &str| match more.shift_remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (name, title, description) = (text("name")?, text("title"), text("description"));
        let input_schema = more.shift_remove("inputSchema").unwrap_or_default();
        let output_schema = more.shift_remove("outputSchema");
        Some(Self { name, title, description, input_schema, output_schema, more })
    }
}

/// What a tool answers.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CallResult {
    /// Content blocks: objects whose `type` is `text`, `image`, `audio`, `resource` or
    /// `resource_link`.
    pub content: Vec<Value>,
    /// The result as a value, of a tool with an output schema.
    pub structured: Option<Value>,
}

impl CallResult {
    /// Reads a result, and whether the call has failed.
    pub(crate) fn read(mut result: Value) -> (Self, bool) {
        let mut take = |name: &str| result.get_mut(name).map(Value::take);
        let content = match take("content") {
            Some(Value::Array(content)) => content,
            _ => Vec::new(),
        };
        let structured = take("structuredContent").filter(|value| !value.is_null());
        let is_error = take("isError") == Some(Value::Bool(true));
        (Self { content, structured }, is_error)
    }

    /// The text blocks, each on a line of its own.
    #[must_use]
    pub fn text(&self) -> String {
        let texts: Vec<&str> =
            self.content.iter().filter_map(|block| block.get("text")?.as_str()).collect();
        texts.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_tool_keeps_what_it_is_not_known_for() {
        let schema = json!({"type": "object"});
        let tool = json!({"name": "a", "inputSchema": schema, "title": 7, "icons": []});
        let tool = Tool::read(tool).unwrap();
        assert_eq!((&*tool.name, tool.title, tool.output_schema), ("a", None, None));
        assert_eq!((tool.input_schema, tool.more.len()), (schema, 1));
        for nameless in [json!({}), json!({"name": 1}), json!("a"), Value::Null] {
            assert_eq!(Tool::read(nameless), None);
        }
    }

    #[test]
    fn a_result_is_read_whatever_is_missing() {
        let (result, is_error) = CallResult::read(json!({
            "content": [{"type": "text", "text": "a"}, {"type": "image"}, {"text": "b"}],
            "structuredContent": {"x": 1}, "isError": true,
        }));
        assert_eq!((result.text(), is_error), ("a\nb".to_owned(), true));
        assert_eq!(result.structured, Some(json!({"x": 1})));
        for empty in [json!({}), json!(null), json!([]), json!({"content": 1, "isError": "yes"})] {
            assert_eq!(CallResult::read(empty), (CallResult::default(), false));
        }
    }
}
