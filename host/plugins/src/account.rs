//! What a plug-in has used, and what is still held of it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use semver::Version;
use trine_descriptor::ToolTable as _;
use trine_gateway::host_tools::{Accounts, ToolStats};
use trine_gateway::table::Table;
use trine_limits::{MaxRss, System, rss};
use trine_resources::{Error, Limit, Quota, Quotas};

use crate::call::CallMemory;
use crate::isolate::ProcessUsage;
use crate::ledger::{Budget, Claim, Ledger};
use crate::load::{About, Needs};
use crate::plugins::Plugins;
use crate::sys::ThreadClock;

/// What one version of a plug-in has used, and holds.
#[derive(Clone, Debug)]
pub struct Usage {
    /// The plug-in.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Whether it gets calls, or was taken out.
    pub serves: bool,
    /// Threads that are in a function of it which has not returned in its time.
    pub threads_lost: u32,
    /// Its state was not freed, since such a thread may still use it.
    pub is_state_left: bool,
    /// What it has of the budgets.
    pub holds: Holds,
    /// Most bytes of memory that one of its calls had of this program (`trine_plugin_memory`); 0
    /// where it runs in a process of its own, or as a module.
    pub call_memory: u64,
    /// Its tools.
    pub tools: Vec<ToolUsage>,
    /// What its processes have used, where it runs in one of its own.
    pub process: Option<ProcessUsage>,
}

/// What a plug-in has of the budgets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of a graphics processor's memory.
    pub gpu_memory: u64,
    /// Processors.
    pub processors: u32,
    /// Devices, by name; those that others may hold too have `shared` behind them.
    pub devices: Vec<String>,
}

/// What a tool has used.
#[derive(Clone, Debug)]
pub struct ToolUsage {
    /// The tool.
    pub name: String,
    /// What became of its calls.
    pub calls: ToolStats,
    /// Processor time of its functions; zero where it is not measured: in modules, in plug-ins
    /// whose functions return at once and that have no limit of it, and outside of Linux. In a
    /// process of its own, calls that run at a time have equal parts of what that uses, as of some
    /// milliseconds ago.
    pub cpu: Duration,
}

impl Usage {
    /// The processor time of all tools; where it runs in a process of its own, of that process and
    /// those before, with what they use beside calls.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        let tools = self.tools.iter().map(|tool| tool.cpu).sum();
        self.process.as_ref().map_or(tools, |process| process.cpu.max(tools))
    }

    /// Whether something of it is still held that would not be if it had ended well.
    #[must_use]
    pub const fn is_left(&self) -> bool {
        !self.serves && (self.threads_lost > 0 || self.is_state_left)
    }
}

/// A function of a tool that is running on a thread of the plug-in.
struct Inside {
    row: u16,
    clock: ThreadClock,
    /// The processor time of the thread when it began.
    began: Duration,
}

/// The account of one version of a plug-in.
pub(crate) struct Account {
    about: Arc<About>,
    table: Arc<Table>,
    calls: Arc<Accounts>,
    /// The memory of this program, above which it gets no calls.
    max_rss: Option<Arc<MaxRss>>,
    /// Nanoseconds of processor time of each tool's functions that have returned.
    cpu: Box<[AtomicU64]>,
    inside: Mutex<Vec<Arc<Inside>>>,
    lost: AtomicU32,
    is_state_left: AtomicBool,
    is_down: AtomicBool,
    /// Its calls per second and processor time, where they have limits.
    quota: Option<Mutex<Metered>>,
    /// What it has, until it ends well.
    claim: Mutex<Option<Claim>>,
    /// What reads what its processes have used.
    process: OnceLock<Reader>,
    /// What its calls may have, and had, where they run in this process.
    memory: Arc<CallMemory>,
}

/// Reads what the processes of a plug-in have used; `None` when they are gone.
pub(crate) type Reader = Box<dyn Fn() -> Option<ProcessUsage> + Send + Sync>;

/// Ends an account when it is dropped, which who has it does when nothing of the plug-in runs any
/// more.
pub(crate) struct Over(Arc<Account>);

