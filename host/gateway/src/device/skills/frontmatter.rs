//! The head of a `SKILL.md`: YAML between two lines `---`, with `name` and `description`
//! (Agent Skills specification, *Frontmatter*).

use serde_json::Value;

use super::yaml;

/// Most bytes of a head.
const HEAD_MAX: usize = 16 * 1024;
/// Most characters of a name, and of a description.
const NAME_MAX: usize = 64;
const DESCRIPTION_MAX: usize = 1024;

/// Reads the head of a file as a JSON object; `name` is what the folder is called.
///
/// # Errors
/// What is wrong, for who wrote the file.
pub(super) fn read(file: &str, folder: &str) -> Result<String, String> {
    let head = head(file).ok_or("it does not begin with YAML between two lines \"---\"")?;
    if head.len() > HEAD_MAX {
        return Err(format!("its head has {} bytes, of {HEAD_MAX} at most", head.len()));
    }
    let value = yaml::to_json(head).map_err(|why| format!("its head is not YAML: {why}"))?;
    let text = |member: &str| match value.get(member) {
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(format!("the {member} in its head must be a text: put it in quotes")),
        None => Err(format!("its head has no {member}")),
    };
    let (name, description) = (text("name")?, text("description")?);
    if name != folder {
        return Err(format!("its name is \"{name}\" and its folder \"{folder}\": make them equal"));
    }
    let is_word = |part: &str| !part.is_empty() && part.chars().all(is_fit);
    if name.chars().count() > NAME_MAX || !name.split('-').all(is_word) {
        return Err(format!(
            "its name must be lower-case letters and digits with single hyphens between them, at \
             most {NAME_MAX} characters"
        ));
    }
    let len = description.chars().count();
    if !(1..=DESCRIPTION_MAX).contains(&len) {
        return Err(format!("its description has {len} characters, of 1 to {DESCRIPTION_MAX}"));
    }
    Ok(value.to_string())
}

fn is_fit(c: char) -> bool {
    c.is_alphanumeric() && !c.is_uppercase()
}

fn head(file: &str) -> Option<&str> {
    let rest = file.strip_prefix('\u{feff}').unwrap_or(file).strip_prefix("---")?;
    let rest = rest.trim_start_matches([' ', '\t', '\r']).strip_prefix('\n')?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return rest.get(..at);
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_of_a_head_is_kept_in_its_order() {
        let file = "---\nname: board\ndescription: >-\n  How to use\n  it: well.\n\
                    license: MIT\nmetadata:\n  version: \"1.0\"\n  n: [1, 2]\n---\n# Board\n";
        let file = &file.replace('\n', "\r\n");
        let json = concat!(
            r#"{"name":"board","description":"How to use it: well.","license":"MIT","#,
            r#""metadata":{"version":"1.0","n":[1,2]}}"#
        );
        assert_eq!(read(file, "board").unwrap(), json);
    }

    #[test]
    fn what_is_wrong_with_a_head_is_said() {
        let refused = |file: &str| read(file, "board").unwrap_err();
        let head = |head: &str| refused(&format!("---\n{head}\n---\n"));
        assert!(refused("# Board").contains("two lines"));
        assert!(refused("---\nname: board\n").contains("two lines"));
        assert!(head("name: board").contains("no description"));
        assert!(head("- a").contains("no name"));
        assert!(head("name: 7\ndescription: x").contains("name in its head must be a text"));
        assert!(head("name: boards\ndescription: x").contains("folder \"board\""));
        assert!(head("name: board\ndescription: ''").contains("0 characters"));
        assert!(head("name: [").contains("not YAML"));
        let long = format!("name: board\ndescription: {}", "x".repeat(1025));
        assert!(head(&long).contains("1025 characters"));
        assert!(head(&"x".repeat(17_000)).contains("16384 at most"));
        for name in ["Board", "a--b", "-a", "a-", "a b", "a_b", &"a".repeat(65)] {
            let file = format!("---\nname: {name}\ndescription: x\n---\n");
            assert!(read(&file, name).unwrap_err().contains("single hyphens"), "{name}");
        }
        let file = "---\nname: größe-2\ndescription: x\n---\n";
        assert!(read(file, "größe-2").is_ok());
    }

    /// The "billion laughs" of aliases.
    #[test]
    fn a_head_that_unfolds_without_end_is_refused() {
        let mut head = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let list = vec![format!("*a{}", n - 1); 10].join(", ");
            head += &format!("a{n}: &a{n} [{list}]\n");
        }
        let file = format!("---\n{head}name: board\ndescription: x\n---\n");
        assert!(read(&file, "board").unwrap_err().contains("not YAML"));
        let deep = format!("---\nname: {}\n---\n", "[".repeat(10_000));
        assert!(read(&deep, "board").is_err());
    }
}
