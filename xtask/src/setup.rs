//! Installs what the tests need on Debian, or says exactly what to install.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::baremetal::Compiler;
use crate::board::BOARDS;
use crate::{sh, vulkan};

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
        what: "the program `kill`",
        packages: &["procps"],
        otherwise: "install procps",
        present: || sh::works("kill", &["-l"]),
    },
    Need {
        what: "a C compiler",
        packages: &["gcc", "libc6-dev"],
        otherwise: "install a C compiler as `cc`",
        present: || sh::works("cc", &["--version"]),
    },
    Need {
        what: "doxygen",
        packages: &["doxygen"],
        otherwise: "install doxygen",
        present: || sh::works("doxygen", &["--version"]),
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
            "binutils-riscv64-unknown-elf",
        ],
        otherwise: "rustup target add thumbv7em-none-eabihf riscv32imac-unknown-none-elf",
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
    Need {
        what: "C and C++ compilers for the host",
        packages: &["gcc", "g++", "clang", "libclang-rt-14-dev"],
        otherwise: "install gcc, g++ and clang with its sanitizers' libraries",
        present: host_compilers,
    },
    Need {
        what: "C and C++ compilers for chips",
        packages: &[
            "gcc-arm-none-eabi",
            "libnewlib-arm-none-eabi",
            "gcc-riscv64-unknown-elf",
            "picolibc-riscv64-unknown-elf",
        ],
        otherwise: "install GCC for arm-none-eabi with newlib and for riscv64-unknown-elf with \
                    picolibc",
        present: chip_compilers,
    },
    Need {
        what: "QEMU for RISC-V machines",
        packages: &["qemu-system-misc"],
        otherwise: "install qemu-system-riscv32",
        present: || sh::works("qemu-system-riscv32", &["--version"]),
    },
    Need {
        what: "CMake and pkg-config",
        packages: &["cmake", "pkg-config"],
        otherwise: "install cmake and pkg-config",
        present: || {
            ["cmake", "pkg-config"].iter().all(|program| sh::works(program, &["--version"]))
        },
    },
    Need {
        what: "ninja and libclang",
        packages: &["ninja-build", "clang"],
        otherwise: "install ninja, and clang with its library libclang",
        present: || sh::works("ninja", &["--version"]) && libclang(),
    },
    Need {
        what: "ccache, so that ggml is compiled once",
        packages: &["ccache"],
        otherwise: "install ccache",
        present: || sh::works("ccache", &["--version"]),
    },
    Need {
        what: "Vulkan's loader, a software driver and glslc",
        packages: &["glslc", "libvulkan-dev", "mesa-vulkan-drivers", "spirv-headers"],
        otherwise: "install Vulkan's headers and loader, Mesa's lavapipe, glslc and SPIRV-Headers",
        present: vulkan::is_installed,
    },
    Need {
        what: "cppcheck, valgrind and strace",
        packages: &["cppcheck", "valgrind", "strace"],
        otherwise: "install cppcheck with its addons, valgrind and strace",
        present: || {
            let programs = ["cppcheck", "valgrind", "strace"];
            programs.iter().all(|program| sh::works(program, &["--version"]))
        },
    },
];

fn host_compilers() -> bool {
    // That clang is there does not say that its sanitizers are.
    let folder = sh::output(sh::command("clang").arg("-print-resource-dir"));
    let sanitizers = folder.is_ok_and(|folder| {
        Path::new(folder.trim()).join("lib/linux/libclang_rt.asan-x86_64.a").exists()
    });
    let programs = ["gcc", "g++", "clang", "clang++"];
    sanitizers && programs.iter().all(|program| sh::works(program, &["--version"]))
}

