//! The journal next to a model of it: calls at random, a crash at each byte of each write, and a
//! disk that fills up at each byte.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use trine_bits::{Random, rounds};

use crate::disk::{Disk, Sync};
use crate::index::State;
use crate::journal::{Begin, Writer};
use crate::open::{Options, find};
use crate::record::{Digest, HEADER_LEN, header};

const KEYS: usize = 6;
const KEEP: u64 = 1_000;
const DIGESTS: [Digest; 2] = [[1; 32], [2; 32]];

/// The bytes of a file, each state that a crash may have left, and how many bytes the disk takes.
#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    crashed: Vec<Vec<u8>>,
    room: Option<usize>,
    replaced: u32,
    synced: u32,
    fails_syncs: bool,
    /// Nothing can be cut off.
    is_stiff: bool,
    /// The states are kept.
    is_watched: bool,
}

#[derive(Clone, Default)]
pub(crate) struct MemoryDisk(Arc<Mutex<Memory>>);

impl MemoryDisk {
    pub(crate) fn fail_syncs(&self, fails: bool) {
        self.0.lock().unwrap().fails_syncs = fails;
    }

    pub(crate) fn syncs(&self) -> u32 {
        self.0.lock().unwrap().synced
    }
}

/// What writes a new journal there.
pub(crate) fn writer_on(disk: &MemoryDisk) -> Writer<MemoryDisk> {
    disk.0.lock().unwrap().bytes = header().to_vec();
    open(disk, Options::default(), &Arc::default())
}

impl Memory {
    /// A crash may leave the file as it is, with these bytes behind it.
    fn may_crash(&mut self, more: &[u8]) {
        if self.is_watched {
            let crashed = [&self.bytes, more].concat();
            self.crashed.push(crashed);
        }
    }

    /// How many of these bytes there is room for.
    fn take(&mut self, len: usize) -> usize {
        let Some(room) = &mut self.room else { return len };
        let taken = len.min(*room);
        *room -= taken;
        taken
    }
}

impl Disk for MemoryDisk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut memory = self.0.lock().unwrap();
        let taken = memory.take(bytes.len());
        for len in 0..=taken {
            memory.may_crash(&bytes[..len]);
        }
        memory.bytes.extend(&bytes[..taken]);
        if taken == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        let mut memory = self.0.lock().unwrap();
        if memory.is_stiff {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        }
        memory.bytes.truncate(len as usize);
        memory.may_crash(&[]);
        Ok(())
    }

    fn read(&self, at: u64, len: usize) -> io::Result<Vec<u8>> {
        let at = at as usize;
        let memory = self.0.lock().unwrap();
        memory.bytes.get(at..at + len).map(<[u8]>::to_vec).ok_or(ErrorKind::UnexpectedEof.into())
    }

    fn replace(&mut self, bytes: &[u8], _: bool) -> io::Result<()> {
        let mut memory = self.0.lock().unwrap();
        // A crash leaves the old file or the new one; what is left of a half-written new one is
        // removed.
        if memory.take(bytes.len()) < bytes.len() {
            return Err(ErrorKind::StorageFull.into());
        }
        memory.bytes = bytes.to_vec();
        memory.replaced += 1;
        memory.may_crash(&[]);
        Ok(())
    }

    fn sync(&self) -> Sync {
        let memory = Arc::clone(&self.0);
        Box::new(move || {
            let mut memory = memory.lock().unwrap();
            memory.synced += 1;
            if memory.fails_syncs { Err(ErrorKind::Other.into()) } else { Ok(()) }
        })
    }
}

/// A call that has run.
#[derive(Clone, Debug)]
struct Ran {
    digest: usize,
    state: Shown,
    changed: u64,
}

/// What the program that ran it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shown {
    Reserved,
    Running,
    Unknown,
    Ended(bool, Vec<u8>),
}

struct World {
    disk: MemoryDisk,
    writer: Writer<MemoryDisk>,
    options: Options,
    now: Arc<AtomicU64>,
    ran: HashMap<usize, Ran>,
    /// Answers may have been given up for room.
    sheds: bool,
}

fn key(number: usize) -> Vec<u8> {
    format!("call-{number}").into_bytes()
}

