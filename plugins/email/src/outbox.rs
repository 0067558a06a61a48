//! Where messages are kept, and how many.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::message::{is_address, Message};

/// Calls in an hour.
const CALLS_MAX: usize = 10;
const SPAN: Duration = Duration::from_secs(3600);
/// Most names that are tried for a file.
const NAMES_MAX: u32 = 100;

/// A folder for messages.
#[derive(Debug)]
pub struct Outbox {
    folder: PathBuf,
    from: String,
}

/// A message that is kept.
#[derive(Debug)]
pub struct Kept {
    /// Its Message-ID.
    pub message_id: String,
    /// How many addresses it has.
    pub recipients: i64,
    /// Its file.
    pub path: String,
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Outbox {
    /// The folder `TRINE_EMAIL_OUTBOX`, or `trine/outbox` in the user's folder for state; the
    /// sender is `TRINE_EMAIL_FROM`.
    ///
    /// # Errors
    /// When a variable has a wrong value, and when there is no folder.
    pub fn of_environment() -> Result<Self, String> {
        let transport = variable("TRINE_EMAIL_TRANSPORT").unwrap_or_else(|| "mock".to_owned());
        if transport != "mock" {
            return Err(
                "TRINE_EMAIL_TRANSPORT must be mock: no other transport is built".to_owned()
            );
        }
        let state = variable("XDG_STATE_HOME").map(PathBuf::from);
        let state = state.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".local/state")));
        let folder = variable("TRINE_EMAIL_OUTBOX").map(PathBuf::from);
        let folder = folder.or_else(|| Some(state?.join("trine/outbox")));
        let folder = folder.ok_or("no folder for messages: set TRINE_EMAIL_OUTBOX to one")?;
        Self::new(folder, variable("TRINE_EMAIL_FROM").as_deref().unwrap_or("trine@localhost"))
    }

    /// A folder and a sender.
    ///
    /// # Errors
    /// When the sender is no address.
    pub fn new(folder: impl Into<PathBuf>, from: &str) -> Result<Self, String> {
        if is_address(from) {
            return Ok(Self { folder: folder.into(), from: from.to_owned() });
        }
        Err("TRINE_EMAIL_FROM must be an e-mail address like trine@example.org".to_owned())
    }

    /// Keeps a message in a file of its own, which its user alone may read.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&self, message: &Message) -> Result<Kept, String> {
        let cannot = |error: std::io::Error| {
            let folder = self.folder.display();
            format!("cannot keep the message in {folder}: {error}: set TRINE_EMAIL_OUTBOX")
        };
        std::fs::create_dir_all(&self.folder).map_err(cannot)?;
        let domain = self.from.rsplit('@').next().unwrap_or_default();
        for _ in 0..NAMES_MAX {
            let name = name();
            let message_id = format!("{name}@{domain}");
            let path = self.folder.join(format!("{name}.eml"));
            let mut options = OpenOptions::new();
            // A file that is there, or a link, is not written to.
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = match options.open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(cannot(error)),
            };
            let bytes = message.bytes(&self.from, &message_id)?;
            file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(cannot)?;
            let recipients = i64::try_from(message.recipients()).unwrap_or(i64::MAX);
            let path = path.display().to_string();
            return Ok(Kept { message_id: format!("<{message_id}>"), recipients, path });
        }
        Err(cannot(ErrorKind::AlreadyExists.into()))
    }
}

/// A name that no other message is likely to have: the time, the process, and a count.
fn name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{time}-{}-{count}", std::process::id())
}

/// The calls of the last hour.
#[derive(Debug, Default)]
pub struct Quota(VecDeque<Instant>);

impl Quota {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(VecDeque::new())
    }

    /// Whether another call may be made.
    ///
    /// # Errors
    /// When there were ten within an hour; it tells when the next may be made.
    pub fn check(&mut self, now: Instant) -> Result<(), String> {
        while self.0.front().is_some_and(|first| now.duration_since(*first) >= SPAN) {
            self.0.pop_front();
        }
        let Some(first) = self.0.front().filter(|_| self.0.len() >= CALLS_MAX) else {
            return Ok(());
        };
        let left = SPAN.saturating_sub(now.duration_since(*first)).as_secs_f32().ceil();
        Err(format!(
            "{CALLS_MAX} messages in an hour are allowed: the next may be sent in {left} seconds"
        ))
    }

    /// Counts a call.
    pub fn count(&mut self, now: Instant) {
        self.0.push_back(now);
    }
}
