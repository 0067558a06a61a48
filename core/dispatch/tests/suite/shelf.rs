//! Resources, prompts and completion: listed in pages, answered once each, and changed.

use trine_descriptor::lists::{self, List};
use trine_descriptor::{
    Field, Kind, Prompt, Resource, Shelf, Template, Tool, ToolInfo, ValueWriter,
};
use trine_dispatch::{
    Answer, Block, Call, CallId, Calls, Completion, NotNow, Prompted, ReadRequest, Request, Tools,
    ask, block,
};
use trine_wire::message::{self, DeviceMessage, HostMessage, Outcome, feature, what};

use crate::bench::{CONFIG, SESSION, SLOTS};
use crate::harness::LinkHarness;

const WHO: [Field<'static>; 1] = [Field::new("who", Kind::Text { min: 1, max: 4 })];
static TOOLS: [Tool<'static>; 1] = [Tool::new(ToolInfo::new("rest", "Does nothing."), &[], &[])];
static SHELF: Shelf<'static> = Shelf {
    resources: &[
        Resource::new("board://manual", "manual").describe("How it works.").of("text/plain", 9),
        Resource::new("board://slow", "slow"),
    ],
    templates: &[Template::new("plot://{name}/soil", "soil")],
    prompts: &[Prompt::new("greet", "Greets.", &WHO)],
    completes: true,
};

/// What the program was asked, and what is still to be answered.
#[derive(Default)]
struct Library {
    asked: Vec<String>,
    slow: Option<CallId>,
    stopped: Vec<u16>,
    ripe: bool,
}

impl Tools for Library {
    fn call(&mut self, _: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        Answer::Failed("it rests")
    }

    fn tick(&mut self, _: u64, calls: &mut Calls<'_, '_>) -> u64 {
        if self.ripe
            && let Some(id) = self.slow.take()
        {
            let answered = calls.answer(id, |out| {
                block(out, &Block::Text { text: "late" });
                Answer::Blocks
            });
            assert_eq!(answered, Ok(()));
        }
        u64::MAX
    }

    fn stop(&mut self, tool: u16, id: CallId) {
        self.slow.take_if(|slow| *slow == id);
        self.stopped.push(tool);
    }

    fn read_resource(&mut self, request: &ReadRequest<'_>, out: &mut ValueWriter<'_>) -> Answer {
        self.asked.push(format!("read {}", request.uri));
        if request.uri == "board://slow" {
            self.slow = Some(request.id);
            return Answer::Pending;
        }
        let (uri, mime) = (request.uri, "text/plain");
        block(out, &Block::Embedded { uri, mime, what: 0, bytes: b"Turn on." });
        Answer::Blocks
    }

    fn prompt(&mut self, request: &Prompted<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let who = request.args.text(0).unwrap_or_default();
        self.asked.push(format!("prompt {} {who}", request.prompt));
        if who == "ask" && request.answers.is_empty() {
            return ask(out, b"kept", &[Request { name: "how", ..Request::default() }]);
        }
        if who == "ask" {
            assert_eq!((request.state, request.answers), (&b"kept"[..], &b"\x00"[..]));
        }
        block(out, &Block::Text { text: "Hello." });
        Answer::Blocks
    }

    fn complete(&mut self, request: &Completion<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let Completion { of, index, node, text, .. } = *request;
        self.asked.push(format!("complete {of} {index} {node} {text}"));
        block(out, &Block::Text { text: "Ada" });
        Answer::Blocks
    }
}

fn library() -> LinkHarness<Library> {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Library::default());
    harness.device.offer_lists(&SHELF);
    harness.send_hello(SESSION);
    harness
}

/// What a hello says of the lists.
fn told(harness: &mut LinkHarness<Library>) -> u32 {
    harness.plain(&HostMessage::Hello(message::HostHello {
        wire: 1,
        nonce: 9,
        session: SESSION,
        ..Default::default()
    }));
    let hello = harness.hear_raw();
    let Some(DeviceMessage::Hello(hello)) = message::read(&hello[0]) else { panic!("{hello:?}") };
    hello.features & (feature::RESOURCES | feature::PROMPTS | feature::COMPLETE)
}

