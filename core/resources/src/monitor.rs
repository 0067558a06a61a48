//! Executions of tools: how many, how they ended, and how long they took.

use trine_arena::Arena;

use crate::histogram::Histogram;
use crate::pool::align;
use crate::time::elapsed;
use crate::{Error, NO_TOOL, Table, ToolId};

/// An execution under way. It is ended once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "an execution that is not ended counts as running"]
pub struct Execution {
    index: u32,
    generation: u32,
}

impl Execution {
    /// The handle as one number, which is never 0.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.index as u64) << 32 | self.generation as u64
    }

    /// The handle that a number stands for; any number is safe.
    pub const fn from_bits(bits: u64) -> Self {
        Self { index: (bits >> 32) as u32, generation: bits as u32 }
    }
}

/// How an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// With a result.
    Done,
    /// With an error.
    Failed,
    /// It was given up: it panicked, or it took too long.
    Aborted,
}

/// What was measured of a tool. Times are microseconds; they are 0 where nothing has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
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
    /// The mean, rounded down.
    pub mean: u64,
    /// The longest.
    pub max: u64,
    /// Half of them took at most this: within [`RELATIVE_ERROR`](crate::RELATIVE_ERROR).
    pub p50: u64,
    /// 99 of 100 took at most this: within [`RELATIVE_ERROR`](crate::RELATIVE_ERROR).
    pub p99: u64,
}

/// An entry of the table of executions.
#[derive(Clone, Copy, Debug)]
struct Run {
    started: u64,
    tool: u32,
    /// Odd while it is under way.
    generation: u32,
}

trine_arena::solid!(
    struct Run {
        started: u64,
        tool: u32,
        generation: u32,
    }
);

/// What is counted of a tool.
#[derive(Clone, Copy, Debug)]
struct Counts {
    started: u64,
    ended: u64,
    errors: u64,
    aborted: u64,
    min: u64,
    max: u64,
    sum: u64,
    tool: u64,
    times: Histogram,
}

trine_arena::solid!(
    struct Counts {
        started: u64,
        ended: u64,
        errors: u64,
        aborted: u64,
        min: u64,
        max: u64,
        sum: u64,
        tool: u64,
        times: Histogram,
    }
);

const EMPTY: Counts = Counts {
    started: 0,
    ended: 0,
    errors: 0,
    aborted: 0,
    min: 0,
    max: 0,
    sum: 0,
    tool: NO_TOOL as u64,
    times: Histogram::EMPTY,
};

/// Counts executions and measures them, for each tool.
///
/// ```
/// use trine_resources::{Error, Monitor, Outcome, ToolId};
///
/// let mut memory = [0; Monitor::bytes(1, 2) + 7];
/// let mut monitor = Monitor::new(&mut memory, 1, 2)?;
/// let pump = ToolId(1);
/// let execution = monitor.begin(pump, 1_000)?;
/// monitor.end(execution, 1_250, Outcome::Done)?;
/// assert_eq!(monitor.end(execution, 1_250, Outcome::Done), Err(Error::Stale));
/// let summary = monitor.summary(pump).unwrap();
/// assert_eq!((summary.started, summary.ended, summary.max), (1, 1, 250));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Monitor<'m> {
    counts: &'m mut [Counts],
    runs: &'m mut [Run],
}

impl<'m> Monitor<'m> {
    /// Bytes that a monitor takes, at a multiple of 8.
    #[must_use]
    pub const fn bytes(tools_max: u32, executions_max: u32) -> usize {
        let counts = (tools_max as usize).saturating_mul(size_of::<Counts>());
        let runs = (executions_max as usize).saturating_mul(size_of::<Run>());
        counts.saturating_add(runs)
    }

    /// A monitor of at most so many tools, with so many executions under way at once.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the memory is too small.
    pub fn new(memory: &'m mut [u8], tools_max: u32, executions_max: u32) -> Result<Self, Error> {
        let mut arena = Arena::new(memory);
        let monitor = Self::carve(&mut arena, tools_max, executions_max);
        if arena.fault().is_some() { Err(crate::pool::TOO_SMALL) } else { Ok(monitor) }
    }

    pub(crate) fn carve(arena: &mut Arena<'m>, tools_max: u32, executions_max: u32) -> Self {
        align(arena);
        let counts = arena.slice(tools_max as usize, EMPTY);
        let idle = Run { started: 0, tool: NO_TOOL, generation: 0 };
        Self { counts, runs: arena.slice(executions_max as usize, idle) }
    }

    fn find(&mut self, tool: u32) -> Option<&mut Counts> {
        self.counts.iter_mut().find(|counts| counts.tool == u64::from(tool) && tool != NO_TOOL)
    }

