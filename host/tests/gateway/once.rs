//! Calls that run once: repeated to the same gateway, and to one that was started after it was
//! killed, over both transports.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Folder, Gateway, initialize, stateless, until};
use crate::tasks::{Client, Web, request, text};
use crate::web::Site;

/// A folder with a journal, a ledger, and tools that write into the ledger when they run.
pub(crate) struct Desk {
    folder: Folder,
}

impl Desk {
    fn new(name: &str) -> Self {
        let desk = Self { folder: Folder::new(name) };
        let run = |what: &str| {
            let script = format!("echo ran >> {}; {what}", desk.path("ledger"));
            json!({"command": ["/bin/sh", "-c", script], "timeout_seconds": 50})
        };
        let n = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
        for (tool, what) in [
            ("pay", "printf '{\"paid\":true}'"),
            ("slow", "sleep 30"),
            ("big", "printf '{\"a\":\"'; printf '%070000d' 0; printf '\"}'"),
            ("fail", "exit 3"),
        ] {
            let definition = json!({"id": tool, "name": tool, "description": "Runs.",
                "input_schema": n, "execute": run(what)});
            std::fs::write(desk.path(&format!("{tool}.json")), definition.to_string()).unwrap();
        }
        desk
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path(name).to_str().unwrap().to_owned()
    }

    /// Arguments of a gateway with the tools, the fixtures and the journal.
    fn arguments(&self) -> Vec<String> {
        let mut all = vec!["--fixtures".to_owned(), "--journal".into(), self.path("calls")];
        for tool in ["pay", "slow", "big", "fail"] {
            all.extend(["--plugin".to_owned(), self.path(&format!("{tool}.json"))]);
        }
        all
    }

    fn gateway(&self) -> Gateway {
        let arguments = self.arguments();
        let arguments: Vec<&str> = arguments.iter().map(|it| &**it).collect();
        Gateway::start(&arguments)
    }

    fn site(&self) -> Site {
        let arguments = self.arguments();
        Site::start(&arguments.iter().map(|it| &**it).collect::<Vec<_>>())
    }

    /// How often a tool has run.
    fn ran(&self) -> usize {
        std::fs::read_to_string(self.path("ledger")).unwrap_or_default().lines().count()
    }
}

/// A call with an id of its client's own.
pub(crate) fn named(id: u32, tool: &str, arguments: Value, call_id: &Value) -> Value {
    let params = json!({"name": tool, "arguments": arguments});
    let mut message = stateless(&json!(id), "tools/call", params);
    message["params"]["_meta"]["trine/call-id"] = call_id.clone();
    message
}

fn once(client: &mut dyn Client, tool: &str, arguments: Value, call_id: &str) -> Value {
    client.ask(&named(7, tool, arguments, &json!(call_id)))
}

fn is_repeated(answer: &Value) -> bool {
    answer["result"]["_meta"]["trine/repeated"] == json!(true)
}

/// An answer without the mark of one that is given again.
fn unmarked(mut answer: Value) -> Value {
    if let Some(meta) = answer["result"]["_meta"].as_object_mut() {
        meta.remove("trine/repeated");
    }
    answer
}

