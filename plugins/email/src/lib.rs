//! E-mail messages as a tool. They are not sent: each is kept as a file in a folder, where a person
//! or another program takes it up.
//!
//! The tool needs a person's consent for each call, and does ten calls an hour.

pub mod message;
pub mod outbox;

#[path = "../../../ffi/plugin/rust/trine_plugin.rs"]
mod trine_plugin;

use std::sync::Mutex;
use std::time::Instant;

use message::Message;
use outbox::{Outbox, Quota};
use trine_plugin::{array, int, item, plugin, string, tool};
use trine_plugin::{Call, Node, RawPlugin, Text, Tool, OPEN_WORLD, OPTIONAL, REQUIRED};

static MESSAGE: [Node; 6] = [
    array!(REQUIRED, "to", "E-mail addresses of the recipients.", 1, 1, 50),
    string!(REQUIRED, "", "An e-mail address.", 3, 254),
    string!(REQUIRED, "subject", "Subject, in one line.", 1, 200),
    string!(REQUIRED, "body", "Plain text of the message.", 0, 10_000),
    array!(OPTIONAL, "cc", "E-mail addresses that get a copy; none by default.", 1, 0, 50),
    string!(REQUIRED, "", "An e-mail address.", 3, 254),
];
static KEPT: [Node; 3] = [
    string!(REQUIRED, "message_id", "Its Message-ID.", 1, 200),
    int!(REQUIRED, "recipients", "", "How many addresses it has.", 1, 100),
    string!(REQUIRED, "kept_in", "The file that has the message.", 1, 1_000),
];

/// `TRINE_CONSENT_ELICIT` of `trine.h`: a person is asked by the client.
const ELICIT: u8 = 1;

static TOOLS: [Tool; 1] = [Tool {
    consent: ELICIT,
    ..tool!(
        "send_email",
        "Send e-mail",
        "Send an e-mail: keep it in the outbox, which is a folder.",
        OPEN_WORLD,
        MESSAGE,
        KEPT,
        send_email
    )
}];

plugin!(RawPlugin {
    description: Text::new("E-mail messages, kept in a folder instead of sent."),
    author: Text::new("The Trine developers"),
    capabilities: Text::new("email"),
    ..RawPlugin::new("email", env!("CARGO_PKG_VERSION"), &TOOLS)
});

static QUOTA: Mutex<Quota> = Mutex::new(Quota::new());

fn send_email(call: &mut Call<'_>) -> Result<(), String> {
    let list = |node: i32| -> Vec<String> {
        let there = (0..).map(|at| item(node, at)).take_while(|at| call.has(*at));
        there.map(|at| call.text(at).to_owned()).collect()
    };
    let message = Message::new(list(0), list(4), call.text(2), call.text(3))?;
    let outbox = Outbox::of_environment()?;
    // A call that cannot be done does not count.
    let mut quota = QUOTA.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    quota.check(Instant::now())?;
    let kept = outbox.keep(&message)?;
    quota.count(Instant::now());
    drop(quota);
    call.put_text(0, &kept.message_id);
    call.put_int(1, kept.recipients);
    call.put_text(2, &kept.path);
    Ok(())
}
