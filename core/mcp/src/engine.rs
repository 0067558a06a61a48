//! The engine: a message in, a step out.

use trine_descriptor::{Side, ToolTable, validate};

use crate::call::{self, Refusal};
use crate::envelope::{Envelope, IdMember, Member, Object, Params};
use crate::error::Problem;
use crate::handshake::{self, RequestFamily, request_family};
use crate::json::{JsonError, JsonReader, JsonText, JsonWriter, Kind};
use crate::result::{self, End, Outcome};
#[cfg(feature = "resources")]
use crate::shelf;
use crate::{
    Batch, Call, Catalog, ClientCapabilities, Failure, Id, McpSession, NeedBytes, Retry, Step,
    Version, answer as quick_answer, list,
};

/// Longest method name that is served, with room to spare.
const METHOD_MAX: usize = 32;

/// The engine over a catalog. Holds no state of its own; make one whenever it is needed.
///
/// ```
/// # use trine_descriptor::{Tool, ToolInfo};
/// use trine_mcp::{McpEngine, Outcome, ServerInfo, McpSession, Single, Step};
///
/// # const INFO: ToolInfo<'static> = ToolInfo::new("beep", "Beep once.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, &[], &[])];
/// let server = ServerInfo { name: "beeper", version: "1.0.0", ..ServerInfo::default() };
/// let catalog = Single::new(server, &TOOLS);
/// let engine = McpEngine::new(&catalog);
/// let (mut session, mut args, mut out) = (McpSession::new(), [0; 64], [0; 256]);
/// let line = br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"beep"}}"#;
/// # let hello = br#"{"jsonrpc":"2.0","id":1,"method":"initialize",
/// #     "params":{"protocolVersion":"2025-11-25"}}"#;
/// # engine.receive(hello, &mut session, &mut args, &mut [0; 1024]);
/// let step = engine.receive(line, &mut session, &mut args, &mut out);
/// let Step::Call(call) = step else { panic!("it is no call") };
/// assert_eq!((call.tool, call.arguments), (0, 0));
/// // The program does the call, and the engine writes what became of it.
/// let outcome = Outcome::Error("the beeper is off");
/// let len = engine.finish(call.id, call.version, call.tool, outcome, &mut out)?;
/// assert!(out[..len].starts_with(br#"{"jsonrpc":"2.0","id":7,"result":{"#));
/// # Ok::<(), trine_mcp::NeedBytes>(())
/// ```
#[derive(Debug)]
pub struct McpEngine<'c, C: Catalog + ?Sized> {
    catalog: &'c C,
}

impl<C: Catalog + ?Sized> Clone for McpEngine<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: Catalog + ?Sized> Copy for McpEngine<'_, C> {}

/// A request that has passed the checks that all have in common.
struct Request<'m, 'p> {
    id: Id<'m>,
    version: Version,
    params: &'p Params<'m>,
    /// Set if the arguments could be encoded as the message was read.
    encoded: Option<Encoded<'m>>,
    #[cfg_attr(
        not(any(feature = "resources", feature = "tasks")),
        expect(dead_code, reason = "no request reads it")
    )]
    message: &'m [u8],
    /// What the session's client can be asked for.
    client: ClientCapabilities,
}

/// What came of encoding arguments.
type Arguments<'m> = Result<call::Encoded<'m>, Refusal<'m>>;

/// The tool that a name stands for, and its encoded arguments.
#[derive(Clone, Copy)]
struct Encoded<'m> {
    tool: u16,
    result: Arguments<'m>,
}

impl<'c, C: Catalog + ?Sized> McpEngine<'c, C> {
    /// An engine that serves `catalog`.
    pub const fn new(catalog: &'c C) -> Self {
        Self { catalog }
    }

