//! How a client begins: the rule of protocol families, introductions, and subscriptions.

use crate::envelope::{Member, Object, Params};
use crate::error::{Problem, begin_result, supported};
use crate::json::{JsonError, JsonReader, JsonText, JsonWriter};
use crate::notify::LEVELS;
use crate::{Catalog, Id, Listen, McpSession, ServerInfo, Version, list, notify, result};

#[cfg(not(any(feature = "stateless", feature = "legacy")))]
compile_error!("trine-mcp needs the feature `stateless`, `legacy` or both");

/// How a request is to be understood.
pub(crate) enum RequestFamily {
    /// By this revision.
    Known(Version),
    /// It is the `initialize` of the older revisions.
    Initialize,
    /// A ping before `initialize`, the one other thing that may come before it.
    Ping,
}

/// The rule of protocol families: a revision in `_meta` wins; else `initialize` opens, or has
/// opened, the session.
#[inline]
pub(crate) fn request_family<'m>(
    method: &JsonText<'m>,
    params: &Params<'m>,
    session: &McpSession,
) -> Result<RequestFamily, Problem<'m>> {
    if params.malformed {
        return Err(Problem::Params("params must be an object"));
    }
    if params.meta.malformed {
        return Err(Problem::Params(
            "params._meta must be an object, and its progressToken a string or an integer",
        ));
    }
    match params.meta.version {
        Member::Text(name) => {
            stateless(name, !params.meta.capabilities.is_empty()).map(RequestFamily::Known)
        }
        Member::Other => {
            Err(Problem::Params("io.modelcontextprotocol/protocolVersion must be a string"))
        }
        Member::Absent if cfg!(feature = "legacy") && method.is(b"initialize") => {
            Ok(RequestFamily::Initialize)
        }
        Member::Absent => match session.version() {
            Some(version) => Ok(RequestFamily::Known(version)),
            None if cfg!(feature = "legacy") && method.is(b"ping") => Ok(RequestFamily::Ping),
            None => Err(Problem::NoFamily),
        },
    }
}

/// The revision of a request that names it.
#[inline]
pub(crate) fn stateless(name: JsonText<'_>, capabilities: bool) -> Result<Version, Problem<'_>> {
    let newest = Version::V2026_07_28;
    if !(cfg!(feature = "stateless") && name.is(newest.name().as_bytes())) {
        return Err(Problem::Version(name));
    }
    if !capabilities {
        return Err(Problem::Params(
            "params._meta needs io.modelcontextprotocol/clientCapabilities, an object",
        ));
    }
    Ok(newest)
}

/// `server/discover`: who we are, without being asked anything else first.
pub(crate) fn discover<'m, C: Catalog + ?Sized>(
    catalog: &C,
    version: Version,
    id: Id<'_>,
    out: &mut JsonWriter<'_>,
) -> Result<(), Problem<'m>> {
    let server = catalog.server();
    begin_result(id, out);
    out.raw(b"\"resultType\":\"complete\",\"supportedVersions\":");
    supported(&[Version::V2026_07_28], out);
    // Log goes to who asked for it in a session, and here there is none.
    capabilities(catalog, &server, (false, true), out);
    list::cache_hints(catalog.ttl_ms(), true, out);
    result::finish(version, &server, out);
    Ok(())
}

/// `initialize`: agrees on a revision, which the session keeps.
pub(crate) fn initialize<'m, C: Catalog + ?Sized>(
    catalog: &C,
    id: Id<'_>,
    (params, message): (&Params<'m>, &[u8]),
    session: &mut McpSession,
    out: &mut JsonWriter<'_>,
) -> Result<(), Problem<'m>> {
    let Member::Text(asked) = params.protocol_version else {
        return Err(Problem::Params("initialize needs protocolVersion, a string"));
    };
    let mut agreed = *session;
    let version = agreed.agree(Version::named(&asked));
    #[cfg(any(feature = "apps", feature = "requests"))]
    agreed.set_client(message);
    #[cfg(not(any(feature = "apps", feature = "requests")))]
    let _ = message;
    let server = catalog.server();
    begin_result(id, out);
    out.raw(b"\"protocolVersion\":\"");
    out.raw(version.name().as_bytes());
    out.raw(b"\"");
    capabilities(catalog, &server, (catalog.logs(), false), out);
    out.raw(b",\"serverInfo\":");
    result::implementation(version, &server, out);
    out.raw(b"}}");
    // A client that was not told of the agreement has none.
    if out.fits() {
        *session = agreed;
    }
    Ok(())
}

