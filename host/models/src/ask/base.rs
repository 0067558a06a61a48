//! The base model, which reads any list of tools.

use std::borrow::Cow;

use serde_json::{Map, Value};
use trine_ask::ValueWriter;
use trine_descriptor::{Annotations, Side, ToolTable, record, validate};
use trine_ternary::{Kernels, Packing};
use trine_unseen::base::{MAGIC, MATRIX_MAX, Thresholds};
use trine_unseen::{Answer, ArgumentFault, Asker, Base, Call, Compiler, Table, table_bytes};

use super::asker::{Ask, Reply, advised};
use super::delta::Delta;
use crate::tools::decode;
use crate::{DeltaError, Result};

/// The base model of this program.
pub const BASE: &[u8] = include_bytes!("../../../../models/base.bin");

/// How matrices are packed for hosts.
const PACKING: Packing = Packing::Panel2Bit;

/// A base model as it is computed with here.
#[derive(Debug)]
pub struct OpenedBase {
    bytes: Vec<u8>,
    /// The hash of the only list of tools that it may be used for.
    list: Option<u64>,
}

impl OpenedBase {
    /// Whether a file begins as a base does, or as a delta.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC) || Delta::is_one(bytes)
    }

    /// Reads a base; or a delta, which makes one of the base of this program.
    ///
    /// # Errors
    /// When the bytes are neither, or damaged, or a delta of another base.
    pub fn open(bytes: &[u8]) -> Result<Self> {
        let list = if Delta::is_one(bytes) { Some(Delta::parse(bytes)?.list) } else { None };
        Ok(Self { bytes: repacked(&whole_base(bytes)?, PACKING)?, list })
    }

    /// Whether these are the tools that it was tuned to, if it was.
    ///
    /// # Errors
    /// When they are others.
    pub fn check(&self, tools: &dyn ToolTable) -> Result<()> {
        let given = record::table_hash(tools);
        match self.list {
            Some(made) if made != given => Err(DeltaError::List { made, given }.into()),
            _ => Ok(()),
        }
    }

    /// It.
    ///
    /// # Errors
    /// Never: it was read before.
    pub fn base(&self) -> Result<Base<'_>> {
        Ok(Base::parse_trusted(&self.bytes)?)
    }
}

/// The whole base that a delta makes of that of this program; or a base as it is.
///
/// # Errors
/// When the bytes are neither, or damaged, or a delta of another base.
pub fn whole_base(bytes: &[u8]) -> Result<Vec<u8>> {
    if !Delta::is_one(bytes) {
        Base::parse(bytes)?;
        return Ok(bytes.to_vec());
    }
    Ok(Delta::parse(bytes)?.apply(&Base::parse(BASE)?)?)
}

/// A base packed for another processor.
///
/// # Errors
/// When the bytes are no base, or there is no such packing of bases.
pub fn repacked(bytes: &[u8], packing: Packing) -> Result<Vec<u8>> {
    let base = Base::parse(bytes)?;
    let mut memory = vec![0; MATRIX_MAX];
    let needed = base.repack(packing, &mut [], &mut memory)?;
    let mut out = vec![0; needed];
    base.repack(packing, &mut out, &mut memory)?;
    Ok(out)
}

/// Compiles tools for a base.
///
/// # Errors
/// When the list is empty, the labels of a tool take too much, or the base was tuned to others.
pub fn compile_tools(opened: &OpenedBase, tools: &dyn ToolTable) -> Result<Vec<u8>> {
    opened.check(tools)?;
    let base = &opened.base()?;
    let mut table = vec![0; table_bytes(tools)?];
    let mut compiler = Compiler::with_kernels(Kernels::best());
    compiler.compile(base, tools, &mut table)?;
    Ok(table)
}

/// A base model with a list of tools.
#[expect(missing_debug_implementations, reason = "a table may be anything")]
pub struct BaseAsker<'a> {
    base: Base<'a>,
    tools: &'a dyn ToolTable,
    table: Cow<'a, [u8]>,
    thresholds: Thresholds,
    kernels: Kernels,
}

