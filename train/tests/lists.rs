//! The lists of tools that no model has seen (`lists/README.md`).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test")]

use std::path::{Path, PathBuf};

use trine_train::lists::likeness::{commonest_opening, near_duplicates};
use trine_train::lists::report::Report;
use trine_train::lists::{List, Set, check, load_list, split};
use trine_train::words::Words;

/// The greatest share of the sentences that may begin with the same three words.
const OPENING_MAX: f64 = 0.015;
/// How many pairs of near-duplicates there may be, for each thousand sentences.
const NEAR_MAX: f64 = 5.0;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lists")
}

fn all() -> Vec<List> {
    let entries = split(&folder()).unwrap();
    entries.iter().map(|entry| load_list(&folder(), &entry.list).unwrap()).collect()
}

#[test]
fn every_record_fits_its_list() {
    let entries = split(&folder()).unwrap();
    let own: Vec<bool> = entries.iter().map(|entry| entry.descriptors == "own").collect();
    let lists = all();
    let faults = lists.iter().zip(own).flat_map(|(list, is_own)| check::faults(list, is_own));
    let faults: Vec<String> = faults.collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Own sentences are of choosing lists, which have the same tools.
#[test]
fn own_sentences_fit_their_choosing_lists() {
    let entries = split(&folder()).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(folder().join("own")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let set = entries.iter().find(|entry| entry.list == name).map(|entry| entry.set);
        assert_eq!(set, Some(Set::Choosing), "{name}");
        let tools = std::fs::read_to_string(entry.path().join("tools.json")).unwrap();
        let list = load_list(&folder(), &name).unwrap();
        let mut own = trine_train::tune::own::list(&tools).unwrap();
        assert!(own.tools == list.tools, "{name}");
        trine_train::tune::own::load(&mut own, &entry.path().join("sentences.jsonl")).unwrap();
        own.name = name;
        let faults = check::faults(&own, true);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        count += own.records.len();
    }
    assert_eq!(count, 1000);
}

#[test]
fn every_folder_is_in_one_set() {
    // `split` refuses a list that stands there twice.
    let mut named: Vec<String> = split(&folder()).unwrap().into_iter().map(|e| e.list).collect();
    let folders = std::fs::read_dir(folder().join("data")).unwrap();
    let mut there: Vec<String> =
        folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    named.sort();
    there.sort();
    assert_eq!(named, there);
}

#[test]
fn sentences_are_not_alike() {
    let lists = all();
    let sentences: usize = lists.iter().map(|list| list.records.len()).sum();
    let (opening, share) = commonest_opening(&lists);
    eprintln!("{:.2} % of {sentences} sentences begin with \"{opening}\"", 100.0 * share);
    assert!(share <= OPENING_MAX, "{opening}: {share}");
    let near = near_duplicates(&lists);
    for [(a, one), (b, other)] in &near {
        eprintln!("near-duplicates: {a}: {one} | {b}: {other}");
    }
    eprintln!("{} pairs of near-duplicates", near.len());
    let a_thousand = 1000.0 * near.len() as f64 / sentences as f64;
    assert!(a_thousand <= NEAR_MAX, "{a_thousand} pairs for each thousand sentences");
}

/// Where a text stands in a sentence between spaces, marks aside.
fn places(sentence: &str, text: &str) -> Vec<std::ops::Range<usize>> {
    let is_free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && !"./#-_@".contains(c));
    let is_end = |rest: &str| {
        let mut next = rest.chars();
        let stop = next.next();
        is_free(stop) || stop == Some('.') && is_free(next.next())
    };
    let all = sentence.match_indices(text).map(|(at, _)| at..at + text.len());
    all.filter(|own| is_free(sentence[..own.start].chars().next_back()))
        .filter(|own| is_end(&sentence[own.end..]))
        .collect()
}

