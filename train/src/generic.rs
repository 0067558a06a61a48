//! Templates for tools of which nothing is known but their names, descriptions, labels and units.
//!
//! What comes of it is a beginning: people say things that no name predicts. Sentences of one's
//! own and templates (see [`crate::template`]) are added to it.

use std::collections::BTreeSet;

use crate::example::{self, Example};
use trine_models::tools::{ParamText, Rule, ToolText};

/// Verbs that tools are named with, and what people say instead.
const VERBS: &[(&[&str], &str)] = &[
    (
        &["set", "adjust", "change", "configure", "control"],
        "(set|put|change|adjust|make|bring|turn)",
    ),
    (
        &["get", "read", "query", "fetch", "check", "measure", "status", "list", "show", "report"],
        "(what is|what's|get|read|check|show me|tell me|give me|how is|report)",
    ),
    (&["start", "begin", "run", "launch", "play"], "(start|begin|run|launch|kick off)"),
    (&["stop", "end", "cancel", "abort", "halt"], "(stop|end|cancel|abort|halt)"),
    (&["open"], "(open|open up|unlock)"),
    (&["close", "shut"], "(close|shut|close up)"),
    (&["move", "turn", "rotate", "tilt"], "(move|turn|bring|rotate|set|put)"),
    (&["write", "display", "print", "say"], "(write|show|display|print|put)"),
    (&["add", "create", "make", "new", "insert"], "(add|create|make|put)"),
    (&["send", "post", "notify"], "(send|post|mail|pass on)"),
    (&["book", "reserve", "order"], "(book|reserve|order|get me)"),
    (&["delete", "remove", "clear", "reset"], "(delete|remove|clear|get rid of)"),
    (&["rate"], "(rate|give|score)"),
    (&["search", "find", "look"], "(find|search for|look up|where is)"),
    (&["enable", "activate", "on"], "(enable|activate|turn on|switch on)"),
    (&["disable", "off"], "(disable|deactivate|turn off|switch off)"),
];
/// Texts for parameters that are copied, where no better ones are known.
const TEXTS: &str = "hello | good morning | back soon | see you (later|at noon|tomorrow) | \
    (tea|pizza|eggs|laundry|bread|soup|homework) | out of order | \
    (blue|red|green|old|new|big|little) (house|book|dog|door|song|garden|river|star) | \
    the (end|meeting|plan|garden|kitchen|office) | (call|ask|thank|meet) (anna|tom|grandma) | \
    do not (touch|enter|open) | happy birthday (leo|mum|ann)";
/// Sentences that ask for nothing that tools do, out of the board's.
const OUT_OF_DOMAIN: &str = include_str!("../board/sentences/far.jsonl");

/// The words of a name: `fan_set`, `fanSet` and `FanSet` are `fan set`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().into_iter().for_each(|word| word.extend(c.to_lowercase()));
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Templates for tools.
#[must_use]
pub fn templates(tools: &[ToolText]) -> String {
    let mut out = String::new();
    let mut texts: BTreeSet<&str> = BTreeSet::new();
    for tool in tools {
        for param in &tool.params {
            if matches!(param.rule, Rule::Text(..)) && texts.insert(&param.name) {
                out.push_str(&format!("{} = {TEXTS}\n", param.name));
            }
        }
    }
    for tool in tools {
        lines(tool, &mut out);
    }
    out
}

fn lines(tool: &ToolText, out: &mut String) {
    let words = words(&tool.name);
    let verb = words.iter().find_map(|word| {
        VERBS
            .iter()
            .find(|(names, _)| names.contains(&word.as_str()))
            .map(|(_, example)| (word, *example))
    });
    let spoken_verb = verb.map_or("(do|start|run|please|i want|make)", |(_, example)| example);
    let noun: Vec<&str> = words
        .iter()
        .filter(|word| verb.is_none_or(|(own, _)| own != *word))
        .map(String::as_str)
        .collect();
    let noun = if noun.is_empty() { words.join(" ") } else { noun.join(" ") };
    let noun = match described(&tool.description) {
        Some(other) => format!("({noun}|{noun}|{other})"),
        None => noun,
    };
    let fixed = states(tool);
    for (values, state) in &fixed {
        let head = format!("{}{values}", tool.name);
        for optional in [false, true] {
            let Some(arguments) = arguments(tool, optional) else { continue };
            let phrase = format!("{} {state}", arguments.0).trim().to_owned();
            for line in [
                format!("{spoken_verb} [the] {} {noun} {phrase}", arguments.1),
                format!("[the] {} {noun} {phrase} [please|now]", arguments.1),
                format!("{phrase} (on|for|with|from) the {} {noun}", arguments.1),
                format!(
                    "(i want|i need|i'd like|let's have|give me) [the] {} {noun} {phrase}",
                    arguments.1
                ),
            ] {
                let is_empty_phrase = phrase.is_empty() && line.starts_with(" (on|");
                if !is_empty_phrase {
                    out.push_str(&format!("{head}: {line}\n"));
                }
            }
            if tool.params.iter().all(|param| param.required) {
                break;
            }
        }
    }
}

