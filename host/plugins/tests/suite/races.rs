//! Plug-ins that are replaced, taken out or late at a bad moment.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use trine_plugins::{Canary, Holds, Policy, Step};

use crate::site::{PATIENCE, Site, until};

const PAUSE: Duration = Duration::from_millis(100);

/// A version of the plug-in `versioned`.
fn version(site: &Site, version: &str, number: u32, defines: &[&str]) -> PathBuf {
    let own = [format!("VERSION=\"{version}\""), format!("NUMBER={number}")];
    let all: Vec<_> = own.iter().map(String::as_str).chain(defines.iter().copied()).collect();
    site.build(&format!("v{version}.so"), "version.c", &all)
}

#[test]
fn a_state_is_not_freed_while_a_health_check_looks_at_it() {
    let site = Site::new();
    site.plugins.load(&[site.build("v.so", "version.c", &["HEALTH=slow(state)"])]).unwrap();
    std::thread::scope(|scope| {
        let health = scope.spawn(|| site.plugins.health("versioned"));
        std::thread::sleep(PAUSE);
        assert!(site.plugins.unload("versioned").unwrap().wait(PATIENCE));
        health.join().unwrap().unwrap();
    });
    assert_eq!(site.ledger(), ["init 1", "well 1", "well 1", "shutdown 1"]);
}

#[test]
fn a_trial_keeps_the_rules_of_an_update() {
    let site = Site::new();
    let [low, high] = ["1.0.0", "1.1.0"].map(|text| version(&site, text, 1, &[]));
    let needs = ["NAME=\"n\"", "TOOL=\"n\"", "NEEDS=\"versioned ^1\""];
    site.plugins.load(&[&high]).unwrap();
    site.plugins.load(&[site.build("n.so", "version.c", &needs)]).unwrap();
    let before = site.ledger();
    let canary = Canary { percent: 50, calls: 1, errors_max: 0, patience: PAUSE };
    let refused = |file: &PathBuf, part: &str| {
        let error = site.plugins.try_out(file, &canary).unwrap_err();
        assert_eq!(error.step(), Some(Step::Dependencies), "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(site.call("which", &json!({"id": 1})), Ok(json!({"id": 1, "version": 1})));
    };
    let missing = version(&site, "1.2.0", 2, &["NEEDS=\"z\""]);
    refused(&missing, "it needs 'z', which is not loaded");
    refused(&version(&site, "2.0.0", 2, &[]), "'n' needs versioned ^1");
    assert_eq!(site.ledger(), before, "nothing of it has run");
    // One that serves beside it already.
    site.plugins.load(&[&low]).unwrap();
    refused(&low, "versioned 1.0.0 is loaded already");
    assert_eq!(site.plugins.list().len(), 3);
    // Where the other version will do for it, the new one may be any.
    let two = version(&site, "2.0.1", 2, &[]);
    assert!(site.plugins.try_out(&two, &canary).unwrap().wait(PATIENCE));
    assert_eq!(site.call("which", &json!({"id": 1})), Ok(json!({"id": 1, "version": 2})));
    // Clients see the highest of them, whichever was tried out.
    let lower = version(&site, "0.9.0", 3, &[]);
    assert!(site.plugins.try_out(&lower, &canary).unwrap().wait(PATIENCE));
    assert_eq!(site.call("which", &json!({"id": 1})), Ok(json!({"id": 1, "version": 1})));
    assert_eq!(site.call("which@0.9.0", &json!({"id": 1})), Ok(json!({"id": 1, "version": 3})));
}

#[test]
fn a_trial_in_which_no_call_ends_has_failed() {
    let site = Site::new();
    site.plugins.load(&[version(&site, "1.0.0", 1, &[])]).unwrap();
    let ends = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                site.call("which", &json!({"id": 1})).unwrap();
            }
        });
        let patience = Duration::from_millis(500);
        let canary = Canary { percent: 50, calls: 10, errors_max: 2, patience };
        let tried = site.plugins.try_out(&version(&site, "1.1.0", 2, &["STALLS"]), &canary);
        ends.store(true, Ordering::Relaxed);
        let error = tried.unwrap_err();
        assert_eq!(error.step(), Some(Step::Trial), "{error}");
        assert!(error.to_string().contains("none of its calls has ended within 500ms"), "{error}");
    });
    assert_eq!(site.call("which", &json!({"id": 1})), Ok(json!({"id": 1, "version": 1})));
    // The longest possible time does not overflow.
    let canary = Canary { percent: 100, calls: 1, errors_max: 0, patience: Duration::MAX };
    std::thread::scope(|scope| {
        let tried = scope.spawn(|| site.plugins.try_out(&version(&site, "1.2.0", 3, &[]), &canary));
        until("it does not serve", || {
            site.call("which", &json!({"id": 1})).is_ok_and(|done| done["version"] == 3)
        });
        assert!(tried.join().unwrap().unwrap().wait(PATIENCE));
    });
}

#[test]
fn a_version_that_came_back_is_not_withdrawn_for_a_call_from_before() {
    let site = Site::new();
    let one = version(&site, "1.0.0", 1, &["DEADLINE=200"]);
    let two = version(&site, "1.1.0", 2, &["DEADLINE=200"]);
    site.plugins.load(&[one]).unwrap();
    std::thread::scope(|scope| {
        let stuck = scope.spawn(|| site.call("which", &json!({"id": 1, "wait": 1_000_000})));
        std::thread::sleep(PAUSE);
        drop(site.plugins.update(&two, true).unwrap());
        drop(site.plugins.roll_back("versioned").unwrap());
        assert!(stuck.join().unwrap().is_err());
    });
    let lost = || site.plugins.usage().iter().map(|it| it.threads_lost).sum::<u32>();
    until("its thread is not lost", || lost() == 1);
    std::thread::sleep(5 * PAUSE);
    assert_eq!(site.plugins.list().len(), 1);
    assert_eq!(site.call("which", &json!({"id": 1})), Ok(json!({"id": 1, "version": 1})));
}

