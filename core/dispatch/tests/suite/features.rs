//! What a device says beside plain results.

use trine_arena::Ring;
use trine_descriptor::{Tool, ToolInfo, ValueWriter};
use trine_dispatch::{
    Answer, Answered, Config, Device, Identity, InitError, Link, Records, Request, Tools,
};
use trine_wire::message::{self, Call, DeviceMessage, HostHello, HostMessage, Outcome};
use trine_wire::packet;
use trine_wire::secure::TAIL_LEN;

use crate::bench::{
    ASK, CONFIG, FAN, MOVE, Received, SESSION, SHOW, SLOTS, SNAP, TOOLS, call_of, with_config,
    with_rig,
};
use crate::calls::{done, result};
use crate::harness::LinkHarness;

fn other(text: &str) -> Received {
    Received::Other(text.to_string())
}

#[test]
fn progress_goes_to_who_wants_it_and_in_order() {
    with_rig(|rig| {
        rig.send(&HostMessage::Call(Call { flags: 1, ..call_of(1, MOVE, &[0, 2, 20]) }));
        rig.call(2, MOVE, 10);
        assert_eq!(rig.hear(), []);
        let [wanted, unwanted] = rig.bench.pending[..] else { panic!("two calls") };
        for done in [1, u32::MAX] {
            rig.bench.progress.push_back((wanted, done, u32::MAX));
            rig.bench.progress.push_back((unwanted, done, 0));
        }
        let steps = |done| Received::Progress(1, done, u32::MAX, "steps".to_string());
        assert_eq!(rig.hear(), [steps(1), steps(u32::MAX)]);
        rig.bench.complete.push_back((wanted, 10));
        assert_eq!(rig.hear(), [done(1, 10)]);
        rig.bench.progress.push_back((wanted, 5, 5));
        assert_eq!(rig.hear(), [], "the call is over");
    });
}

#[test]
fn the_log_has_the_level_that_the_host_asked_for_until_another_host_comes() {
    with_rig(|rig| {
        let lines = || [(0, "fine"), (3, "warm"), (7, "hot")];
        rig.bench.log.extend(lines());
        assert_eq!(rig.hear(), [], "nobody asked");
        rig.send(&HostMessage::Log { level: 3 });
        rig.hear();
        rig.bench.log.extend(lines());
        let heard = [
            "Log { level: 3, text: \"warm\", call: 0 }",
            "Log { level: 7, text: \"hot\", call: 0 }",
        ];
        assert_eq!(rig.hear(), heard.map(other));
        assert!(rig.device.log(7, "from outside of a poll").is_ok());
        assert_eq!(rig.hear().len(), 1);
        rig.send_hello(SESSION);
        rig.bench.log.extend(lines());
        assert_eq!(rig.hear().len(), 2, "the same host");
        rig.send_hello(SESSION + 1);
        rig.bench.log.extend(lines());
        assert_eq!(rig.hear(), [], "another host");
    });
}

#[test]
fn content_waits_for_credit_and_other_calls_do_not_wait_for_it() {
    with_rig(|rig| {
        let hello =
            HostHello { session: SESSION, content_window: 300, wire: 1, ..HostHello::default() };
        rig.send(&HostMessage::Hello(hello));
        rig.hear();
        let sent = |heard: &[Received]| -> usize {
            let len =
                |heard: &Received| if let Received::Chunk(1, _, b) = heard { b.len() } else { 0 };
            heard.iter().map(len).sum()
        };
        rig.call(1, SNAP, 0);
        let heard = rig.hear();
        assert_eq!((heard.len(), sent(&heard)), (4, 300));
        rig.call(2, FAN, 3);
        assert_eq!(rig.hear(), [done(2, 3)]);
        for upto in [300, 200, 301, 301] {
            rig.send(&HostMessage::Credit { id: 1 + SLOTS, upto });
        }
        rig.send(&HostMessage::Credit { id: 99, upto: 5_000 });
        assert_eq!(sent(&rig.hear()), 1);
        // A repeat of the call hears that it is under way, and wholly sent that it is forgotten.
        rig.call(1, SNAP, 0);
        assert_eq!(rig.hear(), [crate::bench::under_way(1)]);
        rig.send(&HostMessage::Credit { id: 1 + SLOTS, upto: u32::MAX });
        assert_eq!(sent(&rig.hear()), 699);
        rig.call(1, SNAP, 0);
        assert_eq!(rig.hear(), [result(1, "Forgotten")]);
        assert_eq!(rig.bench.entered.len(), 2);
    });
}

