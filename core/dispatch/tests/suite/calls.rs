//! What a device does with calls.
use crate::bench::{
    self, BROKEN, CONFIG, FAN, MOVE, OPEN, Received, SLOTS, SNAP, TOOLS, call_of, frame, under_way,
    with_config, with_rig,
};
use trine_arena::Ring;
use trine_descriptor::ValueWriter;
#[cfg(feature = "status")]
use trine_descriptor::{Fault, FaultCode, NO_NODE};
#[cfg(feature = "ports")]
use trine_dispatch::Port;
use trine_dispatch::{Config, InitError};
use trine_wire::message::{Call, HostHello, HostMessage};

pub(crate) fn result(id: u32, text: &str) -> Received {
    Received::Result(id, text.to_string())
}

/// The encoded result `percent: value`.
pub(crate) fn done(id: u32, value: i64) -> Received {
    let mut bytes = [0; 16];
    let mut out = ValueWriter::new(&mut bytes);
    out.int(0, value);
    Received::Result(id, format!("done {:?}", out.bytes()))
}

#[test]
fn a_good_call_is_entered_and_answered_once() {
    with_rig(|rig| {
        rig.call(7, FAN, 40);
        assert_eq!(rig.hear(), [done(7, 40)]);
        assert_eq!(rig.bench.entered, [(FAN, 40)]);
        assert_eq!(rig.hear(), []);
    });
}

#[test]
fn bad_arguments_never_reach_the_tool() {
    with_rig(|rig| {
        rig.call(1, FAN, 101);
        rig.call_raw(2, FAN, &[]);
        rig.call_raw(3, FAN, &[0, 4, 1, b'x']);
        rig.call_raw(4, FAN, &[0, 2, 2, 0, 2, 2]);
        rig.call_raw(5, FAN, &[1, 2, 2]);
        rig.call_raw(6, FAN, &[0xff]);
        let heard = rig.hear();
        let codes = [5, 2, 3, 10, 1, 14];
        assert_eq!(heard.len(), codes.len());
        for (heard, code) in heard.iter().zip(codes) {
            let Received::Result(_, text) = heard else { panic!("{heard:?}") };
            assert!(text.starts_with(&format!("Fault {{ code: {code},")), "{text}");
        }
        assert_eq!(heard[0], result(1, "Fault { code: 5, node: 0, bound: 100 }"));
        assert_eq!(rig.bench.entered, []);
        #[cfg(feature = "status")]
        {
            let status = rig.device.status(rig.now);
            assert_eq!((status.calls, status.entered, status.faults), (6, 0, 6));
        }
    });
}

#[test]
fn a_stale_hash_and_an_unknown_tool_are_told_apart() {
    with_rig(|rig| {
        rig.send(&HostMessage::Call(Call { check: [0; 4], ..call_of(1, FAN, &[9]) }));
        rig.send(&HostMessage::Call(call_of(2, 99, &[])));
        assert_eq!(rig.hear(), [result(1, "Stale"), result(2, "UnknownTool")]);
        assert_eq!(rig.bench.entered, []);
    });
}

#[test]
fn a_result_that_breaks_its_descriptor_is_not_sent() {
    with_rig(|rig| {
        assert_eq!(rig.device.bad_result(), None);
        for (id, percent) in [(1, 0), (2, 1), (3, 2)] {
            rig.call(id, BROKEN, percent);
        }
        let heard = rig.hear();
        assert_eq!(heard[0], result(1, "BadResult { code: 5, node: 0 }"));
        assert_eq!(heard[1], result(2, "BadResult { code: 14, node: 65535 }"));
        assert_eq!(heard[2], result(3, "Failed { text: \"it is jammed: free it\" }"));
        #[cfg(feature = "status")]
        {
            assert_eq!(rig.device.status(0).bad_results, 2);
            let last = Fault::new(FaultCode::Malformed, NO_NODE);
            assert_eq!(rig.device.bad_result(), Some((BROKEN, last)));
        }
    });
}

