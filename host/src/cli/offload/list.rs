//! `trine devices --gpu`.

use std::process::ExitCode;

use serde_json::{Value, json};
use trine::Result;
use trine_ggml::{Device, Kind};
use trine_models::offload::{place, taken, verdict};

use crate::cli::paint::{FAINT, GOOD, STRONG, count, say};
use crate::cli::tools::pretty;

/// Prints every device that a model could be computed on, and which one is taken.
#[expect(clippy::unnecessary_wraps, reason = "a build without devices fails here")]
pub(in crate::cli) fn list(as_json: bool) -> Result<ExitCode> {
    let devices = Device::all();
    let taken = taken(&devices);
    if as_json {
        let all = devices.iter().enumerate().map(|(at, device)| object(*device, taken == Some(at)));
        #[cfg(feature = "modules")]
        let all = super::modules::objects().chain(all);
        say!("{}", pretty(&Value::Array(all.collect())));
        return Ok(ExitCode::SUCCESS);
    }
    #[cfg(feature = "modules")]
    super::modules::print();
    for (at, device) in devices.iter().enumerate() {
        let (name, what) = (device.name(), device.description());
        say!("{STRONG}{name}{STRONG:#}  {what}");
        let (free, all) = device.memory();
        let (free, all) = (count(free as u64), count(all as u64));
        say!("  {}, {}; {free} of {all} bytes free", device.backend(), kind(*device));
        match verdict(*device) {
            Ok(()) if taken == Some(at) => {
                say!("  {GOOD}taken: {}{GOOD:#}", place(*device, true));
            }
            Ok(()) => say!("  {FAINT}not taken: {}{FAINT:#}", place(*device, false)),
            Err(why) => say!("  {FAINT}not taken: {why}{FAINT:#}"),
        }
    }
    if taken.is_none() {
        say!("models are computed on the processor");
    }
    Ok(ExitCode::SUCCESS)
}

fn kind(device: Device) -> &'static str {
    match device.kind() {
        Kind::Cpu => "processor",
        Kind::Gpu => "graphics processor",
        Kind::Integrated => "graphics processor in the processor's memory",
        Kind::Other => "helper of the processor",
    }
}

fn object(device: Device, is_taken: bool) -> Value {
    let (free, all) = device.memory();
    let why = verdict(device).err();
    json!({
        "name": device.name(), "description": device.description(), "backend": device.backend(),
        "kind": kind(device), "memoryFreeBytes": free, "memoryBytes": all,
        "taken": is_taken, "why": why,
    })
}
