//! Containers and images of a Docker Engine, as tools.
//!
//! The plug-in speaks the engine's HTTP interface at `DOCKER_HOST`, or at its usual socket. It
//! reads, and changes nothing.

pub mod api;
mod logs;

#[path = "../../../ffi/plugin/rust/trine_plugin.rs"]
mod trine_plugin;

use api::{Container, Docker, ITEMS_MAX, TEXT_MAX};
use trine_plugin::{array, boolean, default, int, object, plugin, string, tool};
use trine_plugin::{Call, Node, RawPlugin, Text, Tool, READ_ONLY, REQUIRED};
use trine_plugin_http::fitting;

static LIST: [Node; 1] =
    [boolean!(default(0), "all", "Whether containers that do not run are listed too.")];
static CONTAINERS: [Node; 10] = [
    int!(REQUIRED, "total", "", "Containers there are; 200 at most are listed.", 0, 1_000_000),
    array!(REQUIRED, "containers", "The containers, the newest first.", 8, 0, 200),
    object!(REQUIRED, "", "A container.", 7),
    string!(REQUIRED, "id", "First 12 digits of its id.", 0, 12),
    string!(REQUIRED, "name", "Its name.", 0, 128),
    string!(REQUIRED, "image", "Its image.", 0, 256),
    string!(REQUIRED, "state", "Such as running or exited.", 0, 32),
    string!(REQUIRED, "status", "The state in words, with its time.", 0, 128),
    string!(REQUIRED, "ports", "Ports, as 0.0.0.0:8080->80/tcp.", 0, 256),
    string!(REQUIRED, "command", "The command that it runs.", 0, 256),
];

static ONE: [Node; 1] = [string!(REQUIRED, "container", "Name or id of a container.", 1, 128)];
static INSPECTED: [Node; 15] = [
    string!(REQUIRED, "id", "Its id.", 0, 64),
    string!(REQUIRED, "name", "Its name.", 0, 128),
    string!(REQUIRED, "image", "Its image.", 0, 256),
    string!(REQUIRED, "command", "The command that it runs.", 0, 1_000),
    string!(REQUIRED, "state", "Such as running or exited.", 0, 32),
    string!(REQUIRED, "health", "Result of its health check; empty without one.", 0, 32),
    int!(REQUIRED, "exit_code", "", "Status that it last ended with.", -1_000_000, 1_000_000),
    string!(REQUIRED, "error", "Why it could not start; empty if it could.", 0, 1_000),
    string!(REQUIRED, "created", "When it was made (RFC 3339).", 0, 40),
    string!(REQUIRED, "started", "When it last started; empty if never.", 0, 40),
    string!(REQUIRED, "finished", "When it last ended; empty if never.", 0, 40),
    int!(REQUIRED, "restarts", "", "How often the engine started it again.", 0, 1_000_000),
    string!(REQUIRED, "networks", "Its networks, with its addresses.", 0, 1_000),
    string!(REQUIRED, "mounts", "Its mounts, as /from -> /to (rw).", 0, 2_000),
    string!(REQUIRED, "variables", "Names of its environment variables.", 0, 2_000),
];

static NONE: [Node; 0] = [];
static IMAGES: [Node; 6] = [
    int!(REQUIRED, "total", "", "Images there are; 200 at most are listed.", 0, 1_000_000),
    array!(REQUIRED, "images", "The images, the newest first.", 4, 0, 200),
    object!(REQUIRED, "", "An image.", 3),
    string!(REQUIRED, "id", "First 12 digits of its id.", 0, 12),
    string!(REQUIRED, "tags", "Its names, with their tags.", 0, 512),
    int!(REQUIRED, "size", "kB", "Its size, with layers that others share.", 0, 2_000_000_000),
];

static LOGS: [Node; 2] = [
    string!(REQUIRED, "container", "Name or id of a container.", 1, 128),
    int!(default(100), "tail", "", "How many of its last lines.", 1, 1_000),
];
static LINES: [Node; 2] = [
    string!(REQUIRED, "lines", "What it wrote, both streams in one.", 0, 60_000),
    boolean!(REQUIRED, "is_cut", "Whether earlier lines of those were left out."),
];

static TOOLS: [Tool; 4] = [
    tool!(
        "list_containers",
        "List containers",
        "List the containers of the Docker Engine.",
        READ_ONLY,
        LIST,
        CONTAINERS,
        list_containers
    ),
    tool!(
        "inspect",
        "Inspect a container",
        "Tell the state, settings, mounts and networks of a container.",
        READ_ONLY,
        ONE,
        INSPECTED,
        inspect
    ),
    tool!(
        "list_images",
        "List images",
        "List the images of the Docker Engine.",
        READ_ONLY,
        NONE,
        IMAGES,
        list_images
    ),
    tool!(
        "container_logs",
        "Logs of a container",
        "Read the last lines that a container wrote.",
        READ_ONLY,
        LOGS,
        LINES,
        container_logs
    ),
];

plugin!(RawPlugin {
    description: Text::new("Containers and images of a Docker Engine."),
    author: Text::new("The Trine developers"),
    capabilities: Text::new("containers docker"),
    calls_max: 4,
    ..RawPlugin::new("docker", env!("CARGO_PKG_VERSION"), &TOOLS)
});

fn list_containers(call: &mut Call<'_>) -> Result<(), String> {
    let all = call.bool(0);
    let containers = Docker::of_environment(&|| call.is_cancelled())?.containers(all)?;
    call.put_int(0, count(containers.len()));
    let shown = fitting(&containers, ITEMS_MAX, Container::texts);
    call.put_array(1, u32::try_from(shown).unwrap_or_default());
    for container in containers.iter().take(shown) {
        call.put_object(2);
        for (node, text) in (3..).zip(container.texts()) {
            call.put_text(node, text);
        }
    }
    Ok(())
}

fn inspect(call: &mut Call<'_>) -> Result<(), String> {
    let container = call.text(0);
    let found = Docker::of_environment(&|| call.is_cancelled())?.inspect(container)?;
    for (node, text) in (0..).zip(found.before_exit_code()) {
        call.put_text(node, text);
    }
    call.put_int(6, found.exit_code);
    for (node, text) in (7..).zip(found.before_restarts()) {
        call.put_text(node, text);
    }
    call.put_int(11, found.restarts);
    for (node, text) in (12..).zip(found.after_restarts()) {
        call.put_text(node, text);
    }
    Ok(())
}

fn list_images(call: &mut Call<'_>) -> Result<(), String> {
    let images = Docker::of_environment(&|| call.is_cancelled())?.images()?;
    call.put_int(0, count(images.len()));
    let shown = fitting(&images, ITEMS_MAX, |image| [&*image.id, &*image.tags]);
    call.put_array(1, u32::try_from(shown).unwrap_or_default());
    for image in images.iter().take(shown) {
        call.put_object(2);
        call.put_text(3, &image.id);
        call.put_text(4, &image.tags);
        call.put_int(5, image.size_kb);
    }
    Ok(())
}

fn container_logs(call: &mut Call<'_>) -> Result<(), String> {
    let (container, tail) = (call.text(0), call.int(1));
    let text = Docker::of_environment(&|| call.is_cancelled())?.logs(container, tail)?;
    let (lines, is_cut) = trine_plugin_http::tail(&text, TEXT_MAX);
    call.put_text(0, lines);
    call.put_bool(1, is_cut);
    Ok(())
}

fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX).min(1_000_000)
}
