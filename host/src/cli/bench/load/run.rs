//! A run: connections that take requests, as fast as they are answered or as they become due.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use trine::{Error, Result};
use trine_client::Prepared;

use super::wire::{Connection, Fault};

/// Connections that are opened at the same time.
const OPENING: u32 = 64;
/// How long a connection that could not be opened again waits.
const PAUSE: Duration = Duration::from_millis(100);
/// How often progress is shown, and whether the run is over looked at.
const TICK: Duration = Duration::from_millis(500);
/// The longest latency that is told apart, a day, in nanoseconds.
const LATENCY_MAX: u64 = 86_400_000_000_000;
/// Significant digits of latencies.
const DIGITS: u8 = 3;

/// When a run ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Amount {
    Requests(u64),
    Time(Duration),
}

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) connections: u32,
    pub(super) amount: Amount,
    /// Requests per second that are due.
    pub(super) rate: Option<u32>,
    pub(super) timeout: Duration,
}

/// Whether a call has a result.
type Checked = std::result::Result<(), Fault>;

/// What was measured.
#[derive(Clone)]
pub(super) struct Outcome {
    /// Nanoseconds from the time at which a request was due to its result.
    pub(super) latency: Histogram<u64>,
    /// Nanoseconds from the time at which a request was due until it was sent.
    pub(super) late: Histogram<u64>,
    pub(super) errors: BTreeMap<Fault, u64>,
    /// Bytes of the bodies of requests and answers.
    pub(super) bytes: [u64; 2],
    pub(super) elapsed: Duration,
}

/// A run under way.
struct Run {
    plan: Plan,
    prepared: Prepared,
    begin: Instant,
    /// Requests in all, where that is known.
    total: Option<u64>,
    /// When no further request is sent.
    end: Option<Instant>,
    taken: AtomicU64,
    /// A permit for each request that is due.
    due: Semaphore,
    outcome: Mutex<Outcome>,
}

/// Threads for the connections: half of the cores, so that a server on the same machine has some.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread().worker_threads((cores / 2).max(1)).enable_all().build()
}

/// Opens the connections, and makes calls until the amount is done.
pub(super) async fn run(prepared: &Prepared, plan: Plan) -> Result<Outcome> {
    let connections = open_all(prepared, plan).await?;
    let run = Arc::new(Run::new(prepared.clone(), plan, Outcome::empty()?));
    if let (Some(rate), Some(total)) = (plan.rate, run.total) {
        let run = Arc::clone(&run);
        short_sleeps();
        let pacer = std::thread::Builder::new().name("pacer".to_owned());
        pacer.spawn(move || run.pace(rate, total)).map_err(Error::Runtime)?;
    }
    let mut tasks = JoinSet::new();
    for connection in connections {
        tasks.spawn(Arc::clone(&run).requests(connection));
    }
    let shows = std::io::stderr().is_terminal();
    loop {
        match timeout(TICK, tasks.join_next()).await {
            Ok(None) => break,
            Ok(Some(_)) => {}
            Err(_) if shows => run.show_progress(),
            Err(_) => {}
        }
    }
    if shows && run.begin.elapsed() > TICK {
        eprint!("\r{:60}\r", "");
    }
    let mut outcome = run.outcome().clone();
    outcome.elapsed = run.begin.elapsed();
    Ok(outcome)
}

async fn open_all(prepared: &Prepared, plan: Plan) -> Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(plan.connections as usize);
    let mut left = plan.connections;
    while left > 0 {
        let mut opening = JoinSet::new();
        for _ in 0..left.min(OPENING) {
            let address = prepared.address().to_owned();
            opening.spawn(async move { Connection::open(&address, plan.timeout).await });
        }
        left -= left.min(OPENING);
        while let Some(opened) = opening.join_next().await {
            let opened = opened.unwrap_or_else(|error| Err(error.into()));
            let number = connections.len() + 1;
            let connection = opened.map_err(|source| Error::NoConnection {
                number,
                count: plan.connections,
                source,
            })?;
            connections.push(connection);
        }
    }
    Ok(connections)
}

/// Lets threads that start from here wake up on time: Linux lets a thread sleep for 50 us longer
/// than it asked for. Where this cannot be set, requests are sent that much later.
fn short_sleeps() {
    drop(std::fs::write("/proc/self/timerslack_ns", "1"));
}

impl Outcome {
    fn empty() -> Result<Self> {
        let latency = Histogram::new_with_max(LATENCY_MAX, DIGITS);
        let latency = latency.map_err(|error| Error::Runtime(std::io::Error::other(error)))?;
        let (late, errors) = (latency.clone(), BTreeMap::new());
        Ok(Self { latency, late, errors, bytes: [0; 2], elapsed: Duration::ZERO })
    }

