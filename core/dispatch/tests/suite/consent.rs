//! What a press of the button agrees to, and what it does not, whoever asks and whenever.

use trine_bits::Fnv64;
use trine_descriptor::{Args, Consent, Field, Kind, Tool, ToolInfo, ToolTable, ValueWriter};
use trine_dispatch::{Answer, Call, Config, Local, Port, Tools, Wanted};
use trine_wire::message::{self, HostMessage};

use crate::bench::{EPOCH, SESSION};
use crate::harness::{LinkHarness, text};

const WATER: u16 = 0;
const FILL: u16 = 1;
const TEXT: &[Field<'static>] =
    &[Field::new("what", Kind::Text { min: 0, max: 400 }).describe("What to do.")];

const fn asking(name: &'static str) -> Tool<'static> {
    Tool::new(
        ToolInfo { consent: Consent::Device, ..ToolInfo::new(name, "Asks for a person.") },
        TEXT,
        &[],
    )
}

pub(crate) static TOOLS: [Tool<'static>; 2] = [asking("water"), asking("fill")];

const GUARD: u64 = 1_000;
const CONSENT: u64 = 60_000;

const CONFIG: Config<'static> =
    Config { epoch: EPOCH, message_max: 512, consent_bytes: 100, ..Config::DEFAULT };

/// What was entered and what was asked, as the text of the arguments.
#[derive(Default)]
struct Board {
    entered: Vec<(u16, String)>,
    asked: Vec<(u16, String)>,
    /// State and answers of the last question.
    brought: (Vec<u8>, Vec<u8>),
}

impl Tools for Board {
    fn call(&mut self, call: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        self.entered.push((call.tool, call.args.text(0).unwrap_or_default().to_string()));
        Answer::Done
    }

    fn asks(&mut self, tool: u16, args: Args<'_>) {
        self.asked.push((tool, args.text(0).unwrap_or_default().to_string()));
    }

    fn wants(&mut self, call: &Wanted<'_>) {
        self.brought = (call.state.to_vec(), call.answers.to_vec());
        self.asks(call.tool, call.args);
    }
}

/// A board, its person, and its hosts.
struct Scene {
    harness: LinkHarness<Board>,
    epoch: u32,
    session: u32,
    id: u32,
}

/// A call, but for its id and its call guard.
#[derive(Clone, Copy, Default)]
struct Ask<'a> {
    tool: u16,
    text: &'a str,
    state: &'a [u8],
    answers: &'a [u8],
    principal: &'a str,
}

const fn water(text: &str) -> Ask<'_> {
    Ask { tool: WATER, text, state: &[], answers: &[], principal: "" }
}

impl Scene {
    fn new(config: Config<'static>) -> Self {
        let mut harness = LinkHarness::new(config, &TOOLS, Board::default());
        harness.now = 5;
        harness.hear();
        assert_eq!(harness.device.fault(), None);
        let epoch = harness.send_hello(SESSION);
        Self { harness, epoch, session: SESSION, id: u32::from(config.calls_max) }
    }

    fn takes_over(&mut self, session: u32) {
        (self.epoch, self.session) = (self.harness.send_hello(session), session);
    }

    /// Makes a call; answers what the host hears.
    fn call(&mut self, ask: &Ask<'_>) -> String {
        let mut args = [0; 512];
        let mut out = ValueWriter::new(&mut args);
        out.text(0, ask.text);
        let call = message::Call {
            id: self.id,
            tool: ask.tool,
            check: message::check(TOOLS.hash(ask.tool), self.epoch, self.session),
            args: out.bytes(),
            state: ask.state,
            answers: ask.answers,
            principal: ask.principal,
            ..message::Call::default()
        };
        self.id += 1;
        self.harness.send(&HostMessage::Call(call));
        self.harness.hear().iter().map(|bytes| text(bytes)).collect()
    }

    fn refused(&mut self, ask: &Ask<'_>) {
        let heard = self.call(ask);
        assert!(heard.contains("NeedsPerson { consent: 3 }"), "{heard}");
    }

    fn done(&mut self, ask: &Ask<'_>) {
        let heard = self.call(ask);
        assert!(heard.contains("Done"), "{heard}");
    }

    fn wait(&mut self, ms: u64) {
        self.harness.now += ms;
        self.harness.hear();
    }

    fn show(&mut self) {
        assert!(self.harness.device.shown(self.harness.now).is_some(), "there is no question");
    }

    fn press(&mut self) -> Option<u16> {
        self.harness.device.agree(self.harness.now)
    }

    /// Shows the question for as long as it takes, and agrees.
    fn agree(&mut self) {
        self.show();
        self.wait(GUARD);
        assert!(self.press().is_some(), "the press agrees to nothing");
    }

    fn entered(&self) -> usize {
        self.harness.tools.entered.len()
    }
}

/// Two texts whose arguments have the same FNV-1a digest of 64 bits, 0x070f6af69791a5d8: what a
/// person agreed to was once compared by that.
const TWINS: [&str; 2] = ["water for 5 a6gA%P >(t zfD", "water for 5 `D`W&4*<$T?>l@"];

#[test]
fn two_texts_of_one_digest_are_two_calls() {
    let args = |text: &str| [&[0, 4, 26], text.as_bytes()].concat();
    assert_eq!(
        TWINS.map(|text| Fnv64::new().bytes(&args(text)).hash()),
        [0x070f_6af6_9791_a5d8; 2]
    );
    let mut scene = Scene::new(CONFIG);
    let [small, large] = TWINS;
    scene.refused(&water(small));
    scene.agree();
    scene.refused(&water(large));
    scene.done(&water(small));
    assert_eq!(scene.harness.tools.entered, [(WATER, small.to_string())]);
}

#[test]
fn a_call_that_differs_in_any_byte_of_anything_is_another_call() {
    let asked = Ask {
        tool: WATER,
        text: "five litres",
        state: b"state",
        answers: b"yes",
        principal: "ann",
    };
    let mut scene = Scene::new(CONFIG);
    scene.refused(&asked);
    assert_eq!(
        scene.harness.tools.brought,
        (b"state".to_vec(), b"yes".to_vec()),
        "it can be shown"
    );
    scene.agree();
    for at in 0..11 {
        for bit in 0..7 {
            let mut other = asked.text.as_bytes().to_vec();
            other[at] ^= 1 << bit;
            let other = String::from_utf8(other).expect("ASCII");
            scene.refused(&Ask { text: &other, ..asked });
        }
    }
    for (at, bit) in (0..5).flat_map(|at| (0..8).map(move |bit| (at, 1_u8 << bit))) {
        let [mut state, mut answers] = [*b"state", *b"yes  "];
        state[at] ^= bit;
        scene.refused(&Ask { state: &state, ..asked });
        answers[at] ^= bit;
        scene.refused(&Ask { answers: &answers[..3.max(at + 1)], ..asked });
    }
    for principal in ["", "an", "bnn", "abn", "anna", "Ann", "ann "] {
        scene.refused(&Ask { principal, ..asked });
    }
    // Bytes do not pass from one member to the next.
    scene.refused(&Ask { state: b"stat", answers: b"eyes", ..asked });
    scene.refused(&Ask { state: b"stateyes", answers: b"", ..asked });
    scene.refused(&Ask { tool: FILL, ..asked });
    assert_eq!(scene.entered(), 0);
    scene.done(&asked);
    scene.refused(&asked);
}

#[test]
fn a_question_that_comes_while_one_is_shown_takes_nothing_from_it_and_is_not_remembered() {
    let mut scene = Scene::new(CONFIG);
    scene.refused(&water("a drop"));
    scene.show();
    scene.wait(GUARD - 1);
    scene.refused(&water("the whole tank"));
    assert_eq!(scene.harness.tools.asked, [(WATER, "a drop".to_string())]);
    scene.wait(1);
    assert_eq!(scene.press(), Some(WATER));
    // Nor while an agreement waits for its call.
    scene.refused(&water("the whole tank"));
    assert_eq!((scene.press(), scene.harness.device.asked(scene.harness.now)), (None, None));
    scene.done(&water("a drop"));
    assert_eq!(scene.press(), None, "nothing was remembered");
    scene.refused(&water("the whole tank"));
    assert_eq!(scene.press(), None, "it is not shown yet");
    assert_eq!(scene.harness.tools.asked.len(), 2);
}

#[test]
fn a_press_counts_when_the_question_has_been_shown_for_the_guard_time_without_a_break() {
    let mut scene = Scene::new(CONFIG);
    scene.refused(&water("a drop"));
    scene.wait(10 * GUARD);
    assert_eq!(scene.press(), None, "nobody has shown it");
    scene.show();
    assert_eq!(scene.press(), None);
    scene.wait(GUARD - 1);
    scene.show();
    assert_eq!(scene.press(), None);
    scene.harness.device.hidden();
    scene.wait(1);
    assert_eq!(scene.press(), None, "it is covered");
    scene.show();
    scene.wait(GUARD - 1);
    assert_eq!(scene.press(), None, "it is shown anew");
    scene.wait(1);
    assert_eq!(scene.press(), Some(WATER));
    assert_eq!(scene.press(), None, "one press is enough");
}

#[test]
fn a_question_is_shown_and_covered_between_polls_too() {
    let mut scene = Scene::new(CONFIG);
    scene.refused(&water("a drop"));
    let device = &mut scene.harness.device;
    assert!(device.with_calls(|calls| calls.shown()));
    device.with_calls(|calls| calls.hidden());
    scene.wait(GUARD);
    assert_eq!(scene.press(), None, "it is covered");
    assert!(scene.harness.device.with_calls(|calls| calls.shown()));
    scene.wait(GUARD);
    assert_eq!(scene.press(), Some(WATER));
}

#[test]
fn a_clock_that_goes_back_or_wraps_agrees_to_nothing_early_and_ends_nothing() {
    for start in [u64::from(u32::MAX) - 500, u64::MAX - 500, (1 << 33) - 500] {
        let mut scene = Scene::new(CONFIG);
        scene.harness.now = start;
        scene.refused(&water("a drop"));
        scene.show();
        for early in [0_u64, 1, 499, 501, 999, u64::MAX, u64::MAX - 2_000] {
            let now = start.wrapping_add(early);
            assert_eq!(scene.harness.device.agree(now), None, "{start} {early}");
        }
        // A tick of 32 bits goes on at 0.
        scene.harness.now = u64::from(start.wrapping_add(GUARD) as u32);
        scene.harness.hear();
        assert_eq!(scene.press(), Some(WATER), "{start}");
        scene.done(&water("a drop"));
    }
}

#[test]
fn a_question_and_an_agreement_end_after_their_time_however_often_they_are_asked() {
    let mut scene = Scene::new(CONFIG);
    scene.refused(&water("a drop"));
    scene.show();
    for _ in 0..59 {
        scene.wait(CONSENT / 60);
        scene.refused(&water("a drop"));
    }
    scene.wait(CONSENT / 60);
    assert_eq!((scene.press(), scene.harness.device.shown(scene.harness.now)), (None, None));
    scene.refused(&water("a drop"));
    scene.agree();
    scene.wait(CONSENT);
    scene.refused(&water("a drop"));
    assert_eq!(scene.entered(), 0);
}

#[test]
fn nothing_comes_back_however_long_the_clock_was_not_read() {
    for later in [CONSENT, 1 << 30, 1 << 31, 3 << 30, 1 << 32, (1 << 32) + 1, 1 << 60] {
        let mut scene = Scene::new(CONFIG);
        scene.refused(&water("a drop"));
        scene.agree();
        scene.harness.now += later;
        scene.refused(&water("a drop"));
        assert_eq!(scene.entered(), 0, "{later}");
    }
    // Half of what a tick of 32 bits counts to: it stands behind, and yet that long has passed.
    let mut scene = Scene::new(CONFIG);
    scene.harness.now = (1 << 31) + 5;
    scene.refused(&water("a drop"));
    scene.agree();
    scene.harness.now -= 1 << 31;
    scene.refused(&water("a drop"));
    assert_eq!(scene.entered(), 0);
}

#[test]
fn when_tools_change_what_was_asked_is_forgotten() {
    let mut scene = Scene::new(CONFIG);
    scene.refused(&water("a drop"));
    scene.agree();
    scene.harness.device.announce();
    scene.harness.hear();
    scene.refused(&water("a drop"));
    scene.show();
    scene.harness.device.announce();
    scene.wait(GUARD);
    assert_eq!((scene.press(), scene.entered()), (None, 0));
    // That of the program itself as well.
    let args = [&[0, 4, 6][..], b"a drop"].concat();
    let local = |scene: &mut Scene| {
        let LinkHarness { device, tools, now, .. } = &mut scene.harness;
        device.local((WATER, &args), *now, tools, &mut [0; 64])
    };
    assert_eq!(local(&mut scene), Local::NeedsPerson(Consent::Device));
    scene.agree();
    scene.harness.device.announce();
    scene.harness.hear();
    assert_eq!(local(&mut scene), Local::NeedsPerson(Consent::Device));
    assert_eq!(scene.entered(), 0);
}

#[test]
fn another_principal_has_no_part_in_an_agreement_of_the_first() {
    let mut scene = Scene::new(CONFIG);
    let (ann, bob) = (Ask { principal: "ann", ..water("a drop") }, water("a drop"));
    scene.refused(&ann);
    scene.agree();
    scene.refused(&bob);
    scene.refused(&Ask { principal: "bob", ..bob });
    scene.done(&ann);
    assert_eq!(scene.entered(), 1);
}

#[test]
fn after_a_takeover_no_earlier_agreement_holds() {
    let mut scene = Scene::new(CONFIG);
    scene.refused(&water("a drop"));
    scene.agree();
    scene.takes_over(SESSION + 1);
    scene.refused(&water("a drop"));
    scene.takes_over(SESSION);
    assert_eq!(scene.press(), None, "nor a question");
    scene.refused(&water("a drop"));
    scene.agree();
    // The same host after a lost link.
    scene.takes_over(SESSION);
    scene.done(&water("a drop"));
    assert_eq!(scene.entered(), 1);
}

#[test]
fn a_call_of_the_program_itself_and_one_of_the_host_are_two() {
    let mut scene = Scene::new(CONFIG);
    let args = [&[0, 4, 6][..], b"a drop"].concat();
    let local = |scene: &mut Scene| {
        let LinkHarness { device, tools, now, .. } = &mut scene.harness;
        device.local((WATER, &args), *now, tools, &mut [0; 64])
    };
    scene.refused(&water("a drop"));
    scene.agree();
    assert_eq!(local(&mut scene), Local::NeedsPerson(Consent::Device));
    scene.done(&water("a drop"));
    assert_eq!(local(&mut scene), Local::NeedsPerson(Consent::Device));
    scene.agree();
    scene.takes_over(SESSION + 1);
    scene.refused(&water("a drop"));
    assert_eq!(local(&mut scene), Local::Done(0), "no host has a part in it");
    assert_eq!(scene.entered(), 2);
}

#[test]
fn what_is_longer_than_consent_bytes_is_refused_in_words_and_takes_no_question() {
    let mut scene = Scene::new(CONFIG);
    // Node, tag and length take three.
    let fits = "x".repeat(97);
    let text = "refused: too long to be agreed to; consent_bytes is 100";
    let mut over = [
        Ask { text: &"x".repeat(98), ..water("") },
        Ask { principal: "a", ..water(&fits) },
        Ask { state: b"a", ..water(&fits) },
        Ask { answers: b"a", ..water(&fits) },
        Ask { text: &"x".repeat(300), ..water("") },
    ];
    for ask in &mut over {
        let heard = scene.call(ask);
        assert!(heard.contains(&format!("Failed {{ text: {text:?} }}")), "{heard}");
    }
    assert!(scene.harness.tools.asked.is_empty());
    scene.refused(&water(&fits));
    scene.agree();
    assert!(scene.call(&over[0]).contains(text));
    scene.done(&water(&fits));
    let args = [&[0, 4, 100][..], &[b'x'; 100]].concat();
    let LinkHarness { device, tools, now, .. } = &mut scene.harness;
    assert_eq!(device.local((WATER, &args), *now, tools, &mut [0; 64]), Local::TooLong(100));
    assert_eq!(scene.entered(), 1);
}

#[test]
fn every_bound_stands_in_the_refusal() {
    for bound in [0, 9, 10, 99, 100, 12_345, u16::MAX] {
        let mut place = [0; trine_dispatch::TOO_LONG_BYTES];
        let text = trine_dispatch::too_long(bound, &mut place);
        assert_eq!(text, format!("refused: too long to be agreed to; consent_bytes is {bound}"));
        assert_eq!(text.len() == place.len(), bound >= 10_000, "it has room for the longest");
    }
    let mut scene = Scene::new(Config { consent_bytes: 0, ..CONFIG });
    assert!(scene.call(&water("")).contains("consent_bytes is 0"), "where nobody can agree");
}

#[test]
fn a_person_can_dismiss_a_question_and_its_asker_lets_others_ask() {
    let mut scene = Scene::new(CONFIG);
    let (eve, ann) =
        (Ask { principal: "eve", ..water("flood") }, Ask { principal: "ann", ..water("a drop") });
    assert_eq!(scene.harness.device.dismiss(scene.harness.now), None);
    scene.refused(&eve);
    scene.show();
    scene.wait(GUARD);
    assert_eq!(scene.harness.device.dismiss(scene.harness.now), Some(WATER));
    assert_eq!(scene.press(), None);
    scene.refused(&eve);
    scene.refused(&Ask { text: "flood again", ..eve });
    assert_eq!(
        (scene.harness.device.asked(scene.harness.now), scene.harness.tools.asked.len()),
        (None, 1)
    );
    scene.refused(&ann);
    scene.agree();
    // An agreement can be taken back as long as it was not used.
    assert_eq!(scene.harness.device.dismiss(scene.harness.now), Some(WATER));
    scene.refused(&ann);
    scene.wait(CONSENT / 4);
    scene.refused(&ann);
    scene.agree();
    scene.done(&ann);
    assert_eq!(scene.entered(), 1);
}

#[test]
fn who_asks_all_the_time_leaves_every_other_question_to_another_who_waits() {
    let mut scene = Scene::new(CONFIG);
    let (eve, ann) =
        (Ask { principal: "eve", ..water("flood") }, Ask { principal: "ann", ..water("a drop") });
    for turn in 0..200 {
        scene.refused(&eve);
        if turn % 10 == 9 {
            scene.refused(&ann);
        }
        if scene.harness.tools.asked.iter().any(|(_, text)| text == "a drop") {
            assert!(scene.harness.now <= 2 * CONSENT);
            return;
        }
        scene.wait(500);
    }
    panic!("a client that asks all the time keeps the question for ever");
}

#[test]
fn a_question_that_is_not_shown_is_offered_again_and_one_that_is_shown_is_not() {
    let mut scene = Scene::new(CONFIG);
    scene.refused(&water("a drop"));
    scene.refused(&water("a drop"));
    assert_eq!(scene.harness.tools.asked.len(), 2);
    scene.show();
    scene.refused(&water("a drop"));
    assert_eq!(scene.harness.tools.asked.len(), 2);
    scene.harness.device.hidden();
    scene.refused(&water("a drop"));
    assert_eq!(scene.harness.tools.asked.len(), 3);
}

#[test]
fn a_press_at_a_port_counts_from_when_the_ports_were_seen_empty() {
    let mut scene = Scene::new(CONFIG);
    let ring = Box::leak(Box::new(trine_arena::Ring::new(vec![0; 64].leak())));
    let (producer, consumer) = ring.split();
    let mut port = Port::new(producer);
    scene.harness.device.add_port(consumer).expect("there is a place");
    scene.refused(&water("a drop"));
    scene.show();
    // The loop stands still: no one knows when in that time the button was pressed.
    assert!(port.agree());
    scene.wait(10 * GUARD);
    scene.refused(&water("a drop"));
    // It asks to be polled when the guard is over, so that a loop which sleeps does that.
    scene.harness.device.hidden();
    scene.show();
    let now = scene.harness.now;
    let LinkHarness { device, tools, .. } = &mut scene.harness;
    assert_eq!(device.poll(now, 8, tools), now + GUARD);
    scene.wait(GUARD);
    assert!(port.agree());
    scene.wait(1);
    scene.done(&water("a drop"));
    scene.refused(&water("a drop"));
    scene.show();
    scene.wait(GUARD);
    assert!(port.dismiss() && port.agree());
    scene.wait(1);
    scene.refused(&water("a drop"));
    assert_eq!(scene.entered(), 1);
}

#[test]
fn the_guard_can_be_set() {
    let mut scene = Scene::new(CONFIG);
    scene.harness.device.set_consent_guard(3_000);
    scene.refused(&water("a drop"));
    scene.show();
    scene.wait(2_999);
    assert_eq!(scene.press(), None);
    scene.wait(1);
    assert_eq!(scene.press(), Some(WATER));
}
