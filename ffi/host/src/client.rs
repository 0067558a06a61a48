//! A client of MCP servers over HTTP, in a C program.

use std::collections::HashMap;
use std::ffi::{c_char, c_void};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use ::trine_client::{CallResult, Client, Error, Tool};
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Handle};
use tokio::task::AbortHandle;
use trine_c_api::{TRINE_E_ARGUMENT, TRINE_E_FAILED, TRINE_E_NULL, TRINE_OK, trine_status};
use trine_gateway::chain;

use crate::answer::{Done, Refused, answered, give, give_text, refused, text, text_or};
use crate::calls::{Told, trine_hub_ended};

/// A client of one server. Opaque.
#[derive(Debug)]
#[expect(non_camel_case_types, reason = "C types carry their C names")]
pub struct trine_client {
    _private: [u8; 0],
}

/// What a `trine_client` points to.
struct Object {
    client: Client,
    calls: Arc<Calls>,
}

/// Calls that `trine_client_start` has started and whose end was not told yet.
#[derive(Default)]
struct Calls {
    last: AtomicU64,
    under_way: Mutex<HashMap<u64, AbortHandle>>,
    ended: Condvar,
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, AbortHandle>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, id: u64) {
        self.lock().remove(&id);
        self.ended.notify_all();
    }

    /// Cancels all, and waits until the end of each was told.
    fn end_all(&self) {
        let mut under_way = self.lock();
        under_way.values().for_each(AbortHandle::abort);
        while !under_way.is_empty() {
            under_way = self.ended.wait(under_way).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// # Safety
/// NULL, or a client that was opened and not closed.
unsafe fn object<'c>(client: *const trine_client) -> Done<&'c Object> {
    // SAFETY: the caller's promise.
    let object = unsafe { client.cast::<Object>().as_ref() };
    object.ok_or_else(|| Refused(TRINE_E_NULL, "the client is NULL".to_owned()))
}

/// The thread that serves all clients of this process. A fork leaves it behind: the child gets its
/// own.
fn runtime() -> Done<Handle> {
    static RUNTIME: Mutex<Option<(u32, Handle)>> = Mutex::new(None);
    let mut kept = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((owner, handle)) = &*kept
        && *owner == process
    {
        return Ok(handle.clone());
    }
    let mut builder = Builder::new_multi_thread();
    let made = builder.worker_threads(1).thread_name("trine-client").enable_all().build();
    let made = made.map_err(|error| Refused(TRINE_E_FAILED, format!("no thread: {error}")))?;
    let handle = made.handle().clone();
    *kept = Some((process, handle.clone()));
    // It lives as long as the process.
    std::mem::forget(made);
    Ok(handle)
}

/// Has `work` done by that thread, and waits for it. A program that runs in another runtime of
/// tokio may wait so too.
fn wait<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Done<T> {
    let (give, take) = mpsc::sync_channel(1);
    runtime()?.spawn(async move {
        let done = work.await;
        let _ = give.send(done);
    });
    take.recv().map_err(|_| Refused(TRINE_E_FAILED, "the work was not done".to_owned()))
}

/// The number of an error: that of its kind.
fn status(error: &Error) -> trine_status {
    error.kind().map_or(TRINE_E_ARGUMENT, |kind| kind.codes().c)
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(status(&error), chain(&error))
    }
}

/// The `result` of a `tools/call`.
fn result(answer: CallResult, is_error: bool) -> Value {
    let mut result = Map::new();
    if let Some(structured) = answer.structured {
        result.insert("structuredContent".into(), structured);
    }
    result.insert("content".into(), answer.content.into());
    result.insert("isError".into(), is_error.into());
    result.into()
}

/// A tool, as a list has it.
fn listed(tool: Tool) -> Value {
    let mut members = Map::new();
    members.insert("name".into(), tool.name.into());
    for (name, text) in [("title", tool.title), ("description", tool.description)] {
        if let Some(text) = text {
            members.insert(name.into(), text.into());
        }
    }
    members.insert("inputSchema".into(), tool.input_schema);
    if let Some(schema) = tool.output_schema {
        members.insert("outputSchema".into(), schema);
    }
    members.extend(tool.more);
    members.into()
}

/// How long connecting, and a request without an answer, may take; and the key.
fn read_options(options: &str) -> Done<::trine_client::Builder> {
    let mut builder = Client::builder();
    for line in options.split('\n').map(str::trim).filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let (key, value) = (key.trim(), value.trim());
        let wrong = |why: &str| Refused(TRINE_E_ARGUMENT, format!("option '{key}': {why}"));
        let time = || match value.parse::<u32>() {
            Ok(0) | Err(_) => Err(wrong("its value is a number of milliseconds from 1 on")),
            Ok(number) => Ok(Duration::from_millis(number.into())),
        };
        builder = match key {
            "api_key" => builder.api_key(value),
            "connect_timeout_ms" => builder.connect_timeout(time()?),
            "timeout_ms" => builder.timeout(time()?),
            _ => return Err(wrong("expected api_key, connect_timeout_ms or timeout_ms")),
        };
    }
    Ok(builder)
}

