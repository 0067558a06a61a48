//! A client that can ask its user sends the user to the board. Only the board's own input counts.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Folder, Gateway, initialize, person, stateless};
use crate::web::{Site, repeated};

const SOCKET: &str = "button";

/// The arguments of a gateway whose board has its button at a socket.
fn board(folder: &Folder) -> (PathBuf, [String; 3]) {
    let socket = folder.path(SOCKET);
    let button = format!("unix:{}", socket.display());
    (socket, ["--simulate".into(), "--button".into(), button])
}

fn valve(seconds: u32) -> Value {
    json!({"name": "valve_open", "arguments": {"valve": "north", "seconds": seconds}})
}

/// A call of a stateless client that can ask its user, with more members of its parameters.
fn call(seconds: u32, more: &Value) -> Value {
    let mut params = valve(seconds);
    for (name, value) in more.as_object().unwrap() {
        params[name] = value.clone();
    }
    let mut message = stateless(&json!(1), "tools/call", params);
    message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({"elicitation": {}});
    message
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{result}"))
}

/// The whole of it for a stateless client, whose requests `ask` answers.
fn stateless_client(socket: &std::path::Path, mut ask: impl FnMut(&Value) -> Value) {
    let mut sent = |seconds: u32, more: &Value| ask(&call(seconds, more))["result"].clone();
    let answered = |asked: &Value, action: &str| {
        let answer = json!({"at_the_board": {"action": action, "content": {}}});
        json!({"requestState": asked["requestState"], "inputResponses": answer})
    };
    let asked = sent(5, &json!({}));
    assert_eq!(asked["resultType"], json!("input_required"), "{asked}");
    let form = &asked["inputRequests"]["at_the_board"]["params"];
    let message = form["message"].as_str().unwrap();
    assert!(message.contains("the device greenhouse: valve_open with {\"valve\":\"north\""));
    assert!(form["requestedSchema"]["properties"].as_object().unwrap().is_empty(), "{form}");
    // The client accepts, but its user was not at the board.
    let early = sent(5, &answered(&asked, "accept"));
    assert_eq!(early["isError"], json!(true), "{early}");
    assert!(text(&early).contains("person"), "{early}");
    let asked = sent(5, &json!({}));
    let declined = sent(5, &answered(&asked, "decline"));
    assert!(text(&declined).contains("did not go there"), "{declined}");
    // Another call than the one that was shown is not the one that a person agrees to.
    let asked = sent(5, &json!({}));
    person(socket, "button");
    let other = sent(6, &json!({}));
    assert_eq!(other["resultType"], json!("input_required"), "{other}");
    let opened = sent(5, &answered(&asked, "accept"));
    assert_eq!(opened["structuredContent"]["closes_in_s"], json!(5), "{opened}");
}

#[test]
fn a_stateless_client_sends_its_user_to_the_board_and_the_board_decides() {
    let folder = Folder::new("at-board");
    let (socket, arguments) = board(&folder);
    let arguments = arguments.each_ref().map(String::as_str);
    let mut gateway = Gateway::start(&arguments);
    stateless_client(&socket, |message| {
        gateway.send(message);
        gateway.answer(&json!(1))
    });
    drop(gateway);
    let site = Site::start(&arguments);
    stateless_client(&socket, |message| site.post(&repeated(message), message).json());
}

#[test]
fn the_user_of_a_session_is_sent_to_the_board_once_for_each_call() {
    let folder = Folder::new("at-board-session");
    let (socket, arguments) = board(&folder);
    let mut gateway = Gateway::start(&arguments.each_ref().map(String::as_str));
    let mut hello = initialize("2025-11-25");
    hello[0]["params"]["capabilities"] = json!({"elicitation": {}});
    hello.iter().for_each(|message| gateway.send(message));
    gateway.answer(&json!("hello"));
    let mut with = |id: u32, action: &str, presses: bool| {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": valve(5)});
        gateway.send(&request);
        let asked = gateway.line();
        assert_eq!(asked["method"], "elicitation/create", "{asked}");
        assert!(asked["params"]["message"].as_str().unwrap().contains("greenhouse"), "{asked}");
        if presses {
            person(&socket, "button");
        }
        let result = json!({"action": action, "content": {}});
        gateway.send(&json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}));
        let answer = gateway.line();
        assert_eq!(answer["id"], json!(id), "the user is not sent there twice: {answer}");
        answer["result"].clone()
    };
    let early = with(1, "accept", false);
    assert!(text(&early).contains("person"), "{early}");
    assert!(text(&with(2, "decline", false)).contains("did not go there"));
    assert!(text(&with(3, "cancel", false)).contains("did not go there"));
    let opened = with(4, "accept", true);
    assert_eq!(opened["structuredContent"]["closes_in_s"], json!(5), "{opened}");
    // An agreement is for one call.
    assert!(text(&with(5, "accept", false)).contains("person"));
}
