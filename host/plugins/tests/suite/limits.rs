//! What plug-ins may have and use, and what is left of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use trine_plugins::{
    Bytes, Canary, Holds, MaxRss, Policy, Priority, Step, ToolStats, Usage, mappings,
};

use crate::site::{PATIENCE, Site, until};

const MIB: u64 = 1 << 20;

fn with_memory(bytes: u64) -> Site {
    Site::with(Policy { memory_all: Some(bytes), ..Policy::default() })
}

/// A plug-in of its own name and tool.
fn plugin(site: &Site, name: &str, defines: &[&str]) -> PathBuf {
    let own = [format!("NAME=\"{name}\""), format!("TOOL=\"{name}\"")];
    let all: Vec<_> = own.iter().map(String::as_str).chain(defines.iter().copied()).collect();
    site.build(
        &format!("{name}-{}.so", defines.join("-").replace(['"', '/', ' '], "")),
        "version.c",
        &all,
    )
}

/// The manifest of a plug-in, with a table of needs.
fn manifest(site: &Site, name: &str, library: &std::path::Path, needs: &str) -> PathBuf {
    let path = site.path(&format!("{name}.toml"));
    let library = library.file_name().unwrap().to_string_lossy();
    std::fs::write(&path, format!("library = \"{library}\"\n[needs]\n{needs}\n")).unwrap();
    path
}

fn refused(site: &Site, file: &std::path::Path) -> String {
    let before = (site.plugins.given(), site.listed(), site.ledger());
    let error = site.plugins.load(&[file]).unwrap_err();
    assert_eq!(error.step(), Some(Step::Resources), "{error}");
    assert_eq!((site.plugins.given(), site.listed(), site.ledger()), before);
    error.to_string()
}

fn one(site: &Site, name: &str) -> Usage {
    let mut all = site.plugins.usage();
    all.retain(|usage| usage.name == name);
    all.pop().unwrap()
}

fn calls(site: &Site, name: &str) -> ToolStats {
    one(site, name).tools[0].calls
}

#[test]
fn one_byte_more_than_is_left_is_refused_by_name_before_anything_of_it_runs() {
    let site = with_memory(MIB);
    let why = refused(&site, &plugin(&site, "large", &["MEMORY_MIN=1048577"]));
    assert!(why.contains("large needs 1048577 bytes of memory, and 1048576 may be used"), "{why}");
    let half = plugin(&site, "half", &["MEMORY_MIN=524288"]);
    site.plugins.load(&[&half]).unwrap();
    assert_eq!(site.plugins.given().memory, MIB / 2);
    let why = refused(&site, &plugin(&site, "other", &["MEMORY_MIN=524289"]));
    assert!(why.contains("other needs 524289 bytes of memory, and 524288 are left"), "{why}");
    let rest = plugin(&site, "rest", &["MEMORY_MIN=524288"]);
    site.plugins.load(&[&rest]).unwrap();
    assert!(site.plugins.unload("half").unwrap().wait(PATIENCE));
    site.plugins.load(&[&half]).unwrap();
    site.plugins.close();
    assert_eq!(site.plugins.given(), Holds::default());
    let many = plugin(&site, "many", &["PROCESSORS=100000"]);
    assert!(refused(&site, &many).contains("many needs 100000 processors, and "));
}