    /// Takes one message: a line of a stream, or a body.
    ///
    /// Never panics and takes time in proportion to the message. Encoded arguments go to `args`, an
    /// answer to `out`; nothing of either outlives the step.
    pub fn receive<'m>(
        &self,
        message: &'m [u8],
        session: &mut McpSession,
        args: &mut [u8],
        out: &mut [u8],
    ) -> Step<'m> {
        if !matches!(message, [b'{', ..]) && JsonReader::new(message).kind() == Ok(Kind::Array) {
            return self.receive_array(message, session, out);
        }
        self.one(message, session, (args, out), false)
    }

    /// Takes one message that may be no array: an element of a [`crate::Batch`].
    pub fn receive_one<'m>(
        &self,
        message: &'m [u8],
        session: &mut McpSession,
        args: &mut [u8],
        out: &mut [u8],
    ) -> Step<'m> {
        self.one(message, session, (args, out), true)
    }

    /// Takes one message in the general way, whatever it is.
    pub(crate) fn one<'m>(
        &self,
        message: &'m [u8],
        session: &mut McpSession,
        (args, out): (&mut [u8], &mut [u8]),
        in_array: bool,
    ) -> Step<'m> {
        let mut encoded = None;
        let mut early = |name: &JsonText<'m>, text: &'m [u8]| {
            let (tool, result) = self.encode(name, text, args)?;
            let rest = result.as_ref().ok().map(|read| read.rest);
            encoded = Some(Encoded { tool, result });
            rest
        };
        let mut envelope = Envelope::default();
        if let Err((error, position)) = envelope.read(message, &mut early) {
            return not_a_message(message, error, position, out);
        }
        if envelope.params.is_misread() {
            encoded = None;
        }
        if cfg!(all(target_pointer_width = "64", not(trine_small)))
            && let Some(call) = self.sound_call(&envelope, encoded, session, args)
        {
            return Step::Call(call);
        }
        let (id, method) = match request(&envelope) {
            Ok(Some(request)) => request,
            Ok(None) => return notification(&envelope, session),
            Err(problem) => return reply(envelope.id, problem, out),
        };
        let params = &envelope.params;
        let answer = match request_family(&method, params, session) {
            Ok(RequestFamily::Known(version)) if self.sets_level(version, &method) => {
                answer(out, |out| handshake::set_level(id, params.level, session, out))
            }
            Ok(RequestFamily::Known(version)) => {
                let client = session.client();
                let request = Request { id, version, params, encoded, message, client };
                self.request(&request, &method, args, out)
            }
            Ok(RequestFamily::Initialize) if in_array => {
                Err(Problem::Request("initialize inside an array"))
            }
            Ok(RequestFamily::Initialize) => answer(out, |out| {
                handshake::initialize(self.catalog, id, (params, message), session, out)
            }),
            Ok(RequestFamily::Ping) => answer(out, |out| handshake::pong(id, out)),
            Err(problem) => Err(problem),
        };
        answer.unwrap_or_else(|problem| reply(envelope.id, problem, out))
    }

    /// A call with which nothing is wrong, as nearly every message is. `None` says nothing; what
    /// follows finds out the same and more, but moves whole answers about.
    #[inline(always)]
    fn sound_call<'m>(
        &self,
        envelope: &Envelope<'m>,
        encoded: Option<Encoded<'m>>,
        session: &McpSession,
        args: &mut [u8],
    ) -> Option<Call<'m>> {
        let params = &envelope.params;
        let (IdMember::Id(id), Member::Text(method)) = (envelope.id, envelope.method) else {
            return None;
        };
        let wrong =
            !envelope.version_2 | envelope.repeated | params.malformed | params.meta.malformed;
        if wrong || !(envelope.call || method.is(b"tools/call")) {
            return None;
        }
        let (Member::Absent, Object::Absent) = (params.request_state, params.input_responses)
        else {
            return None;
        };
        let able = !params.meta.capabilities.is_empty();
        let version = match params.meta.version {
            Member::Text(_) if cfg!(feature = "stateless") && params.meta.newest && able => {
                Version::V2026_07_28
            }
            Member::Text(name) => handshake::stateless(name, able).ok()?,
            Member::Absent => session.version()?,
            Member::Other => return None,
        };
        let (Member::Text(name), Object::Text(text)) = (params.name, params.arguments) else {
            return None;
        };
        let (tool, result) = match encoded {
            Some(Encoded { tool, result }) => (tool, result),
            None => self.encode(&name, text, args)?,
        };
        let call::Encoded { len: arguments, checked, .. } = result.ok()?;
        let (progress, capabilities) = (params.meta.progress, params.meta.capabilities);
        let (retry, has_more_meta) = (None, params.meta.has_more);
        Some(Call {
            id,
            version,
            tool,
            arguments,
            checked,
            progress,
            retry,
            has_more_meta,
            capabilities,
        })
    }

    /// Whether the client says how much log it wants.
    fn sets_level(&self, version: Version, method: &JsonText<'_>) -> bool {
        version.is_legacy() && self.catalog.logs() && method.is(b"logging/setLevel")
    }

    /// Writes the response of a call from its outcome.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small; the call can be finished again with a larger one.
    pub fn finish(
        &self,
        id: Id<'_>,
        version: Version,
        tool: u16,
        outcome: Outcome<'_>,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        if let Outcome::Value(entries) = outcome
            && let Some(len) = self.finish_at_once(id, version, tool, entries, out)
        {
            return Ok(len);
        }
        self.finish_any(id, version, tool, outcome, out)
    }

    /// [`McpEngine::finish`] for a structured result that no one has judged: on 64-bit hosts it is
    /// judged while it is written. What breaks a rule of the tool's output is answered as
    /// [`Outcome::BadResult`].
    ///
    /// # Errors
    /// [`NeedBytes`], as [`McpEngine::finish`].
    pub fn finish_value(
        &self,
        id: Id<'_>,
        version: Version,
        tool: u16,
        entries: &[u8],
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        match self.finish_at_once(id, version, tool, entries, out) {
            Some(len) => Ok(len),
            None => self.judge_and_finish(id, version, tool, entries, out),
        }
    }

    /// Writes the response of a structured result that no one has judged, where that is quick: what
    /// is written keeps every rule of the tool's output. `None` says nothing of the result, and is
    /// all that hosts of 32 bits answer.
    #[must_use]
    pub fn finish_at_once(
        &self,
        id: Id<'_>,
        version: Version,
        tool: u16,
        entries: &[u8],
        out: &mut [u8],
    ) -> Option<usize> {
        if cfg!(all(target_pointer_width = "64", not(trine_small))) {
            return quick_answer::write(id, version, (self.catalog, tool), entries, out);
        }
        None
    }

    #[inline(never)]
    fn judge_and_finish(
        &self,
        id: Id<'_>,
        version: Version,
        tool: u16,
        entries: &[u8],
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        let judge = |(table, row)| validate(table, row, Side::Output, entries);
        let outcome = match self.catalog.tool(tool).map(judge) {
            Some(Err(fault)) => Outcome::BadResult(fault),
            _ => Outcome::Value(entries),
        };
        self.finish_any(id, version, tool, outcome, out)
    }

    /// Writes a response in the general way, whatever it is.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(never))]
    fn finish_any(
        &self,
        id: Id<'_>,
        version: Version,
        tool: u16,
        outcome: Outcome<'_>,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        let mut out = JsonWriter::new(out);
        result::write(id, version, (self.catalog, tool), End::Outcome(outcome), &mut out);
        out.finish()
    }

    #[inline(never)]
    fn receive_array<'m>(
        &self,
        message: &'m [u8],
        session: &McpSession,
        out: &mut [u8],
    ) -> Step<'m> {
        let allowed =
            cfg!(feature = "batch") && session.version().is_some_and(Version::has_batches);
        let problem = match Batch::open(message) {
            Err((error, at)) => Problem::Json(error, at),
            Ok(_) if !allowed => {
                Problem::Request("an array of messages is allowed in 2025-03-26 only")
            }
            Ok(None) => Problem::Request("the array is empty"),
            Ok(Some(batch)) => return Step::Batch(batch),
        };
        reply(IdMember::Absent, problem, out)
    }

    fn request<'m>(
        &self,
        request: &Request<'m, '_>,
        method: &JsonText<'m>,
        args: &mut [u8],
        out: &mut [u8],
    ) -> Result<Step<'m>, Problem<'m>> {
        let (id, version) = (request.id, request.version);
        // Some JSON writers escape every slash: `tools\/call` is `tools/call`.
        let mut buffer = [0; METHOD_MAX];
        let plain = match method.plain() {
            Some(plain) => plain,
            None => {
                method.decode_into(&mut buffer).and_then(|len| buffer.get(..len)).unwrap_or(&[])
            }
        };
        match plain {
            b"tools/call" => self.call(request, args, out),
            b"tools/list" => {
                let client = match version.is_stateless() {
                    true => ClientCapabilities::read(request.params.meta.capabilities),
                    false => request.client,
                };
                answer(out, |out| {
                    list::write(self.catalog, (id, version), request.params.cursor, client, out)
                })
            }
            b"server/discover" if version.is_stateless() => {
                answer(out, |out| handshake::discover(self.catalog, version, id, out))
            }
            b"subscriptions/listen" if cfg!(feature = "listen") && version.is_stateless() => {
                let filter = request.params.notifications;
                let listen =
                    handshake::listen(self.catalog, id, filter, &mut JsonWriter::new(out))?;
                #[cfg(feature = "tasks")]
                if !listen.tasks.is_empty() {
                    let capabilities = request.params.meta.capabilities;
                    return crate::tasks::listen(listen, capabilities, out);
                }
                Ok(Step::Listen(listen))
            }
            #[cfg(feature = "tasks")]
            b"tasks/get" | b"tasks/update" | b"tasks/cancel"
                if version.is_stateless() && self.catalog.has_tasks() =>
            {
                crate::tasks::request((id, version), (plain, request.params), request.message, out)
            }
            b"ping" if version.is_legacy() => answer(out, |out| handshake::pong(id, out)),
            #[cfg(feature = "resources")]
            _ => {
                let (whole, method) = (request.message, (plain, request.params));
                let head = (id, version);
                #[cfg(feature = "skills")]
                if let Some(step) = crate::skills::request(self.catalog, head, method, whole, out) {
                    return step;
                }
                shelf::request(self.catalog, head, method, whole, (args, out))
                    .unwrap_or(Err(Problem::Method))
            }
            #[cfg(not(feature = "resources"))]
            _ => Err(Problem::Method),
        }
    }

    /// The catalog that is served.
    #[must_use]
    pub const fn served(&self) -> &'c C {
        self.catalog
    }

    /// The number of the tool of this name.
    #[inline]
    fn find(&self, name: &JsonText<'_>) -> Option<u16> {
        match name.plain() {
            Some(plain) => self.catalog.find(plain),
            None => self.find_escaped(name),
        }
    }

    #[inline(never)]
    fn find_escaped(&self, name: &JsonText<'_>) -> Option<u16> {
        let mut buffer = [0; trine_descriptor::NAME_MAX];
        let len = name.decode_into(&mut buffer)?;
        self.catalog.find(buffer.get(..len)?)
    }

    /// Encodes the arguments that start `text` for the tool of this name, if there is one.
    #[inline]
    fn encode<'m>(
        &self,
        name: &JsonText<'m>,
        text: &'m [u8],
        args: &mut [u8],
    ) -> Option<(u16, Arguments<'m>)> {
        let tool = self.find(name)?;
        #[cfg(feature = "verbatim")]
        if self.catalog.verbatim(tool, Side::Params).is_some() {
            return Some((tool, call::verbatim(text, args)));
        }
        let (table, row) = self.catalog.tool(tool)?;
        let is_plain =
            cfg!(all(target_pointer_width = "64", not(trine_small))) && self.catalog.is_plain(tool);
        let result = match table.nodes(row, Side::Params) {
            Some(nodes) if cfg!(all(target_pointer_width = "64", not(trine_small))) => {
                call::encode((nodes, is_plain), text, args)
            }
            _ => call::encode((C::nodes(table, row, Side::Params), is_plain), text, args),
        };
        Some((tool, result))
    }

    /// `tools/call`: finds the tool and encodes the arguments.
    fn call<'m>(
        &self,
        request: &Request<'m, '_>,
        args: &mut [u8],
        out: &mut [u8],
    ) -> Result<Step<'m>, Problem<'m>> {
        let params = request.params;
        let name = match params.name {
            Member::Text(name) => name,
            Member::Absent => return Err(Problem::Params("Tool name required")),
            Member::Other => return Err(Problem::Params("Tool name must be a string")),
        };
        let encoded = match (request.encoded, params.arguments) {
            (_, Object::Other) => return Err(Problem::Params("arguments must be an object")),
            (Some(encoded), _) => encoded,
            (None, Object::Absent) => {
                let tool = self.find(&name).ok_or(Problem::Tool(name))?;
                let none = call::Encoded { len: 0, checked: false, rest: &[] };
                Encoded { tool, result: Ok(none) }
            }
            (None, Object::Text(text)) => {
                let (tool, result) = self.encode(&name, text, args).ok_or(Problem::Tool(name))?;
                Encoded { tool, result }
            }
        };
        let tool = encoded.tool;
        let end = match encoded.result {
            Ok(call::Encoded { len: arguments, checked, .. }) => {
                return Ok(Step::Call(Call {
                    id: request.id,
                    version: request.version,
                    tool,
                    arguments,
                    checked,
                    progress: params.meta.progress,
                    retry: retry(request.version, params)?,
                    capabilities: params.meta.capabilities,
                    has_more_meta: params.meta.has_more,
                }));
            }
            Err(Refusal::Fault(fault)) => End::Outcome(Outcome::Fault(fault)),
            Err(Refusal::Unknown(name)) => End::Unknown(name),
            Err(Refusal::Space) => End::Outcome(Outcome::Failed(Failure::TooLarge)),
            Err(Refusal::Json(error)) => return Err(Problem::Json(error, 0)),
        };
        answer(out, |out| {
            result::write(request.id, request.version, (self.catalog, tool), end, out);
            Ok(())
        })
    }
}

