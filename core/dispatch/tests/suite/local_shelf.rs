//! Resources, prompts and completion for the clients of the program itself, and what they are told
//! of changes.

use trine_arena::Ring;
use trine_descriptor::lists::{Found, List};
use trine_descriptor::{
    Fault, FaultCode, Field, Kind, Lists, NO_NODE, Prompt, Resource, Shelf, Template, Tool,
    ToolInfo, ValueWriter,
};
use trine_dispatch::{
    Answer, Block, COMPLETION, Call, CallId, Completion, Config, Device, Local, News, PROMPT,
    Prompted, READ, RESOURCE, ReadRequest, Tools, block,
};
use trine_wire::message::{self, DeviceMessage, Outcome};

const WHO: [Field<'static>; 1] = [Field::new("who", Kind::Text { min: 1, max: 4 })];
static TOOLS: [Tool<'static>; 1] = [Tool::new(ToolInfo::new("rest", "Does nothing."), &[], &[])];
static SHELF: Shelf<'static> = Shelf {
    resources: &[Resource::new("a:1", "one"), Resource::new("a:2", "two")],
    templates: &[Template::new("plot://{name}/soil", "soil")],
    prompts: &[Prompt::new("greet", "Greets.", &WHO)],
    completes: true,
};
const CONFIG: Config<'static> =
    Config { local_max: 2, repeat_max: 40, deadline_ms: 500, ..Config::DEFAULT };

/// A program that answers everything as a test says, with a text.
struct Script {
    answer: Answer,
    text: &'static str,
    asked: Vec<String>,
    stopped: Vec<(u16, CallId)>,
}

impl Script {
    fn end(&mut self, asked: String, out: &mut ValueWriter<'_>) -> Answer {
        self.asked.push(asked);
        if !self.text.is_empty() {
            block(out, &Block::Text { text: self.text });
        }
        self.answer
    }
}

impl Tools for Script {
    fn call(&mut self, _: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        Answer::Failed("it rests")
    }

    fn stop(&mut self, tool: u16, id: CallId) {
        self.stopped.push((tool, id));
    }

    fn read_resource(&mut self, request: &ReadRequest<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let ReadRequest { now, deadline, uri, found, .. } = *request;
        self.end(format!("{uri} {found:?} {now} {deadline}"), out)
    }

    fn prompt(&mut self, request: &Prompted<'_>, out: &mut ValueWriter<'_>) -> Answer {
        assert!(request.state.is_empty() && request.answers.is_empty());
        let who = request.args.text(0).unwrap_or_default();
        self.end(format!("{} {who}", request.prompt), out)
    }

    fn complete(&mut self, request: &Completion<'_>, out: &mut ValueWriter<'_>) -> Answer {
        let Completion { of, index, node, text, .. } = *request;
        self.end(format!("{of} {index} {node} {text}"), out)
    }
}

struct Program {
    device: Device<'static>,
    script: Script,
}

impl Program {
    fn new() -> Self {
        Self::with(CONFIG, &SHELF)
    }

    fn with(config: Config<'static>, lists: &'static dyn Lists) -> Self {
        let ring = Box::leak(Box::new(Ring::new(vec![0; 64].leak())));
        let memory = vec![0; config.memory()].leak();
        let mut device = Device::new(config, memory, ring.split().1, &TOOLS).expect("memory");
        device.offer_lists(lists);
        let script = Script { answer: Answer::Blocks, text: "", asked: vec![], stopped: vec![] };
        let mut program = Self { device, script };
        program.poll(0);
        program
    }

    fn poll(&mut self, now: u64) {
        self.device.poll(now, 100, &mut self.script);
        assert_eq!(self.device.tx_peek(), [], "no host is there to be told");
    }

    fn read(&mut self, uri: &str) -> Local {
        self.device.local_read(uri, 1_000, &mut self.script, &mut [0; 16])
    }

    fn prompt(&mut self, prompt: u16, args: &[u8]) -> Local {
        self.device.local_prompt((prompt, args), 0, &mut self.script, &mut [0; 16])
    }

    fn complete(&mut self, of: u8, index: u16, node: u16) -> Local {
        let typed = (of, index, node, "n");
        self.device.local_complete(typed, 0, &mut self.script, &mut [0; 16])
    }

    /// What a request that was pending came to.
    fn outcome(&self, id: CallId) -> Option<Outcome<'_>> {
        match message::read(self.device.local_answer(id)?) {
            Some(DeviceMessage::Result { outcome, .. }) => Some(outcome),
            other => panic!("{other:?}"),
        }
    }
}

