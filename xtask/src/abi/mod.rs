//! `bindings/trine_abi.json`: the functions of `trine_hub.h` and `trine_client.h` for other
//! languages, and the table of errors. It is made of the headers, as C compilers see them, by
//! `cargo xtask header`.

pub(crate) mod kept;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use trine_mcp::ErrorKind;

use crate::sh;

const PATH: &str = "bindings/trine_abi.json";
const HEADERS: [&str; 5] = [
    "include/trine_hub.h",
    "include/trine_client.h",
    "include/trine_events.h",
    "include/trine_figures.h",
    "include/trine_join.h",
];
/// Where the statuses are.
const STATUSES: &str = "include/trine.h";

/// Writes it.
pub(crate) fn write() -> Result<()> {
    std::fs::write(sh::root().join(PATH), made()?)?;
    println!("{PATH} is what the headers say");
    Ok(())
}

/// Sees that it is what would be written.
pub(crate) fn check() -> Result<()> {
    ensure!(made()? == sh::read(PATH)?, "{PATH} is old: run `cargo xtask header`");
    println!("{PATH} is what the headers say");
    Ok(())
}

fn made() -> Result<String> {
    let headers = HEADERS.map(sh::read).into_iter().collect::<Result<Vec<_>>>()?;
    let abi = described(&headers, &sh::read(STATUSES)?)?;
    Ok(serde_json::to_string_pretty(&abi)? + "\n")
}

/// What the texts of the headers declare, with the constants of another one.
fn described(headers: &[String], statuses: &str) -> Result<Value> {
    let texts: Vec<String> = headers.iter().map(|header| without_comments(header)).collect();
    let others = without_comments(statuses);
    let mut constants = BTreeMap::new();
    // The statuses are an enumeration, those of the hub are macros.
    let named = others.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "));
    let lines = texts.iter().flat_map(|text| text.lines());
    let defined = lines.filter_map(|line| line.strip_prefix("#define ")?.split_once(' '));
    for (name, number) in named.chain(defined).filter(|(name, _)| name.starts_with("TRINE_")) {
        let number = number.trim_matches(['(', ')']).parse::<i64>();
        if let Ok(number) = number {
            constants.insert(name.to_owned(), number);
        }
    }
    let (mut opaque, mut structs) = (Vec::new(), BTreeMap::new());
    let (mut callbacks, mut functions) = (BTreeMap::new(), BTreeMap::new());
    for statement in texts.iter().flat_map(|text| statements(text)) {
        if let Some(function) = statement.strip_prefix("TRINE_API ") {
            let (name, what) = signature(function)?;
            functions.insert(name, what);
        } else if let Some(rest) = statement.strip_prefix("typedef void (*") {
            let (name, parameters) = rest.split_once(')').context("a name")?;
            let (_, what) = signature(&format!("void {name}{parameters}"))?;
            callbacks.insert(name.to_owned(), what);
        } else if let Some(rest) = statement.strip_prefix("typedef struct ") {
            match rest.split_once('{') {
                Some((name, members)) => {
                    let members = members.split('}').next().unwrap_or_default().split(';');
                    let members = members.map(str::trim).filter(|it| !it.is_empty());
                    let members = members.map(parameter).collect::<Result<Vec<_>>>()?;
                    structs.insert(name.trim().to_owned(), json!(members));
                }
                None => opaque.push(rest.split(' ').next().unwrap_or_default().to_owned()),
            }
        }
    }
    let errors = ErrorKind::ALL.map(|kind| {
        let codes = kind.codes();
        json!({
            "kind": codes.name, "c": codes.c, "json_rpc": codes.json_rpc, "http": codes.http,
            "class": codes.python, "text": codes.text,
        })
    });
    Ok(json!({
        "about": "trine_hub.h and its kin, written by `cargo xtask header`.",
        "library": "trine_host",
        "constants": constants,
        "opaque": opaque,
        "structs": structs,
        "callbacks": callbacks,
        "functions": functions,
        "errors": errors,
    }))
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        out += before;
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    (out + rest)
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |text, line| text + line.split("//").next().unwrap_or_default() + "\n")
}

