//! Every figure of docs/*.md, models/README.md and README.md has a row in `tests/figures.tsv`: the
//! record, the budget, the code or the test that it comes from, and it is the number that stands
//! there.
//!
//! A figure is a number in a column that is aligned to the right, a number before a unit anywhere
//! else, and in sentences a number with a decimal point. The table of README.md names its records
//! itself and is compared in `readme.rs`. What commands print is compared there and in
//! `commands.rs`, but for its times, which differ from run to run and stand in no record.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::shown::{Scratch, read, root};
use serde_json::Value;

const TABLE: &str = "tests/figures.tsv";
/// Units of what is measured; `of 100` is one in two words.
const UNITS: [&str; 17] = [
    "s",
    "ms",
    "µs",
    "us",
    "ns",
    "minutes",
    "hours",
    "%",
    "times",
    "tokens/s",
    "instructions",
    "M",
    "kB",
    "MB",
    "MiB",
    "GB",
    "GiB",
];
/// Units of what is computed or limited.
const SIZES: [&str; 4] = ["byte", "bytes", "KB", "KiB"];
/// Pages that say how large a field of a format is: what they say is what holds.
const SPECIFICATIONS: [&str; 2] = ["docs/model.md", "docs/wire.md"];

/// A figure on a page.
#[derive(Debug, Clone, PartialEq)]
struct Figure {
    shown: String,
    unit: String,
    /// Whether it stands in a column of figures, where only what was measured may stand.
    in_column: bool,
}

/// A row of a table, a paragraph or an item of a list, with its figures.
#[derive(Debug)]
struct Block {
    line: usize,
    text: String,
    figures: Vec<Figure>,
}

/// The value of a number as it is written on a page, and half of its last digit.
fn value_of(shown: &str) -> Option<(f64, f64)> {
    let (digits, power) = shown.split_once("·10").unwrap_or((shown, ""));
    if !digits.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    let superscript = |char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|one| one == char);
    let exponent: String = power
        .chars()
        .map(|char| superscript(char).map_or("-".to_owned(), |digit| digit.to_string()))
        .collect();
    let exponent: i32 = if power.is_empty() { 0 } else { exponent.parse().ok()? };
    let value: f64 = digits.replace(',', "").parse().ok()?;
    let places = digits.split_once('.').map_or(0, |(_, places)| places.len());
    let scale = 10_f64.powi(exponent);
    Some((value * scale, 0.5 * 10_f64.powi(-i32::try_from(places).unwrap()) * scale))
}

/// The words of a text without what stands in backquotes.
fn words(text: &str) -> Vec<String> {
    let outside: Vec<&str> = text.split('`').step_by(2).collect();
    let trim = |word: &str| word.trim_matches(['(', ')', '.', ',', ';', ':', '*', '|']).to_owned();
    outside.join(" ").split_whitespace().map(trim).collect()
}

/// Numbers before a unit, and the first of two with `to`, `and` or `or` between them; in a sentence
/// each with a decimal point, too.
fn with_units(text: &str, is_sentence: bool) -> Vec<Figure> {
    let words = words(text);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let unit = |at| {
        let is_share = word(at) == "of" && word(at + 1) == "100";
        let is_unit = is_share || UNITS.contains(&word(at)) || SIZES.contains(&word(at));
        is_unit.then(|| word(at).to_owned())
    };
    let figure = |at: usize| {
        value_of(word(at))?;
        let is_range =
            ["to", "and", "or"].contains(&word(at + 1)) && value_of(word(at + 2)).is_some();
        let has_point = is_sentence && word(at).contains('.') && !word(at).contains('·');
        let unit = unit(at + 1).or_else(|| is_range.then(|| unit(at + 3))?);
        let unit = unit.or_else(|| has_point.then(String::new))?;
        Some(Figure { shown: word(at).to_owned(), unit, in_column: false })
    };
    (0..words.len()).filter_map(figure).collect()
}

/// The numbers of a cell in a column of figures.
fn of_cell(cell: &str) -> Vec<Figure> {
    let words = words(cell);
    let numbers = words.iter().enumerate().filter(|(_, word)| value_of(word).is_some());
    let figure = |(at, word): (usize, &String)| {
        let next = words.get(at + 1).map_or("", String::as_str);
        Figure { shown: word.clone(), unit: next.to_owned(), in_column: true }
    };
    numbers.map(figure).collect()
}

