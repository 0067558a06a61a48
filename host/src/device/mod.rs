//! One device: who it is, what it can do, and the calls under way.

mod report;

use std::time::Duration;

use trine_descriptor::ToolTable;
pub use report::CallReport;
pub use trine_wire::message::Status;

use crate::error::Result;

/// Whether a device can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was just opened and has some time to answer.
    Coming,
    /// It has shown its tools and answers.
    Online,
    /// It cannot be reached, and why.
    Offline(String),
}

/// Who a device says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Who makes it.
    pub vendor: String,
    /// What it is.
    pub product: String,
    /// Which one it is.
    pub serial: String,
    /// Version of the firmware.
    pub firmware: String,
    /// Which build of it.
    pub build: String,
}

/// Something that happened on a device and that nobody called for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Rises by one with each event of the device.
    pub seq: u32,
    /// Name of the tool that it comes from.
    pub tool: String,
    /// What happened.
    pub text: String,
}

/// A device, in whatever state. Shared by everybody who talks to it.
#[derive(Debug)]
pub struct Device {}

impl Device {
    /// The name that the user gave it, or the one from its product; the address until it is known.
    #[must_use]
    pub fn name(&self) -> String {
        String::new()
    }

    /// Where it is attached: `serial /dev/ttyACM0`, `simulated`.
    #[must_use]
    pub fn source(&self) -> &str {
        ""
    }

    /// Whether it can be called.
    #[must_use]
    pub fn state(&self) -> State {
        State::Coming
    }

    /// Who it says it is, once it has said so.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        None
    }

    /// Its tools, once they were listed. They stay known while it is offline.
    #[must_use]
    pub fn table(&self) -> Option<std::sync::Arc<dyn ToolTable + Send + Sync>> {
        None
    }

    /// Its counters and high-water marks; `None` when it does not answer within `patience`.
    #[must_use]
    pub fn status(&self, patience: Duration) -> Option<Status> {
        _ = patience;
        None
    }

    /// Calls a tool with arguments as JSON text. Blocks until the answer, or `deadline`.
    #[must_use]
    pub fn call_json(&self, tool: &str, arguments: &str, deadline: Duration) -> CallReport {
        _ = (tool, arguments, deadline);
        CallReport {
            result: serde_json::Value::Null,
            text: String::new(),
            is_error: true,
            bytes_out: 0,
            bytes_in: 0,
            elapsed: Duration::ZERO,
        }
    }

    /// Calls `each` for every event from now on, from another thread.
    pub fn on_event(&self, each: impl Fn(&Event) + Send + 'static) {
        _ = each;
    }

    /// Presses the board's button, as a person there does.
    ///
    /// # Errors
    /// When the device is neither simulated nor emulated: only a person can press its button.
    pub fn press_button(&self) -> Result<()> {
        Ok(())
    }

    /// Sets how much faster than real time the board's clock runs.
    ///
    /// # Errors
    /// When the device is neither simulated nor emulated.
    pub fn set_time_scale(&self, scale: f64) -> Result<()> {
        _ = scale;
        Ok(())
    }
}