/// Writes what both ways of introduction say: features, and guidance for the model.
fn capabilities<C: Catalog + ?Sized>(
    catalog: &C,
    server: &ServerInfo<'_>,
    (logs, stateless): (bool, bool),
    out: &mut JsonWriter<'_>,
) {
    out.raw(b",\"capabilities\":{\"tools\":{\"listChanged\":");
    out.bool(catalog.can_change());
    out.raw(b"}");
    #[cfg(feature = "resources")]
    shelf_capabilities(catalog, out);
    extensions(catalog, stateless, out);
    out.raw(if logs { b",\"logging\":{}}" } else { b"}" });
    if !server.instructions.is_empty() {
        out.raw(b",\"instructions\":");
        out.string(server.instructions);
    }
}

/// Writes the extensions that the server has. Tasks and skills are of the stateless revision.
fn extensions<C: Catalog + ?Sized>(catalog: &C, stateless: bool, out: &mut JsonWriter<'_>) {
    #[cfg(feature = "tasks")]
    let tasks = catalog.has_tasks();
    #[cfg(not(feature = "tasks"))]
    let tasks = false;
    #[cfg(feature = "skills")]
    let skills = crate::skills::is_declared(catalog);
    #[cfg(not(feature = "skills"))]
    let skills = false;
    #[cfg(feature = "apps")]
    let apps = crate::apps::is_declared(catalog);
    #[cfg(not(feature = "apps"))]
    let apps = false;
    let _ = catalog;
    let all: [(bool, &[u8]); 3] = [
        (tasks && stateless, b"\"io.modelcontextprotocol/tasks\":{}"),
        (skills && stateless, b"\"io.modelcontextprotocol/skills\":{\"directoryRead\":true}"),
        (apps, b"\"io.modelcontextprotocol/ui\":{}"),
    ];
    let mut has_any = false;
    for (_, extension) in all.into_iter().filter(|(has_it, _)| *has_it) {
        out.raw(if has_any { b"," } else { b",\"extensions\":{" });
        out.raw(extension);
        has_any = true;
    }
    if has_any {
        out.raw(b"}");
    }
}

/// `logging/setLevel`: the client says how much log it wants.
pub(crate) fn set_level<'m>(
    id: Id<'_>,
    level: Member<'m>,
    session: &mut McpSession,
    out: &mut JsonWriter<'_>,
) -> Result<(), Problem<'m>> {
    let asked = match level {
        Member::Text(asked) => LEVELS.iter().position(|name| asked.is(name.as_bytes())),
        _ => None,
    };
    let Some(asked) = asked else {
        return Err(Problem::Params(
            "level must be debug, info, notice, warning, error, critical, alert or emergency",
        ));
    };
    session.set_level(asked as u8);
    pong(id, out)
}

/// Answers a ping.
pub(crate) fn pong<'m>(id: Id<'_>, out: &mut JsonWriter<'_>) -> Result<(), Problem<'m>> {
    begin_result(id, out);
    out.raw(b"}}");
    Ok(())
}

/// Writes what the server has beside tools.
#[cfg(feature = "resources")]
fn shelf_capabilities<C: Catalog + ?Sized>(catalog: &C, out: &mut JsonWriter<'_>) {
    let lists = catalog.lists();
    let [resources, templates, prompts] = lists.counts();
    let may_come = catalog.may_have_lists();
    if may_come || resources > 0 || templates > 0 {
        out.raw(b",\"resources\":{\"subscribe\":");
        out.bool(catalog.can_watch());
        out.raw(b",\"listChanged\":");
        out.bool(catalog.lists_can_change());
        out.raw(b"}");
    }
    if may_come || prompts > 0 {
        out.raw(b",\"prompts\":{\"listChanged\":");
        out.bool(catalog.lists_can_change());
        out.raw(b"}");
    }
    if may_come || lists.completes() {
        out.raw(b",\"completions\":{}");
    }
}

