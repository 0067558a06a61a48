//! The program as Trine's own client sees it, over both transports and in both protocol families.

use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use trine_client::{Builder, Client, ElicitationAnswer, Error, Family};

use crate::harness::{Folder, Gateway};
use crate::web::Site;

/// A client, and what it is of.
struct Way {
    name: String,
    client: Client,
    /// The server of a client over HTTP.
    site: Option<Site>,
}

/// Clients of both families over both transports, one server for each.
async fn ways(arguments: &[&str], builder: impl Fn() -> Builder) -> Vec<Way> {
    let mut all = Vec::new();
    for (family, revision) in [(Family::Stateless, "2026-07-28"), (Family::Sessions, "2025-11-25")]
    {
        let site = Site::start(arguments);
        let url = format!("http://{}/mcp", site.address);
        let over_http = builder().family(family).connect(&url).await.unwrap();
        let over_stdio = builder().family(family).start(command(arguments)).await.unwrap();
        for (client, site) in [(over_http, Some(site)), (over_stdio, None)] {
            assert_eq!((client.revision(), client.family()), (revision, family));
            let transport = if site.is_some() { "HTTP" } else { "stdio" };
            all.push(Way { name: format!("{revision} over {transport}"), client, site });
        }
    }
    all
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Gateway::command(arguments);
    command.stderr(std::process::Stdio::null());
    command
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap().block_on(test)
}

#[test]
fn the_best_family_is_found_and_tools_are_listed_and_called_on_every_way() {
    run(async {
        let stdio = Client::start(command(&["--simulate"])).await.unwrap();
        assert_eq!((stdio.revision(), &*stdio.server().name), ("2026-07-28", "trine"));
        stdio.close().await;
        for Way { name, client, .. } in ways(&["--simulate"], Client::builder).await {
            let tools = client.list_tools().await.unwrap();
            assert_eq!(tools.len(), 11, "{name}");
            let fan = tools.iter().find(|tool| tool.name == "fan_set").unwrap();
            assert_eq!(fan.input_schema["properties"]["percent"]["maximum"], json!(100));
            let result = client.call_tool("fan_set", json!({"percent": 40})).await.unwrap();
            assert_eq!(result.text(), r#"{"percent":40}"#, "{name}");
            assert_eq!(result.structured, Some(json!({"percent": 40})), "{name}");
            client.close().await;
        }
    });
}

#[test]
fn a_hundred_calls_at_once_from_clones_get_each_their_own_answer() {
    run(async {
        for Way { name, client, .. } in ways(&["--simulate"], Client::builder).await {
            let calls: Vec<_> = (0..100_u32)
                .map(|number| {
                    let client = client.clone();
                    tokio::spawn(async move {
                        client.call_tool("fan_set", json!({"percent": number})).await
                    })
                })
                .collect();
            for (number, call) in (0_u32..).zip(calls) {
                let result = call.await.unwrap().unwrap();
                assert_eq!(result.structured, Some(json!({"percent": number})), "{name}");
            }
        }
    });
}

#[test]
fn wrong_arguments_and_unknown_tools_are_errors_that_name_tool_and_bound() {
    run(async {
        for Way { name, client, .. } in ways(&["--simulate"], Client::builder).await {
            let error = |tool: &'static str, arguments: Value| {
                let client = client.clone();
                async move { client.call_tool(tool, arguments).await.unwrap_err() }
            };
            let bound = error("fan_set", json!({"percent": 140})).await;
            assert!(matches!(&bound, Error::Tool { tool, .. } if tool == "fan_set"), "{bound:?}");
            let text = "tool fan_set failed: fan_set: percent must be at most 100";
            assert_eq!(bound.to_string(), text, "{name}");
            let missing = error("fan_set", json!({})).await.to_string();
            assert!(missing.contains("fan_set") && missing.contains("percent"), "{missing}");
            let unknown = error("fan_sit", json!({})).await;
            assert_eq!(unknown.code(), Some(-32602), "{name}: {unknown:?}");
            assert!(unknown.to_string().contains("Unknown tool: fan_sit"), "{unknown}");
            let list = error("fan_set", json!([40])).await.to_string();
            assert_eq!(list, "arguments of fan_set must be an object; found an array");
        }
    });
}

#[test]
fn a_gateway_that_is_killed_in_the_middle_of_a_call_is_a_closed_connection() {
    run(async {
        for family in [Family::Stateless, Family::Sessions] {
            let mut site = Site::start(&["--simulate"]);
            let url = format!("http://{}/mcp", site.address);
            let client = Client::builder().family(family).connect(&url).await.unwrap();
            let other = client.clone();
            let call = tokio::spawn(async move {
                other.call_tool("vent_move", json!({"degrees": 30})).await.unwrap_err()
            });
            tokio::time::sleep(Duration::from_millis(300)).await;
            site.gateway.child.kill().unwrap();
            let error = call.await.unwrap();
            let Error::ConnectionClosed { request, .. } = &error else { panic!("{error:?}") };
            assert_eq!(request, "tools/call vent_move");
            site.gateway.exited();
            let gone = client.list_tools().await.unwrap_err();
            // Refused, or closed where a kept connection was not known to be.
            assert!(gone.is_connection(), "{gone:?}");
        }
    });
}

