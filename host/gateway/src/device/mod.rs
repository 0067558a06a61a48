//! One device: who it is, what it can do, and the calls under way.

mod ask;
mod calls;
mod content;
mod driven;
mod factory;
mod listing;
mod pace;
mod provision;
mod report;
mod run;
mod sentence;
mod session;
#[cfg(unix)]
mod share;
#[cfg(not(unix))]
#[path = "unshared.rs"]
mod share;
pub mod sizes;
pub(crate) mod skills;
mod slots;
mod stages;
mod want;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use tracing::{info, warn};
use trine_descriptor::ToolTable;

pub(crate) use ask::{read_json, refused, reporter};
pub(crate) use calls::Leave;
pub use calls::{Asked, CALLS_MAX, Cost, Extra, Ticket, Waiter};
pub use driven::Driven;
pub use factory::{FactoryResult, op as factory_op};
pub use report::CallReport;
pub use sentence::{Understood, Why};
pub use stages::{CallStage, StageMark};
use trine_wire::message::HostMessage;
pub use trine_wire::message::Status;
pub(crate) use want::DeviceWant;

use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::settings::Settings;
use crate::sync::lock;
use crate::table::Table;
use calls::CallRequest;
pub(crate) use session::Introduction;
use session::{Deferred, DeviceSession, Question};
use skills::SkillReader;
use stages::{StageClock, Staged};

/// Whether a device can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was just opened and has some time to answer.
    Coming,
    /// It has shown its tools and answers.
    Online,
    /// It cannot be reached, and why.
    Offline(String),
}

/// How a device is spoken with, as the host sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    /// Version of the wire.
    pub version: u8,
    /// Calls that may be under way at a time.
    pub slots: u8,
    /// Differs from boot to boot; 0 before it was known.
    pub epoch: u32,
    /// Whether every message is tagged.
    pub keyed: bool,
    /// How often a call was sent again because no answer had come.
    pub repeats: u64,
    /// How often the device was lost.
    pub losses: u64,
    /// Messages that were dropped for their tag, or for the want of one.
    pub unauthentic: u64,
}

/// Something that happened on a device and that no one called for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Rises by one with each event of the device.
    pub seq: u32,
    /// Name of the tool that it comes from.
    pub tool: String,
    /// What happened.
    pub text: String,
}

/// What a person at a board can do, where the board is not a real one.
pub(crate) trait Person: Send + Sync {
    /// Presses the button.
    fn press(&self) -> Result<()>;
    /// Wants no such call as the board asks for.
    fn dismiss(&self) -> Result<()>;
    /// Holds the button, which lets the board take a key, or lets go of it.
    fn hold(&self, held: bool) -> Result<()>;
    /// Lets this many board seconds pass in one.
    fn set_time_scale(&self, scale: u32) -> Result<()>;
}

