//! The usual way beside the general one: whatever the first takes, the second reads and writes
//! alike.

use std::format;
use std::string::String;
use std::vec::Vec;

use trine_bits::Random;
use trine_descriptor::{
    DecimalRange, Field, IntRange, Kind, Side, Tool, ToolInfo, ToolTable, ValueWriter, validate,
};

use crate::json::JsonWriter;
use crate::result::{self, End};
use crate::{Call, Id, McpEngine, McpSession, Outcome, ServerInfo, Single, Step, Version};

const SMALL: Kind<'static> = Kind::Int(IntRange { min: -3, max: 100 });
const WIDE: Kind<'static> = Kind::Int(IntRange::OPEN);

static TOOLS: [Tool<'static>; 4] = [
    Tool::new(ToolInfo::new("nothing", "Nothing."), &[], &[]),
    Tool::new(
        ToolInfo::new("all", "Takes all."),
        &[
            Field::new("a", SMALL),
            Field::new("ab", WIDE).optional(),
            Field::new("temperature_c", DECIMAL).optional(),
            Field::new("on", Kind::Bool).optional(),
            Field::new("text", Kind::Text { min: 1, max: 12 }).optional(),
            Field::new("choice", Kind::Choice("heat|off|hea")).optional(),
        ],
        &[
            Field::new("sum", WIDE),
            Field::new("a_name_longer_than_words", Kind::Bool).optional(),
            Field::new("t", DECIMAL).optional(),
            Field::new("text", Kind::Text { min: 0, max: 99 }).optional(),
            Field::new("choice", Kind::Choice("heat|off")).optional(),
        ],
    ),
    Tool::new(
        ToolInfo::new("in", "Holds an object."),
        &[
            Field::new("x", SMALL).optional(),
            Field::new("o", Kind::Object { nodes: 1 }).optional(),
            Field::new("y", SMALL).optional(),
            Field::new("z", SMALL),
        ],
        &[Field::new("o", Kind::Object { nodes: 1 }), Field::new("y", SMALL)],
    ),
    Tool::new(
        ToolInfo::new("odd", "Has names that need escapes."),
        &[Field::new("q\"", SMALL)],
        &[Field::new("q\"", SMALL), Field::new("tab\t", SMALL).optional()],
    ),
];

const DECIMAL: Kind<'static> =
    Kind::Decimal(DecimalRange { min: -50, max: 350, step: 5, places: 1 });

/// What requests are made of.
trait Draw {
    fn of<T: Copy>(&mut self, list: &[T]) -> T;
    fn object(&mut self, members: Vec<String>) -> String;
}

impl Draw for Random {
    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// An object, now and then with its members in another order.
    fn object(&mut self, mut members: Vec<String>) -> String {
        if self.below(3) == 0 {
            self.shuffle(&mut members);
        }
        format!("{{{}}}", members.join(","))
    }
}

const VALUES: &[&str] = &[
    "0",
    "5",
    "12",
    "100",
    "101",
    "-3",
    "-4",
    "007",
    "-0",
    "1.0",
    "1.5",
    "21.5",
    "4e1",
    "12345678",
    "9223372036854775807",
    "9223372036854775808",
    "true",
    "false",
    "null",
    "\"heat\"",
    "\"off\"",
    "\"hea\"",
    "\"\"",
    "\"h\\u0065at\"",
    "\"twelve chars\"",
    "\"thirteen char\"",
    "\"é\"",
    "{}",
    "{\"y\":1}",
    "[]",
    "1e400",
    "truefalse",
];

fn arguments(random: &mut Random) -> String {
    let names = ["a", "ab", "temperature_c", "on", "text", "choice", "x", "o", "y", "z", "q\\\""];
    let likely = ["5", "-7", "21.5", "true", "\"a text\"", "\"off\"", "1", "{}", "2", "3", "4"];
    let mut members = Vec::new();
    for (at, (name, likely)) in names.iter().zip(likely).enumerate() {
        if if at < 6 { random.below(4) > 0 } else { random.below(60) == 0 } {
            let value = if random.below(12) == 0 { random.of(VALUES) } else { likely };
            members.push(format!("\"{name}\":{value}"));
        }
    }
    if random.below(20) == 0 {
        let again = members.first().cloned();
        members.extend(again);
    }
    random.object(members)
}

