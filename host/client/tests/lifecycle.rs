//! A server in this process, from its start to its end, as a client sees it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;
use trine_client::{Client, Error, Family};
use trine_gateway::server::http::Keys;
use trine_gateway::server::{Server, ServerHandle};
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};

fn hub() -> Arc<Hub> {
    let args = DeviceArgs { simulate: vec![String::new()], ..DeviceArgs::default() };
    Hub::open_with(&args, Prefix::Auto, &Settings::none()).unwrap()
}

fn start(server: Server) -> (String, ServerHandle, JoinHandle<trine_gateway::Result<()>>) {
    assert_ne!(server.local_addr().port(), 0);
    let (url, handle) = (format!("http://{}/mcp", server.local_addr()), server.handle());
    (url, handle, std::thread::spawn(move || server.run()))
}

#[tokio::test]
async fn a_server_on_port_0_is_connected_to_lists_tools_and_is_shut_down() {
    let hub = hub();
    for round in 0..2 {
        let server = Server::builder().hub(Arc::clone(&hub)).port(0).build().unwrap();
        let (url, handle, serving) = start(server);
        let client = Client::connect(&url).await.unwrap();
        assert_eq!((client.revision(), client.family()), ("2026-07-28", Family::Stateless));
        assert!(!client.list_tools().await.unwrap().is_empty());
        client.call_tool("fan_set", json!({"percent": round})).await.unwrap();
        let since = Instant::now();
        handle.shutdown();
        serving.join().unwrap().unwrap();
        assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
        let gone = client.list_tools().await.unwrap_err();
        assert!(gone.is_connection(), "{gone}");
        // It is of no matter that it has ended, and the hub goes on.
        handle.shutdown();
    }
}

#[tokio::test]
async fn a_server_that_was_ended_before_it_runs_ends_at_once_and_frees_its_port() {
    let server = Server::builder().hub(hub()).port(0).build().unwrap();
    let address = server.local_addr();
    server.handle().shutdown();
    // `run` blocks, and yet is no panic on a thread of a runtime.
    server.run().unwrap();
    let again = Server::builder().hub(hub()).http(address).build().unwrap();
    assert_eq!(again.local_addr(), address);
    let taken = Server::builder().hub(hub()).http(address).build().unwrap_err();
    assert!(taken.to_string().contains("cannot listen on 127.0.0.1"), "{taken}");
}

#[tokio::test]
async fn a_builder_refuses_what_serve_http_refuses() {
    let empty = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    let none = Server::builder().hub(empty).port(0).build().unwrap_err();
    assert!(matches!(none, trine_gateway::Error::NoDevice), "{none}");
    let open = Server::builder().hub(hub()).http(([0, 0, 0, 0], 0).into()).build().unwrap_err();
    assert!(open.to_string().contains("--api-keys"), "{open}");
    let keys = Keys::read("kitchen 0123456789abcdef").unwrap();
    let address = ([0, 0, 0, 0], 0).into();
    let server = Server::builder().hub(hub()).http(address).keys(keys).behind_proxy();
    let (url, handle, serving) = start(server.build().unwrap());
    let url = url.replace("0.0.0.0", "127.0.0.1");
    let missing = Client::connect(&url).await.unwrap_err();
    assert!(matches!(missing, Error::Unauthorized { .. }), "{missing}");
    assert!(missing.to_string().contains("Builder::api_key"), "{missing}");
    let client = Client::builder().api_key("0123456789abcdef").connect(&url).await.unwrap();
    assert!(!client.list_tools().await.unwrap().is_empty());
    assert!(!format!("{client:?}").contains("0123456789"));
    handle.shutdown();
    serving.join().unwrap().unwrap();
}
