//! A hub of tools in a C program: its own and those of plug-ins.

use std::collections::HashMap;
use std::ffi::{CString, c_char};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine_c_api::{
    TRINE_E_ARGUMENT, TRINE_E_FAILED, TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_E_STATE, TRINE_OK,
    TRINE_PENDING, trine_status,
};
use trine_c_plugin::trine_plugin_entry_function;
use trine_descriptor::ToolTable as _;
use trine_gateway::host_tools::{Leaving, ToolStats, ToolsId};
use trine_gateway::server::{self, Server, ServerHandle};
use trine_gateway::table::Table;
use trine_gateway::{Hub, Prefix};
use trine_plugins::{Loaded, Plugins};

use crate::answer::{
    Done, Options, Refused, answered, give, give_text, read_options, refused, text, text_or, why,
};
use crate::calls::Calls;
use crate::events::Events;
use crate::join::Joins;
use crate::json::{Threads, here};

/// An address cannot be listened on, or what is there cannot be reached.
pub const TRINE_E_CONNECTION: i32 = -20;
/// A message is not what MCP or JSON-RPC allow. No function answers it yet.
pub const TRINE_E_PROTOCOL: i32 = -21;
/// No connection by TLS. No function answers it yet.
pub const TRINE_E_TLS: i32 = -22;

/// `trine_hub_find` looks for a plug-in of this name.
pub const TRINE_HUB_BY_NAME: u32 = 1;
/// `trine_hub_find` looks for plug-ins with this word among their capabilities.
pub const TRINE_HUB_BY_CAPABILITY: u32 = 2;

/// How long calls of a version that leaves are waited for.
pub(crate) const LEAVING: Duration = Duration::from_secs(10);

/// A hub. Opaque.
#[derive(Debug)]
#[expect(non_camel_case_types, reason = "C types carry their C names")]
pub struct trine_hub {
    _private: [u8; 0],
}

/// What a `trine_hub` points to.
pub(crate) struct Object {
    pub(crate) hub: Arc<Hub>,
    plugins: Plugins,
    /// Tools that take JSON, by their names, and the threads of their calls.
    json: Mutex<HashMap<String, ToolsId>>,
    pub(crate) calls: Arc<Calls>,
    pub(crate) events: Arc<Events>,
    pub(crate) threads: Arc<Threads>,
    pub(crate) in_flight: usize,
    pub(crate) joins: Joins,
    servers: Mutex<Vec<(ServerHandle, JoinHandle<()>)>>,
    pub(crate) opened: Instant,
}

/// # Safety
/// NULL, or a hub that was opened and not closed.
pub(crate) unsafe fn object<'h>(hub: *const trine_hub) -> Done<&'h Object> {
    // SAFETY: the caller's promise.
    let object = unsafe { hub.cast::<Object>().as_ref() };
    object.ok_or_else(|| Refused(TRINE_E_NULL, "the hub is NULL".to_owned()))
}

/// Opens a hub without tools of this program; with devices, where the options name some.
///
/// @param options Lines of `key=value`, or NULL. Devices, each as often as there are some: `serial`
///                (`[NAME=]PATH[:BAUD]`), `usb` (`[NAME=]VENDOR:PRODUCT`), `tcp` and `udp`
///                (`[NAME=]HOST:PORT`), `unix` (`[NAME=]PATH`), `bus` (`[NAME=]ADDRESS@LINE`),
///                `simulate` (`NAME`: the greenhouse, in this process); `settings`, the folder with
///                the keys of devices. For tools: `in_flight`, requests of clients that may be with
///                tools at a time (16); `threads`, `many` (the default) or `few`: with few, one
///                thread does the calls of tools that take JSON for as long as it takes one every
///                0.2 ms, for a language that runs one thread at a time; `plugin_keys`, a file of
///                minisign keys of which one has to have signed each plug-in; `plugin_imports`,
///                `allow`, `warn` or `deny`; `plugin_memory`, most bytes that a plug-in may say it
///                needs; `patience_ms`, how long `init` and its like of a plug-in may take
///                (10,000).
/// @param hub Where the hub goes, on success only.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_ARGUMENT or TRINE_E_FAILED.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_open(
    options: *const c_char,
    hub: *mut *mut trine_hub,
) -> trine_status {
    answered(|| {
        if hub.is_null() {
            return refused(TRINE_E_NULL, "there is no place for the hub");
        }
        // SAFETY: the contract of every function.
        let options = unsafe { text_or(options, "options", "") }?;
        let Options { policy, in_flight, are_few, devices, settings } = read_options(options)?;
        let own = Hub::open_with(&devices, Prefix::Auto, &settings)?;
        // Tools may come while it is served.
        own.expect_tools();
        let plugins = Plugins::new(Arc::clone(&own), policy);
        let (json, calls, servers) = (Mutex::default(), Arc::default(), Mutex::default());
        let events = Arc::default();
        let threads = Threads::new(in_flight, are_few);
        let opened = Instant::now();
        let joins = Joins::default();
        let object = Object {
            hub: own,
            plugins,
            json,
            calls,
            events,
            threads,
            in_flight,
            joins,
            servers,
            opened,
        };
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { give(hub, Box::into_raw(Box::new(object)).cast()) };
        Ok(TRINE_OK)
    })
}

