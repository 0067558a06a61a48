//! Links the programs with the script of cortex-m-rt or riscv-rt, which reads the memory map of
//! `trine-bsp`; and makes the table of the board's tools, where the base model is to read them.

use std::env;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|processor| processor == "riscv32") {
        // GNU's linker for RISC-V makes 64 bits unless it is told so.
        println!("cargo::rustc-link-arg-bins=-melf32lriscv");
        println!("cargo::rustc-link-arg-bins=-Tmemory.x");
    }
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    if env::var_os("CARGO_FEATURE_DEFMT").is_some() {
        println!("cargo::rustc-link-arg-bin=trine-firmware=-Tdefmt.x");
    }
    // Without this the linkers would place the ELF headers in the flash image.
    println!("cargo::rustc-link-arg-bins=--nmagic");
    #[cfg(feature = "ask-base")]
    base::write()?;
    Ok(())
}

/// The base, and the table that it makes of the tools of the board. `BASE` names another base, and
/// `TABLE` a table to take as it is: to see that the firmware refuses what is not its own.
#[cfg(feature = "ask-base")]
mod base {
    use std::path::{Path, PathBuf};
    use std::{env, fs};

    #[cfg(not(feature = "motorboat"))]
    use trine_board::TOOLS;
    #[cfg(feature = "motorboat")]
    use trine_motorboat::TOOLS;
    use trine_unseen::{Base, Compiler, table_bytes};

    use super::Error;

    pub(crate) fn write() -> Result<(), Box<dyn Error>> {
        let own = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../models/base.bin");
        let base = named("BASE").unwrap_or(own);
        let table = match named("TABLE") {
            Some(table) => table,
            None => {
                let table = PathBuf::from(env::var("OUT_DIR")?).join("tools.bin");
                fs::write(&table, compiled(&fs::read(&base)?)?)?;
                table
            }
        };
        println!("cargo::rustc-env=TRINE_BASE={}", base.display());
        println!("cargo::rustc-env=TRINE_TABLE={}", table.display());
        println!("cargo::rerun-if-changed={}", base.display());
        Ok(())
    }

    fn named(variable: &str) -> Option<PathBuf> {
        println!("cargo::rerun-if-env-changed={variable}");
        env::var_os(variable).map(PathBuf::from)
    }

    fn compiled(base: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        let base = Base::parse(base)?;
        let mut table = vec![0; table_bytes(&TOOLS)?];
        Compiler::new().compile(&base, &TOOLS, &mut table)?;
        Ok(table)
    }
}
