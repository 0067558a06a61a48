//! Notifications that a server sends, and the end of a subscription.

use crate::error::begin_result;
use crate::handshake::Filter;
use crate::json::JsonWriter;
use crate::json::writer::NeedBytes;
use crate::{Id, ServerInfo, Version, result};
#[cfg(feature = "tasks")]
use crate::{Listen, Task};

const SUBSCRIPTION: &[u8] = b"\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":";

/// Writes `notifications/progress`.
///
/// `progress` must rise from one notification of a call to the next, and none may follow the
/// call's response. The message is left out where the revision has none.
///
/// # Errors
/// [`NeedBytes`] if `out` is too small.
pub fn progress(
    version: Version,
    token: Id<'_>,
    (progress, total): (u32, Option<u32>),
    message: &str,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    out.raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{");
    out.raw(b"\"progressToken\":");
    out.raw(token.raw());
    out.raw(b",\"progress\":");
    out.unsigned(progress.into());
    if let Some(total) = total {
        out.raw(b",\"total\":");
        out.unsigned(total.into());
    }
    if version.has_annotations() && !message.is_empty() {
        out.raw(b",\"message\":");
        out.string(message);
    }
    out.raw(b"}}");
    out.finish()
}

/// The names of the levels of log, from the least on (RFC 5424, section 6.2.1).
pub(crate) const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// Writes `notifications/message`, a line of log of a level from 0, debug, to 7, emergency. For
/// clients of the `initialize` revisions; `logger` says who speaks and may be empty.
///
/// # Errors
/// [`NeedBytes`] if `out` is too small.
pub fn message(level: u8, logger: &str, text: &str, out: &mut [u8]) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    out.raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":");
    let last = LEVELS.len() - 1;
    out.string(LEVELS.get(usize::from(level).min(last)).copied().unwrap_or_default());
    if !logger.is_empty() {
        out.raw(b",\"logger\":");
        out.string(logger);
    }
    out.raw(b",\"data\":");
    out.string(text);
    out.raw(b"}}");
    out.finish()
}

/// A list that can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Tools.
    Tools,
    /// Resources, and templates.
    Resources,
    /// Prompts.
    Prompts,
}

/// Writes the notification that a list has changed: for a subscription of the stateless revision,
/// or plain for a client that called `initialize`.
///
/// # Errors
/// [`NeedBytes`] if `out` is too small.
pub fn list_changed(
    list: Changed,
    subscription: Option<Id<'_>>,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    out.raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/");
    out.raw(match list {
        Changed::Tools => b"tools",
        Changed::Resources => b"resources",
        Changed::Prompts => b"prompts",
    });
    out.raw(b"/list_changed\"");
    if let Some(id) = subscription {
        out.raw(b",\"params\":{");
        out.raw(SUBSCRIPTION);
        out.raw(id.raw());
        out.raw(b"}}");
    }
    out.raw(b"}");
    out.finish()
}

/// Writes `notifications/resources/updated`: what is under an address has changed.
///
/// # Errors
/// [`NeedBytes`] if `out` is too small.
pub fn resource_updated(
    uri: &str,
    subscription: Option<Id<'_>>,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    out.raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\",\"params\":{");
    if let Some(id) = subscription {
        out.raw(SUBSCRIPTION);
        out.raw(id.raw());
        out.raw(b"},");
    }
    out.raw(b"\"uri\":");
    out.string(uri);
    out.raw(b"}}");
    out.finish()
}

/// Writes `notifications/tools/list_changed`: for a subscription of the stateless revision, or
/// plain for a client that called `initialize`.
///
/// # Errors
/// [`NeedBytes`] if `out` is too small.
pub fn tools_changed(subscription: Option<Id<'_>>, out: &mut [u8]) -> Result<usize, NeedBytes> {
    list_changed(Changed::Tools, subscription, out)
}

/// Writes the acknowledgement that has to precede everything else of a subscription.
pub(crate) fn acknowledge(
    id: Id<'_>,
    filter: &Filter<'_>,
    tasks: &[&str],
    out: &mut JsonWriter<'_>,
) {
    out.raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",");
    out.raw(b"\"params\":{");
    out.raw(SUBSCRIPTION);
    out.raw(id.raw());
    out.raw(b"},\"notifications\":{");
    let flags: [(bool, &[u8]); 3] = [
        (filter.tools, b"\"toolsListChanged\":true"),
        (filter.prompts, b"\"promptsListChanged\":true"),
        (filter.resources, b"\"resourcesListChanged\":true"),
    ];
    let mut comma: &[u8] = b"";
    for (_, text) in flags.into_iter().filter(|(is_set, _)| *is_set) {
        out.raw(comma);
        out.raw(text);
        comma = b",";
    }
    if !filter.uris.is_empty() {
        out.raw(comma);
        out.raw(b"\"resourceSubscriptions\":");
        out.raw(filter.uris);
        comma = b",";
    }
    for (index, task) in tasks.iter().enumerate() {
        out.raw(if index == 0 { comma } else { b"," });
        out.raw(if index == 0 { b"\"taskIds\":[" } else { b"" });
        out.string(task);
    }
    out.raw(if tasks.is_empty() { b"}}}" } else { b"]}}}" });
}

/// Writes the acknowledgement of a subscription whose client is told of these tasks. It takes the
/// place of the one that [`crate::Step::Listen`] has in `out`.
///
/// # Errors
/// [`NeedBytes`] if `out` is too small.
#[cfg(feature = "tasks")]
pub fn acknowledge_tasks(
    listen: &Listen<'_>,
    tasks: &[&str],
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let Listen { tools, resources, prompts, uris, .. } = *listen;
    let filter = Filter { tools, resources, prompts, uris, tasks: &[] };
    let mut out = JsonWriter::new(out);
    acknowledge(listen.id, &filter, tasks, &mut out);
    out.finish()
}

/// Writes `notifications/tasks` for a subscription: the state of a task.
///
/// # Errors
/// [`NeedBytes`] if `out` is too small.
#[cfg(feature = "tasks")]
pub fn task(task: &Task<'_>, subscription: Id<'_>, out: &mut [u8]) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    out.raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tasks\",\"params\":{");
    out.raw(SUBSCRIPTION);
    out.raw(subscription.raw());
    out.raw(b"}");
    crate::tasks::members(task, &mut out);
    out.raw(b"}}");
    out.finish()
}

/// Writes the response that ends a subscription from the server's side, on shutdown.
///
/// # Errors
/// [`NeedBytes`] if `out` is too small.
pub fn listen_ended(
    id: Id<'_>,
    server: &ServerInfo<'_>,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let mut out = JsonWriter::new(out);
    begin_result(id, &mut out);
    out.raw(b"\"resultType\":\"complete\",");
    out.raw(SUBSCRIPTION);
    out.raw(id.raw());
    out.raw(b",\"io.modelcontextprotocol/serverInfo\":");
    result::implementation(Version::V2026_07_28, server, &mut out);
    out.raw(b"}}}");
    out.finish()
}
