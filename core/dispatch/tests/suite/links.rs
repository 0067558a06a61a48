//! The same conversation over packets and on a bus.

use trine_descriptor::ToolTable;
use trine_dispatch::{Config, Device, InitError, Link};
use trine_wire::bus::{BROADCAST, FROM_DEVICE, Header, MORE};
use trine_wire::message::{self, Call, HostMessage};

use crate::bench::{Bench, CONFIG, FAN, MOVE, SESSION, SNAP, TOOLS};
use crate::harness::{LinkHarness, framed, text};

const ADDRESS: u8 = 17;

fn harness(link: Link) -> (LinkHarness<Bench>, u32) {
    let mut harness = LinkHarness::new(Config { link, ..CONFIG }, &TOOLS, Bench::default());
    let epoch = harness.send_hello(SESSION);
    (harness, epoch)
}

fn links() -> impl Iterator<Item = Link> {
    let packets = [8, 9, 20, 64, 244, 1500].map(|mtu| Link::Packet { mtu });
    packets.into_iter().chain([Link::Stream, Link::Bus { address: ADDRESS }])
}

/// All that is heard, as text.
fn heard(harness: &mut LinkHarness<Bench>) -> Vec<String> {
    harness.hear().iter().map(|bytes| text(bytes)).collect()
}

#[test]
fn every_link_brings_the_same_messages() {
    let mut all = Vec::new();
    for link in links() {
        let (mut harness, epoch) = harness(link);
        let mut said = Vec::new();
        harness.send(&HostMessage::List { offset: 0, max: 200, what: 0 });
        said.extend(heard(&mut harness));
        harness.call((8, FAN), epoch, &[0, 2, 20]);
        said.extend(heard(&mut harness));
        harness.call((8, FAN), epoch, &[0, 2, 20]);
        said.extend(heard(&mut harness));
        harness.call((9, MOVE), epoch, &[0, 2, 20]);
        said.extend(heard(&mut harness));
        harness.tools.complete.push_back((harness.tools.pending[0], 10));
        harness.call((10, SNAP), epoch, &[0, 2, 0]);
        harness.send(&HostMessage::Ping { nonce: 3 });
        said.extend(heard(&mut harness));
        assert_eq!(harness.tools.entered.len(), 3, "{link:?}");
        // Content, pong and the late answer come in an order of their own.
        said.sort();
        all.push((link, said));
    }
    for (link, said) in &all[1..] {
        assert_eq!(*said, all[0].1, "{link:?}");
    }
    assert!(all[0].1.len() > 12);
}

#[test]
fn what_is_said_while_a_message_waits_takes_nothing_from_it() {
    for link in links() {
        let (mut harness, _) = harness(link);
        for round in 0..3 {
            let text = |number| format!("{round}: event {number}");
            let mut taken = 0;
            while harness.device.with_calls(|calls| calls.event(FAN, &text(taken))).is_ok() {
                // What is taken in part, or not at all, is still there.
                let waits = harness.device.tx_peek().to_vec();
                harness.device.tx_consume(0);
                assert_eq!(harness.device.tx_peek(), waits, "{link:?}");
                taken += 1;
            }
            if matches!(link, Link::Bus { .. }) {
                harness.ask();
            }
            let heard = heard(&mut harness);
            assert!(taken > 0 && heard.len() == taken, "{link:?}: {taken} taken, {heard:?}");
            for (number, heard) in heard.iter().enumerate() {
                assert!(heard.contains(&text(number)), "{link:?}: {heard}");
            }
        }
    }
}

#[test]
fn the_most_that_waited_counts_no_byte_that_is_gone() {
    let (mut harness, _) = harness(Link::Stream);
    let most = harness.device.status(0).tx_high_water;
    let mut said = 0;
    while harness.device.with_calls(|calls| calls.event(FAN, "something")).is_ok() {
        let waits = harness.device.tx_peek().len();
        harness.device.tx_consume(waits - 1);
        said += 1;
    }
    assert!(said > 4, "{said}");
    assert_eq!(harness.device.status(0).tx_high_water, most, "a hello is longer than an event");
}

