//! An answer of a base model, in words, whether it was computed on this computer or on a device.

use serde_json::{Map, Value};
use trine_descriptor::{Fault, FaultCode, Kind, Side, TextSink, ToolTable, explain};
use trine_unseen::ArgumentFault;

use super::asker::Reply;

/// A call with the names of its tool and its parameters.
pub type Named = (String, Map<String, Value>);

/// An answer of a base model, wherever it was computed.
#[derive(Clone, Debug, Default)]
pub struct BaseAnswer {
    /// The likeliest call, or two.
    pub calls: Vec<Named>,
    /// How sure the model is of them.
    pub confidence: f32,
    /// Whether that is enough.
    pub is_sure: bool,
    /// Why there is rather no call at all, by its name; empty where there is one.
    pub why: &'static str,
    /// What is wrong with the arguments of the likeliest tool.
    pub fault: Option<(u16, ArgumentFault)>,
    /// Two tools of which it may be either.
    pub between: Option<[u16; 2]>,
}

impl BaseAnswer {
    /// The answer with the names of the tools.
    #[must_use]
    pub fn reply(mut self, tools: &dyn ToolTable) -> Reply {
        let mut reply = Reply { confidence: self.confidence, ..Reply::default() };
        let may_be_either = matches!(self.why, "" | "ambiguous");
        let between = self.between.filter(|_| may_be_either);
        reply.between = names(tools, between.into_iter().flatten());
        if !self.why.is_empty() {
            reply.why = self.why;
            reply.is_sure = true;
            reply.reason = self.in_words(tools, reply.why);
            if matches!(reply.why, "missing" | "range" | "unit") {
                reply.missing = self.lacking(tools, reply.why);
            }
            reply.passed_over = self.calls;
            return reply;
        }
        let is_sure = self.is_sure;
        match <[Named; 2]>::try_from(std::mem::take(&mut self.calls)) {
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
                    reply.why = self.fault.map_or("cannot", |(_, fault)| why_of(fault));
                    reply.reason = self.in_words(tools, reply.why);
                    reply.missing = self.lacking(tools, reply.why);
                }
            },
        }
        reply
    }

    /// The parameter that is missing, out of its bounds or of another unit, as `why` has it:
    /// `tool.parameter`. Where the arguments have another fault, it is only named if the tool has
    /// no other parameter.
    fn lacking(&self, tools: &dyn ToolTable, why: &str) -> Vec<String> {
        let Some((tool, fault)) = self.fault else { return Vec::new() };
        let node = match fault {
            ArgumentFault::Missing(node) | ArgumentFault::Range(node) => node,
            ArgumentFault::Unit(node) => node,
            ArgumentFault::Cut => return Vec::new(),
        };
        let field = tools.node(tool, Side::Params, node);
        let field = field.filter(|_| why_of(fault) == why || has_one_parameter(tools, tool));
        let name = tools.info(tool).map_or("", |info| info.name);
        field.map(|field| format!("{name}.{}", field.name)).into_iter().collect()
    }

    /// What the parameter of the fault takes, in the words of a refused call: `: percent must be a
    /// whole number from 0 to 100`. Nothing for lists, whose items are at fault.
    fn bounds(&self, tools: &dyn ToolTable) -> String {
        use ArgumentFault::{Missing, Range, Unit};
        let Some((tool, Missing(node) | Range(node) | Unit(node))) = self.fault else {
            return String::new();
        };
        let Some(field) = tools.node(tool, Side::Params, node) else { return String::new() };
        if matches!(field.kind, Kind::Array { .. } | Kind::Object { .. } | Kind::Bool) {
            return String::new();
        }
        let mut words = Sentence(String::new());
        let fault = Fault::new(FaultCode::WrongType, node);
        explain(tools, tool, Side::Params, fault, ("", ""), &mut words);
        words.0
    }

    /// Why there is no call.
    fn in_words(&self, tools: &dyn ToolTable, why: &str) -> String {
        let place = self.lacking(tools, why).pop();
        let of =
            |unnamed: &str, what: &str| format!("{} {what}", place.as_deref().unwrap_or(unnamed));
        let cut = || match self.fault {
            Some((tool, ArgumentFault::Cut)) => {
                let names = names(tools, std::iter::once(tool)).join("");
                Some(format!("{names} needs a parameter that no sentence fills in"))
            }
            _ => None,
        };
        match why {
            "negated" => "it says not to do it".into(),
            "past" => "it tells of something that was".into(),
            "conditional" => "it asks for something only if something else holds".into(),
            "later" => "it asks for something at another time".into(),
            "quoted" => "it repeats the words of another".into(),
            "missing" => {
                cut().unwrap_or_else(|| of("something that the tool needs", "was not said"))
            }
            "range" => {
                let said = of("a value", "would be out of its bounds");
                if place.is_some() { said + &self.bounds(tools) } else { said }
            }
            "unit" => of("a value", "has another unit"),
            "other" => "it is about something that no tool has".into(),
            "ambiguous" => "it may mean more than one call".into(),
            "chat" => "it asks for nothing".into(),
            "about" => "it asks about the tools, not for them".into(),
            "attack" => "it gives orders about orders".into(),
            "noise" => "it has no words that mean something here".into(),
            _ if self.why.is_empty() => cut().unwrap_or_else(|| "no tool does that".into()),
            _ => "no tool does that".into(),
        }
    }
}

