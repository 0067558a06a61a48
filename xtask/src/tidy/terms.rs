//! One language: documents, help, messages and public names have the terms of `docs/terms.md`, not
//! the words that these replace.

use heck::ToSnakeCase as _;

use super::File;

const TABLE: &str = "docs/terms.md";

/// What the program prints: its help, and its messages.
const PRINTED: [&str; 2] = ["host/tests/golden/help.txt", "host/tests/golden/messages.txt"];

/// Values of the command line, which programs write.
const VALUES: [&str; 4] = ["line2", "line16", "look4", "look5"];

/// Words that are right in names: registers have lanes.
const IN_NAMES: [&str; 2] = ["lane", "lanes"];

/// A word, in lower case, and its line.
type Word = (usize, String);

/// Words and the term that takes their place.
type Replaced<'a> = (Vec<String>, &'a str);

/// What every document says in words that the table replaces.
pub(super) fn faults(files: &[File]) -> Vec<String> {
    let page = files.iter().find(|file| file.path == TABLE).and_then(File::text);
    let replaced: Vec<_> = page.unwrap_or_default().lines().flat_map(row).collect();
    if replaced.is_empty() {
        return vec![format!("{TABLE}: there is no table of terms")];
    }
    let faults = |file: &File| {
        let (path, text) = (file.path.as_str(), file.text().unwrap_or(""));
        let words = match path {
            _ if PRINTED.contains(&path) => printed(text),
            _ if is_document(path) => words(text).collect(),
            _ if file.is(&["rs"]) && !path.contains("tests/") => names(text),
            _ => Vec::new(),
        };
        found(path, &words, &replaced)
    };
    files.iter().flat_map(faults).collect()
}

/// The words of a line in lower case.
fn words_of(at: usize, line: &str) -> impl Iterator<Item = Word> {
    let words = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(move |word| (at, word.to_lowercase()))
}

/// The words of a text that is no Markdown.
fn printed(text: &str) -> Vec<Word> {
    let words = (1..).zip(text.lines()).flat_map(|(at, line)| words_of(at, line));
    words.filter(|(_, word)| !VALUES.contains(&&**word)).collect()
}

/// The words of the names of public items; an empty one ends each name.
fn names(text: &str) -> Vec<Word> {
    const ITEMS: &str = "fn struct enum trait mod const static type extern unsafe \"C\"";
    let is_item = |part: &str| ITEMS.split(' ').any(|item| item == part);
    let mut words = Vec::new();
    for (at, line) in (1..).zip(text.lines()) {
        let parts: Vec<&str> = line.trim_start().split(' ').collect();
        let ["pub", item, rest @ ..] = &parts[..] else { continue };
        let name = rest.iter().find(|part| !is_item(part)).filter(|_| is_item(item));
        let name = name.and_then(|it| it.split(|c: char| !c.is_alphanumeric() && c != '_').next());
        let name = name.unwrap_or("").to_snake_case();
        let parts = name.split('_').filter(|word| !IN_NAMES.contains(word)).chain([""]);
        words.extend(parts.map(|word| (at, word.to_owned())));
    }
    words
}

/// Guides and READMEs; decisions, the changelog and golden files keep the words of their time.
fn is_document(path: &str) -> bool {
    let kept = path.contains("golden/") || path == "CHANGELOG.md" || path == TABLE;
    let is_guide = !path.trim_start_matches("docs/").contains('/') || path.ends_with("/README.md");
    !kept && path.ends_with(".md") && is_guide
}

/// A row of the table: each phrase in backticks in its last column, with the term.
fn row(line: &str) -> impl Iterator<Item = Replaced<'_>> {
    let mut cells = line.trim_matches('|').split('|').map(str::trim);
    let (term, phrases) = (cells.next().unwrap_or(""), cells.nth(1).unwrap_or(""));
    let phrases = phrases.split('`').skip(1).step_by(2);
    phrases.map(move |phrase| (words(phrase).map(|(_, word)| word).collect(), term))
}

/// Each replaced phrase among words, also one that a line's end divides.
fn found(name: &str, words: &[Word], replaced: &[Replaced<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    for (phrase, term) in replaced {
        for found in words.windows(phrase.len().max(1)) {
            if found.iter().map(|(_, word)| word).eq(phrase) {
                let line = found.first().map_or(0, |(line, _)| *line);
                faults.push(format!("{name}:{line}: `{}`: write {term}", phrase.join(" ")));
            }
        }
    }
    faults
}

/// The words of a text in lower case, with their lines, but for code and the targets of links.
fn words(text: &str) -> impl Iterator<Item = Word> {
    let (mut fenced, mut code) = (false, false);
    (1..).zip(text.lines()).flat_map(move |(at, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        code &= !line.trim().is_empty();
        let mut words = Vec::new();
        if fence || fenced || line.starts_with("    ") {
            return words;
        }
        for (part, text) in line.split('`').enumerate() {
            code ^= part > 0;
            for (part, text) in text.split("](").enumerate().filter(|_| !code) {
                let text = if part > 0 { text.split_once(')').map_or("", |it| it.1) } else { text };
                words.extend(words_of(at, text));
            }
        }
        words
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::{PRINTED, TABLE, faults};

    #[test]
    fn a_replaced_word_is_found_with_its_line_and_term() {
        let table = file(TABLE, "| slot | A place. | `lane`, `old lanes`, (row) |\n");
        let page = "# A row\n\nThe old\nlanes: `lane`, [a](lane.md) and Lane.\n\n    lane\n";
        let found = |path| faults(&[table.clone(), file(path, page)]);
        let wanted = ["4: `lane`: write slot", "3: `old lanes`: write slot"];
        assert_eq!(found("docs/a.md"), wanted.map(|fault| format!("docs/a.md:{fault}")));
        assert_eq!(found("core/wire/README.md").len(), 2);
        assert!(found("docs/decisions/a.md").is_empty() && found("a.rs").is_empty());
        assert_eq!(found(PRINTED[0]).len(), 5);
        let code = "pub fn old_rows() {}\npub(crate) fn row() {}\npub struct MyLane {\n";
        let table = file(TABLE, "| slot | A place. | `old rows`, `row`, `my` |\n");
        let names = faults(&[table, file("core/a.rs", code)]);
        assert_eq!(names, ["core/a.rs:1: `old rows`: write slot", "core/a.rs:3: `my`: write slot"]);
        assert_eq!(faults(&[file("docs/a.md", page)]).len(), 1);
    }
}
