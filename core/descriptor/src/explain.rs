//! A fault as a sentence.

use crate::{Fault, FaultCode, Field, IntRange, Kind, NO_NODE, Side, ToolTable};

/// Where text goes. A sink that is full drops the rest; sentences are for people.
pub trait TextSink {
    /// Appends text.
    fn text(&mut self, text: &str);
}

/// Writes a sentence that names the tool, the parameter and the bound, and says what to change:
/// `fan_set: percent must be at most 100`.
///
/// `tool_name` is the name that the caller knows the tool by; `unknown` is the name that was given
/// when the fault is [`FaultCode::Unknown`], since the descriptor cannot know it.
///
/// ```
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, &[])];
///
/// use trine_descriptor::{Side, TextSink, explain, validate};
///
/// struct Sentence(String);
///
/// impl TextSink for Sentence {
///     fn text(&mut self, text: &str) {
///         self.0.push_str(text);
///     }
/// }
///
/// let mut sentence = Sentence(String::new());
/// if let Err(fault) = validate(&TOOLS, 0, Side::Params, &[0, 2, 0xca, 1]) {
///     explain(&TOOLS, 0, Side::Params, fault, ("fan_set", ""), &mut sentence);
/// }
/// assert_eq!(sentence.0, "fan_set: percent must be at most 100");
/// ```
pub fn explain<T: ToolTable + ?Sized, S: TextSink + ?Sized>(
    table: &T,
    tool: u16,
    side: Side,
    fault: Fault,
    names: (&str, &str),
    out: &mut S,
) {
    let (tool_name, unknown) = names;
    out.text(tool_name);
    out.text(": ");
    if fault.code == FaultCode::Unknown {
        out.text("there is no parameter '");
        out.text(unknown);
        out.text("'; ");
        return known_names(table, tool, side, out);
    }
    let field = (fault.node != NO_NODE).then(|| table.node(tool, side, fault.node)).flatten();
    let Some(field) = field else {
        return out
            .text("the arguments could not be read; list the tools again and repeat the call");
    };
    path(table, tool, side, fault.node, out);
    match fault.code {
        FaultCode::Missing => {
            out.text(" is required: give ");
            expected(&field, out);
        }
        FaultCode::MissingBecause => because(table, tool, &field, out),
        FaultCode::WrongType => {
            out.text(" must be ");
            expected(&field, out);
        }
        FaultCode::NotAChoice => {
            out.text(" must be ");
            expected(&field, out);
        }
        FaultCode::TooSmall => bound(" must be at least ", &field, fault.bound, out),
        FaultCode::TooLarge => bound(" must be at most ", &field, fault.bound, out),
        FaultCode::NotAMultiple => bound(" must be a multiple of ", &field, fault.bound, out),
        FaultCode::TooShort => many(" must have at least ", fault.bound, " character", out),
        FaultCode::TooLong => many(" must have at most ", fault.bound, " character", out),
        FaultCode::TooFew => many(" must have at least ", fault.bound, " item", out),
        FaultCode::TooMany => many(" must have at most ", fault.bound, " item", out),
        FaultCode::Repeated => out.text(" was given more than once: give it once"),
        FaultCode::Unknown | FaultCode::Malformed => out.text(" could not be read"),
    }
}

fn known_names<T: ToolTable + ?Sized, S: TextSink + ?Sized>(
    table: &T,
    tool: u16,
    side: Side,
    out: &mut S,
) {
    let count = table.node_count(tool, side);
    if count == 0 {
        return out.text("it takes none");
    }
    let (mut node, mut first) = (0, true);
    out.text("it takes ");
    while let Some(field) = table.node(tool, side, node) {
        if !first {
            out.text(", ");
        }
        first = false;
        out.text(field.name);
        node += 1 + field.kind.nodes() as u16;
    }
}

/// The name of a node with those of the objects around it: `lights.grow.on`.
fn path<T: ToolTable + ?Sized, S: TextSink + ?Sized>(
    table: &T,
    tool: u16,
    side: Side,
    node: u16,
    out: &mut S,
) {
    for outer in 0..node {
        let Some(field) = table.node(tool, side, outer) else { return };
        if usize::from(outer) + field.kind.nodes() >= usize::from(node) && !field.name.is_empty() {
            out.text(field.name);
            out.text(".");
        }
    }
    if let Some(field) = table.node(tool, side, node) {
        out.text(if field.name.is_empty() { "item" } else { field.name });
    }
}

fn because<T: ToolTable + ?Sized, S: TextSink + ?Sized>(
    table: &T,
    tool: u16,
    field: &Field<'_>,
    out: &mut S,
) {
    let condition = field.required_if;
    let other = condition.and_then(|c| table.node(tool, Side::Params, c.node));
    if let (Some(condition), Some(other)) = (condition, other) {
        out.text(" is required when ");
        out.text(other.name);
        out.text(" is ");
        out.text(other.kind.label(usize::from(condition.label)).unwrap_or_default());
        out.text(": give ");
    }
    expected(field, out);
}

