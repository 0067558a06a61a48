//! What a simulated board has beside its greenhouse: an input that a person can hold, and a file
//! in the place of the flash that keeps its key.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use trine_board::SimHardware;
use trine_board::tools::BoardTools;
use trine_descriptor::{Args, ValueWriter};
use trine_dispatch::{Answer, Call, CallId, Calls, Key, Tested, Tools};

use super::Control;
use crate::error::{Error, Result};
use crate::settings::key;
use crate::sys;

/// The board's tools, and what its dispatcher asks beside calls.
pub(super) struct Board {
    pub(super) tools: BoardTools<SimHardware>,
    control: Arc<Control>,
    flash: Option<PathBuf>,
}

impl Board {
    pub(super) fn new(
        tools: BoardTools<SimHardware>,
        control: Arc<Control>,
        flash: Option<PathBuf>,
    ) -> Self {
        Self { tools, control, flash }
    }
}

/// The key in the file, if there is one.
pub(super) fn stored(flash: Option<&PathBuf>) -> Result<Option<Key>> {
    let Some(path) = flash else { return Ok(None) };
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| Error::read(path, error))?,
    };
    match key(text.trim()) {
        None if text.is_empty() => Ok(None),
        None => Err(Error::BadKey { path: path.clone() }),
        Some(key) => Ok(Some(Key(key))),
    }
}

impl Tools for Board {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        self.tools.call(call, out)
    }

    fn tick(&mut self, now: u64, calls: &mut Calls<'_, '_>) -> u64 {
        self.tools.tick(now, calls)
    }

    fn read(&mut self, tool: u16, id: CallId, offset: u32, out: &mut [u8]) -> usize {
        self.tools.read(tool, id, offset, out)
    }

    fn stop(&mut self, tool: u16, id: CallId) {
        self.tools.stop(tool, id);
    }

    fn asks(&mut self, tool: u16, args: Args<'_>) {
        self.tools.asks(tool, args);
    }

    fn reset(&mut self, now: u64) {
        self.tools.reset(now);
    }

    fn link_lost(&mut self, now: u64) {
        self.tools.link_lost(now);
    }

    fn factory(&mut self, op: u8, arg: &[u8], out: &mut [u8]) -> Tested {
        self.tools.factory(op, arg, out)
    }

    fn held(&mut self) -> bool {
        self.control.held.load(Ordering::Acquire)
    }

    fn store_key(&mut self, key: Option<&[u8; 16]>) -> bool {
        let Some(path) = &self.flash else { return false };
        let digits = key.map(|key| key.iter().map(|byte| format!("{byte:02x}")).collect());
        let digits: String = digits.unwrap_or_default();
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let file = sys::own(&mut options).open(path);
        file.and_then(|mut file| file.write_all(digits.as_bytes())).is_ok()
    }
}
