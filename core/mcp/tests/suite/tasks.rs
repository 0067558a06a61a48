//! The tasks extension: requests as clients send them, and what a task looks like.

use serde_json::{Value, json};
use trine_descriptor::Field;
use trine_mcp::{
    Id, InputKind, InputRequest, McpEngine, McpSession, Step, Task, TaskStatus, TaskWhat, Version,
    notify, tasks,
};

use crate::common::{Able, ask, modern};

const SERVER: Able = Able { can_change: false, logs: false };
const TASK: Task<'static> = Task {
    id: "t-1",
    created: "2026-07-28T00:00:00.000Z",
    updated: "2026-07-28T00:00:01.000Z",
    ttl_ms: 60_000,
    poll_ms: 500,
    message: "",
    status: TaskStatus::Working,
};

fn declared(method: &str, params: &str) -> String {
    let capabilities = r#"Capabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}"#;
    modern(method, params).replace(r#"Capabilities":{}"#, capabilities)
}

/// What comes of a message: `look` is given the step, and the answer where there is one.
fn received<R>(message: &str, look: impl FnOnce(Step<'_>, Value) -> R) -> R {
    let mut out = [0; 1024];
    let engine = McpEngine::new(&SERVER);
    let step = engine.receive(message.as_bytes(), &mut McpSession::new(), &mut [0; 64], &mut out);
    let answer = match step {
        Step::Reply(len) => serde_json::from_slice(&out[..len]).unwrap(),
        _ => Value::Null,
    };
    look(step, answer)
}

#[test]
fn requests_about_tasks_are_read_for_who_takes_tasks() {
    for (method, what) in [
        ("tasks/get", TaskWhat::Get),
        ("tasks\\/update", TaskWhat::Update),
        ("tasks/cancel", TaskWhat::Cancel),
    ] {
        let params = r#""taskId":"t-\u0031","inputResponses":{"a":{"action":"cancel"},"b":7}"#;
        received(&declared(method, params), |step, _| {
            let Step::Task(request) = step else { panic!("{step:?}") };
            assert_eq!((request.what, request.task.is(b"t-1")), (what, true));
            let results: Vec<_> = request.results().map(|(_, result)| result).collect();
            let none: Vec<&[u8]> = Vec::new();
            let both = vec![&br#"{"action":"cancel"}"#[..], b"7"];
            assert_eq!(results, if what == TaskWhat::Update { both } else { none });
        });
        let code = |message: &str| received(message, |_, answer| answer["error"]["code"].clone());
        assert_eq!(code(&modern(method, params)), json!(-32021), "not declared");
        assert_eq!(code(&declared(method, "")), json!(-32602), "no task");
        assert_eq!(code(&declared(method, r#""taskId":7"#)), json!(-32602));
        // A server without tasks knows no such method.
        let plain = ask(&mut McpSession::new(), &declared(method, params));
        assert!(plain.contains("-32601"), "{plain}");
    }
    for bad in ["", r#","inputResponses":null"#, r#","inputResponses":[]"#] {
        let message = declared("tasks/update", &format!(r#""taskId":"t-1"{bad}"#));
        received(&message, |_, answer| assert_eq!(answer["error"]["code"], json!(-32602)));
    }
    received(&modern("server/discover", ""), |_, answer| {
        let extensions = &answer["result"]["capabilities"]["extensions"];
        assert_eq!(*extensions, json!({"io.modelcontextprotocol/tasks": {}}));
    });
}

#[test]
fn a_subscription_names_tasks_where_its_client_takes_tasks() {
    let ask_for =
        |ids: &str| format!(r#""notifications":{{"toolsListChanged":true,"taskIds":{ids}}}"#);
    let (method, one) = ("subscriptions/listen", ask_for(r#"["t-\u0031","t-2"]"#));
    received(&declared(method, &one), |step, _| {
        let Step::Listen(listen) = step else { panic!("{step:?}") };
        assert_eq!(listen.tasks, br#"["t-\u0031","t-2"]"#);
        let told = |tasks: &[&str]| {
            let mut out = [0; 512];
            let len = notify::acknowledge_tasks(&listen, tasks, &mut out).unwrap();
            assert_eq!(notify::acknowledge_tasks(&listen, tasks, &mut [0; 9]).unwrap_err().0, len);
            serde_json::from_slice::<Value>(&out[..len]).unwrap()["params"]["notifications"].clone()
        };
        assert_eq!(told(&[]), json!({}));
        assert_eq!(told(&["t-1", "t-2"]), json!({"taskIds": ["t-1", "t-2"]}));
    });
    received(&modern(method, &one), |_, answer| {
        assert_eq!(answer["error"]["code"], json!(-32021), "not declared");
        let needed = &answer["error"]["data"]["requiredCapabilities"]["extensions"];
        assert_eq!(*needed, json!({"io.modelcontextprotocol/tasks": {}}));
    });
    for bad in ["7", "[7]", "{}"] {
        let message = declared(method, &ask_for(bad));
        received(&message, |_, answer| assert_eq!(answer["error"]["code"], json!(-32602), "{bad}"));
    }
    // A server without tasks agrees to none, and refuses no one for it.
    let plain = modern(method, &one);
    let step = crate::common::send(&mut McpSession::new(), plain.as_bytes());
    assert!(matches!(step, crate::common::Received::Listen(_, text) if !text.contains("taskIds")));
}

#[test]
fn a_notification_is_what_tasks_get_returns() {
    let engine = McpEngine::new(&SERVER);
    let (id, version) = (Id::from_raw(b"1").unwrap(), Version::V2026_07_28);
    for status in [TaskStatus::Working, TaskStatus::Completed(br#"{"content":[]}"#)] {
        let task = Task { message: "half", status, ..TASK };
        let mut got = written(|out| engine.finish_task(id, version, &task, out));
        let mut out = [0; 512];
        let len = notify::task(&task, id, &mut out).unwrap();
        assert_eq!(notify::task(&task, id, &mut out[..len - 1]).unwrap_err().0, len);
        let mut told: Value = serde_json::from_slice(&out[..len]).unwrap();
        assert_eq!(told["method"], "notifications/tasks");
        assert!(told.get("id").is_none(), "{told}");
        let meta = told["params"].as_object_mut().unwrap().remove("_meta");
        assert_eq!(meta, Some(json!({"io.modelcontextprotocol/subscriptionId": 1})));
        for member in ["_meta", "resultType"] {
            assert!(got.as_object_mut().unwrap().remove(member).is_some());
        }
        assert_eq!(told["params"], got);
    }
}

fn written(write: impl Fn(&mut [u8]) -> Result<usize, trine_mcp::NeedBytes>) -> Value {
    let mut out = [0; 2048];
    let len = write(&mut out).unwrap();
    assert_eq!(write(&mut out[..len - 1]).unwrap_err().0, len);
    serde_json::from_slice::<Value>(&out[..len]).unwrap()["result"].clone()
}

#[test]
fn a_task_has_what_belongs_to_its_status() {
    let engine = McpEngine::new(&SERVER);
    let (id, version) = (Id::from_raw(b"1").unwrap(), Version::V2026_07_28);
    let head = json!({"taskId": "t-1", "status": "working",
        "createdAt": "2026-07-28T00:00:00.000Z", "lastUpdatedAt": "2026-07-28T00:00:01.000Z",
        "ttlMs": 60_000, "pollIntervalMs": 500});
    let with = |more: Value| {
        let mut all = head.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let without_meta = |mut value: Value| {
        let meta = value.as_object_mut().unwrap().remove("_meta");
        assert!(meta.is_some());
        value
    };
    let made = written(|out| engine.finish_as_task(id, version, &TASK, out));
    assert_eq!(without_meta(made), with(json!({"resultType": "task"})));
    let fields = [Field::new("sure", trine_descriptor::Kind::Bool)];
    let kind = InputKind::Form { fields: &fields, extras: &[] };
    let asked = [InputRequest { name: "ok", message: "Sure?", kind }];
    let shown =
        |task: Task<'_>| without_meta(written(|out| engine.finish_task(id, version, &task, out)));
    let complete = |more: Value| {
        let mut all = with(more);
        all["resultType"] = json!("complete");
        all
    };
    let task = Task { message: "half", ..TASK };
    assert_eq!(shown(task), complete(json!({"statusMessage": "half"})));
    let task = Task { status: TaskStatus::InputRequired(&asked), ..TASK };
    let waiting = shown(task);
    assert_eq!(waiting["status"], "input_required");
    assert_eq!(waiting["inputRequests"]["ok"]["method"], "elicitation/create");
    assert!(waiting.get("requestState").is_none());
    let task = Task { status: TaskStatus::Completed(br#"{"content":[]}"#), ..TASK };
    let ended = json!({"status": "completed", "result": {"content": []}});
    assert_eq!(shown(task), complete(ended));
    let task = Task { status: TaskStatus::Failed(br#"{"code":-1}"#), ..TASK };
    assert_eq!(shown(task), complete(json!({"status": "failed", "error": {"code": -1}})));
    let task = Task { status: TaskStatus::Cancelled, ..TASK };
    assert_eq!(shown(task), complete(json!({"status": "cancelled"})));
    let taken = written(|out| engine.finish_task_taken(id, version, out));
    assert_eq!(without_meta(taken), json!({"resultType": "complete"}));
}

#[test]
fn a_task_ends_with_what_its_call_was_answered() {
    let end = |text: &'static str| match tasks::end_of(text.as_bytes()) {
        Some(TaskStatus::Completed(result)) => format!("ok {}", String::from_utf8_lossy(result)),
        Some(TaskStatus::Failed(error)) => format!("no {}", String::from_utf8_lossy(error)),
        other => format!("{other:?}"),
    };
    assert_eq!(end(r#"{"jsonrpc":"2.0","id":1,"result":{"a":1}}"#), r#"ok {"a":1}"#);
    assert_eq!(end(r#"{"id":1,"error":{"code":-1}}"#), r#"no {"code":-1}"#);
    for text in ["{}", "", "[]", "{\"result\":"] {
        assert_eq!(end(text), "None", "{text}");
    }
}

#[test]
fn a_task_that_is_not_there_is_an_error_of_its_request() {
    let engine = McpEngine::new(&SERVER);
    let mut out = [0; 256];
    let len = engine.finish_no_task(Id::from_raw(b"\"a\"").unwrap(), &mut out).unwrap();
    let id = Id::from_raw(b"\"a\"").unwrap();
    assert_eq!(engine.finish_no_task(id, &mut out[..len - 1]).unwrap_err().0, len);
    let answer: Value = serde_json::from_slice(&out[..len]).unwrap();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!("a"), &json!(-32602)));
    assert!(answer["error"]["message"].as_str().unwrap().contains("no such task"), "{answer}");
}
