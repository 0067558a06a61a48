//! What the one object of libtrine must keep.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use devtools::sh;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionKind};

/// What C brings, and nothing else, may be missing.
const MAY_MISS: &[&str] = &["bcmp", "memcmp", "memcpy", "memmove", "memset", "strlen"];
/// The run-time of a C compiler for its chip: Arm's ABI names all of it so, and libgcc has the
/// arithmetic of 64 bits for RISC-V.
const RUN_TIME: &str = "__aeabi_";
const RUN_TIME_RISCV: &[&str] = &[
    "__ashldi3",
    "__ashrdi3",
    "__clzsi2",
    "__ctzsi2",
    "__divdi3",
    "__lshrdi3",
    "__moddi3",
    "__muldi3",
    "__udivdi3",
    "__umoddi3",
];
/// What a panic brings along.
const PANICS: &[&str] = &["panicking", "panic_fmt", "begin_unwind", "trine_on_panic"];
/// Parts of names that say that something can allocate.
const ALLOCATES: &[&str] = &["rust_alloc", "__rg_", "exchange_malloc"];

/// What an object may do besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leave {
    /// It may end in `trine_on_panic`, which the program defines.
    pub(super) may_panic: bool,
}

/// Checks an object: it defines exactly `exports`, misses only what C brings, and has no symbol
/// that panics (unless it has leave) or allocates, nor the name of a folder of this machine.
/// Answers its bytes of code and constants.
pub(super) fn check(path: &Path, exports: &[String], leave: Leave) -> Result<u64> {
    let bytes = fs::read(path)?;
    let file = object::File::parse(&*bytes)?;
    let mut faults = faults(symbols(&file)?, exports, leave);
    let root = sh::root().display().to_string();
    let folders = [root.as_str(), ".cargo/registry", "rustlib/src"];
    for folder in folders {
        if bytes.windows(folder.len()).any(|piece| piece == folder.as_bytes()) {
            faults.push(format!("it names `{folder}`, a folder of the machine that built it"));
        }
    }
    if file.section_by_name(".llvmbc").is_some() {
        faults.push("it has bitcode in it".to_owned());
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    let kept = file.sections().filter(|section| {
        matches!(
            section.kind(),
            SectionKind::Text
                | SectionKind::ReadOnlyData
                | SectionKind::ReadOnlyString
                | SectionKind::ReadOnlyDataWithRel
        )
    });
    Ok(kept.map(|section| section.size()).sum())
}

/// Checks a shared library that the standard library is part of: it shows exactly `exports`.
pub(super) fn check_shared(path: &Path, exports: &[String]) -> Result<()> {
    let bytes = fs::read(path)?;
    let file = object::File::parse(&*bytes)?;
    let wanted: BTreeSet<&str> = exports.iter().map(String::as_str).collect();
    let mut shown = BTreeSet::new();
    for symbol in file.dynamic_symbols() {
        if symbol.is_definition() {
            shown.insert(symbol.name()?);
        }
    }
    let faults = differences(&wanted, &shown);
    if faults.is_empty() { Ok(()) } else { bail!("{}: {}", path.display(), faults.join("; ")) }
}

fn differences(wanted: &BTreeSet<&str>, defined: &BTreeSet<&str>) -> Vec<String> {
    let lacks = wanted.difference(defined).map(|name| format!("it lacks `{name}`"));
    let excess = defined.difference(wanted).map(|name| format!("`{name}` is no export"));
    lacks.chain(excess).collect()
}

/// A symbol, as far as the rules look at it.
#[derive(Debug, Clone, Copy)]
struct Symbol<'f> {
    name: &'f str,
    is_global: bool,
    is_missing: bool,
}

fn symbols<'f>(file: &'f object::File<'f>) -> Result<Vec<Symbol<'f>>> {
    let mut symbols = Vec::new();
    for symbol in file.symbols() {
        let name = symbol.name()?;
        if !name.is_empty() {
            let (is_global, is_missing) = (symbol.is_global(), symbol.is_undefined());
            symbols.push(Symbol { name, is_global, is_missing });
        }
    }
    Ok(symbols)
}

fn faults(symbols: Vec<Symbol<'_>>, exports: &[String], leave: Leave) -> Vec<String> {
    let mut faults = Vec::new();
    let wanted: BTreeSet<&str> = exports.iter().map(String::as_str).collect();
    let mut defined = BTreeSet::new();
    for symbol in symbols {
        let name = symbol.name;
        let is_run_time = name.starts_with(RUN_TIME)
            || RUN_TIME_RISCV.contains(&name)
            || leave.may_panic && name == "trine_on_panic";
        if symbol.is_missing && !MAY_MISS.contains(&name) && !is_run_time {
            faults.push(format!("it needs `{name}`, which C does not bring"));
        }
        if symbol.is_global && !symbol.is_missing {
            defined.insert(name);
        }
        let panics = !leave.may_panic && PANICS.iter().any(|part| name.contains(part));
        if panics || ALLOCATES.iter().any(|part| name.contains(part)) {
            faults.push(format!("it holds `{name}`: find the path that panics or allocates"));
        }
    }
    faults.extend(differences(&wanted, &defined));
    faults
}

#[cfg(test)]
mod tests {
    use super::{Leave, Symbol, faults};

    #[test]
    fn each_rule_finds_its_breach() {
        let exports = ["trine_init".to_owned()];
        let of = |name, is_global, is_missing| Symbol { name, is_global, is_missing };
        let good =
            [of("trine_init", true, false), of("memcpy", true, true), of("core", false, false)];
        let leave = Leave { may_panic: false };
        let with = |more: Symbol<'static>| faults([&good[..], &[more]].concat(), &exports, leave);
        assert!(faults(good.to_vec(), &exports, leave).is_empty());
        assert_eq!(with(of("malloc", true, true)).len(), 1);
        assert_eq!(with(of("trine_extra", true, false)).len(), 1);
        assert_eq!(with(of("_ZN4core9panicking5panic17h0E", false, false)).len(), 1);
        assert_eq!(with(of("__rust_alloc", true, true)).len(), 2);
        assert_eq!(faults(Vec::new(), &exports, leave), ["it lacks `trine_init`"]);
        let leave = Leave { may_panic: true };
        let panics = [of("trine_on_panic", true, true), of("core::panicking::panic", false, false)];
        assert!(faults([&good[..], &panics].concat(), &exports, leave).is_empty());
    }
}
