//! What `trine-train` says of its options.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::process::{Command, Output};

fn run(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trine-train")).args(words).output().unwrap()
}

#[test]
fn help_is_no_error_and_an_unknown_option_is_one_that_shows_it() {
    for part in [&[][..], &["unseen"], &["eval-lists"], &["tune-lists"]] {
        let help = run(&[part, &["--help"]].concat());
        let text = String::from_utf8(help.stdout).unwrap();
        assert!(help.status.success() && text.contains("--"), "{part:?}: {text}");
        let unknown = run(&[part, &["--nothing"]].concat());
        let error = String::from_utf8(unknown.stderr).unwrap();
        assert!(!unknown.status.success(), "{part:?}");
        assert!(error.contains("unknown option --nothing") && error.contains(text.trim()));
    }
}