fn meta(random: &mut Random) -> String {
    let mut members = Vec::new();
    let prefix = "io.modelcontextprotocol/";
    if random.below(12) > 0 {
        let version = if random.below(9) == 0 { "2025-11-25" } else { "2026-07-28" };
        members.push(format!("\"{prefix}protocolVersion\":\"{version}\""));
    }
    if random.below(4) > 0 {
        let info = random.of(&[
            r#"{"name":"c","version":"1"}"#,
            r#"{"name":"c","version":"1"}"#,
            r#"{"name":"c","version":"1"}"#,
            r#"{"name":"a long name of a client","version":"1.2.3-beta"}"#,
            r#"{"name":"c","title":"C","version":"1"}"#,
            r#"{"name":"\u0063","version":"1"}"#,
            "{}",
            "7",
        ]);
        members.push(format!("\"{prefix}clientInfo\":{info}"));
    }
    if random.below(12) > 0 {
        let known =
            ["{}", "{}", "{}", r#"{"elicitation":{}}"#, "[]", r#"{"roots":{"listChanged":true}}"#];
        members.push(format!("\"{prefix}clientCapabilities\":{}", random.of(&known)));
    }
    if random.below(6) == 0 {
        members.push(format!("\"progressToken\":{}", random.of(&["7", "\"t-1\"", "null", "1.5"])));
    }
    if random.below(20) == 0 {
        let again = members.first().cloned();
        members.extend(again);
    }
    random.object(members)
}

fn message(random: &mut Random) -> Vec<u8> {
    let odd = ["all", "in", "nothing", "odd", "al", "alle", "\\u0061ll"];
    let name = if random.below(4) == 0 { random.of(&odd) } else { "all" };
    let mut params = Vec::from([format!("\"name\":\"{name}\"")]);
    if random.below(8) > 0 {
        params.push(format!("\"arguments\":{}", arguments(random)));
    }
    if random.below(6) > 0 {
        params.push(format!("\"_meta\":{}", meta(random)));
    }
    if random.below(40) == 0 {
        params
            .push(random.of(&["\"requestState\":\"AA\"", "\"more\":7", "\"name\":\"in\""]).into());
    }
    let ids = ["7", "12345678901234567890", "\"id-1\"", "0", "01", "1.0", "null", "\"\\n\"", "-5"];
    let mut members = Vec::from([
        String::from("\"jsonrpc\":\"2.0\""),
        format!("\"id\":{}", if random.below(4) == 0 { random.of(&ids) } else { "7" }),
        format!("\"method\":\"tools/{}\"", if random.below(20) == 0 { "list" } else { "call" }),
        format!("\"params\":{}", random.object(params)),
    ]);
    if random.below(40) == 0 {
        members.push(random.of(&["\"id\":8", "\"x\":[1,{}]", "\"method\":\"ping\""]).into());
    }
    let mut message = random.object(members).into_bytes();
    for _ in 0..random.below(8).saturating_sub(5) {
        if message.is_empty() {
            break;
        }
        let at = random.below(message.len());
        match random.below(4) {
            0 => message[at] = random.of(b"\"{}[],:\\ \n05ae-.\x80"),
            1 => message.insert(at, random.of(b"\"{}[],:\\ \n05ae-.\xc3")),
            2 => drop(message.remove(at)),
            _ => message.truncate(at),
        }
    }
    message
}

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

/// Reads a message in whichever of the two ways takes it.
fn read<'m, T: ToolTable>(
    catalog: &Single<'_, T>,
    message: &'m [u8],
    session: &McpSession,
    args: &mut [u8],
) -> Option<Call<'m>> {
    super::in_known_order(catalog, message, args)
        .or_else(|| super::in_any_order(catalog, message, session, args))
}

fn parts<'m>(call: &Call<'m>) -> (&'m [u8], Version, u16, usize, Option<&'m [u8]>, bool) {
    let progress = call.progress.map(|token| token.raw());
    (call.id.raw(), call.version, call.tool, call.arguments, progress, call.can_fill_forms())
}

const SERVER: ServerInfo<'static> =
    ServerInfo { name: "greenhouse", title: "", version: "0.1.0", instructions: "" };

#[test]
fn the_fast_path_reads_as_the_general_path_does() {
    let catalog = Single::new(SERVER, &TOOLS);
    let engine = McpEngine::new(&catalog);
    let mut random = Random::new(1);
    let (mut taken, mut checked) = (0, 0);
    for _ in 0..60_000 {
        let message = message(&mut random);
        let shown = String::from_utf8_lossy(&message);
        let mut session = McpSession::new();
        if random.below(2) == 0 {
            session.agree(Some(Version::V2025_06_18));
        }
        let room = random.of(&[64, 64, 64, 64, 9, 3, 0]);
        let (mut quick, mut slow) = ([0; 64], [0; 64]);
        let call = read(&catalog, &message, &session, &mut quick[..room]);
        let Some(call) = call else { continue };
        taken += 1;
        let (unseen, mut third) = (Single::new(SERVER, &Unseen), [0; 64]);
        let again = read(&unseen, &message, &session, &mut third[..room]).unwrap();
        assert_eq!(parts(&call), parts(&again), "{shown}");
        assert_eq!(
            (call.checked, &quick[..call.arguments]),
            (again.checked, &third[..again.arguments])
        );
        let mut out = [0; 1024];
        let step = engine.one(&message, &mut session, (&mut slow[..room], &mut out), false);
        let Step::Call(other) = step else {
            // The general way keeps room for the longest number; it says so, and nothing else.
            assert!(room < 64, "{shown} gave {step:?}");
            continue;
        };
        assert_eq!(parts(&call), parts(&other), "{shown}");
        let entries = &quick[..call.arguments];
        assert_eq!(entries, &slow[..other.arguments], "{shown}");
        if call.checked {
            checked += 1;
            assert_eq!(validate(&TOOLS, call.tool, Side::Params, entries), Ok(()), "{shown}");
        }
    }
    assert!(taken > 3_000 && checked > 1_000, "{taken} taken, {checked} checked");
}

