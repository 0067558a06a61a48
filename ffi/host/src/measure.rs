//! How often the tools of a hub were called.

use std::collections::BTreeMap;
use std::ffi::c_char;

use serde_json::{Value, json};
use trine_c_api::{TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_E_VERSION, TRINE_OK, trine_status};
use trine_gateway::host_tools::ToolStats;

use crate::answer::{answered, give_text, refused, text};
use crate::hub::{object, trine_hub};

/// The calls of a tool since it was loaded or last replaced.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_hub_stats {
    /// `sizeof(trine_hub_stats)`, which the program sets.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Calls that have ended.
    pub calls: u64,
    /// Those of them that ended with an error.
    pub errors: u64,
    /// Nanoseconds that they took together.
    pub nanoseconds: u64,
}

/// How often a tool was called, since it was loaded or last replaced.
///
/// @param hub The hub.
/// @param tool Its name, ended by a zero byte.
/// @param stats Where it goes; the program has set `struct_size`.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_VERSION or TRINE_E_NOT_FOUND.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_get_stats(
    hub: *mut trine_hub,
    tool: *const c_char,
    stats: *mut trine_hub_stats,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let tool = unsafe { text(tool, "tool") }?;
        // SAFETY: the caller's structure.
        let Some(place) = (unsafe { stats.as_mut() }) else {
            return refused(TRINE_E_NULL, "there is no place for the counts");
        };
        if (place.struct_size as usize) < size_of::<trine_hub_stats>() {
            return refused(TRINE_E_VERSION, "set struct_size to sizeof(trine_hub_stats)");
        }
        let Some(found) = object.stats(tool) else {
            return refused(TRINE_E_NOT_FOUND, &format!("no tool is called '{tool}'"));
        };
        (place.calls, place.errors) = (found.calls, found.errors);
        place.nanoseconds = u64::try_from(found.time.as_nanos()).unwrap_or(u64::MAX);
        Ok(TRINE_OK)
    })
}

/// The counts of all tools of this program and of its plug-ins, at one moment.
///
/// @param hub The hub.
/// @param metrics Where the text goes, ended by a zero byte; `trine_hub_free` frees it. It is an
///                object: `uptime_seconds`; `tools_available`, with those of devices; `tools`, with
///                a member for each tool that has `active` (calls under way), `calls` (that have
///                ended), `errors` (of those), `refused` (that were not begun), `seconds` (that
///                they took together) and `longest_seconds`; and the sums of these but the last.
/// @return TRINE_OK or TRINE_E_NULL.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_metrics(
    hub: *mut trine_hub,
    metrics: *mut *mut c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        if metrics.is_null() {
            return refused(TRINE_E_NULL, "there is no place for the metrics");
        }
        let (mut tools, mut all) = (BTreeMap::<String, ToolStats>::new(), ToolStats::default());
        for (_, name, stats) in object.hub.own_stats() {
            add(tools.entry(name).or_default(), &stats);
            add(&mut all, &stats);
        }
        let mut said = counts(&all);
        said["uptime_seconds"] = object.opened.elapsed().as_secs_f64().into();
        said["tools_available"] = object.hub.tools().len().into();
        let named = tools.into_iter().map(|(name, stats)| {
            let mut counts = counts(&stats);
            counts["longest_seconds"] = stats.most.as_secs_f64().into();
            (name, counts)
        });
        said["tools"] = Value::Object(named.collect());
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { give_text(metrics, &said.to_string()) };
        Ok(TRINE_OK)
    })
}

fn add(sum: &mut ToolStats, one: &ToolStats) {
    sum.begun += one.begun;
    sum.calls += one.calls;
    sum.errors += one.errors;
    sum.refused += one.refused;
    sum.time += one.time;
    sum.most = sum.most.max(one.most);
}

fn counts(stats: &ToolStats) -> Value {
    json!({
        "active": stats.begun.saturating_sub(stats.calls), "calls": stats.calls,
        "errors": stats.errors, "refused": stats.refused, "seconds": stats.time.as_secs_f64(),
    })
}
