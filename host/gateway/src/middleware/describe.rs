//! What a message says, in one line for a person.

use std::fmt::Write as _;

use trine_descriptor::value::{Scalar, ValueReader};
use trine_descriptor::{FaultCode, Kind, Side, ToolTable};
use trine_wire::message::{self, DeviceMessage, Hello, HostHello, HostMessage, Outcome};

use super::capture::Hex;
use crate::sanitize;
use crate::table::Table;

/// Longest part of bytes that are shown.
const BYTES_SHOWN: usize = 24;
/// Most bytes of a list that are kept to learn names from.
const LIST_MAX: usize = 256 * 1024;

/// Reads messages of both sides and learns the names of tools from the lists that go by.
#[derive(Debug, Default)]
pub(super) struct MessageReader {
    list: Vec<u8>,
    table: Option<Table>,
    /// Tools of calls under way, so that a result can be read: the last few ids.
    calls: std::collections::VecDeque<(u32, u16)>,
    /// The device has a key: its messages, and those to it but for hellos, end with a tag.
    keyed: bool,
}

/// Kinds that may come without a tag although the device has a key.
const HELLO: u8 = 0;
const PROVISION: u8 = 11;

/// The message before counter and tag, and the counter.
fn untagged(bytes: &[u8]) -> Option<(&[u8], u32)> {
    let (rest, _) = bytes.split_last_chunk::<16>()?;
    let (message, counter) = rest.split_last_chunk::<4>()?;
    (!message.is_empty()).then(|| (message, u32::from_le_bytes(*counter)))
}

impl MessageReader {
    /// What a message from the host says, in one line that is fit for a terminal.
    pub(super) fn host_says(&mut self, bytes: &[u8]) -> String {
        sanitize::terminal_text(&self.host(bytes)).into_owned()
    }

    /// What a message from the device says, in the same way.
    pub(super) fn device_says(&mut self, bytes: &[u8]) -> String {
        sanitize::terminal_text(&self.device(bytes)).into_owned()
    }

    fn host(&mut self, bytes: &[u8]) -> String {
        // A key without a tag is told by its length: 18 bytes.
        let plain = match bytes.first() {
            Some(&HELLO) => true,
            Some(&PROVISION) => bytes.len() <= 18,
            _ => false,
        };
        match untagged(bytes).filter(|_| self.keyed && !plain) {
            Some((message, counter)) => {
                format!("{}, tag {counter}", self.host_message(message))
            }
            None => self.host_message(bytes),
        }
    }