fn cells(row: &str) -> Vec<&str> {
    row.trim().trim_matches('|').split('|').map(str::trim).collect()
}

fn is_rule(line: &str) -> bool {
    line.starts_with("|-") && line.chars().all(|char| "|-: ".contains(char))
}

/// The blocks of a page that have figures. What is in a fence or indented is shown by commands,
/// which `commands.rs` runs.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut in_fence, mut right, mut goes_on) = (false, Vec::new(), false);
    let lines: Vec<&str> = page.lines().collect();
    for (at, text) in lines.iter().enumerate() {
        in_fence ^= text.starts_with("```");
        let is_head = lines.get(at + 1).is_some_and(|next| is_rule(next));
        let is_apart = text.is_empty() || text.starts_with("```") || is_head;
        if in_fence || is_apart || is_rule(text) || !goes_on && text.starts_with("    ") {
            if is_rule(text) {
                right = cells(text).iter().map(|cell| cell.ends_with(':')).collect();
            }
            goes_on = false;
        } else if text.starts_with('|') {
            let columns = cells(text).into_iter().zip(right.iter().chain([&false; 32]));
            let figures =
                columns.flat_map(
                    |(cell, is_right)| {
                        if *is_right { of_cell(cell) } else { with_units(cell, false) }
                    },
                );
            let (text, figures) = ((*text).to_owned(), figures.collect());
            blocks.push(Block { line: at + 1, text, figures });
            goes_on = false;
        } else {
            let is_item = text.starts_with("- ") || text.starts_with('#');
            match blocks.last_mut().filter(|_| goes_on && !is_item) {
                Some(block) => block.text += &format!(" {}", text.trim()),
                None => {
                    let (text, figures) = ((*text).to_owned(), Vec::new());
                    blocks.push(Block { line: at + 1, text, figures });
                }
            }
            goes_on = true;
        }
    }
    for block in blocks.iter_mut().filter(|block| !block.text.starts_with('|')) {
        block.figures = with_units(&block.text, !block.text.starts_with('#'));
    }
    blocks.retain(|block| !block.figures.is_empty());
    blocks
}

/// The blocks of a page whose figures need a record.
fn blocks_of(name: &str, page: &str) -> Vec<Block> {
    let mut blocks = blocks(page);
    if SPECIFICATIONS.contains(&name) {
        let is_size = |figure: &Figure| SIZES.contains(&&*figure.unit);
        blocks.iter_mut().for_each(|block| block.figures.retain(|figure| !is_size(figure)));
    }
    blocks.retain(|block| {
        let is_readmes_table = name == "README.md" && block.text.starts_with('|');
        !block.figures.is_empty() && !is_readmes_table
    });
    blocks
}

/// A row of the table: the page, words of the block (of a row its beginning), where its figures
/// come from, and the place of each there; or how many were not measured, and why.
#[derive(Debug)]
struct Source<'t> {
    page: &'t str,
    anchor: &'t str,
    file: &'t str,
    places: &'t str,
}

impl Source<'_> {
    fn is_of(&self, block: &str) -> bool {
        let is_row = self.anchor.starts_with('|');
        if is_row { block.starts_with(self.anchor) } else { block.contains(self.anchor) }
    }
}

fn sources(table: &str) -> Vec<Source<'_>> {
    let row = |line| -> Source<'_> {
        let cells: Vec<&str> = str::split(line, '\t').collect();
        let [page, anchor, file, places] = cells[..] else {
            panic!("{TABLE}: four columns: {line}")
        };
        Source { page, anchor, file, places }
    };
    table.lines().skip(1).map(row).collect()
}

/// Texts of files, and what commands print.
#[derive(Default)]
struct Texts(RefCell<BTreeMap<String, String>>);

impl Texts {
    fn of(&self, file: &str) -> String {
        let mut texts = self.0.borrow_mut();
        let is_command = file.starts_with("trine ");
        let text = || if is_command { Scratch::new("figures").printed(file) } else { read(file) };
        texts.entry(file.to_owned()).or_insert_with(text).clone()
    }
}