impl Over {
    pub(crate) fn of(account: &Arc<Account>) -> Self {
        Self(Arc::clone(account))
    }
}

impl Drop for Over {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The account of a plug-in, where it has one: in a process of its own it has none, since the
/// program that started that keeps it.
#[derive(Clone, Default)]
pub(crate) struct Charged(Option<Arc<Account>>);

impl Charged {
    pub(crate) fn to(account: &Arc<Account>) -> Self {
        Self(Some(Arc::clone(account)))
    }

    /// What its calls may have; of one without an account, that of a plug-in of these needs.
    pub(crate) fn call_memory(&self, memory_max: u64) -> Arc<CallMemory> {
        let own = self.0.as_ref().map(|account| Arc::clone(&account.memory));
        own.unwrap_or_else(|| Arc::new(CallMemory::new(memory_max)))
    }

    fn tell(&self, what: impl FnOnce(&Account)) {
        if let Some(account) = &self.0 {
            what(account);
        }
    }

    pub(crate) fn lose_thread(&self) {
        self.tell(Account::lose_thread);
    }

    pub(crate) fn find_thread(&self) {
        self.tell(Account::find_thread);
    }

    pub(crate) fn leave_state(&self) {
        self.tell(Account::leave_state);
    }

    pub(crate) fn free_state(&self) {
        self.tell(Account::free_state);
    }

    /// Adds processor time of a tool.
    #[cfg(target_os = "linux")]
    pub(crate) fn charge(&self, row: u16, cpu: Duration) {
        self.tell(|account| account.charge(row, cpu));
    }

    #[inline]
    pub(crate) fn has_cpu_limit(&self) -> bool {
        self.0.as_ref().is_some_and(|account| account.has_cpu_limit())
    }

    /// As [`Account::measured`].
    pub(crate) fn measured<T>(&self, row: u16, work: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(account) => account.measured(row, work),
            None => work(),
        }
    }
}

struct Metered {
    quota: Quota,
    began: Instant,
    /// Microseconds of processor time that were charged.
    charged: u64,
}

/// A minute in microseconds.
const WINDOW: u64 = 60_000_000;

impl Metered {
    fn new(needs: &Needs) -> Option<Mutex<Self>> {
        let cpu_time = u64::try_from(needs.cpu_per_minute.as_micros()).unwrap_or(u64::MAX);
        let calls_per_second = needs.calls_per_second;
        if cpu_time == 0 && calls_per_second == 0 {
            return None;
        }
        let quotas = Quotas { calls_per_second, burst: 0, cpu_time, window: WINDOW };
        let (quota, began) = (Quota::new(&quotas, 0), Instant::now());
        Some(Mutex::new(Self { quota, began, charged: 0 }))
    }

    /// Charges what was used since the last time. Answers the time.
    fn charge(&mut self, cpu: Duration) -> u64 {
        let now = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let cpu = u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX);
        self.quota.charge_cpu(now, cpu.saturating_sub(self.charged));
        self.charged = cpu.max(self.charged);
        now
    }
}

impl Account {
    pub(crate) fn new(
        about: &Arc<About>,
        table: &Arc<Table>,
        max_rss: Option<&Arc<MaxRss>>,
        claim: Claim,
    ) -> Arc<Self> {
        Arc::new(Self {
            quota: Metered::new(&about.needs),
            claim: Mutex::new(Some(claim)),
            max_rss: max_rss.cloned(),
            about: Arc::clone(about),
            table: Arc::clone(table),
            calls: Arc::new(Accounts::new(table)),
            cpu: (0..table.count()).map(|_| AtomicU64::new(0)).collect(),
            inside: Mutex::default(),
            lost: AtomicU32::new(0),
            is_state_left: AtomicBool::new(false),
            is_down: AtomicBool::new(false),
            process: OnceLock::new(),
            memory: Arc::new(CallMemory::new(about.needs.memory_max)),
        })
    }

    /// The plug-in.
    pub(crate) fn name(&self) -> &str {
        &self.about.name
    }

    /// Has what its processes use read.
    pub(crate) fn read_process(&self, reader: Reader) {
        // It is told once.
        _ = self.process.set(reader);
    }

