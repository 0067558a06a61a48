//! What a component says of itself. Components are not run here: the first name that one imports
//! tells whoever has one what a program would have to give it.

use std::fmt;

/// Most bytes of a name that are shown.
const NAME_MAX: usize = 200;
/// The section of a component that lists its imports, and the one of its exports.
const IMPORTS: u8 = 10;
const EXPORTS: u8 = 11;

/// The first name that a component imports, and the first that it exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Such as `wasi:cli/environment@0.2.3`.
    pub import: Option<String>,
    /// Such as `example:clock/now`.
    pub export: Option<String>,
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.import {
            Some(name) => write!(f, "it first imports '{name}'")?,
            None => f.write_str("it imports nothing")?,
        }
        self.export.as_ref().map_or(Ok(()), |name| write!(f, ", and first exports '{name}'"))
    }
}

/// What a component says of itself; `None` for what is none. What is damaged is passed over.
pub(crate) fn names(bytes: &[u8]) -> Option<Names> {
    // A version of its own, and 1 for the layer of components.
    let [b'\0', b'a', b's', b'm', _, _, 1, 0, rest @ ..] = bytes else { return None };
    let mut names = Names::default();
    let mut rest = rest;
    while let Some((section, after)) = section(&mut rest) {
        match section {
            IMPORTS if names.import.is_none() => names.import = first(after),
            EXPORTS if names.export.is_none() => names.export = first(after),
            _ => {}
        }
    }
    Some(names)
}

/// The next section: its number and its bytes.
pub(crate) fn section<'b>(rest: &mut &'b [u8]) -> Option<(u8, &'b [u8])> {
    let id = byte(rest)?;
    let size = usize::try_from(number(rest)?).ok()?;
    let (section, after) = rest.split_at_checked(size)?;
    *rest = after;
    Some((id, section))
}

/// The name of the first entry of a section.
fn first(mut section: &[u8]) -> Option<String> {
    if number(&mut section)? == 0 {
        return None;
    }
    // The form of the name, of which each begins with the name itself.
    byte(&mut section)?;
    let size = usize::try_from(number(&mut section)?).ok()?;
    let name = std::str::from_utf8(section.get(..size)?).ok()?;
    let name: String = name.chars().take(NAME_MAX).collect();
    Some(trine_gateway::sanitize::plain(&name).into_owned())
}

pub(crate) fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    Some(*first)
}

/// An unsigned number in LEB128, of at most 32 bits.
pub(crate) fn number(rest: &mut &[u8]) -> Option<u32> {
    let mut number = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let next = byte(rest)?;
        number |= u64::from(next & 0x7f) << shift;
        if next & 0x80 == 0 {
            return u32::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_components_are_passed_over() {
        let whole = b"\0asm\x0d\0\x01\0\x0a\x07\x01\x00\x03a:b\x05\x00";
        assert_eq!(names(whole).map(|it| it.import), Some(Some("a:b".to_owned())));
        for end in 0..whole.len() {
            _ = names(&whole[..end]);
        }
        for (at, change) in (8..whole.len()).flat_map(|at| (0..=255).map(move |it| (at, it))) {
            let mut damaged = whole.to_vec();
            damaged[at] = change;
            assert!(names(&damaged).is_some());
        }
        assert_eq!(names(b"\0asm\x01\0\0\0\x0a\x01\x00"), None, "a module");
        let said = names(b"\0asm\x0d\0\x01\0").map(|names| names.to_string());
        assert_eq!(said.as_deref(), Some("it imports nothing"));
    }
}
