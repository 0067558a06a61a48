//! The plug-ins of a hub: loaded, replaced, rolled back and taken out while clients call them.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use semver::Version;
use tracing::{info, warn};
use trine_gateway::Hub;
use trine_gateway::host_tools::{HostTools, Leaving, ToolsId};

use crate::account::{Account, Book};
use crate::canary::Canary;
use crate::error::{Error, Fault, Result, Step};
use crate::isolate::{Children, ProcessUsage};
use crate::ledger::Ledger;
use crate::load::{About, Checked, Code, Entry as EntryFunction, Image, Policy};
use crate::order::order;
use crate::work::{Running, Tools};

/// How long calls of a plug-in that is taken out may still run before that is said.
const LEAVING: Duration = Duration::from_secs(10);

/// The plug-ins of a hub. A clone is of the same ones.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
/// use trine_plugins::{Plugins, Policy};
///
/// let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none())?;
/// let plugins = Plugins::new(Arc::clone(&hub), Policy::default());
/// plugins.load(&["libclock.so"])?;
/// plugins.update("libclock-1.1.so".as_ref(), true)?;
/// plugins.roll_back("clock")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Plugins(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) hub: Arc<Hub>,
    pub(crate) policy: Policy,
    loaded: Mutex<Vec<Entry>>,
    pub(crate) children: Children,
    /// Names of plug-ins that were taken out by themselves, and why.
    withdrawn: Mutex<HashMap<String, String>>,
    pub(crate) book: Book,
    pub(crate) ledger: Arc<Ledger>,
}

/// A plug-in that serves.
pub(crate) struct Entry {
    pub(crate) id: ToolsId,
    pub(crate) instance: Arc<Running>,
    pub(crate) from: Source,
    /// What served before it.
    pub(crate) previous: Option<Source>,
    is_listed: bool,
}

/// Where a plug-in came from.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) code: Code,
    pub(crate) about: Arc<About>,
    pub(crate) file: PathBuf,
    pub(crate) signed_by: Option<String>,
}

/// A plug-in that is loaded.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it says of itself.
    pub about: About,
    /// The library.
    pub file: PathBuf,
    /// The key that signed it.
    pub signed_by: Option<String>,
    /// The number of its tools in the hub.
    pub id: ToolsId,
    /// The version that a roll-back would bring back.
    pub previous: Option<Version>,
    /// Whether clients see its tools: of several versions of one plug-in they see the highest, and
    /// call the others as `tool@version`.
    pub is_listed: bool,
}

impl fmt::Debug for Plugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugins").field("loaded", &self.list()).finish()
    }
}

impl Plugins {
    /// The plug-ins of a hub, which are loaded later.
    #[must_use]
    pub fn new(hub: Arc<Hub>, policy: Policy) -> Self {
        let ((loaded, book, withdrawn), ledger) =
            (Default::default(), Ledger::new(policy.budget()));
        let children = Children::default();
        Self(Arc::new(Inner { hub, policy, loaded, children, withdrawn, book, ledger }))
    }

    pub(crate) fn of(inner: &Arc<Inner>) -> Self {
        Self(Arc::clone(inner))
    }

    pub(crate) fn open(&self, checked: Checked) -> Result<(Code, Arc<About>)> {
        checked.open(&self.0.policy, &self.0.children)
    }

    pub(crate) fn weak(&self) -> Weak<Inner> {
        Arc::downgrade(&self.0)
    }

    /// What plug-ins have to be like here.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Loads plug-ins or the manifests of some, each after those that it needs.
    ///
    /// # Errors
    /// [`Error::Load`] for the first that cannot be loaded: then the others are not loaded either.
    pub fn load(&self, files: &[impl AsRef<Path>]) -> Result<()> {
        let sources = files.iter().map(|file| self.0.map(file.as_ref(), true));
        self.load_all(&sources.collect::<Result<Vec<_>>>()?)
    }

