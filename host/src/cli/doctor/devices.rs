//! The devices that the command line names: whether they answer, and what of them is not served.

use std::time::Duration;

use trine_descriptor::ToolTable as _;
use trine_gateway::{Device, DeviceArgs, Hub, Prefix, State};

use super::super::paint::some;
use super::Check;

const SUBJECT: &str = "device";
/// Longest to wait for them.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn checks(args: &DeviceArgs) -> Vec<Check> {
    let hub = match Hub::open(args, Prefix::Auto) {
        Ok(hub) => hub,
        Err(error) => {
            return vec![Check::fail(SUBJECT, error.chain(), "correct the command line")];
        }
    };
    // Those that do not answer say so.
    let _ = hub.wait_ready(PATIENCE);
    hub.devices().iter().flat_map(|device| about(device)).collect()
}

fn about(device: &Device) -> Vec<Check> {
    let name = format!("{} ({})", device.name(), device.source());
    let state = match device.state() {
        State::Online => {
            let tools = device.table().map_or(0, |table| table.count());
            Check::ok(SUBJECT, format!("{name}: online, {}", some(tools.into(), "tool")))
        }
        State::Coming => {
            let advice = "check its power, its cable and the baud rate";
            Check::fail(SUBJECT, format!("{name} does not answer"), advice)
        }
        State::Offline(why) => {
            Check::fail(SUBJECT, format!("{name} is offline: {why}"), "trine --log debug devices")
        }
    };
    let problems = device.problems();
    let problems = problems.iter().map(|why| {
        let advice = "all other devices and tools are served meanwhile";
        Check::fail(SUBJECT, format!("{name}: {why}"), advice)
    });
    std::iter::once(state).chain(problems).collect()
}
