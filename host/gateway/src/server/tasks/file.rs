//! Tasks on the disk: one file each, written whole, and a lock for as long as their program runs.
//!
//! ```text
//! tasks/ID.json     {"run": .., "principal": .., "created": ms, "updated": ms,
//!                    "status": .., "end": result or error}
//! tasks/RUN.run     locked by the program of that run
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::TTL;
use super::task::Task;
use crate::sync::lock;
use crate::sys;

/// What is said of a task whose program has ended before it.
const UNKNOWN: &str = "outcome unknown: the gateway ended before the call did";
const INTERNAL_ERROR: i32 = trine_mcp::error::INTERNAL_ERROR;

/// The folder, and the run of this program in it, once there is one.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
    run: Arc<Mutex<Option<Run>>>,
}

#[derive(Debug)]
struct Run {
    name: String,
    /// Locked as long as this is open.
    _file: File,
}

/// What never changes of a task.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) principal: Option<String>,
    run: String,
    pub(super) created: SystemTime,
}

impl Kept {
    /// Whether its time is not over.
    pub(super) fn is_kept(&self, now: SystemTime) -> bool {
        now.duration_since(self.created).unwrap_or_default() < TTL
    }
}

/// How a task has ended, if it has. Ends are JSON objects.
#[derive(Clone, Debug)]
pub(super) enum Status {
    Working,
    Completed(Vec<u8>),
    Failed(Vec<u8>),
    Cancelled,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, run: Arc::default() }
    }

    /// Writes a new task.
    pub(super) fn create(&self, principal: Option<&str>, now: SystemTime) -> io::Result<Kept> {
        let run = self.run(now)?;
        let (id, principal) = (random_name()?, principal.map(str::to_owned));
        let kept = Kept { id, principal, run, created: now };
        self.write(&kept, &Status::Working, now)?;
        Ok(kept)
    }

    /// Writes how a task has ended.
    pub(super) fn end(&self, kept: &Kept, end: &Status, now: SystemTime) -> io::Result<()> {
        self.write(kept, end, now)
    }

    /// The task of this id, of whichever program, if its time is not over.
    pub(super) fn read(&self, id: &str, now: SystemTime) -> Option<Task> {
        if !is_name(id) {
            return None;
        }
        let text = fs::read(self.file(id)).ok()?;
        let value: Value = serde_json::from_slice(&text).ok()?;
        let kept = Kept {
            id: id.to_owned(),
            principal: value["principal"].as_str().map(str::to_owned),
            run: value["run"].as_str()?.to_owned(),
            created: time(&value["created"])?,
        };
        let bytes = || value["end"].to_string().into_bytes();
        let status = match value["status"].as_str()? {
            "completed" => Status::Completed(bytes()),
            "failed" => Status::Failed(bytes()),
            "cancelled" => Status::Cancelled,
            _ if self.is_running(&kept.run) => Status::Working,
            _ => {
                let error = json!({"code": INTERNAL_ERROR, "message": UNKNOWN});
                Status::Failed(error.to_string().into_bytes())
            }
        };
        let updated = time(&value["updated"])?;
        kept.is_kept(now).then(|| Task::read(kept, status, updated))
    }

    fn write(&self, kept: &Kept, status: &Status, now: SystemTime) -> io::Result<()> {
        let (name, end) = match status {
            Status::Working => ("working", &b"null"[..]),
            Status::Completed(result) => ("completed", &result[..]),
            Status::Failed(error) => ("failed", &error[..]),
            Status::Cancelled => ("cancelled", &b"null"[..]),
        };
        let end: Value = serde_json::from_slice(end).unwrap_or_default();
        let value = json!({
            "run": kept.run, "principal": kept.principal, "created": millis(kept.created),
            "updated": millis(now), "status": name, "end": end,
        });
        let path = self.file(&kept.id);
        let new = path.with_extension("new");
        let mut file = own(OpenOptions::new().write(true).create(true).truncate(true), &new)?;
        file.write_all(value.to_string().as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        sys::sync_folder(&self.path)
    }

    fn file(&self, id: &str) -> PathBuf {
        self.path.join(format!("{id}.json"))
    }

    /// The run of this program, which begins with its first task.
    fn run(&self, now: SystemTime) -> io::Result<String> {
        let mut run = lock(&self.run);
        if let Some(run) = &*run {
            return Ok(run.name.clone());
        }
        sys::make_own_folder(&self.path)?;
        self.sweep(now);
        let name = random_name()?;
        let path = self.path.join(format!("{name}.run"));
        let file = own(OpenOptions::new().write(true).create_new(true), &path)?;
        file.lock()?;
        *run = Some(Run { name: name.clone(), _file: file });
        Ok(name)
    }

    /// Whether the program of this run goes on.
    fn is_running(&self, run: &str) -> bool {
        if lock(&self.run).as_ref().is_some_and(|own| own.name == *run) {
            return true;
        }
        let path = self.path.join(format!("{run}.run"));
        is_name(run) && File::open(path).is_ok_and(|file| file.try_lock().is_err())
    }

    /// Removes what is over: files of tasks, and the marks of programs that have ended.
    fn sweep(&self, now: SystemTime) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let is_old = || {
                let age = path.metadata().and_then(|data| data.modified()).ok();
                age.and_then(|at| now.duration_since(at).ok()).is_some_and(|age| age > 2 * TTL)
            };
            let is_over = match path.extension().and_then(|it| it.to_str()) {
                Some("run") => {
                    is_old() && File::open(&path).is_ok_and(|file| file.try_lock().is_ok())
                }
                Some("json" | "new") => is_old(),
                _ => false,
            };
            if is_over {
                drop(fs::remove_file(path));
            }
        }
    }
}

/// Opens a file that the user alone may read.
fn own(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    sys::own(options).open(path)
}

/// A name that no one guesses: 128 bits.
fn random_name() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(HEXLOWER.encode(&bytes))
}

fn is_name(text: &str) -> bool {
    text.len() == 32
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn millis(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn time(value: &Value) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(value.as_u64()?))
}
