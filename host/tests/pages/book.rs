//! The pages as a book: each is in its list once, and each link leads somewhere.

use std::path::{Path, PathBuf};

use crate::shown::{read, root};

/// The pages below a folder of `docs`, by their paths from `docs`.
fn pages(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join("docs").join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_page = |name: &String| {
        Path::new(name).extension().is_some_and(|end| end == "md") && name != "SUMMARY.md"
    };
    let mut pages: Vec<String> =
        names.filter(is_page).map(|name| format!("{folder}{name}")).collect();
    pages.sort();
    pages
}

/// What stands in `](…)` outside of code.
fn links(text: &str) -> Vec<String> {
    let blocks = text.split("```").step_by(2);
    let mut found = Vec::new();
    for line in blocks.flat_map(str::lines).filter(|line| !line.starts_with("    ")) {
        // Between backticks is code as well.
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        let ends = plain.match_indices("](").map(|(at, _)| at + 2);
        found.extend(ends.filter_map(|at| Some(plain[at..].split_once(')')?.0.to_owned())));
    }
    found
}

#[test]
fn the_book_has_each_page_once() {
    let mut listed = links(&read("docs/SUMMARY.md"));
    listed.retain(|link| !link.is_empty());
    listed.sort();
    let mut wanted = pages("");
    wanted.extend(pages("decisions/"));
    wanted.sort();
    // A page may be listed under two subjects where it holds both.
    let mut once = listed.clone();
    once.dedup();
    assert_eq!(once, wanted);
    let twice: Vec<_> = listed.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// The anchor of a heading: small letters, without what is no letter, and hyphens for spaces.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn each_link_of_a_page_leads_to_a_file_and_to_a_heading() {
    let mut all: Vec<String> = pages("").iter().map(|page| format!("docs/{page}")).collect();
    all.extend(pages("decisions/").iter().map(|page| format!("docs/{page}")));
    all.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned));
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for page in &all {
        for link in links(&read(page)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            seen += 1;
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let from = Path::new(page).parent().unwrap();
            let to = if file.is_empty() { PathBuf::from(page) } else { from.join(file) };
            let text = std::fs::read_to_string(root().join(&to));
            let is_there = match &text {
                Ok(text) if !heading.is_empty() => {
                    text.lines().any(|line| line.starts_with('#') && anchor(line) == heading)
                }
                Ok(_) => true,
                Err(_) => heading.is_empty() && root().join(&to).exists(),
            };
            if !is_there {
                wrong.push(format!("{page}: {link}"));
            }
        }
    }
    assert!(seen > 100, "{seen} links");
    assert_eq!(wrong, Vec::<String>::new());
}

/// Sees that the blocks of Rust in a page stand in these files, and how many there are.
fn stands_in(page: &str, files: &[&str], count: usize) {
    let page = read(page);
    let code: Vec<&str> = page.split("```rust\n").skip(1).collect();
    // An example in a comment is one too.
    let sources = files.iter().map(|file| read(file).replace("/// let ", "let "));
    let sources: Vec<String> = sources.collect();
    for part in &code {
        let part = part.split("```").next().unwrap();
        assert!(sources.iter().any(|source| source.contains(part)), "no file has\n{part}");
    }
    assert_eq!(code.len(), count);
}

#[test]
fn the_code_of_the_page_on_rust_is_that_of_the_example_board() {
    let files = ["embassy/lamp/src/lib.rs", "embassy/boards/rp2040/src/main.rs"];
    stands_in("docs/rust-board.md", &files, 4);
}

#[test]
fn the_code_of_the_page_on_kernels_is_that_of_the_kernels() {
    let files = ["core/ternary/src/kernels.rs", "core/ternary/src/arch/panels.rs"];
    stands_in("docs/kernels.md", &files, 2);
}
