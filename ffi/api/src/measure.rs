//! Resources of tools: executions, and what is known of the pool and of quotas.

use ::trine_resources::{Execution, Outcome, Summary, ToolId};

use crate::resources::{
    check_refusal, give, owned, refuse, room, status, trine_refusal, trine_resources,
};
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

/// What the pool and the processors hold.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_pool_state {
    /// `sizeof(trine_pool_state)`.
    pub struct_size: u32,
    /// Blocks.
    pub blocks: u32,
    /// Bytes of the pool.
    pub size: u64,
    /// Bytes in blocks: of a class its size, of others the next multiple of 8.
    pub used: u64,
    /// The most bytes in blocks at once so far.
    pub high_water: u64,
    /// The largest block that there is room for outside of the classes.
    pub largest: u64,
    /// Bytes that only tools of high priority may have.
    pub reserve: u64,
    /// Bytes of them that they have.
    pub reserve_used: u64,
    /// Free pieces between blocks.
    pub holes: u32,
    /// Processors in all.
    pub processors: u32,
    /// Processors that tools have.
    pub processors_used: u32,
    /// 0.
    pub reserved: u32,
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
    if execution.is_null() {
        return TRINE_E_NULL;
    }
    // SAFETY: the program's structure, whose first member is set.
    if let Err(status) = unsafe { check_refusal(refusal) } {
        return status;
    }
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    match owned.manager().begin(ToolId(tool), now) {
        Ok(begun) => {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { execution.write(begun.to_bits()) };
            TRINE_OK
        }
        // SAFETY: as above.
        Err(error) => unsafe { refuse(error, refusal) },
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
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let execution = Execution::from_bits(execution);
    owned.manager().end(execution, now, cpu_time, outcome).map_or_else(status, |()| TRINE_OK)
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
    // SAFETY: the program's structure, whose first member is set.
    let struct_size = match unsafe { room(times) } {
        Ok(size) => size,
        Err(status) => return status,
    };
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let Some(summary) = owned.manager().monitor().summary(ToolId(tool)) else {
        return TRINE_E_NOT_FOUND;
    };
    let Summary { started, ended, errors, aborted, min, mean, max, p50, p99 } = summary;
    let reserved = 0;
    let known = trine_times {
        struct_size,
        reserved,
        started,
        ended,
        errors,
        aborted,
        min,
        mean,
        max,
        p50,
        p99,
    };
    // SAFETY: as long as it says.
    unsafe { give(&known, times) };
    TRINE_OK
}

/// What the pool and the processors hold.
///
/// @param resources The resources.
/// @param pool Where it goes; its `struct_size` is set.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY or TRINE_E_VERSION.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_resources_get_pool(
    resources: *mut trine_resources,
    pool: *mut trine_pool_state,
) -> trine_status {
    // SAFETY: the program's structure, whose first member is set.
    let struct_size = match unsafe { room(pool) } {
        Ok(size) => size,
        Err(status) => return status,
    };
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let manager = owned.manager();
    let state = manager.pool().state();
    let (reserve, reserve_used) = manager.reserve();
    let (processors, processors_used) = manager.processors();
    let known = trine_pool_state {
        struct_size,
        blocks: state.blocks,
        size: state.size as u64,
        used: state.used as u64,
        high_water: state.high_water as u64,
        largest: state.largest as u64,
        reserve: reserve as u64,
        reserve_used: reserve_used as u64,
        holes: state.holes,
        processors,
        processors_used,
        reserved: 0,
    };
    // SAFETY: as long as it says.
    unsafe { give(&known, pool) };
    TRINE_OK
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
    // SAFETY: the program's structure, whose first member is set.
    let struct_size = match unsafe { room(quota) } {
        Ok(size) => size,
        Err(status) => return status,
    };
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(resources) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    let manager = owned.manager();
    let state = match manager.quota(ToolId(tool), now) {
        Ok(state) => state,
        Err(error) => return status(error),
    };
    let usage = manager.pool().usage(ToolId(tool)).unwrap_or_default();
    let known = trine_quota_state {
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
    };
    // SAFETY: as long as it says.
    unsafe { give(&known, quota) };
    TRINE_OK
}
