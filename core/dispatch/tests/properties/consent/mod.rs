//! Questions, persons and agreements: what a press agrees to, whoever asks, whatever is shown,
//! hidden or over, compared with a model in plain words.

mod model;

use proptest::prelude::*;
#[cfg(feature = "ports")]
use trine_arena::Ring;
use trine_descriptor::{Args, Consent, Field, Kind, Tool, ToolInfo, ValueWriter};
#[cfg(feature = "local")]
use trine_dispatch::Local;
#[cfg(feature = "ports")]
use trine_dispatch::Port;
use trine_dispatch::{Answer, Call, Config, Tools, Wanted};
use trine_wire::message::{self, HostHello, HostMessage};

use crate::host::{Host, answer, counted};
use crate::source::Source;
use model::{Judged, Model, State, Wish};

const SLOTS: u32 = 4;
const SESSIONS: [u32; 2] = [0x5555_0001, 0x5555_0002];
const EPOCH: u32 = 0x0102_0304;

const TEXT: &[Field<'static>] =
    &[Field::new("what", Kind::Text { min: 0, max: 400 }).describe("What to do.")];

const fn asking(name: &'static str, consent: Consent) -> Tool<'static> {
    Tool::new(ToolInfo { consent, ..ToolInfo::new(name, "Asks for a person.") }, TEXT, &[])
}

static TOOLS: [Tool<'static>; 2] =
    [asking("water", Consent::Device), asking("fill", Consent::Elicit)];
const LEVELS: [u8; 2] = [3, 1];

/// What was entered and what was asked.
#[derive(Default)]
struct Board {
    entered: Vec<(u16, String)>,
    asked: Vec<(u16, String, Vec<u8>, Vec<u8>)>,
}

fn text(args: Args<'_>) -> String {
    args.text(0).expect("it is required").to_string()
}

impl Tools for Board {
    fn call(&mut self, call: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        self.entered.push((call.tool, text(call.args)));
        Answer::Done
    }

    fn wants(&mut self, call: &Wanted<'_>) {
        let (state, answers) = (call.state.to_vec(), call.answers.to_vec());
        self.asked.push((call.tool, text(call.args), state, answers));
    }
}

struct Scene {
    host: Host<Board>,
    model: Model,
    session: u32,
    epoch: u32,
    id: u32,
    /// When the device has last looked at its ports.
    looked: u64,
    #[cfg(feature = "ports")]
    port: Port<'static>,
}

impl Scene {
    fn new(source: &mut Source<'_>) -> Self {
        let model = Model {
            guard: source.one(&[1_000, 1, 0]),
            consent: source.one(&[60_000, 4_000, 7]),
            bytes: source.one(&[16, 13, 12, 11]),
            ..Model::default()
        };
        let config = Config {
            epoch: EPOCH,
            calls_max: SLOTS as u8,
            consent_ms: model.consent as u32,
            consent_guard_ms: model.guard as u32,
            consent_bytes: model.bytes as u16,
            ..Config::DEFAULT
        };
        let mut host = Host::new(config, (&TOOLS, Board::default()), source);
        // A clock that is read a little before is none before it began.
        host.elapsed = 10_000;
        #[cfg(feature = "ports")]
        let port = {
            let ring = Box::leak(Box::new(Ring::new(vec![0; 32].leak())));
            let (producer, consumer) = ring.split();
            host.device.add_port(consumer).expect("there is a place");
            Port::new(producer)
        };
        let session = SESSIONS[0];
        let epoch = host.hello(HostHello { session, ..HostHello::default() });
        Self {
            looked: host.elapsed,
            host,
            model,
            session,
            epoch,
            id: SLOTS,
            #[cfg(feature = "ports")]
            port,
        }
    }

    fn step(&mut self, source: &mut Source<'_>) {
        let now = self.host.elapsed;
        match source.below(18) {
            0..4 => self.ask(source),
            4 => self.ask_itself(source),
            5 | 6 => {
                let shown = self.host.device.shown(self.host.now());
                assert_eq!(shown, self.model.asked(now), "what is shown");
                if let State::Asked(_, shown, _) = &mut self.model.state {
                    shown.get_or_insert(now);
                }
            }
            7 => {
                self.host.device.hidden();
                if let State::Asked(_, shown, _) = &mut self.model.state {
                    *shown = None;
                }
            }
            8 | 9 => {
                let back = source.one(&[0, 0, 1, 999]);
                // Where 64 bits wrap, the moment before is the farthest future.
                let back = if self.host.now() < back { 0 } else { back };
                let agreed = self.host.device.agree(self.host.now().wrapping_sub(back));
                assert_eq!(agreed, self.model.press(now - back, now - back), "what is agreed to");
            }
            10 => self.at_port(source.once_in(4)),
            11 if source.once_in(2) => {
                let dismissed = self.host.device.dismiss(self.host.now());
                assert_eq!(dismissed, self.model.dismiss(now), "what is dismissed");
            }
            12 if source.once_in(2) => self.take_over(source.one(&SESSIONS)),
            13 if source.once_in(4) => self.announce(),
            14 => self.agree(),
            15 if matches!(self.model.state, State::Armed(_)) => {
                let dismissed = self.host.device.dismiss(self.host.now());
                assert_eq!(dismissed, self.model.dismiss(now), "what is dismissed");
            }
            _ => self.wait(source),
        }
        let now = self.host.elapsed;
        assert_eq!(self.host.device.asked(self.host.now()), self.model.asked(now));
    }

    /// A person reads the question for as long as it takes, and agrees.
    fn agree(&mut self) {
        let shown = self.host.device.shown(self.host.now());
        assert_eq!(shown, self.model.asked(self.host.elapsed));
        if let State::Asked(_, shown, _) = &mut self.model.state {
            shown.get_or_insert(self.host.elapsed);
        }
        self.host.elapsed += self.model.guard;
        let now = self.host.elapsed;
        let agreed = self.host.device.agree(self.host.now());
        assert_eq!(agreed, self.model.press(now, now), "what is agreed to");
    }

    fn wish(&self, from: Option<u32>, source: &mut Source<'_>) -> Wish {
        let is_host = from.is_some();
        Wish {
            from,
            tool: source.below(2) as u16,
            principal: source.one(if is_host { &["", "ann", "bob", "an"] } else { &[""] }),
            text: source.one(&["a drop", "a drip", "", "the whole", "the whole tank"]).to_string(),
            state: source.one(if is_host { &[b"", b"", b"s"] } else { &[b""] }),
            answers: source.one(if is_host { &[b"", b"", b"s"] } else { &[b""] }),
        }
    }

    /// A host asks, for the same as what is held or for something else.
    fn ask(&mut self, source: &mut Source<'_>) {
        let mut wish = self.wish(Some(self.epoch), source);
        if let State::Asked(held, ..) | State::Armed(held) | State::Resting(held) =
            &self.model.state
            && held.from.is_some()
            && source.below(2) == 0
        {
            wish = Wish { from: Some(self.epoch), ..held.clone() };
        }
        let id = self.id;
        self.id += 1;
        let hash = TOOLS[usize::from(wish.tool)].hash();
        self.host.send(&HostMessage::Call(message::Call {
            id,
            tool: wish.tool,
            check: message::check(hash, self.epoch, self.session),
            args: &wish.args(),
            state: wish.state,
            answers: wish.answers,
            principal: wish.principal,
            ..message::Call::default()
        }));
        let heard = self.hear();
        let judged = self.model.judge(&wish, self.host.elapsed);
        let text =
            format!("refused: too long to be agreed to; consent_bytes is {}", self.model.bytes);
        let wanted = match judged {
            Judged::Runs => answer(id, 0, &[0]),
            Judged::TooLong => answer(id, 2, &counted(text.as_bytes())),
            _ => answer(id, 5, &[LEVELS[usize::from(wish.tool)]]),
        };
        assert_eq!(heard, [wanted], "{judged:?} {wish:?}");
        self.compare(&wish, &judged);
    }

    /// The tool was entered, or the person asked, with just this call.
    fn compare(&mut self, wish: &Wish, judged: &Judged) {
        let one = (wish.tool, wish.text.clone());
        let run = Vec::from_iter((*judged == Judged::Runs).then_some(one));
        assert_eq!(core::mem::take(&mut self.host.tools.entered), run);
        let (state, answers) = (wish.state.to_vec(), wish.answers.to_vec());
        let one = (wish.tool, wish.text.clone(), state, answers);
        let asked = Vec::from_iter((*judged == Judged::IsAsked).then_some(one));
        assert_eq!(core::mem::take(&mut self.host.tools.asked), asked);
    }

    #[cfg(feature = "local")]
    fn ask_itself(&mut self, source: &mut Source<'_>) {
        let wish = self.wish(None, source);
        let now = self.host.now();
        let args = wish.args();
        let (call, tools) = ((wish.tool, &args[..]), &mut self.host.tools);
        let local = self.host.device.local(call, now, tools, &mut [0; 64]);
        let judged = self.model.judge(&wish, self.host.elapsed);
        let wanted = match judged {
            Judged::Runs => Local::Done(0),
            Judged::TooLong => Local::TooLong(self.model.bytes as u16),
            _ => Local::NeedsPerson(TOOLS[usize::from(wish.tool)].info.consent),
        };
        assert_eq!(local, wanted);
        self.compare(&wish, &judged);
    }

    #[cfg(not(feature = "local"))]
    fn ask_itself(&mut self, source: &mut Source<'_>) {
        self.ask(source);
    }

    /// A press at a port, which counts from when the ports were seen empty.
    #[cfg(feature = "ports")]
    fn at_port(&mut self, is_dismissed: bool) {
        let (looked, now) = (self.looked, self.host.elapsed);
        // The interrupt comes before the time at which the device looks.
        let record = if is_dismissed { Port::dismiss } else { Port::agree };
        assert!(record(&mut self.port));
        assert_eq!(self.hear(), Vec::<Vec<u8>>::new());
        if is_dismissed {
            self.model.dismiss(now);
        } else {
            self.model.press(looked, now);
        }
    }

    #[cfg(not(feature = "ports"))]
    fn at_port(&mut self, is_dismissed: bool) {
        let now = self.host.elapsed;
        let (told, wanted) = if is_dismissed {
            (self.host.device.dismiss(self.host.now()), self.model.dismiss(now))
        } else {
            (self.host.device.agree(self.host.now()), self.model.press(now, now))
        };
        assert_eq!(told, wanted);
    }

    fn take_over(&mut self, session: u32) {
        self.epoch = self.host.hello(HostHello { session, ..HostHello::default() });
        self.looked = self.host.elapsed;
        self.model.pass(self.host.elapsed);
        if session != self.session {
            self.model.forget(false, self.host.elapsed);
            // The slots begin again.
            self.id = SLOTS;
        }
        self.session = session;
    }

    /// The tools have changed, so that a number may be another tool's.
    #[cfg(feature = "announce")]
    fn announce(&mut self) {
        self.host.device.announce();
        assert_eq!(self.hear().len(), 1, "the host is told");
        self.model.forget(true, self.host.elapsed);
    }

    #[cfg(not(feature = "announce"))]
    fn announce(&mut self) {
        self.take_over(self.session);
    }

    fn wait(&mut self, source: &mut Source<'_>) {
        let Model { guard, consent, .. } = self.model;
        let rest = consent / 4;
        let times =
            [1, guard, guard.max(1) - 1, rest, rest.max(1) - 1, consent, consent - 1, 1 << 28];
        let elapsed = self.host.elapsed + source.one(&times);
        // A press that is not seen at once counts from when the ports were seen empty.
        self.host.elapsed = elapsed;
        if source.below(3) > 0 {
            assert_eq!(self.hear(), Vec::<Vec<u8>>::new());
            self.model.pass(elapsed);
        }
    }

    fn hear(&mut self) -> Vec<Vec<u8>> {
        self.looked = self.host.elapsed;
        self.host.hear()
    }
}

proptest! {
    #![proptest_config(crate::cases(3000))]

    #[test]
    fn a_press_agrees_to_the_question_that_is_shown_and_to_nothing_else(
        first in crate::draws(20),
        steps in prop::collection::vec(crate::draws(12), 1..50),
    ) {
        let mut scene = Scene::new(&mut Source::new(&first));
        for draws in &steps {
            scene.step(&mut Source::new(draws));
        }
    }
}
