//! `cargo xtask bench foreign`: what others have published to measure tool calls with.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use devtools::Gates;
use devtools::record::{Figures, Record};
use serde_json::Value;

use crate::sh;

/// The packages that have it.
const LOCK: &str = "tests/foreign/requirements.txt";
/// The sets of BFCL whose sentences have a call; the points over words and rules that are asked
/// for, and aimed at.
const SETS: [(&str, [f64; 2]); 2] = [("live_multiple", [1.5, 4.0]), ("multiple", [0.0, 4.0])];
/// Whole calls right of 100 that a descriptor can say.
const CALLS: [f64; 2] = [55.0, 75.0];
/// The area under the curve between sentences with a call and those of `irrelevance`.
const AUC: [f64; 2] = [0.90, 0.93];

pub(crate) fn bench(keep: bool) -> Result<()> {
    let python = sh::python("foreign", &["--no-deps", "-r", LOCK])?;
    let release = ["build", "-q", "--release", "-p", "trine", "-p", "trine-train", "--bins"];
    sh::run(sh::cargo().args(release))?;
    let folder = sh::target_dir().join("foreign-figures");
    sh::empty_folder(&folder)?;
    let record = Record::begin("foreign", Figures::Counts, keep)?;
    let versions = sh::output(sh::command(&python).args(["-m", "pip", "freeze"]))?;
    let versions = versions.split_whitespace().collect::<Vec<_>>().join(", ");

    let ask = |script: &str, more: &[&str]| -> Result<Value> {
        let figures = folder.join(format!("{script}.json"));
        let mut ask = sh::command(&python);
        ask.arg("-B").arg(format!("tests/foreign/{script}.py")).args(more);
        sh::run(ask.arg("--json").arg(&figures))?;
        read(&figures)
    };
    let lists = folder.join("lists");
    let bfcl = ask("bfcl", &["--lists", &lists.to_string_lossy()])?;
    let needle = ask("needle_environments", &[])?;

    let mut gates = Gates::default();
    let mut text = format!(
        "`trine ask` with the base, which has learnt nothing of these; words and rules without \
         weights next to it. Packages: {versions}.\n\n\
         | BFCL | cases | tool right, % | also as likeliest or lacking an argument | words and \
         rules, counted like this |\n|---|---:|---:|---:|---:|\n"
    );
    for (set, points) in SETS {
        let figures = &bfcl[set];
        let percent = |name: &str| of(&figures[name]).map(|share| 100.0 * share);
        let (strict, all) = (percent("tool right")?, percent("with `likeliest` and `missing`")?);
        let words = words(&lists.join(set), &folder)?;
        text +=
            &format!("| {set} | {} | {strict:.1} | {all:.1} | {words:.1} |\n", figures["cases"]);
        gates.at_least(format!("{set}: points over words and rules"), all - words, points);
    }
    text += "\n| BFCL: whole calls that a descriptor can say | of | right, % |\n|---|---:|---:|\n";
    let mut sums = [0.0; 2];
    let mut row = |set: &str, said: f64, calls: f64| {
        text += &format!("| {set} | {said} | {:.1} |\n", 100.0 * calls / said);
    };
    for (set, _) in SETS {
        let (said, calls) = (of(&bfcl[set]["said"])?, of(&bfcl[set]["calls"])?);
        row(set, said, calls);
        sums = [sums[0] + said, sums[1] + calls];
    }
    row("both", sums[0], sums[1]);
    gates.at_least("whole calls right, %", 100.0 * sums[1] / sums[0], CALLS);
    let [alone, both] = ["irrelevance alone", "both"].map(|name| of(&bfcl["auc"][name]));
    let (alone, both) = (alone?, both?);
    gates.at_least("AUC, irrelevance", alone, AUC);
    text += &format!(
        "\n| BFCL: sentences with a call against | AUC |\n|---|---:|\n\
         | irrelevance | {alone:.3} |\n| irrelevance and live_irrelevance | {both:.3} |\n\n\
         | environments of cactus-needle, by that project's rule | cases |\n|---|---:|\n\
         | all | {} |\n| pass with every call that the model finds | {} |\n\
         | pass with those that it is sure enough of | {} |\n| made and wrong | {} |\n",
        needle["cases"], needle["raw"], needle["sure"], needle["wrong"]
    );
    record.end_with(&text, &gates)
}

/// Percent of the tools that words and rules find on the cases of a set.
fn words(lists: &Path, folder: &Path) -> Result<f64> {
    let figures = folder.join("words.json");
    let mut score = sh::command(sh::target_dir().join("release/trine-train"));
    score.args(["eval-lists", "--set", "choosing", "--lists"]).arg(lists);
    sh::output(score.arg("--json").arg(&figures))?;
    of(&read(&figures)?["all"]["tool_right"]).map(|share| 100.0 * share)
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

fn of(figure: &Value) -> Result<f64> {
    figure.as_f64().context("a figure is missing")
}