/// What a node takes: `an integer from 0 to 100`, `one of grow, door, all`.
fn expected<S: TextSink + ?Sized>(field: &Field<'_>, out: &mut S) {
    match field.kind {
        Kind::Bool => out.text("true or false"),
        Kind::Int(range) => {
            out.text("a whole number");
            limits(field, range, out);
        }
        Kind::Decimal(range) => {
            out.text("a number");
            limits(field, IntRange { min: range.min, max: range.max }, out);
        }
        Kind::Text { min: 0, max: u16::MAX } => out.text("text"),
        Kind::Text { min, max: u16::MAX } => {
            many("text of at least ", i64::from(min), " character", out);
        }
        Kind::Text { min: 0, max } => many("text of at most ", i64::from(max), " character", out),
        Kind::Text { min, max } => {
            out.text("text of ");
            decimal(i64::from(min), 0, out);
            many(" to ", i64::from(max), " character", out);
        }
        kind @ Kind::Choice(_) => {
            out.text("one of ");
            for (i, label) in kind.labels().enumerate() {
                out.text(if i == 0 { "" } else { ", " });
                out.text(label);
            }
        }
        Kind::Object { .. } => out.text("an object"),
        Kind::Array { .. } => out.text("an array"),
    }
}

fn limits<S: TextSink + ?Sized>(field: &Field<'_>, range: IntRange, out: &mut S) {
    match (range.min, range.max) {
        (i64::MIN, i64::MAX) => {}
        (min, i64::MAX) => bound(" of at least ", field, min, out),
        (i64::MIN, max) => bound(" of at most ", field, max, out),
        (min, max) => {
            bound(" from ", field, min, out);
            bound(" to ", field, max, out);
        }
    }
}

/// Writes a count of things: `1 item`, `2 items`.
fn many<S: TextSink + ?Sized>(before: &str, value: i64, after: &str, out: &mut S) {
    out.text(before);
    decimal(value, 0, out);
    out.text(after);
    out.text(if value == 1 { "" } else { "s" });
}

fn bound<S: TextSink + ?Sized>(before: &str, field: &Field<'_>, value: i64, out: &mut S) {
    let places = if let Kind::Decimal(range) = field.kind { range.places } else { 0 };
    out.text(before);
    decimal(value, places, out);
}

/// Writes `value / 10^places` exactly and without needless zeros: 215 with one place is `21.5`.
pub(crate) fn decimal<S: TextSink + ?Sized>(value: i64, places: u8, out: &mut S) {
    let mut digits = [0u8; DIGITS];
    let at = decimal_end(value, places, &mut digits);
    out.text(core::str::from_utf8(digits.get(at..).unwrap_or_default()).unwrap_or_default());
}

/// Most bytes of a number.
const DIGITS: usize = 32;

/// Writes a number to the end of its place and answers where it begins: once for all sinks.
#[inline(never)]
fn decimal_end(value: i64, places: u8, digits: &mut [u8; DIGITS]) -> usize {
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    let mut place = 0;
    let mut kept = places == 0;
    while rest > 0 || place <= places {
        let digit = (rest % 10) as u8;
        rest /= 10;
        if place == places && places > 0 && kept {
            put(digits, &mut at, b'.');
        }
        kept |= digit != 0;
        if place >= places || kept {
            put(digits, &mut at, b'0' + digit);
        }
        if place == places {
            kept = true;
        }
        place += 1;
    }
    if value < 0 {
        put(digits, &mut at, b'-');
    }
    at
}

fn put(digits: &mut [u8; DIGITS], at: &mut usize, byte: u8) {
    if let Some(place) = at.checked_sub(1).and_then(|i| digits.get_mut(i)) {
        *place = byte;
        *at -= 1;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{TextSink, decimal};
    use std::format;
    use std::string::String;

    struct Sink(String);

    impl TextSink for Sink {
        fn text(&mut self, text: &str) {
            self.0.push_str(text);
        }
    }

    fn shown(value: i64, places: u8) -> String {
        let mut sink = Sink(String::new());
        decimal(value, places, &mut sink);
        sink.0
    }

    #[test]
    fn decimals_are_exact_and_short() {
        for (value, places, text) in [
            (0, 0, "0"),
            (0, 9, "0"),
            (7, 0, "7"),
            (-7, 0, "-7"),
            (100, 0, "100"),
            (215, 1, "21.5"),
            (210, 1, "21"),
            (-5, 1, "-0.5"),
            (5, 3, "0.005"),
            (1050, 3, "1.05"),
            (i64::MAX, 0, "9223372036854775807"),
            (i64::MIN, 0, "-9223372036854775808"),
            (i64::MIN, 9, "-9223372036.854775808"),
        ] {
            assert_eq!(shown(value, places), text);
        }
    }

    #[test]
    fn decimals_read_back() {
        for places in 0..=9u8 {
            for value in -2100..=2100i64 {
                let text = shown(value, places);
                let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
                assert!(!fraction.ends_with('0') && fraction.len() <= usize::from(places));
                assert_eq!(text.contains('.'), !fraction.is_empty());
                let digits = format!("{whole}{fraction:0<width$}", width = usize::from(places));
                assert_eq!(digits.parse::<i64>(), Ok(value), "{text}");
            }
        }
    }
}