#[test]
fn a_missing_or_wrong_key_is_said_and_the_right_one_is_taken() {
    let folder = Folder::new("client-keys");
    let keys = folder.path("keys");
    std::fs::write(&keys, "kitchen 0123456789abcdef\n").unwrap();
    let site = Site::start(&["--simulate", "--api-keys", keys.to_str().unwrap()]);
    let url = format!("http://{}/mcp", site.address);
    run(async {
        for family in [None, Some(Family::Stateless), Some(Family::Sessions)] {
            let builder = || {
                let builder = Client::builder();
                family.map_or(builder, |family| Client::builder().family(family))
            };
            let missing = builder().connect(&url).await.unwrap_err();
            assert!(matches!(missing, Error::Unauthorized { .. }), "{missing:?}");
            let wrong = builder().api_key("fedcba9876543210").connect(&url).await.unwrap_err();
            let text = wrong.to_string();
            assert!(text.contains("Invalid API key; set the key of the server"), "{text}");
            assert!(!text.contains("fedcba"), "{text}");
            let client = builder().api_key("0123456789abcdef").connect(&url).await.unwrap();
            assert_eq!(client.list_tools().await.unwrap().len(), 11);
            client.close().await;
        }
    });
}

#[test]
fn forms_progress_and_headers_of_parameters_work_on_every_way() {
    let builder = || {
        Client::builder().on_elicitation(|form| {
            assert!(form.schema["properties"].is_object(), "{form:?}");
            let content = json!({"username": "ada", "email": "a@b.c"});
            ElicitationAnswer::Accept(content)
        })
    };
    run(async {
        for Way { name, client, site } in ways(&["--fixtures"], builder).await {
            let asked = client.call_tool("test_elicitation", json!({"message": "Who?"})).await;
            let text = asked.unwrap_or_else(|error| panic!("{name}: {error}")).text();
            assert!(text.contains("ada"), "{name}: {text}");
            let mut told = Vec::new();
            let call = client.call("test_tool_with_progress");
            call.on_progress(|progress| told.push(progress.progress)).send().await.unwrap();
            assert!(!told.is_empty() && told.is_sorted(), "{name}: {told:?}");
            // The header is not known before the tools are listed.
            for region in ["eu", "Zürich"] {
                let called = client.call_tool("test_x_mcp_header", json!({"region": region})).await;
                called.unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            drop(site);
        }
        for Way { name, client, .. } in ways(&["--fixtures"], Client::builder).await {
            let error = client.call_tool("test_elicitation", json!({"message": "Who?"})).await;
            let error = error.unwrap_err().to_string();
            assert!(error.contains("test_elicitation"), "{name}: {error}");
        }
    });
}

#[test]
fn a_connection_that_is_closed_ends_serving_silently_and_an_unknown_session_is_said() {
    let is_silent = |log: &str| !log.contains("WARN") && !log.contains("ERROR");
    // On standard input and output the one connection is the program's: it ends, and all is well.
    for half in ["", r#"{"jsonrpc": "2.0", "id": 1, "#] {
        let mut gateway = Gateway::start(&["--simulate"]);
        gateway.logged("online");
        gateway.send_raw(half.as_bytes());
        gateway.input = None;
        assert!(gateway.exited().success());
        assert!(is_silent(&gateway.log()), "{}", gateway.log());
    }
    let mut deaf = command(&["--simulate"]).spawn().unwrap();
    drop(deaf.stdout.take());
    let mut input = deaf.stdin.take().unwrap();
    // It may have ended before the second one.
    drop(input.write_all(b"{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"ping\"}\n"));
    drop(input.write_all(b"{\"jsonrpc\": \"2.0\", \"id\": 2, \"method\": \"ping\"}\n"));
    drop(input);
    assert!(deaf.wait().unwrap().success());
    // Over HTTP the others go on.
    let site = Site::start(&["--simulate"]);
    for cut in
        ["POST /mcp HT", "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"]
    {
        site.connect().write_all(cut.as_bytes()).unwrap();
    }
    assert_eq!(site.call("fan_set", &json!({"percent": 7}))["isError"], json!(false));
    assert!(is_silent(&site.gateway.log()), "{}", site.gateway.log());
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let unknown = site.post(&[("Mcp-Session-Id", "00")], &list);
    assert_eq!((unknown.status, unknown.code()), (404, -32600));
    assert!(unknown.message().contains("call initialize again"), "{unknown:?}");
}
