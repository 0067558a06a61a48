//! Sentences by the line: an object in, an object out.

use std::io::{BufReader, Read, Write};

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_gateway::sanitize::terminal_json;
use trine_models::lines::next;

/// The longest line that is read: far more than the longest sentence takes.
const LINE_MAX: usize = 64 << 10;

/// Answers each line of `input`, an object with `text`, by a line of `output`: what `ask` says of
/// the text, an object with `tool` or null, `arguments` and `confidence`. A line that is no such
/// object is answered with what is wrong as its `error`, and the rest goes on; empty lines are
/// passed over. Says how many lines were wrong.
///
/// # Errors
/// When input or output end before their time, or the model cannot be computed.
pub(super) fn answer_lines(
    mut ask: impl FnMut(&[u8]) -> Result<Value>,
    input: impl Read,
    output: &mut impl Write,
) -> Result<u64> {
    let mut input = BufReader::new(input);
    let (mut number, mut wrong) = (0_u64, 0);
    let unread = |source| Error::Stream { action: "read", stream: "standard input", source };
    let unwritten = |source| Error::Stream { action: "write", stream: "standard output", source };
    loop {
        // Who waits for an answer before the next line gets it now.
        if input.buffer().is_empty() {
            output.flush().map_err(unwritten)?;
        }
        let line = next(&mut input, LINE_MAX).map_err(unread)?;
        let Some(line) = line else { break };
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = match text(&line) {
            Ok(text) => ask(text.as_bytes())?,
            Err(error) => {
                wrong += 1;
                let error = format!("line {number}: {}", error.chain());
                json!({"tool": null, "arguments": null, "confidence": 0, "error": error})
            }
        };
        let answer = terminal_json(&answer.to_string()).into_owned();
        writeln!(output, "{answer}").map_err(unwritten)?;
    }
    Ok(wrong)
}

/// The sentence of a line.
fn text(line: &[u8]) -> Result<String> {
    if line.len() >= LINE_MAX {
        return Err(Error::LineTooLong { most: LINE_MAX });
    }
    let json: Value = serde_json::from_slice(line).map_err(Error::LineJson)?;
    let text = json.get("text").and_then(Value::as_str);
    text.map(str::to_owned).ok_or(Error::LineText)
}