fn heard(harness: &mut LinkHarness<Library>) -> Vec<String> {
    let heard = harness.hear_raw();
    let read =
        |bytes: &Vec<u8>| said(&message::read::<DeviceMessage<'_>>(bytes).expect("a message"));
    heard.iter().map(read).collect()
}

fn said(message: &DeviceMessage<'_>) -> String {
    format!("{message:?}")
}

fn prompt(id: u32, prompt: u16, args: &[u8]) -> HostMessage<'_> {
    HostMessage::Prompt { id: id + SLOTS, prompt, args, state: &[], answers: &[] }
}

fn result(id: u32, outcome: Outcome<'_>) -> String {
    said(&DeviceMessage::Result { id: id + SLOTS, outcome })
}

fn blocks(write: &Block<'_>) -> Vec<u8> {
    let mut bytes = [0; 64];
    let mut out = ValueWriter::new(&mut bytes);
    block(&mut out, write);
    let len = out.len();
    bytes[..len].to_vec()
}

/// Arguments of the prompt.
fn who(name: &str) -> Vec<u8> {
    let mut bytes = [0; 64];
    let mut out = ValueWriter::new(&mut bytes);
    out.text(0, name);
    let len = out.len();
    bytes[..len].to_vec()
}

#[test]
fn hosts_are_told_of_the_lists_and_get_them_in_pages() {
    let mut harness = library();
    assert_eq!(told(&mut harness), feature::RESOURCES | feature::PROMPTS | feature::COMPLETE);
    let kinds = [
        (what::RESOURCES, List::Resources),
        (what::TEMPLATES, List::Templates),
        (what::PROMPTS, List::Prompts),
    ];
    for (number, list) in kinds {
        let mut whole = vec![0; lists::page(&SHELF, list, 0, &mut [])];
        lists::page(&SHELF, list, 0, &mut whole);
        let mut fetched = Vec::new();
        while fetched.len() < whole.len() {
            let offset = fetched.len() as u32;
            harness.send(&HostMessage::List { offset, max: 7, what: number });
            let heard = harness.hear_raw();
            let Some(DeviceMessage::Page { offset: at, total, bytes, what }) =
                message::read(&heard[0])
            else {
                panic!("{heard:?}")
            };
            assert_eq!((at, total as usize, what), (offset, whole.len(), number));
            assert!(!bytes.is_empty() && bytes.len() <= 7);
            fetched.extend_from_slice(bytes);
        }
        assert_eq!(fetched, whole, "{list:?}");
    }
}

#[test]
fn hosts_are_told_of_no_list_that_is_empty() {
    let Shelf { resources, templates, prompts, .. } = SHELF;
    for (shelf, features) in [
        (Shelf::EMPTY, 0),
        (Shelf { resources, ..Shelf::EMPTY }, feature::RESOURCES),
        (Shelf { templates, ..Shelf::EMPTY }, feature::RESOURCES),
        (Shelf { prompts, ..Shelf::EMPTY }, feature::PROMPTS),
        (Shelf { completes: true, ..Shelf::EMPTY }, feature::COMPLETE),
        (Shelf { completes: false, ..SHELF }, feature::RESOURCES | feature::PROMPTS),
    ] {
        let mut harness = LinkHarness::new(CONFIG, &TOOLS, Library::default());
        harness.device.offer_lists(Box::leak(Box::new(shelf)));
        assert_eq!(told(&mut harness), features, "{shelf:?}");
    }
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Library::default());
    assert_eq!(told(&mut harness), 0, "without lists");
}

#[test]
fn a_device_has_started_once_it_was_polled() {
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Library::default());
    harness.device.offer_lists(&SHELF);
    assert!(!harness.device.has_started(), "lists may still be offered");
    harness.hear_raw();
    assert!(harness.device.has_started());
}

