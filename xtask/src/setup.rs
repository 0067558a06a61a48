//! Installs what the tests need on Debian, or prints the commands that install it on this system.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use devtools_boards::board::BOARDS;
use devtools_gpu::vulkan;
use serde::Deserialize;

use crate::baremetal::Compiler;
use crate::sh;

/// `setup.toml`, which says what its members mean.
#[derive(Debug, Deserialize)]
struct Table {
    need: Vec<Need>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Need {
    what: String,
    check: Vec<String>,
    debian: String,
    #[serde(default)]
    fedora: String,
    #[serde(default)]
    macos: String,
    #[serde(default)]
    windows: String,
}

/// A system that this may run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Debian,
    Fedora,
    MacOs,
    Windows,
}

/// What begins a command of its own, which is no package.
const COMMANDS: [&str; 2] = ["rustup ", "xcode-select "];

impl System {
    /// The one that this runs on; a Linux without dnf is told the names of Debian's packages.
    fn here() -> Self {
        let has = |program| sh::works(program, &["--version"]);
        match std::env::consts::OS {
            "macos" => Self::MacOs,
            "windows" => Self::Windows,
            _ if !has("apt-get") && has("dnf") => Self::Fedora,
            _ => Self::Debian,
        }
    }

    /// What installs packages, and what is done about a need that has none.
    fn manager(self) -> [&'static str; 2] {
        match self {
            Self::Debian => [
                "sudo apt-get update && sudo apt-get install -y --no-install-recommends",
                "install it by hand",
            ],
            Self::Fedora => ["sudo dnf install -y", "not available: use a container of Debian"],
            Self::MacOs => ["brew install", "not available: use a container of Debian"],
            Self::Windows => ["winget install --exact", "not available: use WSL"],
        }
    }

    fn install(self, need: &Need) -> &str {
        match self {
            Self::Debian => &need.debian,
            Self::Fedora => &need.fedora,
            Self::MacOs => &need.macos,
            Self::Windows => &need.windows,
        }
    }
}

fn needs() -> Result<Vec<Need>> {
    Ok(toml::from_str::<Table>(include_str!("setup.toml")).context("setup.toml")?.need)
}

fn is_present(need: &Need) -> bool {
    need.check.iter().all(|check| match check.as_str() {
        "@compiler" => BOARDS.iter().all(|board| match Compiler::find(board.target) {
            Ok(Compiler::Rustup) => true,
            Ok(Compiler::Debian) => Path::new("/usr/bin/cargo-clippy").exists(),
            Err(_) => false,
        }),
        "@libclang" => libclang(),
        "@sanitizers" => sanitizers(),
        "@vulkan" => vulkan::is_installed(),
        command => {
            let words: Vec<&str> = command.split(' ').collect();
            words.split_first().is_some_and(|(program, arguments)| sh::works(program, arguments))
        }
    })
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Whether clang has its sanitizers: that it is there does not mean so.
fn sanitizers() -> bool {
    let folder = sh::output(sh::command("clang").arg("-print-resource-dir")).unwrap_or_default();
    let systems = entries(&Path::new(folder.trim()).join("lib"));
    let mut libraries = systems.iter().flat_map(|system| entries(system));
    libraries.any(|library| library.to_string_lossy().contains("libclang_rt.asan"))
}

/// Whether the library is where bindgen looks for it: beside each version of LLVM, or among the
/// system's libraries.
fn libclang() -> bool {
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

/// Installs what is missing where apt and root can, or fails with the commands that do.
pub(crate) fn main() -> Result<()> {
    let (needs, system) = (needs()?, System::here());
    let missing = || needs.iter().filter(|need| !is_present(need)).collect::<Vec<_>>();
    let mut left = missing();
    if system == System::Debian && !left.is_empty() && is_root() {
        // Before an update, apt knows only the compilers of the release, which are too old.
        sh::run(sh::command("apt-get").args(["update", "-qq"]))?;
        let install = ["install", "-y", "-qq", "--no-install-recommends"];
        let mut apt = sh::command("apt-get");
        apt.args(install).args(packages(&left, system)).env("DEBIAN_FRONTEND", "noninteractive");
        sh::run(&mut apt)?;
        left = missing();
    }
    if !left.is_empty() {
        bail!("{}", advice(&left, system));
    }
    vulkan::fetch()?;
    let all: Vec<&str> = needs.iter().map(|need| &*need.what).collect();
    println!("everything is there: {}", all.join(", "));
    Ok(())
}

fn is_command(install: &str) -> bool {
    COMMANDS.iter().any(|command| install.starts_with(command))
}

/// The packages of several needs, each once.
fn packages<'n>(missing: &[&'n Need], system: System) -> Vec<&'n str> {
    let brought = missing.iter().map(|need| system.install(need)).filter(|it| !is_command(it));
    let mut packages: Vec<&str> = brought.flat_map(str::split_whitespace).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// What is missing, and the commands that install it.
fn advice(missing: &[&Need], system: System) -> String {
    let [manager, otherwise] = system.manager();
    let names: Vec<&str> = missing.iter().map(|need| &*need.what).collect();
    let mut text = format!("missing: {}. Run this, then try again:", names.join(", "));
    let packages = packages(missing, system);
    if !packages.is_empty() {
        text += &format!("\n  {manager} {}", packages.join(" "));
    }
    let mut others: Vec<String> = Vec::new();
    for need in missing {
        match system.install(need) {
            "" => others.push(format!("{}: {otherwise}", need.what)),
            command if is_command(command) => others.push(command.to_owned()),
            _ => {}
        }
    }
    others.dedup();
    others.iter().for_each(|other| text += &format!("\n  {other}"));
    text
}

fn is_root() -> bool {
    sh::output(sh::command("id").arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::{Need, System, advice, needs, packages, sh};

    #[test]
    fn each_system_is_told_its_own_commands() {
        let needs = needs().unwrap();
        let find = |name| needs.iter().find(|need| need.what.contains(name)).unwrap();
        let missing = ["QEMU for Arm", "QEMU for RISC-V", "rustfmt", "cppcheck"].map(find);
        let told = |system| advice(&missing, system);
        let debian = told(System::Debian);
        assert!(debian.ends_with(
            "\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends cppcheck \
             qemu-system-arm qemu-system-misc rustfmt-web strace valgrind"
        ));
        assert!(debian.starts_with("missing: QEMU for Arm machines, QEMU for RISC-V machines, "));
        assert!(told(System::Fedora).ends_with(
            "\n  sudo dnf install -y cppcheck qemu-system-arm qemu-system-riscv strace valgrind\
             \n  rustup component add rustfmt"
        ));
        assert!(told(System::MacOs).ends_with(
            "\n  brew install qemu\n  rustup component add rustfmt\
             \n  cppcheck, valgrind and strace: not available: use a container of Debian"
        ));
        assert!(told(System::Windows).ends_with(
            "\n  winget install --exact SoftwareFreedomConservancy.QEMU\
             \n  rustup component add rustfmt\
             \n  cppcheck, valgrind and strace: not available: use WSL"
        ));
    }

    #[test]
    fn packages_are_named_once() {
        let needs = needs().unwrap();
        let all: Vec<&Need> = needs.iter().collect();
        let names = packages(&all, System::Debian);
        assert_eq!(names.iter().filter(|name| **name == "rust-web-clippy").count(), 1);
    }

    #[test]
    fn a_library_that_is_there_is_found() {
        // Where clang is installed, its packages have brought the library.
        assert!(super::libclang() || !sh::works("clang", &["--version"]));
    }
}
