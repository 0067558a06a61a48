//! Requests for what devices have beside tools, for a client on any transport.

use std::sync::Arc;

use trine_mcp::{
    Block, Contents, Id, McpEngine, Message, NeedBytes, Outcome, ResourceContents, Version, Want,
    Wanted, error,
};
use trine_wire::message::block::{self, Blocks};

use super::ask::Given;
use super::calls::{From, Helpers, Running};
use crate::device::{DeviceWant, Extra};
use crate::hub::{Snapshot, shown_address};
use crate::sanitize;
use crate::words::Words;

/// What a request is kept by until it is answered.
#[derive(Clone, Debug)]
pub(super) enum KeptWant {
    Read { uri: Box<str> },
    Prompt { prompt: u16 },
    Complete,
}

/// How such a request ends.
#[derive(Clone, Copy)]
pub(super) enum WantEnd<'a> {
    /// Blocks, as the wire has them.
    Blocks(&'a [u8]),
    /// In the way of a call.
    Outcome(Outcome<'a>),
    /// There is no such thing.
    Missing,
}

impl KeptWant {
    /// What is kept of a request, whose texts stand at the start of `args`.
    pub(super) fn of(want: &Want<'_>, args: &[u8]) -> Self {
        match want.what {
            Wanted::Read { uri } | Wanted::Subscribe { uri, .. } => {
                Self::Read { uri: text(args, uri).into() }
            }
            Wanted::Prompt { prompt, .. } => Self::Prompt { prompt },
            Wanted::Complete { .. } => Self::Complete,
        }
    }
}

fn text(args: &[u8], len: usize) -> &str {
    std::str::from_utf8(args.get(..len).unwrap_or_default()).unwrap_or_default()
}

/// Starts a request; its end is heard once, which may be before this returns. `false` where there
/// is no such thing.
pub(super) fn start(
    helpers: &Helpers,
    want: &Want<'_>,
    snapshot: &Arc<Snapshot>,
    args: &[u8],
    from: From<'_>,
) -> bool {
    let shelf = snapshot.shelf();
    let place;
    let started = match want.what {
        Wanted::Read { uri } | Wanted::Subscribe { uri, .. } => {
            place = shelf.place(text(args, uri));
            place.as_ref().map(|it| (it.device, DeviceWant::Read(&it.own)))
        }
        Wanted::Prompt { prompt, arguments } => {
            let args = args.get(..arguments).unwrap_or_default();
            let subject = || helpers.sealer.prompt(snapshot, prompt);
            return helpers
                .given(want.retry, subject, args, from)
                .is_none_or(|given| prompt_again(snapshot, prompt, args, &given, from));
        }
        Wanted::Complete { of, index, node, text: len } => {
            let typed = text(args, len);
            let entry = match of {
                1 => shelf.prompt_entry(index).map(|it| (it, it.shelf.prompt_number(it.index))),
                _ => shelf.template_entry(index).map(|it| (it, it.shelf.template_number(it.index))),
            };
            entry.and_then(|(entry, number)| {
                Some((&entry.device, DeviceWant::Complete(of, number?, node, typed)))
            })
        }
    };
    let Some((device, want)) = started else { return false };
    if let Some(ticket) = device.want(want, &Extra::default(), (from.waiter, from.tag)) {
        from.caller.started(from.tag, Running::Device(Arc::clone(device), ticket));
    }
    true
}

/// Asks for the messages of a prompt, with what was answered to its questions, if there were any.
/// `false` where there is no such prompt.
pub(super) fn prompt_again(
    snapshot: &Snapshot,
    prompt: u16,
    args: &[u8],
    given: &Given,
    from: From<'_>,
) -> bool {
    let Some(entry) = snapshot.shelf().prompt_entry(prompt) else { return false };
    let Some(number) = entry.shelf.prompt_number(entry.index) else { return false };
    let want = DeviceWant::Prompt(number, args);
    if let Some(ticket) = entry.device.want(want, &given.extra(), (from.waiter, from.tag)) {
        from.caller.started(from.tag, Running::Device(Arc::clone(&entry.device), ticket));
    }
    true
}

/// What a client subscribes to, where there is such a resource.
pub(super) fn subscribed<'a>(
    want: &Want<'_>,
    snapshot: &Snapshot,
    args: &'a [u8],
) -> Option<(&'a str, bool)> {
    let Wanted::Subscribe { uri, on } = want.what else { return None };
    let uri = text(args, uri);
    // What is gone may be given up.
    (!on || snapshot.shelf().place(uri).is_some()).then_some((uri, on))
}

