//! One message, many spellings: what is recognised at a glance is understood as the general reader
//! understands it, and whatever is wrong with it has the same answer.

use trine_bits::{Random, rounds};
use trine_descriptor::{
    Condition, DecimalRange, Field, IntRange, Kind, Side, Tool, ToolInfo, ToolTable, validate,
};
use trine_mcp::{McpEngine, McpSession, ServerInfo, Single, Step};

use crate::common::session;
use crate::common::spelled::{Json, Spelled, Token};
use Json::{Array, Object, Raw, Text};

const SMALL: Kind<'static> = Kind::Int(IntRange { min: -3, max: 100 });
const HALVES: Kind<'static> =
    Kind::Decimal(DecimalRange { min: -50, max: 350, step: 5, places: 1 });

static TOOLS: [Tool<'static>; 4] = [
    Tool::new(ToolInfo::new("nothing", "Nothing."), &[], &[]),
    Tool::new(
        ToolInfo::new("flat", "Takes one of each."),
        &[
            Field::new("a", SMALL),
            Field::new("ab", Kind::Int(IntRange::OPEN)).optional(),
            Field::new("temperature_c", HALVES).optional(),
            Field::new("on", Kind::Bool).optional(),
            Field::new("text", Kind::Text { min: 1, max: 12 }).optional(),
            Field::new("choice", Kind::Choice("heat|off|hea|")).optional(),
            Field::new("a_name_longer_than_two_words", SMALL)
                .required_when(Condition { node: 5, label: 2 }),
        ],
        &[],
    ),
    Tool::new(
        ToolInfo::new("deep", "Holds an object and an array."),
        &[
            Field::new("x", SMALL).optional(),
            Field::new("o", Kind::Object { nodes: 1 }).optional(),
            Field::new("y", SMALL).optional(),
            Field::new("list", Kind::Array { nodes: 1, min: 1, max: 2 }).optional(),
            Field::new("", SMALL),
            Field::new("z", SMALL),
        ],
        &[],
    ),
    Tool::new(
        ToolInfo::new("odd", "Has names that need escapes."),
        &[Field::new("q\"", SMALL), Field::new("größe", SMALL).optional()],
        &[],
    ),
];

/// The tools as a table whose nodes lie nowhere in memory.
struct Unseen;

impl ToolTable for Unseen {
    fn count(&self) -> u16 {
        TOOLS.count()
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        TOOLS.info(tool)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        TOOLS.node_count(tool, side)
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        TOOLS.node(tool, side, node)
    }
}

fn of<T: Clone>(random: &mut Random, list: &[T]) -> T {
    list[random.below(list.len())].clone()
}

