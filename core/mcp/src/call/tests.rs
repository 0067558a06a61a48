//! The short ways of hosts with 64 bits take what they should, and encode it as the long one does.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use trine_bits::{Random, rounds};
use trine_descriptor::{Condition, DecimalRange, Field, IntRange, Kind};

use super::*;

const DECIMAL: Kind<'static> =
    Kind::Decimal(DecimalRange { min: -500, max: 2_500, step: 5, places: 1 });
static NODES: [Field<'static>; 8] = [
    Field::new("on", Kind::Bool),
    Field::new("level", Kind::Int(IntRange { min: -20, max: 100 })),
    Field::new("degrees", DECIMAL).optional(),
    Field::new("a_long_name_of_a_mode", Kind::Choice("heat|cool|off")),
    Field::new("text", Kind::Text { min: 0, max: 40 }),
    Field::new("wide", Kind::Int(IntRange::OPEN)).optional(),
    Field::new("why", Kind::Text { min: 1, max: 9 }).required_when(Condition { node: 3, label: 2 }),
    Field::new("x", Kind::Int(IntRange { min: 0, max: 5 })).optional(),
];
/// Behind the members of a container there are others of the tool.
static NESTED: [Field<'static>; 4] = [
    Field::new("on", Kind::Bool),
    Field::new("at", Kind::Object { nodes: 1 }),
    Field::new("level", Kind::Int(IntRange { min: 0, max: 23 })),
    Field::new("level", Kind::Int(IntRange { min: 0, max: 9 })),
];

const INT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 99 });
/// An object with a container between others.
static DEEP: [Field<'static>; 7] = [
    Field::new("o", Kind::Object { nodes: 6 }),
    Field::new("a", INT),
    Field::new("b", INT).optional(),
    Field::new("list", Kind::Array { nodes: 3, min: 0, max: 2 }),
    Field::new("", Kind::Object { nodes: 2 }),
    Field::new("x", INT),
    Field::new("y", INT),
];

/// The JSON of a value of a node, and whether it keeps its rules.
fn value(random: &mut Random, node: usize) -> (String, bool) {
    let of = |random: &mut Random, list: &[(&str, bool)]| {
        let (text, is_right) = list[random.below(list.len())];
        (String::from(text), is_right)
    };
    match node {
        0 => of(random, &[("true", true), ("false", true)]),
        1 => {
            of(random, &[("0", true), ("-20", true), ("100", true), ("101", false), ("-21", false)])
        }
        2 => of(
            random,
            &[
                ("0", true),
                ("0.5", true),
                ("250.0", true),
                ("0.3", false),
                ("250.5", false),
                ("-0.5", true),
                ("-50.0", true),
                ("-0.0", true),
                ("-50.5", false),
            ],
        ),
        3 => of(random, &[("\"heat\"", true), ("\"cool\"", true), ("\"off\"", true)]),
        4 => {
            let len = [0, 1, 7, 8, 9, 15, 16, 17, 40, 41, 90][random.below(11)];
            let unit = ["a", "\u{e9}"][random.below(2)];
            (format!("\"{}\"", unit.repeat(len.min(60))), len <= 40)
        }
        5 => of(random, &[("-12345678901", true), ("4096", true), ("12345678901", true)]),
        6 => of(random, &[("\"w\"", true), ("\"\"", false), ("\"nine char\"", true)]),
        _ => of(random, &[("0", true), ("5", true), ("6", false), ("63", false), ("64", false)]),
    }
}

