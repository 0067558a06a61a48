//! Resources, prompts and completion in process: what MCP clients of both protocol families get by
//! `trine_handle_json`.

extern crate std;

use std::borrow::ToOwned;
use std::format;
use std::vec::Vec;

use serde_json::{Value, json};

use super::lists_server::{ALL, FAMILIES, FEWER, SHORT, Server, URI, for_both};
use crate::*;

#[test]
fn what_the_lists_have_is_declared_and_nothing_else() {
    for is_stateless in FAMILIES {
        for (lists, has_news) in [(Some(&ALL), false), (Some(&ALL), true), (None, true)] {
            let mut server = Server::new(lists, is_stateless, has_news);
            let method = if is_stateless { "server/discover" } else { "initialize" };
            let answer = server.ask(method, json!({"protocolVersion": "2025-11-25"}));
            let has = &answer["result"]["capabilities"];
            if lists.is_some() {
                let watches = json!({"subscribe": has_news, "listChanged": has_news});
                assert_eq!(has["resources"], watches);
                assert_eq!(has["prompts"], json!({"listChanged": has_news}));
                assert_eq!(has["completions"], json!({}));
            } else {
                let none = [&has["resources"], &has["prompts"], &has["completions"]];
                assert_eq!(none, [&Value::Null; 3]);
                let (code, _) = server.error("resources/list", json!({}));
                assert_eq!(code, -32601);
            }
            assert_eq!(has["tools"], json!({"listChanged": false}));
        }
    }
}

#[test]
fn lists_are_listed_with_titles_sizes_and_arguments() {
    for_both(|mut server| {
        let listed = server.result("resources/list", json!({}))["resources"].clone();
        assert_eq!(listed.as_array().unwrap().len(), 7);
        let manual = json!({"uri": "lamp://manual", "name": "manual", "title": "Manual",
            "description": "How.", "mimeType": "text/markdown", "size": 3000});
        let state = json!({"uri": "lamp://state", "name": "state", "mimeType": "text/plain"});
        assert_eq!((&listed[0], &listed[1]), (&manual, &state));
        let templates = server.result("resources/templates/list", json!({}));
        let soil = json!([{"uriTemplate": "bed://{name}/soil", "name": "soil", "title": "Soil",
            "description": "Wet.", "mimeType": "text/plain"}]);
        assert_eq!(templates["resourceTemplates"], soil);
        let prompts = server.result("prompts/list", json!({}));
        let greet = json!([{"name": "rest", "description": "Rests."},
            {"name": "greet", "description": "Greets somebody.", "arguments": [
                {"name": "who", "description": "Who it is.", "required": true},
                {"name": "how", "description": "How.", "required": false}]}]);
        assert_eq!(prompts["prompts"], greet);
        assert_eq!(prompts["ttlMs"], if server.is_stateless { json!(0) } else { Value::Null });
        let tools = server.result("tools/list", json!({}));
        let tool = &tools["tools"][0];
        assert_eq!(tool["icons"], json!([{"src": "https://x.org/i.png"}]));
        assert_eq!(tool["inputSchema"]["properties"]["on"]["title"], json!("On"));
        assert_eq!(tool["outputSchema"]["title"], json!("Lamp"));
        assert!(tool["inputSchema"]["title"].is_null());
    });
}

#[test]
fn a_list_is_paged_and_a_cursor_is_of_one_list_in_one_state() {
    for is_stateless in FAMILIES {
        let mut server = Server::new(Some(&ALL), is_stateless, false);
        server.room = 500;
        let (mut uris, mut cursor, mut pages) = (Vec::new(), Value::Null, 0);
        let last = loop {
            let params = if cursor.is_null() { json!({}) } else { json!({"cursor": cursor}) };
            let page = server.result("resources/list", params);
            let part = page["resources"].as_array().unwrap();
            uris.extend(part.iter().map(|it| it["uri"].as_str().unwrap().to_owned()));
            let used = core::mem::replace(&mut cursor, page["nextCursor"].clone());
            pages += 1;
            if cursor.is_null() {
                break used;
            }
        };
        assert!(pages > 1 && uris.len() == 7 && uris[6] == "lamp://icon", "{pages} {uris:?}");
        for wrong in [json!("x"), json!(5), json!("00000000000000000000")] {
            let (code, why) = server.error("resources/list", json!({"cursor": wrong}));
            assert_eq!((code, &*why), (-32602, "Invalid cursor"));
        }
        server.offer(&FEWER);
        let (_, why) = server.error("resources/list", json!({"cursor": last}));
        assert_eq!(why, "Invalid cursor", "the list is another one now");
    }
}

#[test]
fn resources_are_read_from_flash_from_functions_and_in_pieces() {
    for_both(|mut server| {
        let manual = "m".repeat(3_000);
        let wanted = json!([{"uri": "lamp://manual", "mimeType": "text/markdown", "text": manual}]);
        assert_eq!(server.read("lamp://manual"), wanted);
        let wanted = json!([{"uri": "lamp://icon", "mimeType": "image/png", "blob": "iVBORw=="}]);
        assert_eq!(server.read("lamp://icon"), wanted);
        let wanted = json!([{"uri": URI, "mimeType": "text/plain", "text": URI}]);
        assert_eq!(server.read(URI), wanted);
        let uri = "bed://north/soil";
        let wanted = json!([{"uri": uri, "mimeType": "text/plain", "text": "north"}]);
        assert_eq!(server.read(uri), wanted);
        let text = format!("\"{}", "é".repeat(500));
        let wanted = json!([{"uri": "lamp://pieces", "mimeType": "text/plain", "text": text}]);
        assert_eq!(server.read("lamp://pieces"), wanted);
    });
}

