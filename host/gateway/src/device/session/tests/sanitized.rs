//! What a hostile device says reaches no one as it was said.

use trine_descriptor::record::{self, Encoder};
use trine_descriptor::{
    Field, IntRange, Kind, Literal, Side, ToolInfo, ToolTable as _, ValueWriter,
};
use trine_wire::message::block::Block;
use trine_wire::message::{DeviceMessage, Hello, Outcome};

use super::play::{HELLO, Play};
use crate::device::State;
use crate::device::calls::{CallRequest, Extra, Waiter};
use crate::device::session::Deferred;
use crate::sanitize;

/// Every code point that a text of a device may not bring, but for those that values may have.
fn forbidden() -> Vec<char> {
    let ranges = [
        (0, 0x1f),
        (0x7f, 0x9f),
        (0xad, 0xad),
        (0x61c, 0x61c),
        (0x180e, 0x180e),
        (0x200b, 0x200f),
        (0x2028, 0x202e),
        (0x2060, 0x2064),
        (0x2066, 0x2069),
        (0xfeff, 0xfeff),
        (0xe0000, 0xe007f),
    ];
    let all = ranges.into_iter().flat_map(|(from, to)| from..=to);
    all.map(|point| char::from_u32(point).unwrap()).collect()
}

const PASS_IN_CONTENT: [char; 4] = ['\n', '\t', '\u{200c}', '\u{200d}'];

/// All of them between letters, so that nothing is trimmed.
fn nasty() -> String {
    format!("a{}z", forbidden().into_iter().collect::<String>())
}

fn is_harmless(text: &str) {
    let all = forbidden();
    let found = text.chars().find(|point| all.contains(point));
    assert_eq!(found, None, "in {text:?}");
    assert_eq!(text.matches('\u{fffd}').count() % all.len(), 0, "{text:?}");
    assert!(text.contains('\u{fffd}'), "{text:?}");
}

fn is_harmless_content(text: &str) {
    let all = forbidden();
    let is_bad = |point: &char| all.contains(point) && !PASS_IN_CONTENT.contains(point);
    assert_eq!(text.chars().find(is_bad), None, "in {text:?}");
    for point in PASS_IN_CONTENT {
        assert!(text.contains(point), "no {point:?} in {text:?}");
    }
    assert_eq!(text.chars().count(), nasty().chars().count());
}

/// A list of one tool whose every text is nasty, and its hash.
fn hostile_list() -> (Vec<u8>, u64) {
    let nasty = nasty();
    let text = nasty.as_str();
    let info = ToolInfo { title: text, version: text, ..ToolInfo::new("say", text) };
    let range = IntRange { min: 0, max: 1000 };
    let params = [
        Field::new(text, Kind::Int(range)).describe(text).unit(text),
        Field::new("mode", Kind::Choice(text)).describe("x"),
        Field::new("word", Kind::Text { min: 0, max: 999 })
            .describe("x")
            .default_to(Literal::Text(text)),
    ];
    let output = [
        Field::new("n", Kind::Int(range)).describe(text),
        Field::new("word", Kind::Text { min: 0, max: 999 }).optional(),
    ];
    let mut bytes = vec![0; 64 * 1024];
    let mut size = Encoder::new(&mut [], 0);
    size.tool(&info, &params, &output);
    let mut out = Encoder::window(&mut bytes, 0);
    out.number(size.len() as u64);
    out.tool(&info, &params, &output);
    let len = out.len();
    bytes.truncate(len);
    (bytes, record::hash_of_hashes([size.hash()].into_iter()))
}

/// A device that has shown such a list.
fn hostile() -> Play {
    let (list, table_hash) = hostile_list();
    let mut play = Play::new();
    let text: &'static str = nasty().leak();
    play.hello = Hello { table_hash, vendor: text, product: text, serial: text, ..HELLO };
    play.send_hello();
    let total = list.len() as u32;
    for (at, bytes) in list.chunks(1000).enumerate() {
        let offset = at as u32 * 1000;
        play.say(&DeviceMessage::Page { offset, total, bytes, what: 0 });
    }
    assert_eq!(play.session.state(), State::Online);
    play.said();
    play
}

/// What a call comes to that is answered so.
fn answered(play: &mut Play, outcome: Outcome<'_>) -> String {
    let table = play.session.table.clone().unwrap();
    let info = table.info(0).unwrap();
    let (tool, hash) = (table.wire_number(0).unwrap(), table.hash(0));
    let waiter: std::sync::Arc<dyn Waiter> = play.waiter();
    let (now, extra, args) = (play.now, Extra { progress: true, ..Extra::default() }, &[][..]);
    let request = CallRequest { info, tool, hash, args, extra, now, waiter: &waiter, tag: 1 };
    play.session.call(&request);
    let id = play.calls()[0];
    play.answer(id, outcome);
    let ends = play.ends();
    assert_eq!(ends.len(), 1, "{ends:?}");
    ends[0].1.clone()
}

