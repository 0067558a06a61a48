//! Plug-ins in processes of their own: what ends such a process is an error of the calls that ran
//! in it, and of nothing else.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use trine_plugins::{Caps, Policy, Step};

use crate::site::{PATIENCE, Site, until};

/// Ends the calls of a test also where it fails: a scope waits for its threads.
struct End<'e>(&'e AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Processes that may fail as often as a test has them fail.
pub(crate) fn caps() -> Caps {
    Caps { restarts: 1_000, ..Site::caps() }
}

pub(crate) fn site(caps: Caps) -> Site {
    Site::with(Policy { isolate: true, caps, ..Policy::default() })
}

/// A plug-in that is not isolated would have none.
fn process(site: &Site, name: &str) -> Option<u32> {
    site.plugins.process_usage(name).unwrap().unwrap().process
}

/// A plug-in that misbehaves as it is asked to.
pub(crate) fn wild(site: &Site, defines: &[&str]) -> PathBuf {
    let name = format!("wild-{}.so", defines.len());
    site.build_with(&name, "wild.c", defines, &["-D_DEFAULT_SOURCE", "-Wno-dangling-pointer"])
}

pub(crate) fn lives(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

fn send(process: u32, signal: &str) {
    let status = std::process::Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(status.unwrap().success());
}

const CAP: &str = "it may have 67108864 bytes of memory";
/// What the tool does, and what its call is told.
static ENDS: [(&str, &[&str]); 20] = [
    ("abort", &["SIGABRT", CAP]),
    ("null", &["SIGSEGV"]),
    ("scribble", &["was ended by SIG"]),
    ("exit", &["ended by itself with the exit code 0"]),
    ("exit3", &["ended by itself with the exit code 3"]),
    ("hog", &["SIGSEGV", CAP]),
    ("killed", &["SIGKILL"]),
    ("fork", &["SIGABRT"]),
    ("noise", &["it sent damaged bytes"]),
    ("endless", &["it sent bytes without an end"]),
    ("zeros", &["it sent bytes without an end"]),
    ("stranger", &["it sent the result of a call that is not under way"]),
    ("huge", &["it sent content of a length that may not be"]),
    ("piece", &["it sent content that was not announced"]),
    ("hole", &["it sent a piece of content that does not follow"]),
    ("progress", &["it sent progress of a call that is not under way"]),
    ("pong", &["it sent ", "was ended: "]),
    ("kind", &["it sent ", "was ended: "]),
    ("utf8", &["it sent ", "was ended: "]),
    ("deaf", &["ended by itself with the exit code 0"]),
];

#[test]
fn whatever_ends_its_process_is_an_error_of_the_call_and_harms_nothing_else() {
    let site = site(Caps { memory: 64 << 20, ..caps() });
    let other = site.build("v.so", "version.c", &[]);
    let raw = site.build("raw.so", "raw.cpp", &[]);
    site.plugins.load(&[wild(&site, &[]), other, raw]).unwrap();
    let ends = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let others = scope.spawn(|| {
            let mut count = 0;
            while !ends.load(Ordering::Relaxed) {
                let done = site.call("which", &json!({ "id": count }));
                assert_eq!(done, Ok(json!({"id": count, "version": 1})));
                count += 1;
            }
            count
        });
        let end = End(&ends);
        for (what, parts) in &ENDS {
            let process = process(&site, "wild").unwrap();
            let why = site.call("wild", &json!({ "what": what })).unwrap_err();
            assert!(
                why.contains("outcome unknown: plug-in wild 1.0.0: its process "),
                "{what}: {why}"
            );
            assert!(parts.iter().all(|part| why.contains(part)), "{what}: {why}");
            assert!(!lives(process), "{what}");
            // The next call gets another process.
            assert_eq!(site.call("wild", &json!({"what": "fine"})), Ok(json!({"n": 1})), "{what}");
        }
        let why = site.call("raw", &json!({"what": 1})).unwrap_err();
        assert!(why.contains("plug-in raw 1.0.0: its process was ended by SIGABRT"), "{why}");
        drop(end);
        assert!(others.join().unwrap() > 100);
    });
    let usage = site.plugins.process_usage("wild").unwrap().unwrap();
    assert_eq!(usage.failures, ENDS.len() as u64);
    assert_eq!(site.plugins.process_usage("versioned").unwrap().unwrap().failures, 0);
    // Each call that began did so once, and is never repeated.
    let began = site.ledger().iter().filter(|line| *line == "began").count();
    assert_eq!(began, 2 * ENDS.len());
    // What it had started is gone with it.
    assert_eq!(
        site.call("wild", &json!({"what": "careful"})),
        Err("wild: no memory is left".into())
    );
    assert_eq!(site.plugins.process_usage("wild").unwrap().unwrap().failures, ENDS.len() as u64);
}

