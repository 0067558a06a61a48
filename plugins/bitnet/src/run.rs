//! Calls: arguments to the models, and their answers back to the program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{channel, RecvTimeoutError, Sender};
use std::sync::Arc;
use std::time::Duration;

use trine_descriptor::{Args, Scalar, Tool, ValueWriter};
use trine_models::inference::{Reply, Service};

use crate::trine_plugin::Call;
use crate::Models;

/// How often it is looked whether a call is still wanted.
const LOOK: Duration = Duration::from_millis(50);
/// Room for the arguments of a call.
const ARGUMENTS_MAX: usize = 72 * 1024;
const INFERENCE: u16 = 0;
const HEALTH: u16 = 1;

/// What comes of a call, from the thread of a model.
enum News {
    Progress((u32, u32), String),
    Value(Vec<u8>),
    Error(String),
}

/// Sends it to the thread of the call.
struct Answer(Sender<News>);

impl Reply for Answer {
    fn progress(&self, tokens: (u32, u32), text: &str) -> bool {
        self.0.send(News::Progress(tokens, text.to_owned())).is_ok()
    }

    fn value(self: Box<Self>, entries: &[u8]) {
        _ = self.0.send(News::Value(entries.to_vec()));
    }

    fn error(self: Box<Self>, why: &str) {
        _ = self.0.send(News::Error(why.to_owned()));
    }
}

pub(crate) fn generate(models: &Models, call: &mut Call<'_>) -> Result<(), String> {
    let mut memory = vec![0; ARGUMENTS_MAX];
    let mut out = ValueWriter::new(&mut memory);
    out.text(0, call.text(0));
    out.text(1, call.text(1));
    out.int(2, call.int(2));
    out.decimal(3, call.decimal(3));
    out.int(4, call.int(4));
    let length = out.len();
    let arguments = memory.get(..length).ok_or("the prompt is too long")?;
    run(models, call, INFERENCE, arguments)
}

pub(crate) fn health(models: &Models, call: &mut Call<'_>) -> Result<(), String> {
    run(models, call, HEALTH, &[])
}

/// Has the models do it, and waits for the answer.
fn run(models: &Models, call: &mut Call<'_>, row: u16, arguments: &[u8]) -> Result<(), String> {
    let (sender, receiver) = channel();
    let cancelled = Arc::new(AtomicBool::new(false));
    let tool = Service::tools().get(usize::from(row)).ok_or("there is no such tool")?;
    let table = [*tool];
    models.0.call(row, &Args::new(&table, 0, arguments), &cancelled, Box::new(Answer(sender)));
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(News::Progress((done, total), text)) => call.progress(done, total, &text),
            Ok(News::Value(entries)) => {
                put(call, tool, &entries);
                return Ok(());
            }
            Ok(News::Error(why)) => return Err(why),
            Err(RecvTimeoutError::Timeout) => {
                // The text ends then, and that is its answer.
                cancelled.fetch_or(call.is_cancelled(), Ordering::AcqRel);
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err("the model ended without an answer".to_owned())
            }
        }
    }
}

/// Puts a result, whose members are scalars, into the call.
fn put(call: &mut Call<'_>, tool: &Tool<'_>, entries: &[u8]) {
    // A result is read as arguments are.
    let results = [Tool::new(tool.info, tool.output, &[])];
    let results = Args::new(&results, 0, entries);
    for (node, _) in (0..).zip(tool.output) {
        let to = i32::from(node);
        match results.get(node) {
            Some(Scalar::Text(text)) => call.put_text(to, text),
            Some(Scalar::Int(value)) => call.put_int(to, value),
            Some(Scalar::Decimal(value)) => call.put_decimal(to, value),
            Some(Scalar::Bool(value)) => call.put_bool(to, value),
            Some(Scalar::Label(label)) => call.put_choice(to, label.into()),
            Some(Scalar::Object | Scalar::Array(_)) | None => {}
        }
    }
}
