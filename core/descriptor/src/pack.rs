//! A table of tools as the bytes of its list and of its rules: the smallest form, made by the
//! compiler.

use trine_bits::Fnv64;

use crate::args::given;
use crate::check;
use crate::record::Encoder;
use crate::rules::Small;
use crate::validate::walk;
use crate::value::{Item, ValueReader, small, tag};
use crate::{
    Annotations, Condition, Consent, FailSafe, Fault, Field, Head, Limits, Literal, Rule, Rules,
    Side, Tool,
};

/// Where the parts of one tool start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    /// What stands behind the texts of its head.
    head: u16,
    /// Its rules, those of the parameters first.
    rules: u16,
    /// The defaults of its parameters, as a call would give them, behind their length.
    defaults: u16,
    params: u8,
    output: u8,
}

/// A table of `N` tools in `BYTES` bytes: no pointers, no padding, a page of the list is a copy,
/// and a rule takes eight bytes where its bounds are small. Half of what the same [`Tool`]s take on
/// a 32-bit machine.
///
/// ```
/// use trine_descriptor::{Pack, Rules, Tool, ToolInfo};
///
/// const TOOLS: [Tool<'_>; 1] = [Tool::new(ToolInfo::new("beep", "Beep once."), &[], &[])];
/// static PACK: Pack<1, { Pack::len(&TOOLS) }> = Pack::new(&TOOLS);
/// assert_eq!(PACK.check(0), TOOLS[0].hash() as u32);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack<const N: usize, const BYTES: usize> {
    hash: Fnv64,
    checks: [u32; N],
    rows: [Row; N],
    list: u16,
    /// The list, then rules and defaults of each tool.
    bytes: [u8; BYTES],
}

impl Pack<0, 0> {
    /// Bytes that a pack of these tools needs.
    #[must_use]
    pub const fn len(tools: &[Tool<'_>]) -> usize {
        let mut out = Encoder::window(&mut [], 0);
        let mut tool = 0;
        while tool < tools.len() {
            record(&mut out, &tools[tool]);
            row(&mut out, &tools[tool], 0);
            tool += 1;
        }
        out.len()
    }
}

impl<const N: usize, const BYTES: usize> Pack<N, BYTES> {
    /// Checks and packs a table, in a `const` or `static`.
    ///
    /// # Panics
    /// At compile time, when the table breaks a rule of [`crate::check`], or `BYTES` is less than
    /// [`Pack::len`] of the tools or more than 65535.
    #[must_use]
    pub const fn new(tools: &[Tool<'_>; N]) -> Self {
        assert!(BYTES <= u16::MAX as usize, "a table has at most 65535 bytes: split it");
        assert!(check::all(tools).is_ok(), "the table breaks a rule: `Checked::tools` says which");
        let mut pack = Self {
            hash: Fnv64::new(),
            checks: [0; N],
            rows: [Row { head: 0, rules: 0, defaults: 0, params: 0, output: 0 }; N],
            list: 0,
            bytes: [0; BYTES],
        };
        let mut out = Encoder::window(&mut pack.bytes, 0);
        let mut tool = 0;
        while tool < N {
            pack.rows[tool].head = record(&mut out, &tools[tool]);
            pack.checks[tool] = tools[tool].hash() as u32;
            pack.hash = pack.hash.bytes(&tools[tool].hash().to_le_bytes());
            tool += 1;
        }
        pack.list = out.len() as u16;
        tool = 0;
        while tool < N {
            pack.rows[tool] = row(&mut out, &tools[tool], pack.rows[tool].head);
            tool += 1;
        }
        assert!(out.len() <= BYTES, "BYTES is Pack::len of the tools");
        pack
    }

    fn row(&self, tool: u16) -> Option<&Row> {
        self.rows.get(usize::from(tool))
    }

    fn side(&self, tool: u16, side: Side) -> Nodes<'_> {
        let Some(row) = self.row(tool) else { return Nodes { bytes: &[], first: 0, count: 0 } };
        let first = usize::from(row.rules);
        let (first, count) = match side {
            Side::Params => (first, row.params),
            Side::Output => (first + usize::from(row.params) * Small::BYTES, row.output),
        };
        Nodes { bytes: &self.bytes, first, count }
    }

