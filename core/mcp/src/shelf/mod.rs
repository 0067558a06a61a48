//! What a server has beside tools: resources, prompts, and completion of what a person types
//! (2026-07-28, *Server Features*).
//!
//! They are served where the catalog has [`crate::Catalog::lists`]; else their methods are not
//! found, and the server does not say that it has them.

mod answer;
mod list;
mod params;

use trine_descriptor::{FaultCode, Side, ToolTable, validate};

use crate::call::{self, Refusal};
use crate::envelope::Params;
use crate::error::Problem;
use crate::json::JsonText;
use crate::json::writer::NeedBytes;
use crate::nodes::ByNumber;
use crate::{
    Catalog, ClientCapabilities, Id, JsonWriter, McpEngine, McpSession, Retry, Step, Version,
    engine, step,
};
pub use answer::{Message, Messages, ResourceContents, Texts};
#[cfg(feature = "skills")]
pub(crate) use list::resource;
use params::{Reference, Request};

/// A request for something beside tools: [`Step::Want`].
#[derive(Clone, Copy, Debug)]
pub struct Want<'m> {
    /// Id of the request; the answer needs it.
    pub id: Id<'m>,
    /// Revision of the request; the answer needs it.
    pub version: Version,
    /// What is wanted.
    pub what: Wanted,
    /// What came with a prompt that is asked for again because it needed further input.
    pub retry: Option<Retry<'m>>,
    /// Token for [`crate::notify::progress`], if the client wants to be told.
    pub progress: Option<Id<'m>>,
    /// Whether `_meta` has members that the engine does not read, such as a trace context.
    pub has_more_meta: bool,
    capabilities: &'m [u8],
}

impl Want<'_> {
    /// What the client can be asked for, as the request or its session says.
    #[must_use]
    pub fn client(&self, session: &McpSession) -> ClientCapabilities {
        step::client(self.version, self.capabilities, session)
    }
}

/// What is wanted. Texts and arguments stand at the start of the argument buffer; numbers are of
/// [`crate::Catalog::lists`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The resource of an address: then [`McpEngine::finish_read`], or
    /// [`McpEngine::finish_missing`] where there is none.
    Read {
        /// Length of the address.
        uri: usize,
    },
    /// The messages of a prompt: then [`McpEngine::finish_prompt`].
    Prompt {
        /// Number of the prompt.
        prompt: u16,
        /// Length of the encoded arguments.
        arguments: usize,
    },
    /// How a text could go on: then [`McpEngine::finish_complete`].
    Complete {
        /// Of what: 1 an argument of a prompt, 2 a variable of a resource template.
        of: u8,
        /// Number of the prompt or template.
        index: u16,
        /// Node of the argument, or number of the variable.
        node: u16,
        /// Length of the text.
        text: usize,
    },
    /// To be told of changes of a resource, or no longer: then [`McpEngine::finish_subscribe`].
    Subscribe {
        /// Length of the address.
        uri: usize,
        /// Whether to tell from now on.
        on: bool,
    },
}

/// The length of what was decoded to the start of the argument buffer.
fn decoded<'m>(text: &JsonText<'m>, args: &mut [u8]) -> Result<usize, Problem<'m>> {
    text.decode_into(args).ok_or(Problem::Params("a text is longer than there is room for"))
}

