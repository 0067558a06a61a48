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
//! frames waiting to be sent, the call slots and the bytes that pending calls own. `docs/memory.md`
//! lists each.
//!
//! # What holds
//!
//! - No tool is entered with arguments that its descriptor does not accept.
//! - Every call that was received whole is answered exactly once: with a result, a fault, a
//!   refusal, or the word that it expired or was cancelled.
//! - A tool that asks for a person is entered only after a person agreed to exactly that call.
//! - Nothing blocks, allocates, recurses or panics.
#![no_std]
#![forbid(unsafe_code)]

mod call;
mod clock;
mod config;
mod consent;
mod device;
mod outbox;
mod port;
mod registry;
mod slots;

pub use call::{Answer, Call, Calls, NotNow, Tools};
pub use clock::Millis;
pub use config::{Config, Identity, InitError};
pub use consent::{Consents, digest};
pub use device::{Device, PORTS_MAX};
pub use port::Port;
pub use registry::{Registry, RegistryError, ToolId};
pub use slots::CallId;
pub use trine_wire::message::Status;
