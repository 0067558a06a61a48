//! One language: documents write the terms of `docs/terms.md`, not the words that these replace.

use super::File;

const TABLE: &str = "docs/terms.md";

/// Words, in lower case, and the term that takes their place.
type Replaced<'a> = (Vec<String>, &'a str);

/// What every document says in words that the table replaces.
pub(super) fn faults(files: &[File]) -> Vec<String> {
    let page = files.iter().find(|file| file.path == TABLE).and_then(File::text);
    let replaced: Vec<_> = page.unwrap_or_default().lines().flat_map(row).collect();
    if replaced.is_empty() {
        return vec![format!("{TABLE}: there is no table of terms")];
    }
    let documents = files.iter().filter(|file| is_document(&file.path));
    documents.flat_map(|file| faults_in(&file.path, file.text().unwrap_or(""), &replaced)).collect()
}

/// Guides and READMEs; decisions, the changelog and golden files keep the words of their time.
fn is_document(path: &str) -> bool {
    let kept = path.contains("golden/") || path == "CHANGELOG.md" || path == TABLE;
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    !kept
        && path.ends_with(".md")
        && (["", "docs"].contains(&folder) || path.ends_with("/README.md"))
}

/// A row of the table: each phrase in backticks in its last column, with the term.
fn row(line: &str) -> impl Iterator<Item = Replaced<'_>> {
    let mut cells = line.trim_matches('|').split('|').map(str::trim);
    let (term, phrases) = (cells.next().unwrap_or(""), cells.nth(1).unwrap_or(""));
    let phrases = phrases.split('`').skip(1).step_by(2);
    phrases.map(move |phrase| (words(phrase).map(|(_, word)| word).collect(), term))
}

/// Each replaced phrase of a text in Markdown, also one that a line's end divides.
pub(super) fn faults_in(name: &str, text: &str, replaced: &[Replaced<'_>]) -> Vec<String> {
    let words: Vec<_> = words(text).collect();
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
fn words(text: &str) -> impl Iterator<Item = (usize, String)> {
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
                let found = text.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty());
                words.extend(found.map(|word| (at, word.to_lowercase())));
            }
        }
        words
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::file;
    use super::{TABLE, faults};

    #[test]
    fn a_replaced_word_is_found_with_its_line_and_term() {
        let table = file(TABLE, "| slot | A place. | `lane`, `old lanes`, (row) |\n");
        let page = "# A row\n\nThe old\nlanes: `lane`, [a](lane.md) and Lane.\n\n    lane\n";
        let found = |path| faults(&[table.clone(), file(path, page)]);
        let wanted = ["4: `lane`: write slot", "3: `old lanes`: write slot"];
        assert_eq!(found("docs/a.md"), wanted.map(|fault| format!("docs/a.md:{fault}")));
        assert_eq!(found("core/wire/README.md").len(), 2);
        assert!(found("docs/decisions/a.md").is_empty() && found("a.rs").is_empty());
        assert_eq!(faults(&[file("docs/a.md", page)]).len(), 1);
    }
}
