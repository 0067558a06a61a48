//! News of tasks, for clients that ask for them on `subscriptions/listen`.

use std::io::{BufReader, Write as _};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Folder, Gateway, PATIENCE, stateless};
use crate::tasks::{Client, EXTENSION, Web, request, text};
use crate::web::{Events, Header, Reply, Site, repeated};

const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";

/// A subscription to the news of tasks.
fn listen(id: u32, tasks: &[&Value]) -> Value {
    request(id, "subscriptions/listen", json!({"notifications": {"taskIds": tasks}}))
}

/// The state of a task in a notification of a subscription.
fn told(message: &Value, id: u32) -> Value {
    assert_eq!(message["method"], "notifications/tasks", "{message}");
    let mut task = message["params"].clone();
    let meta = task.as_object_mut().unwrap().remove("_meta").unwrap();
    assert_eq!(meta, json!({"io.modelcontextprotocol/subscriptionId": id}));
    task
}

/// What `tasks/get` returns, as far as it is the task.
fn got(client: &mut dyn Client, task: &Value) -> Value {
    let mut got = client.task("tasks/get", task)["result"].clone();
    for member in ["_meta", "resultType"] {
        assert!(got.as_object_mut().unwrap().remove(member).is_some(), "{got}");
    }
    got
}

fn begin(client: &mut dyn Client, tool: &str, arguments: Value) -> Value {
    client.call(tool, arguments)["result"]["taskId"].clone()
}

fn headers_of(message: &Value) -> Vec<Header<'_>> {
    let mut headers = repeated(message);
    headers.extend([
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
    ]);
    headers
}

/// A response of events to a message of a client that may have a key.
fn events(site: &Site, message: &Value, key: Option<Header<'_>>) -> Events {
    let mut headers = headers_of(message);
    headers.extend(key);
    site.stream("POST /mcp", &headers, &message.to_string())
}

#[test]
fn a_client_on_standard_input_is_told_until_the_end_of_its_task() {
    let mut gateway = Gateway::start(&["--fixtures"]);
    let task = begin(&mut gateway, "slow_compute", json!({"seconds": 1}));
    gateway.send(&listen(7, &[&task, &json!("no-such-task")]));
    let first = gateway.line();
    assert_eq!(first["method"], ACKNOWLEDGED);
    assert_eq!(first["params"]["notifications"], json!({"taskIds": [task]}));
    assert_eq!(told(&gateway.line(), 7)["status"], "working");
    let ended = told(&gateway.line(), 7);
    assert_eq!(text(&ended["result"]), "It took 1 seconds.", "{ended}");
    assert_eq!(ended, got(&mut gateway, &task));
    // One that has ended before is told of at once, and once.
    gateway.send(&listen(8, &[&task]));
    assert_eq!(gateway.line()["params"]["notifications"]["taskIds"], json!([task]));
    assert_eq!(told(&gateway.line(), 8), ended);
    gateway.is_silent_for(100);
}

#[test]
fn a_client_over_http_is_told_until_the_end_of_its_task() {
    let site = Site::start(&["--fixtures"]);
    let mut client = Web(&site, None);
    let task = begin(&mut client, "slow_compute", json!({"seconds": 1}));
    let mut news = events(&site, &listen(7, &[&task]), None);
    let first = news.next().unwrap();
    assert_eq!(
        (&first["method"], first["params"]["notifications"].clone()),
        (&json!(ACKNOWLEDGED), json!({"taskIds": [task]}))
    );
    assert_eq!(told(&news.next().unwrap(), 7)["status"], "working");
    let ended = told(&news.next().unwrap(), 7);
    assert_eq!(text(&ended["result"]), "It took 1 seconds.", "{ended}");
    assert_eq!(ended, got(&mut client, &task));
}

#[test]
fn questions_and_cancellation_are_told_as_well() {
    let mut gateway = Gateway::start(&["--fixtures"]);
    let task = begin(&mut gateway, "multi_input", json!({}));
    let long = begin(&mut gateway, "slow_compute", json!({"seconds": 600}));
    gateway.send(&listen(7, &[&task, &long]));
    assert_eq!(gateway.line()["method"], ACKNOWLEDGED);
    let next = |gateway: &mut Gateway, of: &Value, status: &str| {
        loop {
            let message = gateway.line();
            if message.get("method").is_some() {
                let task = told(&message, 7);
                if (&task["taskId"], &task["status"]) == (of, &json!(status)) {
                    return task;
                }
            }
        }
    };
    let asks = next(&mut gateway, &task, "input_required");
    assert_eq!(asks["inputRequests"].as_object().unwrap().len(), 2, "{asks}");
    let yes = |content: Value| json!({"action": "accept", "content": content});
    let answers =
        json!({"first": yes(json!({"confirm": true})), "second": yes(json!({"name": "2"}))});
    let params = json!({"taskId": task, "inputResponses": answers});
    gateway.send(&request(9, "tasks/update", params));
    next(&mut gateway, &task, "working");
    let ended = next(&mut gateway, &task, "completed");
    assert_eq!(text(&ended["result"]), "first: 1; second: 2", "{ended}");
    gateway.send(&request(10, "tasks/cancel", json!({"taskId": long})));
    // The answer and the news come in either order.
    let both = [gateway.line(), gateway.line()];
    let news = both.iter().find(|it| it.get("method").is_some()).unwrap();
    assert_eq!(told(news, 7)["status"], "cancelled", "{both:?}");
    // A subscription that is given up is told no more.
    let again = begin(&mut gateway, "slow_compute", json!({"seconds": 1}));
    gateway.send(&listen(11, &[&again]));
    assert_eq!(gateway.line()["method"], ACKNOWLEDGED);
    assert_eq!(told(&gateway.line(), 11)["status"], "working");
    gateway.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": {"requestId": 11}}));
    gateway.is_silent_for(1_200);
}

