//! `trine bench FILE --profile`: where the time of a model goes.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_infer::StageKind;
use trine_models::model::{Loaded, Pool, Profile, Stage, profile};

use super::Bench;
use super::shown::{Shown, begun};
use crate::cli::paint::{count, say, time};

impl Bench {
    pub(super) fn profile(&self, loaded: &Loaded<'_>, pool: &Pool) -> Result<ExitCode> {
        let found = profile(loaded, (self.prompt, self.tokens), pool);
        let found = found.map_err(|error| Error::from(error).at(self.file.display()))?;
        self.show_found(loaded, &Profiled { prompt: count(self.prompt as u64), found })
    }
}

/// Where the time goes of a prompt of this length, and after it.
struct Profiled {
    prompt: String,
    found: Profile,
}

impl Profiled {
    fn bars(&self) -> [(String, &[Stage]); 2] {
        [
            (format!("prefill {}", self.prompt), &self.found.prefill),
            (format!("decode after {}", self.prompt), &self.found.decode),
        ]
    }
}

impl Shown for Profiled {
    fn print(&self) {
        self.bars().iter().for_each(|(name, stages)| print(name, stages));
    }

    fn object(&self) -> Value {
        json!({ "prefill": object(&self.found.prefill), "decode": object(&self.found.decode) })
    }

    fn picture(&self, title: &str) -> String {
        picture(title, &self.bars())
    }
}

fn total(stages: &[Stage]) -> Duration {
    stages.iter().map(|stage| stage.wall).sum()
}

fn percent(stage: &Stage, total: Duration) -> f64 {
    100.0 * stage.wall.as_secs_f64() / total.as_secs_f64()
}

fn print(name: &str, stages: &[Stage]) {
    let (total, rest) = (total(stages), 100.0 * Profile::rest(stages));
    say!("{name}: {}, {rest:.1} % neither products nor attention", time(total));
    for stage in stages {
        say!("  {:<26} {:>5.1} %", stage.name, percent(stage, total));
    }
}

fn object(stages: &[Stage]) -> Value {
    let of = stages.iter().map(|stage| {
        let kind = match stage.kind {
            StageKind::Products => "products",
            StageKind::Attention => "attention",
            StageKind::Rest => "rest",
        };
        json!({ "stage": stage.name, "kind": kind, "seconds": stage.wall.as_secs_f64() })
    });
    json!({ "seconds": total(stages).as_secs_f64(), "rest": Profile::rest(stages),
            "stages": of.collect::<Vec<_>>() })
}

/// Products, attention, and all else: one colour for each kind, lighter from stage to stage.
const COLORS: [[&str; 5]; 3] = [
    ["#176", "#298", "#4ba", "#6dc", "#9ee"],
    ["#c60", "#c60", "#c60", "#c60", "#c60"],
    ["#557", "#779", "#99b", "#bbd", "#dde"],
];
/// Left edge, length, and height of a bar with its words.
const BAR: [f64; 3] = [20.0, 700.0, 84.0];

/// A bar for the prompt and one for decoding, in pieces as long as stages take.
fn picture(title: &str, bars: &[(String, &[Stage])]) -> String {
    let [left, long, high] = BAR;
    let height = 50.0 + high * bars.len() as f64 + 20.0 * 6.0;
    let mut out = begun(title, [740.0, height]);
    let mut names: Vec<(&str, &str)> = Vec::new();
    for (at, (name, stages)) in bars.iter().enumerate() {
        let (top, total) = (50.0 + high * at as f64, total(stages));
        let (rest, words) = (100.0 * Profile::rest(stages), time(total));
        // A string takes whatever is written to it.
        _ = writeln!(
            out,
            "<text x=\"{left}\" y=\"{:.0}\">{name}: {words}, {rest:.1} % neither products nor \
             attention</text>",
            top + 14.0
        );
        let (mut x, mut seen) = (left, [0; 3]);
        for stage in stages.iter() {
            let kind = stage.kind as usize;
            let new = COLORS[kind][seen[kind] % 5];
            let known = names.iter().find(|(name, _)| *name == stage.name);
            let color = known.map_or(new, |(_, color)| color);
            if known.is_none() {
                names.push((stage.name, color));
            }
            seen[kind] += 1;
            let wide = long * percent(stage, total) / 100.0;
            _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{:.0}\" width=\"{wide:.1}\" height=\"40\" \
                 fill=\"{color}\"><title>{}: {:.1} %</title></rect>",
                top + 22.0,
                stage.name,
                percent(stage, total)
            );
            x += wide;
        }
    }
    for (at, (name, color)) in names.iter().enumerate() {
        let x = left + 230.0 * (at % 3) as f64;
        let y = 50.0 + high * bars.len() as f64 + 20.0 * (at / 3) as f64;
        _ = writeln!(
            out,
            "<rect x=\"{x:.0}\" y=\"{:.0}\" width=\"12\" height=\"12\" fill=\"{color}\"/>\n\
             <text x=\"{:.0}\" y=\"{:.0}\">{name}</text>",
            y,
            x + 18.0,
            y + 11.0
        );
    }
    out + "</svg>\n"
}
