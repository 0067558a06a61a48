//! Messages whose JSON-RPC frame is odd, and lines that are no messages.

use super::{Generator, META};
use crate::case::{Case, ProtocolFamily};

impl Generator {
    /// Params of a list request that is good in this era.
    fn plain_params(&self) -> String {
        match self.family {
            ProtocolFamily::Modern => format!("{{\"_meta\":{{{META}}}}}"),
            ProtocolFamily::Legacy => "{}".to_owned(),
        }
    }

    pub(super) fn odd_envelope(&mut self) -> Case {
        match self.rng.u32(0..4) {
            0 => self.odd_id(),
            1 => self.odd_members(),
            2 => self.odd_params(),
            _ => self.odd_line(),
        }
    }

    fn odd_id(&mut self) -> Case {
        let long = format!("\"{}\"", "i".repeat(300));
        let ids: [(&str, &str); 14] = [
            ("null", "null"),
            ("true", "true"),
            ("object", "{}"),
            ("array", "[1]"),
            ("fraction", "1.5"),
            ("whole-fraction", "3.0"),
            ("exponent", "1e3"),
            ("zero", "0"),
            ("large", "9007199254740991"),
            ("larger", "9223372036854775807"),
            ("huge", "123456789012345678901234567890"),
            ("empty-text", "\"\""),
            ("escapes", "\"a\\u0062\\n\\\"\""),
            ("long", &long),
        ];
        let (what, id) = self.pick(&ids);
        let params = self.plain_params();
        let line = self.request(id, "tools/list", Some(&params));
        Case::new(format!("id.{what}"), line)
    }

    fn odd_members(&mut self) -> Case {
        let (id, params) = (self.id(), self.plain_params());
        let rest = format!("\"id\":{id},\"params\":{params}");
        let list = "\"method\":\"tools/list\"";
        let two = "\"jsonrpc\":\"2.0\"";
        let (what, body) = match self.rng.u32(0..13) {
            0 => ("jsonrpc-absent", format!("{list},{rest}")),
            1 => ("jsonrpc-1.0", format!("\"jsonrpc\":\"1.0\",{list},{rest}")),
            2 => ("jsonrpc-number", format!("\"jsonrpc\":2.0,{list},{rest}")),
            3 => ("method-absent", format!("{two},{rest}")),
            4 => ("method-number", format!("{two},\"method\":5,{rest}")),
            5 => ("method-null", format!("{two},\"method\":null,{rest}")),
            6 => ("id-twice", format!("{two},{list},\"id\":-1,{rest}")),
            7 => ("method-twice", format!("{two},\"method\":\"ping\",{list},{rest}")),
            8 => ("more-members", format!("{two},{list},\"extra\":[{{}}],{rest}")),
            9 => ("request-and-result", format!("{two},{list},\"result\":{{}},{rest}")),
            10 => ("answer", format!("{two},\"id\":{id},\"result\":{{}}")),
            11 => (
                "error-answer",
                format!("{two},\"id\":{id},\"error\":{{\"code\":1,\"message\":\"\"}}"),
            ),
            _ => ("empty", String::new()),
        };
        Case::new(format!("members.{what}"), format!("{{{body}}}"))
    }

    fn odd_params(&mut self) -> Case {
        let (what, params) = match self.rng.u32(0..5) {
            0 => ("array", "[]"),
            1 => ("text", "\"cursor\""),
            2 => ("number", "1"),
            3 => ("null", "null"),
            _ => ("true", "true"),
        };
        let id = self.id();
        let method = self.pick(&["tools/list", "tools/call"]);
        let line = self.request(&id, method, Some(params));
        Case::new(format!("params.{what}.{method}"), line)
    }

    fn odd_line(&mut self) -> Case {
        let (id, params) = (self.id(), self.plain_params());
        let good = self.request(&id, "tools/list", Some(&params));
        let good = good.trim();
        let (what, line): (&str, Vec<u8>) = match self.rng.u32(0..18) {
            0 => ("empty", Vec::new()),
            1 => ("blank", b" \t ".to_vec()),
            2 => ("word", b"hello".to_vec()),
            3 => ("number", b"17".to_vec()),
            4 => ("text", b"\"tools/list\"".to_vec()),
            5 => ("null", b"null".to_vec()),
            6 => ("cut", good.as_bytes().iter().copied().take(good.len() / 2).collect()),
            7 => ("tail", format!("{good} x").into_bytes()),
            8 => ("two", format!("{good}{good}").into_bytes()),
            9 => ("comma", good.replacen('}', ",}", 1).into_bytes()),
            10 => ("single-quotes", good.replace('"', "'").into_bytes()),
            11 => ("nul", b"\0".to_vec()),
            12 => ("bad-utf8", [b"{\"jsonrpc\":\"2.0\",\"id\":\"\xff", good.as_bytes()].concat()),
            13 => ("deep", "[".repeat(5000).into_bytes()),
            14 => ("array", format!("[{good}]").into_bytes()),
            15 => ("empty-array", b"[]".to_vec()),
            16 => ("carriage-return", format!("{good}\r").into_bytes()),
            _ => ("byte-order-mark", format!("\u{feff}{good}").into_bytes()),
        };
        Case::new(format!("line.{what}"), line)
    }
}
