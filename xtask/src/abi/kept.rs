//! `ffi/abi.json`: what every header declares that programs may have been compiled with. What it
//! holds stays as it is for as long as the version of the header's ABI is the same; what is new is
//! added to it by `cargo xtask header`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::{pair, parameter, statements, without_comments};
use crate::sh;

pub(crate) const PATH: &str = "ffi/abi.json";
/// The member by which a library knows how much of a structure a program has.
const SIZED: &str = "uint32_t struct_size";
/// The header whose version is that of all that have none of their own, and how versions are named.
const FIRST: &str = "include/trine.h";
const VERSION: &str = "_ABI_VERSION";

/// What a header declares. Types stand without names of parameters, which may change.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Declared {
    /// The values of macros and enumerations, as they are written.
    constants: BTreeMap<String, String>,
    /// Macros with parameters.
    macros: BTreeMap<String, String>,
    /// The members of structures in their order; of one that is opaque there are none.
    structs: BTreeMap<String, Vec<String>>,
    /// Types of functions.
    callbacks: BTreeMap<String, String>,
    functions: BTreeMap<String, String>,
}

/// Of each header by its path.
type All = BTreeMap<String, Declared>;

/// Adds what is new; refuses to forget or to change anything.
pub(crate) fn write(headers: &[&str]) -> Result<()> {
    let made = all(headers)?;
    if sh::root().join(PATH).exists() {
        unbroken(&read()?, &made)?;
    }
    std::fs::write(sh::root().join(PATH), serde_json::to_string_pretty(&made)? + "\n")?;
    println!("{PATH} is what the headers declare");
    Ok(())
}

/// Sees that the headers declare all that is kept, and that all of theirs is kept.
pub(crate) fn check(headers: &[&str]) -> Result<()> {
    let (kept, made) = (read()?, all(headers)?);
    unbroken(&kept, &made)?;
    ensure!(kept == made, "{PATH} lacks something new: run `cargo xtask header`");
    let functions: usize = made.values().map(|header| header.functions.len()).sum();
    println!("{PATH}: {functions} functions of {} headers are as they were", made.len());
    Ok(())
}

/// Sees that the headers declare all that an earlier version's file holds.
pub(crate) fn unbroken_since(kept: &str) -> Result<()> {
    unbroken(&serde_json::from_str(kept).context("its file")?, &read()?)
}

fn read() -> Result<All> {
    serde_json::from_str(&sh::read(PATH)?).context(PATH)
}

fn all(headers: &[&str]) -> Result<All> {
    let one = |path: &&str| Ok(((*path).to_owned(), declared(&sh::read(path)?)?));
    headers.iter().map(one).collect()
}

/// Whether a program that was compiled with `kept` finds all of it in `made`.
fn unbroken(kept: &All, made: &All) -> Result<()> {
    let mut broken = Vec::new();
    let nothing = Declared::default();
    let same_version = |path: &&String| version(kept, path) == version(made, path);
    for path in kept.keys().filter(same_version) {
        let (old, new) = (&kept[path], made.get(path).unwrap_or(&nothing));
        let pairs = [
            (&old.constants, &new.constants),
            (&old.macros, &new.macros),
            (&old.callbacks, &new.callbacks),
            (&old.functions, &new.functions),
        ];
        for (name, was) in pairs.iter().flat_map(|(old, _)| old.iter()) {
            let is = pairs.iter().find_map(|(_, new)| new.get(name));
            if is != Some(was) {
                let is = is.map_or("is not there any more", String::as_str);
                broken.push(format!("{path}: {name} was `{was}`: {is}"));
            }
        }
        for (name, was) in &old.structs {
            let is = new.structs.get(name).map_or(&[][..], Vec::as_slice);
            let may_grow = was.first().is_some_and(|member| member == SIZED);
            let is_kept = new.structs.contains_key(name)
                && is.starts_with(was)
                && (may_grow || is.len() == was.len());
            if !is_kept {
                broken.push(format!("{path}: struct {name} was {was:?} and is {is:?}"));
            }
        }
    }
    ensure!(
        broken.is_empty(),
        "programs that were compiled with the headers of before break:\n  {}\nKeep what was there, \
         or raise the version of its ABI and run `cargo xtask header`",
        broken.join("\n  ")
    );
    Ok(())
}