#[test]
fn content_without_credit_expires_as_any_call() {
    with_rig(|rig| {
        let hello =
            HostHello { session: SESSION, content_window: 10, wire: 1, ..HostHello::default() };
        rig.send(&HostMessage::Hello(hello));
        rig.hear();
        rig.call(1, SNAP, 0);
        rig.hear();
        rig.now += u64::from(CONFIG.deadline_ms);
        assert_eq!(rig.hear(), [result(1, "Expired")]);
        assert_eq!(rig.bench.stopped.len(), 1);
    });
}

#[test]
fn a_call_has_thirty_seconds_where_neither_it_nor_its_tool_nor_the_program_says_otherwise() {
    with_config(Config { deadline_ms: Config::DEFAULT.deadline_ms, ..CONFIG }, |rig| {
        let hello =
            HostHello { session: SESSION, content_window: 10, wire: 1, ..HostHello::default() };
        rig.send(&HostMessage::Hello(hello));
        rig.call(1, SNAP, 0);
        rig.hear();
        rig.now += 29_999;
        assert_eq!(rig.hear(), []);
        rig.now += 1;
        assert_eq!(rig.hear(), [result(1, "Expired")]);
    });
}

#[test]
fn a_credit_that_comes_late_takes_nothing_back() {
    with_rig(|rig| {
        let hello =
            HostHello { session: SESSION, content_window: 100, wire: 1, ..HostHello::default() };
        rig.send(&HostMessage::Hello(hello));
        rig.call(1, SNAP, 0);
        rig.hear();
        for upto in [900, 200] {
            rig.send(&HostMessage::Credit { id: 1 + SLOTS, upto });
        }
        let last = rig.hear().pop();
        let Some(Received::Chunk(1, offset, bytes)) = last else { panic!("{last:?}") };
        assert_eq!(offset as usize + bytes.len(), 900);
    });
}

#[test]
fn nothing_larger_than_the_host_takes_is_sent() {
    with_rig(|rig| {
        let hello =
            HostHello { session: SESSION, message_max: 40, wire: 1, ..HostHello::default() };
        rig.send(&HostMessage::Hello(hello));
        rig.hear();
        rig.send(&HostMessage::List { offset: 0, max: 500, what: 0 });
        rig.call(1, SNAP, 0);
        rig.call(2, ASK, 5);
        for heard in rig.hear() {
            match heard {
                Received::Chunk(_, at, bytes) => {
                    assert_eq!(bytes.len(), (1000 - at as usize).min(24));
                }
                Received::Result(2, text) => {
                    assert_eq!(text, "BadResult { code: 8, node: 65535 }", "its state is too long");
                }
                Received::Other(text) => assert!(text.len() < 200, "{text}"),
                _ => {}
            }
        }
    });
}

