//! Sentences that are written as calls.

use std::fmt::Write as _;
use std::sync::OnceLock;

use proptest::prelude::*;
use trine_descriptor::{DecimalRange, Field, IntRange, Kind, Scalar, Tool};
use trine_unseen::{ArgumentFault, Table};

use crate::common::{asker, base, check, compiled, config, tool};

fn tools() -> Vec<Tool<'static>> {
    let whole = |min, max| Kind::Int(IntRange { min, max });
    let tenths = DecimalRange { min: 50, max: 350, step: 5, places: 1 };
    let text = Kind::Text { min: 1, max: 12 };
    let gates = Field::new("gate", Kind::Choice("north|south|Main Gate")).optional();
    let many = Kind::Array { nodes: 1, min: 1, max: 3 };
    vec![
        tool("gate_move", "Open or close a gate.", vec![Field::new("open", Kind::Bool), gates]),
        tool("fan_set", "Set the fan.", vec![Field::new("percent", whole(0, 100)).unit("%")]),
        tool("wait", "Wait.", vec![Field::new("delay_s", whole(1, 600)).unit("s")]),
        tool("heat", "Heat it.", vec![Field::new("target", Kind::Decimal(tenths)).unit("degC")]),
        tool(
            "note_add",
            "Keep a note.",
            vec![
                Field::new("text", text),
                Field::new("tag", text).optional(),
                Field::new("tags", many).optional(),
                Field::new("item", text),
                Field::new("body", text),
            ],
        ),
        tool("get_user", "One user.", vec![Field::new("id", whole(0, 99))]),
        tool("get_users", "All users.", vec![Field::new("limit", whole(0, 99)).optional()]),
        tool("lamp", "Switch the lamp.", vec![Field::new("on", Kind::Bool)]),
        tool(
            "alarm_set",
            "Set the alarm.",
            vec![Field::new("hour", whole(0, 23)), Field::new("minute", whole(0, 59)).optional()],
        ),
        tool("trim_set", "Trim it.", vec![Field::new("offset", whole(-9, 9))]),
        tool("tone_set", "Choose a tone.", vec![Field::new("tone", Kind::Choice("None|Beep"))]),
        tool("mode_set", "Choose a mode.", vec![Field::new("mode", Kind::Choice("run|idle"))]),
        tool("say", "Show a text.", vec![Field::new("words", text)]),
        tool("tag_all", "Tag all.", vec![Field::new("tags", many), Field::new("item", text)]),
        tool("temperaturecalibrationstart", "Calibrate.", vec![Field::new("level", whole(0, 9))]),
    ]
}

/// The table of these, which is made once.
fn table() -> Table<'static> {
    static TABLE: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = TABLE.get_or_init(|| compiled(base(), &tools()));
    Table::parse(bytes, base(), None).unwrap()
}

/// What a sentence comes to: the call as text, or what is wrong.
fn said(sentence: &str) -> String {
    let (tools, table) = (tools(), table());
    let mut asker = asker();
    let answer = asker.ask(base(), &table, sentence.as_bytes()).unwrap();
    check(&tools, &answer, sentence.as_bytes());
    if let Some(reason) = answer.reason {
        return reason.name().into();
    }
    let Some(call) = answer.calls[0] else {
        let params = |tool: u16| tools[usize::from(tool)].params;
        return match answer.fault.unwrap() {
            (tool, ArgumentFault::Missing(at)) => {
                format!("missing {}", params(tool)[at as usize].name)
            }
            (tool, ArgumentFault::Range(at)) => format!("range {}", params(tool)[at as usize].name),
            (tool, ArgumentFault::Unit(at)) => format!("unit {}", params(tool)[at as usize].name),
            (_, ArgumentFault::Cut) => "cut".into(),
        };
    };
    let tool = tools[usize::from(call.tool)];
    let mut out = tool.info.name.to_owned();
    for (node, value) in call.arguments() {
        let name = tool.params[usize::from(node)].name;
        let value = match value {
            Scalar::Bool(is) => is.to_string(),
            Scalar::Int(number) | Scalar::Decimal(number) => number.to_string(),
            Scalar::Label(label) => format!("#{label}"),
            Scalar::Array(count) => format!("[{count}]"),
            Scalar::Text(text) => format!("{text:?}"),
            Scalar::Object => "{}".into(),
        };
        write!(out, " {name}={value}").unwrap();
    }
    if answer.confidence < 1.0 {
        write!(out, " ?").unwrap();
    }
    out
}

