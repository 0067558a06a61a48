use std::sync::{Arc, Mutex};

use trine_arena::Ring;
use trine_descriptor::value::{Item, tag};
use trine_descriptor::{DecimalRange, Field, IntRange, Kind, Side, Tool, ToolInfo, ValueWriter};
use trine_dispatch::{Answer, Call, Config, Device, Identity, Tools};
use trine_mcp::Outcome;
use trine_wire::message::Status;

use super::super::{Cost, Driven, Waiter};
use super::{Size, Sizes, largest, proposed};
use crate::State;
use crate::link::Framing;
use crate::settings::Settings;

static PARAMS: [Field<'static>; 8] = [
    Field::new("words", Kind::Text { min: 0, max: 30 }).describe("It."),
    Field::new("zone", Kind::Choice("north|south|east")).describe("It."),
    Field::new("much", Kind::Int(IntRange { min: -70, max: 60 })).describe("It."),
    Field::new("heat", Kind::Decimal(DecimalRange { min: 0, max: 9_000, step: 1, places: 1 }))
        .describe("It."),
    Field::new("now", Kind::Bool).describe("It."),
    Field::new("spots", Kind::Array { nodes: 2, min: 0, max: 3 }).describe("It."),
    Field::new("", Kind::Object { nodes: 1 }),
    Field::new("at", Kind::Int(IntRange { min: 0, max: 63 })).describe("It."),
];
const OUTPUT: [Field<'static>; 2] = [
    Field::new("said", Kind::Text { min: 0, max: 20 }).describe("It."),
    Field::new("count", Kind::Int(IntRange::OPEN)).describe("It."),
];
static TOOLS: [Tool<'static>; 2] = [
    Tool::new(ToolInfo::new("spray", "Spray."), &PARAMS, &OUTPUT),
    Tool::new(ToolInfo::new("rest", "Rest."), &[], &OUTPUT),
];

/// The largest arguments of the first tool.
fn largest_arguments(room: &mut [u8]) -> usize {
    let words = "🌱".repeat(30);
    let mut items = vec![
        (0, tag::TEXT, 0, words.as_bytes()),
        (1, tag::LABEL, 2, &[][..]),
        (2, tag::INT, -70, &[]),
        (3, tag::DECIMAL, 9_000, &[]),
        (4, tag::BOOL, 1, &[]),
        (5, tag::ARRAY, 3, &[]),
    ];
    for _ in 0..3 {
        items.extend([(6, tag::OBJECT, 0, &[][..]), (7, tag::INT, 63, &[])]);
    }
    let mut out = ValueWriter::new(room);
    for (node, tag, number, text) in items {
        out.item(&Item { node, tag, number, text });
    }
    assert!(!out.overflowed());
    out.len()
}

#[test]
fn the_largest_values_of_a_tool_take_as_many_bytes_as_its_bounds_say() {
    let bytes = largest_arguments(&mut [0; 512]);
    assert_eq!(largest(&TOOLS[..], 0, Side::Params), Some(bytes as u64));
    assert_eq!(largest(&TOOLS[..], 1, Side::Params), Some(0));
    // Of a text 1 + 1 + 1 + 80, of a number 1 + 1 + 10.
    assert_eq!(largest(&TOOLS[..], 0, Side::Output), Some(95));
}

#[test]
fn values_without_a_bound_have_no_largest_size() {
    let open = [
        [Field::new("text", Kind::Text { min: 0, max: u16::MAX }), Field::new("", Kind::Bool)],
        [Field::new("list", Kind::Array { nodes: 1, min: 0, max: u8::MAX }), OUTPUT[1]],
    ];
    for nodes in &open {
        let tools = [Tool::new(ToolInfo::new("open", "Open."), &[], nodes)];
        assert_eq!(largest(&tools[..], 0, Side::Output), None);
    }
}

/// Answers each call with its largest result.
struct Most;

impl Tools for Most {
    fn call(&mut self, _: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        out.text(0, &"🌱".repeat(20));
        out.int(1, i64::MIN);
        Answer::Done
    }
}

/// Counts what calls come to.
#[derive(Default)]
struct Ends(Mutex<(usize, Vec<String>)>);

impl Waiter for Ends {
    fn done(&self, _: u64, outcome: Outcome<'_>, _: Cost) {
        let mut ends = self.0.lock().unwrap();
        match outcome {
            Outcome::Value(_) => ends.0 += 1,
            other => ends.1.push(format!("{other:?}")),
        }
    }
}

