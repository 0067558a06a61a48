//! Sentences as the decoder reads them, with the choices that lead to their calls.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use trine_ask::{GrammarState, Label, Program, Sentence, TABLE_VERSION, Vocabulary, teach};
use trine_descriptor::{Kind, Tool};

use crate::calibrate::Certainty;
use crate::error::{Error, Result};
use crate::example::Example;
use crate::net::{Choice, TokenisedExample};
use crate::random::Random;
use crate::subwords::BEGIN;
use trine_models::tools;

/// Tables of pieces in which some are missing, so that a model sees words in other pieces too.
const THINNED: usize = 16;
/// The share of pieces that is missing there (dropout of subwords; Provilkov and others, 2020).
const THIN: f32 = 0.15;

/// Kinds of sentences without a call, and a call: what a label after the sentence tells apart while
/// training. Why nothing is to be called says more than that nothing is.
const KINDS: [&str; 11] = [
    "missing",
    "ambiguous",
    "out-of-range",
    "negated",
    "double",
    "conditional",
    "cannot",
    "chat",
    "about",
    "attack",
    "noise",
];
/// As how many labels of items the kind counts.
const KIND_COUNT: usize = 4;

/// Tools with the table of subword tokens by which sentences for them are read.
#[derive(Debug)]
pub struct Tokeniser<'t> {
    tools: &'t [Tool<'t>],
    program: Program<'t>,
    pieces: Vec<String>,
    /// The table of the model first, then the thinned ones.
    tables: Vec<Vec<u8>>,
    /// Names of the parameters that are texts.
    texts: Vec<&'t str>,
}

/// Items and how often each came.
pub type Items = BTreeMap<String, usize>;

/// Counts the words and marks of a sentence that are no numbers.
pub fn count_items(program: &Program<'_>, text: &str, items: &mut Items) {
    let table = table(program, &[], Certainty::NONE);
    let Ok(vocabulary) = Vocabulary::parse(&table) else { return };
    let Ok(sentence) = Sentence::read(text.as_bytes(), program, &vocabulary) else { return };
    for item in sentence.items().iter().filter(|item| item.mention.is_none()) {
        let word: String = trine_ask::folded(&text[item.start.into()..item.end.into()]).collect();
        *items.entry(word).or_default() += 1;
    }
}

/// A sentence without its numbers: words and kinds of numbers, to tell wordings apart.
#[must_use]
pub fn pattern(program: &Program<'_>, text: &str) -> String {
    let table = table(program, &[], Certainty::NONE);
    let read = Vocabulary::parse(&table)
        .ok()
        .and_then(|vocabulary| Sentence::read(text.as_bytes(), program, &vocabulary).ok());
    let Some(sentence) = read else { return text.to_owned() };
    let word = |item: &trine_ask::Item| match item.mention {
        Some(_) => "#".to_owned(),
        None => trine_ask::folded(&text[item.start.into()..item.end.into()]).collect(),
    };
    sentence.items().iter().map(word).collect::<Vec<String>>().join(" ")
}

/// The table of a model (`docs/ask.md`).
#[must_use]
pub fn table(program: &Program<'_>, pieces: &[String], certainty: Certainty) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(TABLE_VERSION.to_le_bytes());
    out.extend(1_u16.to_le_bytes());
    out.extend(program.tools().to_le_bytes());
    out.extend(program.symbols().to_le_bytes());
    out.extend(program.hash().to_le_bytes());
    out.extend(certainty.temperature.to_le_bytes());
    out.extend(certainty.threshold.to_le_bytes());
    out.extend((pieces.len() as u16).to_le_bytes());
    out.extend(((certainty.arguments * 1000.0).round() as u16).to_le_bytes());
    for piece in pieces {
        let (mark, text) =
            piece.strip_prefix(BEGIN).map_or((0, piece.as_str()), |text| (0x80, text));
        out.push(mark | text.len() as u8);
        out.extend(text.bytes());
    }
    out
}

