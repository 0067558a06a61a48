//! Requests for what a device has beside tools: its resources and prompts, and completions.

use std::sync::Arc;

use trine_descriptor::{Annotations, Limits, ToolInfo};
use trine_dispatch::{COMPLETION, PROMPT, READ};
use trine_wire::message::HostMessage;

use super::Device;
use super::calls::{CallEntry, CallRequest, Extra, Kept, Ticket, Waiter};
use crate::shelf::DeviceShelf;
use crate::sync::lock;

/// What is wanted of a device, in the device's own numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DeviceWant<'a> {
    /// The resource of an address.
    Read(&'a str),
    /// The messages of a prompt, with encoded arguments.
    Prompt(u16, &'a [u8]),
    /// How a text goes on: of what, its number, node or variable, and the text.
    Complete(u8, u16, u16, &'a str),
}

/// Whether a number of a tool is that of such a request, or of a sentence.
pub(super) const fn is_special(tool: u16) -> bool {
    tool >= COMPLETION
}

/// The message of such a request; `None` where the call is of a tool.
pub(super) fn message<'a>(
    entry: &CallEntry,
    args: &'a [u8],
    kept: Option<&'a Kept>,
) -> Option<HostMessage<'a>> {
    let (id, hash) = (entry.id, entry.hash);
    let text = || std::str::from_utf8(args).unwrap_or_default();
    Some(match entry.tool {
        READ => HostMessage::Read { id, uri: text() },
        PROMPT => {
            let (state, answers) = kept.map_or((&[][..], &[][..]), |it| (&it.state, &it.answers));
            HostMessage::Prompt { id, prompt: hash as u16, args, state, answers }
        }
        COMPLETION => HostMessage::Complete {
            id,
            of: (hash >> 32) as u8,
            index: (hash >> 16) as u16,
            node: hash as u16,
            text: text(),
        },
        _ => return None,
    })
}

impl Device {
    /// What it has beside tools, once it was listed.
    pub(crate) fn shelf(&self) -> Option<Arc<DeviceShelf>> {
        lock(&self.session).shelf.clone()
    }

    /// Starts such a request. The waiter hears its end once, which may be before this returns.
    pub(crate) fn want(
        &self,
        want: DeviceWant<'_>,
        extra: &Extra<'_>,
        (waiter, tag): (&Arc<dyn Waiter>, u64),
    ) -> Option<Ticket> {
        let (tool, hash, args) = match want {
            DeviceWant::Read(uri) => (READ, 0, uri.as_bytes()),
            DeviceWant::Prompt(prompt, args) => (PROMPT, u64::from(prompt), args),
            DeviceWant::Complete(of, index, node, text) => {
                let hash = u64::from(of) << 32 | u64::from(index) << 16 | u64::from(node);
                (COMPLETION, hash, text.as_bytes())
            }
        };
        let request = CallRequest {
            // It changes nothing, so one whose answer is lost is asked again.
            info: ToolInfo {
                annotations: Annotations(Annotations::READ_ONLY | Annotations::IDEMPOTENT),
                limits: Limits { deadline_ms: 0, pending_bytes: 1 },
                content: true,
                ..ToolInfo::new("resources", "")
            },
            tool,
            hash,
            args,
            extra: *extra,
            now: self.now(),
            waiter,
            tag,
        };
        self.with(|session| session.call(&request))
    }
}
