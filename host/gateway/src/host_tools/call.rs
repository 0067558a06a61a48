//! One call of a tool of this program.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;

use trine_descriptor::{Args, Side, ToolTable as _, ValueWriter, find_tool, validate};
use trine_mcp::{Failure, Outcome};

use super::consent::{self, Asks};
use super::{Accounts, Served};
use crate::context::CallContext;
use crate::device::{CallReport, Cost, Extra, Waiter, read_json, reporter};
use crate::json_schema::Schemas;
use crate::table::Table;

const ENDED: &str = "the tool ended without an answer: report this to its author";

/// Set when the client does not want the call any more.
pub(crate) type CancelFlag = Arc<AtomicBool>;

/// What is told whether a call failed.
type OnEnd = Box<dyn FnOnce(bool) + Send>;

/// A call that the tools of this program run. It has one end: [`Self::value`], [`Self::done`] or
/// [`Self::error`]. When it is dropped without one, or by a panic, the client gets an error.
pub struct HostCall {
    tools: Arc<Served>,
    row: u16,
    began: Instant,
    args: Box<[u8]>,
    /// The arguments of a tool with JSON Schemas.
    json: Option<Box<str>>,
    waiter: Arc<dyn Waiter>,
    tag: u64,
    context: Arc<CallContext>,
    wants_progress: bool,
    cancelled: CancelFlag,
    is_done: bool,
    /// Apart, so that a call stays small: it is moved some times.
    rare: Option<Box<Rare>>,
}

/// What few calls have.
#[derive(Default)]
struct Rare {
    on_end: Option<OnEnd>,
    /// Where it is counted, if that is not where its tools are.
    accounts: Option<Arc<Accounts>>,
}

impl std::fmt::Debug for HostCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostCall").field("row", &self.row).finish_non_exhaustive()
    }
}

impl HostCall {
    /// The tool's row in the table.
    #[must_use]
    pub const fn row(&self) -> u16 {
        self.row
    }

