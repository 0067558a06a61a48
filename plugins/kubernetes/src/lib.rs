//! Pods of a Kubernetes cluster and their logs, as tools.
//!
//! The plug-in speaks to the API server that `KUBERNETES_API` names, or, in a pod, to that of its
//! cluster with its service account. It reads, and changes nothing.

pub mod api;
pub mod settings;

#[path = "../../../ffi/plugin/rust/trine_plugin.rs"]
mod trine_plugin;

use api::{Cluster, CONTAINERS_MAX, NAMESPACES_MAX, PODS_MAX, TEXT_MAX};
use trine_plugin::{array, boolean, default, int, object, plugin, string, tool};
use trine_plugin::{Call, Node, RawPlugin, Text, Tool, OPTIONAL, READ_ONLY, REQUIRED};
use trine_plugin_http::fitting;

static PODS: [Node; 2] = [
    string!(OPTIONAL, "namespace", "Namespace; that of the service account by default.", 1, 253),
    boolean!(default(0), "all", "Whether the pods of all namespaces are listed."),
];
static LISTED: [Node; 10] = [
    int!(REQUIRED, "total", "", "Pods there are; 200 at most are listed.", 0, 1_000_000_000),
    array!(REQUIRED, "pods", "The pods.", 8, 0, 200),
    object!(REQUIRED, "", "A pod.", 7),
    string!(REQUIRED, "namespace", "Its namespace.", 0, 253),
    string!(REQUIRED, "name", "Its name.", 0, 253),
    string!(REQUIRED, "status", "Its phase, or why a container waits or ended.", 0, 128),
    string!(REQUIRED, "ready", "Containers that are ready, of all: 1/2.", 0, 20),
    string!(REQUIRED, "node", "Its node; empty while it has none.", 0, 253),
    string!(REQUIRED, "created", "When it was made (RFC 3339).", 0, 40),
    int!(REQUIRED, "restarts", "", "Restarts of all its containers.", 0, 1_000_000_000),
];

static POD: [Node; 2] = [
    string!(REQUIRED, "pod", "Name of the pod.", 1, 253),
    string!(OPTIONAL, "namespace", "Namespace; that of the service account by default.", 1, 253),
];
static FOUND: [Node; 17] = [
    string!(REQUIRED, "namespace", "Its namespace.", 0, 253),
    string!(REQUIRED, "name", "Its name.", 0, 253),
    string!(REQUIRED, "status", "Its phase, or why a container waits or ended.", 0, 128),
    string!(REQUIRED, "ready", "Containers that are ready, of all: 1/2.", 0, 20),
    string!(REQUIRED, "node", "Its node; empty while it has none.", 0, 253),
    string!(REQUIRED, "created", "When it was made (RFC 3339).", 0, 40),
    string!(REQUIRED, "ip", "Its address; empty while it has none.", 0, 64),
    string!(REQUIRED, "message", "What the cluster says of it; empty if nothing.", 0, 1_000),
    string!(REQUIRED, "conditions", "Its conditions, as Ready=False.", 0, 1_000),
    string!(REQUIRED, "labels", "Its labels, as app=web.", 0, 2_000),
    array!(REQUIRED, "containers", "Its containers.", 6, 0, 50),
    object!(REQUIRED, "", "A container.", 5),
    string!(REQUIRED, "name", "Its name.", 0, 253),
    string!(REQUIRED, "image", "Its image.", 0, 512),
    string!(REQUIRED, "state", "As running, or waiting: CrashLoopBackOff.", 0, 128),
    string!(REQUIRED, "message", "Why it waits or ended, in words.", 0, 500),
    int!(REQUIRED, "restarts", "", "How often it was restarted.", 0, 1_000_000_000),
];

static NONE: [Node; 0] = [];
static NAMESPACES: [Node; 3] = [
    int!(REQUIRED, "total", "", "Namespaces there are; 250 at most are told.", 0, 1_000_000_000),
    array!(REQUIRED, "namespaces", "Their names.", 1, 0, 250),
    string!(REQUIRED, "", "A name.", 0, 253),
];

