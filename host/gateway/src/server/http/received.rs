//! A message to the engine, and what it leads to.

use std::cell::RefCell;
use std::sync::Arc;

use axum::body::Bytes;
use trine_mcp::{Batch, McpEngine, McpSession, Step};

use super::Server;
use super::exchange::Pending;
use crate::device::Waiter;
use crate::hub::Snapshot;
use crate::server::calls::{Caller, From};
use crate::server::wants::{self, KeptWant, WantEnd};

/// Room for encoded arguments: a device takes no longer message than this.
const ARGS_MAX: usize = 64 * 1024;
/// Room for one answer that no device has a part in; a longer list of tools is paged.
const REPLY_MAX: usize = 64 * 1024;
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
        tools: bool,
        first: Bytes,
    },
    /// What the messages of an array lead to.
    Array(Vec<Self>),
}

impl Received {
    /// Deals with a message; calls are under way when this returns.
    pub(super) fn new(
        server: &Arc<Server>,
        message: &[u8],
        session: &mut McpSession,
        (streams, client): (bool, u64),
    ) -> Self {
        ROOM.with_borrow_mut(|Room { args, reply }| {
            args.resize(ARGS_MAX, 0);
            reply.resize(REPLY_MAX, 0);
            let snapshot = server.hub.snapshot();
            let engine = McpEngine::new(&*snapshot);
            let step = engine.receive(message, session, args, reply);
            let from = (server, &snapshot, streams, client);
            match step {
                Step::Batch(batch) => Self::array(&engine, batch, session, (args, reply), from),
                step => Self::step(step, (args, reply), from),
            }
        })
    }

    fn array(
        engine: &McpEngine<'_, Snapshot>,
        batch: Batch<'_>,
        session: &mut McpSession,
        (args, reply): (&mut [u8], &mut [u8]),
        (server, snapshot, _, client): (&Arc<Server>, &Arc<Snapshot>, bool, u64),
    ) -> Self {
        if batch.clone().take(ARRAY_MAX + 1).count() > ARRAY_MAX {
            return Self::Answer(Bytes::from_static(TOO_MANY));
        }
        let each = |message| {
            let step = engine.receive_one(message, session, args, reply);
            Self::step(step, (args, reply), (server, snapshot, false, client))
        };
        Self::Array(batch.map(each).collect())
    }

    fn step(
        step: Step<'_>,
        (args, reply): (&[u8], &[u8]),
        (server, snapshot, streams, client): (&Arc<Server>, &Arc<Snapshot>, bool, u64),
    ) -> Self {
        let copied = |len| Bytes::copy_from_slice(reply.get(..len).unwrap_or_default());
        match step {
            Step::Reply(len) => Self::Answer(copied(len)),
            Step::Cancel(id) => Self::Cancel(id.raw().into()),
            Step::Listen(listen) => Self::Listen {
                id: listen.id.raw().into(),
                tools: listen.tools,
                first: copied(listen.acknowledgement),
            },
            Step::Short(need) => {
                tracing::error!("an error response takes {} bytes", need.0);
                Self::Nothing
            }
            Step::Want(want) => {
                let kept = KeptWant::of(&want, args);
                let pending = Pending::of_want(server, &want, kept, snapshot);
                let caller = Arc::clone(pending.exchange()) as Arc<dyn Caller>;
                let waiter = Arc::clone(pending.exchange()) as Arc<dyn Waiter>;
                let from = From { caller: &caller, waiter: &waiter, tag: 0, client };
                if !wants::start(&want, snapshot, args, from) {
                    pending.exchange().want_ended(WantEnd::Missing);
                }
                Self::Call(pending)
            }
            Step::Call(call) => {
                let pending = Pending::new(server, &call, snapshot, (streams, client));
                let caller = Arc::clone(pending.exchange()) as Arc<dyn Caller>;
                let waiter = Arc::clone(pending.exchange()) as Arc<dyn Waiter>;
                let args = args.get(..call.arguments).unwrap_or_default();
                let from = From { caller: &caller, waiter: &waiter, tag: 0, client };
                server.helpers.start(&call, snapshot, args, from);
                Self::Call(pending)
            }
            _ => Self::Nothing,
        }
    }
}
