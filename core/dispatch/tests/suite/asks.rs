//! Sentences: answered later, once, while calls are served.

use trine_dispatch::{Block, SENTENCE, verdict};
use trine_wire::message::{Ask, HostMessage, Outcome};

use crate::bench::{CONFIG, FAN, Received, SESSION, SLOTS, under_way, with_config, with_rig};
use crate::calls::{done, result};

/// What the bench makes of every sentence.
pub(crate) const CALL: Block<'_> = Block::Call {
    verdict: verdict::CALL,
    confidence: 0x3f40_0000,
    tool: FAN,
    node: 0,
    args: &[0, 2, 80],
};
/// Its bytes, with the tokens behind it.
const ANSWER: &[u8] =
    &[9, 11, 0, 0, 0, 0x40, 0x3f, 0, 0, 3, 0, 2, 80, 10, 4, 0x2c, 0x01, 0x02, 0x00];

const fn ask(number: u32) -> HostMessage<'static> {
    HostMessage::Ask(Ask {
        id: number + SLOTS,
        deadline_ms: 700,
        sentence: b"fan at forty\xff",
        flags: 1,
    })
}

fn answered(number: u32) -> Received {
    Received::Result(number, format!("{:?}", Outcome::Blocks { bytes: ANSWER }))
}

#[test]
fn a_sentence_is_answered_later_and_calls_are_served_meanwhile() {
    with_rig(|rig| {
        rig.send(&ask(1));
        assert_eq!(rig.hear(), []);
        let [(id, ref sentence, true)] = rig.bench.sentences[..] else { panic!("one sentence") };
        assert_eq!(sentence, b"fan at forty\xff");
        rig.call(2, FAN, 10);
        assert_eq!(rig.hear(), [done(2, 10)]);
        rig.bench.understood.push_back(id);
        assert_eq!(rig.hear(), [answered(1)]);
        assert_eq!(rig.bench.entered, [(FAN, 10)], "a sentence calls nothing");
    });
}

#[test]
fn tokens_are_wanted_by_who_says_so() {
    for (flags, wanted) in [(0, false), (1, true), (2, false), (3, true)] {
        with_rig(|rig| {
            let sentence = b"fan at forty";
            rig.send(&HostMessage::Ask(Ask { id: 1 + SLOTS, deadline_ms: 0, sentence, flags }));
            assert_eq!(rig.hear(), []);
            assert_eq!(rig.bench.sentences[0].2, wanted, "flags {flags}");
        });
    }
}

#[test]
fn a_sentence_that_comes_again_is_read_once_and_answered_the_same() {
    with_rig(|rig| {
        rig.send(&ask(1));
        rig.hear();
        rig.send(&ask(1));
        assert_eq!(rig.hear(), [under_way(1)]);
        let id = rig.bench.sentences[0].0;
        rig.bench.understood.push_back(id);
        assert_eq!(rig.hear(), [answered(1)]);
        rig.send(&ask(1));
        assert_eq!(rig.hear(), [answered(1)]);
        assert_eq!(rig.bench.sentences.len(), 1);
        // A later one on the same slot is new; an older one is no one's.
        rig.send(&ask(1 + SLOTS));
        rig.send(&ask(1));
        assert_eq!(rig.hear(), []);
        assert_eq!(rig.bench.sentences.len(), 2);
    });
}

#[test]
fn a_sentence_that_is_cancelled_expires_or_loses_its_host_is_stopped() {
    with_rig(|rig| {
        rig.send(&ask(1));
        rig.hear();
        rig.send(&HostMessage::Cancel { id: 1 + SLOTS });
        assert_eq!(rig.hear(), [result(1, "Cancelled")]);
        rig.send(&ask(2));
        rig.hear();
        rig.now += 699;
        assert_eq!(rig.hear(), []);
        rig.now += 1;
        assert_eq!(rig.hear(), [result(2, "Expired")]);
        rig.send(&ask(3));
        rig.hear();
        rig.send_hello(SESSION + 1);
        let ids: Vec<_> = rig.bench.sentences.iter().map(|asked| (SENTENCE, asked.0)).collect();
        assert_eq!(rig.bench.stopped, ids);
        // What comes too late for them goes nowhere.
        rig.bench.understood.extend(ids.iter().map(|(_, id)| *id));
        assert_eq!(rig.hear(), []);
    });
}

#[test]
fn a_sentence_that_cannot_be_read_fails_in_words_and_the_tools_still_work() {
    with_rig(|rig| {
        rig.bench.mute = true;
        rig.send(&ask(1));
        assert_eq!(rig.hear(), [result(1, "Failed { text: \"not for these tools\" }")]);
        rig.call(2, FAN, 10);
        assert_eq!(rig.hear(), [done(2, 10)]);
    });
}

#[test]
fn a_sentence_needs_a_session_and_may_be_longer_to_answer_than_is_kept() {
    let config = trine_dispatch::Config { repeat_max: 12, ..CONFIG };
    with_config(config, |rig| {
        rig.send(&ask(1));
        rig.hear();
        rig.bench.understood.push_back(rig.bench.sentences[0].0);
        assert_eq!(rig.hear(), [answered(1)]);
        rig.send(&ask(1));
        assert_eq!(rig.hear(), [result(1, "Forgotten")]);
    });
    let mut line = [0; 256];
    let mut ring = trine_arena::Ring::new(&mut line);
    let (producer, consumer) = ring.split();
    let mut memory = vec![0; CONFIG.memory()];
    let mut rig = crate::bench::Rig::with_config(CONFIG, &mut memory, producer, consumer);
    rig.send(&ask(1));
    assert_eq!(rig.hear(), [result(1, "Stale")]);
}
