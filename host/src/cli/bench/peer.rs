//! `--peer-command`: any other program's benchmark, in turns with this one.

use std::io;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use trine::{Error, Result};

use super::table::median;
use crate::cli::paint::say;

/// Another program's benchmark.
pub(super) struct Peer<'c> {
    command: &'c str,
    /// Tokens a second of each round: prefill, decode.
    rounds: Vec<Result<[Option<f64>; 2]>>,
}

/// Medians of all rounds.
pub(super) struct PeerFigures {
    command: String,
    prefill: Option<f64>,
    decode: Option<f64>,
}

impl<'c> Peer<'c> {
    pub(super) const fn new(command: &'c str) -> Self {
        Self { command, rounds: Vec::new() }
    }

    /// Runs it once.
    pub(super) fn round(&mut self) {
        // After one failure it would fail again.
        if self.rounds.iter().all(Result::is_ok) {
            let output = shell(self.command);
            let found = read(output).map_err(|problem| {
                let command = self.command.to_owned();
                Error::PeerCommand { command, problem }
            });
            self.rounds.push(found);
        }
    }

    pub(super) fn figures(self) -> Result<PeerFigures> {
        let rounds = self.rounds.into_iter().collect::<Result<Vec<_>>>()?;
        let middle = |of: usize| {
            let all: Vec<f64> = rounds.iter().filter_map(|round| round[of]).collect();
            (!all.is_empty()).then(|| median(&all))
        };
        Ok(PeerFigures { command: self.command.to_owned(), prefill: middle(0), decode: middle(1) })
    }
}

impl PeerFigures {
    /// What it reached, and how many times that our speeds are.
    pub(super) fn json(&self, [prefill, decode]: [f64; 2]) -> Value {
        let stretch = |theirs: Option<f64>, ours: f64| {
            theirs.map(|theirs| json!({ "tokens_per_s": theirs, "ratio": ours / theirs }))
        };
        json!({ "command": self.command, "prefill": stretch(self.prefill, prefill),
                "decode": stretch(self.decode, decode) })
    }

    pub(super) fn print(&self, [prefill, decode]: [f64; 2]) {
        say!("{}", self.command);
        for (name, theirs, ours) in
            [("prefill", self.prefill, prefill), ("decode", self.decode, decode)]
        {
            if let Some(theirs) = theirs {
                let ratio = ours / theirs;
                say!("{name:<12} {theirs:>8.1} tokens/s; this program {ratio:.2} times that");
            }
        }
    }
}

fn shell(command: &str) -> io::Result<Output> {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    Command::new(shell).arg(option).arg(command).stderr(Stdio::inherit()).output()
}

/// Tokens a second that a program has printed: prefill, decode.
fn read(output: io::Result<Output>) -> std::result::Result<[Option<f64>; 2], String> {
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("it failed: {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let figures = serde_json::from_str(&text).map(|value| figures(&value)).unwrap_or_default();
    match figures {
        [None, None] => Err("it printed no such figures".to_owned()),
        found => Ok(found),
    }
}

/// The figures of an object, which may be that of `trine bench --json`, or of llama-bench's list,
/// where a test that reads no prompt decodes, and one that decodes nothing reads a prompt.
fn figures(value: &Value) -> [Option<f64>; 2] {
    let above = |speed: &Value| speed.as_f64().filter(|speed| *speed > 0.0);
    let Some(tests) = value.as_array() else {
        return ["prefill", "decode"].map(|name| {
            let stretch = value.get(name)?;
            above(stretch.get("tokens_per_s").unwrap_or(stretch))
        });
    };
    ["n_gen", "n_prompt"].map(|none| {
        let is_it = |test: &&Value| test.get(none).and_then(Value::as_u64) == Some(0);
        tests.iter().find(is_it)?.get("avg_ts").and_then(above)
    })
}

#[cfg(test)]
mod tests {
    use super::{Peer, figures, json};

    #[test]
    fn figures_are_those_of_an_object_of_this_program_or_of_the_list_of_llama_bench() {
        let own = json!({ "prefill": { "tokens": 8, "tokens_per_s": 3.5 }, "decode": {} });
        assert_eq!(figures(&own), [Some(3.5), None]);
        let list = json!([{ "n_prompt": 128, "n_gen": 0, "avg_ts": 90.5 },
                          { "n_prompt": 0, "n_gen": 32, "avg_ts": 10.25 }]);
        assert_eq!(figures(&list), [Some(90.5), Some(10.25)]);
        assert_eq!(figures(&json!({ "decode": 7 })), [None, Some(7.0)]);
        for nothing in [json!([]), json!(3), json!({ "prefill": 0, "decode": "fast" })] {
            assert_eq!(figures(&nothing), [None; 2], "{nothing}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn rounds_of_a_command_have_a_median_and_its_failure_is_said_once() {
        let mut peer = Peer::new("echo '{ \"prefill\": 50, \"decode\": 4 }'");
        (0..3).for_each(|_| peer.round());
        let found = peer.figures().unwrap().json([100.0, 5.0]);
        assert_eq!(found["prefill"], json!({ "tokens_per_s": 50.0, "ratio": 2.0 }));
        assert_eq!(found["decode"], json!({ "tokens_per_s": 4.0, "ratio": 1.25 }));
        for (command, problem) in [("exit 3", "exit status: 3"), ("echo 12", "no such figures")] {
            let mut peer = Peer::new(command);
            (0..2).for_each(|_| peer.round());
            assert_eq!(peer.rounds.len(), 1);
            let message = peer.figures().err().unwrap().to_string();
            assert!(message.contains(command) && message.contains(problem), "{message}");
        }
    }
}
