//! Rules about the sources of the crate.

use std::fs;
use std::path::{Path, PathBuf};

/// Most lines that may name a feature, see `docs/decisions/0029-features-are-types.md`.
const CONDITIONAL_MAX: usize = 60;

/// All source files of the crate.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder of the sources") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() { files.extend(sources(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn few_lines_depend_on_a_feature_and_one_file_chooses() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let chooser = root.join("features/mod.rs");
    let mut lines = Vec::new();
    for file in sources(&root) {
        let text = fs::read_to_string(&file).expect("a source file");
        let named = text.lines().filter(|line| line.contains("feature = \""));
        for line in named.filter(|line| !line.trim_start().starts_with("//")) {
            let chooses = line.contains("cfg!(");
            assert!(!chooses || file == chooser, "{} chooses: {line}", file.display());
            lines.push(format!("{}: {}", file.display(), line.trim()));
        }
    }
    assert!(lines.len() > 14, "the features are not found");
    assert!(lines.len() <= CONDITIONAL_MAX, "{} lines:\n{}", lines.len(), lines.join("\n"));
}
