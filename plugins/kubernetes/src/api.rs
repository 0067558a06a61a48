//! What the tools ask of the API server, and what of its answers they tell.

use std::time::Duration;

use serde_json::Value;
use trine_plugin_http::{cut, escaped, member, Service};

use crate::settings::Settings;

/// Most pods that are told.
pub const PODS_MAX: usize = 200;
/// Most containers of a pod that are told.
pub const CONTAINERS_MAX: usize = 50;
/// Most namespaces that are told.
pub const NAMESPACES_MAX: usize = 250;
/// Most bytes of the text of logs.
pub const TEXT_MAX: usize = 60_000;
/// Most bytes of logs that the server is asked for.
const LOGS_MAX: usize = 4 << 20;
const BYTES_MAX: usize = 16 << 20;
const TIME_MAX: Duration = Duration::from_secs(20);
const COUNT_MAX: i64 = 1_000_000_000;

/// A cluster.
pub struct Cluster<'c> {
    service: Service,
    namespace: String,
    is_cancelled: &'c dyn Fn() -> bool,
}

impl std::fmt::Debug for Cluster<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("service", &self.service).finish_non_exhaustive()
    }
}

/// A pod of a list.
#[derive(Debug)]
pub struct Pod {
    /// Namespace, name, status, ready containers, node, and when it was made.
    pub texts: [String; 6],
    /// Restarts of its containers.
    pub restarts: i64,
}

/// A pod with its containers.
#[derive(Debug)]
pub struct Found {
    /// What a list tells of it.
    pub pod: Pod,
    /// Address, message, conditions and labels.
    pub texts: [String; 4],
    /// Its containers, those for its start among them.
    pub containers: Vec<Container>,
}

/// A container of a pod.
#[derive(Debug)]
pub struct Container {
    /// Name, image, state and message.
    pub texts: [String; 4],
    /// How often it was restarted.
    pub restarts: i64,
}

impl<'c> Cluster<'c> {
    /// The cluster of the environment, or of this pod.
    ///
    /// # Errors
    /// When there is none, or its settings cannot be used.
    pub fn of_system(is_cancelled: &'c dyn Fn() -> bool) -> Result<Self, String> {
        Self::new(&Settings::of_system()?, is_cancelled)
    }

    /// The cluster of some settings.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn new(settings: &Settings, is_cancelled: &'c dyn Fn() -> bool) -> Result<Self, String> {
        let service = settings.service()?.limits(BYTES_MAX, TIME_MAX);
        Ok(Self { service, namespace: settings.namespace.clone(), is_cancelled })
    }

    /// The path of a namespace.
    fn within(&self, namespace: Option<&str>) -> Result<String, String> {
        let namespace = name("namespace", namespace.unwrap_or(&self.namespace))?;
        Ok(format!("/api/v1/namespaces/{namespace}"))
    }

    /// The items of a list, and how many there are on the server.
    fn list(&self, path: &str, kind: &str) -> Result<(Vec<Value>, i64), String> {
        let mut value = self.service.json(path, self.is_cancelled)?;
        let more = value.pointer("/metadata/remainingItemCount").and_then(Value::as_i64);
        if member(&value, "/kind") != kind {
            return Err(format!("Kubernetes's answer is no {kind}"));
        }
        let items = value.get_mut("items").map(Value::take).unwrap_or_default();
        let Value::Array(items) = items else { return Ok((Vec::new(), 0)) };
        let count = i64::try_from(items.len()).unwrap_or(COUNT_MAX);
        let total = count.saturating_add(more.unwrap_or_default()).clamp(0, COUNT_MAX);
        Ok((items, total))
    }

    /// The pods of a namespace or of all, and how many there are.
    ///
    /// # Errors
    /// When the server has an error, or answers something else.
    pub fn pods(&self, namespace: Option<&str>, all: bool) -> Result<(Vec<Pod>, i64), String> {
        let within = if all { "/api/v1".to_owned() } else { self.within(namespace)? };
        let (pods, total) = self.list(&format!("{within}/pods?limit={PODS_MAX}"), "PodList")?;
        Ok((pods.iter().map(pod).collect(), total))
    }

    /// A pod.
    ///
    /// # Errors
    /// As [`Self::pods`].
    pub fn pod(&self, namespace: Option<&str>, pod: &str) -> Result<Found, String> {
        let path = format!("{}/pods/{}", self.within(namespace)?, name("pod", pod)?);
        let value = self.service.json(&path, self.is_cancelled)?;
        if member(&value, "/kind") != "Pod" {
            return Err("Kubernetes's answer is no pod".to_owned());
        }
        Ok(found(&value))
    }

    /// The names of the namespaces, and how many there are.
    ///
    /// # Errors
    /// As [`Self::pods`].
    pub fn namespaces(&self) -> Result<(Vec<String>, i64), String> {
        let path = format!("/api/v1/namespaces?limit={NAMESPACES_MAX}");
        let (items, total) = self.list(&path, "NamespaceList")?;
        Ok((items.iter().map(|it| cut(member(it, "/metadata/name"), 253)).collect(), total))
    }

    /// The last lines of a container of a pod, or of those before its last restart.
    ///
    /// # Errors
    /// As [`Self::pods`].
    pub fn logs(
        &self,
        namespace: Option<&str>,
        pod: &str,
        container: Option<&str>,
        (tail, previous): (i64, bool),
    ) -> Result<String, String> {
        let (within, pod) = (self.within(namespace)?, name("pod", pod)?);
        let container = container.map(|it| name("container", it)).transpose()?;
        let container = container.map(|it| format!("&container={it}")).unwrap_or_default();
        let path = format!(
            "{within}/pods/{pod}/log?tailLines={tail}&limitBytes={LOGS_MAX}\
             &previous={previous}{container}"
        );
        let reply = self.service.good(self.service.get(&path, self.is_cancelled)?)?;
        Ok(String::from_utf8_lossy(&reply.body).into_owned())
    }
}

