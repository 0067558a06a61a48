//! `trine train` without `--whole`: a delta over the base of this program.

use std::process::ExitCode;

use trine::{Error, Result};
use trine_models::ask::ToolList;
use trine_train::tune::{self, Progress, Tuned, Tuning, own};

use super::paint::{count, say};
use super::train::{Train, progress_bar, read, write};

/// Tunes the base and writes the delta, with its report beside it.
pub(super) fn tune(args: &Train) -> Result<ExitCode> {
    let text = read(&args.tools)?;
    let named = |error: trine_train::Error| Error::from(error).at(args.tools.display());
    let tools = ToolList::parse(&text);
    let tools = tools.map_err(|error| Error::from(error).at(args.tools.display()))?;
    for left_out in tools.left_out() {
        eprintln!("left out: {left_out}");
    }
    let mut list = own::list(&text).map_err(named)?;
    if let Some(path) = &args.sentences {
        own::load(&mut list, path)?;
    }
    let mut also = own::list(&text).map_err(named)?;
    if let Some(path) = &args.also {
        own::load(&mut also, path)?;
    }
    let mut how = Tuning::with(list.records.len(), also.records);
    how.trusts_hints = args.trust_hints;
    how.recipe.steps = args.steps.unwrap_or(how.recipe.steps);
    how.recipe.seed = args.seed;
    let bar = progress_bar(0);
    let tuned = tune::tune(&list, &how, &mut |Progress { step, steps }| {
        bar.set_length(steps as u64);
        bar.set_position(step as u64);
    })?;
    bar.finish_and_clear();
    write(&args.out, &tuned.delta)?;
    write(&args.out.with_extension("md"), tuned.report.to_string().as_bytes())?;
    let json = tuned.report.to_json();
    write(&args.out.with_extension("report.json"), format!("{json:#}\n").as_bytes())?;
    sum_up(args, &tuned);
    Ok(ExitCode::SUCCESS)
}

fn sum_up(args: &Train, Tuned { report, .. }: &Tuned) {
    let out = args.out.display();
    if args.json {
        let mut json = report.to_json();
        json["model"] = out.to_string().into();
        say!("{json}");
        return;
    }
    let least = report.thresholds.acting;
    let bytes = count(report.bytes as u64);
    say!("{out}: {bytes} bytes; a call less sure than {least:.2} is not made");
    report.lines().iter().for_each(|line| say!("{line}"));
    say!("{}: the whole report", args.out.with_extension("md").display());
}
