//! Messages, results, stored answers and failures of every length about every limit.

use proptest::prelude::*;
use trine_descriptor::{Field, Kind, Limits, Tool, ToolInfo, ValueWriter};
use trine_dispatch::{Answer, Call, Calls, Config, InitError, Tools};
use trine_wire::message::{self, HostHello, HostMessage};

use crate::host::{Host, answer, counted};
use crate::shape::number;
use crate::source::Source;

const EPOCH: u32 = 9;
const SESSION: u32 = 0x5555_0001;
/// Bytes of a received message that a build may take beyond `message_max`: a tag and an address.
const MORE: usize = 22;

const TEXT: &[Field<'static>] =
    &[Field::new("text", Kind::Text { min: 0, max: 5_000 }).describe("A text.")];
static TOOLS: [Tool<'static>; 2] = [
    Tool::new(ToolInfo::new("echo", "Answers a text."), TEXT, TEXT),
    Tool::new(
        ToolInfo {
            limits: Limits { deadline_ms: 0, pending_bytes: 40 },
            ..ToolInfo::new("fail", "Fails, at once or later.")
        },
        TEXT,
        TEXT,
    ),
];

/// Answers a text of a length.
#[derive(Default)]
struct Board {
    /// Bytes of the text that is answered, whatever was asked.
    len: usize,
    entered: usize,
    text: &'static str,
    is_later: bool,
    pending: Vec<trine_dispatch::CallId>,
}

impl Tools for Board {
    fn call(&mut self, call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        self.entered += 1;
        if call.tool == 1 && self.is_later {
            self.pending.push(call.id);
            return Answer::Pending;
        }
        if call.tool == 1 {
            return Answer::Failed(self.text);
        }
        out.text(0, &"x".repeat(self.len));
        Answer::Done
    }

    fn tick(&mut self, _: u64, calls: &mut Calls<'_, '_>) -> u64 {
        while let Some(&id) = self.pending.last() {
            if calls.fail(id, self.text).is_err() {
                break;
            }
            self.pending.pop();
        }
        u64::MAX
    }
}

/// The encoded text of so many bytes.
fn encoded(len: usize) -> Vec<u8> {
    let mut bytes = vec![0, 4];
    number(len as u64, &mut bytes);
    bytes.extend(std::iter::repeat_n(b'x', len));
    bytes
}

/// A length close to a limit.
fn about(source: &mut Source<'_>, limit: usize) -> usize {
    (limit + source.below(7) as usize).saturating_sub(3)
}

fn host(config: Config<'static>, message_max: u16, source: &mut Source<'_>) -> Host<Board> {
    let mut host = Host::new(config, (&TOOLS, Board::default()), source);
    let hello = HostHello { session: SESSION, message_max, ..HostHello::default() };
    assert_eq!(host.hello(hello), EPOCH);
    host
}

fn call(host: &mut Host<Board>, (id, tool): (u32, u16), args: &[u8]) -> Vec<Vec<u8>> {
    let check = message::check(TOOLS[usize::from(tool)].hash(), EPOCH, SESSION);
    let call = message::Call { id, tool, check, args, ..message::Call::default() };
    host.send(&HostMessage::Call(call));
    host.hear()
}

proptest! {
    #![proptest_config(crate::cases(400))]

    #[test]
    fn a_message_of_message_max_bytes_is_served_and_a_longer_one_ends_nothing(
        draws in crate::draws(60),
    ) {
        let mut source = Source::new(&draws);
        let message_max = source.one(&[40, 192, 255, 256, 1_000, 4_000]);
        let config = Config { epoch: EPOCH, message_max, pending_max: 40, ..Config::DEFAULT };
        let mut host = host(config, 0, &mut source);
        for sequence in 1..8 {
            let id = 4 * sequence;
            let check = message::check(TOOLS[0].hash(), EPOCH, SESSION);
            let empty = message::Call { id, tool: 0, check, ..message::Call::default() };
            let mut bytes = vec![0; 5_500];
            let limit = usize::from(message_max) + source.one(&[0, 0, MORE, 200]);
            let wanted = about(&mut source, limit);
            // The text whose call has just that length, or one byte less.
            let args = (0..wanted).rev().map(encoded).find(|args| {
                let call = message::Call { args, ..empty };
                let len = message::write(&HostMessage::Call(call), &mut bytes);
                len.is_some_and(|len| len <= wanted)
            });
            let args = args.expect("a text that fits");
            let sent = message::Call { args: &args, ..empty };
            let len = message::write(&HostMessage::Call(sent), &mut bytes).expect("it fits");
            let before = host.tools.entered;
            host.send(&HostMessage::Call(sent));
            let heard = host.hear();
            let done = vec![answer(id, 0, &counted(&encoded(0)))];
            let is_served = host.tools.entered > before;
            prop_assert_eq!(heard, if is_served { done } else { vec![] }, "{} bytes", len);
            prop_assert!(is_served || len > message_max.into(), "{len} of {message_max}");
            prop_assert!(!is_served || len <= usize::from(message_max) + MORE, "{len}");
        }
    }

    #[test]
    fn a_result_of_result_max_bytes_is_sent_and_a_stored_answer_has_repeat_max(
        draws in crate::draws(80),
    ) {
        let mut source = Source::new(&draws);
        let result_max = source.one(&[3, 16, 127, 128, 130, 255, 256, 1_000]);
        let repeat_max = source.one(&[0, 7, 20, 127, 136, 260, 1_010]);
        let message_max = source.one(&[0, 40, 128, 300]);
        let pending_max = source.one(&[40, 300]);
        let config =
            Config { epoch: EPOCH, result_max, repeat_max, pending_max, ..Config::DEFAULT };
        let mut host = host(config, message_max, &mut source);
        // A host's own limit holds for messages, of whose bytes sixteen are not the result's.
        let most = match message_max {
            0 => result_max,
            message_max => result_max.min(message_max - 16),
        };
        let (mut last, mut ids) = (vec![None; 4], 4..);
        for _ in 0..12 {
            let id = ids.next().expect("a number");
            let limit = source.one(&[most, repeat_max, 127, message_max]);
            let len = about(&mut source, limit.into());
            host.tools.len = len.saturating_sub(3).min(1_500);
            let value = encoded(host.tools.len);
            let heard = call(&mut host, (id, 0), &encoded(0));
            let [heard] = &heard[..] else { panic!("{heard:?}") };
            let right = answer(id, 0, &counted(&value));
            let too_long = answer(id, 9, &[8, 0xff, 0xff, 3]);
            let fits = value.len() <= most.into();
            prop_assert!(*heard == right || !fits && *heard == too_long, "{heard:?}");
            prop_assert!(message_max == 0 || heard.len() <= message_max.into(), "{heard:?}");
            last[id as usize % 4] = Some((id, heard.clone()));
            // Every slot still has its own answer, or says that it was too long to keep.
            for (id, first) in last.iter().flatten() {
                let again = call(&mut host, (*id, 0), &encoded(0));
                let is_kept = first.len() <= repeat_max.into();
                let wanted = if is_kept { first.clone() } else { answer(*id, 12, &[]) };
                prop_assert_eq!(again, vec![wanted], "{}", id);
            }
        }
        prop_assert_eq!(host.tools.entered, 12);
    }

    #[test]
    fn a_failure_stays_a_failure_whatever_the_length_of_its_text(draws in crate::draws(60)) {
        let mut source = Source::new(&draws);
        let result_max = source.one(&[3, 64, 256]);
        // A build without progress has texts of 96 bytes at most, and says so.
        let has_progress = cfg!(feature = "progress");
        let message_max = if has_progress { source.one(&[0, 40, 120]) } else { 0 };
        let config =
            Config { epoch: EPOCH, result_max, pending_max: 40, ..Config::DEFAULT };
        let mut host = host(config, message_max, &mut source);
        for id in 4..16 {
            let limit = source.one(&[96, 92, 24, 104, 240, 600]);
            let len = about(&mut source, limit).min(if has_progress { 700 } else { 96 });
            let letter = source.one(&["x", "é", "😀"]);
            let text: &'static str = letter.repeat(len / letter.len()).leak();
            (host.tools.text, host.tools.is_later) = (text, source.once_in(2));
            let heard = call(&mut host, (id, 1), &encoded(0));
            let [heard] = &heard[..] else { panic!("{heard:?}") };
            let Some(message::DeviceMessage::Result { id: told, outcome }) = message::read(heard)
            else {
                panic!("{heard:?}")
            };
            let message::Outcome::Failed { text: said } = outcome else { panic!("{outcome:?}") };
            prop_assert_eq!(told, id);
            // It is cut at a character, and only where there is no room for more.
            prop_assert!(text.starts_with(said), "{said}");
            let room = if message_max == 0 { 92 } else { 20 };
            prop_assert!(said.len() == text.len() || said.len() + 4 > room, "{said}");
            prop_assert!(message_max == 0 || heard.len() <= message_max.into());
        }
    }
}

#[test]
fn a_tool_may_own_pending_max_bytes_and_not_one_more() {
    for (pending_max, fault) in [
        (41, None),
        (40, None),
        (39, Some(InitError::PendingBytes { tool: 1, needed: 40 })),
        (0, Some(InitError::PendingBytes { tool: 1, needed: 40 })),
    ] {
        let config = Config { epoch: EPOCH, pending_max, repeat_max: 0, ..Config::DEFAULT };
        let mut ring = trine_arena::Ring::new(&mut []);
        let (_, rx) = ring.split();
        let mut memory = vec![0; config.memory()];
        #[cfg(feature = "check")]
        let device = trine_dispatch::Device::new(config, &mut memory, rx, &TOOLS);
        #[cfg(not(feature = "check"))]
        let table = trine_descriptor::check::Checked::tools(&TOOLS).expect("a right table");
        #[cfg(not(feature = "check"))]
        let device = trine_dispatch::Device::with_checked(config, &mut memory, rx, table);
        let mut device = device.expect("the memory is enough");
        for _ in 0..4 {
            device.poll(0, 8, &mut Board::default());
        }
        assert_eq!(device.fault(), fault, "{pending_max}");
    }
}
