//! What the tools ask of the engine, and what of its answers they tell.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use trine_plugin_http::{cut, escaped, member, Service};

use crate::logs;

/// Most containers or images that are told, and most bytes of logs.
pub const ITEMS_MAX: usize = 200;
/// Most bytes of the text of logs.
pub const TEXT_MAX: usize = 60_000;
/// Where an engine listens, unless `DOCKER_HOST` tells.
const SOCKET: &str = "unix:///var/run/docker.sock";
/// The versions of the interface that this knows: of Docker 1.12 (2016), and of 28.3 (2025).
const OLDEST: Version = (1, 24);
const NEWEST: Version = (1, 51);
const BYTES_MAX: usize = 8 << 20;
const TIME_MAX: Duration = Duration::from_secs(20);

type Version = (u32, u32);

/// An engine, and the version of its interface that is used.
pub struct Docker<'c> {
    service: Service,
    version: Version,
    is_cancelled: &'c dyn Fn() -> bool,
}

impl std::fmt::Debug for Docker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Docker").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A container of a list.
#[derive(Debug, Default)]
pub struct Container {
    texts: [String; 7],
}

impl Container {
    /// Its id, name, image, state, status, ports and command.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }
}

/// A container with its settings.
#[derive(Debug)]
pub struct Inspected {
    texts: [String; 13],
    /// The status that it ended with.
    pub exit_code: i64,
    /// How often the engine started it again.
    pub restarts: i64,
}

impl Inspected {
    fn part(&self, from: usize, count: usize) -> impl Iterator<Item = &str> {
        self.texts.iter().skip(from).take(count).map(String::as_str)
    }

    /// Its id, name, image, command, state and health.
    pub fn before_exit_code(&self) -> impl Iterator<Item = &str> {
        self.part(0, 6)
    }

    /// Its error, and when it was made, started and ended.
    pub fn before_restarts(&self) -> impl Iterator<Item = &str> {
        self.part(6, 4)
    }

    /// Its networks, mounts and names of variables.
    pub fn after_restarts(&self) -> impl Iterator<Item = &str> {
        self.part(10, 3)
    }
}

/// An image.
#[derive(Debug)]
pub struct Image {
    /// The beginning of its id.
    pub id: String,
    /// Its names.
    pub tags: String,
    /// Its size.
    pub size_kb: i64,
}

impl<'c> Docker<'c> {
    /// The engine at `DOCKER_HOST`, or at its usual socket.
    ///
    /// # Errors
    /// When it does not answer, or speaks no version that this knows.
    pub fn of_environment(is_cancelled: &'c dyn Fn() -> bool) -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::at(&address(&variable)?, is_cancelled)
    }

    /// The engine at an address.
    ///
    /// # Errors
    /// As [`Self::of_environment`].
    pub fn at(address: &str, is_cancelled: &'c dyn Fn() -> bool) -> Result<Self, String> {
        let service = Service::new("the Docker Engine", "DOCKER_HOST", address)?;
        let service = service.limits(BYTES_MAX, TIME_MAX);
        let reply = service.good(service.get("/_ping", is_cancelled)?)?;
        let theirs = reply.header("api-version").and_then(version).unwrap_or(OLDEST);
        if theirs < OLDEST {
            let ((major, minor), (least, least_minor)) = (theirs, OLDEST);
            return Err(format!(
                "the Docker Engine has version {major}.{minor} of its interface: \
                 {least}.{least_minor} or a later one is needed"
            ));
        }
        Ok(Self { service, version: theirs.min(NEWEST), is_cancelled })
    }

    fn path(&self, path: &str) -> String {
        let (major, minor) = self.version;
        format!("/v{major}.{minor}{path}")
    }

    fn json(&self, path: &str) -> Result<Value, String> {
        Ok(self.service.json(&self.path(path), self.is_cancelled)?)
    }