/// Adds tools of this program: a plug-in that is linked in. It goes through the same steps as one
/// in a file, from its table on, and `trine_hub_replace` may put a file in its place.
///
/// @param hub The hub.
/// @param entry `trine_plugin_entry` of `TRINE_PLUGIN` or `TRINE_PLUGIN_TABLE`, or another function
///              of its kind, which answers another table. What the table points to is constant and
///              lives as long as the program.
/// @return TRINE_OK, TRINE_E_NULL, or TRINE_E_FAILED at one of the steps.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_add(
    hub: *mut trine_hub,
    entry: trine_plugin_entry_function,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        let entry = entry.ok_or_else(|| Refused(TRINE_E_NULL, "the entry is NULL".to_owned()))?;
        // SAFETY: the program's own plug-in.
        unsafe { object.plugins.load_linked(entry) }?;
        Ok(TRINE_OK)
    })
}

/// Loads a plug-in: a library, a module in WebAssembly, or the manifest of one.
///
/// @param hub The hub.
/// @param path Its file, ended by a zero byte.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, or TRINE_E_FAILED at one of the steps.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_load(hub: *mut trine_hub, path: *const c_char) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let path = unsafe { text(path, "path") }?;
        object.plugins.load(&[path])?;
        Ok(TRINE_OK)
    })
}

/// Whether what leaves has left.
fn left(leaving: &Leaving) -> trine_status {
    if leaving.wait(LEAVING) { TRINE_OK } else { TRINE_PENDING }
}

/// Puts a new version in the place of the plug-in of its name, which serves on where the new one
/// cannot. Each call ends in the version that it began in.
///
/// @param hub The hub.
/// @param path The file of the new version, ended by a zero byte. The first number of its version
///             is that of the one that serves.
/// @return TRINE_OK, TRINE_PENDING when a call of the old version still runs after ten seconds (the
///         new one serves), TRINE_E_NULL, TRINE_E_UTF8 or TRINE_E_FAILED.
///
/// Context: any-thread, but no tool's function of this plug-in.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_replace(
    hub: *mut trine_hub,
    path: *const c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let path = unsafe { text(path, "path") }?;
        Ok(left(&object.plugins.update(path.as_ref(), true)?))
    })
}

/// Brings the version back that served before `trine_hub_replace`.
///
/// @param hub The hub.
/// @param name Name of the plug-in, ended by a zero byte.
/// @return As `trine_hub_replace`; TRINE_E_NOT_FOUND when no plug-in has this name.
///
/// Context: any-thread, but no tool's function of this plug-in.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_roll_back(
    hub: *mut trine_hub,
    name: *const c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let name = unsafe { text(name, "name") }?;
        Ok(left(&object.plugins.roll_back(name)?))
    })
}

