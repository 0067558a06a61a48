//! Lists of tools, and calls.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::connection::{Connection, Request};
use crate::elicitation;
use crate::error::{Error, Result, plain};
use crate::headers;
use crate::tool::{CallResult, Tool};

/// The header of a parameter is missing or is not what the body says.
const HEADER_MISMATCH: i64 = -32020;
/// The request needs a capability that the client has not declared.
const MISSING_CAPABILITY: i64 = -32021;
/// Pages of a list. A server that has more does not end its list.
const PAGES_MAX: usize = 1000;
/// How often one call may ask for input.
const ROUNDS_MAX: usize = 16;
const NO_HANDLER: &str = "set a handler with Builder::on_elicitation";
const NOT_SERVED: &str = "this client answers elicitation/create only";

/// How far a call has come.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Rises with each report.
    pub progress: f64,
    /// What it rises to, if that is known.
    pub total: Option<f64>,
    /// What is being done.
    pub message: Option<String>,
}

/// A call that is to be made: [`Client::call`](crate::Client::call).
#[must_use = "a call is made by `send`"]
pub struct Call<'a> {
    connection: &'a Connection,
    tool: &'a str,
    arguments: Value,
    timeout: Duration,
    on_progress: Option<Box<dyn FnMut(Progress) + Send + 'a>>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(connection: &'a Connection, tool: &'a str) -> Self {
        let arguments = Value::Object(Map::new());
        Self { connection, tool, arguments, timeout: connection.timeout, on_progress: None }
    }

    /// The arguments, an object; none by default.
    pub fn arguments(mut self, arguments: Value) -> Self {
        self.arguments = arguments;
        self
    }

    /// The longest time without an answer or progress; that of the client by default.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Has `told` called for each report of progress. Without it the server sends none.
    pub fn on_progress(mut self, told: impl FnMut(Progress) + Send + 'a) -> Self {
        self.on_progress = Some(Box::new(told));
        self
    }

    /// Makes the call and waits for its result. A call whose future is dropped is cancelled.
    ///
    /// # Errors
    /// As [`Client::call_tool`](crate::Client::call_tool).
    pub async fn send(mut self) -> Result<CallResult> {
        is_object(self.tool, &self.arguments)?;
        let mut more = Map::new();
        for _ in 0..ROUNDS_MAX {
            let result = self.round(more).await?;
            if result.get("resultType").and_then(Value::as_str) != Some("input_required") {
                return self.ended(result);
            }
            more = self.filled_in(&result).await?;
        }
        let (request, what) = (self.label(), "it asks for input without an end");
        Err(Error::Answer { request, what })
    }

    fn label(&self) -> String {
        format!("tools/call {}", self.tool)
    }

    fn ended(self, result: Value) -> Result<CallResult> {
        let (result, is_error) = CallResult::read(result);
        if is_error {
            let (tool, message) = (self.tool.to_owned(), plain(&result.text()));
            return Err(Error::Tool { tool, message, result: Box::new(result) });
        }
        Ok(result)
    }

    /// Calls once, with answers to what an earlier round asked for. Where the server misses headers
    /// that this client knows nothing of, the tools are listed and the call is made again: it was
    /// refused.
    async fn round(&mut self, more: Map<String, Value>) -> Result<Value> {
        let known = self.connection.repeated(self.tool);
        let error = match self.once(more.clone()).await {
            Err(error @ Error::Rpc { .. }) => error,
            result => return result,
        };
        match error.code() {
            Some(HEADER_MISMATCH) if self.connection.repeats() => {
                list_tools(self.connection).await?;
                if self.connection.repeated(self.tool) == known {
                    return Err(error);
                }
                self.once(more).await
            }
            Some(MISSING_CAPABILITY) => Err(self.input_required(&error).unwrap_or(error)),
            _ => Err(error),
        }
    }

    async fn once(&mut self, more: Map<String, Value>) -> Result<Value> {
        let Self { connection, tool, arguments, timeout, on_progress } = self;
        let mut params = Map::new();
        params.insert("name".into(), (*tool).into());
        params.insert("arguments".into(), arguments.clone());
        params.extend(more);
        let mut request = Request::new("tools/call", params, *timeout);
        request.name = Some(*tool);
        if connection.repeats()
            && let Some(repeated) = connection.repeated(tool)
        {
            request.headers = headers::of_arguments(&repeated, arguments);
        }
        let Some(told) = on_progress else { return connection.request(request, None).await };
        let mut told = |params: &Value| told(Progress::read(params));
        connection.request(request, Some(&mut told)).await
    }

    /// What a server says that misses a capability of this client.
    fn input_required(&self, error: &Error) -> Option<Error> {
        let Error::Rpc { data, .. } = error else { return None };
        let required = data.as_ref()?.get("requiredCapabilities")?.as_object()?;
        let (tool, names) = (self.tool.to_owned(), ["elicitation", "sampling", "roots"]);
        let name = names.into_iter().find(|name| required.contains_key(*name))?;
        let (method, hint) = match name {
            "elicitation" => (elicitation::METHOD, NO_HANDLER),
            "sampling" => ("sampling/createMessage", NOT_SERVED),
            _ => ("roots/list", NOT_SERVED),
        };
        Some(Error::InputRequired { tool, method: method.to_owned(), hint })
    }

    /// Has the forms of a result filled in; answers what the next round says. (The future of a
    /// shared reference could not go from thread to thread, because who is told of progress need
    /// not be callable by two threads.)
    async fn filled_in(&mut self, result: &Value) -> Result<Map<String, Value>> {
        let null = Value::Null;
        let mut responses = Map::new();
        let asked = result.get("inputRequests").and_then(Value::as_object);
        for (name, request) in asked.into_iter().flatten() {
            let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
            let refused = |hint| {
                let (tool, method) = (self.tool.to_owned(), plain(method));
                Error::InputRequired { tool, method, hint }
            };
            if method != elicitation::METHOD {
                return Err(refused(NOT_SERVED));
            }
            let handler = self.connection.handler.as_ref().ok_or_else(|| refused(NO_HANDLER))?;
            let params = request.get("params").unwrap_or(&null);
            responses.insert(name.clone(), elicitation::fill_in(handler, params).await);
        }
        let mut more = Map::new();
        if !responses.is_empty() {
            more.insert("inputResponses".into(), responses.into());
        }
        if let Some(state) = result.get("requestState") {
            more.insert("requestState".into(), state.clone());
        }
        Ok(more)
    }
}

