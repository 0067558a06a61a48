//! Skills of devices: what clients are told of them is what they read.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::bakery::Bakery;
use crate::harness::{Folder, Gateway, stateless, until};
use crate::panels::{Panels, Plan};

/// Waits until there are `count` skills, and returns them.
fn skills(gateway: &mut Gateway, count: usize) -> Vec<Value> {
    let mut seen = Value::Null;
    for _ in 0..1_000 {
        seen = gateway.ask("skills/list", json!({}));
        match seen["result"]["skills"].as_array() {
            Some(skills) if skills.len() == count => return skills.clone(),
            _ => std::thread::sleep(std::time::Duration::from_millis(10)),
        }
    }
    panic!("not {count} skills: {seen}");
}

/// What a client checks before it shows a skill to a model: each file is there and has the length
/// and the digest that it was told.
fn verify(gateway: &mut Gateway, skill: &Value) -> bool {
    skill["resources"].as_array().unwrap().iter().all(|file| {
        let read = gateway.ask("resources/read", json!({"uri": file["uri"]}));
        let text = read["result"]["contents"][0]["text"].as_str().unwrap().to_owned();
        let hex: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        file["digest"] == format!("sha256:{hex}") && file["size"] == text.len()
    })
}

#[test]
fn the_files_of_a_skill_are_what_its_manifest_says() {
    let mut gateway = Gateway::start(&["--fixtures"]);
    let [skill] = &skills(&mut gateway, 1)[..] else { panic!() };
    assert_eq!(skill["uri"], "skill://fixtures/SKILL.md");
    assert_eq!(skill["frontmatter"]["name"], "fixtures");
    assert!(verify(&mut gateway, skill), "{skill}");
    let one = gateway.ask("skills/get", json!({"uri": skill["uri"]}));
    assert_eq!(one["result"]["skill"], *skill);
    let children = |gateway: &mut Gateway, uri: &str| {
        let answer = gateway.ask("resources/directory/read", json!({"uri": uri}));
        let list = answer["result"]["resources"].as_array().unwrap().clone();
        list.into_iter().map(|it| it["uri"].clone()).collect::<Vec<_>>()
    };
    let [entry, folder] = &children(&mut gateway, "skill://fixtures")[..] else { panic!() };
    assert_eq!((entry, folder.as_str()), (&skill["uri"], Some("skill://fixtures/parts")));
    let parts = children(&mut gateway, "skill://fixtures/parts");
    assert_eq!(parts, ["skill://fixtures/parts/lamp.md"]);
    let none = gateway.ask("skills/get", json!({"uri": "skill://fixtures/parts/lamp.md"}));
    assert_eq!(none["error"]["code"], -32602);
}

#[test]
fn a_file_that_changes_is_read_again_and_clients_are_told() {
    let folder = Folder::new("skills");
    let clerk = folder.path("clerk");
    let _bakery = Bakery::start(clerk.clone());
    let mut gateway = Gateway::start(&["--unix", clerk.to_str().unwrap()]);
    let [skill] = &skills(&mut gateway, 1)[..] else { panic!() };
    let head = json!({"name": "clerk", "description": "Sells bread: how."});
    assert_eq!((&skill["frontmatter"], verify(&mut gateway, skill)), (&head, true));
    let why = "skill skill://other/SKILL.md: its name is \"clerk\" and its folder \"other\"";
    assert!(gateway.logged(why).contains("left out"));
    let filter = json!({"notifications": {"resourcesListChanged": true}});
    gateway.send(&stateless(&json!("all"), "subscriptions/listen", filter));
    assert_eq!(gateway.line()["method"], "notifications/subscriptions/acknowledged");
    gateway.send(&stateless(&json!(1), "tools/call", json!({"name": "bake", "arguments": {}})));
    let mut came = vec![gateway.line(), gateway.line()];
    came.sort_by_key(|it| it["id"].is_null());
    assert!(came[0]["result"].is_object(), "{came:?}");
    assert_eq!(came[1]["method"], "notifications/resources/list_changed", "{came:?}");
    let [changed] = &skills(&mut gateway, 1)[..] else { panic!() };
    assert_ne!(changed, skill);
    assert!(verify(&mut gateway, changed), "{changed}");
}

#[test]
fn a_command_that_makes_one_call_reads_no_manual() {
    let mut call = Gateway::command(&[]);
    let mut trine = std::process::Command::new(call.get_program());
    trine.args(["call", "fixtures", "test_simple_text", "--fixtures", "--trace", "-"]);
    for (name, value) in call.env("TRINE_CONFIG", "/no/such/folder").get_envs() {
        match value {
            Some(value) => trine.env(name, value),
            None => trine.env_remove(name),
        };
    }
    let done = trine.output().unwrap();
    let trace = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && trace.contains("> call"), "{trace}");
    assert!(!trace.contains("> read"), "{trace}");
}

/// A skill whose manual takes its time.
fn slow(name: &str) -> (Folder, Panels) {
    let folder = Folder::new(name);
    let manual = format!("---\nname: slow\ndescription: Long.\n---\n{}", "word ".repeat(150_000));
    let plan = Plan::default().resource("skill://slow/SKILL.md", "text/markdown", &manual);
    let board = Panels::start(folder.path("slow"), "slow", plan);
    (folder, board)
}

#[test]
fn the_end_of_the_input_while_a_skill_is_read_is_no_error() {
    let (_folder, board) = slow("skills-end");
    let mut gateway = Gateway::start(&["--unix", board.address()]);
    gateway.logged("slow: online");
    until(|| (board.pieces() > 10).then_some(()), || "no manual is read".to_owned());
    gateway.input = None;
    assert!(gateway.exited().success());
    assert!(board.pieces() < 2_000, "the manual was read to its end");
    std::thread::sleep(std::time::Duration::from_millis(50));
    let log = gateway.log();
    assert!(!log.contains("ERROR") && !log.contains("left out"), "{log}");
}
