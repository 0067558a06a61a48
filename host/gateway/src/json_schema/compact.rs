//! JSON in one line.

/// The same JSON without white space between its tokens. `text` must be valid.
pub(crate) fn compact(text: &str) -> String {
    let (mut out, mut is_text, mut is_escaped) = (String::with_capacity(text.len()), false, false);
    for point in text.chars() {
        if is_text {
            match point {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => is_text = false,
                _ => {}
            }
        } else {
            is_text = point == '"';
            if matches!(point, ' ' | '\t' | '\r' | '\n') {
                continue;
            }
        }
        out.push(point);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_stay_as_they_were_written() {
        let text = "{ \"a b\" :\t[ 1.50, 1e3,\r\n \"\\\" x \\\\\" , \" y \" ] }";
        assert_eq!(compact(text), "{\"a b\":[1.50,1e3,\"\\\" x \\\\\",\" y \"]}");
        assert_eq!(compact("{\"a\":1}"), "{\"a\":1}");
    }
}
