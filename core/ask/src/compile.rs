//! From descriptors to a program.

use trine_bits::{Fnv64, varint};
use trine_descriptor::value::tag;
use trine_descriptor::{Field, Kind, Side, ToolTable};

use crate::fold;
use crate::program::{CONDITIONAL, HEAD, Program, REQUIRED, VERSION};
use crate::token;
use crate::unit::{self, Unit};
use crate::{LABELS_MAX, PARAMS_MAX, TOOLS_MAX};

/// Why no program can be made of some tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompileError {
    /// There are more tools than [`TOOLS_MAX`], or fewer than were asked for.
    Tools,
    /// A tool has more parameters than [`PARAMS_MAX`] at top level.
    Params(u16),
    /// There are more tokens, labels or units than a program numbers.
    Symbols,
    /// A parameter of this tool has more than [`LABELS_MAX`] labels.
    Labels(u16),
    /// The memory given is too small.
    Memory {
        /// How many bytes it takes.
        needed: usize,
    },
}

impl core::fmt::Display for CompileError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Tools => write!(f, "a command model has 1 to {TOOLS_MAX} tools"),
            Self::Params(tool) => {
                write!(f, "tool {tool} has more than {PARAMS_MAX} parameters")
            }
            Self::Symbols => {
                f.write_str("the tools have too many names and units: use fewer tools")
            }
            Self::Labels(tool) => {
                write!(f, "a parameter of tool {tool} has more than {LABELS_MAX} labels")
            }
            Self::Memory { needed } => write!(f, "the grammar of the tools takes {needed} bytes"),
        }
    }
}

impl core::error::Error for CompileError {}

/// Compiles the first `tools` tools of a table into `memory`.
///
/// # Errors
/// When there are too many of something, or the memory is too small.
///
/// ```
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, &[])];
/// use trine_ask::{compile, program_bytes, symbols};
///
/// let mut memory = vec![0; program_bytes(&TOOLS, 1)?];
/// let program = compile(&TOOLS, 1, &mut memory)?;
/// assert!(program.has_numbers());
/// let mut names = Vec::new();
/// symbols(&TOOLS, &program, |prefix, name| names.push(format!("{prefix}{name}")));
/// assert!(names.ends_with(&["tool:fan_set".into(), "key:percent".into()]));
/// # Ok::<(), trine_ask::CompileError>(())
/// ```
pub fn compile<'p, T: ToolTable + ?Sized>(
    table: &T,
    tools: u16,
    memory: &'p mut [u8],
) -> Result<Program<'p>, CompileError> {
    let length = Compiler { table, tools }.write(memory)?;
    let needed = length;
    let bytes = memory.get(..length).ok_or(CompileError::Memory { needed })?;
    Program::new(bytes).ok_or(CompileError::Memory { needed })
}

/// Bytes of the program of the first `tools` tools.
///
/// # Errors
/// When there are too many of something.
pub fn program_bytes<T: ToolTable + ?Sized>(table: &T, tools: u16) -> Result<usize, CompileError> {
    Compiler { table, tools }.write(&mut [])
}

/// Hands the names of all symbols to `each`, in the order of their tokens; `prefix` says what a
/// name is of: `tool:`, `key:`, `label:`, or nothing for the tokens that are always there.
pub fn symbols<T: ToolTable + ?Sized>(
    table: &T,
    program: &Program<'_>,
    mut each: impl FnMut(&str, &str),
) {
    token::NAMES.iter().for_each(|name| each("", name));
    if program.has_numbers() {
        for kind in token::KIND_NAMES {
            ["<1:", "<2:", "<3:"].iter().for_each(|place| each(place, kind));
        }
    }
    let compiler = Compiler { table, tools: program.tools() };
    compiler.each_name(|prefix, name| each(prefix, name));
}

/// Bytes that are counted and hashed, and kept as far as there is room.
struct Sink<'b> {
    out: &'b mut [u8],
    at: usize,
}

impl Sink<'_> {
    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.out.get_mut(self.at) {
            *place = byte;
        }
        self.at += 1;
    }

    fn bytes(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.byte(*byte));
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.out.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    fn number(&mut self, value: u64) {
        varint::encode(value, |byte| self.byte(byte));
    }

    fn signed(&mut self, value: i64) {
        self.number(varint::zigzag(value));
    }
}

