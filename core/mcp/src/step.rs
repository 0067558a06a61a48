//! What comes of a message.

use crate::json::writer::NeedBytes;
use crate::{Batch, ClientCapabilities, Id, McpSession, Retry, Version};

/// What the caller has to do about a message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step<'m> {
    /// Nothing: it was a notification, or an answer to nothing.
    Silent,
    /// Send this many bytes of `out`, one complete message without a line end.
    Reply(usize),
    /// Run a tool, then answer with [`crate::McpEngine::finish`].
    Call(Call<'m>),
    /// Stop the call, or end the subscription, that has this id, if it is still there, and answer
    /// it no more.
    Cancel(Id<'m>),
    /// Read a resource, make a prompt or complete a text, then answer.
    #[cfg(feature = "resources")]
    Want(crate::Want<'m>),
    /// Say how a task stands, or tell it something, then answer.
    #[cfg(feature = "tasks")]
    Task(crate::TaskRequest<'m>),
    /// Send this many bytes of `out`, then keep the subscription until it is cancelled.
    Listen(Listen<'m>),
    /// Pass each message to [`crate::McpEngine::receive_one`] and join the answers.
    Batch(Batch<'m>),
    /// `out` is too small even for an error response.
    Short(NeedBytes),
}

/// A call to run. Everything in it borrows from the message.
#[derive(Clone, Copy, Debug)]
pub struct Call<'m> {
    /// Id of the request; [`crate::McpEngine::finish`] needs it.
    pub id: Id<'m>,
    /// Revision of the request; [`crate::McpEngine::finish`] needs it.
    pub version: Version,
    /// Number of the tool in the catalog.
    pub tool: u16,
    /// Length of the encoded arguments at the start of the argument buffer.
    pub arguments: usize,
    /// Whether the arguments keep every rule of the descriptor. If not, or not known, whoever runs
    /// the tool has to ask [`trine_descriptor::validate`] first.
    pub checked: bool,
    /// Token for [`crate::notify::progress`], if the client wants to be told.
    pub progress: Option<Id<'m>>,
    /// What came with a call that is sent again because it needed a person's input.
    pub retry: Option<Retry<'m>>,
    /// Whether `_meta` has members that the engine does not read, such as a trace context.
    pub has_more_meta: bool,
    pub(crate) capabilities: &'m [u8],
}

impl Step<'_> {
    /// Whether it is a call or another request to devices whose `_meta` has members that the engine
    /// does not read.
    #[must_use]
    pub const fn has_more_meta(&self) -> bool {
        match self {
            Self::Call(call) => call.has_more_meta,
            #[cfg(feature = "resources")]
            Self::Want(want) => want.has_more_meta,
            _ => false,
        }
    }
}

impl Call<'_> {
    /// What the client can be asked for ([`crate::Outcome::NeedsInput`]), as the request or its
    /// session says. Reads the request's capabilities when it is asked.
    #[must_use]
    pub fn client(&self, session: &McpSession) -> ClientCapabilities {
        client(self.version, self.capabilities, session)
    }
}

/// What the client of a request can be asked for.
pub(crate) fn client(
    version: Version,
    capabilities: &[u8],
    session: &McpSession,
) -> ClientCapabilities {
    if version.is_stateless() {
        return ClientCapabilities::read(capabilities);
    }
    session.client()
}

/// A subscription to keep.
#[derive(Clone, Copy, Debug)]
pub struct Listen<'m> {
    /// Id of the request; every notification of the subscription carries it.
    pub id: Id<'m>,
    /// Whether to tell of changes of the tool list ([`crate::notify::tools_changed`]).
    pub tools: bool,
    /// Whether to tell of changes of the lists of resources.
    pub resources: bool,
    /// The same of prompts.
    pub prompts: bool,
    /// The resources whose changes are wanted: a JSON array of addresses, which
    /// [`crate::json::JsonReader`] reads; empty where there are none.
    pub uris: &'m [u8],
    /// The tasks of which news are wanted: a JSON array of ids; empty where there are none. The
    /// acknowledgement has none of them: see [`crate::notify::acknowledge_tasks`].
    pub tasks: &'m [u8],
    /// Length of the acknowledgement in `out`, to be sent first.
    pub acknowledgement: usize,
}
