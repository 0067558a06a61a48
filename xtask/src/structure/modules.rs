//! Circles between the modules of a hosted crate: a module is what lies directly below `src`, and
//! an edge is a path that begins with `crate`. What only tests use is free.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use proc_macro2::{TokenStream, TokenTree};

use crate::tidy::{self, File};

/// The crates that are looked at, by the folders of their sources.
const SOURCES: [&str; 4] =
    ["host/src/", "host/client/src/", "host/gateway/src/", "host/models/src/"];

/// Modules, and those that each uses.
type Uses = BTreeMap<String, BTreeSet<String>>;

pub(super) fn all_faults() -> Result<Vec<String>> {
    let files = tidy::tracked_files()?;
    Ok(SOURCES.iter().flat_map(|source| faults(source, &files)).collect())
}

fn faults(source: &str, files: &[File]) -> Vec<String> {
    let (mut uses, mut exported) = (Uses::new(), BTreeMap::new());
    for file in files.iter().filter(|file| file.is(&["rs"])) {
        let Some(rest) = file.path.strip_prefix(source) else { continue };
        let tokens: TokenStream = file.text().unwrap_or_default().parse().unwrap_or_default();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let module = rest.split(['/', '.']).next().unwrap_or_default();
        if module == "lib" {
            // `pub use device::Device` lets all modules name it without its module.
            for at in 0..tokens.len() {
                if is(&tokens, at, "use") {
                    let from = tokens.get(at + 1).map(ToString::to_string).unwrap_or_default();
                    names(&tokens, at + 2, &mut |name| drop(exported.insert(name, from.clone())));
                }
            }
        } else if !rest.contains("tests") {
            // The root is `super` too in a file that lies directly below it.
            let is_top = rest.matches('/').count() == usize::from(rest.ends_with("/mod.rs"));
            let roots: &[&str] = if is_top { &["crate", "super"] } else { &["crate"] };
            paths(&tokens, roots, uses.entry(module.to_owned()).or_default());
        }
    }
    for (module, used) in &mut uses {
        *used = used.iter().map(|name| exported.get(name).unwrap_or(name).clone()).collect();
        used.remove(module);
    }
    // What uses nothing that is left is below all circles, and what nothing uses is above them.
    let is_end = |module: &String, left: &Uses| {
        !left.values().any(|used| used.contains(module))
            || !left.get(module).into_iter().flatten().any(|to| left.contains_key(to))
    };
    while let Some(end) = uses.keys().find(|module| is_end(module, &uses)).cloned() {
        uses.remove(&end);
    }
    let line = |(module, used): (&String, &BTreeSet<String>)| {
        let used = used.iter().filter(|to| uses.contains_key(*to)).map(String::as_str);
        let used = used.collect::<Vec<_>>().join(", ");
        format!("{source}{module} is in a circle: it uses {used}")
    };
    uses.iter().map(line).collect()
}

fn is(tokens: &[TokenTree], at: usize, word: &str) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Ident(ident)) if ident == word)
}

/// The first names behind `::` at a place: one, or each of a list in braces.
fn names(tokens: &[TokenTree], at: usize, found: &mut dyn FnMut(String)) {
    match tokens.get(at + 2) {
        Some(TokenTree::Ident(name)) => found(name.to_string()),
        Some(TokenTree::Group(list)) => {
            let list: Vec<TokenTree> = list.stream().into_iter().collect();
            let items =
                list.split(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ','));
            items.filter_map(<[_]>::first).for_each(|name| found(name.to_string()));
        }
        _ => {}
    }
}

/// What a file names behind a root such as `crate::`, but in its module of tests.
fn paths(tokens: &[TokenTree], roots: &[&str], used: &mut BTreeSet<String>) {
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(_) if roots.iter().any(|root| is(tokens, at, root)) => {
                names(tokens, at + 1, &mut |name| used.extend([name]));
            }
            TokenTree::Group(_)
                if at >= 2 && is(tokens, at - 2, "mod") && is(tokens, at - 1, "tests") => {}
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                paths(&inner, roots, used);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::faults;
    use crate::tidy::tests::file;

    #[test]
    fn a_circle_is_found_also_through_a_name_of_the_crate() {
        let found = |low: &str| {
            let files = [
                ("host/src/lib.rs", "pub use high::{High, Other}; mod high; mod low; mod top;"),
                ("host/src/high/mod.rs", "use crate::{low::Low, err};"),
                ("host/src/low.rs", low),
                ("host/src/top.rs", "fn f() { crate::low::f(); }"),
            ];
            faults("host/src/", &files.map(|(path, text)| file(path, text)))
        };
        assert_eq!(found("mod tests { use crate::high; }"), [""; 0]);
        let line = |one, other| format!("host/src/{one} is in a circle: it uses {other}");
        let wanted = [line("high", "low"), line("low", "high")];
        for low in ["use crate::High;", "use super::high::High;", "fn f() { g(crate::high::h()) }"]
        {
            assert_eq!(found(low), wanted);
        }
    }
}