/// The version of a header's ABI.
fn version<'a>(all: &'a All, path: &str) -> Option<&'a str> {
    let of = |path| {
        let constants = &all.get(path)?.constants;
        let own = constants.iter().find(|(name, _)| name.ends_with(VERSION));
        own.map(|(_, number)| number.as_str())
    };
    of(path).or_else(|| of(FIRST))
}

/// Whether the first header had the version of its ABI in an earlier file that it has now.
pub(crate) fn has_version_of(kept: &str) -> Result<bool> {
    let kept: All = serde_json::from_str(kept).context("its file")?;
    Ok(version(&kept, FIRST) == version(&read()?, FIRST))
}

/// What the text of a header declares.
fn declared(header: &str) -> Result<Declared> {
    let text = without_comments(header);
    let mut out = Declared::default();
    for define in text.lines().filter_map(|line| line.strip_prefix("#define ")) {
        let end = define.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, rest) = define.split_at(end.unwrap_or(define.len()));
        if let Some(rest) = rest.strip_prefix('(') {
            let parameters = rest.split(')').next().unwrap_or_default();
            out.macros.insert(name.to_owned(), format!("({parameters})"));
        } else if !rest.trim().is_empty() && !is_of_a_version(name) {
            out.constants.insert(name.to_owned(), rest.trim().to_owned());
        }
    }
    for statement in statements(&text) {
        if let Some((_, function)) = statement.split_once("TRINE_API ") {
            let (name, what) = function_type(function).with_context(|| statement.clone())?;
            out.functions.insert(name, what);
        } else if let Some(rest) = statement.strip_prefix("typedef struct ") {
            let (name, members) = structure(rest)?;
            out.structs.insert(name, members);
        } else if let Some((head, rest)) = statement.split_once("(*") {
            let returns = head.strip_prefix("typedef ");
            if let (Some(returns), Some((name, rest))) = (returns, rest.split_once(')')) {
                let (name, what) = function_type(&format!("{returns} {name}{rest}"))
                    .with_context(|| statement.clone())?;
                out.callbacks.insert(name, what);
            }
        } else if let Some(rest) = statement.strip_prefix("enum ") {
            let members = rest.split_once('{').map_or("", |(_, rest)| rest).trim_end_matches('}');
            let members = members.split(',').filter_map(|member| member.split_once('='));
            let members = members.map(|(name, value)| [name, value].map(|it| it.trim().to_owned()));
            out.constants.extend(members.map(|[name, value]| (name, value)));
        }
    }
    Ok(out)
}

/// What is another with each version, or with each compiler.
fn is_of_a_version(name: &str) -> bool {
    const OTHERS: [&str; 5] =
        ["TRINE_VERSION", "TRINE_VERSION_NUMBER", "TRINE_API", "TRINE_AS_INT32", "TRINE_MUST_USE"];
    OTHERS.contains(&name)
}

/// A name, and the types of the result and of the parameters.
fn function_type(text: &str) -> Result<(String, String)> {
    let (head, rest) = text.split_once('(').with_context(|| format!("no function: {text}"))?;
    let [returns, name] = pair(head)?;
    let rest = rest.trim_end().strip_suffix(')').context("no end of the parameters")?;
    let parameters = apart(rest).into_iter().map(|one| match one.contains('(') || one == "void" {
        true => Ok(one.to_owned()),
        false => pair(one).map(|[kind, _]| kind),
    });
    Ok((name, format!("{returns}({})", parameters.collect::<Result<Vec<_>>>()?.join(", "))))
}

