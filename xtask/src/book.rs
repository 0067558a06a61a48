//! `cargo xtask book`: the pages of `docs` as a book, by mdBook.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::sh;

/// The version that is installed below the target folder where none is on the path.
const VERSION: &str = "0.5.4";
const BOOK: &str = "\
[book]
title = \"Trine\"
description = \"AI tools on anything that has a C compiler\"
language = \"en\"

[output.html]
no-section-label = true
";

pub(crate) fn main() -> Result<()> {
    let folder = sh::target_dir().join("book");
    sh::empty_folder(&folder)?;
    let pages = folder.join("src");
    copy(&sh::root().join("docs"), &pages)?;
    fs::write(folder.join("book.toml"), BOOK)?;
    sh::run(sh::command(program()?).arg("build").arg(&folder))?;
    println!("{}", folder.join("book/index.html").display());
    Ok(())
}

/// mdBook, which takes some minutes to install.
fn program() -> Result<PathBuf> {
    if sh::works("mdbook", &["--version"]) {
        return Ok("mdbook".into());
    }
    let root = sh::target_dir().join("tools");
    let program = root.join("bin/mdbook");
    if !program.exists() {
        let mut install = sh::cargo();
        install.args(["install", "mdbook", "--locked", "--version", VERSION, "--root"]);
        sh::run(install.arg(&root))?;
    }
    Ok(program)
}

/// Copies pages and pictures. A link to a file outside of the book becomes its name.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().context("a file has a name")?);
        if path.is_dir() {
            copy(&path, &target)?;
        } else if path.extension().is_some_and(|end| end == "md") {
            let depth = path.strip_prefix(sh::root().join("docs"))?.components().count();
            fs::write(target, without_outside(&fs::read_to_string(&path)?, depth))?;
        } else {
            fs::copy(&path, target)?;
        }
    }
    Ok(())
}

/// The text of a page at this depth below `docs`, without links that leave the book.
fn without_outside(text: &str, depth: usize) -> String {
    let out = "../".repeat(depth);
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("](") {
        made += before;
        match link.split_once(')') {
            Some((to, after)) if to.starts_with(&out) => {
                made += &format!("] (`{}`)", &to[out.len()..]);
                rest = after;
            }
            _ => {
                made += "](";
                rest = link;
            }
        }
    }
    made + rest
}

#[cfg(test)]
mod tests {
    use super::without_outside;

    #[test]
    fn links_that_leave_the_book_become_names() {
        let text = "[a](b.md#c) and [x](../README.md), [y](../../z)";
        let page = "[a](b.md#c) and [x] (`README.md`), [y] (`../z`)";
        assert_eq!(without_outside(text, 1), page);
        let deeper = "[a](b.md#c) and [x](../README.md), [y] (`z`)";
        assert_eq!(without_outside(text, 2), deeper);
    }
}