/// The long way: the length of the entries, or none.
fn long(nodes: &[Field<'_>], text: &str, out: &mut [u8]) -> Option<usize> {
    let top = Open::new((0, nodes.len() as u16), 0, false);
    let rest = expect(text.as_bytes(), b'{').ok()?;
    container::encode(nodes, top, rest, out).ok().map(|(len, _)| len)
}

/// Some members in an order, whether all keep their rules, and which are there.
fn object(random: &mut Random, order: &[usize]) -> (String, bool, Vec<usize>) {
    let (mut text, mut is_right, mut given) = (String::from("{"), true, Vec::new());
    for &node in order {
        if random.below(5) == 0 {
            continue;
        }
        let (value, right) = value(random, node);
        let comma = if given.is_empty() { "" } else { "," };
        text += &format!("{comma}\"{}\":{value}", NODES[node].name);
        is_right &= right;
        given.push(node);
    }
    (text + "}", is_right, given)
}

#[test]
fn members_in_the_order_of_the_nodes_are_taken_at_a_glance() {
    let mut random = Random::new(1);
    for _ in 0..rounds(20_000).max(2_000) {
        let (mut text, mut nodes, mut all_right) = (String::from("{"), 0, true);
        for (node, field) in NODES.iter().enumerate() {
            let (value, right) = value(&mut random, node);
            let comma = if node == 0 { "" } else { "," };
            text += &format!("{comma}\"{}\":{value}", field.name);
            all_right &= right;
            nodes += 1;
        }
        text += "}";
        let (mut quick, mut slow) = (vec![0; 600], vec![0; 600]);
        let (mut rest, mut lead, mut len) = (text.as_bytes(), b'{', 0);
        for node in 0..nodes {
            let (written, _, behind) =
                expected((&NODES[..], random.below(2) == 0), node, (rest, lead), &mut quick[len..])
                    .unwrap_or_else(|| panic!("{node} of {text}"));
            (len, rest, lead) = (len + written, behind, b',');
        }
        assert_eq!(rest, b"}");
        assert_eq!(long(&NODES, &text, &mut slow), Some(len), "{text}");
        assert_eq!(quick[..len], slow[..len], "{text}");
        let encoded = encode((&NODES[..], true), text.as_bytes(), &mut quick).unwrap();
        assert_eq!((encoded.len, encoded.checked, encoded.rest), (len, all_right, &b""[..]));
    }
}

#[test]
fn members_in_any_order_are_put_in_place_once() {
    let mut random = Random::new(2);
    let (mut count, mut checked) = (0, 0);
    for _ in 0..rounds(40_000).max(4_000) {
        let mut order: Vec<usize> = (0..NODES.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, random.below(at + 1));
        }
        let (text, all_right, given) = object(&mut random, &order);
        if given.is_empty() {
            continue;
        }
        let (mut quick, mut slow) = (vec![0xee; 600], vec![0; 600]);
        let start = (0, 0, Judge::new());
        let found =
            any_order::encode((&NODES[..], true), start, (text.as_bytes(), b'{'), &mut quick);
        let wanted = long(&NODES, &text, &mut slow);
        // What is kept until the end has room for so much.
        let is_long = wanted.is_some_and(|len| len > 200);
        let Some(encoded) = found else {
            assert!(is_long, "{text}");
            continue;
        };
        count += 1;
        assert_eq!((Some(encoded.len), encoded.rest), (wanted, &b""[..]), "{text}");
        assert_eq!(quick[..encoded.len], slow[..encoded.len], "{text}");
        let judged = trine_descriptor::walk(
            NODES.len() as u16,
            |node| NODES.get(usize::from(node)).map(trine_descriptor::Rule::of),
            &slow[..encoded.len],
        );
        assert_eq!(encoded.checked, judged.is_ok(), "{text}");
        assert!(all_right || !encoded.checked);
        checked += usize::from(encoded.checked);
    }
    assert!(count > 1_000 && checked > 50, "{count} {checked}");
}

