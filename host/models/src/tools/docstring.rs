//! Parameters that a tool's description explains, as servers made of Python functions have them.
//!
//! ```text
//! Set the brightness.
//!
//! Args:
//!     brightness: how bright, 0-255
//!     host (str, optional): the strip
//!         that is meant
//! ```
//!
//! The form is that of Google's style guide for Python, section 3.8.3: a line with a heading, then
//! one entry a parameter, indented, with further lines of an entry indented more.

/// Headings before parameters.
const HEADINGS: [&str; 4] = ["args:", "arguments:", "parameters:", "params:"];

/// A description without its parameters, and what it says of each.
#[derive(Debug, PartialEq)]
pub(super) struct Docstring {
    /// The rest of it.
    pub(super) description: String,
    /// Names of parameters with what they mean.
    pub(super) params: Vec<(String, String)>,
}

/// Takes what a description says of some parameters out of it. Without a heading, or where no
/// entry is one of these parameters, the description stays as it is.
pub(super) fn read(description: &str, is_param: impl Fn(&str) -> bool) -> Docstring {
    let lines: Vec<&str> = description.lines().collect();
    let is_heading = |line: &&str| HEADINGS.contains(&&*line.trim().to_lowercase());
    let whole = || Docstring { description: description.to_owned(), params: Vec::new() };
    let Some(heading) = lines.iter().position(is_heading) else { return whole() };
    let (outer, body) = (indent(lines[heading]), &lines[heading + 1..]);
    let is_inside = |line: &&&str| line.trim().is_empty() || indent(line) > outer;
    let section = body.iter().take_while(is_inside).count();
    let params = entries(&body[..section]);
    if !params.iter().any(|(name, _)| is_param(name)) {
        return whole();
    }
    let rest = lines[..heading].iter().chain(&body[section..]);
    let rest: Vec<&str> = rest.copied().collect();
    Docstring { description: rest.join("\n").trim().to_owned(), params }
}

/// The entries of a section: `name: text`, `name (type): text`, also behind a dash.
fn entries(lines: &[&str]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let Some(first) = lines.iter().find(|line| !line.trim().is_empty()) else { return all };
    let depth = indent(first);
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        match entry(line.trim()).filter(|_| indent(line) <= depth) {
            Some((name, text)) => all.push((name.to_owned(), text.to_owned())),
            None => {
                let Some((_, text)) = all.last_mut() else { continue };
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(line.trim());
            }
        }
    }
    all
}

fn entry(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches(['-', '*', ' ']);
    let (head, text) = line.split_once(':')?;
    let name = head.split('(').next()?.trim().trim_matches(['`', '*']);
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    (!name.is_empty() && name.chars().all(is_name)).then(|| (name, text.trim()))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(description: &str) -> (String, Vec<(String, String)>) {
        let own = ["brightness", "host", "on-time"];
        let Docstring { description, params } = read(description, |name| own.contains(&name));
        (description, params)
    }

    fn pair(name: &str, text: &str) -> (String, String) {
        (name.into(), text.into())
    }

    #[test]
    fn parameters_are_taken_out_of_a_description() {
        let given = [
            "Set the brightness.",
            "",
            "    Args:",
            "        brightness: how bright, 0-255",
            "        host (str, optional): the strip",
            "            that is meant: by name",
            "",
            "    Returns:",
            "        The state.",
            "    ",
        ];
        let given = &given.join("\n");
        let wanted = vec![
            pair("brightness", "how bright, 0-255"),
            pair("host", "the strip that is meant: by name"),
        ];
        assert_eq!(
            told(given),
            ("Set the brightness.\n\n    Returns:\n        The state.".into(), wanted)
        );
        let dashed =
            "Dims.\nParameters:\n - `brightness`: how bright\n - **on-time** (int): seconds";
        let wanted = vec![pair("brightness", "how bright"), pair("on-time", "seconds")];
        assert_eq!(told(dashed), ("Dims.".into(), wanted));
    }

    #[test]
    fn what_is_no_parameter_stays_where_it_is() {
        for given in ["", "Args:", "Args: none", "Switch it.\nArgs:\n  other: thing", "Args:\n\n\n"]
        {
            assert_eq!(told(given), (given.to_owned(), Vec::new()), "{given:?}");
        }
        // The section ends with its indentation.
        let (rest, params) = told("Args:\n  host: which\nNote: brightness: is kept");
        assert_eq!((&*rest, params.len()), ("Note: brightness: is kept", 1));
    }

    #[test]
    fn no_description_panics() {
        let parts = ["Args:", "\n", "  ", "host", ":", "é", "\t", "(", "-", "\u{3000}"];
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(parts[(seed >> 33) as usize % parts.len()]);
            }
            _ = told(&text);
        }
    }
}