/// A text that is written piece by piece.
#[derive(Debug, Default)]
pub struct Sentence(pub String);

impl TextSink for Sentence {
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }
}

/// What a fault is called where it is why there is no call.
const fn why_of(fault: ArgumentFault) -> &'static str {
    match fault {
        ArgumentFault::Missing(_) => "missing",
        ArgumentFault::Range(_) => "range",
        ArgumentFault::Unit(_) => "unit",
        ArgumentFault::Cut => "cannot",
    }
}

fn has_one_parameter(tools: &dyn ToolTable, tool: u16) -> bool {
    let first = tools.node(tool, Side::Params, 0);
    first.is_some_and(|first| {
        1 + first.kind.nodes() == usize::from(tools.node_count(tool, Side::Params))
    })
}

fn names(table: &dyn ToolTable, tools: impl Iterator<Item = u16>) -> Vec<String> {
    let infos = tools.filter_map(|tool| table.info(tool));
    infos.map(|info| info.name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use trine_board::TOOLS;

    use super::*;

    /// The answer of a fault of a tool's parameter: why, in words, and what is missing.
    fn told(why: &'static str, tool: &str, fault: ArgumentFault) -> (String, String, Vec<String>) {
        let tool = (0..TOOLS.count()).find(|at| TOOLS.info(*at).unwrap().name == tool).unwrap();
        let reply = BaseAnswer { why, fault: Some((tool, fault)), ..BaseAnswer::default() };
        let Reply { why, reason, missing, .. } = reply.reply(&TOOLS);
        (why.to_owned(), reason, missing)
    }

    #[test]
    fn words_and_missing_are_those_of_why_and_not_of_another_fault() {
        let faults = [ArgumentFault::Missing, ArgumentFault::Range, ArgumentFault::Unit];
        let bounds = "would be out of its bounds";
        let said = ["was not said", bounds, "has another unit"];
        // A refused call has the same words for what a parameter takes.
        let takes = |why: &str, takes| if why == "range" { takes } else { "" };
        let all = ["missing", "range", "unit"].into_iter().zip(said);
        for (at, (why, words)) in all.enumerate() {
            for (of, fault) in faults.iter().enumerate() {
                // There is no other parameter that it may be.
                let one = told(why, "fan_set", fault(0));
                let named = vec!["fan_set.percent".to_owned()];
                let percent = takes(why, ": percent must be a whole number from 0 to 100");
                assert_eq!(one, (why.into(), format!("fan_set.percent {words}{percent}"), named));
                let (told_why, reason, missing) = told(why, "valve_open", fault(1));
                let seconds = takes(why, ": seconds must be a whole number from 1 to 1800");
                let end = if at == of { format!("{words}{seconds}") } else { words.to_owned() };
                assert_eq!((&*told_why, reason.ends_with(&end)), (why, true), "{reason}");
                let is_named = [reason.starts_with("valve_open."), !missing.is_empty()];
                assert_eq!(is_named, [at == of; 2], "{why}: {reason}, {missing:?}");
            }
        }
    }

    #[test]
    fn a_fault_is_why_where_the_model_gives_no_reason() {
        let (why, reason, missing) = told("", "valve_open", ArgumentFault::Range(1));
        assert_eq!((&*why, missing.len()), ("range", 1));
        let takes = "seconds must be a whole number from 1 to 1800";
        assert_eq!(reason, format!("{} would be out of its bounds: {takes}", missing[0]));
        let (why, reason, missing) = told("", "valve_open", ArgumentFault::Cut);
        assert_eq!((&*why, missing.len()), ("cannot", 0));
        assert_eq!(reason, "valve_open needs a parameter that no sentence fills in");
        let missing = told("missing", "valve_open", ArgumentFault::Cut);
        assert_eq!(missing, ("missing".into(), reason, vec![]));
        let (_, reason, missing) = told("cannot", "valve_open", ArgumentFault::Range(1));
        assert_eq!((&*reason, missing.len()), ("no tool does that", 0));
    }
}
