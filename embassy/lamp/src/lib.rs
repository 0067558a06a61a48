//! The tool of the example boards: a lamp at a pin, derived from a type.
#![no_std]

use embedded_hal::digital::OutputPin;
use trine_derive::Tool;
use trine_descriptor::{Pack, Tool, ToolParams, ValueWriter};
use trine_dispatch::{Answer, Call, Config, Identity, Tools};

/// Switch the lamp of the board on or off.
#[derive(Tool)]
#[trine(title = "Switch the lamp", idempotent, on_link_lost)]
struct LampSwitch {
    /// True to switch on, false to switch off.
    on: bool,
}

const LIST: [Tool<'static>; 1] = [LampSwitch::TOOL];

/// The descriptors, checked by the compiler.
pub static TABLE: Pack<1, { Pack::len(&LIST) }> = Pack::new(&LIST);

/// Limits of a dispatcher for them.
pub const CONFIG: Config<'static> = Config {
    identity: Identity {
        vendor: "trine",
        product: "lamp",
        serial: "",
        firmware: env!("CARGO_PKG_VERSION"),
        build: "",
    },
    message_max: 128,
    result_max: 64,
    ..Config::DEFAULT
};

/// Memory of a device with these limits.
pub const MEMORY: usize = CONFIG.memory();

/// The lamp at a pin that is high while it shines.
#[derive(Debug)]
pub struct Lamp<P>(pub P);

impl<P: OutputPin> Tools for Lamp<P> {
    fn call(&mut self, call: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        let Some(LampSwitch { on }) = LampSwitch::read(&call.args) else {
            return Answer::Failed("the arguments do not fit the tool");
        };
        match self.0.set_state(on.into()) {
            Ok(()) => Answer::Done,
            Err(_) => Answer::Failed("the pin cannot be set"),
        }
    }

    fn link_lost(&mut self, _: u64) {
        // A lamp that cannot be switched off any more is off.
        drop(self.0.set_low());
    }
}