    #[cfg(target_os = "linux")]
    fn charge(&self, row: u16, cpu: Duration) {
        if let Some(sum) = self.cpu.get(usize::from(row)) {
            let nanos = u64::try_from(cpu.as_nanos()).unwrap_or(u64::MAX);
            sum.fetch_add(nanos, Ordering::Relaxed);
        }
    }

    pub(crate) const fn calls(&self) -> &Arc<Accounts> {
        &self.calls
    }

    /// Whether calls may begin at all.
    #[inline]
    pub(crate) fn is_open(&self) -> Result<(), String> {
        self.max_rss.as_ref().map_or(Ok(()), |watch| watch.check())
    }

    /// Lets a call in, or says why not, and when it may be tried again.
    #[inline]
    pub(crate) fn admit(&self) -> Result<(), String> {
        self.is_open()?;
        let Some(metered) = &self.quota else { return Ok(()) };
        let cpu = if self.has_cpu_limit() { self.cpu() } else { Duration::ZERO };
        let mut metered = metered.lock().unwrap_or_else(PoisonError::into_inner);
        let now = metered.charge(cpu);
        metered.quota.admit(now).map_err(|error| self.refusal(&error))
    }

    fn refusal(&self, error: &Error) -> String {
        let About { name, needs, .. } = &*self.about;
        let Error::Quota { limit, wait } = *error else { return error.to_string() };
        // Rounded up: then it may be tried again.
        let wait = wait.div_ceil(1_000) as f64 / 1_000.0;
        match limit {
            Limit::CpuTime => {
                let cpu = needs.cpu_per_minute.as_secs_f64();
                format!(
                    "the plug-in {name} has used its {cpu} s of processor time a minute: try again \
                     in {wait} s"
                )
            }
            _ => {
                let calls = needs.calls_per_second;
                format!("the plug-in {name} takes {calls} calls a second: try again in {wait} s")
            }
        }
    }

    /// Whether its processor time has a limit, so that it is measured everywhere.
    #[inline]
    pub(crate) fn has_cpu_limit(&self) -> bool {
        !self.about.needs.cpu_per_minute.is_zero()
    }

