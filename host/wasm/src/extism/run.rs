//! A plug-in that is compiled, its instances, and calls in slices of fuel.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use trine_gateway::json_tools::JsonCall;
use wasmi::{Linker, Module, Store, TypedFunc, TypedResumableCall, WasmResults};

use super::host::{Config, Host};
use super::{Task, abi, wasi};
use crate::engine;
use crate::error::{Error, Result};
use crate::imports::written;
use crate::limits::{Limits, Stop};
use crate::run::SLICE;
use crate::start;

/// What a plug-in exports to be made ready, of which the first that is there is called.
const READY: [&str; 2] = ["_initialize", "__wasm_call_ctors"];

/// A plug-in that is compiled, and what its instances are made of.
pub(super) struct Code {
    module: Module,
    linker: Linker<Host>,
    limits: Limits,
    function: String,
    config: Config,
}

/// The function of a tool, which says by a number whether it failed, or not.
#[derive(Clone, Copy)]
enum Function {
    Judged(TypedFunc<(), i32>),
    Unjudged(TypedFunc<(), ()>),
}

/// An instance.
pub(super) struct Live {
    store: Store<Host>,
    function: Function,
    limits: Limits,
}

/// The output of a call, or the sentence of its error; or why the instance was stopped.
pub(super) type Ended = std::result::Result<std::result::Result<Vec<u8>, String>, Stop>;

impl Code {
    pub(super) fn new(wasm: &[u8], task: &Task, limits: &Limits) -> Result<Self> {
        let module = engine::compile(wasm, limits)?;
        let mut linker = Linker::new(module.engine());
        let defined = abi::define(&mut linker).and_then(|()| wasi::define(&mut linker));
        defined.map_err(|why| Error::Module(why.to_string()))?;
        for import in module.imports() {
            let (from, name) = (import.module(), import.name());
            let known: &[(&str, &str)] = match from {
                abi::MODULE => &abi::SIGNATURES,
                wasi::MODULE => &wasi::SIGNATURES,
                _ => &[],
            };
            let known = known.iter().find(|known| known.0 == name);
            let is_so = |ty: &wasmi::FuncType| known.is_some_and(|it| it.1 == written(ty));
            if !import.ty().func().is_some_and(is_so) {
                let plain = |text| trine_gateway::sanitize::plain(text).into_owned();
                return Err(Error::Foreign { module: plain(from), name: plain(name) });
            }
        }
        let (function, config) = (task.function.clone(), Arc::new(task.config.clone()));
        Ok(Self { module, linker, limits: *limits, function, config })
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A new instance, without variables.
    pub(super) fn instance(&self) -> Result<Live> {
        let limits = self.limits;
        let host = Host::new(Arc::clone(&self.config), &limits);
        let mut store = Store::new(self.module.engine(), host);
        store.limiter(|host| &mut host.cap);
        let instance = self.linker.instantiate_and_start(&mut store, &self.module);
        let instance = instance.map_err(|error| {
            match Stop::new(&error, &limits, store.data().cap.refused) {
                Stop::Trap(_) if error.as_trap_code().is_none() => Error::Module(error.to_string()),
                stop => Error::Stopped { function: "start", stop },
            }
        })?;
        store.data_mut().memory = instance.get_memory(&store, "memory");
        let judged = instance.get_typed_func(&store, &self.function).map(Function::Judged);
        let unjudged = || instance.get_typed_func(&store, &self.function).map(Function::Unjudged);
        let function = judged.or_else(|_| unjudged()).map_err(|_| Error::NoFunction {
            name: trine_gateway::sanitize::plain(&self.function).into_owned(),
        })?;
        let mut live = Live { store, function, limits };
        let find = |store: &Store<Host>, name| instance.get_typed_func::<(), ()>(store, name).ok();
        let ready = READY.iter().find_map(|name| Some((*name, find(&live.store, name)?)));
        let start = find(&live.store, start::NAME).map(|start| ("start", start));
        for (name, function) in start.into_iter().chain(ready) {
            let stopped = |stop| Error::Stopped { function: name, stop };
            live.complete(function, &AtomicBool::new(false)).map_err(stopped)?;
        }
        Ok(live)
    }
}

impl Live {
    /// Does a call; answers it with how it ended.
    pub(super) fn call(
        &mut self,
        call: JsonCall,
        input: &[u8],
        is_ending: &AtomicBool,
    ) -> (Option<JsonCall>, Ended) {
        self.store.data_mut().call = Some(call);
        let ended = self.run(input, is_ending);
        (self.store.data_mut().call.take(), ended)
    }

