//! Sentences out of templates: a line is a way of saying a call, with its choices.
//!
//! ```text
//! # The word behind the lamp's label, and what else it is called.
//! light.grow = grow light | plant lamp | [big] lamp over the plants
//!
//! fan_set: (set|put|turn) the fan (to|at) {percent}
//! light_set on=true: (turn|switch) on {light}
//! -: play some (music|jazz)
//! ```
//!
//! `(a|b)` is one of these, `[a]` may be left out, `{name}` is a value of the parameter: a label by
//! one of its words, a number in one of the ways in which numbers are said, a text out of those
//! that are given as `name = …`. Values behind the tool are fixed. `-` stands for no tool.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::error::{Error, Result};
use crate::example::Example;
use crate::number_words;
use crate::random::Random;
use trine_models::tools::{ParamText, Rule, ToolText};

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Word(String),
    OneOf(Vec<Vec<Self>>),
    Value(String),
}

#[derive(Clone, Debug)]
struct Line {
    /// The number of its tool.
    tool: Option<usize>,
    fixed: Map<String, Json>,
    parts: Vec<Part>,
    wording: String,
    /// In how many ways it can be said, values aside.
    ways: f32,
}

/// Templates for some tools.
#[derive(Clone, Debug)]
pub struct Templates<'t> {
    tools: &'t [ToolText],
    lines: Vec<Line>,
    words: BTreeMap<String, Vec<Vec<Part>>>,
}

