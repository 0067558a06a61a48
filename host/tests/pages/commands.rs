//! Every command of README.md, CONTRIBUTING.md and docs/*.md is run here, and prints what stands
//! below it, or is in `tests/commands.tsv` with the test that runs it or the reason why none does.

use crate::shown::{Scratch, Shown, commands, is_shown, read, root, timeless};

const TABLE: &str = "tests/commands.tsv";

/// A row: words of the command, what runs it (`-` if nothing does), and why it is not run here.
fn rows(table: &str) -> Vec<[String; 3]> {
    let row = |line: &str| -> [String; 3] {
        let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        cells.try_into().unwrap_or_else(|cells| panic!("{TABLE}: three columns: {cells:?}"))
    };
    table.lines().skip(1).map(row).collect()
}

/// Whether a command has these words, as whole ones.
fn has(command: &str, words: &str) -> bool {
    format!(" {command} ").contains(&format!(" {words} "))
}

/// The pages by name.
fn pages() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("docs")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<String> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    pages.sort();
    pages.extend(["README.md", "CONTRIBUTING.md"].map(str::to_owned));
    pages
}

/// The commands of a page: of its blocks, and of the figures of README.md.
fn commands_of(name: &str, page: &str) -> Vec<Shown> {
    let rows = page.lines().zip(1..).filter(|(text, _)| name == "README.md" && text.contains('|'));
    let cells = rows.flat_map(|(text, line)| text.split('|').map(move |cell| (cell.trim(), line)));
    let in_table = cells.filter_map(|(cell, line)| {
        let command = cell.strip_prefix('`')?.strip_suffix('`')?.to_owned();
        Some(Shown { line, command, output: None })
    });
    let mut all = commands(page);
    for shown in in_table {
        if all.iter().all(|one| one.command != shown.command) {
            all.push(shown);
        }
    }
    all
}

/// What is wrong with the commands of a page: none may be unknown, fail, or print something else.
fn faults(name: &str, page: &str, table: &[[String; 3]]) -> Vec<String> {
    let scratch = Scratch::new(&name.replace(['/', '.'], "-"));
    let mut faults = Vec::new();
    for Shown { line, command, output } in commands_of(name, page) {
        if table.iter().any(|row| has(&command, &row[0])) {
            continue;
        }
        if !command.starts_with("trine ") {
            faults.push(format!("{name}:{line}: no test runs `{command}`, and {TABLE} lacks it"));
            continue;
        }
        let done = scratch.run(&command);
        if !done.status.success() {
            let errors = String::from_utf8_lossy(&done.stderr);
            faults.push(format!("{name}:{line}: `{command}` fails: {errors}"));
            continue;
        }
        let printed = String::from_utf8(done.stdout).unwrap();
        let printed = timeless(printed.lines());
        let wanted = output.map(|lines| timeless(lines.iter().map(String::as_str)));
        if wanted.is_some_and(|wanted| !is_shown(&printed, &wanted)) {
            faults.push(format!("{name}:{line}: `{command}` prints\n{}", printed.join("\n")));
        }
    }
    faults
}

#[test]
fn every_command_of_the_pages_works_and_prints_what_stands_below_it() {
    let table = rows(&read(TABLE));
    let checks: Vec<_> = pages()
        .into_iter()
        .map(|name| {
            let table = table.clone();
            std::thread::spawn(move || faults(&name, &read(&name), &table))
        })
        .collect();
    let found: Vec<String> = checks.into_iter().flat_map(|check| check.join().unwrap()).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_row_of_the_table_is_of_a_command_and_has_its_reason() {
    let all: Vec<Shown> = pages().iter().flat_map(|name| commands_of(name, &read(name))).collect();
    assert!(all.len() > 40, "{} commands on the pages", all.len());
    for [words, _, why] in rows(&read(TABLE)) {
        let shown = all.iter().any(|shown| has(&shown.command, &words));
        assert!(shown, "{TABLE}: no page has `{words}`");
        assert!(why.len() > 10, "{TABLE}: `{words}` has no reason");
    }
}

#[test]
fn the_files_that_contributing_names_are_there() {
    let page = read("CONTRIBUTING.md");
    let spans = page.split('`').skip(1).step_by(2);
    let diffs = page.lines().filter_map(|line| line.strip_prefix("+++ "));
    let is_path = |text: &&str| text.contains('/') && !text.contains([' ', '*', '\n']);
    let paths: Vec<&str> = spans.chain(diffs).filter(is_path).collect();
    let missing: Vec<&&str> = paths.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(paths.len() > 20 && missing.is_empty(), "{} paths, missing: {missing:?}", paths.len());
}

#[test]
fn a_wrong_command_is_found() {
    let table = rows("command\ttest\twhy\ncargo xtask known\t-\tit takes minutes\n");
    let found = |page: &str| faults("wrong", page, &table).len();
    assert_eq!(found("```sh\ntrine --version   # its version\ncargo xtask known it\n```\n"), 0);
    assert_eq!(found("Text\n\n    cargo xtask known   in minutes\n\n    let x = 1;\n"), 0);
    let session =
        "```\n$ trine record fan.capture --simulate \\\n    --call 'fan_set {\"percent\":40}'\n";
    assert_eq!(found(&format!("{session}fan_set: {{\"percent\":40}}\n```\n")), 0);
    for page in [
        &format!("{session}fan_set: {{\"percent\":41}}\n```\n"),
        "```sh\ntrine surprise\n```\n",
        "```sh\nmake install\n```\n",
        "Text\n\n    cargo xtask knowing\n",
        "```sh\nfalse && trine --version\n```\n",
    ] {
        assert_eq!(found(page), 1, "{page}");
    }
}
