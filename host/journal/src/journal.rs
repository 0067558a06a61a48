//! The journal: calls begin and end, and the file is written again when too much of it is old.

use std::io::{self, ErrorKind};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::{Disk, FileDisk};
use crate::error::Refused;
use crate::index::{Entry, Index, Place, State};
use crate::open::{Found, Options};
use crate::record::{self, ANSWER_MAX, Digest, HEADER_LEN, KEY_MAX, Record, RecordKind};
use crate::syncs::Syncs;

/// The time in milliseconds since 1970.
pub(crate) type Clock = Box<dyn Fn() -> u64 + Send>;

/// The file is not written again before it has as many bytes.
const REWRITE_MIN: u64 = 1024 * 1024;
/// How long a full journal waits before it looks again for what is old, in milliseconds.
const FULL_MS: u64 = 60_000;

/// What a call finds when it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// It may run. [`Journal::end`], [`Journal::free`] or [`Journal::lose`] has to follow, and
    /// after [`Journal::reserve`] a [`Journal::commit`] before the call runs.
    Started,
    /// It runs in this program, or is about to.
    Running,
    /// It has ended with this answer.
    Ended {
        /// Whether the answer is an error.
        is_error: bool,
        /// The answer, as it was kept.
        answer: Vec<u8>,
    },
    /// It has ended, and its answer is not kept.
    NotKept,
    /// It began, and how it ended is not known.
    Unknown,
    /// Another call has its key.
    OtherCall,
}

/// A journal of begun calls. It is shared by all threads.
pub struct Journal {
    writer: Arc<Mutex<Writer<FileDisk>>>,
    /// Where each beginning waits for the disk.
    syncs: Option<Syncs>,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

/// What writes a journal, whatever became of the thread that had it before.
pub(crate) fn lock<D>(writer: &Mutex<Writer<D>>) -> MutexGuard<'_, Writer<D>> {
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Journal {
    pub(crate) fn new(writer: Writer<FileDisk>) -> io::Result<Self> {
        let is_synced = writer.options.sync;
        let writer = Arc::new(Mutex::new(writer));
        let syncs = is_synced.then(|| Syncs::start(&writer)).transpose()?;
        Ok(Self { writer, syncs })
    }

    fn writer(&self) -> MutexGuard<'_, Writer<FileDisk>> {
        lock(&self.writer)
    }

    /// How a call stands; `None` where it has not begun. A key has [`KEY_MAX`] bytes at most.
    #[must_use]
    pub fn look(&self, key: &[u8], digest: &Digest) -> Option<Begin> {
        self.writer().look(key, digest)
    }

    /// Takes the key for a call that may have to wait before it runs, unless it has begun before.
    /// The file has nothing of it yet: when this program dies, the call may run in the next one.
    ///
    /// # Errors
    /// When the key is longer than [`KEY_MAX`].
    pub fn reserve(&self, key: &[u8], digest: &Digest) -> Result<Begin, Refused> {
        self.writer().reserve(key, digest)
    }

    /// Writes that a reserved call begins. It may run when the answer is `Some(Ok(()))`. Where the
    /// journal waits for the disk the answer is `None`, and `then` is told by another thread, which
    /// must soon return from it. After an error, here or there, the call must not
    /// run, and [`Self::free`] has to follow.
    pub fn commit(
        &self,
        key: &[u8],
        then: impl FnOnce(Result<(), Refused>) + Send + 'static,
    ) -> Option<Result<(), Refused>> {
        let committed = self.writer().commit(key);
        match &self.syncs {
            Some(syncs) if committed.is_ok() => {
                syncs.wait(Box::new(then));
                None
            }
            _ => Some(committed),
        }
    }

