//! Arguments for the board's tools: good ones, and bad ones with one thing wrong.

use fastrand::Rng;

/// A parameter as the generator sees it.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Bool,
    Int(i64, i64),
    /// Tenths: minimum, maximum, step.
    Tenths(i64, i64, i64),
    Text(usize),
    Choice(&'static [&'static str]),
}

#[derive(Debug, Clone, Copy)]
struct Parameter {
    name: &'static str,
    kind: Kind,
    required: bool,
}

const fn required(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, required: true }
}

const fn optional(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, required: false }
}

const VALVES: &[&str] = &["north", "south", "drip", "mist"];

/// Parameters of a tool; a test compares the outcome with two servers that read the schemas.
fn parameters(tool: &str) -> Vec<Parameter> {
    match tool {
        "light_set" => vec![
            required("light", Kind::Choice(&["grow", "door", "status", "all"])),
            required("on", Kind::Bool),
            optional("brightness", Kind::Int(1, 100)),
        ],
        "fan_set" => vec![required("percent", Kind::Int(0, 100))],
        "climate_set" => vec![
            required("mode", Kind::Choice(&["heat", "off"])),
            required("celsius", Kind::Tenths(50, 350, 5)),
        ],
        "valve_open" => {
            vec![required("valve", Kind::Choice(VALVES)), required("seconds", Kind::Int(1, 1800))]
        }
        "valve_close" => {
            vec![required("valve", Kind::Choice(&["north", "south", "drip", "mist", "all"]))]
        }
        "vent_move" => vec![required("degrees", Kind::Int(0, 90))],
        "sensor_read" => vec![required(
            "sensor",
            Kind::Choice(&["temperature", "humidity", "soil", "light", "tank"]),
        )],
        // Shorter timers would end while the test runs, at a time that the two servers see
        // differently.
        "timer_start" => {
            vec![required("seconds", Kind::Int(43_200, 86_400)), optional("label", Kind::Text(24))]
        }
        "display_show" => {
            vec![required("text", Kind::Text(32)), optional("line", Kind::Int(1, 4))]
        }
        "camera_snap" => vec![optional("size", Kind::Choice(&["small", "large"]))],
        _ => Vec::new(),
    }
}

/// Good arguments for a tool as a JSON object.
pub(crate) fn good_arguments(rng: &mut Rng, tool: &str) -> String {
    let mut members = Vec::new();
    for parameter in parameters(tool) {
        if parameter.required || rng.bool() {
            let value = good(rng, parameter.kind);
            members.push(member(rng, parameter.name, &value));
        }
    }
    object(rng, members)
}

/// Arguments with one thing wrong, and the name of what it is.
pub(crate) fn bad_arguments(rng: &mut Rng, tool: &str) -> (&'static str, String) {
    let all = parameters(tool);
    let mut members: Vec<(Parameter, String)> = Vec::new();
    for parameter in &all {
        members.push((*parameter, good(rng, parameter.kind)));
    }
    let victim = if members.is_empty() { None } else { Some(rng.usize(0..members.len())) };
    let wrong = rng.u32(0..10);
    let what = match (victim, wrong) {
        (None, _) | (_, 0) => "unknown-argument",
        (Some(at), 1) if members.get(at).is_some_and(|(parameter, _)| parameter.required) => {
            members.remove(at);
            "missing"
        }
        (Some(at), 2) => return ("repeated", repeated(rng, &members, at)),
        (Some(at), 3) => replace(&mut members, at, "null", "null"),
        (Some(at), 4..7) => {
            let text = other_type(rng, members.get(at).map(|(parameter, _)| parameter.kind));
            replace(&mut members, at, &text, "type")
        }
        (Some(at), _) => {
            let kind = members.get(at).map(|(parameter, _)| parameter.kind);
            let (what, text) = out_of_bounds(rng, kind);
            replace(&mut members, at, &text, what)
        }
    };
    let mut out: Vec<String> =
        members.iter().map(|(parameter, text)| member(rng, parameter.name, text)).collect();
    if what == "unknown-argument" {
        let name = ["turbo", "Percent", "", "percent ", "__proto__", "é"];
        let name = name.get(rng.usize(0..name.len())).copied().unwrap_or_default();
        out.push(format!("\"{name}\":1"));
    }
    (what, object(rng, out))
}

fn replace(
    members: &mut [(Parameter, String)],
    at: usize,
    text: &str,
    what: &'static str,
) -> &'static str {
    if let Some((_, value)) = members.get_mut(at) {
        text.clone_into(value);
    }
    what
}