#[test]
fn a_call_that_needs_input_is_over_and_goes_on_with_state_and_answers() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, crate::bench::Bench::default());
    let epoch = harness.send_hello(SESSION);
    harness.call((8, ASK), epoch, &[0, 2, 20]);
    let heard = harness.hear();
    let [bytes] = &heard[..] else { panic!("{heard:?}") };
    let Some(DeviceMessage::Result { id: 8, outcome }) = trine_wire::message::read(bytes) else {
        panic!("{bytes:?}")
    };
    let Outcome::NeedInput { state, requests } = outcome else { panic!("{outcome:?}") };
    assert_eq!(state, [10; 100]);
    let mut records = Records::new(requests).expect("a list");
    let sure = Request { name: "sure", message: "Sure?", nodes: &[0], ..Request::default() };
    assert_eq!(records.record(), Some(sure));
    assert_eq!(records.record(), Some(Request { name: "why", ..sure }));
    assert_eq!((records.left(), records.record::<Request<'_>>()), (0, None));
    // The repeat of it is answered alike; the call that goes on is a new one.
    harness.call((8, ASK), epoch, &[0, 2, 20]);
    assert_eq!(harness.hear(), core::slice::from_ref(bytes));
    let mut answers = [0; 32];
    let answer = [Answered { name: "sure", action: 0, values: &[] }];
    let len = trine_wire::message::input::write(&answer, &mut answers).expect("it fits");
    let call = call_of(8, ASK, &[0, 2, 20]);
    let call = Call { state, answers: &answers[..len], principal: "ann", ..call };
    harness.send(&HostMessage::Call(call));
    assert_eq!(harness.hear().len(), 1);
    let (state_seen, answers_seen, principal, tagged) = &harness.tools.last;
    assert_eq!((state_seen.as_slice(), answers_seen.as_slice()), (state, &answers[..len]));
    assert_eq!((principal.as_str(), *tagged), ("", false), "nobody proved who asks");
    assert_eq!(harness.tools.entered.len(), 2);
}

#[test]
fn blocks_are_sent_as_they_were_written() {
    with_rig(|rig| {
        rig.call(1, SHOW, 1);
        assert_eq!(rig.hear(), [result(1, "Blocks { bytes: [1, 5, 4, 108, 111, 111, 107] }")]);
    });
}

#[test]
fn ping_is_answered_with_the_epoch() {
    with_rig(|rig| {
        rig.send(&HostMessage::Ping { nonce: 5 });
        assert_eq!(rig.hear(), [other("Pong { nonce: 5, epoch: 16909060 }")]);
    });
}

#[test]
fn factory_operations_answer_and_change_nothing() {
    with_rig(|rig| {
        let mut ask = |op, arg: &[u8]| {
            rig.send(&HostMessage::Factory { op, arg });
            let heard = rig.hear();
            let [Received::Other(text)] = &heard[..] else { panic!("{heard:?}") };
            text.strip_prefix("Factory ").expect("an answer").to_string()
        };
        assert_eq!(ask(0, &[1, 2, 3]), "{ op: 0, code: 0, bytes: [1, 2, 3] }");
        assert_eq!(ask(1, &[]), "{ op: 1, code: 0, bytes: [] }");
        assert_eq!(ask(2, &[]), "{ op: 2, code: 0, bytes: [0] }");
        assert!(ask(3, &[]).starts_with("{ op: 3, code: 0, bytes: ["));
        assert_eq!(ask(4, &[]), "{ op: 4, code: 2, bytes: [] }");
        assert_eq!(ask(200, &[7]), "{ op: 200, code: 0, bytes: [8] }");
        assert_eq!(ask(200, &[]), "{ op: 200, code: 1, bytes: [] }");
        assert_eq!(ask(201, &[]), "{ op: 201, code: 2, bytes: [] }");
        assert_eq!(rig.bench.entered, []);
    });
}

#[test]
fn a_frame_that_comes_in_pieces_is_not_counted_as_bad() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, crate::bench::Bench::default());
    harness.send_hello(SESSION);
    for byte in crate::harness::framed(&[8, 5]) {
        harness.push(&[byte]);
        harness.hear();
    }
    let status = harness.device.status(0);
    assert_eq!((status.frames_bad, status.frames_in), (0, 2));
    harness.push(b"noise\0");
    harness.hear();
    assert_eq!(harness.device.status(0).frames_bad, 1);
}

#[test]
fn a_device_is_up_since_its_first_poll() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Idle);
    let uptime = |harness: &LinkHarness<Idle>, now| harness.device.status(now).uptime_ms;
    assert_eq!(uptime(&harness, 900), 0);
    harness.device.poll(1_000, 1, &mut harness.tools);
    assert_eq!((uptime(&harness, 1_000), uptime(&harness, 1_300)), (0, 300));
}

#[test]
fn a_tool_that_announces_content_does_not_answer_a_value() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Idle);
    let epoch = harness.send_hello(SESSION);
    harness.call((8, SNAP), epoch, &[0, 2, 0]);
    let heard = harness.hear();
    let text = crate::harness::text(&heard[0]);
    assert_eq!(text, "Result { id: 8, outcome: BadResult { code: 14, node: 65535 } }");
}

