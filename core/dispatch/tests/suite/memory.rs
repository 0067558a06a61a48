//! What a device's memory is made of.

use trine_dispatch::{Config, Identity, Link};

const NOTHING: Config<'static> = Config {
    message_max: 0,
    result_max: 0,
    calls_max: 0,
    local_max: 0,
    pending_max: 0,
    repeat_max: 0,
    hashes_max: 0,
    consent_bytes: 0,
    ..Config::DEFAULT
};

/// Bytes around a message: checksum, counter and tag, address and control.
const AROUND: u16 = 4 + 20 + 2;

fn named(identity: Identity<'_>) -> usize {
    Config { identity, ..NOTHING }.memory()
}

#[test]
fn each_limit_costs_what_it_says() {
    let base = NOTHING.memory();
    let costs = |config: Config<'_>| config.memory() - base;
    assert_eq!(costs(Config { message_max: 100, ..NOTHING }), 100);
    assert_eq!(costs(Config { consent_bytes: 100, ..NOTHING }), 100);
    assert_eq!(costs(Config { hashes_max: 25, ..NOTHING }), 100, "four bytes a tool");
    assert_eq!(costs(Config { pending_max: 100, repeat_max: 100, ..NOTHING }), 0, "no slot");
    let slot = costs(Config { calls_max: 1, ..NOTHING });
    assert_eq!(costs(Config { local_max: 1, ..NOTHING }), slot);
    assert_eq!(costs(Config { calls_max: 2, local_max: 3, ..NOTHING }), 5 * slot);
    let both = |pending_max, repeat_max| {
        costs(Config { calls_max: 2, pending_max, repeat_max, ..NOTHING }) - 2 * slot
    };
    assert_eq!([both(10, 7), both(7, 10), both(10, 10)], [20; 3], "one serves for both");
}

#[test]
fn a_reply_has_room_for_the_longest_of_a_result_and_a_hello() {
    let base = NOTHING.memory();
    let short = named(Identity { vendor: "0123456789", ..NOTHING.identity });
    assert_eq!(short, base + 10);
    for (vendor, product, serial, firmware, build) in [
        ("", "0123456789", "", "", ""),
        ("", "", "0123456789", "", ""),
        ("", "", "", "0123456789", ""),
        ("", "", "", "", "0123456789"),
        ("01", "23", "45", "67", "89"),
    ] {
        let identity = Identity { vendor, product, serial, firmware, build };
        assert_eq!(named(identity), short, "{identity:?}");
    }
    // A hello without texts takes as much as a result of 96 bytes.
    let result = |result_max| Config { result_max, ..NOTHING }.memory() - base;
    assert_eq!([0, 95, 96, 97, 110].map(result), [0, 0, 0, 1, 14]);
    // A frame of 254 bytes, its checksum among them, has a byte more in front and behind.
    let whole = 254 - 16 - AROUND;
    let more = |max| result(max) - result(max - 1);
    assert_eq!([more(whole - 1), more(whole), more(whole + 1)], [1, 3, 1]);
}

#[test]
fn links_of_packets_and_buses_take_their_own() {
    let base = NOTHING.memory();
    let packets = Config { link: Link::Packet { mtu: 64 }, ..NOTHING };
    assert_eq!(packets.memory(), base + 64);
    let bus = Config { link: Link::Bus { address: 1 }, ..NOTHING };
    assert_eq!(bus.memory(), base);
}

#[test]
fn the_default_needs_as_much_as_its_parts() {
    let config = Config::DEFAULT;
    assert_eq!(config.result_max, 256);
    // With its kind, its call, its outcome and its length: no answer of a tool is forgotten.
    assert_eq!(config.repeat_max, config.result_max + 12);
    let none = Config { calls_max: 0, ..config }.memory();
    let slot = Config { calls_max: 1, ..config }.memory() - none;
    assert_eq!(config.memory(), none + 4 * slot);
    let without = Config { consent_bytes: 0, message_max: 0, ..config };
    assert_eq!(config.memory(), without.memory() + 2 * 192);
}
