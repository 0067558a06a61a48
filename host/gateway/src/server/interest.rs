//! What a client is told of: lists that change, and resources.

use std::collections::BTreeSet;

use trine_mcp::json::{JsonReader, JsonText, Kind};
use trine_mcp::notify::{self, Changed};
use trine_mcp::{Id, Listen, McpSession, NeedBytes};

use crate::hub::News;

/// Said where a client wants to watch more than that.
pub(super) const TOO_MANY: &str =
    "Invalid params: 256 resources may be watched over one session or subscription";
/// Resources that a client may watch at a time over one session or subscription.
pub(super) const WATCHED_MAX: usize = 256;

/// What one client is told of, over one session or subscription.
#[derive(Clone, Debug, Default)]
pub(super) struct Interest {
    tools: bool,
    resources: bool,
    prompts: bool,
    /// The least level of log that is wanted.
    level: Option<u8>,
    uris: BTreeSet<Box<str>>,
    /// Ids of tasks.
    tasks: BTreeSet<Box<str>>,
}

impl Interest {
    /// That of a client of the `initialize` revisions: all lists, and what it subscribes to.
    pub(super) fn of_session(session: &McpSession) -> Self {
        let level = Some(session.level());
        Self { tools: true, resources: true, prompts: true, level, ..Self::default() }
    }

    /// Takes the level that a session's client wants.
    pub(super) const fn set_level(&mut self, level: u8) {
        self.level = Some(level);
    }

    /// That of a subscription; `None` where it names too many resources.
    pub(super) fn of(listen: &Listen<'_>) -> Option<Self> {
        let Listen { tools, resources, prompts, uris, .. } = *listen;
        let (uris, is_more) = texts(uris, WATCHED_MAX);
        let all = Self { tools, resources, prompts, uris, ..Self::default() };
        (!is_more).then_some(all)
    }

    /// The same with tasks.
    pub(super) fn with_tasks<'t>(mut self, ids: impl Iterator<Item = &'t str>) -> Self {
        self.tasks = ids.map(Box::from).collect();
        self
    }

    /// Whether the client is told of this task.
    pub(super) fn has_task(&self, id: &str) -> bool {
        self.tasks.contains(id)
    }

    /// Watches a resource, or no longer. `false` where the client watches too many.
    pub(super) fn watch(&mut self, uri: &str, on: bool) -> bool {
        if !on {
            self.uris.remove(uri);
            return true;
        }
        let is_room = self.uris.len() < WATCHED_MAX || self.uris.contains(uri);
        if is_room {
            self.uris.insert(uri.into());
        }
        is_room
    }

    /// The resources that are watched.
    pub(super) fn watched(&self) -> impl Iterator<Item = &str> {
        self.uris.iter().map(|uri| &**uri)
    }

    /// Whether the client is told of this.
    pub(super) fn has(&self, news: News<'_>) -> bool {
        match news {
            News::List(Changed::Tools) => self.tools,
            News::List(Changed::Resources) => self.resources,
            News::List(Changed::Prompts) => self.prompts,
            News::Resource(uri) => self.uris.contains(uri),
            News::Log { level, .. } => self.level.is_some_and(|least| level >= least),
            // A subscription has no lines of log.
            News::Reach { level, .. } => self.level.map_or(self.tools, |least| level >= least),
        }
    }
}

/// The texts in an array of a message that was read whole before, and whether there are more than
/// these.
pub(super) fn texts(array: &[u8], most: usize) -> (BTreeSet<Box<str>>, bool) {
    let mut found = BTreeSet::new();
    let mut reader = JsonReader::new(array);
    let mut first = true;
    if reader.begin_array().is_err() {
        return (found, false);
    }
    while reader.next_element(&mut first) == Ok(true) {
        let text = match reader.kind() {
            Ok(Kind::String) => reader.string().ok().map(|text| decoded(&text)),
            _ => reader.skip_value().ok().and(None),
        };
        if found.len() == most && text.as_ref().is_some_and(|text| !found.contains(text)) {
            return (found, true);
        }
        found.extend(text);
    }
    (found, false)
}

fn decoded(text: &JsonText<'_>) -> Box<str> {
    let mut bytes = vec![0; text.raw().len()];
    let len = text.decode_into(&mut bytes).unwrap_or(0);
    String::from_utf8_lossy(bytes.get(..len).unwrap_or_default()).into()
}

/// Writes what a client is told: for a subscription, or plain for a session.
pub(super) fn write(
    news: News<'_>,
    subscription: Option<Id<'_>>,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    match news {
        News::List(list) => notify::list_changed(list, subscription, out),
        News::Resource(uri) => notify::resource_updated(uri, subscription, out),
        // Of what can be called a subscription is told by its list.
        News::Reach { .. } if subscription.is_some() => {
            notify::list_changed(Changed::Tools, subscription, out)
        }
        News::Log { device, level, text } | News::Reach { device, level, text } => {
            notify::message(level, device, text, out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_of_what_it_wants_alone() {
        let (uris, _) = texts(br#"["a:1", 7, "a:\u0032"]"#, 2);
        let mut interest = Interest { uris, ..Interest::default() };
        assert!(interest.has(News::Resource("a:1")) && interest.has(News::Resource("a:2")));
        assert!(!interest.has(News::Resource("a:3")) && !interest.has(News::List(Changed::Tools)));
        assert!(interest.watch("a:1", false) && !interest.has(News::Resource("a:1")));
        let mut session = Interest::of_session(&McpSession::new());
        let line = |level| News::Log { device: "one", level, text: "a line" };
        assert!(!interest.has(line(7)) && session.has(line(1)) && !session.has(line(0)));
        let lost = News::Reach { device: "one", level: 3, text: "offline" };
        assert!(session.has(lost) && !interest.has(lost));
        let tools = Interest { tools: true, ..Interest::default() };
        assert!(tools.has(lost) && !tools.has(line(7)));
        session.set_level(4);
        assert!(!session.has(lost));
        assert!(session.has(line(4)) && !session.has(line(3)));
        assert!(session.has(News::List(Changed::Prompts)) && !session.has(News::Resource("a:1")));
    }

    #[test]
    fn the_number_of_watched_resources_has_a_bound() {
        let mut interest = Interest::of_session(&McpSession::new());
        for number in 0..WATCHED_MAX {
            assert!(interest.watch(&format!("a:{number}"), true));
        }
        assert!(!interest.watch("b:1", true) && interest.watch("a:0", true));
        assert!(interest.watch("a:0", false) && interest.watch("b:1", true));
        let of = |count| {
            let uris: Vec<_> = (0..count).map(|number| format!("\"a:{number}\"")).collect();
            let (found, is_more) = texts(format!("[{}]", uris.join(",")).as_bytes(), WATCHED_MAX);
            (found.len(), is_more)
        };
        assert_eq!((of(WATCHED_MAX), of(WATCHED_MAX + 1)), ((256, false), (256, true)));
    }
}
