//! Calls of tools in C and C++: values in and out, failures, and what a tool does wrong.

use std::time::Duration;

use serde_json::json;

use crate::site::{Site, until};

#[test]
fn each_kind_of_value_goes_in_and_comes_out() {
    each_kind_of_value(&Site::new());
    each_kind_of_value(&Site::isolated());
}

fn each_kind_of_value(site: &Site) {
    site.plugins.load(&[site.build("e.so", "everything.c", &[])]).unwrap();
    let all = json!({"on": true, "count": -3, "heat": -12.5, "name": "Grüße 🌱", "mode": "fast",
                     "marks": [1, 50, 100]});
    let marks = json!([{"mark": 1}, {"mark": 50}, {"mark": 100}]);
    let expected = json!({"on": true, "count": -3, "heat": -12.5, "name": "Grüße 🌱",
                          "mode": "fast", "marks": marks});
    assert_eq!(site.call("echo", &all), Ok(expected));
    // What is left out has its default, is missing, or is an empty list.
    let few = json!({"on": false, "name": "x"});
    let expected = json!({"on": false, "heat": 21.5, "name": "x", "mode": "slow", "marks": []});
    assert_eq!(site.call("echo", &few), Ok(expected));
    // Arguments that the descriptor does not allow never reach the tool.
    let bad = json!({"on": false, "name": ""});
    let why = site.call("echo", &bad).unwrap_err();
    assert!(why.starts_with("echo: name"), "{why}");
    let stats = site.hub.tool_stats(site.plugins.list()[0].id, "echo").unwrap();
    assert_eq!((stats.calls, stats.errors), (2, 0));
}

#[test]
fn what_a_tool_does_wrong_is_said_of_it_and_harms_no_other_call() {
    what_a_tool_does_wrong(&Site::new());
    what_a_tool_does_wrong(&Site::isolated());
}

fn what_a_tool_does_wrong(site: &Site) {
    site.plugins.load(&[site.build("e.so", "everything.c", &[])]).unwrap();
    let wrong = |kind: &str| site.call("wrong", &json!({ "kind": kind }));
    let expected = [
        ("status", "the tool could not do it"),
        ("words", "out of paper"),
        ("type", "parameter 0, which it does not have or which is of another type"),
        ("number", "parameter 77, which it does not have"),
        ("node", "node -1, which its result does not have"),
        ("utf8", "a text into node 0 that is no UTF-8"),
        ("pending", "answers before its function returns"),
        ("order", "wrong"),
        ("none", "n"),
        ("short", "the content ended after 11 of 12 bytes"),
        ("bound", "n must be at most 9"),
        ("structured", "a structured result that is no first block"),
    ];
    for (kind, part) in expected {
        let why = wrong(kind).unwrap_err();
        assert!(why.contains(part), "{kind}: {why}");
    }
    assert!(wrong("long").unwrap_err().len() >= 4_000);
    assert_eq!(wrong("null"), Ok(json!({"n": 1})));
    assert_eq!(wrong("content"), Ok(json!([{"type": "text", "text": "hello world"}])));
    let blocks = json!([{"type": "text", "text": "words"},
                        {"type": "image", "mimeType": "image/png", "data": "d29yZHM="}]);
    assert_eq!(wrong("blocks"), Ok(blocks));
}

#[test]
fn what_a_tool_says_acts_on_no_terminal() {
    what_a_tool_says(&Site::new());
    what_a_tool_says(&Site::isolated());
}

fn what_a_tool_says(site: &Site) {
    site.plugins.load(&[site.build("e.so", "everything.c", &[])]).unwrap();
    let is_harmless =
        |text: &str| !text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.is_empty();
    let failed = site.call("wrong", &json!({"kind": "escape"})).unwrap_err();
    assert!(is_harmless(&failed) && failed.contains("paper"), "{failed:?}");
    let shown = site.call("wrong", &json!({"kind": "shown"})).unwrap();
    assert!(is_harmless(shown[0]["text"].as_str().unwrap()), "{shown}");
    let back = site.call("echo", &json!({"on": true, "name": "a\u{1b}[2Jb"})).unwrap();
    assert!(is_harmless(back["name"].as_str().unwrap()), "{back}");
}

#[test]
fn an_exception_in_cpp_is_an_error_of_the_call() {
    let site = Site::new();
    site.plugins.load(&[site.build("t.so", "throws.cpp", &[])]).unwrap();
    for what in [0, 1] {
        let why = site.call("throw", &json!({ "what": what })).unwrap_err();
        assert!(why.contains("the tool threw an exception"), "{why}");
    }
    assert_eq!(site.call("throw", &json!({"what": 2})), Ok(json!({"n": 1})));
}

