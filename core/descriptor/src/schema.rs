//! A descriptor as JSON Schema 2020-12.
//!
//! Keywords written: `type`, `properties`, `required`, `additionalProperties`, `enum`, `minimum`,
//! `maximum`, `multipleOf`, `minLength`, `maxLength`, `items`, `minItems`, `maxItems`, `default`,
//! `description`, and `if`/`then` with `const` for a parameter that another makes required.

use crate::extras::WHOLE;
use crate::{Condition, DecimalRange, Field, Kind, Literal, Side, TextSink, ToolTable, explain};

/// Where JSON text goes.
pub trait JsonSink: TextSink {
    /// Appends a JSON string: quotes, and escapes where they are needed.
    fn string(&mut self, text: &str);

    /// Whether what is added to a node's schema, or the [`crate::extras::WHOLE`] one, takes the
    /// place of this member. Nothing is, unless the sink says so.
    fn replaces(&self, side: Side, node: u16, member: &str) -> bool {
        _ = (side, node, member);
        false
    }

    /// Appends what is added to a schema: members, each behind a comma.
    fn add(&mut self, side: Side, node: u16) {
        _ = (side, node);
    }
}

/// Writes the schema of one side of a tool: an object that takes nothing else.
///
/// ```
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, &[])];
///
/// use trine_descriptor::schema::{self, JsonSink};
/// use trine_descriptor::{Side, TextSink};
///
/// struct Json(String);
///
/// impl TextSink for Json {
///     fn text(&mut self, text: &str) {
///         self.0.push_str(text);
///     }
/// }
///
/// impl JsonSink for Json {
///     fn string(&mut self, text: &str) {
///         self.0.push_str(&format!("{text:?}"));
///     }
/// }
///
/// let mut json = Json(String::new());
/// schema::write(&TOOLS, 0, Side::Params, &mut json);
/// assert!(json.0.contains(r#""type":"integer","minimum":0,"maximum":100"#));
/// ```
pub fn write<T: ToolTable + ?Sized, S: JsonSink + ?Sized>(
    table: &T,
    tool: u16,
    side: Side,
    out: &mut S,
) {
    Schema { table, tool, side, out }.root();
}

struct Schema<'t, 's, T: ToolTable + ?Sized, S: JsonSink + ?Sized> {
    table: &'t T,
    tool: u16,
    side: Side,
    out: &'s mut S,
}

/// A container whose members are being written.
#[derive(Clone, Copy)]
struct Open {
    /// The node of the container, or [`WHOLE`].
    own: u16,
    first: u16,
    end: u16,
    array: bool,
}

