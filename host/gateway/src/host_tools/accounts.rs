//! What became of the calls of tools, counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::table::Table;
use trine_descriptor::ToolTable as _;

/// The calls of one tool that have reached it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToolStats {
    /// Those that were begun.
    pub begun: u64,
    /// Those that have ended.
    pub calls: u64,
    /// Those of them that ended with an error.
    pub errors: u64,
    /// Those that the tool refused to begin; they are none of the above.
    pub refused: u64,
    /// The time of those that ended, together.
    pub time: Duration,
    /// The shortest and the longest of these times.
    pub least: Duration,
    /// See [`Self::least`].
    pub most: Duration,
    /// A time within which half of them ended, up to an eighth too long.
    pub half: Duration,
    /// The same for 99 of 100.
    pub nearly_all: Duration,
}

impl ToolStats {
    /// Those that are under way.
    #[must_use]
    pub const fn running(&self) -> u64 {
        self.begun.saturating_sub(self.calls)
    }

    /// The mean of the times.
    #[must_use]
    pub fn mean(&self) -> Duration {
        let nanos = self.time.as_nanos().checked_div(u128::from(self.calls)).unwrap_or_default();
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Buckets for times between a power of two and the next one.
const PER_OCTAVE: usize = 8;
/// Nanoseconds from 2^42 on, more than an hour, are in the last octave.
const BUCKETS: usize = 41 * PER_OCTAVE;

/// The bucket of a time. Below 8 ns it is exact.
const fn bucket(nanos: u64) -> usize {
    if nanos < PER_OCTAVE as u64 {
        return nanos as usize;
    }
    let octave = nanos.ilog2() as usize;
    let part = (nanos >> (octave - 3)) as usize % PER_OCTAVE;
    let bucket = (octave - 2) * PER_OCTAVE + part;
    if bucket < BUCKETS { bucket } else { BUCKETS - 1 }
}

/// The longest time in a bucket.
const fn longest(bucket: usize) -> u64 {
    if bucket < PER_OCTAVE {
        return bucket as u64;
    }
    let octave = bucket / PER_OCTAVE + 2;
    let part = (PER_OCTAVE + bucket % PER_OCTAVE + 1) as u64;
    (part << (octave - 3)) - 1
}

struct Row {
    /// With those that were refused.
    arrived: AtomicU64,
    errors: AtomicU64,
    refused: AtomicU64,
    nanos: AtomicU64,
    least: AtomicU64,
    most: AtomicU64,
    /// How many have ended within each time. Their sum is how many have ended.
    ended: [AtomicU64; BUCKETS],
}

impl Default for Row {
    fn default() -> Self {
        Self {
            arrived: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
            least: AtomicU64::new(u64::MAX),
            most: AtomicU64::new(0),
            ended: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

/// The counts of some tools. Tools that are given to a hub again keep theirs by
/// [`HostTools::accounts`](super::HostTools::accounts).
pub struct Accounts(Box<[Row]>);

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries((0..self.0.len()).map(|row| self.of(row as u16))).finish()
    }
}

impl Accounts {
    /// Those of tools that were not called yet.
    #[must_use]
    pub fn new(table: &Table) -> Self {
        Self((0..table.count()).map(|_| Row::default()).collect())
    }

    /// A call of the tool in `row` has reached it.
    #[inline]
    pub(super) fn begin(&self, row: u16) {
        if let Some(row) = self.0.get(usize::from(row)) {
            row.arrived.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// It has ended.
    #[inline]
    pub(super) fn end(&self, row: u16, took: Duration, is_error: bool) {
        let Some(row) = self.0.get(usize::from(row)) else { return };
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        if is_error {
            row.errors.fetch_add(1, Ordering::Relaxed);
        }
        row.nanos.fetch_add(nanos, Ordering::Relaxed);
        // Most are neither: to look is cheaper than to write.
        if nanos < row.least.load(Ordering::Relaxed) {
            row.least.fetch_min(nanos, Ordering::Relaxed);
        }
        if nanos > row.most.load(Ordering::Relaxed) {
            row.most.fetch_max(nanos, Ordering::Relaxed);
        }
        if let Some(ended) = row.ended.get(bucket(nanos)) {
            ended.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// It was refused.
    pub(super) fn refuse(&self, row: u16) {
        if let Some(row) = self.0.get(usize::from(row)) {
            row.refused.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// It is counted elsewhere.
    pub(super) fn forget(&self, row: u16) {
        if let Some(row) = self.0.get(usize::from(row)) {
            row.arrived.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// What became of the calls of the tool in `row`. While some are under way the numbers may be
    /// of moments that differ a little.
    #[must_use]
    pub fn of(&self, row: u16) -> ToolStats {
        let Some(row) = self.0.get(usize::from(row)) else { return ToolStats::default() };
        let [errors, refused, nanos, least, most] =
            [&row.errors, &row.refused, &row.nanos, &row.least, &row.most]
                .map(|count| count.load(Ordering::Relaxed));
        let ended: Vec<u64> = row.ended.iter().map(|it| it.load(Ordering::Relaxed)).collect();
        let calls: u64 = ended.iter().sum();
        let arrived = row.arrived.load(Ordering::Relaxed);
        let least = if calls == 0 { 0 } else { least };
        let within = |per_cent: u64| {
            let wanted = (calls * per_cent).div_ceil(100);
            let mut upto = 0;
            let is_there = |count: &u64| {
                upto += count;
                upto >= wanted
            };
            let bucket = ended.iter().position(is_there).filter(|_| calls > 0);
            let nanos = bucket.map_or(0, longest).clamp(least, most.max(least));
            Duration::from_nanos(nanos)
        };
        ToolStats {
            begun: arrived.saturating_sub(refused),
            calls,
            errors,
            refused,
            time: Duration::from_nanos(nanos),
            least: Duration::from_nanos(least),
            most: Duration::from_nanos(most),
            half: within(50),
            nearly_all: within(99),
        }
    }
}

#[cfg(test)]
mod tests {
    use trine_descriptor::{Tool, ToolInfo};

    use super::*;
    use crate::host_tools::table;

    fn three() -> Accounts {
        let tool = |name| Tool::new(ToolInfo::new(name, "Says no."), &[], &[]);
        Accounts::new(&table(&[tool("a"), tool("b"), tool("c")]).unwrap())
    }

    /// Numbers that look random, the same each time.
    struct Draw(u64);

    impl Draw {
        fn next(&mut self, below: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % below
        }
    }

    #[test]
    fn each_time_is_in_a_bucket_that_is_an_eighth_wide() {
        let mut draw = Draw(7);
        let edges = (0..42).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        let some: Vec<_> = (0..10_000).map(|_| draw.next(1 << 42) >> draw.next(42)).collect();
        for nanos in edges.chain(some).filter(|nanos| *nanos < 1 << 42) {
            let (this, longest) = (bucket(nanos), longest(bucket(nanos)));
            assert!(nanos <= longest && longest <= nanos + nanos / 8, "{nanos} {longest}");
            assert!(this == 0 || super::longest(this - 1) < nanos, "{nanos}");
        }
        assert_eq!([bucket(u64::MAX), bucket(1 << 43)], [BUCKETS - 1; 2]);
    }

    #[derive(Clone, Default)]
    struct Model {
        begun: u64,
        refused: u64,
        errors: u64,
        times: Vec<u64>,
    }

    impl Model {
        fn compare(&self, stats: &ToolStats) {
            let mut times = self.times.clone();
            times.sort_unstable();
            let calls = times.len() as u64;
            let counts = [stats.begun, stats.calls, stats.errors, stats.refused, stats.running()];
            let running = self.begun - calls;
            assert_eq!(counts, [self.begun, calls, self.errors, self.refused, running]);
            let nanos = |time: Duration| time.as_nanos() as u64;
            assert_eq!(nanos(stats.time), times.iter().sum::<u64>());
            let [first, last] = [times.first(), times.last()].map(|it| it.copied().unwrap_or(0));
            assert_eq!([nanos(stats.least), nanos(stats.most)], [first, last]);
            for (shown, per_cent) in [(stats.half, 50), (stats.nearly_all, 99)] {
                let place = (calls * per_cent).div_ceil(100).saturating_sub(1) as usize;
                let exact = times.get(place).copied().unwrap_or(0);
                assert!((exact..=exact + exact / 8).contains(&nanos(shown)), "{shown:?} {exact}");
            }
        }
    }

    #[test]
    fn whatever_happens_the_counts_are_those_of_a_list_of_all_calls() {
        let mut draw = Draw(0x9e37_79b9_7f4a_7c15);
        for _ in 0..200 {
            let accounts = three();
            let mut models = [(); 3].map(|()| Model::default());
            let mut under_way = Vec::new();
            for _ in 0..draw.next(300) {
                let row = draw.next(3) as usize;
                match draw.next(5) {
                    0 | 1 => {
                        accounts.begin(row as u16);
                        models[row].begun += 1;
                        under_way.push(row);
                    }
                    2 => {
                        accounts.begin(row as u16);
                        accounts.refuse(row as u16);
                        models[row].refused += 1;
                    }
                    3 => {
                        // Another version runs it.
                        accounts.begin(row as u16);
                        accounts.forget(row as u16);
                    }
                    _ if under_way.is_empty() => {}
                    _ => {
                        let which = draw.next(under_way.len() as u64) as usize;
                        let row = under_way.swap_remove(which);
                        let (nanos, is_error) =
                            (draw.next(1 << 40) >> draw.next(40), draw.next(3) == 0);
                        accounts.end(row as u16, Duration::from_nanos(nanos), is_error);
                        models[row].times.push(nanos);
                        models[row].errors += u64::from(is_error);
                    }
                }
            }
            for (row, model) in models.iter().enumerate() {
                model.compare(&accounts.of(row as u16));
            }
        }
        let none = three();
        none.begin(3);
        none.end(3, Duration::ZERO, true);
        assert_eq!(none.of(3), ToolStats::default());
    }
}