/// A method that concerns the lists; `None` for all others.
pub(crate) fn request<'m, C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'m>, Version),
    (method, params): (&[u8], &Params<'m>),
    message: &'m [u8],
    (args, out): (&mut [u8], &mut [u8]),
) -> Option<Result<Step<'m>, Problem<'m>>> {
    let lists = catalog.lists();
    let [resources, templates, prompts] = lists.counts();
    let may_come = catalog.may_have_lists();
    let can_read = may_come || resources > 0 || templates > 0;
    let can_prompt = may_come || prompts > 0;
    if !can_read && !can_prompt {
        return None;
    }
    let capabilities = params.meta.capabilities;
    let (progress, has_more_meta) = (params.meta.progress, params.meta.has_more);
    let want_again = |what, retry| {
        Ok(Step::Want(Want { id, version, what, retry, progress, has_more_meta, capabilities }))
    };
    let want = |what| want_again(what, None);
    let kind = match method {
        b"resources/list" if can_read => Some(list::Kind::Resources),
        b"resources/templates/list" if can_read => Some(list::Kind::Templates),
        b"prompts/list" if can_prompt => Some(list::Kind::Prompts),
        _ => None,
    };
    if let Some(kind) = kind {
        let mut out = JsonWriter::new(out);
        let written = list::write(catalog, (id, version), kind, params.cursor, &mut out);
        let finish = |()| out.finish().map(Step::Reply).map_err(|need| Problem::Space(need.0));
        return Some(written.and_then(finish));
    }
    Some(match method {
        b"resources/read" if can_read => Request::read(message)
            .and_then(|request| want(Wanted::Read { uri: request.uri(args)? })),
        b"resources/subscribe" | b"resources/unsubscribe"
            if can_read && version.is_legacy() && catalog.can_watch() =>
        {
            let on = method == b"resources/subscribe";
            Request::read(message)
                .and_then(|request| want(Wanted::Subscribe { uri: request.uri(args)?, on }))
        }
        b"prompts/get" if can_prompt => Request::read(message).and_then(|request| {
            let retry = engine::retry(version, params)?;
            prompt(catalog, &request, args, |what| want_again(what, retry))
        }),
        b"completion/complete" if may_come || lists.completes() => {
            Request::read(message).and_then(|request| completion(catalog, &request, args, want))
        }
        _ => return None,
    })
}

/// What is said of arguments that break a rule.
const NOT_ALLOWED: &str =
    "an argument of the prompt is missing, or is not what its description allows";

fn prompt<'m, C: Catalog + ?Sized>(
    catalog: &C,
    request: &Request<'m>,
    args: &mut [u8],
    want: impl FnOnce(Wanted) -> Result<Step<'m>, Problem<'m>>,
) -> Result<Step<'m>, Problem<'m>> {
    let Some(name) = request.name else { return Err(Problem::Params("name must be a string")) };
    let prompt = find_prompt(catalog, &name).ok_or(Problem::Params("Unknown prompt"))?;
    let mut encoded = Ok(0);
    catalog.with_prompt(prompt, &mut |table, row| {
        encoded = arguments((table, row), request.arguments, args);
    });
    want(Wanted::Prompt { prompt, arguments: encoded? })
}

/// Encodes the arguments of a prompt, which is a tool of a table, and judges them.
fn arguments<'m>(
    (table, row): (&dyn ToolTable, u16),
    text: Option<&'m [u8]>,
    args: &mut [u8],
) -> Result<usize, Problem<'m>> {
    let nodes = ByNumber { table, row, side: Side::Params };
    let len = match text.map(|text| call::encode((nodes, false), text, args)) {
        None => 0,
        Some(Ok(encoded)) => encoded.len,
        Some(Err(Refusal::Unknown(_))) => {
            return Err(Problem::Params("the prompt has no argument of that name"));
        }
        Some(Err(Refusal::Json(error))) => return Err(Problem::Json(error, 0)),
        Some(Err(Refusal::Fault(fault))) if fault.code == FaultCode::WrongType => {
            return Err(Problem::Params("arguments of a prompt must be strings"));
        }
        Some(Err(Refusal::Fault(_))) => return Err(Problem::Params(NOT_ALLOWED)),
        Some(Err(Refusal::Space)) => {
            return Err(Problem::Params("the arguments are longer than there is room for"));
        }
    };
    let encoded = args.get(..len).unwrap_or_default();
    validate(table, row, Side::Params, encoded).map_err(|_| Problem::Params(NOT_ALLOWED))?;
    Ok(len)
}

/// The number of the prompt of this name.
fn find_prompt<C: Catalog + ?Sized>(catalog: &C, name: &JsonText<'_>) -> Option<u16> {
    let [.., prompts] = catalog.lists().counts();
    (0..prompts).find(|&number| {
        let mut is_it = false;
        catalog.with_prompt(number, &mut |table, row| {
            is_it = table.info(row).is_some_and(|info| name.is(info.name.as_bytes()));
        });
        is_it
    })
}

