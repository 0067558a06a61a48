//! Questions to the clients of sessions: requests of the gateway's own, which its clients answer.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::harness::{Gateway, initialize, stateless, until};
use crate::web::{Events, Site};

/// What a client that can be asked for everything says at `initialize`.
fn able() -> Value {
    json!({"elicitation": {}, "sampling": {}, "roots": {"listChanged": true}})
}

fn hello(capabilities: &Value) -> [Value; 2] {
    let mut messages = initialize("2025-11-25");
    messages[0]["params"]["capabilities"] = capabilities.clone();
    messages
}

fn of(id: u32, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn call(id: u32, tool: &str, arguments: &Value) -> Value {
    of(id, "tools/call", &json!({"name": tool, "arguments": arguments}))
}

fn result(of: &Value, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": of["id"], "result": result})
}

fn accept(content: &Value) -> Value {
    json!({"action": "accept", "content": content})
}

/// The text of a tool's answer.
fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

/// A client with a session, over either transport.
trait Client {
    fn send(&mut self, message: &Value);
    /// The next message of the gateway's.
    fn next(&mut self) -> Value;
}

impl Client for Gateway {
    fn send(&mut self, message: &Value) {
        Self::send(self, message);
    }

    fn next(&mut self) -> Value {
        self.line()
    }
}

/// A session over HTTP: what is called over it comes over the stream of its call.
struct Web<'s> {
    site: &'s Site,
    id: String,
    streams: VecDeque<Events>,
}

impl<'s> Web<'s> {
    fn open(site: &'s Site, capabilities: &Value) -> Self {
        let [hello, ready] = hello(capabilities);
        let opened = site.post(&[], &hello);
        let id = opened.header("mcp-session-id").unwrap().to_owned();
        let web = Self { site, id, streams: VecDeque::new() };
        assert_eq!(web.post(&ready), 202);
        web
    }

    fn post(&self, message: &Value) -> u16 {
        self.site.post(&[("Mcp-Session-Id", &*self.id)], message).status
    }
}

impl Client for Web<'_> {
    fn send(&mut self, message: &Value) {
        if message.get("method").is_none() || message.get("id").is_none() {
            assert_eq!(self.post(message), 202, "{message}");
            return;
        }
        let headers = [&crate::web::USUAL[..], &[("Mcp-Session-Id", &*self.id)]].concat();
        self.streams.push_back(self.site.messages("POST /mcp", &headers, &message.to_string()));
    }

    fn next(&mut self) -> Value {
        loop {
            match self.streams.front_mut().unwrap().next() {
                Some(message) => return message,
                None => drop(self.streams.pop_front()),
            }
        }
    }
}

/// Runs `test` with a client of each transport, whose capabilities are these.
fn with_each(capabilities: &Value, test: impl Fn(&mut dyn Client)) {
    let mut gateway = Gateway::start(&["--fixtures"]);
    for message in hello(capabilities) {
        gateway.send(&message);
    }
    gateway.answer(&json!("hello"));
    test(&mut gateway);
    let site = Site::start(&["--fixtures"]);
    let mut web = Web::open(&site, capabilities);
    test(&mut web);
}