#[test]
fn a_panic_in_rust_is_an_error_of_the_call_and_one_that_aborts_is_not_loaded() {
    let site = Site::new();
    let build = |name: &str, panic: &str| {
        let source =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/sources/panics.rs");
        let path = site.path(name);
        let mut rustc = std::process::Command::new("rustc");
        rustc.args(["--edition", "2021", "--crate-type", "cdylib", "-C", panic, "-o"]);
        assert!(rustc.arg(&path).arg(source).status().unwrap().success());
        path
    };
    let error = site.plugins.load(&[build("aborts.so", "panic=abort")]).unwrap_err();
    assert!(error.to_string().contains("would end this process"), "{error}");
    site.plugins.load(&[build("rusty.so", "panic=unwind")]).unwrap();
    let why = site.call("rusty", &json!({"panics": true})).unwrap_err();
    assert_eq!(why, "rusty: the tool panicked: on purpose, at 7");
    let why = site.call("rusty", &json!({"panics": false, "n": 9})).unwrap_err();
    assert_eq!(why, "rusty: nine is too many");
    let done = site.call("rusty", &json!({"panics": false, "n": 1, "text": "é", "mode": "d"}));
    assert_eq!(done, Ok(json!({"n": 1, "text": "é", "mode": "d"})));
}

#[test]
fn no_more_calls_run_at_a_time_than_the_plug_in_allows() {
    let site = Site::new();
    site.plugins.load(&[site.build("v.so", "version.c", &["CALLS=2u"])]).unwrap();
    let began = std::time::Instant::now();
    std::thread::scope(|scope| {
        for id in 0..6 {
            let site = &site;
            scope.spawn(move || {
                let done = site.call("which", &json!({"id": id, "wait": 100}));
                assert_eq!(done, Ok(json!({"id": id, "version": 1})));
            });
        }
    });
    // Six calls of 100 ms each, two at a time.
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
}

#[test]
fn a_call_that_takes_too_long_gets_an_error_and_takes_only_its_plug_in_out() {
    let site = Site::new();
    let slow = ["TOOL=\"slow\"", "NAME=\"slow\"", "DEADLINE=50", "CALLS=1u"];
    let slow = site.build("slow.so", "version.c", &slow);
    site.plugins.load(&[slow, site.build("v.so", "version.c", &[])]).unwrap();
    // It returns a little late: the client has its error, and the plug-in serves on.
    let why = site.call("slow", &json!({"id": 1, "wait": 300})).unwrap_err();
    assert_eq!(why, "slow: slow did not answer within 50 ms");
    let slow = site.plugins.list().into_iter().find(|it| it.about.name == "slow").unwrap();
    let stats = site.hub.tool_stats(slow.id, "slow").unwrap();
    assert_eq!((stats.calls, stats.errors), (1, 1));
    until("the late function has not returned", || site.call("slow", &json!({"id": 2})).is_ok());
    // It never returns. One that waits behind it is answered too.
    std::thread::scope(|scope| {
        for id in [3, 4] {
            let site = &site;
            scope.spawn(move || {
                let why = site.call("slow", &json!({"id": id, "wait": 60_000})).unwrap_err();
                assert_eq!(why, "slow: slow did not answer within 50 ms");
            });
        }
    });
    assert_eq!(site.plugins.list().len(), 2, "its thread has some time to return");
    until("it was not taken out", || site.plugins.list().len() == 1);
    assert_eq!(site.listed(), ["which"]);
    assert_eq!(site.call("which", &json!({"id": 5})), Ok(json!({"id": 5, "version": 1})));
    assert!(!site.ledger().contains(&"shutdown 1".to_owned()), "its state is still used");
}

#[test]
fn the_seven_facts_about_a_plug_in_are_read_and_found_by() {
    let site = Site::new();
    let needs = ["MEMORY_MIN=1000", "MEMORY_MAX=2000"];
    let version = site.build("v.so", "version.c", &needs);
    let other = ["NAME=\"other\"", "TOOL=\"other\"", "NEEDS=\"versioned ^1.0; \""];
    let other = site.build("o.so", "version.c", &other);
    // The one that is needed comes second.
    site.plugins.load(&[other, version, site.build("e.so", "everything.c", &[])]).unwrap();
    assert_eq!(site.ledger(), ["init 1", "init 1"]);
    let found = site.plugins.find_by_capability("versions");
    let [versioned, other] = &found[..] else { panic!("{found:?}") };
    assert!(site.plugins.find_by_capability("version").is_empty());
    let about = &versioned.about;
    assert_eq!((&*about.name, about.version.to_string()), ("versioned", "1.0.0".to_owned()));
    assert_eq!(about.description, "Says which version it is.");
    assert_eq!(about.author, "The developers");
    assert_eq!(about.capabilities, ["versions", "test-only"]);
    assert_eq!((about.needs.memory_min, about.needs.memory_max), (1_000, 2_000));
    let [needed] = &other.about.dependencies[..] else { panic!("{other:?}") };
    assert_eq!((&*needed.name, needed.versions.to_string()), ("versioned", "^1.0".to_owned()));
    site.plugins.health("versioned").unwrap();
    // What is needed stays.
    let why = site.plugins.unload("versioned").unwrap_err().to_string();
    assert_eq!(why, "plug-in versioned: 'other' needs it: take that out before");
    let why = site.plugins.unload("versoned").unwrap_err().to_string();
    assert!(why.contains("versioned"), "{why}");
    site.plugins.close();
    assert!(site.listed().is_empty());
    assert_eq!(site.ledger().iter().filter(|line| *line == "shutdown 1").count(), 2);
}