/// Parameters between commas, of which those of a callback are not the function's.
fn apart(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = text.split(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    parts.map(str::trim).collect()
}

/// `name {members} name`, or `name name` of an opaque one.
fn structure(text: &str) -> Result<(String, Vec<String>)> {
    let Some((name, members)) = text.split_once('{') else {
        return Ok((text.split(' ').next().unwrap_or_default().to_owned(), Vec::new()));
    };
    let members = members.rsplit_once('}').map_or("", |(members, _)| members).split(';');
    let members = members.map(str::trim).filter(|member| !member.is_empty());
    let typed = |member: &str| match member.contains(['(', '[']) {
        true => Ok(member.to_owned()),
        false => parameter(member).map(|[name, kind]| format!("{kind} {name}")),
    };
    Ok((name.trim().to_owned(), members.map(typed).collect::<Result<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::{All, declared, unbroken};

    const HEADER: &str = "#define TRINE_VERSION \"0.1.0\"\n#define TRINE_ONE (-20)\n\
        #define TRINE_TWO(a, b) {a, b}\nenum TRINE_AS_INT32 {\n    TRINE_OK = 0,\n};\n\
        typedef struct hub hub;\ntypedef struct stats {\nuint32_t struct_size;\n\
        const char *name;\n} stats;\ntypedef struct pair {\nint32_t a;\nint32_t b[2];\n} pair;\n\
        typedef trine_status (*ended)(void *user_data, const char *why);\n\
        TRINE_MUST_USE\nTRINE_API trine_status hub_open(const char *options, struct hub **hub);\n\
        TRINE_API void hub_each(void (*work)(hub *hub, int32_t at), void *user_data);\n";

    fn of(text: &str) -> All {
        All::from([("a.h".to_owned(), declared(text).unwrap())])
    }

    #[test]
    fn what_a_header_declares_is_kept_by_types() {
        let all = of(HEADER);
        let one = &all["a.h"];
        assert_eq!(one.functions["hub_open"], "trine_status(const char *, hub **)");
        assert_eq!(one.functions["hub_each"], "void(void (*work)(hub *hub, int32_t at), void *)");
        assert_eq!(one.callbacks["ended"], "trine_status(void *, const char *)");
        assert_eq!(one.constants["TRINE_ONE"], "(-20)");
        assert_eq!(one.constants["TRINE_OK"], "0");
        assert!(!one.constants.contains_key("TRINE_VERSION"));
        assert_eq!(one.macros["TRINE_TWO"], "(a, b)");
        assert_eq!(one.structs["pair"], ["int32_t a", "int32_t b[2]"]);
        assert_eq!(one.structs["hub"], [""; 0]);
    }

    #[test]
    fn additions_break_nothing() {
        let kept = of(HEADER);
        for (from, to) in [
            ("} stats", "uint64_t more;\n} stats"),
            ("TRINE_API", "TRINE_API void hub_close(hub *hub);\nTRINE_API"),
            ("    TRINE_OK = 0,\n", "    TRINE_OK = 0,\n    TRINE_E_NEW = -1,\n"),
            ("*options", "*words"),
        ] {
            unbroken(&kept, &of(&HEADER.replace(from, to))).unwrap();
        }
    }

    #[test]
    fn a_raised_version_of_the_abi_lets_its_headers_change_and_no_others() {
        let of = |first, one: &str, other: &str| {
            let texts = [(super::FIRST, first), ("a.h", one), ("b.h", other)];
            let all = texts.map(|(path, text)| (path.to_owned(), declared(text).unwrap()));
            All::from(all)
        };
        let [one, two] = ["#define TRINE_ABI_VERSION 1\n", "#define TRINE_ABI_VERSION 2\n"];
        let own = format!("#define TRINE_B_ABI_VERSION 1\n{HEADER}");
        let (kept, less) = (of(one, HEADER, &own), "#define TRINE_B_ABI_VERSION 1\n");
        unbroken(&kept, &of(two, "", &own)).unwrap();
        let why = unbroken(&kept, &of(two, "", less)).unwrap_err().to_string();
        assert!(why.contains("b.h: hub_open") && !why.contains("a.h"), "{why}");
        assert!(unbroken(&kept, &of(one, "", &own)).is_err());
    }

    #[test]
    fn what_is_removed_or_changed_breaks_programs_and_is_named() {
        let kept = of(HEADER);
        for (from, to, named) in [
            ("hub_open", "hub_start", "hub_open"),
            ("const char *options", "char *options", "hub_open"),
            ("(-20)", "(-21)", "TRINE_ONE"),
            ("TRINE_OK = 0", "TRINE_OK = 1", "TRINE_OK"),
            ("(a, b) {", "(a, b, c) {", "TRINE_TWO"),
            ("const char *name;\n", "", "stats"),
            ("int32_t b[2];", "int32_t b[3];", "pair"),
            ("int32_t b[2];", "int32_t b[2];\nint32_t c;", "pair"),
            ("const char *why", "char *why", "ended"),
            ("typedef struct hub hub;\n", "", "struct hub"),
        ] {
            let new = HEADER.replace(from, to);
            assert_ne!(new, HEADER);
            let why = unbroken(&kept, &of(&new)).unwrap_err().to_string();
            assert!(why.contains(named), "{from}: {why}");
        }
        assert!(unbroken(&kept, &All::new()).is_err());
    }
}