#[test]
fn a_person_a_model_and_the_folders_of_a_session_are_asked_for_and_the_call_goes_on() {
    with_each(&able(), |client| {
        client.send(&call(1, "test_elicitation", &json!({"message": "Who are you?"})));
        let asked = client.next();
        assert_eq!(asked["method"], "elicitation/create", "{asked}");
        assert_eq!(asked["params"]["message"], "Who are you?");
        let schema = &asked["params"]["requestedSchema"];
        assert_eq!(schema["required"], json!(["username", "email"]), "{schema}");
        client.send(&result(&asked, &accept(&json!({"username": "ada", "email": "a@b.c"}))));
        let answer = client.next();
        assert_eq!((&answer["id"], text(&answer).contains("ada, a@b.c")), (&json!(1), true));

        client.send(&call(2, "test_sampling", &json!({"prompt": "Say hello."})));
        let asked = client.next();
        assert_eq!(asked["method"], "sampling/createMessage", "{asked}");
        let said = json!({"role": "user", "content": {"type": "text", "text": "Say hello."}});
        assert_eq!(asked["params"], json!({"messages": [said], "maxTokens": 100}));
        let content = json!({"type": "text", "text": "Hello there."});
        let written = json!({"role": "assistant", "model": "m", "content": content});
        client.send(&result(&asked, &written));
        assert!(text(&client.next()).contains("Hello there."));

        client.send(&call(3, "test_input_required_result_multiple_inputs", &json!({})));
        let asked: Vec<Value> = (0..3).map(|_| client.next()).collect();
        let methods: Vec<_> = asked.iter().map(|it| it["method"].as_str().unwrap()).collect();
        assert_eq!(methods, ["elicitation/create", "sampling/createMessage", "roots/list"]);
        // In any order; a person may say no, and a client may fail.
        let roots = json!({"roots": [{"uri": "file:///home/ada", "name": "home"}]});
        client.send(&result(&asked[2], &roots));
        let failed = json!({"code": -32603, "message": "no model"});
        client.send(&json!({"jsonrpc": "2.0", "id": asked[1]["id"], "error": failed}));
        client.send(&result(&asked[0], &json!({"action": "decline"})));
        let answer = client.next();
        let expected = "user_name: declined; greeting: no answer; client_roots: file:///home/ada";
        assert!(text(&answer).starts_with(expected), "{answer}");

        // A tool may ask again, and a prompt may ask, too.
        client.send(&call(4, "test_input_required_result_multi_round", &json!({})));
        let asked = client.next();
        client.send(&result(&asked, &accept(&json!({"name": "Ada"}))));
        let asked = client.next();
        client.send(&result(&asked, &accept(&json!({"color": "blue"}))));
        assert_eq!(text(&client.next()), "step1: Ada; step2: blue");
        let name = json!({"name": "test_input_required_result_prompt"});
        client.send(&of(5, "prompts/get", &name));
        let asked = client.next();
        client.send(&result(&asked, &accept(&json!({"context": "winter"}))));
        let made = client.next();
        let said = made["result"]["messages"][0]["content"]["text"].as_str().unwrap();
        assert!(said.starts_with("user_context: winter"), "{made}");
    });
}

#[test]
fn what_is_no_answer_to_a_question_changes_nothing_and_a_bad_one_is_refused() {
    with_each(&able(), |client| {
        client.send(&call(1, "test_elicitation", &json!({"message": "Who?"})));
        let asked = client.next();
        let good = accept(&json!({"username": "ada", "email": "a@b.c"}));
        let mut foreign = asked.clone();
        for id in [json!("trine-999999"), json!("trine-x"), json!(1), json!("1"), json!("")] {
            foreign["id"] = id;
            client.send(&result(&foreign, &good));
        }
        client.send(&result(&asked, &accept(&json!({"username": "", "email": "a@b.c"}))));
        let refused = client.next();
        assert_eq!(refused["result"]["isError"], json!(true), "{refused}");
        assert!(text(&refused).contains("user: username must have at least 1"), "{refused}");
        // It was answered: a second answer is none.
        client.send(&result(&asked, &good));
        client.send(&call(2, "test_simple_text", &json!({})));
        assert_eq!(client.next()["id"], json!(2));
    });
}

#[test]
fn a_client_is_asked_for_what_it_declared_alone() {
    with_each(&json!({"sampling": {}}), |client| {
        client.send(&call(1, "test_input_required_result_capabilities", &json!({})));
        let asked = client.next();
        assert_eq!(asked["method"], "sampling/createMessage", "{asked}");
        client.send(&result(&asked, &json!({"content": {"type": "text", "text": "Hi."}})));
        assert!(text(&client.next()).starts_with("user_name: no answer; greeting: Hi."));
        client.send(&call(2, "test_elicitation", &json!({"message": "Who?"})));
        let refused = client.next();
        assert!(text(&refused).contains("asks for further input"), "{refused}");
    });
}