const GREET: &[u8] = &[0, 4, 3, b'A', b'd', b'a'];

#[test]
fn each_request_reaches_the_program_and_only_for_what_is_there() {
    let mut program = Program::new();
    program.script.text = "Hello.";
    assert_eq!(program.read("a:2"), Local::Blocks(9));
    assert_eq!(program.read("plot://north/soil"), Local::Blocks(9));
    assert_eq!(program.prompt(0, GREET), Local::Blocks(9));
    assert_eq!(program.complete(1, 0, 0), Local::Blocks(9));
    assert_eq!(program.complete(2, 0, 0), Local::Blocks(9));
    let asked = [
        format!("a:2 {:?} 1000 1500", Found::Resource(1)),
        format!("plot://north/soil {:?} 1000 1500", Found::Template(0)),
        "0 Ada".into(),
        "1 0 0 n".into(),
        "2 0 0 n".into(),
    ];
    assert_eq!(program.script.asked, asked);
    let missing = [
        program.read("a:3"),
        program.prompt(1, GREET),
        program.complete(1, 0, 1),
        program.complete(2, 1, 0),
    ];
    assert_eq!(missing, [Local::UnknownTool; 4]);
    let fault = program.prompt(0, &[]);
    assert!(matches!(fault, Local::Fault(fault) if fault.code == FaultCode::Missing));
    assert_eq!(program.script.asked.len(), 5);
}

#[test]
fn a_request_ends_as_the_program_answers() {
    let bad = |code| Local::BadResult(Fault::new(code, NO_NODE));
    let content = |len| Answer::Content { mime: "text/plain", len };
    for (answer, text, end) in [
        (Answer::Failed("it is off"), "x", Local::Failed("it is off")),
        (Answer::Blocks, "a text that is too long", bad(FaultCode::TooLong)),
        (Answer::Done, "x", bad(FaultCode::Malformed)),
        (content(0), "", bad(FaultCode::Malformed)),
        (Answer::NeedInput, "x", Local::NeedInput(4)),
    ] {
        let mut program = Program::new();
        (program.script.answer, program.script.text) = (answer, text);
        assert_eq!(program.read("a:1"), end);
    }
    let mut program = Program::new();
    program.script.answer = content(9);
    let Local::Content { mime: "text/plain", len: 9, .. } = program.read("a:1") else { panic!() };
}

