//! Any tools, and sentences that may be for them.

use proptest::prelude::*;
use proptest::strategy::Union;
use trine_descriptor::{
    Annotations, Condition, DecimalRange, Field, IntRange, Kind, Tool, ToolInfo,
};

/// Words of tools and of sentences.
const WORDS: &[&str] = &[
    "set", "fan", "speed", "the", "lamp", "on", "off", "and", "then", "mode", "auto", "eco", "to",
    "heat", "percent", "minutes", "seconds", "hour", "degrees", "max", "half", "least", "zero",
    "first", "line", "note", "call", "not", "please", "channel", "true", "rpm", "flurbs",
];

/// Numbers, marks and what no tool has.
const OTHERS: &[&str] = &[
    "20",
    "3",
    "-5",
    "0.5",
    "2.75",
    "1/2",
    "7:30",
    "5 %",
    "40 seconds",
    "21.5 degrees",
    "half a",
    "third",
    "one hundred",
    "9999999999999999999",
    "minus two",
    ",",
    ".",
    "\"",
    "'",
    "!",
    "?",
    "caf\u{e9}",
    "\u{1f525}",
    "\u{663}",
    "HDMI2",
    "3 flurbs",
    "k",
    "2 min 30",
    "12 rpm",
    "100 %",
];

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(WORDS).prop_map(str::to_owned)
}

/// A sentence, of which most are short enough.
pub(crate) fn sentence() -> impl Strategy<Value = String> {
    let other = prop::sample::select(OTHERS).prop_map(str::to_owned);
    let part = prop_oneof![5 => word(), 4 => other, 1 => "\\PC{0,6}"];
    prop::collection::vec(part, 0..18).prop_map(|parts| parts.join(" "))
}

/// A name or a description.
fn text() -> impl Strategy<Value = String> {
    let joined = |between: &'static str, most| {
        prop::collection::vec(word(), 1..most).prop_map(move |words| words.join(between))
    };
    prop_oneof![
        4 => joined("_", 4),
        4 => joined(" ", 9),
        1 => Just(String::new()),
        1 => "\\PC{0,20}",
        1 => joined("|", 5),
        1 => joined(" \"x' ", 4),
        1 => joined(" ", 200),
        1 => Just("\u{6f22}\u{5b57}\u{df}\u{1f525}".repeat(40)),
    ]
}

fn unit() -> impl Strategy<Value = &'static str> {
    let units: &[&str] = &[
        "", "", "%", "s", "ms", "min", "h", "degC", "degF", "rpm", "deg", "km/h", "l/min",
        "flurbs", "\u{b0}C", "  ", "V", "m", "kg", "|",
    ];
    prop::sample::select(units)
}

/// Bounds of a number.
fn bounds() -> impl Strategy<Value = (i64, i64)> {
    let wide = prop_oneof![
        Just(i64::MIN),
        Just(i64::MAX),
        Just(1_i64 << 53),
        Just(-(1_i64 << 53)),
        any::<i64>()
    ];
    prop_oneof![
        6 => (-300..300_i64, 0..400_i64).prop_map(|(min, width)| (min, min + width)),
        2 => (0..2_i64, 0..101_i64).prop_map(|(min, width)| (min, min + width)),
        1 => (wide, -9..9_i64).prop_map(|(a, b)| (a.min(b), a.max(b))),
        1 => (any::<i64>(), any::<i64>()),
    ]
}