/// The number at a place of a file: `ROW > COLUMN` of a table, a key of a `.toml` file, a pointer
/// into the JSON that a command prints, what it lacks to 100, `bytes` of a file, or the words
/// before the number.
fn found(texts: &Texts, file: &str, place: &str) -> Option<f64> {
    if let Some(place) = place.strip_prefix("100 - ") {
        return found(texts, file, place).map(|number| 100.0 - number);
    }
    if place == "bytes" {
        return std::fs::metadata(root().join(file)).ok().map(|data| data.len() as f64);
    }
    let text = texts.of(file);
    if file.ends_with(".toml") {
        let budgets: toml_edit::DocumentMut = text.parse().unwrap();
        let item = place.split('.').try_fold(budgets.as_item(), |item, key| item.get(key))?;
        let number = item.as_integer().map(|value| value as f64).or_else(|| item.as_float());
        return number.or_else(|| number_at(item.as_str()?));
    }
    if let Some(json) = place.strip_prefix('/').and(serde_json::from_str::<Value>(&text).ok()) {
        return json.pointer(place)?.as_f64();
    }
    let Some((row, column)) = place.split_once(" > ") else {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        return number_at(flat.split_once(place)?.1);
    };
    let mut head = Vec::new();
    let mut before = "";
    for line in text.lines() {
        if is_rule(line) {
            head = cells(before);
        }
        before = line;
        let at = head.iter().position(|name| name.starts_with(column));
        if let Some(at) = at.filter(|_| line.starts_with(&format!("| {row}")) && !is_rule(line)) {
            return number_at(cells(line).get(at)?);
        }
    }
    None
}

/// The number that a text begins with.
fn number_at(text: &str) -> Option<f64> {
    let text = text.trim_start_matches([' ', '`', '*', '|', '(']).replace(',', "");
    let end = text.find(|char: char| !(char.is_ascii_digit() || ".e-_".contains(char)));
    let number = text.get(..end.unwrap_or(text.len()))?.replace('_', "");
    number.trim_end_matches(['.', '-', 'e']).parse().ok()
}

/// Whether a figure is this number, rounded to the digits that are shown. Per cent and `of 100` may
/// be a share, and KiB bytes.
fn is_it(figure: &Figure, number: f64) -> bool {
    let Some((value, half)) = value_of(&figure.shown) else { return false };
    let near = |number: f64| (number - value).abs() <= half * 1.000_001 + value * 1e-12;
    let scaled = match &*figure.unit {
        "%" | "of" => number * 100.0,
        "KiB" => number / 1024.0,
        "KB" => number / 1000.0,
        _ => number,
    };
    near(number) || near(scaled)
}

/// What is wrong with the figures of a page.
fn faults(name: &str, page: &str, table: &[Source<'_>], texts: &Texts) -> Vec<String> {
    let mut faults = Vec::new();
    for Block { line, text, figures } in blocks_of(name, page) {
        let mut left = figures.iter();
        let own = table.iter().filter(|row| row.page == name && row.is_of(&text));
        for Source { file, places, .. } in own {
            if *file == "-" {
                // Limits and settings; what was measured has a record.
                let count = places.split_once(": ").and_then(|(count, _)| count.parse().ok());
                let all: Vec<&Figure> = left.by_ref().take(count.unwrap()).collect();
                let in_column = all.iter().filter(|figure| figure.in_column);
                faults.extend(in_column.map(|figure| {
                    format!("{name}:{line}: {} stands in a column of figures", figure.shown)
                }));
                continue;
            }
            for place in places.split("; ") {
                let Some(figure) = left.next() else {
                    faults.push(format!("{name}:{line}: {TABLE} has one place too many: {place}"));
                    break;
                };
                let number = found(texts, file, place);
                if !number.is_some_and(|number| is_it(figure, number)) {
                    let shown = &figure.shown;
                    faults
                        .push(format!("{name}:{line}: {shown} is {number:?} at {place} of {file}"));
                }
            }
        }
        faults.extend(left.map(|Figure { shown, unit, .. }| {
            format!(
                "{name}:{line}: {shown} {unit} has no record: measure it, and add it to {TABLE}"
            )
        }));
    }
    faults
}

/// The pages by name.
fn pages() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("docs")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // Its numbers are those that were asked for, and bounds of tests.
    let names = names.filter(|name| name != "features.md");
    let pages = names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}"));
    let mut pages: Vec<String> =
        pages.chain(["models/README.md", "README.md"].map(str::to_owned)).collect();
    pages.sort();
    pages
}