struct Compiler<'t, T: ?Sized> {
    table: &'t T,
    tools: u16,
}

impl<T: ToolTable + ?Sized> Compiler<'_, T> {
    /// Nodes of a tool at top level, and whether they may be parameters of a program.
    fn top(&self, tool: u16) -> impl Iterator<Item = (u16, Field<'_>)> {
        let mut node = 0;
        core::iter::from_fn(move || {
            let field = self.table.node(tool, Side::Params, node)?;
            let this = node;
            node = node.saturating_add(1).saturating_add(field.kind.nodes() as u16);
            Some((this, field))
        })
    }

    /// Parameters in the order of the program: those with a condition last.
    fn params(&self, tool: u16) -> impl Iterator<Item = (u16, Field<'_>)> {
        let part = move |conditional: bool| {
            self.top(tool).filter(move |(_, field)| {
                !field.kind.is_container() && field.required_if.is_some() == conditional
            })
        };
        part(false).chain(part(true))
    }

    fn all(&self) -> impl Iterator<Item = Field<'_>> {
        (0..self.tools).flat_map(|tool| {
            self.top(tool).map(|(_, field)| field).filter(|field| !field.kind.is_container())
        })
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        self.all().map(|field| field.name)
    }

    fn labels(&self) -> impl Iterator<Item = &str> {
        self.all().flat_map(|field| field.kind.labels())
    }

    /// How many different names there are before `end`, or in all.
    fn distinct<'n, I: Iterator<Item = &'n str>>(
        names: impl Fn() -> I,
        end: Option<&str>,
    ) -> usize {
        let is_new = |(at, name): &(usize, &str)| !names().take(*at).any(|other| other == *name);
        let all = names().enumerate().take_while(|(_, name)| Some(*name) != end);
        all.filter(is_new).count()
    }

    fn each_name(&self, mut each: impl FnMut(&str, &str)) {
        for tool in 0..self.tools {
            each("tool:", self.table.info(tool).map_or("", |info| info.name));
        }
        for (at, name) in self.keys().enumerate() {
            if !self.keys().take(at).any(|other| other == name) {
                each("key:", name);
            }
        }
        for (at, name) in self.labels().enumerate() {
            if !self.labels().take(at).any(|other| other == name) {
                each("label:", name);
            }
        }
    }

    fn is_number(field: &Field<'_>) -> bool {
        matches!(field.kind, Kind::Int(_) | Kind::Decimal(_))
    }

    /// Units of its own: descriptors' texts that are none known here.
    fn own_units(&self) -> impl Iterator<Item = &str> {
        let numbers = self.all().filter(Self::is_number).map(|field| field.unit);
        numbers.filter(|unit| unit::symbol(unit).is_none())
    }

    fn unit(&self, field: &Field<'_>) -> Unit {
        match unit::symbol(field.unit) {
            Some(Unit::None) => said_in(field.name).or_else(|| said_in(field.description)),
            Some(unit) => Some(unit),
            None => {
                let index = Self::distinct(|| self.own_units(), Some(field.unit));
                Some(Unit::Other(index as u8))
            }
        }
        .unwrap_or(Unit::None)
    }

    fn write(&self, out: &mut [u8]) -> Result<usize, CompileError> {
        if self.tools == 0 || self.tools > TOOLS_MAX || self.tools > self.table.count() {
            return Err(CompileError::Tools);
        }
        let keys = Self::distinct(|| self.keys(), None);
        let labels = Self::distinct(|| self.labels(), None);
        let units = Self::distinct(|| self.own_units(), None);
        let has_numbers = self.all().any(|field| Self::is_number(&field));
        let first_key = usize::from(token::first_tool(has_numbers) + self.tools);
        let first_label = first_key + keys;
        let symbols = u16::try_from(first_label + labels).map_err(|_| CompileError::Symbols)?;
        if units > 0x7f || labels > 0x7fff {
            return Err(CompileError::Symbols);
        }
        let mut sink = Sink { out, at: HEAD };
        for (at, unit) in self.own_units().enumerate() {
            if !self.own_units().take(at).any(|other| other == unit) {
                sink.number(unit.len() as u64);
                unit.bytes().for_each(|byte| sink.byte(byte.to_ascii_lowercase()));
            }
        }
        for tool in 0..self.tools {
            self.tool(&mut sink, tool, (first_key, first_label))?;
        }
        let mut hash = Fnv64::new().bytes(sink.out.get(HEAD..sink.at).unwrap_or_default());
        self.each_name(|_, name| hash = hash.bytes(name.as_bytes()).byte(0));
        sink.put(0, &[VERSION, self.tools as u8]);
        sink.put(2, &symbols.to_le_bytes());
        sink.put(4, &hash.hash().to_le_bytes());
        sink.put(12, &[u8::from(has_numbers), units as u8]);
        Ok(sink.at)
    }

    fn tool(
        &self,
        sink: &mut Sink<'_>,
        tool: u16,
        firsts: (usize, usize),
    ) -> Result<(), CompileError> {
        let start = sink.at;
        let needs_container = self.top(tool).any(|(_, field)| {
            field.kind.is_container() && (field.required || field.required_if.is_some())
        });
        let count = self.params(tool).count();
        if count > PARAMS_MAX {
            return Err(CompileError::Params(tool));
        }
        sink.bytes(&[0, 0, u8::from(!needs_container), count as u8]);
        for (node, field) in self.params(tool) {
            self.param(sink, (tool, node), &field, firsts)?;
        }
        let length = u16::try_from(sink.at - start - 2).map_err(|_| CompileError::Symbols)?;
        sink.put(start, &length.to_le_bytes());
        Ok(())
    }

    fn param(
        &self,
        sink: &mut Sink<'_>,
        (tool, node): (u16, u16),
        field: &Field<'_>,
        (first_key, first_label): (usize, usize),
    ) -> Result<(), CompileError> {
        let tag = trine_descriptor::Rule::of(field).tag;
        let condition = field.required_if.and_then(|condition| {
            let at = self.params(tool).position(|(node, _)| node == condition.node)?;
            Some((at as u8, condition.label))
        });
        let marks =
            (if field.required { REQUIRED } else { 0 }, condition.map_or(0, |_| CONDITIONAL));
        sink.number(node.into());
        sink.byte(tag | marks.0 | marks.1);
        sink.number((first_key + Self::distinct(|| self.keys(), Some(field.name))) as u64);
        if let Some((at, label)) = condition {
            sink.byte(at);
            sink.number(label.into());
        }
        match field.kind {
            Kind::Int(range) => {
                sink.bytes(&[self.unit(field).code(), 0]);
                [range.min, range.max, 1].iter().for_each(|bound| sink.signed(*bound));
            }
            Kind::Decimal(range) => {
                sink.bytes(&[self.unit(field).code(), range.places]);
                [range.min, range.max, range.step].iter().for_each(|bound| sink.signed(*bound));
            }
            Kind::Text { min, max } => {
                [min, max].iter().for_each(|bound| sink.number((*bound).into()));
            }
            Kind::Choice(_) if field.kind.labels().count() > LABELS_MAX => {
                return Err(CompileError::Labels(tool));
            }
            Kind::Choice(_) => {
                sink.number(field.kind.labels().count() as u64);
                for label in field.kind.labels() {
                    let at = Self::distinct(|| self.labels(), Some(label));
                    sink.number((first_label + at) as u64);
                }
            }
            _ => {}
        }
        debug_assert!(tag != tag::OBJECT && tag != tag::ARRAY, "parameters are scalars");
        Ok(())
    }
}

/// The unit that the first word says which is one.
fn said_in(text: &str) -> Option<Unit> {
    let mut words = text.split(|c: char| !c.is_ascii_alphabetic()).map(folded);
    let found = words.find_map(|(word, len)| unit::described(word.get(..len)?))?;
    let scale = words.next().and_then(|(word, len)| unit::described(word.get(..len)?));
    match (found, scale) {
        (Unit::Degree, Some(scale @ (Unit::Celsius | Unit::Fahrenheit))) => Some(scale),
        _ => Some(found),
    }
}

/// A word in lower case, cut where it is longer than any unit.
fn folded(word: &str) -> ([u8; 16], usize) {
    let mut out = [0; 16];
    let mut len = 0;
    for (place, c) in out.iter_mut().zip(word.chars().map(fold::fold)) {
        *place = c as u8;
        len += 1;
    }
    (out, len)
}
