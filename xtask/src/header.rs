//! `include/trine.h`, `trine_consent.h`, `trine_model.h` and `trine_host.h`, made from `ffi/api`,
//! `ffi/model` and `ffi/host` by a pinned cbindgen and the macros beside them.

use std::sync::Mutex;

use anyhow::{Context, Result, bail, ensure};

use crate::sh;

/// A header that is made.
struct Header {
    path: &'static str,
    /// The folder of its crate.
    api: &'static str,
    /// The folder of how it is made and of what it begins with.
    texts: &'static str,
    /// The files of the crate in the order in which the header shows them.
    sources: &'static [&'static str],
    /// Functions that it may have; it is to be read in one sitting.
    functions_max: usize,
}

const HEADERS: [Header; 6] = [
    Header {
        path: "include/trine.h",
        api: "ffi/api",
        texts: "ffi/api",
        sources: SOURCES,
        functions_max: 59,
    },
    Header {
        path: "include/trine_consent.h",
        api: "ffi/api",
        texts: "ffi/api/consent",
        sources: &["consent"],
        functions_max: 9,
    },
    Header {
        path: "include/trine_news.h",
        api: "ffi/api",
        texts: "ffi/api/news",
        sources: &["news"],
        functions_max: 3,
    },
    Header {
        path: "include/trine_run.h",
        api: "ffi/api",
        texts: "ffi/api/run",
        sources: &["run"],
        functions_max: 9,
    },
    Header {
        path: "include/trine_model.h",
        api: "ffi/model",
        texts: "ffi/model",
        sources: MODEL_SOURCES,
        functions_max: 29,
    },
    Header {
        path: "include/trine_host.h",
        api: "ffi/host",
        texts: "ffi/host",
        sources: &["note", "device", "model", "session"],
        functions_max: 9,
    },
];

const MODEL_SOURCES: &[&str] = &[
    "version", "status", "config", "problem", "model", "load", "info", "text", "session", "run",
    "sampling", "ask",
];
const SOURCES: &[&str] = &[
    "version",
    "status",
    "text",
    "descriptor",
    "source",
    "config",
    "memory",
    "call",
    "args",
    "result",
    "block",
    "ask",
    "clock",
    "device",
    "later",
    "policy",
    "port",
    "log",
    "secure",
    "mcp",
];
/// Types that are in another header.
const BORROWED: [&str; 9] = [
    "trine_call_id",
    "trine_device",
    "trine_model",
    "trine_model_problem",
    "trine_model_session",
    "trine_model_session_config",
    "trine_port",
    "trine_status",
    "trine_text",
];
/// What each function says of its callers.
const CONTEXTS: [&str; 3] = ["isr-safe", "owner-only", "init-only"];

/// `cargo xtask header`: writes the headers.
///
/// # Errors
/// When cbindgen warns or fails, or a header breaks a rule.
pub(crate) fn write() -> Result<()> {
    for header in &HEADERS {
        let text = generate(header)?;
        std::fs::write(sh::root().join(header.path), &text)?;
        println!("{}: {} functions", header.path, functions(&text).len());
    }
    Ok(())
}

/// The leg `header`: what would be written is what is committed.
///
/// # Errors
/// As [`write()`], or when a committed header differs.
pub(crate) fn check() -> Result<()> {
    for header in &HEADERS {
        let Header { path, api, .. } = header;
        let committed = std::fs::read_to_string(sh::root().join(path)).context(*path)?;
        let text = generate(header)?;
        ensure!(text == committed, "{path} is not what {api} says: run `cargo xtask header`");
        println!("{path} is what {api} says: {} functions", functions(&text).len());
    }
    Ok(())
}

/// The names of the functions that a header declares.
pub(crate) fn functions(header: &str) -> Vec<&str> {
    let places = header.match_indices("TRINE_API");
    // The macro's own definitions declare nothing.
    let declared = places
        .filter(|(at, _)| !header.get(..*at).is_some_and(|before| before.ends_with("#define ")));
    let behind = declared.filter_map(|(at, word)| header.get(at + word.len()..));
    behind.filter_map(|text| text.split('(').next()?.split([' ', '*', '\n']).next_back()).collect()
}

