//! What a call of a plug-in costs beside the same tool in the program, and what loading takes: the
//! examples `calls` of trine-plugins and `wasm_calls` of trine-wasm.

use anyhow::{Context, Result};
use devtools::Gates;
use devtools::record::{self, Record};
use devtools::sh;
use serde_json::Value;

/// Nanoseconds that a call of a native plug-in may take beyond the tool in the program, and that a
/// call of a trivial module may take.
const NATIVE_MAX: f64 = 50.0;
const MODULE_MAX: f64 = 2_000.0;
/// Milliseconds from a file to the end of the first call, without and with a signature.
const LOAD_MAX: f64 = 50.0;
const CHECKED_MAX: f64 = 200.0;
/// Milliseconds from a rebuild of a watched file until it serves.
const RELOAD_MAX: f64 = 1_000.0;
/// Microseconds that a call in a process of its own may take, there and back.
const ISOLATED_MAX: f64 = 500.0;

/// `cargo xtask bench plugin`.
pub fn main(keep: bool) -> Result<()> {
    let record = Record::begin("plugin", record::Figures::Times, keep)?;
    let native: Value = serde_json::from_str(&example("trine-plugins", "calls")?)?;
    let number =
        |name: &str| native[name].as_f64().with_context(|| format!("the example says no {name}"));
    let (own, plugin) = (number("own_ns")?, number("plugin_ns")?);
    let (load, checked) = (number("load_ms")?, number("checked_ms")?);
    let (reload, isolated) = (number("reload_ms")?, number("isolated_ns")? / 1e3);
    let module = nanos(&example("trine-wasm", "wasm_calls")?)?;
    let text = format!(
        "Encoded arguments in, an encoded result out, both validated, on the thread that calls; \
         medians of 41 rounds. Loading: medians of 10 files that were not loaded before.\n\n\
         | what | figure |\n|---|---:|\n\
         | a call of a tool in the program, ns | {own:.0} |\n\
         | of the same in a native plug-in, ns | {plugin:.0} |\n\
         | of a trivial one in a module, ns | {module:.0} |\n\
         | of the same in a process of its own, and back, us | {isolated:.0} |\n\
         | from a file to the first call, ms | {load:.2} |\n\
         | the same with a signature, ms | {checked:.2} |\n\
         | from a rebuild of a watched file until it serves, ms | {reload:.0} |\n"
    );
    let mut gates = Gates::default();
    gates.at_most("a plug-in's call beyond the program's, ns", plugin - own, NATIVE_MAX);
    gates.at_most("a module's call, ns", module, MODULE_MAX);
    gates.at_most("a call in a process, us", isolated, ISOLATED_MAX);
    gates.at_most("load to first call, ms", load, LOAD_MAX);
    gates.at_most("the same with a signature, ms", checked, CHECKED_MAX);
    gates.at_most("a watched file serves after, ms", reload, RELOAD_MAX);
    record.end_with(&text, &gates)
}

fn example(package: &str, name: &str) -> Result<String> {
    sh::run(sh::cargo().args(["build", "--release", "-p", package, "--example", name]))?;
    let folder = sh::target_dir().join("release/examples");
    sh::output(&mut sh::command(sh::program_in(&folder, name)))
}

/// The nanoseconds of a call, as the example of modules prints them.
fn nanos(printed: &str) -> Result<f64> {
    let line = printed.lines().find_map(|line| line.strip_prefix("a call: "));
    let number = line.and_then(|line| line.strip_suffix(" ns")?.parse().ok());
    number.context("the example says no time of a call")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_time_of_a_call_is_read_or_missed() {
        assert_eq!(super::nanos("a call: 172 ns\nfrom 12 bytes\n").unwrap(), 172.0);
        assert!(super::nanos("a call: 172 us\n").is_err() && super::nanos("").is_err());
    }
}