/// What a device says that clients may want to know.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DeviceNews<'a> {
    /// What is under this address has changed.
    Resource(&'a str),
    /// A line of log, of a level from 0, debug, to 7, emergency.
    Log(u8, &'a str),
    /// An event, of the tool of this name.
    Event(&'a str, &'a str),
    /// It could be reached until now, or can be again: a line about it, of such a level.
    Reach(u8, &'a str),
}

/// Someone who is told of events as long as he is there.
pub(crate) trait EventListener: Send + Sync {
    fn event(&self, seq: u32, tool: u16, text: &str);

    /// A resource has changed.
    fn resource_changed(&self, uri: &str);

    /// What the device has next to its tools has changed.
    fn lists_changed(&self);

    /// The device cannot be reached any more.
    fn lost(&self);
}

/// Levels of log, as the wire numbers them.
pub(crate) const NOTICE: u8 = 2;
const WARNING: u8 = 3;

/// How long after a device was opened clients wait for its skills, in milliseconds.
const SKILLS_MS: u64 = 3_000;

type Listener = Box<dyn Fn(&Event) + Send>;
type NewsListener = Box<dyn Fn(&Device, DeviceNews<'_>) + Send + Sync>;

/// A device, in whatever state. Shared by everybody who talks to it.
pub struct Device {
    alias: Option<String>,
    source: String,
    settings: Settings,
    name: Mutex<Arc<str>>,
    /// What of it is not shown to clients, and why.
    problems: Mutex<Arc<[String]>>,
    session: Mutex<DeviceSession>,
    since: Instant,
    frames_bad: AtomicU64,
    closing: AtomicBool,
    person: Option<Arc<dyn Person>>,
    listeners: Mutex<Vec<Listener>>,
    /// Programs that use it through this one.
    guests: Mutex<Vec<Weak<dyn EventListener>>>,
    /// Told of every change of state or tools.
    changed: OnceLock<Box<dyn Fn() + Send + Sync>>,
    /// Told of what clients may want to know.
    news: OnceLock<NewsListener>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
    skills: SkillReader,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device")
            .field("name", &self.name())
            .field("source", &self.source)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

impl Device {
    pub(crate) fn new(
        alias: Option<String>,
        source: String,
        person: Option<Arc<dyn Person>>,
        settings: &Settings,
    ) -> Self {
        let name = alias.as_deref().unwrap_or(&source).into();
        Self {
            alias,
            source,
            settings: settings.clone(),
            name: Mutex::new(name),
            problems: Mutex::default(),
            session: Mutex::new(DeviceSession::new(settings.clone())),
            since: Instant::now(),
            frames_bad: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            person,
            listeners: Mutex::new(Vec::new()),
            guests: Mutex::default(),
            changed: OnceLock::new(),
            news: OnceLock::new(),
            thread: Mutex::new(None),
            skills: SkillReader::default(),
        }
    }

    /// Its link is named by the user: which device proves its key on it is kept.
    pub(crate) fn bind_link(&self, link: String) {
        lock(&self.session).set_link(link);
    }

    /// The name that the user gave it, or the one from its product; the address until it is known.
    #[must_use]
    pub fn name(&self) -> Arc<str> {
        Arc::clone(&lock(&self.name))
    }

    /// The name that the user gave it.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        self.alias.as_deref()
    }

    pub(crate) fn set_name(&self, name: &str) {
        let name: Arc<str> = name.into();
        *lock(&self.name) = Arc::clone(&name);
        lock(&self.session).name = Some(name);
    }

    /// What of it clients are not shown, or should know, in a sentence each.
    #[must_use]
    pub fn problems(&self) -> Arc<[String]> {
        Arc::clone(&lock(&self.problems))
    }

    pub(crate) fn set_problems(&self, problems: Vec<String>) {
        *lock(&self.problems) = problems.into();
    }

    /// Where it is attached: `serial /dev/ttyACM0`, `simulated`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it can be called.
    #[must_use]
    pub fn state(&self) -> State {
        lock(&self.session).state()
    }

    /// Whether it was opened a short while ago and may still answer, or its skills are still read.
    #[must_use]
    pub fn is_coming(&self) -> bool {
        let is_coming = lock(&self.session).is_coming();
        is_coming || self.skills_due().is_some() && self.skills.is_reading()
    }

    /// Whether it is not served, for want of a key or a tag.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        lock(&self.session).is_refused()
    }

    /// Who it says it is, once it has said so.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        lock(&self.session).identity.clone()
    }

    /// Its tools, once they were listed. They stay known while it is offline.
    #[must_use]
    pub fn table(&self) -> Option<Arc<Table>> {
        lock(&self.session).table.clone()
    }

    /// The same where it still says that it is this one.
    pub(crate) fn table_of(&self, identity: &Identity) -> Option<Arc<Table>> {
        let session = lock(&self.session);
        session.table.clone().filter(|_| session.identity.as_ref() == Some(identity))
    }

    /// Stretches of bytes from it that were neither a frame nor text.
    #[must_use]
    pub fn frames_bad(&self) -> u64 {
        self.frames_bad.load(Ordering::Relaxed)
    }

    /// Starts a call of the tool in `row` of `table` with encoded arguments. The waiter hears its
    /// end once, which may be before this returns: then the answer is `None`.
    pub fn call(
        &self,
        table: &Table,
        row: u16,
        args: &[u8],
        waiter: (&Arc<dyn Waiter>, u64),
    ) -> Option<Ticket> {
        self.call_with(table, row, (args, Extra::default()), waiter)
    }

    /// The same with what may come with a call beside its arguments.
    pub fn call_with(
        &self,
        table: &Table,
        row: u16,
        call: (&[u8], Extra<'_>),
        waiter: (&Arc<dyn Waiter>, u64),
    ) -> Option<Ticket> {
        self.call_marked(table, row, call, waiter, None)
    }

    /// The same, and marks the stages of the call.
    fn call_marked(
        &self,
        table: &Table,
        row: u16,
        (args, extra): (&[u8], Extra<'_>),
        (waiter, tag): (&Arc<dyn Waiter>, u64),
        clock: Option<&Arc<StageClock>>,
    ) -> Option<Ticket> {
        let (info, tool) = (table.info(row)?, table.wire_number(row)?);
        let hash = table.hash(row);
        let now = self.now();
        let request = CallRequest { info, tool, hash, args, extra, now, waiter, tag };
        self.with(|session| {
            if let Some(clock) = clock {
                session.staged.set_next(Arc::clone(clock));
            }
            let ticket = session.call(&request);
            if clock.is_some() && ticket.is_none() {
                session.staged = Staged::default();
            }
            // A board in this process has answered by now.
            ticket.filter(|ticket| session.is_under_way(*ticket))
        })
    }

    /// A call that [`Waiter::leaves`] has held may leave, or may never.
    pub(crate) fn let_go(&self) {
        let now = self.now();
        self.with(|session| session.let_go(now));
    }

    /// Gives a call up; its waiter hears no end if it has not heard it already.
    pub fn cancel(&self, ticket: Ticket) {
        let now = self.now();
        self.with(|session| session.cancel(ticket, now));
    }

    /// Calls `each` for every event from now on, from another thread.
    pub fn on_event(&self, each: impl Fn(&Event) + Send + 'static) {
        lock(&self.listeners).push(Box::new(each));
    }

    /// Tells someone of every event from now on, from another thread.
    pub(crate) fn listen(&self, listener: Weak<dyn EventListener>) {
        lock(&self.guests).push(listener);
    }

    fn tell_guests(&self, tell: impl Fn(&dyn EventListener)) {
        let mut guests = lock(&self.guests);
        guests.retain(|guest| guest.strong_count() > 0);
        guests.iter().filter_map(Weak::upgrade).for_each(|guest| tell(&*guest));
    }

    /// What a program is told that uses it through this one; `None` while it is not online.
    pub(crate) fn introduction(&self) -> Option<Introduction> {
        lock(&self.session).introduction()
    }

    /// Presses the board's button, as a person there does. The board has to have shown its question
    /// for a second before.
    ///
    /// # Errors
    /// When the device is neither simulated nor emulated: only a person can press its button.
    pub fn press_button(&self) -> Result<()> {
        self.person()?.press()
    }

    /// Dismisses the board's question, as a person there does who wants no such call.
    ///
    /// # Errors
    /// When the device is neither simulated nor emulated: only a person can be at its board.
    pub fn dismiss_question(&self) -> Result<()> {
        self.person()?.dismiss()
    }

    /// Holds the board's button, as a person there does who lets it take a key; or lets go of it.
    ///
    /// # Errors
    /// When the device is neither simulated nor emulated: only a person can hold its button.
    pub fn hold_button(&self, held: bool) -> Result<()> {
        self.person()?.hold(held)
    }

    /// Sets how much faster than real time the board's clock runs: 1 to 3600.
    ///
    /// # Errors
    /// When the device is neither simulated nor emulated.
    pub fn set_time_scale(&self, scale: u32) -> Result<()> {
        self.person()?.set_time_scale(scale)
    }

    /// Whether [`Self::press_button`] and [`Self::set_time_scale`] can work.
    #[must_use]
    pub const fn has_person(&self) -> bool {
        self.person.is_some()
    }

    fn person(&self) -> Result<&dyn Person> {
        let real = || Error::RealBoard { device: self.name().to_string() };
        self.person.as_deref().ok_or_else(real)
    }

    /// Milliseconds since the device was opened.
    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Works on the session, then does what must not be done while it is locked.
    fn with<R>(&self, work: impl FnOnce(&mut DeviceSession) -> R) -> R {
        let mut session = lock(&self.session);
        let result = work(&mut session);
        if session.deferred.is_empty() {
            return result;
        }
        let deferred = std::mem::take(&mut session.deferred);
        drop(session);
        for each in deferred {
            self.deferred(each);
        }
        result
    }

    fn deferred(&self, deferred: Deferred) {
        match deferred {
            Deferred::Changed => {
                self.tell_guests(|guest| guest.lists_changed());
                self.has_changed();
            }
            Deferred::Resource(uri) => {
                if uri.starts_with(skills::SCHEME) {
                    self.skills.changed();
                    self.has_changed();
                }
                self.tell_guests(|guest| guest.resource_changed(&uri));
                self.tell(DeviceNews::Resource(&uri));
            }
            Deferred::Event { seq, tool, text, is_logged } => {
                self.tell_guests(|guest| guest.event(seq, tool, &text));
                let tool = self.tool_name(tool);
                if is_logged {
                    info!("{}: {tool}: {text}", self.name());
                    self.tell(DeviceNews::Event(&tool, &text));
                }
                let event = Event { seq, tool, text };
                lock(&self.listeners).iter().for_each(|each| each(&event));
            }
            Deferred::Log(level, text) => {
                report::log(&self.name(), level, &text);
                self.tell(DeviceNews::Log(level, &text));
            }
            Deferred::Reach { is_there, text } => {
                if !is_there {
                    self.tell_guests(|guest| guest.lost());
                }
                let level = if is_there { NOTICE } else { WARNING };
                self.tell(DeviceNews::Reach(level, &text));
            }
            Deferred::Text(text) => info!("{}| {text}", self.name()),
            Deferred::Good(text) => info!("{}: {text}", self.name()),
            Deferred::Note(text) => warn!("{}: {text}", self.name()),
        }
    }

    /// Tells the hub that what is shown of the device may be another now.
    pub(crate) fn has_changed(&self) {
        if let Some(changed) = self.changed.get() {
            changed();
        }
    }

    /// How long clients still wait for its skills; `None` when they do not.
    pub(crate) fn skills_due(&self) -> Option<Duration> {
        Duration::from_millis(SKILLS_MS).checked_sub(self.since.elapsed())
    }

    /// What reads its skills.
    pub(crate) const fn skill_reader(&self) -> &SkillReader {
        &self.skills
    }

    fn tell(&self, news: DeviceNews<'_>) {
        if let Some(told) = self.news.get() {
            told(self, news);
        }
    }

    fn tool_name(&self, number: u16) -> String {
        let table = self.table();
        let info = table.as_ref().and_then(|table| table.info(table.row_of(number)?));
        info.map_or_else(|| format!("tool {number}"), |info| info.name.to_owned())
    }

    /// Ends its calls and its thread.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.with(DeviceSession::close);
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            thread.thread().unpark();
            // A thread that has panicked has said so already.
            drop(thread.join());
        }
    }

    pub(crate) fn set_on_news(&self, told: NewsListener) {
        // Set once, as below.
        drop(self.news.set(told));
    }

    pub(crate) fn set_on_change(&self, changed: Box<dyn Fn() + Send + Sync>) {
        // Set once, by the hub that made the device.
        drop(self.changed.set(changed));
    }

    /// How it is spoken with.
    #[must_use]
    pub fn wire(&self) -> Wire {
        let session = lock(&self.session);
        let protocol = session.protocol;
        Wire {
            version: protocol.wire,
            slots: protocol.slots,
            epoch: protocol.epoch,
            keyed: protocol.keyed,
            repeats: session.resends,
            losses: session.losses,
            unauthentic: session.unauthentic(),
        }
    }

    /// Its counters and high-water marks; `None` when it does not answer within `patience`.
    #[must_use]
    pub fn status(&self, patience: Duration) -> Option<Status> {
        let (send, receive) = std::sync::mpsc::channel();
        let now = self.now();
        self.with(|session| session.question(Question::Status(send), &HostMessage::Status, now));
        receive.recv_timeout(patience).ok()
    }
}
