//! Training data by the decoder's own code: `docs/ask.md` says what goes in and out.
//!
//! ```text
//! teach TOOLS.json PIECES.txt < sentences.jsonl > examples.jsonl
//! teach --items TOOLS.json < sentences.jsonl > items.jsonl
//! teach --symbols TOOLS.json > symbols.txt
//! teach --table TOOLS.json PIECES.txt [TEMPERATURE THRESHOLD] > model.table
//! ```
#![allow(clippy::print_stdout, reason = "a program's output")]

#[path = "../tests/tools/mod.rs"]
mod common;

use std::error::Error;
use std::io::{BufRead, Write};

use serde_json::{Value as Json, json};
use trine_ask::{GrammarState, Label, Program, Sentence, Vocabulary, symbols, teach};
use trine_descriptor::Tool;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match words[..] {
        ["--symbols", tools] => names(&load(tools)?, &mut out)?,
        ["--items", tools] => items(&load(tools)?, &mut out)?,
        ["--table", tools, pieces] => out.write_all(&table(&load(tools)?, pieces, "1", "0")?)?,
        ["--table", tools, pieces, temperature, threshold] => {
            out.write_all(&table(&load(tools)?, pieces, temperature, threshold)?)?;
        }
        [tools, pieces] => {
            let tools = load(tools)?;
            examples(&tools, &table(&tools, pieces, "1", "0")?, &mut out)?;
        }
        _ => return Err("usage: teach [--items|--symbols|--table] TOOLS.json [PIECES.txt]".into()),
    }
    out.flush()?;
    Ok(())
}

fn load(path: &str) -> Result<Vec<Tool<'static>>, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    Ok(common::tools(&text).map_err(|error| format!("{path}: {error}"))?)
}

/// The hash of the tools, then all tokens before the pieces.
fn names(tools: &[Tool<'static>], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let program = common::program(tools);
    writeln!(out, "{:016x}", program.hash())?;
    let mut lines = Vec::new();
    symbols(tools, &program, |prefix, name| {
        let end = if prefix.starts_with('<') { ">" } else { "" };
        lines.push(format!("{prefix}{name}{end}"));
    });
    assert_eq!(lines.len(), usize::from(program.symbols()), "every token has a name");
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(())
}

fn table(
    tools: &[Tool<'static>],
    pieces: &str,
    temperature: &str,
    threshold: &str,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let text = std::fs::read_to_string(pieces).map_err(|error| format!("{pieces}: {error}"))?;
    let mut table = common::table(&common::program(tools), text.lines());
    table[16..20].copy_from_slice(&temperature.parse::<f32>()?.to_le_bytes());
    table[20..24].copy_from_slice(&threshold.parse::<f32>()?.to_le_bytes());
    Vocabulary::parse(&table)?;
    Ok(table)
}

/// Each sentence's folded words and marks.
fn items(tools: &[Tool<'static>], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let program = common::program(tools);
    let table = common::table(&program, []);
    let vocabulary = Vocabulary::parse(&table)?;
    for line in std::io::stdin().lock().lines() {
        let json: Json = serde_json::from_str(&line?)?;
        let text = json["text"].as_str().ok_or("a line has no text")?;
        let Ok(sentence) = Sentence::read(text.as_bytes(), &program, &vocabulary) else { continue };
        let words = sentence.items().iter().filter(|item| item.mention.is_none());
        let words: Vec<String> = words
            .map(|item| trine_ask::folded(&text[item.start.into()..item.end.into()]).collect())
            .collect();
        writeln!(out, "{}", json!(words))?;
    }
    Ok(())
}

fn examples(
    tools: &[Tool<'static>],
    table: &[u8],
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let program = common::program(tools);
    let vocabulary = Vocabulary::parse(table)?;
    for line in std::io::stdin().lock().lines() {
        let mut json: Json = serde_json::from_str(&line?)?;
        match example(tools, program, &vocabulary, &json) {
            Ok((tokens, prompt, choices)) => {
                json["tokens"] = json!(tokens);
                json["prompt"] = json!(prompt);
                json["choices"] = choices.into();
            }
            Err(error) => json["error"] = json!(error.to_string()),
        }
        writeln!(out, "{json}")?;
    }
    Ok(())
}

type Example = (Vec<u16>, usize, Vec<Json>);

fn example(
    tools: &[Tool<'static>],
    program: Program<'static>,
    vocabulary: &Vocabulary<'_>,
    json: &Json,
) -> Result<Example, Box<dyn Error>> {
    let text = json["text"].as_str().ok_or("there is no text")?;
    let sentence = Sentence::read(text.as_bytes(), &program, vocabulary)?;
    let mut grammar = GrammarState::new(program, vocabulary, &sentence);
    let prompt = grammar.sequence().len();
    let known = |name: &str| tools.iter().position(|tool| tool.info.name == name);
    let tool = match json["tool"].as_str() {
        Some(name) => Some(known(name).ok_or("there is no such tool")?),
        None => None,
    };
    let arguments = match tool {
        Some(tool) => common::arguments(&tools[tool], &json["arguments"])?,
        None => Vec::new(),
    };
    let label = tool.map(|tool| Label { tool: tool as u16, arguments: &arguments });
    let (mut choices, mut read) = (Vec::new(), 0);
    teach(&mut grammar, label, |length, target, permitted| {
        choices.push(json!([length - 1, target, permitted.tokens()]));
        read = length;
    })?;
    Ok((grammar.sequence()[..read].to_vec(), prompt, choices))
}
