//! Resources of tools: executions, how long they take, and what quotas leave.

use ::trine_resources::{Execution, Manager, Outcome, Summary, ToolId};

use crate::resources::{asked, clear, done, status, told, trine_refusal, trine_resources};
use crate::status::{TRINE_E_ARGUMENT, TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_OK, trine_status};

/// Outcome of an execution: a result.
pub const TRINE_EXECUTION_DONE: u32 = 0;
/// Outcome of an execution: an error.
pub const TRINE_EXECUTION_FAILED: u32 = 1;
/// Outcome of an execution: it was given up, since it crashed or took too long.
pub const TRINE_EXECUTION_ABORTED: u32 = 2;

/// What was measured of a tool. Times are microseconds.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_times {
    /// `sizeof(trine_times)`.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Executions that were begun.
    pub started: u64,
    /// Executions that have ended, in whatever way.
    pub ended: u64,
    /// Of those, the ones that failed or were aborted.
    pub errors: u64,
    /// Of those, the ones that were aborted.
    pub aborted: u64,
    /// The shortest.
    pub min: u64,
    /// The mean.
    pub mean: u64,
    /// The longest.
    pub max: u64,
    /// Half of them took at most this, to an eighth of it.
    pub p50: u64,
    /// 99 of 100 took at most this, to an eighth of it.
    pub p99: u64,
}

/// What the limits of a tool leave, and what was refused.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_quota_state {
    /// `sizeof(trine_quota_state)`.
    pub struct_size: u32,
    /// Calls that were refused for their rate.
    pub refused_calls: u32,
    /// Calls that were refused for processor time.
    pub refused_cpu: u32,
    /// 0.
    pub reserved: u32,
    /// Blocks that were refused for `memory_max`.
    pub refused_memory: u64,
    /// Calls that would be let in now; UINT64_MAX for any number.
    pub calls_left: u64,
    /// Microseconds of processor time left in this window; UINT64_MAX for any.
    pub cpu_left: u64,
    /// Bytes that it has.
    pub memory_used: u64,
    /// The most bytes that it had at once so far.
    pub memory_high_water: u64,
    /// The most bytes that it may have.
    pub memory_max: u64,
}

/// Begins an execution of a tool, when its limits let it in.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param now The time in microseconds.
/// @param execution Where the handle goes, which is never 0; end it in any case.
/// @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
/// @return TRINE_OK, TRINE_E_QUOTA with how long to wait, TRINE_E_FULL when there are
///         `executions_max`, TRINE_E_NOT_FOUND when the tool has no allocation, TRINE_E_NULL,
///         TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_VERSION.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_begin(
    resources: *mut trine_resources,
    tool: u32,
    now: u64,
    execution: *mut u64,
    refusal: *mut trine_refusal,
) -> trine_status {
    // SAFETY: the program's structure, whose first member is set.
    if let Err(status) = unsafe { clear(refusal) } {
        return status;
    }
    if execution.is_null() {
        return TRINE_E_NULL;
    }
    let begin = |manager: &mut Manager<'static>| manager.begin(ToolId(tool), now);
    // SAFETY: the contract of every function.
    match unsafe { asked(resources, refusal, begin) } {
        Ok(begun) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { execution.write(begun.to_bits()) };
            TRINE_OK
        }
        Err(status) => status,
    }
}

/// Ends an execution.
///
/// @param resources The resources.
/// @param execution The handle.
/// @param now The time in microseconds.
/// @param cpu_time Microseconds of processor time that it has used.
/// @param outcome `TRINE_EXECUTION_...`.
/// @return TRINE_OK, TRINE_E_STALE for one that has ended, TRINE_E_NULL, TRINE_E_STATE,
///         TRINE_E_BUSY or TRINE_E_ARGUMENT.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_end(
    resources: *mut trine_resources,
    execution: u64,
    now: u64,
    cpu_time: u64,
    outcome: u32,
) -> trine_status {
    let outcome = match outcome {
        TRINE_EXECUTION_DONE => Outcome::Done,
        TRINE_EXECUTION_FAILED => Outcome::Failed,
        TRINE_EXECUTION_ABORTED => Outcome::Aborted,
        _ => return TRINE_E_ARGUMENT,
    };
    let execution = Execution::from_bits(execution);
    // SAFETY: the contract of every function.
    unsafe { done(resources, |manager| manager.end(execution, now, cpu_time, outcome)) }
}

/// What was measured of a tool.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param times Where it goes; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or
///         TRINE_E_NOT_FOUND when it was never executed.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_get_times(
    resources: *mut trine_resources,
    tool: u32,
    times: *mut trine_times,
) -> trine_status {
    let find = |manager: &mut Manager<'static>, struct_size| {
        let found = manager.monitor().summary(ToolId(tool));
        let summary = found.ok_or(TRINE_E_NOT_FOUND)?;
        let Summary { started, ended, errors, aborted, min, mean, max, p50, p99 } = summary;
        Ok(trine_times {
            struct_size,
            reserved: 0,
            started,
            ended,
            errors,
            aborted,
            min,
            mean,
            max,
            p50,
            p99,
        })
    };
    // SAFETY: the contract of every function.
    unsafe { told(resources, times, find) }
}

/// What the limits of a tool leave, and what was refused.
///
/// @param resources The resources.
/// @param tool Number of the tool.
/// @param now The time in microseconds.
/// @param quota Where it goes; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or
///         TRINE_E_NOT_FOUND when it has no allocation.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_get_quota(
    resources: *mut trine_resources,
    tool: u32,
    now: u64,
    quota: *mut trine_quota_state,
) -> trine_status {
    let find = |manager: &mut Manager<'static>, struct_size| {
        let state = manager.quota(ToolId(tool), now).map_err(status)?;
        let usage = manager.pool().usage(ToolId(tool)).unwrap_or_default();
        Ok(trine_quota_state {
            struct_size,
            refused_calls: state.refused_calls,
            refused_cpu: state.refused_cpu,
            reserved: 0,
            refused_memory: state.refused_memory,
            calls_left: state.calls_left,
            cpu_left: state.cpu_left,
            memory_used: usage.used as u64,
            memory_high_water: usage.high_water as u64,
            memory_max: usage.budget as u64,
        })
    };
    // SAFETY: the contract of every function.
    unsafe { told(resources, quota, find) }
}