/// What the engine takes for granted when it takes arguments together (decision 55).
#[test]
fn arguments_of_training_calls_share_no_words() {
    let entries = split(&folder()).unwrap();
    let training = entries.iter().filter(|entry| entry.set == Set::Training);
    let (mut texts, mut shared, mut labels, mut numbers) = (0, Vec::new(), 0, 0);
    let mut same_labels = Vec::new();
    for list in training.map(|entry| load_list(&folder(), &entry.list).unwrap()) {
        let schema = |tool: &str, name: &str| {
            let tool = list.tools.iter().find(|own| own["name"] == tool).unwrap();
            tool["inputSchema"]["properties"][name].clone()
        };
        for (record, call) in list.records.iter().flat_map(|r| r.calls.iter().map(move |c| (r, c)))
        {
            let (mut said, mut chosen, mut counts) = (Vec::new(), Vec::new(), 0);
            for (name, value) in &call.arguments {
                // Optional ones have it below `anyOf`.
                let is_label = schema(&call.tool, name).to_string().contains("\"enum\"");
                match value.as_str() {
                    Some(value) if is_label => chosen.push(value),
                    Some(value) => said.push(places(&record.text, value)),
                    None => counts += usize::from(value.is_number()),
                }
            }
            texts += said.len();
            numbers += usize::from(counts > 1);
            labels += usize::from(chosen.len() > 1);
            let before = chosen.len();
            chosen.sort_unstable();
            chosen.dedup();
            if chosen.len() < before {
                same_labels.push(format!("{}: {}", list.name, record.text));
            }
            let is_apart = |a: &[std::ops::Range<usize>], b: &[std::ops::Range<usize>]| {
                a.iter().any(|one| b.iter().any(|two| one.end <= two.start || two.end <= one.start))
            };
            let pairs = (0..said.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
            let all_apart = pairs.into_iter().all(|(a, b)| is_apart(&said[a], &said[b]));
            if said.iter().any(Vec::is_empty) || !all_apart {
                shared.push(format!("{}: {}", list.name, record.text));
            }
        }
    }
    eprintln!("{texts} texts; {numbers} calls with several numbers, {labels} with several labels");
    shared.iter().chain(&same_labels).for_each(|one| eprintln!("{one}"));
    assert!(texts > 10_000 && shared.len() * 1000 <= texts, "{} of {texts}", shared.len());
    assert!(same_labels.len() * 100 <= labels, "{} of {labels}", same_labels.len());
}

/// A number as a page has it: small ones in words, large ones with commas.
fn written(number: usize) -> String {
    let words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    match words.get(number) {
        Some(word) => (*word).to_owned(),
        None if number < 1000 => number.to_string(),
        None => format!("{},{:03}", number / 1000, number % 1000),
    }
}

#[test]
fn the_second_labelling_is_of_lists_that_are_there_and_agrees_as_often_as_the_page_says() {
    let entries = split(&folder()).unwrap();
    let text = std::fs::read_to_string(folder().join("SECOND.tsv")).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    // Sentences, and those on which both hands agreed: of training lists, and of the others.
    let (mut training, mut others) = ([0, 0], [0, 0]);
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, set, counts @ ..] = &*fields else { panic!("{line}") };
        let counts: Vec<usize> = counts.iter().map(|count| count.parse().unwrap()).collect();
        let [labelled, agreed, unsure] = *counts else { panic!("{line}") };
        let entry = entries.iter().find(|entry| entry.list == *name).unwrap();
        assert_eq!(Some(entry.set), Set::named(set), "{line}");
        assert!(seen.insert((*name).to_owned()), "{name} is there twice");
        assert!(agreed <= labelled && unsure <= labelled, "{line}");
        let kept = load_list(&folder(), name).unwrap().records.len();
        let sums = if entry.set == Set::Training {
            assert!(labelled <= kept, "{line}: the list has {kept}");
            &mut training
        } else {
            // What was left out is what the two differed on, or the second had a doubt about.
            assert!((agreed - unsure..=labelled).contains(&kept), "{line}: the list has {kept}");
            &mut others
        };
        sums[0] += labelled;
        sums[1] += agreed;
    }
    let all = entries.iter().filter(|entry| entry.set != Set::Training);
    let missing: Vec<&str> =
        all.map(|entry| &*entry.list).filter(|list| !seen.contains(*list)).collect();
    assert!(missing.is_empty(), "{missing:?} were not labelled twice");
    let page = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let page = page.split_whitespace().collect::<Vec<&str>>().join(" ");
    let [but, of] = [written(others[0] - others[1]), written(others[0])];
    let [but_training, of_training] = [written(training[0] - training[1]), written(training[0])];
    let said = format!(
        "They agreed on all but {but} of {of}, and on all but {but_training} of the {of_training}"
    );
    assert!(page.contains(&said), "README.md does not say: {said}");
}