/// A device of these sizes under the same load: the longest calls, four at a time, polled now and
/// then. What calls came to, and the sizes that are enough.
fn run(config: Config<'_>, rx: usize, memory: usize) -> ((usize, Vec<String>), Sizes, Status) {
    let (mut memory, mut bytes) = (vec![0; memory], vec![0; rx]);
    let mut ring = Ring::new(&mut bytes);
    let (mut uart, received) = ring.split();
    let mut device = Device::new(config, &mut memory, received, &TOOLS).unwrap();
    let mut host = Driven::new(Framing::Stream, Settings::none());
    let ends = Arc::new(Ends::default());
    let waiter: Arc<dyn Waiter> = Arc::clone(&ends) as _;
    let mut room = [0; 512];
    let length = largest_arguments(&mut room);
    host.link(0);
    let (mut started, mut table) = (0, None);
    for now in 0..4_000 {
        if now % 50 == 0 && host.state() == State::Online && started < 80 {
            table = host.table();
            for row in [0, 1, 0, 1] {
                let args = if row == 0 { &room[..length] } else { &[] };
                let table = table.as_ref().unwrap();
                // One that is refused is told so.
                host.call(table, row, args, (&waiter, started), now);
                started += 1;
            }
        }
        host.tick(now);
        while let Some(piece) = host.take_sent() {
            uart.push(&piece);
        }
        // A tool that takes its time: what comes meanwhile waits.
        if now % 5 == 0 {
            device.poll(now, 8, &mut Most);
            let sent = device.tx_peek().to_vec();
            device.tx_consume(sent.len());
            host.receive(&sent, now);
        }
    }
    assert_eq!(device.fault(), None);
    assert_eq!(started, 80);
    let status = device.status(4_000);
    let sizes = proposed(host.protocol(), &status, &*table.unwrap());
    let ends = std::mem::take(&mut *ends.0.lock().unwrap());
    (ends, sizes, status)
}

#[test]
fn a_device_with_the_proposed_sizes_serves_the_same_load_in_less_memory() {
    let identity = Identity { vendor: "acme", product: "bed", serial: "1", ..Identity::default() };
    let ample =
        Config { identity, message_max: 1_024, result_max: 900, calls_max: 8, ..Config::DEFAULT };
    let (before, sizes, _) = run(ample, 2_048, ample.memory() + 333);
    assert_eq!(before, (80, Vec::new()));
    assert_eq!((sizes.calls, sizes.bytes_lost), (80, 0));
    let size = |sizes: &Sizes, name: &str| {
        sizes.sizes.iter().find(|size| size.name == name).unwrap().clone()
    };
    let named = |name: &str| size(&sizes, name).proposed as usize;
    assert_eq!(size(&sizes, "message_max").now, 1_024);
    assert_eq!((size(&sizes, "rx_bytes").now, size(&sizes, "calls_max").now), (2_048, 8));
    let short = |name: &str| named(name) as u16;
    let small = Config {
        message_max: short("message_max"),
        result_max: short("result_max"),
        calls_max: named("calls_max") as u8,
        ..ample
    };
    let (after, again, status) = run(small, named("rx_bytes"), small.memory());
    assert_eq!(after, before);
    assert_eq!(status.bytes_lost, 0);
    let less = ample.memory() + 333 - small.memory() + 2_048 - named("rx_bytes");
    assert!(less >= sizes.saved() as usize && sizes.saved() > 2_500, "{less} {sizes:?}");
    // What is enough is enough, but fewer calls are on their way at a time now.
    for Size { name, now, proposed, .. } in again.sizes {
        assert!(proposed + 8 > now || name == "rx_bytes", "{name}: {proposed} of {now}");
    }
}

#[test]
fn sizes_that_are_too_small_are_said_to_be_so_and_never_made_smaller() {
    let small = Config { message_max: 100, result_max: 64, calls_max: 1, ..Config::DEFAULT };
    let (ends, sizes, _) = run(small, 90, small.memory());
    assert!(!ends.1.is_empty(), "{ends:?}");
    let said = |name: &str| {
        let size = sizes.sizes.iter().find(|size| size.name == name).unwrap();
        (size.proposed >= size.now, size.why.clone())
    };
    let (kept, why) = said("message_max");
    assert!(kept && why.contains("calls of spray may take"), "{why}");
    let (kept, why) = said("result_max");
    assert!(kept && why.contains("may take 95 bytes"), "{why}");
    let (kept, _) = said("calls_max");
    assert!(kept);
    let (kept, _) = said("rx_bytes");
    assert!(kept);
}
