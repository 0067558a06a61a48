//! Sentences: the tool `ask`, which a small model on this machine answers.
//!
//! The model lives in a thread of its own, so that other calls are not held up by it. A call that
//! it was told to run is one of the device's as any other: what asks for a person there asks as
//! ever.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use trine_descriptor::{Args, Side, validate};
use trine_mcp::Outcome;
use trine_models::ask::{Asker, Known, Memory, Opened, Reading, Reply, Source};
use trine_models::model::Buffers;

use super::client::Client;
use super::requests::Tag;
use crate::device::{CallReport, Cost, Device, Table, Waiter as _};
use crate::error::{Error, Result};
use crate::hub::Snapshot;
use crate::offer;

/// A sentence to be answered.
pub(super) struct Job {
    client: Arc<Client>,
    tag: Tag,
    snapshot: Arc<Snapshot>,
    /// Number of the tool in the snapshot.
    tool: u16,
    text: String,
    run: bool,
}

/// The thread that has the model.
#[derive(Debug)]
pub(super) struct Sentences {
    orders: Mutex<Sender<Job>>,
}

impl Sentences {
    /// Starts it; answers the tools that the model knows too.
    ///
    /// # Errors
    /// When the model cannot be used.
    pub(super) fn start(source: Source) -> Result<(Self, Known)> {
        let (orders, jobs) = channel();
        let (opened, is_open) = channel();
        let thread = std::thread::Builder::new().name("sentences".to_owned());
        let run = move || {
            if let Err(error) = work(&source, &opened, &jobs) {
                let error = Error::new(format!("--ask={source}: {error}"));
                // Who started it waits for this.
                _ = opened.send(Err(error));
            }
        };
        let failed = |error| Error::new(format!("the system gives no thread: {error}"));
        thread.spawn(run).map_err(failed)?;
        let known = is_open.recv().map_err(|_| Error::new("the model's thread has ended"))??;
        Ok((Self { orders: Mutex::new(orders) }, known))
    }

    /// Has a sentence answered.
    pub(super) fn order(&self, job: Job) {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(refused) = orders.send(job) {
            refused.0.fail("the model's thread has ended: please report it");
        }
    }
}

impl Job {
    /// The sentence of a call; `None` when its arguments break a rule, which was then answered.
    pub(super) fn new(
        client: &Arc<Client>,
        tag: Tag,
        (snapshot, tool): (&Arc<Snapshot>, u16),
        args: &[u8],
    ) -> Option<Self> {
        let entry = snapshot.entry(tool)?;
        if let Err(fault) = validate(&*entry.table, entry.row, Side::Params, args) {
            client.done(tag, Outcome::Fault(fault), Cost::default());
            return None;
        }
        let args = Args::new(&*entry.table, entry.row, args);
        Some(Self {
            client: Arc::clone(client),
            tag,
            snapshot: Arc::clone(snapshot),
            tool,
            text: args.text(offer::TEXT).unwrap_or_default().to_owned(),
            run: args.bool(offer::RUN).unwrap_or_default(),
        })
    }

    fn device(&self) -> Option<&Arc<Device>> {
        self.snapshot.entry(self.tool).map(|entry| &entry.device)
    }

    /// The device's own tools.
    fn tools(&self) -> Option<Arc<Table>> {
        self.snapshot.entry(self.tool)?.asks.clone()
    }

    fn answer(self, asker: &mut Asker<'_>) {
        // Its client may have cancelled it while it waited.
        if self.client.state().requests.get(self.tag).is_none() {
            return;
        }
        let reply = match asker.ask(self.text.as_bytes()) {
            Ok(reply) => reply,
            Err(error) => return self.fail(&error.to_string()),
        };
        match (&reply.call, self.device().cloned()) {
            (Some((tool, arguments)), Some(device)) if self.run && reply.is_sure => {
                let (tool, arguments) = (tool.clone(), serde_json::to_string(arguments));
                let (client, tag) = (Arc::clone(&self.client), self.tag);
                let tell = move |report: CallReport| self.ran(&reply, &report);
                let arguments = arguments.unwrap_or_default();
                if let Some(ticket) = device.start_json(&tool, &arguments, tell) {
                    client.started(tag, &device, ticket);
                }
            }
            _ => self.done(&reply, None),
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
        let entries = offer::entries(&entry.table, reply, result);
        self.client.done(self.tag, Outcome::Value(&entries), Cost::default());
    }

    fn fail(&self, why: &str) {
        self.client.done(self.tag, Outcome::Error(why), Cost::default());
    }
}

/// What the thread does: the model lives in this frame.
fn work(source: &Source, opened: &Sender<Result<Known>>, jobs: &Receiver<Job>) -> Result<()> {
    let bytes = source.bytes()?;
    let mut buffers = Buffers::default();
    let model = Opened::open(&bytes, &mut buffers)?;
    // Who started it waits for this.
    let Reading::Own(vocabulary) = &model.reading else {
        return Err(Error::new(
            "the model was made for no tools: train one for yours with trine train",
        ));
    };
    _ = opened.send(Ok(Known::of(vocabulary)));
    // All devices that are asked about have the same tools, or their jobs would not be here.
    let Ok(first) = jobs.recv() else { return Ok(()) };
    let Some(tools) = first.tools() else { return Ok(()) };
    let mut memory = Memory::default();
    let mut asker = match Asker::new(&*tools, &model, &mut memory) {
        Ok(asker) => asker,
        Err(error) => {
            let why = error.to_string();
            std::iter::once(first).chain(jobs).for_each(|job| job.fail(&why));
            return Ok(());
        }
    };
    first.answer(&mut asker);
    for job in jobs {
        job.answer(&mut asker);
    }
    Ok(())
}
