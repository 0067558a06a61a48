//! What the program around the tools does with calls under way, and what it is told.

use trine_arena::Ring;
use trine_descriptor::ValueWriter;
use trine_dispatch::{
    Answer, Call, CallId, Config, InitError, Key, Listed, Millis, NotNow, Place, Port, Registry,
    RegistryError, Tested, Tools, most_pending,
};
use trine_wire::message::{self, HostMessage};

use crate::bench::{self, CONFIG, FAN, MOVE, Received, Rig, TOOLS, call_of, with_rig};
use crate::calls::{done, result};

/// Begins a call of the tool that answers later.
fn pending(rig: &mut Rig<'_>, number: u32, percent: i64) -> CallId {
    rig.call(number, MOVE, percent);
    assert_eq!(rig.hear(), []);
    *rig.bench.pending.last().expect("it was entered")
}

/// Has the outbox full: an answer waits in it to be sent.
fn fill(rig: &mut Rig<'_>, number: u32) {
    rig.call(number, FAN, 1);
    rig.device.poll(rig.now, 8, &mut rig.bench);
    assert_ne!(rig.device.tx_peek(), []);
}

#[test]
fn a_call_under_way_has_a_tool_a_deadline_and_bytes_and_one_that_is_over_has_none() {
    with_rig(|rig| {
        let call = pending(rig, 1, 70);
        let now = rig.now;
        rig.device.with_calls(|calls| {
            assert!(calls.is_pending(call) && calls.is_linked());
            assert_eq!(
                (calls.tool(call), calls.deadline(call, now)),
                (Some(MOVE), Some(now + 500))
            );
            assert_eq!(calls.deadline(call, now + 499), Some(now + 500));
            assert_eq!(calls.deadline(call, now + 600), Some(now + 600), "it is over then");
            assert_eq!(calls.block(call).as_deref(), Some(&[70, 0, 0, 0][..]));
        });
        assert_eq!(CallId::from_bits(call.to_bits()), call);
        rig.bench.complete.push_back((call, 70));
        assert_eq!(rig.hear(), [done(1, 70)]);
        for over in [call, CallId::LOCAL, CallId::from_bits(call.to_bits() ^ 0x0100)] {
            rig.device.with_calls(|calls| {
                assert!(!calls.is_pending(over));
                assert_eq!((calls.tool(over), calls.deadline(over, now)), (None, None));
                assert_eq!(calls.block(over), None);
            });
        }
    });
}

#[test]
fn a_call_can_be_answered_from_what_it_left_in_its_bytes() {
    with_rig(|rig| {
        let call = pending(rig, 1, 33);
        let answered = rig.device.with_calls(|calls| {
            calls.answer_with_block(call, |out, block| {
                out.int(0, i64::from(block[0]) + 1);
                Answer::Done
            })
        });
        assert_eq!((answered, rig.hear()), (Ok(()), vec![done(1, 34)]));
        // One that answers that it is not done is left as it is.
        let call = pending(rig, 2, 5);
        let left = rig.device.with_calls(|calls| calls.answer(call, |_| Answer::Pending));
        assert_eq!((left, rig.hear()), (Ok(()), vec![]));
        let failed = rig.device.with_calls(|calls| calls.answer(call, |_| Answer::Failed("no")));
        let failure = result(2, "Failed { text: \"no\" }");
        assert_eq!((failed, rig.hear()), (Ok(()), vec![failure]));
    });
}

/// The tool goes on with a call: without arguments, with the bytes that it kept.
#[derive(Default)]
struct Goes {
    on: Vec<(u16, CallId, u64, u64)>,
}

impl Tools for Goes {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        assert_eq!(call.args.int(0), None);
        self.on.push((call.tool, call.id, call.now, call.deadline));
        call.block[0] += 1;
        if call.block[0] < 52 {
            return Answer::Pending;
        }
        out.int(0, call.block[0].into());
        Answer::Done
    }
}