    /// Whether each beginning waits for the disk ([`Options::sync`]).
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.syncs.is_some()
    }

    /// Begins a call, unless it has begun before. When this answers [`Begin::Started`], the file
    /// has it. A key has [`KEY_MAX`] bytes at most.
    ///
    /// # Errors
    /// When the file cannot be written. The call must not run then.
    pub fn begin(&self, key: &[u8], digest: &Digest) -> Result<Begin, Refused> {
        let begun = self.reserve(key, digest)?;
        if begun != Begin::Started {
            return Ok(begun);
        }
        let (send, receive) = channel();
        let ended = || io::Error::from(ErrorKind::BrokenPipe).into();
        let committed = self.commit(key, move |synced| drop(send.send(synced)));
        let committed =
            committed.unwrap_or_else(|| receive.recv().unwrap_or_else(|_| Err(ended())));
        match committed {
            Ok(()) => Ok(begun),
            Err(why) => {
                self.free(key);
                Err(why)
            }
        }
    }

    /// A call has ended with this answer. One that is longer than [`ANSWER_MAX`] is not kept, nor
    /// is one for which there is no room.
    pub fn end(&self, key: &[u8], is_error: bool, answer: &[u8]) {
        self.writer().end(key, is_error, answer);
    }

    /// A call did nothing, and may begin another time.
    pub fn free(&self, key: &[u8]) {
        self.writer().free(key);
    }

    /// How a call ended will never be known.
    pub fn lose(&self, key: &[u8]) {
        self.writer().lose(key);
    }
}

/// What writes a journal.
pub(crate) struct Writer<D> {
    pub(crate) disk: D,
    index: Index,
    pub(crate) options: Options,
    clock: Clock,
    /// Good bytes of the file.
    len: u64,
    /// How long the file may become before it is written again.
    rewrite_at: u64,
    /// No room is looked for before this time.
    full_until: u64,
    is_broken: bool,
}

impl<D: Disk> Writer<D> {
    /// Goes on with what was found in a file, and repairs it.
    pub(crate) fn new(
        disk: D,
        found: Found,
        (options, clock): (Options, Clock),
    ) -> io::Result<Self> {
        let Found { index, report, len } = found;
        let mut writer = Self {
            disk,
            index,
            options,
            clock,
            len: len.max(HEADER_LEN as u64),
            rewrite_at: 0,
            full_until: 0,
            is_broken: false,
        };
        if len > 0 && report.cut > 0 {
            writer.disk.cut(len)?;
        }
        if !report.damaged.is_empty() || writer.has_old() || writer.len > options.bytes_max {
            // Where it cannot be written again, the file that there is goes on.
            drop(writer.rewrite());
        }
        writer.rewrite_at = writer.next_rewrite();
        writer.lose_all();
        Ok(writer)
    }

    /// What ran in the program before this one has no end. It is remembered from now on, however
    /// long it has run.
    fn lose_all(&mut self) {
        let running = self.index.calls.iter().filter(|(_, entry)| entry.state == State::Running);
        let keys: Vec<Box<[u8]>> = running.map(|(key, _)| key.clone()).collect();
        keys.iter().for_each(|key| self.lose(key));
    }

    pub(crate) fn look(&self, key: &[u8], digest: &Digest) -> Option<Begin> {
        let entry = self.index.calls.get(key)?;
        Some(match entry.state {
            _ if entry.digest.is_some_and(|it| it != *digest) => Begin::OtherCall,
            State::Reserved | State::Running => Begin::Running,
            State::Unknown => Begin::Unknown,
            State::NotKept => Begin::NotKept,
            State::Ended(place) => self.answer(key, place),
        })
    }

    fn answer(&self, key: &[u8], place: Place) -> Begin {
        let bytes = self.disk.read(place.at, place.len as usize).unwrap_or_default();
        match Record::decode(&bytes) {
            Some((Record { key: its, kind: RecordKind::Ended { is_error, answer }, .. }, _))
                if its == key =>
            {
                Begin::Ended { is_error, answer: answer.to_vec() }
            }
            _ => Begin::NotKept,
        }
    }

    pub(crate) fn reserve(&mut self, key: &[u8], digest: &Digest) -> Result<Begin, Refused> {
        if let Some(known) = self.look(key, digest) {
            return Ok(known);
        }
        if key.len() > KEY_MAX {
            return Err(io::Error::from(ErrorKind::InvalidInput).into());
        }
        let at = (self.clock)();
        let entry = Entry { digest: Some(*digest), begun: at, changed: at, state: State::Reserved };
        self.index.calls.insert(key.into(), entry);
        Ok(Begin::Started)
    }

