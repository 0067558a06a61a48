//! Servers that are slow, old, broken or gone: what a client makes of them.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod fake;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fake::{Fake, Got, Reply};
use serde_json::{Value, json};
use trine_client::{Client, ElicitationAnswer, Error, ErrorKind, Family};

/// A stateless server with these answers to the methods besides `server/discover`.
fn stateless(answer: impl Fn(&Got) -> Reply + Send + Sync + 'static) -> Fake {
    Fake::start(move |got| match got.method() {
        "server/discover" => got.result(json!({"supportedVersions": ["2026-07-28"],
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "fake", "version": "7"}}})),
        _ => answer(got),
    })
}

fn tool(name: &str) -> Value {
    json!({"name": name, "inputSchema": {"type": "object"}})
}

async fn refusal(client: &Client, tool: &str) -> Error {
    client.call_tool(tool, json!({})).await.unwrap_err()
}

#[tokio::test]
async fn a_refused_connection_names_the_address() {
    let url = Fake::unused().await;
    let error = Client::connect(&url).await.unwrap_err();
    let Error::Connect { address, kind, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*kind, std::io::ErrorKind::ConnectionRefused);
    assert!(url.contains(address) && error.is_connection());
    let text = error.to_string();
    assert!(text.contains("connection refused; start the server, or correct the URL"), "{text}");
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_given_up_in_time() {
    // It is connected by the system, and no one accepts.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    for family in [None, Some(Family::Stateless), Some(Family::Sessions)] {
        let limit = Duration::from_millis(300);
        let mut builder = Client::builder().connect_timeout(limit);
        if let Some(family) = family {
            builder = builder.family(family);
        }
        let since = Instant::now();
        let error = builder.connect(&format!("http://{address}/mcp")).await.unwrap_err();
        assert!((300..5_000).contains(&since.elapsed().as_millis()), "{:?}", since.elapsed());
        let text = error.to_string();
        assert_eq!(
            text,
            format!(
                "no connection to {address} within 300ms; correct the URL, or \
            raise connect_timeout"
            )
        );
    }
    assert_eq!(Client::CONNECT_TIMEOUT, Duration::from_secs(30));
}

