//! `trine eval` as a program: figures of one list and of several, as text, JSON and a picture.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use trine_models::ask::{BASE, OpenedBase};
use trine_train::lists::report::Report;
use trine_train::lists::score::{Cut, outcomes};
use trine_train::lists::{List, load_list};
use trine_train::unseen::predict::Unseen;

use crate::{done, trine};

const TOOLS: &str = r#"[
    {"name": "gate_move", "description": "Opens or closes a gate.", "inputSchema": {
        "type": "object", "required": ["open"],
        "properties": {"open": {"type": "boolean"}}}},
    {"name": "pump_set", "description": "Speed of the pump.", "inputSchema": {
        "type": "object", "required": ["percent"],
        "properties": {"percent": {"type": "integer", "minimum": 0, "maximum": 100}}}}]"#;

/// Rows of the text, and the members of the JSON that they are.
const ROWS: [(&str, &str); 8] = [
    ("tool right", "tool_right"),
    ("tool and arguments right", "right"),
    ("made", "made"),
    ("acted wrongly, of all", "wrong"),
    ("true-negative rate", "left_alone"),
    ("why right, where one is given", "why_right"),
    ("AUROC of \"this call is right\"", "auroc"),
    ("calibration error", "calibration"),
];

fn json_of(args: &[&str]) -> Value {
    serde_json::from_str(&done(args)).unwrap()
}

/// A folder with the tools and these lines.
fn list(name: &str, lines: &[Value]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("eval-{name}"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("tools.json"), TOOLS).unwrap();
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(folder.join("sentences.jsonl"), lines).unwrap();
    folder
}

fn gate(open: bool) -> Value {
    json!({"tool": "gate_move", "arguments": {"open": open}})
}

fn pump(percent: u32) -> Value {
    json!({"tool": "pump_set", "arguments": {"percent": percent}})
}

fn mixed(name: &str) -> PathBuf {
    let both = [gate(true), pump(40)];
    list(
        name,
        &[
            json!({"text": "open the gate", "calls": [gate(true)], "kind": "plain"}),
            json!({"text": "close the gate", "calls": [gate(false)], "kind": "plain"}),
            json!({"text": "set the pump to 30 percent", "tool": "pump_set",
                   "arguments": {"percent": 30}, "kind": "unit"}),
            json!({"text": "open the gate and set the pump to 40 percent", "calls": both}),
            json!({"text": "don't open the gate", "calls": [], "why": "negated"}),
            json!({"text": "what a day", "tool": null}),
        ],
    )
}

