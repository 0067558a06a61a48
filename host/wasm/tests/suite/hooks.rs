//! `init`, `shutdown`, `health` and `self_test`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use trine_gateway::host_tools::HostTools as _;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
use trine_wasm::{Guest, Limits};

use crate::modules::{Plug, call, int, value};

/// Puts 7 into the state, which is at 60000.
const INIT: &str = "
    (i32.store (local.get $state) (i32.const 60000))
    (i32.store (i32.const 60000) (i32.add (i32.const 7) (i32.load (i32.const 60000))))
    i32.const 0";
/// Answers what is in the state, as `init` made it.
const READ: &str = "
    (call $put_int (local.get $call) (i32.const 0) (i64.load32_u (local.get $state)))";

fn plug() -> Plug {
    Plug::new().tool("read", [&[], &[int("n")]], READ)
}

fn refused(plug: Plug) -> String {
    Guest::load(&plug.wasm(), &Limits::default()).unwrap_err().to_string()
}

#[test]
fn the_state_that_init_makes_is_that_of_each_tool() {
    let guest = plug().hook(0, INIT).load();
    assert_eq!(call(&guest, 0, |_| {}), value(0, 7));
    // Without it the state is NULL.
    let guest = plug().load();
    assert_eq!(call(&guest, 0, |_| {}), value(0, 0));
}

#[test]
fn a_module_that_fails_to_start_is_not_loaded() {
    assert_eq!(
        refused(plug().hook(0, "i32.const -12")),
        "its init answered -12, which is a failure"
    );
    assert!(refused(plug().hook(0, "unreachable")).starts_with("its init did not return"));
    let said = refused(plug().hook(3, "i32.const -3"));
    assert_eq!(said, "its self_test answered -3, which is a failure");
    // It gets the state, which is not what it wants to see here.
    let test = "(i32.sub (i32.const 0) (i32.load (local.get $state)))";
    assert_eq!(
        refused(plug().hook(0, INIT).hook(3, test)),
        "its self_test answered -7, which is a failure"
    );
    assert!(Guest::load(&plug().hook(3, "i32.const 0").wasm(), &Limits::default()).is_ok());
}

#[test]
fn health_is_what_the_module_says() {
    let health = "(i32.sub (i32.const 6) (i32.load (local.get $state)))";
    let guest = plug().hook(0, INIT).hook(2, health).load();
    assert_eq!(
        guest.health().unwrap_err().to_string(),
        "its health answered -1, which is a failure"
    );
    assert!(plug().load().health().is_ok());
    // One that is stopped costs the module its instance.
    let guest = plug().hook(0, INIT).hook(2, "unreachable").load();
    assert!(guest.health().unwrap_err().to_string().starts_with("its health did not return"));
    assert_eq!(call(&guest, 0, |_| {}), value(0, 7));
}

#[test]
fn after_a_stop_init_makes_a_new_state() {
    let trap = "(i32.store (i32.const 60000) (i32.const 99)) unreachable";
    let guest = plug().tool("trap", [&[], &[int("n")]], trap).hook(0, INIT).load();
    assert!(call(&guest, 1, |_| {}).is_err());
    assert_eq!(call(&guest, 0, |_| {}), value(0, 7));
}

#[test]
fn a_module_that_cannot_start_again_says_so_at_each_call() {
    // Its `init` fails once the clock has gone on for a moment since it was loaded.
    let init =
        "(if (i64.gt_u (call $now) (i64.const 400)) (then (return (i32.const -5)))) i32.const 0";
    let trap = "unreachable";
    let guest = plug().tool("trap", [&[], &[int("n")]], trap).hook(0, init);
    let wasm = guest.wasm();
    let Ok(guest) = Guest::load(&wasm, &Limits::default()) else { return };
    std::thread::sleep(Duration::from_millis(500));
    assert!(call(&guest, 1, |_| {}).is_err());
    for _ in 0..2 {
        let said = call(&guest, 0, |_| {}).unwrap_err();
        assert_eq!(
            said,
            "the plug-in could not be started again: its init answered -5, which is a failure"
        );
    }
}

#[test]
fn shutdown_is_called_once_after_the_tools_were_taken_away() {
    // It tells a log that it runs: a module has no other way to be heard outside of a call. So it
    // is told by what it does to the time: it takes as long as its fuel lasts.
    let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
    let limits = Limits { fuel: u64::MAX, time: Duration::from_millis(300), ..Limits::default() };
    let slow = plug().hook(1, "(loop $again (br $again))").load_with(&limits);
    let slow = Arc::new(slow);
    let id = hub.add_tools(Arc::clone(&slow) as Arc<_>).unwrap();
    let leaving = hub.remove_tools(id).unwrap();
    // Whoever takes the tools away does not wait for it.
    assert!(leaving.wait(Duration::from_millis(200)));
    let ended = Mutex::new(Vec::new());
    slow.call_here(0, &[], &mut |_| ended.lock().unwrap().push(()));
    assert_eq!(ended.lock().unwrap().len(), 1);
    assert_eq!(slow.table().info_count(), 1);
}