#[test]
fn calls_of_a_plug_in_that_is_stuck_end_while_another_one_is_loaded() {
    let site = Site::with(Policy { patience: Duration::from_secs(6), ..Policy::default() });
    site.plugins.load(&[version(&site, "1.0.0", 1, &["DEADLINE=100"])]).unwrap();
    let other = ["NAME=\"other\"", "TOOL=\"other\"", "INIT=hang()"];
    let other = site.build("other.so", "version.c", &other);
    let stuck = || site.call("which", &json!({"id": 1, "wait": 1_000_000})).unwrap_err();
    std::thread::scope(|scope| {
        let load = scope.spawn(|| site.plugins.load(&[&other]));
        assert!(stuck().contains("did not answer within 100 ms"));
        // It is lost by now, and is taken out when the other one lets go of the list.
        std::thread::sleep(Duration::from_millis(2_500));
        let began = Instant::now();
        assert!(stuck().contains("did not answer within 100 ms"));
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        assert!(!load.is_finished());
        assert_eq!(load.join().unwrap().unwrap_err().step(), Some(Step::Init));
    });
    until("it is not taken out", || site.plugins.list().is_empty());
}

#[test]
fn what_a_late_function_has_is_given_back_when_it_returns() {
    let patience = Duration::from_millis(200);
    let site = Site::with(Policy { patience, memory_all: Some(1 << 20), ..Policy::default() });
    let needs = ["MEMORY_MIN=1000", "DEVICES=\"null\"", "DEADLINE=50", "CALLS=1u"];
    let file = version(&site, "1.0.0", 1, &needs);
    let ended = |count: usize| {
        let shut = || site.ledger().iter().filter(|it| it.starts_with("shutdown")).count();
        until("something is left", || {
            site.plugins.given() == Holds::default() && site.plugins.usage().is_empty()
        });
        assert_eq!(shut(), count);
    };
    // It is taken out while one call is late and another one waits behind it.
    site.plugins.load(&[&file]).unwrap();
    std::thread::scope(|scope| {
        let late = || site.call("which", &json!({"id": 1, "wait": 700})).unwrap_err();
        let calls = [scope.spawn(late), scope.spawn(late)];
        calls.into_iter().for_each(|call| drop(call.join().unwrap()));
    });
    drop(site.plugins.unload("versioned").unwrap());
    assert_eq!(site.plugins.given().memory, 1_000, "its function may still use it");
    ended(1);
    // Its thread was lost before it returned.
    site.plugins.load(&[&file]).unwrap();
    assert!(site.call("which", &json!({"id": 1, "wait": 2_600})).is_err());
    until("it is not withdrawn", || site.plugins.list().is_empty());
    ended(2);
    // An init and a health check that are late.
    for define in ["INIT=late()", "HEALTH=slow(state)"] {
        let file = version(&site, "1.0.0", 1, &[&needs[..], &[define]].concat());
        assert!(site.plugins.load(&[file]).is_err());
        assert_eq!(site.plugins.given().memory, 1_000, "{define}");
        ended(if define.starts_with("INIT") { 3 } else { 4 });
    }
}

#[test]
fn a_library_that_was_not_mapped_is_once_what_it_needs_is_there() {
    let site = Site::new();
    let (source, needed) = (site.path("needed.c"), site.path("libneeded.so"));
    std::fs::write(&source, "int needed(void) { return 1; }\n").unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-Wl,-soname,libneeded.so", "-o"]).arg(&needed).arg(&source);
    assert!(cc.status().unwrap().success());
    let rpath = format!("-Wl,-rpath,{}", site.folder.path().display());
    let options = [&*rpath, "-Wl,--no-as-needed", needed.to_str().unwrap()];
    let file = site.build_with("needs.so", "version.c", &[], &options);
    let elsewhere = site.path("elsewhere.so");
    std::fs::rename(&needed, &elsewhere).unwrap();
    let error = site.plugins.load(&[&file]).unwrap_err();
    assert_eq!(error.step(), Some(Step::Map), "{error}");
    assert!(error.to_string().contains("libneeded.so"), "{error}");
    std::fs::rename(&elsewhere, &needed).unwrap();
    site.plugins.load(&[&file]).unwrap();
    assert_eq!(site.call("which", &json!({"id": 1})), Ok(json!({"id": 1, "version": 1})));
}

#[test]
fn why_one_was_withdrawn_is_known_until_it_is_loaded_again() {
    let site = Site::new();
    let file = version(&site, "1.0.0", 1, &["DEADLINE=50"]);
    site.plugins.load(&[&file]).unwrap();
    assert!(site.call("which", &json!({"id": 1, "wait": 2_500})).is_err());
    until("it is not withdrawn", || site.plugins.list().is_empty());
    let why = || site.plugins.health("versioned").unwrap_err().to_string();
    assert!(why().contains("it was withdrawn"), "{}", why());
    let bad = ["NAME=\"bad\"", "TOOL=\"bad\"", "INIT=-1"];
    let bad = site.build("bad.so", "version.c", &bad);
    assert!(site.plugins.load(&[&file, &bad]).is_err());
    assert!(why().contains("it was withdrawn"), "{}", why());
    site.plugins.load(&[&file]).unwrap();
    site.plugins.health("versioned").unwrap();
}