static LOGS: [Node; 5] = [
    string!(REQUIRED, "pod", "Name of the pod.", 1, 253),
    string!(OPTIONAL, "namespace", "Namespace; that of the service account by default.", 1, 253),
    string!(OPTIONAL, "container", "Container; needed where the pod has several.", 1, 253),
    int!(default(100), "tail", "", "How many of its last lines.", 1, 1_000),
    boolean!(default(0), "previous", "Whether the logs before its last restart are read."),
];
static LINES: [Node; 2] = [
    string!(REQUIRED, "lines", "What it wrote.", 0, 60_000),
    boolean!(REQUIRED, "is_cut", "Whether earlier lines of those were left out."),
];

static TOOLS: [Tool; 4] = [
    tool!(
        "list_pods",
        "List pods",
        "List the pods of a namespace, or of all, in a Kubernetes cluster.",
        READ_ONLY,
        PODS,
        LISTED,
        list_pods
    ),
    tool!(
        "get_pod",
        "Inspect a pod",
        "Tell the state of a pod and of its containers.",
        READ_ONLY,
        POD,
        FOUND,
        get_pod
    ),
    tool!(
        "list_namespaces",
        "List namespaces",
        "List the namespaces of a Kubernetes cluster.",
        READ_ONLY,
        NONE,
        NAMESPACES,
        list_namespaces
    ),
    tool!(
        "pod_logs",
        "Logs of a pod",
        "Read the last lines that a container of a pod wrote.",
        READ_ONLY,
        LOGS,
        LINES,
        pod_logs
    ),
];

plugin!(RawPlugin {
    description: Text::new("Pods of a Kubernetes cluster and their logs."),
    author: Text::new("The Trine developers"),
    capabilities: Text::new("containers kubernetes"),
    calls_max: 4,
    ..RawPlugin::new("kubernetes", env!("CARGO_PKG_VERSION"), &TOOLS)
});

/// A parameter that may be missing.
fn word<'c>(call: &Call<'c>, node: i32) -> Option<&'c str> {
    call.has(node).then(|| call.text(node))
}

fn list_pods(call: &mut Call<'_>) -> Result<(), String> {
    let (namespace, all) = (word(call, 0), call.bool(1));
    if all && namespace.is_some() {
        return Err("all and namespace exclude each other: leave one of them out".to_owned());
    }
    let (pods, total) = Cluster::of_system(&|| call.is_cancelled())?.pods(namespace, all)?;
    call.put_int(0, total);
    let shown = fitting(&pods, PODS_MAX, |pod| pod.texts.iter().map(String::as_str));
    call.put_array(1, size(shown));
    for pod in pods.iter().take(shown) {
        call.put_object(2);
        for (node, text) in (3..).zip(&pod.texts) {
            call.put_text(node, text);
        }
        call.put_int(9, pod.restarts);
    }
    Ok(())
}

fn get_pod(call: &mut Call<'_>) -> Result<(), String> {
    let (name, namespace) = (call.text(0), word(call, 1));
    let found = Cluster::of_system(&|| call.is_cancelled())?.pod(namespace, name)?;
    for (node, text) in (0..).zip(found.pod.texts.iter().chain(&found.texts)) {
        call.put_text(node, text);
    }
    let shown =
        fitting(&found.containers, CONTAINERS_MAX, |it| it.texts.iter().map(String::as_str));
    call.put_array(10, size(shown));
    for container in found.containers.iter().take(shown) {
        call.put_object(11);
        for (node, text) in (12..).zip(&container.texts) {
            call.put_text(node, text);
        }
        call.put_int(16, container.restarts);
    }
    Ok(())
}

fn list_namespaces(call: &mut Call<'_>) -> Result<(), String> {
    let (names, total) = Cluster::of_system(&|| call.is_cancelled())?.namespaces()?;
    call.put_int(0, total);
    let shown = fitting(&names, NAMESPACES_MAX, |name| [name.as_str()]);
    call.put_array(1, size(shown));
    names.iter().take(shown).for_each(|name| call.put_text(2, name));
    Ok(())
}

fn pod_logs(call: &mut Call<'_>) -> Result<(), String> {
    let (name, namespace, container) = (call.text(0), word(call, 1), word(call, 2));
    let (tail, previous) = (call.int(3), call.bool(4));
    let cluster = || call.is_cancelled();
    let text = Cluster::of_system(&cluster)?.logs(namespace, name, container, (tail, previous))?;
    let (lines, is_cut) = trine_plugin_http::tail(&text, TEXT_MAX);
    call.put_text(0, lines);
    call.put_bool(1, is_cut);
    Ok(())
}

fn size(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