#[test]
fn each_request_is_answered_once_and_the_same_when_it_comes_again() {
    let mut harness = library();
    let uri = "board://manual";
    let manual = Block::Embedded { uri, mime: "text/plain", what: 0, bytes: b"Turn on." };
    let manual = [result(1, Outcome::Blocks { bytes: &blocks(&manual) })];
    for _ in 0..2 {
        harness.send(&HostMessage::Read { id: 1 + SLOTS, uri });
        assert_eq!(heard(&mut harness), manual);
    }
    harness.send(&prompt(2, 0, &who("Ada")));
    let hello = blocks(&Block::Text { text: "Hello." });
    assert_eq!(heard(&mut harness), [result(2, Outcome::Blocks { bytes: &hello })]);
    let complete = HostMessage::Complete { id: 3 + SLOTS, of: 2, index: 0, node: 0, text: "A" };
    harness.send(&complete);
    let ada = blocks(&Block::Text { text: "Ada" });
    assert_eq!(heard(&mut harness), [result(3, Outcome::Blocks { bytes: &ada })]);
    let asked = ["read board://manual", "prompt 0 Ada", "complete 2 0 0 A"];
    assert_eq!(harness.tools.asked, asked);
}

#[test]
fn a_prompt_that_asks_goes_on_with_its_state_and_the_answers() {
    let mut harness = library();
    harness.send(&prompt(1, 0, &who("ask")));
    let asked = heard(&mut harness);
    assert!(asked[0].contains("NeedInput { state: [107, 101, 112, 116]"), "{asked:?}");
    harness.send(&HostMessage::Prompt {
        id: 2 + SLOTS,
        prompt: 0,
        args: &who("ask"),
        state: b"kept",
        answers: &[0],
    });
    let hello = blocks(&Block::Text { text: "Hello." });
    assert_eq!(heard(&mut harness), [result(2, Outcome::Blocks { bytes: &hello })]);
    assert_eq!(harness.tools.asked, ["prompt 0 ask"; 2]);
}

#[test]
fn what_is_not_there_or_not_right_never_reaches_the_program() {
    let mut harness = library();
    for uri in ["board://", "board://manual/", "plot:///soil", "plot://a/b/soil", ""] {
        harness.send(&HostMessage::Read { id: 1 + SLOTS, uri });
        assert_eq!(heard(&mut harness), [result(1, Outcome::UnknownTool)], "{uri}");
    }
    harness.send(&prompt(1, 1, &[]));
    assert_eq!(heard(&mut harness), [result(1, Outcome::UnknownTool)]);
    for (id, args) in [(2, vec![]), (3, who("Adams"))] {
        harness.send(&prompt(id, 0, &args));
        let heard = heard(&mut harness);
        assert!(heard[0].contains("Fault"), "{heard:?}");
    }
    assert!(harness.tools.asked.is_empty());
    harness.send(&HostMessage::Read { id: 4 + SLOTS, uri: "plot://north/soil" });
    heard(&mut harness);
    assert_eq!(harness.tools.asked, ["read plot://north/soil"]);
    // A device without lists knows no such messages.
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Library::default());
    harness.send_hello(SESSION);
    harness.send(&HostMessage::Read { id: 1 + SLOTS, uri: "board://manual" });
    assert_eq!(heard(&mut harness), [said(&DeviceMessage::Unsupported { kind: 6 })]);
}

#[test]
fn an_address_that_is_no_utf8_or_is_cut_never_reaches_the_program() {
    let mut harness = library();
    let id = (1 + SLOTS) as u8;
    for bytes in [&[6, id, 3, b'a', b':', 0xff][..], &[6, id, 5, b'a', b':'], &[6]] {
        harness.send_raw(bytes);
        let unsupported = said(&DeviceMessage::Unsupported { kind: 6 });
        assert_eq!(heard(&mut harness), [unsupported], "{bytes:?}");
    }
    assert!(harness.tools.asked.is_empty());
    harness.send(&HostMessage::Read { id: 1 + SLOTS, uri: "board://manual" });
    heard(&mut harness);
    assert_eq!(harness.tools.asked, ["read board://manual"]);
}

