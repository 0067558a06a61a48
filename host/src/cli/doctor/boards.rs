//! Boards that need no hardware: whether they answer, and how fast.

use std::time::{Duration, Instant};

use trine_descriptor::ToolTable as _;
use trine_gateway::{DeviceArgs, Hub, Prefix, Settings, State};

use super::super::devices::wire as wire_line;
use super::super::paint::{some, time};
use super::Check;

/// The board of the example firmware.
const BOARD: &str = "mps2-an386";
/// Longest that a board may take to show its tools: QEMU has to start, perhaps on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// A tool that only looks.
const TOOL: &str = "board_status";

pub(super) fn checks() -> Vec<Check> {
    vec![simulated(), emulated()]
}

/// Why there was no answer.
enum Silence {
    /// Something is missing on this machine.
    Missing(String),
    /// All is there, and it does not work.
    Broken(String),
}

fn simulated() -> Check {
    let devices = DeviceArgs { simulate: vec!["greenhouse".to_owned()], ..devices() };
    match answer(&devices) {
        Ok(text) => Check::ok("simulated", text),
        Err(Silence::Missing(why) | Silence::Broken(why)) => {
            Check::fail("simulated", why, "this is a fault of Trine: please report it")
        }
    }
}

fn emulated() -> Check {
    let devices = DeviceArgs { emulate: vec![format!("greenhouse={BOARD}")], ..devices() };
    match answer(&devices) {
        Ok(text) => Check::ok("emulated", format!("{BOARD} {text}")),
        Err(Silence::Missing(why)) => Check::warn("emulated", why, "only --emulate needs it"),
        Err(Silence::Broken(why)) => {
            let advice = format!("trine --log debug devices --emulate {BOARD}");
            Check::fail("emulated", format!("{BOARD}: {why}"), advice)
        }
    }
}

fn devices() -> DeviceArgs {
    DeviceArgs { time_scale: 1, ..DeviceArgs::default() }
}

/// Opens the one device, lists its tools and calls one.
fn answer(devices: &DeviceArgs) -> Result<String, Silence> {
    let start = Instant::now();
    let missing = |error: trine_gateway::Error| Silence::Missing(error.chain());
    // Without the user's keys: these boards are of this program, and have none.
    let hub = Hub::open_with(devices, Prefix::Auto, &Settings::none()).map_err(missing)?;
    let _ = hub.wait_ready(PATIENCE);
    let device = hub.find("greenhouse").map_err(missing)?;
    match device.state() {
        State::Online => {}
        State::Coming => {
            let sentence = format!("no answer within {}", time(PATIENCE));
            return Err(Silence::Broken(sentence));
        }
        State::Offline(why) => return Err(Silence::Broken(why)),
    }
    let tools = device.table().map_or(0, |table| table.count());
    let listed = start.elapsed();
    let report = device.call_json(TOOL, "{}", PATIENCE);
    if report.is_error {
        return Err(Silence::Broken(format!("{TOOL}: {}", report.text)));
    }
    let wire = device.wire();
    Ok(format!(
        "answers: hello and {} in {}, {TOOL} in {}; {}; {}, lost {}",
        some(tools.into(), "tool"),
        time(listed),
        time(report.elapsed),
        wire_line(&wire),
        some(wire.repeats, "repeat"),
        some(wire.losses, "time"),
    ))
}
