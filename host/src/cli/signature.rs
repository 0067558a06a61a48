//! A tool's parameters on one line, for people.

use trine_descriptor::{DecimalRange, Field, IntRange, Kind, Literal, Side, ToolTable};

/// The parameters of a tool, in order: `percent 0..100`, `line 1..4 = 1`, `label? text..24`.
///
/// `?` marks what may be left out, `= x` what it then counts as.
pub(super) fn parameters(table: &(impl ToolTable + ?Sized), tool: u16) -> Vec<String> {
    let mut parts = Vec::new();
    let mut node = 0;
    while let Some(field) = table.node(tool, Side::Params, node) {
        parts.push(parameter(table, tool, &field));
        node += 1 + u16::try_from(field.kind.nodes()).unwrap_or(0);
    }
    parts
}

fn parameter(table: &(impl ToolTable + ?Sized), tool: u16, field: &Field<'_>) -> String {
    let optional = !field.required && field.default.is_none() && field.required_if.is_none();
    let mut text =
        format!("{}{} {}", field.name, if optional { "?" } else { "" }, kind(field.kind));
    if let Some(default) = field.default {
        text.push_str(" = ");
        text.push_str(&literal(field.kind, &default));
    }
    if let Some(condition) = field.required_if {
        let other = table.node(tool, Side::Params, condition.node);
        let label = |other: &Field<'_>| {
            let label = other.kind.label(usize::from(condition.label)).unwrap_or("?");
            format!(" if {} is {label}", other.name)
        };
        text.push_str(&other.as_ref().map(label).unwrap_or_default());
    }
    text
}

fn kind(kind: Kind<'_>) -> String {
    match kind {
        Kind::Bool => "true|false".to_owned(),
        Kind::Int(IntRange { min, max }) => format!("{min}..{max}"),
        Kind::Decimal(range) => decimals(&range),
        Kind::Text { max, .. } => format!("text..{max}"),
        Kind::Choice(labels) => labels.to_owned(),
        Kind::Object { .. } => "{...}".to_owned(),
        Kind::Array { .. } => "[...]".to_owned(),
        _ => "?".to_owned(),
    }
}

fn decimals(range: &DecimalRange) -> String {
    let number = |value: i64| decimal(value, range.places);
    let mut text = format!("{}..{}", number(range.min), number(range.max));
    if range.step > 0 {
        text.push_str(" by ");
        text.push_str(&number(range.step));
    }
    text
}

fn decimal(value: i64, places: u8) -> String {
    let places = usize::from(places);
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    let part = part.trim_end_matches('0');
    let sign = if value < 0 { "-" } else { "" };
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

fn literal(kind: Kind<'_>, value: &Literal<'_>) -> String {
    match (kind, value) {
        (_, Literal::Bool(value)) => value.to_string(),
        (Kind::Decimal(range), Literal::Number(value)) => decimal(*value, range.places),
        (_, Literal::Number(value)) => value.to_string(),
        (_, Literal::Text(value)) => format!("{value:?}"),
        (kind, Literal::Label(label)) => kind.label(usize::from(*label)).unwrap_or("?").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_board::tools;

    fn of(tool: u16) -> String {
        parameters(&tools::TOOLS, tool).join(", ")
    }

    #[test]
    fn the_boards_tools_read_well() {
        assert_eq!(
            of(tools::LIGHT_SET),
            "light grow|door|status|all, on true|false, brightness 1..100 = 100"
        );
        assert_eq!(of(tools::CLIMATE_SET), "mode heat|off, celsius 5..35 by 0.5 if mode is heat");
        assert_eq!(of(tools::TIMER_START), "seconds 1..86400, label? text..24");
        assert_eq!(of(tools::CAMERA_SNAP), "size small|large = small");
        assert_eq!(of(tools::BOARD_STATUS), "");
    }

    #[test]
    fn decimals_have_no_needless_digits() {
        for (value, places, text) in
            [(5, 1, "0.5"), (350, 1, "35"), (-5, 2, "-0.05"), (-120, 1, "-12"), (7, 0, "7")]
        {
            assert_eq!(decimal(value, places), text);
        }
    }
}
