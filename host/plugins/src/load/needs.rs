//! What a manifest says that a plug-in needs, and may use.

use std::time::Duration;

use serde::Deserialize;
use trine_limits::Bytes;

use super::Needs;
use crate::ledger::priority;

/// A size: a number of bytes, or a text such as `2G`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Size {
    Number(u64),
    Text(String),
}

/// The table `[needs]` of a manifest. What is left out is as the plug-in says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManifestNeeds {
    processors: Option<u32>,
    memory_min: Option<Size>,
    memory_max: Option<Size>,
    gpu_memory: Option<Size>,
    devices: Option<Vec<String>>,
    shared_devices: Option<Vec<String>>,
    calls_per_second: Option<u32>,
    /// Seconds of processor time in a minute.
    cpu_seconds: Option<f64>,
    priority: Option<String>,
}

/// As many as a minute of this many processors has.
const CPU_SECONDS_MAX: f64 = 60.0 * 4_096.0;

impl Size {
    fn bytes(&self) -> Result<u64, String> {
        match self {
            Self::Number(bytes) => Ok(*bytes),
            Self::Text(text) => {
                let read = text.parse::<Bytes>();
                read.map(|Bytes(bytes)| bytes).map_err(|error| error.to_string())
            }
        }
    }
}

impl ManifestNeeds {
    /// What cannot be.
    pub(super) fn judge(&self) -> Result<(), String> {
        for size in [&self.memory_min, &self.memory_max, &self.gpu_memory].into_iter().flatten() {
            size.bytes()?;
        }
        if self.calls_per_second == Some(0) {
            return Err("its calls_per_second is 0: no call could begin".to_owned());
        }
        if self.cpu_seconds.is_some_and(|it| !(0.001..=CPU_SECONDS_MAX).contains(&it)) {
            return Err("its cpu_seconds are no seconds of processor time in a minute".to_owned());
        }
        match &self.priority {
            Some(word) if priority(word).is_none() => {
                Err(format!("its priority '{word}' is none of low, normal, high"))
            }
            _ => Ok(()),
        }
    }

    /// This, in the place of what the plug-in says itself. It was judged.
    pub(super) fn over(&self, own: &Needs) -> Needs {
        let size = |size: &Option<Size>, own: u64| {
            size.as_ref().and_then(|size| size.bytes().ok()).unwrap_or(own)
        };
        let list = |list: &Option<Vec<String>>, own: &[String]| {
            list.clone().unwrap_or_else(|| own.to_vec())
        };
        let cpu = self.cpu_seconds.map(Duration::from_secs_f64);
        Needs {
            processors: self.processors.unwrap_or(own.processors),
            memory_min: size(&self.memory_min, own.memory_min),
            memory_max: size(&self.memory_max, own.memory_max),
            gpu_memory: size(&self.gpu_memory, own.gpu_memory),
            devices: list(&self.devices, &own.devices),
            shared_devices: list(&self.shared_devices, &own.shared_devices),
            calls_per_second: self.calls_per_second.unwrap_or(own.calls_per_second),
            cpu_per_minute: cpu.unwrap_or(own.cpu_per_minute),
            priority: self.priority.as_deref().and_then(priority).unwrap_or(own.priority),
        }
    }
}
