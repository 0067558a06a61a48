//! Our own backend for Nvidia's devices (`ggml/ternary`) as a module: one library that needs no
//! other of CUDA's, since its runtime is linked into it and the driver is looked for when it runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use devtools::sh;

use crate::toolkit;

#[path = "../../../../ggml/ternary/print.rs"]
mod print;

/// Where its sources lie.
const SOURCES: &str = "ggml/ternary";
/// What it is called where backends are named.
pub const NAME: &str = "ternary";
/// The module, which ggml finds by this name.
pub const MODULE: &str = "libggml-ternary.so";
/// Nvidia's generations that it has instructions for: from Turing's to Blackwell's.
const GENERATIONS: [&str; 7] = ["75", "80", "86", "89", "90", "100", "120"];
/// The generation whose intermediate code the driver translates for those that come later.
const LATER: &str = "80";
/// The variable that names fewer, as "90" or "80;90": each takes half a minute to compile.
const VARIABLE: &str = "TRINE_CUDA_GENERATIONS";

/// Compiles it into a folder, by the headers of the ggml that was built in the other, for all
/// generations or for those that the environment names.
pub fn compile(built: &Path, folder: &Path) -> Result<()> {
    let asked = std::env::var(VARIABLE).unwrap_or_default();
    compile_for(&asked, built, folder)
}

/// The same for the generations of a list, all of them where that is empty.
pub(super) fn compile_for(generations: &str, built: &Path, folder: &Path) -> Result<()> {
    let codes = codes(generations)?;
    let ggml = sources(built)?;
    let mut nvcc = sh::command(toolkit::compiler()?);
    let print = print::print(&sh::root().join(SOURCES)).context(SOURCES)?;
    nvcc.arg(format!("-DTRINE_KERNELS=\"{print}\""));
    sh::run(&mut told(nvcc, &codes, &ggml, &folder.join(MODULE)))
}

/// What code is made, in the compiler's words.
fn codes(generations: &str) -> Result<Vec<String>> {
    let real = |generation: &str| format!("arch=compute_{generation},code=sm_{generation}");
    if generations.trim().is_empty() {
        let later = format!("arch=compute_{LATER},code=compute_{LATER}");
        return Ok(GENERATIONS.into_iter().map(real).chain([later]).collect());
    }
    let each = generations.split(';').map(str::trim);
    let is_list = each.clone().all(|generation| generation.parse::<u32>().is_ok());
    ensure!(is_list, "{VARIABLE} is \"{generations}\", and no list such as \"80;90\"");
    Ok(each.map(real).collect())
}

/// Where ggml's sources lie, which have headers for backends: its build notes what it was made of.
fn sources(built: &Path) -> Result<PathBuf> {
    let notes = built.join("build/CMakeCache.txt");
    let text = std::fs::read_to_string(&notes).with_context(|| notes.display().to_string())?;
    let home = text.lines().find_map(|line| line.strip_prefix("CMAKE_HOME_DIRECTORY:INTERNAL="));
    let home = home.with_context(|| format!("{} names no sources", notes.display()))?;
    Ok(Path::new(home).join("ggml"))
}

/// The compiler with all that it is told.
fn told(mut nvcc: Command, codes: &[String], ggml: &Path, module: &Path) -> Command {
    nvcc.args(["-std=c++17", "-O3", "--threads", "2"]);
    // Each number is rounded where it is computed, as in our engine: else no bit is the same.
    nvcc.arg("-fmad=false");
    nvcc.args(codes.iter().flat_map(|code| ["-gencode", code]));
    nvcc.args(["-shared", "-Xcompiler", "-fPIC,-fvisibility=hidden", "-cudart", "static"]);
    // Nobody debugs what is shipped, and names are most of its size after the kernels.
    nvcc.args(["-Xlinker", "-s"]).arg(sh::root().join(SOURCES).join("ternary.cu"));
    nvcc.arg("-I").arg(ggml.join("src")).arg("-I").arg(ggml.join("include"));
    nvcc.arg("-o").arg(module);
    nvcc
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::{codes, told};

    fn arguments(generations: &str) -> Vec<String> {
        let codes = codes(generations).unwrap();
        let nvcc = told(Command::new("nvcc"), &codes, Path::new("/ggml"), Path::new("/to/it.so"));
        nvcc.get_args().map(|argument| argument.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn no_products_and_sums_are_made_one_whatever_it_is_compiled_for() {
        for generations in ["", "75", "80;90"] {
            let all = arguments(generations).join(" ") + "$";
            for part in [" -fmad=false ", " -cudart static ", " -I /ggml/src ", " -o /to/it.so$"] {
                assert!(all.contains(part), "{all}");
            }
        }
    }

    #[test]
    fn generations_are_all_and_a_later_one_or_those_of_the_list() {
        let of = |generations: &str| {
            let all = arguments(generations);
            let codes = all.windows(2).filter(|two| two[0] == "-gencode");
            codes.map(|two| two[1].clone()).collect::<Vec<_>>()
        };
        let all = of("");
        assert_eq!((all.len(), &*all[0]), (8, "arch=compute_75,code=sm_75"));
        assert_eq!(all[6..], ["arch=compute_120,code=sm_120", "arch=compute_80,code=compute_80"]);
        assert_eq!(of("90"), ["arch=compute_90,code=sm_90"]);
        assert_eq!(of("80; 90"), ["arch=compute_80,code=sm_80", "arch=compute_90,code=sm_90"]);
        for wrong in ["sm_90", "80,90", ";", "90-real"] {
            let said = codes(wrong).unwrap_err().to_string();
            assert!(said.contains("TRINE_CUDA_GENERATIONS"), "{said}");
        }
    }
}
