//! @name@: a plug-in of one tool, which converts degrees.

mod trine_plugin;

use trine_plugin::{decimal, plugin, tool, Call, Node, Tool, IDEMPOTENT, READ_ONLY, REQUIRED};

// Parameters and results: name, unit, description, places, smallest, largest and step. Numbers with
// one place are counted in tenths: 21.5 is 215.
static PARAMS: [Node; 1] =
    [decimal!(REQUIRED, "celsius", "C", "The temperature.", 1, -2731, 10000, 1)];
static RESULTS: [Node; 1] =
    [decimal!(REQUIRED, "fahrenheit", "F", "The same.", 1, -4600, 18320, 1)];

static TOOLS: [Tool; 1] = [tool!(
    "@tool@",
    "Celsius to Fahrenheit",
    "Convert a temperature to Fahrenheit.",
    READ_ONLY | IDEMPOTENT,
    PARAMS,
    RESULTS,
    convert
)];

plugin!("@name@", "1.0.0", TOOLS);

// The arguments are what the descriptor allows when this is called. It may run on several threads
// at a time, up to the calls_max of the plug-in. A panic becomes an error of the call.
fn convert(call: &mut Call) -> Result<(), String> {
    let tenths = call.decimal(0);
    if tenths == 9999 {
        return Err("999.9 is what a broken sensor says: measure again".to_owned());
    }
    call.put_decimal(0, fahrenheit(tenths));
    Ok(())
}

fn fahrenheit(tenths: i64) -> i64 {
    tenths * 9 / 5 + 320
}

#[cfg(test)]
mod tests {
    #[test]
    fn water_boils_at_212() {
        assert_eq!(super::fahrenheit(1000), 2120);
    }
}