/// Sentences, and their calls.
static CALLS: &[(&str, &str)] = &[
    ("gate_move open=false", "gate_move open=false"),
    ("gate_move(open=False)", "gate_move open=false"),
    ("gate_move open:false", "gate_move open=false"),
    ("gate_move {\"open\": false}", "gate_move open=false"),
    ("gate_move open = no", "gate_move open=false"),
    ("Please call gate_move(open=off, gate=\"south\").", "gate_move open=false gate=#1"),
    ("gate_move gate=main gate, open: yes!", "gate_move open=true gate=#2"),
    ("`gate_move gate='Main Gate' open=ON`", "gate_move open=true gate=#2"),
    ("{\"tool\": \"gate_move\", \"arguments\": {\"open\": false}}", "gate_move open=false"),
    ("{\"args\": {\"open\": false}, \"name\": \"gate_move\"}", "gate_move open=false"),
    ("{\"name\":\"fan_set\",\"parameters\":{\"percent\":40}}", "fan_set percent=40"),
    ("{\"name\": \"get_users\"}", "get_users"),
    ("gate_move(open=true, gate=null)", "gate_move open=true"),
    ("fan_set percent=40", "fan_set percent=40"),
    ("fan_set percent=40%.", "fan_set percent=40"),
    ("fan_set percent: forty percent please", "fan_set percent=40"),
    ("fan_set(40)", "fan_set percent=40"),
    ("wait delay_s=2min", "wait delay_s=120"),
    ("heat target=21.50", "heat target=215"),
    ("heat(target=\"68 fahrenheit\")", "heat target=200"),
    ("get_user id=7", "get_user id=7"),
    ("get_users limit=7", "get_users limit=7"),
    ("get_users()", "get_users"),
    ("note_add text=milk, body='a, b = c'", "note_add text=\"milk\" body=\"a, b = c\""),
    ("note_add tag=x text=\"no, (it)\" body=4", "note_add text=\"no, (it)\" tag=\"x\" body=\"4\""),
    ("lamp on=false", "lamp on=false"),
    ("lamp(on=false)", "lamp on=false"),
    ("lamp(false)", "lamp on=false"),
    ("please wait(20)!", "wait delay_s=20"),
    ("wait delay_s=20, thanks!", "wait delay_s=20"),
    ("gate_move open=true now", "gate_move open=true"),
    ("say words='call you' please", "say words=\"call you\""),
    ("tag_all tags=[hello, you] please", "tag_all tags=[2] item=\"hello\" item=\"you\""),
    ("tag_all tags=hello, thanks", "tag_all tags=[2] item=\"hello\" item=\"thanks\""),
    ("tone_set tone=None", "tone_set tone=#0"),
    ("tone_set(tone=None)", "tone_set tone=#0"),
    ("trim_set offset=-5", "trim_set offset=-5"),
    ("trim_set offset=minus five", "trim_set offset=-5"),
    ("please run: fan_set percent=40", "fan_set percent=40"),
    (
        "{\"jsonrpc\": \"2.0\", \"id\": 4, \"method\": \"tools/call\", \"params\": \
         {\"name\": \"gate_move\", \"arguments\": {\"open\": false}}}",
        "gate_move open=false",
    ),
    (
        "{\"type\": \"function\", \"function\": \
         {\"name\": \"fan_set\", \"parameters\": {\"percent\": 40}}}",
        "fan_set percent=40",
    ),
];

