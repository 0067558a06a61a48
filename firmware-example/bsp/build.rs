//! Writes the memory map of the board that `BOARD` names, where the linker finds it.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

/// The boards: name, processor, start and length of code memory, start and length of RAM.
const BOARDS: &[(&str, [&str; 4])] = &[
    // Arm's FPGA images AN385 (Cortex-M3), AN386 (Cortex-M4F) and AN500 (Cortex-M7): 4 MiB of
    // zero-wait memory each for code and data (application notes DAI0385, DAI0386 and DAI0500).
    ("mps2-an385", ["0x00000000", "4M", "0x20000000", "4M"]),
    ("mps2-an386", ["0x00000000", "4M", "0x20000000", "4M"]),
    ("mps2-an500", ["0x00000000", "4M", "0x20000000", "4M"]),
    // AN505 (Cortex-M33, DAI0505), where the secure world begins.
    ("mps2-an505", ["0x10000000", "4M", "0x38000000", "4M"]),
    // QEMU's machine for RISC-V has RAM only; some of it is taken for code.
    ("virt", ["0x80000000", "4M", "0x81000000", "4M"]),
];

/// Where riscv-rt puts what, in the names of the map.
const REGIONS: &str = "\
REGION_ALIAS(\"REGION_TEXT\", FLASH);
REGION_ALIAS(\"REGION_RODATA\", FLASH);
REGION_ALIAS(\"REGION_DATA\", RAM);
REGION_ALIAS(\"REGION_BSS\", RAM);
REGION_ALIAS(\"REGION_HEAP\", RAM);
REGION_ALIAS(\"REGION_STACK\", RAM);
";

/// Handlers that a firmware leaves out are the default one. The order is that of `interrupts.rs`.
const DEVICE_X: &str = "\
PROVIDE(UART0_RX = DefaultHandler);
PROVIDE(UART0_TX = DefaultHandler);
PROVIDE(UART1_RX = DefaultHandler);
PROVIDE(UART1_TX = DefaultHandler);
";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=BOARD");
    let board = env::var("BOARD").unwrap_or_else(|_| "mps2-an386".to_owned());
    let Some((_, [code, code_len, ram, ram_len])) = BOARDS.iter().find(|(name, _)| *name == board)
    else {
        let names: Vec<&str> = BOARDS.iter().map(|(name, _)| *name).collect();
        return Err(format!("BOARD is `{board}`: choose one of {}", names.join(", ")).into());
    };
    let mut memory_x = format!(
        "MEMORY {{\n  FLASH : ORIGIN = {code}, LENGTH = {code_len}\n  \
         RAM : ORIGIN = {ram}, LENGTH = {ram_len}\n}}\n"
    );
    if env::var("CARGO_CFG_TARGET_ARCH")? == "riscv32" {
        // riscv-rt's script includes no `device.x`, and knows no clock by Arm's name.
        memory_x += REGIONS;
        memory_x += DEVICE_X;
        memory_x += "PROVIDE(SysTick = DefaultHandler);\n";
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("memory.x"), memory_x)?;
    fs::write(out.join("device.x"), DEVICE_X)?;
    println!("cargo::rustc-link-search={}", out.display());
    let boards: Vec<String> = BOARDS.iter().map(|(name, _)| format!("{name:?}")).collect();
    println!("cargo::rustc-check-cfg=cfg(board, values({}))", boards.join(", "));
    println!("cargo::rustc-cfg=board={board:?}");
    Ok(())
}
