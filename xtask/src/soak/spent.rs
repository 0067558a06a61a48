//! How long a part has taken, with the runs of it that were cut.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::sh;

/// What a run may lose that is cut.
const EACH: Duration = Duration::from_secs(10);

/// The time of a part that runs.
pub(super) struct Spent {
    path: PathBuf,
    earlier: Duration,
    since: Instant,
    end: Sender<()>,
    keeper: JoinHandle<()>,
}

impl Spent {
    /// Begins, or goes on from where a run of this part was cut.
    pub(super) fn begin(part: &str) -> Result<Self> {
        Self::begin_at(sh::target_dir().join("soak-times").join(part), EACH)
    }

    fn begin_at(path: PathBuf, each: Duration) -> Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let seconds = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
        let (earlier, since) = (Duration::from_secs(seconds.unwrap_or(0)), Instant::now());
        let (end, ended) = mpsc::channel();
        let kept = path.clone();
        let keeper = thread::spawn(move || {
            while ended.recv_timeout(each) == Err(RecvTimeoutError::Timeout) {
                let seconds = (earlier + since.elapsed()).as_secs();
                if let Err(error) = fs::write(&kept, seconds.to_string()) {
                    println!("{}: {error}", kept.display());
                }
            }
        });
        Ok(Self { path, earlier, since, end, keeper })
    }

    /// What it has taken. The next run begins with nothing.
    pub(super) fn end(self) -> Result<Duration> {
        drop(self.end);
        self.keeper.join().map_err(|_| anyhow!("what keeps the time has panicked"))?;
        if self.path.exists() {
            fs::remove_file(&self.path)?;
        }
        Ok(self.earlier + self.since.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::Spent;

    #[test]
    fn a_run_that_was_cut_counts_and_one_that_ended_does_not() {
        let path = crate::sh::target_dir().join("soak-times-test").join("part");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "3600").unwrap();
        let spent = Spent::begin_at(path.clone(), Duration::from_millis(1)).unwrap();
        while fs::read_to_string(&path).unwrap().is_empty() {}
        let minutes = spent.end().unwrap().as_secs_f64() / 60.0;
        assert!((60.0..61.0).contains(&minutes) && !path.exists());
        let spent = Spent::begin_at(path.clone(), Duration::from_secs(60)).unwrap();
        assert!(spent.end().unwrap() < Duration::from_secs(60));
    }
}
