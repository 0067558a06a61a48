//! The C and C++ side under every compiler and standard that users have, and under tools that look
//! for what no compiler says.

mod compilers;
mod gateway;
mod misra;
mod misuse;

use std::path::PathBuf;

use anyhow::Result;
use devtools::sh;

/// `cargo xtask test --leg matrix`: compile everything everywhere, then look for faults that only
/// show in a run.
pub fn main() -> Result<()> {
    compilers::main()?;
    misra::main()?;
    misuse::main()?;
    gateway::main()
}

/// The files of several folders that end in `.extension`.
fn files(folders: &[&str], extension: &str) -> Result<Vec<PathBuf>> {
    let files = folders.iter().map(|folder| sh::files(folder, extension));
    Ok(files.collect::<Result<Vec<_>>>()?.concat())
}
