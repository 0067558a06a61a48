//! All devices of one process, under their names.

mod catalog;
mod names;
mod open;
mod person;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tracing::error;
use trine_descriptor::ToolTable;
use trine_mcp::Catalog;

pub use catalog::Snapshot;

use crate::args::Prefix;
use crate::ask::{Known, offer};
use crate::device::{Device, Identity, State, lock};
use crate::error::{Error, Result};
use crate::settings::{Alias, DeviceId};
use catalog::Entry;
use names::Named;

/// Somebody who is told that the list of tools has changed.
pub(crate) trait Observer: Send + Sync {
    fn tools_changed(&self);
}

/// All devices of one process. Dropping it closes them and ends what it started.
pub struct Hub {
    devices: Vec<Arc<Device>>,
    prefix: Prefix,
    snapshot: Mutex<Arc<Snapshot>>,
    /// Rises with each new snapshot.
    version: AtomicU64,
    /// Why a tool is left out of the list.
    problem: Mutex<Option<String>>,
    building: Mutex<()>,
    progress: Mutex<Progress>,
    changed: Condvar,
    observers: Mutex<Vec<Weak<dyn Observer>>>,
    /// Names that the user keeps by serial number.
    aliases: Vec<Alias>,
    /// The tools that the gateway's model knows, if it has one.
    known: OnceLock<Known>,
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
    /// A sentence with the names that there are.
    pub fn find(&self, name: &str) -> Result<Arc<Device>> {
        let devices = self.devices();
        if let Some(device) = devices.iter().find(|device| &*device.name() == name) {
            return Ok(Arc::clone(device));
        }
        let names: Vec<_> = devices.iter().map(|device| device.name()).collect();
        Err(Error::new(match names.as_slice() {
            [] => "no device is given: add --simulate, --serial PATH or another one".to_owned(),
            names => format!("there is no device '{name}'; there is {}", names.join(", ")),
        }))
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

    /// Why a tool cannot be shown: two have one name, or a name is too long.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        lock(&self.problem).clone()
    }

    /// Does what a person at the boards says: `button`, or `scale N`.
    ///
    /// # Errors
    /// When it is neither, or a board does not notice it.
    pub(crate) fn obey(&self, line: &str) -> Result<()> {
        person::obey(line, self)
    }

    pub(crate) fn observe(&self, observer: Weak<dyn Observer>) {
        lock(&self.observers).push(observer);
    }

    /// Makes the list of tools anew after a device has changed.
    fn rebuild(&self) {
        let building = lock(&self.building);
        self.rename();
        let mut problem = self.twins();
        let several = self.devices.len() > 1;
        let mut tools: Vec<Entry> = Vec::new();
        for device in self.devices() {
            let Some(table) = device.table() else { continue };
            for row in 0..table.count() {
                let Some(info) = table.info(row) else { continue };
                let name = names::tool(&device.name(), info.name, self.prefix, several);
                let fault = names::fault(&name, &device.name(), info.name).or_else(|| {
                    let other = tools.iter().find(|entry| *entry.name == *name)?;
                    Some(clash(&name, &other.device, &device))
                });
                if fault.is_some() {
                    problem = problem.or(fault);
                } else {
                    let (device, table) = (Arc::clone(&device), Arc::clone(&table));
                    tools.push(Entry { name: name.into(), device, table, row, asks: None });
                }
            }
        }
        problem = self.add_asks(&mut tools).or(problem);
        let ready = self.devices.iter().all(|device| device.state() == State::Online);
        let settled = !self.devices.iter().any(|device| device.is_coming());
        let news = self.publish(Snapshot::new(tools, ready));
        self.report(problem);
        let was = *lock(&self.progress);
        let known = |device: &Arc<Device>| device.state() == State::Online || device.is_refused();
        let ready = self.devices.iter().all(known);
        *lock(&self.progress) = Progress { ready, settled: settled || was.settled };
        drop(building);
        self.changed.notify_all();
        // Before that no client was shown a list, so there is nothing to take back.
        if news && was.settled {
            let observers: Vec<_> =
                lock(&self.observers).iter().filter_map(Weak::upgrade).collect();
            observers.iter().for_each(|observer| observer.tools_changed());
        }
    }

