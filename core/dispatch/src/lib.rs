//! The tool dispatcher of a device.
//!
//! It takes bytes from a [`trine_arena::Ring`], finds calls in them, checks every argument against
//! the tool's descriptor, lets the tool run, checks what it answers, and writes the reply. It has
//! no clock, no thread and no transport: bytes come in as slices, time as a value.
//!
//! # Who may call what
//!
//! - The *interrupt* owns the ring's [`trine_arena::Producer`] and feeds it the received bytes
//!   (`push`, or `grant` and `commit` around a DMA transfer). That never enters a tool. Other
//!   interrupts and tasks own a [`Port`] each, for completions and events.
//! - One *owner*, the main loop, calls [`Device::poll`], in which tools run, and sends what
//!   [`Device::tx_peek`] shows. `poll` does one frame or one work step for each unit of its budget
//!   and answers when it wants to be called again, so that the owner can sleep.
//!
//! # Memory
//!
//! [`Device::new`] carves one block whose size is [`Config::memory`]: the frame being received, the
//! frames waiting to be sent, the slots of calls with their last answers, and what pending calls
//! own. `docs/memory.md` lists each.
//!
//! # What holds
//!
//! - No tool is entered with arguments that its descriptor does not accept.
//! - A call is run at most once, however often it is received, and each is answered: with a
//!   result, a fault, a refusal, or the word that it expired or was cancelled. A call that comes
//!   again gets the same answer again, byte for byte, or hears that it is still under way or that
//!   its answer is no longer held.
//! - A keyed device lets no one without the key do anything, and takes no message twice.
//! - A tool that asks for a person is entered only after a person, who had seen the question for a
//!   while, agreed to exactly that call: the same bytes, principal and epoch.
//! - Nothing blocks, allocates, recurses or panics.
//!
//! # Features
//!
//! All are on; a small device leaves out what it does not need: `announce` (tools that change while
//! the device runs), `ask` (sentences, for a device with a model), `bus` and `packet` (links other
//! than a byte stream), `check` (tables that no one has checked before), `consent` (without it no
//! tool that asks for a person is entered), `content` (results in chunks), `factory` (test
//! operations), `local` (calls of the program itself), `ports` (the way in from interrupts),
//! `progress` (progress, log, and calls that ask for input), `resources` (resources, prompts and
//! completion), `secure` (tagged messages), `short` (a
//! short way to read arguments and to compute checksums), `status` (counters).
#![no_std]
#![forbid(unsafe_code)]

mod call;
mod clock;
mod config;
mod consent;
mod device;
mod features;
mod heartbeat;
mod outbox;
mod port;
mod registry;
mod slots;
mod text;

pub use call::{Answer, Call, Calls, NotNow, Tested, Tools, Wanted, ask, block};
pub use clock::Millis;
pub use config::{Config, Identity, InitError, Key, Link};
pub use consent::{TOO_LONG_BYTES, too_long};
pub use device::Check;
#[cfg(feature = "local")]
pub use device::Local;
#[cfg(feature = "ask")]
pub use device::ask::{Asked, SENTENCE, fault, tokens, verdict, why};
#[cfg(feature = "resources")]
pub use device::constant::{constant_piece, read_constant};
pub use device::registry::GONE;
#[cfg(feature = "resources")]
pub use device::shelf::{
    COMPLETION, Completion, PROMPT, Prompted, READ, RESOURCE, Wanted as ReadRequest,
};
pub use device::{Device, News, PORTS_MAX, most_pending};
pub use heartbeat::Heartbeat;
pub use port::Port;
pub use registry::{Listed, Place, Registered, Registry, RegistryError, ToolId};
pub use slots::CallId;
pub use text::cut;
pub use trine_wire::message::Status;
pub use trine_wire::message::block::Block;
pub use trine_wire::message::input::{Answer as Answered, Records, Request};
