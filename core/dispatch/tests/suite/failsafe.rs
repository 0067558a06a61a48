//! What happens when the link or the loop is gone.

use trine_dispatch::{Config, Heartbeat};
use trine_wire::message::{Call, HostMessage};

use crate::bench::{Bench, CONFIG, MOVE, SESSION, TOOLS, call_of};
use crate::harness::LinkHarness;

const LINK_MS: u32 = 500;

fn harness() -> LinkHarness<Bench> {
    LinkHarness::new(Config { link_ms: LINK_MS, ..CONFIG }, &TOOLS, Bench::default())
}

#[test]
fn tools_are_reset_once_before_anything_else() {
    let mut harness = harness();
    harness.now = 33;
    harness.send_hello(SESSION);
    harness.now = 40;
    harness.hear();
    assert_eq!(harness.tools.resets, [33]);
}

#[test]
fn a_silent_link_is_lost_once_and_found_again_by_a_good_message() {
    let mut harness = harness();
    harness.now = 10;
    harness.hear();
    harness.now = 5_000;
    harness.hear();
    assert_eq!(harness.tools.losses, [], "there was no link to lose");
    harness.send_hello(SESSION);
    assert!(harness.device.is_linked());
    assert_eq!(harness.device.poll(5_000, 8, &mut harness.tools), 5_500, "it wants to see it");
    harness.now = 5_499;
    harness.send(&HostMessage::Ping { nonce: 1 });
    harness.hear();
    harness.now = 5_998;
    let call = Call { deadline_ms: 60_000, ..call_of(1, MOVE, &[0, 2, 2]) };
    harness.send(&HostMessage::Call(call));
    harness.hear();
    // Noise is no sign of life.
    harness.now = 6_400;
    harness.push(b"\0boot\0");
    for now in 6_400..7_000 {
        harness.now = now;
        harness.hear();
    }
    assert_eq!(harness.tools.losses, [6_498]);
    assert!(!harness.device.is_linked());
    #[cfg(feature = "status")]
    assert_eq!(harness.device.status(0).link_losses, 1);
    // The same session goes on, its call too.
    harness.send_hello(SESSION);
    assert!(harness.device.is_linked());
    assert_eq!((harness.tools.pending.len(), harness.tools.stopped.len()), (1, 0));
    harness.now += u64::from(LINK_MS);
    harness.hear();
    assert_eq!(harness.tools.losses, [6_498, 7_499]);
}

#[test]
fn the_heartbeat_follows_polls_and_good_messages() {
    static HEARTBEAT: Heartbeat = Heartbeat::new();
    let mut harness = harness();
    harness.device.set_heartbeat(&HEARTBEAT);
    let live = |now| HEARTBEAT.is_live(now, 50, LINK_MS);
    assert!(!live(0));
    harness.now = 100;
    harness.hear();
    assert!(!live(100), "nobody was heard");
    harness.send_hello(SESSION);
    assert!(live(100) && live(150));
    assert!(!live(151), "the loop stands still");
    harness.now = 160;
    harness.hear();
    assert!(live(160));
    for now in 160..600 {
        harness.now = now;
        harness.hear();
        assert!(live(now as u32));
    }
    harness.now = 600;
    harness.hear();
    assert!(!live(600), "the link was lost");
    assert_eq!(harness.tools.losses, [600]);
}

#[test]
fn a_device_without_a_limit_never_loses_its_link() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Bench::default());
    harness.send_hello(SESSION);
    harness.now = 1 << 40;
    harness.hear();
    assert_eq!(harness.tools.losses, []);
}

#[test]
fn a_silent_link_is_lost_also_when_the_tick_of_32_bits_wraps_meanwhile() {
    let mut harness = harness();
    harness.now = u64::from(u32::MAX) - 200;
    harness.send_hello(SESSION);
    harness.now += u64::from(LINK_MS) - 1;
    harness.hear();
    assert_eq!(harness.tools.losses, []);
    harness.now += 1;
    harness.hear();
    assert_eq!(harness.tools.losses, [harness.now]);
}