impl std::fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Call");
        shown.field("tool", &self.tool).field("arguments", &self.arguments);
        shown.finish_non_exhaustive()
    }
}

impl Progress {
    fn read(params: &Value) -> Self {
        Self {
            progress: params.get("progress").and_then(Value::as_f64).unwrap_or_default(),
            total: params.get("total").and_then(Value::as_f64),
            message: params.get("message").and_then(Value::as_str).map(str::to_owned),
        }
    }
}

/// Refuses arguments that are no object.
pub(crate) fn is_object(tool: &str, arguments: &Value) -> Result<()> {
    let found = match arguments {
        Value::Object(_) => return Ok(()),
        Value::Null => "null",
        Value::Bool(_) => "a Boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
    };
    Err(Error::Arguments { tool: tool.to_owned(), found })
}

/// All tools of the server, whichever pages they are on. A tool whose annotations of headers break
/// the rules is left out where headers repeat parameters, as 2026-07-28 asks of clients.
pub(crate) async fn list_tools(connection: &Connection) -> Result<Vec<Tool>> {
    let method = "tools/list";
    let fault = |what| Error::Answer { request: method.to_owned(), what };
    let (mut tools, mut all, mut params) = (Vec::new(), HashMap::new(), Map::new());
    for _ in 0..PAGES_MAX {
        let request = Request::new(method, std::mem::take(&mut params), connection.timeout);
        let mut page = connection.request(request, None).await?;
        let Some(Value::Array(listed)) = page.get_mut("tools").map(Value::take) else {
            return Err(fault("it has no tools"));
        };
        for tool in listed {
            let tool = Tool::read(tool).ok_or_else(|| fault("a tool has no name"))?;
            if connection.repeats() {
                let Some(repeated) = headers::repeated(&tool.input_schema) else { continue };
                all.insert(tool.name.clone(), Arc::from(repeated));
            }
            tools.push(tool);
        }
        match page.get("nextCursor") {
            Some(Value::String(cursor)) => drop(params.insert("cursor".into(), json!(cursor))),
            _ => {
                connection.set_repeated(all);
                return Ok(tools);
            }
        }
    }
    Err(fault("the list has no end"))
}