    pub(crate) fn commit(&mut self, key: &[u8]) -> Result<(), Refused> {
        let at = (self.clock)();
        let reserved = self.index.calls.get(key).filter(|entry| !entry.is_written());
        let Some(digest) = reserved.and_then(|entry| entry.digest) else {
            return Err(io::Error::from(ErrorKind::InvalidInput).into());
        };
        let bytes = Record { at, key, kind: RecordKind::Begun(&digest) }.encode();
        self.make_room(bytes.len() as u64, at)?;
        self.append(&bytes)?;
        if let Some(entry) = self.index.calls.get_mut(key) {
            (entry.state, entry.begun, entry.changed) = (State::Running, at, at);
        }
        Ok(())
    }

    /// Whether the file has nothing of a call, which is forgotten then.
    fn is_unwritten(&mut self, key: &[u8]) -> bool {
        let is_unwritten = self.index.calls.get(key).is_some_and(|entry| !entry.is_written());
        if is_unwritten {
            self.index.calls.remove(key);
        }
        is_unwritten
    }

    pub(crate) fn end(&mut self, key: &[u8], is_error: bool, answer: &[u8]) {
        if self.is_unwritten(key) {
            return;
        }
        let at = (self.clock)();
        let kind = RecordKind::Ended { is_error, answer };
        let bytes = Record { at, key, kind }.encode();
        let place = Place { at: self.len, len: bytes.len() as u32 };
        let has_room = self.len + bytes.len() as u64 <= self.options.bytes_max;
        let is_kept = answer.len() <= ANSWER_MAX && has_room && self.append(&bytes).is_ok();
        if !is_kept {
            // This little is written even where the journal is full: the answer is known to be
            // gone, and the outcome is not unknown. Where it fails, a later program says unknown.
            let bytes = Record { at, key, kind: RecordKind::NotKept }.encode();
            drop(self.append(&bytes));
        }
        self.set(key, if is_kept { State::Ended(place) } else { State::NotKept }, at);
    }

    pub(crate) fn free(&mut self, key: &[u8]) {
        if self.is_unwritten(key) {
            return;
        }
        let at = (self.clock)();
        let bytes = Record { at, key, kind: RecordKind::Freed }.encode();
        match self.append(&bytes) {
            Ok(()) => drop(self.index.calls.remove(key)),
            // The file says that it has begun, and a later program could say nothing else.
            Err(_) => self.set(key, State::Unknown, at),
        }
    }

    pub(crate) fn lose(&mut self, key: &[u8]) {
        if self.is_unwritten(key) {
            return;
        }
        let at = (self.clock)();
        // Without this record a later program says the same.
        drop(self.append(&Record { at, key, kind: RecordKind::Lost }.encode()));
        self.set(key, State::Unknown, at);
    }

    fn set(&mut self, key: &[u8], state: State, at: u64) {
        if let Some(entry) = self.index.calls.get_mut(key) {
            (entry.state, entry.changed) = (state, at);
        }
    }

    /// Appends a record, or leaves the file as it was.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.mend()?;
        let error = match self.disk.append(bytes) {
            Ok(len) if len == bytes.len() => {
                self.len += len as u64;
                return Ok(());
            }
            Ok(_) => ErrorKind::StorageFull.into(),
            Err(error) => error,
        };
        // A part of a record would hide what is written behind it.
        self.is_broken = self.disk.cut(self.len).is_err();
        Err(Refused::Write(error))
    }

    /// Takes back what a failed write has left, where that could not be done at once.
    fn mend(&mut self) -> Result<(), Refused> {
        if self.is_broken {
            self.disk.cut(self.len).map_err(|_| Refused::Broken)?;
            self.is_broken = false;
        }
        Ok(())
    }
}

impl<D: Disk> Writer<D> {
    /// Writes the file again where half of it is old, and refuses where there is no room for `len`
    /// bytes.
    fn make_room(&mut self, len: u64, now: u64) -> Result<(), Refused> {
        let is_full = |writer: &Self| writer.len + len > writer.options.bytes_max;
        self.mend()?;
        if is_full(self) && now < self.full_until {
            return Err(Refused::Full);
        }
        let is_due = self.len >= self.rewrite_at && self.live(now) <= self.len / 2;
        if is_full(self) || is_due {
            // Where it cannot be written again, the file that there is goes on.
            drop(self.rewrite());
        }
        if self.len >= self.rewrite_at || is_due {
            self.rewrite_at = self.next_rewrite();
        }
        if is_full(self) {
            self.full_until = now.saturating_add(FULL_MS);
            return Err(Refused::Full);
        }
        Ok(())
    }