#[test]
fn the_factory_reads_how_full_memory_was() {
    with_rig(|rig| {
        rig.send(&HostMessage::Status);
        let heard = rig.hear();
        let [Received::Other(status)] = &heard[..] else { panic!("{heard:?}") };
        let counter = |name: &str| -> u64 {
            let (_, rest) = status.split_once(&format!("{name}: ")).expect("a counter");
            let end = rest.find([',', ' ']).unwrap_or(rest.len());
            rest[..end].parse().expect("a number")
        };
        let wanted =
            ["memory", "memory_used", "rx_high_water", "tx_high_water", "calls_high_water"];
        let wanted = wanted.map(counter);
        rig.send(&HostMessage::Factory { op: 3, arg: &[] });
        let heard = rig.hear();
        let [Received::Other(text)] = &heard[..] else { panic!("{heard:?}") };
        let (_, list) = text.split_once("bytes: [").expect("bytes");
        let bytes = list.trim_end_matches([']', '}', ' ']).split(", ");
        let bytes: Vec<u8> = bytes.map(|byte| byte.parse().expect("a byte")).collect();
        let mut rest = &bytes[..];
        let found = wanted.map(|_| {
            let len = rest.iter().position(|byte| *byte < 0x80).expect("a number") + 1;
            let digits = rest[..len].iter().rev();
            rest = &rest[len..];
            digits.fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f))
        });
        // The answer of the status itself has been sent since.
        assert_eq!(found[..3], wanted[..3], "{text} after {status}");
        assert!(found[3] >= wanted[3] && wanted[0] > wanted[1] && wanted[1] > 0, "{status}");
        assert_eq!((found[4], rest.len()), (wanted[4], 0));
    });
}

/// Does nothing.
struct Idle;

impl Tools for Idle {
    fn call(&mut self, _: trine_dispatch::Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        Answer::Done
    }
}

/// Notes what a tick may ask.
#[cfg(feature = "consent")]
#[derive(Default)]
struct Watch {
    is_linked: bool,
    is_shown: bool,
}

#[cfg(feature = "consent")]
impl Tools for Watch {
    fn call(&mut self, _: trine_dispatch::Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        Answer::Done
    }

    fn tick(&mut self, _: u64, calls: &mut trine_dispatch::Calls<'_, '_>) -> u64 {
        (self.is_linked, self.is_shown) = (calls.is_linked(), calls.shown());
        u64::MAX
    }
}

#[cfg(feature = "consent")]
#[test]
fn a_tick_is_told_whether_there_is_a_link_and_a_question() {
    let config = Config { link_ms: 900, ..CONFIG };
    let mut harness = LinkHarness::new(config, &crate::consent::TOOLS, Watch::default());
    let epoch = harness.send_hello(SESSION);
    let told = |harness: &mut LinkHarness<Watch>, now| {
        harness.device.poll(now, 8, &mut harness.tools);
        (harness.tools.is_linked, harness.tools.is_shown)
    };
    assert_eq!(told(&mut harness, 0), (true, false));
    assert_eq!(told(&mut harness, 899), (true, false));
    assert_eq!(told(&mut harness, 901), (false, false));
    harness.now = 1_000;
    let check = message::check(crate::consent::TOOLS[0].hash(), epoch, SESSION);
    let call = Call { id: 8, tool: 0, check, args: &[0, 4, 1, b'x'], ..Call::default() };
    harness.send(&HostMessage::Call(call));
    assert_eq!(harness.hear().len(), 1, "it is refused until a person agrees");
    assert_eq!(told(&mut harness, 1_001), (true, true));
}

#[test]
fn a_result_may_be_as_long_as_packets_can_carry_with_head_and_tag() {
    const HEAD: usize = 16;
    for mtu in [packet::MTU_MIN as u16, 10] {
        let most = packet::message_max(usize::from(mtu)) - HEAD - TAIL_LEN;
        let is_right = |result_max: usize| {
            let result_max = result_max.try_into().expect("16 bits");
            let config = Config { link: Link::Packet { mtu }, result_max, ..CONFIG };
            let mut memory = vec![0; config.memory()];
            let mut ring = Ring::new(vec![0; 64].leak());
            match Device::new(config, &mut memory, ring.split().1, &TOOLS) {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(error, InitError::Link);
                    false
                }
            }
        };
        assert!(is_right(most), "{most} bytes in packets of {mtu}");
        assert!(!is_right(most + 1), "{most} bytes and one in packets of {mtu}");
    }
}