/// That each tag is closed, each attribute quoted, and each mark of text escaped.
fn is_well_formed(svg: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut parts = svg.split('<');
    let mut all_good = parts.next() == Some("");
    for part in parts {
        let Some((tag, text)) = part.split_once('>') else { return false };
        let inside = tag.trim_start_matches('/').trim_end_matches('/');
        let name = inside.split(' ').next().unwrap_or_default();
        all_good &= inside.matches('"').count() == 2 * inside.matches("=\"").count();
        all_good &=
            !text.contains('>') && !text.contains(char::is_control) || text.trim().is_empty();
        let entities = text.matches('&').count();
        all_good &= entities
            == ["&amp;", "&lt;", "&gt;"].map(|one| text.matches(one).count()).iter().sum::<usize>();
        if tag.starts_with('/') {
            all_good &= open.pop() == Some(name);
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    all_good && open.is_empty()
}

fn percent(share: &Value) -> String {
    share.as_f64().map_or("-".into(), |share| format!("{:.1}", 100.0 * share))
}

/// That text and picture say what the JSON says.
fn are_the_same<'t>(text: &'t str, svg: &str, json: &Value) {
    let report = &json["report"];
    let unit = if report["lists"] == 1 { "sentence" } else { "list" };
    let intervals = &report[format!("interval_95_by_{unit}")];
    for (title, name) in ROWS {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{title} "))).unwrap();
        let share = percent(&report["all"][name]);
        let [low, high] = [&intervals[name][0], &intervals[name][1]].map(percent);
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[..4], [&*share, &*low, "to", &*high], "{line}");
        let drawn = format!(">{title}: {share} % (95 % by {unit}: {low} to {high})");
        assert!(svg.contains(&drawn), "{drawn}\n{svg}");
    }
    let counts = |title: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(title)).unwrap();
        let count = format!(" {} of {}", json[name]["right"], json[name]["of"]);
        assert!(line.ends_with(&count.replace("null", &json[name]["count"].to_string())), "{line}");
    };
    counts("made ", "exact");
    counts("true-negative", "abstained");
    counts("acted wrongly", "acted_wrong");
    for row in report["at_thresholds"].as_array().unwrap() {
        let cells = [percent(&row["made"]), percent(&row["wrong"]), row["acted_wrong"].to_string()];
        let threshold = format!("{:.2} ", row["threshold"].as_f64().unwrap());
        let line = text.lines().find(|line| line.starts_with(&threshold)).unwrap();
        assert_eq!(line.split_whitespace().collect::<Vec<_>>()[1..4], cells, "{line}");
    }
    for part in ["by_kind", "by_list"] {
        for (name, figures) in report[part].as_object().unwrap() {
            let row = |line: &'t str| line.strip_prefix(&format!("{name} "));
            let Some(row) = text.lines().find_map(row).filter(|_| unit == "list") else { continue };
            let right = percent(&figures["right"]);
            let cells = [&figures["sentences"], &figures["calls"]].map(Value::to_string);
            let words: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(words[..3], [&*cells[0], &*cells[1], &*right], "{row}");
        }
    }
    assert!(is_well_formed(svg), "{svg}");
}