    /// The containers that run, or all of them.
    ///
    /// # Errors
    /// When the engine has an error, or answers something else.
    pub fn containers(&self, all: bool) -> Result<Vec<Container>, String> {
        let value = self.json(&format!("/containers/json?all={}", u8::from(all)))?;
        Ok(list(&value, "containers")?.iter().map(container).collect())
    }

    /// The images.
    ///
    /// # Errors
    /// As [`Self::containers`].
    pub fn images(&self) -> Result<Vec<Image>, String> {
        let value = self.json("/images/json")?;
        Ok(list(&value, "images")?.iter().map(image).collect())
    }

    /// A container with its settings.
    ///
    /// # Errors
    /// As [`Self::containers`], and when there is no such container.
    pub fn inspect(&self, container: &str) -> Result<Inspected, String> {
        let value = self.json(&format!("/containers/{}/json", name(container)?))?;
        if member(&value, "/Id").is_empty() {
            return Err("the Docker Engine's answer is about no container".to_owned());
        }
        Ok(inspected(&value))
    }

    /// The last lines of a container's output.
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn logs(&self, container: &str, tail: i64) -> Result<String, String> {
        let container = name(container)?;
        // A terminal's output is one stream as it is; of others, each piece has a head.
        let settings = self.json(&format!("/containers/{container}/json"))?;
        let is_terminal = settings.pointer("/Config/Tty").and_then(Value::as_bool);
        let path = format!("/containers/{container}/logs?stdout=1&stderr=1&tail={}", tail.max(1));
        let reply = self.service.get(&self.path(&path), self.is_cancelled)?;
        let bytes = self.service.good(reply)?.body;
        if is_terminal == Some(true) {
            // A terminal ends its lines so.
            return Ok(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"));
        }
        Ok(String::from_utf8_lossy(&logs::joined(&bytes)?).into_owned())
    }
}

/// The address of the engine that variables name.
///
/// # Errors
/// When they ask for TLS, which there is not.
pub fn address(variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let Some(host) = variable("DOCKER_HOST") else { return Ok(SOCKET.to_owned()) };
    if variable("DOCKER_TLS_VERIFY").is_some() && !host.starts_with("unix:") {
        return Err("DOCKER_TLS_VERIFY is set, and this has no TLS to a Docker Engine: set \
                    DOCKER_HOST to a socket that `ssh -L` forwards, and unset it"
            .to_owned());
    }
    Ok(host)
}

/// A version as `1.41`.
fn version(text: &str) -> Option<Version> {
    let (major, minor) = text.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// A name or id as the engine allows them: no other path is asked for.
fn name(text: &str) -> Result<String, String> {
    let is_in = |each: char| each.is_ascii_alphanumeric() || "_.-".contains(each);
    if text.starts_with(|first: char| first.is_ascii_alphanumeric()) && text.chars().all(is_in) {
        return Ok(escaped(text));
    }
    Err("container must be a name or id: letters, digits, `_`, `.` and `-`, and a letter or \
         digit first"
        .to_owned())
}

fn list<'v>(value: &'v Value, what: &str) -> Result<&'v [Value], String> {
    let list = value.as_array().map(Vec::as_slice);
    list.ok_or_else(|| format!("the Docker Engine's answer is no list of {what}"))
}

/// The first digits of an id, which may have its kind before it: `sha256:13b78104986e…`.
fn short(id: &str) -> String {
    id.rsplit(':').next().unwrap_or_default().chars().take(12).collect()
}

fn container(value: &Value) -> Container {
    // One that others link to has their names for it too, with a slash inside.
    let names = value.pointer("/Names").and_then(Value::as_array).into_iter().flatten();
    let mut names = names.filter_map(Value::as_str).map(|name| name.trim_start_matches('/'));
    let all: Vec<&str> = names.by_ref().collect();
    let own = all.iter().find(|name| !name.contains('/')).or(all.first()).copied();
    Container {
        texts: [
            short(member(value, "/Id")),
            cut(own.unwrap_or_default(), 128),
            cut(member(value, "/Image"), 256),
            cut(member(value, "/State"), 32),
            cut(member(value, "/Status"), 128),
            cut(&ports(value), 256),
            cut(member(value, "/Command"), 256),
        ],
    }
}

