//! The plug-ins that ship with Trine, called by the program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use trine_client::{Client, Elicitation, ElicitationAnswer};
use trine_plugin_http::testing::{Answer, Server, json as json_answer};

/// The library of a plug-in, which is built with this test.
pub(crate) fn library(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.with_file_name(format!("libtrine_plugin_{name}.so"));
    assert!(path.exists(), "{} is not there", path.display());
    path
}

/// A call of a tool, with these variables: its structured result, or what it says of its failure.
pub(crate) fn call(
    file: &Path,
    [tool, arguments]: [&str; 2],
    variables: &[(&str, &str)],
) -> Result<Value, String> {
    let mut trine = Command::new(env!("CARGO_BIN_EXE_trine"));
    trine.args(["plugin", "call"]).arg(file).args([tool, arguments]).env("TRINE_LOG", "off");
    let done = trine.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(text.starts_with('{'), "{text}{errors}");
    let result: Value = serde_json::from_str(&text).unwrap();
    if done.status.success() {
        return Ok(result["structuredContent"].clone());
    }
    assert_eq!(done.status.code(), Some(1), "{text}{errors}");
    Err(result["content"][0]["text"].as_str().unwrap().to_owned())
}

/// A plug-in's report, without a warning about what it imports.
fn check(file: &Path) -> String {
    super::done(&["plugin", "check", "--plugin-imports", "deny", file.to_str().unwrap()])
}

fn engine(path: &str) -> Answer {
    match path {
        "/_ping" => Answer::Raw(
            b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK".into(),
        ),
        "/v1.41/containers/json?all=1" => json_answer(
            r#"[{"Id": "8dfafdbc3a40b5c5", "Names": ["/db"], "Image": "postgres:16", "State": "exited",
                "Status": "Exited (0) 2 hours ago", "Command": "run", "Ports": []}]"#,
        ),
        // As long as it gets: many containers with long texts, and many lines.
        "/v1.41/images/json" => {
            let image = format!("{{\"Id\": \"1\", \"RepoTags\": [\"{}\"]}}", "ü".repeat(600));
            json_answer(&format!("[{}]", vec![image; 300].join(",")))
        }
        "/v1.41/containers/tty/json" => json_answer(r#"{"Id": "1", "Config": {"Tty": true}}"#),
        "/v1.41/containers/tty/logs?stdout=1&stderr=1&tail=1000" => {
            json_answer(&"a line of the log with \"quotes\"\n".repeat(10_000))
        }
        _ => json_answer("[]"),
    }
}

