//! The tools' questions to an engine that answers as its published interface has it, and to others.
//!
//! The answers are written by hand after "Docker Engine API", version 1.41, which Docker publishes
//! at docs.docker.com/reference/api/engine/version/v1.41/. `host/tests/program/shipped.rs` asks a
//! real engine.

use trine_plugin_docker::api::{address, Docker};
use trine_plugin_http::testing::{answer, chunked, json, Answer, Server};

const NO: &dyn Fn() -> bool = &|| false;

const CONTAINERS: &str = r#"[
 {"Id": "8dfafdbc3a40b5c5b8b5b2b4c6a1e0f5d3a7c9e1b2d4f6a8c0e2b4d6f8a0c2e4",
  "Names": ["/web/db", "/db"], "Image": "postgres:16", "State": "running",
  "Status": "Up 3 hours (healthy)", "Command": "docker-entrypoint.sh postgres",
  "Ports": [{"PrivatePort": 5432, "Type": "tcp"},
            {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
            {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}]},
 {"Id": "short", "Names": null, "Ports": null, "State": "exited"}]"#;

const INSPECTED: &str = r#"{
 "Id": "8dfafdbc3a40", "Name": "/db", "Created": "2026-01-02T03:04:05.6Z", "Path": "run",
 "Args": ["-v", "x"], "RestartCount": 2,
 "State": {"Status": "exited", "ExitCode": 137, "Error": "", "StartedAt": "2026-01-02T03:04:06Z",
           "FinishedAt": "0001-01-01T00:00:00Z", "Health": {"Status": "healthy"}},
 "Config": {"Image": "postgres:16", "Tty": false, "Env": ["PASSWORD=secret", "PATH=/bin"]},
 "Mounts": [{"Type": "volume", "Name": "data", "Source": "/var/lib/x", "Destination": "/data",
             "RW": true}, {"Type": "bind", "Source": "/etc", "Destination": "/e", "RW": false}],
 "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}, "none": {}}}}"#;

fn ping(version: &str) -> Answer {
    let head = format!("HTTP/1.1 200 OK\r\nApi-Version: {version}\r\nContent-Length: 2\r\n\r\nOK");
    Answer::Raw(head.into_bytes())
}

fn routes(path: &str) -> Answer {
    match path {
        "/_ping" => ping("1.41"),
        "/v1.41/containers/json?all=1" => chunked("application/json", CONTAINERS),
        "/v1.41/containers/json?all=0" => json("[]"),
        "/v1.41/images/json" => json(
            r#"[{"Id": "sha256:13b78104986ebe93", "RepoTags": ["a:1", "a:2"], "Size": 2043304},
                {"Id": "sha256:00", "RepoTags": null, "Size": -1}]"#,
        ),
        "/v1.41/containers/db/json" => json(INSPECTED),
        "/v1.41/containers/tty/json" => json(r#"{"Id": "1", "Config": {"Tty": true}}"#),
        "/v1.41/containers/db/logs?stdout=1&stderr=1&tail=5" => chunked(
            "application/octet-stream",
            b"\x02\0\0\0\0\0\0\x04err\n\x01\0\0\0\0\0\0\x05out\xff\n",
        ),
        "/v1.41/containers/tty/logs?stdout=1&stderr=1&tail=5" => {
            answer("200 OK", "application/octet-stream", "as it is\r\n")
        }
        _ => answer(
            "404 Not Found",
            "application/json",
            r#"{"message": "No such container: nothere"}"#,
        ),
    }
}

