//! A module that is compiled, and its instances.

use std::time::Duration;

use wasmi::{
    AsContextMut, CompilationMode, Config, EnforcedLimits, Engine, Instance, Linker, Memory,
    Module, Store, TypedFunc, Val, WasmParams, WasmResults,
};

use crate::call::Call;
use crate::component::{self, byte, number};
use crate::error::{Error, Result};
use crate::extism;
use crate::imports;
use crate::limits::{Cap, Limits, PAGE, Stop};
use crate::memory::Linear;
use crate::nodes::Entry;
use crate::plugin::{ABI, Places};
use crate::start;

const ENTRY: &str = "trine_plugin_entry";
const FUNCTIONS: &str = "__indirect_function_table";
/// Fewest pages that are added for what the module is lent.
const LENT_PAGES: u64 = 2;

pub(crate) const NO_ROOM: &str = "no memory is left for the texts of a call: raise the limit \
    `memory`, or link the module with a larger --max-memory";

/// A module that is compiled, and what its instances are made of.
pub(crate) struct Code {
    module: Module,
    linker: Linker<State>,
    limits: Limits,
}

/// What the functions that a module calls work on.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) memory: Option<Memory>,
    pub(crate) call: Option<Call>,
    /// The number by which the module knows its call; another number is a call that has ended.
    handle: i32,
    /// Longest time of the call.
    pub(crate) time: Duration,
    pub(crate) cap: Cap,
    pub(crate) lent: Lent,
}

/// Memory of the module in which the program puts what it lends: pages that it has added.
#[derive(Debug, Default)]
pub(crate) struct Lent {
    base: u32,
    size: u32,
    used: u32,
    /// Where the arguments of the call are.
    pub(crate) args: Option<u32>,
    /// Where the default of a parameter is.
    pub(crate) defaults: Vec<(i32, u32)>,
}

/// `on_read`: the state, the number of the call, the offset, the buffer and its size.
type OnRead = TypedFunc<(i32, i32, i32, i32, i32), i32>;

/// A tool of an instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    pub(crate) call: TypedFunc<(i32, i32), i32>,
    pub(crate) on_read: Option<OnRead>,
    pub(crate) user_data: i32,
    pub(crate) time: Duration,
}

/// An instance.
pub(crate) struct Live {
    pub(crate) store: Store<State>,
    instance: Instance,
    memory: Memory,
    pub(crate) limits: Limits,
    tools: Vec<Tool>,
    /// What tools that act by themselves do when their hub is gone, each with its `user_data`.
    on_link_lost: Vec<(TypedFunc<i32, ()>, i32)>,
    shutdown: Option<TypedFunc<i32, ()>>,
    health: Option<TypedFunc<i32, i32>>,
    /// The pointer that `init` made.
    state: i32,
    /// The memory of the last result.
    pub(crate) room: Vec<u8>,
}

/// Compiles a module for an engine that counts its fuel. The bytes may be anything.
pub(crate) fn compile(wasm: &[u8], limits: &Limits) -> Result<Module> {
    if wasm.len() > limits.module {
        return Err(Error::TooLong { bytes: wasm.len(), max: limits.module });
    }
    let mut config = Config::default();
    config.consume_fuel(true).ignore_custom_sections(true);
    config.wasm_memory64(false).wasm_multi_memory(false);
    config.compilation_mode(CompilationMode::Eager).enforced_limits(EnforcedLimits::strict());
    config.set_max_recursion_depth(limits.depth);
    let engine = Engine::new(&config);
    // Text would be taken where another crate turned that feature on.
    if !wasm.starts_with(b"\0asm") {
        return Err(Error::Module("it does not begin with \"\\0asm\"".to_owned()));
    }
    if let Some(names) = component::names(wasm) {
        return Err(Error::Component(names));
    }
    if has_code_of_nothing(wasm) {
        let why = "its section of code has bytes, but no function".to_owned();
        return Err(Error::Module(why));
    }
    let changed = start::exported(wasm);
    let wasm = changed.as_deref().unwrap_or(wasm);
    Module::new(&engine, wasm).map_err(|why| Error::Module(why.to_string()))
}

/// Whether a section of code has more bytes than a count of no functions has. The interpreter
/// divides its size by that count before it finds the mistake.
fn has_code_of_nothing(wasm: &[u8]) -> bool {
    const CODE: u8 = 10;
    let mut rest = wasm.get(8..).unwrap_or_default();
    while let (Some(id), Some(size)) = (byte(&mut rest), number(&mut rest)) {
        let mut code = rest;
        if id == CODE && size > 5 && number(&mut code) == Some(0) {
            return true;
        }
        rest = rest.get(size as usize..).unwrap_or_default();
    }
    false
}