/// Whether the library is where bindgen looks for it: beside each version of LLVM, or among the
/// system's libraries.
fn libclang() -> bool {
    let entries = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let is_libclang = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let rest = name.strip_prefix("libclang").filter(|rest| rest.starts_with(['.', '-']));
        rest.is_some_and(|rest| rest.contains(".so") && !rest.starts_with("-cpp"))
    };
    let mut folders = entries(Path::new("/usr/lib"));
    folders.extend(folders.clone().iter().map(|folder| folder.join("lib")));
    folders.extend(["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from));
    folders.extend(std::env::var_os("LIBCLANG_PATH").map(PathBuf::from));
    folders.iter().any(|folder| entries(folder).iter().any(is_libclang))
}

fn chip_compilers() -> bool {
    // That they are there does not say that their C library is.
    let nano = ["--specs=nano.specs", "-E", "-include", "string.h", "-x", "c", "/dev/null"];
    let pico = ["--specs=picolibc.specs", "-E", "-include", "string.h", "-x", "c", "/dev/null"];
    sh::works("arm-none-eabi-gcc", &nano)
        && sh::works("arm-none-eabi-g++", &["--version"])
        && sh::works("riscv64-unknown-elf-gcc", &pico)
}

fn firmware_compiler() -> bool {
    BOARDS.iter().all(|board| match Compiler::find(board.target) {
        Ok(Compiler::Rustup) => true,
        Ok(Compiler::Debian) => Path::new("/usr/bin/cargo-clippy").exists(),
        Err(_) => false,
    })
}

/// What to do about what is missing.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    /// Nothing is missing.
    Nothing,
    /// Install these packages.
    Install(Vec<&'static str>),
    /// Say this, and fail.
    Tell(String),
}

/// Sees to it that everything is there.
///
/// # Errors
/// When something is missing and cannot be installed from here; the text is the command to run.
pub(crate) fn main() -> Result<()> {
    match plan(&missing(), sh::works("apt-get", &["--version"]), is_root()) {
        Plan::Nothing => {}
        Plan::Tell(text) => bail!("{text}"),
        Plan::Install(packages) => {
            // Before an update, apt knows only the compilers of the release, which are too old.
            sh::run(sh::command("apt-get").args(["update", "-qq"]))?;
            let install = ["install", "-y", "-qq", "--no-install-recommends"];
            let mut apt = sh::command("apt-get");
            sh::run(apt.args(install).args(packages).env("DEBIAN_FRONTEND", "noninteractive"))?;
            // What apt could not mend is for a person.
            if let Plan::Tell(text) = plan(&missing(), false, true) {
                bail!("after the installation, still {text}");
            }
        }
    }
    vulkan::fetch()?;
    println!("everything is there: {}", names(NEEDS.iter()));
    Ok(())
}

fn plan(missing: &[&Need], has_apt: bool, is_root: bool) -> Plan {
    let wanted = names(missing.iter().copied());
    let packages = packages(missing);
    if missing.is_empty() {
        Plan::Nothing
    } else if !has_apt {
        let steps: Vec<&str> = missing.iter().map(|need| need.otherwise).collect();
        Plan::Tell(format!("missing: {wanted}. Do this: {}", steps.join("; ")))
    } else if !is_root {
        Plan::Tell(format!(
            "missing: {wanted}. Run this, then try again:\n  sudo apt-get update && sudo apt-get \
             install -y --no-install-recommends {}",
            packages.join(" ")
        ))
    } else {
        Plan::Install(packages)
    }
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
    use super::{NEEDS, Need, Plan, packages, plan};

    fn need(what: &str) -> Vec<&'static Need> {
        NEEDS.iter().filter(|need| need.what == what).collect()
    }

    #[test]
    fn root_installs_and_others_are_told_how() {
        let npm = need("npm");
        assert_eq!(npm.len(), 1);
        assert_eq!(plan(&[], true, true), Plan::Nothing);
        assert_eq!(plan(&npm, true, true), Plan::Install(vec!["nodejs", "npm"]));
        let Plan::Tell(text) = plan(&npm, true, false) else { panic!("nobody is told") };
        assert!(text.ends_with("--no-install-recommends nodejs npm"), "{text}");
        let Plan::Tell(text) = plan(&npm, false, true) else { panic!("nobody is told") };
        assert_eq!(text, "missing: npm. Do this: install Node.js with npm");
    }

    #[test]
    fn a_library_that_is_there_is_found() {
        // Where clang is installed, its packages have brought the library.
        assert!(super::libclang() || !crate::sh::works("clang", &["--version"]));
    }

    #[test]
    fn packages_of_several_needs_are_named_once() {
        let all: Vec<_> = NEEDS.iter().collect();
        let names = packages(&all);
        assert!(names.contains(&"qemu-system-arm"));
        assert_eq!(names.iter().filter(|name| **name == "rust-web-clippy").count(), 1);
    }
}
