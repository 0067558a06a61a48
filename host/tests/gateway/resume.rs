//! Streams of events that a client of a session takes up again after its connection was lost.

use serde_json::{Value, json};

use crate::harness::until;
use crate::web::{Events, Site};

const VERSION: &str = "2025-11-25";
const WATCHED: &str = "test://watched-resource";

fn of(id: u32, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// A call of a tool that takes three steps, with a token for its progress.
fn slow(id: u32) -> Value {
    let meta = json!({"progressToken": id});
    of(
        id,
        "tools/call",
        &json!({"name": "test_tool_with_progress", "arguments": {}, "_meta": meta}),
    )
}

struct Client<'s> {
    site: &'s Site,
    session: String,
}

impl<'s> Client<'s> {
    fn new(site: &'s Site) -> Self {
        Self { site, session: site.open(VERSION) }
    }

    fn post(&self, message: &Value) -> Events {
        let headers = [&crate::web::USUAL[..], &[("Mcp-Session-Id", &*self.session)]].concat();
        self.site.stream("POST /mcp", &headers, &message.to_string())
    }

    fn get(&self, last: Option<&str>) -> Events {
        let mut headers = vec![("Accept", "text/event-stream"), ("Mcp-Session-Id", &*self.session)];
        headers.extend(last.map(|last| ("Last-Event-ID", last)));
        self.site.messages("GET /mcp", &headers, "")
    }
}

/// The rest of a stream: its messages, and the ids of their events.
fn rest(events: &mut Events) -> (Vec<Value>, Vec<String>) {
    let (mut messages, mut ids) = (Vec::new(), Vec::new());
    while let Some(message) = events.next() {
        messages.push(message);
        ids.push(events.id.clone().unwrap());
    }
    (messages, ids)
}

fn steps(messages: &[Value]) -> Vec<&Value> {
    messages.iter().filter_map(|it| it["params"].get("progress")).collect()
}

#[test]
fn a_call_goes_on_when_its_connection_is_lost_and_each_event_comes_once() {
    let site = Site::start(&["--fixtures"]);
    let client = Client::new(&site);
    let mut events = client.post(&slow(1));
    assert_eq!(events.event().as_deref(), Some(""), "an empty event with an id comes first");
    let primed = events.id.clone().unwrap();
    let (whole, ids) = rest(&mut events);
    assert_eq!(steps(&whole), [0, 50, 100]);
    assert_eq!(whole[3]["id"], json!(1), "{whole:?}");

    // Lost before the first event, after each one, and taken up while it goes on or afterwards.
    for (number, pause_ms) in [(2, 0), (3, 0), (4, 600), (5, 600)] {
        let mut events = client.post(&slow(number));
        events.event();
        let read = (number as usize - 2) % 4;
        for step in &steps(&whole)[..read] {
            assert_eq!(&&events.next().unwrap()["params"]["progress"], step);
        }
        let last = events.id.clone().unwrap();
        drop(events);
        std::thread::sleep(std::time::Duration::from_millis(pause_ms));
        let (messages, _) = rest(&mut client.get(Some(&last)));
        assert_eq!(steps(&messages), steps(&whole)[read..], "after {last}");
        assert_eq!(messages.last().unwrap()["id"], json!(number));
        assert!(messages.last().unwrap()["result"].is_object(), "{messages:?}");
    }
    // A minute long a whole stream can be had again.
    assert_eq!(rest(&mut client.get(Some(&primed))), (whole.clone(), ids.clone()));
    let (messages, _) = rest(&mut client.get(Some(&ids[1])));
    assert_eq!(messages, whole[2..]);
}

#[test]
fn a_stream_is_read_by_the_last_one_who_takes_it_up() {
    let site = Site::start(&["--fixtures"]);
    let client = Client::new(&site);
    let mut first = client.post(&slow(1));
    first.event();
    let primed = first.id.clone().unwrap();
    let mut second = client.get(Some(&primed));
    let (early, _) = rest(&mut first);
    let (messages, _) = rest(&mut second);
    assert_eq!(steps(&messages), [0, 50, 100], "the first one got {early:?}");
    assert!(early.iter().all(|it| it.get("id").is_none()), "{early:?}");
}

