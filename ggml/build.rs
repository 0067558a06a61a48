//! Compiles what keeps exceptions of ggml's C++ away from Rust, where ggml is built at all.

fn main() {
    println!("cargo::rerun-if-changed=src/backend/guard.cpp");
    #[cfg(feature = "cpu")]
    cpp("guard").compile("trine_guard");
    #[cfg(feature = "modules")]
    modules();
}

/// What loads modules; and that ggml was built as modules, for which its build has no feature that
/// leaves out a dozen modules for as many kinds of processors.
#[cfg(feature = "modules")]
fn modules() {
    println!("cargo::rerun-if-changed=src/backend/modules.cpp");
    println!("cargo::rerun-if-env-changed=GGML_BACKEND_DL");
    if std::env::var("GGML_BACKEND_DL").as_deref() != Ok("ON") {
        println!(
            "cargo::error=the feature modules needs GGML_BACKEND_DL=ON and \
             CMAKE_PLATFORM_NO_VERSIONED_SONAME=ON in the environment of cargo: \
             `cargo xtask modules` sets them"
        );
    }
    if cfg!(feature = "llama") {
        println!(
            "cargo::error=the feature llama calls ggml's functions for the processor, which are \
             in a module with the feature modules: leave out one of them"
        );
    }
    cpp("modules").compile("trine_modules");
}

#[cfg(feature = "cpu")]
fn cpp(name: &str) -> cc::Build {
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").file(format!("src/backend/{name}.cpp"));
    build
}