    /// The arguments, which the tool's descriptor allows.
    #[must_use]
    pub fn args(&self) -> Args<'_> {
        Args::new(&**self.tools.table(), self.row, &self.args)
    }

    /// The same as they are encoded.
    #[must_use]
    pub fn args_bytes(&self) -> &[u8] {
        &self.args
    }

    /// The same, for who has to keep them longer than the call. It has none from then on.
    #[must_use]
    pub fn take_args(&mut self) -> Box<[u8]> {
        std::mem::take(&mut self.args)
    }

    /// The arguments of a tool with [`HostTools::schemas`](super::HostTools::schemas): a JSON
    /// object that its schema allows, with the defaults of what the client left out.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        self.json.as_deref()
    }

    /// Has `told` told whether the call failed, before its client is. The last one counts.
    pub fn tell_end(&mut self, told: impl FnOnce(bool) + Send + 'static) {
        self.rare.get_or_insert_default().on_end = Some(Box::new(told));
    }

    /// Has the call counted elsewhere, as one of other tools with the same table.
    pub fn count_in(&mut self, accounts: &Arc<Accounts>) {
        self.accounts().forget(self.row);
        accounts.begin(self.row);
        self.rare.get_or_insert_default().accounts = Some(Arc::clone(accounts));
    }

    fn accounts(&self) -> &Accounts {
        let elsewhere = self.rare.as_ref().and_then(|rare| rare.accounts.as_ref());
        elsewhere.unwrap_or_else(|| self.tools.accounts())
    }

    /// Whether the client has cancelled the call: whatever comes of it is dropped.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// What [`Self::is_cancelled`] reads, for code that does not have the call.
    #[must_use]
    pub const fn cancelled(&self) -> &Arc<AtomicBool> {
        &self.cancelled
    }

    /// Whether the client wants [`Self::progress`].
    #[must_use]
    pub const fn wants_progress(&self) -> bool {
        self.wants_progress
    }

    /// Tells the client that `done` of `total` is done; a total of 0 is unknown. `done` has to
    /// rise. Answers whether the message was sent: a client that does not read gets none.
    pub fn progress(&self, (done, total): (u32, u32), text: &str) -> bool {
        self.wants_progress && self.waiter.progress(self.tag, (done, total), text)
    }

    /// What came with the call next to its arguments.
    #[must_use]
    pub fn context(&self) -> &CallContext {
        &self.context
    }

    /// Sends the client a line of log about the call, of a level from 0, debug, to 7, emergency,
    /// where the client asked for lines of that level with this call (2026-07-28).
    pub fn log(&self, level: u8, text: &str) {
        self.waiter.log(self.tag, level, text);
    }

    /// Ends the call with a structured result, which `write` writes into `room` bytes by the output
    /// of the descriptor. A result that the descriptor does not allow is an error of the tool.
    pub fn value(self, room: usize, write: impl FnOnce(&mut ValueWriter<'_>)) {
        let mut memory = vec![0; room];
        let mut out = ValueWriter::new(&mut memory);
        write(&mut out);
        let len = out.len();
        let is_whole = !out.overflowed();
        match memory.get(..len).filter(|_| is_whole) {
            Some(entries) => self.done(Outcome::Value(entries)),
            None => self.done(Outcome::Failed(Failure::TooLarge)),
        }
    }

    /// Ends the call of a tool with [`HostTools::schemas`](super::HostTools::schemas): `object` is
    /// a JSON object. One that the schema of its output does not allow is an error of the tool.
    pub fn done_json(self, object: &str) {
        self.done(Outcome::Json(object));
    }

    /// Ends the call with an error, in a sentence that tells what to change.
    pub fn error(self, why: &str) {
        self.done(Outcome::Error(why));
    }

    /// Ends a call that the tool does not begin, with an error that says when it would. It is
    /// counted as refused, and as no call.
    pub fn refuse(mut self, why: &str) {
        self.is_done = true;
        self.accounts().refuse(self.row);
        self.waiter.refused(self.tag, why);
    }

    fn count(&mut self, is_error: bool) {
        self.accounts().end(self.row, self.began.elapsed(), is_error);
        if let Some(told) = self.rare.as_mut().and_then(|rare| rare.on_end.take()) {
            told(is_error);
        }
    }

    /// Ends the call.
    pub fn done(mut self, outcome: Outcome<'_>) {
        self.is_done = true;
        let tools = Arc::clone(&self.tools);
        let checked = Checked::new(&tools, self.row, outcome);
        let outcome = checked.outcome();
        let is_error = !matches!(
            outcome,
            Outcome::Value(_) | Outcome::Json(_) | Outcome::Content(_) | Outcome::NeedsInput { .. }
        );
        self.count(is_error);
        self.waiter.done(self.tag, outcome, Cost::default());
    }
}

/// An outcome that the tool's own description allows, or the error that it is.
enum Checked<'a> {
    As(Outcome<'a>),
    Json(String),
    Wrong(String),
}

impl<'a> Checked<'a> {
    fn new(tools: &Served, row: u16, outcome: Outcome<'a>) -> Self {
        let table = &**tools.table();
        match (outcome, tools.schemas(row)) {
            (Outcome::Json(text), Some(schemas)) => match schemas.result(text) {
                Ok(object) => Self::Json(object),
                Err(why) => Self::wrong(table, row, &why),
            },
            (Outcome::Json(_), None) => Self::wrong(table, row, "its result is JSON"),
            (Outcome::Value(_) | Outcome::Content(_), Some(Schemas { output: Some(_), .. })) => {
                Self::wrong(table, row, "its result is not a JSON object")
            }
            (Outcome::Value(entries), _) => match validate(table, row, Side::Output, entries) {
                Ok(()) => Self::As(outcome),
                Err(fault) => Self::As(Outcome::BadResult(fault)),
            },
            _ => Self::As(outcome),
        }
    }

    fn wrong(table: &Table, row: u16, why: &str) -> Self {
        let name = table.info(row).map_or("", |info| info.name);
        tracing::warn!("the tool {name} of this program: {why}");
        Self::Wrong(format!("{why}; a fault of the tool. The call may have taken effect"))
    }