fn generate(header: &Header) -> Result<String> {
    let api = sh::root().join(header.api);
    let texts = sh::root().join(header.texts);
    let read = |name: &str| {
        let text = std::fs::read_to_string(texts.join(name));
        text.with_context(|| format!("{}/{name}", header.texts))
    };
    let mut config: cbindgen::Config = toml::from_str(&read("cbindgen.toml")?)?;
    config.header = Some(read("opening.h")?);
    config.after_includes =
        Some(read("prelude.h")?.replace("@VERSION@", env!("CARGO_PKG_VERSION")));
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in header.sources {
        builder = builder.with_src(api.join("src").join(format!("{source}.rs")));
    }
    let warnings = Warnings::install();
    let bindings = builder.generate().context("cbindgen")?;
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    warnings.none()?;
    // Not every header has some.
    let macros = if texts.join("macros.h").exists() { read("macros.h")? } else { String::new() };
    let text = with_macros(&String::from_utf8(bytes)?, &macros)?;
    rules(header, &text)?;
    Ok(text)
}

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

/// What every function of the header has to say.
fn rules(header: &Header, text: &str) -> Result<()> {
    let (path, most) = (header.path, header.functions_max);
    let names = functions(text);
    ensure!(names.len() <= most, "{path} has {} functions, {most} at most", names.len());
    let mut faults = Vec::new();
    for name in names {
        let comment = comment(text, name);
        let context = comment.split("Context: ").nth(1).unwrap_or_default();
        if !CONTEXTS.iter().any(|word| context.starts_with(word)) {
            faults.push(format!("{name} does not say who may call it"));
        }
        if !comment.contains("@return") {
            faults.push(format!("{name} does not say what it returns"));
        }
    }
    let defined = text.lines().filter_map(|line| line.trim_start().strip_prefix("#define "));
    for name in defined.filter(|name| !name.starts_with("TRINE_")) {
        faults.push(format!("the macro `{name}` does not begin with TRINE_"));
    }
    if faults.is_empty() { Ok(()) } else { bail!("{path}: {}", faults.join("; ")) }
}

/// The comment before the declaration of a function.
fn comment<'t>(text: &'t str, name: &str) -> &'t str {
    let call = format!("{name}(");
    // The name may stand in comments too; its declaration is the last place before which the macro
    // stands on the same line or the one above.
    let declared = text.match_indices(&call).map(|(at, _)| &text[..at]).find(|before| {
        before.rsplit(['/', ';']).next().is_some_and(|line| line.contains("TRINE_API"))
    });
    let before = declared.unwrap_or_default();
    before.rfind("/**").and_then(|start| before.get(start..)).unwrap_or_default()
}

/// Collects what cbindgen logs: it warns of what it leaves out, and then goes on.
struct Warnings;

static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LOGGER: Warnings = Warnings;

impl Warnings {
    fn install() -> &'static Self {
        // The second header finds it there.
        _ = log::set_logger(&LOGGER);
        log::set_max_level(log::LevelFilter::Warn);
        &LOGGER
    }

    fn none(&self) -> Result<()> {
        let logged = LOGGED.lock().map(|lines| lines.join("; ")).unwrap_or_default();
        ensure!(logged.is_empty(), "cbindgen warns: {logged}");
        Ok(())
    }
}

impl log::Log for Warnings {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = record.args().to_string();
        // What is private to the crate is no part of the header, and need not be; a type that one
        // header has from another is missed by C compilers if it is not there.
        let is_known = BORROWED.iter().any(|name| line.starts_with(&format!("Can't find {name}.")));
        if let Ok(mut lines) = LOGGED.lock()
            && !line.ends_with("(not `pub`).")
            && !is_known
        {
            lines.push(line);
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::{HEADERS, functions, rules};

    const HEADER: &str = "#define TRINE_API x\n#define TRINE_API\n/** Does.\n @return 0\n \
                          Context: isr-safe. */\nTRINE_API int32_t trine_do(void);\n";

    #[test]
    fn functions_are_found_and_must_say_who_may_call_them() {
        assert_eq!(functions(HEADER), ["trine_do"]);
        let rules = |text: &str| rules(&HEADERS[0], text);
        rules(HEADER).unwrap();
        assert!(rules(&HEADER.replace("isr-safe", "anybody")).is_err());
        assert!(rules(&HEADER.replace("@return 0", "")).is_err());
    }
}