#[test]
fn a_pending_call_completes_later_and_its_handle_goes_stale() {
    with_rig(|rig| {
        rig.call(1, MOVE, 30);
        assert_eq!(rig.hear(), []);
        let call = rig.bench.pending[0];
        // The same call again is the same call.
        rig.call(1, MOVE, 30);
        assert_eq!(rig.hear(), [under_way(1)]);
        rig.bench.complete.push_back((call, 30));
        assert_eq!(rig.hear(), [done(1, 30)]);
        rig.bench.complete.push_back((call, 31));
        assert_eq!(rig.hear(), []);
        assert_eq!(rig.bench.entered.len(), 1);
    });
}

#[test]
fn a_slot_that_is_used_again_ends_the_call_that_was_given_up_in_it() {
    with_rig(|rig| {
        rig.call(1, MOVE, 1);
        rig.call(2, MOVE, 2);
        assert_eq!(rig.hear(), []);
        rig.call(1 + SLOTS, MOVE, 3);
        assert_eq!(rig.hear(), []);
        assert_eq!(rig.bench.stopped, [(MOVE, rig.bench.pending[0])]);
        rig.bench.complete.extend((0..3).map(|at| (rig.bench.pending[at], 10 + at as i64)));
        assert_eq!(rig.hear(), [done(2, 11), done(1 + SLOTS, 12)]);
        #[cfg(feature = "status")]
        assert_eq!(rig.device.status(0).calls_high_water, 2);
    });
}

#[test]
fn a_deadline_ends_a_pending_call_and_tells_the_tool() {
    with_rig(|rig| {
        rig.call(1, MOVE, 1);
        rig.hear();
        assert_eq!(rig.device.poll(rig.now, 8, &mut rig.bench), rig.now + 500);
        rig.now += 499;
        assert_eq!(rig.hear(), []);
        rig.now += 1;
        assert_eq!(rig.hear(), [result(1, "Expired")]);
        assert_eq!(rig.bench.stopped, [(MOVE, rig.bench.pending[0])]);
        rig.bench.complete.push_back((rig.bench.pending[0], 1));
        assert_eq!(rig.hear(), []);
    });
}

#[test]
fn calls_whose_time_ends_together_end_in_the_order_of_their_slots() {
    with_rig(|rig| {
        [3, 1, 2].into_iter().for_each(|number| rig.call(number, MOVE, 1));
        rig.hear();
        rig.now += 500;
        assert_eq!(rig.hear(), [1, 2, 3].map(|number| result(number, "Expired")));
    });
}

#[test]
fn a_deadline_of_more_than_31_bits_is_the_longest_that_there_is() {
    const LONGEST: u64 = (1 << 31) - 1;
    with_rig(|rig| {
        let call = Call { deadline_ms: u32::MAX, ..call_of(1, MOVE, &[0, 2, 2]) };
        rig.send(&HostMessage::Call(call));
        assert_eq!(rig.hear(), []);
        rig.now += LONGEST - 1;
        assert_eq!(rig.hear(), []);
        rig.now += 1;
        assert_eq!(rig.hear(), [result(1, "Expired")]);
    });
}

#[test]
fn a_cancelled_call_is_answered_as_cancelled_and_tells_the_tool() {
    with_rig(|rig| {
        rig.call(1, MOVE, 1);
        rig.hear();
        rig.send(&HostMessage::Cancel { id: 1 + SLOTS });
        rig.send(&HostMessage::Cancel { id: 77 });
        assert_eq!(rig.hear(), [result(1, "Cancelled")]);
        assert_eq!(rig.bench.stopped.len(), 1);
    });
}

#[test]
fn a_cancel_of_an_earlier_call_leaves_alone_what_has_its_slot_now() {
    with_rig(|rig| {
        rig.call(1, FAN, 1);
        rig.call(1 + SLOTS, MOVE, 2);
        assert_eq!(rig.hear(), [done(1, 1)]);
        rig.send(&HostMessage::Cancel { id: 1 + SLOTS });
        assert_eq!((rig.hear(), rig.bench.stopped.len()), (vec![], 0));
        rig.bench.complete.push_back((rig.bench.pending[0], 2));
        assert_eq!(rig.hear(), [done(1 + SLOTS, 2)]);
    });
}