    /// Loads a plug-in that is linked into this program: the steps from the table on. A file may
    /// take its place, by [`Self::update`], and it may come back.
    ///
    /// # Errors
    /// As [`Self::load`].
    ///
    /// # Safety
    /// It is the entry of a plug-in, as `trine_plugin.h` says.
    pub unsafe fn load_linked(&self, entry: EntryFunction) -> Result<()> {
        let file = PathBuf::from("of this program");
        // SAFETY: passed on.
        let image = unsafe { Image::linked(entry) }.map_err(|fault| fault.of(&file))?;
        let about = Arc::new(image.about.clone());
        self.0.allows(&about.name, &about.needs).map_err(|fault| fault.of(&file))?;
        self.load_all(&[Source { code: Code::Library(image), about, file, signed_by: None }])
    }

    fn load_all(&self, sources: &[Source]) -> Result<()> {
        let mut loaded = self.0.lock();
        let abouts: Vec<_> = sources.iter().map(|source| &*source.about).collect();
        let there: Vec<_> = loaded.iter().map(Entry::name_and_version).collect();
        let fault = |place: usize, step, why| {
            let file = sources.get(place).map(|source| source.file.clone()).unwrap_or_default();
            Error::Load { file, step, why }
        };
        let order =
            order(&abouts, &there).map_err(|(place, why)| fault(place, Step::Dependencies, why))?;
        let is_there = |about: &&About| there.contains(&(&*about.name, &about.version));
        if let Some(place) = abouts.iter().position(is_there) {
            let about = abouts.get(place).map(|about| format!("{} {}", about.name, about.version));
            let why = format!("{} is loaded already: update it", about.unwrap_or_default());
            return Err(fault(place, Step::Dependencies, why));
        }
        drop(there);
        let before = loaded.len();
        for place in order {
            let Some(source) = sources.get(place) else { continue };
            if let Err(fault) = self.0.publish(&mut loaded, source) {
                while loaded.len() > before {
                    let place = loaded.len() - 1;
                    drop(self.0.take_out(&mut loaded, place, "taken out"));
                }
                return Err(fault.of(&source.file));
            }
        }
        let mut withdrawn = self.0.withdrawn();
        sources.iter().for_each(|source| drop(withdrawn.remove(&source.about.name)));
        drop((withdrawn, loaded));
        Ok(())
    }

    /// Puts a new version in the place of the plug-in of its name. The new one is loaded and tested
    /// before; calls run to their end in the version that they began in, and none is lost. Answers
    /// what waits until the old one is gone.
    ///
    /// # Errors
    /// [`Error::Load`], also where no plug-in has its name, where another one needs the old
    /// version, and, with `is_compatible`, where the first number of the version is another one.
    /// Then the old version serves on.
    pub fn update(&self, file: &Path, is_compatible: bool) -> Result<Leaving> {
        let source = self.0.map(file, false)?;
        let name = &source.about.name;
        let mut loaded = self.0.lock();
        self.0.swap(&mut loaded, name, &source, is_compatible).map_err(|fault| fault.of(file))
    }

    /// The same where the new version gets a share of the calls first, and is taken out again where
    /// too many of them fail. Blocks until that is known. Both versions have to describe their
    /// tools alike.
    ///
    /// # Errors
    /// As [`Self::update`], and [`Step::Trial`] where it failed: the old version serves again.
    pub fn try_out(&self, file: &Path, canary: &Canary) -> Result<Leaving> {
        let source = self.0.map(file, false)?;
        self.0.try_out(&source, canary).map_err(|fault| fault.of(file))
    }

    /// Brings the version back that served before the last [`Self::update`]. It is initialised and
    /// tested again.
    ///
    /// # Errors
    /// As [`Self::update`], and where there was no other version.
    pub fn roll_back(&self, name: &str) -> Result<Leaving> {
        let mut loaded = self.0.lock();
        let place = self.0.place(&loaded, name)?;
        let previous = loaded.get(place).and_then(|entry| entry.previous.clone());
        let refused = |why: &str| Error::Refused { name: name.to_owned(), why: why.to_owned() };
        let previous = previous.ok_or_else(|| refused("no other version of it was loaded"))?;
        let file = previous.file.clone();
        self.0.swap(&mut loaded, name, &previous, false).map_err(|fault| fault.of(&file))
    }