impl Ask for BaseAsker<'_> {
    /// That of a tool that does something.
    fn threshold(&self) -> f32 {
        self.thresholds.acting
    }

    /// For all tools.
    fn set_threshold(&mut self, threshold: f32) {
        self.thresholds = Thresholds { acting: threshold, reading: threshold };
    }

    fn ask(&mut self, sentence: &[u8]) -> Result<Reply> {
        let table = Table::parse(&self.table, &self.base, None)?;
        let mut asker = Box::new(Asker::new());
        asker.workspace().with_kernels(self.kernels);
        match asker.ask(&self.base, &table, sentence) {
            Ok(answer) => Ok(self.reply(&answer)),
            Err(error) => Ok(Reply { is_sure: true, reason: advised(error), ..Reply::default() }),
        }
    }
}

impl<'a> BaseAsker<'a> {
    /// Reads a list of tools.
    ///
    /// # Errors
    /// When the list is empty, the labels of a tool take too much, or the base was tuned to others.
    pub fn new(opened: &'a OpenedBase, tools: &'a dyn ToolTable) -> Result<Self> {
        let base = opened.base()?;
        let table = compile_tools(opened, tools)?.into();
        let (thresholds, kernels) = (base.thresholds(), Kernels::best());
        Ok(Self { base, tools, table, thresholds, kernels })
    }

    /// The same with a table that was compiled before.
    ///
    /// # Errors
    /// When it was made by another base or from another list, or is damaged.
    pub fn with_table(
        opened: &'a OpenedBase,
        tools: &'a dyn ToolTable,
        table: impl Into<Cow<'a, [u8]>>,
    ) -> Result<Self> {
        opened.check(tools)?;
        let (base, table) = (opened.base()?, table.into());
        Table::parse(&table, &base, Some(record::table_hash(tools)))?;
        let (thresholds, kernels) = (base.thresholds(), Kernels::best());
        Ok(Self { base, tools, table, thresholds, kernels })
    }

    /// The compiled tools.
    #[must_use]
    pub fn table(&self) -> &[u8] {
        &self.table
    }
}

