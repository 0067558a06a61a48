//! What is answered later in process, and what clients are told of changes.

extern crate std;

use core::ffi::c_void;
use core::mem::size_of;
use core::ptr::{null, null_mut};
use core::sync::atomic::Ordering;
use std::borrow::ToOwned;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use serde_json::{Value, json};

use super::lists_server::{ALL, FAMILIES, STOPPED, Server, URI, for_both, read_pieces};
use crate::*;

unsafe extern "C" fn embed(_: *mut c_void, call: *mut trine_call) -> trine_status {
    let view = |text: &'static str| trine_text { data: text.as_ptr().cast(), size: text.len() };
    let block = trine_block {
        struct_size: size_of::<trine_block>() as u32,
        kind: TRINE_BLOCK_EMBEDDED_TEXT,
        data: "at last".as_ptr().cast(),
        size: 7,
        mime: view("text/plain"),
        uri: view("lamp://later"),
        name: view(""),
    };
    // SAFETY: a call that lives, and a block of constants.
    match unsafe { trine_put_block(call, &raw const block) } {
        TRINE_OK => TRINE_BLOCKS,
        status => status,
    }
}

unsafe extern "C" fn say(_: *mut c_void, call: *mut trine_call) -> trine_status {
    // SAFETY: a call that lives, and a literal.
    unsafe { trine_mcp_say(call, TRINE_ROLE_USER, "Late.".as_ptr().cast(), 5) }
}

unsafe extern "C" fn say_much(_: *mut c_void, call: *mut trine_call) -> trine_status {
    for _ in 0..20 {
        // SAFETY: as above.
        _ = unsafe { say(null_mut(), call) };
    }
    TRINE_OK
}

unsafe extern "C" fn refuse(_: *mut c_void, call: *mut trine_call) -> trine_status {
    // SAFETY: a call that lives, and a literal.
    unsafe { trine_fail(call, "the sensor is off".as_ptr().cast(), 17) }
}

static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn what_is_answered_later_comes_as_the_answer_of_a_call_does() {
    let _one = ONE_AT_A_TIME.lock();
    for is_stateless in FAMILIES {
        let mut server = Server::new(Some(&ALL), is_stateless, true);
        let uri = json!({"uri": "lamp://later", "_meta": {"progressToken": "p"}});
        let id = server.later("resources/read", uri.clone());
        let read = server.asked;
        let prompt = json!({"name": "greet", "arguments": {"who": "later"}});
        let made = server.later("prompts/get", prompt.clone());
        assert_eq!(server.next(), Value::Null);
        // SAFETY: a device.
        let told = unsafe { trine_progress(server.device, id, 1, 2, null(), 0) };
        assert_eq!(
            (told, server.next()["params"]["progressToken"].clone()),
            (TRINE_OK, json!("p"))
        );
        server.resume(id, embed);
        // An answer without room is kept.
        server.resume(made, say);
        server.room = 20;
        let mut len = 0;
        // SAFETY: a session, and no room.
        let status = unsafe { trine_next_json(server.session, null_mut(), 0, &raw mut len) };
        assert_eq!(status, TRINE_E_NO_SPACE);
        server.room = len;
        let answer = server.next();
        assert_eq!(answer["id"], json!(read));
        let wanted = json!({"uri": "lamp://later", "mimeType": "text/plain", "text": "at last"});
        assert_eq!(answer["result"]["contents"], json!([wanted]));
        server.room = 8_192;
        let answer = server.next();
        assert_eq!(answer["result"]["description"], json!("Greets somebody."));
        assert_eq!(answer["result"]["messages"][0]["content"]["text"], json!("Late."));
        assert_eq!(server.next(), Value::Null);
        // Failures, and what is longer than is kept.
        let id = server.later("resources/read", uri.clone());
        server.resume(id, refuse);
        let error = json!({"code": -32603, "message": "the sensor is off"});
        assert_eq!(server.next()["error"], error);
        let id = server.later("prompts/get", prompt.clone());
        server.resume(id, say_much);
        let why = server.next()["error"]["message"].to_string();
        assert!(why.contains("longer than the configuration's repeat_max"), "{why}");
        let id = server.later("resources/read", uri.clone());
        server.resume(id, read_pieces);
        assert!(server.next()["error"]["message"].is_string());
        // One that its client gives up is over, and the program is told.
        let id = server.later("resources/read", uri.clone());
        let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": {"requestId": server.asked}});
        assert_eq!(server.send(&cancel).2, 0);
        assert_eq!(STOPPED.swap(0, Ordering::Relaxed), id);
        assert_eq!(server.next(), Value::Null);
        // One that nobody answers expires.
        let id = server.later("resources/read", uri.clone());
        // SAFETY: a device.
        let polled = unsafe { trine_poll(server.device, 40_000, 9, null_mut()) };
        assert_eq!((polled, STOPPED.swap(0, Ordering::Relaxed)), (TRINE_OK, id));
        let why = server.next()["error"]["message"].clone();
        assert_eq!(why, json!("the device did not answer in time"));
    }
}