impl<'t> Tokeniser<'t> {
    /// Tools with pieces. `seed` decides which pieces the thinned tables lack.
    #[must_use]
    pub fn new(
        tools: &'t [Tool<'t>],
        program: Program<'t>,
        pieces: Vec<String>,
        seed: u64,
    ) -> Self {
        let mut random = Random::named(seed, "thinned tables");
        let mut tables = vec![table(&program, &pieces, Certainty::NONE)];
        for _ in 0..THINNED {
            // A piece of a byte that no text has keeps its number and never fits.
            let thin = pieces.iter().map(|piece| {
                let is_letter = piece.trim_start_matches(BEGIN).chars().count() < 2;
                let keep = is_letter || !random.chance(THIN);
                if keep { piece.clone() } else { "\u{1}".to_owned() }
            });
            let thin: Vec<String> = thin.collect();
            tables.push(table(&program, &thin, Certainty::NONE));
        }
        let texts = tools.iter().flat_map(|tool| tool.params.iter());
        let texts = texts.filter(|field| matches!(field.kind, Kind::Text { .. }));
        let mut names: Vec<&str> = Vec::new();
        for field in texts {
            if !names.contains(&field.name) {
                names.push(field.name);
            }
        }
        Self { tools, program, pieces, tables, texts: names }
    }

    /// The tools.
    #[must_use]
    pub const fn tools(&self) -> &'t [Tool<'t>] {
        self.tools
    }

    /// What the decoder knows of them.
    #[must_use]
    pub const fn program(&self) -> &Program<'t> {
        &self.program
    }

    /// The pieces.
    #[must_use]
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// Tokens in all.
    #[must_use]
    pub fn tokens(&self) -> usize {
        usize::from(self.program.symbols()) + self.pieces.len()
    }

    /// Labels of [`TokenisedExample::tags`]: outside, the beginning and the inside of each text, a
    /// call, and the kinds of sentences that have none.
    #[must_use]
    pub fn tags(&self) -> usize {
        self.call_tag() as usize + 1 + KINDS.len()
    }

    fn call_tag(&self) -> u32 {
        1 + 2 * self.texts.len() as u32
    }

    /// Whether a parameter of this name is copied from the sentence.
    #[must_use]
    pub fn is_text(&self, name: &str) -> bool {
        self.texts.contains(&name)
    }

    /// A sentence as an example. With chance, some subword tokens are left out.
    ///
    /// # Errors
    /// When its call cannot be said with its words.
    pub fn tokenise(
        &self,
        example: &Example,
        random: Option<&mut Random>,
    ) -> Result<TokenisedExample> {
        let which = random
            .map_or(0, |random| if random.chance(0.5) { 1 + random.below(THINNED) } else { 0 });
        let table = self.tables.get(which).ok_or(Error::NoVariant)?;
        let vocabulary = Vocabulary::parse(table)?;
        let sentence = Sentence::read(example.text.as_bytes(), &self.program, &vocabulary)?;
        let mut grammar = GrammarState::new(self.program, &vocabulary, &sentence);
        let mut tokenised =
            TokenisedExample { prompt: grammar.sequence().len(), ..TokenisedExample::default() };
        let (tool, arguments) = self.call(example)?.unzip();
        let arguments = arguments.unwrap_or_default();
        let label = tool.map(|tool| Label { tool, arguments: &arguments });
        let mut read = 0;
        let taught = teach(&mut grammar, label, |length, target, permitted| {
            let permitted = permitted.tokens().iter().map(|token| u32::from(*token)).collect();
            let (at, target) = (length - 1, target.into());
            tokenised.choices.push(Choice { at, target, permitted, ..Choice::default() });
            read = length;
        });
        taught?;
        let tokens = grammar.sequence().get(..read).unwrap_or_default();
        tokenised.tokens = tokens.iter().map(|token| u32::from(*token)).collect();
        tokenised.prompt = tokenised.prompt.min(read);
        tokenised.tags = self.label_items(example, &sentence);
        if let Some(kind) = self.kind_tag(example) {
            tokenised.tags.extend([(tokenised.prompt - 1, kind); KIND_COUNT]);
        }
        Ok(tokenised)
    }

    /// Whether a sentence stands for no call for nothing but a number that is too large or too
    /// small for one tool and not for another. To the model it looks like one that is a call, and
    /// code refuses it.
    #[must_use]
    pub fn is_refused(&self, example: &Example) -> bool {
        let unfit = trine_ask::token::MENTIONS
            + trine_ask::token::MENTIONS_OF_A_KIND * trine_ask::token::KIND_UNFIT;
        let is_said = |tokenised: &TokenisedExample| {
            tokenised.tokens.iter().any(|token| (unfit..unfit + 3).contains(&(*token as u16)))
        };
        let is_range = example.tool.is_none() && example.kind == "out-of-range";
        is_range && self.tokenise(example, None).is_ok_and(|tokenised| !is_said(&tokenised))
    }

    /// The number of a sentence's tool, and its arguments as bytes.
    fn call(&self, example: &Example) -> Result<Option<(u16, Vec<u8>)>> {
        let Some(name) = &example.tool else { return Ok(None) };
        let at = self.tools.iter().position(|tool| tool.info.name == name);
        let at = at.ok_or_else(|| Error::UnknownTool { name: name.clone() })?;
        let arguments = tools::encode(&self.tools[at], &Json::Object(example.arguments.clone()))?;
        Ok(Some((at as u16, arguments)))
    }

    /// The label of the sentence's kind, where that is known.
    fn kind_tag(&self, example: &Example) -> Option<u32> {
        let call = self.call_tag();
        match example.tool {
            Some(_) => (!example.kind.is_empty()).then_some(call),
            None => {
                let kind = KINDS.iter().position(|kind| *kind == example.kind)?;
                Some(call + 1 + kind as u32)
            }
        }
    }

    /// The labels of a sentence's tokens; the sequence begins with one more.
    fn label_items(&self, example: &Example, sentence: &Sentence<'_>) -> Vec<(usize, u32)> {
        if self.texts.is_empty() {
            return Vec::new();
        }
        let items = sentence.items();
        let mut labels = vec![0; items.len()];
        for (index, name) in self.texts.iter().enumerate() {
            let Some(value) = example.arguments.get(*name).and_then(Json::as_str) else { continue };
            let run = (0..items.len()).find_map(|first| {
                let last = (first..items.len()).find(|last| {
                    let span = items[first].start.into()..items[*last].end.into();
                    sentence.text().get(span) == Some(value)
                })?;
                Some(first..=last)
            });
            for (at, label) in run.into_iter().flatten().enumerate() {
                labels[label] = 1 + 2 * index as u32 + u32::from(at > 0);
            }
        }
        let first = |at: usize| items.get(at).map_or(sentence.tokens().len(), |i| i.first.into());
        let tokens = labels.iter().enumerate().flat_map(|(at, label)| {
            let inside = if *label > 0 { *label + *label % 2 } else { 0 };
            (first(at)..first(at + 1))
                .enumerate()
                .map(move |(part, token)| (token + 1, if part == 0 { *label } else { inside }))
        });
        tokens.collect()
    }
}