/// Takes a plug-in out. Its calls run to their end; then it is shut down.
///
/// @param hub The hub.
/// @param name Name of the plug-in, ended by a zero byte.
/// @return TRINE_OK, TRINE_PENDING when a call of it still runs after ten seconds, TRINE_E_NULL,
///         TRINE_E_UTF8, TRINE_E_NOT_FOUND, or TRINE_E_FAILED when another plug-in needs it.
///
/// Context: any-thread, but no tool's function of this plug-in.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_remove(
    hub: *mut trine_hub,
    name: *const c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let name = unsafe { text(name, "name") }?;
        Ok(left(&object.plugins.unload(name)?))
    })
}

impl Object {
    fn shown(&self, loaded: &Loaded) -> Value {
        let Loaded { about, file, id, previous, is_listed, .. } = loaded;
        let names = self.hub.own_table(*id).map(|table| names(&table)).unwrap_or_default();
        json!({
            "name": about.name,
            "version": about.version.to_string(),
            "description": about.description,
            "author": about.author,
            "capabilities": about.capabilities,
            "tools": names,
            "file": file.display().to_string(),
            "previous": previous.as_ref().map(ToString::to_string),
            "listed": is_listed,
        })
    }

    pub(crate) fn stats(&self, tool: &str) -> Option<ToolStats> {
        let loaded = self.plugins.list();
        let listed = loaded.iter().filter(|loaded| loaded.is_listed);
        let found = listed.map(|loaded| self.hub.tool_stats(loaded.id, tool)).find_map(Result::ok);
        found.or_else(|| {
            let id = *self.json_tools().get(tool)?;
            self.hub.tool_stats(id, tool).ok()
        })
    }

    /// Tools that take JSON, by their names.
    pub(crate) fn json_tools(&self) -> MutexGuard<'_, HashMap<String, ToolsId>> {
        self.json.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn names(table: &Table) -> Vec<String> {
    let all = (0..table.count()).filter_map(|row| table.info(row));
    all.map(|info| info.name.to_owned()).collect()
}

/// What is loaded, as JSON: a list of objects with `name`, `version`, `description`, `author`,
/// `capabilities`, `tools` (their names), `file`, `previous` (the version that
/// `trine_hub_roll_back` brings back, or null) and `listed` (whether clients see it: of several
/// versions the highest).
///
/// @param hub The hub.
/// @param list Where the text goes, ended by a zero byte; `trine_hub_free` frees it.
/// @return TRINE_OK or TRINE_E_NULL.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_list(
    hub: *mut trine_hub,
    list: *mut *mut c_char,
) -> trine_status {
    // SAFETY: passed on.
    unsafe { tell(hub, list, |_| true, false) }
}

/// The same of those plug-ins alone that are looked for.
///
/// @param hub The hub.
/// @param by `TRINE_HUB_BY_...`.
/// @param word The name or the capability, ended by a zero byte.
/// @param list Where the text goes, ended by a zero byte; `trine_hub_free` frees it.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_ARGUMENT, or TRINE_E_NOT_FOUND when there
///         is none.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_find(
    hub: *mut trine_hub,
    by: u32,
    word: *const c_char,
    list: *mut *mut c_char,
) -> trine_status {
    // SAFETY: the contract of every function.
    let word = match unsafe { text(word, "word") } {
        Ok(word) => word,
        Err(refused) => return answered(|| Err(refused)),
    };
    match by {
        // SAFETY: passed on.
        TRINE_HUB_BY_NAME => unsafe { tell(hub, list, |loaded| loaded.about.name == word, true) },
        // SAFETY: passed on.
        TRINE_HUB_BY_CAPABILITY => unsafe {
            let has = |loaded: &Loaded| loaded.about.capabilities.iter().any(|one| one == word);
            tell(hub, list, has, true)
        },
        _ => answered(|| refused(TRINE_E_ARGUMENT, "by is one of TRINE_HUB_BY_...")),
    }
}