/// Writes the answer to a request.
pub(super) fn write(
    engine: &McpEngine<'_, Snapshot>,
    (id, version): (Id<'_>, Version),
    want: &KeptWant,
    end: WantEnd<'_>,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let failed = |code, why: &str, out: &mut [u8]| error::write(Some(id), code, why, out);
    let blocks = match end {
        WantEnd::Missing => return missing(engine, (id, version), want, out),
        WantEnd::Outcome(Outcome::Content(blocks)) => blocks,
        WantEnd::Outcome(Outcome::Error(why)) => {
            return failed(error::INTERNAL_ERROR, why, out);
        }
        WantEnd::Outcome(Outcome::Fault(_)) => {
            let why = "an argument is not what its description allows";
            return failed(error::INVALID_PARAMS, why, out);
        }
        WantEnd::Outcome(Outcome::Failed(failure)) => {
            let mut words = Words(String::new());
            failure.explain(&mut words);
            return failed(error::INTERNAL_ERROR, &words.0, out);
        }
        WantEnd::Outcome(_) => return failed(error::INTERNAL_ERROR, BAD, out),
        WantEnd::Blocks(bytes) => {
            let Ok(blocks) = Blocks::new(bytes).collect::<Result<Vec<_>, _>>() else {
                return failed(error::INTERNAL_ERROR, BAD, out);
            };
            return of_blocks(engine, (id, version), want, &blocks, out);
        }
    };
    // Content that came in pieces: it is the one thing that was asked for.
    match (want, blocks) {
        (KeptWant::Read { uri }, [one]) => {
            let (mime, contents) = match *one {
                Block::Text(text) => ("text/plain", Contents::Text(text)),
                Block::Image { mime, data } | Block::Audio { mime, data } => {
                    (mime, Contents::Blob(data))
                }
                _ => return failed(error::INTERNAL_ERROR, BAD, out),
            };
            let mime = listed_mime(engine, uri).unwrap_or(mime);
            engine.finish_read(id, version, &[ResourceContents { uri, mime, contents }], out)
        }
        _ => failed(error::INTERNAL_ERROR, BAD, out),
    }
}

const BAD: &str = "the device answered something that its own description does not allow";

fn missing(
    engine: &McpEngine<'_, Snapshot>,
    (id, version): (Id<'_>, Version),
    want: &KeptWant,
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    match want {
        KeptWant::Read { uri } => engine.finish_missing(id, version, uri, out),
        _ => error::write(Some(id), error::INVALID_PARAMS, "it is not there any more", out),
    }
}

/// The media type that the lists give an address.
fn listed_mime<'a>(engine: &McpEngine<'a, Snapshot>, uri: &'a str) -> Option<&'a str> {
    let place = engine.served().shelf().place(uri);
    place.map(|place| place.mime).filter(|mime| !mime.is_empty())
}

fn of_blocks(
    engine: &McpEngine<'_, Snapshot>,
    (id, version): (Id<'_>, Version),
    want: &KeptWant,
    blocks: &[block::Block<'_>],
    out: &mut [u8],
) -> Result<usize, NeedBytes> {
    let shelf = engine.served().shelf();
    let scope = match want {
        KeptWant::Read { uri } => shelf.place(uri).and_then(|place| place.scope),
        KeptWant::Prompt { prompt } => {
            shelf.prompt_entry(*prompt).and_then(|it| it.scope.as_deref())
        }
        KeptWant::Complete => None,
    };
    let fit: Vec<Fit<'_>> = blocks.iter().map(|block| Fit::new(block, scope)).collect();
    match want {
        KeptWant::Read { uri } => {
            let contents: Vec<_> = match &fit[..] {
                [Fit { block: block::Block::Embedded { .. }, .. }] | [] | [_, _, ..] => {
                    fit.iter().filter_map(Fit::contents).collect()
                }
                [one] => one.alone(uri, listed_mime(engine, uri)).into_iter().collect(),
            };
            engine.finish_read(id, version, &contents, out)
        }
        KeptWant::Prompt { prompt } => {
            let mut is_assistants = false;
            let mut messages = Vec::new();
            for fit in &fit {
                match fit.block {
                    block::Block::Role { role } => is_assistants = *role == 1,
                    _ => messages.extend(fit.message(is_assistants)),
                }
            }
            engine.finish_prompt(id, version, *prompt, messages.as_slice(), out)
        }
        KeptWant::Complete => {
            let values: Vec<&str> = fit.iter().filter_map(Fit::value).collect();
            let more = blocks.iter().find_map(|block| match block {
                block::Block::More { total } => Some(*total),
                _ => None,
            });
            engine.finish_complete(id, version, (values.as_slice(), more), out)
        }
    }
}

/// A block whose texts are fit to be shown.
struct Fit<'a> {
    block: &'a block::Block<'a>,
    text: String,
    mime: String,
    uri: String,
    name: String,
    data: &'a [u8],
}

impl<'a> Fit<'a> {
    fn new(block: &'a block::Block<'a>, scope: Option<&str>) -> Self {
        let plain = |text: &str| sanitize::plain(text).into_owned();
        let address = |uri: &str| shown_address(&plain(uri), scope).into_owned();
        let none = String::new;
        let (text, mime, uri, name, data): (_, _, _, _, &[u8]) = match *block {
            block::Block::Text { text } => {
                (sanitize::content(text).into_owned(), none(), none(), none(), &[])
            }
            block::Block::Image { mime, bytes } | block::Block::Audio { mime, bytes } => {
                (none(), plain(mime), none(), none(), bytes)
            }
            block::Block::Link { uri, name, mime, description } => {
                (plain(description), plain(mime), address(uri), plain(name), &[])
            }
            block::Block::Embedded { uri, mime, what, bytes } => {
                let text = std::str::from_utf8(bytes).ok().filter(|_| what == 0);
                let text = text.map(|text| sanitize::content(text).into_owned());
                (text.unwrap_or_default(), plain(mime), address(uri), none(), bytes)
            }
            _ => (none(), none(), none(), none(), &[]),
        };
        Self { block, text, mime, uri, name, data }
    }

    /// Contents of a resource, if it is one.
    fn contents(&self) -> Option<ResourceContents<'_>> {
        let block::Block::Embedded { what, .. } = self.block else { return None };
        Some(ResourceContents { uri: &self.uri, mime: &self.mime, contents: self.held(*what) })
    }

    /// Content that came in pieces to another program, which has passed it on in one.
    fn alone<'s>(&'s self, uri: &'s str, listed: Option<&'s str>) -> Option<ResourceContents<'s>> {
        let (mime, contents) = match self.block {
            block::Block::Text { .. } => ("text/plain", Contents::Text(&self.text)),
            block::Block::Image { .. } | block::Block::Audio { .. } => {
                (&*self.mime, Contents::Blob(&self.data))
            }
            _ => return None,
        };
        Some(ResourceContents { uri, mime: listed.unwrap_or(mime), contents })
    }

    fn held(&self, what: u8) -> Contents<'_> {
        if what == 0 && std::str::from_utf8(self.data).is_ok() {
            Contents::Text(&self.text)
        } else {
            Contents::Blob(&self.data)
        }
    }

    /// A message of a prompt.
    fn message(&self, is_assistants: bool) -> Option<Message<'_>> {
        let Self { text, mime, uri, name, data, .. } = self;
        let block = match self.block {
            block::Block::Text { .. } => Block::Text(text),
            block::Block::Image { .. } => Block::Image { mime, data },
            block::Block::Audio { .. } => Block::Audio { mime, data },
            block::Block::Link { .. } => Block::Link { uri, name, mime, description: text },
            block::Block::Embedded { what, .. } => {
                Block::Embedded { uri, mime, contents: self.held(*what) }
            }
            _ => return None,
        };
        Some(Message { is_assistants, block })
    }

    /// A completion.
    fn value(&self) -> Option<&str> {
        matches!(self.block, block::Block::Text { .. }).then_some(&*self.text)
    }
}
