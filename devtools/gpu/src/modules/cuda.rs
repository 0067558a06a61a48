//! CUDA's module and our own for its devices, on a machine that need not have one: that CUDA's
//! compiles and links, says which library it misses, and is loaded with it; and that ours is loaded
//! without.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use devtools::sh::{self, said};

use super::smoke::{generate, has, on_software, refused};
use super::{Build, CUDA, ternary};
use crate::{toolkit, vulkan};

/// What is left out where nothing else is asked for: all processors but one generation, and the
/// kernels of attention, of which there are many.
const QUICK: [(&str, &str); 2] =
    [("CMAKE_CUDA_ARCHITECTURES", "75-virtual"), ("GGML_CUDA_FA", "OFF")];
/// The one generation that our own module is compiled for here.
const GENERATION: &str = "75";

/// Builds the program with CUDA's module, and tries it; then the same for our own.
pub fn main() -> Result<String> {
    let target_dir = sh::target_dir().join("modules");
    let shipped = target_dir.join("cuda");
    // What CMake was told it keeps, and this is not what is shipped.
    let target_dir = target_dir.join("quick");
    let build = Build { target_dir, is_native: false, has_cuda: true, quick: &QUICK };
    let ggml = build.program(&shipped)?;
    let program = &shipped.join("trine");
    let libraries = toolkit::libraries()?;
    let libraries = libraries.as_deref();
    if libraries.is_some() {
        let why = "libcudart.so.13: cannot open shared object file";
        has(&listed(program, None)?, &[&format!("{CUDA}  refused: {why}")])?;
    }
    let loaded = listed(program, libraries)?;
    has(&loaded, &[&format!("{CUDA}  loaded: CUDA, ")])?;
    let has_device = !loaded.contains("loaded: CUDA, 0 devices");
    let wrote = writes(program, libraries, has_device)?;
    // After CUDA's, so that what was tried there is CUDA's alone.
    ternary::compile_for(GENERATION, &ggml, &shipped)?;
    // Where CUDA's libraries are not to be found: ours needs none.
    let count = if has_device { "" } else { "0 devices" };
    let wanted = format!("{}  loaded: Ternary, {count}", ternary::MODULE);
    has(&listed(program, None)?, &[&wanted])?;
    Ok(format!("CUDA's module is built, {wrote}; ours is built, and loaded"))
}

/// What the program says of modules and devices, with these libraries.
fn listed(program: &Path, libraries: Option<&Path>) -> Result<String> {
    sh::output(with(on_software(program)?, libraries).args(["devices", "--gpu"]))
}

/// A program that finds these libraries.
fn with(mut program: Command, libraries: Option<&Path>) -> Command {
    program.envs(libraries.map(|libraries| (vulkan::LIBRARIES, libraries)));
    program
}

/// That a text is written, on a device or where there is none: what was found.
fn writes(program: &Path, libraries: Option<&Path>, has_device: bool) -> Result<&'static str> {
    let on = |backend: &str| sh::ended(&mut with(generate(program, backend)?, libraries));
    let processor = sh::bytes(&mut with(generate(program, "cpu")?, libraries))?;
    let found = on("cuda,cpu")?;
    ensure!(found.status.success(), "it did not go on: {}", said(&found));
    let alone = on("cuda")?;
    if !has_device {
        ensure!(found.stdout == processor, "another text than the processor's");
        refused(&alone, &["no cuda device found"])?;
        return Ok("and loaded where there is no device");
    }
    ensure!(alone.status.success() && !alone.stdout.is_empty(), "{}", said(&alone));
    ensure!(!said(&alone).contains("warning: "), "{}", said(&alone));
    Ok("loaded, and writes on a device")
}
