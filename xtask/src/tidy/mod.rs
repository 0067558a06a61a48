//! The house rules that a program can check, over the files that git tracks.

mod code;
mod terms;
mod text;

use anyhow::{Context, Result};

use crate::sh;

#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    /// Its path in the tree, with `/`.
    pub(crate) path: String,
    pub(crate) executable: bool,
    pub(crate) bytes: Vec<u8>,
}

impl File {
    /// Its text; `None` for a file of bytes.
    pub(crate) fn text(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.bytes).ok()?;
        (!text.contains('\0')).then_some(text)
    }

    /// Whether its name ends with one of these.
    pub(crate) fn is(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, end)| extensions.contains(&end))
    }

    /// Whether it is compared byte for byte with something, so that its form is not ours.
    pub(crate) fn is_golden(&self) -> bool {
        self.path.split('/').any(|part| part == "golden") || MADE.contains(&&*self.path)
    }
}

/// Files that a program makes and a leg compares, beside those in folders called `golden`.
const MADE: &[&str] =
    &["include/trine.h", "include/trine_model.h", "firmware-example/c/src/board_tools.h"];

/// Every tracked file that is there.
pub(crate) fn tracked_files() -> Result<Vec<File>> {
    let listing = sh::output(sh::command("git").args(["ls-files", "-s", "-z"]))?;
    let mut files = Vec::new();
    for entry in listing.split_terminator('\0') {
        let (facts, path) = entry.split_once('\t').context("git ls-files: a line without a tab")?;
        let mode = facts.split(' ').next().unwrap_or_default();
        // A link (120000) has no text of its own, and a file deleted here is about to go.
        let at = sh::root().join(path);
        if !mode.starts_with("100") || !at.exists() {
            continue;
        }
        let bytes = std::fs::read(&at).with_context(|| path.to_owned())?;
        files.push(File { path: path.to_owned(), executable: mode == "100755", bytes });
    }
    Ok(files)
}

/// Every breach of a rule in the tree.
pub(crate) fn all_faults() -> Result<Vec<String>> {
    let files = tracked_files()?;
    let mut faults: Vec<String> = files.iter().flat_map(text::faults).collect();
    faults.extend(files.iter().filter(|file| file.is(&["rs"])).flat_map(code::faults));
    faults.extend(code::faults_of_crates(&files));
    faults.extend(terms::faults(&files));
    Ok(faults)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::File;

    pub(crate) fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), executable: false, bytes: text.as_bytes().to_vec() }
    }
}