#[test]
fn a_call_that_is_cancelled_while_its_client_is_asked_is_not_answered() {
    with_each(&able(), |client| {
        client.send(&call(1, "test_elicitation", &json!({"message": "Who?"})));
        let asked = client.next();
        let params = json!({"requestId": 1});
        client.send(
            &json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}),
        );
        client.send(&result(&asked, &accept(&json!({"username": "ada", "email": "a@b.c"}))));
        client.send(&call(2, "test_simple_text", &json!({})));
        assert_eq!(client.next()["id"], json!(2));
    });
}

#[test]
fn the_questions_of_one_session_are_not_answered_by_another() {
    let site = Site::start(&["--fixtures"]);
    let [mut one, mut two] = [(); 2].map(|()| Web::open(&site, &able()));
    for (client, message) in [(&mut one, "One?"), (&mut two, "Two?")] {
        client.send(&call(1, "test_elicitation", &json!({"message": message})));
    }
    let [first, second] = [one.next(), two.next()];
    let named = |name: &str| accept(&json!({"username": name, "email": "a@b.c"}));
    // Each session has numbers of its own: the other's answer is for its own question.
    two.send(&result(&second, &named("two")));
    assert!(text(&two.next()).contains("two, a@b.c"));
    two.send(&result(&first, &named("two")));
    one.send(&result(&first, &named("one")));
    assert!(text(&one.next()).contains("one, a@b.c"));
}

#[test]
fn a_question_whose_stream_is_lost_is_over_and_others_are_answered() {
    let site = Site::start(&["--fixtures", "--in-flight", "2"]);
    let mut web = Web::open(&site, &able());
    // More than may be with devices at a time: what waits for a person keeps no one else waiting.
    let mut asked = Vec::new();
    for id in 1..=4 {
        web.send(&call(id, "test_elicitation", &json!({"message": "Who?"})));
        asked.push(web.streams.back_mut().unwrap().next().unwrap());
    }
    web.send(&call(9, "test_simple_text", &json!({})));
    let simple = web.streams.pop_back();
    drop((simple, web.streams.drain(..2)));
    let said = accept(&json!({"username": "ada", "email": "a@b.c"}));
    until(|| (web.post(&result(&asked[0], &said)) == 202).then_some(()), || "no".into());
    web.send(&result(&asked[2], &said));
    assert_eq!(web.next()["id"], json!(3));
}

#[test]
fn a_stateless_client_is_asked_for_what_it_can_and_told_what_it_cannot() {
    let mut gateway = Gateway::start(&["--fixtures"]);
    let mut ask = |id: u32, tool: &str, capabilities: Value| {
        let params = json!({"name": tool, "arguments": {}});
        let mut message = stateless(&json!(id), "tools/call", params);
        let name = "io.modelcontextprotocol/clientCapabilities";
        message["params"]["_meta"][name] = capabilities;
        gateway.send(&message);
        gateway.answer(&json!(id))
    };
    let all = ask(1, "test_input_required_result_multiple_inputs", able());
    let asked = all["result"]["inputRequests"].as_object().unwrap();
    assert_eq!(asked.keys().collect::<Vec<_>>(), ["user_name", "greeting", "client_roots"]);
    let some = ask(2, "test_input_required_result_multiple_inputs", json!({"roots": {}}));
    let asked = some["result"]["inputRequests"].as_object().unwrap();
    assert_eq!(asked.keys().collect::<Vec<_>>(), ["client_roots"]);
    let none = ask(3, "test_input_required_result_multiple_inputs", json!({}));
    let needed = json!({"elicitation": {"form": {}}, "sampling": {}, "roots": {}});
    assert_eq!(none["error"]["data"]["requiredCapabilities"], needed, "{none}");
    let message = none["error"]["message"].as_str().unwrap();
    assert!(message.contains("elicitation, sampling, roots"), "{message}");
}
