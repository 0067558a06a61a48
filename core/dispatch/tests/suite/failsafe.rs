//! What happens when the link or the loop is gone.

use trine_dispatch::{Config, Pulse};
use trine_wire::message::{Call, HostMessage};

use crate::bench::{Bench, CONFIG, MOVE, SESSION, TOOLS, call_of};
use crate::peer::Peer;

const LINK_MS: u32 = 500;

fn peer() -> Peer<Bench> {
    Peer::new(Config { link_ms: LINK_MS, ..CONFIG }, &TOOLS, Bench::default())
}

#[test]
fn tools_are_reset_once_before_anything_else() {
    let mut peer = peer();
    peer.now = 33;
    peer.greet(SESSION);
    peer.now = 40;
    peer.hear();
    assert_eq!(peer.tools.resets, [33]);
}

#[test]
fn a_silent_link_is_lost_once_and_found_again_by_a_good_message() {
    let mut peer = peer();
    peer.now = 10;
    peer.hear();
    peer.now = 5_000;
    peer.hear();
    assert_eq!(peer.tools.losses, [], "there was no link to lose");
    peer.greet(SESSION);
    assert!(peer.device.is_linked());
    assert_eq!(peer.device.poll(5_000, 8, &mut peer.tools), 5_500, "it wants to see it");
    peer.now = 5_499;
    peer.send(&HostMessage::Ping { nonce: 1 });
    peer.hear();
    peer.now = 5_998;
    let call = Call { deadline_ms: 60_000, ..call_of(1, MOVE, &[0, 2, 2]) };
    peer.send(&HostMessage::Call(call));
    peer.hear();
    // Noise is no sign of life.
    peer.now = 6_400;
    peer.push(b"\0boot\0");
    for now in 6_400..7_000 {
        peer.now = now;
        peer.hear();
    }
    assert_eq!(peer.tools.losses, [6_498]);
    assert!(!peer.device.is_linked());
    #[cfg(feature = "status")]
    assert_eq!(peer.device.status(0).link_losses, 1);
    // The same session goes on, its call too.
    peer.greet(SESSION);
    assert!(peer.device.is_linked());
    assert_eq!((peer.tools.pending.len(), peer.tools.stopped.len()), (1, 0));
    peer.now += u64::from(LINK_MS);
    peer.hear();
    assert_eq!(peer.tools.losses, [6_498, 7_499]);
}

#[test]
fn the_pulse_follows_polls_and_good_messages() {
    static PULSE: Pulse = Pulse::new();
    let mut peer = peer();
    peer.device.set_pulse(&PULSE);
    let live = |now| PULSE.is_live(now, 50, LINK_MS);
    assert!(!live(0));
    peer.now = 100;
    peer.hear();
    assert!(!live(100), "nobody was heard");
    peer.greet(SESSION);
    assert!(live(100) && live(150));
    assert!(!live(151), "the loop stands still");
    peer.now = 160;
    peer.hear();
    assert!(live(160));
    for now in 160..600 {
        peer.now = now;
        peer.hear();
        assert!(live(now as u32));
    }
    peer.now = 600;
    peer.hear();
    assert!(!live(600), "the link was lost");
    assert_eq!(peer.tools.losses, [600]);
}

#[test]
fn a_device_without_a_limit_never_loses_its_link() {
    let mut peer = Peer::new(CONFIG, &TOOLS, Bench::default());
    peer.greet(SESSION);
    peer.now = 1 << 40;
    peer.hear();
    assert_eq!(peer.tools.losses, []);
}