fn open(disk: &MemoryDisk, options: Options, now: &Arc<AtomicU64>) -> Writer<MemoryDisk> {
    let bytes = disk.0.lock().unwrap().bytes.clone();
    let Ok(found) = find(&bytes) else { panic!("a crash has damaged the header") };
    let now = Arc::clone(now);
    let clock = Box::new(move || now.load(Ordering::Relaxed));
    Writer::new(disk.clone(), found, (options, clock)).unwrap()
}

impl World {
    fn new(bytes_max: u64, sheds: bool) -> Self {
        let options = Options { keep: Duration::from_millis(KEEP), bytes_max, sync: false };
        let (disk, now) = (MemoryDisk::default(), Arc::new(AtomicU64::new(1_000_000)));
        disk.0.lock().unwrap().bytes = header().to_vec();
        let writer = open(&disk, options, &now);
        Self { disk, writer, options, now, ran: HashMap::new(), sheds }
    }

    fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Whether a call may have been forgotten.
    fn is_old(&self, ran: &Ran) -> bool {
        !matches!(ran.state, Shown::Reserved | Shown::Running) && self.now() - ran.changed > KEEP
    }

    /// What a journal may say of a call. After a crash nothing runs, and an answer whose record was
    /// not finished is unknown; `is_new` is for the call that was being written.
    fn check(&self, writer: &Writer<MemoryDisk>, number: usize, (crashed, is_new): (bool, bool)) {
        for (at, digest) in DIGESTS.iter().enumerate() {
            let said = writer.look(&key(number), digest);
            let Some(ran) = self.ran.get(&number) else {
                let is_right = said.is_none() || is_new;
                assert!(is_right, "{number} has not run: {said:?}");
                continue;
            };
            if ran.state == Shown::Reserved && crashed {
                assert!(said.is_none() || is_new, "{number} was not written: {said:?}");
                continue;
            }
            let Some(said) = said else {
                assert!(self.is_old(ran) || is_new, "{number} would run twice: {ran:?}");
                continue;
            };
            if is_new {
                continue;
            }
            let is_right = match (&said, &ran.state) {
                _ if at != ran.digest => said == Begin::OtherCall,
                (Begin::Running, Shown::Running | Shown::Reserved) => !crashed,
                (Begin::Unknown, Shown::Running) => crashed,
                (Begin::Unknown, Shown::Unknown) => true,
                (Begin::Ended { is_error, answer }, Shown::Ended(error, given)) => {
                    (is_error, answer) == (error, given)
                }
                (Begin::NotKept, Shown::Ended(..)) => self.sheds,
                (Begin::Unknown, Shown::Ended(..)) => self.sheds && crashed,
                _ => false,
            };
            assert!(is_right, "{number}: {said:?}, and it is {ran:?}");
        }
    }

    /// Looks at each file that a crash may have left since the last time, where `number` was being
    /// written.
    fn check_crashes(&self, number: usize) {
        let crashed = std::mem::take(&mut self.disk.0.lock().unwrap().crashed);
        for bytes in crashed {
            let disk = MemoryDisk::default();
            disk.0.lock().unwrap().bytes = bytes;
            let writer = open(&disk, self.options, &self.now);
            (0..KEYS).for_each(|it| self.check(&writer, it, (true, it == number)));
        }
    }

    fn step(&mut self, random: &mut Random) {
        let number = random.below(KEYS);
        let name = key(number);
        let runs = self.ran.get(&number).is_some_and(|ran| ran.state == Shown::Running);
        let waits = self.ran.get(&number).is_some_and(|ran| ran.state == Shown::Reserved);
        match random.below(9) {
            0 | 1 => self.begin(number, random.below(2)),
            2 => self.reserve(number, random.below(2)),
            3..=5 if waits => match self.writer.commit(&name) {
                Ok(()) => self.set(number, Shown::Running),
                Err(_) => {
                    assert!(self.sheds);
                    self.writer.free(&name);
                    self.ran.remove(&number);
                }
            },
            // Whatever ends a call that has not begun frees it.
            6 | 8 if waits => {
                match random.below(3) {
                    0 => self.writer.end(&name, false, b"{}"),
                    1 => self.writer.free(&name),
                    _ => self.writer.lose(&name),
                }
                self.ran.remove(&number);
            }
            3 | 4 if runs => {
                let answer = vec![b'a' + number as u8; random.below(200)];
                let is_error = random.below(3) == 0;
                self.writer.end(&name, is_error, &answer);
                self.set(number, Shown::Ended(is_error, answer));
            }
            5 if runs => {
                self.writer.free(&name);
                match self.writer.look(&name, &DIGESTS[0]) {
                    // There was no room to say so.
                    Some(_) => self.set(number, Shown::Unknown),
                    None => drop(self.ran.remove(&number)),
                }
            }
            6 if runs => {
                self.writer.lose(&name);
                self.set(number, Shown::Unknown);
            }
            7 => {
                let passed = random.below(KEEP as usize / 2) as u64;
                self.now.fetch_add(passed, Ordering::Relaxed);
            }
            // Whoever has no room, or whose file is half old, does so.
            8 => drop(self.writer.rewrite()),
            _ => {}
        }
        (0..KEYS).for_each(|it| self.check(&self.writer, it, (false, false)));
        self.check_crashes(number);
        assert!(self.writer.len() == self.disk.0.lock().unwrap().bytes.len() as u64);
    }