    fn run(&mut self, input: &[u8], is_ending: &AtomicBool) -> Ended {
        if !self.store.data_mut().begin(input) {
            return Err(Stop::Memory(self.limits.memory));
        }
        let status = match self.function {
            Function::Judged(function) => self.complete(function, is_ending)?,
            Function::Unjudged(function) => self.complete(function, is_ending).map(|()| 0)?,
        };
        let (host, most) = (self.store.data(), self.limits.result);
        if status != 0 {
            let said = host.error();
            return Ok(Err(said.unwrap_or_else(|| format!("its function answered {status}"))));
        }
        let (at, len) = host.output;
        if usize::try_from(len).is_ok_and(|len| len > most) {
            return Ok(Err(format!(
                "its output has {len} bytes, and its limit `result` is {most}: raise it if that \
                 is right"
            )));
        }
        Ok(Ok(host.blocks.read(at, len).unwrap_or_default().to_vec()))
    }

    /// Calls a function and waits for its end.
    fn complete<R: WasmResults>(
        &mut self,
        function: TypedFunc<(), R>,
        is_ending: &AtomicBool,
    ) -> std::result::Result<R, Stop> {
        let (limits, began) = (self.limits, Instant::now());
        let first = SLICE.min(limits.fuel);
        let mut left = limits.fuel - first;
        self.give(first);
        let mut step = function.call_resumable(&mut self.store, ());
        loop {
            step = match step {
                Ok(TypedResumableCall::Finished(answer)) => return Ok(answer),
                Ok(TypedResumableCall::OutOfFuel(rest)) => {
                    let required = rest.required_fuel();
                    let all = left.saturating_add(self.store.get_fuel().unwrap_or_default());
                    let used = began.elapsed();
                    self.may_go_on((required, all), used, is_ending)?;
                    let slice = SLICE.max(required).min(all);
                    left = all - slice;
                    self.give(slice);
                    rest.resume(&mut self.store)
                }
                Ok(TypedResumableCall::HostTrap(trap)) => {
                    let why = trap.host_error().to_string();
                    return Err(self.stopped(|| Stop::Trap(why)));
                }
                Err(error) => {
                    let refused = self.store.data().cap.refused;
                    return Err(self.stopped(|| Stop::new(&error, &limits, refused)));
                }
            };
        }
    }

    fn may_go_on(
        &self,
        (required, all): (u64, u64),
        used: Duration,
        is_ending: &AtomicBool,
    ) -> std::result::Result<(), Stop> {
        match () {
            () if required > all => Err(Stop::Fuel(self.limits.fuel)),
            () if used >= self.limits.time => Err(Stop::Time(self.limits.time)),
            () if is_ending.load(Ordering::Acquire) => Err(Stop::Ended),
            () => Ok(()),
        }
    }

    /// Why a function has stopped it, or else what the interpreter says.
    fn stopped(&mut self, otherwise: impl FnOnce() -> Stop) -> Stop {
        self.store.data_mut().stopped.take().unwrap_or_else(otherwise)
    }

    fn give(&mut self, fuel: u64) {
        // Fuel is switched on for every engine, and nothing else is an error.
        _ = self.store.set_fuel(fuel);
    }
}
