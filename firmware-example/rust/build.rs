//! Links the programs with the script of cortex-m-rt or riscv-rt, which reads the memory map of
//! `trine-bsp`.

use std::env;

fn main() {
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
}