#[test]
fn after_damage_to_any_packet_the_next_call_is_served() {
    for mtu in [8, 20, 64] {
        let link = Link::Packet { mtu };
        let (mut whole, epoch) = harness(link);
        let before = whole.said.len();
        whole.call((8, FAN), epoch, &[0, 2, 20]);
        let packets: Vec<Vec<u8>> =
            whole.said[before..].iter().map(|said| said.bytes.clone()).collect();
        for lost in 0..packets.len() {
            for damage in 0..4 {
                let (mut harness, epoch) = harness(link);
                for (at, packet) in packets.iter().enumerate() {
                    match damage {
                        _ if at != lost => harness.push(packet),
                        0 => {}
                        1 => (harness.push(packet), harness.push(packet)).1,
                        2 => harness.push(&packet[..packet.len() - 1]),
                        _ => {
                            harness
                                .push(&packet.iter().map(|byte| byte ^ 0x55).collect::<Vec<_>>());
                        }
                    }
                }
                harness.hear();
                harness.call((9, FAN), epoch, &[0, 2, 40]);
                let heard = heard(&mut harness);
                let done = "Result { id: 9, outcome: Done { value: [0, 2, 40] } }";
                assert_eq!(heard.last().map(String::as_str), Some(done), "{mtu} {lost} {damage}");
                let runs = usize::from(damage == 1);
                assert_eq!(harness.tools.entered.len(), 1 + runs, "{mtu} {lost} {damage}");
            }
        }
    }
}

#[test]
fn a_device_on_a_bus_speaks_only_when_it_is_polled_and_once_for_each_poll() {
    let (mut harness, epoch) = harness(Link::Bus { address: ADDRESS });
    let quiet = |harness: &mut LinkHarness<Bench>| {
        for _ in 0..3 {
            harness.device.poll(harness.now, 8, &mut harness.tools);
            assert_eq!(harness.device.tx_peek(), [], "it speaks unasked");
        }
    };
    let call = |harness: &mut LinkHarness<Bench>, id: u32| {
        let before = harness.said.len();
        harness.call((id, FAN), epoch, &[0, 2, 20]);
        harness.said[before].bytes.clone()
    };
    // Messages that do not poll, a broadcast, another's and a device's frame: nothing is said.
    let (unpolled, other) =
        (Header::to_device(ADDRESS, false), Header::to_device(ADDRESS + 1, true));
    let mut ping = [0; 8];
    let len = message::write(&HostMessage::Ping { nonce: 9 }, &mut ping).expect("fits");
    let ping = &ping[..len];
    for header in
        [unpolled, other, Header::to_device(BROADCAST, true), Header::from_device(ADDRESS, false)]
    {
        harness.bus_frame(header, ping);
        quiet(&mut harness);
    }
    // The poll brings what the first of them asked for, and one more that there is nothing.
    let poll = Header::to_device(ADDRESS, true);
    let speaks = |harness: &mut LinkHarness<Bench>| {
        harness.bus_frame(poll, &[]);
        harness.device.poll(harness.now, 8, &mut harness.tools);
        let bytes = harness.device.tx_peek().to_vec();
        harness.device.tx_consume(bytes.len());
        quiet(harness);
        bytes
    };
    let mut pong = [0; 16];
    let answer = message::DeviceMessage::Pong { nonce: 9, epoch };
    let len = message::write(&answer, &mut pong).expect("fits");
    assert_eq!(speaks(&mut harness), framed(&[&[ADDRESS, 0x80], &pong[..len]].concat()));
    assert_eq!(speaks(&mut harness), framed(&[ADDRESS, 0x80]));
    // An answer that is lost on the way comes again as the answer to the same call again.
    let frame = call(&mut harness, 8);
    harness.device.poll(harness.now, 8, &mut harness.tools);
    let first = harness.device.tx_peek().to_vec();
    harness.device.tx_consume(first.len());
    harness.push(&frame);
    harness.device.poll(harness.now, 8, &mut harness.tools);
    assert_eq!(harness.device.tx_peek(), first);
    assert_eq!(harness.tools.entered.len(), 1);
}

#[test]
fn a_message_that_meets_a_full_outbox_on_a_bus_is_dealt_with_after_it() {
    let (mut harness, epoch) = harness(Link::Bus { address: ADDRESS });
    harness.bus_frame(Header::to_device(ADDRESS, false), &[9, 1]);
    harness.device.poll(harness.now, 8, &mut harness.tools);
    // The pong waits. A call that polls lets it go and is run after it.
    harness.call((8, FAN), epoch, &[0, 2, 20]);
    let heard = heard(&mut harness);
    assert!(heard[0].starts_with("Pong"), "{heard:?}");
    assert_eq!(heard[1..], ["Result { id: 8, outcome: Done { value: [0, 2, 20] } }"]);
    // One that does not poll is dropped, but for what has no answer.
    harness.bus_frame(Header::to_device(ADDRESS, false), &[9, 1]);
    harness.device.poll(harness.now, 8, &mut harness.tools);
    harness.bus_frame(Header::to_device(ADDRESS, false), &[9, 2]);
    harness.bus_frame(Header::to_device(ADDRESS, false), &[10, 0]);
    harness.tools.log.push_back((0, "heard"));
    harness.send_raw(&[]);
    let heard: Vec<String> = harness.hear().iter().map(|bytes| text(bytes)).collect();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[0].starts_with("Pong { nonce: 1"));
    assert_eq!(heard[1], "Log { level: 0, text: \"heard\", call: 0 }");
}

