//! Calls per second and processor time of a tool.

use crate::time::{elapsed, mark};
use crate::{Error, Limit};

/// Tokens that a call costs: a bucket gains `rate` of them each microsecond.
const CALL: u64 = 1_000_000;

/// Limits of a tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Calls per second in the long run; 0 for any number.
    pub calls_per_second: u32,
    /// Calls that may come at once after a pause; 0 is `calls_per_second`.
    pub burst: u32,
    /// Microseconds of processor time in each window; 0 for any.
    pub cpu_time: u64,
    /// Microseconds of the window; 0 is a second.
    pub window: u64,
}

/// What a quota has refused and what it leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaState {
    /// Calls that would be let in now.
    pub calls_left: u64,
    /// Microseconds of processor time left in this window; `u64::MAX` for any.
    pub cpu_left: u64,
    /// Calls refused for their rate.
    pub refused_calls: u32,
    /// Calls refused for processor time.
    pub refused_cpu: u32,
    /// Blocks refused for `memory_max`.
    pub refused_memory: u64,
}

/// A token bucket of calls and a budget of processor time.
///
/// Time that was used beyond the budget counts against the next windows, so in the long run no
/// tool has more than its budget. A clock that jumps forwards fills the bucket once; one that goes
/// back adds nothing, and after less than a second nothing until it is where it was.
///
/// ```
/// use trine_resources::{Error, Limit, Quota, Quotas};
///
/// let mut quota = Quota::new(&Quotas { calls_per_second: 2, ..Quotas::default() }, 0);
/// quota.admit(0)?;
/// quota.admit(0)?;
/// assert_eq!(quota.admit(0), Err(Error::Quota { limit: Limit::Calls, wait: 500_000 }));
/// quota.admit(500_000)?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    level: u64,
    at: u64,
    cpu_time: u64,
    window: u64,
    cpu_used: u64,
    window_at: u64,
    rate: u32,
    burst: u32,
    refused_calls: u32,
    refused_cpu: u32,
    refused_memory: u64,
}

trine_arena::solid!(
    struct Quota {
        level: u64,
        at: u64,
        cpu_time: u64,
        window: u64,
        cpu_used: u64,
        window_at: u64,
        rate: u32,
        burst: u32,
        refused_calls: u32,
        refused_cpu: u32,
        refused_memory: u64,
    }
);

impl Quota {
    /// No limits.
    pub(crate) const FREE: Self =
        Self::new(&Quotas { calls_per_second: 0, burst: 0, cpu_time: 0, window: 0 }, 0);

    /// A quota that starts full at `now`.
    #[must_use]
    pub const fn new(quotas: &Quotas, now: u64) -> Self {
        let &Quotas { calls_per_second: rate, cpu_time, .. } = quotas;
        let burst = if quotas.burst == 0 { rate } else { quotas.burst };
        let window = if quotas.window == 0 { 1_000_000 } else { quotas.window };
        Self {
            level: burst as u64 * CALL,
            at: now,
            cpu_time,
            window,
            cpu_used: 0,
            window_at: now,
            rate,
            burst,
            refused_calls: 0,
            refused_cpu: 0,
            refused_memory: 0,
        }
    }

    /// Lets a call in, or says how long to wait. Nothing is used by a call that is refused.
    ///
    /// # Errors
    /// [`Error::Quota`] with the limit: `Calls` or `CpuTime`.
    pub const fn admit(&mut self, now: u64) -> Result<(), Error> {
        self.advance(now);
        if self.cpu_time > 0 && self.cpu_used >= self.cpu_time {
            self.refused_cpu = self.refused_cpu.saturating_add(1);
            let windows = self.cpu_used / self.cpu_time;
            let until = windows.saturating_mul(self.window);
            let wait = until - elapsed(self.window_at, now);
            let wait = wait.saturating_add(elapsed(now, self.window_at));
            return Err(Error::Quota { limit: Limit::CpuTime, wait });
        }
        if self.rate > 0 {
            if self.level < CALL {
                self.refused_calls = self.refused_calls.saturating_add(1);
                let wait = (CALL - self.level).div_ceil(self.rate as u64);
                // A reading that comes late earns nothing before the clock is where it was.
                let wait = wait.saturating_add(elapsed(now, self.at));
                return Err(Error::Quota { limit: Limit::Calls, wait });
            }
            self.level -= CALL;
        }
        Ok(())
    }

    /// Processor time that a call has used.
    pub const fn charge_cpu(&mut self, now: u64, used: u64) {
        self.advance(now);
        self.cpu_used = self.cpu_used.saturating_add(used);
    }

    /// Counts a block that was refused for the memory of its tool.
    pub(crate) const fn refuse_memory(&mut self) {
        self.refused_memory = self.refused_memory.saturating_add(1);
    }

    const fn advance(&mut self, now: u64) {
        let gained = elapsed(self.at, now).saturating_mul(self.rate as u64);
        let full = self.burst as u64 * CALL;
        let level = self.level.saturating_add(gained);
        self.level = if level > full { full } else { level };
        self.at = mark(self.at, now);
        // It is no 0, which the compiler does not know.
        let windows = match elapsed(self.window_at, now).checked_div(self.window) {
            Some(windows) => windows,
            None => 0,
        };
        self.cpu_used = self.cpu_used.saturating_sub(self.cpu_time.saturating_mul(windows));
        // Where the clock was set back the window starts again, with what was used in it.
        let is_back = now.wrapping_sub(self.window_at) > u64::MAX / 2;
        self.window_at = if is_back {
            mark(self.window_at, now)
        } else {
            self.window_at.wrapping_add(windows * self.window)
        };
    }

    /// What it leaves at this time, and what it has refused.
    #[must_use]
    pub const fn state(&self, now: u64) -> QuotaState {
        let mut then = *self;
        then.advance(now);
        QuotaState {
            calls_left: if self.rate == 0 { u64::MAX } else { then.level / CALL },
            cpu_left: if self.cpu_time == 0 {
                u64::MAX
            } else {
                self.cpu_time.saturating_sub(then.cpu_used)
            },
            refused_calls: self.refused_calls,
            refused_cpu: self.refused_cpu,
            refused_memory: self.refused_memory,
        }
    }
}
