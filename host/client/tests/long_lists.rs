//! Lists of any length, sorted by a tool of this program: the example `own_tools` of the gateway.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "its `main` serves until it is ended")]
#[path = "../../gateway/examples/own_tools.rs"]
mod own_tools;

use serde_json::{Value, json};
use trine_client::{Client, Error};
use trine_gateway::server::Server;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};

fn server() -> Server {
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    hub.add_tools(own_tools::Sorter::new().unwrap()).unwrap();
    Server::builder().hub(hub).port(0).build().unwrap()
}

/// Numbers in no order.
fn numbers(count: i64) -> Vec<i64> {
    (0..count).map(|at| at * 7_919 % 1_000_000).collect()
}

#[tokio::test]
async fn a_list_of_ten_thousand_items_reaches_an_own_tool_and_comes_back() {
    let server = server();
    let (url, handle) = (format!("http://{}/mcp", server.local_addr()), server.handle());
    let serving = std::thread::spawn(move || server.run());
    let client = Client::connect(&url).await.unwrap();
    let tools = client.list_tools().await.unwrap();
    let values = &tools[0].input_schema["properties"]["values"];
    assert_eq!((&values["type"], &values["maxItems"]), (&json!("array"), &Value::Null));
    for count in [0, 1, 10, 255, 256, 1_000, 10_000] {
        let mut values = numbers(count);
        let called = client.call_tool("sort", json!({"values": values})).await.unwrap();
        values.sort_unstable();
        assert_eq!(called.structured.unwrap()["values"], json!(values), "{count}");
    }
    // Longer ones end in an error that tells why, and nothing is lost.
    for (count, why) in [(30_000, "take more room"), (65_536, "at most 65535 items")] {
        let refused = client.call_tool("sort", json!({"values": numbers(count)})).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused, Error::Tool { .. }), "{refused}");
        assert!(refused.to_string().contains(why), "{count}: {refused}");
    }
    handle.shutdown();
    serving.join().unwrap().unwrap();
}