#[test]
fn containers_are_listed_over_a_socket_and_an_engine_that_is_not_there_is_an_error() {
    let docker = library("docker");
    let report = check(&docker);
    assert!(report.contains("list_containers") && report.contains("container_logs"), "{report}");
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let server = Server::unix(&socket, engine).unwrap();
    let at = [("DOCKER_HOST", server.address.as_str())];
    let list = call(&docker, ["list_containers", r#"{"all": true}"#], &at).unwrap();
    let one = json!({"id": "8dfafdbc3a40", "name": "db", "image": "postgres:16", "ports": "",
                     "state": "exited", "status": "Exited (0) 2 hours ago", "command": "run"});
    assert_eq!(list, json!({"total": 1, "containers": [one]}));
    let list = call(&docker, ["list_containers", "{}"], &at).unwrap();
    assert_eq!(list, json!({"total": 0, "containers": []}));
    let why = call(&docker, ["inspect", r#"{"container": "../x"}"#], &at).unwrap_err();
    assert!(why.starts_with("inspect: container must be a name or id"), "{why}");
    let images = call(&docker, ["list_images", "{}"], &at).unwrap();
    let shown = images["images"].as_array().unwrap().len();
    assert!(images["total"] == 300 && (50..200).contains(&shown), "{shown}");
    let many = r#"{"container": "tty", "tail": 1000}"#;
    let logs = call(&docker, ["container_logs", many], &at).unwrap();
    let lines = logs["lines"].as_str().unwrap();
    assert!(logs["is_cut"] == true && lines.len() > 50_000 && lines.starts_with("a line"));
    let nowhere = [("DOCKER_HOST", "unix:///nowhere/docker.sock")];
    let why = call(&docker, ["list_images", "{}"], &nowhere).unwrap_err();
    let told = "list_images: cannot connect to the Docker Engine at /nowhere/docker.sock: ";
    assert!(why.starts_with(told) && why.ends_with("or set DOCKER_HOST to its address"), "{why}");
}

#[test]
fn pods_are_listed_through_a_proxy() {
    let kubernetes = library("kubernetes");
    let report = check(&kubernetes);
    assert!(report.contains("list_pods") && report.contains("pod_logs"), "{report}");
    let pods = r#"{"kind": "PodList", "items": [{"metadata": {"namespace": "a", "name": "b"},
                   "spec": {"containers": [{}], "nodeName": "n"}, "status": {"phase": "Failed"}}]}"#;
    let server = Server::tcp(move |_| json_answer(pods)).unwrap();
    let at = [("KUBERNETES_API", server.address.as_str())];
    let list = call(&kubernetes, ["list_pods", r#"{"namespace": "a"}"#], &at).unwrap();
    let pod = json!({"namespace": "a", "name": "b", "status": "Failed", "ready": "0/1",
                     "node": "n", "created": "", "restarts": 0});
    assert_eq!(list, json!({"total": 1, "pods": [pod]}));
    let both = r#"{"namespace": "a", "all": true}"#;
    let why = call(&kubernetes, ["list_pods", both], &at).unwrap_err();
    assert!(why.contains("exclude each other"), "{why}");
    let nowhere = [("KUBERNETES_API", ""), ("KUBERNETES_SERVICE_HOST", "")];
    let why = call(&kubernetes, ["list_namespaces", "{}"], &nowhere).unwrap_err();
    assert!(why.contains("set KUBERNETES_API to the address"), "{why}");
}

#[test]
fn this_computer_is_described_by_its_own_kernel() {
    let host = library("host_info");
    let report = check(&host);
    assert!(report.contains("host_info") && report.contains("host_load"), "{report}");
    let info = call(&host, ["host_info", "{}"], &[]).unwrap();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(info["kernel"].as_str().unwrap(), kernel.trim());
    let load = call(&host, ["host_load", "{}"], &[]).unwrap();
    assert_eq!(load["processors"], info["processors"]);
    assert!(load["disks"].as_array().unwrap().len() <= 32, "{load}");
}

#[test]
fn a_message_is_kept_once_a_person_agrees_and_ten_times_an_hour() {
    let (email, folder) = (library("email"), tempfile::tempdir().unwrap());
    check(&email);
    let outbox = folder.path().join("outbox");
    let mut gateway = Command::new(env!("CARGO_BIN_EXE_trine"));
    gateway.args(["gateway", "--plugin"]).arg(&email).env("TRINE_LOG", "off");
    gateway.env("TRINE_EMAIL_OUTBOX", &outbox);
    let agrees = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&agrees);
    let client = Client::builder().on_elicitation(move |_: Elicitation| {
        ElicitationAnswer::Accept(json!({"allow": asked.load(Ordering::Acquire)}))
    });
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let client = client.start(gateway).await.unwrap();
        let mut message = json!({"to": ["a@example.org", "b@example.org"], "subject": "Hello",
                                 "body": "Text.", "cc": ["c@example.org"]});
        let fails = |message: Value| async {
            client.call_tool("send_email", message).await.unwrap_err().to_string()
        };
        let why = fails(message.clone()).await;
        assert!(why.contains("did not agree") && !outbox.exists(), "{why}");
        agrees.store(true, Ordering::Release);
        let kept = client.call_tool("send_email", message.clone()).await.unwrap();
        let kept = kept.structured.unwrap();
        assert_eq!(kept["recipients"], 3);
        let text = std::fs::read_to_string(kept["kept_in"].as_str().unwrap()).unwrap();
        for address in ["a@example.org", "b@example.org", "c@example.org"] {
            assert!(text.contains(address), "{text}");
        }
        message["cc"] = json!(["none"]);
        assert!(fails(message.clone()).await.contains("cc/0 must be an e-mail address"));
        message["cc"] = json!([]);
        message["subject"] = json!("Hello\r\nBcc: d@example.org");
        assert!(fails(message.clone()).await.contains("subject must be one line"));
        message["subject"] = json!("Hello");
        for _ in 1..10 {
            client.call_tool("send_email", message.clone()).await.unwrap();
        }
        assert!(fails(message).await.contains("10 messages in an hour are allowed"));
        assert_eq!(std::fs::read_dir(&outbox).unwrap().count(), 10);
        client.close().await;
    });
}
