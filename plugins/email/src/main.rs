//! What `send_email.json` runs for each call: the arguments as a line of JSON on standard input,
//! the result as a JSON object on standard output, an error on standard error.
#![forbid(unsafe_code)]

use std::io::Read as _;
use std::process::ExitCode;

use serde_json::{json, Value};
use trine_plugin_email::message::Message;
use trine_plugin_email::outbox::{Kept, Outbox};

/// Most bytes of the arguments; more than the gateway passes.
const ARGUMENTS_MAX: u64 = 4 << 20;

fn main() -> ExitCode {
    match send() {
        Ok(Kept { message_id, recipients, path }) => {
            let kept = json!({"message_id": message_id, "recipients": recipients, "kept_in": path});
            println!("{kept}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn send() -> Result<Kept, String> {
    let mut text = String::new();
    let read = std::io::stdin().take(ARGUMENTS_MAX).read_to_string(&mut text);
    read.map_err(|error| format!("cannot read the arguments: {error}"))?;
    let arguments: Value = serde_json::from_str(&text)
        .map_err(|error| format!("the arguments must be a JSON object: {error}"))?;
    let list = |name: &str| -> Vec<String> {
        let list = arguments.get(name).and_then(Value::as_array).into_iter().flatten();
        list.map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
    };
    let word = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    let message = Message::new(list("to"), list("cc"), word("subject"), word("body"))?;
    Outbox::of_environment()?.keep(&message)
}
