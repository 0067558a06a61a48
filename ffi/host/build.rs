//! Gives the shared library the name under which programs look for it when they run.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    // Beside modules it lies in a folder of its own, under the name that it has there.
    let is_installed = std::env::var_os("CARGO_FEATURE_MODULES").is_none();
    if system == "linux" && is_installed {
        let major = std::env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libtrine_host.so.{major}");
    }
}
