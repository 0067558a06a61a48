//! A watch over the memory of this process.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use crate::bytes::Bytes;
use crate::files::System;
use crate::machine;

/// How often the memory is looked at.
const PERIOD: Duration = Duration::from_millis(100);

/// The most physical memory that a process should have. The system knows no such limit, so it is
/// looked at ten times a second; above it [`Self::check`] refuses.
#[derive(Debug)]
pub struct MaxRss {
    max: u64,
    now: AtomicU64,
    is_over: AtomicBool,
}

impl MaxRss {
    /// Watches the memory of this process from now on, until the answer is dropped.
    ///
    /// # Errors
    /// Where the system does not say how much memory a process has, and where it has no thread.
    pub fn watch(max: Bytes) -> io::Result<Arc<Self>> {
        let Some(now) = machine::rss(&System) else {
            let why = "this system does not say how much memory a process has";
            return Err(io::Error::new(io::ErrorKind::Unsupported, why));
        };
        let watch = Arc::new(Self::new(max));
        watch.observe(now);
        let seen = Arc::downgrade(&watch);
        thread::Builder::new().name("max-rss".to_owned()).spawn(move || run(&seen))?;
        Ok(watch)
    }

    /// A limit, with nothing that looks.
    #[must_use]
    pub fn new(max: Bytes) -> Self {
        Self { max: max.0, now: AtomicU64::new(0), is_over: AtomicBool::new(false) }
    }

    /// The process has so many bytes now.
    pub fn observe(&self, now: u64) {
        self.now.store(now, Ordering::Relaxed);
        let is_over = now > self.max;
        if self.is_over.swap(is_over, Ordering::AcqRel) == is_over {
            return;
        }
        let (now, max) = (Bytes(now), Bytes(self.max));
        if is_over {
            tracing::warn!("memory: {now} are used, and --max-rss is {max}: plug-ins get no calls");
        } else {
            tracing::info!(
                "memory: {now} are used, and --max-rss is {max}: plug-ins get calls again"
            );
        }
    }

    /// Looks now, without waiting for the next time.
    pub fn look(&self) {
        if let Some(now) = machine::rss(&System) {
            self.observe(now);
        }
    }

    /// Bytes that the process had when it was last looked at, and the most that it should have.
    #[must_use]
    pub fn now(&self) -> (u64, u64) {
        (self.now.load(Ordering::Relaxed), self.max)
    }

    /// Whether something new may begin.
    ///
    /// # Errors
    /// With a sentence that says why not.
    #[inline]
    pub fn check(&self) -> Result<(), String> {
        if !self.is_over.load(Ordering::Acquire) {
            return Ok(());
        }
        let (now, max) = self.now();
        let (now, max) = (Bytes(now), Bytes(max));
        Err(format!(
            "this program uses {now} of memory, and --max-rss allows {max}: try again later"
        ))
    }
}

fn run(watch: &Weak<MaxRss>) {
    loop {
        thread::sleep(PERIOD);
        let Some(watch) = watch.upgrade() else { return };
        watch.look();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_above_the_limit_is_refused_until_it_is_below_again() {
        let watch = MaxRss::new(Bytes(1 << 20));
        assert_eq!(watch.check(), Ok(()));
        watch.observe(1 << 20);
        assert_eq!(watch.check(), Ok(()));
        watch.observe((1 << 20) + 1);
        let why = watch.check().unwrap_err();
        assert_eq!(
            why,
            "this program uses 1.0 MiB of memory, and --max-rss allows 1 MiB: try again later"
        );
        watch.observe(1 << 20);
        assert_eq!(watch.check(), Ok(()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_grows_is_seen() {
        let (now, _) = {
            let watch = MaxRss::watch(Bytes(1)).unwrap();
            assert!(watch.check().is_err(), "a byte is too little for any process");
            watch.now()
        };
        let watch = MaxRss::watch(Bytes(now + (64 << 20))).unwrap();
        assert_eq!(watch.check(), Ok(()));
        let taken = vec![1_u8; 128 << 20];
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while watch.check().is_ok() {
            assert!(std::time::Instant::now() < end, "{watch:?} {}", taken.len());
            thread::sleep(Duration::from_millis(5));
        }
        drop(taken);
        while watch.check().is_err() {
            assert!(std::time::Instant::now() < end, "{watch:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}