/// Sentences, and why they have no call.
static FAULTS: &[(&str, &str)] = &[
    ("gate_move gate=north", "missing open"),
    ("gate_move()", "missing open"),
    ("gate_move open=maybe", "range open"),
    ("gate_move open=false open=true", "range open"),
    ("gate_move open=false speed=3", "cannot"),
    ("gate_move(open=false", "cannot"),
    ("gate_move(open=false) tomorrow", "ambiguous"),
    ("gate_move(open=false)?", "ambiguous"),
    ("gate_move {\"open\": \"fal", "cannot"),
    ("gate_move(false, north)", "cannot"),
    ("gate_move open=false and then lamp on=true", "cannot"),
    ("if it rains, gate_move open=false", "ambiguous"),
    ("don't fan_set percent=40", "negated"),
    ("don\u{2019}t run {\"tool\": \"fan_set\", \"args\": {\"percent\": 40}}", "negated"),
    ("fan_set percent=400", "range percent"),
    ("fan_set percent=4.5", "range percent"),
    ("fan_set percent=40hz", "unit percent"),
    ("fan_set(percent=\"20 minutes\")", "unit percent"),
    ("fan_set(percent=)", "cannot"),
    ("heat target=21.53", "range target"),
    ("note_add text=buy milk body=x", "range text"),
    ("note_add text=\"a\\\"b\" body=x", "range text"),
    ("note_add text=\"far too long a text\" body=x", "range text"),
    ("get_user limit=7", "cannot"),
    ("{\"tool\": \"gate_shut\", \"arguments\": {\"open\": false}}", "cannot"),
    ("{\"tool\": \"gate_move\", \"open\": false}", "cannot"),
    ("{\"tool\": \"gate_move\", \"arguments\": {\"open\": false}", "cannot"),
    ("say words=hello you", "range words"),
    ("mode_set mode=run now", "range mode"),
    ("gate_move open=true gate=null", "range gate"),
    ("wait delay_s=1:30", "range delay_s"),
    ("alarm_set hour=7:30", "range hour"),
    ("alarm_set minute=7:30 hour=7", "range minute"),
    ("trim_set offset=- 5", "range offset"),
    ("trim_set {\"offset\": - 5}", "range offset"),
    ("trim_set offset=(5", "range offset"),
    ("// gate_move(open=true)", "ambiguous"),
    ("//gate_move(open=true)", "ambiguous"),
    ("# gate_move open=true", "ambiguous"),
    ("!gate_move(open=true)", "ambiguous"),
    ("> gate_move(open=true)", "ambiguous"),
    ("# lamp on=true", "ambiguous"),
    ("gate_move(//open=true)", "cannot"),
    ("# {\"tool\": \"gate_move\", \"arguments\": {\"open\": false}}", "ambiguous"),
    ("gate_shut(open=false)", "cannot"),
    ("gateShut(false)", "cannot"),
    ("alarm_set(7)", "cannot"),
    ("wait(20) tomorrow", "ambiguous"),
    ("temperaturecalibrationstop level=3", "cannot"),
    ("temperaturecalibrationstop(3)", "cannot"),
    ("{\"method\": \"tools/list\", \"params\": {\"name\": \"get_users\"}}", "cannot"),
    ("{\"params\": {\"name\": \"gate_move\", \"arguments\": {\"open\": false}}", "cannot"),
    ("{\"function\": {\"name\": \"gate_move\", \"arguments\": \"open\"}}", "cannot"),
    ("{\"tool_calls\": [{\"name\": \"gate_move\", \"arguments\": {\"open\": false}}]}", "cannot"),
];

#[test]
fn what_is_written_as_a_call_is_that_call() {
    for (sentence, wanted) in CALLS {
        assert_eq!(said(sentence), *wanted, "{sentence}");
    }
}

#[test]
fn a_list_in_a_call_has_its_items() {
    let texts = Kind::Array { nodes: 1, min: 1, max: 3 };
    let item = Field::new("item", Kind::Text { min: 1, max: 12 });
    let own = [tool("tag_it", "Tag it.", vec![Field::new("tags", texts), item])];
    let table = compiled(base(), &own);
    let table = Table::parse(&table, base(), None).unwrap();
    let items = |sentence: &str| {
        let mut asker = asker();
        let answer = asker.ask(base(), &table, sentence.as_bytes()).unwrap();
        check(&own, &answer, sentence.as_bytes());
        let call = answer.calls[0]?;
        let texts = call.arguments().filter_map(|(_, value)| match value {
            Scalar::Text(text) => Some(text.to_owned()),
            _ => None,
        });
        Some(texts.collect::<Vec<_>>().join("+"))
    };
    for written in ["tags=red,blue", "tags=[red, 'blue']", "{\"tags\": [\"red\", \"blue\"]}"] {
        assert_eq!(items(&format!("tag_it {written}")).unwrap(), "red+blue", "{written}");
    }
    for written in ["tags=[]", "tags=[a,b,c,d]", "tags=[a,]", "tags=[[a]]", "tags=[a b]"] {
        assert_eq!(items(&format!("tag_it {written}")), None, "{written}");
    }
}