fn standing(answer: &Value) -> &str {
    answer["error"]["data"]["trine/call"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

/// Runs `test` with a client of each transport, three times each with a gateway that was started
/// after the last one was killed.
fn with_each(name: &str, test: impl Fn(&Desk, &mut dyn Client, u32)) {
    let desk = Desk::new(&format!("once-stdio-{name}"));
    for run in 0..3 {
        test(&desk, &mut desk.gateway(), run);
    }
    let desk = Desk::new(&format!("once-http-{name}"));
    for run in 0..3 {
        test(&desk, &mut Web(&desk.site(), None), run);
    }
}

#[test]
fn a_call_that_is_repeated_gets_the_same_answer_and_does_not_run_again() {
    with_each("same", |desk, client, run| {
        let first = once(client, "pay", json!({"n": 1}), "a");
        assert_eq!(is_repeated(&first), run > 0, "{first}");
        assert_eq!(first["result"]["structuredContent"], json!({"paid": true}), "{first}");
        let again = once(client, "pay", json!({"n": 1}), "a");
        assert!(is_repeated(&again));
        assert_eq!(unmarked(first), unmarked(again));
        assert_eq!(desk.ran(), run as usize * 2 + 1, "in run {run}");
        // An error is an answer too.
        let failed = once(client, "fail", json!({}), &format!("fails-{run}"));
        let again = once(client, "fail", json!({}), &format!("fails-{run}"));
        assert!(failed["result"]["isError"] == true && is_repeated(&again), "{failed}");
        assert_eq!(unmarked(failed), unmarked(again));
        // A device's tool, and what its description refuses.
        let greeted = once(client, "greet", json!({"name": "Ada"}), "greet");
        assert_eq!((is_repeated(&greeted), text(&greeted["result"])), (run > 0, "Hello, Ada!"));
        let other = once(client, "greet", json!({"name": "Bob"}), "greet");
        assert_eq!((standing(&other), &other["error"]["code"]), ("other", &json!(-32602)));
        assert_eq!(standing(&once(client, "pay", json!({"n": 1}), "greet")), "other");
        // Without an id it runs each time.
        client.call("pay", json!({"n": 1}));
        assert_eq!(desk.ran(), run as usize * 2 + 3);
    });
}

#[test]
fn a_call_that_ran_when_its_gateway_was_killed_is_of_unknown_outcome() {
    let desk = Desk::new("once-killed");
    let mut gateway = desk.gateway();
    let calls = [("slow", json!({}), "slow"), ("slow_compute", json!({"seconds": 600}), "device")];
    for (id, (tool, arguments, call_id)) in (1..).zip(&calls) {
        gateway.send(&named(id, tool, arguments.clone(), &json!(call_id)));
    }
    until(|| (desk.ran() == 1).then_some(()), || "the tool was not entered".to_owned());
    for (tool, arguments, call_id) in &calls {
        let told = once(&mut gateway, tool, arguments.clone(), call_id);
        assert_eq!((standing(&told), &told["error"]["code"]), ("running", &json!(-32603)));
    }
    drop(gateway);
    for _ in 0..2 {
        let site = desk.site();
        for (tool, arguments, call_id) in &calls {
            let told = once(&mut Web(&site, None), tool, arguments.clone(), call_id);
            assert_eq!((standing(&told), &told["error"]["code"]), ("unknown", &json!(-32603)));
            let said = told["error"]["message"].as_str().unwrap();
            assert!(said.contains("outcome unknown"), "{said}");
        }
    }
    assert_eq!(desk.ran(), 1);
}

#[test]
fn an_answer_that_is_too_long_is_not_kept_and_its_call_does_not_run_again() {
    with_each("big", |desk, client, run| {
        let first = once(client, "big", json!({}), "big");
        if run == 0 {
            let long = first["result"]["structuredContent"]["a"].as_str().unwrap();
            assert_eq!(long.len(), 70_000);
        } else {
            assert_eq!(standing(&first), "not-kept");
        }
        assert_eq!(standing(&once(client, "big", json!({}), "big")), "not-kept");
        assert_eq!(desk.ran(), 1);
    });
}

#[test]
fn a_call_that_a_rate_limit_refuses_has_not_begun_and_runs_when_it_is_repeated() {
    let desk = Desk::new("once-limit");
    let script = format!("echo ran >> {}; printf '{{}}'", desk.path("ledger"));
    let definition = json!({"id": "pay", "name": "pay", "description": "Pays.",
        "input_schema": {"type": "object"}, "rate_limit": {"max_calls": 1, "per_seconds": 2},
        "execute": {"command": ["/bin/sh", "-c", script]}});
    std::fs::write(desk.path("pay.json"), definition.to_string()).unwrap();
    let mut gateway = desk.gateway();
    let first = once(&mut gateway, "pay", json!({}), "a");
    assert!(!is_repeated(&first) && first["result"]["isError"] != true, "{first}");
    let refused = once(&mut gateway, "pay", json!({}), "b");
    assert!(text(&refused["result"]).contains("at most 1 call"), "{refused}");
    let ran = until(
        || {
            let told = once(&mut gateway, "pay", json!({}), "b");
            (told["result"]["isError"] != true).then_some(told)
        },
        || "the refusal was kept as the answer".to_owned(),
    );
    assert_eq!((is_repeated(&ran), desk.ran()), (false, 2), "{ran}");
    assert!(is_repeated(&once(&mut gateway, "pay", json!({}), "b")));
}

#[test]
fn with_sync_calls_are_answered_as_without_it_also_where_the_input_ends() {
    let desk = Desk::new("once-sync");
    let mut arguments = desk.arguments();
    arguments.push("--journal-sync".into());
    let start = || Gateway::start(&arguments.iter().map(|it| &**it).collect::<Vec<_>>());
    for run in 0..2 {
        let mut gateway = start();
        for (tool, args) in [("pay", json!({"n": 1})), ("greet", json!({"name": "Ada"}))] {
            for repeat in 0..2 {
                let told = once(&mut gateway, tool, args.clone(), tool);
                assert_eq!(is_repeated(&told), run + repeat > 0, "{told}");
            }
        }
        assert_eq!(desk.ran(), 1);
        // All of them are answered although the input ends at once.
        for id in 0..40 {
            let tool = if id % 2 == 0 { "fail" } else { "greet" };
            let args = if id % 2 == 0 { json!({}) } else { json!({"name": "Bob"}) };
            gateway.send(&named(id, tool, args, &json!(format!("{run}-{id}"))));
        }
        drop(gateway.input.take());
        assert_eq!(gateway.rest().len(), 40);
        std::fs::remove_file(desk.path("ledger")).unwrap();
        std::fs::write(desk.path("ledger"), "ran\n").unwrap();
    }
}

#[test]
fn a_malformed_id_is_refused_and_so_is_any_id_without_a_journal() {
    let desk = Desk::new("once-bad");
    let mut with = desk.gateway();
    let site = desk.path("other");
    let mut others = desk.arguments();
    others[2] = site;
    let site = Site::start(&others.iter().map(|it| &**it).collect::<Vec<_>>());
    let long = "x".repeat(129);
    let bad = [json!(""), json!(7), json!(null), json!("a\nb"), json!("é"), json!(long)];
    for call_id in &bad {
        for client in [&mut with as &mut dyn Client, &mut Web(&site, None)] {
            let refused = client.ask(&named(1, "pay", json!({}), call_id));
            assert_eq!(refused["error"]["code"], json!(-32602), "{call_id}");
            let said = refused["error"]["message"].as_str().unwrap();
            assert!(said.contains("1 to 128 printable"), "{said}");
        }
    }
    assert_eq!(desk.ran(), 0);
    once(&mut with, "pay", json!({}), &"x".repeat(128));
    assert_eq!(desk.ran(), 1);
    let mut without = Gateway::start(&["--plugin", &desk.path("pay.json")]);
    let refused = once(&mut without, "pay", json!({}), "a");
    assert_eq!(refused["error"]["code"], json!(-32602), "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("--journal"), "{refused}");
    assert_eq!(desk.ran(), 1);
}

#[test]
fn the_ids_of_one_key_say_nothing_to_another() {
    let desk = Desk::new("once-keys");
    let keys = desk.path("keys");
    std::fs::write(&keys, "kitchen 0123456789abcdef\ncellar fedcba9876543210\n").unwrap();
    for run in 0..2 {
        let mut arguments = desk.arguments();
        arguments.extend(["--api-keys".into(), keys.clone()]);
        let site = Site::start(&arguments.iter().map(|it| &**it).collect::<Vec<_>>());
        let mut kitchen = Web(&site, Some(("Authorization", "Bearer 0123456789abcdef")));
        let mut cellar = Web(&site, Some(("Authorization", "Bearer fedcba9876543210")));
        let first = once(&mut kitchen, "pay", json!({"n": 1}), "a");
        let second = once(&mut cellar, "pay", json!({"n": 2}), "a");
        assert_eq!((is_repeated(&first), is_repeated(&second)), (run > 0, run > 0), "{second}");
        assert!(is_repeated(&once(&mut kitchen, "pay", json!({"n": 1}), "a")));
        assert_eq!(standing(&once(&mut cellar, "pay", json!({"n": 1}), "a")), "other");
    }
    assert_eq!(desk.ran(), 2);
}

#[test]
fn a_call_that_asks_is_one_call_with_all_its_rounds() {
    let desk = Desk::new("once-asks");
    let mut gateway = desk.gateway();
    let of = |more: Value| {
        let mut message = named(1, "confirm_delete", json!({"filename": "a"}), &json!("del"));
        message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
            json!({"elicitation": {}});
        for (name, value) in more.as_object().unwrap() {
            message["params"][name] = value.clone();
        }
        message["params"]["name"] = json!("test_input_required_result_elicitation");
        message["params"]["arguments"] = json!({});
        message
    };
    // A client that was asked and lost the question asks for it once more.
    for _ in 0..2 {
        let asked = Client::ask(&mut gateway, &of(json!({})))["result"].clone();
        assert_eq!(asked["resultType"], "input_required", "{asked}");
    }
    let asked = Client::ask(&mut gateway, &of(json!({})))["result"].clone();
    let name = asked["inputRequests"].as_object().unwrap().keys().next().unwrap().clone();
    let answer = json!({name: {"action": "accept", "content": {"name": "Ada"}}});
    let more = json!({"inputResponses": answer, "requestState": asked["requestState"]});
    let ended = Client::ask(&mut gateway, &of(more.clone()));
    assert!(text(&ended["result"]).contains("Ada"), "{ended}");
    drop(gateway);
    let mut gateway = desk.gateway();
    // Either round is answered, though the state of the second is of a program that has ended.
    for round in [json!({}), more] {
        let again = Client::ask(&mut gateway, &of(round));
        assert!(is_repeated(&again), "{again}");
        assert_eq!(unmarked(again)["result"]["content"], ended["result"]["content"]);
    }
}

#[test]
fn a_session_that_is_asked_goes_on_with_the_same_id() {
    let desk = Desk::new("once-session");
    for run in 0..2 {
        let mut gateway = desk.gateway();
        let mut hello = initialize("2025-11-25");
        hello[0]["params"]["capabilities"] = json!({"elicitation": {}});
        hello.iter().for_each(|message| gateway.send(message));
        gateway.answer(&json!("hello"));
        let meta = json!({"trine/call-id": "who"});
        let params = json!({"name": "test_elicitation", "arguments": {"message": "Who?"},
            "_meta": meta});
        let call = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params});
        gateway.send(&call);
        let mut told = gateway.line();
        if run == 0 {
            assert_eq!(told["method"], "elicitation/create", "{told}");
            let content = json!({"username": "ada", "email": "a@b.c"});
            let result = json!({"action": "accept", "content": content});
            gateway.send(&json!({"jsonrpc": "2.0", "id": told["id"], "result": result}));
            told = gateway.answer(&json!(5));
        }
        assert_eq!(is_repeated(&told), run > 0, "{told}");
        assert!(text(&told["result"]).contains("ada, a@b.c"), "{told}");
    }
}

#[test]
fn a_call_that_has_become_a_task_is_answered_with_its_result() {
    with_each("task", |_, client, run| {
        let mut message = named(1, "slow_compute", json!({"seconds": 1}), &json!("task"));
        message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = request(
            1,
            "tools/call",
            json!({}),
        )["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"]
            .clone();
        let made = client.ask(&message);
        if run == 0 {
            assert_eq!(made["result"]["resultType"], "task", "{made}");
            assert_eq!(standing(&client.ask(&message)), "running");
            client.until(&made["result"]["taskId"], "completed");
        }
        let again = client.ask(&message);
        assert!(is_repeated(&again), "{again}");
        assert_eq!(text(&again["result"]), "It took 1 seconds.");
    });
}

#[test]
fn a_journal_of_another_program_and_a_file_that_is_none_are_refused_at_the_start() {
    let desk = Desk::new("once-lock");
    let mut gateway = desk.gateway();
    once(&mut gateway, "pay", json!({}), "a");
    let refused = |file: &str| {
        let mut command = Gateway::command(&["--fixtures", "--journal", file]);
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = refused(&desk.path("calls"));
    assert!(code == Some(1) && said.contains("in use by another program"), "{code:?} {said}");
    let (code, said) = refused(&desk.path("pay.json"));
    assert!(code == Some(1) && said.contains("is no journal"), "{code:?} {said}");
    // What was being written when the power failed is cut off, and that is said.
    gateway.child.kill().unwrap();
    gateway.child.wait().unwrap();
    let bytes = std::fs::read(desk.path("calls")).unwrap();
    std::fs::write(desk.path("calls"), &bytes[..bytes.len() - 1]).unwrap();
    let mut gateway = desk.gateway();
    let told = once(&mut gateway, "pay", json!({}), "a");
    assert_eq!(standing(&told), "unknown");
    gateway.logged("bytes at its end are no record");
    assert_eq!(desk.ran(), 1);
}

#[test]
fn on_a_disk_that_is_full_a_call_with_an_id_is_refused_before_it_runs() {
    let desk = Desk::new("once-full");
    let mut command = Command::new("/bin/sh");
    // No file of it may have more than 8 blocks of 512 bytes; writing on is an error.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$@\"";
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_trine"), "gateway"]);
    command.args(desk.arguments()).env("TRINE_CONFIG", desk.path("settings"));
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped());
    let mut gateway = Gateway::spawn(&mut command);
    let mut ids = (0..200)
        .map(|id| (id, once(&mut gateway, "greet", json!({"name": "A"}), &format!("{id}"))));
    let (refused, told) = ids.find(|(_, told)| told["error"].is_object()).unwrap();
    assert!(refused > 5 && standing(&told) == "not-run", "{told}");
    let told = once(&mut gateway, "pay", json!({}), "pay");
    assert_eq!((standing(&told), desk.ran()), ("not-run", 0));
    // Without an id it runs, and what is in the journal is answered from it.
    assert_eq!(gateway.value("pay", json!({})), json!({"paid": true}));
    assert!(is_repeated(&once(&mut gateway, "greet", json!({"name": "A"}), "0")));
    drop(gateway);
    let mut gateway = desk.gateway();
    let told = once(&mut gateway, "pay", json!({}), "pay");
    assert_eq!((is_repeated(&told), desk.ran()), (false, 2), "it had never begun");
}

#[test]
fn a_call_without_an_id_writes_nothing() {
    let desk = Desk::new("once-nothing");
    let mut gateway = desk.gateway();
    for _ in 0..10 {
        gateway.value("pay", json!({}));
    }
    assert_eq!(std::fs::metadata(desk.path("calls")).unwrap().len(), 16, "a header");
}
