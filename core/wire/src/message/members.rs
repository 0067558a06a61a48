//! The members of each message in their order.

use super::{DeviceMessage, Hello, HostMessage, Message, Outcome, Status};
use crate::codec::{Reader, Writer};

impl<'a> Message<'a> for HostMessage<'a> {
    fn put(&self, out: &mut Writer<'_>) {
        match *self {
            Self::Hello { wire, nonce } => {
                out.byte(0);
                out.byte(wire);
                out.number(nonce);
            }
            Self::List { offset, max } => {
                out.byte(1);
                out.number(offset);
                out.number(u32::from(max));
            }
            Self::Call { id, tool, hash, deadline_ms, args } => {
                out.byte(2);
                out.number(id);
                out.number(u32::from(tool));
                out.array(&hash);
                out.number(deadline_ms);
                out.bytes(args);
            }
            Self::Cancel { id } => {
                out.byte(3);
                out.number(id);
            }
            Self::Status => out.byte(4),
        }
    }

    fn take(from: &mut Reader<'a>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Hello { wire: from.byte()?, nonce: from.number()? },
            1 => Self::List { offset: from.number()?, max: from.short()? },
            2 => Self::Call {
                id: from.number()?,
                tool: from.short()?,
                hash: from.array()?,
                deadline_ms: from.number()?,
                args: from.bytes()?,
            },
            3 => Self::Cancel { id: from.number()? },
            4 => Self::Status,
            _ => return None,
        })
    }
}

impl<'a> Message<'a> for DeviceMessage<'a> {
    fn put(&self, out: &mut Writer<'_>) {
        match *self {
            Self::Hello(ref hello) => {
                out.byte(0);
                hello.put(out);
            }
            Self::Page { offset, total, bytes } => {
                out.byte(1);
                out.number(offset);
                out.number(total);
                out.bytes(bytes);
            }
            Self::Result { id, outcome } => {
                out.byte(2);
                out.number(id);
                outcome.put(out);
            }
            Self::Chunk { id, offset, bytes } => {
                out.byte(3);
                out.number(id);
                out.number(offset);
                out.bytes(bytes);
            }
            Self::Event { seq, tool, text } => {
                out.byte(4);
                out.number(seq);
                out.number(u32::from(tool));
                out.bytes(text.as_bytes());
            }
            Self::Status(ref status) => {
                out.byte(5);
                status.put(out);
            }
            Self::Unsupported { kind } => {
                out.byte(6);
                out.byte(kind);
            }
        }
    }

    fn take(from: &mut Reader<'a>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Hello(Hello::take(from)?),
            1 => Self::Page { offset: from.number()?, total: from.number()?, bytes: from.bytes()? },
            2 => Self::Result { id: from.number()?, outcome: Outcome::take(from)? },
            3 => Self::Chunk { id: from.number()?, offset: from.number()?, bytes: from.bytes()? },
            4 => Self::Event { seq: from.number()?, tool: from.short()?, text: from.text()? },
            5 => Self::Status(Status::take(from)?),
            6 => Self::Unsupported { kind: from.byte()? },
            _ => return None,
        })
    }
}

impl<'a> Hello<'a> {
    fn put(&self, out: &mut Writer<'_>) {
        out.byte(self.wire);
        out.number(self.nonce);
        out.number(self.epoch);
        out.long(self.table_hash);
        out.number(u32::from(self.tools));
        out.number(u32::from(self.message_max));
        out.byte(self.calls_max);
        out.number(self.features);
        for text in [self.vendor, self.product, self.serial, self.firmware, self.build] {
            out.bytes(text.as_bytes());
        }
    }

    fn take(from: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            wire: from.byte()?,
            nonce: from.number()?,
            epoch: from.number()?,
            table_hash: from.long()?,
            tools: from.short()?,
            message_max: from.short()?,
            calls_max: from.byte()?,
            features: from.number()?,
            vendor: from.text()?,
            product: from.text()?,
            serial: from.text()?,
            firmware: from.text()?,
            build: from.text()?,
        })
    }
}

impl<'a> Outcome<'a> {
    fn put(&self, out: &mut Writer<'_>) {
        match *self {
            Self::Done { value } => {
                out.byte(0);
                out.bytes(value);
            }
            Self::Fault { code, node, bound } => {
                out.byte(1);
                out.byte(code);
                out.number(u32::from(node));
                out.signed(bound);
            }
            Self::Failed { text } => {
                out.byte(2);
                out.bytes(text.as_bytes());
            }
            Self::Stale => out.byte(3),
            Self::UnknownTool => out.byte(4),
            Self::NeedsPerson { consent } => {
                out.byte(5);
                out.byte(consent);
            }
            Self::Busy => out.byte(6),
            Self::Expired => out.byte(7),
            Self::Cancelled => out.byte(8),
            Self::BadResult { code, node } => {
                out.byte(9);
                out.byte(code);
                out.number(u32::from(node));
            }
            Self::Content { mime, len } => {
                out.byte(10);
                out.bytes(mime.as_bytes());
                out.number(len);
            }
        }
    }

    fn take(from: &mut Reader<'a>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Done { value: from.bytes()? },
            1 => Self::Fault { code: from.byte()?, node: from.short()?, bound: from.signed()? },
            2 => Self::Failed { text: from.text()? },
            3 => Self::Stale,
            4 => Self::UnknownTool,
            5 => Self::NeedsPerson { consent: from.byte()? },
            6 => Self::Busy,
            7 => Self::Expired,
            8 => Self::Cancelled,
            9 => Self::BadResult { code: from.byte()?, node: from.short()? },
            10 => Self::Content { mime: from.text()?, len: from.number()? },
            _ => return None,
        })
    }
}

impl Status {
    fn put(&self, out: &mut Writer<'_>) {
        out.long(self.uptime_ms);
        for number in [
            self.frames_in,
            self.frames_bad,
            self.bytes_lost,
            self.frames_out,
            self.calls,
            self.entered,
            self.faults,
            self.unagreed,
            self.expired,
            self.bad_results,
            self.memory,
            self.memory_used,
            self.rx_high_water,
            self.tx_high_water,
        ] {
            out.number(number);
        }
        out.byte(self.calls_high_water);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            uptime_ms: from.long()?,
            frames_in: from.number()?,
            frames_bad: from.number()?,
            bytes_lost: from.number()?,
            frames_out: from.number()?,
            calls: from.number()?,
            entered: from.number()?,
            faults: from.number()?,
            unagreed: from.number()?,
            expired: from.number()?,
            bad_results: from.number()?,
            memory: from.number()?,
            memory_used: from.number()?,
            rx_high_water: from.number()?,
            tx_high_water: from.number()?,
            calls_high_water: from.byte()?,
        })
    }
}
