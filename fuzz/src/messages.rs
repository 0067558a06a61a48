//! What is inside of frames: messages of both sides, blocks, questions, records and values.

use trine_descriptor::record::Decoder;
use trine_descriptor::{Args, Side, ToolTable, ValueReader, explain, validate};
use trine_wire::message::block::{Block, Blocks};
use trine_wire::message::input::{Answer, Records, Request};
use trine_wire::message::{self, DeviceMessage, HostMessage, Outcome};

use crate::tools::{PACK, TOOLS};

/// What could be read is written so that it reads the same.
macro_rules! round {
    ($message:ident, $data:expr) => {
        if let Some(message) = message::read::<$message<'_>>($data) {
            // Whatever is longer than it could be was a longer way to say the same.
            let mut room = vec![0; $data.len() + 64];
            let len = message::write(&message, &mut room).expect("a message has room");
            assert_eq!(message::read::<$message<'_>>(&room[..len]), Some(message));
        }
    };
}

/// Reads the bytes as all of them.
pub fn run(data: &[u8]) {
    round!(HostMessage, data);
    round!(DeviceMessage, data);
    if let Some(DeviceMessage::Result { outcome, .. }) = message::read(data) {
        match outcome {
            Outcome::Blocks { bytes } => blocks(bytes),
            Outcome::NeedInput { requests, .. } => records(requests),
            _ => {}
        }
    }
    blocks(data);
    records(data);
    list(data);
    values(data);
}

fn blocks(data: &[u8]) {
    let read: Result<Vec<Block<'_>>, _> = Blocks::new(data).collect();
    let Ok(read) = read else { return };
    let mut bytes = Vec::new();
    for block in &read {
        let mut room = vec![0; data.len() + 64];
        let len = block.write(&mut room).expect("a block has room");
        bytes.extend_from_slice(&room[..len]);
    }
    let again: Result<Vec<Block<'_>>, _> = Blocks::new(&bytes).collect();
    assert_eq!(again.as_ref(), Ok(&read));
}

fn records(data: &[u8]) {
    let (Some(mut requests), Some(mut answers)) = (Records::new(data), Records::new(data)) else {
        return;
    };
    let before = requests.left();
    while let Some(Request { nodes, .. }) = requests.record() {
        let mut nodes = Decoder::new(nodes);
        for _ in 0..nodes.count().unwrap_or_default() {
            if nodes.node().is_none() {
                break;
            }
        }
    }
    while let Some(Answer { .. }) = answers.record() {}
    assert!(requests.left() <= before && answers.left() <= before);
}

/// A list of tool records, as a host reads it.
fn list(data: &[u8]) {
    let mut list = Decoder::new(data);
    while let Some(record) = list.record() {
        let mut record = Decoder::new(record);
        let Some(_) = record.info() else { continue };
        for _ in 0..2 {
            for _ in 0..record.count().unwrap_or_default() {
                if record.node().is_none() {
                    break;
                }
            }
        }
    }
}

/// Values of each tool: the same verdict from both kinds of table, a sentence for each fault, and
/// getters that find what was accepted.
fn values(data: &[u8]) {
    let mut reader = ValueReader::new(data);
    while matches!(reader.entry(), Ok(Some(_))) {}
    for tool in 0..TOOLS.count() {
        for side in [Side::Params, Side::Output] {
            let verdict = validate(&TOOLS, tool, side, data);
            assert_eq!(validate(&PACK, tool, side, data), verdict);
            if let Err(fault) = verdict {
                let mut text = Text(String::new());
                explain(&TOOLS, tool, side, fault, ("tool", "unknown"), &mut text);
                assert!(text.0.starts_with("tool: ") && text.0.len() > 12, "{}", text.0);
            } else if side == Side::Params {
                let of = |args: Args<'_>, node| args.get(node).map(|value| format!("{value:?}"));
                for node in 0..TOOLS.node_count(tool, side) {
                    let whole = of(Args::new(&TOOLS, tool, data), node);
                    assert_eq!(of(Args::new(&PACK, tool, data), node), whole);
                    let required = TOOLS.node(tool, side, node).is_some_and(|field| field.required);
                    assert!(whole.is_some() || !required);
                }
            }
        }
    }
}

struct Text(String);

impl trine_descriptor::TextSink for Text {
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }
}