fn lines(play: &mut Play) -> Vec<String> {
    let deferred = std::mem::take(&mut play.session.deferred);
    let line = |deferred| match deferred {
        Deferred::Text(text) | Deferred::Log(_, text) | Deferred::Reach { text, .. } => Some(text),
        Deferred::Good(text) | Deferred::Note(text) | Deferred::Event { text, .. } => Some(text),
        Deferred::Changed | Deferred::Resource(_) => None,
    };
    deferred.into_iter().filter_map(line).collect()
}

#[test]
fn every_forbidden_code_point_is_replaced_and_nothing_else() {
    let forbidden = forbidden();
    for point in '\0'..=char::MAX {
        let text = String::from(point);
        let is_kept = sanitize::plain(&text) == text;
        if forbidden.contains(&point) {
            assert_eq!(sanitize::plain(&text), "\u{fffd}", "{point:?}");
            let passes = PASS_IN_CONTENT.contains(&point);
            assert_eq!(sanitize::content(&text) == text, passes, "{point:?}");
        }
        assert_eq!(sanitize::is_plain(&text), is_kept);
        assert_eq!(sanitize::is_content(&text), sanitize::content(&text) == text, "{point:?}");
        // Whatever can be seen passes.
        if point.is_alphanumeric() && !matches!(point, '\u{3164}' | '\u{ffa0}') {
            assert!(is_kept, "{point:?}");
        }
    }
    assert_eq!(sanitize::plain("21.5 \u{b0}C, \u{6f22}\u{5b57}"), "21.5 \u{b0}C, \u{6f22}\u{5b57}");
    assert_eq!(sanitize::content("a\r\nb"), "a\u{fffd}\nb");
}

#[test]
fn what_reaches_a_terminal_is_escaped_and_says_the_same() {
    let nasty = nasty();
    let json = serde_json::to_string(&serde_json::json!({ "text": nasty })).unwrap();
    let shown = sanitize::terminal_json(&json);
    assert!(shown.chars().all(|point| !forbidden().contains(&point)), "{shown:?}");
    let back: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(back["text"], nasty);
    let line = sanitize::terminal_text(&nasty);
    assert!(line.chars().all(|point| !forbidden().contains(&point)), "{line:?}");
    assert!(line.contains("\\u{1b}") && line.contains("\\u{e0041}") && line.contains("\\u{a}"));
}

#[test]
fn a_list_of_tools_comes_with_every_text_replaced_and_its_own_hashes() {
    let play = hostile();
    let table = play.session.table.clone().unwrap();
    let (list, hash) = hostile_list();
    assert_eq!((table.list_hash(), table.list_len()), (hash, list.len()));
    assert_eq!(table.record(0), record::Decoder::new(&list).record());
    assert_eq!(record::hash_bytes(table.record(0).unwrap()), table.hash(0));
    let info = table.info(0).unwrap();
    [info.title, info.description, info.version].into_iter().for_each(is_harmless);
    let number = table.node(0, Side::Params, 0).unwrap();
    [number.name, number.description, number.unit].into_iter().for_each(is_harmless);
    is_harmless(table.node(0, Side::Params, 1).unwrap().kind.label(0).unwrap());
    let Some(Literal::Text(word)) = table.node(0, Side::Params, 2).unwrap().default else {
        panic!("no default")
    };
    is_harmless_content(word);
    is_harmless(table.node(0, Side::Output, 0).unwrap().description);
}

#[test]
fn a_product_name_forges_no_line_of_the_log() {
    let mut play = hostile();
    let identity = play.session.identity.clone().unwrap();
    for text in [&identity.vendor, &identity.product, &identity.serial] {
        is_harmless(text);
    }
    play.session.refuse_device(&format!("refused: it says it is {}", nasty()), play.now);
    let State::Offline(why) = play.session.state() else { panic!("{:?}", play.session.state()) };
    is_harmless(&why);
    for line in lines(&mut play) {
        assert!(!line.contains(['\n', '\r', '\u{1b}']), "{line:?}");
    }
}

#[test]
fn failures_progress_events_and_lines_come_with_every_code_point_replaced() {
    let mut play = hostile();
    let nasty = nasty();
    lines(&mut play);
    let said = answered(&mut play, Outcome::Failed { text: &nasty });
    let text = said.strip_prefix("Error(").unwrap();
    assert_eq!(text.matches("\u{fffd}").count(), forbidden().len(), "{said}");
    play.say(&DeviceMessage::Event { seq: 1, tool: 0, text: &nasty, what: 0 });
    play.say(&DeviceMessage::Log { level: 3, text: &nasty, call: 0 });
    play.session.found(crate::link::FrameEvent::Text(&nasty), play.now);
    let lines = lines(&mut play);
    assert_eq!(lines.len(), 3, "{lines:?}");
    lines.iter().for_each(|line| is_harmless(line));
}