#[test]
fn a_question_that_was_asked_meanwhile_is_asked_again_and_its_answer_counts() {
    let site = Site::start(&["--fixtures"]);
    let mut hello = crate::harness::initialize(VERSION);
    hello[0]["params"]["capabilities"] = json!({"elicitation": {}});
    let opened = site.post(&[], &hello[0]);
    let session = opened.header("mcp-session-id").unwrap().to_owned();
    let client = Client { site: &site, session };
    let headers = [("Mcp-Session-Id", &*client.session)];
    assert_eq!(site.post(&headers, &hello[1]).status, 202);
    let mut call = of(
        1,
        "tools/call",
        &json!({"name": "test_elicitation",
        "arguments": {"message": "Who are you?"}}),
    );
    call["params"]["_meta"] = json!({"progressToken": 1});
    let mut events = client.post(&call);
    events.event();
    let primed = events.id.clone().unwrap();
    drop(events);
    let mut again = client.get(Some(&primed));
    let asked = again.next().unwrap();
    assert_eq!(asked["method"], "elicitation/create", "{asked}");
    let content = json!({"username": "ada", "email": "a@b.c"});
    let result = json!({"action": "accept", "content": content});
    let answer = json!({"jsonrpc": "2.0", "id": asked["id"], "result": result});
    assert_eq!(site.post(&headers, &answer).status, 202);
    let (messages, _) = rest(&mut again);
    let text = messages.last().unwrap()["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("ada"), "{text}");
}

#[test]
fn what_changed_while_a_session_did_not_listen_is_told_when_it_listens_again() {
    let site = Site::start(&["--fixtures"]);
    let client = Client::new(&site);
    let subscribe = of(1, "resources/subscribe", &json!({"uri": WATCHED}));
    let reply = site.post(&[("Mcp-Session-Id", &*client.session)], &subscribe);
    assert_eq!(reply.json()["result"], json!({}));
    let mut news = client.get(None);
    assert_eq!(news.event().as_deref(), Some(""));
    let last = news.id.clone().unwrap();
    drop(news);
    until(|| (site.get("/health").json()["listeners"] == 0).then_some(()), || "one listens".into());
    let methods = |last: &str, count: usize| -> Vec<String> {
        let mut news = client.get(Some(last));
        let told: Vec<Value> = (0..count).map(|_| news.next().unwrap()).collect();
        told.iter().map(|it| it["method"].as_str().unwrap().to_owned()).collect()
    };
    // The lists are as they were; whether what is watched changed is not known.
    assert_eq!(methods(&last, 1), ["notifications/resources/updated"]);
    site.call("test_trigger_prompt_change", &json!({}));
    let told = until(
        || {
            let told = methods(&last, 1);
            (told[0] != "notifications/resources/updated").then(|| methods(&last, 4))
        },
        || "the list did not change".into(),
    );
    assert_eq!(
        told,
        [
            "notifications/tools/list_changed",
            "notifications/resources/list_changed",
            "notifications/prompts/list_changed",
            "notifications/resources/updated"
        ]
    );
}

#[test]
fn an_event_of_another_session_or_of_none_is_refused() {
    let site = Site::start(&["--fixtures"]);
    let (client, other) = (Client::new(&site), Client::new(&site));
    let mut events = client.post(&slow(1));
    events.event();
    let primed = events.id.clone().unwrap();
    drop(rest(&mut events));
    let (stream, _) = primed.split_once('-').unwrap();
    let late = format!("{stream}-99");
    for wrong in [&*late, "9999-0", "-", "x", "", "1", "18446744073709551616-0", "g-", "g-x"] {
        assert_eq!(client.get(Some(wrong)).head.status, 400, "{wrong}");
    }
    assert_eq!(other.get(Some(&primed)).head.status, 400);
    assert_eq!(client.get(Some(&primed)).head.status, 200);
    // A client of an older revision gets no event without data, and a stateless one gets no ids.
    let old = Client { site: &site, session: site.open("2025-06-18") };
    let mut events = old.post(&slow(2));
    assert_eq!(events.next().unwrap()["params"]["progress"], 0);
    assert!(events.id.is_some());
    let mut message = crate::harness::stateless(&json!(3), "tools/call", slow(3)["params"].clone());
    message["params"]["_meta"]["progressToken"] = json!(3);
    let mut events = site.stream_of(&message);
    assert_eq!(events.next().unwrap()["params"]["progress"], 0);
    assert!(events.id.is_none());
}