#[cfg(feature = "consent")]
#[test]
fn consent_lets_exactly_the_asked_call_run_once() {
    with_rig(|rig| {
        rig.call(1, OPEN, 5);
        assert_eq!(rig.hear(), [result(1, "NeedsPerson { consent: 1 }")]);
        assert_eq!((rig.bench.asked.as_slice(), rig.bench.entered.len()), ([OPEN].as_slice(), 0));
        assert_eq!(rig.agree(), Some(OPEN));
        rig.call(2, OPEN, 6);
        assert_eq!(rig.hear(), [result(2, "NeedsPerson { consent: 1 }")]);
        rig.call(3, OPEN, 5);
        rig.call(4, OPEN, 5);
        assert_eq!(rig.hear(), [done(3, 5), result(4, "NeedsPerson { consent: 1 }")]);
        assert_eq!(rig.bench.entered, [(OPEN, 5)]);
    });
}

#[cfg(feature = "consent")]
#[test]
fn an_agreement_expires() {
    with_rig(|rig| {
        rig.call(1, OPEN, 5);
        rig.hear();
        assert_eq!(rig.agree(), Some(OPEN));
        rig.now += 3000;
        rig.call(2, OPEN, 5);
        assert_eq!(rig.hear(), [result(2, "NeedsPerson { consent: 1 }")]);
    });
}

#[cfg(feature = "content")]
#[test]
fn content_comes_in_chunks_while_calls_are_served() {
    with_rig(|rig| {
        rig.call(1, SNAP, 0);
        rig.call(2, FAN, 1);
        let heard = rig.hear();
        assert_eq!(heard[0], result(1, "Content { mime: \"image/png\", len: 1000 }"));
        let mut whole = Vec::new();
        for heard in &heard {
            if let Received::Chunk(1, offset, bytes) = heard {
                assert_eq!(*offset as usize, whole.len());
                whole.extend_from_slice(bytes);
            }
        }
        assert_eq!(whole, (0..1000).map(|i| i as u8).collect::<Vec<_>>());
        let served = heard.iter().position(|h| *h == done(2, 1)).expect("the call was served");
        assert!(served < heard.len() - 3, "it waited for the whole content");
    });
}

#[cfg(feature = "content")]
#[test]
fn content_that_stops_early_is_a_failure() {
    with_rig(|rig| {
        rig.bench.content_ends = Some(200);
        rig.call(1, SNAP, 0);
        let last = rig.hear().pop();
        let text = "Failed { text: \"the tool stopped in the middle of its content\" }";
        assert_eq!(last, Some(result(1, text)));
        // Its slot is free again.
        rig.call(2, MOVE, 0);
        rig.call(3, MOVE, 0);
        assert_eq!(rig.hear(), []);
    });
}

#[cfg(feature = "ports")]
#[test]
fn ports_complete_fail_cancel_agree_and_report() {
    let mut records = [0; 200];
    let mut ring = Ring::new(&mut records);
    let (producer, consumer) = ring.split();
    let mut port = Port::new(producer);
    let mut line = [0; 600];
    let mut rx = Ring::new(&mut line);
    let (line, rx) = rx.split();
    let mut memory = [0; CONFIG.memory()];
    let mut rig = bench::Rig::with_config(CONFIG, &mut memory, line, rx);
    rig.send_hello(bench::SESSION);
    rig.device.add_port(consumer).expect("there is a place");
    for id in 1..=2 {
        rig.call(id, MOVE, 1);
    }
    rig.hear();
    let calls = rig.bench.pending.clone();
    assert!(port.complete(calls[0], &[0, 2, 20]));
    assert!(port.complete(calls[1], &[0, 2, 0xca, 1]));
    assert!(port.complete(calls[0], &[0, 2, 20]));
    assert!(port.event(FAN, "it rattles"));
    let heard = rig.hear();
    assert_eq!(heard[0], done(1, 10));
    assert_eq!(heard[1], result(2, "BadResult { code: 5, node: 0 }"));
    assert_eq!(
        heard[2],
        Received::Other("Event { seq: 1, tool: 0, text: \"it rattles\", what: 0 }".to_string())
    );
    for id in 3..=4 {
        rig.call(id, MOVE, 1);
    }
    rig.call(5, OPEN, 9);
    rig.hear();
    let calls = rig.bench.pending.clone();
    #[cfg(feature = "consent")]
    {
        rig.device.shown(rig.now);
        rig.now += 400;
        rig.device.set_consent_guard(400);
        rig.hear();
    }
    assert!(port.fail(calls[2], "stuck") && port.cancel(calls[3]) && port.agree());
    assert_eq!(rig.hear(), [result(3, "Failed { text: \"stuck\" }"), result(4, "Cancelled")]);
    rig.call(6, OPEN, 9);
    let needs = "NeedsPerson { consent: 1 }";
    let agreed = if cfg!(feature = "consent") { done(6, 9) } else { result(6, needs) };
    assert_eq!(rig.hear(), [agreed]);
    // A text that is longer than the whole ring goes in, cut; a ring that is full takes nothing.
    assert!(port.event(FAN, &"é".repeat(150)));
    let said = "é".repeat(48);
    let event = format!("Event {{ seq: 2, tool: 0, text: \"{said}\", what: 0 }}");
    assert_eq!(rig.hear(), [Received::Other(event)]);
    assert!(port.event(FAN, &"x".repeat(300)));
    assert!(!port.event(FAN, &"x".repeat(300)), "a full ring takes nothing");
}