impl<'t> Templates<'t> {
    /// Reads templates.
    ///
    /// # Errors
    /// With the line and what is wrong with it.
    pub fn parse(text: &str, tools: &'t [ToolText]) -> Result<Self> {
        let mut all = Self { tools, lines: Vec::new(), words: BTreeMap::new() };
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                let place = || format!("line {}", at + 1);
                all.take(line).map_err(|error| error.at(place()))?;
            }
        }
        for line in &all.lines {
            all.check(line)?;
        }
        Ok(all)
    }

    fn take(&mut self, line: &str) -> Result<()> {
        let names = line.split_once(" = ").filter(|(name, _)| !name.contains([':', ' ']));
        if let Some((name, example)) = names {
            let Part::OneOf(ways) = group(example)? else { return Err(Error::TemplateEmpty) };
            self.words.entry(name.to_owned()).or_default().extend(ways);
            return Ok(());
        }
        let (head, example) = line.split_once(':').ok_or(Error::TemplateForm)?;
        let mut head = head.split_whitespace();
        let name = head.next().ok_or(Error::TemplateForm)?;
        let known = || self.tools.iter().position(|tool| tool.name == name);
        let unknown = || Error::UnknownTool { name: name.to_owned() };
        let tool = if name == "-" { None } else { Some(known().ok_or_else(unknown)?) };
        let mut fixed = Map::new();
        let wrong = |pair: &str| Error::TemplateValue { text: pair.to_owned() };
        for pair in head {
            let (key, value) = pair.split_once('=').ok_or_else(|| wrong(pair))?;
            let json = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            fixed.insert(key.to_owned(), json);
        }
        let parts = vec![group(example)?];
        let ways = parts.iter().map(ways).product::<f32>();
        self.lines.push(Line { tool, fixed, parts, wording: line.to_owned(), ways });
        Ok(())
    }

    /// Checks that the values of a line are there.
    fn check(&self, line: &Line) -> Result<()> {
        let mut names = Vec::new();
        line.parts.iter().for_each(|part| values(part, &mut names));
        for name in names {
            let Some(tool) = line.tool.and_then(|tool| self.tools.get(tool)) else { continue };
            let param = tool.params.iter().find(|param| param.name == name);
            let tool = &tool.name;
            let param = param
                .ok_or_else(|| Error::TemplateParam { tool: tool.clone(), param: name.clone() })?;
            let is_sayable = match &param.rule {
                Rule::Text(..) => self.words.contains_key(&name),
                Rule::Bool => false,
                _ => true,
            };
            if !is_sayable {
                return Err(Error::TemplateWords { tool: tool.clone(), param: name });
            }
        }
        Ok(())
    }

    /// Takes out a share of the lines, by their words alone, to validate with.
    #[must_use]
    pub fn split_off(&mut self, share: f32) -> Self {
        let is_kept = |line: &Line| !Random::named(0, &line.wording).chance(share);
        let (kept, taken) = self.lines.drain(..).partition(is_kept);
        self.lines = kept;
        Self { lines: taken, ..self.clone() }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The words behind `name`, if there are any, each in one of its ways.
    #[must_use]
    pub fn words(&self, name: &str, random: &mut Random) -> Option<String> {
        let ways = self.words.get(name)?;
        let mut out = Vec::new();
        let parts = random.pick(ways)?;
        self.say_parts(parts, None, random, &mut out, &mut Map::new())?;
        Some(out.join(" "))
    }

    /// All that can be said for a label, by `parameter.label`.
    #[must_use]
    pub fn labels(&self) -> BTreeMap<&str, Vec<String>> {
        let labels = self.words.iter().filter(|(name, _)| name.contains('.'));
        let example = |ways: &Vec<Vec<Part>>| {
            ways.iter().flat_map(|parts| expanded(parts)).collect::<Vec<String>>()
        };
        labels.map(|(name, ways)| (name.as_str(), example(ways))).collect()
    }

    /// All words behind names, without their order.
    #[must_use]
    pub fn all_words(&self) -> Vec<(String, String)> {
        let of = |ways: &Vec<Vec<Part>>| {
            let mut words = Vec::new();
            ways.iter().flatten().for_each(|part| plain_words(part, &mut words));
            words.join(" ")
        };
        self.words.iter().map(|(name, ways)| (name.clone(), of(ways))).collect()
    }

    /// Says something. Tools are equally likely, lines of a tool more so with more ways to say
    /// them.
    pub fn say(&self, random: &mut Random) -> Option<Example> {
        let tools = self.tools.len();
        let nothing = self.lines.iter().any(|line| line.tool.is_none());
        let tool = random.below(tools + usize::from(nothing));
        let tool = (tool < tools).then_some(tool);
        let weight = |line: &&Line| line.ways.sqrt().min(30.0);
        let lines: Vec<&Line> = self.lines.iter().filter(|line| line.tool == tool).collect();
        let mut rest = random.unit() * lines.iter().map(weight).sum::<f32>();
        let line = lines.iter().find(|line| {
            rest -= weight(line);
            rest <= 0.0
        });
        let line = line.or(lines.last())?;
        let (mut out, mut arguments) = (Vec::new(), line.fixed.clone());
        self.say_parts(&line.parts, line.tool, random, &mut out, &mut arguments)?;
        Some(Example {
            text: out.join(" "),
            tool: line.tool.and_then(|tool| Some(self.tools.get(tool)?.name.clone())),
            arguments: if line.tool.is_some() { arguments } else { Map::new() },
            kind: "template".into(),
            wording: line.wording.clone(),
        })
    }

    fn say_parts(
        &self,
        parts: &[Part],
        tool: Option<usize>,
        random: &mut Random,
        out: &mut Vec<String>,
        arguments: &mut Map<String, Json>,
    ) -> Option<()> {
        for part in parts {
            match part {
                Part::Word(word) => out.push(word.clone()),
                Part::OneOf(ways) => {
                    let way = random.pick(ways)?;
                    self.say_parts(way, tool, random, out, arguments)?;
                }
                Part::Value(name) => {
                    let param = tool.and_then(|tool| {
                        self.tools.get(tool)?.params.iter().find(|param| param.name == *name)
                    });
                    let (text, value) = self.value(name, param, random)?;
                    out.push(text);
                    arguments.insert(name.clone(), value);
                }
            }
        }
        Some(())
    }

    /// A value in words, and as JSON.
    fn value(
        &self,
        name: &str,
        param: Option<&ParamText>,
        random: &mut Random,
    ) -> Option<(String, Json)> {
        match param.map(|param| (&param.rule, param)) {
            Some((Rule::Choice(labels), _)) => {
                let label = random.pick(labels)?;
                let example = self.words(&format!("{name}.{label}"), random);
                Some((example.unwrap_or_else(|| label.replace('_', " ")), label.clone().into()))
            }
            Some((Rule::Int(..) | Rule::Decimal(_), param)) => number_words::number(param, random),
            Some((Rule::Bool | Rule::List(..) | Rule::Other, _)) => None,
            Some((Rule::Text(..), _)) | None => {
                let text = self.words(name, random)?;
                Some((text.clone(), text.into()))
            }
        }
    }
}

/// The alternatives of a text.
fn group(text: &str) -> Result<Part> {
    let mut rest = text;
    let ways = alternatives(&mut rest)?;
    match rest.chars().next() {
        Some(bracket) => Err(Error::TemplateBracket { bracket }),
        None => Ok(Part::OneOf(ways)),
    }
}

const fn unbalanced(bracket: char) -> Error {
    Error::TemplateBracket { bracket }
}

