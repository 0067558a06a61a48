//! Calls that are shown, priced and checked.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use trine_gateway::{CallReport, Device};

use super::super::paint::{BAD, FAINT, GOOD, STRONG, WARN, count, say, time, wrap};
use super::super::tools::meta;
use super::PATIENCE;

/// Columns before the text of a call.
const INDENT: usize = 3;

/// Whether a call reached the tool's own code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Entered,
    Refused,
}

/// The scenes so far, and what they cost.
pub(super) struct Show {
    device: Arc<Device>,
    scenes: u32,
    failed: u32,
    calls: u32,
    wire: u64,
    json: u64,
}

impl Show {
    pub(super) const fn new(device: Arc<Device>) -> Self {
        Self { device, scenes: 0, failed: 0, calls: 0, wire: 0, json: 0 }
    }

    pub(super) fn device(&self) -> Arc<Device> {
        Arc::clone(&self.device)
    }

    /// Expectations that were not met.
    pub(super) const fn failed(&self) -> u32 {
        self.failed
    }

    /// Starts a scene.
    pub(super) fn scene(&mut self, title: &str, remark: &str) {
        self.scenes += 1;
        say!("\n{STRONG}{}. {title}{STRONG:#}", self.scenes);
        if !remark.is_empty() {
            say!("   {FAINT}{}{FAINT:#}", wrap(remark.split(' '), INDENT));
        }
    }

    /// Calls a tool, shows the call, its end and its cost, and checks whether the tool was entered.
    pub(super) fn call(&mut self, tool: &str, given: &Value, expected: Entry) -> CallReport {
        let (report, entered) = self.run(tool, given);
        self.report(tool, given, &report, entered);
        self.check_entry(entered, expected);
        report
    }

    /// The same for a result that the caller shows in its own way.
    pub(super) fn quiet_call(&mut self, tool: &str, given: &Value, expected: Entry) -> CallReport {
        let (report, entered) = self.run(tool, given);
        say!("   {tool} {given}");
        self.price(tool, given, &report, entered);
        self.check_entry(entered, expected);
        report
    }

    /// Shows a call that has ended.
    pub(super) fn report(
        &mut self,
        tool: &str,
        given: &Value,
        report: &CallReport,
        entered: Option<Entry>,
    ) {
        say!("   {tool} {given}");
        if !report.text.is_empty() {
            let style = if report.is_error { WARN } else { GOOD };
            let word = if report.is_error { "error" } else { "ok" };
            let all = std::iter::once(word).chain(report.text.split(' '));
            let text = wrap(all, INDENT);
            say!("   {style}{word}{style:#}{}", text.trim_start_matches(word));
        }
        self.price(tool, given, report, entered);
    }

    /// Checks what a scene has said.
    pub(super) fn expect(&mut self, met: bool, expected: &str) {
        if !met {
            self.failed += 1;
            say!("   {BAD}expected {expected}{BAD:#}");
        }
    }

    /// Prints what all calls cost together.
    pub(super) fn total(&self) {
        let (calls, wire, json) = (self.calls, count(self.wire), count(self.json));
        let times = self.json as f64 / self.wire.max(1) as f64;
        say!("\nThe {calls} calls that were sent took {wire} bytes, the image left out.");
        say!("The same calls as JSON-RPC take {json}: {times:.1} times as many.");
    }

    /// How many calls have reached a tool's own code; `None` when the board does not say.
    pub(super) fn entered(&self) -> Option<u32> {
        self.device.status(PATIENCE).map(|status| status.entered)
    }

    fn run(&self, tool: &str, given: &Value) -> (CallReport, Option<Entry>) {
        let before = self.entered();
        let report = self.device.call_json(tool, &given.to_string(), PATIENCE);
        let entry = match (before, self.entered()) {
            (Some(before), Some(after)) if after > before => Some(Entry::Entered),
            (Some(_), Some(_)) => Some(Entry::Refused),
            _ => None,
        };
        (report, entry)
    }

    fn check_entry(&mut self, entered: Option<Entry>, expected: Entry) {
        let said = match expected {
            Entry::Entered => "the tool to be entered",
            Entry::Refused => "the tool not to be entered",
        };
        self.expect(entered == Some(expected), said);
    }

    fn price(&mut self, tool: &str, given: &Value, report: &CallReport, entered: Option<Entry>) {
        let wire = u64::from(report.bytes_out) + u64::from(report.bytes_in);
        let (request, response) = json_rpc(tool, given, &report.result);
        let entry = match entered {
            Some(Entry::Entered) => "tool entered",
            Some(Entry::Refused) => "tool not entered",
            None => "no counters",
        };
        let took = time(report.elapsed.max(Duration::from_micros(1)));
        say!(
            "   {FAINT}wire {} + {} bytes, JSON-RPC {} + {}; {took}; {entry}{FAINT:#}",
            report.bytes_out,
            count(report.bytes_in.into()),
            count(request),
            count(response),
        );
        // An image is longer than all else together, and about as long on either line.
        if report.bytes_out > 0 && report.result["content"][0]["type"] != "image" {
            self.calls += 1;
            self.wire += wire;
            self.json += request + response;
        }
    }
}

/// Bytes of the same call as lines of JSON-RPC: the request of MCP 2026-07-28 with the least
/// `_meta`, and the response.
fn json_rpc(tool: &str, given: &Value, result: &Value) -> (u64, u64) {
    let params = json!({ "name": tool, "arguments": given, "_meta": meta() });
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let response = json!({ "jsonrpc": "2.0", "id": 1, "result": result });
    let line = |value: Value| value.to_string().len() as u64 + 1;
    (line(request), line(response))
}