/// What came with a call that is sent again; older revisions know no such members.
pub(crate) fn retry<'m>(
    version: Version,
    params: &Params<'m>,
) -> Result<Option<Retry<'m>>, Problem<'m>> {
    if version.is_legacy() {
        return Ok(None);
    }
    let state = match params.request_state {
        Member::Text(text) => Some(text),
        Member::Absent => None,
        Member::Other => return Err(Problem::Params("requestState must be a string")),
    };
    let responses = match params.input_responses {
        Object::Text(text) => text,
        Object::Absent => &[],
        Object::Other => return Err(Problem::Params("inputResponses must be an object")),
    };
    Ok(Retry::new(state, responses))
}

/// The id and method of a request; `None` for what is never answered.
fn request<'m>(envelope: &Envelope<'m>) -> Result<Option<(Id<'m>, JsonText<'m>)>, Problem<'m>> {
    match (envelope.id, envelope.method) {
        (_, Member::Absent) if envelope.response => return Ok(None),
        (IdMember::Absent, Member::Text(_)) if envelope.version_2 => return Ok(None),
        (IdMember::Unreadable, _) => return Err(Problem::Id),
        _ => {}
    }
    if envelope.repeated {
        return Err(Problem::Request("a member is there twice"));
    }
    if !envelope.version_2 {
        return Err(Problem::Request("jsonrpc must be 2.0"));
    }
    match (envelope.id, envelope.method) {
        (IdMember::Id(id), Member::Text(method)) => Ok(Some((id, method))),
        _ => Err(Problem::Request("method must be a string")),
    }
}

