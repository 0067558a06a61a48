//! The shipped plug-ins with the real programs that they ask: Prometheus and the Docker Engine.
//!
//! The programs are those of Debian's packages, below the folder `TRINE_SERVICES`, which
//! `cargo xtask test --leg services` fills. Without it these tests say that they are skipped.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::shipped::{call, library};

const PATIENCE: Duration = Duration::from_secs(30);

/// A program of the packages.
fn program(name: &str) -> Option<PathBuf> {
    let root = PathBuf::from(std::env::var_os("TRINE_SERVICES")?);
    let places = ["usr/bin", "usr/sbin", "bin"].map(|place| root.join(place).join(name));
    places.into_iter().find(|place| place.exists())
}

/// The programs, or a line that says that the test is skipped.
fn programs<const N: usize>(what: &str, names: [&str; N]) -> Option<[PathBuf; N]> {
    let found: Option<Vec<PathBuf>> = names.into_iter().map(program).collect();
    if found.is_none() {
        println!("skipped: {what}: run `cargo xtask test --leg services`");
    }
    found?.try_into().ok()
}

/// A program that is ended, as its operator would, when the test is over.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let pid = self.0.id().to_string();
        drop(Command::new("kill").args(["-TERM", &pid]).status());
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end && matches!(self.0.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts a program whose output goes into a file.
fn start(command: &mut Command, log: &Path) -> Running {
    let output = fs::File::create(log).unwrap();
    let errors = output.try_clone().unwrap();
    Running(command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().unwrap())
}

/// Waits for an answer that is good, while the program runs.
fn until(running: &mut Running, log: &Path, mut ask: impl FnMut() -> Option<Value>) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        let has_ended = running.0.try_wait().unwrap().is_some();
        let is_over = has_ended || Instant::now() > end;
        assert!(!is_over, "no good answer: {}", fs::read_to_string(log).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_real_prometheus_answers_queries() {
    let Some([prometheus]) = programs("a real Prometheus", ["prometheus"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (address, log) = (format!("127.0.0.1:{port}"), folder.path().join("log"));
    let config = format!(
        "global: {{scrape_interval: 1s}}\n\
         scrape_configs: [{{job_name: own, static_configs: [{{targets: ['{address}']}}]}}]\n"
    );
    fs::write(folder.path().join("prometheus.yml"), config).unwrap();
    let mut command = Command::new(prometheus);
    command.current_dir(folder.path()).arg("--config.file=prometheus.yml");
    command.arg("--storage.tsdb.path=data").arg(format!("--web.listen-address={address}"));
    let mut running = start(&mut command, &log);
    let (library, url) = (library("prometheus"), format!("http://{address}"));
    let ask = |tool, arguments: Value| {
        call(&library, [tool, &arguments.to_string()], &[("PROMETHEUS_URL", &url)])
    };
    let up = until(&mut running, &log, || {
        let up = ask("query", json!({"expr": "up"})).ok()?;
        (up["total"] == 1 && up["series"][0]["value"] == "1").then_some(up)
    });
    let name = format!("up{{instance=\"{address}\", job=\"own\"}}");
    assert_eq!(up["series"][0]["series"], name);
    assert_eq!((&up["type"], &up["warnings"]), (&json!("vector"), &json!("")));
    let scalar = ask("query", json!({"expr": "1 / 0", "time": "2026-01-01T00:00:00Z"})).unwrap();
    assert_eq!(scalar["series"], json!([{"series": "", "time": "1767225600", "value": "+Inf"}]));
    let span = |expr: &str, step| {
        let (start, end) = ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z");
        ask("query_range", json!({"expr": expr, "start": start, "end": end, "step": step}))
    };
    let points = span("vector(7)", "15m").unwrap()["series"][0]["points"].clone();
    let values: Vec<&Value> = points.as_array().unwrap().iter().map(|at| &at["value"]).collect();
    assert_eq!(values, ["7"; 5]);
    let why = span("vector(7)", "1s").unwrap_err();
    assert!(why.contains("3601 values") && why.contains("15 times as long"), "{why}");
    let why = span("vector(7)", "soon").unwrap_err();
    assert!(why.contains("status 400") && why.contains("step"), "{why}");
    let names = ask("series_names", json!({"contains": "prometheus_build"})).unwrap();
    assert_eq!(names, json!({"total": 1, "names": ["prometheus_build_info"]}));
    let why = ask("query", json!({"expr": "up{"})).unwrap_err();
    assert!(why.contains("parse error"), "{why}");
}

/// Debian's Docker Engine in a folder, with neither networks nor rules for them.
struct Engine {
    running: Running,
    address: String,
    client: PathBuf,
}

impl Engine {
    fn start(folder: &Path, [engine, client]: [PathBuf; 2]) -> Self {
        let address = format!("unix://{}", folder.join("docker.sock").display());
        let own = [engine.parent().unwrap(), client.parent().unwrap()];
        let inherited = std::env::var("PATH").unwrap_or_default();
        let inherited = std::env::split_paths(&inherited);
        let path = own.into_iter().map(Path::to_owned).chain(inherited);
        let mut command = Command::new(&engine);
        command.env("PATH", std::env::join_paths(path).unwrap()).args(["-H", &address]);
        for (option, name) in [("--data-root", "data"), ("--exec-root", "exec"), ("-p", "pid")] {
            command.arg(option).arg(folder.join(name));
        }
        command.args(["--bridge=none", "--storage-driver=vfs"]);
        for option in ["iptables", "ip6tables", "ip-forward", "ip-masq"] {
            command.arg(format!("--{option}=false"));
        }
        let running = start(&mut command, &folder.join("log"));
        Self { running, address, client }
    }

    /// Debian's own client, which makes what is then asked for.
    fn docker(&self, arguments: &[&str]) -> String {
        let mut docker = Command::new(&self.client);
        let done = docker.env("DOCKER_HOST", &self.address).args(arguments).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    }
}

#[test]
fn a_real_docker_engine_lists_its_containers_and_their_logs() {
    let names = ["dockerd", "docker", "containerd", "runc", "busybox"];
    let Some([engine, client, _, _, busybox]) = programs("a real Docker Engine", names) else {
        return;
    };
    if !fs::read_to_string("/proc/self/status").unwrap().contains("Uid:\t0\t0") {
        println!("skipped: a real Docker Engine: run it as root");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut engine = Engine::start(folder.path(), [engine, client]);
    let (library, address) = (library("docker"), engine.address.clone());
    let ask = |tool, arguments: Value| {
        call(&library, [tool, &arguments.to_string()], &[("DOCKER_HOST", &address)])
    };
    let none = until(&mut engine.running, &log, || ask("list_containers", json!({})).ok());
    assert_eq!(none, json!({"total": 0, "containers": []}));
    // An image of one program.
    let (root, archive) = (folder.path().join("root"), folder.path().join("image.tar"));
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::copy(busybox, root.join("bin/busybox")).unwrap();
    let mut tar = Command::new("tar");
    assert!(tar.arg("-cf").arg(&archive).arg("-C").arg(&root).arg(".").status().unwrap().success());
    engine.docker(&["import", archive.to_str().unwrap(), "tiny:1"]);
    let script = "echo to-one; echo to-two >&2; sleep 60";
    let run = ["run", "-d", "--network=none", "--env=KEY=secret", "--name=hello", "tiny:1"];
    let id = engine.docker(&[&run[..], &["/bin/busybox", "sh", "-c", script]].concat());
    let images = ask("list_images", json!({})).unwrap();
    assert_eq!((&images["total"], &images["images"][0]["tags"]), (&json!(1), &json!("tiny:1")));
    let listed = ask("list_containers", json!({})).unwrap()["containers"][0].clone();
    let told = ["id", "name", "image", "state"].map(|name| listed[name].as_str().unwrap());
    assert_eq!(told, [&id[..12], "hello", "tiny:1", "running"]);
    let logs = until(&mut engine.running, &log, || {
        let logs = ask("container_logs", json!({"container": "hello"})).unwrap();
        let lines = logs["lines"].as_str().unwrap().to_owned();
        (lines.contains("to-one\n") && lines.contains("to-two\n")).then_some(logs)
    });
    assert_eq!(logs["is_cut"], false);
    let last = ask("container_logs", json!({"container": "hello", "tail": 1})).unwrap();
    assert_eq!(last["lines"].as_str().unwrap().lines().count(), 1);
    engine.docker(&["kill", "hello"]);
    let ended = until(&mut engine.running, &log, || {
        let found = ask("inspect", json!({"container": "hello"})).unwrap();
        (found["state"] == "exited").then_some(found)
    });
    assert_eq!((&ended["exit_code"], &ended["name"]), (&json!(137), &json!("hello")));
    assert!(ended["variables"].as_str().unwrap().contains("KEY"), "{ended}");
    assert!(!ended.to_string().contains("secret"), "{ended}");
    assert_eq!(ask("list_containers", json!({})).unwrap()["total"], 0);
    assert_eq!(ask("list_containers", json!({"all": true})).unwrap()["total"], 1);
    let why = ask("inspect", json!({"container": "goodbye"})).unwrap_err();
    assert!(why.contains("No such container: goodbye"), "{why}");
    // A terminal's output is one stream, and is not taken apart.
    let run = ["run", "-d", "-t", "--network=none", "--name=tty", "tiny:1", "/bin/busybox"];
    engine.docker(&[&run[..], &["echo", "from-a-terminal"]].concat());
    until(&mut engine.running, &log, || {
        let logs = ask("container_logs", json!({"container": "tty"})).unwrap();
        (logs["lines"] == "from-a-terminal\n").then_some(logs)
    });
}