#[test]
fn a_poll_takes_as_many_steps_as_it_may() {
    let mut harness = LinkHarness::new(CONFIG, Box::leak(Box::new(TOOLS)), Idle);
    harness.send_hello(SESSION);
    for steps in [1, 2, 3] {
        for _ in 0..6 {
            harness.send(&HostMessage::Log { level: 3 });
        }
        for _ in 0..6 / steps {
            let due = harness.device.poll(5, steps, &mut harness.tools);
            assert_eq!(due, 5, "{steps} steps at a time: there may be more to do");
        }
        assert!(harness.device.poll(5, steps, &mut harness.tools) > 5);
    }
}

#[test]
fn a_list_with_long_records_is_found_whole() {
    // Records about the edges of a length of one byte and of the pieces that are hashed.
    for len in [1, 90, 100, 110, 120, 180, 250, 400] {
        let text: &'static str = "x".repeat(len).leak();
        let tool = |name| Tool::new(ToolInfo::new(name, text), &[], &[]);
        let table = Box::leak(Box::new([tool("first"), tool("second")]));
        let mut harness = LinkHarness::new(CONFIG, table, Idle);
        harness.send_hello(SESSION);
        harness.send(&HostMessage::Factory { op: 1, arg: &[] });
        let heard = harness.hear_raw();
        let [bytes] = &heard[..] else { panic!("{heard:?}") };
        let Some(DeviceMessage::Factory { op: 1, code, bytes: [] }) = message::read(bytes) else {
            panic!("{bytes:?}")
        };
        assert_eq!(code, 0, "{len} bytes");
    }
}

#[test]
fn a_hello_has_room_for_its_texts_whichever_of_them_is_long() {
    let long: &'static str = "x".repeat(250).leak();
    for which in 0..5 {
        let text = |number| if number == which { long } else { "y" };
        let identity = Identity {
            vendor: text(0),
            product: text(1),
            serial: text(2),
            firmware: text(3),
            build: text(4),
        };
        for link in [Link::Stream, Link::Bus { address: 9 }, Link::Packet { mtu: 64 }] {
            let config = Config { identity, link, result_max: 8, ..CONFIG };
            let mut harness = LinkHarness::new(config, Box::leak(Box::new(TOOLS)), Idle);
            assert_eq!(harness.send_hello(SESSION), CONFIG.epoch, "text {which}, {link:?}");
        }
    }
}

#[test]
fn other_lists_are_empty_and_what_is_no_tool_is_unsupported() {
    with_rig(|rig| {
        rig.send(&HostMessage::List { offset: 0, max: 100, what: 3 });
        assert_eq!(rig.hear(), [other("Page { offset: 0, total: 0, bytes: [], what: 3 }")]);
        rig.send(&HostMessage::Read { id: 8, uri: "a:b" });
        assert_eq!(rig.hear(), [other("Unsupported { kind: 6 }")]);
    });
}

#[test]
fn the_hello_tells_limits_and_session() {
    let config = Config { link_ms: 900, ..CONFIG };
    with_config(config, |rig| {
        let hello = HostHello { session: SESSION, wire: 1, nonce: 9, ..HostHello::default() };
        rig.send(&HostMessage::Hello(hello));
        let heard = rig.hear();
        let [Received::Other(text)] = &heard[..] else { panic!("{heard:?}") };
        for member in [
            "wire: 1, nonce: 9, epoch: 16909060",
            "tools: 7, message_max: 192, calls_max: 8, features: 3199,",
            "session: 1431633921, rx_bytes: 1199, result_max: 256, link_ms: 900, keyed: false",
        ] {
            assert!(text.contains(member), "{member} is not in {text}");
        }
        #[cfg(feature = "ask")]
        {
            rig.device.offer_sentences();
            rig.send(&HostMessage::Hello(hello));
            let heard = format!("{:?}", rig.hear());
            assert!(heard.contains("features: 7295,"), "{heard}");
        }
    });
}
