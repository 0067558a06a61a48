//! Resources and a prompt by derives: constant content of any length needs no code of the program.

use trine_derive::{Choice, Prompt, Resources};
use trine_descriptor::lists::Found;
use trine_descriptor::resources::Constant;
use trine_descriptor::{
    Prompt, Resource, Resources, Shelf, Template, Tool, ToolInfo, ToolParams, ValueWriter,
};
use trine_dispatch::{
    Answer, Block, Call, CallId, Prompted, READ, RESOURCE, ReadRequest, Tools, block,
    constant_piece, read_constant,
};
use trine_wire::message::block::Blocks;
use trine_wire::message::{self, DeviceMessage, HostMessage, Outcome};

use crate::bench::{CONFIG, SESSION, SLOTS};
use crate::harness::LinkHarness;

static TOOLS: [Tool<'static>; 1] = [Tool::new(ToolInfo::new("rest", "Does nothing."), &[], &[])];

/// Longer than any message of the device.
const LONG: &[u8] = &[7; 3_000];

#[derive(Clone, Copy, Debug, PartialEq, Resources)]
enum Files {
    /// How to run the well.
    #[trine(uri = "skill://well/SKILL.md", mime = "text/markdown", text = "# The well\n")]
    Manual,
    /// A picture of it.
    #[trine(uri = "well://picture", mime = "image/png", bytes = LONG)]
    Picture,
    /// The last switches.
    #[trine(uri = "well://log", mime = "text/plain")]
    Log,
    /// How full a tank is.
    #[trine(template = "well://tank/{name}", mime = "text/plain")]
    Tank,
}

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Length {
    Short,
    Long,
}

/// Asks whether a tank needs water.
#[derive(Prompt)]
struct Inspect<'a> {
    /// Which tank.
    #[trine(max_len = 8)]
    tank: &'a str,
    /// How long the answer is.
    answer: Option<Length>,
}

static PROMPTS: [Prompt<'static>; 1] = [Inspect::PROMPT];
static SHELF: Shelf<'static> = Shelf {
    resources: Files::RESOURCES,
    templates: Files::TEMPLATES,
    prompts: &PROMPTS,
    completes: false,
};

struct Well;

impl Tools for Well {
    fn call(&mut self, _: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        Answer::Failed("it rests")
    }

    fn read_resource(&mut self, request: &ReadRequest<'_>, out: &mut ValueWriter<'_>) -> Answer {
        if let Some(answer) = read_constant::<Files>(request, out) {
            return answer;
        }
        let bytes: &[u8] = match Files::found(request.found) {
            Some(Files::Log) => b"switch 1: on",
            Some(Files::Tank) => b"120 litres",
            _ => return Answer::Failed("there is no such resource"),
        };
        block(out, &Block::Embedded { uri: request.uri, mime: "text/plain", what: 0, bytes });
        Answer::Blocks
    }

    fn read(&mut self, tool: u16, _: CallId, offset: u32, out: &mut [u8]) -> usize {
        constant_piece::<Files>(tool, offset, out).unwrap_or(0)
    }

    fn prompt(&mut self, request: &Prompted<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let Some(Inspect { tank, answer }) = Inspect::read(&request.args) else {
            return Answer::Failed("no tank");
        };
        let text = format!("{tank} {answer:?}");
        block(out, &Block::Text { text: &text });
        Answer::Blocks
    }
}

fn well() -> LinkHarness<Well> {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Well);
    harness.device.offer_lists(&SHELF);
    harness.send_hello(SESSION);
    harness
}

/// The one block of an answer.
fn answered(harness: &mut LinkHarness<Well>, message: &HostMessage<'_>) -> String {
    harness.send(message);
    let heard = harness.hear_raw();
    let Some(DeviceMessage::Result { outcome: Outcome::Blocks { bytes }, .. }) =
        message::read(&heard[0])
    else {
        panic!("{heard:?}")
    };
    let block = Blocks::new(bytes).next().expect("one block").expect("it can be read");
    format!("{block:?}")
}