    /// Begins an execution.
    ///
    /// # Errors
    /// [`Error::Full`] when there are `executions_max`, or no place for a further tool.
    pub fn begin(&mut self, tool: ToolId, now: u64) -> Result<Execution, Error> {
        let index = self.may_begin(tool)?;
        if self.find(tool.0).is_none() {
            let place = self.place(u64::from(NO_TOOL)).and_then(|at| self.counts.get_mut(at));
            *place.ok_or(Error::Full(Table::Tools))? = Counts { tool: tool.0.into(), ..EMPTY };
        }
        if let Some(counts) = self.find(tool.0) {
            counts.started += 1;
        }
        let run = self.runs.get_mut(index).ok_or(Error::Full(Table::Executions))?;
        let generation = run.generation.wrapping_add(1);
        *run = Run { started: now, tool: tool.0, generation };
        Ok(Execution { index: index as u32, generation })
    }

    /// Whether an execution could begin, and the place that it would have.
    pub(crate) fn may_begin(&self, tool: ToolId) -> Result<usize, Error> {
        if tool.0 == NO_TOOL {
            return Err(Error::Invalid("this number of a tool is reserved"));
        }
        let place = self.place(tool.0.into()).or_else(|| self.place(NO_TOOL.into()));
        place.ok_or(Error::Full(Table::Tools))?;
        let idle = self.runs.iter().position(|run| run.generation & 1 == 0);
        idle.ok_or(Error::Full(Table::Executions))
    }

    fn place(&self, tool: u64) -> Option<usize> {
        self.counts.iter().position(|counts| counts.tool == tool)
    }

    /// Ends an execution; answers how long it took and whose it was.
    ///
    /// # Errors
    /// [`Error::Stale`] for one that has ended.
    pub fn end(
        &mut self,
        execution: Execution,
        now: u64,
        outcome: Outcome,
    ) -> Result<(ToolId, u64), Error> {
        let run = self.runs.get_mut(execution.index as usize).ok_or(Error::Stale)?;
        if run.generation != execution.generation || run.generation & 1 == 0 {
            return Err(Error::Stale);
        }
        run.generation = run.generation.wrapping_add(1);
        let (tool, took) = (run.tool, elapsed(run.started, now));
        if let Some(counts) = self.find(tool) {
            counts.note(took, outcome);
        }
        Ok((ToolId(tool), took))
    }

    /// Ends all executions of a tool as aborted, such as after a panic; answers how many.
    pub fn abort_all(&mut self, tool: ToolId, now: u64) -> u32 {
        let mut count = 0;
        for index in 0..self.runs.len() as u32 {
            let run = self.runs.get(index as usize).filter(|run| run.tool == tool.0);
            let Some(generation) = run.map(|run| run.generation) else { continue };
            let execution = Execution { index, generation };
            count += u32::from(self.end(execution, now, Outcome::Aborted).is_ok());
        }
        count
    }

    /// The executions of a tool that are under way.
    pub fn running(&self, tool: ToolId) -> impl Iterator<Item = Execution> {
        let runs = (0_u32..).zip(self.runs.iter());
        let own = runs.filter(move |(_, run)| run.generation & 1 == 1 && run.tool == tool.0);
        own.map(|(index, run)| Execution { index, generation: run.generation })
    }

    /// What was measured of a tool; `None` for one that was never executed.
    #[must_use]
    pub fn summary(&self, tool: ToolId) -> Option<Summary> {
        let mut all = self.counts.iter();
        let counts = all.find(|counts| counts.tool == u64::from(tool.0) && tool.0 != NO_TOOL)?;
        Some(counts.summary())
    }

    /// Forgets what was measured of a tool that has no execution under way; another may then have
    /// its place.
    pub fn forget(&mut self, tool: ToolId) {
        if self.running(tool).next().is_none()
            && let Some(counts) = self.find(tool.0)
        {
            *counts = EMPTY;
        }
    }
}

impl Counts {
    fn note(&mut self, took: u64, outcome: Outcome) {
        self.min = if self.ended == 0 { took } else { self.min.min(took) };
        self.max = self.max.max(took);
        self.sum = self.sum.saturating_add(took);
        self.ended += 1;
        self.errors += u64::from(outcome != Outcome::Done);
        self.aborted += u64::from(outcome == Outcome::Aborted);
        self.times.add(took);
    }

    fn summary(&self) -> Summary {
        let Self { started, ended, errors, aborted, min, max, .. } = *self;
        // What was measured is between the shortest and the longest. (`clamp` can panic.)
        let quantile = |part| self.times.quantile(part, 100).unwrap_or(0).max(min).min(max);
        Summary {
            started,
            ended,
            errors,
            aborted,
            min,
            mean: self.sum.checked_div(ended).unwrap_or(0),
            max,
            p50: quantile(50),
            p99: quantile(99),
        }
    }
}
