//! Opening a journal, and what is found in it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::disk::{Disk, FileDisk};
use crate::error::{Error, Result};
use crate::index::{Index, Place};
use crate::journal::{Clock, Journal, Writer};
use crate::record::{self, HEADER_LEN, Item};

/// How a journal is kept.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long a call is remembered after its last record.
    pub keep: Duration,
    /// Most bytes of the file. What is older is dropped first, then the oldest answers; a journal
    /// that is full of calls that have to be remembered takes no further one.
    pub bytes_max: u64,
    /// Waits for the disk (`fdatasync`) before a call begins. Without it a beginning survives the
    /// death of the program, and not the loss of power.
    pub sync: bool,
}

impl Default for Options {
    /// A day, 64 MiB, no sync.
    fn default() -> Self {
        Self { keep: Duration::from_secs(24 * 3600), bytes_max: 64 * 1024 * 1024, sync: false }
    }
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Calls that are remembered.
    pub calls: usize,
    /// Those of them whose outcome is not known.
    pub unknown: usize,
    /// Bytes that were cut off at the end: a record that was being written, or damaged ones.
    pub cut: u64,
    /// Bytes in the middle that are damaged. A call whose records were there is forgotten.
    pub damaged: Vec<Range<usize>>,
    /// A copy of a file that was damaged in the middle.
    pub kept: Option<PathBuf>,
}

impl Report {
    /// What is found in the bytes of a file, which is not changed; `None` where they are no journal
    /// of this version.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        find(bytes).ok().map(|found| found.report)
    }
}

/// What the bytes of a file come to.
pub(crate) struct Found {
    pub(crate) index: Index,
    pub(crate) report: Report,
    /// How much of the file is good; 0 where not even the header was finished.
    pub(crate) len: u64,
}

/// What is wrong with a header.
pub(crate) enum BadHeader {
    NoJournal,
    Version(u32),
}

/// Reads the bytes of a file.
pub(crate) fn find(bytes: &[u8]) -> std::result::Result<Found, BadHeader> {
    let (mut index, mut report) = (Index::default(), Report::default());
    if bytes.len() < HEADER_LEN && record::header().starts_with(bytes) {
        report.cut = bytes.len() as u64;
        return Ok(Found { index, report, len: 0 });
    }
    match record::version(bytes) {
        Some(1) => {}
        Some(version) => return Err(BadHeader::Version(version)),
        None => return Err(BadHeader::NoJournal),
    }
    let mut len = bytes.len() as u64;
    for item in record::read(bytes) {
        match item {
            Item::Record(range, record) => {
                let place = Place { at: range.start as u64, len: range.len() as u32 };
                index.take(&record, place);
            }
            Item::Damaged(range) if range.end == bytes.len() => {
                (len, report.cut) = (range.start as u64, range.len() as u64);
            }
            Item::Damaged(range) => report.damaged.push(range),
        }
    }
    (report.calls, report.unknown) = (index.calls.len(), index.unknown());
    Ok(Found { index, report, len })
}

impl Journal {
    /// Opens a journal, or makes one. What is damaged in it is repaired and told.
    ///
    /// # Errors
    /// When the file cannot be opened, another program has it, or it is no journal of this version.
    pub fn open(path: &Path, options: Options) -> Result<(Self, Report)> {
        let (mut disk, bytes) = FileDisk::open(path)?;
        let found = find(&bytes).map_err(|why| match why {
            BadHeader::NoJournal => Error::NoJournal { path: path.into() },
            BadHeader::Version(version) => Error::Version { path: path.into(), version },
        })?;
        drop(bytes);
        let mut report = found.report.clone();
        if !report.damaged.is_empty() {
            report.kept = disk.keep_damaged().ok();
        }
        let failed = |source| Error::Open { path: path.into(), source };
        if found.len == 0 {
            disk.replace(&record::header(), options.sync).map_err(failed)?;
        }
        let clock = clock(found.index.latest);
        let writer = Writer::new(disk, found, (options, clock)).map_err(failed)?;
        Ok((Self::new(writer).map_err(failed)?, report))
    }
}

/// Time as the journal has it: it never runs backwards, whatever is done to the system's clock
/// while the program runs or between two of them.
fn clock(latest: u64) -> Clock {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let start = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).max(latest);
    let since = Instant::now();
    Box::new(move || {
        let passed = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        start.saturating_add(passed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_from_the_last_record_where_the_clock_was_set_back() {
        let now = clock(0)();
        assert!(now > 1_700_000_000_000, "{now}");
        let ahead = now + 1_000_000_000;
        assert!((ahead..ahead + 60_000).contains(&clock(ahead)()));
        assert_eq!(clock(u64::MAX)(), u64::MAX);
    }
}
