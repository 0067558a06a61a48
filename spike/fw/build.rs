fn main() {
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let map = "MEMORY {\n FLASH : ORIGIN = 0x0, LENGTH = 4M\n RAM : ORIGIN = 0x20000000, LENGTH = 4M\n}\n";
    std::fs::write(format!("{out}/memory.x"), map).expect("memory.x");
    println!("cargo:rustc-link-search={out}");
}
