//! An answer of a base model, in words, whether it was computed on this computer or on a device.

use serde_json::{Map, Value};
use trine_descriptor::{Side, ToolTable};
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
            reply.reason = self.in_words(tools);
            if matches!(reply.why, "missing" | "range" | "unit") {
                reply.missing = self.lacking(tools);
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
                    reply.reason = self.in_words(tools);
                    reply.missing = self.lacking(tools);
                    reply.why = match self.fault {
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

    /// The parameter that a fault is about, as `tool.parameter`.
    fn lacking(&self, tools: &dyn ToolTable) -> Vec<String> {
        let Some((tool, fault)) = self.fault else { return Vec::new() };
        let node = match fault {
            ArgumentFault::Missing(node) | ArgumentFault::Range(node) => node,
            ArgumentFault::Unit(node) => node,
            ArgumentFault::Cut => return Vec::new(),
        };
        let name = tools.info(tool).map_or("", |info| info.name);
        let field = tools.node(tool, Side::Params, node);
        field.map(|field| format!("{name}.{}", field.name)).into_iter().collect()
    }

    /// Why there is no call.
    fn in_words(&self, tools: &dyn ToolTable) -> String {
        let place = self.lacking(tools).pop();
        let of = |what: &str| match &place {
            Some(place) => format!("{place} {what}"),
            None => what.to_owned(),
        };
        let by_fault = match self.fault {
            Some((_, ArgumentFault::Missing(_))) => of("was not said"),
            Some((_, ArgumentFault::Range(_))) => of("would be out of its bounds"),
            Some((_, ArgumentFault::Unit(_))) => of("has another unit"),
            Some((tool, ArgumentFault::Cut)) => {
                let names = names(tools, std::iter::once(tool)).join("");
                format!("{names} needs a parameter that no sentence fills in")
            }
            None => "no tool does that".into(),
        };
        match self.why {
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

fn names(table: &dyn ToolTable, tools: impl Iterator<Item = u16>) -> Vec<String> {
    let infos = tools.filter_map(|tool| table.info(tool));
    infos.map(|info| info.name.to_owned()).collect()
}