#[test]
fn one_list_has_figures_by_sentence_and_two_right_calls_are_right() {
    let folder = mixed("one");
    let [tools, sentences] = ["tools.json", "sentences.jsonl"].map(|name| folder.join(name));
    let svg = folder.join("figures.svg");
    let [tools, sentences, svg] = [&tools, &sentences, &svg].map(|path| path.to_str().unwrap());
    let args = ["eval", "--tools", tools, sentences, "--threshold", "0.05"];
    // What is no terminal gets JSON, as it always has.
    let json = json_of(&args);
    let text = done(&[&args[..], &["--text", "--svg", svg]].concat());
    are_the_same(&text, &fs::read_to_string(svg).unwrap(), &json);
    assert_eq!((&json["sentences"], &json["exact"]["of"]), (&json!(6), &json!(4)));
    // The sentence with two commands is one of these, and its calls were found.
    assert_eq!(json["exact"]["right"], 4, "{json:#}");
    assert_eq!(json["abstained"]["of"], 2);
    assert_eq!(json["by_tool"]["gate_move"], json!({"right": 3, "of": 3, "percent": 100.0}));
    assert_eq!(json["by_kind"]["plain"]["of"], 2);
    assert_eq!(
        (&json["report"]["worst_list"], &json["report"]["set"]),
        (&Value::Null, &Value::Null)
    );
    assert!(text.contains("There is one list: the intervals draw its sentences"), "{text}");
    assert!(text.contains("on 1 list, 6 sentences, 4 with a call"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn several_lists_have_figures_by_list_and_the_worst_is_named() {
    let wrong = [
        json!({"text": "open the gate", "calls": [gate(false)]}),
        json!({"text": "shut the gate", "calls": [gate(false)]}),
    ];
    let (good, bad) = (mixed("good"), list("bad & <worst>", &wrong));
    let svg = good.join("figures.svg");
    let [good, bad, svg] = [&good, &bad, &svg].map(|path| path.to_str().unwrap());
    let args = ["eval", good, bad, "--threshold", "0.05", "--json"];
    let json = json_of(&args);
    let text = done(&["eval", good, bad, "--threshold", "0.05", "--text", "--svg", svg]);
    let picture = fs::read_to_string(svg).unwrap();
    are_the_same(&text, &picture, &json);
    assert_eq!(json["report"]["worst_list"], "eval-bad & <worst>");
    let worst = "worst list: eval-bad & <worst>, right in 50.0 % of 2 calls";
    let drawn = worst.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    assert!(text.contains(worst) && picture.contains(&drawn), "{text}");
    assert!(text.contains("of 2 lists they are rough"), "{text}");
    assert_eq!(json["report"]["by_list"]["eval-good"]["calls"], 4);
    assert_eq!(json["acted_wrong"]["count"], 1);
    // A sentence of the list whose label is wrong is shown as it was labelled.
    let shown = done(&["eval", bad, "--threshold", "0.05", "--wrong"]);
    let labelled = json!({"text": "open the gate", "calls": [gate(false)]}).to_string();
    assert_eq!(shown.lines().next(), Some(&*labelled), "{shown}");
}

/// A choosing list, scored here with the model as training scores it.
#[test]
fn the_figures_are_those_of_the_report_of_training() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../train/lists");
    let names = ["pond_pump", "projector"];
    let lists: Vec<List> = names.iter().map(|name| load_list(&root, name).unwrap()).collect();
    let opened = OpenedBase::open(BASE).unwrap();
    let model = Unseen::new(opened.base().unwrap());
    let outcomes = outcomes(&model, &lists);
    let wanted = Report::of("base".into(), &names, &outcomes, Cut::At(0.75), 0.95).json();
    let folders = names.map(|name| root.join("data").join(name).display().to_string());
    let json = json_of(&["eval", &folders[0], &folders[1], "--threshold", "0.75", "--json"]);
    let found = &json["report"];
    for part in ["all", "by_list", "curve", "bins", "at_thresholds", "interval_95_by_list"] {
        // Reasons that follow from a fault of the arguments are told to people only.
        let mut pair = [&wanted[part], &found[part]].map(Clone::clone);
        pair.iter_mut().for_each(without_why);
        assert_eq!(pair[0], pair[1], "{part}");
    }
    assert_eq!(found["threshold"], 0.75);
}

fn without_why(json: &mut Value) {
    if let Some(map) = json.as_object_mut() {
        map.remove("why_right");
        map.values_mut().for_each(without_why);
    }
}

#[test]
fn what_is_wrong_is_refused_with_file_and_line() {
    let good = json!({"text": "open the gate", "calls": [gate(true)]});
    let call = |tool: &str, arguments: Value| {
        let call = json!({"tool": tool, "arguments": arguments});
        json!({"text": "a", "calls": [call]})
    };
    let cases = vec![
        (call("gate_mov", json!({"open": true})), "no tool gate_mov in the list of tools: corr"),
        (call("gate_move", json!({"open": true, "speed": 1})), "no parameter speed: remove it"),
        (call("gate_move", json!({"open": "wide"})), "open"),
        (call("pump_set", json!({"percent": 101})), "percent must be at most 100"),
        (call("pump_set", json!({})), "percent is required"),
        (json!({"text": "a"}), "write a list of objects with \"tool\" and \"arguments\""),
        (json!({"calls": []}), "missing \"text\""),
    ];
    for (line, what) in cases {
        let folder = list("wrong", &[good.clone(), line]);
        let refused = trine(&["eval", folder.to_str().unwrap()]);
        let said = String::from_utf8(refused.stderr).unwrap();
        let place = format!("trine: {}:2: ", folder.join("sentences.jsonl").display());
        assert!(said.starts_with(&place) && said.contains(what), "{said}");
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0));
    }
    let empty = list("empty", &[]);
    let said = trine(&["eval", empty.to_str().unwrap()]).stderr;
    assert!(String::from_utf8_lossy(&said).contains("no sentences: write one"));
}