    /// How long the file may become before it is looked at again.
    fn next_rewrite(&self) -> u64 {
        (self.len + (self.len / 4).max(REWRITE_MIN)).min(self.options.bytes_max)
    }

    /// Bytes of the calls that are still to be remembered.
    fn live(&self, now: u64) -> u64 {
        let is_live = |entry: &Entry| entry.is_written() && !self.is_old(entry, now);
        let live = self.index.calls.iter().filter(|(_, entry)| is_live(entry));
        live.map(|(key, entry)| entry.bytes(key)).sum()
    }

    fn is_old(&self, entry: &Entry, now: u64) -> bool {
        let keep = u64::try_from(self.options.keep.as_millis()).unwrap_or(u64::MAX);
        let is_under_way = matches!(entry.state, State::Reserved | State::Running);
        !is_under_way && now.saturating_sub(entry.changed) > keep
    }

    fn has_old(&self) -> bool {
        let now = (self.clock)();
        self.index.calls.values().any(|entry| self.is_old(entry, now))
    }

    /// Writes the calls that are still to be remembered into a new file, which takes the place of
    /// the old one.
    pub(crate) fn rewrite(&mut self) -> io::Result<()> {
        let now = (self.clock)();
        let mut calls: Vec<(&[u8], &Entry)> =
            self.index.calls.iter().map(|(key, entry)| (&**key, entry)).collect();
        calls.retain(|(_, entry)| entry.is_written() && !self.is_old(entry, now));
        calls.sort_unstable_by_key(|(key, entry)| (entry.begun, *key));
        let mut shed = self.to_shed(&calls);
        let mut bytes = record::header().to_vec();
        let mut moved = Index { latest: self.index.latest, ..Index::default() };
        for (key, entry) in calls {
            let mut entry = *entry;
            let end = self.end_of(key, &mut entry, &mut shed);
            if let Some(digest) = &entry.digest {
                let kind = RecordKind::Begun(digest);
                bytes.extend(Record { at: entry.begun, key, kind }.encode());
            }
            if let State::Ended(place) = &mut entry.state {
                place.at = bytes.len() as u64;
            }
            bytes.extend(end);
            moved.calls.insert(key.into(), entry);
        }
        self.disk.replace(&bytes, self.options.sync)?;
        let reserved = self.index.calls.drain().filter(|(_, entry)| !entry.is_written());
        moved.calls.extend(reserved);
        (self.index, self.len, self.is_broken) = (moved, bytes.len() as u64, false);
        Ok(())
    }

    /// Bytes of answers that have to go for the file to be half as long as it may be, where it
    /// would take more than three quarters.
    fn to_shed(&self, calls: &[(&[u8], &Entry)]) -> u64 {
        let all = calls.iter().map(|(key, entry)| entry.bytes(key)).sum::<u64>();
        let most = self.options.bytes_max;
        if all > most / 4 * 3 { all - most / 2 } else { 0 }
    }

    /// The last record of a call, without its answer where that has to go or cannot be read.
    fn end_of(&self, key: &[u8], entry: &mut Entry, shed: &mut u64) -> Vec<u8> {
        let at = entry.changed;
        let not_kept = || Record { at, key, kind: RecordKind::NotKept }.encode();
        match entry.state {
            State::Ended(place) if *shed == 0 => {
                if let Begin::Ended { is_error, answer } = self.answer(key, place) {
                    let kind = RecordKind::Ended { is_error, answer: &answer };
                    return Record { at, key, kind }.encode();
                }
                entry.state = State::NotKept;
                not_kept()
            }
            State::Ended(place) => {
                *shed = shed.saturating_sub(place.len.into());
                entry.state = State::NotKept;
                not_kept()
            }
            State::NotKept => not_kept(),
            State::Unknown => Record { at, key, kind: RecordKind::Lost }.encode(),
            State::Reserved | State::Running => Vec::new(),
        }
    }
}

#[cfg(test)]
impl<D: Disk> Writer<D> {
    pub(crate) fn begin(&mut self, key: &[u8], digest: &Digest) -> Result<Begin, Refused> {
        let begun = self.reserve(key, digest)?;
        if begun == Begin::Started {
            self.commit(key).inspect_err(|_| self.free(key))?;
        }
        Ok(begun)
    }

    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn calls(&self) -> usize {
        self.index.calls.len()
    }
}
