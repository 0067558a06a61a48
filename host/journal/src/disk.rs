//! The file of a journal, and what stands in for it in tests.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::sys::{cut, own, read_at, sync_folder};

/// Waits until what was written is on the disk.
pub(crate) type Sync = Box<dyn FnOnce() -> io::Result<()> + Send>;

/// Where a journal is written.
pub(crate) trait Disk: Send {
    /// Appends bytes by one `write`. Fewer than all of them may have been taken.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Drops what stands behind the first `len` bytes.
    fn cut(&mut self, len: u64) -> io::Result<()>;

    fn read(&self, at: u64, len: usize) -> io::Result<Vec<u8>>;

    /// Puts other bytes in place of all, or changes nothing.
    fn replace(&mut self, bytes: &[u8], is_synced: bool) -> io::Result<()>;

    /// What waits for the disk, without keeping anything from being written meanwhile.
    fn sync(&self) -> Sync;
}

/// A file that no other program has open as a journal.
#[derive(Debug)]
pub(crate) struct FileDisk {
    path: PathBuf,
    file: Arc<File>,
    /// The folder could not be synced after the file was replaced, so it has to be with each call.
    is_folder_due: bool,
    /// Locked as long as this is open, since the journal itself is replaced. That is locked too: a
    /// file may have several names, by hard links or mounts, with a lock file next to each.
    _lock: File,
}

impl FileDisk {
    /// Opens or makes a file, and reads what stands in it.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<u8>)> {
        let failed = |source| Error::Open { path: path.into(), source };
        let mut options = own();
        let options = options.read(true).append(true).create(true);
        // A device is not read, nor replaced by a file.
        if !options.open(path).and_then(|file| file.metadata()).map_err(failed)?.is_file() {
            return Err(Error::NoJournal { path: path.into() });
        }
        // Under each of its names it is the same one.
        let path = path.canonicalize().map_err(failed)?;
        let lock = own().write(true).create(true).open(with_end(&path, ".lock"));
        let lock = lock.map_err(failed)?;
        let alone = |file: &File| match file.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { path: path.clone() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        };
        alone(&lock)?;
        let mut file = options.open(&path).map_err(failed)?;
        alone(&file)?;
        // A program was killed before this took the place of the journal.
        drop(fs::remove_file(with_end(&path, ".new")));
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let file = Arc::new(file);
        Ok((Self { path, file, is_folder_due: false, _lock: lock }, bytes))
    }

    /// Keeps a copy of a damaged file, and answers its name.
    pub(crate) fn keep_damaged(&self) -> io::Result<PathBuf> {
        let kept = with_end(&self.path, ".damaged");
        // By the own handle: on Windows no other one reads what is locked.
        let len = usize::try_from(self.file.metadata()?.len()).map_err(io::Error::other)?;
        let bytes = self.read(0, len)?;
        own().write(true).create(true).truncate(true).open(&kept)?.write_all(&bytes)?;
        Ok(kept)
    }

    fn replaced(&mut self, new: &Path, bytes: &[u8], is_synced: bool) -> io::Result<()> {
        let mut file = own().read(true).append(true).create_new(true).open(new)?;
        file.try_lock()?;
        file.write_all(bytes)?;
        if is_synced {
            file.sync_all()?;
        }
        fs::rename(new, &self.path)?;
        self.file = Arc::new(file);
        self.is_folder_due = is_synced && sync_folder(&self.path).is_err();
        Ok(())
    }
}

impl Disk for FileDisk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match (&*self.file).write(bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                written => return written,
            }
        }
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        cut(&self.file, &self.path, len)
    }

    fn read(&self, at: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        read_at(&self.file, &mut bytes, at)?;
        Ok(bytes)
    }

    fn replace(&mut self, bytes: &[u8], is_synced: bool) -> io::Result<()> {
        let new = with_end(&self.path, ".new");
        drop(fs::remove_file(&new));
        let replaced = self.replaced(&new, bytes, is_synced);
        if replaced.is_err() {
            drop(fs::remove_file(&new));
        }
        replaced
    }

    fn sync(&self) -> Sync {
        let file = Arc::clone(&self.file);
        let folder_of = self.is_folder_due.then(|| self.path.clone());
        Box::new(move || {
            file.sync_data()?;
            folder_of.map_or(Ok(()), |path| sync_folder(&path))
        })
    }
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