    /// Adds the tool that takes sentences for each device whose tools the model knows; answers why
    /// one is left out.
    fn add_asks(&self, tools: &mut Vec<Entry>) -> Option<String> {
        let known = self.known.get()?;
        let mut problem = None;
        for device in self.devices() {
            let Some(own) = device.table().filter(|table| known.is_of(&**table)) else { continue };
            let several = self.devices.len() > 1;
            let name = names::tool(&device.name(), offer::NAME, self.prefix, several);
            let other = tools.iter().find(|entry| *entry.name == *name);
            let fault = names::fault(&name, &device.name(), offer::NAME)
                .or_else(|| other.map(|other| clash(&name, &other.device, &device)));
            match (fault, offer::table(&own, known.tools)) {
                (Some(fault), _) => problem = Some(fault),
                (None, Err(error)) => {
                    problem =
                        Some(format!("{name} cannot be shown for {}: {error}", device.name()));
                }
                (None, Ok(table)) => tools.push(Entry {
                    name: name.into(),
                    device,
                    table: Arc::new(table),
                    row: 0,
                    asks: Some(own),
                }),
            }
        }
        problem
    }

    /// Shows, beside the tools of each device that a model knows, one that takes sentences.
    pub(crate) fn offer(&self, known: Known) {
        // It is offered once, by the gateway that has the model.
        if self.known.set(known).is_ok() {
            self.rebuild();
        }
    }

    /// The devices that have shown tools which the model does not know, if there is one.
    pub(crate) fn unknown(&self) -> Vec<Arc<Device>> {
        let Some(known) = self.known.get() else { return Vec::new() };
        let mut devices = self.devices();
        devices.retain(|device| device.table().is_some_and(|table| !known.is_of(&*table)));
        devices
    }

    /// Takes a new list; answers whether clients see another one than before.
    fn publish(&self, snapshot: Snapshot) -> bool {
        let mut current = lock(&self.snapshot);
        let news = current.generation() != snapshot.generation();
        *current = Arc::new(snapshot);
        self.version.fetch_add(1, Ordering::Release);
        news
    }

    fn report(&self, problem: Option<String>) {
        let mut known = lock(&self.problem);
        if let Some(problem) = &problem
            && known.as_ref() != Some(problem)
        {
            error!("{problem}");
        }
        *known = problem;
    }

    fn rename(&self) {
        let names = self.with_names(names::devices);
        for (device, name) in self.devices.iter().zip(names) {
            if let Some(name) = name
                && *device.name() != *name
            {
                device.set_name(&name);
            }
        }
    }

    fn twins(&self) -> Option<String> {
        self.with_names(|all| {
            names::same_serial(all).or_else(|| names::twins(all, &names::devices(all)))
        })
    }

    /// The name that the user keeps for a device: by vendor, product and serial number, or by the
    /// serial number alone where no other device here has it.
    fn alias(&self, identity: &Identity) -> Option<&str> {
        let id = DeviceId::from(identity);
        let of = |text: &str| self.aliases.iter().find(|alias| alias.serial == text);
        let others = self.devices.iter().filter_map(|device| device.identity());
        let is_alone = others
            .map(|other| DeviceId::from(&other))
            .all(|other| other.serial != id.serial || other == id);
        let by_serial = || of(&identity.serial).filter(|_| is_alone);
        of(&id.text()).or_else(by_serial).map(|alias| alias.name.as_str())
    }

    fn with_names<R>(&self, work: impl FnOnce(&[Named<'_>]) -> R) -> R {
        let identities: Vec<_> = self.devices.iter().map(|device| device.identity()).collect();
        let all: Vec<_> = self
            .devices
            .iter()
            .zip(&identities)
            .map(|(device, identity)| Named {
                alias: device.alias().or_else(|| self.alias(identity.as_ref()?)),
                identity: identity.as_ref(),
                source: device.source(),
            })
            .collect();
        work(&all)
    }

    /// Closes every device: its calls end, and so does an emulator that it runs in.
    pub fn close(&self) {
        if let Some(socket) = lock(&self.socket).take() {
            // Somebody may have taken it away.
            drop(std::fs::remove_file(socket));
        }
        self.devices.iter().for_each(|device| device.close());
    }
}

fn clash(name: &str, one: &Device, two: &Device) -> String {
    format!(
        "two tools are called '{name}': one of {} ({}) and one of {} ({}); use --prefix auto, or \
         give the devices other names",
        one.name(),
        one.source(),
        two.name(),
        two.source()
    )
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.close();
    }
}
