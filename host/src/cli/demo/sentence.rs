//! Sentences that become calls, by the model that is in this program.

use std::ffi::OsStr;
use std::time::Instant;

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_models::ask::{Ask, BUILT_IN, Reply, Source};

use super::super::paint::{FAINT, GOOD, count, say, time};
use super::scene::{Entry, Show};

const FAN: &str = "make the fan spin at seventy percent";
const ELSEWHERE: &str = "what is the capital of France?";
const WATER: &str = "open the mist valve for two minutes";

/// Says three sentences to the board.
pub(super) fn sentences(show: &mut Show) -> Result<()> {
    let table = show.device().table().ok_or(Error::DemoSilent)?;
    let Some(model) = BUILT_IN.first() else { return Ok(()) };
    let bytes = count(model.file.len() as u64);
    Source::named(OsStr::new(model.name)).with(Some(&*table), |asker| {
        let remark = format!(
            "A model of {bytes} bytes in this program, made for ten tools of the board, says which \
             call it is and how sure it is. No network is asked."
        );
        show.scene("A sentence becomes a call", &remark);
        let reply = answered(asker, FAN)?;
        let given = json!({ "percent": 70 });
        show.expect(is_call(&reply, "fan_set", &given), "the fan at 70 percent, and sure of it");
        let before = fan(show);
        let report = show.call("fan_set", &given, Entry::Entered);
        let after = fan(show);
        say!("   the fan turned at {before} % and turns at {after} %");
        show.expect(!report.is_error && after == 70, "the fan at 70 percent");

        show.scene("A sentence that no tool fits", "Then nothing is called.");
        let reply = answered(asker, ELSEWHERE)?;
        show.expect(reply.call.is_none(), "no tool");

        let remark = "A model's word is not a person's.";
        show.scene("A sentence that asks for water", remark);
        let reply = answered(asker, WATER)?;
        let given = json!({ "valve": "mist", "seconds": 120 });
        show.expect(is_call(&reply, "valve_open", &given), "the mist valve for 120 seconds");
        let report = show.call("valve_open", &given, Entry::Refused);
        show.expect(report.is_error, "a refusal for want of a person");
        Ok(())
    })
}

/// Has a sentence answered, and shows both.
pub(super) fn answered(asker: &mut dyn Ask, sentence: &str) -> Result<Reply> {
    let begun = Instant::now();
    let reply = asker.ask(sentence.as_bytes())?;
    let took = time(begun.elapsed());
    say!("   \"{sentence}\"");
    let calls: Vec<String> = reply
        .call
        .iter()
        .chain(&reply.calls)
        .map(|(tool, arguments)| format!("{tool} {}", Value::Object(arguments.clone())))
        .collect();
    let call = if calls.is_empty() { "no tool".to_owned() } else { calls.join(", ") };
    let percent = 100.0 * reply.confidence;
    say!("   {GOOD}is{GOOD:#} {call}");
    if calls.is_empty() && !matches!(&*reply.reason, "" | "no tool does that") {
        say!("   {}", reply.reason);
    }
    say!("   {FAINT}confidence {percent:.1} %; {took}{FAINT:#}");
    Ok(reply)
}

pub(super) fn is_call(reply: &Reply, tool: &str, given: &Value) -> bool {
    let call = reply.call.as_ref().filter(|_| reply.is_sure);
    call.is_some_and(|(name, arguments)| name == tool && Some(arguments) == given.as_object())
}

/// The speed of the fan, which the board says.
fn fan(show: &Show) -> i64 {
    let report = show.device().call_json("board_status", "{}", super::PATIENCE);
    report.result["structuredContent"]["fan_percent"].as_i64().unwrap_or(-1)
}
