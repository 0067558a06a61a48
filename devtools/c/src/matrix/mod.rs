//! The C and C++ side under every compiler and standard that users have, and under tools that look
//! for what no compiler says.

mod compilers;
mod gateway;
mod misra;
mod misuse;

use anyhow::Result;

/// `cargo xtask test --leg matrix`: compile everything everywhere, then look for faults that only
/// show in a run.
pub fn main() -> Result<()> {
    compilers::main()?;
    misra::main()?;
    misuse::main()?;
    gateway::main()
}
