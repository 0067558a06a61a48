//! What the one object of libtrine must keep.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use devtools::sh;
use object::SectionKind::{ReadOnlyData, ReadOnlyDataWithRel, ReadOnlyString, Text};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

/// What C brings, and nothing else, may be missing.
const MAY_MISS: &[&str] = &["bcmp", "memcmp", "memcpy", "memmove", "memset", "strlen"];
/// The run-time of a C compiler for its chip: Arm's ABI names all of it so, and libgcc has the
/// arithmetic that other chips lack, of 64 bits most of all.
const RUN_TIME: &str = "__aeabi_";
const RUN_TIME_LIBGCC: &str = "__ashldi3 __ashrdi3 __bswapdi2 __bswapsi2 __clzdi2 __clzsi2 \
                               __ctzdi2 __ctzsi2 __divdi3 __divsi3 __lshrdi3 __moddi3 __modsi3 \
                               __muldi3 __mulsi3 __multi3 __popcountdi2 __popcountsi2 __udivdi3 \
                               __udivsi3 __umoddi3 __umodsi3";
/// What C brings where a processor has no instruction that ends a program.
const ENDS: &str = "abort";
/// What a panic brings along.
const PANICS: &[&str] = &["panicking", "panic_fmt", "begin_unwind", "trine_on_panic"];
/// Parts of names that say that something can allocate.
const ALLOCATES: &[&str] = &["rust_alloc", "__rg_", "exchange_malloc"];

/// Checks an object: it defines exactly `exports`, misses only what C brings, and has no symbol
/// that allocates or panics, nor the name of a folder of this machine. One that may panic may end
/// in `trine_on_panic`, which the program defines. Answers its bytes of code and constants.
pub(super) fn check(path: &Path, exports: &[String], may_panic: bool) -> Result<u64> {
    let bytes = fs::read(path)?;
    let file = object::File::parse(&*bytes)?;
    let mut symbols = symbols(file.symbols())?;
    if file.architecture() == object::Architecture::Xtensa {
        symbols.retain(|symbol| symbol.name != ENDS);
    }
    let mut faults = faults(&symbols, exports, may_panic);
    let root = sh::root().display().to_string();
    for folder in [root.as_str(), ".cargo/registry", "rustlib/src"] {
        if bytes.windows(folder.len()).any(|piece| piece == folder.as_bytes()) {
            faults.push(format!("it names `{folder}`, a folder of the machine that built it"));
        }
    }
    if file.section_by_name(".llvmbc").is_some() {
        faults.push("it has bitcode in it".to_owned());
    }
    ensure!(faults.is_empty(), "{}", faults.join("; "));
    let kept = [Text, ReadOnlyData, ReadOnlyString, ReadOnlyDataWithRel];
    let kept = file.sections().filter(|section| kept.contains(&section.kind()));
    Ok(kept.map(|section| section.size()).sum())
}

/// Checks a shared library that the standard library is part of: it shows exactly `exports`.
pub(super) fn check_shared(path: &Path, exports: &[String]) -> Result<()> {
    let bytes = fs::read(path)?;
    let file = object::File::parse(&*bytes)?;
    let faults = differences(&symbols(file.dynamic_symbols())?, exports);
    ensure!(faults.is_empty(), "{}: {}", path.display(), faults.join("; "));
    Ok(())
}

/// Checks a program or a shared library with the standard library in it: it names no folder of the
/// machine that built it.
pub(super) fn check_folders(path: &Path) -> Result<()> {
    let bytes = fs::read(path)?;
    let home = std::env::var("HOME").ok().filter(|home| home.len() > 1);
    for folder in home.into_iter().map(|home| home + "/").chain([sh::root().display().to_string()])
    {
        let is_named = bytes.windows(folder.len()).any(|piece| piece == folder.as_bytes());
        ensure!(!is_named, "{} names `{folder}`, a folder of this machine", path.display());
    }
    Ok(())
}

