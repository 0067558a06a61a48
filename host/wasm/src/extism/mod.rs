//! Plug-ins of Extism: modules that other people's kits have made, whose functions take bytes and
//! answer bytes. One function of a plug-in does the calls of one tool that JSON defines.
//!
//! - `blocks`: the memory that plug-in and program share;
//! - `host`: what the functions work on that the plug-in calls;
//! - `abi`: those of Extism; `wasi`: those of WASI, none of which reaches anything;
//! - `run`: instances and calls.

mod abi;
mod blocks;
mod host;
mod run;
mod wasi;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use serde_json::{Map, Value, json};
use trine_gateway::json_tools::{Execute, JsonCall};

use crate::error::{Error, Result};
use crate::limits::Limits;
use run::{Code, Live};

/// The name of the module whose functions are Extism's.
pub(crate) use abi::MODULE;

/// What a plug-in of Extism is asked to do, and with what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// The function of the plug-in.
    pub function: String,
    /// What the plug-in can read of its configuration.
    pub config: BTreeMap<String, String>,
    /// The argument that is its input: a text as it is, anything else as JSON. Without one the
    /// input is all arguments, as a JSON object.
    pub input: Option<String>,
    /// The member of the result that its output is, as a text. Without one the output has to be a
    /// JSON object, which is the result.
    pub output: Option<String>,
}

/// A function of a plug-in, which does the calls of a tool one after another on a thread.
pub struct Extism {
    jobs: Sender<JsonCall>,
    shared: Arc<Shared>,
}

struct Shared {
    code: Code,
    task: Task,
    /// Calls that wait or run.
    waiting: AtomicUsize,
    is_ending: AtomicBool,
}

impl std::fmt::Debug for Extism {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extism").field("task", &self.shared.task).finish_non_exhaustive()
    }
}

impl Extism {
    /// Loads a plug-in: compiles it, checks what it imports, and makes an instance.
    ///
    /// # Errors
    /// What is wrong with the plug-in. The bytes may be anything.
    pub fn load(wasm: &[u8], task: Task, limits: &Limits) -> Result<Self> {
        // A panic would be a bug of the interpreter or of this program, and ends neither.
        let load = AssertUnwindSafe(|| {
            let code = Code::new(wasm, &task, limits)?;
            let live = code.instance()?;
            Ok((code, live))
        });
        let panicked = |_| Err(Error::Module("the interpreter panicked".to_owned()));
        let (code, live) = catch_unwind(load).unwrap_or_else(panicked)?;
        let (waiting, is_ending) = (AtomicUsize::new(0), AtomicBool::new(false));
        // A name of WebAssembly may have a zero byte, which one of a thread may not.
        let name = format!("extism {}", task.function).replace('\0', " ");
        let shared = Arc::new(Shared { code, task, waiting, is_ending });
        let (jobs, todo) = channel();
        let worker = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name.chars().take(60).collect());
        thread.spawn(move || worker.work(Some(live), &todo)).map_err(Error::Thread)?;
        Ok(Self { jobs, shared })
    }
}

impl Execute for Extism {
    fn execute(&self, call: JsonCall) {
        let Shared { waiting, code, .. } = &*self.shared;
        // One runs, the others wait.
        if waiting.fetch_add(1, Ordering::AcqRel) > code.limits().waiting {
            waiting.fetch_sub(1, Ordering::AcqRel);
            return call.error("too many calls wait for this tool: call it again later");
        }
        // Where the thread has ended, the call is dropped, of which its client is told.
        _ = self.jobs.send(call);
    }

    fn end(&self) {
        self.shared.is_ending.store(true, Ordering::Release);
    }
}

impl Drop for Extism {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn work(&self, mut live: Option<Live>, todo: &Receiver<JsonCall>) {
        while let Ok(call) = todo.recv() {
            // A panic is a bug of this program. It ends the call, whose client is told.
            let run = AssertUnwindSafe(|| self.call(live.take(), call));
            live = catch_unwind(run).unwrap_or_default();
            self.waiting.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Does a call in the instance or, after one was stopped, in a new one; answers the instance
    /// for the next call.
    fn call(&self, live: Option<Live>, call: JsonCall) -> Option<Live> {
        let input = match self.task.input(call.arguments()) {
            Ok(input) => input,
            Err(why) => {
                call.error(&why);
                return live;
            }
        };
        let mut live = match live.map_or_else(|| self.code.instance(), Ok) {
            Ok(live) => live,
            Err(error) => {
                call.error(&format!("the plug-in could not be started again: {error}"));
                return None;
            }
        };
        let (call, ended) = live.call(call, &input, &self.is_ending);
        let is_stopped = ended.is_err();
        let ended = ended.unwrap_or_else(|stop| Err(stop.to_string()));
        if let Some(call) = call {
            match ended.and_then(|output| self.task.result(output)) {
                Ok(object) => call.done(&object),
                Err(why) => call.error(&why),
            }
        }
        if is_stopped { None } else { Some(live) }
    }
}

impl Task {
    /// The input of a call with these arguments, which are a JSON object.
    fn input(&self, arguments: &str) -> std::result::Result<Vec<u8>, String> {
        let Some(name) = &self.input else { return Ok(arguments.as_bytes().to_vec()) };
        let members: Map<String, Value> =
            serde_json::from_str(arguments).map_err(|error| error.to_string())?;
        Ok(match members.get(name) {
            Some(Value::String(text)) => text.clone().into_bytes(),
            Some(value) => value.to_string().into_bytes(),
            None => Vec::new(),
        })
    }

    /// The result of a call with this output.
    fn result(&self, output: Vec<u8>) -> std::result::Result<String, String> {
        let text = String::from_utf8(output)
            .map_err(|_| "its output is no UTF-8: report this to its author".to_owned())?;
        if let Some(name) = &self.output {
            let text = trine_gateway::sanitize::content(&text);
            return Ok(
                Value::Object([(name.clone(), json!(text))].into_iter().collect()).to_string()
            );
        }
        match serde_json::from_str::<Map<String, Value>>(&text) {
            Ok(_) => Ok(text),
            Err(_) => Err("its output is no JSON object: name a member for it with `output` in \
                           the definition of the tool"
                .to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_is_all_arguments_or_one_of_them() {
        let arguments = r#"{"text":"\u00e4b","n":[1,2]}"#;
        let input = |name: Option<&str>| {
            let task = Task { input: name.map(str::to_owned), ..Task::default() };
            String::from_utf8(task.input(arguments).unwrap()).unwrap()
        };
        assert_eq!(input(None), arguments);
        assert_eq!(input(Some("text")), "äb");
        assert_eq!(input(Some("n")), "[1,2]");
        assert_eq!(input(Some("missing")), "");
    }

    #[test]
    fn an_output_is_an_object_or_the_text_of_a_member() {
        let result = |name: Option<&str>, output: &str| {
            let task = Task { output: name.map(str::to_owned), ..Task::default() };
            task.result(output.as_bytes().to_vec())
        };
        assert_eq!(result(None, r#"{"a": 1}"#).unwrap(), r#"{"a": 1}"#);
        assert_eq!(result(Some("t"), r#"{"a": 1}"#).unwrap(), r#"{"t":"{\"a\": 1}"}"#);
        for no_object in ["", "text", "[]", "{"] {
            assert!(result(None, no_object).unwrap_err().contains("`output`"), "{no_object}");
        }
        assert!(Task::default().result(vec![0xff]).unwrap_err().contains("UTF-8"));
    }
}
