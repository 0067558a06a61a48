//! Sentences that a device answers with its own model.

use std::time::Duration;

use serde_json::{Map, Value};
use trine::{Error, Result};
use trine_descriptor::{Side, ToolTable, ValueReader};
use trine_dispatch::{fault, verdict, why};
use trine_gateway::Device;
use trine_gateway::device::{Understood, Why};
use trine_gateway::table::Table;
use trine_models::ask::{BaseAnswer, Reply, in_words};
use trine_models::tools::arguments;
use trine_unseen::ArgumentFault;
use trine_unseen::hear::REASON_NAMES;

/// Asks a device what call a sentence is; nothing is called.
///
/// # Errors
/// Why there is no answer, or what the device says is wrong with the sentence or with its model.
pub(super) fn ask_device(
    device: &Device,
    sentence: &[u8],
    with_tokens: bool,
    patience: Duration,
) -> Result<Reply> {
    let understood = device.understand(sentence, with_tokens, patience)?;
    let table = device.table();
    let table = table.ok_or_else(|| Error::NoTable { device: device.name().to_string() })?;
    Ok(reply(&table, &understood))
}

/// The answer with the names of the device's tools.
fn reply(table: &Table, understood: &Understood) -> Reply {
    let Understood { verdict, confidence, node, ref args, ref tokens, .. } = *understood;
    if let Some(why) = understood.why {
        return base_answer(table, understood, why).reply(table);
    }
    let row = table.row_of(understood.tool).unwrap_or(u16::MAX);
    let none = |reason: String| Reply {
        is_sure: true,
        confidence,
        reason,
        tokens: tokens.clone(),
        ..Reply::default()
    };
    let refused = |reason| none(in_words(table, reason));
    match verdict {
        verdict::CALL | verdict::UNSURE => match named(table, row, args) {
            Some(call) => {
                Reply { call: Some(call), is_sure: verdict == verdict::CALL, ..none(String::new()) }
            }
            None => none("the device answered a call of a tool that it does not have".to_owned()),
        },
        verdict::NO_TOOL => refused(trine_ask::Reason::NoTool),
        verdict::MISSING => refused(trine_ask::Reason::Missing { tool: row, node }),
        verdict::OUT_OF_RANGE => refused(trine_ask::Reason::OutOfRange { tool: row, node }),
        verdict::TOO_LONG => refused(trine_ask::Reason::TooLong),
        other => none(format!("the device answered with verdict {other}, which is unknown here")),
    }
}

/// The answer of a base model, as the device tells it.
fn base_answer(table: &Table, understood: &Understood, why: Why) -> BaseAnswer {
    let row = |tool| table.row_of(tool).unwrap_or(u16::MAX);
    let Understood { verdict, confidence, .. } = *understood;
    let node = why.node;
    let fault = match why.fault {
        fault::MISSING => Some(ArgumentFault::Missing(node)),
        fault::RANGE => Some(ArgumentFault::Range(node)),
        fault::UNIT => Some(ArgumentFault::Unit(node)),
        fault::UNFILLED => Some(ArgumentFault::Cut),
        _ => None,
    };
    let is_one = matches!(verdict, verdict::CALL | verdict::UNSURE);
    let one = is_one.then_some((understood.tool, &understood.args));
    let more = understood.commands.iter().map(|(tool, args)| (*tool, args));
    let calls = one.into_iter().chain(more);
    BaseAnswer {
        calls: calls.filter_map(|(tool, args)| named(table, row(tool), args)).collect(),
        confidence,
        is_sure: verdict == verdict::CALL || why.why == why::TWO,
        // Those behind the names of the reasons are about two commands.
        why: REASON_NAMES.get(usize::from(why.why)).copied().unwrap_or_default(),
        fault: fault.map(|fault| (row(why.tool), fault)),
        between: why.other.map(|other| [row(why.tool), row(other)]),
    }
}

/// A tool's name and arguments; `None` where they are no call.
fn named(table: &Table, row: u16, args: &[u8]) -> Option<(String, Map<String, Value>)> {
    let name = table.info(row)?.name.to_owned();
    trine_descriptor::validate(table, row, Side::Params, args).ok()?;
    let mut reader = ValueReader::new(args);
    let entries = std::iter::from_fn(|| reader.entry().ok().flatten());
    let values = entries.map(|entry| (entry.node, entry.value));
    Some((name, arguments(|node| table.node(row, Side::Params, node), values)))
}
