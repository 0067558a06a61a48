//! `trine ask` with the model `base`: what an answer has, and lists, models and sentences that are
//! no good.

use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use trine_descriptor::{ToolTable, record};
use trine_models::ask::{BASE, ToolList, write_delta};
use trine_unseen::Base;
use trine_unseen::base::Thresholds;

/// Tools that no model was trained for.
const SALT: &str = r#"[
    {"name": "brine_pump", "description": "Pumps brine into the salt pan for some minutes.",
        "inputSchema": {"required": ["minutes"], "properties": {"minutes": {
            "type": "integer", "minimum": 1, "maximum": 40, "description": "How long it pumps."}}}},
    {"name": "rake_pull", "description": "Pulls the salt rake to one end of the pan.",
        "inputSchema": {"required": ["end"],
            "properties": {"end": {"type": "string", "enum": ["north", "south"]}}}},
    {"name": "rain_roof_close", "description": "Closes the rain roof over the pan."},
    {"name": "rain_screen_close", "description": "Closes the rain screen beside the pan."},
    {"name": "salinity_read", "description": "Reads the salinity of the brine.",
        "annotations": {"readOnlyHint": true}},
    {"name": "board_write", "description": "Writes a text on the board of the salt workers.",
        "inputSchema": {"required": ["text"],
            "properties": {"text": {"type": "string", "maxLength": 60}}}}]"#;