/// What the filter of a subscription asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filter<'m> {
    pub(crate) tools: bool,
    pub(crate) resources: bool,
    pub(crate) prompts: bool,
    /// A JSON array of addresses.
    pub(crate) uris: &'m [u8],
    /// A JSON array of ids of tasks.
    pub(crate) tasks: &'m [u8],
}

/// `subscriptions/listen`: agrees to what there is of what was asked for.
pub(crate) fn listen<'m, C: Catalog + ?Sized>(
    catalog: &C,
    id: Id<'m>,
    filter: Object<'m>,
    out: &mut JsonWriter<'_>,
) -> Result<Listen<'m>, Problem<'m>> {
    let Object::Text(filter) = filter else {
        return Err(Problem::Params("notifications must be an object"));
    };
    let mut filter = read_filter(filter)?;
    filter.tools &= catalog.can_change();
    #[cfg(feature = "resources")]
    {
        let can_change = catalog.lists_can_change();
        let [resources, templates, prompts] = catalog.lists().counts();
        let can_read = resources > 0 || templates > 0;
        filter.resources &= can_change && can_read;
        filter.prompts &= can_change && prompts > 0;
        if !(can_read && catalog.can_watch()) {
            filter.uris = &[];
        }
    }
    #[cfg(not(feature = "resources"))]
    {
        filter = Filter { tools: filter.tools, tasks: filter.tasks, ..Filter::default() };
    }
    #[cfg(feature = "tasks")]
    let has_tasks = catalog.has_tasks();
    #[cfg(not(feature = "tasks"))]
    let has_tasks = false;
    if !has_tasks {
        filter.tasks = &[];
    }
    notify::acknowledge(id, &filter, &[], out);
    if !out.fits() {
        return Err(Problem::Space(out.needed()));
    }
    let Filter { tools, resources, prompts, uris, tasks } = filter;
    Ok(Listen { id, tools, resources, prompts, uris, tasks, acknowledgement: out.needed() })
}

/// An array of texts, as it stands.
fn texts<'m>(reader: &mut JsonReader<'m>) -> Result<&'m [u8], JsonError> {
    let (mut check, mut first) = (reader.clone(), true);
    check.begin_array()?;
    while check.next_element(&mut first)? {
        check.string()?;
    }
    reader.skip_value()
}

/// Reads the filter of a subscription.
fn read_filter(filter: &[u8]) -> Result<Filter<'_>, Problem<'_>> {
    let malformed = |_| {
        Problem::Params(
            "toolsListChanged, promptsListChanged and resourcesListChanged must be true or false, \
             resourceSubscriptions an array of addresses, and taskIds an array of ids",
        )
    };
    let mut reader = JsonReader::new(filter);
    let (mut found, mut first) = (Filter::default(), true);
    reader.begin_object().map_err(malformed)?;
    while let Some(name) = reader.next_member(&mut first).map_err(malformed)? {
        if name.is(b"toolsListChanged") {
            found.tools = reader.bool().map_err(malformed)?;
        } else if name.is(b"promptsListChanged") {
            found.prompts = reader.bool().map_err(malformed)?;
        } else if name.is(b"resourcesListChanged") {
            found.resources = reader.bool().map_err(malformed)?;
        } else if name.is(b"resourceSubscriptions") {
            found.uris = texts(&mut reader).map_err(malformed)?;
        } else if name.is(b"taskIds") {
            found.tasks = texts(&mut reader).map_err(malformed)?;
        } else {
            reader.skip_value().map_err(malformed)?;
        }
    }
    Ok(found)
}