#[test]
fn what_a_process_says_of_a_result_is_checked_like_a_devices() {
    let site = site(caps());
    site.plugins.load(&[wild(&site, &[])]).unwrap();
    for (what, part) in [
        ("value", "its own description does not allow"),
        ("blocks", "its process sent blocks that cannot be read"),
        ("stale", "its process ended the call in a way that no plug-in does"),
    ] {
        let why = site.call("wild", &json!({ "what": what })).unwrap_err();
        assert!(why.contains(part), "{what}: {why}");
        // It ends the call a second time, which ends the process.
        until("it is not started again", || site.call("wild", &json!({"what": "fine"})).is_ok());
    }
    // A plug-in may log as much as it likes.
    assert_eq!(site.call("wild", &json!({"what": "logs"})), Ok(json!({"n": 1})));
}

#[test]
fn a_loop_ends_at_its_deadline_and_calls_beside_it_end_as_if_it_were_not_there() {
    let site = site(caps());
    // The call that ends takes a tenth of its time, also where the machine is busy.
    let defines = ["DEADLINE=1500", "CALLS=4u"];
    let slow = ["NAME=\"slow\"", "TOOL=\"slow\"", "CALLS=4u", "VERSION=\"2.0.0\""];
    site.plugins.load(&[wild(&site, &defines), wild(&site, &slow)]).unwrap();
    for what in ["loop", "never"] {
        let process_before = process(&site, "wild").unwrap();
        std::thread::scope(|scope| {
            let stuck = scope.spawn(|| site.call("wild", &json!({ "what": what })));
            let beside = json!({"what": "pause", "n": 150});
            assert_eq!(site.call("wild", &beside), Ok(json!({"n": 150})));
            let why = stuck.join().unwrap().unwrap_err();
            assert_eq!(why, "wild: wild did not answer within 1500 ms");
        });
        // Until its time to return is over, it takes calls beside.
        until("it is not killed", || process(&site, "wild") != Some(process_before));
        assert_eq!(site.call("wild", &json!({"what": "fine"})), Ok(json!({"n": 1})));
        until("it lives", || !lives(process_before));
        let failure = || site.plugins.process_usage("wild").unwrap().unwrap().last_failure;
        until("nothing is said of it", || failure().is_some());
        let why = failure().unwrap();
        assert!(why.contains("wild did not return 2000 ms after its time was over"), "{why}");
    }
    assert_eq!(site.plugins.list().len(), 2);
}

#[test]
fn a_call_in_a_process_that_was_retired_ends_there() {
    let site = site(caps());
    let slow = ["DEADLINE=4000", "CALLS=4u"];
    site.plugins.load(&[wild(&site, &slow)]).unwrap();
    std::thread::scope(|scope| {
        let stuck = scope.spawn(|| site.call("wild", &json!({"what": "never"})));
        std::thread::sleep(Duration::from_millis(3_500));
        // It ends after the other one was given up.
        let beside = scope.spawn(|| site.call("wild", &json!({"what": "pause", "n": 3_000})));
        assert!(stuck.join().unwrap().is_err());
        assert_eq!(beside.join().unwrap(), Ok(json!({"n": 3_000})));
    });
}

#[test]
fn a_process_that_is_killed_from_outside_is_started_again_for_the_next_call() {
    let site = site(caps());
    site.plugins.load(&[wild(&site, &["CALLS=2u"])]).unwrap();
    let first = process(&site, "wild").unwrap();
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| site.call("wild", &json!({"what": "pause", "n": 500}))))
            .collect();
        std::thread::sleep(Duration::from_millis(200));
        send(first, "-KILL");
        let done: Vec<_> = calls.into_iter().map(|call| call.join().unwrap()).collect();
        // Two had begun, and the others were waiting.
        let (ended, failed): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
        assert_eq!((ended.len(), failed.len()), (2, 2));
        let why = failed[0].clone().unwrap_err();
        assert!(why.contains("its process was ended by SIGKILL"), "{why}");
    });
    assert_eq!(site.ledger().iter().filter(|line| *line == "began").count(), 4);
    // Also while it does nothing.
    let second = process(&site, "wild").unwrap();
    assert_ne!(first, second);
    send(second, "-KILL");
    until("its end is not seen", || process(&site, "wild").is_none());
    site.plugins.health("wild").unwrap();
    assert_eq!(site.call("wild", &json!({"what": "fine"})), Ok(json!({"n": 1})));
}

