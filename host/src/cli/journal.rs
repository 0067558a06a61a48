//! `--journal`: calls that run once.

use std::path::PathBuf;
use std::time::Duration;

use trine::Result;
use trine_gateway::{Hub, JournalOptions};

/// Where calls are recorded that have an id of their client's own.
#[derive(Debug, clap::Args)]
pub(super) struct JournalArgs {
    /// File that records calls to which clients give an id.
    ///
    /// A call with `trine/call-id` in `_meta` is recorded before its tool is entered, and its
    /// answer after it. When it is repeated, also after this program was killed, it does not run
    /// again: it gets the same answer, or the error that its outcome is unknown.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// How long the journal remembers a call.
    #[arg(long, value_name = "DURATION", requires = "journal", default_value = "24h",
          value_parser = humantime::parse_duration)]
    journal_keep: Duration,
    /// Maximum size of the journal, in MiB.
    ///
    /// The oldest answers are given up first. A journal that is full of calls that have to be
    /// remembered refuses further calls with an id.
    #[arg(long, value_name = "MIB", requires = "journal", default_value_t = 64,
          value_parser = clap::value_parser!(u64).range(1..=1024))]
    journal_size: u64,
    /// Wait for the disk before a call begins, against loss of power.
    #[arg(long, requires = "journal")]
    journal_sync: bool,
}

impl JournalArgs {
    /// Opens the journal, if one is named.
    pub(super) fn open(&self, hub: &Hub) -> Result<()> {
        let Some(path) = &self.journal else { return Ok(()) };
        let options = JournalOptions {
            keep: self.journal_keep,
            bytes_max: self.journal_size * 1024 * 1024,
            sync: self.journal_sync,
        };
        Ok(hub.keep_journal(path, options)?)
    }
}
