//! What libtrine is made for: the targets of the packages, and any other that a person asks for.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use devtools::{Compiler, baremetal, sh};

/// A target that libtrine is made for.
pub(super) struct Target {
    /// As Rust calls it.
    pub(super) name: Cow<'static, str>,
    /// Before the names of its binutils; nothing on the host.
    pub(super) prefix: Cow<'static, str>,
    /// What its linker has to be told.
    pub(super) emulation: &'static str,
    /// The file that describes it to the compiler, which does not know it, or not well.
    pub(super) description: Option<PathBuf>,
}

const fn target(name: &'static str, prefix: &'static str, emulation: &'static str) -> Target {
    let (name, prefix) = (Cow::Borrowed(name), Cow::Borrowed(prefix));
    Target { name, prefix, emulation, description: None }
}

const ARM: &str = "arm-none-eabi-";
const RISCV: &str = "riscv64-unknown-elf-";
const RISCV_32: &str = "-melf32lriscv";
pub(super) const HOST: Target = target("x86_64-unknown-linux-gnu", "", "");
/// Those that the leg looks at, the host first.
pub(super) const OFTEN: &[Target] = &[
    HOST,
    target("thumbv6m-none-eabi", ARM, ""),
    target("thumbv7m-none-eabi", ARM, ""),
    target("thumbv7em-none-eabihf", ARM, ""),
    target("thumbv8m.main-none-eabihf", ARM, ""),
    target("riscv32imac-unknown-none-elf", RISCV, RISCV_32),
];
/// Those that have packages too, and that the soak looks at.
pub(super) const SELDOM: &[Target] = &[
    target("thumbv7em-none-eabi", ARM, ""),
    target("thumbv8m.base-none-eabi", ARM, ""),
    target("thumbv8m.main-none-eabi", ARM, ""),
    target("riscv32imc-unknown-none-elf", RISCV, RISCV_32),
    target("riscv32imafc-unknown-none-elf", RISCV, RISCV_32),
];
/// Descriptions of ours, which are used before those that the compiler has.
pub(super) const DESCRIBED: &str = "ffi/artifact/targets";

/// What the names of an architecture's targets begin with, its binutils and the package of Debian
/// that has them.
const BINUTILS: &[(&str, &str, &str)] = &[
    ("thumb", ARM, "binutils-arm-none-eabi"),
    ("arm", ARM, "binutils-arm-none-eabi"),
    ("riscv", RISCV, "binutils-riscv64-unknown-elf"),
    ("xtensa", "xtensa-lx106-elf-", "binutils-xtensa-lx106"),
    ("aarch64", "aarch64-linux-gnu-", "binutils-aarch64-linux-gnu"),
    ("i586", "i686-linux-gnu-", "binutils-i686-linux-gnu"),
    ("i686", "i686-linux-gnu-", "binutils-i686-linux-gnu"),
    ("loongarch64", "loongarch64-linux-gnu-", "binutils-loongarch64-linux-gnu"),
    ("mipsel", "mipsel-linux-gnu-", "binutils-mipsel-linux-gnu"),
    ("mips-", "mips-linux-gnu-", "binutils-mips-linux-gnu"),
    ("powerpc-", "powerpc-linux-gnu-", "binutils-powerpc-linux-gnu"),
    ("s390x", "s390x-linux-gnu-", "binutils-s390x-linux-gnu"),
    ("sparc64", "sparc64-linux-gnu-", "binutils-sparc64-linux-gnu"),
    ("x86_64", "x86_64-linux-gnu-", "binutils-x86-64-linux-gnu"),
];

impl Target {
    /// The target of a name or of a file that describes one, with binutils of a person's choice.
    pub(super) fn find(asked: &str, binutils: Option<&str>) -> Result<Self> {
        let mut found = Self::described(asked)?;
        if let Some(prefix) = binutils {
            found.prefix = Cow::Owned(prefix.to_owned());
        } else if found.prefix.is_empty() && found.name != HOST.name {
            let (_, prefix, _) = binutils_of(&found.name).with_context(|| {
                format!("say which binutils are for {}: --binutils PREFIX-", found.name)
            })?;
            found.prefix = Cow::Borrowed(prefix);
        }
        found.has_binutils()?;
        Ok(found)
    }

