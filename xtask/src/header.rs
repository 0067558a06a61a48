//! `include/trine.h`, `trine_consent.h`, `trine_model.h` and `trine_host.h`, made from `ffi/api`,
//! `ffi/model` and `ffi/host` by a pinned cbindgen and the macros beside them.

use std::sync::Mutex;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{abi, sh};

#[derive(Debug, Deserialize)]
struct Headers {
    header: Vec<Header>,
    /// Types that are in another header.
    borrowed: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Header {
    path: String,
    /// The folder of its crate.
    api: String,
    /// The folder of how it is made and of what it begins with.
    texts: String,
    /// The files of the crate in the order in which the header shows them.
    sources: Vec<String>,
    /// Functions that it may have; it is to be read in one sitting.
    functions_max: usize,
    /// The first and the last of the constants that are statuses.
    #[serde(default)]
    named: Option<[String; 2]>,
}

fn headers() -> Result<Headers> {
    toml::from_str(&sh::read(LIST)?).context(LIST)
}

const LIST: &str = "ffi/headers.toml";
/// What each function says of its callers.
const CONTEXTS: [&str; 4] = ["isr-safe", "owner-only", "init-only", "any-thread"];

/// `cargo xtask header`: writes the headers.
pub(crate) fn write() -> Result<()> {
    each(|Header { path, .. }, text| Ok(std::fs::write(sh::root().join(path), text)?))?;
    kept(abi::kept::write)?;
    abi::write()
}

/// The leg `header`: what would be written is what is committed.
pub(crate) fn check() -> Result<()> {
    each(|Header { path, api, .. }, text| {
        let is_same = text == sh::read(path)?;
        ensure!(is_same, "{path} is not what {api} says: run `cargo xtask header`");
        Ok(())
    })?;
    kept(abi::kept::check)?;
    abi::check()
}

fn kept(work: impl Fn(&[&str]) -> Result<()>) -> Result<()> {
    let headers = headers()?;
    work(&headers.header.iter().map(|header| header.path.as_str()).collect::<Vec<_>>())
}

fn each(work: impl Fn(&Header, &str) -> Result<()>) -> Result<()> {
    let headers = headers()?;
    for header in &headers.header {
        let (text, functions) = generate(header, &headers.borrowed)?;
        rules(header, &text, &functions)?;
        work(header, &text)?;
        let (Header { path, api, .. }, count) = (header, functions.len());
        println!("{path} is what {api} says: {count} functions");
    }
    Ok(())
}

/// A function's name and its documentation.
type Function = (String, String);

/// The text of a header and its functions.
fn generate(header: &Header, borrowed: &[String]) -> Result<(String, Vec<Function>)> {
    let [api, texts] = [&header.api, &header.texts].map(|folder| sh::root().join(folder));
    let read = |name: &str| sh::read(&format!("{}/{name}", header.texts));
    let mut config: cbindgen::Config = toml::from_str(&read("cbindgen.toml")?)?;
    config.header = Some(read("opening.h")?);
    let prelude = read("prelude.h")?.replace("@VERSION@", env!("CARGO_PKG_VERSION"));
    config.after_includes = Some(prelude);
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in &header.sources {
        builder = builder.with_src(api.join("src").join(format!("{source}.rs")));
    }
    // The second header finds it there.
    _ = log::set_logger(&WARNINGS);
    log::set_max_level(log::LevelFilter::Warn);
    let (mut bytes, bindings) = (Vec::new(), builder.generate().context("cbindgen")?);
    bindings.write(&mut bytes);
    WARNINGS.none(borrowed)?;
    let functions = bindings.functions.iter();
    let functions =
        functions.map(|it| (it.path.name().to_owned(), it.documentation.doc_comment.concat()));
    // Not every header has some.
    let macros = if texts.join("macros.h").exists() { read("macros.h")? } else { String::new() };
    let text = with_macros(&in_order(&String::from_utf8(bytes)?), &macros)?;
    let text = match &header.named {
        Some([first, last]) => with_names(&text, first, last)?,
        None => text,
    };
    Ok((text, functions.collect()))
}

/// Makes an enumeration of the constants from `first` to `last`, which debuggers and compilers know
/// by their names.
fn with_names(text: &str, first: &str, last: &str) -> Result<String> {
    let (mut out, mut is_inside, mut is_done) = (Vec::new(), false, false);
    for line in text.lines() {
        let constant = line.strip_prefix("#define ").and_then(|define| define.split_once(' '));
        if let Some((name, number)) = constant.filter(|(name, _)| is_inside || *name == first) {
            if !is_inside {
                // The comment of the first one stands before it.
                let at = out.iter().rposition(|line| line == "/**").context("no comment")?;
                let comment = out.split_off(at);
                out.extend(ENUM.lines().map(str::to_owned));
                out.extend(comment.iter().map(|line| format!("    {line}")));
            }
            is_inside = name != last;
            is_done |= !is_inside;
            out.push(format!("    {name} = {},", number.trim_matches(['(', ')'])));
            if is_done {
                out.push("};".to_owned());
            }
        } else if is_inside && !line.is_empty() {
            out.push(format!("    {line}"));
        } else if !is_inside || !out.last().is_some_and(|line| line.ends_with(',')) {
            out.push(line.to_owned());
        }
    }
    ensure!(is_done, "there are no constants from {first} to {last}");
    Ok(out.join("\n") + "\n")
}

const ENUM: &str = "\
/**
 * The numbers of a `trine_status`, which is an `int32_t` whatever size enumerations have.
 */
enum TRINE_AS_INT32 {";

/// Puts the macros before the end of the header, where all types are known.
fn with_macros(text: &str, macros: &str) -> Result<String> {
    let end = text.rfind("#endif").context("the header has no end")?;
    let (body, guard) = text.split_at(end);
    let body: String = body.lines().map(|line| format!("{}\n", tidied(line))).collect();
    Ok(format!("{body}{macros}\n{guard}"))
}

/// A negative constant stands in brackets, as C wants it of a macro.
fn tidied(line: &str) -> String {
    let line = line.trim_end();
    match line.strip_prefix("#define ").and_then(|define| define.split_once(" -")) {
        Some((name, number)) => format!("#define {name} (-{number})"),
        None => line.to_owned(),
    }
}

/// An attribute of C++ stands before one of a compiler.
fn in_order(text: &str) -> String {
    text.replace("TRINE_API TRINE_MUST_USE", "TRINE_MUST_USE TRINE_API")
        .replace("TRINE_API\nTRINE_MUST_USE", "TRINE_MUST_USE\nTRINE_API")
}

/// What every function of the header has to say.
fn rules(header: &Header, text: &str, functions: &[Function]) -> Result<()> {
    let (path, most, count) = (&header.path, header.functions_max, functions.len());
    ensure!(count <= most, "{path} has {count} functions, {most} at most");
    let mut faults = Vec::new();
    for (name, comment) in functions {
        if !CONTEXTS.iter().any(|word| comment.contains(&format!("Context: {word}"))) {
            faults.push(format!("{name} does not say who may call it"));
        }
        if !comment.contains("@return") {
            faults.push(format!("{name} does not say what it returns"));
        }
    }
    let defined = text.lines().filter_map(|line| line.trim_start().strip_prefix("#define "));
    // A function of a plug-in's host goes by the name that it has in trine.h.
    let is_ours = |name: &&str| name.starts_with("TRINE_") || name.contains(" trine_plugin_api->");
    for name in defined.filter(|name| !is_ours(name)) {
        faults.push(format!("the macro `{name}` does not begin with TRINE_"));
    }
    ensure!(faults.is_empty(), "{path}: {}", faults.join("; "));
    Ok(())
}

/// Collects what cbindgen logs: it warns of what it leaves out, and then goes on.
struct Warnings(Mutex<Vec<String>>);

static WARNINGS: Warnings = Warnings(Mutex::new(Vec::new()));

impl Warnings {
    /// What is private to the crate is no part of the header, and need not be; a type that one
    /// header has from another is missed by C compilers if it is not there.
    fn none(&self, borrowed: &[String]) -> Result<()> {
        let is_known = |line: &String| {
            line.ends_with("(not `pub`).")
                || borrowed.iter().any(|name| line.starts_with(&format!("Can't find {name}.")))
        };
        let mut logged = self.0.lock().map(|lines| lines.clone()).unwrap_or_default();
        logged.retain(|line| !is_known(line));
        ensure!(logged.is_empty(), "cbindgen warns: {}", logged.join("; "));
        Ok(())
    }
}

impl log::Log for Warnings {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        _ = self.0.lock().map(|mut lines| lines.push(record.args().to_string()));
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::{headers, rules, with_names};

