//! A message to the engine, and what it leads to.

use std::cell::RefCell;
use std::sync::Arc;

use axum::body::Bytes;
use trine_mcp::{
    Batch, Call, ClientCapabilities, ID_MAX, Id, Listen, McpEngine, McpSession, Step, error, notify,
};

use super::Server;
use super::exchange::{Pending, written};
use super::sessions::Session;
use crate::context::CallContext;
use crate::device::Waiter;
use crate::hub::Snapshot;
use crate::server::calls::{ARGS_MAX, Caller, From};
use crate::server::interest::{self, Interest};
use crate::server::tasks::{self, Task};
use crate::server::wants::{self, KeptWant, WantEnd};
use crate::sync::lock;

/// Room for one answer that no device has a part in; a longer list of tools is paged.
const REPLY_MAX: usize = 64 * 1024;
/// Room for an answer that has an id and a sentence.
const ERROR_MAX: usize = ID_MAX + 512;
/// Most messages of an array.
const ARRAY_MAX: usize = 128;
const TOO_MANY: &[u8] = b"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\
    \"Invalid Request: an array may have 128 messages\"}}";

thread_local! {
    static ROOM: RefCell<Room> = const { RefCell::new(Room::new()) };
}

/// Where messages are worked on, one at a time on each thread.
struct Room {
    args: Vec<u8>,
    reply: Vec<u8>,
}

impl Room {
    const fn new() -> Self {
        Self { args: Vec::new(), reply: Vec::new() }
    }
}

/// What a message leads to.
pub(super) enum Received {
    /// It was a notification, or an answer to nothing.
    Nothing,
    Answer(Bytes),
    Call(Pending),
    /// The client wants no answer to the request of this id.
    Cancel(Box<[u8]>),
    Listen {
        id: Box<[u8]>,
        interest: Interest,
        first: Bytes,
        /// The tasks that are a part of it.
        tasks: Vec<Arc<Task>>,
    },
    /// The session watches a resource, or no longer.
    Watch {
        id: Box<[u8]>,
        uri: Box<str>,
        on: bool,
        answer: Bytes,
    },
    /// What the messages of an array lead to.
    Array(Vec<Self>),
}

/// Where a message comes from.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) server: &'a Arc<Server>,
    pub(super) snapshot: &'a Arc<Snapshot>,
    /// The client reads events.
    pub(super) streams: bool,
    /// Whose requests these are, as far as the server can tell.
    pub(super) client: u64,
    pub(super) session: Option<&'a Arc<Session>>,
    /// The name of the key, where there is one.
    pub(super) principal: Option<&'a str>,
    /// The session, as the engine has it.
    pub(super) mcp: &'a McpSession,
    /// What came with the message.
    pub(super) context: Option<&'a Arc<CallContext>>,
}

impl Received {
    /// Deals with a message; calls are under way when this returns.
    pub(super) fn new(
        server: &Arc<Server>,
        message: &[u8],
        mcp: &mut McpSession,
        (streams, client, session, principal): (bool, u64, Option<&Arc<Session>>, Option<&str>),
    ) -> Self {
        ROOM.with_borrow_mut(|Room { args, reply }| {
            args.resize(ARGS_MAX, 0);
            reply.resize(REPLY_MAX, 0);
            let snapshot = server.hub.snapshot();
            let engine = McpEngine::new(&*snapshot);
            let step = engine.receive(message, mcp, args, reply);
            let (before, context) =
                (*mcp, CallContext::of(message, step.has_more_meta(), principal));
            let origin = Origin {
                server,
                snapshot: &snapshot,
                streams,
                client,
                session,
                principal,
                mcp: &before,
                context: context.as_ref(),
            };
            match step {
                Step::Batch(batch) => Self::array(&engine, batch, mcp, (args, reply), origin),
                step => Self::step(step, message, (args, reply), &origin),
            }
        })
    }

    fn array(
        engine: &McpEngine<'_, Snapshot>,
        batch: Batch<'_>,
        mcp: &mut McpSession,
        (args, reply): (&mut [u8], &mut [u8]),
        origin: Origin<'_>,
    ) -> Self {
        if batch.clone().take(ARRAY_MAX + 1).count() > ARRAY_MAX {
            return Self::Answer(Bytes::from_static(TOO_MANY));
        }
        let each = |message| {
            let step = engine.receive_one(message, mcp, args, reply);
            let context = CallContext::of(message, step.has_more_meta(), origin.principal);
            let (streams, context) = (false, context.as_ref());
            Self::step(step, message, (args, reply), &Origin { streams, context, ..origin })
        };
        Self::Array(batch.map(each).collect())
    }