/// Alternatives up to a closing bracket, which is left.
fn alternatives(rest: &mut &str) -> Result<Vec<Vec<Part>>> {
    let mut ways = vec![Vec::new()];
    loop {
        let text = rest.trim_start();
        let Some(c) = text.chars().next() else {
            *rest = text;
            return Ok(ways);
        };
        let Some(way) = ways.last_mut() else { return Ok(ways) };
        match c {
            ')' | ']' => {
                *rest = text;
                return Ok(ways);
            }
            '|' => {
                *rest = &text[1..];
                ways.push(Vec::new());
            }
            '(' | '[' => {
                let mut inner = &text[1..];
                let mut parts = alternatives(&mut inner)?;
                if c == '[' {
                    parts.push(Vec::new());
                }
                let close = if c == '(' { ')' } else { ']' };
                *rest = inner.strip_prefix(close).ok_or(unbalanced(c))?;
                way.push(Part::OneOf(parts));
            }
            '{' => {
                let (name, after) = text[1..].split_once('}').ok_or(unbalanced(c))?;
                *rest = after;
                way.push(Part::Value(name.trim().to_owned()));
            }
            _ => {
                let end = text.find(|c: char| c.is_whitespace() || "()[]{}|".contains(c));
                let (word, after) = text.split_at(end.unwrap_or(text.len()));
                *rest = after;
                way.push(Part::Word(word.to_owned()));
            }
        }
    }
}

fn ways(part: &Part) -> f32 {
    match part {
        Part::OneOf(ways_) => {
            ways_.iter().map(|way| way.iter().map(ways).product::<f32>()).sum::<f32>().max(1.0)
        }
        _ => 1.0,
    }
}

/// All ways of saying some parts that hold no values.
fn expanded(parts: &[Part]) -> Vec<String> {
    let mut all = vec![String::new()];
    for part in parts {
        let ways: Vec<String> = match part {
            Part::Word(word) => vec![word.clone()],
            Part::OneOf(ways) => ways.iter().flat_map(|way| expanded(way)).collect(),
            Part::Value(_) => Vec::new(),
        };
        let join = |(head, tail): (&String, &String)| format!("{head} {tail}").trim().to_owned();
        all = all.iter().flat_map(|head| ways.iter().map(move |tail| join((head, tail)))).collect();
    }
    all
}

fn plain_words(part: &Part, words: &mut Vec<String>) {
    match part {
        Part::Word(word) => words.push(word.clone()),
        Part::Value(_) => {}
        Part::OneOf(ways) => ways.iter().flatten().for_each(|part| plain_words(part, words)),
    }
}

fn values(part: &Part, names: &mut Vec<String>) {
    match part {
        Part::Word(_) => {}
        Part::Value(name) => names.push(name.clone()),
        Part::OneOf(ways) => ways.iter().flatten().for_each(|part| values(part, names)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: &str = r#"[{"name": "lamp", "parameters": {
        "which": {"type": "string", "enum": ["a", "b"]},
        "on": {"type": "boolean"}, "note": {"type": "string"}}}]"#;

    #[test]
    fn all_ways_are_said_with_their_arguments() {
        let tools = trine_models::tools::parse(TOOLS).unwrap();
        let text = "which.a = left lamp | first [one]\nnote = hi\n\
                    lamp on=true: (light|turn on) {which}\n\
                    lamp on=false: kill {which} [now], say {note}\n-: sing";
        let templates = Templates::parse(text, &tools).unwrap();
        let mut random = Random::new(1);
        let mut example = std::collections::BTreeSet::new();
        for _ in 0..400 {
            let one = templates.say(&mut random).unwrap();
            example.insert(format!("{} {}", one.text, Json::Object(one.arguments)));
        }
        assert!(example.contains(r#"turn on first one {"on":true,"which":"a"}"#), "{example:?}");
        assert!(example.contains(r#"kill b now , say hi {"on":false,"which":"b","note":"hi"}"#));
        assert!(example.contains("sing {}"));
        assert_eq!(example.len(), 8 + 8 + 1);
    }

    #[test]
    fn errors_name_their_line() {
        let tools = trine_models::tools::parse(TOOLS).unwrap();
        for (text, part) in [
            ("x: y", "line 1: no tool x"),
            ("lamp: (a", "unbalanced ("),
            ("lamp: a)", "unbalanced )"),
            ("lamp: {none}", "no parameter none"),
            ("lamp: {note}", "no words for {note}"),
            ("lamp", "neither \":\""),
        ] {
            let error = trine_models::chain(&Templates::parse(text, &tools).unwrap_err());
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