/// The hash of a file.
fn sha256(path: &Path) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(std::fs::read(path).unwrap());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_the_words_of_the_base_were_made_from_are_training_lists_alone() {
    let entries = split(&folder()).unwrap();
    let training =
        |name: &str| entries.iter().any(|entry| entry.list == name && entry.set == Set::Training);
    let train = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(train.join("base/sources.sha256")).unwrap();
    let (mut made, mut read, mut changed) = (Vec::new(), 0, 0);
    for line in text.lines() {
        let (hash, path) = line.split_once("  ").unwrap();
        assert!(hash.len() == 64 && hash.bytes().all(|c| c.is_ascii_hexdigit()), "{line}");
        let now = sha256(&train.join(path));
        match path.strip_prefix("lists/data/").and_then(|path| path.split_once('/')) {
            Some((list, "tools.json" | "sentences.jsonl")) => {
                assert!(training(list), "{list} is no training list");
                read += 1;
                // A list may be mended later.
                changed += usize::from(now != hash);
            }
            _ => {
                assert_eq!(now, hash, "{path} is another than the manifest is of");
                made.push(path);
            }
        }
    }
    assert_eq!(made, ["base/pieces.txt", "base/rows.i8"]);
    assert!(read > 1000, "{read}");
    eprintln!("{read} files were read, of which {changed} have changed since");
}

#[test]
fn what_training_replays_is_of_training_lists() {
    let entries = split(&folder()).unwrap();
    let training = entries.iter().filter(|entry| entry.set == Set::Training);
    let lists: Vec<List> =
        training.map(|entry| load_list(&folder(), &entry.list).unwrap()).collect();
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("base");
    for line in std::fs::read_to_string(base.join("replay.jsonl")).unwrap().lines() {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let tools = json["tools"].as_array().unwrap();
        let list = lists.iter().find(|list| list.tools == *tools).unwrap();
        for sentence in json["sentences"].as_array().unwrap() {
            let is_it = |record: &trine_train::lists::Record| sentence["text"] == *record.text;
            assert!(list.records.iter().any(is_it), "{}: {sentence}", list.name);
        }
    }
}

/// `trine eval` takes every list: it refuses what a tool does not take.
#[test]
fn every_list_can_be_scored() {
    let mut count = 0;
    for list in all() {
        let path = folder().join("data").join(&list.name).join("sentences.jsonl");
        let read = trine_train::tune::own::read(&list, &path);
        let read = read.unwrap_or_else(|error| panic!("{}", trine_models::chain(&error)));
        assert_eq!(read.len(), list.records.len(), "{}", list.name);
        for (own, record) in read.iter().zip(&list.records) {
            assert!(own.calls == record.calls && own.why == record.why, "{}", record.text);
        }
        count += read.len();
    }
    assert!(count > 40_000, "{count}");
}

/// A folder of lists with one list in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, split: &str, tools: &str, sentences: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lists-{name}"));
        let data = folder.join("data").join("lamp");
        std::fs::create_dir_all(&data).unwrap();
        std::fs::write(folder.join("SPLIT.tsv"), split).unwrap();
        std::fs::write(data.join("tools.json"), tools).unwrap();
        std::fs::write(data.join("sentences.jsonl"), sentences).unwrap();
        Self(folder)
    }
}

const SPLIT: &str = "list\tset\tdescriptors\nlamp\ttraining\town\n";
const TOOLS: &str = r#"[{"name": "dim", "inputSchema": {"type": "object", "properties": {
    "pct": {"type": "integer", "minimum": 0, "maximum": 100, "multipleOf": 5},
    "lamp": {"type": "string", "enum": ["left", "right"]}, "note": {"type": "string", "maxLength": 4},
    "on": {"type": "boolean"}},
    "required": ["pct"], "additionalProperties": false}}]"#;