#[test]
fn no_client_is_told_of_the_task_of_another() {
    let folder = Folder::new("tasks-told");
    let keys = folder.path("keys");
    std::fs::write(&keys, "kitchen 0123456789abcdef\ncellar fedcba9876543210\n").unwrap();
    let site = Site::start(&["--fixtures", "--api-keys", keys.to_str().unwrap()]);
    let kitchen = Some(("Authorization", "Bearer 0123456789abcdef"));
    let cellar = Some(("Authorization", "Bearer fedcba9876543210"));
    let task = begin(&mut Web(&site, kitchen), "slow_compute", json!({"seconds": 1}));
    let other = begin(&mut Web(&site, cellar), "slow_compute", json!({"seconds": 2}));
    let mut curious = events(&site, &listen(7, &[&task, &other]), cellar);
    let first = curious.next().unwrap();
    assert_eq!(first["params"]["notifications"], json!({"taskIds": [other]}));
    let mut own = events(&site, &listen(8, &[&task]), kitchen);
    assert_eq!(own.next().unwrap()["method"], ACKNOWLEDGED);
    while told(&own.next().unwrap(), 8)["status"] != "completed" {}
    // By then the other has been told of its own alone.
    loop {
        let state = told(&curious.next().unwrap(), 7);
        assert_eq!(state["taskId"], other, "{state}");
        if state["status"] == "completed" {
            break;
        }
    }
    let mut nothing = events(&site, &listen(9, &[&task]), cellar);
    assert_eq!(nothing.next().unwrap()["params"]["notifications"], json!({}));
}

#[test]
fn who_does_not_declare_the_extension_is_refused_and_too_many_tasks_are_not_agreed_to() {
    let params = json!({"notifications": {"taskIds": ["a"]}});
    let undeclared = stateless(&json!(7), "subscriptions/listen", params);
    let site = Site::start(&["--fixtures"]);
    let refused = site.post(&repeated(&undeclared), &undeclared);
    assert_eq!(refused.json()["error"]["code"], json!(-32021), "{refused:?}");
    let mut gateway = Gateway::start(&["--fixtures"]);
    gateway.send(&undeclared);
    let refused = gateway.answer(&json!(7));
    let needed = &refused["error"]["data"]["requiredCapabilities"]["extensions"];
    assert_eq!((&refused["error"]["code"], needed), (&json!(-32021), &json!({EXTENSION: {}})));
    let ids: Vec<Value> = (0..10_000).map(|id| json!(format!("{id:032x}"))).collect();
    let start = std::time::Instant::now();
    gateway.send(&listen(8, &ids.iter().collect::<Vec<_>>()));
    assert_eq!(gateway.line()["params"]["notifications"], json!({}));
    assert!(start.elapsed() < PATIENCE / 4);
}

#[test]
fn a_client_that_does_not_read_misses_no_end_of_a_task() {
    let site = Site::start(&["--fixtures"]);
    let params = json!({"name": "slow_compute", "arguments": {"seconds": 2}});
    let (call, mut sent) = (request(1, "tools/call", params), Vec::new());
    for _ in 0..12 {
        let mut stream = site.connect();
        let headers = [&headers_of(&call)[..], &[("Connection", "close")]].concat();
        let request = site.request("POST /mcp", &headers, &call.to_string());
        stream.write_all(request.as_bytes()).unwrap();
        sent.push(stream);
    }
    let made = sent.into_iter().map(|stream| Reply::read(&mut BufReader::new(stream)).json());
    let tasks: Vec<Value> = made.map(|made| made["result"]["taskId"].clone()).collect();
    let mut deaf = events(&site, &listen(7, &tasks.iter().collect::<Vec<_>>()), None);
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(deaf.next().unwrap()["method"], ACKNOWLEDGED);
    let mut ended = std::collections::BTreeSet::new();
    while ended.len() < tasks.len() {
        let state = told(&deaf.next().unwrap(), 7);
        if state["status"] == "completed" {
            assert!(ended.insert(state["taskId"].to_string()), "told twice: {state}");
        }
    }
}
