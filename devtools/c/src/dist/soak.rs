//! What is too long for the leg `dist`: the package made twice, and used in a fresh Debian.

use anyhow::{Context as _, Result};
use devtools::sh;

use super::HOST;
use super::package::VERSION;

/// Makes the host's package twice, as two users in two places, and follows its README in a Debian
/// that has a C compiler and no Rust.
pub fn soak() -> Result<String> {
    let folder = sh::target_dir().join("soak-package");
    sh::run(sh::line("sh tests/c/dist/reproducible.sh").arg(&folder))?;
    let package = folder.join(format!("trine-{VERSION}-{}.tar.gz", HOST.name));
    let said = sh::output(sh::line("sh tests/c/dist/debian.sh").arg(package).arg(folder))?;
    print!("{said}");
    let first =
        said.lines().find(|line| line.starts_with("from the archive")).context("no time")?;
    Ok(format!("two clones make the same bytes; in a Debian without Rust, {first}"))
}
