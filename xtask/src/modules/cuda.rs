//! CUDA's module, on a machine that need not have such a device: that it compiles and links, says
//! which library it misses, and is loaded with it.

use anyhow::{Context, Result, ensure};

use super::trial::{generate, has, on_software, said, written};
use super::{Build, CUDA};
use crate::{sh, toolkit};

/// What is left out where nothing else is asked for: all processors but one generation, and the
/// kernels of attention, of which there are many.
const QUICK: [(&str, &str); 2] =
    [("CMAKE_CUDA_ARCHITECTURES", "75-virtual"), ("GGML_CUDA_FA", "OFF")];

/// Builds the program with CUDA's module, and tries it.
///
/// # Errors
/// When something does not build, or does not do what it should.
pub(crate) fn main() -> Result<String> {
    let target_dir = sh::target_dir().join("modules");
    let shipped = target_dir.join("cuda");
    let build = Build {
        // What CMake was told it keeps, and this is not what is shipped.
        target_dir: target_dir.join("quick"),
        is_native: false,
        has_cuda: true,
        quick: &QUICK,
    };
    build.program(&shipped)?;
    let program = shipped.join("trine");
    let [_, module] = CUDA;
    let libraries = toolkit::libraries()?;
    let listed = |libraries: Option<&std::path::Path>| -> Result<String> {
        let mut devices = on_software(&program)?;
        if let Some(libraries) = libraries {
            devices.env("LD_LIBRARY_PATH", libraries);
        }
        sh::output(devices.args(["devices", "--gpu"]))
    };
    if libraries.is_some() {
        let why = "libcudart.so.13: cannot open shared object file";
        has(&listed(None)?, &[&format!("{module}  refused: {why}")])?;
    }
    let loaded = listed(libraries.as_deref())?;
    has(&loaded, &[&format!("{module}  loaded: CUDA, ")])?;
    let on = |backend: &str| -> Result<std::process::Command> {
        let mut command = generate(&program, backend)?;
        if let Some(libraries) = &libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        Ok(command)
    };
    let processor = written(&mut on("cpu")?)?;
    let found = on("cuda,cpu")?.output().context("the program could not start")?;
    ensure!(found.status.success(), "it did not go on: {}", said(&found));
    if loaded.contains("loaded: CUDA, 0 devices") {
        ensure!(found.stdout == processor, "another text than the processor's");
        let refused = on("cuda")?.output().context("the program could not start")?;
        ensure!(!refused.status.success() && refused.stdout.is_empty(), "{}", said(&refused));
        has(&said(&refused), &["there is no device of cuda"])?;
        return Ok("CUDA's module is built, and loaded where there is no device".into());
    }
    let alone = on("cuda")?.output().context("the program could not start")?;
    ensure!(alone.status.success() && !alone.stdout.is_empty(), "{}", said(&alone));
    ensure!(!said(&alone).contains("warning: "), "{}", said(&alone));
    Ok("CUDA's module is built, loaded, and writes on a device".into())
}