/// A file of this test.
fn written(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("any-{name}"));
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What `trine ask` says of bytes: its code, what it printed and what it warned of.
fn ask_bytes(sentence: &[u8], args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.arg("ask").args(args).arg("--").arg(std::ffi::OsStr::from_bytes(sentence));
    let output = command.env("TRINE_LOG", "off").env_remove("TRINE_ASK_MODEL").output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn ask(sentence: &str, args: &[&str]) -> (Option<i32>, String, String) {
    ask_bytes(sentence.as_bytes(), args)
}

/// The answers to sentences as JSON lines.
fn answers(tools: &str, sentences: &[&str]) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trine"))
        .args(["ask", "--jsonl", "--tools", tools])
        .env_remove("TRINE_ASK_MODEL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = sentences.iter().map(|text| json!({ "text": text }).to_string() + "\n");
    child.stdin.take().unwrap().write_all(lines.collect::<String>().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_answer_has_why_missing_between_and_calls_where_there_is_something_to_say_of_them() {
    let list = written("salt.json", SALT);
    let pump = |minutes: u32| json!({"tool": "brine_pump", "arguments": {"minutes": minutes}});
    let south = json!({"tool": "rake_pull", "arguments": {"end": "south"}});
    let either = json!(["rain_roof_close", "rain_screen_close"]);
    let cases = vec![
        ("pump brine for 12 minutes", pump(12)),
        ("how salty is the brine?", json!({"tool": "salinity_read", "arguments": {}})),
        ("don't pull the rake to the north end", json!({"why": "negated"})),
        ("we pumped brine for 5 minutes yesterday", json!({"why": "past"})),
        ("if it rains, close the rain roof", json!({"why": "conditional"})),
        ("close the rain roof in an hour", json!({"why": "later"})),
        ("he said: close the rain roof", json!({"why": "quoted"})),
        ("order a pizza", json!({"why": "cannot"})),
        ("good morning, everyone", json!({"why": "chat"})),
        ("pump some brine", json!({"why": "missing", "missing": ["brine_pump.minutes"]})),
        ("pull the rake", json!({"why": "missing", "missing": ["rake_pull.end"]})),
        ("pump brine for 300 minutes", json!({"why": "range", "missing": ["brine_pump.minutes"]})),
        ("pump brine at 30 percent", json!({"why": "unit", "missing": ["brine_pump.minutes"]})),
        ("close the rain thing", json!({"between": either})),
        (
            "pump brine for 5 minutes and pull the rake to the south end",
            json!({"why": "two", "calls": [pump(5), south]}),
        ),
    ];
    let sentences: Vec<&str> = cases.iter().map(|(sentence, _)| *sentence).collect();
    let answers = answers(&list, &sentences);
    assert_eq!(answers.len(), cases.len());
    for ((sentence, wanted), answer) in cases.iter().zip(&answers) {
        let is_call = wanted.get("tool").is_some();
        for member in ["tool", "arguments", "why", "missing", "between", "calls"] {
            // No member without something to say; `tool` and `arguments` are null then.
            let is_there = is_call || !["tool", "arguments"].contains(&member);
            let given = answer.get(member).filter(|value| is_there || !value.is_null());
            assert_eq!(given, wanted.get(member), "{sentence}: {member} of {answer}");
        }
        assert_eq!(answer["reason"].is_string(), !is_call, "{sentence}: {answer}");
    }
    let reason = |at: usize| answers[at]["reason"].as_str().unwrap();
    assert_eq!(reason(9), "brine_pump.minutes was not said");
    let takes = "minutes must be a whole number from 1 to 40";
    assert_eq!(reason(11), format!("brine_pump.minutes would be out of its bounds: {takes}"));
    assert_eq!(reason(12), "brine_pump.minutes has another unit");
}

/// A base for a list that is sure enough of each call to read, and of none to act.
fn reader(name: &str, list: &dyn ToolTable) -> String {
    let base = Base::parse(BASE).unwrap();
    let thresholds = Thresholds { acting: 1.0, reading: 0.0 };
    written(name, write_delta(&base, record::table_hash(list), thresholds, &[]))
}

#[test]
fn hints_lower_the_threshold_of_a_devices_tools_and_of_a_list_only_where_they_are_trusted() {
    let list = written("hints.json", SALT);
    let model = reader("hints.delta", &ToolList::parse(SALT).unwrap());
    let args = ["--tools", &*list, "--model", &model];
    let trusted = [&args[..], &["--trust-hints"]].concat();
    let [read, act] = ["what is the salinity of the brine?", "pump brine for 12 minutes"];
    for (sentence, args, wanted) in
        [(read, &args[..], 1), (act, &args, 1), (read, &trusted, 0), (act, &trusted, 1)]
    {
        let (code, said, _) = ask(sentence, args);
        assert_eq!(code, Some(wanted), "{sentence} {args:?}: {said}");
        assert_eq!(said.contains("not sure enough"), wanted == 1, "{said}");
    }
    let model = reader("board.delta", &trine_board::TOOLS);
    let args = ["--simulate", "--model", &model];
    let (code, said, warned) = ask("what is the status of the board?", &args);
    assert_eq!(code, Some(0), "{said}{warned}");
    let (code, said, _) = ask("set the fan to 40 percent", &args);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not sure enough"), "{said}");
    let (code, _, said) = ask(read, &["--trust-hints"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--tools"), "{said}");
}

#[test]
fn a_list_of_500_tools_of_one_and_without_descriptions_is_answered() {
    let lamp = |at: u32| json!({"name": format!("lamp_{at}"), "description": "Switches a lamp."});
    let bell = json!({"name": "bell_ring", "description": "Rings the bell of the works."});
    let many: Vec<Value> = (1..500).map(lamp).chain([bell.clone()]).collect();
    let plain = json!([{"name": "gate_open"}, {"name": "gate_close"}, {"name": "bell_ring"}]);
    for (name, list) in [("500.json", json!(many)), ("1.json", json!([bell])), ("bare.json", plain)]
    {
        let list = written(name, list.to_string());
        let answers = answers(&list, &["ring the bell", "do not ring the bell", "order a pizza"]);
        assert_eq!(answers[0]["tool"], "bell_ring", "{name}: {}", answers[0]);
        assert!(answers[0]["confidence"].as_f64() > Some(0.95), "{name}: {}", answers[0]);
        assert_eq!(answers[1]["why"], "negated", "{name}: {}", answers[1]);
        assert!(answers[2]["tool"].is_null(), "{name}: {}", answers[2]);
    }
}

/// What `trine ask --run` says: nothing is executed, as no second line is printed.
fn nothing_run(sentence: &[u8], args: &[&str]) -> (Option<i32>, String, String) {
    let answer = ask_bytes(sentence, &[args, &["--run"]].concat());
    let (code, said, _) = &answer;
    assert_ne!(*code, Some(0), "{said}");
    assert!(said.lines().count() <= 1, "{said}");
    answer
}

#[test]
fn twin_names_an_empty_list_and_a_base_that_is_cut_are_refused_by_name() {
    let refused = |args: &[&str]| {
        let (code, said, error) = nothing_run(b"ring the bell", args);
        assert_eq!((code, &*said), (Some(2), ""), "{error}");
        error
    };
    let twins = written("twins.json", r#"[{"name": "bell_ring"}, {"name": "bell_ring"}]"#);
    let error = refused(&["--tools", &twins]);
    assert!(error.ends_with("any-twins.json: duplicate tool bell_ring: rename one\n"), "{error}");
    let empty = written("empty.json", "[]");
    let error = refused(&["--tools", &empty]);
    assert!(error.ends_with("the list of tools is empty: add a tool\n"), "{error}");
    let list = written("cut.json", SALT);
    for length in [8, 20, 1000, BASE.len() / 2, BASE.len() - 1] {
        let cut = written("cut.bin", &BASE[..length]);
        let error = refused(&["--tools", &list, "--model", &cut]);
        assert!(error.contains("any-cut.bin: the base model has "), "{length}: {error}");
        assert!(error.ends_with(": copy it again\n"), "{length}: {error}");
    }
    let mut wrong = BASE.to_vec();
    wrong[BASE.len() / 2] ^= 1;
    let error = refused(&["--tools", &list, "--model", &written("wrong.bin", wrong)]);
    assert!(error.contains("any-wrong.bin: ") && error.contains("copy it again"), "{error}");
}

#[test]
fn a_sentence_that_is_no_good_has_no_call_and_says_why() {
    let list = written("sentences.json", SALT);
    let board = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-example/board/tools.json");
    let board = board.to_str().unwrap();
    let long = "pump brine ".repeat(931);
    let words = "close ".repeat(97);
    for tools in [&*list, board] {
        for (sentence, wanted) in [
            (b"".as_slice(), "the sentence has no words: say what is to be done"),
            (b" \t ", "the sentence has no words: say what is to be done"),
            (long.as_bytes(), "10241 bytes; at most 1024 are read: ask for one thing"),
            (words.as_bytes(), "more than 96 words and marks: ask for one thing"),
            (b"pump \xff brine", "not UTF-8 at byte 5: send it in UTF-8"),
            (b"asdf qwer zxcv", "it has no words that mean something here"),
        ] {
            let args = ["--tools", tools, "--model", "base"];
            let (code, said, _) = nothing_run(sentence, &args);
            let is_said = said.starts_with("no tool ") && said.contains(wanted);
            assert!(code == Some(1) && is_said, "{wanted}: {said}");
        }
    }
}

#[test]
fn how_many_words_of_a_sentence_are_unknown_is_said_where_it_has_no_call() {
    let list = written("german.json", SALT);
    let args = ["--tools", &*list];
    let (_, said, warned) = nothing_run(b"Wie salzig ist die Sole?", &args);
    assert!(said.starts_with("no tool "), "{said}");
    let wanted = "3 of the 5 words of this sentence are not in the model, which reads English";
    assert!(warned.contains(wanted), "{warned}");
    for (sentence, code) in [("pump some brine", 1), ("write 'Ouzo Glogg Sahti' on the board", 0)] {
        let (given, said, warned) = ask(sentence, &args);
        assert_eq!((given, &*warned), (Some(code), ""), "{sentence}: {said}");
    }
}

#[test]
fn small_talk_calls_nothing() {
    // On these lists, the model took some of these sentences for a tool, at up to 0.99.
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("../train/lists/data");
    for list in ["bucket_store", "coin_counter", "escalator", "forklift_truck", "lab_balance"] {
        let tools = lists.join(list).join("tools.json");
        let sentences = [
            "how are you today?",
            "How\u{2019}s it going?",
            "what's up",
            "who are you?",
            "what's your name",
            "can you hear me?",
            "tell me a joke",
            "hi there, thanks a lot!",
        ];
        for (answer, sentence) in answers(tools.to_str().unwrap(), &sentences).iter().zip(sentences)
        {
            assert!(answer["tool"].is_null(), "{list}, {sentence}: {answer}");
            assert_eq!(answer["why"], "chat", "{list}, {sentence}: {answer}");
        }
    }
}