#[test]
fn a_tool_can_go_on_with_its_call_until_it_is_done() {
    with_rig(|rig| {
        let (call, mut tools, now) = (pending(rig, 1, 50), Goes::default(), rig.now);
        for _ in 0..2 {
            let went = rig.device.with_calls(|calls| calls.resume(call, now + 1, &mut tools));
            assert_eq!(went, Ok(true));
        }
        assert_eq!(tools.on, [(MOVE, call, now + 1, now + 500); 2]);
        assert_eq!(rig.hear(), [done(1, 52)]);
        let went = rig.device.with_calls(|calls| calls.resume(call, now, &mut tools));
        assert_eq!((went, tools.on.len()), (Ok(false), 2), "it is over");
    });
}

#[test]
fn what_finds_no_room_changes_nothing_and_is_done_later() {
    with_rig(|rig| {
        let call = pending(rig, 1, 50);
        fill(rig, 2);
        let mut tools = Goes::default();
        let now = rig.now;
        rig.device.with_calls(|calls| {
            assert_eq!(calls.complete(call, |_| panic!("there is no room")), Err(NotNow));
            assert_eq!(calls.answer(call, |_| panic!("there is no room")), Err(NotNow));
            assert_eq!(calls.resume(call, now, &mut tools), Err(NotNow));
            assert_eq!(calls.fail(call, "jammed"), Err(NotNow));
            assert!(calls.is_pending(call));
            // What is stale needs no room.
            assert_eq!(calls.fail(CallId::LOCAL, "jammed"), Ok(()));
        });
        assert_eq!((rig.hear(), tools.on.len()), (vec![done(2, 1)], 0));
        assert_eq!(rig.device.with_calls(|calls| calls.fail(call, "jammed")), Ok(()));
        assert_eq!(rig.hear(), [result(1, "Failed { text: \"jammed\" }")]);
        assert_eq!(rig.device.with_calls(|calls| calls.fail(call, "twice")), Ok(()));
        assert_eq!(rig.hear(), []);
    });
}

/// Says something until there is no room, and hears all of it; then there is room again.
fn all_is_heard(rig: &mut Rig<'_>, mut say: impl FnMut(&mut Rig<'_>) -> Result<(), NotNow>) {
    for _ in 0..2 {
        let said = (0..1_000).take_while(|_| say(rig).is_ok()).count();
        assert!((1..1_000).contains(&said), "{said}");
        assert_eq!(rig.hear().len(), said, "what was taken is sent");
    }
}

#[test]
fn every_event_line_and_progress_that_is_taken_is_sent() {
    with_rig(|rig| {
        rig.send(&HostMessage::Log { level: 2 });
        let call = message::Call { flags: 1, ..call_of(1, MOVE, &[0, 2, 20]) };
        rig.send(&HostMessage::Call(call));
        rig.hear();
        let call = rig.bench.pending[0];
        for len in [0, 1, 50, 90, 96, 150, 190, 200, 250, 300] {
            let text = "x".repeat(len);
            all_is_heard(rig, |rig| rig.device.with_calls(|calls| calls.event(FAN, &text)));
            all_is_heard(rig, |rig| rig.device.with_calls(|calls| calls.log(2, &text)));
            all_is_heard(rig, |rig| rig.device.with_calls(|calls| calls.log_of(call, 2, &text)));
            let progress = (u32::MAX, u32::MAX);
            all_is_heard(rig, |rig| {
                rig.device.with_calls(|calls| calls.progress(call, progress, &text))
            });
        }
        // What the host does not want is done, however full the outbox is.
        fill(rig, 2);
        for _ in 0..1_000 {
            rig.device.with_calls(|calls| {
                assert_eq!(calls.log(1, "quiet"), Ok(()));
                assert_eq!(calls.progress(CallId::from_bits(0xff02), (1, 2), "quiet"), Ok(()));
            });
        }
        assert_eq!(rig.hear(), [done(2, 1)]);
    });
}

#[test]
fn a_line_about_a_call_has_its_id_until_the_call_is_over() {
    with_rig(|rig| {
        rig.send(&HostMessage::Log { level: 2 });
        rig.call(7, MOVE, 10);
        rig.hear();
        let call = rig.bench.pending[0];
        let mut line = |level, text| {
            let logged = rig.device.with_calls(|calls| calls.log_of(call, level, text));
            assert_eq!(logged, Ok(()));
            rig.hear()
        };
        let of = |id: u32, text: &str| {
            Received::Other(format!("Log {{ level: 3, text: \"{text}\", call: {id} }}"))
        };
        let id = call_of(7, MOVE, &[]).id;
        assert_eq!(line(3, "under way"), [of(id, "under way")]);
        assert_eq!(line(1, "not wanted"), []);
        rig.bench.complete.push_back((call, 10));
        assert_eq!(rig.hear(), [done(7, 10)]);
        let logged = rig.device.with_calls(|calls| calls.log_of(call, 3, "after it"));
        assert_eq!(logged, Ok(()));
        assert_eq!(rig.hear(), [of(0, "after it")]);
    });
}

