//! `cargo xtask release`: what must hold before a version is published, then its packages.

use anyhow::{Result, ensure};

use crate::{dist, sh, soak};

/// Checks the tree and the records, then makes all packages.
///
/// # Errors
/// When something is not committed, a part of the soak is due, the changelog lacks the version, or
/// a package cannot be made.
pub(crate) fn main() -> Result<()> {
    let changed = sh::output(sh::command("git").args(["status", "--porcelain"]))?;
    ensure!(changed.is_empty(), "these changes are not committed:\n{changed}");
    let due = soak::due()?;
    ensure!(due.is_empty(), "run `cargo xtask soak` first: {}", due.join("; "));
    let version = format!("## {} ", env!("CARGO_PKG_VERSION"));
    let changelog = std::fs::read_to_string(sh::root().join("CHANGELOG.md"))?;
    ensure!(
        changelog.lines().any(|line| line.starts_with(&version)),
        "CHANGELOG.md has no section `{}`",
        version.trim_end()
    );
    dist::main(None, None)
}