#[test]
fn every_figure_of_the_pages_is_that_of_its_record() {
    let (table, texts) = (read(TABLE), Texts::default());
    let table = sources(&table);
    let all: Vec<(String, String)> =
        pages().into_iter().map(|name| (name.clone(), read(&name))).collect();
    let count: usize =
        all.iter().flat_map(|(name, page)| blocks_of(name, page)).map(|it| it.figures.len()).sum();
    assert!(count > 150, "{count} figures");
    let faults: Vec<String> =
        all.iter().flat_map(|(name, page)| faults(name, page, &table, &texts)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for row in &table {
        let Source { page, anchor, .. } = row;
        let blocks = all
            .iter()
            .filter(|(name, _)| name == page)
            .flat_map(|(name, page)| blocks_of(name, page));
        let count = blocks.filter(|block| row.is_of(&block.text)).count();
        assert_eq!(count, 1, "{TABLE}: {page} has {anchor:?} in {count} places with figures");
    }
}

#[test]
fn a_figure_without_its_record_is_found() {
    let texts = Texts::default();
    let record = "# x\n\n| what | ours, ns | theirs |\n|---|---:|---:|\n| one call | 1234.5 | 7 |\n\
                  \nIt opens in 0.25 s, 3.1e-2 apart.\n";
    texts.0.borrow_mut().insert("r.md".to_owned(), record.to_owned());
    texts.0.borrow_mut().insert("b.toml".to_owned(), "[a]\nb = 2000\n".to_owned());
    let table = "page\twords\tfile\tplaces\n\
                 p\t| a call\tr.md\tone call > ours; one call > theirs\n\
                 p\tit opens\tr.md\tIt opens in \n\
                 p\tapart\tr.md\t0.25 s, \n\
                 p\tlimit\tb.toml\ta.b\n\
                 p\twaits\t-\t1: a constant\n";
    let table = sources(table);
    let head = "| what | ns | theirs |\n|---|---:|---:|\n";
    let count = |page: &str| faults("p", &page.replace("HEAD\n", head), &table, &texts).len();
    for page in [
        "HEAD\n| a call | 1,234 | 7 |\n",
        "HEAD\n| a call | 1,235 | 7.0 |\n",
        "It says that it opens\nin 0.25 s.\n",
        "They are 3.1 % apart, or 3.1·10⁻² apart.\n",
        "A limit of 2,000 ns.\n",
        "- It waits 50 ms.\n",
        "A limit of 2,000 bytes.\n",
        "A limit of 2 KB.\n",
        "A limit of 1.95 KiB.\n",
        "It is apart in 3.1 of 100.\n",
        "It is apart: 3.1e-2, or 3.1·10⁻².\n\n## 2.1 A part\n\n| of 2.1 |\n",
        "`in 7 s` and 12 words; 3 of 7.\n\n    7 s of code\n\n```\n7 s\n```\n",
    ] {
        assert_eq!(count(page), 0, "{page}: {:?}", faults("p", page, &table, &texts));
    }
    for page in [
        "HEAD\n| a call | 1,236 | 7 |\n",
        "HEAD\n| a call | 1,234 | 7.1 |\n",
        "HEAD\n| a call | 1,234 | 7 (or 8) |\n",
        "HEAD\n| another | 1 | |\n",
        "It says that it opens in 0.26 s.\n",
        "A limit of 2,001 ns.\n",
        "It takes 9 ms.\n",
        "A limit of 2,001 bytes.\n",
        "A limit of 1.96 KiB.\n",
        "It is apart in 3.2 of 100.\n",
        "They are apart, 3.2.\n",
        "It makes 9 of 100.\n",
        "It makes 9.1, as was said.\n",
        "It takes 9 to 10 ms or so; it waits 50 ms.\n\n9 times.\n",
        "HEAD\n| waits | 50 | |\n",
    ] {
        assert!(count(page) > 0, "{page}");
    }
    let of = |name, page| faults(name, page, &table, &texts).len();
    assert_eq!((of("docs/wire.md", "9 bytes.\n"), of("docs/wire.md", "9 ms.\n")), (0, 1));
    assert_eq!((of("README.md", "HEAD\n| x | 9 |\n"), of("README.md", "9 of 100.\n")), (0, 1));
}
