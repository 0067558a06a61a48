//! `cargo xtask soak base`: from the lists of tools to the base model, with the next of three
//! seeds. A seed is two stages of training and one of figures; what a stage made stays in
//! `target/base` with its hash, and is not made again by the same code. Once all seeds have been
//! made, each run makes the first one anew.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::sh;

/// Seeds, whose spread is told.
const SEEDS: [u32; 3] = [1, 2, 3];
/// What `eval-lists` printed of a seed.
const TOLD: &str = "figures.txt";
/// Steps of a stage, each less than an hour on two cores.
const STEPS: u32 = 6_000;
/// The highest rate of learning of the second stage.
const RATE: &str = "2.5e-3";
/// What the model depends on.
const SOURCES: [&str; 5] =
    ["train", "core/unseen", "core/ask", "core/ternary", "host/models/src/tools"];
/// Figures whose spread is told, as `eval-lists` names them.
const FIGURES: [&str; 4] = ["tool and arguments right", "made", "true-negative rate", "AUROC"];

/// Makes the base from chance with the next seed, and tells the spread of all so far.
pub(crate) fn main(steps: Option<u32>) -> Result<String> {
    let steps = steps.unwrap_or(STEPS);
    let log = ["log", "-1", "--format=%h", "--"];
    let code = sh::output(sh::command("git").args(log).args(SOURCES))?;
    let folder = sh::target_dir().join("base").join(format!("{}-{steps}", code.trim()));
    let of = |seed: &u32| folder.join(format!("seed-{seed}"));
    let made: Vec<u32> = SEEDS.into_iter().filter(|seed| of(seed).join(TOLD).exists()).collect();
    let next = SEEDS.into_iter().find(|seed| !made.contains(seed)).unwrap_or(SEEDS[0]);
    if made.contains(&next) {
        fs::remove_dir_all(of(&next))?;
    }
    let own = seeded(&of(&next), next, steps)?;
    let mut all = vec![own];
    for seed in made.iter().filter(|seed| **seed != next) {
        all.push(read(&fs::read_to_string(of(seed).join(TOLD))?)?);
    }
    let text = format!("seed {next} of two times {steps} steps: {}", told(&[own]));
    let others = format!("; {} seeds: {}", all.len(), told(&all));
    Ok(text + if all.len() > 1 { &others } else { "" })
}

/// The figures of one seed.
fn seeded(folder: &Path, seed: u32, steps: u32) -> Result<[f64; FIGURES.len()]> {
    fs::create_dir_all(folder)?;
    let (first, second) = (folder.join("first.bin"), folder.join("second.bin"));
    let (steps, seed) = (steps.to_string(), seed.to_string());
    stage(&first, &["unseen", "--steps", &steps, "--seed", &seed], &[])?;
    let from = path(&first)?;
    let base = path(&folder.join("base.bin"))?;
    let latents = path(&folder.join("base.latent"))?;
    let goes_on = ["unseen", "--steps", &steps, "--seed", &seed, "--rate", RATE, "--from", &from];
    stage(&second, &goes_on, &["--base", &base, "--latents", &latents])?;
    let mut train = trainer();
    train.args(["eval-lists", "--set", "choosing", "--model", &path(&second)?]);
    let said = sh::output(&mut train)?;
    let figures = read(&said)?;
    fs::write(folder.join(TOLD), said)?;
    Ok(figures)
}

/// Makes a file, if it is not there as it was made before.
fn stage(out: &Path, arguments: &[&str], others: &[&str]) -> Result<()> {
    let kept = out.with_extension("sha256");
    let before = fs::read_to_string(&kept).ok();
    if before.is_some() && before == hash(out).ok() {
        println!("{} is there", out.display());
        return Ok(());
    }
    sh::run(trainer().args(arguments).args(["--out", &path(out)?]).args(others))?;
    Ok(fs::write(kept, hash(out)?)?)
}

fn trainer() -> std::process::Command {
    let mut cargo = sh::cargo();
    cargo.args(["run", "-q", "--release", "-p", "trine-train", "--"]);
    cargo
}

fn hash(file: &Path) -> Result<String> {
    let said = sh::output(sh::command("sha256sum").arg(file))?;
    Ok(said.split(' ').next().unwrap_or_default().to_owned())
}

fn path(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).context("a path that is no text")
}

/// The figures of what `eval-lists` printed.
fn read(said: &str) -> Result<[f64; FIGURES.len()]> {
    let mut out = [0.0; FIGURES.len()];
    for (out, name) in out.iter_mut().zip(FIGURES) {
        let line = said.lines().find(|line| line.starts_with(name));
        let line = line.with_context(|| format!("no line {name}"))?;
        // Behind the name, which has words in quotes, the first number.
        let figure = line.split_whitespace().find_map(|word| word.parse().ok());
        *out = figure.with_context(|| format!("no figure in {line}"))?;
    }
    ensure!(out.iter().all(|figure| (0.0..=100.0).contains(figure)), "odd figures: {out:?}");
    Ok(out)
}

/// Figures with their least and their greatest.
fn told(all: &[[f64; FIGURES.len()]]) -> String {
    let one = |(at, name): (usize, &&str)| {
        let own = all.iter().map(|figures| figures[at]);
        let least = own.clone().fold(f64::INFINITY, f64::min);
        let most = own.fold(0.0, f64::max);
        if least < most { format!("{name} {least} to {most}") } else { format!("{name} {least}") }
    };
    FIGURES.iter().enumerate().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{read, told};

    #[test]
    fn figures_are_read_and_their_spread_is_told() {
        let said = |right, made| {
            format!(
                "tool right                         90.7   88.8 to 92.7\n\
                 tool and arguments right           {right}   81.7 to 85.9\n\
                 made                               {made}   58.5 to 64.6\n\
                 true-negative rate                 97.9   96.9 to 98.7\n\
                 AUROC of \"this call is right\"      95.2   94.5 to 96.0\n"
            )
        };
        let all = [read(&said(83.7, 61.5)).unwrap(), read(&said(82.9, 61.5)).unwrap()];
        let wanted =
            "tool and arguments right 82.9 to 83.7, made 61.5, true-negative rate 97.9, AUROC 95.2";
        assert_eq!(told(&all), wanted);
        assert!(read("made  3").is_err() && read(&said(830.0, 1.0)).is_err());
    }
}
