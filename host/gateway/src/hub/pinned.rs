//! Tools beside what they were when their device was first used.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tracing::warn;
use trine_descriptor::ToolTable as _;

use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::settings::{Change, DeviceId, Pins, Settings};
use crate::table::Table;

/// Most devices that one process pins: no one fills a disk with names of devices.
const NEW_MAX: u32 = 256;

/// What is known of the tools of all devices.
#[derive(Debug)]
pub(super) struct Pinned {
    settings: Settings,
    /// The links whose devices are not of this program.
    links: Vec<bool>,
    /// A tool that has changed is not shown.
    strict: AtomicBool,
    new: AtomicU32,
    /// It was said that nothing can be kept.
    said: AtomicBool,
    /// When the files had changed when they were last read.
    seen: Mutex<Option<SystemTime>>,
}

/// The tools of a device that are not as they were, by row, and why.
pub(super) type Changes = BTreeMap<u16, String>;

impl Pinned {
    pub(super) fn new(settings: &Settings, links: Vec<bool>) -> Self {
        Self {
            settings: settings.clone(),
            links,
            strict: AtomicBool::new(false),
            new: AtomicU32::new(0),
            said: AtomicBool::new(false),
            seen: Mutex::new(None),
        }
    }

    pub(super) fn is_strict(&self) -> bool {
        self.strict.load(Ordering::Acquire)
    }

    pub(super) fn set_strict(&self) {
        self.strict.store(true, Ordering::Release);
    }

    /// Whether a file has changed since they were last read.
    pub(super) fn is_stale(&self) -> bool {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.settings.pins_changed() != seen
    }

    /// Begins to read them again.
    pub(super) fn refresh(&self) {
        let changed = self.settings.pins_changed();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = changed;
    }

    /// What has become of the tools of the device on this link. One that is used for the first time
    /// is trusted as it is.
    pub(super) fn changes(
        &self,
        link: usize,
        (name, identity): (&str, &Identity),
        table: &Table,
    ) -> Changes {
        let is_pinned = self.links.get(link).copied().unwrap_or_default();
        if !(is_pinned && self.settings.can_keep()) {
            return Changes::new();
        }
        let (changes, kept) = self.compare(identity, name, table);
        if let Err(error) = kept
            && !self.said.swap(true, Ordering::AcqRel)
        {
            warn!("{name}: what its tools are cannot be kept: {}", error.chain());
        }
        changes
    }

    /// Trusts a device that is used for the first time.
    fn first_use<'t>(
        &self,
        id: &DeviceId,
        tools: impl Iterator<Item = (u16, &'t str, &'t [u8])>,
    ) -> Result<()> {
        if self.new.fetch_add(1, Ordering::AcqRel) >= NEW_MAX {
            return Err(Error::TooManyNew { most: NEW_MAX });
        }
        let mut pins = Pins::new(id)?;
        tools.for_each(|(_, tool, record)| pins.trust(tool, record));
        self.settings.keep_pins(id, &pins)
    }

    /// The changes, and whether what was seen could be kept.
    fn compare(&self, identity: &Identity, name: &str, table: &Table) -> (Changes, Result<()>) {
        let id = DeviceId::from(identity);
        let tools = (0..table.count())
            .filter_map(|row| Some((row, table.info(row)?.name, table.record(row)?)));
        let known = match self.settings.pins(&id) {
            Ok(Some(known)) => known,
            Ok(None) => return (Changes::new(), self.first_use(&id, tools)),
            // Then nothing of it is known to be as it was.
            Err(error) => {
                let why =
                    |tool| format!("what its tool {tool} was is not known: {}", error.chain());
                return (tools.map(|(row, tool, _)| (row, why(tool))).collect(), Ok(()));
            }
        };
        let mut pins = known.clone();
        let mut changes = Changes::new();
        for (row, tool, record) in tools {
            let what = match pins.see(tool, record) {
                None => continue,
                Some(Change::New) => "was not there",
                Some(Change::Other) => "was described in another way",
            };
            let why = format!(
                "its tool {tool} {what} when the device was first used; if that is right: trine \
                 trust {name}/{tool}"
            );
            changes.insert(row, why);
        }
        let kept = if pins == known { Ok(()) } else { self.settings.keep_pins(&id, &pins) };
        (changes, kept)
    }
}
