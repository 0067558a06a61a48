//! Compiles what keeps exceptions of ggml's C++ away from Rust, where ggml is built at all.

fn main() {
    println!("cargo::rerun-if-changed=src/backend/guard.cpp");
    #[cfg(feature = "cpu")]
    cc::Build::new().cpp(true).std("c++17").file("src/backend/guard.cpp").compile("trine_guard");
}
