//! Journals in real files.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use trine_journal::{ANSWER_MAX, Begin, Error, Journal, Options, Report};

const DIGEST: [u8; 32] = [7; 32];

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("trine-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("calls")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn open(path: &Path) -> (Journal, Report) {
    Journal::open(path, Options::default()).unwrap()
}

#[test]
fn what_began_is_known_to_the_next_program_and_an_answer_is_kept() {
    let folder = Folder::new("journal-known");
    let path = folder.file();
    for sync in [false, true] {
        let (journal, report) =
            Journal::open(&path, Options { sync, ..Options::default() }).unwrap();
        assert_eq!(report, Report::default());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(journal.look(b"a", &DIGEST), None);
        for key in [&b"a"[..], b"b", b"c", b"d"] {
            assert_eq!(journal.begin(key, &DIGEST).unwrap(), Begin::Started);
            assert_eq!(journal.begin(key, &DIGEST).unwrap(), Begin::Running);
            assert_eq!(journal.begin(key, &[8; 32]).unwrap(), Begin::OtherCall);
        }
        journal.end(b"a", true, b"{\"code\":1}");
        journal.end(b"b", false, &vec![b' '; ANSWER_MAX + 1]);
        journal.free(b"c");
        drop(journal);
        let (journal, report) = open(&path);
        assert_eq!((report.calls, report.unknown, report.cut), (3, 1, 0));
        let answer = b"{\"code\":1}".to_vec();
        let kept = Begin::Ended { is_error: true, answer };
        assert_eq!(journal.begin(b"a", &DIGEST).unwrap(), kept);
        assert_eq!(journal.begin(b"a", &[8; 32]).unwrap(), Begin::OtherCall);
        assert_eq!(journal.begin(b"b", &DIGEST).unwrap(), Begin::NotKept);
        assert_eq!(journal.begin(b"c", &[8; 32]).unwrap(), Begin::Started);
        assert_eq!(journal.begin(b"d", &DIGEST).unwrap(), Begin::Unknown);
        assert!(journal.begin(&[b'x'; 256], &DIGEST).is_err());
        drop(journal);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_file_is_one_programs_at_a_time_under_each_of_its_names() {
    let folder = Folder::new("journal-lock");
    let path = folder.file();
    let (journal, _) = open(&path);
    let link = folder.0.join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    // As a mount of the file in another place has it: with another lock file.
    let hard = folder.0.join("hard");
    fs::hard_link(&path, &hard).unwrap();
    for name in [&path, &link, &hard] {
        let refused = Journal::open(name, Options::default());
        assert!(matches!(refused, Err(Error::InUse { .. })), "{refused:?}");
    }
    journal.begin(b"a", &DIGEST).unwrap();
    drop(journal);
    assert_eq!(open(&link).1.unknown, 1);
}

#[test]
fn what_is_no_journal_is_refused_and_stays_as_it_was() {
    let folder = Folder::new("journal-other");
    let path = folder.file();
    let mut later = [&b"trine-jl"[..], &2_u32.to_le_bytes()].concat();
    later.extend(trine_bits::crc32(&later).to_le_bytes());
    for text in [&b"{\"a\": 1}"[..], b"no journal, but a longer text", &later] {
        fs::write(&path, text).unwrap();
        let refused = Journal::open(&path, Options::default()).map(drop);
        match refused {
            Err(Error::Version { version: 2, .. }) => assert_eq!(text, later),
            refused => assert!(matches!(refused, Err(Error::NoJournal { .. })), "{refused:?}"),
        }
        assert_eq!(fs::read(&path).unwrap(), text);
    }
    let refused = Journal::open(Path::new("/dev/null"), Options::default());
    assert!(matches!(refused, Err(Error::NoJournal { .. })), "{refused:?}");
    let refused = Journal::open(&folder.0, Options::default());
    assert!(matches!(refused, Err(Error::Open { .. })), "{refused:?}");
}

#[test]
fn a_file_that_is_damaged_is_repaired_and_what_it_was_is_kept() {
    let folder = Folder::new("journal-damaged");
    let path = folder.file();
    let (journal, _) = open(&path);
    for key in [b"a", b"b", b"c"] {
        journal.begin(key, &DIGEST).unwrap();
        journal.end(key, false, b"{}");
    }
    drop(journal);
    let good = fs::read(&path).unwrap();
    let mut bytes = good.clone();
    bytes[40] ^= 1;
    bytes.extend(b"torn");
    fs::write(&path, &bytes).unwrap();
    fs::write(folder.0.join("calls.new"), b"left by a program that was killed").unwrap();
    let (journal, report) = open(&path);
    assert_eq!((report.cut, report.damaged.len()), (4, 1));
    assert!(report.damaged[0].contains(&40));
    assert_eq!(fs::read(report.kept.unwrap()).unwrap(), bytes);
    // Its end is left of the first call, and that it has begun.
    assert_eq!(journal.begin(b"a", &DIGEST).unwrap(), Begin::Unknown);
    assert!(matches!(journal.begin(b"c", &DIGEST).unwrap(), Begin::Ended { .. }));
    drop(journal);
    let (journal, report) = open(&path);
    assert_eq!((report.cut, report.damaged.len(), report.calls), (0, 0, 3));
    assert_eq!(journal.begin(b"a", &DIGEST).unwrap(), Begin::Unknown);
    assert!(!folder.0.join("calls.new").exists());
}

#[test]
fn what_was_reserved_and_did_not_begin_may_run_in_the_next_program() {
    let folder = Folder::new("journal-reserved");
    let path = folder.file();
    for sync in [false, true] {
        let options = Options { sync, ..Options::default() };
        let (journal, _) = Journal::open(&path, options).unwrap();
        for key in [b"a", b"b", b"c"] {
            assert_eq!(journal.reserve(key, &DIGEST).unwrap(), Begin::Started);
            assert_eq!(journal.reserve(key, &DIGEST).unwrap(), Begin::Running);
            assert_eq!(journal.reserve(key, &[8; 32]).unwrap(), Begin::OtherCall);
        }
        assert_eq!(fs::metadata(&path).unwrap().len(), 16, "a header");
        let (tell, told) = std::sync::mpsc::channel();
        let then = move |synced: Result<(), _>| tell.send(synced.is_ok()).unwrap();
        match journal.commit(b"a", then) {
            Some(committed) => assert!(!sync && committed.is_ok()),
            None => assert!(sync && told.recv().unwrap()),
        }
        journal.free(b"b");
        assert_eq!(journal.look(b"b", &DIGEST), None);
        assert!(journal.commit(b"b", drop).unwrap().is_err(), "it is not reserved any more");
        drop(journal);
        let (journal, report) = open(&path);
        assert_eq!((report.calls, report.unknown), (1, 1));
        assert_eq!(journal.begin(b"a", &DIGEST).unwrap(), Begin::Unknown);
        assert_eq!(journal.begin(b"c", &DIGEST).unwrap(), Begin::Started);
        drop(journal);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn the_last_call_may_let_the_journal_go_while_it_is_told() {
    let folder = Folder::new("journal-last");
    let options = Options { sync: true, ..Options::default() };
    let (journal, _) = Journal::open(&folder.file(), options).unwrap();
    let journal = std::sync::Arc::new(journal);
    journal.reserve(b"a", &DIGEST).unwrap();
    let (go, gone) = std::sync::mpsc::channel();
    let (tell, told) = std::sync::mpsc::channel();
    let own = std::sync::Arc::clone(&journal);
    let then = move |_: Result<(), _>| {
        gone.recv().unwrap();
        drop(own);
        tell.send(()).unwrap();
    };
    assert!(journal.commit(b"a", then).is_none());
    drop(journal);
    go.send(()).unwrap();
    told.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
}

#[test]
fn of_many_threads_one_begins_each_call() {
    let folder = Folder::new("journal-threads");
    let (journal, _) = open(&folder.file());
    let started = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for call in 0..200_u32 {
                    let key = call.to_le_bytes();
                    if journal.begin(&key, &DIGEST).unwrap() == Begin::Started {
                        started.fetch_add(1, Ordering::Relaxed);
                        journal.end(&key, false, b"{}");
                    }
                }
            });
        }
    });
    assert_eq!(started.into_inner(), 200);
}
