//! Tools that a JSON file defines, with schemas that no descriptor can say, and what executes them.
//!
//! A [`Definition`] says what a tool takes and answers, who has to agree to a call, and how often
//! it may be called. An [`Execute`] does the call: [`Program`] runs a program for each, and a
//! program of yours may have another. [`load_file`] makes tools of a file that names a program:
//!
//! ```json
//! {"id": "word_count", "name": "Word count", "description": "Count the words of a text.",
//!  "input_schema": {"type": "object", "properties": {"text": {"type": "string"}},
//!                   "required": ["text"]},
//!  "execute": {"command": ["./word_count.py"], "timeout_seconds": 5}}
//! ```

mod command;
mod definition;
mod limit;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use self_cell::self_cell;
use trine_descriptor::{Consent, Tool, ToolInfo};
use trine_mcp::{Block, Outcome};

pub use command::Program;
pub use definition::{Definition, RateLimit, load_definition};

use crate::error::{Error, Result};
use crate::host_tools::{HostCall, HostTools, OwnBlock, table};
use crate::json_schema::{Schemas, TEXT_MAX};
use crate::sync::lock;
use crate::table::Table;
use definition::wrong;
use limit::Limiter;

/// What does the calls of a tool. They come from several threads at a time.
pub trait Execute: Send + Sync {
    /// Does a call, whose arguments are valid. It is ended by a method of `call`, in this function
    /// or later on any thread. One that takes more than a moment goes to a thread of its own.
    fn execute(&self, call: JsonCall);

    /// The program is about to end: calls under way should end within two seconds.
    fn end(&self) {}
}

/// A call with JSON arguments. One that is dropped without an end is an error for the client.
#[derive(Debug)]
pub struct JsonCall(HostCall);

impl JsonCall {
    /// The arguments: a JSON object in one line.
    #[must_use]
    pub fn arguments(&self) -> &str {
        self.0.json().unwrap_or("{}")
    }

    /// Whether the client has cancelled the call: whatever comes of it is dropped.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// What [`Self::is_cancelled`] reads, for code that does not have the call.
    #[must_use]
    pub const fn cancelled(&self) -> &Arc<AtomicBool> {
        self.0.cancelled()
    }

    /// The call with its progress, its log and what came with it.
    #[must_use]
    pub const fn host(&self) -> &HostCall {
        &self.0
    }

    /// Ends the call with a JSON object. One that the schema of the output does not allow is an
    /// error of the tool, and the client does not get it.
    pub fn done(self, object: &str) {
        self.0.done_json(object);
    }

    /// Ends the call of a tool without an output schema with blocks of content.
    pub fn content(self, blocks: &[OwnBlock]) {
        let blocks: Vec<Block<'_>> = blocks.iter().map(OwnBlock::block).collect();
        self.0.done(Outcome::Content(&blocks));
    }

    /// Ends the call with an error, in a sentence that tells what to change.
    pub fn error(self, why: &str) {
        self.0.error(why);
    }
}

/// A clock that does not go back: the time since any moment.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Tools of definitions, for [`crate::Hub::add_tools`].
pub struct JsonTools {
    table: Arc<Table>,
    tools: Vec<Defined>,
    clock: Clock,
}

struct Defined {
    definition: Definition,
    execute: Arc<dyn Execute>,
    limiter: Option<Mutex<Limiter>>,
    meta: Meta,
}

type Pairs<'a> = Vec<(&'a str, &'a str)>;

self_cell!(
    /// What a definition says beside the descriptor and the schemas, as `_meta` has it: its
    /// category and its permissions.
    struct Meta {
        owner: [String; 2],
        #[covariant]
        dependent: Pairs,
    }
);

impl Meta {
    fn of(definition: &Definition) -> Self {
        let texts = [definition.category.clone(), definition.permissions.join(" ")];
        Self::new(texts, |[category, permissions]| {
            let mut pairs = vec![("trine/category", category.as_str())];
            if !permissions.is_empty() {
                pairs.push(("trine/permissions", permissions));
            }
            pairs
        })
    }
}

impl std::fmt::Debug for JsonTools {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.tools.iter().map(|tool| &tool.definition.id).collect();
        f.debug_struct("JsonTools").field("ids", &ids).finish_non_exhaustive()
    }
}