#[test]
fn one_that_fails_too_often_is_withdrawn_and_health_says_why() {
    let site = site(Caps { restarts: 2, ..caps() });
    let other = site.build("v.so", "version.c", &[]);
    site.plugins.load(&[wild(&site, &[]), other]).unwrap();
    for _ in 0..2 {
        let why = site.call("wild", &json!({"what": "abort"})).unwrap_err();
        assert!(why.contains("SIGABRT"), "{why}");
        site.plugins.health("wild").unwrap();
    }
    assert!(site.call("wild", &json!({"what": "abort"})).is_err());
    until("it was not withdrawn", || site.plugins.list().len() == 1);
    assert_eq!(site.listed(), ["which"]);
    let why = site.plugins.health("wild").unwrap_err().to_string();
    let part = "was withdrawn: its process failed 3 times; the last time it was ended by SIGABRT";
    assert!(why.contains(part), "{why}");
    assert!(site.call("which", &json!({"id": 1})).is_ok());
    // It may be loaded again.
    site.plugins.load(&[wild(&site, &[])]).unwrap();
    site.plugins.health("wild").unwrap();
}

#[test]
fn a_step_that_ends_the_process_is_the_step_that_is_named() {
    let policy = Policy {
        isolate: true,
        caps: caps(),
        patience: Duration::from_millis(300),
        ..Policy::default()
    };
    let site = Site::with(policy);
    for (define, step, part, ledger) in [
        ("MAPPING_ABORTS", Step::Map, "its process was ended by SIGABRT", &[][..]),
        ("INIT_ABORTS", Step::Init, "its process was ended by SIGABRT", &["init"]),
        ("TEST_ABORTS", Step::SelfTest, "its process was ended by SIGABRT", &["init"]),
        ("TEST_FAILS", Step::SelfTest, "it answered -", &["init", "shutdown"]),
        ("TEST_HANGS", Step::SelfTest, "it did not return within 300ms", &["init"]),
    ] {
        _ = std::fs::remove_file(site.path("ledger"));
        let error = site.plugins.load(&[wild(&site, &[define])]).unwrap_err();
        assert_eq!(error.step(), Some(step), "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(site.ledger(), ledger, "{define}");
        assert!(site.plugins.list().is_empty());
    }
    // One that does not end is killed.
    site.plugins.load(&[wild(&site, &["SHUTDOWN_HANGS"])]).unwrap();
    let process = process(&site, "wild").unwrap();
    assert!(site.plugins.unload("wild").unwrap().wait(PATIENCE));
    assert!(!lives(process));
}

#[test]
fn a_table_of_another_interface_is_refused_in_a_process_too_and_one_that_aborts_is_not() {
    let site = site(caps());
    for (define, step) in [
        ("MAGIC=1", Step::Table),
        ("ABI=0x20000", Step::Table),
        ("SIZE=16", Step::Table),
        ("NAME=\"No Name\"", Step::Table),
        ("TOOL=\"no tool\"", Step::Tools),
        ("NO_ENTRY", Step::Table),
        ("INIT=-12", Step::Init),
        ("TEST=-1", Step::SelfTest),
        ("HEALTH=-1", Step::Health),
    ] {
        let error = site.plugins.load(&[site.build("v.so", "version.c", &[define])]).unwrap_err();
        assert_eq!(error.step(), Some(step), "{define}: {error}");
    }
    let file = site.build("aborts.so", "version.c", &["FLAGS=TRINE_PLUGIN_ABORTS"]);
    site.plugins.load(&[file]).unwrap();
    assert_eq!(site.call("which", &json!({"id": 4})), Ok(json!({"id": 4, "version": 1})));
}

#[test]
fn this_process_never_maps_it_and_its_own_gets_no_descriptor_of_this_one() {
    let site = site(caps());
    let file = wild(&site, &[]);
    let renamed = site.path("never-mapped-here.so");
    std::fs::rename(file, &renamed).unwrap();
    // A file that is left open in each program that is started.
    // SAFETY: the path ends with a zero byte; the descriptor stays open for ever.
    let open = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY) };
    assert!(open > 2);
    site.plugins.load(&[renamed]).unwrap();
    let maps = |process: &str| std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let process = process(&site, "wild").unwrap();
    assert!(maps(&process.to_string()).contains("memfd:never-mapped-here.so"));
    assert!(!maps("self").contains("never-mapped-here"));
    // Standard streams, its socket and its library.
    assert_eq!(site.call("wild", &json!({"what": "descriptors"})), Ok(json!({"n": 5})));
    let its = site.call("wild", &json!({"what": "print"})).unwrap();
    assert_eq!(its["n"], process);
}