#[test]
fn a_host_on_a_bus_is_told_that_an_answer_waits_for_what_it_sent_meanwhile() {
    let poll = Header::to_device(ADDRESS, true);
    // It stands behind the frame's two bytes and the address.
    let spoken = |harness: &LinkHarness<Bench>| harness.device.tx_peek()[3];
    for (unpolled, control) in [(&[9, 1][..], FROM_DEVICE | MORE), (&[], FROM_DEVICE)] {
        let (mut harness, _) = harness(Link::Bus { address: ADDRESS });
        harness.bus_frame(Header::to_device(ADDRESS, false), unpolled);
        harness.device.poll(harness.now, 8, &mut harness.tools);
        // Where a pong waits already, that of this message comes with a later poll.
        harness.bus_frame(poll, &[9, 2]);
        harness.device.poll(harness.now, 8, &mut harness.tools);
        assert_eq!(spoken(&harness), control, "{unpolled:?}");
    }
}

#[test]
fn a_message_that_comes_while_a_device_on_a_bus_speaks_is_dealt_with_after_it() {
    let (mut harness, epoch) = harness(Link::Bus { address: ADDRESS });
    harness.bus_frame(Header::to_device(ADDRESS, true), &[9, 1]);
    harness.device.poll(harness.now, 8, &mut harness.tools);
    assert_ne!(harness.device.tx_peek(), [], "the pong is on its way");
    let mut call = [0; 64];
    let check = message::check(TOOLS.hash(FAN), epoch, SESSION);
    let args = &[0, 2, 20];
    let asked = HostMessage::Call(Call { id: 8, tool: FAN, check, args, ..Call::default() });
    let len = message::write(&asked, &mut call).expect("fits");
    harness.bus_frame(Header::to_device(ADDRESS, false), &call[..len]);
    harness.device.poll(harness.now, 8, &mut harness.tools);
    assert_eq!(harness.tools.entered, [], "its answer has no room yet");
    let heard = heard(&mut harness);
    assert!(heard[0].starts_with("Pong"), "{heard:?}");
    assert_eq!(heard[1..], ["Result { id: 8, outcome: Done { value: [0, 2, 20] } }"]);
}

#[test]
fn a_link_that_cannot_be_is_refused_at_start() {
    let links = [
        (Link::Packet { mtu: 7 }, 256),
        (Link::Packet { mtu: 8 }, 12_500),
        (Link::Bus { address: 0 }, 256),
        (Link::Bus { address: 248 }, 256),
    ];
    for (link, result_max) in links {
        let config = Config { link, result_max, ..CONFIG };
        let mut memory = vec![0; config.memory()];
        let mut line = [0; 8];
        let mut ring = trine_arena::Ring::new(&mut line);
        let (_, rx) = ring.split();
        let error = Device::new(config, &mut memory, rx, &TOOLS).unwrap_err();
        assert_eq!(error, InitError::Link, "{link:?}");
    }
}

#[test]
fn the_greatest_address_and_the_most_slots_are_taken_and_one_more_is_not() {
    let start = |config: Config<'static>| {
        let mut memory = vec![0; config.memory()];
        let mut line = [0; 8];
        let mut ring = trine_arena::Ring::new(&mut line);
        let (_, rx) = ring.split();
        Device::new(config, &mut memory, rx, &TOOLS).err()
    };
    for (address, fault) in [(1, None), (247, None), (248, Some(InitError::Link))] {
        assert_eq!(start(Config { link: Link::Bus { address }, ..CONFIG }), fault, "{address}");
    }
    for (calls_max, fault) in [(1, None), (64, None), (65, Some(InitError::Slots))] {
        assert_eq!(start(Config { calls_max, ..CONFIG }), fault, "{calls_max}");
    }
    assert_eq!(start(Config { calls_max: 0, ..CONFIG }), Some(InitError::Slots));
}