/// Notifications are never answered, whatever is wrong with them.
fn notification<'m>(envelope: &Envelope<'m>, session: &mut McpSession) -> Step<'m> {
    let Member::Text(method) = envelope.method else { return Step::Silent };
    if method.is(b"notifications/initialized") {
        session.set_initialized();
    } else if method.is(b"notifications/cancelled")
        && let Some(id) = envelope.params.request_id
    {
        return Step::Cancel(id);
    }
    Step::Silent
}

/// Answers a text that is no object: it may be no JSON, or no message, or just an empty line.
#[inline(never)]
fn not_a_message<'m>(
    message: &'m [u8],
    error: JsonError,
    position: usize,
    out: &mut [u8],
) -> Step<'m> {
    if message.trim_ascii().is_empty() {
        return Step::Silent;
    }
    let mut reader = JsonReader::new(message);
    let problem = match reader.skip_value().and_then(|_| reader.end()) {
        Ok(()) => Problem::Request("a message must be an object"),
        Err(_) => Problem::Json(error, position),
    };
    reply(IdMember::Absent, problem, out)
}

/// Writes a response, or says how much room it would take.
fn answer<'m>(
    out: &mut [u8],
    write: impl FnOnce(&mut JsonWriter<'_>) -> Result<(), Problem<'m>>,
) -> Result<Step<'m>, Problem<'m>> {
    let mut out = JsonWriter::new(out);
    write(&mut out)?;
    out.finish().map(Step::Reply).map_err(|need| Problem::Space(need.0))
}

/// Writes an error response.
#[inline(never)]
fn reply<'m>(id: IdMember<'_>, problem: Problem<'_>, out: &mut [u8]) -> Step<'m> {
    let mut out = JsonWriter::new(out);
    problem.write(id, &mut out);
    out.finish().map_or_else(Step::Short, Step::Reply)
}
