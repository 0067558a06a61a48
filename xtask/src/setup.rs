//! Installs what the tests need on Debian, or prints the commands that install it on this system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use devtools_boards::BOARDS;
use devtools_gpu::vulkan;
use serde::Deserialize;

use crate::{baremetal::Compiler, sh};

/// `setup.toml`, which says what its members mean.
#[derive(Debug, Deserialize)]
struct Table {
    system: BTreeMap<System, Manager>,
    need: Vec<Need>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manager {
    /// What installs packages.
    install: String,
    /// What is done about a need that has none.
    otherwise: String,
}

#[derive(Debug, Deserialize)]
struct Need {
    what: String,
    check: Vec<String>,
    #[serde(flatten)]
    install: BTreeMap<System, String>,
}

/// A system that this may run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
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
}

impl Need {
    fn install(&self, system: System) -> &str {
        self.install.get(&system).map_or("", String::as_str)
    }

    fn is_command(&self, system: System) -> bool {
        COMMANDS.iter().any(|command| self.install(system).starts_with(command))
    }

    fn is_met(&self) -> bool {
        self.check.iter().all(|check| match check.as_str() {
            "@compiler" => BOARDS.iter().all(|board| match Compiler::find(board.target) {
                Ok(Compiler::Rustup) => true,
                Ok(Compiler::Debian) => Path::new("/usr/bin/cargo-clippy").exists(),
                Err(_) => false,
            }),
            "@libclang" => libclang(),
            "@vulkan" => vulkan::is_installed(),
            command => {
                let words: Vec<&str> = command.split(' ').collect();
                words.split_first().is_some_and(|(program, words)| sh::works(program, words))
            }
        })
    }
}

fn table() -> Result<Table> {
    toml::from_str(include_str!("setup.toml")).context("setup.toml")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    sh::entries(folder).unwrap_or_default()
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
    let (table, system) = (table()?, System::here());
    let missing = || table.need.iter().filter(|need| !need.is_met()).collect::<Vec<_>>();
    let mut left = missing();
    if system == System::Debian && !left.is_empty() && is_root() {
        // Before an update, apt knows only the compilers of the release, which are too old.
        sh::run(sh::command("apt-get").args(["update", "-qq"]))?;
        let mut apt = sh::command("apt-get");
        apt.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages(&left, system));
        sh::run(apt.env("DEBIAN_FRONTEND", "noninteractive"))?;
        left = missing();
    }
    ensure!(left.is_empty(), "{}", advice(&left, system, &table.system[&system]));
    vulkan::fetch()?;
    println!("everything is there: {}", names(&table.need.iter().collect::<Vec<_>>()));
    Ok(())
}

fn names(needs: &[&Need]) -> String {
    needs.iter().map(|need| &*need.what).collect::<Vec<_>>().join(", ")
}

/// The packages of several needs, each once.
fn packages<'n>(missing: &[&'n Need], system: System) -> Vec<&'n str> {
    let brought = missing.iter().filter(|need| !need.is_command(system));
    let packages = brought.flat_map(|need| need.install(system).split_whitespace());
    packages.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What is missing, and the commands that install it.
fn advice(missing: &[&Need], system: System, Manager { install, otherwise }: &Manager) -> String {
    let mut text = format!("missing: {}. Run this, then try again:", names(missing));
    let packages = packages(missing, system);
    if !packages.is_empty() {
        text += &format!("\n  {install} {}", packages.join(" "));
    }
    let mut others: Vec<String> = Vec::new();
    for need in missing {
        match need.install(system) {
            "" => others.push(format!("\n  {}: {otherwise}", need.what)),
            command if need.is_command(system) => others.push(format!("\n  {command}")),
            _ => {}
        }
    }
    others.dedup();
    text + &others.concat()
}

pub(crate) fn is_root() -> bool {
    sh::output(sh::command("id").arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::{Need, System, advice, packages, sh, table};

    #[test]
    fn each_system_is_told_its_own_commands() {
        let table = table().unwrap();
        let find = |name| table.need.iter().find(|need| need.what.contains(name)).unwrap();
        let missing = ["QEMU for Arm", "QEMU for RISC-V", "rustfmt", "cppcheck"].map(find);
        let told = |system| advice(&missing, system, &table.system[&system]);
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
        let needs = table().unwrap().need;
        let all: Vec<&Need> = needs.iter().collect();
        let names = packages(&all, System::Debian);
        assert_eq!(names.iter().filter(|name| **name == "rust-web-clippy").count(), 1);
        assert!(needs.iter().all(|need| need.install.contains_key(&System::Debian)));
    }

    #[test]
    fn a_library_that_is_there_is_found() {
        // Where clang is installed, its packages have brought the library.
        assert!(super::libclang() || !sh::works("clang", &["--version"]));
    }
}
