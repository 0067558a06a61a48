//! Writes the memory map of the emulated board that `BOARD` names, and links a program for it.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

/// The boards: name, where code memory and RAM begin, and KiB of code memory. All have 4 MiB of
/// RAM.
const BOARDS: &[(&str, u32, u32, u32)] = &[
    // Arm's FPGA images AN385, AN386 and AN500 (application notes DAI0385, DAI0386 and DAI0500).
    ("mps2-an385", 0x0000_0000, 0x2000_0000, 4096),
    ("mps2-an386", 0x0000_0000, 0x2000_0000, 4096),
    ("mps2-an500", 0x0000_0000, 0x2000_0000, 4096),
    // AN505 (DAI0505), where the secure world begins.
    ("mps2-an505", 0x1000_0000, 0x3800_0000, 4096),
    // AN547 (DAI0547), where the secure world begins: memory that is coupled to the processor.
    ("mps3-an547", 0x1000_0000, 0x3100_0000, 512),
    // QEMU's machine for RISC-V has RAM only; some of it is taken for code.
    ("virt", 0x8000_0000, 0x8100_0000, 4096),
];

/// Where riscv-rt puts what, in the names of the map above.
const REGIONS: &[(&str, &str)] = &[
    ("TEXT", "FLASH"),
    ("RODATA", "FLASH"),
    ("DATA", "RAM"),
    ("BSS", "RAM"),
    ("HEAP", "RAM"),
    ("STACK", "RAM"),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=BOARD");
    if env::var("CARGO_CFG_TARGET_OS")? != "none" {
        return Ok(());
    }
    let board = env::var("BOARD").unwrap_or_else(|_| "mps2-an386".to_owned());
    let Some((_, code, ram, code_kib)) = BOARDS.iter().find(|(name, ..)| *name == board) else {
        let names: Vec<&str> = BOARDS.iter().map(|(name, ..)| *name).collect();
        return Err(format!("BOARD is `{board}`: choose one of {}", names.join(", ")).into());
    };
    let mut memory = format!(
        "MEMORY {{\n  FLASH : ORIGIN = {code:#x}, LENGTH = {code_kib}K\n  \
         RAM : ORIGIN = {ram:#x}, LENGTH = 4M\n}}\n"
    );
    if env::var("CARGO_CFG_TARGET_ARCH")? == "riscv32" {
        for (region, memory_name) in REGIONS {
            memory += &format!("REGION_ALIAS(\"REGION_{region}\", {memory_name});\n");
        }
        println!("cargo::rustc-link-arg-bins=-melf32lriscv");
        println!("cargo::rustc-link-arg-bins=-Tmemory.x");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("memory.x"), memory)?;
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rustc-link-arg-bins=--nmagic");
    Ok(())
}
