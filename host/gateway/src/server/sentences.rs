//! Sentences: calls of the tool `ask`, which a model answers that the gateway was started with.
//!
//! The model runs in a thread of its own, so that no other call waits for it. It is a closure: the
//! gateway depends on no crate of models. A call that the model was told to run is a call of the
//! device like any other: a tool that asks for a person at the device asks here too.

use std::error::Error as StdError;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use trine_descriptor::{Args, Side, validate};
use trine_mcp::{Catalog as _, Outcome};

use super::calls::{Caller, From, Running};
use crate::ask_tool::{self, KnownTools, NamedCall, Reply};
use crate::context::CallContext;
use crate::device::{CallReport, Cost};
use crate::error::{Error, Result, chain};
use crate::host_tools;
use crate::hub::{Entry, Owner, Snapshot};
use crate::sync::lock;
use crate::table::Table;

/// A model that answers sentences, as a function that is run in a thread of its own. It opens the
/// model, calls [`SentenceQueue::open`] once, and answers each [`Sentence`] of the queue until that
/// ends. An error before [`SentenceQueue::open`] is the error of [`serve`](super::serve).
pub type SentenceModel =
    Box<dyn FnOnce(SentenceQueue) -> std::result::Result<(), ModelError> + Send>;

/// Why a model cannot be opened, of a crate that the gateway does not know.
type ModelError = Box<dyn StdError + Send + Sync>;

/// The sentences for a model, in the order in which they came.
#[derive(Debug)]
pub struct SentenceQueue {
    opened: Sender<Result<KnownTools>>,
    sentences: Receiver<Sentence>,
}

impl SentenceQueue {
    /// Tells the gateway that the model is open, and which tools it was made for.
    pub fn open(&self, known: KnownTools) {
        // The gateway waits for this; if it has ended, the queue is at its end too.
        _ = self.opened.send(Ok(known));
    }
}

impl Iterator for SentenceQueue {
    type Item = Sentence;

    fn next(&mut self) -> Option<Sentence> {
        self.sentences.recv().ok()
    }
}

/// A sentence to be answered.
pub struct Sentence {
    caller: Arc<dyn Caller>,
    tag: u64,
    client: u64,
    context: Option<Arc<CallContext>>,
    snapshot: Arc<Snapshot>,
    /// Number of the tool in the snapshot.
    tool: u16,
    text: String,
    run: bool,
}

/// The thread that has the model.
#[derive(Debug)]
pub(super) struct Sentences {
    queue: Mutex<Sender<Sentence>>,
}

impl Sentences {
    /// Starts the thread and waits until the model is open.
    ///
    /// # Errors
    /// When the model cannot be used.
    pub(super) fn start(model: SentenceModel) -> Result<(Self, KnownTools)> {
        let (queue, sentences) = channel();
        let (opened, is_open) = channel();
        let thread = std::thread::Builder::new().name("sentences".to_owned());
        let run = move || {
            let queue = SentenceQueue { opened: opened.clone(), sentences };
            if let Err(error) = model(queue) {
                // Nothing waits for this once the model is open.
                _ = opened.send(Err(Error::Model(error)));
            }
        };
        thread.spawn(run).map_err(Error::Thread)?;
        let known = is_open.recv().map_err(|_| Error::ModelEnded)??;
        Ok((Self { queue: Mutex::new(queue) }, known))
    }

    /// Queues a sentence for the model.
    pub(super) fn ask(&self, sentence: Sentence) {
        if let Err(refused) = lock(&self.queue).send(sentence) {
            refused.0.fail(&Error::ModelEnded.to_string());
        }
    }
}

impl std::fmt::Debug for Sentence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sentence")
            .field("text", &self.text)
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