/// Reads the arguments of a call.
fn read_arguments(tool: &str, arguments: &str) -> Done<Value> {
    let wrong = |why| Refused(TRINE_E_ARGUMENT, format!("arguments of {tool}: {why}"));
    let value: Value = serde_json::from_str(arguments).map_err(|error| wrong(error.to_string()))?;
    if value.is_object() { Ok(value) } else { Err(wrong("expected a JSON object".to_owned())) }
}

/// A call, and how it ended: what the server answered, and the error where it is one.
async fn called(
    client: Client,
    tool: String,
    arguments: Value,
    timeout_ms: u32,
) -> (Option<Value>, Option<Error>) {
    let mut call = client.call(&tool).arguments(arguments);
    if timeout_ms > 0 {
        call = call.timeout(Duration::from_millis(timeout_ms.into()));
    }
    match call.send().await {
        Ok(answer) => (Some(result(answer, false)), None),
        Err(Error::Tool { tool, message, result: answer }) => {
            let said = result(CallResult::clone(&answer), true);
            (Some(said), Some(Error::Tool { tool, message, result: answer }))
        }
        Err(error) => (None, Some(error)),
    }
}

/// Connects to an MCP server over Streamable HTTP.
///
/// @param url Its URL, such as `http://127.0.0.1:8331/mcp`, ended by a zero byte.
/// @param options Lines of `key=value`, or NULL: `api_key`, sent as `Authorization: Bearer KEY`;
///                `connect_timeout_ms`, how long connecting takes at most (30,000); `timeout_ms`,
///                how long a request may be without an answer or progress (60,000).
/// @param client Where the client goes, on success only.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_ARGUMENT for a URL or an option,
///         TRINE_E_CONNECTION, or TRINE_E_PROTOCOL where no MCP server of a revision that is known
///         answers.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_client_open(
    url: *const c_char,
    options: *const c_char,
    client: *mut *mut trine_client,
) -> trine_status {
    answered(|| {
        if client.is_null() {
            return refused(TRINE_E_NULL, "there is no place for the client");
        }
        // SAFETY: the contract of every function.
        let url = unsafe { text(url, "the URL") }?.to_owned();
        // SAFETY: as above.
        let builder = read_options(unsafe { text_or(options, "options", "") }?)?;
        let connected = wait(async move { builder.connect(&url).await })??;
        let object = Object { client: connected, calls: Arc::default() };
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { give(client, Box::into_raw(Box::new(object)).cast()) };
        Ok(TRINE_OK)
    })
}

/// What the server says of itself: an object with `name` and `version`, empty where it says
/// nothing, and `revision`, that of MCP which it and the client speak.
///
/// @param client The client.
/// @param about Where the text goes, ended by a zero byte; `trine_hub_free` frees it.
/// @return TRINE_OK or TRINE_E_NULL.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_client_about(
    client: *mut trine_client,
    about: *mut *mut c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(client) }?;
        if about.is_null() {
            return refused(TRINE_E_NULL, "there is no place for the text");
        }
        let server = object.client.server();
        let said = json!({
            "name": server.name, "version": server.version, "revision": object.client.revision(),
        });
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { give_text(about, &said.to_string()) };
        Ok(TRINE_OK)
    })
}

/// The tools of the server.
///
/// @param client The client.
/// @param list Where the list goes: a JSON array of objects with `name`, `inputSchema` and what
///             else `tools/list` has. It ends with a zero byte, and `trine_hub_free` frees it.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_CONNECTION, TRINE_E_PROTOCOL or TRINE_E_FULL.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_client_tools(
    client: *mut trine_client,
    list: *mut *mut c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(client) }?;
        if list.is_null() {
            return refused(TRINE_E_NULL, "there is no place for the list");
        }
        let asked = object.client.clone();
        let tools = wait(async move { asked.list_tools().await })??;
        let tools: Vec<Value> = tools.into_iter().map(listed).collect();
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { give_text(list, &Value::from(tools).to_string()) };
        Ok(TRINE_OK)
    })
}