#[test]
fn events_are_numbered_as_they_are_sent() {
    with_rig(|rig| {
        for seq in 1..=3 {
            let told = rig.device.with_calls(|calls| calls.event(MOVE, "it moved"));
            assert_eq!(told, Ok(()));
            let event = format!("Event {{ seq: {seq}, tool: 1, text: \"it moved\", what: 0 }}");
            assert_eq!(rig.hear(), [Received::Other(event)]);
        }
    });
}

#[test]
fn a_line_from_a_port_reaches_a_host_that_wants_it_and_no_other_does() {
    let mut records = [0; 200];
    let mut ring = Ring::new(&mut records);
    let (producer, consumer) = ring.split();
    let mut port = Port::new(producer);
    let mut line = [0; 600];
    let mut rx = Ring::new(&mut line);
    let (line, rx) = rx.split();
    let mut memory = [0; CONFIG.memory()];
    let mut rig = Rig::with_config(CONFIG, &mut memory, line, rx);
    rig.send_hello(bench::SESSION);
    rig.device.add_port(consumer).expect("there is a place");
    rig.send(&HostMessage::Log { level: 3 });
    rig.hear();
    assert!(port.log(2, "fine") && port.log(3, "warm") && port.log(7, "hot"));
    let lines =
        ["Log { level: 3, text: \"warm\", call: 0 }", "Log { level: 7, text: \"hot\", call: 0 }"];
    assert_eq!(rig.hear(), lines.map(|line| Received::Other(line.to_string())));
    // A record about a call that is over does nothing.
    let call = pending(&mut rig, 1, 5);
    assert!(port.cancel(call) && port.cancel(call) && port.fail(call, "late"));
    assert!(port.complete(call, &[0, 2, 20]));
    assert_eq!(rig.hear(), [result(1, "Cancelled")]);
}

#[test]
fn a_device_takes_as_many_ports_as_it_says_and_drains_each() {
    with_rig(|rig| {
        let port = || {
            let ring = Box::leak(Box::new(Ring::new(vec![0; 64].leak())));
            let (producer, consumer) = ring.split();
            (Port::new(producer), consumer)
        };
        let mut ports = Vec::new();
        for _ in 0..trine_dispatch::PORTS_MAX {
            let (port, end) = port();
            rig.device.add_port(end).expect("there is a place");
            ports.push(port);
        }
        assert_eq!(trine_dispatch::PORTS_MAX, 4);
        let (mut extra, end) = port();
        let end = rig.device.add_port(end).expect_err("all places are taken");
        assert!(extra.event(FAN, "unheard") && end.len() > 7, "it is the end that was given");
        for port in &mut ports {
            assert!(port.event(FAN, "heard"));
        }
        assert_eq!(rig.hear().len(), 4);
    });
}

/// Tools that leave out all that they may.
struct Bare;

impl Tools for Bare {
    fn call(&mut self, _: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        Answer::Content { mime: "image/png", len: 9 }
    }
}

#[test]
fn what_tools_leave_out_reads_stores_and_tests_nothing() {
    assert_eq!(Bare.read(FAN, CallId::LOCAL, 0, &mut [0; 9]), 0);
    assert!(!Bare.held() && !Bare.store_key(None) && !Bare.store_key(Some(&[1; 16])));
    assert_eq!(Bare.factory(200, &[], &mut [0; 9]), Tested::Unknown);
    with_rig(|rig| assert_eq!(rig.device.with_calls(|calls| Bare.tick(1, calls)), u64::MAX));
}

#[test]
fn bytes_that_find_no_room_are_counted() {
    with_rig(|rig| {
        let taken = rig.line.push(&[7; 3_000]);
        assert!(taken < 3_000);
        assert_eq!(rig.device.status(0).bytes_lost as usize, 3_000 - taken);
    });
}

