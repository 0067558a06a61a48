//! Text sinks in memory.

use serde_json::{Value as Json, json};
use trine_descriptor::schema::{self, JsonSink};
use trine_descriptor::{Fault, Side, TextSink, ToolTable, explain};

/// Text in memory.
#[derive(Default)]
pub(crate) struct Text(pub(crate) String);

impl TextSink for Text {
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }
}

impl JsonSink for Text {
    fn string(&mut self, text: &str) {
        self.0.push_str(&json!(text).to_string());
    }
}

/// The exported schema of one side of a tool.
pub(crate) fn exported<T: ToolTable + ?Sized>(table: &T, tool: u16, side: Side) -> Json {
    let mut text = Text::default();
    schema::write(table, tool, side, &mut text);
    serde_json::from_str(&text.0).unwrap()
}

/// The sentence for a fault, the tool under its own name.
pub(crate) fn sentence<T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    side: Side,
    fault: Fault,
) -> String {
    let info = table.info(tool).unwrap();
    let mut text = Text::default();
    explain(table, tool, side, fault, (info.name, "speed"), &mut text);
    text.0
}