impl Sentence {
    /// The sentence of a call; `None` when its arguments break a rule, which was then answered.
    pub(super) fn new(
        from: From<'_>,
        (snapshot, tool): (&Arc<Snapshot>, u16),
        args: &[u8],
    ) -> Option<Self> {
        let entry = snapshot.entry(tool)?;
        if let Err(fault) = validate(&*entry.table, entry.row, Side::Params, args) {
            from.waiter.done(from.tag, Outcome::Fault(fault), Cost::default());
            return None;
        }
        let args = Args::new(&*entry.table, entry.row, args);
        Some(Self {
            caller: Arc::clone(from.caller),
            tag: from.tag,
            client: from.client,
            context: from.context.cloned(),
            snapshot: Arc::clone(snapshot),
            tool,
            text: args.text(ask_tool::TEXT).unwrap_or_default().to_owned(),
            run: args.bool(ask_tool::RUN).unwrap_or_default(),
        })
    }

    /// The tools that the sentence is for, under the names that a reply has for them. Where the
    /// model was made for its tools, all sentences are for the same ones.
    #[must_use]
    pub fn tools(&self) -> Option<Arc<Table>> {
        self.snapshot.entry(self.tool)?.asks.clone()
    }

    /// The tool of a reply, as it was listed.
    fn meant(&self, tool: &str) -> Option<&Entry> {
        match self.snapshot.entry(self.tool)?.device() {
            Some(device) => self.snapshot.of_device(device, tool),
            None => self.snapshot.entry(self.snapshot.find(tool.as_bytes())?),
        }
    }

    /// Answers the sentence with what `ask` makes of its text, and makes the call where that was
    /// asked for. A sentence whose request was cancelled meanwhile is dropped.
    pub fn answer<E: StdError>(self, ask: impl FnOnce(&[u8]) -> std::result::Result<Reply, E>) {
        if !self.caller.wants(self.tag) {
            return;
        }
        let reply = match ask(self.text.as_bytes()) {
            Ok(reply) => reply,
            Err(error) => return self.fail(&chain(&error)),
        };
        match reply.call.clone() {
            Some(call) if self.run && reply.is_sure => self.start(&call, reply),
            _ => self.done(&reply, None),
        }
    }

    /// Makes the call of a reply.
    fn start(self, (tool, arguments): &NamedCall, reply: Reply) {
        let arguments = serde_json::to_string(arguments).unwrap_or_default();
        let meant = self.meant(tool);
        let Some((own, entry)) = meant.and_then(|entry| Some((entry.own_name()?, entry))) else {
            return self.fail(&format!("{tool}: it is not in the list of tools; the log says why"));
        };
        let (own, owner, table) = (own.to_owned(), entry.owner.clone(), Arc::clone(&entry.table));
        let (caller, tag, client) = (Arc::clone(&self.caller), self.tag, self.client);
        let context = self.context.clone().unwrap_or_default();
        let tell = move |report: CallReport| self.ran(&reply, &report);
        let call = (&*own, &*arguments);
        let running = match owner {
            Owner::Device(device) => {
                let ticket = device.start_json(&table, call, client, tell);
                ticket.map(|ticket| Running::Device(device, ticket))
            }
            Owner::Host(tools) => {
                host_tools::start_json(&tools, call, (client, context), tell).map(Running::Host)
            }
        };
        if let Some(running) = running {
            caller.started(tag, running);
        }
    }

    /// The call that was run has ended. An error is one, as if the tool had been called itself.
    fn ran(&self, reply: &Reply, report: &CallReport) {
        if report.is_error {
            return self.fail(&report.text);
        }
        let text = report.result["content"][0]["text"].as_str().unwrap_or("done");
        self.done(reply, Some(text));
    }

    fn done(&self, reply: &Reply, result: Option<&str>) {
        let Some(entry) = self.snapshot.entry(self.tool) else { return };
        let is_for_all = entry.device().is_none();
        let call = reply.call.as_ref().filter(|_| is_for_all);
        let meant = call.and_then(|(tool, _)| self.meant(tool));
        let device = meant.and_then(Entry::device).map(|device| device.name());
        let entries = ask_tool::entries(&entry.table, reply, (result, device.as_deref()));
        self.caller.done(self.tag, Outcome::Value(&entries), Cost::default());
    }

    /// Answers that the sentence could not be read, and why.
    pub fn fail(&self, why: &str) {
        self.caller.done(self.tag, Outcome::Error(why), Cost::default());
    }
}

#[cfg(test)]
#[path = "sentences_tests.rs"]
mod tests;
