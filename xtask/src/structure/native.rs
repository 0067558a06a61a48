//! The default build needs what rustup itself needs and nothing more: no C compiler, no cmake, no
//! system library.

use anyhow::{Result, ensure};

use crate::sh;

/// Packages that build or bind C code without a name that ends in `-sys`.
const BANNED: &[&str] =
    &["cc", "cmake", "bindgen", "pkg-config", "ring", "vcpkg", "autotools", "cxx-build"];

/// The names of all packages that `cargo build` of the default members compiles here.
pub(crate) fn packages_of_default_build() -> Result<Vec<String>> {
    let mut cargo = sh::cargo();
    cargo.args(["tree", "--locked", "-e", "normal,build", "--prefix", "none", "--no-dedupe"]);
    cargo.args(["-p", "trine", "-f", "{p}"]);
    let names = names(&sh::output(&mut cargo)?);
    ensure!(names.iter().any(|name| name == "trine"), "`cargo tree` does not show trine itself");
    Ok(names)
}

fn names(tree: &str) -> Vec<String> {
    let mut names: Vec<String> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Every package that would need more than Rust.
pub(crate) fn faults(names: &[String]) -> Vec<String> {
    names
        .iter()
        .filter(|name| BANNED.contains(&name.as_str()) || name.ends_with("-sys"))
        .map(|name| {
            format!(
                "the default build has {name}, which needs more than Rust: put what needs it \
                 behind a feature (`cargo tree -i {name}` says who needs it)"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{faults, names, packages_of_default_build};

    #[test]
    fn the_default_build_is_rust_alone() {
        let faults = faults(&packages_of_default_build().unwrap());
        assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn c_builders_and_bindings_are_found() {
        let names = names("trine v0.1.0 (.)\ncc v1.0.0\naws-lc-sys v0.1.0\ncc v1.0.0\nlibc v0.2.0");
        assert_eq!(names, ["aws-lc-sys", "cc", "libc", "trine"]);
        assert_eq!(faults(&names).len(), 2);
    }
}
