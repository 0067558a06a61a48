//! The start function of a module. The interpreter would run it in one piece while it makes an
//! instance, and look at no time meanwhile. So it becomes an export, which is called first, as
//! every other function.

use crate::component::{number, section};

/// The export that it becomes.
pub(crate) const NAME: &str = "trine:start";
/// Bytes before the first section.
const HEAD: usize = 8;
/// The section of exports, and the one that names the start function.
const EXPORTS: u8 = 7;
const START: u8 = 8;
/// An export that is a function.
const FUNCTION: u8 = 0;

/// The module with its start function as an export. `None` where it has none, and where the
/// interpreter has to refuse it.
pub(crate) fn exported(wasm: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = wasm.split_at_checked(HEAD)?;
    let mut sections = Vec::new();
    while !rest.is_empty() {
        sections.push(section(&mut rest)?);
    }
    let entry = entry(start(&sections)?);
    let mut made = head.to_vec();
    let mut is_put = false;
    for (id, bytes) in sections {
        match id {
            // Exports come before it; there may be none of them.
            START if is_put => {}
            START => put(&mut made, EXPORTS, &[&leb(1)[..], &entry].concat()),
            EXPORTS if is_put => return None,
            EXPORTS => {
                let mut entries = bytes;
                let count = number(&mut entries)?.checked_add(1)?;
                put(&mut made, EXPORTS, &[&leb(count)[..], entries, &entry].concat());
                is_put = true;
            }
            _ => put(&mut made, id, bytes),
        }
    }
    Some(made)
}

/// The number of the start function.
fn start(sections: &[(u8, &[u8])]) -> Option<u32> {
    let mut all = sections.iter().enumerate().filter(|(_, section)| section.0 == START);
    let (Some((place, (_, bytes))), None) = (all.next(), all.next()) else { return None };
    let mut bytes = *bytes;
    let function = number(&mut bytes)?;
    // What is left over, and exports behind it, are mistakes.
    let is_last = sections.iter().skip(place).all(|(id, _)| *id != EXPORTS);
    (bytes.is_empty() && is_last).then_some(function)
}

fn entry(function: u32) -> Vec<u8> {
    let size = u32::try_from(NAME.len()).unwrap_or_default();
    [&leb(size)[..], NAME.as_bytes(), &[FUNCTION], &leb(function)].concat()
}

fn put(made: &mut Vec<u8>, id: u8, bytes: &[u8]) {
    made.push(id);
    made.extend(leb(u32::try_from(bytes.len()).unwrap_or(u32::MAX)));
    made.extend_from_slice(bytes);
}

/// An unsigned number in LEB128.
fn leb(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_function_becomes_the_last_export() {
        let other = r#"(memory (export "memory") 1)"#;
        for (text, count) in [("", 1), (other, 2)] {
            let text = format!("(module {text} (func nop) (func $go nop) (start $go))");
            let wasm = exported(&wat::parse_str(text).unwrap()).unwrap();
            let module = wasmi::Module::new(&wasmi::Engine::default(), &*wasm).unwrap();
            let names: Vec<_> = module.exports().map(|export| export.name().to_owned()).collect();
            assert_eq!((names.len(), names.last().map(|it| &**it)), (count, Some(NAME)));
        }
        assert_eq!(exported(&wat::parse_str("(module (func nop))").unwrap()), None);
    }

    #[test]
    fn what_is_damaged_stays_as_it_is_or_is_refused() {
        let whole = wat::parse_str(r#"(module (func (export "f") nop) (start 0))"#).unwrap();
        for end in 0..whole.len() {
            _ = exported(&whole[..end]);
        }
        for (at, change) in (8..whole.len()).flat_map(|at| (0..=255).map(move |it| (at, it))) {
            let mut damaged = whole.clone();
            damaged[at] = change;
            if let Some(made) = exported(&damaged) {
                _ = wasmi::Module::new(&wasmi::Engine::default(), &*made);
            }
        }
        // Two of them are a mistake, which the interpreter tells.
        let start = &whole[whole.windows(3).position(|it| it == [8, 1, 0]).unwrap()..][..3];
        assert_eq!(exported(&[&whole[..], start].concat()), None);
    }
}