impl BaseAsker<'_> {
    fn reply(&self, answer: &Answer<'_>) -> Reply {
        let calls: Vec<Named> =
            answer.calls.iter().flatten().map(|call| self.named(call)).collect();
        let mut reply = Reply { confidence: answer.confidence, ..Reply::default() };
        let may_be_either = answer.reason.is_none_or(|reason| reason.name() == "ambiguous");
        let between = answer.between.filter(|_| may_be_either);
        reply.between = self.names(between.into_iter().flatten());
        if let Some(reason) = answer.reason {
            reply.why = reason.name();
            reply.is_sure = true;
            reply.reason = self.in_words(answer);
            if matches!(reply.why, "missing" | "range" | "unit") {
                reply.missing = self.lacking(answer);
            }
            return reply;
        }
        let is_sure = answer.confidence >= self.least(answer);
        match <[Named; 2]>::try_from(calls) {
            Ok(both) => {
                reply.why = "two";
                let unsure = "there may be two commands: not sure enough of their calls";
                reply.reason = if is_sure { "there are two commands" } else { unsure }.into();
                reply.is_sure = is_sure;
                reply.calls = both.into();
            }
            Err(mut calls) => match calls.pop() {
                Some(call) => (reply.call, reply.is_sure) = (Some(call), is_sure),
                None => {
                    reply.is_sure = true;
                    reply.reason = self.in_words(answer);
                    reply.missing = self.lacking(answer);
                    reply.why = match answer.fault {
                        Some((_, ArgumentFault::Missing(_))) => "missing",
                        Some((_, ArgumentFault::Range(_))) => "range",
                        Some((_, ArgumentFault::Unit(_))) => "unit",
                        _ => "cannot",
                    };
                }
            },
        }
        reply
    }

    /// The least confidence of an answer's calls.
    fn least(&self, answer: &Answer<'_>) -> f32 {
        let reads = |call: &Call<'_>| {
            let info = self.tools.info(call.tool);
            info.is_some_and(|info| info.annotations.has(Annotations::READ_ONLY))
        };
        let Thresholds { acting, reading } = self.thresholds;
        if answer.calls.iter().flatten().all(reads) { reading } else { acting }
    }

    fn named(&self, call: &Call<'_>) -> Named {
        debug_assert!(self.keeps_to_the_rules(call), "a call is always valid");
        let name = self.tools.info(call.tool).map_or("", |info| info.name);
        let mut arguments = Map::new();
        for (node, value) in call.arguments() {
            if let Some(field) = self.tools.node(call.tool, Side::Params, node) {
                arguments.insert(field.name.to_owned(), decode(&field, value));
            }
        }
        (name.to_owned(), arguments)
    }

    /// Whether the arguments of a call are what its tool takes.
    fn keeps_to_the_rules(&self, call: &Call<'_>) -> bool {
        let mut memory = vec![0; 4096];
        let mut out = ValueWriter::new(&mut memory);
        call.encode(&mut out);
        validate(self.tools, call.tool, Side::Params, out.bytes()).is_ok()
    }

    fn names(&self, tools: impl Iterator<Item = u16>) -> Vec<String> {
        let infos = tools.filter_map(|tool| self.tools.info(tool));
        infos.map(|info| info.name.to_owned()).collect()
    }

    /// The parameter that a fault is about, as `tool.parameter`.
    fn lacking(&self, answer: &Answer<'_>) -> Vec<String> {
        let Some((tool, fault)) = answer.fault else { return Vec::new() };
        let node = match fault {
            ArgumentFault::Missing(node) | ArgumentFault::Range(node) => node,
            ArgumentFault::Unit(node) => node,
            ArgumentFault::Cut => return Vec::new(),
        };
        let name = self.tools.info(tool).map_or("", |info| info.name);
        let field = self.tools.node(tool, Side::Params, node);
        field.map(|field| format!("{name}.{}", field.name)).into_iter().collect()
    }

    /// Why there is no call.
    fn in_words(&self, answer: &Answer<'_>) -> String {
        let place = self.lacking(answer).pop();
        let of = |what: &str| match &place {
            Some(place) => format!("{place} {what}"),
            None => what.to_owned(),
        };
        let by_fault = match answer.fault {
            Some((_, ArgumentFault::Missing(_))) => of("was not said"),
            Some((_, ArgumentFault::Range(_))) => of("would be out of its bounds"),
            Some((_, ArgumentFault::Unit(_))) => of("has another unit"),
            Some((tool, ArgumentFault::Cut)) => {
                let names = self.names(std::iter::once(tool)).join("");
                format!("{names} needs a parameter that no sentence fills in")
            }
            None => "no tool does that".into(),
        };
        match answer.reason.map_or("", trine_unseen::Reason::name) {
            "negated" => "it says not to do it".into(),
            "past" => "it tells of something that was".into(),
            "conditional" => "it asks for something only if something else holds".into(),
            "later" => "it asks for something at another time".into(),
            "quoted" => "it repeats the words of another".into(),
            "missing" | "range" | "unit" => by_fault,
            "other" => "it is about something that no tool has".into(),
            "ambiguous" => "it may mean more than one call".into(),
            "chat" => "it asks for nothing".into(),
            "about" => "it asks about the tools, not for them".into(),
            "attack" => "it gives orders about orders".into(),
            "noise" => "it has no words that mean something here".into(),
            "cannot" => "no tool does that".into(),
            _ => by_fault,
        }
    }
}

/// A call with the names of its tool and its parameters.
type Named = (String, Map<String, Value>);
