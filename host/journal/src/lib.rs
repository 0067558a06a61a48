//! A journal of begun calls, so that none runs twice when its program is killed.
//!
//! A program writes that a call begins before it enters the tool, and how it ended afterwards. The
//! program that is started after it was killed reads which calls had begun. A call that is
//! repeated is answered from the journal: with the answer that was kept, or as one whose outcome is
//! unknown. It does not run again.
//!
//! ```
//! use trine_journal::{Begin, Journal, Options};
//!
//! let path = std::env::temp_dir().join(format!("trine-journal-{}", std::process::id()));
//! let (journal, _) = Journal::open(&path, Options::default())?;
//! let digest = [7; 32];
//! assert!(matches!(journal.begin(b"pay-1", &digest)?, Begin::Started));
//! journal.end(b"pay-1", false, b"{}");
//! assert!(matches!(journal.begin(b"pay-2", &digest)?, Begin::Started));
//! drop(journal); // The program is killed here.
//!
//! let (journal, report) = Journal::open(&path, Options::default())?;
//! assert_eq!(report.unknown, 1);
//! assert!(matches!(journal.begin(b"pay-1", &digest)?, Begin::Ended { .. }));
//! assert!(matches!(journal.begin(b"pay-2", &digest)?, Begin::Unknown));
//! # drop(std::fs::remove_file(&path));
//! # drop(std::fs::remove_file(path.with_extension("lock")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A call that may have to wait before it runs is reserved, and committed just before it runs. One
//! that was still waiting when its program was killed runs in the next one.
//!
//! What is written survives the death of the program. With [`Options::sync`] the beginning of a
//! call survives the loss of power too.
#![forbid(unsafe_code)]

mod disk;
mod error;
mod index;
mod journal;
#[cfg(test)]
mod model_tests;
mod open;
pub mod record;
mod syncs;
mod sys;

pub use error::{Error, Refused, Result};
pub use journal::{Begin, Journal};
pub use open::{Options, Report};
pub use record::{ANSWER_MAX, Digest, KEY_MAX};