/// The node of a prompt's argument of this name.
fn find_argument<C: Catalog + ?Sized>(
    catalog: &C,
    prompt: u16,
    name: &JsonText<'_>,
) -> Option<usize> {
    let mut found = None;
    catalog.with_prompt(prompt, &mut |table, row| {
        let is_it = |node: &u16| {
            table
                .bare_node(row, Side::Params, *node)
                .is_some_and(|field| name.is(field.name.as_bytes()))
        };
        found = (0..table.node_count(row, Side::Params)).find(is_it);
    });
    found.map(usize::from)
}

fn completion<'m, C: Catalog + ?Sized>(
    catalog: &C,
    request: &Request<'m>,
    args: &mut [u8],
    want: impl FnOnce(Wanted) -> Result<Step<'m>, Problem<'m>>,
) -> Result<Step<'m>, Problem<'m>> {
    let (Some(reference), Some((name, value))) = (request.reference, request.argument) else {
        return Err(Problem::Params("completion/complete needs ref and argument, with its value"));
    };
    let unknown =
        Problem::Params("ref names nothing of this server, or nothing with that argument");
    let (of, index, node) = match reference {
        Reference::Prompt(prompt) => {
            let index = find_prompt(catalog, &prompt).ok_or(unknown)?;
            (1, index, find_argument(catalog, index, &name).ok_or(unknown)?)
        }
        Reference::Template(uri) => {
            let lists = catalog.lists();
            let [_, templates, _] = lists.counts();
            let found = (0..templates)
                .filter_map(|number| Some((number, lists.template(number)?)))
                .find(|(_, template)| uri.is(template.uri.as_bytes()));
            let (index, template) = found.ok_or(unknown)?;
            let at = template.variables().position(|variable| name.is(variable.as_bytes()));
            (2, index, at.ok_or(unknown)?)
        }
    };
    let text = decoded(&value, args)?;
    let node = u16::try_from(node).map_err(|_| unknown)?;
    want(Wanted::Complete { of, index, node, text })
}

impl<C: Catalog + ?Sized> McpEngine<'_, C> {
    /// Answers that there is no resource of this address.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small.
    pub fn finish_missing(
        &self,
        id: Id<'_>,
        version: Version,
        uri: &str,
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        answer::missing(id, version, uri, out)
    }

    /// Answers with what a resource has.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small.
    pub fn finish_read(
        &self,
        id: Id<'_>,
        version: Version,
        contents: &[ResourceContents<'_>],
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        answer::read(self.served(), (id, version), contents, out)
    }

    /// Answers with the messages of the prompt of this number.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small.
    pub fn finish_prompt(
        &self,
        id: Id<'_>,
        version: Version,
        prompt: u16,
        messages: &(impl Messages + ?Sized),
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        answer::prompt(self.served(), (id, version), prompt, messages, out)
    }

    /// Answers that a prompt asks for further input: for clients of the stateless revision that can
    /// be asked ([`Want::client`]).
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small.
    #[cfg(feature = "input")]
    pub fn finish_input(
        &self,
        id: Id<'_>,
        version: Version,
        (requests, state): (&[crate::InputRequest<'_>], &[u8]),
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        answer::needs_input(self.served(), (id, version), (requests, state), out)
    }

    /// Answers with completions, the best first; `total` says how many there are in all, if there
    /// are more, and 0 that no one knows.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small.
    pub fn finish_complete(
        &self,
        id: Id<'_>,
        version: Version,
        (values, total): (&(impl Texts + ?Sized), Option<u32>),
        out: &mut [u8],
    ) -> Result<usize, NeedBytes> {
        answer::complete(self.served(), (id, version), values, total, out)
    }

    /// Answers that a resource is watched, or no longer.
    ///
    /// # Errors
    /// [`NeedBytes`] if `out` is too small.
    pub fn finish_subscribe(&self, id: Id<'_>, out: &mut [u8]) -> Result<usize, NeedBytes> {
        answer::subscribed(id, out)
    }
}