#[test]
fn as_many_requests_wait_as_there_is_room_for_and_the_next_is_told_so() {
    let _one = ONE_AT_A_TIME.lock();
    for is_stateless in FAMILIES {
        let mut server = Server::new(Some(&ALL), is_stateless, false);
        let uri = json!({"uri": "lamp://later"});
        for _ in 0..4 {
            server.later("resources/read", uri.clone());
        }
        assert!(server.read_error("lamp://later").starts_with("too many calls, reads and"));
        assert_eq!(server.read("lamp://icon")[0]["uri"], json!("lamp://icon"), "a constant");
        let mut request = server.request("resources/read", uri.clone());
        request["id"] = json!("i".repeat(70));
        STOPPED.store(0, Ordering::Relaxed);
        let mut other = Server::new(Some(&ALL), is_stateless, false);
        let (_, answer, _) = other.send(&request);
        assert!(answer.contains("an id of at most 64 bytes"), "{answer}");
        assert_ne!(STOPPED.load(Ordering::Relaxed), 0, "the program is told");
    }
}

#[test]
fn a_session_is_told_of_lists_that_change_and_of_resources_that_it_watches() {
    let mut server = Server::new(Some(&ALL), false, true);
    let updated = |uri| {
        json!({"jsonrpc": "2.0", "method": "notifications/resources/updated",
        "params": {"uri": uri}})
    };
    let changed = |list| {
        json!({"jsonrpc": "2.0",
        "method": format!("notifications/{list}/list_changed")})
    };
    assert_eq!(server.updated(URI), TRINE_OK);
    assert_eq!(server.next(), Value::Null, "it watches nothing yet");
    for uri in [URI, "bed://north/soil", URI] {
        assert_eq!(server.result("resources/subscribe", json!({"uri": uri})), json!({}));
    }
    let (_, why) = server.error("resources/subscribe", json!({"uri": "lamp://none"}));
    assert_eq!(why, "Resource not found");
    for uri in ["bed://south/soil", "bed://north/soil", "lamp://manual", URI] {
        assert_eq!(server.updated(uri), TRINE_OK);
    }
    assert_eq!(server.next(), updated("bed://north/soil"));
    assert_eq!(server.next(), updated(URI));
    assert_eq!(server.next(), Value::Null);
    for (list, name) in [(1, "resources"), (2, "resources"), (3, "prompts")] {
        server.changed(list);
        assert_eq!(server.next(), changed(name));
    }
    assert_eq!(server.result("resources/unsubscribe", json!({"uri": URI})), json!({}));
    assert_eq!(server.updated(URI), TRINE_OK);
    assert_eq!(server.next(), Value::Null);
    // No more than there is room for.
    for number in 0..14 {
        let uri = format!("bed://{number}/soil");
        assert_eq!(server.result("resources/subscribe", json!({"uri": uri})), json!({}));
    }
    let (code, why) = server.error("resources/subscribe", json!({"uri": "bed://x/soil"}));
    assert!(code == -32603 && why.starts_with("too many resources are watched"), "{why}");
    assert_eq!(server.updated("bed://13/soil"), TRINE_OK);
    assert_eq!(server.next(), updated("bed://13/soil"));
    assert_eq!(server.updated(&"u".repeat(600)), TRINE_E_ARGUMENT);
}

