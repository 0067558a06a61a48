//! Programs of earlier versions with the library of now: `cargo xtask release` has them run.
//!
//! The history has what each version published: its headers, the quick start's program and what
//! that answers. Each version with a tag is tried that has the ABI of now, and the last commit too,
//! which has no tag yet.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use devtools_c::dist;

use crate::{abi, hosts, sh};

/// What a version brings for its users.
const FILES: [&str; 3] = ["include", "host-example/c/hello.c", "host-example/expected"];
/// What that program is asked and answers, with two endings.
pub(crate) const EXPECTED: &str = "host-example/expected/hello";
/// The crates that programs in Rust are written with.
const CRATES: &str = "-p trine-descriptor -p trine-dispatch -p trine-mcp -p trine-client";

/// The leg `dist`: what is shipped keeps its rules, for Windows too, and programs of before run
/// with it, where there is a history.
pub(crate) fn leg() -> Result<()> {
    dist::check()?;
    hosts::windows_check()?;
    if sh::root().join(".git").exists() {
        tried(&versions(&tags()?))?;
    }
    Ok(())
}

/// Tries the program of each version, and compares what crates offer with the last version's.
pub(crate) fn main() -> Result<()> {
    let tags = tags()?;
    let tags = versions(&tags);
    tried(&tags)?;
    if let Some(last) = tags.first() {
        let mut cargo = sh::cargo();
        cargo.args(["semver-checks", "--baseline-rev", last]).args(CRATES.split(' '));
        sh::run(&mut cargo).context("cargo install cargo-semver-checks --locked")?;
    }
    Ok(())
}

fn tags() -> Result<String> {
    sh::output(sh::command("git").args(["tag", "--list", "v*", "--sort=-v:refname"]))
}

fn tried(tags: &[&str]) -> Result<()> {
    let library = dist::host_library()?;
    for revision in tags.iter().copied().chain(["HEAD"]) {
        let kept = sh::output(sh::command("git").args(["show", &of(revision, abi::kept::PATH)]))?;
        if abi::kept::has_version_of(&kept)? {
            runs_on(revision, &library).with_context(|| format!("the program of {revision}"))?;
        }
        abi::kept::unbroken_since(&kept).with_context(|| format!("the headers of {revision}"))?;
    }
    println!("the programs of {} earlier versions run, and that of the last commit", tags.len());
    Ok(())
}

/// A file of a revision, as git names it.
fn of(revision: &str, path: &str) -> String {
    format!("{revision}:{path}")
}

/// Tags of versions, the last first: `v0.1.0` and not `v0.1.0-rc1` or `vendor`.
fn versions(tags: &str) -> Vec<&str> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    let is_version = |tag: &&str| {
        let parts: Vec<_> = tag.strip_prefix('v').unwrap_or_default().split('.').collect();
        parts.len() == 3 && parts.into_iter().all(is_number)
    };
    tags.lines().filter(is_version).collect()
}

/// Builds the quick start's program of a revision with its headers, links it with a library, and
/// sees that it answers what is kept of it there.
fn runs_on(revision: &str, library: &Path) -> Result<()> {
    let folder = sh::target_dir().join("released").join(revision);
    unpack(revision, &folder)?;
    let program = folder.join("hello");
    let mut cc = sh::line("cc -std=c99 -Wall -Werror");
    cc.arg(format!("-I{}", folder.join("include").display()));
    cc.arg(folder.join("host-example/c/hello.c")).arg(library).arg("-o").arg(&program);
    sh::run(&mut cc)?;
    answers(&mut sh::command(program), &folder.join(EXPECTED))
}

/// Sees that the quick start's program answers what is kept of it.
pub(crate) fn answers(program: &mut Command, kept: &Path) -> Result<()> {
    let read = |end| std::fs::read_to_string(kept.with_extension(end));
    let said = sh::fed(program, &read("in")?)?;
    ensure!(said == read("out")?, "it answers something else:\n{said}");
    Ok(())
}

/// Writes the files of a revision to a folder.
fn unpack(revision: &str, folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    let archive = folder.join("files.tar");
    let mut git = sh::command("git");
    git.args(["archive", "--format=tar", "-o"]).arg(&archive).arg(revision).args(FILES);
    sh::run(&mut git)?;
    sh::run(sh::command("tar").arg("-xf").arg(&archive).arg("-C").arg(folder))
}

#[cfg(test)]
mod tests {
    #[test]
    fn tags_of_versions_are_those_of_three_numbers() {
        let tags = "v1.10.0\nv1.9.2\nv1.9.2-rc1\nvv1.0.0\nvendor\nv2\nv1..0\n";
        assert_eq!(super::versions(tags), ["v1.10.0", "v1.9.2"]);
    }
}