#[test]
fn cpu_time_is_counted_for_each_call_and_each_process_and_a_cap_ends_it() {
    let cap = Duration::from_millis(400);
    let site = site(Caps { call_cpu: Some(cap), ..caps() });
    site.plugins.load(&[wild(&site, &[])]).unwrap();
    let usage = || site.plugins.process_usage("wild").unwrap().unwrap();
    site.call("wild", &json!({"what": "burn", "n": 150})).unwrap();
    let used = usage().last_call.unwrap();
    assert!((140..200).contains(&used.as_millis()), "{used:?}");
    // One that waits uses none.
    site.call("wild", &json!({"what": "pause", "n": 500})).unwrap();
    let used = usage().last_call.unwrap();
    assert!(used < Duration::from_millis(20), "{used:?}");
    assert!(usage().cpu >= Duration::from_millis(150), "{:?}", usage());
    assert!(usage().memory.unwrap() > 100_000);
    let (before, began) = (usage().cpu, Instant::now());
    let why = site.call("wild", &json!({"what": "loop"})).unwrap_err();
    assert!(why.contains("a call has used its 400ms of CPU time"), "{why}");
    assert!(began.elapsed() > cap);
    let used = usage().cpu - before;
    assert!(used >= cap && used < 3 * cap, "{used:?}");
    // That of the process.
    let site = self::site(Caps { process_cpu: Some(Duration::from_secs(1)), ..caps() });
    site.plugins.load(&[wild(&site, &[])]).unwrap();
    let why = site.call("wild", &json!({"what": "loop"})).unwrap_err();
    assert!(why.contains("SIGXCPU: it has used its 1s of CPU time"), "{why}");
}

#[test]
fn a_process_that_is_stopped_holds_no_caller_up_and_goes_on_later() {
    let site = site(caps());
    site.plugins
        .load(&[wild(&site, &["CALLS=64u"]), site.build("v.so", "version.c", &[])])
        .unwrap();
    let process = process(&site, "wild").unwrap();
    send(process, "-STOP");
    let text = "x".repeat(20_000);
    std::thread::scope(|scope| {
        // More than the socket holds.
        let calls: Vec<_> = (0..64)
            .map(|_| scope.spawn(|| site.call("wild", &json!({"what": "long", "text": text}))))
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        for id in 0..20 {
            assert!(site.call("which", &json!({ "id": id })).is_ok());
        }
        send(process, "-CONT");
        for call in calls {
            assert_eq!(call.join().unwrap(), Ok(json!({"n": 20_000})));
        }
    });
}

#[test]
fn calls_run_at_a_time_as_far_as_the_plug_in_allows() {
    let site = site(caps());
    site.plugins.load(&[wild(&site, &["CALLS=3u"])]).unwrap();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let done = site.call("wild", &json!({"what": "pause", "n": 300}));
                assert_eq!(done, Ok(json!({"n": 300})));
            });
        }
    });
    // Six calls of 300 ms each, three at a time.
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(600) && took < Duration::from_millis(1_500), "{took:?}");
}