#[test]
fn each_subscription_of_the_stateless_revision_is_told_once() {
    let _one = ONE_AT_A_TIME.lock();
    let mut server = Server::new(Some(&ALL), true, true);
    let listen = |server: &mut Server, filter: Value| {
        let answer = server.ask("subscriptions/listen", json!({"notifications": filter}));
        assert_eq!(answer["params"]["notifications"], filter, "{answer}");
        server.asked
    };
    let one = listen(&mut server, json!({"resourceSubscriptions": [URI, "bed://a/soil"]}));
    let two =
        listen(&mut server, json!({"resourcesListChanged": true, "resourceSubscriptions": [URI]}));
    let three = listen(&mut server, json!({"promptsListChanged": true}));
    let heard = |server: &mut Server| {
        let mut heard = Vec::new();
        loop {
            let next = server.next();
            if next.is_null() {
                return heard;
            }
            assert!(heard.len() < 20, "it is told again and again");
            let id = &next["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
            heard.push((next["method"].as_str().unwrap().to_owned(), id.as_u64().unwrap() as u32));
        }
    };
    let updated = |id| ("notifications/resources/updated".to_owned(), id);
    for _ in 0..2 {
        assert_eq!(server.updated(URI), TRINE_OK);
        assert_eq!(server.updated("bed://a/soil"), TRINE_OK);
        assert_eq!(heard(&mut server), [updated(one), updated(two), updated(one)]);
    }
    server.changed(TRINE_LIST_TEMPLATES);
    server.changed(TRINE_LIST_PROMPTS);
    let changed = |list, id| (format!("notifications/{list}/list_changed"), id);
    assert_eq!(heard(&mut server), [changed("resources", two), changed("prompts", three)]);
    // One place is left, and one read or call may wait there.
    server.later("resources/read", json!({"uri": "lamp://later"}));
    let filter = json!({"notifications": {"promptsListChanged": true}});
    let (_, why) = server.error("subscriptions/listen", filter);
    assert!(why.starts_with("too many calls, reads and subscriptions"), "{why}");
    // One that ends is told no more, and its place is free.
    for id in [one, three] {
        server.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": {"requestId": id}}));
    }
    assert_eq!(server.updated(URI), TRINE_OK);
    server.changed(TRINE_LIST_PROMPTS);
    assert_eq!(heard(&mut server), [updated(two)]);
    let many: Vec<String> = (0..16).map(|at| format!("bed://{at}/soil")).collect();
    let filter = json!({"notifications": {"resourceSubscriptions": many}});
    let (_, why) = server.error("subscriptions/listen", filter);
    assert!(why.starts_with("too many resources are watched"), "{why}");
}

#[test]
fn without_news_nothing_can_be_watched() {
    for_both(|mut server| {
        let method =
            if server.is_stateless { "resources/unsubscribe" } else { "resources/subscribe" };
        assert_eq!(server.error(method, json!({"uri": URI})).0, -32601);
    });
    let mut server = Server::new(Some(&ALL), true, false);
    let all = json!({"resourcesListChanged": true, "resourceSubscriptions": [URI]});
    let answer = server.ask("subscriptions/listen", json!({"notifications": all}));
    assert_eq!(answer["params"]["notifications"], json!({}), "it agrees to nothing");
}

#[test]
fn a_line_of_log_about_a_read_goes_to_sessions() {
    let _one = ONE_AT_A_TIME.lock();
    let mut server = Server::new(Some(&ALL), false, true);
    let id = server.later("resources/read", json!({"uri": "lamp://later"}));
    // SAFETY: a device, and a literal.
    let told = unsafe { trine_mcp_log(server.device, id, 3, "it is late".as_ptr().cast(), 10) };
    assert_eq!(told, TRINE_OK);
    let line = server.next();
    assert_eq!(line["params"], json!({"level": "warning", "data": "it is late"}));
}