/// # Safety
/// As of the functions above.
unsafe fn tell(
    hub: *mut trine_hub,
    list: *mut *mut c_char,
    is_it: impl Fn(&Loaded) -> bool,
    needs_one: bool,
) -> trine_status {
    answered(|| {
        // SAFETY: passed on.
        let object = unsafe { object(hub) }?;
        if list.is_null() {
            return refused(TRINE_E_NULL, "there is no place for the list");
        }
        let all = object.plugins.list();
        let found: Vec<Value> =
            all.iter().filter(|one| is_it(one)).map(|one| object.shown(one)).collect();
        if found.is_empty() && needs_one {
            let known: Vec<_> = all.iter().map(|loaded| &*loaded.about.name).collect();
            let why = match known[..] {
                [] => "there is none: no plug-in is loaded".to_owned(),
                _ => format!("there is none: loaded are {}", known.join(", ")),
            };
            return refused(TRINE_E_NOT_FOUND, &why);
        }
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { give_text(list, &Value::from(found).to_string()) };
        Ok(TRINE_OK)
    })
}

/// Waits until each device has shown its tools, or cannot be reached.
///
/// @param hub The hub.
/// @param timeout_ms Milliseconds after which it is not waited for any more.
/// @return TRINE_OK, also without devices; TRINE_PENDING when one of them has not answered, which
///         goes on coming up; TRINE_E_NULL.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_wait(hub: *mut trine_hub, timeout_ms: u32) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        let is_ready = object.hub.wait_ready(Duration::from_millis(timeout_ms.into()));
        Ok(if is_ready { TRINE_OK } else { TRINE_PENDING })
    })
}

/// The tools as clients see them, of devices too, as JSON: a list of objects of `tools/list`.
///
/// @param hub The hub.
/// @param list Where the text goes, ended by a zero byte; `trine_hub_free` frees it.
/// @return TRINE_OK or TRINE_E_NULL.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_tools(
    hub: *mut trine_hub,
    list: *mut *mut c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        if list.is_null() {
            return refused(TRINE_E_NULL, "there is no place for the list");
        }
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { give_text(list, &Value::from(object.hub.tools()).to_string()) };
        Ok(TRINE_OK)
    })
}

/// Calls a tool of this program, of a plug-in or of a device, as a client does: its arguments are
/// checked, and so is its result. One that needs a person at a device waits for that.
///
/// @param hub The hub.
/// @param tool Its name, or `tool@version`, ended by a zero byte.
/// @param arguments A JSON object, ended by a zero byte; NULL for none.
/// @param timeout_ms Milliseconds after which the call is cancelled; 0 for never. Then a tool that
///                   takes JSON runs on the thread that calls.
/// @param answer Where the answer goes, the `result` of a `tools/call`: `structuredContent`,
///               `content` and `isError`. It ends with a zero byte, and `trine_hub_free` frees it.
///               It is there for an error of the tool too. May be NULL.
/// @return TRINE_OK, TRINE_E_FAILED when the tool answered an error, TRINE_E_NOT_FOUND when there
///         is no such tool (then `answer` is NULL), TRINE_E_NULL or TRINE_E_UTF8. `trine_hub_why`
///         has the sentence.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_call(
    hub: *mut trine_hub,
    tool: *const c_char,
    arguments: *const c_char,
    timeout_ms: u32,
    answer: *mut *mut c_char,
) -> trine_status {
    answered(|| {
        // SAFETY: the caller's to be written.
        unsafe { give(answer, std::ptr::null_mut()) };
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let tool = unsafe { text(tool, "tool") }?;
        // SAFETY: as above.
        let arguments = unsafe { text_or(arguments, "arguments", "{}") }?;
        let call = |patience| object.hub.call(tool, arguments, patience);
        let report = match timeout_ms {
            0 => here(|| call(Duration::MAX)),
            timeout_ms => call(Duration::from_millis(timeout_ms.into())),
        }?;
        if !answer.is_null() {
            // SAFETY: not NULL, and the caller's to be written.
            unsafe { give_text(answer, &report.result.to_string()) };
        }
        if report.is_error { refused(TRINE_E_FAILED, &report.text) } else { Ok(TRINE_OK) }
    })
}

/// Serves the client on standard input and output until that ends its input. The program writes
/// nothing else to standard output meanwhile.
///
/// @param hub The hub, with at least one tool or device.
/// @return TRINE_OK, TRINE_E_NULL, or TRINE_E_FAILED when there is neither.
///
/// Context: owner-only, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_serve_stdio(hub: *mut trine_hub) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        if object.hub.devices().is_empty() && object.hub.tools().is_empty() {
            return refused(TRINE_E_FAILED, "the hub has no tools: add some before it is served");
        }
        server::serve(&object.hub, object.in_flight, None)?;
        Ok(TRINE_OK)
    })
}