/// A name as clusters allow them (RFC 1123): no other path is asked for.
fn name(parameter: &str, text: &str) -> Result<String, String> {
    let is_in = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-';
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(is_in)
    };
    if text.len() <= 253 && text.split('.').all(is_label) {
        return Ok(escaped(text));
    }
    Err(format!(
        "{parameter} must be a name of Kubernetes: lower-case letters, digits, `-` and `.`"
    ))
}

fn each<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn number(value: &Value, pointer: &str) -> i64 {
    let number = value.pointer(pointer).and_then(Value::as_i64);
    number.unwrap_or_default().clamp(0, COUNT_MAX)
}

/// What is known of each container, those for the start of the pod first.
fn states(value: &Value) -> impl Iterator<Item = &Value> {
    each(value, "/status/initContainerStatuses").chain(each(value, "/status/containerStatuses"))
}

fn pod(value: &Value) -> Pod {
    let all = each(value, "/spec/containers").count();
    let ready = each(value, "/status/containerStatuses").filter(|it| it["ready"] == true).count();
    let restarts = states(value).map(|it| number(it, "/restartCount")).sum::<i64>();
    let text = |pointer: &str, max| cut(member(value, pointer), max);
    Pod {
        texts: [
            text("/metadata/namespace", 253),
            text("/metadata/name", 253),
            cut(status(value), 128),
            format!("{ready}/{all}"),
            text("/spec/nodeName", 253),
            text("/metadata/creationTimestamp", 40),
        ],
        restarts: restarts.min(COUNT_MAX),
    }
}

/// A pod's phase, or what is more to the point: that it is being deleted, why the pod has failed,
/// or why a container waits or has failed.
fn status(value: &Value) -> &str {
    if value.pointer("/metadata/deletionTimestamp").is_some() {
        return "Terminating";
    }
    let waits = |it| ["/state/waiting/reason", "/state/terminated/reason"].map(|at| member(it, at));
    let usual = ["", "Completed", "PodInitializing", "ContainerCreating"];
    let reasons = states(value).flat_map(waits);
    let own = std::iter::once(member(value, "/status/reason")).chain(reasons);
    let told = own.into_iter().find(|reason| !usual.contains(reason));
    told.unwrap_or_else(|| member(value, "/status/phase"))
}

fn found(value: &Value) -> Found {
    let conditions = each(value, "/status/conditions")
        .map(|it| format!("{}={}", member(it, "/type"), member(it, "/status")));
    let labels = value.pointer("/metadata/labels").and_then(Value::as_object);
    let labels = labels.into_iter().flatten();
    let labels = labels.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("")));
    Found {
        pod: pod(value),
        texts: [
            cut(member(value, "/status/podIP"), 64),
            cut(member(value, "/status/message"), 1_000),
            cut(&conditions.collect::<Vec<_>>().join(", "), 1_000),
            cut(&labels.collect::<Vec<_>>().join(", "), 2_000),
        ],
        containers: ["/spec/initContainers", "/spec/containers"]
            .into_iter()
            .flat_map(|at| each(value, at))
            .map(|spec| container(value, spec))
            .collect(),
    }
}

fn container(pod: &Value, spec: &Value) -> Container {
    let name = member(spec, "/name");
    let state = states(pod).find(|it| member(it, "/name") == name).unwrap_or(&Value::Null);
    let now = state.get("state").and_then(Value::as_object).and_then(|it| it.iter().next());
    let (kind, about) = now.map_or(("unknown", &Value::Null), |(kind, about)| (kind, about));
    let kind = match member(about, "/reason") {
        "" => kind.to_owned(),
        reason => format!("{kind}: {reason}"),
    };
    Container {
        texts: [
            cut(name, 253),
            cut(member(spec, "/image"), 512),
            cut(&kind, 128),
            cut(member(about, "/message"), 500),
        ],
        restarts: number(state, "/restartCount"),
    }
}