#[test]
fn containers_images_settings_and_logs_are_told_as_the_engine_has_them() {
    let server = Server::tcp(routes).unwrap();
    let docker = Docker::at(&server.address.replace("http", "tcp"), NO).unwrap();
    let containers = docker.containers(true).unwrap();
    let told: Vec<Vec<&str>> = containers.iter().map(|one| one.texts().collect()).collect();
    let ports = "0.0.0.0:8080->80/tcp, 5432/tcp, [::]:8080->80/tcp";
    let first = ["8dfafdbc3a40", "db", "postgres:16", "running", "Up 3 hours (healthy)", ports];
    assert_eq!(told[0][..6], first);
    assert_eq!(told[1], ["short", "", "", "exited", "", "", ""]);
    assert!(docker.containers(false).unwrap().is_empty());
    let images = docker.images().unwrap();
    let first = (images[0].id.as_str(), images[0].tags.as_str(), images[0].size_kb);
    assert_eq!(first, ("13b78104986e", "a:1, a:2", 2043));
    assert_eq!((images[1].tags.as_str(), images[1].size_kb), ("", 0));
    let db = docker.inspect("db").unwrap();
    let told: Vec<&str> = db.before_exit_code().collect();
    assert_eq!(told, ["8dfafdbc3a40", "db", "postgres:16", "run -v x", "exited", "healthy"]);
    let told: Vec<&str> = db.before_restarts().collect();
    assert_eq!(told, ["", "2026-01-02T03:04:05.6Z", "2026-01-02T03:04:06Z", ""]);
    let told: Vec<&str> = db.after_restarts().collect();
    let mounts = "data -> /data (rw), /etc -> /e (ro)";
    assert_eq!(told, ["bridge 172.17.0.2, none", mounts, "PASSWORD PATH"]);
    assert_eq!((db.exit_code, db.restarts), (137, 2));
    assert_eq!(docker.logs("db", 5).unwrap(), "err\nout\u{fffd}\n");
    assert_eq!(docker.logs("tty", 5).unwrap(), "as it is\n");
    let why = docker.inspect("nothere").unwrap_err();
    assert_eq!(why, "the Docker Engine answered status 404: No such container: nothere");
}

#[test]
fn the_version_is_the_newest_that_both_know() {
    for (theirs, ours) in [("1.24", "/v1.24/"), ("1.47", "/v1.47/"), ("2.0", "/v1.51/")] {
        let version = theirs.to_owned();
        let server = Server::tcp(move |path| match path {
            "/_ping" => ping(&version),
            _ => json("[]"),
        });
        let server = server.unwrap();
        Docker::at(&server.address, NO).unwrap().images().unwrap();
        assert!(server.requests()[1].contains(ours), "{:?}", server.requests());
    }
    let server = Server::tcp(|_| ping("1.23")).unwrap();
    let why = Docker::at(&server.address, NO).unwrap_err();
    assert!(why.contains("1.23") && why.contains("1.24 or a later"), "{why}");
}

#[test]
fn no_name_of_a_container_asks_for_another_path() {
    let server = Server::tcp(routes).unwrap();
    let docker = Docker::at(&server.address, NO).unwrap();
    for name in ["", "../images", "a/b", "a?b=c", "-a", ".", "a b", "ä", "a\r\nb"] {
        let why = docker.inspect(name).unwrap_err();
        assert!(why.starts_with("container must be a name or id"), "{name}: {why}");
        assert!(docker.logs(name, 5).is_err());
    }
    assert_eq!(server.requests().len(), 1, "only the first was asked");
}

#[test]
fn what_is_no_engine_is_an_error() {
    let server = Server::tcp(|_| json(r#"{"what": "else"}"#)).unwrap();
    let docker = Docker::at(&server.address, NO).unwrap();
    assert!(docker.containers(true).unwrap_err().contains("is no list of containers"));
    assert!(docker.inspect("a").unwrap_err().contains("about no container"));
    let why = Docker::at("ssh://host", NO).unwrap_err();
    assert!(why.starts_with("DOCKER_HOST is `ssh://host`: use http://"), "{why}");
}

#[test]
fn an_engine_that_wants_tls_is_not_asked_in_clear() {
    let of = |host: Option<&str>, tls: bool| {
        address(&|name| match name {
            "DOCKER_HOST" => host.map(str::to_owned),
            _ => tls.then(|| "1".to_owned()),
        })
    };
    assert_eq!(of(None, true).unwrap(), "unix:///var/run/docker.sock");
    assert_eq!(of(Some("tcp://a:2375"), false).unwrap(), "tcp://a:2375");
    assert_eq!(of(Some("unix:///s"), true).unwrap(), "unix:///s");
    assert!(of(Some("tcp://a:2376"), true).unwrap_err().starts_with("DOCKER_TLS_VERIFY is set"));
}