#[test]
fn a_read_that_cannot_be_answered_is_a_clear_error() {
    for_both(|mut server| {
        let missing = server.ask("resources/read", json!({"uri": "lamp://none"}));
        let code = if server.is_stateless { -32602 } else { -32002 };
        assert_eq!(missing["error"]["code"], json!(code));
        assert_eq!(missing["error"]["message"], json!("Resource not found"));
        assert_eq!(missing["error"]["data"]["uri"], json!("lamp://none"));
        for params in [json!({}), json!({"uri": 5})] {
            let (code, why) = server.error("resources/read", params);
            assert_eq!((code, &*why), (-32602, "uri must be a string"));
        }
        let (code, why) = server.error("resources/read", json!({"uri": "u:".repeat(200)}));
        assert_eq!((code, &*why), (-32602, "a text is longer than there is room for"));
        assert_eq!(server.read_error("bed://west/soil"), "there is no bed west");
        // What is announced ends inside a character.
        assert!(server.read_error("lamp://cut").contains("not UTF-8"));
        assert!(server.read_error("lamp://long").contains("longer than result_max: raise that"));
        server.offer(&SHORT);
        let why = server.read_error("lamp://pieces");
        assert_eq!(why, "the resource stopped in the middle of its content");
        // After all that, it works.
        assert_eq!(server.read(URI)[0]["text"], json!(URI));
    });
}

#[test]
fn an_answer_without_room_says_how_much_it_takes() {
    for_both(|mut server| {
        server.room = 300;
        for uri in ["lamp://manual", "lamp://pieces"] {
            let why = server.read_error(uri);
            let words: Vec<&str> = why.split(' ').collect();
            let ["The", "answer", "takes", needed, "bytes,", "more", ..] = words[..] else {
                panic!("{why}")
            };
            server.room = needed.parse().unwrap();
            server.read(uri);
            server.room -= 1;
            server.read_error(uri);
            server.room = 300;
        }
        // Where not even that fits, the status and the length say it.
        server.room = 40;
        let request = server.request("resources/read", json!({"uri": "lamp://manual"}));
        let (status, _, needed) = server.send(&request);
        assert_eq!(status, TRINE_E_NO_SPACE);
        server.room = needed;
        assert_eq!(server.send(&request).0, TRINE_OK);
    });
}

#[test]
fn prompts_are_made_from_arguments_that_were_checked() {
    for_both(|mut server| {
        let params = json!({"name": "greet", "arguments": {"who": "Ada", "how": "well"}});
        let made = server.result("prompts/get", params);
        assert_eq!(made["description"], json!("Greets somebody."));
        let text = |role, text| json!({"role": role, "content": {"type": "text", "text": text}});
        assert_eq!(made["messages"], json!([text("assistant", "Ada"), text("user", "Hello.")]));
        let (code, why) = server.error("prompts/get", json!({"name": "none"}));
        assert_eq!((code, &*why), (-32602, "Unknown prompt"));
        let (code, why) = server.error("prompts/get", json!({}));
        assert_eq!((code, &*why), (-32602, "name must be a string"));
        for (params, wanted) in [
            (json!({"name": "greet"}), "an argument of the prompt is missing"),
            (json!({"name": "greet", "arguments": {"who": "x".repeat(10)}}), "not what its"),
            (json!({"name": "greet", "arguments": {"who": "A", "how": "so"}}), "not what its"),
            (json!({"name": "greet", "arguments": {"whom": "A"}}), "no argument of that name"),
            (json!({"name": "greet", "arguments": {"who": 5}}), "must be strings"),
        ] {
            let (code, why) = server.error("prompts/get", params);
            assert!(code == -32602 && why.contains(wanted), "{code} {why}");
        }
        let asks = json!({"name": "greet", "arguments": {"who": "ask"}});
        let (code, why) = server.error("prompts/get", asks);
        assert!(code == -32603 && why.contains("serve the device through a gateway"), "{why}");
    });
}

#[test]
fn what_is_typed_is_completed() {
    for_both(|mut server| {
        let prompt = json!({"type": "ref/prompt", "name": "greet"});
        let template = json!({"type": "ref/resource", "uri": "bed://{name}/soil"});
        let argument = |name| json!({"name": name, "value": "n"});
        let of = |reference: &Value, name| json!({"ref": reference, "argument": argument(name)});
        let values = |value: &str| json!({"values": [value], "total": 7, "hasMore": true});
        let done = server.result("completion/complete", of(&prompt, "how"));
        assert_eq!(done["completion"], values("1-1-1"));
        let done = server.result("completion/complete", of(&template, "name"));
        assert_eq!(done["completion"], values("2-0-0"));
        for params in [
            of(&prompt, "what"),
            of(&template, "what"),
            of(&json!({"type": "ref/prompt", "name": "none"}), "how"),
            json!({"ref": prompt}),
        ] {
            assert_eq!(server.error("completion/complete", params).0, -32602);
        }
    });
}
