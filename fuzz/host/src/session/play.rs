//! The operations.

use std::sync::Arc;

use trine_descriptor::{Side, Tool, ToolInfo, ToolTable as _, ValueWriter, check};
use trine_gateway::device::{Extra, Ticket, Waiter};
use trine_gateway::table::Table;
use trine_gateway::{Driven, Framing, Settings, State};
use trine_wire::message::{DeviceMessage, Outcome, Status};

use super::device::Device;
use super::ends::Ends;
use crate::changes::changed;
use crate::harmless::is_line;

/// Bytes that the host says at most in one operation: every call again, and questions.
const SAID_MAX: usize = 64 * 1024;
/// What texts are made of that are none of the input's.
const NASTY: [&str; 4] = ["\u{1b}[2J\r\n\u{202e}x", "\u{e0041}\u{200b}\u{9b}", "", "plain words"];
/// Texts of an input are at most so long.
const TEXT_MAX: u8 = 48;

pub(super) struct Play {
    device: Device,
    host: Driven,
    now: u64,
    ends: Arc<Ends>,
    waiter: Arc<dyn Waiter>,
    /// The last calls that were made, with their tags.
    tickets: Vec<(Ticket, u64)>,
    /// The table of now, and the one before.
    tables: [Option<Arc<Table>>; 2],
}

/// The bytes of an input that are left.
type Rest<'r> = &'r mut dyn Iterator<Item = u8>;

fn byte(rest: Rest<'_>) -> u8 {
    rest.next().unwrap_or_default()
}

fn bytes(rest: Rest<'_>) -> Vec<u8> {
    let len = byte(rest) % TEXT_MAX;
    rest.take(len.into()).collect()
}