#[test]
fn a_member_that_is_there_twice_or_of_nobody_is_left_to_the_long_way() {
    let start = || (0, 0, Judge::new());
    let mut out = [0; 64];
    let mut flat = |nodes: &'static [Field<'static>], text: &str| {
        let found = any_order::encode((nodes, true), start(), (text.as_bytes(), b'{'), &mut out);
        found.map(|encoded| encoded.len)
    };
    assert_eq!(flat(&NODES, r#"{"level":1,"on":true}"#), Some(6));
    assert_eq!(flat(&NODES, r#"{"level":1,"level":1}"#), None);
    assert_eq!(flat(&NODES, r#"{"level":1,"nobody":1}"#), None);
    assert_eq!(flat(&NODES, r#"{"level":1 ,"on":true}"#), None);
    assert_eq!(flat(&NODES, r#"{"level":1"on":true}"#), None);
    assert_eq!(flat(&NODES, r#"{"level":1;"on":true}"#), None);
    assert_eq!(flat(&NODES, r#"{"level":1{"on":true}"#), None);
    assert_eq!(flat(&NODES, r#"{"level":1,"on":true"#), None);
    assert_eq!(flat(&NODES, r#"}"level":1,"on":true}"#), None);
    assert_eq!(flat(&NODES, "}"), None);
    // The members of a container are not the tool's, although one has the same name.
    assert_eq!(flat(&NESTED, r#"{"level":9,"on":true}"#), Some(6));
    let mut bytes = [0; 16];
    let text = br#"{"level":9,"on":true}"#;
    let nested = any_order::encode((&NESTED[..], true), start(), (text, b'{'), &mut bytes);
    assert_eq!(nested.map(|it| bytes[it.len - 3]), Some(3), "the last node");
}

#[test]
fn a_name_is_taken_as_it_stands_where_it_needs_no_escape() {
    assert_eq!(named(b"on\":1", b"on", true), Some(&b"1"[..]));
    assert_eq!(named(b"on\":1", b"on", false), Some(&b"1"[..]));
    assert_eq!(named(b"on\" :1", b"on", true), None);
    assert_eq!(named(b"off\":1", b"on", true), None);
    assert_eq!(named(b"a\"b\":1", b"a\"b", false), None, "a quote ends a name");
    assert_eq!(named(b"o", b"on", true), None);
}

/// Optional integers, and behind them one that must be there.
fn many(names: &[String]) -> Vec<Field<'_>> {
    let mut nodes: Vec<_> = names.iter().map(|name| Field::new(name, INT).optional()).collect();
    nodes.last_mut().unwrap().required = true;
    nodes
}

#[test]
fn tools_of_many_parameters_are_encoded_and_judged_as_those_of_few() {
    let names: Vec<String> = (0..140).map(|number| format!("n{number}")).collect();
    for count in [1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 130, 140] {
        let nodes = many(&names[..count]);
        let last = count - 1;
        let upward: Vec<usize> = (0..count).filter(|node| *node % 3 == last % 3).collect();
        let mut downward = upward.clone();
        downward.reverse();
        let without: Vec<usize> = (0..last).collect();
        for given in [upward, downward, vec![last], vec![last, 0], without, (0..count).collect()] {
            let members: Vec<_> = given.iter().map(|node| format!("\"n{node}\":7")).collect();
            let text = format!("{{{}}}", members.join(","));
            let (mut quick, mut slow) = (vec![0; 900], vec![0; 900]);
            let is_sound = (1..given.len()).all(|at| !given[..at].contains(&given[at]));
            let encoded = encode((&nodes[..], true), text.as_bytes(), &mut quick);
            let wanted = long(&nodes, &text, &mut slow);
            let Ok(encoded) = encoded else {
                assert!(!is_sound && wanted.is_none(), "{text}");
                continue;
            };
            assert_eq!(Some(encoded.len), wanted, "{text}");
            assert!(quick[..encoded.len] == slow[..encoded.len], "{text}");
            // A tool of more parameters is judged by who runs it.
            let is_judged = count <= 64 && given.contains(&last);
            assert_eq!(encoded.checked, is_judged, "{count}: {text}");
        }
    }
}

#[test]
fn members_of_containers_are_put_in_place_whatever_lies_between() {
    let encoded = |text: &str| {
        let mut out = [0; 64];
        let it = encode((&DEEP[..], true), text.as_bytes(), &mut out).unwrap();
        assert!(it.rest.is_empty());
        out[..it.len].to_vec()
    };
    let wanted = encoded(r#"{"o":{"a":1,"b":2,"list":[{"x":3,"y":4},{"x":5,"y":6}]}}"#);
    for (members, items) in [
        (["a", "list", "b"], ["x", "y"]),
        (["list", "a", "b"], ["y", "x"]),
        (["list", "b", "a"], ["y", "x"]),
        (["b", "list", "a"], ["x", "y"]),
        (["b", "a", "list"], ["y", "x"]),
    ] {
        let item = |x: u8, y: u8| {
            let one = |name: &&str| format!("\"{name}\":{}", if *name == "x" { x } else { y });
            items.iter().map(one).collect::<Vec<_>>().join(",")
        };
        let list = format!("[{{{}}},{{{}}}]", item(3, 4), item(5, 6));
        let one = |name: &&str| {
            let value = match *name {
                "a" => "1",
                "b" => "2",
                _ => &list,
            };
            format!("\"{name}\":{value}")
        };
        let text = members.iter().map(one).collect::<Vec<_>>().join(",");
        assert_eq!(encoded(&format!("{{\"o\":{{{text}}}}}")), wanted, "{text}");
    }
    assert_eq!(encoded(r#"{"o":{"list":[],"a":1}}"#), encoded(r#"{"o":{"a":1,"list":[]}}"#));
}

#[test]
fn numbers_of_one_digit_or_two_are_read_at_a_glance() {
    let range = IntRange { min: 3, max: 70 };
    for value in 0..=120u8 {
        for end in [",", "}", " ", ".", "e", "0,", "\""] {
            let (text, mut out, mut wanted) = (format!("{value}{end}"), [0; 8], [0; 8]);
            let found = scalar::small(5, &range, text.as_bytes(), &mut out);
            let is_plain =
                value < 100 && matches!(end, "," | "}") || value < 10 && end == "0," && value > 0;
            assert_eq!(found.is_some(), is_plain, "{text}");
            let Some((len, is_right, rest)) = found else { continue };
            let value = if end == "0," { 10 * i64::from(value) } else { value.into() };
            let mut writer = trine_descriptor::ValueWriter::new(&mut wanted);
            writer.int(5, value);
            assert_eq!(&out[..len], writer.bytes(), "{text}");
            assert_eq!(is_right, (3..=70).contains(&value));
            assert_eq!(rest, &text.as_bytes()[text.len() - 1..]);
        }
    }
    for text in ["00,", "01}", "", "7", "-1,"] {
        assert!(scalar::small(5, &range, text.as_bytes(), &mut [0; 8]).is_none(), "{text}");
    }
    assert!(scalar::small(5, &range, b"7,", &mut [0; 3]).is_none(), "four bytes are written");
}

#[test]
fn labels_past_those_of_one_byte_are_encoded_in_two() {
    let labels: Vec<String> = (0..300).map(|number| format!("l{number}")).collect();
    let labels = labels.join("|");
    let nodes = [Field::new("c", Kind::Choice(&labels))];
    for number in [0, 1, 126, 127, 128, 129, 255, 256, 299] {
        let text = format!(r#"{{"c":"l{number}"}}"#);
        let (mut out, mut slow) = ([0; 8], [0; 8]);
        let encoded = encode((&nodes[..], true), text.as_bytes(), &mut out).unwrap();
        assert_eq!(Some(encoded.len), long(&nodes, &text, &mut slow), "{text}");
        assert_eq!((out, encoded.checked), (slow, true), "{text}");
    }
}

#[test]
fn a_text_with_escapes_is_judged_by_what_it_says() {
    let checked = |text: &str| {
        let text = format!(r#"{{"why":"{text}"}}"#);
        let nodes = [Field::new("why", Kind::Text { min: 2, max: 9 })];
        encode((&nodes[..], true), text.as_bytes(), &mut [0; 64]).unwrap().checked
    };
    for (count, is_right) in [(1, false), (2, true), (9, true), (10, false)] {
        for unit in ["\\n", "\\u00e9", "a", "\u{e9}", "\u{20ac}", "\\ud83d\\ude42"] {
            assert_eq!(checked(&unit.repeat(count)), is_right, "{count} times {unit}");
        }
    }
}

#[test]
fn a_text_without_room_is_too_long_only_past_its_bound() {
    let nodes = [Field::new("why", Kind::Text { min: 0, max: 9 })];
    for (count, wanted) in [(9, None), (10, Some(Fault::bound(FaultCode::TooLong, 0, 9)))] {
        let text = format!(r#"{{"why":"{}"}}"#, "\\u00e9".repeat(count));
        let refusal = encode((&nodes[..], true), text.as_bytes(), &mut [0; 8]).unwrap_err();
        match wanted {
            Some(wanted) => assert!(matches!(refusal, Refusal::Fault(it) if it == wanted)),
            None => assert!(matches!(refusal, Refusal::Space)),
        }
    }
}
