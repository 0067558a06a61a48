//! The default build needs what rustup itself needs and nothing more: no C compiler, no cmake, no
//! system library.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::sh;

/// Packages that build or bind C code without a name that ends in `-sys`.
const BANNED: &[&str] =
    &["cc", "cmake", "bindgen", "pkg-config", "ring", "vcpkg", "autotools", "cxx-build"];

/// Packages that have such a name and are Rust alone: `linux-raw-sys` is the kernel's numbers and
/// structures, written down.
const PURE: &[&str] = &["linux-raw-sys"];

/// The faults of all packages that `cargo build` of the default members compiles here.
pub(super) fn all_faults() -> Result<Vec<String>> {
    let mut cargo = sh::cargo();
    cargo.args(["tree", "--locked", "-e", "normal,build", "--prefix", "none", "--no-dedupe"]);
    let tree = sh::output(cargo.args(["-p", "trine", "-f", "{p}"]))?;
    ensure!(tree.starts_with("trine "), "`cargo tree` does not show trine itself");
    Ok(faults(&tree))
}

/// Every package that would need more than Rust.
fn faults(tree: &str) -> Vec<String> {
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    let is_native = |name: &&&str| BANNED.contains(name) || name.ends_with("-sys");
    let wrong = names.iter().filter(|name| is_native(name) && !PURE.contains(name));
    let fault = |name| {
        format!(
            "the default build has {name}, which needs more than Rust: put what needs it behind a \
             feature (`cargo tree -i {name}` says who needs it)"
        )
    };
    wrong.map(fault).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn c_builders_and_bindings_are_found() {
        let tree = "trine v0.1.0 (.)\ncc v1.0.0\naws-lc-sys v0.1.0\ncc v1.0.0\nlibc v0.2.0\n\
                    linux-raw-sys v0.12.1";
        let faults = super::faults(tree);
        assert_eq!(faults.len(), 2);
        assert!(faults[0].contains("aws-lc-sys") && faults[1].contains("has cc,"), "{faults:?}");
    }
}
