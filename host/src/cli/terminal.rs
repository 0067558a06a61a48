//! Questions to the person at the terminal.

use std::io::{IsTerminal as _, Result, Write as _};

/// The line that a question is answered with; `None` where standard input is no terminal.
pub(super) fn answer(question: &str) -> Option<Result<String>> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        return None;
    }
    eprint!("{question} ");
    let mut answer = String::new();
    // Without the question there is no answer to it.
    let read = std::io::stderr().flush().and_then(|()| input.read_line(&mut answer));
    Some(read.map(|_| answer))
}

/// Whether the person says yes.
pub(super) fn agrees(question: &str) -> bool {
    let answer = answer(&format!("{question} [y/N]"));
    answer.is_some_and(|answer| answer.is_ok_and(|answer| is_yes(&answer)))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim(), "y" | "Y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::is_yes;

    #[test]
    fn only_a_clear_yes_is_one() {
        assert!(["y\n", "Y\r\n", " yes "].into_iter().all(is_yes));
        assert!(!["", "\n", "n\n", "yes?\n", "yy\n"].into_iter().any(is_yes));
    }
}
