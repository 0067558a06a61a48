//! Plug-ins that are replaced while they are called.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use trine_plugins::{Canary, Step, mapped};

use crate::site::{PATIENCE, Site};

/// Ends the calls of a test also where it fails: a scope waits for its threads.
struct End<'e>(&'e AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Versions 1.0.0, 1.1.0 and so on of a plug-in.
fn versions(site: &Site, count: usize) -> Vec<PathBuf> {
    let one = |number: usize| {
        let version = format!("VERSION=\"1.{number}.0\"");
        let defines = [&*version, &*format!("NUMBER={number}")].map(str::to_owned);
        let defines: Vec<_> = defines.iter().map(String::as_str).collect();
        site.build(&format!("v{number}.so"), "version.c", &defines)
    };
    (0..count).map(one).collect()
}

#[test]
fn no_call_is_lost_or_doubled_by_fifty_swaps_of_which_one_is_bad() {
    let site = Site::new();
    let versions = versions(&site, 4);
    let bad = site.build("bad.so", "version.c", &["VERSION=\"1.9.0\"", "TEST=-1", "NUMBER=99"]);
    site.plugins.load(&versions[..1]).unwrap();
    let (ends, answers) = (AtomicBool::new(false), Mutex::new(HashMap::new()));
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (site, ends, answers) = (&site, &ends, &answers);
            scope.spawn(move || {
                let mut id = thread;
                while !ends.load(Ordering::Relaxed) {
                    let done = site.call("which", &json!({ "id": id })).unwrap();
                    assert_eq!(done["id"], id);
                    let version = done["version"].as_i64().unwrap();
                    *answers.lock().unwrap().entry((id, version)).or_insert(0) += 1;
                    id += 2;
                }
            });
        }
        let _end = End(&ends);
        for swap in 1..=50 {
            std::thread::sleep(Duration::from_millis(2));
            if swap == 25 {
                let error = site.plugins.update(&bad, true).unwrap_err();
                assert_eq!(error.step(), Some(Step::SelfTest), "{error}");
                continue;
            }
            let leaving = site.plugins.update(&versions[swap % 4], true).unwrap();
            assert!(leaving.wait(PATIENCE), "the old version is still called");
        }
    });
    let answers = answers.into_inner().unwrap();
    assert!(answers.values().all(|times| *times == 1));
    let served: std::collections::BTreeSet<_> = answers.keys().map(|(_, by)| *by).collect();
    assert_eq!(served.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3], "all but the bad one");
    // Each version was shut down as often as it was initialised, but for the one that serves.
    let ledger = site.ledger();
    let count = |what: &str| ledger.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!((count("init"), count("shutdown")), (51, 50));
}

#[test]
fn the_version_before_comes_back_and_the_first_number_is_kept() {
    let site = Site::new();
    let [one, two] = &versions(&site, 2)[..] else { panic!() };
    let major = site.build("m.so", "version.c", &["VERSION=\"2.0.0\"", "NUMBER=20"]);
    let version = || site.call("which", &json!({"id": 1})).map(|done| done["version"].clone());
    site.plugins.load(&[one]).unwrap();
    let why = site.plugins.roll_back("versioned").unwrap_err().to_string();
    assert_eq!(why, "plug-in versioned: no other version of it was loaded");
    let id = site.plugins.list()[0].id;
    drop(site.plugins.update(two, true).unwrap());
    assert_eq!(version(), Ok(json!(1)));
    drop(site.plugins.roll_back("versioned").unwrap());
    assert_eq!(version(), Ok(json!(0)));
    let error = site.plugins.update(&major, true).unwrap_err();
    assert_eq!(error.step(), Some(Step::Dependencies));
    assert!(error.to_string().contains("2.0.0 may break those who use version 1.0.0"), "{error}");
    assert_eq!(version(), Ok(json!(0)));
    drop(site.plugins.update(&major, false).unwrap());
    assert_eq!(version(), Ok(json!(20)));
    let loaded = &site.plugins.list()[0];
    assert_eq!((loaded.id, loaded.previous.clone()), (id, "1.0.0".parse().ok()));
    // One that needs the old version keeps it.
    let needs = ["NAME=\"n\"", "TOOL=\"n\"", "NEEDS=\"versioned ^2\""];
    site.plugins.load(&[site.build("n.so", "version.c", &needs)]).unwrap();
    let error = site.plugins.update(one, false).unwrap_err();
    assert!(error.to_string().contains("'n' needs versioned ^2"), "{error}");
    // What is not loaded is not updated.
    let other = site.build("o.so", "version.c", &["NAME=\"o\"", "TOOL=\"o\""]);
    let error = site.plugins.update(&other, true).unwrap_err();
    assert!(error.to_string().contains("no plug-in is called 'o'"), "{error}");
}

#[test]
fn a_call_that_began_ends_in_its_version_and_the_state_lives_so_long() {
    let site = Site::new();
    let versions = versions(&site, 2);
    site.plugins.load(&versions[..1]).unwrap();
    std::thread::scope(|scope| {
        let held = scope.spawn(|| site.call("which", &json!({"id": 1, "wait": 400})));
        std::thread::sleep(Duration::from_millis(100));
        let leaving = site.plugins.update(&versions[1], true).unwrap();
        assert_eq!(site.call("which", &json!({"id": 2})), Ok(json!({"id": 2, "version": 1})));
        assert!(!leaving.is_over());
        assert_eq!(site.ledger(), ["init 0", "init 1"]);
        assert_eq!(held.join().unwrap(), Ok(json!({"id": 1, "version": 0})));
        assert!(leaving.wait(PATIENCE));
    });
    assert_eq!(site.ledger(), ["init 0", "init 1", "shutdown 0"]);
}