/// Entries that are mostly those of the table.
fn entries(random: &mut Random, out: &mut [u8]) -> usize {
    let mut writer = ValueWriter::new(out);
    let numbers = [0, 5, 9, 10, 17, 99, 100, 4095, 4096, -1, -64, -65, -8192, -8193, i64::MIN];
    for node in 0..5 {
        let fits = random.below(12) > 0;
        match node {
            _ if random.below(3) == 0 => {}
            0 if fits => writer.int(0, random.of(&numbers)),
            1 if fits => writer.bool(1, random.below(2) == 0),
            2 if fits => writer.decimal(2, random.of(&numbers)),
            3 if fits => {
                let texts = ["", "plain", "a \"b\"", "two\nlines", "longer than two words", "é"];
                writer.text(3, random.of(&texts));
            }
            4 if fits => writer.label(4, random.below(3) as u16),
            _ => writer.int(random.below(7) as u16, 3),
        }
    }
    writer.len()
}

#[test]
fn the_fast_path_writes_as_the_general_path_does() {
    let mut random = Random::new(2);
    let mut taken = 0;
    for _ in 0..30_000 {
        let title = random.of(&["", "Greenhouse", "A title that is longer than words"]);
        let name = random.of(&["greenhouse", "g", "a\"b", "a name that is longer than words"]);
        let catalog = Single::new(ServerInfo { title, name, ..SERVER }, &TOOLS);
        let id = Id::checked(random.of(&[&b"7"[..], b"1234567", b"\"a longer id, a string\""]));
        let version = random.of(&[Version::V2026_07_28, Version::V2025_06_18]);
        let tool = random.of(&[0, 1, 1, 1, 2, 3]);
        let mut bytes = [0; 64];
        let len = if tool == 0 { 0 } else { entries(&mut random, &mut bytes) };
        let place = (&catalog, tool);
        let (mut quick, mut slow) = ([0; 1024], [0; 1024]);
        let room = 1024 - random.below(2) * random.below(1024);
        let written = super::write(id, version, place, &bytes[..len], &mut quick[..room]);
        let Some(written) = written else { continue };
        taken += 1;
        let unseen = Single::new(ServerInfo { title, name, ..SERVER }, &Unseen);
        let mut third = [0; 1024];
        let again = super::write(id, version, (&unseen, tool), &bytes[..len], &mut third[..room]);
        assert_eq!((again, &third[..written]), (Some(written), &quick[..written]));
        let mut out = JsonWriter::new(&mut slow[..room]);
        let outcome = Outcome::Value(&bytes[..len]);
        result::write(id, version, place, End::Outcome(outcome), &mut out);
        let expected = out.finish().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&quick[..written]),
            String::from_utf8_lossy(&slow[..expected])
        );
    }
    assert!(taken > 5_000, "{taken} taken");
}

#[test]
fn the_fast_path_takes_the_messages_of_clients() {
    let catalog = Single::new(SERVER, &TOOLS);
    let info = r#""io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"}"#;
    let version = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28""#;
    let able = r#""io.modelcontextprotocol/clientCapabilities":{}"#;
    let meta = format!(r#""_meta":{{{version},{info},{able}}}"#);
    let call = r#""name":"all","arguments":{"a":12,"ab":5}"#;
    for message in [
        format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{{call},{meta}}}}}"#),
        format!(r#"{{"method":"tools/call","params":{{{call},{meta}}},"jsonrpc":"2.0","id":7}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":"7","method":"tools/call","params":{{{meta},{call}}}}}"#),
    ] {
        let mut args = [0; 64];
        let read = read(&catalog, message.as_bytes(), &McpSession::new(), &mut args);
        let call = read.unwrap_or_else(|| panic!("{message} is a usual message"));
        assert!(call.checked);
        assert_eq!(&args[..call.arguments], [0, 2, 24, 1, 2, 10]);
    }
}
