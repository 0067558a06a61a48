//! The base model, which reads any list of tools.

use std::borrow::Cow;

use trine_ask::ValueWriter;
use trine_descriptor::{Side, ToolTable, record, validate};
use trine_ternary::{Kernels, Packing};
use trine_unseen::ask::TableRules;
use trine_unseen::base::{MAGIC, MATRIX_MAX};
use trine_unseen::said::{Said, Word};
use trine_unseen::text::is_letter;
use trine_unseen::tool::Tool;
use trine_unseen::{Answer, Asker, Base, Call, Compiler, Table, table_bytes};

use super::asker::{Ask, Reply, advised};
use super::base_answer::{BaseAnswer, Named};
use super::delta::Delta;
use crate::tools::arguments;
use crate::{DeltaError, Result};

/// The base model of this program. A constant would be in it once for each crate that reads it.
pub static BASE: &[u8] = include_bytes!("../../../../models/base.bin");

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

/// How many of the tools' words a base does not know, and how many there are. It compares these by
/// their letters alone.
#[must_use]
pub fn unknown_words(base: &Base<'_>, tools: &dyn ToolTable) -> [usize; 2] {
    let mut counts = [0; 2];
    for tool in (0..tools.count()).filter_map(|tool| Tool::new(tools, tool)) {
        for token in tool.tokens() {
            let row = base.word_rows().row(std::iter::once(token.spelling.bytes()));
            counts[0] += usize::from(row.is_pieced);
            counts[1] += 1;
        }
    }
    counts
}

/// A base model with a list of tools.
#[expect(missing_debug_implementations, reason = "a table may be anything")]
pub struct BaseAsker<'a> {
    base: Base<'a>,
    tools: &'a dyn ToolTable,
    table: Cow<'a, [u8]>,
    /// One for all tools, in place of those of the base.
    threshold: Option<f32>,
    trusts_hints: bool,
    kernels: Kernels,
}

impl Ask for BaseAsker<'_> {
    fn unknown_words(&self) -> [usize; 2] {
        unknown_words(&self.base, self.tools)
    }

    fn unknown_words_of(&self, sentence: &[u8]) -> [usize; 2] {
        let mut said = Box::new(Said::empty());
        let Ok(table) = Table::parse(&self.table, &self.base, None) else { return [0, 0] };
        if said.fill(sentence, &TableRules(&table)).is_err() {
            return [0, 0];
        }
        let is_word = |word: &&Word| {
            let (start, end) = (usize::from(word.span.0), usize::from(word.span.1));
            let own = said.text().get(start..end).unwrap_or_default();
            word.mention.is_none() && own.contains(is_letter)
        };
        let is_unknown = |word: &Word| said.row(&self.base.word_rows(), word).is_pieced;
        let words = said.words().iter().filter(is_word);
        words
            .fold([0, 0], |[unknown, all], word| [unknown + usize::from(is_unknown(word)), all + 1])
    }

    /// That of a tool that does something.
    fn threshold(&self) -> f32 {
        self.threshold.unwrap_or(self.base.thresholds().acting)
    }

    fn reading_threshold(&self) -> f32 {
        self.threshold.unwrap_or(self.base.thresholds().reading)
    }

    /// For all tools.
    fn set_threshold(&mut self, threshold: f32) {
        self.threshold = Some(threshold);
    }

    fn trust_hints(&mut self) {
        self.trusts_hints = true;
    }

    fn ask(&mut self, sentence: &[u8]) -> Result<Reply> {
        let table = Table::parse(&self.table, &self.base, None)?;
        let mut asker = Box::new(Asker::new());
        asker.workspace().with_kernels(self.kernels);
        match asker.ask(&self.base, &table, sentence) {
            Ok(answer) => Ok(self.reply(&answer, &table)),
            Err(error) => Ok(Reply { is_sure: true, reason: advised(error), ..Reply::default() }),
        }
    }
}

impl<'a> BaseAsker<'a> {
    /// Reads a list of tools. Their hints lower no threshold before [`Ask::trust_hints`].
    ///
    /// # Errors
    /// When the list is empty, the labels of a tool take too much, or the base was tuned to others.
    pub fn new(opened: &'a OpenedBase, tools: &'a dyn ToolTable) -> Result<Self> {
        let base = opened.base()?;
        let table = compile_tools(opened, tools)?.into();
        let (threshold, kernels) = (None, Kernels::best());
        Ok(Self { base, tools, table, threshold, trusts_hints: false, kernels })
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
        let (threshold, kernels) = (None, Kernels::best());
        Ok(Self { base, tools, table, threshold, trusts_hints: false, kernels })
    }

    /// The compiled tools.
    #[must_use]
    pub fn table(&self) -> &[u8] {
        &self.table
    }
}