#[test]
fn a_thousand_loads_of_one_file_map_it_once_and_leave_no_thread_or_descriptor() {
    let site = Site::new();
    let path = site.build("v.so", "version.c", &["NUMBER=77"]);
    let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).map(Iterator::count);
    let once = || {
        site.plugins.load(&[&path]).unwrap();
        site.call("which", &json!({"id": 1})).unwrap();
        assert!(site.plugins.unload("versioned").unwrap().wait(PATIENCE));
    };
    once();
    let before = mapped();
    for _ in 0..1_000 {
        once();
    }
    // Other tests map other files meanwhile, and end.
    let after = mapped();
    assert!(after.0 - before.0 < 100, "{before:?} {after:?}");
    crate::site::until("threads or descriptors are left", || {
        count("task").unwrap_or(0) < 100 && count("fd").unwrap_or(0) < 200
    });
    let ledger = site.ledger();
    assert_eq!(ledger.len(), 2_002);
}

#[test]
fn several_versions_serve_side_by_side_and_the_name_alone_is_the_highest() {
    let site = Site::new();
    let versions = versions(&site, 3);
    let version =
        |tool: &str| site.call(tool, &json!({"id": 1})).map(|done| done["version"].clone());
    let [zero, one, two] = &versions[..] else { panic!() };
    site.plugins.load(&[one, zero]).unwrap();
    assert_eq!(site.listed(), ["which"]);
    assert_eq!(version("which"), Ok(json!(1)));
    assert_eq!(version("which@1.0.0"), Ok(json!(0)));
    assert_eq!(version("which@1.1.0"), Ok(json!(1)));
    site.plugins.load(&[two]).unwrap();
    assert_eq!(site.listed(), ["which"]);
    assert_eq!(version("which"), Ok(json!(2)));
    // A release comes before what led to it.
    let rc = ["VERSION=\"1.2.0-rc.1\"", "NUMBER=7"];
    site.plugins.load(&[site.build("rc.so", "version.c", &rc)]).unwrap();
    assert_eq!(version("which"), Ok(json!(2)));
    assert_eq!(version("which@1.2.0-rc.1"), Ok(json!(7)));
    assert!(version("which@1.3.0").unwrap_err().contains("no tool is called 'which@1.3.0'"));
    let again = site.plugins.load(&[one]).unwrap_err().to_string();
    assert!(again.contains("versioned 1.1.0 is loaded already: update it"), "{again}");
    // When the highest goes, the next one is what the name means.
    drop(site.plugins.unload("versioned").unwrap());
    assert_eq!(version("which"), Ok(json!(7)));
    drop(site.plugins.unload("versioned@1.2.0-rc.1").unwrap());
    assert_eq!(version("which"), Ok(json!(1)));
    drop(site.plugins.unload("versioned@1.0.0").unwrap());
    assert_eq!((version("which"), site.listed().len()), (Ok(json!(1)), 1));
    assert!(version("which@1.0.0").is_err());
    site.plugins.close();
    assert!(site.listed().is_empty());
}

#[test]
fn a_new_version_that_fails_its_share_of_the_calls_is_taken_out_and_a_good_one_stays() {
    let site = Site::new();
    let versions = versions(&site, 2);
    let broken = ["VERSION=\"1.5.0\"", "NUMBER=5", "BROKEN"];
    let broken = site.build("broken.so", "version.c", &broken);
    let other = ["VERSION=\"1.6.0\"", "NUMBER=6", "DEADLINE=7"];
    let other = site.build("other.so", "version.c", &other);
    site.plugins.load(&versions[..1]).unwrap();
    let canary = Canary { percent: 10, calls: 20, errors_max: 2, patience: PATIENCE };
    let (ends, counts) = (AtomicBool::new(false), Mutex::new([0_u32; 3]));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for id in 0.. {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let done = site.call("which", &json!({ "id": id }));
                let place = done.as_ref().map_or(2, |done| (done["version"] == 1).into());
                counts.lock().unwrap()[place] += 1;
            }
        });
        let _end = End(&ends);
        let error = site.plugins.try_out(&broken, &canary).unwrap_err();
        assert_eq!(error.step(), Some(Step::Trial), "{error}");
        assert!(error.to_string().contains("3 of its first 3 calls failed"), "{error}");
        let [_, new, failed] = *counts.lock().unwrap();
        // Clients saw three failures and no more; one may be under way.
        assert!(new == 0 && (2..=3).contains(&failed), "{new} {failed}");
        let error = site.plugins.try_out(&other, &canary).unwrap_err();
        assert!(error.to_string().contains("described in another way"), "{error}");
        let none = Canary { percent: 0, ..canary };
        assert_eq!(site.plugins.try_out(&broken, &none).unwrap_err().step(), Some(Step::Trial));
        let before = *counts.lock().unwrap();
        let leaving = site.plugins.try_out(&versions[1], &canary).unwrap();
        assert!(leaving.wait(PATIENCE));
        let during = counts.lock().unwrap()[0] - before[0];
        assert!(during >= 150, "nine of ten calls went to the old version: {during}");
        assert_eq!(site.call("which", &json!({"id": 1})), Ok(json!({"id": 1, "version": 1})));
    });
    assert_eq!(counts.lock().unwrap()[2], 3);
    let mut ledger = site.ledger();
    ledger.sort();
    let expected = [
        "init 0",
        "init 1",
        "init 5",
        "init 5",
        "init 6",
        "shutdown 0",
        "shutdown 5",
        "shutdown 6",
    ];
    ledger.dedup();
    let mut expected = expected.to_vec();
    expected.dedup();
    assert_eq!(ledger, expected);
}