    #[test]
    fn constants_from_the_first_to_the_last_are_named_in_an_enumeration() {
        let text = "/** A. */\n#define A 1\n\n/**\n * B.\n */\n#define TRINE_B 0\n\n\
                    /**\n * C.\n */\n#define TRINE_C (-2)\n\n/** D. */\n#define TRINE_D 4\n";
        let made = with_names(text, "TRINE_B", "TRINE_C").unwrap();
        let (before, named) = made.split_once("enum TRINE_AS_INT32 {\n").unwrap();
        let [b, c] = ["    /**\n     * B.\n     */\n    TRINE_B = 0,\n", "    TRINE_C = -2,\n};\n"];
        assert!(before.starts_with("/** A. */\n#define A 1\n\n/**\n * The numbers"), "{made}");
        assert!(named.starts_with(b) && named.contains(c), "{made}");
        assert!(named.ends_with("};\n\n/** D. */\n#define TRINE_D 4\n"), "{made}");
        assert!(with_names(text, "TRINE_B", "TRINE_X").is_err());
    }

    #[test]
    fn functions_must_say_who_may_call_them_and_what_they_return() {
        let headers = headers().unwrap().header;
        let rules = |macros: &str, comment: &str| {
            let functions = [("trine_do".to_owned(), comment.to_owned())];
            rules(&headers[0], &format!("#define {macros} 1\n"), &functions).is_ok()
        };
        assert!(rules("TRINE_ONE", " Does. @return 0. Context: isr-safe."));
        assert!(!rules("TRINE_ONE", " Does. @return 0. Context: anybody."));
        assert!(!rules("TRINE_ONE", " Does. Context: isr-safe."));
        assert!(!rules("ONE", " Does. @return 0. Context: isr-safe."));
    }
}