    fn begin(&mut self, number: usize, digest: usize) {
        let known = self.ran.get(&number).cloned();
        match self.writer.begin(&key(number), &DIGESTS[digest]) {
            Ok(Begin::Started) => {
                assert!(known.is_none_or(|ran| self.is_old(&ran)), "{number} runs twice");
                let (state, changed) = (Shown::Running, self.now());
                self.ran.insert(number, Ran { digest, state, changed });
            }
            Ok(_) => assert!(known.is_some()),
            Err(_) => assert!(self.sheds),
        }
    }

    fn reserve(&mut self, number: usize, digest: usize) {
        let known = self.ran.get(&number).cloned();
        let len = self.writer.len();
        if self.writer.reserve(&key(number), &DIGESTS[digest]).unwrap() == Begin::Started {
            assert!(known.is_none_or(|ran| self.is_old(&ran)), "{number} runs twice");
            let (state, changed) = (Shown::Reserved, self.now());
            self.ran.insert(number, Ran { digest, state, changed });
        }
        assert_eq!(self.writer.len(), len, "nothing is written");
    }

    fn set(&mut self, number: usize, state: Shown) {
        let changed = self.now();
        if let Some(ran) = self.ran.get_mut(&number) {
            (ran.state, ran.changed) = (state, changed);
        }
    }

    /// The program is killed and started again.
    fn restart(&mut self) {
        let now = self.now();
        self.ran.retain(|_, ran| ran.state != Shown::Reserved);
        for ran in self.ran.values_mut().filter(|ran| ran.state == Shown::Running) {
            (ran.state, ran.changed) = (Shown::Unknown, now);
        }
        self.writer = open(&self.disk, self.options, &self.now);
        for number in 0..KEYS {
            // What is old may be gone from here on, and may run.
            let digest = self.ran.get(&number).map_or(0, |ran| ran.digest);
            let said = self.writer.look(&key(number), &DIGESTS[digest]);
            if self.ran.get(&number).is_some_and(|ran| self.is_old(ran)) && said.is_none() {
                self.ran.remove(&number);
            }
            if self.sheds && said == Some(Begin::Unknown) {
                self.set_unknown(number);
            }
        }
    }

    fn set_unknown(&mut self, number: usize) {
        if let Some(ran) = self.ran.get_mut(&number) {
            ran.state = Shown::Unknown;
        }
    }
}

#[test]
fn after_a_crash_at_each_byte_of_each_write_no_call_would_run_twice() {
    for seed in 0..rounds(30) {
        let mut random = Random::named(seed as u64, "crashes");
        let mut world = World::new(1 << 20, false);
        world.disk.0.lock().unwrap().is_watched = true;
        for step in 0..60 {
            world.step(&mut random);
            if step % 20 == 19 {
                world.restart();
            }
        }
    }
}

#[test]
fn a_small_journal_is_written_again_and_again_and_forgets_no_call_before_its_time() {
    let mut rewritten = 0;
    for seed in 0..rounds(12) {
        let mut random = Random::named(seed as u64, "small");
        let mut world = World::new(700, true);
        world.disk.0.lock().unwrap().is_watched = true;
        for step in 0..250 {
            world.step(&mut random);
            if step % 50 == 49 {
                world.restart();
            }
        }
        rewritten += world.disk.0.lock().unwrap().replaced;
    }
    assert!(rewritten > 50, "{rewritten}");
}