    /// Whether a value is accepted without the walk.
    #[cfg(test)]
    pub(crate) fn accepts_at_once(&self, tool: u16, side: Side, bytes: &[u8]) -> bool {
        self.side(tool, side).accept(bytes)
    }

    /// The rule of a node.
    #[must_use]
    pub fn rule(&self, tool: u16, side: Side, node: u16) -> Option<Rule> {
        self.side(tool, side).rule(node)
    }

    fn at(&self, place: u16) -> &[u8] {
        self.bytes.get(usize::from(place)..).unwrap_or_default()
    }
}

/// The rules of one side of a tool.
struct Nodes<'p> {
    bytes: &'p [u8],
    /// Where the first one is.
    first: usize,
    count: u8,
}

impl Nodes<'_> {
    /// `true` only where the walk accepts the bytes too; `false` says nothing. Nearly every call of
    /// a device has a handful of small numbers, labels and Booleans, none of them wrong: here
    /// they take a third of the instructions of the walk.
    fn accept(&self, mut bytes: &[u8]) -> bool {
        let rules = self.bytes.get(self.first..).unwrap_or_default().as_chunks().0;
        let mut rules = rules.iter().take(self.count.into()).copied().map(Small);
        let mut next = 0;
        while let [node, tag, ref rest @ ..] = *bytes {
            let rule = loop {
                let Some(rule) = rules.next() else { return false };
                if next >= node {
                    break rule;
                }
                if !rule.may_be_missing() {
                    return false;
                }
                next += 1;
            };
            if next != node || node >= 0x7f {
                return false;
            }
            next += 1;
            let Some((number, rest)) = small(rest) else { return false };
            if !rule.accepts(tag, number) {
                return false;
            }
            bytes = rest;
        }
        bytes.is_empty() && rules.all(Small::may_be_missing)
    }

    #[inline]
    fn rule(&self, node: u16) -> Option<Rule> {
        if node >= self.count.into() {
            return None;
        }
        let place = self.first + usize::from(node) * Small::BYTES;
        let small = Small(*self.bytes.get(place..)?.first_chunk()?);
        let mut rule = small.rule();
        if let Some(wide) = small.wide() {
            read_wide(self.bytes.get(usize::from(wide)..)?, &mut rule)?;
        }
        Some(rule)
    }
}

/// Writes one record behind its length; answers where what stands behind its texts starts.
const fn record(list: &mut Encoder<'_>, tool: &Tool<'_>) -> u16 {
    let mut size = Encoder::window(&mut [], 0);
    size.tool(&tool.info, tool.params, tool.output);
    size.extras(tool.extras);
    list.number(size.len() as u64);
    list.texts(&tool.info);
    let head = list.len() as u16;
    list.marks(&tool.info);
    list.nodes(tool.params);
    list.nodes(tool.output);
    list.extras(tool.extras);
    head
}

/// Writes the rules of a tool, then those that need more room, then its defaults.
const fn row(out: &mut Encoder<'_>, tool: &Tool<'_>, head: u16) -> Row {
    let rules = out.len();
    let sides = [tool.params, tool.output];
    let mut wide = rules + (tool.params.len() + tool.output.len()) * Small::BYTES;
    let mut side = 0;
    while side < 2 {
        let mut node = 0;
        while node < sides[side].len() {
            let rule = Rule::of(&sides[side][node]);
            let (small, fits) = Small::new(&rule, wide as u16);
            out.slice(&small.0);
            wide += if fits { 0 } else { WIDE };
            node += 1;
        }
        side += 1;
    }
    side = 0;
    while side < 2 {
        let mut node = 0;
        while node < sides[side].len() {
            let rule = Rule::of(&sides[side][node]);
            if !Small::new(&rule, 0).1 {
                write_wide(out, &rule);
            }
            node += 1;
        }
        side += 1;
    }
    let mut size = Encoder::window(&mut [], 0);
    write_defaults(&mut size, tool.params);
    let defaults = out.len() as u16;
    out.number(size.len() as u64);
    write_defaults(out, tool.params);
    let (params, output) = (tool.params.len() as u8, tool.output.len() as u8);
    Row { head, rules: rules as u16, defaults, params, output }
}

