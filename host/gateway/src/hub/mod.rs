//! All devices of one process, under their names.

mod apps;
mod asks;
mod build;
mod calls;
mod catalog;
mod names;
mod open;
mod own;
mod person;
mod pinned;
mod shelf;
mod shown;
mod told;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use trine_journal::{Journal, Options as JournalOptions};
use trine_mcp::notify::Changed;

pub(crate) use apps::shown as shown_address;
pub use calls::Cancel;
pub use catalog::Snapshot;
pub(crate) use catalog::{Entry, Owner};
pub(crate) use shelf::HubShelf;

use crate::args::Prefix;
use crate::ask_tool::{KnownTools, NAME_ALL};
use crate::device::{Device, DeviceNews, NOTICE};
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::settings::{Alias, DeviceId};
use crate::suggest::did_you_mean;
use crate::sync::lock;
use names::Named;
use own::Own;
use pinned::Pinned;
use shown::Shown;

/// What clients may want to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News<'a> {
    /// A list has changed.
    List(Changed),
    /// What is under an address has changed.
    Resource(&'a str),
    /// A device has sent a line of log, of a level from 0, debug, to 7, emergency.
    Log { device: &'a str, level: u8, text: &'a str },
    /// A device that clients were shown could be reached until now, or can be again. Its tools stay
    /// in the list. A line about it, as of log.
    Reach { device: &'a str, level: u8, text: &'a str },
}

/// Someone who is told of changes.
pub(crate) trait Observer: Send + Sync {
    fn told(&self, news: News<'_>);
}

/// All devices of one process. Dropping it closes them and ends what it started.
///
/// ```
/// use std::time::Duration;
///
/// use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
/// use trine_mcp::Catalog as _;
///
/// let args = DeviceArgs { simulate: vec!["north".into()], ..DeviceArgs::default() };
/// let hub = Hub::open_with(&args, Prefix::Auto, &Settings::none())?;
/// assert!(hub.wait_ready(Duration::from_secs(60)));
/// assert!(hub.find("north").is_ok());
/// // What an MCP client is shown.
/// assert!(hub.snapshot().find(b"fan_set").is_some());
/// # Ok::<(), trine_gateway::Error>(())
/// ```
pub struct Hub {
    devices: Vec<Arc<Device>>,
    prefix: Prefix,
    snapshot: Mutex<Arc<Snapshot>>,
    /// Rises with each new snapshot.
    version: AtomicU64,
    /// The names that clients were shown; locked while the list is made.
    shown: Mutex<Shown>,
    /// What the tools were when their devices were first used.
    pinned: Pinned,
    progress: Mutex<Progress>,
    changed: Condvar,
    observers: Mutex<Vec<Weak<dyn Observer>>>,
    /// Names that the user keeps by serial number.
    aliases: Vec<Alias>,
    /// The folder that tasks are kept in.
    tasks: Option<PathBuf>,
    /// Where calls that have an id are recorded.
    journal: OnceLock<Arc<Journal>>,
    /// The tools that the gateway's model knows, if it has one.
    known: OnceLock<KnownTools>,
    /// It has clients, who want what is read from devices beforehand.
    serves: AtomicBool,
    /// It may be served before it has any tools.
    expects_tools: AtomicBool,
    /// Tools of this program.
    own: Mutex<Vec<Own>>,
    /// The socket of `--button`, which goes away with the hub.
    socket: Mutex<Option<PathBuf>>,
}

/// How far the devices have come, as far as the list of tools shows it.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Every device has shown its tools, or is one that is not served.
    ready: bool,
    /// No device is still coming up; once true it stays.
    settled: bool,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("devices", &self.devices).finish_non_exhaustive()
    }
}

impl Hub {
    /// The folder that tasks are kept in.
    pub(crate) fn tasks_folder(&self) -> Option<&Path> {
        self.tasks.as_deref()
    }

    pub(crate) fn journal(&self) -> Option<&Arc<Journal>> {
        self.journal.get()
    }

    /// Records calls to which clients give an id (`trine/call-id` in `_meta`) in a file, so that
    /// none runs twice, whenever this program is killed. Servers that are built from here on use
    /// it. What is found in the file is logged.
    ///
    /// # Errors
    /// When the file cannot be opened, is in use, or is no journal; or the hub has one.
    pub fn keep_journal(&self, path: &Path, options: JournalOptions) -> Result<()> {
        let (journal, report) = Journal::open(path, options).map_err(Error::Journal)?;
        told::found(path, &report);
        self.journal.set(Arc::new(journal)).map_err(|_| Error::SecondJournal)
    }

