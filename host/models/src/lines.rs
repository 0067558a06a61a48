//! Lines of input, with a bound.

use std::io::{BufRead, Read as _};

/// Reads the next line without its end, at most `max` bytes of it: what is longer is cut, which
/// leaves no JSON. `None` at the end of the input.
///
/// # Errors
/// When the input cannot be read.
pub fn next(input: &mut impl BufRead, max: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = input.by_ref().take(max as u64 + 1).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > max {
        line.truncate(max);
        input.skip_until(b'\n')?;
    }
    Ok(Some(line))
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn a_line_that_is_too_long_is_cut_and_the_next_one_is_complete() {
        let mut input = &b"one\n12345678\n\nlast"[..];
        let mut lines = Vec::new();
        while let Some(line) = next(&mut input, 4).unwrap() {
            lines.push(String::from_utf8(line).unwrap());
        }
        assert_eq!(lines, ["one", "1234", "", "last"]);
    }
}
