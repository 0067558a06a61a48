//! Finding a compiler for a chip: rustup's where its target is installed, else Debian's.
//!
//! Debian ships the library's source and no ready-made `core` for a chip, so that way builds
//! `core` itself, which stable compilers only do under `RUSTC_BOOTSTRAP`. That variable is set
//! here, for this one command, and nowhere else.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::sh;

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CORE: &str = "/usr/lib/rustlib/src/rust/library/core/Cargo.toml";

/// The way in which a firmware is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compiler {
    /// The cargo on `PATH`, whose compiler has the target.
    Rustup,
    /// Debian's cargo with `-Zbuild-std=core`.
    Debian,
}

impl Compiler {
    /// The way that works here for this target.
    pub fn find(target: &str) -> Result<Self> {
        let found = Self::find_any(target)?;
        ensure!(
            found == Self::Rustup || sh::works(linker_for(target), &["--version"]),
            "no linker for {target}: on Debian, `apt-get install binutils-arm-none-eabi \
             binutils-riscv64-unknown-elf`"
        );
        Ok(found)
    }

    /// The same for any target, whose binutils the caller looks for.
    pub fn find_any(target: &str) -> Result<Self> {
        if has_target(target) {
            return Ok(Self::Rustup);
        }
        Self::debian().with_context(|| {
            format!("no compiler for {target}: run `rustup target add {target}`, or")
        })
    }

    /// Debian's, which makes `core` for a target that only a file describes.
    pub fn debian() -> Result<Self> {
        ensure!(
            [DEBIAN_CARGO, DEBIAN_CORE].iter().all(|file| Path::new(file).exists()),
            "on Debian, `apt-get install rustc-web cargo-web rust-web-src`"
        );
        Ok(Self::Debian)
    }

    /// `cargo` for this target, with the arguments that choose it after the verb.
    pub fn cargo(self, verb: &str, target: &str) -> Command {
        self.cargo_with(verb, target, Path::new(target))
    }

    /// The same for code that keeps no frame pointers, which Rust's targets for Arm ask for: a
    /// debugger has better ways, and without them all functions together are a sixteenth shorter.
    /// `folder` takes the changed description of the target. A ready-made `core` is as it is, so
    /// this changes nothing there.
    pub fn cargo_without_frames(self, verb: &str, target: &str, folder: &Path) -> Result<Command> {
        if self == Self::Rustup {
            return Ok(self.cargo(verb, target));
        }
        let asked = ["--target", target, "--print", "target-spec-json"];
        let known = sh::output(debian_rustc().args(asked))?;
        let [always, never] = [r#""frame-pointer": "always""#, r#""frame-pointer": "may-omit""#];
        let wanted = known.replace(always, never);
        if wanted == known {
            return Ok(self.cargo(verb, target));
        }
        std::fs::create_dir_all(folder)?;
        let file = folder.join(format!("{target}.json"));
        // Written once, or cargo would build all of it anew.
        if std::fs::read_to_string(&file).ok().as_ref() != Some(&wanted) {
            std::fs::write(&file, &wanted)?;
        }
        Ok(self.cargo_described(verb, target, &file))
    }

    /// The same for a target that a file describes, whose name is the target's.
    #[must_use]
    pub fn cargo_described(self, verb: &str, target: &str, file: &Path) -> Command {
        let mut command = self.cargo_with(verb, target, file);
        command.arg("-Zjson-target-spec");
        command
    }

    fn cargo_with(self, verb: &str, target: &str, description: &Path) -> Command {
        let mut command = if self == Self::Debian { debian_cargo() } else { sh::cargo() };
        command.args([verb, "--target"]).arg(description);
        if self == Self::Debian {
            let name = target.to_uppercase().replace(['-', '.'], "_");
            command.env(format!("CARGO_TARGET_{name}_LINKER"), linker_for(target));
            command.arg("-Zbuild-std=core");
        }
        command
    }

    /// What the compiler says of itself; part of a cache key.
    pub fn version(self) -> Result<String> {
        let rustc = if self == Self::Debian { DEBIAN_RUSTC } else { "rustc" };
        sh::output(sh::command(rustc).arg("-vV"))
    }
}

/// Debian's compiler, with options that are not stable.
#[must_use]
pub fn debian_rustc() -> Command {
    let mut command = sh::command(DEBIAN_RUSTC);
    command.env("RUSTC_BOOTSTRAP", "1").arg("-Zunstable-options");
    command
}

/// Whether a compiler here has heard of a target.
#[must_use]
pub fn is_known(target: &str) -> bool {
    [DEBIAN_RUSTC, "rustc"].iter().any(|rustc| {
        let list = sh::output(sh::command(rustc).args(["--print", "target-list"]));
        list.is_ok_and(|list| list.lines().any(|known| known == target))
    })
}

/// Lets a stable compiler take options that are not: coverage and sanitizers for fuzzing, building
/// the standard library for another computer.
pub fn unstable(cargo: &mut Command) {
    cargo.env("RUSTC_BOOTSTRAP", "1");
}

/// Debian's cargo and compiler, which take unstable options.
#[must_use]
pub fn debian_cargo() -> Command {
    let mut command = sh::command(DEBIAN_CARGO);
    sh::clean_cargo_env(&mut command);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("/usr/bin:{path}")).env("RUSTC", DEBIAN_RUSTC);
    unstable(&mut command);
    command.env_remove("RUSTUP_TOOLCHAIN");
    command
}

/// GNU's linker, from binutils: Debian's Rust has no linker of its own for a chip.
fn linker_for(target: &str) -> &'static str {
    if target.starts_with("riscv") { "riscv64-unknown-elf-ld" } else { "arm-none-eabi-ld" }
}

fn has_target(target: &str) -> bool {
    let asked = ["--print", "target-libdir", "--target", target];
    let folder = sh::output(sh::command("rustc").args(asked)).unwrap_or_default();
    let files = sh::entries(Path::new(folder.trim())).unwrap_or_default();
    files.iter().any(|file| file.to_string_lossy().contains("/libcore-"))
}