#[test]
fn after_a_failure_at_any_step_everything_is_given_as_before() {
    let site = with_memory(MIB);
    let resident = plugin(&site, "resident", &["MEMORY_MIN=1000", "DEVICES=\"zero\""]);
    site.plugins.load(&[&resident]).unwrap();
    let before = site.plugins.given();
    let needs = ["MEMORY_MIN=2000", "DEVICES=\"null\""];
    let with = |name: &str, more: &str| plugin(&site, name, &[&needs[..], &[more]].concat());
    let steps = [
        ("INIT=-1", Step::Init),
        ("TEST=-1", Step::SelfTest),
        ("HEALTH=-1", Step::Health),
        ("TOOL_AGAIN", Step::Publish),
        ("DEVICES_AGAIN", Step::Resources),
    ];
    for (define, step) in steps {
        let name = step.name().replace('-', "_");
        let file = match define {
            "TOOL_AGAIN" => {
                let all = ["NAME=\"twice\"", "TOOL=\"resident\"", needs[0], needs[1]];
                site.build("twice.so", "version.c", &all)
            }
            "DEVICES_AGAIN" => plugin(&site, "again", &[needs[0], "DEVICES=\"null zero\""]),
            _ => with(&name, define),
        };
        for _ in 0..2 {
            let error = site.plugins.load(&[&file]).unwrap_err();
            assert_eq!(error.step(), Some(step), "{error}");
            assert_eq!(site.plugins.given(), before, "{define}");
            assert_eq!(site.plugins.usage().len(), 1, "{define}");
        }
    }
    // The second of two, so that the first is taken out too.
    let good = plugin(&site, "good", &needs);
    let error = site.plugins.load(&[good, with("bad", "INIT=-1")]).unwrap_err();
    assert_eq!(error.step(), Some(Step::Resources), "both need the device null: {error}");
    until("the first is not gone", || site.plugins.given() == before);
    // A new version that fails leaves the old one what it has.
    let worse = ["VERSION=\"1.1.0\"", "NUMBER=2", "MEMORY_MIN=5000", "DEVICES=\"zero null\""];
    for (define, step) in steps.into_iter().take(3) {
        let file = plugin(&site, "resident", &[&worse[..], &[define]].concat());
        let error = site.plugins.update(&file, true).unwrap_err();
        assert_eq!((error.step(), site.plugins.given()), (Some(step), before.clone()), "{error}");
    }
    let huge = plugin(&site, "resident", &["VERSION=\"1.1.0\"", "MEMORY_MIN=1048577"]);
    let error = site.plugins.update(&huge, true).unwrap_err();
    assert_eq!((error.step(), site.plugins.given()), (Some(Step::Resources), before));
    assert_eq!(site.call("resident", &json!({"id": 1})), Ok(json!({"id": 1, "version": 1})));
}

#[test]
fn a_new_version_uses_what_the_old_one_has_until_that_is_gone() {
    let site = with_memory(MIB);
    let large = plugin(&site, "v", &["MEMORY_MIN=800000", "DEVICES=\"null zero\"", "CALLS=2u"]);
    let new = ["VERSION=\"1.1.0\"", "NUMBER=2", "MEMORY_MIN=700000", "DEVICES=\"null\""];
    let small = plugin(&site, "v", &new);
    site.plugins.load(&[&large]).unwrap();
    let (leaving, held) = std::thread::scope(|scope| {
        let slow = scope.spawn(|| site.call("v", &json!({"id": 1, "wait": 400})));
        until("the call has not begun", || calls(&site, "v").running() == 1);
        let leaving = site.plugins.update(&small, true).unwrap();
        let held = site.plugins.given();
        assert_eq!(slow.join().unwrap(), Ok(json!({"id": 1, "version": 1})));
        (leaving, held)
    });
    assert_eq!((held.memory, held.devices), (800_000, vec!["null".to_owned(), "zero".to_owned()]));
    assert!(leaving.wait(PATIENCE));
    let now = site.plugins.given();
    assert_eq!((now.memory, now.devices), (700_000, vec!["null".to_owned()]));
    // And back.
    assert!(site.plugins.roll_back("v").unwrap().wait(PATIENCE));
    assert_eq!(site.plugins.given().memory, 800_000);
    // A trial that fails.
    let broken = plugin(&site, "v", &[&new[..], &["BROKEN"]].concat());
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                _ = site.call("v", &json!({"id": 1}));
            }
        });
        let canary = Canary { percent: 50, calls: 1000, errors_max: 2, patience: PATIENCE };
        let error = site.plugins.try_out(&broken, &canary).unwrap_err();
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(error.step(), Some(Step::Trial), "{error}");
    });
    until("the broken one is not gone", || site.plugins.usage().len() == 1);
    assert_eq!(site.plugins.given().memory, 800_000);
    let stats = calls(&site, "v");
    assert_eq!((stats.running(), stats.errors), (0, 0), "its errors are its own");
    site.plugins.close();
    assert_eq!(site.plugins.given(), Holds::default());
}