#[test]
fn resources_of_an_enum_are_read_by_their_variant_or_from_flash() {
    let mut harness = well();
    let read = |id, uri| HostMessage::Read { id: id + SLOTS, uri };
    let embedded =
        |uri, mime, bytes: &[u8]| format!("{:?}", Block::Embedded { uri, mime, what: 0, bytes });
    let manual = "skill://well/SKILL.md";
    let wanted = embedded(manual, "text/markdown", b"# The well\n");
    assert_eq!(answered(&mut harness, &read(1, manual)), wanted);
    let wanted = embedded("well://log", "text/plain", b"switch 1: on");
    assert_eq!(answered(&mut harness, &read(2, "well://log")), wanted);
    let wanted = embedded("well://tank/north", "text/plain", b"120 litres");
    assert_eq!(answered(&mut harness, &read(3, "well://tank/north")), wanted);
}

#[test]
fn constant_content_of_any_length_comes_in_chunks() {
    let mut harness = well();
    harness.send(&HostMessage::Read { id: 1 + SLOTS, uri: "well://picture" });
    let mut heard = harness.hear_raw();
    for _ in 0..100 {
        heard.extend(harness.hear_raw());
    }
    let announced = DeviceMessage::Result {
        id: 1 + SLOTS,
        outcome: Outcome::Content { mime: "image/png", len: 3_000 },
    };
    assert_eq!(
        format!("{:?}", message::read::<DeviceMessage<'_>>(&heard[0]).expect("a message")),
        format!("{announced:?}")
    );
    let mut content = Vec::new();
    for chunk in &heard[1..] {
        let Some(DeviceMessage::Chunk { offset, bytes, .. }) = message::read(chunk) else {
            panic!("{chunk:?}")
        };
        assert_eq!(offset as usize, content.len());
        content.extend_from_slice(bytes);
    }
    assert_eq!(content, LONG);
    // What is no constant resource has no such pieces.
    let mut place = [0; 4];
    for tool in [0, 9, RESOURCE + 2, RESOURCE + 3, u16::MAX] {
        assert_eq!(constant_piece::<Files>(tool, 0, &mut place), None, "{tool}");
    }
    let picture = RESOURCE + 1;
    assert_eq!(constant_piece::<Files>(picture, 2_998, &mut place), Some(2));
    assert_eq!(constant_piece::<Files>(picture, u32::MAX, &mut place), Some(0));
}

/// A resource of every number, with constant content.
#[derive(Clone, Copy)]
struct Endless;

impl Resources for Endless {
    const RESOURCES: &'static [Resource<'static>] = &[];
    const TEMPLATES: &'static [Template<'static>] = &[];

    fn found(found: Found) -> Option<Self> {
        matches!(found, Found::Resource(_)).then_some(Self)
    }

    fn mime(self) -> &'static str {
        ""
    }

    fn content(self) -> Option<Constant> {
        Some(Constant::Text("text"))
    }
}

#[test]
fn what_has_no_number_of_its_own_has_no_constant_content() {
    let piece = |tool| constant_piece::<Endless>(tool, 1, &mut [0; 9]);
    assert_eq!([RESOURCE, RESOURCE + 0x3fef].map(piece), [Some(3); 2]);
    assert_eq!([0, RESOURCE - 1, READ, u16::MAX].map(piece), [None; 4]);
}

#[test]
fn a_prompt_reads_its_arguments_as_a_struct() {
    let mut harness = well();
    let args = [0, 4, 1, b'n', 1, 5, 1];
    let message =
        HostMessage::Prompt { id: 1 + SLOTS, prompt: 0, args: &args, state: &[], answers: &[] };
    let wanted = format!("{:?}", Block::Text { text: "n Some(Long)" });
    assert_eq!(answered(&mut harness, &message), wanted);
    assert_eq!(Length::Short as u16, 0);
}
