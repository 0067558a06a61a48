//! Installs what the tests need on Debian, or says exactly what to install.

use std::path::Path;

use anyhow::{Result, bail};

use crate::baremetal::Compiler;
use crate::board::BOARDS;
use crate::sh;

/// One thing that the tests need.
struct Need {
    what: &'static str,
    /// Debian's packages that bring it.
    packages: &'static [&'static str],
    /// What to do where there is no apt.
    otherwise: &'static str,
    present: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need {
        what: "git",
        packages: &["git"],
        otherwise: "install git",
        present: || sh::works("git", &["--version"]),
    },
    Need {
        what: "a C compiler",
        packages: &["gcc", "libc6-dev"],
        otherwise: "install a C compiler as `cc`",
        present: || sh::works("cc", &["--version"]),
    },
    Need {
        what: "rustfmt",
        packages: &["rustfmt-web"],
        otherwise: "rustup component add rustfmt",
        present: || sh::works("cargo", &["fmt", "--version"]),
    },
    Need {
        what: "clippy",
        packages: &["rust-web-clippy"],
        otherwise: "rustup component add clippy",
        present: || sh::works("cargo", &["clippy", "--version"]),
    },
    Need {
        what: "a compiler for the boards",
        packages: &[
            "rustc-web",
            "cargo-web",
            "rust-web-src",
            "rust-web-clippy",
            "binutils-arm-none-eabi",
        ],
        otherwise: "rustup target add thumbv7em-none-eabihf",
        present: firmware_compiler,
    },
    Need {
        what: "QEMU for Arm machines",
        packages: &["qemu-system-arm"],
        otherwise: "install qemu-system-arm",
        present: || sh::works("qemu-system-arm", &["--version"]),
    },
    Need {
        what: "Python 3 with venv and pip",
        packages: &["python3", "python3-venv", "python3-pip"],
        otherwise: "install Python 3.10 or newer with its venv module",
        present: || sh::works("python3", &["-c", "import venv, ensurepip"]),
    },
    Need {
        what: "npm",
        packages: &["nodejs", "npm"],
        otherwise: "install Node.js with npm",
        present: || sh::works("npm", &["--version"]),
    },
];

fn firmware_compiler() -> bool {
    BOARDS.iter().all(|board| match Compiler::find(board.target) {
        Ok(Compiler::Rustup) => true,
        Ok(Compiler::Debian) => Path::new("/usr/bin/cargo-clippy").exists(),
        Err(_) => false,
    })
}

/// Sees to it that everything is there.
///
/// # Errors
/// When something is missing and cannot be installed from here; the text is the command to run.
pub(crate) fn main() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        println!("everything is there: {}", names(NEEDS.iter()));
        return Ok(());
    }
    let packages = packages(&missing);
    let wanted = names(missing.iter().copied());
    let apt = sh::works("apt-get", &["--version"]);
    if !apt {
        let steps: Vec<&str> = missing.iter().map(|need| need.otherwise).collect();
        bail!("missing: {wanted}. There is no apt-get here; do this: {}", steps.join("; "));
    }
    if !is_root() {
        bail!(
            "missing: {wanted}. Run this, then try again:\n  sudo apt-get update && sudo apt-get \
             install -y --no-install-recommends {}",
            packages.join(" ")
        );
    }
    // Before an update, apt knows only the compilers of the release, which are too old.
    sh::run(sh::command("apt-get").args(["update", "-qq"]))?;
    sh::run(
        sh::command("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(&packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
    let left = self::missing();
    if !left.is_empty() {
        let steps: Vec<&str> = left.iter().map(|need| need.otherwise).collect();
        bail!(
            "still missing after the installation: {}. Do this: {}",
            names(left.iter().copied()),
            steps.join("; ")
        );
    }
    Ok(())
}

fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !(need.present)()).collect()
}

fn packages(needs: &[&Need]) -> Vec<&'static str> {
    let mut packages: Vec<&str> = needs.iter().flat_map(|need| need.packages).copied().collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

fn names<'a>(needs: impl Iterator<Item = &'a Need>) -> String {
    needs.map(|need| need.what).collect::<Vec<_>>().join(", ")
}

fn is_root() -> bool {
    sh::output(sh::command("id").arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::{NEEDS, packages};

    #[test]
    fn packages_of_several_needs_are_named_once() {
        let all: Vec<_> = NEEDS.iter().collect();
        let names = packages(&all);
        assert!(names.contains(&"qemu-system-arm"));
        assert_eq!(names.iter().filter(|name| **name == "rust-web-clippy").count(), 1);
    }
}
