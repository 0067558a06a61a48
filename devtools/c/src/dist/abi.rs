//! What an object says of the processor it is for, and how it passes floats: linkers refuse two
//! that differ.

use std::path::Path;

use anyhow::{Result, ensure};
use devtools::sh;

use super::target::Target;

/// What the names of Arm's targets begin with, and what their objects say of the architecture.
const ARM: &[(&str, &str)] = &[
    ("thumbv6m-", "v6S-M"),
    ("thumbv7m-", "v7"),
    ("thumbv7em-", "v7E-M"),
    ("thumbv8m.base-", "v8-M.baseline"),
    ("thumbv8m.main-", "v8-M.mainline"),
];

/// Checks what an object says of itself, where it is for a target whose objects say it.
pub(super) fn check(target: &Target, object: &Path) -> Result<()> {
    let said = sh::output(target.tool("readelf -hA").arg(object))?;
    let faults = faults(&target.name, &said);
    ensure!(faults.is_empty(), "{}: {}", object.display(), faults.join("; "));
    Ok(())
}

fn faults(name: &str, said: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let value =
        |tag: &str| said.lines().find_map(|line| line.trim().strip_prefix(tag)).map(str::trim);
    if let Some((_, architecture)) = ARM.iter().find(|(start, _)| name.starts_with(start)) {
        let found = value("Tag_CPU_arch:").unwrap_or("none");
        if found != *architecture {
            faults.push(format!("its architecture is {found} instead of {architecture}"));
        }
    }
    if name.starts_with("thumb") || name.starts_with("arm") {
        let passes = value("Tag_ABI_VFP_args:") == Some("VFP registers");
        if passes != name.ends_with("hf") {
            let how = if passes { "" } else { "no " };
            faults.push(format!("it passes floats in {how}registers of the FPU"));
        }
    }
    if let Some(extensions) = name.strip_prefix("riscv32").and_then(|rest| rest.split('-').next()) {
        // That floats are passed in none is said only beside other flags.
        let found = value("Flags:").unwrap_or_default();
        let found = ["single", "double"].into_iter().find(|size| found.contains(size));
        let wanted = match extensions {
            _ if extensions.contains(['d', 'g']) => Some("double"),
            _ => extensions.contains('f').then_some("single"),
        };
        if found != wanted {
            faults.push(format!("floats in registers: {found:?} instead of {wanted:?}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::faults;

    const SOFT: &str = "  Tag_CPU_arch: v7E-M\n  Tag_CPU_arch_profile: Microcontroller\n";
    const HARD: &str = "  Tag_CPU_arch: v7E-M\n  Tag_ABI_VFP_args: VFP registers\n";

    #[test]
    fn an_object_is_of_its_target_s_architecture_and_passes_floats_as_that_does() {
        assert!(faults("thumbv7em-none-eabi", SOFT).is_empty());
        assert!(faults("thumbv7em-none-eabihf", HARD).is_empty());
        assert_eq!(faults("thumbv7em-none-eabi", HARD).len(), 1);
        assert_eq!(faults("thumbv7em-none-eabihf", SOFT).len(), 1);
        assert_eq!(faults("thumbv8m.base-none-eabi", SOFT).len(), 1);
        assert_eq!(faults("thumbv8m.main-none-eabi", HARD).len(), 2);
        assert_eq!(faults("thumbv6m-none-eabi", "").len(), 1);
        let flags = |abi| format!("  Flags:           0x1, RVC, {abi}-float ABI\n");
        assert!(faults("riscv32imafc-unknown-none-elf", &flags("single")).is_empty());
        assert!(faults("riscv32imc-unknown-none-elf", &flags("soft")).is_empty());
        assert!(faults("riscv32i-unknown-none-elf", "  Flags:     0x0\n").is_empty());
        assert!(faults("riscv32gc-unknown-none-elf", &flags("double")).is_empty());
        assert_eq!(faults("riscv32imafc-unknown-none-elf", &flags("soft")).len(), 1);
        assert_eq!(faults("riscv32imc-unknown-none-elf", &flags("single")).len(), 1);
    }
}