#[test]
fn a_request_that_is_answered_later_has_one_of_the_programs_own_slots() {
    let mut program = Program::new();
    program.script.answer = Answer::Pending;
    let Local::Pending(read) = program.read("a:2") else { panic!() };
    let Local::Pending(prompt) = program.prompt(0, GREET) else { panic!() };
    assert_eq!(program.read("a:1"), Local::Busy);
    assert_eq!(program.script.asked.len(), 2, "the program was not asked");
    assert_eq!(program.device.local_tool(read), Some(RESOURCE + 1));
    assert_eq!(program.device.local_tool(prompt), Some(PROMPT));
    let answered = program.device.with_calls(|calls| {
        calls.answer(read, |out| {
            block(out, &Block::Text { text: "late" });
            Answer::Blocks
        })
    });
    assert_eq!(answered, Ok(()));
    let Some(Outcome::Blocks { bytes }) = program.outcome(read) else { panic!() };
    assert_eq!(bytes, [1, 5, 4, b'l', b'a', b't', b'e']);
    program.device.local_end(read, &mut program.script);
    let Local::Pending(other) = program.read("plot://a/soil") else { panic!() };
    assert_eq!(program.device.local_tool(other), Some(READ));
    // One that takes too long is over, and the program is told.
    program.poll(499);
    assert_eq!(program.outcome(prompt), None);
    program.poll(500);
    assert_eq!(program.outcome(prompt), Some(Outcome::Expired));
    assert_eq!(program.script.stopped, [(PROMPT, prompt)]);
    program.device.local_end(prompt, &mut program.script);
    let Local::Pending(complete) = program.complete(1, 0, 0) else { panic!() };
    program.device.local_end(complete, &mut program.script);
    assert_eq!(program.script.stopped[1..], [(COMPLETION, complete)]);
}

#[test]
fn a_request_is_not_answered_later_where_nothing_of_its_answer_could_be_kept() {
    let config = Config { pending_max: 0, repeat_max: 0, ..CONFIG };
    let mut program = Program::with(config, &SHELF);
    program.script.answer = Answer::Pending;
    let malformed = Local::BadResult(Fault::new(FaultCode::Malformed, NO_NODE));
    // Else the second of them would find no slot, and the third.
    assert_eq!([(); 3].map(|()| program.read("a:1")), [malformed; 3]);
}

/// More resources than have a number of their own: the address is the number.
struct Archive;

impl Lists for Archive {
    fn counts(&self) -> [u16; 3] {
        [u16::MAX, 0, 0]
    }

    fn resource(&self, _: u16) -> Option<Resource<'_>> {
        None
    }

    fn template(&self, _: u16) -> Option<Template<'_>> {
        None
    }

    fn prompt(&self, _: u16) -> Option<Prompt<'_>> {
        None
    }

    fn find(&self, uri: &str) -> Option<Found> {
        uri.parse().ok().map(Found::Resource)
    }
}

#[test]
fn the_number_of_a_request_is_that_of_no_other_kind() {
    assert_eq!([READ, PROMPT, COMPLETION], [0xfffe, 0xfffd, 0xfffc]);
    let mut program = Program::with(CONFIG, &Archive);
    program.script.answer = Answer::Pending;
    for (index, number) in [
        (0, RESOURCE),
        (0x3fef, RESOURCE + 0x3fef),
        (0x3ff0, READ),
        (0x3ffc, READ),
        (u16::MAX, READ),
    ] {
        let Local::Pending(id) = program.read(&index.to_string()) else { panic!("{index}") };
        assert_eq!(program.device.local_tool(id), Some(number), "{index}");
        program.device.local_end(id, &mut program.script);
    }
}

#[test]
fn changes_are_kept_for_clients_and_no_address_is_cut() {
    let mut program = Program::new();
    assert_eq!(program.device.news_max(), None);
    program.device.keep_news(vec![0; 300].leak());
    assert_eq!(program.device.news_max(), Some(287));
    let seen = program.device.next_news();
    let long = "u".repeat(287);
    for _ in 0..50 {
        assert_eq!(program.device.resource_changed("a:1"), Ok(()), "no host keeps it waiting");
    }
    assert_eq!(program.device.resource_changed(&long), Ok(()));
    let (number, news) = program.device.news(seen).unwrap();
    assert_eq!(news, News::Changed { list: 0, uri: &long });
    assert_eq!(program.device.list_changed(List::Prompts), Ok(()));
    let (last, news) = program.device.news(number + 1).unwrap();
    assert_eq!((last, news), (number + 1, News::Changed { list: 3, uri: "" }));
    assert_eq!(program.device.resource_changed(&format!("{long}u")), Ok(()));
    assert_eq!(program.device.news(last + 1), None, "what finds no room is not kept in part");
    program.poll(1);
}
