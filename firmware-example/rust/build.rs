//! Links the programs with cortex-m-rt's script, which reads the memory map of `trine-bsp`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    if std::env::var_os("CARGO_FEATURE_DEFMT").is_some() {
        println!("cargo::rustc-link-arg-bin=trine-firmware=-Tdefmt.x");
    }
    // Without this the linkers would place the ELF headers in the flash image.
    println!("cargo::rustc-link-arg-bins=--nmagic");
}