/// In a ring of 40 bytes: 96 bytes would never go in.
#[cfg(feature = "ports")]
#[test]
fn a_port_shorter_than_a_text_takes_its_beginning() {
    let mut records = [0; 40];
    let mut ring = Ring::new(&mut records);
    let (producer, mut consumer) = ring.split();
    let mut port = Port::new(producer);
    assert!(port.event(FAN, &"x".repeat(300)));
    assert_eq!(consumer.len(), 39);
    consumer.skip(39);
    assert!(port.log(1, "short"));
}

#[cfg(feature = "progress")]
#[test]
fn an_event_a_line_and_progress_longer_than_a_message_are_told_cut() {
    with_rig(|rig| {
        let long = "ü".repeat(40_000);
        rig.call(1, MOVE, 1);
        rig.send(&HostMessage::Log { level: 0 });
        rig.hear();
        let call = rig.bench.pending[0];
        for _ in 0..3 {
            rig.device.with_calls(|calls| calls.event(FAN, &long)).expect("an event is cut");
            assert_eq!(rig.hear().len(), 1);
            rig.device.with_calls(|calls| calls.log(7, &long)).expect("a line is cut");
            assert_eq!(rig.hear().len(), 1);
            let told = rig.device.with_calls(|calls| calls.progress(call, (1, 2), &long));
            told.expect("progress is cut");
            rig.hear();
        }
        rig.call(2, FAN, 3);
        assert_eq!(rig.hear(), [done(2, 3)]);
    });
}

#[cfg(feature = "progress")]
#[test]
fn a_failure_longer_than_a_message_is_answered_cut() {
    with_rig(|rig| {
        rig.call(1, MOVE, 1);
        rig.hear();
        let call = rig.bench.pending[0];
        let long = "ü".repeat(1_000);
        rig.device.with_calls(|calls| calls.fail(call, &long)).expect("there is room");
        let heard = rig.hear();
        let [Received::Result(1, outcome)] = &heard[..] else { panic!("{heard:?}") };
        assert!(outcome.starts_with("Failed { text: \"üüü"), "{outcome}");
        assert!(outcome.len() < 600);
        rig.call(2, FAN, 3);
        assert_eq!(rig.hear(), [done(2, 3)]);
    });
}

#[test]
fn nothing_is_started_that_could_not_be_answered() {
    with_rig(|rig| {
        rig.call(1, FAN, 1);
        rig.device.poll(rig.now, 8, &mut rig.bench);
        // The first answer waits to be sent; the next call must not be entered.
        rig.call(2, FAN, 2);
        rig.device.poll(rig.now, 8, &mut rig.bench);
        assert_eq!(rig.bench.entered, [(FAN, 1)]);
        assert_eq!(rig.hear(), [done(1, 1), done(2, 2)]);
    });
}

#[test]
fn after_damage_at_every_byte_the_next_call_is_served() {
    let call = |number| frame(&HostMessage::Call(call_of(number, FAN, &[0, 2, 20])));
    let good = call(1);
    for at in 0..good.len() {
        for damage in [0u8, 1, 0x80, 0xff] {
            with_rig(|rig| {
                let mut corrupt = good.clone();
                corrupt[at] = damage;
                rig.line.push(&corrupt);
                rig.line.push(&call(2));
                let heard = rig.hear();
                assert_eq!(heard.last(), Some(&done(2, 10)), "byte {at} set to {damage}");
                let expected = if corrupt == good { 2 } else { 1 };
                assert!(heard.len() <= 2 && rig.bench.entered.len() >= expected.min(1));
            });
            with_rig(|rig| {
                rig.line.push(&good[..at]);
                rig.line.push(&call(2));
                assert_eq!(rig.hear().last(), Some(&done(2, 10)), "cut at {at}");
            });
        }
    }
}

