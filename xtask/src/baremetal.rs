//! Finding a compiler for a chip: rustup's where its target is installed, else Debian's.
//!
//! Debian ships the library's source and no ready-made `core` for a chip, so that way builds
//! `core` itself, which stable compilers only do under `RUSTC_BOOTSTRAP`. That variable is set
//! here, for this one command, and nowhere else.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::sh;

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CORE: &str = "/usr/lib/rustlib/src/rust/library/core/Cargo.toml";
/// GNU's linker for Arm, from binutils: Debian's Rust has no linker of its own for a chip.
const ARM_LINKER: &str = "arm-none-eabi-ld";

/// The way in which a firmware is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compiler {
    /// The cargo on `PATH`, whose compiler has the target.
    Rustup,
    /// Debian's cargo with `-Zbuild-std=core`.
    Debian,
}

impl Compiler {
    /// The way that works here for this target.
    ///
    /// # Errors
    /// When there is none; the text says what to install.
    pub(crate) fn find(target: &str) -> Result<Self> {
        if has_target(target) {
            return Ok(Self::Rustup);
        }
        if Path::new(DEBIAN_CARGO).exists()
            && Path::new(DEBIAN_CORE).exists()
            && sh::works(ARM_LINKER, &["--version"])
        {
            return Ok(Self::Debian);
        }
        bail!(
            "no compiler for {target}: run `rustup target add {target}`, or on Debian \
             `apt-get install rustc-web cargo-web rust-web-src binutils-arm-none-eabi`"
        )
    }

    /// `cargo` for this target, with the arguments that choose it after the verb.
    pub(crate) fn cargo(self, verb: &str, target: &str) -> Command {
        let mut command = match self {
            Self::Rustup => sh::cargo(),
            Self::Debian => debian_cargo(target),
        };
        command.args([verb, "--target", target]);
        if self == Self::Debian {
            command.arg("-Zbuild-std=core");
        }
        command
    }

    /// What the compiler says of itself; part of a cache key.
    pub(crate) fn version(self) -> Result<String> {
        let rustc = match self {
            Self::Rustup => "rustc",
            Self::Debian => DEBIAN_RUSTC,
        };
        sh::output(sh::command(rustc).arg("-vV"))
    }

    /// One line for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rustup => "the installed target",
            Self::Debian => "Debian's compiler and library source",
        }
    }
}

fn debian_cargo(target: &str) -> Command {
    let mut command = sh::command(DEBIAN_CARGO);
    sh::clean_cargo_env(&mut command);
    let path = std::env::var("PATH").unwrap_or_default();
    let linker = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace(['-', '.'], "_"));
    command
        .env("PATH", format!("/usr/bin:{path}"))
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env(linker, ARM_LINKER)
        .env_remove("RUSTUP_TOOLCHAIN");
    command
}

fn has_target(target: &str) -> bool {
    let libdir =
        sh::output(sh::command("rustc").args(["--print", "target-libdir", "--target", target]));
    libdir.is_ok_and(|dir| {
        std::fs::read_dir(dir.trim()).is_ok_and(|mut files| {
            files.any(|file| {
                file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
            })
        })
    })
}
