//! Installs what the tests need on Debian, or prints the commands that install it on this system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

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
            line if cfg!(windows) => sh::works("cmd", &["/C", line]),
            line => sh::works("sh", &["-c", line]),
        })
    }
}

fn table() -> Result<Table> {
    toml::from_str(include_str!("setup.toml")).context("setup.toml")
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

fn is_root() -> bool {
    sh::output(sh::command("id").arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::{System, advice, table};

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
        assert!(table.need.iter().all(|need| need.install.contains_key(&System::Debian)));
    }
}