impl BaseAsker<'_> {
    fn reply(&self, answer: &Answer<'_>, table: &Table<'_>) -> Reply {
        let Answer { confidence, reason, fault, between, .. } = *answer;
        let calls = answer.calls.iter().flatten().map(|call| self.named(call)).collect();
        let is_sure = confidence >= self.least(answer, table);
        let why = reason.map_or("", trine_unseen::Reason::name);
        BaseAnswer { calls, confidence, is_sure, why, fault, between }.reply(self.tools)
    }

    /// The least confidence of an answer's calls.
    fn least(&self, answer: &Answer<'_>, table: &Table<'_>) -> f32 {
        let own = || match self.trusts_hints {
            true => answer.threshold(&self.base, table),
            false => self.base.thresholds().acting,
        };
        self.threshold.unwrap_or_else(own)
    }

    fn named(&self, call: &Call<'_>) -> Named {
        debug_assert!(self.keeps_to_the_rules(call), "a call is always valid");
        let name = self.tools.info(call.tool).map_or("", |info| info.name);
        let field = |node| self.tools.node(call.tool, Side::Params, node);
        (name.to_owned(), arguments(field, call.arguments()))
    }

    /// Whether the arguments of a call are what its tool takes.
    fn keeps_to_the_rules(&self, call: &Call<'_>) -> bool {
        let mut memory = vec![0; 4096];
        let mut out = ValueWriter::new(&mut memory);
        call.encode(&mut out);
        validate(self.tools, call.tool, Side::Params, out.bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use trine_unseen::Workspace;
    use trine_unseen::base::Thresholds;

    use super::super::{ToolList, write_delta};
    use super::*;

    #[test]
    fn a_sentence_in_steps_has_the_same_answer_and_may_be_given_up() -> Result<()> {
        let opened = OpenedBase::open(BASE)?;
        let (base, tools) = (opened.base()?, &trine_board::TOOLS);
        let bytes = compile_tools(&opened, tools)?;
        let table = Table::parse(&bytes, &base, None)?;
        let sentence = b"set the fan to 40 percent and switch the door light on";
        let wanted = format!("{:?}", Asker::new().ask(&base, &table, sentence));
        let (mut workspace, mut steps) = (Box::new(Workspace::new()), 0);
        let mut ask = |most| {
            steps = 0;
            let answer = workspace.ask(&mut Said::empty(), (&base, &table), sentence, &mut || {
                steps += 1;
                steps <= most
            });
            (format!("{answer:?}"), steps)
        };
        let (answer, all) = ask(u32::MAX);
        assert_eq!(answer, wanted);
        // Each word with each tool is a step.
        assert!(all > 100, "{all}");
        let (given_up, after) = ask(10);
        assert!(given_up != wanted && after < all, "{after} of {all}");
        assert_eq!(ask(u32::MAX).0, wanted, "nothing of it is left behind");
        Ok(())
    }

    #[test]
    fn two_commands_are_divided_at_one_of_many_places_and_cost_no_more_for_these() -> Result<()> {
        let opened = OpenedBase::open(BASE)?;
        let (base, tools) = (opened.base()?, &trine_board::TOOLS);
        let bytes = compile_tools(&opened, tools)?;
        let table = Table::parse(&bytes, &base, None)?;
        let ask = |sentence: &[u8]| {
            let (mut workspace, mut steps) = (Box::new(Workspace::new()), 0);
            let mut said = Box::new(Said::empty());
            let answer = workspace.ask(&mut said, (&base, &table), sentence, &mut || {
                steps += 1;
                true
            });
            let tools = |answer: Answer<'_>| answer.calls.map(|call| call.map(|it| it.tool));
            (answer.map(tools).unwrap_or_default(), steps)
        };
        let tool = |name| (0..).zip(tools).find(|(_, it)| it.info.name == name).map(|(at, _)| at);
        let (fan, light) = (tool("fan_set"), tool("light_set"));
        let (calls, plain) = ask(b"set the fan to 40 percent and switch the door light on");
        assert_eq!(calls, [fan, light]);
        // Commas, each of which may divide it.
        let (calls, commas) = ask(
            b"so, um, set the fan to 40 percent, you know, and, well, switch the door light on",
        );
        assert_eq!(calls, [fan, light]);
        // Of one tool twice no calls are made but by dividing at the right comma.
        let (calls, _) = ask(b"so, turn the door light off, and turn the grow light on");
        assert_eq!(calls, [light, light]);
        // A step is a word with a tool: the whole once, and each half at most once.
        assert!(commas <= plain * 2, "{commas} steps of 20 words, {plain} of 11");
        Ok(())
    }

    #[test]
    fn hints_of_tools_lower_no_threshold_before_they_are_trusted() -> Result<()> {
        let list = ToolList::parse(
            r#"[{"name": "gate_read", "description": "Reads whether the gate is open.",
                 "annotations": {"readOnlyHint": true}},
                {"name": "gate_close", "description": "Closes the gate."}]"#,
        )?;
        let base = Base::parse(BASE)?;
        // Every call is sure enough to read, and none to act.
        let thresholds = Thresholds { acting: 1.0, reading: 0.0 };
        let delta = write_delta(&base, record::table_hash(&list), thresholds, &[]);
        let opened = OpenedBase::open(&delta)?;
        let mut asker = BaseAsker::new(&opened, &list)?;
        let is_sure = |asker: &mut BaseAsker<'_>, sentence: &[u8]| {
            let reply = asker.ask(sentence)?;
            assert!(reply.call.is_some(), "{reply:?}");
            Result::Ok(reply.is_sure)
        };
        let [read, close] = [b"is the gate open?".as_slice(), b"close the gate"];
        assert!(!is_sure(&mut asker, read)? && !is_sure(&mut asker, close)?);
        asker.trust_hints();
        assert!(is_sure(&mut asker, read)? && !is_sure(&mut asker, close)?);
        Ok(())
    }

    #[test]
    fn words_that_a_base_does_not_know_are_counted() -> Result<()> {
        let opened = OpenedBase::open(BASE)?;
        let [unknown, all] = unknown_words(&opened.base()?, &trine_board::TOOLS);
        assert!(all > 100 && unknown * 5 < all, "{unknown} of {all}");
        Ok(())
    }
}