/// Calls a tool, and waits for its answer. The call is sent once: after TRINE_E_CONNECTION it is
/// not known whether the tool ran.
///
/// @param client The client.
/// @param tool Its name, ended by a zero byte.
/// @param arguments A JSON object, ended by a zero byte; NULL for none.
/// @param timeout_ms Milliseconds without an answer or progress after which the call is cancelled;
///                   0 for those of the client.
/// @param answer Where the answer goes, the `result` of the call: `structuredContent` where the
///               tool has it, `content` and `isError`. It ends with a zero byte, and
///               `trine_hub_free` frees it. It is there for an error of the tool too, else NULL.
///               May be NULL.
/// @return TRINE_OK, TRINE_E_FAILED when the tool answered an error, TRINE_E_NOT_FOUND when there
///         is no such tool, TRINE_E_ARGUMENT, TRINE_E_CONNECTION, TRINE_E_PROTOCOL, TRINE_E_FULL,
///         TRINE_E_NULL or TRINE_E_UTF8. `trine_hub_why` has the sentence.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_client_call(
    client: *mut trine_client,
    tool: *const c_char,
    arguments: *const c_char,
    timeout_ms: u32,
    answer: *mut *mut c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the caller's to be written.
        unsafe { give(answer, std::ptr::null_mut()) };
        // SAFETY: the contract of every function.
        let object = unsafe { object(client) }?;
        // SAFETY: as above.
        let tool = unsafe { text(tool, "tool") }?;
        // SAFETY: as above.
        let arguments = unsafe { text_or(arguments, "arguments", "{}") }?;
        let arguments = read_arguments(tool, arguments)?;
        let caller = object.client.clone();
        let (said, error) = wait(called(caller, tool.to_owned(), arguments, timeout_ms))?;
        if let Some(said) = said.filter(|_| !answer.is_null()) {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { give_text(answer, &said.to_string()) };
        }
        error.map_or(Ok(TRINE_OK), |error| Err(error.into()))
    })
}

/// Starts a call, and returns at once.
///
/// @param client The client.
/// @param tool As of `trine_client_call`.
/// @param arguments As of `trine_client_call`.
/// @param timeout_ms As of `trine_client_call`.
/// @param ended Is told of the end, once, on a thread of the library, perhaps before this function
///              returns. Its status is one of `trine_client_call`; a call that was cancelled
///              has failed. The answer is empty where the server gave none.
/// @param user_data Passed to it.
/// @param number Where the number of the call goes, for `trine_client_cancel`; may be NULL.
/// @return TRINE_OK; TRINE_E_ARGUMENT, TRINE_E_NULL or TRINE_E_UTF8: then nothing is told.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_client_start(
    client: *mut trine_client,
    tool: *const c_char,
    arguments: *const c_char,
    timeout_ms: u32,
    ended: trine_hub_ended,
    user_data: *mut c_void,
    number: *mut u64,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(client) }?;
        // SAFETY: as above.
        let tool = unsafe { text(tool, "tool") }?;
        // SAFETY: as above.
        let arguments = unsafe { text_or(arguments, "arguments", "{}") }?;
        let arguments = read_arguments(tool, arguments)?;
        let told = Told::new(ended, user_data)?;
        let (runtime, calls) = (runtime()?, Arc::clone(&object.calls));
        let id = calls.last.fetch_add(1, Ordering::Relaxed) + 1;
        // SAFETY: the caller's to be written, before the end can be told.
        unsafe { give(number, id) };
        // Entered before its end can be.
        let mut under_way = calls.lock();
        let call = called(object.client.clone(), tool.to_owned(), arguments, timeout_ms);
        let call = runtime.spawn(call);
        under_way.insert(id, call.abort_handle());
        drop(under_way);
        let teller = runtime.clone();
        runtime.spawn(async move {
            let (status, answer, why) = match call.await {
                Ok((answer, error)) => (
                    error.as_ref().map_or(TRINE_OK, status),
                    answer.map_or_else(String::new, |answer| answer.to_string()),
                    error.as_ref().map_or_else(String::new, |error| chain(error)),
                ),
                Err(_) => (TRINE_E_FAILED, String::new(), "it was cancelled".to_owned()),
            };
            // The function of the program may take its time.
            teller.spawn_blocking(move || {
                told.tell(status, &answer, &why);
                calls.end(id);
            });
        });
        Ok(TRINE_OK)
    })
}

/// Cancels a call: the server is told that no one waits for it, and its end is told with
/// TRINE_E_FAILED at once, where it has not ended before.
///
/// @param client The client.
/// @param number As `trine_client_start` gave it. One that has ended is passed over.
/// @return TRINE_OK or TRINE_E_NULL.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_client_cancel(
    client: *mut trine_client,
    number: u64,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(client) }?;
        if let Some(call) = object.calls.lock().get(&number) {
            call.abort();
        }
        Ok(TRINE_OK)
    })
}

/// Ends the connection; calls under way are cancelled, and the end of each was told before it
/// returns. Not from a function that is told of an end.
///
/// @param client The client, or NULL. It is gone after this call.
/// @return TRINE_OK.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_client_close(client: *mut trine_client) -> trine_status {
    answered(|| {
        if client.is_null() {
            return Ok(TRINE_OK);
        }
        // SAFETY: the contract of every function.
        let object = unsafe { Box::from_raw(client.cast::<Object>()) };
        object.calls.end_all();
        wait(object.client.close())?;
        Ok(TRINE_OK)
    })
}
