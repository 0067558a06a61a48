//! What a plug-in in a process of its own may use, and what is known of it, whatever it does.

use std::time::{Duration, Instant};

use serde_json::json;
use trine_plugins::{Caps, Holds, Policy, Usage};

use crate::isolated::{caps, lives, site, wild};
use crate::site::{PATIENCE, Site, until};

fn process(site: &Site, name: &str) -> u32 {
    site.plugins.process_usage(name).unwrap().unwrap().process.unwrap()
}

fn usage(site: &Site) -> Usage {
    site.plugins.usage().pop().unwrap()
}

#[test]
fn the_account_of_a_plug_in_has_the_time_of_its_processes() {
    let site = site(caps());
    site.plugins.load(&[wild(&site, &[])]).unwrap();
    let began = usage(&site).process.unwrap();
    assert!(began.process.is_some() && began.cpu > Duration::ZERO, "{began:?}");
    site.call("wild", &json!({"what": "burn", "n": 150})).unwrap();
    let used = usage(&site);
    let cpu = used.tools[0].cpu.as_millis();
    assert!((140..250).contains(&cpu), "{used:?}");
    assert!(used.cpu() >= began.cpu + Duration::from_millis(140), "{used:?}");
    // Also while it runs, and after its process has ended.
    std::thread::scope(|scope| {
        let burns = scope.spawn(|| site.call("wild", &json!({"what": "burn", "n": 1_000})));
        until("it is not counted", || usage(&site).tools[0].cpu.as_millis() > cpu + 300);
        assert!(!burns.is_finished());
        burns.join().unwrap().unwrap();
    });
    let before = usage(&site);
    assert!(site.call("wild", &json!({"what": "abort"})).is_err());
    let after = usage(&site);
    assert!(after.cpu() >= before.cpu() && before.cpu().as_millis() >= 1_100, "{after:?}");
    assert_eq!(after.process.unwrap().failures, 1);
    // Calls at a time share what it uses: no more is told than there was.
    let two = site.build_with(
        "two.so",
        "wild.c",
        &["CALLS=2u", "NAME=\"two\"", "TOOL=\"two\""],
        &["-D_DEFAULT_SOURCE", "-Wno-dangling-pointer"],
    );
    site.plugins.load(&[two]).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| site.call("two", &json!({"what": "pause", "n": 300})).unwrap());
        site.call("two", &json!({"what": "burn", "n": 200})).unwrap();
    });
    let both = site.plugins.usage().into_iter().find(|it| it.name == "two").unwrap();
    let tools = both.tools[0].cpu;
    assert!(tools.as_millis() >= 140 && tools <= both.process.unwrap().cpu, "{tools:?}");
}

#[test]
fn a_loop_is_stopped_at_its_cap_also_beside_many_short_calls() {
    let cap = Duration::from_millis(300);
    let site = site(Caps { call_cpu: Some(cap), ..caps() });
    site.plugins.load(&[wild(&site, &["CALLS=4u"])]).unwrap();
    let began = Instant::now();
    std::thread::scope(|scope| {
        let stuck = scope.spawn(|| site.call("wild", &json!({"what": "loop"})));
        while !stuck.is_finished() && began.elapsed() < Duration::from_secs(20) {
            _ = site.call("wild", &json!({"what": "pause", "n": 1}));
        }
        assert!(stuck.is_finished(), "it still runs");
        let why = stuck.join().unwrap().unwrap_err();
        assert!(why.contains("a call has used its 300ms of CPU time"), "{why}");
    });
}

#[test]
fn time_that_is_used_up_is_named_also_where_its_signal_is_ignored() {
    let site = site(Caps { process_cpu: Some(Duration::from_secs(1)), ..caps() });
    site.plugins.load(&[wild(&site, &["IGNORES_CPU"])]).unwrap();
    let why = site.call("wild", &json!({"what": "loop"})).unwrap_err();
    assert!(why.contains("SIGKILL: it has used its 1s of CPU time"), "{why}");
}

#[test]
fn a_process_whose_plug_in_is_refused_later_has_ended_when_that_is_known() {
    let site = site(caps());
    // At the steps of dependencies and resources.
    for define in ["NEEDS=\"z\"", "PROCESSORS=100000"] {
        let file = site.build("v.so", "version.c", &[define, "SAYS_PROCESS"]);
        for _ in 0..5 {
            assert!(site.plugins.load(&[&file]).is_err());
            let ledger = site.ledger();
            let process = ledger.last().unwrap().strip_prefix("process ").unwrap();
            let place = std::path::Path::new("/proc").join(process);
            assert!(!place.exists(), "{define}: {process}");
        }
    }
}

#[test]
fn what_a_plug_in_has_is_not_given_to_another_one_before_its_process_has_ended() {
    let site = site(caps());
    let defines = ["DEVICES=\"null\"", "MEMORY_MIN=1000", "ENDS_SLOWLY"];
    site.plugins.load(&[site.build("v.so", "version.c", &defines)]).unwrap();
    let process = process(&site, "versioned");
    // Its client has gone, so the call ends on the thread of the process, which cannot wait.
    let patience = Duration::from_millis(50);
    let report = site.hub.call_own("which", r#"{"id":1,"wait":300}"#, patience).unwrap();
    assert!(report.is_error, "{}", report.text);
    let leaving = site.plugins.unload("versioned").unwrap();
    assert!(leaving.wait(PATIENCE));
    assert!(lives(process));
    assert_eq!(site.plugins.given().devices, ["null"]);
    until("it is not given back", || site.plugins.given() == Holds::default());
    assert!(!lives(process));
    assert!(site.plugins.usage().is_empty());
}

#[test]
fn no_call_begins_in_a_process_that_has_closed_its_socket_and_lives() {
    let site = site(caps());
    site.plugins.load(&[wild(&site, &["CALLS=2u", "EXIT_HANGS"])]).unwrap();
    let first = process(&site, "wild");
    std::thread::scope(|scope| {
        let deaf = scope.spawn(|| site.call("wild", &json!({"what": "deaf"})));
        let next = || site.plugins.process_usage("wild").unwrap().unwrap().process;
        until("its end is not seen", || next() != Some(first));
        assert!(lives(first));
        assert_eq!(site.call("wild", &json!({"what": "fine"})), Ok(json!({"n": 1})));
        let why = deaf.join().unwrap().unwrap_err();
        assert!(why.contains("it closed its socket and did not end within 2s"), "{why}");
    });
    assert!(!lives(first));
    assert!(site.plugins.unload("wild").unwrap().wait(PATIENCE));
}

#[test]
fn a_lower_limit_of_the_program_is_left_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;

    let program = caps().program.unwrap();
    let site = site(Caps::default());
    let script = site.path("limited host");
    // It may not be raised by who has no right to it.
    let text = format!("#!/bin/sh\nulimit -d 400000\nexec '{}' \"$@\"\n", program.display());
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let caps = Caps { program: Some(script), memory: 1 << 40, ..caps() };
    let limited = Site::with(Policy { isolate: true, caps, ..Policy::default() });
    limited.plugins.load(&[wild(&limited, &[])]).unwrap();
    assert_eq!(
        limited.call("wild", &json!({"what": "careful"})),
        Err("wild: no memory is left".into())
    );
}
