//! Says which processor the library is for, so that the loops by hand for it are compiled: stable
//! compilers do not tell a crate whether it is for Thumb-2, or has the DSP extension.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let has = |name: &str, holds: bool| {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if holds {
            println!("cargo::rustc-cfg={name}");
        }
    };
    let target = env::var("TARGET").unwrap_or_default();
    let is = |names: &[&str]| names.iter().any(|name| target.starts_with(name));
    // Where floats are passed in registers there is a unit, which widens half precision too.
    let floats = target.ends_with("eabihf");
    let mve = floats && is(&["thumbv8m.main"]) && mve_is_enabled();
    has("trine_mve", mve);
    let dsp = is(&["thumbv7em"]) || is(&["thumbv8m.main"]) && dsp_is_enabled();
    // A processor with Helium takes nothing of what is for those without.
    has("trine_thumb", !mve && is(&["thumbv6m", "thumbv7m", "thumbv7em", "thumbv8m"]));
    has("trine_thumb2", !mve && is(&["thumbv7m", "thumbv7em", "thumbv8m.main"]));
    has("trine_dsp", !mve && dsp);
    has("trine_dots", mve || dsp);
    has("trine_fpu", floats && is(&["thumbv7em", "thumbv8m.main"]));
    // Others have no vector registers, or count their lanes from the other end.
    let holds = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let arm = holds("CARGO_CFG_TARGET_ARCH", "aarch64");
    let little = holds("CARGO_CFG_TARGET_ENDIAN", "little");
    has("trine_neon", arm && little && feature_is_enabled("neon"));
    // An engine without vectors takes no module that has them, so there is nothing to ask later.
    has("trine_simd128", holds("CARGO_CFG_TARGET_ARCH", "wasm32") && feature_is_enabled("simd128"));
    // The variants with 16 registers have too few for eight sums.
    has("trine_rv32", is(&["riscv32"]) && !is(&["riscv32e"]));
}

/// An Armv8-M processor may have the extension; compilers are told by the processor's name or by
/// the extension's.
fn dsp_is_enabled() -> bool {
    is_told("dsp", &["cortex-m33", "cortex-m35p", "cortex-m55", "cortex-m85", "+dsp"])
}

/// The same of Helium, which a processor of such a name may yet lack.
fn mve_is_enabled() -> bool {
    is_told("mve", &["cortex-m52", "cortex-m55", "cortex-m85", "+mve"]) && !is_told("", &["-mve"])
}

/// Whether a feature is there, or a flag has one of the words.
fn is_told(feature: &str, words: &[&str]) -> bool {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let mut given = flags.split(['\x1f', ' ', '=', ',']);
    feature_is_enabled(feature) || given.any(|word| words.contains(&word))
}

fn feature_is_enabled(name: &str) -> bool {
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    features.split(',').any(|feature| feature == name)
}