    fn host_message(&mut self, bytes: &[u8]) -> String {
        let Some(message) = message::read::<HostMessage<'_>>(bytes) else {
            return unknown(bytes);
        };
        match message {
            HostMessage::Hello(hello) => host_hello(&hello),
            HostMessage::List { offset, max, what } => {
                format!("list {} from byte {offset}, at most {max}", list_name(what))
            }
            HostMessage::Call(call) => {
                if self.calls.len() == 256 {
                    self.calls.pop_front();
                }
                self.calls.retain(|(id, _)| *id != call.id);
                self.calls.push_back((call.id, call.tool));
                let mut text = format!("call {} {}", call.id, self.tool(call.tool));
                self.values(&mut text, call.tool, Side::Params, call.args);
                if call.deadline_ms != 0 {
                    push(&mut text, format_args!(", within {} ms", call.deadline_ms));
                }
                if !call.principal.is_empty() {
                    push(&mut text, format_args!(", for {}", call.principal));
                }
                if !call.state.is_empty() || !call.answers.is_empty() {
                    push(&mut text, format_args!(", with {} bytes of answers", call.answers.len()));
                }
                text
            }
            HostMessage::Cancel { id } => format!("cancel {id}"),
            HostMessage::Status => "status?".to_owned(),
            HostMessage::Credit { id, upto } => format!("credit {id} up to {upto}"),
            HostMessage::Read { id, uri } => format!("read {id} {uri}"),
            HostMessage::Prompt { id, prompt, args, answers, .. } => {
                let with = if answers.is_empty() { "" } else { ", with answers" };
                format!("prompt {id} number {prompt}, {}{with}", shown(args))
            }
            HostMessage::Complete { id, index, node, text, .. } => {
                format!("complete {id} of {index}, node {node}: {text:?}")
            }
            HostMessage::Ping { nonce } => format!("ping {nonce:08x}"),
            HostMessage::Log { level } => format!("log from level {level} on"),
            // The key itself is no business of a log.
            HostMessage::Provision { op: 0, .. } => "provision: set the key".to_owned(),
            HostMessage::Provision { .. } => "provision: erase the key".to_owned(),
            HostMessage::Factory { op, arg } => format!("factory test {op}, {}", shown(arg)),
            _ => unknown(bytes),
        }
    }

    fn device(&mut self, bytes: &[u8]) -> String {
        if let Some(DeviceMessage::Hello(hello)) = message::read(bytes) {
            self.keyed = hello.keyed;
        }
        match untagged(bytes).filter(|_| self.keyed) {
            Some((message, counter)) => {
                format!("{}, tag {counter}", self.device_message(message))
            }
            None => self.device_message(bytes),
        }
    }

    fn device_message(&mut self, bytes: &[u8]) -> String {
        let Some(message) = message::read::<DeviceMessage<'_>>(bytes) else {
            return unknown(bytes);
        };
        match message {
            DeviceMessage::Hello(hello) => device_hello(&hello),
            DeviceMessage::Page { offset, total, bytes, what } => {
                self.learn(offset, total, bytes, what);
                let end = offset as usize + bytes.len();
                format!("page of {}: bytes {offset} to {end} of {total}", list_name(what))
            }
            DeviceMessage::Result { id, outcome } => {
                let mut text = format!("result {id} ");
                self.outcome(&mut text, id, &outcome);
                text
            }
            DeviceMessage::Chunk { id, offset, bytes, block } => {
                format!("chunk {id} block {block} from byte {offset}: {} bytes", bytes.len())
            }
            DeviceMessage::Event { seq, tool, text, .. } => {
                format!("event {seq} of {}: {text}", self.tool(tool))
            }
            DeviceMessage::Status(status) => format!("{status:?}"),
            DeviceMessage::Unsupported { kind } => format!("unsupported kind {kind}"),
            DeviceMessage::Progress { id, done, total, text } => {
                format!("progress {id} {done} of {total} {text}").trim_end().to_owned()
            }
            DeviceMessage::Log { level, text, call: 0 } => format!("log level {level}: {text}"),
            DeviceMessage::Log { level, text, call } => {
                format!("log level {level}, call {call}: {text}")
            }
            DeviceMessage::Pong { nonce, epoch } => format!("pong {nonce:08x} epoch {epoch:08x}"),
            DeviceMessage::Provisioned { code } => format!("provisioned: code {code}"),
            DeviceMessage::Factory { op, code, bytes } => {
                format!("factory test {op}: code {code}, {}", shown(bytes))
            }
            _ => unknown(bytes),
        }
    }

    /// Joins pages of the list of tools; one that does not follow starts it again.
    fn learn(&mut self, offset: u32, total: u32, bytes: &[u8], what: u8) {
        if what != 0 || total as usize > LIST_MAX {
            return;
        }
        self.list.truncate(offset as usize);
        if self.list.len() == offset as usize {
            self.list.extend_from_slice(bytes);
        }
        if self.list.len() == total as usize {
            self.table = Table::new(std::mem::take(&mut self.list).into()).ok();
        }
    }

    fn tool(&self, number: u16) -> String {
        let table = self.table.as_ref();
        let info = table.and_then(|table| table.info(table.row_of(number)?));
        info.map_or_else(|| format!("tool {number}"), |info| info.name.to_owned())
    }

    fn outcome(&self, text: &mut String, id: u32, outcome: &Outcome<'_>) {
        let tool = self.calls.iter().find(|(other, _)| *other == id).map(|(_, tool)| *tool);
        match *outcome {
            Outcome::Done { value } => {
                text.push_str("done");
                match tool {
                    Some(tool) => self.values(text, tool, Side::Output, value),
                    None => push(text, format_args!(" {}", shown(value))),
                }
            }
            Outcome::Fault { code, node, bound } => {
                let code = FaultCode::from_u8(code);
                push(text, format_args!("fault {code:?} at node {node}, bound {bound}"));
            }
            Outcome::Failed { text: why } => push(text, format_args!("failed: {why}")),
            Outcome::Content { mime, len } => {
                push(text, format_args!("content {mime}, {len} bytes"));
            }
            Outcome::Blocks { bytes } => push(text, format_args!("blocks, {} bytes", bytes.len())),
            Outcome::NeedInput { requests, .. } => {
                push(text, format_args!("needs input, {} bytes of questions", requests.len()));
            }
            ref other => push(text, format_args!("{other:?}")),
        }
    }

    /// Appends `name=value` for each entry; the bytes where the tool is not known.
    fn values(&self, text: &mut String, tool: u16, side: Side, bytes: &[u8]) {
        let row = self.table.as_ref().and_then(|table| Some((table, table.row_of(tool)?)));
        let Some((table, row)) = row else {
            return push(text, format_args!(" {}", shown(bytes)));
        };
        let mut reader = ValueReader::new(bytes);
        while let Ok(Some(entry)) = reader.entry() {
            let Some(field) = table.node(row, side, entry.node) else { break };
            let name = if field.name.is_empty() { "item" } else { field.name };
            match entry.value {
                Scalar::Bool(value) => push(text, format_args!(" {name}={value}")),
                Scalar::Int(value) => push(text, format_args!(" {name}={value}")),
                Scalar::Decimal(value) => {
                    let places = match &field.kind {
                        Kind::Decimal(range) => u32::from(range.places),
                        _ => 0,
                    };
                    push(text, format_args!(" {name}={}", figure(value, places)));
                }
                Scalar::Text(value) => push(text, format_args!(" {name}={value:?}")),
                Scalar::Label(value) => {
                    let label = field.kind.label(usize::from(value)).unwrap_or("?");
                    push(text, format_args!(" {name}={label}"));
                }
                Scalar::Object => push(text, format_args!(" {name}:")),
                Scalar::Array(count) => push(text, format_args!(" {name}: {count}x")),
            }
        }
    }
}

