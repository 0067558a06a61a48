//! `include/trine.h`, made from `ffi/api` by a pinned cbindgen and the macros beside it.

use std::sync::Mutex;

use anyhow::{Context, Result, bail, ensure};

use crate::sh;

const HEADER: &str = "include/trine.h";
const API: &str = "ffi/api";
/// The files of the crate in the order in which the header shows them.
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
/// Functions that the header may have; it is to be read in one sitting.
const FUNCTIONS_MAX: usize = 59;
/// What each function says of its callers.
const CONTEXTS: [&str; 3] = ["isr-safe", "owner-only", "init-only"];

/// `cargo xtask header`: writes the header.
///
/// # Errors
/// When cbindgen warns or fails, or the header breaks a rule.
pub(crate) fn write() -> Result<()> {
    let path = sh::root().join(HEADER);
    let text = generate()?;
    std::fs::write(&path, &text)?;
    println!("{HEADER}: {} functions", functions(&text).len());
    Ok(())
}

/// The leg `header`: what would be written is what is committed.
///
/// # Errors
/// As [`write()`], or when the committed header differs.
pub(crate) fn check() -> Result<()> {
    let committed = std::fs::read_to_string(sh::root().join(HEADER)).context(HEADER)?;
    let text = generate()?;
    ensure!(text == committed, "{HEADER} is not what ffi/api says: run `cargo xtask header`");
    println!("{HEADER} is what ffi/api says: {} functions", functions(&text).len());
    Ok(())
}

/// The names of the functions that a header declares.
pub(crate) fn functions(header: &str) -> Vec<&str> {
    // The macro's own two definitions come first.
    let declared = header.split("TRINE_API").skip(3);
    declared
        .filter_map(|text| text.split('(').next()?.split([' ', '*', '\n']).next_back())
        .collect()
}

fn generate() -> Result<String> {
    let api = sh::root().join(API);
    let read = |name: &str| {
        std::fs::read_to_string(api.join(name)).with_context(|| format!("{API}/{name}"))
    };
    let mut config: cbindgen::Config = toml::from_str(&read("cbindgen.toml")?)?;
    config.header = Some(read("opening.h")?);
    config.after_includes =
        Some(read("prelude.h")?.replace("@VERSION@", env!("CARGO_PKG_VERSION")));
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(api.join("src").join(format!("{source}.rs")));
    }
    let warnings = Warnings::install()?;
    let bindings = builder.generate().context("cbindgen")?;
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    warnings.none()?;
    let text = with_macros(&String::from_utf8(bytes)?, &read("macros.h")?)?;
    rules(&text)?;
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
fn rules(text: &str) -> Result<()> {
    let names = functions(text);
    ensure!(names.len() <= FUNCTIONS_MAX, "{} functions, {FUNCTIONS_MAX} at most", names.len());
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
    if faults.is_empty() { Ok(()) } else { bail!("{HEADER}: {}", faults.join("; ")) }
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
    fn install() -> Result<&'static Self> {
        log::set_logger(&LOGGER).map_err(|error| anyhow::anyhow!("{error}"))?;
        log::set_max_level(log::LevelFilter::Warn);
        Ok(&LOGGER)
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
        // What is private to the crate is no part of the header, and need not be.
        if let Ok(mut lines) = LOGGED.lock()
            && !line.ends_with("(not `pub`).")
        {
            lines.push(line);
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::{functions, rules};

    const HEADER: &str = "#define TRINE_API x\n#define TRINE_API\n/** Does.\n @return 0\n \
                          Context: isr-safe. */\nTRINE_API int32_t trine_do(void);\n";

    #[test]
    fn functions_are_found_and_must_say_who_may_call_them() {
        assert_eq!(functions(HEADER), ["trine_do"]);
        rules(HEADER).unwrap();
        assert!(rules(&HEADER.replace("isr-safe", "anybody")).is_err());
        assert!(rules(&HEADER.replace("@return 0", "")).is_err());
    }
}