    /// Waits until every device has shown its tools or is refused, or `patience` is over. Answers
    /// whether it is so.
    pub fn wait_ready(&self, patience: Duration) -> bool {
        self.wait(patience, |progress| progress.ready)
    }

    /// Waits until every device has shown its tools or has failed to come up. That takes three
    /// seconds at most after [`Self::open`]. Answers whether it is so.
    pub fn wait_settled(&self, patience: Duration) -> bool {
        self.wait(patience, |progress| progress.settled)
    }

    /// Whether no device is still coming up.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        lock(&self.progress).settled
    }

    fn wait(&self, patience: Duration, done: impl Fn(&Progress) -> bool) -> bool {
        let progress = lock(&self.progress);
        let waiting = |progress: &mut Progress| !done(progress);
        let (progress, _) = self
            .changed
            .wait_timeout_while(progress, patience, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        done(&progress)
    }

    /// The devices in the order of their names.
    #[must_use]
    pub fn devices(&self) -> Vec<Arc<Device>> {
        let mut devices = self.devices.clone();
        devices.sort_by_key(|device| device.name());
        devices
    }

    /// The device of that name.
    ///
    /// # Errors
    /// With the names of the devices, when none has this one.
    pub fn find(&self, name: &str) -> Result<Arc<Device>> {
        let devices = self.devices();
        if let Some(device) = devices.iter().find(|device| &*device.name() == name) {
            return Ok(Arc::clone(device));
        }
        let names: Vec<_> = devices.iter().map(|device| device.name()).collect();
        if names.is_empty() {
            return Err(Error::NoDevice);
        }
        let meant = did_you_mean(name, names.iter().map(|name| &**name));
        Err(Error::UnknownDevice { name: name.to_owned(), known: names.join(", "), meant })
    }

    /// The tools of all devices as clients see them now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&lock(&self.snapshot))
    }

    /// Rises with each new [`Self::snapshot`].
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Hides each tool that is not as it was when its device was first used, until it is trusted
    /// ([`crate::Settings::trust`]).
    pub fn set_strict(&self) {
        self.pinned.set_strict();
        self.rebuild();
    }

    /// Reads from now on what clients want to have at once: the skills of devices. A command that
    /// makes one call leaves them unread.
    pub(crate) fn begin_to_serve(&self) {
        if !self.serves.swap(true, Ordering::AcqRel) {
            lock(&self.progress).settled = false;
            self.rebuild();
        }
    }

    /// Lets this hub be served before it has any tools: they are added later.
    pub fn expect_tools(&self) {
        self.expects_tools.store(true, Ordering::Release);
    }

    /// Whether there is nothing to serve.
    pub(crate) fn is_empty(&self) -> bool {
        let expects_none = !self.expects_tools.load(Ordering::Acquire);
        expects_none && self.devices.is_empty() && lock(&self.own).is_empty()
    }

    /// Tells the tools of this program that it is about to end.
    pub(crate) fn end_own(&self) {
        let own: Vec<_> = lock(&self.own).iter().map(|own| Arc::clone(&own.served)).collect();
        own.iter().for_each(|served| served.tools().end());
    }

    /// Looks whether someone trusts by now what has changed.
    pub(crate) fn look_again(&self) {
        // Else nothing is hidden that could be shown.
        let is_waiting = || self.devices.iter().any(|device| !device.problems().is_empty());
        if self.pinned.is_strict() && is_waiting() && self.pinned.is_stale() {
            self.rebuild();
        }
    }

    /// Does what a person at the boards says: `button`, or `scale N`.
    ///
    /// # Errors
    /// When it is neither, or a board does not notice it.
    pub(crate) fn obey(&self, line: &str) -> Result<()> {
        person::obey(line, self)
    }

    pub(crate) fn observe(&self, observer: Weak<dyn Observer>) {
        self.forget_observers();
        lock(&self.observers).push(observer);
    }

    /// Gives back what is left of observers that are gone: clients come and go without news.
    pub(crate) fn forget_observers(&self) {
        let mut observers = lock(&self.observers);
        observers.retain(|observer| observer.strong_count() > 0);
        observers.shrink_to_fit();
    }

    /// Shows, beside the tools of each device that a model reads, one that takes sentences, and one
    /// over all tools where the model reads any.
    pub(crate) fn offer(&self, known: KnownTools) {
        let is_taken = |own: &Own| own::has(own.served.table(), NAME_ALL);
        if known.is_any() && lock(&self.own).iter().any(is_taken) {
            tracing::error!("a tool of this program is called '{NAME_ALL}': give it another name");
        }
        // It is offered once, by the gateway that has the model.
        if self.known.set(known).is_ok() {
            self.rebuild();
        }
    }

    /// The devices that have shown tools which the model does not know, if there is one.
    pub(crate) fn unknown(&self) -> Vec<Arc<Device>> {
        let Some(known) = self.known.get().filter(|known| !known.is_any()) else {
            return Vec::new();
        };
        let mut devices = self.devices();
        devices.retain(|device| device.table().is_some_and(|table| !known.are_in(&*table)));
        devices
    }

    /// Takes a new list; answers whether clients see another one than before.
    fn publish(&self, snapshot: Snapshot) -> Vec<Changed> {
        let mut current = lock(&self.snapshot);
        let news = current.changes(&snapshot);
        *current = Arc::new(snapshot);
        self.version.fetch_add(1, Ordering::Release);
        news
    }

    fn tell(&self, news: News<'_>) {
        let mut observers = lock(&self.observers);
        observers.retain(|observer| observer.strong_count() > 0);
        let there: Vec<_> = observers.iter().filter_map(Weak::upgrade).collect();
        drop(observers);
        there.iter().for_each(|observer| observer.told(news));
    }

    /// A device says something. Of a resource clients are told if that device has it.
    fn device_told(&self, device: &Device, news: DeviceNews<'_>) {
        match news {
            DeviceNews::Resource(uri) => {
                let snapshot = self.snapshot();
                if let Some(uri) = snapshot.shelf().shown(device, uri) {
                    self.tell(News::Resource(&uri));
                }
            }
            DeviceNews::Event(tool, text) => {
                let text = &*format!("{tool}: {text}");
                self.tell(News::Log { device: &device.name(), level: NOTICE, text });
            }
            DeviceNews::Log(level, text) => {
                self.tell(News::Log { device: &device.name(), level, text });
            }
            DeviceNews::Reach(level, text) => {
                self.tell(News::Reach { device: &device.name(), level, text });
            }
        }
    }

    /// The name that the user keeps for a device: by vendor, product and serial number, or by the
    /// serial number alone where no other device here has it.
    fn alias(&self, identity: &Identity, all: &[Option<Identity>]) -> Option<&str> {
        let id = DeviceId::from(identity);
        let of = |text: &str| self.aliases.iter().find(|alias| alias.serial == text);
        let others = all.iter().flatten();
        let is_alone =
            others.map(DeviceId::from).all(|other| other.serial != id.serial || other == id);
        let by_serial = || of(&identity.serial).filter(|_| is_alone);
        of(&id.text()).or_else(by_serial).map(|alias| alias.name.as_str())
    }

    /// Who the devices say they are, each on its link.
    fn identities(&self) -> Vec<Option<Identity>> {
        self.devices.iter().map(|device| device.identity()).collect()
    }

    /// The devices as far as their names go.
    fn named<'a>(&'a self, identities: &'a [Option<Identity>]) -> Vec<Named<'a>> {
        let named = |(device, identity): (&'a Arc<Device>, &'a Option<Identity>)| Named {
            alias: device.alias().or_else(|| self.alias(identity.as_ref()?, identities)),
            identity: identity.as_ref(),
            source: device.source(),
            is_proven: device.wire().keyed,
        };
        self.devices.iter().zip(identities).map(named).collect()
    }

    /// Closes every device: its calls end, and so does an emulator that it runs in. No client is
    /// told of anything from then on, such as tools that are taken out at the end.
    pub fn close(&self) {
        lock(&self.observers).clear();
        if let Some(socket) = lock(&self.socket).take() {
            // Someone may have taken it away.
            drop(std::fs::remove_file(socket));
        }
        self.devices.iter().for_each(|device| device.close());
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.close();
    }
}
