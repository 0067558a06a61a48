//! A plug-in in Rust whose tool panics.

#[path = "../../../../../ffi/plugin/rust/trine_plugin.rs"]
mod trine_plugin;

use trine_plugin::{array, boolean, choice, default, int, plugin, string, tool};
use trine_plugin::{Call, Node, Tool, OPTIONAL, READ_ONLY, REQUIRED};

static PARAMS: [Node; 6] = [
    boolean!(REQUIRED, "panics", "Whether to."),
    int!(default(7), "n", "", "A number.", 0, 9),
    string!(OPTIONAL, "text", "A text.", 0, 40),
    choice!(default(1), "mode", "A mode.", "a|bc|d"),
    array!(OPTIONAL, "list", "Numbers.", 1, 0, 3),
    int!(REQUIRED, "", "", "A number.", 0, 9),
];
static RESULTS: [Node; 3] = [
    int!(REQUIRED, "n", "", "A number.", 0, 9),
    string!(REQUIRED, "text", "A text.", 0, 40),
    choice!(REQUIRED, "mode", "A mode.", "a|bc|d"),
];
static TOOLS: [Tool; 1] =
    [tool!("rusty", "", "Panic, or not.", READ_ONLY, PARAMS, RESULTS, rusty)];

plugin!("rusty", "1.0.0", TOOLS);

fn rusty(call: &mut Call) -> Result<(), String> {
    if call.bool(0) {
        panic!("on purpose, at {}", call.int(1));
    }
    if call.int(1) == 9 {
        return Err("nine is too many".to_owned());
    }
    call.put_int(0, call.int(1));
    call.put_text(1, call.text(2));
    call.put_choice(2, call.choice(3));
    call.log(1, "done");
    Ok(())
}