/// A scaled number with its point.
fn figure(value: i64, places: u32) -> String {
    let scale = 10u64.pow(places);
    let (whole, part) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    let sign = if value < 0 { "-" } else { "" };
    match places {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{part:0width$}", width = places as usize),
    }
}

/// Writing to a string cannot fail.
fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    _ = text.write_fmt(what);
}

fn host_hello(hello: &HostHello) -> String {
    let HostHello { wire, nonce, session, flags, keepalive_ms, .. } = *hello;
    let secured = if flags & 1 == 0 { "" } else { ", wants tags" };
    format!(
        "hello version {wire}, nonce {nonce:08x}, session {session:08x}, keepalive {keepalive_ms} \
         ms{secured}"
    )
}

fn device_hello(hello: &Hello<'_>) -> String {
    let Hello { wire, nonce, epoch, tools, calls_max, session, keyed, .. } = *hello;
    let keyed = if keyed { ", keyed" } else { "" };
    format!(
        "hello version {wire}, nonce {nonce:08x}, epoch {epoch:08x}, session {session:08x}, {} {} \
         {} {}, {tools} tools, {calls_max} lanes{keyed}",
        hello.vendor, hello.product, hello.serial, hello.firmware
    )
}

const fn list_name(what: u8) -> &'static str {
    match what {
        0 => "tools",
        1 => "resources",
        2 => "resource templates",
        3 => "prompts",
        _ => "a list of another kind",
    }
}

fn unknown(bytes: &[u8]) -> String {
    format!("message of an unknown kind, {}", shown(bytes))
}

/// The first bytes as hex.
fn shown(bytes: &[u8]) -> String {
    let first = bytes.get(..BYTES_SHOWN).unwrap_or(bytes);
    let more = if first.len() < bytes.len() { ".." } else { "" };
    format!("[{}{more}]", Hex(first))
}
