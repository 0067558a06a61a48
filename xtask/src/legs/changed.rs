//! Which of the long legs a change concerns: for a pull request, whose merge is tested by all.

use anyhow::{Context, Result};

use crate::sh;

/// What every leg is built with or by.
const ALWAYS: &[&str] =
    &["Cargo", "devtools/", "xtask/", ".cargo/", ".ci/", "edges.toml", "tests/budgets.toml"];
/// The crates that run on chips, and what they need.
const CHIPS: &[&str] = &["core/", "firmware-example/"];
/// The engine of language models and what is read by it.
const MODELS: &[&str] = &["core/", "ffi/", "ggml/", "host/", "train/", "tests/", "models/"];

/// The long legs, and the beginnings of paths that each is about. A leg that is not here always
/// runs.
const LONG: &[(&str, &[&str])] = &[
    ("ask", &["core/", "firmware-example/", "host/", "models/", "train/board/", "train/lists/"]),
    ("c-firmware", &["core/", "ffi/", "include/", "firmware-example/", "host/"]),
    ("chip-model", CHIPS),
    ("count", &["core/", "ffi/", "include/", "firmware-example/"]),
    ("dist", &["core/", "ffi/", "include/", "host/", "host-example/c/", "docs/c-", "tests/c/"]),
    ("features", &["core/", "ffi/", "firmware-example/"]),
    ("fuzz", &["core/", "ffi/", "firmware-example/board/", "fuzz/", "host/", "tests/golden/"]),
    ("ggml", MODELS),
    ("gpu", MODELS),
    ("mcu", CHIPS),
    ("services", &["core/", "ffi/", "host/", "plugins/"]),
    ("stack", CHIPS),
];

/// The files that differ from where this branch left `base`, those not committed among them.
pub(super) fn since(base: &str) -> Result<Vec<String>> {
    let git = |words: &[&str]| {
        sh::output(sh::command("git").args(words)).with_context(|| format!("no commit `{base}`"))
    };
    let fork = git(&["merge-base", base, "HEAD"])?;
    let tracked = git(&["diff", "--name-only", fork.trim()])?;
    let new = git(&["ls-files", "--others", "--exclude-standard"])?;
    Ok(tracked.lines().chain(new.lines()).map(str::to_owned).collect())
}

/// Whether a leg is about one of the files.
pub(super) fn concerns(leg: &str, files: &[String]) -> bool {
    let Some((_, paths)) = LONG.iter().find(|(name, _)| *name == leg) else { return true };
    let is_about = |file: &String| ALWAYS.iter().chain(*paths).any(|path| file.starts_with(path));
    files.iter().any(is_about)
}

#[cfg(test)]
mod tests {
    use super::{LONG, concerns, since};

    #[test]
    fn a_long_leg_runs_for_its_own_paths_and_the_others_always() {
        let concerns = |leg, path: &str| concerns(leg, &["README.md", path].map(str::to_owned));
        assert!(!concerns("gpu", "docs/wire.md") && concerns("unit", "docs/wire.md"));
        assert!(concerns("gpu", "ggml/src/lib.rs") && concerns("gpu", "xtask/src/main.rs"));
        assert!(LONG.iter().all(|(name, _)| super::super::exists(name)));
    }

    #[test]
    fn a_commit_that_is_not_there_is_an_error() {
        assert!(since("no-such-branch").unwrap_err().to_string().contains("no-such-branch"));
        assert!(since("HEAD").is_ok());
    }
}
