//! `cargo xtask release`: what must hold before a version is published, then its packages.

use anyhow::{Result, ensure};
use devtools_c::dist;

use crate::{released, sh, soak};

/// Checks the tree and the records, then makes all packages.
pub(crate) fn main() -> Result<()> {
    let changed = sh::output(sh::command("git").args(["status", "--porcelain"]))?;
    ensure!(changed.is_empty(), "these changes are not committed:\n{changed}");
    let due = soak::due()?;
    ensure!(due.is_empty(), "run `cargo xtask soak` first: {}", due.join("; "));
    let version = format!("## {} ", env!("CARGO_PKG_VERSION"));
    let changelog = sh::read("CHANGELOG.md")?;
    ensure!(
        changelog.lines().any(|line| line.starts_with(&version)),
        "CHANGELOG.md has no section `{}`",
        version.trim_end()
    );
    released::main()?;
    dist::signed()
}