    /// Takes a plug-in out. Its calls run to their end; then it is shut down.
    ///
    /// # Errors
    /// Where no plug-in has this name, and where another one needs it.
    pub fn unload(&self, name: &str) -> Result<Leaving> {
        let mut loaded = self.0.lock();
        let place = self.0.place(&loaded, name)?;
        if let Some(other) = needs_it(&loaded, place) {
            let why = format!("'{other}' needs it: take that out before");
            return Err(Error::Refused { name: name.to_owned(), why });
        }
        self.0.take_out(&mut loaded, place, "taken out")
    }

    /// What is loaded.
    #[must_use]
    pub fn list(&self) -> Vec<Loaded> {
        self.0.lock().iter().map(Entry::shown).collect()
    }

    /// What of it can do something, by a word of its capabilities.
    #[must_use]
    pub fn find_by_capability(&self, word: &str) -> Vec<Loaded> {
        let mut found = self.list();
        found.retain(|loaded| loaded.about.capabilities.iter().any(|it| it == word));
        found
    }

    /// Whether a plug-in says that it can work.
    ///
    /// # Errors
    /// Where no plug-in has this name, and what is wrong with it; of one that was withdrawn, why.
    pub fn health(&self, name: &str) -> Result<()> {
        let loaded = self.0.lock();
        let place =
            self.0.place(&loaded, name).map_err(|error| match self.0.withdrawn().get(name) {
                Some(why) => Error::Refused { name: name.to_owned(), why: why.clone() },
                None => error,
            })?;
        let instance = loaded.get(place).map(|entry| Arc::clone(&entry.instance));
        drop(loaded);
        let health = instance.map_or(Ok(()), |instance| instance.health());
        health.map_err(|why| Error::Refused { name: name.to_owned(), why })
    }

    /// What a plug-in in a process of its own has used; `None` for one in this process.
    ///
    /// # Errors
    /// Where no plug-in has this name.
    pub fn process_usage(&self, name: &str) -> Result<Option<ProcessUsage>> {
        let loaded = self.0.lock();
        let place = self.0.place(&loaded, name)?;
        Ok(loaded.get(place).and_then(|entry| entry.instance.usage()))
    }
}

impl Entry {
    fn name_and_version(&self) -> (&str, &Version) {
        let about = self.instance.about();
        (&about.name, &about.version)
    }

    fn shown(&self) -> Loaded {
        let Source { file, signed_by, .. } = self.from.clone();
        let previous = self.previous.as_ref().map(|source| source.about.version.clone());
        let (about, id, is_listed) = ((*self.from.about).clone(), self.id, self.is_listed);
        Loaded { about, file, signed_by, id, previous, is_listed }
    }
}

impl Inner {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of a plug-in by its name: of several versions the one that is listed; or of the
    /// version behind an `@`.
    pub(crate) fn place(&self, loaded: &[Entry], name: &str) -> Result<usize> {
        let is_it = |entry: &Entry| match name.split_once('@') {
            Some((name, version)) => {
                let (its, version_of) = entry.name_and_version();
                its == name && version_of.to_string() == version
            }
            None => entry.instance.about().name == name && entry.is_listed,
        };
        loaded.iter().position(is_it).ok_or_else(|| {
            let names: Vec<_> = loaded.iter().map(|entry| &*entry.instance.about().name).collect();
            let known = match names.len() {
                0 => ": none is loaded".to_owned(),
                _ => format!(": loaded are {}", names.join(", ")),
            };
            Error::Unknown(name.to_owned(), known)
        })
    }