impl JsonTools {
    /// Tools and what executes each.
    ///
    /// # Errors
    /// When an id does not match `[A-Za-z0-9_-]{1,64}` or is there twice.
    pub fn new(tools: Vec<(Definition, Arc<dyn Execute>)>) -> Result<Arc<Self>> {
        let start = Instant::now();
        Self::with_clock(tools, Arc::new(move || start.elapsed()))
    }

    /// The same with a clock for the rate limits.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_clock(
        tools: Vec<(Definition, Arc<dyn Execute>)>,
        clock: Clock,
    ) -> Result<Arc<Self>> {
        let rows: Vec<Tool<'_>> = tools.iter().map(|(definition, _)| row(definition)).collect();
        let table = table(&rows)?;
        let defined = |(definition, execute): (Definition, _)| {
            let limiter = definition.rate_limit.map(|limit| Mutex::new(Limiter::new(limit)));
            let meta = Meta::of(&definition);
            Defined { definition, execute, limiter, meta }
        };
        let tools = tools.into_iter().map(defined).collect();
        Ok(Arc::new(Self { table, tools, clock }))
    }
}

/// A tool as the table has it: what its schemas take is not there.
fn row(definition: &Definition) -> Tool<'_> {
    let consent = if definition.requires_confirmation { Consent::Elicit } else { Consent::None };
    let info = ToolInfo::new(&definition.id, &definition.description);
    Tool::new(ToolInfo { title: &definition.name, consent, ..info }, &[], &[])
}

impl HostTools for JsonTools {
    fn table(&self) -> &Arc<Table> {
        &self.table
    }

    fn meta(&self, row: u16) -> &[(&str, &str)] {
        self.tools.get(usize::from(row)).map_or(&[], |tool| tool.meta.borrow_dependent())
    }

    fn schemas(&self, row: u16) -> Option<&Schemas> {
        self.tools.get(usize::from(row)).map(|tool| &tool.definition.schemas)
    }

    fn refusal(&self, row: u16) -> Option<String> {
        let limiter = lock(self.tools.get(usize::from(row))?.limiter.as_ref()?);
        limiter.left((self.clock)()).map(|left| limiter.sentence(left))
    }

    fn call(&self, call: HostCall) {
        let Some(tool) = self.tools.get(usize::from(call.row())) else { return };
        if let Some(limiter) = &tool.limiter {
            let mut limiter = lock(limiter);
            if let Err(left) = limiter.take((self.clock)()) {
                let why = limiter.sentence(left);
                drop(limiter);
                return call.refuse(&why);
            }
        }
        tool.execute.execute(JsonCall(call));
    }

    fn end(&self) {
        self.tools.iter().for_each(|tool| tool.execute.end());
    }
}

/// Makes what does the calls of a tool of its definition, the value of `execute` and the folder of
/// the file; or nothing where `execute` is of another kind.
pub type Make<'m> =
    &'m dyn Fn(&Definition, &serde_json::Value, &Path) -> Result<Option<Arc<dyn Execute>>>;

/// Reads the definition of a tool from a file, whose member `execute` says which program does its
/// calls: `{"command": ["program", "argument"], "timeout_seconds": 30}` ([`Program`]). It runs in
/// the folder of the file, wherever this program does.
///
/// # Errors
/// As [`load_definition`], with the file; and when `execute` is missing or wrong.
pub fn load_file(path: &Path) -> Result<Arc<dyn HostTools>> {
    load_file_with(path, &|_, _, _| Ok(None))
}

/// The same, with a kind of `execute` of your own, which is asked first.
///
/// # Errors
/// As [`load_file`], and those of `make`.
pub fn load_file_with(path: &Path, make: Make<'_>) -> Result<Arc<dyn HostTools>> {
    let in_file =
        |source: Error| Error::At { place: path.display().to_string(), source: Box::new(source) };
    let mut text = String::new();
    // One byte too many is refused with the text.
    let read =
        File::open(path).and_then(|file| file.take(TEXT_MAX as u64 + 1).read_to_string(&mut text));
    read.map_err(|error| Error::read(path, error))?;
    let definition = load_definition(&text).map_err(in_file)?;
    let Some(execute) = definition.more.get("execute") else {
        let why = "it is required: {\"command\": [\"program\", \"argument\"]} does the calls";
        return Err(in_file(wrong("execute", why)));
    };
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let execute = match make(&definition, execute, folder).map_err(in_file)? {
        Some(execute) => execute,
        None => Arc::new(Program::of(execute).map_err(in_file)?.folder(folder)),
    };
    let tools = JsonTools::new(vec![(definition, execute)]).map_err(in_file)?;
    Ok(tools)
}