/// Serves Streamable HTTP, on threads of the hub's own, until it is closed. Returns at once.
///
/// @param hub The hub. Tools may be added later.
/// @param address Such as `127.0.0.1:8331`, ended by a zero byte; port 0 is any free one. An
///                address that is not loopback's is refused, since there are no keys here: `trine
///                gateway` has them.
/// @param port Where the port goes; may be NULL.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_UTF8, TRINE_E_ARGUMENT, TRINE_E_CONNECTION when the
///         address cannot be listened on, or TRINE_E_FAILED.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_serve_http(
    hub: *mut trine_hub,
    address: *const c_char,
    port: *mut u16,
) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        let object = unsafe { object(hub) }?;
        // SAFETY: as above.
        let address = unsafe { text(address, "address") }?;
        let address: SocketAddr = address.parse().map_err(|_| {
            let why = format!("'{address}' is no address: write 127.0.0.1:8331");
            Refused(TRINE_E_ARGUMENT, why)
        })?;
        let server = Server::builder().hub(Arc::clone(&object.hub)).http(address);
        let server = server.in_flight(object.in_flight).build()?;
        let (handle, bound) = (server.handle(), server.local_addr().port());
        let thread = std::thread::Builder::new().name("trine-http".to_owned());
        // What breaks it ends its connections; there is nobody to tell.
        let thread = thread.spawn(move || drop(server.run()));
        let thread = thread.map_err(|error| Refused(TRINE_E_FAILED, error.to_string()))?;
        let mut servers = object.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.push((handle, thread));
        // SAFETY: the caller's to be written.
        unsafe { give(port, bound) };
        Ok(TRINE_OK)
    })
}

/// Why the last function of a hub that this thread called answered an error.
///
/// @return A text that ends with a zero byte and lives until this thread calls the next one; empty
///         where it answered none.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub extern "C" fn trine_hub_why() -> *const c_char {
    why()
}

/// Frees a text that a function of a hub has given.
///
/// @param text The text; NULL does nothing.
/// @return TRINE_OK.
///
/// Context: any-thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_free(text: *mut c_char) -> trine_status {
    if !text.is_null() {
        // SAFETY: made by `give_text`, and given back once.
        drop(unsafe { CString::from_raw(text) });
    }
    TRINE_OK
}

/// Ends a hub: HTTP is no longer served, gateways are left, all plug-ins are taken out and shut
/// down after their last call, and the hub is gone.
///
/// @param hub The hub. No other thread uses it.
/// @return TRINE_OK, TRINE_E_NULL, or TRINE_E_STATE when a server's thread could not be ended, or
///         when a function that is told of events calls: then the hub goes on.
///
/// Context: owner-only, and no tool's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_hub_close(hub: *mut trine_hub) -> trine_status {
    answered(|| {
        // SAFETY: the contract of every function.
        if unsafe { object(hub) }?.events.is_here() {
            let why =
                "a function that is told of events closes its hub: close it on another thread";
            return refused(TRINE_E_STATE, why);
        }
        // SAFETY: made by `trine_hub_open`, and nobody else uses it.
        let object = unsafe { Box::from_raw(hub.cast::<Object>()) };
        let mut servers = object.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let servers = std::mem::take(&mut *servers);
        for (handle, _) in &servers {
            handle.shutdown();
        }
        let is_fine = servers.into_iter().map(|(_, thread)| thread.join()).all(|end| end.is_ok());
        object.joins.close();
        object.hub.close();
        object.events.close();
        object.plugins.close();
        let json = std::mem::take(&mut *object.json_tools());
        for id in json.into_values() {
            // One whose call does not end is left to it.
            let _ = object.hub.remove_tools(id).map(|leaving| leaving.wait(LEAVING));
        }
        object.threads.close();
        if is_fine { Ok(TRINE_OK) } else { refused(TRINE_E_STATE, "a server has panicked") }
    })
}
