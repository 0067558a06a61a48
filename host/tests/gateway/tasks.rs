//! Calls that take their time, answered with tasks, over both transports.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Folder, Gateway, stateless, until};
use crate::web::{Header, Site, repeated};

pub(crate) const EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// A request of a client that takes tasks and can be asked for forms.
pub(crate) fn request(id: u32, method: &str, params: Value) -> Value {
    let mut message = stateless(&json!(id), method, params);
    message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({"elicitation": {}, "extensions": {EXTENSION: {}}});
    message
}

/// A client over either transport.
pub(crate) trait Client {
    fn ask(&mut self, message: &Value) -> Value;

    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let params = json!({"name": tool, "arguments": arguments});
        self.ask(&request(1, "tools/call", params))
    }

    fn task(&mut self, method: &str, task: &Value) -> Value {
        self.ask(&request(2, method, json!({"taskId": task})))
    }

    /// The task, when it stands so.
    fn until(&mut self, task: &Value, status: &str) -> Value {
        let mut last = Value::Null;
        let start = Instant::now();
        while last["result"]["status"] != status {
            assert!(start.elapsed() < Duration::from_secs(20), "{status}: {last}");
            std::thread::sleep(Duration::from_millis(20));
            last = self.task("tasks/get", task);
        }
        last["result"].clone()
    }
}

impl Client for Gateway {
    fn ask(&mut self, message: &Value) -> Value {
        self.send(message);
        self.answer(&message["id"])
    }
}

/// Requests over HTTP, with a key or without one.
pub(crate) struct Web<'s>(pub(crate) &'s Site, pub(crate) Option<Header<'s>>);

impl Client for Web<'_> {
    fn ask(&mut self, message: &Value) -> Value {
        let mut headers = repeated(message);
        headers.extend(self.1);
        self.0.post(&headers, message).json()
    }
}

/// Runs `test` with a client of each transport.
fn with_each(test: impl Fn(&mut dyn Client)) {
    test(&mut Gateway::start(&["--fixtures"]));
    test(&mut Web(&Site::start(&["--fixtures"]), None));
}

pub(crate) fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{result}"))
}

#[test]
fn a_call_that_takes_its_time_is_a_task_for_who_takes_one_and_others_wait() {
    with_each(|client| {
        let discovered = client.ask(&request(1, "server/discover", json!({})));
        assert_eq!(discovered["result"]["capabilities"]["extensions"][EXTENSION], json!({}));
        let quick = client.call("greet", json!({"name": "Ada"}))["result"].clone();
        assert_eq!((&quick["resultType"], text(&quick)), (&json!("complete"), "Hello, Ada!"));
        let made = client.call("slow_compute", json!({"seconds": 1}))["result"].clone();
        assert_eq!((&made["resultType"], &made["status"]), (&json!("task"), &json!("working")));
        assert!(made["ttlMs"].as_u64().unwrap() >= 3_600_000 && made.get("result").is_none());
        let ended = client.until(&made["taskId"], "completed");
        assert_eq!(text(&ended["result"]), "It took 1 seconds.", "{ended}");
        assert_eq!(ended["resultType"], "complete");
        // A client that takes none waits for the result.
        let params = json!({"name": "slow_compute", "arguments": {"seconds": 1}});
        let whole = client.ask(&stateless(&json!(3), "tools/call", params));
        assert_eq!(text(&whole["result"]), "It took 1 seconds.");
        let get = json!({"taskId": made["taskId"]});
        let refused = client.ask(&stateless(&json!(4), "tasks/get", get));
        assert_eq!(refused["error"]["code"], json!(-32021), "{refused}");
        let needed = &refused["error"]["data"]["requiredCapabilities"];
        assert_eq!(*needed, json!({"extensions": {EXTENSION: {}}}));
        let params = json!({"name": "failing_job", "arguments": {}});
        let refused = client.ask(&stateless(&json!(5), "tools/call", params));
        assert_eq!(refused["error"]["code"], json!(-32021), "it is served as a task only");
    });
}

#[test]
fn a_failed_tool_completes_and_an_answer_that_is_none_fails() {
    with_each(|client| {
        let failing = client.call("failing_job", json!({}))["result"]["taskId"].clone();
        let broken = client.call("protocol_error_job", json!({}))["result"]["taskId"].clone();
        assert_eq!(client.until(&failing, "completed")["result"]["isError"], json!(true));
        let failed = client.until(&broken, "failed");
        assert_eq!(failed["error"]["code"], json!(-32603), "{failed}");
        assert!(failed.get("result").is_none());
    });
}