    /// Has a new version share what this one has; see [`Ledger::take_over`].
    pub(crate) fn claim_over(&self, ledger: &Arc<Ledger>, needs: &Needs) -> Result<Claim, String> {
        match &*self.claim.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(claim) => ledger.take_over(claim, &self.about.name, needs),
            None => ledger.take(&self.about.name, needs),
        }
    }

    fn inside(&self) -> MutexGuard<'_, Vec<Arc<Inside>>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the function of a tool on this thread and counts its processor time, which can be read
    /// while it runs.
    pub(crate) fn measured<T>(&self, row: u16, work: impl FnOnce() -> T) -> T {
        let clock = ThreadClock::own();
        let began = clock.as_ref().and_then(ThreadClock::now);
        let Some((clock, began)) = clock.zip(began) else { return work() };
        let inside = Arc::new(Inside { row, clock, began });
        self.inside().push(Arc::clone(&inside));
        let done = work();
        let mut all = self.inside();
        all.retain(|other| !Arc::ptr_eq(other, &inside));
        // Both under the lock: who reads the sum sees it once.
        if let Some(cpu) = self.cpu.get(usize::from(row)) {
            cpu.fetch_add(inside.nanos(), Ordering::Relaxed);
        }
        drop(all);
        if let Some(metered) = self.quota.as_ref().filter(|_| self.has_cpu_limit()) {
            let cpu = self.cpu();
            metered.lock().unwrap_or_else(PoisonError::into_inner).charge(cpu);
        }
        done
    }

    /// Nanoseconds of processor time of a tool, with those of functions that are running.
    fn cpu_of(&self, row: u16, inside: &[Arc<Inside>]) -> u64 {
        let done = self.cpu.get(usize::from(row)).map_or(0, |cpu| cpu.load(Ordering::Relaxed));
        let running = inside.iter().filter(|it| it.row == row).map(|it| it.nanos());
        running.fold(done, u64::saturating_add)
    }

    /// The processor time of all tools up to now.
    pub(crate) fn cpu(&self) -> Duration {
        let inside = self.inside();
        let all = (0..self.table.count()).map(|row| self.cpu_of(row, &inside));
        Duration::from_nanos(all.fold(0, u64::saturating_add))
    }

    /// A thread has not returned in its time.
    pub(crate) fn lose_thread(&self) {
        self.lost.fetch_add(1, Ordering::SeqCst);
    }

    /// It has returned after all.
    pub(crate) fn find_thread(&self) {
        self.lost.fetch_sub(1, Ordering::SeqCst);
        self.settle();
    }

    /// The state of the plug-in stays: a function may still use it.
    pub(crate) fn leave_state(&self) {
        self.is_state_left.store(true, Ordering::SeqCst);
    }

    /// That function has returned, and the state was freed.
    fn free_state(&self) {
        self.is_state_left.store(false, Ordering::SeqCst);
        self.settle();
    }

    /// The last call has ended, and its `shutdown` has returned. What it has is given back, but
    /// where a thread of it may still use that: then it is when that returns.
    pub(crate) fn end(&self) {
        self.is_down.store(true, Ordering::SeqCst);
        self.settle();
    }

    /// Gives back what it has where it is over. Each thread that changes what this depends on looks
    /// after that, so that the last one sees all of it.
    fn settle(&self) {
        if self.is_over() {
            drop(self.claim.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }

    /// Whether it has ended and nothing is left of it.
    pub(crate) fn is_over(&self) -> bool {
        self.is_down.load(Ordering::SeqCst)
            && self.lost.load(Ordering::SeqCst) == 0
            && !self.is_state_left.load(Ordering::SeqCst)
    }

    pub(crate) fn usage(&self, serves: bool) -> Usage {
        let claim = self.claim.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = claim.as_ref().map(Claim::holds).unwrap_or_default();
        drop(claim);
        let inside = self.inside();
        let tool = |row: u16| ToolUsage {
            name: self.table.info(row).map(|info| info.name.to_owned()).unwrap_or_default(),
            calls: self.calls.of(row),
            cpu: Duration::from_nanos(self.cpu_of(row, &inside)),
        };
        Usage {
            name: self.about.name.clone(),
            version: self.about.version.clone(),
            serves,
            threads_lost: self.lost.load(Ordering::Acquire),
            is_state_left: self.is_state_left.load(Ordering::Acquire),
            holds,
            call_memory: self.memory.most(),
            tools: (0..self.table.count()).map(tool).collect(),
            process: self.process.get().and_then(|read| read()),
        }
    }
}

impl Inside {
    fn nanos(&self) -> u64 {
        let used = self.clock.now().unwrap_or(self.began).saturating_sub(self.began);
        u64::try_from(used.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Bytes of memory that this process has; 0 where the system does not say.
#[must_use]
pub fn memory_now() -> u64 {
    rss(&System).unwrap_or(0)
}

impl Plugins {
    /// What plug-ins may have together.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        self.0.ledger.budget()
    }

    /// What plug-ins have now, together.
    #[must_use]
    pub fn given(&self) -> Holds {
        self.0.ledger.given()
    }

    /// What each version has used that serves, and what those hold that do not any more: calls
    /// under way, threads that have not returned, a state that such a thread may use.
    #[must_use]
    pub fn usage(&self) -> Vec<Usage> {
        self.0.book.usage(&self.0.all_serving())
    }
}

/// The accounts of the versions that serve, or of which something is left.
#[derive(Default)]
pub(crate) struct Book(Mutex<Vec<Arc<Account>>>);

impl Book {
    fn all(&self) -> MutexGuard<'_, Vec<Arc<Account>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|account| !account.is_over());
        all
    }

    pub(crate) fn add(&self, account: &Arc<Account>) {
        self.all().push(Arc::clone(account));
    }

    pub(crate) fn usage(&self, serving: &[Arc<Account>]) -> Vec<Usage> {
        let serves = |account: &Arc<Account>| serving.iter().any(|it| Arc::ptr_eq(it, account));
        self.all().iter().map(|it| it.usage(serves(it))).collect()
    }
}