/// Declarations, each on one line; a struct's has its members.
fn statements(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.starts_with('#'));
    // What C++ sees around them.
    let code: Vec<&str> = code.filter(|line| !line.starts_with("extern \"C\"")).collect();
    let code = code.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut all, mut depth, mut one) = (Vec::new(), 0_usize, String::new());
    for letter in code.chars() {
        depth = match letter {
            '{' => depth + 1,
            '}' => depth.saturating_sub(1),
            _ => depth,
        };
        if letter == ';' && depth == 0 {
            all.push(std::mem::take(&mut one).trim().to_owned());
        } else {
            one.push(letter);
        }
    }
    all
}

/// `type name(type name, …)`.
fn signature(text: &str) -> Result<(String, Value)> {
    let (head, rest) = text.split_once('(').with_context(|| format!("no function: {text}"))?;
    let [returns, name] = pair(head)?;
    let rest = rest.trim_end().strip_suffix(')').context("no end of the parameters")?;
    let parameters = rest.split(',').map(str::trim).filter(|it| !it.is_empty() && *it != "void");
    let parameters = parameters.map(parameter).collect::<Result<Vec<_>>>()?;
    Ok((name, json!({ "returns": returns, "parameters": parameters })))
}

/// `type name`, as a pair of name and type.
fn parameter(text: &str) -> Result<[String; 2]> {
    let [kind, name] = pair(text)?;
    Ok([name, kind])
}

/// A type and a name, the type without `struct`.
fn pair(text: &str) -> Result<[String; 2]> {
    let text = text.trim().replace("struct ", "");
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let at = text.trim_end_matches(is_part).len();
    let (kind, name) = text.split_at(at);
    ensure!(!name.is_empty() && !kind.trim().is_empty(), "no type and name: {text}");
    Ok([kind.trim().to_owned(), name.to_owned()])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::described;

    #[test]
    fn functions_callbacks_structs_and_constants_of_a_header_are_described() {
        let header = "/** One. */\n#define TRINE_E_ONE (-20)\n#define TRINE_BY 1\n\
            typedef struct hub hub;\n/** A; with words. */\ntypedef struct stats {\n\
            /** Size. */\nuint32_t size;\n    const char *name;\n} stats;\n\
            typedef void (*ended)(void *user_data,\n                      const char *why);\n\
            #ifdef __cplusplus\nextern \"C\" {\n#endif // __cplusplus\n\
            TRINE_API trine_status hub_open(const char *options, struct hub **hub);\n\
            TRINE_API\nconst char *hub_why(void);\n#ifdef __cplusplus\n\
            }  // extern \"C\"\n#endif\n";
        // What closes one header does not hide what opens the next.
        let second = "#ifdef __cplusplus\nextern \"C\" {\n#endif\ntypedef struct line line;\n";
        let abi = described(
            &[header.to_owned(), second.to_owned()],
            "enum {\n    TRINE_OK = 0,\n    TRINE_E_NULL = -1,\n};\n",
        )
        .unwrap();
        let constants =
            json!({"TRINE_OK": 0, "TRINE_E_NULL": -1, "TRINE_E_ONE": -20, "TRINE_BY": 1});
        assert_eq!(abi["constants"], constants);
        assert_eq!(abi["opaque"], json!(["hub", "line"]));
        let members = json!([["size", "uint32_t"], ["name", "const char *"]]);
        assert_eq!(abi["structs"], json!({ "stats": members }));
        let ended = json!({"returns": "void",
            "parameters": [["user_data", "void *"], ["why", "const char *"]]});
        assert_eq!(abi["callbacks"], json!({ "ended": ended }));
        let functions = json!({
            "hub_open": {"returns": "trine_status",
                "parameters": [["options", "const char *"], ["hub", "hub **"]]},
            "hub_why": {"returns": "const char *", "parameters": []},
        });
        assert_eq!(abi["functions"], functions);
        assert_eq!(abi["errors"][3]["class"], "ToolNotFoundError");
    }
}