#[test]
fn a_device_is_held_by_one_alone_or_shared_by_those_who_say_so() {
    let site = Site::new();
    let alone = plugin(&site, "alone", &["DEVICES=\"null\""]);
    let other = plugin(&site, "other", &["DEVICES=\"null\""]);
    let plain = plugin(&site, "plain", &[]);
    let again = plugin(&site, "again", &[]);
    let shares =
        |name: &str, library| manifest(&site, name, library, "shared_devices = [\"null\"]");
    let (first, second) = (shares("plain", &plain), shares("again", &again));
    site.plugins.load(&[&alone]).unwrap();
    let why = refused(&site, &other);
    assert!(why.contains("other needs the device 'null', which alone has"), "{why}");
    assert!(refused(&site, &first).contains("the device 'null', which alone has"));
    assert!(site.plugins.unload("alone").unwrap().wait(PATIENCE));
    site.plugins.load(&[&first, &second]).unwrap();
    assert_eq!(site.plugins.given().devices, ["null shared", "null shared"]);
    assert!(refused(&site, &other).contains("'null', which plain has"));
    assert!(site.plugins.unload("plain").unwrap().wait(PATIENCE));
    assert!(refused(&site, &other).contains("'null', which again has"));
    assert!(site.plugins.unload("again").unwrap().wait(PATIENCE));
    site.plugins.load(&[&other]).unwrap();
    assert_eq!(one(&site, "other").holds.devices, ["null"]);
    let why = refused(&site, &plugin(&site, "absent", &["DEVICES=\"no-such-device\""]));
    assert!(why.contains("absent: there is no device 'no-such-device': there are cpu"), "{why}");
    let twice = plugin(&site, "twice", &["DEVICES=\"null null\""]);
    assert_eq!(site.plugins.load(&[twice]).unwrap_err().step(), Some(Step::Table));
}

#[test]
fn a_manifest_says_what_is_needed_before_the_library_is_mapped() {
    let site =
        Site::with(Policy { memory_all: Some(1 << 30), gpu_memory: 1 << 30, ..Policy::default() });
    let library = plugin(&site, "inference", &["NUMBER=77"]);
    let needs = |needs: &str| manifest(&site, "inference", &library, needs);
    // By its name: other tests map libraries meanwhile.
    let is_mapped = || mappings().iter().any(|it| it.name.starts_with("inference "));
    let budget = "memory_min = \"2G\"\nmemory_max = \"8G\"\nprocessors = 2\ngpu_memory = \"4G\"";
    let why = refused(&site, &needs(budget));
    let memory = "inference.toml needs 2147483648 bytes of memory, and 1073741824 may be used";
    assert!(why.contains(memory) || why.contains("needs 2 processors"), "{why}");
    let why = refused(&site, &needs("gpu_memory = 1073741825"));
    let gpu = "needs 1073741825 bytes of graphics memory, and 1073741824 may be used";
    assert!(why.contains(gpu), "{why}");
    site.plugins.load(&[plugin(&site, "first", &["GPU_MEMORY=600000000"])]).unwrap();
    let why = refused(&site, &needs("gpu_memory = \"600M\""));
    assert!(
        why.contains("needs 629145600 bytes of graphics memory, and 473741824 are left"),
        "{why}"
    );
    assert!(!is_mapped());
    site.plugins.load(&[needs("gpu_memory = 1000\npriority = \"high\"\nprocessors = 0")]).unwrap();
    assert!(is_mapped());
    let loaded = site.plugins.list().into_iter().find(|it| it.about.name == "inference").unwrap();
    assert_eq!(
        (loaded.about.needs.gpu_memory, loaded.about.needs.priority),
        (1_000, Priority::High)
    );
    assert_eq!(site.plugins.given().gpu_memory, 600_001_000);
}