#[test]
fn nothing_is_completed_of_what_is_not_there() {
    let mut harness = library();
    let complete =
        |id, of, index, node| HostMessage::Complete { id: id + SLOTS, of, index, node, text: "A" };
    let bad = [(0, 1, 0), (1, 1, 0), (1, 0, 1), (2, 1, 0), (2, 0, 1), (3, 0, 0), (2, 9, u16::MAX)];
    for (of, index, node) in bad {
        harness.send(&complete(1, of, index, node));
        let said = heard(&mut harness);
        assert_eq!(said, [result(1, Outcome::UnknownTool)], "{of} {index} {node}");
    }
    assert!(harness.tools.asked.is_empty());
    for (id, of) in [(2, 0), (3, 1), (4, 2)] {
        harness.send(&complete(id, of, 0, 0));
        heard(&mut harness);
    }
    assert_eq!(harness.tools.asked, ["complete 0 0 0 A", "complete 1 0 0 A", "complete 2 0 0 A"]);
    // Nor anything by a device that does not complete.
    static SILENT: Shelf<'static> = Shelf { completes: false, ..SHELF };
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Library::default());
    harness.device.offer_lists(&SILENT);
    harness.send_hello(SESSION);
    for of in 0..3 {
        harness.send(&complete(1, of, 0, 0));
        assert_eq!(heard(&mut harness), [result(1, Outcome::UnknownTool)], "{of}");
    }
    assert!(harness.tools.asked.is_empty());
}

#[test]
fn a_request_is_answered_later_or_stopped_when_no_one_waits_for_it() {
    let mut harness = library();
    let read = |id| HostMessage::Read { id: id + SLOTS, uri: "board://slow" };
    harness.send(&read(1));
    assert_eq!(heard(&mut harness), Vec::<String>::new());
    harness.tools.ripe = true;
    let late = blocks(&Block::Text { text: "late" });
    assert_eq!(heard(&mut harness), [result(1, Outcome::Blocks { bytes: &late })]);
    harness.tools.ripe = false;
    harness.send(&read(2));
    heard(&mut harness);
    harness.send(&HostMessage::Cancel { id: 2 + SLOTS });
    assert_eq!(heard(&mut harness), [result(2, Outcome::Cancelled)]);
    assert_eq!(harness.tools.stopped, [trine_dispatch::RESOURCE + 1]);
    // Without a session nothing is read.
    let mut harness = LinkHarness::new(CONFIG, &TOOLS, Library::default());
    harness.device.offer_lists(&SHELF);
    harness.send(&read(1));
    assert_eq!(heard(&mut harness), [result(1, Outcome::Stale)]);
}

#[test]
fn changes_are_told_where_there_is_room() {
    let mut harness = library();
    assert_eq!(harness.device.resource_changed("board://manual"), Ok(()));
    assert_eq!(harness.device.list_changed(List::Prompts), Ok(()));
    let event = |seq, tool, text, what| said(&DeviceMessage::Event { seq, tool, text, what });
    assert_eq!(heard(&mut harness), [event(1, 0, "board://manual", 2), event(2, 3, "", 1)]);
    let told = (0..1000).take_while(|_| harness.device.list_changed(List::Resources).is_ok());
    let told = told.count();
    assert!((1..1000).contains(&told), "{told}");
    assert_eq!(harness.device.resource_changed("board://manual"), Err(NotNow));
    assert_eq!(heard(&mut harness).len(), told);
    assert_eq!(harness.device.list_changed(List::Templates), Ok(()));
    assert_eq!(heard(&mut harness), [event(told as u32 + 3, 2, "", 1)]);
    // An address may be as long as a result, but for what is around it.
    let long = "u".repeat(240);
    assert_eq!(harness.device.resource_changed(&long), Ok(()));
    assert_eq!(heard(&mut harness), [event(told as u32 + 4, 0, &long, 2)]);
    let long = "u".repeat(CONFIG.memory());
    assert_eq!(harness.device.resource_changed(&long), Err(NotNow));
}
