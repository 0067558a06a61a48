//! Questions to a person, progress, blocks and log lines, through the gateway.

use crate::bakery::Bakery;
use crate::harness::{Folder, Gateway, initialize, stateless};
use serde_json::{Value, json};

fn gateway(folder: &Folder) -> (Bakery, Gateway) {
    let path = folder.path("clerk");
    let bakery = Bakery::start(path.clone());
    let mut gateway = Gateway::start(&["--unix", path.to_str().unwrap()]);
    gateway.tools_of(4);
    (bakery, gateway)
}

/// Calls `seal` as a client that can ask, with what comes from an answer before.
fn seal(gateway: &mut Gateway, letter: &str, more: Value) -> Value {
    let mut params = json!({"name": "seal", "arguments": {"letter": letter}});
    for (name, value) in more.as_object().unwrap() {
        params[name] = value.clone();
    }
    let id = json!(format!("{letter}{}", more.as_object().unwrap().len()));
    let mut request = stateless(&id, "tools/call", params);
    let capabilities = "io.modelcontextprotocol/clientCapabilities";
    request["params"]["_meta"][capabilities] = json!({"elicitation": {}});
    gateway.send(&request);
    let answer = gateway.answer(&id);
    let is_error = answer["error"].is_object();
    answer[if is_error { "error" } else { "result" }].clone()
}

fn text(result: &Value) -> &str {
    let text = result["content"][0]["text"].as_str().or(result["message"].as_str());
    text.unwrap_or_else(|| panic!("{result}"))
}

#[test]
fn a_question_goes_to_the_client_and_its_answer_to_the_device() {
    let folder = Folder::new("ask");
    let (_clerk, mut gateway) = gateway(&folder);
    let asked = seal(&mut gateway, "bill", json!({}));
    assert_eq!(asked["resultType"], json!("input_required"), "{asked}");
    let form = &asked["inputRequests"]["to"]["params"];
    assert_eq!(form["message"], json!("Who is the letter for?"));
    assert_eq!(form["requestedSchema"]["properties"]["who"]["maxLength"], json!(20), "{form}");
    let state = asked["requestState"].clone();
    let accept = |who: &str| json!({"to": {"action": "accept", "content": {"who": who}}});
    let more = |state: &Value, responses: Value| -> Value {
        json!({"requestState": state, "inputResponses": responses})
    };
    let sealed = seal(&mut gateway, "bill", more(&state, accept("Ada")));
    assert_eq!(sealed["structuredContent"], json!({"sealed": "bill for Ada"}), "{sealed}");
    // A state is used once.
    let again = seal(&mut gateway, "bill", more(&state, accept("Ada")));
    assert!(text(&again).contains("was used before"), "{again}");
    assert_eq!(again["code"], json!(-32602));
    let fresh = |gateway: &mut Gateway| seal(gateway, "bill", json!({}))["requestState"].clone();
    // What the form does not allow goes no further.
    let state = fresh(&mut gateway);
    let long = seal(&mut gateway, "bill", more(&state, accept(&"x".repeat(21))));
    assert!(text(&long).contains("who must have at most 20 characters"), "{long}");
    let state = fresh(&mut gateway);
    let decline = json!({"to": {"action": "decline"}});
    let declined = seal(&mut gateway, "bill", more(&state, decline));
    assert!(text(&declined).contains("nobody said"), "{declined}");
    // A state belongs to one call and is not to be written by a client.
    let state = fresh(&mut gateway);
    let other = seal(&mut gateway, "will", more(&state, accept("Ada")));
    assert!(text(&other).contains("requestState"), "{other}");
    let mut forged = state.as_str().unwrap().to_owned();
    forged.replace_range(..4, "AAAA");
    let refused = seal(&mut gateway, "bill", more(&json!(forged), accept("Ada")));
    assert_eq!(refused["code"], json!(-32602));
    assert!(text(&refused).contains("requestState"), "{refused}");
}

#[test]
fn a_client_that_cannot_ask_is_told_so() {
    let folder = Folder::new("cannot-ask");
    let (_clerk, mut gateway) = gateway(&folder);
    let params = json!({"name": "seal", "arguments": {"letter": "bill"}});
    let said = gateway.ask("tools/call", params.clone());
    assert_eq!(said["error"]["code"], json!(-32021), "{said}");
    let needed = &said["error"]["data"]["requiredCapabilities"];
    assert_eq!(*needed, json!({"elicitation": {"form": {}}}), "{said}");
    for message in initialize("2025-11-25") {
        gateway.send(&message);
    }
    gateway.answer(&json!("hello"));
    gateway.send(&json!({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": params}));
    let said = gateway.answer(&json!(9));
    assert!(text(&said["result"]).contains("elicitation"), "{said}");
}

#[test]
fn progress_goes_only_to_the_request_that_gave_a_token() {
    let folder = Folder::new("progress");
    let (_clerk, mut gateway) = gateway(&folder);
    let params = json!({"name": "bake", "arguments": {}});
    let mut request = stateless(&json!("cake"), "tools/call", params.clone());
    request["params"]["_meta"]["progressToken"] = json!("steps");
    gateway.send(&request);
    for step in 1..=4 {
        let told = gateway.line();
        let params = json!({
            "progressToken": "steps", "progress": step, "total": 4, "message": "baking",
        });
        assert_eq!(told["method"], json!("notifications/progress"));
        assert_eq!(told["params"], params);
    }
    assert_eq!(gateway.line()["id"], json!("cake"));
    gateway.send(&stateless(&json!("again"), "tools/call", params));
    assert_eq!(gateway.line()["id"], json!("again"));
}

#[test]
fn blocks_of_each_type_reach_the_client_and_log_lines_the_log() {
    let folder = Folder::new("blocks");
    let (_clerk, mut gateway) = gateway(&folder);
    let album = gateway.call("album", json!({}));
    let types: Vec<_> = album["content"].as_array().unwrap().iter().map(|b| &b["type"]).collect();
    assert_eq!(types, ["text", "audio", "resource_link", "resource"]);
    assert_eq!(album["content"][1]["data"], json!("UklGRg=="));
    assert_eq!(album["content"][3]["resource"]["text"], json!("why"));
    let log = gateway.logged("the ink is low");
    assert!(log.contains("WARN clerk: the ink is low"), "{log}");
}