    fn step(
        step: Step<'_>,
        message: &[u8],
        (args, reply): (&[u8], &[u8]),
        origin: &Origin<'_>,
    ) -> Self {
        let Origin { server, snapshot, client, context, .. } = *origin;
        let copied = |len| Bytes::copy_from_slice(reply.get(..len).unwrap_or_default());
        match step {
            Step::Reply(len) => Self::Answer(copied(len)),
            Step::Cancel(id) => Self::Cancel(id.raw().into()),
            Step::Listen(listen) => match Interest::of(&listen) {
                Some(interest) => {
                    let first = copied(listen.acknowledgement);
                    Self::listen(&listen, interest, first, origin)
                }
                None => Self::Answer(too_many(listen.id)),
            },
            Step::Short(need) => {
                tracing::error!("an error response takes {} bytes", need.0);
                Self::Nothing
            }
            Step::Want(want) => {
                if let Some((uri, on)) = wants::subscribed(&want, snapshot, args) {
                    let mut answer = vec![0; ERROR_MAX];
                    let engine = McpEngine::new(&**snapshot);
                    let len = engine.finish_subscribe(want.id, &mut answer).unwrap_or(0);
                    answer.truncate(len);
                    let (id, uri, answer) = (want.id.raw().into(), uri.into(), answer.into());
                    return Self::Watch { id, uri, on, answer };
                }
                let kept = KeptWant::of(&want, args);
                let pending = Pending::of_want(origin, &want, kept);
                let caller = Arc::clone(pending.exchange()) as Arc<dyn Caller>;
                let waiter = Arc::clone(pending.exchange()) as Arc<dyn Waiter>;
                let from = From { caller: &caller, waiter: &waiter, tag: 0, client, context };
                if !wants::start(&server.helpers, &want, snapshot, args, from) {
                    pending.exchange().want_ended(WantEnd::Missing);
                }
                Self::Call(pending)
            }
            Step::Task(request) => {
                let engine = McpEngine::new(&**snapshot);
                Self::Answer(Bytes::from(written(|out| {
                    server.helpers.tasks.answer(&request, origin.principal, &engine, out)
                })))
            }
            Step::Call(call) if needs_task(&call, origin) => {
                let missing = ClientCapabilities { tasks: true, ..ClientCapabilities::NONE };
                let refused = |out: &mut [u8]| error::missing_capability(call.id, missing, out);
                Self::Answer(Bytes::from(written(refused)))
            }
            Step::Call(call) => {
                let pending = Pending::new(origin, &call);
                let caller = Arc::clone(pending.exchange()) as Arc<dyn Caller>;
                let waiter = Arc::clone(pending.exchange()) as Arc<dyn Waiter>;
                let args = args.get(..call.arguments).unwrap_or_default();
                let from = From { caller: &caller, waiter: &waiter, tag: 0, client, context };
                server.helpers.start(&call, snapshot, args, from);
                Self::Call(pending)
            }
            _ => {
                if let Some(session) = origin.session {
                    session.answered(message);
                }
                Self::Nothing
            }
        }
    }
}

impl Received {
    /// A subscription; `first` acknowledges it without tasks.
    fn listen(listen: &Listen<'_>, interest: Interest, first: Bytes, origin: &Origin<'_>) -> Self {
        let id = listen.id.raw().into();
        let tasks = origin.server.helpers.tasks.watched(listen.tasks, origin.principal);
        if tasks.is_empty() {
            return Self::Listen { id, interest, first, tasks };
        }
        let ids: Vec<&str> = tasks.iter().map(|task| task.id()).collect();
        let first = written(|out| notify::acknowledge_tasks(listen, &ids, out)).into();
        let interest = interest.with_tasks(ids.into_iter());
        Self::Listen { id, interest, first, tasks }
    }
}

/// Whether a tool can be served as a task only, and the client takes none.
fn needs_task(call: &Call<'_>, origin: &Origin<'_>) -> bool {
    call.version.is_stateless()
        && tasks::needs(origin.snapshot, call.tool)
        && !call.client(origin.mcp).tasks
}

/// Says that a client wants to watch too much.
fn too_many(id: Id<'_>) -> Bytes {
    let mut out = vec![0; ERROR_MAX];
    let written = error::write(Some(id), error::INVALID_PARAMS, interest::TOO_MANY, &mut out);
    out.truncate(written.unwrap_or(0));
    out.into()
}

impl Session {
    /// Watches a resource, or no longer; answers what the client is told.
    pub(super) fn watch(&self, id: &[u8], (uri, on): (&str, bool), answer: Bytes) -> Bytes {
        match Id::from_raw(id) {
            Some(id) if !lock(self.interest()).watch(uri, on) => too_many(id),
            _ => answer,
        }
    }
}