    fn add(&mut self, fault: Fault) {
        *self.errors.entry(fault).or_default() += 1;
    }
}

impl Run {
    fn new(prepared: Prepared, plan: Plan, outcome: Outcome) -> Self {
        let begin = Instant::now();
        let total = match (plan.amount, plan.rate) {
            (Amount::Requests(requests), _) => Some(requests),
            (Amount::Time(time), Some(rate)) => Some(time.as_secs() * u64::from(rate)),
            (Amount::Time(_), None) => None,
        };
        let end = match (plan.amount, plan.rate.zip(total)) {
            (_, Some((rate, total))) => Some(begin + offset(total, rate) + plan.timeout),
            (Amount::Time(time), None) => Some(begin + time),
            (Amount::Requests(_), None) => None,
        };
        let (taken, due, outcome) = (AtomicU64::new(0), Semaphore::new(0), Mutex::new(outcome));
        Self { plan, prepared, begin, total, end, taken, due, outcome }
    }

    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands out the requests as they become due.
    fn pace(&self, rate: u32, total: u64) {
        let mut given = 0;
        while given < total {
            let now = self.begin.elapsed();
            let due = now.as_nanos() * u128::from(rate) / 1_000_000_000 + 1;
            let due = u64::try_from(due).unwrap_or(u64::MAX).min(total);
            self.permit(due - given);
            given = due;
            std::thread::sleep(offset(given, rate).saturating_sub(self.begin.elapsed()));
        }
        // Each connection then sees that there are no more.
        self.permit(self.plan.connections.into());
    }

    fn permit(&self, count: u64) {
        self.due.add_permits(usize::try_from(count).unwrap_or(usize::MAX));
    }

    /// When the next request of a connection is due; `None` when there are no more.
    async fn next(&self) -> Option<Instant> {
        let Some(rate) = self.plan.rate else {
            let now = Instant::now();
            let is_over = self.end.is_some_and(|end| now >= end);
            let is_last = self.total.is_some_and(|total| self.take() >= total);
            return (!is_over && !is_last).then_some(now);
        };
        self.due.acquire().await.ok()?.forget();
        let index = self.take();
        (Some(index) < self.total).then(|| self.begin + offset(index, rate))
    }

    fn take(&self) -> u64 {
        self.taken.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes calls over one connection, which is opened again when it ends.
    async fn requests(self: Arc<Self>, connection: Connection) {
        let mut connection = Some(connection);
        while let Some(due) = self.next().await {
            let began = Instant::now();
            if self.plan.rate.is_some() && self.end.is_some_and(|end| began >= end) {
                self.outcome().add(Fault::Unsent);
                continue;
            }
            if let Err(fault) = self.request(&mut connection, due).await {
                self.outcome().add(fault);
                if fault.ends_connection() {
                    connection = None;
                }
                if matches!(fault, Fault::Connect(_)) {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Makes one call.
    async fn request(&self, at: &mut Option<Connection>, due: Instant) -> Checked {
        let limit = self.plan.timeout;
        let connection = match at.take().filter(|connection| !connection.is_closed()) {
            Some(connection) => at.insert(connection),
            None => {
                let opened = Connection::open(self.prepared.address(), limit).await;
                at.insert(opened.map_err(|error| Fault::Connect(error.kind()))?)
            }
        };
        let (late, mut sent) = (due.elapsed(), 0);
        let answered = connection.send(&self.prepared, &mut sent, limit).await;
        let latency = due.elapsed();
        let (checked, received) = match answered {
            Ok((id, answer)) => (answer.check(id), answer.bytes()),
            Err(fault) => (Err(fault), 0),
        };
        let mut outcome = self.outcome();
        outcome.bytes = [outcome.bytes[0] + sent, outcome.bytes[1] + received];
        outcome.late.saturating_record(nanoseconds(late));
        if checked.is_ok() {
            outcome.latency.saturating_record(nanoseconds(latency));
        }
        checked
    }

    fn show_progress(&self) {
        let outcome = self.outcome();
        let (done, failed) = (outcome.latency.len(), outcome.errors.values().sum::<u64>());
        drop(outcome);
        let seconds = self.begin.elapsed().as_secs();
        eprint!("\r{seconds} s: {done} answered, {failed} failed");
    }
}

/// When a request is due after the begin of a run.
fn offset(index: u64, rate: u32) -> Duration {
    let nanoseconds = u128::from(index) * 1_000_000_000 / u128::from(rate.max(1));
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_at_equal_distances_without_drift() {
        assert_eq!(offset(0, 3), Duration::ZERO);
        assert_eq!(offset(1, 1000), Duration::from_millis(1));
        assert_eq!(offset(3_000_000, 3), Duration::from_secs(1_000_000));
        assert_eq!(offset(86_400_000_000, 1_000_000), Duration::from_secs(86_400));
    }
}