#[test]
fn a_tick_of_32_bits_goes_on_for_just_under_half_its_range_and_never_back() {
    const HALF: u32 = u32::MAX / 2;
    assert_eq!(Millis::new().extend(HALF - 1), u64::from(HALF) - 1);
    assert_eq!(Millis::new().extend(HALF), 0, "half the range is behind");
    let start = 7 << 32;
    assert_eq!(Millis::at(start + 10).extend(9), start + 10);
    assert_eq!(Millis::at(start + 10).extend(11), start + 11);
    assert_eq!(Millis::default().extend(3), 3);
}

#[test]
fn the_most_that_a_pending_call_owns_is_that_of_the_first_such_tool() {
    assert_eq!(most_pending(&TOOLS), (4, MOVE));
    assert_eq!(most_pending(&[TOOLS[0], TOOLS[2]]), (0, 0));
    assert_eq!(most_pending(&[TOOLS[0], TOOLS[1], TOOLS[1]]), (4, 1));
}

#[test]
fn a_device_takes_what_its_configuration_says_but_for_what_aligns_it() {
    let hashes = Config { hashes_max: 9, ..CONFIG };
    let local = Config { local_max: 3, pending_max: 300, ..CONFIG };
    let packet = Config { link: trine_dispatch::Link::Packet { mtu: 64 }, ..CONFIG };
    let bus = Config { link: trine_dispatch::Link::Bus { address: 9 }, ..CONFIG };
    for config in [CONFIG, hashes, local, packet, bus, Config::DEFAULT] {
        let mut memory = vec![0; config.memory() + 100];
        let mut line = [0; 8];
        let mut ring = Ring::new(&mut line);
        let config = Config { pending_max: config.pending_max.max(4), ..config };
        let device = bench::device(config, &mut memory, ring.split().1).expect("enough");
        let status = device.status(0);
        let (most, used) = (config.memory(), status.memory_used as usize);
        assert_eq!(status.memory as usize, most + 100);
        assert!(used <= most && most < used + 4, "{used} of {most}");
    }
}

#[test]
fn no_key_and_no_memory_is_shown_and_every_error_says_what_to_do() {
    assert_eq!(format!("{:?}", Key(*b"sixteen byte key")), "Key");
    with_rig(|rig| {
        let shown = format!("{:?}", rig.device);
        assert!(shown.starts_with("Device { session: ") && shown.len() < 300, "{shown}");
    });
    let fan = Listed::new(&TOOLS, FAN).expect("it is a tool");
    let registry = Registry::new(0, [const { Place::free() }; 3]);
    registry.add(&fan).expect("there is room");
    assert_eq!(format!("{registry:?}"), "Registry { places: 3, count: 1 }");
    assert!(!registry.is_empty());
    let said = |error: &dyn core::error::Error| error.to_string();
    let duplicate = registry.add(&fan).expect_err("it is there");
    assert_eq!(said(&duplicate), "tool 0 has the same name");
    let unknown = Listed::new(&TOOLS, 99).expect_err("it is not there");
    assert_eq!(said(&unknown), "the source has no tool of that number");
    let none: [Place<'_, Listed<'_>>; 0] = [];
    let full = Registry::new(0, none).add(&fan).expect_err("there is no place");
    assert_eq!(said(&full), "all 0 places are taken");
    assert_eq!(said(&RegistryError::Stale), "the tool was removed: add it again");
    let pending = RegistryError::PendingBytes(9);
    assert_eq!(said(&pending), "the tool declares 9 pending bytes: raise pending_max");
    assert_eq!(said(&RegistryError::NoConsent), "the tool asks for a person: raise consent_bytes");
    assert_eq!(format!("{fan:?} {:?}", Place::<Listed<'_>>::free()).split('{').count(), 3);
    let pending = InitError::PendingBytes { tool: 1, needed: 9 };
    assert_eq!(said(&pending), "tool 1 declares 9 pending bytes: raise pending_max");
    assert_eq!(said(&InitError::Slots), "calls_max must be 1 to 64");
    assert!(said(&InitError::Link).contains("a bus address is 1 to 247"));
    assert!(said(&InitError::Nonce).contains("no other boot"));
}
