//! Compiles what keeps exceptions of ggml's C++ away from Rust, where ggml is built at all.

#[cfg(feature = "fibers")]
#[path = "ternary/print.rs"]
mod print;

fn main() {
    println!("cargo::rerun-if-changed=src/backend/guard.cpp");
    #[cfg(feature = "cpu")]
    cpp("guard").compile("trine_guard");
    #[cfg(feature = "modules")]
    modules();
    #[cfg(feature = "fibers")]
    fibers();
}

/// Our own backend on one core of the processor, where each thread of a kernel is a fiber.
#[cfg(feature = "fibers")]
fn fibers() {
    println!("cargo::rerun-if-changed=ternary");
    let Some(ggml) = sources() else {
        println!("cargo::error=the sources of ggml are not found, which has headers for backends");
        return;
    };
    let print = match print::print(std::path::Path::new("ternary")) {
        Ok(print) => print,
        Err(error) => return println!("cargo::error=ggml/ternary is not read: {error}"),
    };
    let mut build = cc::Build::new();
    build.define("TRINE_KERNELS", &*format!("\"{print}\""));
    build.cpp(true).std("c++17").file("ternary/fibers.cpp").define("_GNU_SOURCE", None);
    build.include(ggml.join("src")).include(ggml.join("include"));
    // Each number is rounded where it is computed.
    build.flag("-ffp-contract=off").flag("-Wno-unknown-pragmas").opt_level(2);
    // What a kernel computes with before it has written it is found by other bits.
    build.flag_if_supported("-ftrivial-auto-var-init=pattern");
    // Kernels read rows of halves by words, which the language of devices allows.
    build.flag("-fno-strict-aliasing");
    // Jumps go from one stack to another, which the library would take for an error.
    build.flag("-U_FORTIFY_SOURCE");
    build.compile("trine_ternary");
}

/// Where ggml's sources lie: its build notes what it was made of.
#[cfg(feature = "fibers")]
fn sources() -> Option<std::path::PathBuf> {
    let installed = std::env::var_os("DEP_LLAMA_GGML_CMAKE_DIR")?;
    let out = std::path::Path::new(&installed).parent()?.parent()?;
    let notes = std::fs::read_to_string(out.join("build/CMakeCache.txt")).ok()?;
    let home = notes.lines().find_map(|line| line.strip_prefix("CMAKE_HOME_DIRECTORY:INTERNAL="));
    Some(std::path::Path::new(home?).join("ggml"))
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