impl<'t, T: ToolTable + ?Sized, S: JsonSink + ?Sized> Schema<'t, '_, T, S> {
    fn root(&mut self) {
        let count = self.table.node_count(self.tool, self.side);
        self.out.text("{\"type\":\"object\"");
        let root = Open { own: WHOLE, first: 0, end: count, array: false };
        let mut open = [root; crate::DEPTH_MAX];
        let (mut depth, mut node) = (1, 0);
        self.begin(root);
        while depth > 0 {
            let Some(&top) = open.get(depth - 1) else { return };
            if node >= top.end {
                self.end(top);
                depth -= 1;
                // The root's brace stays open for the conditions.
                if depth > 0 {
                    self.out.add(self.side, top.own);
                    self.out.text("}");
                }
                continue;
            }
            let Some(field) = self.table.node(self.tool, self.side, node) else { return };
            self.name(top, node, &field);
            self.out.text("{");
            self.head(node, &field);
            let own = node;
            node += 1;
            if !field.kind.is_container() {
                self.out.add(self.side, own);
                self.out.text("}");
                continue;
            }
            let array = matches!(field.kind, Kind::Array { .. });
            let next = Open { own, first: node, end: node + field.kind.nodes() as u16, array };
            let Some(place) = open.get_mut(depth) else { return };
            *place = next;
            depth += 1;
            self.begin(next);
        }
        if !self.replaces(WHOLE, "if") && !self.replaces(WHOLE, "allOf") {
            self.conditions(count);
        }
        self.out.add(self.side, WHOLE);
        self.out.text("}");
    }

    fn replaces(&self, node: u16, member: &str) -> bool {
        self.out.replaces(self.side, node, member)
    }

    fn begin(&mut self, open: Open) {
        if open.array {
            self.out.text(",\"items\":");
        } else if open.first < open.end {
            self.out.text(",\"properties\":{");
        }
    }

    fn name(&mut self, open: Open, node: u16, field: &Field<'_>) {
        if open.array {
            return;
        }
        if node != open.first {
            self.out.text(",");
        }
        self.out.string(field.name);
        self.out.text(":");
    }

    /// Closes the members of a container; the brace of the container itself stays open.
    fn end(&mut self, open: Open) {
        if open.array {
            return;
        }
        if open.first < open.end {
            self.out.text("}");
        }
        let (mut node, mut first) = (open.first, true);
        while node < open.end {
            let Some(field) = self.table.node(self.tool, self.side, node) else { break };
            if field.required {
                self.out.text(if first { ",\"required\":[" } else { "," });
                self.out.string(field.name);
                first = false;
            }
            node += 1 + field.kind.nodes() as u16;
        }
        self.out.text(if first { "" } else { "]" });
        if !self.replaces(open.own, "additionalProperties") {
            self.out.text(",\"additionalProperties\":false");
        }
    }

    /// Type, bounds, default and description of one node.
    fn head(&mut self, node: u16, field: &Field<'_>) {
        match field.kind {
            Kind::Bool => self.out.text("\"type\":\"boolean\""),
            Kind::Int(range) => {
                self.out.text("\"type\":\"integer\"");
                self.number("minimum", range.min, 0, i64::MIN);
                self.number("maximum", range.max, 0, i64::MAX);
            }
            Kind::Decimal(DecimalRange { min, max, step, places }) => {
                self.out.text("\"type\":\"number\"");
                self.number("minimum", min, places, i64::MIN);
                self.number("maximum", max, places, i64::MAX);
                self.number("multipleOf", step, places, 0);
            }
            Kind::Text { min, max } => {
                self.out.text("\"type\":\"string\"");
                self.number("minLength", i64::from(min), 0, 0);
                self.number("maxLength", i64::from(max), 0, i64::from(u16::MAX));
            }
            kind @ Kind::Choice(_) => self.labels(node, &kind),
            Kind::Object { .. } => self.out.text("\"type\":\"object\""),
            Kind::Array { min, max, .. } => {
                self.out.text("\"type\":\"array\"");
                self.number("minItems", i64::from(min), 0, 0);
                self.number("maxItems", i64::from(max), 0, i64::from(u8::MAX));
            }
        }
        if let Some(default) = field.default.filter(|_| !self.replaces(node, "default")) {
            self.default(field, &default);
        }
        if !field.description.is_empty() && !self.replaces(node, "description") {
            self.out.text(",\"description\":");
            self.out.string(field.description);
        }
    }

    fn number(&mut self, keyword: &str, value: i64, places: u8, open: i64) {
        if value == open {
            return;
        }
        self.out.text(",\"");
        self.out.text(keyword);
        self.out.text("\":");
        explain::decimal(value, places, self.out);
    }

    fn labels(&mut self, node: u16, kind: &Kind<'_>) {
        self.out.text("\"type\":\"string\"");
        if ["enum", "oneOf", "anyOf"].into_iter().any(|member| self.replaces(node, member)) {
            return;
        }
        self.out.text(",\"enum\":[");
        for (i, label) in kind.labels().enumerate() {
            self.out.text(if i == 0 { "" } else { "," });
            self.out.string(label);
        }
        self.out.text("]");
    }

    fn default(&mut self, field: &Field<'_>, literal: &Literal<'_>) {
        self.out.text(",\"default\":");
        match *literal {
            Literal::Bool(value) => self.out.text(if value { "true" } else { "false" }),
            Literal::Number(value) => {
                let places = if let Kind::Decimal(range) = field.kind { range.places } else { 0 };
                explain::decimal(value, places, self.out);
            }
            Literal::Text(value) => self.out.string(value),
            Literal::Label(value) => {
                self.out.string(field.kind.label(usize::from(value)).unwrap_or_default());
            }
        }
    }

    /// `if`/`then` for each conditional parameter; several stand in `allOf`.
    fn conditions(&mut self, count: u16) {
        let total = (0..count).filter(|&node| self.condition(node).is_some()).count();
        if total > 1 {
            self.out.text(",\"allOf\":[");
        }
        let mut written = 0;
        for node in 0..count {
            let Some((name, condition)) = self.condition(node) else { continue };
            let table = self.table;
            let Some(other) = table.node(self.tool, self.side, condition.node) else {
                continue;
            };
            self.out.text(if total > 1 && written == 0 {
                "{"
            } else if total > 1 {
                ",{"
            } else {
                ","
            });
            self.out.text("\"if\":{\"properties\":{");
            self.out.string(other.name);
            self.out.text(":{\"const\":");
            self.out.string(other.kind.label(usize::from(condition.label)).unwrap_or_default());
            self.out.text("}},\"required\":[");
            self.out.string(other.name);
            self.out.text("]},\"then\":{\"required\":[");
            self.out.string(name);
            self.out.text("]}");
            self.out.text(if total > 1 { "}" } else { "" });
            written += 1;
        }
        self.out.text(if total > 1 { "]" } else { "" });
    }

    fn condition(&self, node: u16) -> Option<(&'t str, Condition)> {
        let table = self.table;
        let field = table.node(self.tool, self.side, node)?;
        Some((field.name, field.required_if?))
    }
}