#[cfg(not(feature = "consent"))]
#[test]
fn where_no_person_can_agree_no_tool_that_asks_is_entered() {
    with_rig(|rig| {
        for id in 1..=2 {
            rig.call(id, OPEN, 5);
            assert_eq!(rig.hear(), [result(id, "NeedsPerson { consent: 1 }")]);
        }
        assert_eq!(rig.bench.entered, []);
    });
}

#[cfg(not(feature = "content"))]
#[test]
fn where_there_is_no_content_a_tool_that_answers_it_breaks_its_descriptor() {
    with_rig(|rig| {
        rig.call(1, SNAP, 0);
        rig.call(2, FAN, 1);
        let bad = result(1, "BadResult { code: 14, node: 65535 }");
        assert_eq!(rig.hear(), [bad, done(2, 1)]);
    });
}

#[test]
fn text_between_frames_is_harmless() {
    with_rig(|rig| {
        rig.line.push(b"boot v1.2\r\n");
        rig.call(1, FAN, 3);
        assert_eq!(rig.hear(), [done(1, 3)]);
        #[cfg(feature = "status")]
        assert_eq!(rig.device.status(0).frames_bad, 1);
    });
}

#[test]
fn the_list_comes_in_pages_that_make_the_whole() {
    with_rig(|rig| {
        let mut whole = vec![0; 2000];
        let total = trine_descriptor::record::page(&TOOLS, 0, &mut whole);
        let mut offset = 0;
        while offset < total {
            rig.send(&HostMessage::List { offset: offset as u32, max: 100, what: 0 });
            let [Received::Other(text)] = &rig.hear()[..] else { panic!("no page") };
            let count = (total - offset).min(100);
            let bytes = &whole[offset..offset + count];
            let page =
                format!("Page {{ offset: {offset}, total: {total}, bytes: {bytes:?}, what: 0 }}");
            assert_eq!(*text, page);
            offset += count;
        }
    });
}

#[test]
fn the_first_nonce_becomes_the_epoch() {
    // The rig has said hello with the nonce 7.
    with_config(Config { epoch: 0, ..CONFIG }, |rig| {
        for nonce in [0x1234, 0x9999] {
            let session = bench::SESSION;
            rig.send(&HostMessage::Hello(HostHello { nonce, session, ..HostHello::default() }));
            let [Received::Other(text)] = &rig.hear()[..] else { panic!("no hello") };
            assert!(text.contains(&format!("nonce: {nonce}, epoch: 7,")), "{text}");
        }
    });
}

#[test]
fn an_unknown_message_is_answered_as_unsupported() {
    with_rig(|rig| {
        let mut buffer = [0; 32];
        buffer[8] = 0x55;
        let len = trine_wire::encode_in_place(&mut buffer, 8, 1).unwrap();
        rig.line.push(&buffer[..len]);
        assert_eq!(rig.hear(), [Received::Other("Unsupported { kind: 85 }".to_string())]);
    });
}

#[test]
fn short_memory_and_a_bad_config_say_what_is_needed() {
    for len in 0..CONFIG.memory() - 8 {
        let mut memory = vec![0; len];
        let mut line = [0; 8];
        let mut ring = Ring::new(&mut line);
        let (_, rx) = ring.split();
        match bench::device(CONFIG, &mut memory, rx) {
            Err(InitError::Memory(error)) => assert!(error.needed > len),
            other => panic!("{len} bytes: {other:?}"),
        }
    }
    let mut memory = [0; CONFIG.memory()];
    let mut line = [0; 8];
    let mut ring = Ring::new(&mut line);
    let (_, rx) = ring.split();
    let config = Config { pending_max: 3, ..CONFIG };
    let mut device = bench::device(config, &mut memory, rx).expect("found at the first poll");
    device.poll(0, 8, &mut bench::Bench::default());
    assert_eq!(device.fault(), Some(InitError::PendingBytes { tool: MOVE, needed: 4 }));
}
