//! What sentences are decoded with: tables of tools, compiled programs, vocabularies. Any bytes,
//! and sound ones after changes.
//!
//! A program may come out of flash and a vocabulary out of a file, so both may say anything: they
//! make bad calls then, but no panic. A table that passes its check makes valid calls alone.

use std::sync::OnceLock;

use trine_ask::{
    AskError, DecodeEngine, Decoding, Program, Sentence, ValueWriter, Vocabulary, compile,
    program_bytes,
};
use trine_descriptor::record::{self, Decoder};
use trine_descriptor::{Field, Side, Tool, ToolInfo, ToolTable, check, validate};

use crate::changes::changed;
use crate::{sentences, tools};

/// What is said where an input has no sentence.
const SENTENCE: &[u8] = b"speed 2 rpm a on line 1 half \"b\" 21.5 degC";

/// The first byte says what may be anything; then come its bytes or changes behind their length,
/// what the model says up to a zero, and the sentence.
pub fn run(data: &[u8]) {
    let [mode, length, rest @ ..] = data else { return };
    let (bytes, rest) = rest.split_at(usize::from(*length).min(rest.len()));
    let zero = rest.iter().position(|byte| *byte == 0);
    let (says, sentence) = zero.map_or((rest, SENTENCE), |at| (&rest[..at], &rest[at + 1..]));
    let (program, table) = sentences::model();
    let ask = |program: &[u8], table: &[u8]| _ = ask(program, table, (sentence, says));
    match mode % 6 {
        0 => ask(bytes, table),
        1 => ask(program, bytes),
        2 => ask(&changed(program, bytes), table),
        3 => ask(program, &changed(table, bytes)),
        _ => tools_of(&changed(list(), bytes), (sentence, says)),
    }
}

/// Reads a sentence and decodes a call of it; answers its tool and its arguments.
fn ask(program: &[u8], table: &[u8], asked: (&[u8], &[u8])) -> Option<(u16, Vec<u8>)> {
    let (sentence, says) = asked;
    let (program, vocabulary) = (Program::new(program)?, Vocabulary::parse(table).ok()?);
    let sentence = Sentence::read(sentence, &program, &vocabulary).ok()?;
    let mut decoding = Decoding::new(program, &vocabulary, &sentence);
    let mut engine = Engine { says, at: 0, room: 300 };
    match decoding.run(&mut engine) {
        Ok(()) => {}
        Err(AskError::Sentence(_)) => return None,
        Err(AskError::Model(())) => unreachable!("the model never fails"),
    }
    assert!((0.0..=1.0).contains(&decoding.confidence()), "{}", decoding.confidence());
    let call = decoding.answer().expect("it has ended").call()?;
    assert!(call.arguments().is_sorted_by(|one, other| one.0 < other.0));
    let mut memory = vec![0; 4096];
    let mut out = ValueWriter::new(&mut memory);
    call.encode(&mut out);
    assert!(!out.overflowed());
    Some((call.tool(), out.bytes().to_vec()))
}

/// A model that says what its bytes say, over and over.
struct Engine<'s> {
    says: &'s [u8],
    at: usize,
    room: usize,
}

impl DecodeEngine for Engine<'_> {
    type Error = ();

    fn begin_prompt(&mut self, tokens: &[u16]) -> Result<(), ()> {
        assert!(!tokens.is_empty() && tokens.len() <= self.room);
        Ok(())
    }

    fn begin(&mut self, tokens: &[u16]) -> Result<usize, ()> {
        let taken = tokens.len().min(self.room);
        self.room -= taken;
        Ok(taken)
    }

    fn step(&mut self, _: usize) -> Result<bool, ()> {
        Ok(false)
    }

    fn logits(&mut self, tokens: &[u16], out: &mut [f32]) -> Result<(), ()> {
        assert!(!tokens.is_empty() && tokens.len() == out.len());
        for place in out {
            let says = self.says.get(self.at % self.says.len().max(1)).copied().unwrap_or(0);
            self.at += 1;
            *place = match says {
                255 => f32::NAN,
                254 => f32::INFINITY,
                253 => f32::NEG_INFINITY,
                252 => f32::MAX,
                says => f32::from(says) - 100.0,
            };
        }
        Ok(())
    }

    fn room(&self) -> usize {
        self.room
    }
}

/// Both lists of tools that there are here, as a device shows them.
fn list() -> &'static [u8] {
    static LIST: OnceLock<Vec<u8>> = OnceLock::new();
    LIST.get_or_init(|| {
        let all = |table: &dyn ToolTable| {
            let mut list = vec![0; record::page(table, 0, &mut [])];
            record::page(table, 0, &mut list);
            list
        };
        [all(&sentences::TOOLS), all(&tools::TOOLS)].concat()
    })
}

type Sides<'a> = (ToolInfo<'a>, Vec<Field<'a>>, Vec<Field<'a>>);

/// A list as a table, compiled; what comes of a sentence then is a call that its tool takes.
fn tools_of(list: &[u8], asked: (&[u8], &[u8])) {
    let mut list = Decoder::new(list);
    let mut all: Vec<Sides<'_>> = Vec::new();
    while let Some(record) = list.record() {
        let mut record = Decoder::new(record);
        let Some(info) = record.info() else { return };
        let mut nodes = || (0..record.count()?).map(|_| record.node()).collect::<Option<Vec<_>>>();
        let (Some(params), Some(output)) = (nodes(), nodes()) else { return };
        all.push((info, params, output));
    }
    let tools: Vec<Tool<'_>> =
        all.iter().map(|(info, params, output)| Tool::new(*info, params, output)).collect();
    if check::table(&tools[..]).is_err() {
        return;
    }
    let count = u16::try_from(tools.len()).expect("a short list");
    let Ok(bytes) = program_bytes(&tools[..], count) else { return };
    let mut memory = vec![0; bytes];
    let program = compile(&tools[..], count, &mut memory).expect("there is room");
    let table = sentences::table(&program);
    if let Some((tool, args)) = ask(program.bytes(), &table, asked) {
        let judged = validate(&tools[..], tool, Side::Params, &args);
        assert_eq!(judged, Ok(()), "tool {tool}: {args:?}");
    }
}