#[test]
fn a_task_that_asks_goes_on_when_all_of_it_is_answered() {
    with_each(|client| {
        let task = client.call("multi_input", json!({}))["result"]["taskId"].clone();
        let keys = |task: &Value| -> Vec<String> {
            task["inputRequests"].as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(keys(&client.until(&task, "input_required")), ["first", "second"]);
        let update = |client: &mut dyn Client, key: &str, content: Value| {
            let answer = json!({key: {"action": "accept", "content": content}});
            let params = json!({"taskId": task, "inputResponses": answer});
            client.ask(&request(3, "tasks/update", params))["result"]["resultType"].clone()
        };
        for (key, content) in [("other", json!({})), ("first", json!({"confirm": true}))] {
            assert_eq!(update(client, key, content), "complete");
        }
        // What is answered is answered: a second answer changes nothing.
        update(client, "first", json!({"name": "late"}));
        assert_eq!(keys(&client.until(&task, "input_required")), ["second"]);
        update(client, "second", json!({"name": "two"}));
        let ended = client.until(&task, "completed");
        assert_eq!(text(&ended["result"]), "first: 1; second: two", "{ended}");
        // A tool that asks before it takes its time asks in the usual way.
        let asked = client.call("test_tool_with_task", json!({}))["result"].clone();
        assert_eq!(asked["resultType"], "input_required");
        let answer = json!({"user_name": {"action": "accept", "content": {"name": "Ada"}}});
        let params = json!({"name": "test_tool_with_task", "arguments": {},
            "inputResponses": answer, "requestState": asked["requestState"]});
        let made = client.ask(&request(4, "tools/call", params))["result"].clone();
        assert_eq!(made["resultType"], "task", "{made}");
        let ended = client.until(&made["taskId"], "completed");
        assert_eq!(text(&ended["result"]), "user_name: Ada");
    });
}

#[test]
fn a_task_is_cancelled_by_its_own_request_alone() {
    with_each(|client| {
        let task = client.call("slow_compute", json!({"seconds": 600}))["result"]["taskId"].clone();
        for _ in 0..2 {
            let cancelled = client.task("tasks/cancel", &task)["result"].clone();
            assert_eq!(cancelled["resultType"], "complete", "{cancelled}");
        }
        client.until(&task, "cancelled");
        for unknown in ["", "0", "../keys", "00000000000000000000000000000000"] {
            for method in ["tasks/get", "tasks/cancel"] {
                let refused = client.task(method, &json!(unknown));
                assert_eq!(refused["error"]["code"], json!(-32602), "{unknown}: {refused}");
            }
        }
        let refused = client.ask(&request(5, "tasks/get", json!({"taskId": 7})));
        assert_eq!(refused["error"]["code"], json!(-32602));
        for gone in ["tasks/list", "tasks/result"] {
            assert_eq!(client.task(gone, &task)["error"]["code"], json!(-32601));
        }
    });
}

#[test]
fn a_task_is_its_makers_alone() {
    let folder = Folder::new("tasks-keys");
    let keys = folder.path("keys");
    std::fs::write(&keys, "kitchen 0123456789abcdef\ncellar fedcba9876543210\n").unwrap();
    let site = Site::start(&["--fixtures", "--api-keys", keys.to_str().unwrap()]);
    let mut kitchen = Web(&site, Some(("Authorization", "Bearer 0123456789abcdef")));
    let mut cellar = Web(&site, Some(("Authorization", "Bearer fedcba9876543210")));
    let task = kitchen.call("slow_compute", json!({"seconds": 1}))["result"]["taskId"].clone();
    for method in ["tasks/get", "tasks/cancel"] {
        assert_eq!(cellar.task(method, &task)["error"]["code"], json!(-32602));
    }
    kitchen.until(&task, "completed");
}

/// The files of tasks in the settings of a program.
fn files(settings: &std::path::Path) -> Vec<PathBuf> {
    let Ok(all) = std::fs::read_dir(settings.join("tasks")) else { return Vec::new() };
    let all = all.map(|entry| entry.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|it| it == "json")).collect()
}

#[test]
fn a_gateway_that_is_killed_loses_no_task() {
    let folder = Folder::new("tasks-kill");
    let settings = folder.path("settings");
    let mut first = Gateway::start_in(&settings, &["--fixtures"]);
    let quick =
        Client::call(&mut first, "slow_compute", json!({"seconds": 1}))["result"]["taskId"].clone();
    let long =
        Client::call(&mut first, "slow_compute", json!({"seconds": 600}))["result"]["taskId"]
            .clone();
    // Each is on the disk before its client hears of it, for the user's eyes alone.
    let names: Vec<_> =
        files(&settings).iter().map(|it| it.file_stem().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 2);
    for task in [&quick, &long] {
        assert!(names.iter().any(|name| name.to_str() == task.as_str()), "{task}");
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &files(&settings)[0].metadata().unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let done = Client::until(&mut first, &quick, "completed");
    // Another program sees it as it stands, and that it goes on.
    let mut second = Gateway::start_in(&settings, &["--fixtures"]);
    assert_eq!(second.task("tasks/get", &quick)["result"]["result"], done["result"]);
    assert_eq!(second.task("tasks/get", &long)["result"]["status"], "working");
    second.task("tasks/cancel", &long);
    assert_eq!(second.task("tasks/get", &long)["result"]["status"], "working", "it is not its own");
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    assert_eq!(second.task("tasks/get", &quick)["result"]["result"], done["result"]);
    let lost = Client::until(&mut second, &long, "failed");
    let why = lost["error"]["message"].as_str().unwrap();
    assert!(why.contains("outcome unknown"), "{lost}");
    // A file that is cut, or of another kind, is no task.
    let path = settings.join("tasks").join(format!("{}.json", quick.as_str().unwrap()));
    let whole = std::fs::read(&path).unwrap();
    for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert_eq!(second.task("tasks/get", &quick)["error"]["code"], json!(-32602), "{cut}");
    }
}

#[test]
fn what_waits_for_a_person_keeps_no_other_call_waiting() {
    let mut gateway = Gateway::start(&["--fixtures", "--in-flight", "2"]);
    for id in 1..=4 {
        let params = json!({"name": "confirm_delete", "arguments": {"filename": "a"}});
        gateway.send(&request(id, "tools/call", params));
    }
    let tasks: Vec<Value> =
        (1..=4).map(|id| gateway.answer(&json!(id))["result"]["taskId"].clone()).collect();
    for task in &tasks {
        Client::until(&mut gateway, task, "input_required");
    }
    until(
        || (gateway.call("greet", json!({"name": "Ada"}))["isError"] == false).then_some(()),
        || "no answer".into(),
    );
}