#[test]
fn a_disk_that_is_full_at_any_byte_lets_no_call_begin_that_is_not_in_the_file() {
    for room in 0..400 {
        let mut random = Random::named(room, "full");
        let mut world = World::new(1 << 20, true);
        world.disk.0.lock().unwrap().room = Some(room as usize);
        (0..30).for_each(|_| world.step(&mut random));
        world.restart();
        world.disk.0.lock().unwrap().room = None;
        (0..20).for_each(|_| world.step(&mut random));
    }
}

#[test]
fn a_part_of_a_record_that_cannot_be_cut_off_is_cut_off_as_soon_as_it_can_be() {
    let mut world = World::new(1 << 20, true);
    world.begin(0, 0);
    let set = |world: &World, room, is_stiff| {
        let mut memory = world.disk.0.lock().unwrap();
        (memory.room, memory.is_stiff) = (room, is_stiff);
    };
    // The disk fills up in the middle of a record, and then cannot be written at all.
    set(&world, Some(5), true);
    world.begin(1, 0);
    set(&world, None, true);
    world.begin(1, 0);
    assert!(!world.ran.contains_key(&1));
    set(&world, None, false);
    world.begin(1, 0);
    assert!(world.ran.contains_key(&1), "it is written again");
    world.restart();
    (0..2).for_each(|it| world.check(&world.writer, it, (true, false)));
}

#[test]
fn a_full_journal_says_so_and_takes_calls_again_when_the_old_ones_are_too_old() {
    let mut world = World::new(1_000, true);
    let mut begun = 0;
    while world.writer.begin(format!("{begun}").as_bytes(), &DIGESTS[0]).is_ok() {
        begun += 1;
    }
    assert!(begun > 5);
    for number in 0..begun {
        let said = world.writer.look(format!("{number}").as_bytes(), &DIGESTS[0]);
        assert_eq!(said, Some(Begin::Running));
        world.writer.end(format!("{number}").as_bytes(), false, b"{}");
    }
    world.now.fetch_add(KEEP + 60_001, Ordering::Relaxed);
    world.begin(0, 0);
    assert_eq!(world.writer.calls(), 1);
    assert!(world.writer.len() < 200);
}

#[test]
fn a_clock_that_jumps_back_or_ahead_between_two_programs_forgets_nothing() {
    let mut world = World::new(1 << 20, false);
    world.begin(0, 0);
    world.writer.end(&key(0), false, b"{}");
    for now in [0, 1, 1_000_000 - KEEP] {
        world.now.store(now, Ordering::Relaxed);
        let writer = open(&world.disk, world.options, &world.now);
        assert!(matches!(writer.look(&key(0), &DIGESTS[0]), Some(Begin::Ended { .. })));
    }
}

#[test]
fn damage_at_each_byte_loses_its_own_record_alone_and_is_told() {
    let mut world = World::new(1 << 20, false);
    for number in 0..3 {
        world.begin(number, 0);
        world.writer.end(&key(number), false, b"{\"a\":1}");
    }
    let good = world.disk.0.lock().unwrap().bytes.clone();
    for at in HEADER_LEN..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        let Ok(found) = find(&bytes) else { panic!() };
        let is_told =
            found.report.cut > 0 || found.report.damaged.iter().any(|it| it.contains(&at));
        assert!(is_told, "{at}: {:?}", found.report);
        let ended = found.index.calls.values().filter(|it| matches!(it.state, State::Ended(_)));
        assert_eq!(ended.count(), 2, "{at}");
    }
}

#[test]
fn a_file_is_written_again_when_half_of_it_is_old_and_not_before() {
    let mut world = World::new(16 << 20, true);
    let (mut begun, answer) = (0, vec![b' '; 1_000]);
    let mut fill = |world: &mut World, calls: usize| {
        for _ in 0..calls {
            let name = format!("{begun}");
            begun += 1;
            assert_eq!(world.writer.begin(name.as_bytes(), &DIGESTS[0]).unwrap(), Begin::Started);
            world.writer.end(name.as_bytes(), false, &answer);
        }
        world.disk.0.lock().unwrap().replaced
    };
    assert_eq!(fill(&mut world, 4_000), 0, "all of it is needed");
    let full = world.writer.len();
    world.now.fetch_add(KEEP + 1, Ordering::Relaxed);
    assert_eq!(fill(&mut world, 1_500), 1);
    assert!(world.writer.len() < full / 2 && world.writer.calls() <= 1_500);
}