#[test]
fn a_manifest_asks_for_a_process_of_its_own() {
    let site = Site::with(Policy { caps: caps(), ..Policy::default() });
    wild(&site, &[]);
    let manifest = site.path("wild.toml");
    std::fs::write(&manifest, "library = \"wild-0.so\"\nname = \"wild\"\nisolate = true\n")
        .unwrap();
    site.plugins.load(&[&manifest, &site.build("v.so", "version.c", &[])]).unwrap();
    assert!(site.call("wild", &json!({"what": "abort"})).unwrap_err().contains("SIGABRT"));
    assert!(site.plugins.process_usage("versioned").unwrap().is_none());
    let wrong = "library = \"wild-0.so\"\nname = \"tame\"\nisolate = true\n";
    std::fs::write(&manifest, wrong).unwrap();
    let error = site.plugins.load(&[&manifest]).unwrap_err();
    assert_eq!(error.step(), Some(Step::Table), "{error}");
}

#[test]
fn processes_are_swapped_under_calls_and_each_ends_after_its_last_one() {
    let site = site(caps());
    let version = |number: u32, defines: &[&str]| {
        let version = format!("VERSION=\"1.{number}.0\"");
        let number_is = format!("NUMBER={number}");
        let defines: Vec<_> =
            [&*version, &*number_is].into_iter().chain(defines.iter().copied()).collect();
        site.build(&format!("v{number}.so"), "version.c", &defines)
    };
    let versions = [version(0, &[]), version(1, &[])];
    let bad = version(9, &["TEST=-1"]);
    site.plugins.load(&versions[..1]).unwrap();
    let ends = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|thread| {
                let (site, ends) = (&site, &ends);
                scope.spawn(move || {
                    let (mut id, mut served) = (thread, [0; 2]);
                    while !ends.load(Ordering::Relaxed) {
                        let done = site.call("which", &json!({ "id": id })).unwrap();
                        assert_eq!(done["id"], id);
                        served[done["version"].as_u64().unwrap() as usize] += 1;
                        id += 2;
                    }
                    served
                })
            })
            .collect();
        let end = End(&ends);
        for swap in 1..=12 {
            std::thread::sleep(Duration::from_millis(5));
            if swap == 6 {
                let error = site.plugins.update(&bad, true).unwrap_err();
                assert_eq!(error.step(), Some(Step::SelfTest), "{error}");
                continue;
            }
            assert!(site.plugins.update(&versions[swap % 2], true).unwrap().wait(PATIENCE));
        }
        drop(end);
        for thread in threads {
            let served = thread.join().unwrap();
            assert!(served.iter().all(|count| *count > 0), "{served:?}");
        }
    });
    let count = |what: &str| site.ledger().iter().filter(|line| line.starts_with(what)).count();
    until("one was not shut down", || (count("init"), count("shutdown")) == (13, 12));
    // Back, and side by side.
    drop(site.plugins.roll_back("versioned").unwrap());
    assert_eq!(site.call("which", &json!({"id": 1})).unwrap()["version"], 1);
    site.plugins.load(&[version(3, &[])]).unwrap();
    assert_eq!(site.call("which@1.1.0", &json!({"id": 1})).unwrap()["version"], 1);
    assert_eq!(site.call("which", &json!({"id": 1})).unwrap()["version"], 3);
}

#[test]
fn a_deadline_and_a_cancelled_call_are_told_to_the_function() {
    let site = site(caps());
    site.plugins.load(&[wild(&site, &["DEADLINE=100"])]).unwrap();
    let process_before = process(&site, "wild");
    let why = site.call("wild", &json!({"what": "cancel"})).unwrap_err();
    assert_eq!(why, "wild: wild did not answer within 100 ms");
    until("it was not told", || site.ledger().contains(&"cancelled".to_owned()));
    // It returned in time, so its process serves on.
    assert_eq!(site.call("wild", &json!({"what": "fine"})), Ok(json!({"n": 1})));
    assert_eq!(process(&site, "wild"), process_before);
}

#[test]
fn health_is_asked_beside_calls_and_functions_that_return_at_once_need_no_thread() {
    let site = site(caps());
    site.plugins.load(&[site.build("v.so", "version.c", &["FLAGS=TRINE_PLUGIN_AT_ONCE"])]).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let site = &site;
            scope.spawn(move || {
                for id in 0..50 {
                    site.plugins.health("versioned").unwrap();
                    let id = 3 * id + thread;
                    let done = site.call("which", &json!({ "id": id }));
                    assert_eq!(done, Ok(json!({"id": id, "version": 1})));
                }
            });
        }
    });
    let process = process(&site, "versioned").unwrap();
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap().count();
    assert_eq!(threads, 1);
}