#[test]
fn needs_that_no_one_can_mean_are_refused() {
    let site = Site::new();
    let library = plugin(&site, "v", &[]);
    let bad = [
        ("memory_min = \"2T\"", "is no size"),
        ("memory_min = -1", "memory_min"),
        ("memory_min = 9\nmemory_max = 8", "at least 9 bytes of memory and at most 8"),
        ("calls_per_second = 0", "no call could begin"),
        ("cpu_seconds = 0.0", "cpu_seconds"),
        ("cpu_seconds = -1.0", "cpu_seconds"),
        ("cpu_seconds = nan", "cpu_seconds"),
        ("cpu_seconds = inf", "cpu_seconds"),
        ("priority = \"urgent\"", "none of low, normal, high"),
        ("devices = [\"a\"]\nshared_devices = [\"a\"]", "names the device 'a' twice"),
        ("colour = 1", "colour"),
    ];
    for (needs, part) in bad {
        let error = site.plugins.load(&[manifest(&site, "m", &library, needs)]).unwrap_err();
        assert_eq!(error.step(), Some(Step::Manifest), "{needs}: {error}");
        assert!(error.to_string().contains(part), "{needs}: {error}");
    }
    for device in ["../etc/passwd", "", ".", "a/b"] {
        let needs = format!("devices = [{device:?}]");
        let error = site.plugins.load(&[manifest(&site, "m", &library, &needs)]).unwrap_err();
        assert_eq!(error.step(), Some(Step::Resources), "{needs}: {error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_of_processor_time_that_would_not_be_kept_is_refused() {
    let site = Site::with(Policy { caps: crate::isolated::caps(), ..Policy::default() });
    let library = plugin(&site, "burns", &["NUMBER=78"]);
    let isolated = site.path("isolated.toml");
    let file = library.display();
    let text = format!("library = \"{file}\"\nisolate = true\n[needs]\ncpu_seconds = 1.0\n");
    std::fs::write(&isolated, text).unwrap();
    let module = crate::modules::build(&site, "loop.wasm", 1, &[]);
    let module = manifest(&site, "loop", &module, "cpu_seconds = 1.0");
    for (file, instead) in [(isolated, "--isolate-cpu"), (module, "fuel")] {
        let why = refused(&site, &file);
        assert!(why.contains("cpu_seconds") && why.contains(instead), "{why}");
    }
}

#[test]
fn the_reserve_is_for_high_priority_alone() {
    let site =
        Site::with(Policy { memory_all: Some(MIB), memory_reserve: MIB / 2, ..Policy::default() });
    let library = plugin(&site, "v", &[]);
    let with = |priority: &str| {
        let needs = format!("memory_min = \"600K\"\npriority = \"{priority}\"");
        manifest(&site, priority, &library, &needs)
    };
    for priority in ["low", "normal"] {
        let why = refused(&site, &with(priority));
        assert!(why.contains("614400 bytes of memory, and 524288 are left"), "{why}");
    }
    site.plugins.load(&[with("high")]).unwrap();
}

#[test]
fn calls_beyond_the_quota_are_refused_and_others_are_not() {
    let site = Site::new();
    let busy = plugin(&site, "busy", &[]);
    let busy = manifest(&site, "busy", &busy, "calls_per_second = 3");
    site.plugins.load(&[busy, plugin(&site, "free", &[])]).unwrap();
    let call = |name: &str| site.call(name, &json!({"id": 1}));
    let answers: Vec<_> = (0..20).map(|_| call("busy")).collect();
    let good = answers.iter().filter(|it| it.is_ok()).count() as u64;
    assert!((3..=5).contains(&good), "{answers:?}");
    let why = answers.iter().find_map(|it| it.clone().err()).unwrap();
    let part = "busy: the plug-in busy takes 3 calls a second: try again in 0.";
    assert!(why.starts_with(part), "{why}");
    assert!((0..20).all(|_| call("free").is_ok()));
    let stats = calls(&site, "busy");
    assert_eq!([stats.begun, stats.calls, stats.errors, stats.refused], [good, good, 0, 20 - good]);
    until("it is not let in again", || call("busy").is_ok());
}

#[cfg(target_os = "linux")]
#[test]
fn processor_time_beyond_the_quota_is_refused_and_is_counted_while_it_runs() {
    let site = Site::new();
    let library = plugin(&site, "burns", &["SPINS", "CALLS=2u"]);
    let burns = manifest(&site, "burns", &library, "cpu_seconds = 0.25");
    site.plugins.load(&[burns, plugin(&site, "free", &[])]).unwrap();
    std::thread::scope(|scope| {
        let long = scope.spawn(|| site.call("burns", &json!({"id": 1, "wait": 3_000})));
        // It is refused while the first still runs, and no other has ended.
        let cpu = || one(&site, "burns").cpu();
        until("it is not counted", || cpu() >= Duration::from_millis(300));
        assert!(site.call("burns", &json!({"id": 2})).is_err());
        assert!(!long.is_finished());
        assert_eq!(long.join().unwrap(), Ok(json!({"id": 1, "version": 1})));
    });
    let why = site.call("burns", &json!({"id": 2})).unwrap_err();
    let part = "the plug-in burns has used its 0.25 s of processor time a minute: try again in ";
    assert!(why.contains(part), "{why}");
    assert!(site.call("free", &json!({"id": 1, "wait": 50})).is_ok());
    let burns = one(&site, "burns");
    assert!(burns.cpu() >= Duration::from_millis(250), "{burns:?}");
    assert!(burns.tools[0].calls.refused >= 2, "{burns:?}");
    // One that sleeps uses none to speak of.
    let free = one(&site, "free");
    assert!(free.cpu() < Duration::from_millis(40), "{free:?}");
}

#[test]
fn every_call_is_accounted_for_however_it_ends_and_what_is_left_is_named() {
    let site = with_memory(MIB);
    let needs = ["MEMORY_MIN=1000", "DEVICES=\"null\"", "DEADLINE=50", "CALLS=1u"];
    site.plugins.load(&[plugin(&site, "stuck", &needs), plugin(&site, "well", &[])]).unwrap();
    for id in 0..10 {
        let call = site.call("well", &json!({"id": id, "wait": id % 2}));
        assert_eq!(call, Ok(json!({"id": id, "version": 1})));
    }
    assert!(site.call("well", &json!({"id": -1})).is_err(), "it does not reach the tool");
    let stats = calls(&site, "well");
    assert_eq!([stats.begun, stats.calls, stats.errors, stats.refused], [10, 10, 0, 0]);
    let [least, half, most] = [stats.least, stats.half, stats.nearly_all];
    assert!(least <= half && half <= most && most >= Duration::from_millis(1), "{stats:?}");
    // One that is late, one that waits behind it, and one that never returns.
    let mut begun = 0;
    for wait in [100, 1_000_000] {
        // Its thread is free again.
        until("it is late", || site.call("stuck", &json!({"id": 9})).is_ok());
        begun = calls(&site, "stuck").begun;
        std::thread::scope(|scope| {
            for id in [1, 2] {
                let site = &site;
                scope.spawn(move || {
                    _ = site.call("stuck", &json!({"id": id, "wait": wait}));
                });
            }
        });
    }
    until("it was not taken out", || site.plugins.list().len() == 1);
    until("its account is open", || one(&site, "stuck").is_left());
    let left = one(&site, "stuck");
    let stats = left.tools[0].calls;
    assert_eq!([stats.begun, stats.calls, stats.running()], [begun + 2, begun + 2, 0], "{left:?}");
    assert_eq!((left.threads_lost, left.is_state_left), (1, true), "{left:?}");
    // Its thread may still use what it has.
    assert_eq!((left.holds.memory, &*left.holds.devices), (1_000, &["null".to_owned()][..]));
    assert_eq!(site.plugins.given().memory, 1_000);
    let other = plugin(&site, "other", &["DEVICES=\"null\""]);
    assert!(refused(&site, &other).contains("'null', which stuck has"));
    // One that ends well leaves nothing.
    assert!(site.plugins.unload("well").unwrap().wait(PATIENCE));
    assert_eq!(site.plugins.usage().len(), 1);
}

#[test]
fn above_its_memory_the_program_calls_and_loads_no_plug_in() {
    let watch = Arc::new(MaxRss::new(Bytes(1 << 50)));
    let site = Site::with(Policy { max_rss: Some(Arc::clone(&watch)), ..Policy::default() });
    site.plugins.load(&[plugin(&site, "v", &[])]).unwrap();
    let call = || -> Result<Value, String> { site.call("v", &json!({"id": 1})) };
    assert!(call().is_ok());
    watch.observe((1 << 50) + 1);
    let why = call().unwrap_err();
    assert!(why.contains("of memory, and --max-rss allows 1048576 GiB: try again later"), "{why}");
    let stats = calls(&site, "v");
    assert_eq!([stats.begun, stats.refused], [1, 1]);
    watch.observe(1);
    assert!(call().is_ok());
    // It looks itself before it loads one.
    let max_rss = Some(Arc::new(MaxRss::new(Bytes(1 << 40))));
    let limited = Site::with(Policy { max_rss, ..Policy::default() });
    assert!(limited.plugins.budget().memory < 1 << 40, "what the program has is taken off");
    let max_rss = Some(Arc::new(MaxRss::new(Bytes(4_096))));
    let site = Site::with(Policy { max_rss, memory_all: Some(MIB), ..Policy::default() });
    let why = refused(&site, &plugin(&site, "v", &[]));
    assert!(why.contains("--max-rss allows 4 KiB"), "{why}");
}
