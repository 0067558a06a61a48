//! Links with the script of cortex-m-rt, which reads the memory map of `trine-bsp`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    // Without this the linkers would place the ELF headers in the flash image.
    println!("cargo::rustc-link-arg-bins=--nmagic");
}
