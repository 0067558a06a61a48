//! Generates requests from a seed: the same seed gives the same requests.

mod arguments;
mod calls;
mod envelopes;
mod methods;

use fastrand::Rng;

use crate::case::{Case, ProtocolFamily};

pub(crate) use arguments::{bad_arguments, good_arguments};

/// The eleven tools of the board.
pub(crate) const TOOLS: [&str; 11] = [
    "light_set",
    "fan_set",
    "climate_set",
    "valve_open",
    "valve_close",
    "vent_move",
    "sensor_read",
    "timer_start",
    "display_show",
    "board_status",
    "camera_snap",
];

const GROUP: usize = 25;

const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"generated","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}"#;

/// A source of requests of one era.
#[derive(Debug)]
pub struct Generator {
    rng: Rng,
    family: ProtocolFamily,
    serial: u32,
}

impl Generator {
    /// A generator of the requests that belong to the seed.
    pub fn new(family: ProtocolFamily, seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), family, serial: 0 }
    }

    /// The next requests, for one board and one connection: `GROUP` of them, or fewer where one may
    /// change what the connection speaks, or may be carried out by one server and not by the other.
    pub fn next_group(&mut self) -> Vec<Case> {
        let mut group = Vec::new();
        while group.len() < GROUP {
            let case = self.next_case();
            let last = ["reopening", "meta", "call.bad.repeated"]
                .iter()
                .any(|tag| case.tag.starts_with(tag));
            group.push(case);
            if last {
                break;
            }
        }
        group
    }

    fn next_case(&mut self) -> Case {
        self.serial += 1;
        match self.rng.u32(0..100) {
            0..30 => self.good_call(),
            30..56 => self.bad_call(),
            56..62 => self.unknown_tool(),
            62..68 => self.list(),
            68..76 => self.other_method(),
            76..88 => self.odd_envelope(),
            88..92 => self.notification(),
            92..96 => self.odd_meta(),
            _ => self.handshake(),
        }
    }

    /// One of several values.
    fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        from.get(self.rng.usize(0..from.len())).copied().unwrap_or_default()
    }

    /// An ordinary id that no other request of this generator has.
    fn id(&mut self) -> String {
        let serial = self.serial;
        match self.rng.u32(0..6) {
            0 => format!("\"r-{serial}\""),
            1 => format!("\"ü{serial}\""),
            2 => format!("-{serial}"),
            _ => format!("{serial}"),
        }
    }

    /// A request with this id, method and params, whose members come in any order.
    fn request(&mut self, id: &str, method: &str, params: Option<&str>) -> String {
        // Some JSON writers escape every slash.
        let method =
            if self.rng.u32(0..16) == 0 { method.replace('/', "\\/") } else { method.to_owned() };
        let mut members = vec![
            "\"jsonrpc\":\"2.0\"".to_owned(),
            format!("\"id\":{id}"),
            format!("\"method\":\"{method}\""),
        ];
        if let Some(params) = params {
            members.push(format!("\"params\":{params}"));
        }
        self.rng.shuffle(&mut members);
        let (open, comma, close) =
            if self.rng.u32(0..8) == 0 { (" { ", " ,\t", " } ") } else { ("{", ",", "}") };
        format!("{open}{}{close}", members.join(comma))
    }

    /// Params with these members and, in the modern era, the `_meta` that every request needs.
    fn params(&mut self, mut members: Vec<String>) -> Option<String> {
        if self.family == ProtocolFamily::Modern {
            members.push(format!("\"_meta\":{{{META}}}"));
        } else if self.rng.u32(0..10) == 0 {
            members.push("\"_meta\":{\"progressToken\":7,\"com.example/note\":[1,{}]}".to_owned());
        } else if members.is_empty() && self.rng.bool() {
            return None;
        }
        self.rng.shuffle(&mut members);
        Some(format!("{{{}}}", members.join(",")))
    }
}