fn ports(value: &Value) -> String {
    let ports = value.pointer("/Ports").and_then(Value::as_array).into_iter().flatten();
    let one = |port: &Value| {
        let number = |name: &str| port.pointer(name).and_then(Value::as_u64);
        let inside = format!("{}/{}", number("/PrivatePort")?, member(port, "/Type"));
        let Some(outside) = number("/PublicPort") else { return Some(inside) };
        Some(match member(port, "/IP") {
            "" => format!("{outside}->{inside}"),
            ip if ip.contains(':') => format!("[{ip}]:{outside}->{inside}"),
            ip => format!("{ip}:{outside}->{inside}"),
        })
    };
    ports.filter_map(one).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}

fn image(value: &Value) -> Image {
    let tags = value.pointer("/RepoTags").and_then(Value::as_array).into_iter().flatten();
    let tags = tags.filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    let size = value.pointer("/Size").and_then(Value::as_i64).unwrap_or_default();
    let size_kb = (size / 1000).clamp(0, 2_000_000_000);
    Image { id: short(member(value, "/Id")), tags: cut(&tags, 512), size_kb }
}

fn inspected(value: &Value) -> Inspected {
    let text = |pointer: &str, max| cut(member(value, pointer), max);
    let number = |pointer: &str| value.pointer(pointer).and_then(Value::as_i64);
    // What has not happened has the year 1.
    let time = |pointer: &str| match member(value, pointer) {
        time if time.starts_with("0001-") => String::new(),
        time => cut(time, 40),
    };
    let each = |pointer: &str| value.pointer(pointer).and_then(Value::as_array);
    let arguments = each("/Args").into_iter().flatten().filter_map(Value::as_str);
    let command: Vec<&str> = [member(value, "/Path")].into_iter().chain(arguments).collect();
    let networks = value.pointer("/NetworkSettings/Networks").and_then(Value::as_object);
    let networks = networks.into_iter().flatten().map(|(name, network)| {
        format!("{name} {}", member(network, "/IPAddress")).trim_end().to_owned()
    });
    let mount = |mount: &Value| {
        let way = if mount["RW"] == true { "rw" } else { "ro" };
        let named = [member(mount, "/Name"), member(mount, "/Source")];
        let from = named.into_iter().find(|from| !from.is_empty()).unwrap_or_default();
        format!("{from} -> {} ({way})", member(mount, "/Destination"))
    };
    let mounts = each("/Mounts").into_iter().flatten().map(mount);
    // Values may be secrets.
    let variables = each("/Config/Env").into_iter().flatten().filter_map(Value::as_str);
    let variables = variables.map(|one| one.split('=').next().unwrap_or_default());
    Inspected {
        texts: [
            text("/Id", 64),
            cut(member(value, "/Name").trim_start_matches('/'), 128),
            text("/Config/Image", 256),
            cut(&command.join(" "), 1_000),
            text("/State/Status", 32),
            text("/State/Health/Status", 32),
            text("/State/Error", 1_000),
            time("/Created"),
            time("/State/StartedAt"),
            time("/State/FinishedAt"),
            cut(&networks.collect::<Vec<_>>().join(", "), 1_000),
            cut(&mounts.collect::<Vec<_>>().join(", "), 2_000),
            cut(&variables.collect::<Vec<_>>().join(" "), 2_000),
        ],
        exit_code: number("/State/ExitCode").unwrap_or_default().clamp(-1_000_000, 1_000_000),
        restarts: number("/RestartCount").unwrap_or_default().clamp(0, 1_000_000),
    }
}