#[test]
fn what_is_wrong_in_a_call_is_no_call() {
    for (sentence, wanted) in FAULTS {
        assert_eq!(said(sentence), *wanted, "{sentence}");
    }
}

#[test]
fn true_and_false_behind_a_name_are_that_within_any_sentence() {
    for (sentence, wanted) in &[
        ("open:false", "gate_move open=false"),
        ("{\"open\": false}", "gate_move open=false"),
        ("move the gate, open=false", "gate_move open=false"),
        ("move the gate, open=true", "gate_move open=true"),
        ("shut_the_gate(open=false)", "gate_move open=false"),
    ] {
        let said = said(sentence);
        let call = said.strip_suffix(" ?").unwrap_or(&said);
        assert!(call == *wanted || !call.contains("open="), "{sentence}: {said}");
    }
    assert!(said("move the gate, open=false").starts_with("gate_move open=false"));
}

#[test]
fn words_are_not_taken_for_calls() {
    // Whatever the model says of them, it is the model that does.
    for sentence in [
        "lamp on",
        "set the lamp(s) on",
        "wait: 20 seconds",
        "fan_set to 40",
        "the lamp (on)",
        "lamp on: off",
    ] {
        assert!(!said(sentence).starts_with("cannot"), "{sentence}");
    }
}

/// A name of letters that no other has.
fn names(count: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::hash_set("[a-z]{2,6}_[a-z]{2,7}", count)
        .prop_map(|names| names.into_iter().collect())
}

/// A parameter's kind with a value of it: as an entry, and as it is written.
fn valued() -> impl Strategy<Value = (Kind<'static>, Written)> {
    let whole =
        (any::<i32>(), 0..1000_i64, any::<prop::sample::Index>()).prop_map(|(min, span, at)| {
            let min = i64::from(min);
            let value = min + at.index(span as usize + 1) as i64;
            (
                Kind::Int(IntRange { min, max: min + span }),
                Written::plain(Scalar::Int(value), value),
            )
        });
    let tenths = (-500..500_i64).prop_map(|value| {
        let range = DecimalRange { min: -500, max: 500, step: 0, places: 1 };
        let less = if value < 0 { "-" } else { "" };
        let said = format!("{less}{}.{}", value.abs() / 10, value.abs() % 10);
        (Kind::Decimal(range), Written::plain(Scalar::Decimal(value), said))
    });
    let truth = any::<bool>().prop_map(|is| (Kind::Bool, Written::plain(Scalar::Bool(is), is)));
    let label = (0..3_u16).prop_map(|at| {
        let said = ["eco", "full power", "Off"][usize::from(at)];
        (Kind::Choice("eco|full power|Off"), Written::quoted(Scalar::Label(at), said))
    });
    let text = "[a-zA-Z0-9 ,;=:.(){}\\[\\]'!?-]{1,20}".prop_map(|text| {
        let text: &'static str = text.leak();
        (Kind::Text { min: 1, max: 20 }, Written::quoted(Scalar::Text(text), text))
    });
    prop_oneof![whole, tenths, truth, label, text]
}

#[derive(Clone, Debug)]
struct Written {
    entry: Scalar<'static>,
    said: String,
    is_quoted: bool,
}

impl Written {
    fn plain(entry: Scalar<'static>, said: impl ToString) -> Self {
        Self { entry, said: said.to_string(), is_quoted: false }
    }

    fn quoted(entry: Scalar<'static>, said: &str) -> Self {
        Self { entry, said: said.into(), is_quoted: true }
    }

    fn text(&self) -> String {
        if self.is_quoted { format!("{:?}", self.said) } else { self.said.clone() }
    }
}

/// A call in each of the forms.
fn forms(name: &str, pairs: &[(String, String)]) -> Vec<String> {
    let all = |join: &str, pair: &dyn Fn(&(String, String)) -> String| {
        pairs.iter().map(pair).collect::<Vec<_>>().join(join)
    };
    let json = all(", ", &|(key, value)| format!("{key:?}: {value}"));
    vec![
        format!("{name} {}", all(" ", &|(key, value)| format!("{key}={value}"))),
        format!("{name} {}", all(", ", &|(key, value)| format!("{key}: {value}"))),
        format!("{name}({})", all(", ", &|(key, value)| format!("{key}={value}"))),
        format!("{name} {{{json}}}"),
        format!("{{\"tool\": {name:?}, \"arguments\": {{{json}}}}}"),
        format!("please run {{\"parameters\": {{{json}}}, \"name\": {name:?}}}!"),
    ]
}