    fn withdrawn(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.withdrawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The accounts of the versions that serve.
    pub(crate) fn all_serving(&self) -> Vec<Arc<Account>> {
        self.lock().iter().map(|entry| Arc::clone(entry.instance.account())).collect()
    }

    /// The account of the version that serves.
    pub(crate) fn serving(&self, name: &str) -> Option<Arc<Account>> {
        let loaded = self.lock();
        let entry = loaded.get(self.place(&loaded, name).ok()?)?;
        Some(Arc::clone(entry.instance.account()))
    }

    /// Takes out the one that has this account, if it still serves: another one that was started
    /// from the same file has an account of its own.
    pub(crate) fn lost(inner: &Weak<Self>, account: &Arc<Account>, why: &str) {
        let Some(inner) = inner.upgrade() else { return };
        let mut loaded = inner.lock();
        let is_it = |entry: &Entry| Arc::ptr_eq(entry.instance.account(), account);
        let Some(place) = loaded.iter().position(is_it) else { return };
        inner.withdrawn().insert(account.name().to_owned(), why.to_owned());
        drop(inner.take_out(&mut loaded, place, "withdrawn"));
    }

    fn publish(
        self: &Arc<Self>,
        loaded: &mut Vec<Entry>,
        source: &Source,
    ) -> std::result::Result<(), Fault> {
        let instance = self.start(source, None)?;
        let tools: Arc<dyn HostTools> = Arc::new(Tools::new(&instance));
        let About { name, version, .. } = &*source.about;
        let is_alone = loaded.iter().all(|other| other.instance.about().name != *name);
        let added = self.hub.add_version(Arc::clone(&tools), &version.to_string(), is_alone);
        let id = added.map_err(|error| {
            tools.shutdown();
            Fault::new(Step::Publish, error)
        })?;
        let from = source.clone();
        loaded.push(Entry { id, instance, from, previous: None, is_listed: is_alone });
        if let Err(error) = self.list_highest(loaded, name) {
            loaded.pop();
            // It shuts them down.
            drop(self.hub.remove_tools(id));
            return Err(Fault::new(Step::Publish, error));
        }
        info!("plug-in {name} {version}: loaded from {}", source.file.display());
        Ok(())
    }

    /// Lets clients see the highest version of a plug-in in the place of another one.
    pub(crate) fn list_highest(
        &self,
        loaded: &mut [Entry],
        name: &str,
    ) -> trine_gateway::Result<()> {
        let mut all: Vec<_> =
            loaded.iter_mut().filter(|it| it.instance.about().name == name).collect();
        all.sort_by(|a, b| b.name_and_version().1.cmp(a.name_and_version().1));
        let Some((highest, others)) = all.split_first_mut() else { return Ok(()) };
        if highest.is_listed {
            return Ok(());
        }
        let listed = others.iter_mut().find(|other| other.is_listed);
        self.hub.list_tools(highest.id, listed.as_ref().map(|other| other.id))?;
        highest.is_listed = true;
        listed.into_iter().for_each(|other| other.is_listed = false);
        Ok(())
    }

    fn swap(
        self: &Arc<Self>,
        loaded: &mut [Entry],
        name: &str,
        source: &Source,
        is_compatible: bool,
    ) -> std::result::Result<Leaving, Fault> {
        let place = self
            .place(loaded, name)
            .map_err(|error| Fault(Step::Dependencies, format!("{error}: load it first")))?;
        let new: &About = &source.about;
        let old = loaded.get(place).map(|entry| entry.instance.about().version.clone());
        if let Some(old) = &old
            && is_compatible
            && old.major != new.version.major
        {
            let why = format!(
                "version {} may break those who use version {old}: its first number is another \
                 one. Allow it, or load it under another name",
                new.version
            );
            return Err(Fault(Step::Dependencies, why));
        }
        may_replace(loaded, place, new).map_err(|why| Fault(Step::Dependencies, why))?;
        let account = loaded.get(place).map(|entry| Arc::clone(entry.instance.account()));
        let instance = self.start(source, account.as_deref())?;
        let tools: Arc<dyn HostTools> = Arc::new(Tools::new(&instance));
        let Some(entry) = loaded.get_mut(place) else { return Err(gone()) };
        let text = new.version.to_string();
        let replaced = self.hub.replace_version(entry.id, Arc::clone(&tools), &text);
        let leaving = replaced.map_err(|error| {
            tools.shutdown();
            Fault::new(Step::Publish, error)
        })?;
        entry.instance = instance;
        entry.previous = Some(std::mem::replace(&mut entry.from, source.clone()));
        if let Err(error) = self.list_highest(loaded, name) {
            warn!("plug-in {name}: its highest version is not listed: {error}");
        }
        let old = old.map(|old| old.to_string()).unwrap_or_default();
        let note = if is_compatible { "" } else { ", without asking whether it is compatible" };
        info!("plug-in {name} {}: serves in the place of {old}{note}", new.version);
        Ok(leaving)
    }

    /// Takes one out. Where there are other versions of it, clients see the highest of them then.
    fn take_out(&self, loaded: &mut Vec<Entry>, place: usize, how: &str) -> Result<Leaving> {
        let entry = loaded.remove(place);
        let (name, version) = entry.name_and_version();
        let refused = |error: trine_gateway::Error| Error::Refused {
            name: name.to_owned(),
            why: error.to_string(),
        };
        let others = loaded.iter_mut().filter(|other| other.instance.about().name == name);
        let next = others.max_by(|a, b| a.name_and_version().1.cmp(b.name_and_version().1));
        if let Some(next) = next.filter(|_| entry.is_listed) {
            match self.hub.list_tools(next.id, Some(entry.id)) {
                Ok(()) => next.is_listed = true,
                Err(error) => warn!("plug-in {name}: its other version is not listed: {error}"),
            }
        }
        let leaving = self.hub.remove_tools(entry.id).map_err(refused)?;
        info!("plug-in {name} {version}: {how}");
        Ok(leaving)
    }
}

/// Why a library whose function does not return is taken out.
pub(crate) const STUCK: &str = "it was withdrawn: a function of it has not returned";

pub(crate) fn gone() -> Fault {
    Fault(Step::Publish, "what it replaces is gone".to_owned())
}

/// The plug-in that needs the one in a place, where no other version will do.
fn needs_it(loaded: &[Entry], place: usize) -> Option<&str> {
    let (name, _) = loaded.get(place)?.name_and_version();
    let others = || loaded.iter().enumerate().filter(|(at, _)| *at != place);
    let needs = |(_, entry): &(usize, &Entry)| {
        entry.instance.about().dependencies.iter().any(|needed| {
            let will_do = |(_, other): (usize, &Entry)| {
                let (other, version) = other.name_and_version();
                other == name && needed.versions.matches(version)
            };
            needed.name == name && !others().any(will_do)
        })
    };
    others().find(needs).map(|(_, entry)| &*entry.instance.about().name)
}

/// Whether a version may take the place of another one: what it needs is there, it is not there
/// already, and those who need one of its name still get a version that will do.
pub(crate) fn may_replace(
    loaded: &[Entry],
    place: usize,
    new: &About,
) -> std::result::Result<(), String> {
    let others = loaded.iter().enumerate().filter(|(at, _)| *at != place);
    let others: Vec<_> = others.map(|(_, entry)| entry).collect();
    let there: Vec<_> = others.iter().map(|entry| entry.name_and_version()).collect();
    let alone = [new];
    order(&alone, &there).map_err(|(_, why)| why)?;
    if there.contains(&(&*new.name, &new.version)) {
        return Err(format!("{} {} is loaded already", new.name, new.version));
    }
    let same = there.iter().filter(|(name, _)| *name == new.name).map(|(_, version)| *version);
    let same: Vec<_> = same.chain([&new.version]).collect();
    for other in &others {
        let about = other.instance.about();
        for needed in about.dependencies.iter().filter(|needed| needed.name == new.name) {
            if !same.iter().any(|version| needed.versions.matches(version)) {
                let (by, versions) = (&about.name, &needed.versions);
                return Err(format!("'{by}' needs {} {versions}", new.name));
            }
        }
    }
    Ok(())
}

impl Plugins {
    /// Takes all plug-ins out, in the order in which none needs another that is gone, and waits for
    /// their calls.
    pub fn close(&self) {
        loop {
            let mut loaded = self.0.lock();
            let Some(place) = loaded.len().checked_sub(1) else { break };
            let name = loaded.get(place).map(|entry| entry.instance.about().name.clone());
            let taken = self.0.take_out(&mut loaded, place, "taken out");
            drop(loaded);
            match taken {
                Ok(leaving) if leaving.wait(LEAVING) => {}
                Ok(_) => {
                    let name = name.unwrap_or_default();
                    warn!("plug-in {name}: calls of it are still under way");
                }
                Err(error) => warn!("{error}"),
            }
        }
        self.0.children.wait(LEAVING);
    }
}