fn repeated(rng: &mut Rng, members: &[(Parameter, String)], at: usize) -> String {
    let mut out: Vec<String> =
        members.iter().map(|(parameter, text)| format!("\"{}\":{text}", parameter.name)).collect();
    if let Some((parameter, _)) = members.get(at) {
        out.push(format!("\"{}\":{}", parameter.name, good(rng, parameter.kind)));
    }
    format!("{{{}}}", out.join(","))
}

fn object(rng: &mut Rng, mut members: Vec<String>) -> String {
    rng.shuffle(&mut members);
    format!("{{{}}}", members.join(","))
}

/// A member, sometimes with its name in escapes.
fn member(rng: &mut Rng, name: &str, value: &str) -> String {
    if rng.u32(0..12) == 0 {
        format!("\"{}\": {value}", escaped(name))
    } else {
        format!("\"{name}\":{value}")
    }
}

/// Every character as `\uXXXX`.
pub(crate) fn escaped(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn good(rng: &mut Rng, kind: Kind) -> String {
    match kind {
        Kind::Bool => rng.bool().to_string(),
        Kind::Int(low, high) => {
            let value = match rng.u32(0..6) {
                0 => low,
                1 => high,
                _ => rng.i64(low..=high),
            };
            spelled(rng, value)
        }
        Kind::Tenths(low, high, step) => {
            let value = low + step * rng.i64(0..=(high - low) / step);
            match rng.u32(0..3) {
                0 => format!("{}.{}", value / 10, value % 10),
                1 => format!("{}.{}000", value / 10, value % 10),
                _ => format!("{value}e-1"),
            }
        }
        Kind::Text(max) => {
            let length = if rng.u32(0..4) == 0 { max } else { rng.usize(0..=max) };
            text(rng, length)
        }
        Kind::Choice(labels) => {
            let label = labels.get(rng.usize(0..labels.len())).copied().unwrap_or_default();
            if rng.u32(0..12) == 0 {
                format!("\"{}\"", escaped(label))
            } else {
                format!("\"{label}\"")
            }
        }
    }
}

/// An integer in one of the ways that JSON has for it.
fn spelled(rng: &mut Rng, value: i64) -> String {
    match rng.u32(0..8) {
        0 => format!("{value}.0"),
        1 => format!("{value}e0"),
        2 if value != 0 => format!("{value}0e-1"),
        3 if value % 10 == 0 => format!("{}E+1", value / 10),
        _ => value.to_string(),
    }
}

/// A text of so many code points.
fn text(rng: &mut Rng, length: usize) -> String {
    const PIECES: [&str; 10] =
        ["a", "B", " ", "é", "水", "😀", "\\n", "\\\"", "\\u00e9", "\\ud83d\\ude00"];
    let mut out = String::from("\"");
    for _ in 0..length {
        out.push_str(PIECES.get(rng.usize(0..PIECES.len())).copied().unwrap_or_default());
    }
    out.push('"');
    out
}

fn other_type(rng: &mut Rng, kind: Option<Kind>) -> String {
    let values: &[&str] = match kind {
        Some(Kind::Bool) => &["0", "1", "\"true\"", "[]", "{}"],
        Some(Kind::Int(..)) => &["\"40\"", "true", "[40]", "{}", "40.5", "1e-1", "\"\""],
        Some(Kind::Tenths(..)) => &["\"20\"", "false", "[20.5]", "{}"],
        Some(Kind::Text(_)) => &["0", "true", "[]", "{\"a\":1}", "1.5"],
        _ => &["0", "false", "[\"grow\"]", "{}", "2"],
    };
    values.get(rng.usize(0..values.len())).copied().unwrap_or_default().to_owned()
}

fn out_of_bounds(rng: &mut Rng, kind: Option<Kind>) -> (&'static str, String) {
    let value = match kind {
        Some(Kind::Int(low, high)) => match rng.u32(0..6) {
            0 => (low.min(1) - 1).to_string(),
            1 => (high + 1).to_string(),
            2 => "-1".to_owned(),
            3 => "99999999999999999999".to_owned(),
            4 => "1e300".to_owned(),
            _ => format!("{}.0", high + 1),
        },
        Some(Kind::Tenths(low, high, _)) => match rng.u32(0..4) {
            0 => format!("{}.5", low / 10 - 1),
            1 => format!("{}.5", high / 10),
            2 => "-1e9".to_owned(),
            _ => return ("step", "20.3".to_owned()),
        },
        Some(Kind::Text(max)) => return ("length", text(rng, max + 1)),
        Some(Kind::Bool) => return ("type", "\"on\"".to_owned()),
        _ => return ("choice", "\"north \"".to_owned()),
    };
    ("range", value)
}