fn text(rest: Rest<'_>) -> String {
    let bytes = bytes(rest);
    match bytes[..] {
        [] => NASTY[usize::from(byte(rest)) % NASTY.len()].to_owned(),
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn number(rest: Rest<'_>) -> u32 {
    match byte(rest) {
        255 => u32::MAX,
        254 => 1 << 20,
        small => small.into(),
    }
}

impl Play {
    pub(super) fn new(device: Device, framing: Framing, settings: Settings) -> Self {
        let ends = Arc::new(Ends::default());
        let waiter = Arc::clone(&ends) as _;
        let mut host = Driven::new(framing, settings);
        host.link(1);
        let (tickets, tables) = (Vec::new(), [None, None]);
        let mut play = Self { device, host, now: 1, ends, waiter, tickets, tables };
        play.settle();
        play
    }

    pub(super) fn operation(&mut self, operation: u8, rest: Rest<'_>) {
        let Self { device, host, now, .. } = self;
        match operation % 18 {
            0 => host.receive(&bytes(rest), *now),
            1 => device.say_hello(&device.hello(), host, *now),
            2 => self.other_hello(rest),
            3 => self.pages(byte(rest)),
            4 => {
                device.list = changed(&device.list, &bytes(rest));
                let table = Table::new(device.list.clone().into());
                device.hash = table.map_or(byte(rest).into(), |table| table.list_hash());
            }
            5 | 6 => self.answer(rest),
            7 => {
                let (id, offset, bytes) = (self.id(byte(rest)), number(rest), &bytes(rest)[..]);
                let chunk = DeviceMessage::Chunk { id, offset, bytes, block: 0 };
                self.device.say(&chunk, &mut self.host, self.now);
            }
            8 => self.more(rest),
            9 | 10 => self.call(rest),
            11 => self.cancel(byte(rest)),
            12 => *now += u64::from(byte(rest)),
            13 => *now += u64::from(byte(rest)) << 8,
            14 => {
                host.unlink(&text(rest), *now);
                host.link(*now);
                device.plug();
            }
            15 => device.restart(number(rest)),
            16 => device.say_bytes(&bytes(rest), host, *now),
            _ => device.again(host, *now),
        }
        self.settle();
    }

    /// What the host says is heard, and what it tells is looked at.
    fn settle(&mut self) {
        self.host.tick(self.now);
        let mut said = 0;
        while let Some(piece) = self.host.take_sent() {
            said += piece.len();
            self.device.hear(&piece);
        }
        assert!(said <= SAID_MAX, "{said} bytes are said at once");
        assert!(self.host.take_notes().iter().all(|note| is_line(note)));
        if let State::Offline(why) = self.host.state() {
            assert!(is_line(&why), "{why:?}");
        }
        let table = self.host.table();
        let is_new =
            |table: &Arc<Table>| self.tables[0].as_ref().is_none_or(|old| !Arc::ptr_eq(old, table));
        if let Some(table) = table.filter(is_new) {
            look_at(&table);
            self.tables = [Some(table), self.tables[0].take()];
        }
    }

    /// A hello of which some members are others.
    fn other_hello(&mut self, rest: Rest<'_>) {
        let mut hello = self.device.hello();
        let (one, other) = (text(rest), text(rest));
        match byte(rest) % 12 {
            0 => hello.wire = byte(rest),
            1 => hello.nonce = number(rest),
            2 => hello.epoch = number(rest),
            3 => hello.table_hash = byte(rest).into(),
            4 => hello.message_max = number(rest) as u16,
            5 => hello.calls_max = byte(rest),
            6 => hello.features = number(rest),
            7 => (hello.vendor, hello.product) = (&one, &other),
            8 => (hello.serial, hello.firmware) = (&one, &other),
            9 => (hello.build, hello.session) = (&one, number(rest)),
            10 => (hello.rx_bytes, hello.result_max) = (number(rest) as u16, number(rest) as u16),
            _ => (hello.link_ms, hello.keyed) = (number(rest), !hello.keyed),
        }
        self.device.say_hello(&hello, &mut self.host, self.now);
    }

    /// Pages of the list, as they are asked for.
    fn pages(&mut self, size: u8) {
        let len = self.device.list.len();
        let total = len as u32;
        for _ in 0..len {
            let offset = self.device.offset;
            let from = (offset as usize).min(len);
            let to = (from + usize::from(size.max(8))).min(len);
            let bytes = self.device.list[from..to].to_vec();
            let page = DeviceMessage::Page { offset, total, bytes: &bytes, what: 0 };
            self.device.say(&page, &mut self.host, self.now);
            self.settle();
            if self.device.offset <= offset {
                return;
            }
        }
    }

    /// The id of a call that the host has made, or of none.
    fn id(&self, which: u8) -> u32 {
        self.device.calls.get(usize::from(which % 8)).copied().unwrap_or(which.into())
    }

    fn answer(&mut self, rest: Rest<'_>) {
        let id = self.id(byte(rest));
        let kind = byte(rest);
        let (bytes, text) = (bytes(rest), text(rest));
        let (code, node) = (byte(rest), byte(rest).into());
        let outcome = match kind % 15 {
            0 => Outcome::Done { value: &bytes },
            1 => Outcome::Fault { code, node, bound: i64::from(code) << 56 },
            2 => Outcome::Failed { text: &text },
            3 => Outcome::Stale,
            4 => Outcome::UnknownTool,
            5 => Outcome::NeedsPerson { consent: code },
            6 => Outcome::Busy,
            7 => Outcome::Expired,
            8 => Outcome::Cancelled,
            9 => Outcome::BadResult { code, node },
            10 => Outcome::Content { mime: &text, len: number(rest) },
            11 => Outcome::NeedInput { state: &bytes[..bytes.len() / 2], requests: &bytes },
            12 => Outcome::Forgotten,
            13 => Outcome::Blocks { bytes: &bytes },
            _ => Outcome::Unauthenticated,
        };
        self.device.say(&DeviceMessage::Result { id, outcome }, &mut self.host, self.now);
    }

    /// Messages that answer no call.
    fn more(&mut self, rest: Rest<'_>) {
        let (what, id) = (byte(rest), self.id(byte(rest)));
        let (text, number, bytes) = (text(rest), number(rest), bytes(rest));
        let message = match what % 9 {
            0 => DeviceMessage::Progress { id, done: number, total: id, text: &text },
            1 => {
                DeviceMessage::Event { seq: number, tool: id as u16, text: &text, what: what >> 6 }
            }
            2 => DeviceMessage::Log { level: what, text: &text, call: id },
            3 => DeviceMessage::Unsupported { kind: what },
            4 => DeviceMessage::Pong { nonce: number, epoch: id },
            5 => DeviceMessage::Provisioned { code: what },
            6 => DeviceMessage::Factory { op: what, code: id as u8, bytes: &bytes },
            7 => DeviceMessage::Status(Status::default()),
            _ => DeviceMessage::Page { offset: number, total: id, bytes: &bytes, what: what >> 6 },
        };
        self.device.say(&message, &mut self.host, self.now);
    }

    /// The host's client calls a tool, of this table or of the one before.
    fn call(&mut self, rest: Rest<'_>) {
        let which = byte(rest);
        let Some(table) = self.tables[usize::from(which >> 7)].clone() else { return };
        let row = u16::from(which) % table.count().max(1);
        if table.info(row).is_none() {
            return;
        }
        let mut room = [0; 16];
        let mut args = ValueWriter::new(&mut room);
        args.int(0, byte(rest).into());
        let extra = Extra { progress: which & 64 != 0, ..Extra::default() };
        let tag = self.ends.tag();
        let (args, waiter) = ((args.bytes(), extra), (&self.waiter, tag));
        match self.host.call_with(&table, row, args, waiter, self.now) {
            Some(ticket) => self.tickets.push((ticket, tag)),
            None => assert!(self.ends.has_ended(tag), "a call that is refused has ended"),
        }
    }

    fn cancel(&mut self, which: u8) {
        let Some(last) = self.tickets.len().checked_sub(1) else { return };
        let (ticket, tag) = self.tickets[last.saturating_sub(usize::from(which % 8))];
        self.ends.give_up(tag);
        self.host.cancel(ticket, self.now);
    }

    /// All calls end by themselves, and a good device is served.
    pub(super) fn end(&mut self) {
        self.host.unlink("it is the end", self.now);
        // Past every deadline that a table can have.
        self.now += 1 << 34;
        self.settle();
        assert_eq!(self.ends.under_way(), 0, "calls that never end");
        self.device.show(&GOOD);
        self.device.restart(77_777);
        self.host.link(self.now);
        for _ in 0..200 {
            self.now += 50;
            self.settle();
            self.device.say_hello(&self.device.hello(), &mut self.host, self.now);
            self.settle();
            self.pages(100);
            if self.host.state() == State::Online {
                break;
            }
        }
        assert_eq!(self.host.state(), State::Online);
    }
}

/// Of another list than inputs show: a host does not fetch again what was no table once.
static GOOD: [Tool<'static>; 1] = [Tool::new(ToolInfo::new("good", "A good one."), &[], &[])];

/// A table that the host shows keeps the rules, and its texts act on no one.
fn look_at(table: &Table) {
    assert_eq!(check::table(table), Ok(()));
    for tool in 0..table.count() {
        let info = table.info(tool).expect("a tool of the table");
        let texts = [info.name, info.title, info.description, info.version];
        assert!(texts.into_iter().all(is_line), "{info:?}");
        for side in [Side::Params, Side::Output] {
            for node in 0..table.node_count(tool, side) {
                let field = table.node(tool, side, node).expect("a node of the tool");
                let texts = [field.name, field.description, field.unit];
                assert!(texts.into_iter().all(is_line), "{field:?}");
                assert!(field.kind.labels().all(is_line), "{field:?}");
            }
        }
    }
}