/// What the description's first words are about: "Set the speed of the fan" is the speed of the
/// fan.
fn described(description: &str) -> Option<String> {
    let first = description.split(['.', ';', ',', ':', '(']).next()?;
    let words: Vec<String> = first.split_whitespace().map(str::to_lowercase).collect();
    let rest =
        words.get(1..)?.iter().skip_while(|word| matches!(word.as_str(), "the" | "a" | "one"));
    let rest: Vec<&str> = rest.map(String::as_str).take(6).collect();
    let is_plain = rest.iter().all(|word| word.chars().all(|c| c.is_alphanumeric() || c == '\''));
    (is_plain && !rest.is_empty()).then(|| rest.join(" "))
}

/// The Booleans that are required, as fixed values and words: each both ways.
fn states(tool: &ToolText) -> Vec<(String, String)> {
    let param = tool.params.iter().find(|param| param.required && param.rule == Rule::Bool);
    let Some(param) = param else { return vec![(String::new(), String::new())] };
    let name = &param.name;
    let words = words(name).join(" ");
    vec![
        (format!(" {name}=true"), format!("(on|to on|{words}|with {words})")),
        (format!(" {name}=false"), format!("(off|to off|not {words}|without {words})")),
    ]
}

/// The phrases of the arguments, and of those the ones that stand before the noun. None where one
/// that is required cannot be said.
fn arguments(tool: &ToolText, optional: bool) -> Option<(String, String)> {
    let (mut after, mut before) = (Vec::new(), Vec::new());
    for param in tool.params.iter().filter(|param| param.required || optional) {
        let hole = format!("{{{}}}", param.name);
        let name = words(&param.name).join(" ");
        match &param.rule {
            Rule::Bool if param.required => {}
            Rule::Bool => return if optional { None } else { continue },
            Rule::Choice(_) if before.is_empty() => before.push(hole),
            Rule::Choice(_) => after.push(format!("[{name}|with|as|in] {hole}")),
            Rule::Int(..) | Rule::Decimal(_) => after.push(preposition(param, &name, &hole)),
            Rule::Text(..) => after.push(format!("[{name}|called|for|with] {hole}")),
            Rule::List(..) | Rule::Other => return if optional { None } else { continue },
        }
    }
    Some((after.join(" "), before.join(" ")))
}

fn preposition(param: &ParamText, name: &str, hole: &str) -> String {
    let text = format!("{} {}", param.name, param.description).to_lowercase();
    if text.contains("second") || text.contains("minute") {
        format!("(for|for|of) {hole}")
    } else {
        format!("[to|at|to|{name}|{name} to|with] {hole}")
    }
}

/// Sentences that are about none of the tools: those of the board's people that share no word of
/// weight with the tools.
#[must_use]
pub fn out_of_domain(tools: &[ToolText]) -> Vec<Example> {
    let heavy = |text: &str| -> BTreeSet<String> {
        let lower = text.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 3);
        words.map(|word| word.trim_end_matches('s').to_owned()).collect()
    };
    let mut known = BTreeSet::new();
    for tool in tools {
        known.extend(heavy(&tool.description));
        known.extend(words(&tool.name).into_iter().filter(|word| word.len() > 3));
        for param in &tool.params {
            known.extend(heavy(&param.description));
            if let Rule::Choice(labels) = &param.rule {
                known.extend(labels.iter().flat_map(|label| heavy(label)));
            }
        }
    }
    let all = example::parse(OUT_OF_DOMAIN).unwrap_or_default();
    let is_far =
        |example: &Example| example.tool.is_none() && heavy(&example.text).is_disjoint(&known);
    all.into_iter().filter(is_far).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::template::Templates;
    use trine_models::tools;

    const TOOLS: &str = r#"[
        {"name": "pump_set", "description": "Set the speed of the pump.", "parameters": {
            "rpm": {"type": "integer", "minimum": 0, "maximum": 3000}}, "required": ["rpm"]},
        {"name": "doorLock", "description": "Lock or unlock a door.", "parameters": {
            "door": {"type": "string", "enum": ["front", "back"]}, "locked": {"type": "boolean"},
            "note": {"type": "string"}}, "required": ["door", "locked"]},
        {"name": "status", "description": "Everything at once."}]"#;

    #[test]
    fn every_tool_gets_sentences_with_all_that_it_requires() {
        let tools = tools::parse(TOOLS).unwrap();
        let text = templates(&tools);
        let made = Templates::parse(&text, &tools).unwrap();
        let mut random = Random::new(1);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..300 {
            let example = made.say(&mut random).unwrap();
            let tool = tools.iter().find(|tool| Some(&tool.name) == example.tool.as_ref()).unwrap();
            for param in tool.params.iter().filter(|param| param.required) {
                assert!(example.arguments.contains_key(&param.name), "{example:?}");
            }
            *counts.entry(tool.name.clone()).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 3);
        assert_eq!(words("doorLock"), ["door", "lock"]);
    }

    #[test]
    fn what_is_out_of_domain_is_about_no_tool() {
        let tools = tools::parse(TOOLS).unwrap();
        let all = out_of_domain(&tools);
        assert!(all.len() > 200, "{}", all.len());
        assert!(all.iter().all(|example| !example.text.to_lowercase().contains("pump")));
    }
}