/// A listener whose queue is full drops what comes next, as a dead address does.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_address_that_is_dead_is_given_up_in_time() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let full = socket.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let mut kept = Vec::new();
    let patience = Duration::from_millis(100);
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, patience) {
        kept.push(stream);
    }
    let (limit, since) = (Duration::from_millis(300), Instant::now());
    let builder = Client::builder().connect_timeout(limit);
    let error = builder.connect(&format!("http://{address}/mcp")).await.unwrap_err();
    assert!(matches!(error, Error::ConnectTimeout { .. }), "{error:?}");
    assert!((300..5_000).contains(&since.elapsed().as_millis()), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_is_a_closed_connection() {
    let half = "HTTP/1.1 200 OK\r\ncontent-type: ";
    let whole = json!({"jsonrpc": "2.0", "id": 2, "result": {}}).to_string();
    for cut in [
        String::new(),
        half.to_owned(),
        format!("{half}application/json\r\ncontent-length: 99\r\n\r\n{whole}"),
        format!("{half}text/event-stream\r\n\r\ndata: {whole}"),
        format!("{half}text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n5\r\ndat"),
    ] {
        let sent = cut.clone();
        let fake = stateless(move |_| Reply::Raw(sent.clone()));
        let client = Client::connect(&fake.url()).await.unwrap();
        let error = refusal(&client, "a").await;
        let Error::ConnectionClosed { request, .. } = &error else { panic!("{cut}: {error:?}") };
        assert_eq!(request, "tools/call a");
        assert!(error.to_string().ends_with("the call may have run"), "{error}");
        // It is not sent a second time.
        assert_eq!(fake.count("tools/call"), 1, "{cut}");
    }
}

#[tokio::test]
async fn a_call_without_an_answer_is_given_up_and_news_put_that_off() {
    let fake = stateless(|got| match got.message["params"]["name"].as_str() {
        Some("silent") => Reply::Never,
        _ => {
            let token = got.message["params"]["_meta"]["progressToken"].clone();
            let news = |progress: u32| {
                let params = json!({"progressToken": token, "progress": progress, "total": 3});
                json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
            };
            let Reply::Json(_, answer) = got.result(json!({"content": []})) else { panic!() };
            Reply::Events(vec![news(1), news(2), news(3), answer], Duration::from_millis(200))
        }
    });
    let limit = Duration::from_millis(500);
    let client = Client::builder().timeout(limit).connect(&fake.url()).await.unwrap();
    let error = refusal(&client, "silent").await;
    let text = error.to_string();
    assert!(text.starts_with("no answer to tools/call silent within 500ms; raise"), "{text}");
    let mut told = Vec::new();
    let call = client.call("slow").on_progress(|it| told.push((it.progress as u32, it.total)));
    call.send().await.unwrap();
    assert_eq!(told, [1, 2, 3].map(|progress| (progress, Some(3.0))));
}

#[tokio::test]
async fn a_stateless_call_that_is_dropped_closes_its_connection() {
    let fake = stateless(|_| Reply::Never);
    let client = Client::connect(&fake.url()).await.unwrap();
    let call = client.call_tool("silent", json!({}));
    drop(tokio::time::timeout(Duration::from_millis(200), call).await);
    let since = Instant::now();
    while fake.cut() == 0 {
        assert!(since.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn messages_that_are_no_progress_do_not_put_the_end_off() {
    let fake = stateless(|got| {
        let log = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {}});
        let Reply::Json(_, answer) = got.result(json!({"content": []})) else { panic!() };
        let all = [vec![log; 20], vec![answer]].concat();
        Reply::Events(all, Duration::from_millis(100))
    });
    let limit = Duration::from_millis(500);
    let client = Client::builder().timeout(limit).connect(&fake.url()).await.unwrap();
    let error = refusal(&client, "a").await;
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn an_old_server_gets_a_session_that_is_opened_again_when_it_ends() {
    for refusal in [
        Reply::Json(400, json!({"error": {"code": -32600, "message": "no session"}})),
        Reply::Json(200, json!({"id": 1, "error": {"code": -32601, "message": "what?"}})),
        Reply::Text(405, "no".to_owned()),
    ] {
        let (sessions, calls) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
        let opened = Arc::clone(&sessions);
        let fake = Fake::start(move |got| match got.method() {
            "server/discover" => refusal.clone(),
            "initialize" => {
                let number = sessions.fetch_add(1, Ordering::Relaxed);
                let info = json!({"name": "old", "version": "1"});
                let result = json!({"protocolVersion": "2025-06-18", "serverInfo": info});
                got.result(result).with("Mcp-Session-Id", &number.to_string())
            }
            _ if got.header("mcp-session-id").is_none() => panic!("{got:?}"),
            "notifications/initialized" => Reply::Text(202, String::new()),
            _ => {
                assert_eq!(got.header("mcp-protocol-version"), Some("2025-06-18"));
                assert_eq!(got.message["params"].get("_meta"), None);
                match calls.fetch_add(1, Ordering::Relaxed) {
                    1 => Reply::Text(404, "gone".to_owned()),
                    _ => got.result(json!({"content": []})),
                }
            }
        });
        let client = Client::connect(&fake.url()).await.unwrap();
        assert_eq!((client.revision(), client.family()), ("2025-06-18", Family::Sessions));
        assert_eq!((&*client.server().name, &*client.server().version), ("old", "1"));
        for _ in 0..3 {
            client.call_tool("a", json!({})).await.unwrap();
        }
        assert_eq!(opened.load(Ordering::Relaxed), 2);
        client.close().await;
        assert_eq!(fake.count("DELETE"), 1);
    }
}

#[tokio::test]
async fn a_prepared_call_is_the_request_that_a_call_sends_with_an_id_of_its_own() {
    for family in [Family::Stateless, Family::Sessions] {
        let fake = Fake::start(move |got| match got.method() {
            "server/discover" => got.result(json!({"supportedVersions": ["2026-07-28"]})),
            "initialize" => {
                let result = got.result(json!({"protocolVersion": "2025-11-25"}));
                result.with("Mcp-Session-Id", "7")
            }
            "notifications/initialized" => Reply::Text(202, String::new()),
            "tools/list" => got.result(json!({"tools": [{"name": "a", "inputSchema":
                {"properties": {"id": {"type": "integer", "x-mcp-header": "Id"}}}}]})),
            _ => got.result(json!({"content": []})),
        });
        let builder = Client::builder().family(family).api_key("0123456789abcdef");
        let client = builder.connect(&fake.url()).await.unwrap();
        client.list_tools().await.unwrap();
        let arguments = json!({"id": 5, "text": "\"id\":0"});
        client.call_tool("a", arguments.clone()).await.unwrap();
        let all = fake.all();
        let sent = all.iter().find(|got| got.method() == "tools/call").unwrap();
        let prepared = client.prepare("a", &arguments).unwrap().unwrap();
        assert!(fake.url().contains(prepared.address()));
        let mut ids = vec![sent.message["id"].as_u64().unwrap()];
        for _ in 0..2 {
            let (id, request) = prepared.request();
            let mut message = sent.message.clone();
            message["id"] = id.into();
            assert_eq!(serde_json::from_slice::<Value>(request.body()).unwrap(), message);
            for (name, value) in request.headers() {
                assert_eq!(sent.header(name.as_str()), value.to_str().ok(), "{name}");
            }
            // The length is added when it is sent.
            assert_eq!(request.headers().len() + 1, sent.count_headers(), "{sent:?}");
            assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/mcp"));
            ids.push(id);
        }
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
        let error = client.prepare("a", &json!([])).unwrap_err();
        assert!(matches!(error, Error::Arguments { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_session_that_asks_is_answered_and_a_call_that_is_dropped_is_cancelled() {
    let fake = Fake::start(|got| match (got.method(), got.message["params"]["name"].as_str()) {
        ("initialize", _) => {
            assert_eq!(got.message["params"]["capabilities"], json!({"elicitation": {}}));
            got.result(json!({"protocolVersion": "2025-11-25"})).with("Mcp-Session-Id", "s")
        }
        ("tools/call", Some("silent")) => Reply::Never,
        ("tools/call", _) => {
            let params = json!({"message": "Who?", "requestedSchema": {"type": "object"}});
            let asked = json!({"jsonrpc": "2.0", "id": "q", "method": "elicitation/create",
                "params": params});
            let other = json!({"jsonrpc": "2.0", "id": "r", "method": "roots/list"});
            let Reply::Json(_, answer) = got.result(json!({"content": []})) else { panic!() };
            Reply::Events(vec![asked, other, answer], Duration::ZERO)
        }
        _ => Reply::Text(202, String::new()),
    });
    let client = Client::builder().family(Family::Sessions).on_elicitation(|form| {
        assert_eq!(form.message, "Who?");
        ElicitationAnswer::Accept(json!({"who": "Ada"}))
    });
    let client = client.connect(&fake.url()).await.unwrap();
    client.call_tool("ask", json!({})).await.unwrap();
    let filled = fake.all().into_iter().find(|got| got.message["id"] == "q").unwrap();
    assert_eq!(filled.message["result"]["content"], json!({"who": "Ada"}));
    let refused = fake.all().into_iter().find(|got| got.message["id"] == "r").unwrap();
    assert_eq!(refused.message["error"]["code"], json!(-32601));

    let call = client.call_tool("silent", json!({}));
    drop(tokio::time::timeout(Duration::from_millis(200), call).await);
    let since = Instant::now();
    while fake.count("notifications/cancelled") == 0 {
        assert!(since.elapsed() < Duration::from_secs(10), "{:?}", fake.all());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn all_pages_of_a_list_are_read_and_one_without_an_end_is_refused() {
    let fake = stateless(|got| match got.message["params"]["cursor"].as_str() {
        None => got.result(json!({"tools": [tool("a")], "nextCursor": "x"})),
        Some("x") => got.result(json!({"tools": [tool("b")], "nextCursor": ""})),
        Some(_) => got.result(json!({"tools": [tool("c")]})),
    });
    let client = Client::connect(&fake.url()).await.unwrap();
    assert_eq!(client.server().name, "fake");
    let tools = client.list_tools().await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| &*tool.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let fake = stateless(|got| got.result(json!({"tools": [], "nextCursor": "again"})));
    let client = Client::connect(&fake.url()).await.unwrap();
    let error = client.list_tools().await.unwrap_err();
    assert_eq!(error.to_string(), "tools/list: invalid answer: the list has no end");
}

#[tokio::test]
async fn headers_that_a_server_misses_are_learned_from_its_list() {
    let fake = stateless(|got| match got.method() {
        "tools/list" => {
            let of = |kind| json!({"properties": {"at": {"type": kind, "x-mcp-header": "At"}}});
            let named = |name, kind| json!({"name": name, "inputSchema": of(kind)});
            got.result(json!({"tools": [named("lüfter", "string"), named("bad", "number")]}))
        }
        _ if got.header("mcp-param-at").is_some() => got.result(json!({"content": []})),
        _ => got.error(400, -32020, "Header mismatch: one mcp-param-at header is needed"),
    });
    let client = Client::connect(&fake.url()).await.unwrap();
    client.call_tool("lüfter", json!({"at": "Ulm"})).await.unwrap();
    client.call_tool("lüfter", json!({"at": "Köln"})).await.unwrap();
    let calls: Vec<_> = fake.all().into_iter().filter(|got| got.method() == "tools/call").collect();
    let header = |at: usize, name| calls[at].header(name).map(str::to_owned);
    assert_eq!(calls.len(), 3, "one was refused");
    assert_eq!(header(0, "mcp-name").unwrap(), "=?base64?bMO8ZnRlcg==?=");
    assert_eq!(header(1, "mcp-param-at").unwrap(), "Ulm");
    assert_eq!(header(2, "mcp-param-at").unwrap(), "=?base64?S8O2bG4=?=");
    // What breaks the rules is not offered, and a mismatch that no list explains is an error.
    assert_eq!(client.list_tools().await.unwrap().len(), 1);
    assert_eq!(refusal(&client, "other").await.code(), Some(-32020));
}

#[tokio::test]
async fn input_that_cannot_be_given_is_an_error_that_says_what_to_do() {
    let asks = |method: &'static str| {
        stateless(move |got| {
            let asked = json!({"one": {"method": method, "params": {"message": "Who?"}}});
            got.result(json!({"resultType": "input_required", "inputRequests": asked}))
        })
    };
    let missing = stateless(|got| {
        let data = json!({"requiredCapabilities": {"elicitation": {}}});
        let error = json!({"code": -32021, "message": "no", "data": data});
        Reply::Json(400, json!({"jsonrpc": "2.0", "id": got.message["id"], "error": error}))
    });
    let handler = "tool a needs input by elicitation/create; set a handler with \
                   Builder::on_elicitation";
    let sampling = "tool a needs input by sampling/createMessage; this client answers \
                    elicitation/create only";
    let (form, model) = (asks("elicitation/create"), asks("sampling/createMessage"));
    for (fake, expected) in [(&form, handler), (&missing, handler), (&model, sampling)] {
        let client = Client::connect(&fake.url()).await.unwrap();
        assert_eq!(refusal(&client, "a").await.to_string(), expected);
    }
    // A server that asks again and again is not answered for ever, and a handler may panic.
    let client = Client::builder().on_elicitation(|_| panic!("a test of this"));
    let client = client.connect(&form.url()).await.unwrap();
    let error = refusal(&client, "a").await.to_string();
    assert!(error.contains("it asks for input without an end"), "{error}");
    let last = form.all().pop().unwrap();
    assert_eq!(last.message["params"]["inputResponses"]["one"], json!({"action": "cancel"}));
}

#[tokio::test]
async fn whatever_a_server_says_is_an_error_and_no_panic() {
    use ErrorKind::{Connection, Overloaded, Protocol};
    let all = vec![
        (Reply::Text(200, "<html>".to_owned()), "expected JSON or events", Protocol),
        (Reply::Text(200, String::new()), "connection closed", Connection),
        (Reply::Json(200, json!([])), "its id is not that of the request", Protocol),
        (Reply::Json(200, json!(7)), "its id is not that of the request", Protocol),
        (Reply::Json(200, json!({"id": 99, "result": {}})), "its id is not", Protocol),
        (Reply::Json(200, json!({"id": 2})), "neither a result nor an error", Protocol),
        (Reply::Json(200, json!({"id": 2, "error": 5})), "(0)", Protocol),
        (Reply::Events(vec![], Duration::ZERO), "connection closed", Connection),
        (
            Reply::Events(vec![json!({"method": 7, "id": 2})], Duration::ZERO),
            "connection closed",
            Connection,
        ),
        (Reply::Text(503, "busy".to_owned()), "HTTP status 503: busy", Overloaded),
        (Reply::Text(500, String::new()), "HTTP status 500: Internal Server Error", Protocol),
        (
            Reply::Json(403, json!({"error": {"code": -1, "message": "no Host"}})),
            "403: no Host",
            Protocol,
        ),
    ];
    for (reply, expected, kind) in all {
        let shown = format!("{reply:?}");
        let fake = stateless(move |_| reply.clone());
        let client = Client::connect(&fake.url()).await.unwrap();
        let error = refusal(&client, "a").await;
        assert_eq!(error.kind(), Some(kind), "{shown}");
        let error = error.to_string();
        assert!(error.contains(expected), "{shown}: {error}");
    }
}

#[tokio::test]
async fn a_program_that_is_missing_ends_or_says_nothing_is_an_error() {
    let error = Client::start(Command::new("/no/such/program")).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot start /no/such/program");
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    };
    let error = Client::start(shell("exit 3")).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionClosed { .. }), "{error:?}");
    let silent = Client::builder().connect_timeout(Duration::from_millis(300));
    let error = silent.start(shell("cat > /dev/null")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no connection to sh within 300ms; correct the URL, or raise connect_timeout"
    );
    // Lines that are no message are passed over; an old server may end at what it does not know.
    let old = "echo hello; read -r first; case $first in *initialize*) ;; *) exit;; esac; \
               echo '{\"id\": 1, \"result\": {\"protocolVersion\": \"2024-11-05\"}}'; \
               read -r ready; read -r call; exit";
    let client = Client::start(shell(old)).await.unwrap();
    assert_eq!(client.revision(), "2024-11-05");
    let error = refusal(&client, "a").await;
    let Error::ConnectionClosed { request, .. } = &error else { panic!("{error:?}") };
    assert_eq!(request, "tools/call a");
    let unknown = "read -r line; echo '{\"id\": 1, \"result\": {\"protocolVersion\": \"1\"}}'";
    let builder = Client::builder().family(Family::Sessions);
    let error = builder.start(shell(unknown)).await.unwrap_err().to_string();
    assert!(error.starts_with("the server speaks MCP 1; expected 2026-07-28"), "{error}");
}
