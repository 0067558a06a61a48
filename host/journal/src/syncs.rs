//! Waits for the disk: one thread for all calls that begin, so that no one else waits, and those
//! that come meanwhile wait together for the next time.
//!
//! The system tells each failure of a file's `fdatasync` once. With two of them at a time one could
//! succeed for a record that the other has found lost.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::disk::Disk;
use crate::error::Refused;
use crate::journal::{Writer, lock};

/// What is told whether the beginning of a call is on the disk.
pub(crate) type Then = Box<dyn FnOnce(Result<(), Refused>) + Send>;

/// The thread that waits for the disk.
pub(crate) struct Syncs {
    queue: Option<Sender<Then>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncs {
    pub(crate) fn start<D: Disk + 'static>(writer: &Arc<Mutex<Writer<D>>>) -> io::Result<Self> {
        let (queue, waiting) = channel();
        let writer = Arc::clone(writer);
        let thread = thread::Builder::new().name("journal".to_owned());
        let thread = thread.spawn(move || run(&writer, &waiting))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Tells `then` once everything that is written now is on the disk.
    pub(crate) fn wait(&self, then: Then) {
        let queue = self.queue.as_ref();
        let unsent = queue.and_then(|queue| queue.send(then).err().map(|it| it.0));
        if let Some(then) = unsent {
            then(Err(io::Error::from(io::ErrorKind::BrokenPipe).into()));
        }
    }
}

impl Drop for Syncs {
    /// The file is closed, and may be opened, once the thread has ended.
    fn drop(&mut self) {
        drop(self.queue.take());
        let thread = self.thread.take();
        // A call that is told there may be the last one that has the journal.
        let others = thread.filter(|it| it.thread().id() != thread::current().id());
        if let Some(thread) = others {
            drop(thread.join());
        }
    }
}

fn run<D: Disk>(writer: &Mutex<Writer<D>>, waiting: &Receiver<Then>) {
    while let Ok(first) = waiting.recv() {
        let all: Vec<Then> = std::iter::once(first).chain(waiting.try_iter()).collect();
        // Their records are written: in this file, or in one that has replaced it and was synced.
        let sync = lock(writer).disk.sync();
        let synced = sync();
        for then in all {
            let copied = |error: &io::Error| io::Error::new(error.kind(), error.to_string());
            then(synced.as_ref().copied().map_err(|error| Refused::Write(copied(error))));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::model_tests::{MemoryDisk, writer_on};

    #[test]
    fn calls_that_begin_meanwhile_wait_together_and_hear_of_one_failure_each() {
        let disk = MemoryDisk::default();
        let writer = Mutex::new(writer_on(&disk));
        for fails in [false, true] {
            disk.fail_syncs(fails);
            let (queue, waiting) = channel::<Then>();
            let (tell, told) = mpsc::channel();
            for _ in 0..5 {
                let tell = tell.clone();
                queue.send(Box::new(move |synced| tell.send(synced.is_ok()).unwrap())).unwrap();
            }
            drop((queue, tell));
            run(&writer, &waiting);
            assert_eq!(told.iter().collect::<Vec<_>>(), [!fails; 5]);
        }
        assert_eq!(disk.syncs(), 2, "one for each five");
    }
}
