//! Calls of any tool in the list, by this program itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine_descriptor::find_tool;
use trine_mcp::{Catalog as _, McpEngine, McpSession, Outcome, Step};

use super::Hub;
use crate::device::{Asked, CallReport, Cost, Device, Extra, Ticket, Waiter, reporter};
use crate::error::Result;
use crate::host_tools;

/// Bytes of a page of the list.
const PAGE_BYTES: usize = 256 << 10;

/// What cancels a call that was started.
#[derive(Clone, Debug)]
pub struct Cancel(Of);

#[derive(Clone, Debug)]
enum Of {
    Own(Arc<AtomicBool>),
    Device(Arc<Device>, Ticket),
}

impl Cancel {
    /// Lets the tool know that no one waits for the answer any more.
    pub fn cancel(&self) {
        match &self.0 {
            Of::Own(flag) => flag.store(true, Ordering::Release),
            Of::Device(device, ticket) => device.cancel(*ticket),
        }
    }
}

/// Passes an object on as it is, and has everything else said in words.
struct Object {
    send: mpsc::Sender<std::result::Result<String, String>>,
    inner: Arc<dyn Waiter>,
}

impl Waiter for Object {
    fn done(&self, tag: u64, outcome: Outcome<'_>, cost: Cost) {
        match outcome {
            Outcome::Json(object) => drop(self.send.send(Ok(object.to_owned()))),
            outcome => self.inner.done(tag, outcome, cost),
        }
    }

    fn refused(&self, tag: u64, why: &str) {
        self.inner.refused(tag, why);
    }

    fn needs_input(&self, tag: u64, asked: &Asked<'_>, cost: Cost) {
        self.inner.needs_input(tag, asked, cost);
    }
}

fn structured(report: &CallReport) -> String {
    let value = report.result.get("structuredContent").or_else(|| report.result.get("content"));
    value.map_or_else(|| "[]".to_owned(), Value::to_string)
}

impl Hub {
    /// Calls a tool, of this program or of a device, by the name that clients see. Blocks until the
    /// answer, or `patience` is over: then the call is cancelled, and the report says so.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use trine_gateway::{DeviceArgs, Hub, Prefix, Settings};
    ///
    /// let args = DeviceArgs { simulate: vec!["north".into()], ..DeviceArgs::default() };
    /// let hub = Hub::open_with(&args, Prefix::Auto, &Settings::none())?;
    /// assert!(hub.wait_ready(Duration::from_secs(60)));
    /// let report = hub.call("fan_set", r#"{"percent": 40}"#, Duration::from_secs(30))?;
    /// assert_eq!(report.result["structuredContent"]["percent"], 40);
    /// # Ok::<(), trine_gateway::Error>(())
    /// ```
    ///
    /// # Errors
    /// When no tool has this name.
    pub fn call(&self, tool: &str, arguments: &str, patience: Duration) -> Result<CallReport> {
        match self.device_tool(tool) {
            Some((device, own)) => Ok(device.call_json(&own, arguments, patience)),
            None => self.call_own(tool, arguments, patience),
        }
    }

    /// Starts such a call, and returns at once. `told` hears its end once, which may be before this
    /// returns, on any thread, and while the device is locked: it must not call it, nor wait for
    /// anything. Answers what cancels the call; `None` where it has ended already.
    ///
    /// # Errors
    /// As [`Self::call`]; then nothing is told.
    pub fn start(
        &self,
        tool: &str,
        arguments: &str,
        told: impl FnOnce(CallReport) + Send + 'static,
    ) -> Result<Option<Cancel>> {
        let Some((device, own)) = self.device_tool(tool) else {
            let flag = self.start_own(tool, arguments, told)?;
            return Ok(flag.map(|flag| Cancel(Of::Own(flag))));
        };
        let ticket = device.start_call(&own, arguments, told);
        Ok(ticket.map(|ticket| Cancel(Of::Device(device, ticket))))
    }

    /// Calls a tool as [`Self::call`] does, and answers its structured result alone, as JSON text;
    /// where it has none, its content, which is an array. An object that a tool with JSON Schemas
    /// answers is not read again.
    ///
    /// # Errors
    /// As [`Self::call`]; the inner error is the sentence of a call that failed.
    pub fn value(
        &self,
        tool: &str,
        arguments: &str,
        patience: Duration,
    ) -> Result<std::result::Result<String, String>> {
        let of_report = |report: CallReport| match report.is_error {
            true => Err(report.text),
            false => Ok(structured(&report)),
        };
        if self.device_tool(tool).is_some() {
            return self.call(tool, arguments, patience).map(of_report);
        }
        let (tools, own) = self.own_tool(tool)?;
        let table = Arc::clone(tools.table());
        let has_schemas = |row: &u16| tools.schemas(*row).is_some();
        let Some(row) = find_tool(&*table, &own).filter(has_schemas) else {
            return self.call_own(tool, arguments, patience).map(of_report);
        };
        let (send, receive) = mpsc::channel();
        let other = send.clone();
        // Who asked may have stopped waiting.
        let told = move |report| drop(other.send(of_report(report)));
        let inner = reporter(&table, row, Instant::now(), told);
        let waiter: Arc<dyn Waiter> = Arc::new(Object { send, inner });
        let given = ((arguments.as_bytes(), Extra::default()), Arc::default());
        let flag = host_tools::start(&tools, row, given, (&waiter, 0));
        Ok(receive.recv_timeout(patience).unwrap_or_else(|_| {
            flag.inspect(|flag| flag.store(true, Ordering::Release));
            let ms = patience.as_millis();
            Err(format!("{own}: no answer within {ms} ms; the call was cancelled"))
        }))
    }

    /// The device that has a tool, and what that calls it.
    fn device_tool(&self, tool: &str) -> Option<(Arc<Device>, String)> {
        let snapshot = self.snapshot();
        let entry = snapshot.entry(snapshot.find(tool.as_bytes())?)?;
        Some((Arc::clone(entry.device()?), entry.own_name()?.to_owned()))
    }

    /// The tools as clients see them: objects of `tools/list`.
    #[must_use]
    pub fn tools(&self) -> Vec<Value> {
        let snapshot = self.snapshot();
        let engine = McpEngine::new(&*snapshot);
        let (mut session, mut page) = (McpSession::default(), vec![0; PAGE_BYTES]);
        let (mut tools, mut cursor) = (Vec::new(), None);
        loop {
            let mut params = json!({"_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            }});
            if let (Some(cursor), Some(params)) = (cursor, params.as_object_mut()) {
                params.insert("cursor".to_owned(), cursor);
            }
            let asked = json!({
                "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params,
            });
            let asked = asked.to_string();
            let step = engine.receive(asked.as_bytes(), &mut session, &mut [], &mut page);
            let Step::Reply(len) = step else { return tools };
            let answer = page.get(..len).and_then(|page| serde_json::from_slice(page).ok());
            let mut answer: Value = answer.unwrap_or_default();
            if let Some(more) = answer.pointer_mut("/result/tools").and_then(Value::as_array_mut) {
                tools.append(more);
            }
            cursor = answer.pointer("/result/nextCursor").cloned();
            if cursor.is_none() {
                return tools;
            }
        }
    }
}
