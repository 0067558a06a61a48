//! What the functions that an Extism plug-in calls work on.

use std::collections::BTreeMap;
use std::sync::Arc;

use trine_gateway::json_tools::JsonCall;
use trine_gateway::sanitize;
use wasmi::Memory;

use super::blocks::Blocks;
use crate::call::SAID_MAX;
use crate::limits::{Cap, Limits, Stop};

/// What a plug-in is configured with.
pub(crate) type Config = Arc<BTreeMap<String, String>>;

pub(crate) const NO_BLOCK: &str = "it passed an offset outside its Extism memory";

/// What the functions that an instance calls work on.
pub(crate) struct Host {
    pub(crate) blocks: Blocks,
    /// The offset and the length of the input, and of the output.
    pub(crate) input: (u64, u64),
    pub(crate) output: (u64, u64),
    /// The offset of the text of an error; 0 for none.
    pub(crate) error: u64,
    pub(crate) config: Config,
    /// What the plug-in keeps from call to call.
    pub(crate) vars: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) vars_size: usize,
    /// The module's own memory.
    pub(crate) memory: Option<Memory>,
    pub(crate) cap: Cap,
    /// The call under way.
    pub(crate) call: Option<JsonCall>,
    /// Why a function has stopped the plug-in.
    pub(crate) stopped: Option<Stop>,
    memory_max: usize,
}

impl Host {
    pub(crate) fn new(config: Config, limits: &Limits) -> Self {
        Self {
            blocks: Blocks::new(limits.memory),
            input: (0, 0),
            output: (0, 0),
            error: 0,
            config,
            vars: BTreeMap::new(),
            vars_size: 0,
            memory: None,
            cap: Cap::new(limits),
            call: None,
            stopped: None,
            memory_max: limits.memory,
        }
    }

    /// Makes ready for a call; `false` where its input has no room.
    pub(crate) fn begin(&mut self, input: &[u8]) -> bool {
        self.blocks.clear();
        self.cap.refused = false;
        (self.output, self.error) = ((0, 0), 0);
        let at = self.blocks.put(input);
        self.input = (at.unwrap_or_default(), at.map_or(0, |_| input.len() as u64));
        at.is_some()
    }

    /// Notes why the plug-in is stopped; a function that answers this stops it.
    pub(crate) fn stop(&mut self, stop: Stop) -> wasmi::Error {
        let error = wasmi::Error::new(stop.to_string());
        self.stopped = Some(stop);
        error
    }

    pub(crate) fn stop_memory(&mut self) -> wasmi::Error {
        self.stop(Stop::Memory(self.memory_max))
    }

    /// A byte of the input; 0 behind its end.
    pub(crate) fn input_byte(&self, at: u64) -> u8 {
        let input = self.blocks.read(self.input.0, self.input.1).unwrap_or_default();
        let byte = usize::try_from(at).ok().and_then(|at| input.get(at));
        byte.copied().unwrap_or_default()
    }

    /// Eight bytes of the input; those behind its end are 0.
    pub(crate) fn input_word(&self, at: u64) -> u64 {
        let byte = |more: u64| at.checked_add(more).map_or(0, |at| self.input_byte(at));
        u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(byte))
    }

    /// The text of the error that the plug-in has set.
    pub(crate) fn error(&self) -> Option<String> {
        let bytes = self.blocks.block(self.error)?;
        // The block may be as long as the memory.
        let text = String::from_utf8_lossy(bytes.get(..SAID_MAX).unwrap_or(bytes));
        let text: String = text.chars().take(SAID_MAX / 4).collect();
        Some(sanitize::plain(&text).into_owned()).filter(|text| !text.trim().is_empty())
    }

    /// Tells the client of the call under way a line, which may be cut inside a character.
    pub(crate) fn log(&self, level: u8, bytes: &[u8]) {
        if let Some(call) = &self.call {
            let text = String::from_utf8_lossy(bytes);
            call.host().log(level, &sanitize::plain(text.trim_end()));
        }
    }
}