impl Code {
    pub(crate) fn new(wasm: &[u8], limits: &Limits) -> Result<Self> {
        let module = compile(wasm, limits)?;
        let engine = module.engine();
        let linker = imports::linker(engine).map_err(|why| Error::Module(why.to_string()))?;
        for import in module.imports() {
            let (from, name) = (import.module(), import.name());
            let given = imports::signature(name).filter(|_| from == imports::MODULE);
            let Some(signature) = given else {
                if from == extism::MODULE {
                    return Err(Error::IsExtism);
                }
                let plain = |text| trine_gateway::sanitize::plain(text).into_owned();
                return Err(Error::Import { module: plain(from), name: plain(name) });
            };
            if import.ty().func().is_none_or(|ty| imports::written(ty) != signature) {
                return Err(Error::ImportType { name: name.to_owned() });
            }
        }
        Ok(Self { module, linker, limits: *limits })
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A new instance, and the address of its table.
    pub(crate) fn instance(&self) -> Result<(Live, u32)> {
        let limits = self.limits;
        let state = State { cap: Cap::new(&limits), ..State::default() };
        let mut store = Store::new(self.module.engine(), state);
        store.limiter(|state| &mut state.cap);
        // It has no fuel yet: no function of the module runs while an instance is made.
        let instance = self.linker.instantiate_and_start(&mut store, &self.module);
        let instance = instance.map_err(|error| {
            let stop = Stop::new(&error, &limits, refused(&store));
            match stop {
                Stop::Trap(_) if error.as_trap_code().is_none() => Error::Module(error.to_string()),
                stop => Error::Stopped { function: "start", stop },
            }
        })?;
        let memory = instance.get_memory(&store, "memory").ok_or(Error::Export {
            what: "memory",
            name: "memory",
            remedy: "link it as a program for wasm32, whose memory is its own",
        })?;
        store.data_mut().memory = Some(memory);
        let mut live = Live {
            store,
            instance,
            memory,
            limits,
            tools: Vec::new(),
            on_link_lost: Vec::new(),
            shutdown: None,
            health: None,
            state: 0,
            room: Vec::new(),
        };
        // The second one has constructors of C++ and Rust, where the linker left them to the
        // program.
        for (name, what) in [(start::NAME, "start"), ("_initialize", "_initialize")] {
            if let Ok(ready) = instance.get_typed_func::<(), ()>(&live.store, name) {
                live.complete(ready, ()).map_err(stopped(what))?;
            }
        }
        let remedy = "put TRINE_PLUGIN into one of its files, which takes one i32 and answers one";
        let entry = instance.get_typed_func::<i32, i32>(&live.store, ENTRY);
        let entry = entry.map_err(|_| Error::Export { what: "function", name: ENTRY, remedy })?;
        let at = live.complete(entry, ABI.cast_signed()).map_err(stopped(ENTRY))?;
        Ok((live, at.cast_unsigned()))
    }
}

fn refused(store: &Store<State>) -> bool {
    store.data().cap.refused
}

pub(crate) const fn stopped(function: &'static str) -> impl Fn(Stop) -> Error {
    move |stop| Error::Stopped { function, stop }
}

impl Live {
    pub(crate) fn linear(&self) -> Linear<'_> {
        Linear(self.memory.data(&self.store))
    }

    pub(crate) fn tool(&self, row: u16) -> Option<&Tool> {
        self.tools.get(usize::from(row))
    }

    pub(crate) fn fuel(&self) -> u64 {
        self.store.get_fuel().unwrap_or_default()
    }

    pub(crate) fn give(&mut self, fuel: u64) {
        // Fuel is switched on for every engine, and nothing else is an error.
        _ = self.store.set_fuel(fuel);
    }

    /// The function with an index; none for 0, which is NULL.
    fn function<P: WasmParams, R: WasmResults>(
        &self,
        index: u32,
        what: &str,
    ) -> Result<Option<TypedFunc<P, R>>> {
        if index == 0 {
            return Ok(None);
        }
        let remedy = "link it with -Wl,--export-table";
        let table = self.instance.get_table(&self.store, FUNCTIONS);
        let table = table.ok_or(Error::Export { what: "table", name: FUNCTIONS, remedy })?;
        let Some(Val::FuncRef(entry)) = table.get(&self.store, index.into()) else {
            return Err(Error::Table(format!(
                "{what} is function {index}, which it does not have"
            )));
        };
        let function = entry.val().and_then(|function| function.typed(&self.store).ok());
        let wrong =
            || Error::Table(format!("{what} is function {index}, which takes other values"));
        Ok(Some(function.ok_or_else(wrong)?))
    }