    fn outcome(&self) -> Outcome<'_> {
        match self {
            Self::As(outcome) => *outcome,
            Self::Json(object) => Outcome::Json(object),
            Self::Wrong(why) => Outcome::Error(why),
        }
    }
}

impl Drop for HostCall {
    fn drop(&mut self) {
        if !self.is_done {
            self.count(true);
            self.waiter.done(self.tag, Outcome::Error(ENDED), Cost::default());
        }
    }
}

/// Starts a call, and answers what cancels it. Its end is told to the waiter once, which may be
/// before this returns; `None` where it has ended already.
pub(crate) fn start(
    tools: &Arc<Served>,
    row: u16,
    ((args, extra), context): ((&[u8], Extra<'_>), Arc<CallContext>),
    (waiter, tag): (&Arc<dyn Waiter>, u64),
) -> Option<CancelFlag> {
    let table = tools.table();
    let json = match tools.schemas(row).map(|schemas| schemas.input.arguments(args)) {
        Some(Ok(object)) => Some(Box::from(object)),
        Some(Err(why)) => {
            waiter.done(tag, Outcome::Error(&why), Cost::default());
            return None;
        }
        None => {
            if let Err(fault) = validate(&**table, row, Side::Params, args) {
                waiter.done(tag, Outcome::Fault(fault), Cost::default());
                return None;
            }
            None
        }
    };
    if let Some(why) = tools.tools().refusal(row) {
        tools.accounts().begin(row);
        tools.accounts().refuse(row);
        waiter.refused(tag, &why);
        return None;
    }
    if !consent::is_given(table, row, (args, json.as_deref(), &extra), (waiter, tag)) {
        return None;
    }
    let cancelled = CancelFlag::default();
    let call = HostCall {
        tools: Arc::clone(tools),
        row,
        began: Instant::now(),
        args: args.into(),
        json,
        waiter: Arc::clone(waiter),
        tag,
        context,
        wants_progress: extra.progress,
        cancelled: Arc::clone(&cancelled),
        is_done: false,
        rare: None,
    };
    tools.accounts().begin(row);
    if catch_unwind(AssertUnwindSafe(|| tools.tools().call(call))).is_err() {
        tracing::error!("a tool of this program panicked: its client got an error");
    }
    Some(cancelled)
}

/// Starts a call with arguments as JSON text. `tell` hears its end once, which may be before this
/// returns.
pub(crate) fn start_json(
    tools: &Arc<Served>,
    call: (&str, &str),
    (client, context): (u64, Arc<CallContext>),
    tell: impl FnOnce(CallReport) + Send + 'static,
) -> Option<CancelFlag> {
    start_asking(tools, call, (Extra { client, ..Extra::default() }, context), (None, tell))
}

/// The same for a program that asks a person itself: where the tool needs consent, `question` gets
/// the question, and `tell` hears nothing.
pub(crate) fn start_asking(
    tools: &Arc<Served>,
    call: (&str, &str),
    (extra, context): (Extra<'_>, Arc<CallContext>),
    (question, tell): (Option<Sender<String>>, impl FnOnce(CallReport) + Send + 'static),
) -> Option<CancelFlag> {
    let table = tools.table();
    let asks = |waiter: &Arc<dyn Waiter>| -> Arc<dyn Waiter> {
        match question {
            Some(question) => Arc::new(Asks { inner: Arc::clone(waiter), question }),
            None => Arc::clone(waiter),
        }
    };
    let row = find_tool(&**table, call.0).filter(|row| tools.schemas(*row).is_some());
    if let Some(row) = row {
        // Its own schema judges the text.
        let waiter = asks(&reporter(table, row, Instant::now(), tell));
        return start(tools, row, ((call.1.as_bytes(), extra), context), (&waiter, 0));
    }
    read_json(table, call, (Instant::now(), None), tell, |row, args, waiter| {
        start(tools, row, ((args, extra), context), (&asks(waiter), 0))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use trine_descriptor::{Field, Kind, Tool, ToolInfo};

    use super::super::{HostTools, table};
    use super::*;
    use crate::{DeviceArgs, Hub, Prefix, Settings};

    const PARAMS: [Field<'static>; 1] =
        [Field::new("text", Kind::Text { min: 0, max: 1_000 }).describe("A text.")];

    /// Hands each call to a thread, with where its arguments were.
    struct Hands(Arc<Table>, Sender<(usize, HostCall)>);

    impl HostTools for Hands {
        fn table(&self) -> &Arc<Table> {
            &self.0
        }

        fn call(&self, call: HostCall) {
            self.1.send((call.args_bytes().as_ptr().addr(), call)).unwrap();
        }
    }

    #[test]
    fn a_call_is_handed_to_a_thread_without_a_copy_of_its_arguments() {
        let tool = Tool::new(ToolInfo::new("hand", "Take a text."), &PARAMS, &[]);
        let (send, receive): (_, Receiver<(usize, HostCall)>) = channel();
        let worker = std::thread::spawn(move || {
            let (place, call) = receive.recv().unwrap();
            let is_there = call.args_bytes().as_ptr().addr() == place;
            let is_long = call.args().text(0).is_some_and(|text| text.len() == 900);
            call.value(0, |_| {});
            (is_there, is_long)
        });
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
        hub.add_tools(Arc::new(Hands(table(&[tool]).unwrap(), send))).unwrap();
        let text = format!(r#"{{"text": "{}"}}"#, "x".repeat(900));
        let report = hub.call_own("hand", &text, Duration::from_secs(30)).unwrap();
        assert!(!report.is_error, "{}", report.text);
        assert_eq!(worker.join().unwrap(), (true, true));
    }

    /// A tool that needs consent, and counts its calls.
    struct Counts(Arc<Table>, std::sync::atomic::AtomicUsize);

    impl HostTools for Counts {
        fn table(&self) -> &Arc<Table> {
            &self.0
        }

        fn call(&self, call: HostCall) {
            self.1.fetch_add(1, Ordering::AcqRel);
            call.value(0, |_| {});
        }
    }

    #[test]
    fn a_program_asks_a_person_itself_for_each_call_with_the_arguments() {
        let consent = trine_descriptor::Consent::Elicit;
        let info = ToolInfo { consent, ..ToolInfo::new("wipe", "Wipe it.") };
        let tools = Counts(table(&[Tool::new(info, &PARAMS, &[])]).unwrap(), 0.into());
        let tools = Arc::new(tools);
        let hub = Hub::open_with(&DeviceArgs::default(), Prefix::Auto, &Settings::none()).unwrap();
        hub.add_tools(Arc::clone(&tools) as Arc<_>).unwrap();
        let patience = Duration::from_secs(30);
        let call = |arguments: &str, agrees: bool| {
            let mut asked = Vec::new();
            let agree = |question: &str| {
                asked.push(question.to_owned());
                agrees
            };
            let report = hub.call_own_asking("wipe", arguments, patience, agree).unwrap();
            (report.is_error, report.text, asked)
        };
        let question = vec![r#"Allow wipe (wipe) with {"text":"a"}?"#.to_owned()];
        let (is_error, text, asked) = call(r#"{"text": "a"}"#, false);
        assert!(is_error && text.contains("did not agree"), "{text}");
        assert_eq!((asked, tools.1.load(Ordering::Acquire)), (question.clone(), 0));
        for count in 1..=2 {
            let (is_error, text, asked) = call(r#"{"text": "a"}"#, true);
            assert!(!is_error, "{text}");
            assert_eq!((asked, tools.1.load(Ordering::Acquire)), (question.clone(), count));
        }
        // No one is asked for a call that cannot be made, and one that asks no one is refused.
        let (is_error, _, asked) = call(r#"{"text": 1}"#, true);
        assert!(is_error && asked.is_empty());
        assert!(hub.call_own("wipe", r#"{"text": "a"}"#, patience).unwrap().is_error);
        assert_eq!(tools.1.load(Ordering::Acquire), 2);
    }
}