/// Adds one of the members once more, now and then.
fn repeat(random: &mut Random, members: &mut Vec<(&'static str, Json)>) {
    if random.below(25) == 0 && !members.is_empty() {
        members.push(of(random, members));
    }
}

/// A value that a parameter may have, or may not.
fn value(random: &mut Random) -> Json {
    let raw = [
        "0",
        "5",
        "12",
        "99",
        "100",
        "101",
        "-3",
        "-4",
        "-0",
        "1.0",
        "1.5",
        "21.5",
        "21.50",
        "21.25",
        "0.5",
        "-4.5",
        "36",
        "4e1",
        "12345678",
        "123456789012345678",
        "9223372036854775807",
        "9223372036854775808",
        "1e400",
        "true",
        "false",
        "null",
    ];
    let texts = [
        "",
        "heat",
        "off",
        "hea",
        "heat|off",
        "off|hea",
        "|",
        "twelve chars",
        "thirteen char",
        "é",
        "éééééééééééé",
        "éééééééééééé1",
        "a\nb",
        "\"",
        "more than two words, and then some",
    ];
    match random.below(9) {
        0 => Object(vec![("y", Raw("1"))]),
        1 => Array(vec![Raw("1"); random.below(4)]),
        2..6 => Text(of(random, &texts)),
        _ => Raw(of(random, &raw)),
    }
}

fn arguments(random: &mut Random) -> Json {
    let known = [
        ("a", Raw("5")),
        ("ab", Raw("-7")),
        ("temperature_c", Raw("21.5")),
        ("on", Raw("true")),
        ("text", Text("a text")),
        ("choice", Text("off")),
        ("a_name_longer_than_two_words", Raw("64")),
    ];
    let others = [
        ("x", Raw("1")),
        ("o", Object(vec![("y", Raw("7"))])),
        ("o", Object(vec![])),
        ("y", Raw("2")),
        ("list", Array(vec![Raw("1"), Raw("2")])),
        ("z", Raw("3")),
        ("q\"", Raw("4")),
        ("größe", Raw("9")),
    ];
    let mut members = Vec::new();
    let flat = random.below(5) > 0;
    for (name, likely) in if flat { &known[..] } else { &others[..] } {
        if random.below(4) > 0 {
            let likely = if random.below(12) == 0 { value(random) } else { likely.clone() };
            members.push((*name, likely));
        }
    }
    if random.below(30) == 0 {
        members.push(of(random, &others));
    }
    repeat(random, &mut members);
    Object(members)
}

fn meta(random: &mut Random) -> Json {
    let mut members = Vec::new();
    if random.below(12) > 0 {
        let versions = ["2026-07-28", "2026-07-28", "2026-07-28", "2025-11-25", "2026-07-2"];
        let version = Text(of(random, &versions));
        let version = if random.below(30) == 0 { value(random) } else { version };
        members.push(("io.modelcontextprotocol/protocolVersion", version));
    }
    let client = |name, version| Object(vec![("name", Text(name)), ("version", Text(version))]);
    if random.below(4) > 0 {
        let known = [client("c", "1"), client("a long name of a client", "1.2.3-beta"), Raw("7")];
        members.push(("io.modelcontextprotocol/clientInfo", of(random, &known)));
    }
    if random.below(12) > 0 {
        let roots = Object(vec![("roots", Object(vec![("listChanged", Raw("true"))]))]);
        let forms = Object(vec![("elicitation", Object(vec![]))]);
        let none = Object(vec![]);
        let known = [none.clone(), none, forms, roots, Raw("[]"), Raw("null")];
        members.push(("io.modelcontextprotocol/clientCapabilities", of(random, &known)));
    }
    if random.below(6) == 0 {
        let tokens = ["7", "\"t-1\"", "null", "1.5", "\"\\u0041\""];
        members.push(("progressToken", Raw(of(random, &tokens))));
    }
    if random.below(6) == 0 {
        members.push(("io.modelcontextprotocol/logLevel", Text("debug")));
    }
    if random.below(20) == 0 {
        members.push(("io.modelcontextprotocol/else", value(random)));
    }
    repeat(random, &mut members);
    Object(members)
}

fn message(random: &mut Random) -> Json {
    let names = ["flat", "deep", "nothing", "odd", "fla", "flats", ""];
    let name = if random.below(4) == 0 { of(random, &names) } else { "flat" };
    let name = if random.below(40) == 0 { value(random) } else { Text(name) };
    let mut params = vec![("name", name)];
    if random.below(8) > 0 {
        params.push(("arguments", arguments(random)));
    }
    if random.below(6) > 0 {
        params.push(("_meta", meta(random)));
    }
    if random.below(30) == 0 {
        let more = ["requestState", "inputResponses", "more", "arguments", "_meta"];
        params.push((of(random, &more), value(random)));
    }
    repeat(random, &mut params);
    let ids = ["7", "12345678901234567890", "\"id-1\"", "0", "1.0", "null", "\"\\n\"", "-5"];
    let id = if random.below(4) == 0 { of(random, &ids) } else { "7" };
    let methods = ["tools/list", "tools/cal", "ping", "initialize", "server/discover"];
    let method = if random.below(20) == 0 { of(random, &methods) } else { "tools/call" };
    let version = if random.below(30) == 0 { value(random) } else { Text("2.0") };
    let mut members = vec![
        ("jsonrpc", version),
        ("id", Raw(id)),
        ("method", Text(method)),
        ("params", Object(params)),
    ];
    if random.below(40) == 0 {
        let more = ["result", "error", "x", "method", "jsonrpc"];
        let other = (of(random, &more), value(random));
        members.push(of(random, &[other, ("id", Raw("8"))]));
    }
    if random.below(40) == 0 {
        members.remove(random.below(members.len()));
    }
    repeat(random, &mut members);
    if random.below(3) == 0 { Object(members).shuffled(random) } else { Object(members) }
}

/// Whether a token would become another one if it stood next to a second of its kind.
fn is_word(token: &Token) -> bool {
    let Token::Raw(text) = token else { return false };
    text.ends_with(|char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-'))
}

/// One wrong token: another one, one too many, one too few, or the end.
fn damage(random: &mut Random, tokens: &mut Vec<Token>) {
    let before = tokens.clone();
    let at = random.below(tokens.len());
    let junk = [
        "01",
        "-",
        "1.",
        "1e",
        "tru",
        "nul",
        "\"\\x\"",
        "\"\u{1}\"",
        "\"\\ud800\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "{}",
        "7",
        "\u{e9}",
        "'",
    ];
    match random.below(4) {
        0 => tokens[at] = Token::Raw(of(random, &junk)),
        1 => tokens.insert(at, Token::Raw(of(random, &junk))),
        2 => drop(tokens.remove(at)),
        _ => tokens.truncate(at),
    }
    if tokens.windows(2).any(|pair| is_word(&pair[0]) && is_word(&pair[1])) {
        *tokens = before;
    }
}

/// All that there is to see of a step.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    /// Id, tool, arguments, and the rest in words.
    Call(String, u16, Vec<u8>, String),
    /// The text of an answer. Where a byte of the message is named, its number is taken out.
    Reply(String, Option<usize>),
    Other(String),
}

/// Room for arguments that is enough for all of them.
const ROOM: usize = 256;

fn receive<T: ToolTable>(table: &T, message: &[u8], session: &McpSession, room: usize) -> Seen {
    const SERVER: ServerInfo<'static> =
        ServerInfo { name: "greenhouse", title: "", version: "0.1.0", instructions: "" };
    let catalog = Single::new(SERVER, table);
    let (mut args, mut out, mut session) = ([0; ROOM], [0; 4096], *session);
    let args = &mut args[..room];
    match McpEngine::new(&catalog).receive(message, &mut session, args, &mut out) {
        Step::Call(call) => {
            let entries = args[..call.arguments].to_vec();
            let right = validate(&TOOLS, call.tool, Side::Params, &entries).is_ok();
            let shown = String::from_utf8_lossy(message);
            assert!(right || !call.checked, "{shown}");
            // Flat arguments are judged on the way, right or not; an object or array is not.
            let flat = TOOLS[usize::from(call.tool)].info.name != "deep";
            if cfg!(all(target_pointer_width = "64", not(trine_small)))
                && flat
                && !entries.is_empty()
            {
                assert_eq!(call.checked, right, "{shown}");
            }
            let progress = call.progress.map(|token| String::from_utf8_lossy(token.raw()));
            let rest =
                (call.version, progress, call.client(&McpSession::new()), call.retry.is_some());
            let id = String::from_utf8_lossy(call.id.raw()).into();
            Seen::Call(id, call.tool, entries, format!("{rest:?} {}", call.checked))
        }
        Step::Reply(len) => {
            let text = String::from_utf8(out[..len].to_vec()).unwrap();
            let Some((start, rest)) = text.split_once("at byte ") else {
                return Seen::Reply(text, None);
            };
            let end = rest.find('"').unwrap();
            Seen::Reply(format!("{start}{}", &rest[end..]), Some(rest[..end].parse().unwrap()))
        }
        other => Seen::Other(format!("{other:?}")),
    }
}

/// What the general reader of one spelling and the quick one of another make of it: the same, the
/// place of an error too.
fn agree((quick, general): (&Seen, &Seen), compact: &Spelled, spaced: &Spelled) {
    let token = |seen: &Seen, spelled: &Spelled| match seen {
        Seen::Reply(_, Some(position)) => {
            let token = spelled.token_at(*position);
            let shown = String::from_utf8_lossy(&spelled.text);
            Some(token.unwrap_or_else(|| panic!("byte {position} is inside a token: {shown}")))
        }
        _ => None,
    };
    let words = |seen: &Seen| match seen {
        Seen::Reply(text, Some(_)) => Seen::Reply(text.clone(), None),
        seen => seen.clone(),
    };
    let shown = String::from_utf8_lossy(&compact.text);
    assert_eq!(words(quick), words(general), "{shown}");
    assert_eq!(token(quick, compact), token(general, spaced), "{shown}");
}

fn some_session(random: &mut Random) -> McpSession {
    if random.below(2) == 0 { McpSession::new() } else { session("2025-06-18") }
}

#[test]
fn spaces_and_escapes_change_nothing() {
    let mut random = Random::new(1);
    let (mut calls, mut checked, mut errors) = (0, 0, 0);
    for _ in 0..rounds(60_000) {
        let mut tokens = message(&mut random).tokens();
        if random.below(4) == 0 {
            damage(&mut random, &mut tokens);
        }
        let session = some_session(&mut random);
        let compact = Spelled::compact(&tokens);
        let spaced = Spelled::spaced(&tokens, &mut random);
        let quick = receive(&TOOLS, &compact.text, &session, ROOM);
        let general = receive(&TOOLS, &spaced.text, &session, ROOM);
        agree((&quick, &general), &compact, &spaced);
        assert_eq!(quick, receive(&Unseen, &compact.text, &session, ROOM));
        match &quick {
            Seen::Call(_, _, _, rest) => {
                calls += 1;
                checked += usize::from(rest.ends_with("true"));
            }
            Seen::Reply(_, Some(_)) => errors += 1,
            _ => {}
        }
    }
    let judged = if cfg!(all(target_pointer_width = "64", not(trine_small))) { 2_500 } else { 0 };
    let enough = calls > rounds(4_000) && checked >= rounds(judged) && errors > rounds(5_000);
    assert!(enough, "{calls} {checked} {errors}");
}

#[test]
fn the_order_of_members_changes_nothing_that_is_done() {
    let mut random = Random::new(2);
    let mut calls = 0;
    for _ in 0..rounds(40_000) {
        let message = message(&mut random);
        let shuffled = message.shuffled(&mut random);
        let session = some_session(&mut random);
        let [one, other] = [&message, &shuffled].map(|message| {
            let text = Spelled::compact(&message.tokens()).text;
            (receive(&TOOLS, &text, &session, ROOM), text)
        });
        let shown = || {
            let [one, other] = [&one.1, &other.1].map(|text| String::from_utf8_lossy(text));
            format!("{one}\n{other}")
        };
        // Of several things that are wrong another may be named.
        if let (Seen::Call(..), _) | (_, Seen::Call(..)) = (&one.0, &other.0) {
            assert_eq!(one.0, other.0, "{}", shown());
            calls += 1;
        }
    }
    assert!(calls > rounds(4_000), "{calls}");
}

#[test]
fn want_of_room_is_found_in_every_spelling() {
    let mut random = Random::new(3);
    let (mut fits, mut refused) = (0, 0);
    for _ in 0..rounds(20_000) {
        let tokens = message(&mut random).tokens();
        let session = some_session(&mut random);
        let compact = Spelled::compact(&tokens).text;
        let spaced = Spelled::spaced(&tokens, &mut random).text;
        let Seen::Call(_, _, entries, _) = receive(&TOOLS, &compact, &session, ROOM) else {
            continue;
        };
        // More than any entry takes behind the others.
        let enough = entries.len() + 16;
        for room in 0..=enough {
            for text in [&compact, &spaced] {
                match receive(&TOOLS, text, &session, room) {
                    Seen::Call(_, _, others, _) => {
                        assert_eq!(others, entries);
                        fits += 1;
                    }
                    // A text that its own bound forbids may be refused for that.
                    Seen::Reply(text, None)
                        if text.contains("Make them shorter") || text.contains("at most") =>
                    {
                        assert!(room < enough, "{text}");
                        refused += 1;
                    }
                    other => panic!("{other:?} for {room} bytes"),
                }
            }
        }
    }
    assert!(fits > rounds(10_000) && refused > rounds(10_000), "{fits} {refused}");
}

/// The members of an object that a call needs, but for one of this name, and then `twice` if it is
/// one that belongs there.
fn with(twice: &str, name: &str, members: &[(&str, String)]) -> String {
    let others = members.iter().filter(|(other, _)| *other != name);
    let mut all: Vec<String> =
        others.map(|(other, value)| format!("\"{other}\":{value}")).collect();
    if all.len() < members.len() {
        all.push(twice.into());
    }
    format!("{{{}}}", all.join(","))
}

#[test]
fn a_member_in_two_spellings_is_there_twice() {
    let version = "io.modelcontextprotocol/protocolVersion";
    let text = |text: &str| format!("\"{text}\"");
    for (name, value) in [
        ("jsonrpc", r#""2.0""#),
        ("id", "7"),
        ("method", r#""tools/call""#),
        ("params", r#"{"name":"nothing"}"#),
        ("name", r#""nothing""#),
        ("arguments", "{}"),
        ("_meta", r#"{"progressToken":1}"#),
        (version, r#""2026-07-28""#),
        ("progressToken", "1"),
    ] {
        let first = u32::from(name.as_bytes()[0]);
        let plain = format!("\"{name}\":{value}");
        let escaped = format!("\"\\u{first:04x}{}\":{value}", &name[1..]);
        for (one, other) in
            [(&plain, &escaped), (&escaped, &plain), (&plain, &plain), (&escaped, &escaped)]
        {
            let twice = format!("{one},{other}");
            let meta = [(version, text("2026-07-28")), ("progressToken", "1".into())];
            let meta = ("_meta", with(&twice, name, &meta));
            let params = [("name", text("nothing")), ("arguments", "{}".into()), meta];
            let params = ("params", with(&twice, name, &params));
            let call = text("tools/call");
            let all = [("jsonrpc", text("2.0")), ("id", "7".into()), ("method", call), params];
            let message = with(&twice, name, &all);
            let seen = receive(&TOOLS, message.as_bytes(), &McpSession::new(), ROOM);
            let Seen::Reply(answer, None) = seen else { panic!("{message} gave {seen:?}") };
            assert!(answer.contains("a member is there twice"), "{message} gave {answer}");
        }
    }
}