fn made(names: &[String], params: &[(Kind<'static>, Written)]) -> [Tool<'static>; 2] {
    let name = |at: usize| -> &'static str { names[at].clone().leak() };
    let fields = params.iter().enumerate().map(|(at, (kind, _))| Field::new(name(at + 2), *kind));
    [tool(name(0), "It does something.", fields.collect()), tool(name(1), "Another.", vec![])]
}

fn answered(tools: &[Tool<'_>], sentence: &str) -> (Vec<(u16, String)>, f32, bool) {
    let table = compiled(base(), tools);
    let table = Table::parse(&table, base(), None).unwrap();
    let mut asker = asker();
    let answer = asker.ask(base(), &table, sentence.as_bytes()).unwrap();
    check(tools, &answer, sentence.as_bytes());
    let calls = answer.calls.iter().flatten();
    let entries = calls.flat_map(|call| {
        call.arguments().map(|(node, value)| (node, format!("{value:?}"))).collect::<Vec<_>>()
    });
    let is_own = answer.calls[0].is_some_and(|call| call.tool == 0);
    (entries.collect(), answer.confidence, is_own)
}

proptest! {
    #![proptest_config(config(80))]

    #[test]
    fn any_valid_call_is_read_in_each_form(
        names in names(6),
        params in prop::collection::vec(valued(), 1..5),
    ) {
        let tools = made(&names, &params);
        let keys = names.iter().skip(2);
        let pairs: Vec<_> =
            keys.zip(&params).map(|(key, (_, value))| (key.clone(), value.text())).collect();
        let entries = params.iter().map(|(_, value)| format!("{:?}", value.entry));
        let wanted: Vec<_> = (0_u16..).zip(entries).collect();
        for form in forms(&names[0], &pairs) {
            let (entries, sure, is_own) = answered(&tools, &form);
            prop_assert!(is_own && sure >= 1.0, "{}", form);
            prop_assert_eq!(&entries, &wanted, "{}", form);
        }
    }

    #[test]
    fn any_invalid_call_is_none(
        names in names(6),
        params in prop::collection::vec(valued(), 1..5),
        at in any::<prop::sample::Index>(),
        how in 0..3_u8,
    ) {
        let tools = made(&names, &params);
        let keys = names.iter().skip(2);
        let mut pairs: Vec<_> =
            keys.zip(&params).map(|(key, (_, value))| (key.clone(), value.text())).collect();
        let at = at.index(pairs.len());
        match how {
            0 => drop(pairs.remove(at)),
            1 => pairs[at].0.push('x'),
            // Too long, too large, no label, neither true nor false.
            _ => pairs[at].1 = "99999999999999999999999".into(),
        }
        prop_assume!(!pairs.is_empty());
        for form in forms(&names[0], &pairs) {
            let (entries, sure, _) = answered(&tools, &form);
            prop_assert!(entries.is_empty() && sure <= 0.0, "{}: {:?}", form, entries);
        }
    }

    #[test]
    fn a_call_with_any_bytes_in_it_panics_nowhere(
        parts in prop::collection::vec(prop_oneof![
            "\\PC{0,4}".prop_map(|text| text),
            prop::sample::select(vec![
                "gate_move", "note_add", "{\"tool\": \"gate_move\", \"args\": {", "open", "tags",
                "text", "=", ":", "(", ")", "{", "}", "[", "]", ",", "\"", "'", " ", "\\", "true",
                "false", "20", "-", ".", "\u{e9}", "null", "please", "not", "target", "heat",
            ]).prop_map(str::to_owned),
        ], 0..14),
    ) {
        let tools = tools();
        for before in ["", "gate_move ", "note_add("] {
            let mut asker = asker();
            let sentence = format!("{before}{}", parts.concat());
            if let Ok(answer) = asker.ask(base(), &table(), sentence.as_bytes()) {
                check(&tools, &answer, sentence.as_bytes());
            }
        }
    }
}