/// Checks a shared library with symbol versions: it shows exactly `exports`, and the one version
/// that all of them have.
pub(super) fn check_versions(path: &Path, exports: &[String], version: &str) -> Result<()> {
    let said = sh::output(sh::line("nm -D --defined-only --with-symbol-versions").arg(path))?;
    let seen: BTreeSet<&str> = said.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    let wanted: Vec<String> = exports.iter().map(|name| format!("{name}@@{version}")).collect();
    let mut wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    wanted.insert(version);
    let faults: Vec<_> = seen.symmetric_difference(&wanted).collect();
    ensure!(faults.is_empty(), "{}: too many or too few: {faults:?}", path.display());
    Ok(())
}

/// A symbol, as far as the rules look at it.
#[derive(Clone, Copy)]
struct Symbol<'f> {
    name: &'f str,
    is_global: bool,
    is_missing: bool,
}

fn symbols<'d: 'f, 'f>(
    all: impl Iterator<Item = object::Symbol<'d, 'f>>,
) -> Result<Vec<Symbol<'d>>> {
    let of = |symbol: object::Symbol<'d, 'f>| {
        let (is_global, is_missing) = (symbol.is_global(), symbol.is_undefined());
        Ok(Symbol { name: symbol.name()?, is_global, is_missing })
    };
    all.map(of).filter(|symbol| !matches!(symbol, Ok(Symbol { name: "", .. }))).collect()
}

/// How the symbols that others see differ from those that they shall see.
fn differences(symbols: &[Symbol<'_>], exports: &[String]) -> Vec<String> {
    let wanted: BTreeSet<&str> = exports.iter().map(String::as_str).collect();
    let seen = symbols.iter().filter(|symbol| symbol.is_global && !symbol.is_missing);
    let seen: BTreeSet<&str> = seen.map(|symbol| symbol.name).collect();
    let lacks = wanted.difference(&seen).map(|name| format!("it lacks `{name}`"));
    let excess = seen.difference(&wanted).map(|name| format!("`{name}` is no export"));
    lacks.chain(excess).collect()
}

fn faults(symbols: &[Symbol<'_>], exports: &[String], may_panic: bool) -> Vec<String> {
    let mut faults = Vec::new();
    for &Symbol { name, is_missing, .. } in symbols {
        let is_brought = MAY_MISS.contains(&name)
            || name.starts_with(RUN_TIME)
            || RUN_TIME_LIBGCC.split(' ').any(|known| known == name)
            || may_panic && name == "trine_on_panic";
        if is_missing && !is_brought {
            faults.push(format!("it needs `{name}`, which C does not bring"));
        }
        let panics = !may_panic && PANICS.iter().any(|part| name.contains(part));
        if panics || ALLOCATES.iter().any(|part| name.contains(part)) {
            faults.push(format!("it holds `{name}`: find the path that panics or allocates"));
        }
    }
    faults.extend(differences(symbols, exports));
    faults
}

#[cfg(test)]
mod tests {
    use super::{Symbol, faults};

    #[test]
    fn each_rule_finds_its_breach() {
        let exports = ["trine_init".to_owned()];
        let of = |name, is_global, is_missing| Symbol { name, is_global, is_missing };
        let good =
            [of("trine_init", true, false), of("memcpy", true, true), of("core", false, false)];
        let with = |more: Symbol<'static>| faults(&[&good[..], &[more]].concat(), &exports, false);
        assert!(faults(&good, &exports, false).is_empty());
        assert_eq!(with(of("malloc", true, true)).len(), 1);
        assert_eq!(with(of("trine_extra", true, false)).len(), 1);
        assert_eq!(with(of("_ZN4core9panicking5panic17h0E", false, false)).len(), 1);
        assert_eq!(with(of("__rust_alloc", true, true)).len(), 2);
        assert_eq!(faults(&[], &exports, false), ["it lacks `trine_init`"]);
        let panics = [of("trine_on_panic", true, true), of("core::panicking::panic", false, false)];
        assert!(faults(&[&good[..], &panics].concat(), &exports, true).is_empty());
    }
}