#[test]
fn texts_of_results_keep_line_ends_tabs_and_joiners_alone() {
    let mut play = hostile();
    let nasty = nasty();
    let mut room = vec![0; 2048];
    let mut out = ValueWriter::new(&mut room);
    out.int(0, 5);
    out.text(1, &nasty);
    let value = out.bytes().to_vec();
    let mut wanted = vec![0; 2048];
    let mut out = ValueWriter::new(&mut wanted);
    out.int(0, 5);
    let fit = sanitize::content(&nasty);
    is_harmless_content(&fit);
    out.text(1, &fit);
    let said = answered(&mut play, Outcome::Done { value: &value });
    assert_eq!(said, format!("Value({:?})", out.bytes()));
    // The same in blocks, but the bytes of a resource.
    let blocks = [
        Block::Text { text: &nasty },
        Block::Structured { value: &value },
        Block::Embedded { uri: "u:1", mime: "text/plain", what: 0, bytes: nasty.as_bytes() },
    ];
    let mut bytes = Vec::new();
    for block in blocks {
        let mut one = vec![0; 4096];
        let len = block.write(&mut one).unwrap();
        bytes.extend_from_slice(&one[..len]);
    }
    let said = answered(&mut play, Outcome::Blocks { bytes: &bytes });
    assert!(said.contains(&format!("Text({fit:?})")), "{said}");
    assert!(said.contains(&format!("Structured({:?})", out.bytes())), "{said}");
    assert!(said.contains(&format!("Text({nasty:?})")), "{said}");
}

#[test]
fn content_in_pieces_is_made_fit_where_it_is_text() {
    let nasty = nasty();
    for (mime, is_text) in [
        ("text/plain", true),
        ("application/json", true),
        ("Application/LD+JSON; charset=utf-8", true),
        ("image/png", false),
        ("image/svg+xml", false),
        ("application/octet-stream", false),
        ("json", false),
    ] {
        let mut content = crate::device::content::Content::new(mime, nasty.len() as u32).unwrap();
        content.take(0, nasty.as_bytes());
        content.make_fit();
        match content.block() {
            trine_mcp::Block::Text(text) => is_harmless_content(text),
            trine_mcp::Block::Image { data, .. } => {
                let mut bytes = Vec::new();
                data.pieces(&mut |piece| bytes.extend_from_slice(piece));
                assert!(!is_text && bytes == nasty.as_bytes());
            }
            _ => panic!("another block"),
        }
    }
}

#[test]
fn a_result_that_its_own_description_forbids_is_an_error_with_names_and_bound() {
    let mut play = hostile();
    play.session.name = Some("north".into());
    let value = |write: &dyn Fn(&mut ValueWriter<'_>)| {
        let mut room = [0; 64];
        let mut out = ValueWriter::new(&mut room);
        write(&mut out);
        out.bytes().to_vec()
    };
    let cases: [(Vec<u8>, &str); 5] = [
        (value(&|out| out.int(0, 5000)), "say: n must be at most 1000"),
        (value(&|out| out.int(0, -1)), "say: n must be at least 0"),
        (Vec::new(), "say: n is required: give a whole number from 0 to 1000"),
        (value(&|out| out.bool(0, true)), "say: n must be a whole number"),
        (vec![0xff; 7], "say: the result cannot be read"),
    ];
    for (value, words) in cases {
        let said = answered(&mut play, Outcome::Done { value: &value });
        assert!(said.starts_with("Error(\"north answered what"), "{said}");
        assert!(said.contains(words), "{said}");
        let mut block = [0; 128];
        let len = Block::Structured { value: &value }.write(&mut block).unwrap();
        let said = answered(&mut play, Outcome::Blocks { bytes: &block[..len] });
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_flood_of_lines_is_cut_to_a_burst_and_twenty_a_second() {
    let mut play = hostile();
    lines(&mut play);
    let (mut said, mut dropped, mut notes) = (0, 0, 0);
    // 27 lines a millisecond for three seconds.
    for _ in 0..3_000 {
        for _ in 0..9 {
            play.say(&DeviceMessage::Log { level: 3, text: "x", call: 0 });
            play.say(&DeviceMessage::Event { seq: 1, tool: 0, text: "x", what: 0 });
            play.session.found(crate::link::FrameEvent::Text("x"), play.now);
        }
        play.pass(1);
        for deferred in std::mem::take(&mut play.session.deferred) {
            match deferred {
                Deferred::Log(..) | Deferred::Text(_) => said += 1,
                Deferred::Event { is_logged, .. } => said += u64::from(is_logged),
                Deferred::Note(text) => {
                    let (count, rest) = text.split_once(' ').unwrap();
                    assert!(rest.starts_with("lines dropped"), "{text}");
                    dropped += count.parse::<u64>().unwrap();
                    notes += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert!((150..=161).contains(&said), "{said}");
    assert!((3..=4).contains(&notes), "{notes}");
    assert!(dropped > 50_000 && dropped + said <= 81_000, "{dropped}");
    // Afterwards it may speak again, and the rest was counted.
    play.pass(6_000);
    let left = lines(&mut play);
    let (count, _) = left[0].split_once(" lines dropped").unwrap();
    assert_eq!(said + dropped + count.parse::<u64>().unwrap(), 81_000);
    play.say(&DeviceMessage::Log { level: 3, text: "at last", call: 0 });
    assert_eq!(lines(&mut play), ["at last"]);
}
