//! Tells a crate that builds C against this one where the header lies (`DEP_TRINE_INCLUDE`).

fn main() {
    let include = concat!(env!("CARGO_MANIFEST_DIR"), "/../../include");
    println!("cargo:include={include}");
    println!("cargo:rerun-if-changed=build.rs");
}