/// How many tools a table has.
trait Count {
    fn info_count(&self) -> u16;
}

impl Count for trine_gateway::table::Table {
    fn info_count(&self) -> u16 {
        trine_descriptor::ToolTable::count(self)
    }
}

/// The words of `trine_tool_more` with these functions.
fn more(on_link_lost: u32, on_reset: u32) -> Vec<u8> {
    let words = [36, 0, 0, 0, on_link_lost, on_reset, 0, 0, 0];
    words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect()
}

#[test]
fn a_tool_that_acts_by_itself_is_brought_to_safety_before_its_first_call() {
    // It finds the state that `init` made, and `self_test` finds what it did.
    let mut plug = Plug::new().hook(0, INIT).hook(
        3,
        "(i32.ne (i32.load (local.get $state)) \
        (i32.const 70)) (if (then (return (i32.const -1)))) i32.const 0",
    );
    let reset =
        plug.function("(param $state i32)", "(i32.store (local.get $state) (i32.const 70))");
    let more = plug.put(&more(0, reset));
    let trap = plug.tool_with("read", [&[], &[int("n")]], READ, (more, 0));
    let guest = trap
        .tool(
            "trap",
            [&[], &[int("n")]],
            "(i32.store (local.get $state) \
        (i32.const 1)) unreachable",
        )
        .load();
    assert_eq!(call(&guest, 0, |_| {}), value(0, 70));
    // And again in a new instance.
    assert!(call(&guest, 1, |_| {}).is_err());
    assert_eq!(call(&guest, 0, |_| {}), value(0, 70));
    // One that fails is not loaded.
    let mut plug = Plug::new();
    let reset = plug.function("(param $state i32)", "unreachable");
    let more = plug.put(&self::more(0, reset));
    let said = refused(plug.tool_with("read", [&[], &[int("n")]], READ, (more, 0)));
    assert!(said.starts_with("its on_reset did not return"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_acts_by_itself_is_brought_to_safety_when_its_hub_is_gone() {
    // A module is heard at its end by the time that it takes alone: `on_link_lost` keeps its thread
    // until its time is over, and a call meanwhile waits for that.
    let mut plug = Plug::new();
    let lost = plug.function("(param $state i32)", "(loop $again (br $again))");
    let more = plug.put(&more(lost, 0));
    let plug = plug.tool_with("read", [&[], &[int("n")]], "i32.const -12", (more, 0));
    let time = Duration::from_millis(700);
    let guest = plug.load_with(&Limits { fuel: u64::MAX, time, ..Limits::default() });
    let began = std::time::Instant::now();
    guest.shutdown();
    std::thread::sleep(Duration::from_millis(100));
    assert!(call(&guest, 0, |_| {}).is_err());
    assert!(began.elapsed() >= time, "{:?}", began.elapsed());
}

/// A module of three tools, each of which has these two functions.
fn three(on_link_lost: &str, on_reset: &str) -> Plug {
    let mut plug = Plug::new().code("(global $spun (mut i32) (i32.const 0))");
    for name in ["one", "two", "three"] {
        let functions = [on_link_lost, on_reset].map(|body| match body {
            "" => 0,
            body => plug.function("(param $state i32)", body),
        });
        let more = plug.put(&more(functions[0], functions[1]));
        plug = plug.tool_with(name, [&[], &[int("n")]], "i32.const -12", (more, 0));
    }
    plug
}

/// Takes some 120,000 units of fuel.
const SPIN: &str = "(local $left i32) (local.set $left (i32.const 30000))
    (loop $again
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))";

#[test]
fn what_brings_tools_to_safety_has_the_caps_of_one_call_for_all_of_them() {
    let load = |fuel| Guest::load(&three("", SPIN).wasm(), &Limits { fuel, ..Limits::default() });
    assert!(load(1_000_000).is_ok());
    // Enough for one of them and not for three.
    let said = load(150_000).unwrap_err().to_string();
    assert!(said.starts_with("its on_reset did not return: it ran for more than 150000"), "{said}");
}

#[test]
fn a_tool_that_fails_at_its_end_keeps_no_other_from_safety() {
    // The first one traps. The second takes all of the time, which shows that it ran.
    let lost = "(global.set $spun (i32.add (global.get $spun) (i32.const 1)))
        (if (i32.eq (global.get $spun) (i32.const 1)) (then unreachable))
        (loop $again (br $again))";
    let time = Duration::from_millis(700);
    let guest = three(lost, "").load_with(&Limits { fuel: u64::MAX, time, ..Limits::default() });
    let began = std::time::Instant::now();
    guest.shutdown();
    std::thread::sleep(Duration::from_millis(100));
    assert!(call(&guest, 0, |_| {}).is_err());
    assert!(began.elapsed() >= time, "{:?}", began.elapsed());
}