fn kind() -> Union<BoxedStrategy<Kind<'static>>> {
    let label = prop_oneof![6 => word(), 1 => "[^|]{0,9}", 1 => Just("wide_long_label".into())];
    let labels = prop::collection::vec(label, 1..21);
    let steps = prop_oneof![Just(0_i64), Just(1), Just(5), Just(25), 1..2000_i64];
    let places = prop_oneof![9 => 0..10_u8, 1 => any::<u8>()];
    let most = prop_oneof![0..60_u16, Just(u16::MAX)];
    Union::new([
        Just(Kind::Bool).boxed(),
        bounds().prop_map(|(min, max)| Kind::Int(IntRange { min, max })).boxed(),
        (bounds(), steps, places)
            .prop_map(|((min, max), step, places)| {
                Kind::Decimal(DecimalRange { min, max, step, places })
            })
            .boxed(),
        (0..6_u16, most).prop_map(|(min, max)| Kind::Text { min, max }).boxed(),
        labels.prop_map(|labels| Kind::Choice(labels.join("|").leak())).boxed(),
    ])
}

/// A parameter with what is in it; and which choice, and which of its labels, it may hang on.
type Param = (Vec<Field<'static>>, Option<(u8, u8)>);

fn param() -> impl Strategy<Value = Param> {
    let field = (kind(), text(), text(), unit(), 0..3_u8);
    let condition = prop::option::weighted(0.4, (any::<u8>(), any::<u8>()));
    let container = prop_oneof![
        12 => Just(None),
        1 => (0..3_u8).prop_map(|nodes| Some(Kind::Object { nodes })),
        3 => (0..3_u8, prop_oneof![0..6_u8, Just(u8::MAX)])
            .prop_map(|(min, max)| Some(Kind::Array { nodes: 1, min, max: max.max(min) })),
    ];
    (field, condition, container).prop_map(|((own, name, about, unit, sort), condition, around)| {
        let kind = around.unwrap_or(own);
        let mut field = Field::new(name.leak(), kind).describe(about.leak()).unit(unit);
        // Most objects are optional, or most tools would never be called.
        let is_object = matches!(kind, Kind::Object { .. });
        let is_spared = is_object && !field.name.len().is_multiple_of(4);
        field.required = sort == 0 && !is_spared;
        let inner = if is_object { Kind::Bool } else { own };
        let members = (0..kind.nodes()).map(|_| Field::new("inner", inner));
        let condition = condition.filter(|_| sort == 1);
        (std::iter::once(field).chain(members).collect(), condition)
    })
}

/// Conditions on labels of choices at top level, before or behind.
fn joined(params: Vec<Param>) -> Vec<Field<'static>> {
    let mut choices = Vec::new();
    let mut node = 0;
    for (fields, _) in &params {
        if let Kind::Choice(_) = fields[0].kind {
            choices.push((node, fields[0].kind.labels().count()));
        }
        node += fields.len();
    }
    let mut out = Vec::new();
    for (mut fields, condition) in params {
        if let Some((which, label)) = condition
            && !choices.is_empty()
        {
            let (node, labels) = choices[usize::from(which) % choices.len()];
            // Mostly one that is chosen from.
            let label = usize::from(label % 4) % labels;
            if node != out.len() {
                let condition = Condition { node: node as u16, label: label as u16 };
                fields[0] = fields[0].required_when(condition);
            }
        }
        out.extend(fields);
    }
    out
}

/// A tool of 0 to 12 parameters.
pub(crate) fn tool() -> impl Strategy<Value = Tool<'static>> {
    let params = prop_oneof![
        3 => prop::collection::vec(param(), 0..4),
        1 => prop::collection::vec(param(), 4..13),
    ];
    (text(), text(), text(), params, any::<bool>()).prop_map(
        |(name, title, about, params, reads)| {
            let annotations = Annotations(if reads { Annotations::READ_ONLY } else { 0 });
            let info = ToolInfo::new(name.leak(), about.leak());
            let info = ToolInfo { title: title.leak(), annotations, ..info };
            Tool::new(info, joined(params).leak(), &[])
        },
    )
}

/// 1 to 30 tools, mostly few.
pub(crate) fn tools() -> impl Strategy<Value = Vec<Tool<'static>>> {
    prop_oneof![
        8 => prop::collection::vec(tool(), 1..5),
        1 => prop::collection::vec(tool(), 5..31),
    ]
}