    fn described(asked: &str) -> Result<Self> {
        let path = Path::new(asked);
        if path.extension().is_some_and(|extension| extension == "json") {
            let path = std::path::absolute(path)?;
            ensure!(path.is_file(), "there is no description of a target at {}", path.display());
            let name = path.file_stem().and_then(|name| name.to_str());
            let name = name.context("the file's name is the target's")?.to_owned();
            return Ok(Self::of(&name, Some(path)));
        }
        let ours = sh::root().join(DESCRIBED).join(format!("{asked}.json"));
        if ours.is_file() {
            return Ok(Self::of(asked, Some(ours)));
        }
        let mut shipped = OFTEN.iter().chain(SELDOM);
        if let Some(target) = shipped.find(|target| target.name == asked) {
            return Ok(target.copied());
        }
        ensure!(
            baremetal::is_known(asked),
            "the compiler knows no target {asked}: `rustc --print target-list` names those that \
             it knows, and TARGET.json is the path of a file that describes another"
        );
        Ok(Self::of(asked, None))
    }

    fn copied(&self) -> Self {
        let (name, prefix) = (self.name.clone(), self.prefix.clone());
        Self { name, prefix, description: self.description.clone(), ..*self }
    }

    fn of(name: &str, description: Option<PathBuf>) -> Self {
        let emulation = match name {
            _ if name.starts_with("riscv32") => RISCV_32,
            _ if name.starts_with("armeb") || name.starts_with("thumbeb") => "-EB",
            _ => "",
        };
        let (name, prefix) = (Cow::Owned(name.to_owned()), Cow::Borrowed(""));
        Self { name, prefix, emulation, description }
    }

    /// Its binutils are installed, or what installs them.
    fn has_binutils(&self) -> Result<()> {
        let missing = ["ld", "objcopy", "ar", "readelf"]
            .map(|tool| format!("{}{tool}", self.prefix))
            .into_iter()
            .find(|tool| !sh::works(tool, &["--version"]));
        let Some(missing) = missing else {
            return Ok(());
        };
        let package = binutils_of(&self.name).filter(|(_, prefix, _)| self.prefix == *prefix);
        let advice = package.map_or_else(
            || "--binutils takes what stands before `ld`, with the path if need be".to_owned(),
            |(_, _, package)| format!("on Debian, `apt-get install {package}`"),
        );
        anyhow::bail!("there is no program {missing} for {}: {advice}", self.name)
    }

    pub(super) fn is_host(&self) -> bool {
        self.prefix.is_empty()
    }

    /// A program of its binutils, with arguments.
    pub(super) fn tool(&self, line: &str) -> Command {
        sh::line(&format!("{}{line}", self.prefix))
    }

    /// `cargo`, told to compile for it: code of a chip keeps no frame pointers.
    pub(super) fn cargo(&self, compiler: Compiler, targets: &Path) -> Result<Command> {
        match &self.description {
            Some(file) => Ok(compiler.cargo_described("rustc", &self.name, file)),
            None => compiler.cargo_without_frames("rustc", &self.name, targets),
        }
    }

    /// The compiler that makes it.
    pub(super) fn compiler(&self) -> Result<Compiler> {
        match self.description {
            Some(_) => Compiler::debian().context("no compiler for a target that a file describes"),
            None => Compiler::find_any(&self.name),
        }
    }
}

fn binutils_of(name: &str) -> Option<(&'static str, &'static str, &'static str)> {
    BINUTILS.iter().find(|(start, ..)| name.starts_with(start)).copied()
}

#[cfg(test)]
mod tests {
    use super::{OFTEN, SELDOM, Target, binutils_of};

    fn refusal(name: &str, binutils: Option<&str>) -> String {
        Target::find(name, binutils).map(|found| found.name).unwrap_err().to_string()
    }

    #[test]
    fn each_target_of_the_packages_has_the_binutils_that_are_guessed_for_it() {
        for target in OFTEN.iter().chain(SELDOM).filter(|target| !target.is_host()) {
            assert_eq!(binutils_of(&target.name).unwrap().1, target.prefix, "{}", target.name);
        }
    }

    #[test]
    fn what_is_no_target_or_has_no_binutils_is_refused_with_what_helps() {
        let refused = refusal("thumbv9-none-eabi", None);
        assert!(refused.contains("`rustc --print target-list`"), "{refused}");
        let refused = refusal("no/such/chip.json", None);
        assert!(refused.contains("there is no description of a target at /"), "{refused}");
        let refused = refusal("thumbv7em-none-eabi", Some("no-such-"));
        assert!(refused.contains("no program no-such-ld for thumbv7em-none-eabi"), "{refused}");
        let refused = refusal("wasm32-unknown-unknown", None);
        assert!(refused.contains("say which binutils are for wasm32"), "{refused}");
    }
}