    /// Finds the functions of the table and makes the state.
    pub(crate) fn init(&mut self, places: &Places, entries: &[Entry]) -> Result<()> {
        self.shutdown = self.function(places.shutdown, "`shutdown`")?;
        self.health = self.function(places.health, "`health`")?;
        let most = self.limits.time;
        for (number, entry) in entries.iter().enumerate() {
            let call = self.function(entry.call, &format!("`call` of tool {number}"))?;
            let call = call.ok_or_else(|| {
                Error::Table(format!("`call` of tool {number} is NULL: it needs a function"))
            })?;
            let on_read = self.function(entry.on_read, &format!("`on_read` of tool {number}"))?;
            let time = match entry.deadline_ms {
                0 => most,
                deadline => most.min(Duration::from_millis(deadline.into())),
            };
            let user_data = entry.user_data.cast_signed();
            self.tools.push(Tool { call, on_read, user_data, time });
        }
        if let Some(init) = self.function::<i32, i32>(places.init, "`init`")? {
            let place = reserve(&mut self.store, 4).ok_or(Error::Stopped {
                function: "init",
                stop: Stop::Memory(self.limits.memory),
            })?;
            let status = self.complete(init, place.cast_signed()).map_err(stopped("init"))?;
            judge("init", status)?;
            let word = self.linear().bytes(place, 4).and_then(<[u8]>::first_chunk);
            self.state = i32::from_le_bytes(word.copied().unwrap_or_default());
        }
        for tool in &mut self.tools {
            if tool.user_data == 0 {
                tool.user_data = self.state;
            }
        }
        self.reset(entries)
    }

    /// Lets tools that act by themselves begin in safety, and finds what they do at the end. All of
    /// them together have what one call may use.
    fn reset(&mut self, entries: &[Entry]) -> Result<()> {
        let mut budget = self.budget();
        for (number, entry) in entries.iter().enumerate() {
            let user_data = self.tools.get(number).map_or(self.state, |tool| tool.user_data);
            let what = |function| format!("`{function}` of tool {number}");
            let lost = self.function(entry.on_link_lost, &what("on_link_lost"))?;
            self.on_link_lost.extend(lost.map(|function| (function, user_data)));
            if let Some(reset) = self.function(entry.on_reset, &what("on_reset"))? {
                let reset = self.complete_within::<_, ()>(&mut budget, reset, user_data);
                reset.map_err(stopped("on_reset"))?;
            }
        }
        Ok(())
    }

    /// Lets the module try its tools.
    pub(crate) fn self_test(&mut self, places: &Places) -> Result<()> {
        let test = self.function::<i32, i32>(places.self_test, "`self_test`")?;
        let Some(test) = test else { return Ok(()) };
        let status = self.complete(test, self.state).map_err(stopped("self_test"))?;
        judge("self_test", status)
    }

    pub(crate) fn health(&mut self) -> Result<()> {
        let Some(health) = self.health else { return Ok(()) };
        let status = self.complete(health, self.state).map_err(stopped("health"))?;
        judge("health", status)
    }

    /// Lets the module bring its actuators to safety, since no call will come any more, and free
    /// its state. One that fails keeps no other from safety. All actuators together have what one
    /// call may use.
    pub(crate) fn shutdown(&mut self) -> Result<()> {
        let (mut budget, mut ended) = (self.budget(), Ok(()));
        for (lost, user_data) in std::mem::take(&mut self.on_link_lost) {
            let lost = self.complete_within::<_, ()>(&mut budget, lost, user_data);
            ended = ended.and(lost.map_err(stopped("on_link_lost")));
        }
        let Some(shutdown) = self.shutdown.take() else { return ended };
        ended.and(self.complete(shutdown, self.state).map_err(stopped("shutdown")))
    }
}

const fn judge(function: &'static str, status: i32) -> Result<()> {
    if status < 0 { Err(Error::Failed { function, status }) } else { Ok(()) }
}

impl State {
    /// Begins a call; answers its handle.
    pub(crate) fn begin(&mut self, call: Call, time: Duration) -> i32 {
        self.call = Some(call);
        self.time = time;
        self.cap.refused = false;
        self.lent.used = 0;
        self.lent.args = None;
        self.lent.defaults.clear();
        // Never 0, which is NULL.
        self.handle = self.handle.wrapping_add(1).max(1);
        self.handle
    }

    /// Ends the call: its handle is of no use any more.
    pub(crate) fn end(&mut self) -> Option<Call> {
        self.call.take()
    }

    /// The call of a handle.
    pub(crate) fn call(&mut self, handle: i32) -> Option<&mut Call> {
        self.call.as_mut().filter(|_| handle == self.handle)
    }
}

/// Memory of the module that it lends to the call under way: `size` bytes until the call ends.
/// `None` where it may not have so much.
pub(crate) fn reserve(mut store: impl AsContextMut<Data = State>, size: u32) -> Option<u32> {
    let mut store = store.as_context_mut();
    let memory = store.data().memory?;
    let Lent { base, size: has, used, .. } = store.data().lent;
    let next = used.checked_add(size)?.checked_next_multiple_of(8)?;
    if next <= has {
        store.data_mut().lent.used = next;
        return base.checked_add(used);
    }
    // What was lent stays where it is. The new pages are enough for as long a call as this one.
    let pages = u64::from(next).div_ceil(PAGE as u64).max(LENT_PAGES);
    let page = memory.grow(&mut store, pages).ok()?;
    let base = u32::try_from(page * PAGE as u64).ok()?;
    let lent = &mut store.data_mut().lent;
    (lent.base, lent.size) = (base, u32::try_from(pages * PAGE as u64).ok()?);
    lent.used = size.checked_next_multiple_of(8)?;
    Some(base)
}