fn line(text: &str, rest: &str) -> String {
    format!(r#"{{"text": "{text}", "kind": "plain", "hand": "a", "list": "lamp", {rest}}}"#)
}

#[test]
fn errors_name_file_and_line() {
    let good = line("dim", r#""calls": [], "why": "chat""#);
    let (again, cut) = (format!("{SPLIT}lamp\treport\town\n"), format!("{good}\n{{\n"));
    let cases = vec![
        ("twice", &*again, TOOLS, &*good, "SPLIT.tsv:3: lamp is"),
        ("set", "x\nlamp\tbest\town\n", TOOLS, &good, "SPLIT.tsv:2: unknown set best"),
        ("fields", "x\nlamp\n", TOOLS, &good, "SPLIT.tsv:2: expected list, set"),
        ("tools", SPLIT, "[\n{]", &good, "tools.json:2: invalid JSON"),
        ("json", SPLIT, TOOLS, &cut, "sentences.jsonl:2: invalid JSON"),
        ("text", SPLIT, TOOLS, r#"{"calls": []}"#, "sentences.jsonl:1: \"text\" is not a string"),
        ("calls", SPLIT, TOOLS, r#"{"text": ""}"#, "sentences.jsonl:1: \"calls\" is not an array"),
    ];
    for (name, split_text, tools, sentences, part) in cases {
        let folder = Scratch::new(name, split_text, tools, sentences).0;
        let error = split(&folder).and_then(|_| load_list(&folder, "lamp")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(part), "{name}: {text}");
    }
    let folder = Scratch::new("empty", SPLIT, TOOLS, &good).0;
    let error = trine_train::lists::load(&folder, Set::Choosing).unwrap_err().to_string();
    assert!(error.contains("no list of the set choosing"), "{error}");
}

#[test]
fn every_rule_finds_its_fault() {
    let call = |arguments: &str| {
        format!(r#""calls": [{{"tool": "dim", "arguments": {arguments}}}], "why": null"#)
    };
    let cases = vec![
        (call(r#"{"pct": 105}"#), "out of bounds"),
        (call(r#"{"pct": 7}"#), "between the steps"),
        (call(r#"{"pct": 7.5}"#), "no integer"),
        (call(r#"{"pct": "5"}"#), "no number"),
        (call("{}"), "missing argument"),
        (call(r#"{"pct": 5, "lamp": "middle"}"#), "none of the labels"),
        (call(r#"{"pct": 5, "note": "there"}"#), "not in the sentence"),
        (call(r#"{"pct": 5, "note": "dim it"}"#), "too long"),
        (call(r#"{"pct": 5, "on": 1}"#), "no boolean"),
        (call(r#"{"pct": 5, "watt": 1}"#), "no parameter watt"),
        (r#""calls": [{"tool": "lit", "arguments": {}}], "why": null"#.into(), "no tool lit"),
        (r#""calls": [], "why": null"#.into(), "a call and \"why\", or neither"),
        (r#""calls": [], "why": "sad""#.into(), "unknown why sad"),
        (r#""calls": [], "why": "missing""#.into(), "names no tool"),
        (r#""calls": [], "why": "missing", "missing": ["lit.pct"]"#.into(), "names no tool"),
        (r#""calls": [], "why": "ambiguous", "between": ["a"]"#.into(), "fewer than two"),
    ];
    for (at, (rest, part)) in cases.into_iter().enumerate() {
        let folder = Scratch::new(&format!("rule{at}"), SPLIT, TOOLS, &line("dim it", &rest)).0;
        let faults = check::faults(&load_list(&folder, "lamp").unwrap(), true);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("lamp:1: ") && faults[0].contains(part), "{faults:?}");
    }
    let good = line("dim it", &call(r#"{"pct": 5}"#));
    let twice = format!("{good}\n{}", good.replace("dim it", "Dim it!"));
    let folder = Scratch::new("same", SPLIT, TOOLS, &twice).0;
    let faults = check::faults(&load_list(&folder, "lamp").unwrap(), true);
    assert!(faults.len() == 1 && faults[0].contains("twice"), "{faults:?}");
}

#[test]
fn words_are_as_good_as_they_were() {
    // Every sixth of the lists that it was made with, to be quick: the matcher is frozen.
    let entries = split(&folder()).unwrap();
    let training = entries.iter().filter(|entry| entry.set == Set::Training).take(120).step_by(6);
    let lists: Vec<List> =
        training.map(|entry| load_list(&folder(), &entry.list).unwrap()).collect();
    let report = Report::new(&Words, Set::Training, &lists, &lists);
    eprintln!("{report}");
    assert!(report.all.wrong <= 0.02 && report.all.right >= 0.65 && report.all.auroc >= 0.9);
}