/// Bytes of a rule's bounds, step and condition where they are not small.
const WIDE: usize = 28;

const fn write_wide(out: &mut Encoder<'_>, rule: &Rule) {
    out.slice(&rule.min.to_le_bytes());
    out.slice(&rule.max.to_le_bytes());
    out.slice(&rule.step.to_le_bytes());
    let (node, label) = match rule.required_if {
        Some(condition) => (condition.node, condition.label),
        None => (u16::MAX, 0),
    };
    out.slice(&node.to_le_bytes());
    out.slice(&label.to_le_bytes());
}

fn read_wide(bytes: &[u8], rule: &mut Rule) -> Option<()> {
    let (min, rest) = bytes.split_first_chunk()?;
    let (max, rest) = rest.split_first_chunk()?;
    let (step, rest) = rest.split_first_chunk()?;
    let (node, rest) = rest.split_first_chunk()?;
    let node = u16::from_le_bytes(*node);
    rule.min = i64::from_le_bytes(*min);
    rule.max = i64::from_le_bytes(*max);
    rule.step = u64::from_le_bytes(*step);
    if node != u16::MAX {
        let label = u16::from_le_bytes(*rest.first_chunk()?);
        rule.required_if = Some(Condition { node, label });
    }
    Some(())
}

/// Writes the defaults of parameters as entries of a call.
const fn write_defaults(out: &mut Encoder<'_>, params: &[Field<'_>]) {
    let mut node = 0;
    while node < params.len() {
        if let Some(default) = params[node].default {
            out.number(node as u64);
            out.byte(Rule::of(&params[node]).tag);
            match default {
                Literal::Bool(value) => out.byte(value as u8),
                Literal::Number(value) => out.signed(value),
                Literal::Text(value) => out.text(value),
                Literal::Label(value) => out.number(value as u64),
            }
        }
        node += 1;
    }
}

impl<const N: usize, const BYTES: usize> Rules for Pack<N, BYTES> {
    fn tools(&self) -> u16 {
        N as u16
    }

    fn head(&self, tool: u16) -> Option<Head> {
        let mut reader = ValueReader::new(self.at(self.row(tool)?.head));
        Some(Head {
            annotations: Annotations(reader.byte().ok()?),
            consent: Consent::from_u8(reader.byte().ok()?),
            fail_safe: FailSafe(reader.byte().ok()?),
            content: reader.byte().ok()? != 0,
            limits: Limits {
                deadline_ms: reader.number().ok()? as u32,
                pending_bytes: reader.short().ok()?,
            },
        })
    }

    fn check(&self, tool: u16) -> u32 {
        self.checks.get(usize::from(tool)).copied().unwrap_or_default()
    }

    fn judge(&self, tool: u16, side: Side, bytes: &[u8]) -> Result<(), Fault> {
        let nodes = self.side(tool, side);
        if nodes.accept(bytes) {
            return Ok(());
        }
        walk(nodes.count.into(), |node| nodes.rule(node), bytes)
    }

    fn absent(&self, tool: u16, node: u16) -> Option<Item<'_>> {
        let mut reader = ValueReader::new(self.at(self.row(tool)?.defaults));
        given(reader.bytes().ok()?, node)
    }

    fn page(&self, offset: usize, out: &mut [u8]) -> usize {
        let list = usize::from(self.list);
        let rest = self.bytes.get(offset..list).unwrap_or_default();
        let len = rest.len().min(out.len());
        if let (Some(from), Some(to)) = (rest.get(..len), out.get_mut(..len)) {
            to.copy_from_slice(from);
        }
        list
    }

    fn list_hash(&self) -> u64 {
        self.hash.hash()
    }
}

const _: () = assert!(tag::ARRAY < 8, "a small rule has three bits for the tag");
