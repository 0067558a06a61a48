//! A device and its host: frames, repeats, ports, time, consent, in any order.
//!
//! Each call that the host makes carries a number of its own. What must hold, whatever comes
//! between: no number is entered twice; no id is answered more often than it was sent; what the
//! device says can be read; and in the end every call that was entered and not given up has its
//! answer, and the next good call is served.

mod host;
mod play;

use trine_arena::Ring;
use trine_dispatch::{Config, Device, Link, Port};

use crate::tools::{PACK, TOOLS};
use host::{EPOCH, Host, SLOTS};
use play::Play;

const CONFIG: Config<'static> = Config {
    epoch: EPOCH,
    calls_max: SLOTS,
    deadline_ms: 700,
    consent_ms: 800,
    consent_guard_ms: 100,
    consent_bytes: 24,
    link_ms: 2_000,
    pending_max: 8,
    repeat_max: 24,
    result_max: 96,
    message_max: 96,
    hashes_max: 0,
    ..Config::DEFAULT
};

/// Plays the bytes: the first one chooses link and table, the others are operations.
pub fn run(data: &[u8]) {
    let Some((&mode, operations)) = data.split_first() else { return };
    let link = match mode & 3 {
        0 | 1 => Link::Stream,
        2 => Link::Packet { mtu: 20 },
        _ => Link::Bus { address: 9 },
    };
    let config = Config { link, ..CONFIG };
    let (mut line, mut port) = ([0; 700], [0; 80]);
    let (mut line, mut port) = (Ring::new(&mut line), Ring::new(&mut port));
    let (to_device, rx) = line.split();
    let (to_port, port) = port.split();
    let mut memory = vec![0; config.memory()];
    let device = if mode & 4 == 0 {
        Device::with_rules(&config, &mut memory, rx, &PACK)
    } else {
        Device::new(config, &mut memory, rx, &TOOLS)
    };
    let mut device = device.expect("the memory is enough");
    device.add_port(port).expect("it is the first port");
    let host = Host::new(link, to_device);
    let mut play = Play::new(device, host, Port::new(to_port));
    play.all(operations);
    play.end();
}
