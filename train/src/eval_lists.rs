//! `trine-train eval-lists`: figures on lists of tools that were not trained on.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use trine_ternary::Packing;
use trine_train::Error;
use trine_train::lists::report::Report;
use trine_train::lists::{Set, load};
use trine_train::tune::start;
use trine_train::unseen::model::Model;
use trine_train::unseen::predict::Unseen;
use trine_train::words::Words;
use trine_unseen::Base;

use super::{Options, Result, number, train_unseen, write};

/// What `trine-train eval-lists` takes.
pub(super) const USAGE: &str = "\
trine-train eval-lists --set training|choosing|report [OPTIONS]

  --set NAME    the lists to be scored on; each look at the report lists is written into OPENED.tsv
  --open        needed for --set report
  --model FILE  a model of `trine-train unseen`, in place of words and rules; `base`: that of the
                program
  --words PATH  the words that it was trained with (train/base)
  --lists PATH  the folder of the lists (train/lists)
  --leave-out N every N-th list by name is not scored, from the first (for the training lists: 4
                leaves out those that words and rules were developed on)
  --json FILE   the figures as JSON, too
  --svg FILE    a picture: what each threshold makes and gets wrong, and how true confidence is
";

/// What stands in the first line of `OPENED.tsv`.
const HEAD: &str = "date\tmodel\tthreshold\tfigures in %\n";

/// Scores words and rules, or a model, on a set of lists.
///
/// # Errors
/// When an option is wrong, or a file cannot be read or written.
pub(super) fn work(options: &Options) -> Result<()> {
    let report = score(options)?;
    write!(std::io::stdout().lock(), "{report:#}")?;
    if let Some(path) = options.get("json") {
        write(Path::new(path), format!("{:#}\n", report.json()).as_bytes())?;
    }
    match options.get("svg") {
        Some(path) => write(Path::new(path), report.svg().as_bytes()),
        None => Ok(()),
    }
}

/// The report on a set; that on the report lists is written down.
fn score(options: &Options) -> Result<Report> {
    let set = options.get("set").ok_or(format!("missing --set\n\n{USAGE}"))?;
    let set = Set::named(set).ok_or(format!("invalid --set {set}: see\n\n{USAGE}"))?;
    if set == Set::Report && !options.contains_key("open") {
        let why = "a set that is looked at to choose something is no report set any more";
        return Err(format!("--set report needs --open: {why}").into());
    }
    let folder = options.get("lists").map_or("train/lists", String::as_str);
    let folder = PathBuf::from(folder);
    let mut lists = load(&folder, set).map_err(Error::from)?;
    if options.contains_key("leave-out") {
        let every: usize = number(options, "leave-out", 0)?;
        let mut at = 0..;
        lists.retain(|_| at.next().is_some_and(|at: usize| !at.is_multiple_of(every)));
    }
    let choosing = load(&folder, Set::Choosing).map_err(Error::from)?;
    let report = match options.get("model") {
        Some(path) => {
            let model = match &**path {
                "base" => start()?,
                path => Model::read(Path::new(path), train_unseen::table(options)?)?,
            };
            let bytes = model.base(Packing::Panel2Bit, train_unseen::NO_THRESHOLDS)?;
            let base = Base::parse(&bytes).map_err(|error| format!("{path}: {error}"))?;
            Report::new(&Unseen::new(base), set, &lists, &choosing)
        }
        None => Report::new(&Words, set, &lists, &choosing),
    };
    if set == Set::Report {
        append(&folder.join("OPENED.tsv"), &report)?;
    }
    Ok(report)
}

/// Adds a line for this look.
fn append(path: &Path, report: &Report) -> Result<()> {
    let before = match std::fs::read_to_string(path) {
        Ok(before) => before,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => HEAD.to_owned(),
        Err(error) => return Err(Error::read(path, error).into()),
    };
    write(path, format!("{before}{}", report.opened(&today()?)).as_bytes())
}

/// The date, in UTC.
fn today() -> Result<String> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(date(since.as_secs() / 86400))
}

/// The date so many days after 1970 began (Hinnant, "chrono-compatible low-level date
/// algorithms").
fn date(days: u64) -> String {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    format!("{}-{month:02}-{day:02}", era * 400 + year + u64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!((date(0), date(19_782)), ("1970-01-01".into(), "2024-02-29".into()));
        assert_eq!(date(20_783), "2026-11-26");
    }

    #[test]
    fn the_report_lists_stay_shut_unless_they_are_opened() {
        let options = Options::from([("set".to_owned(), "report".to_owned())]);
        let error = score(&options).unwrap_err().to_string();
        assert!(error.contains("--open"), "{error}");
    }

    #[test]
    fn each_look_at_the_report_lists_is_written_down() {
        let scratch = std::env::temp_dir().join(format!("trine-opened-{}", std::process::id()));
        let data = scratch.join("data/lamp");
        std::fs::create_dir_all(&data).unwrap();
        std::fs::create_dir_all(scratch.join("data/fan")).unwrap();
        let split = "list\tset\tdescriptors\nlamp\treport\town\nfan\tchoosing\town\n";
        std::fs::write(scratch.join("SPLIT.tsv"), split).unwrap();
        let tools = r#"[{"name": "light_on", "inputSchema": {"type": "object"}}]"#;
        let sentence = |list: &str| {
            format!(
                r#"{{"text": "light on", "calls": [{{"tool": "light_on", "arguments": {{}}}}],
                "why": null, "kind": "terse", "hand": "a", "list": "{list}"}}"#
            )
            .replace('\n', " ")
        };
        for list in ["lamp", "fan"] {
            let folder = scratch.join("data").join(list);
            std::fs::write(folder.join("tools.json"), tools).unwrap();
            std::fs::write(folder.join("sentences.jsonl"), sentence(list)).unwrap();
        }
        let mut options = Options::from([
            ("set".to_owned(), "report".to_owned()),
            ("lists".to_owned(), scratch.display().to_string()),
        ]);
        assert!(score(&options).is_err() && !scratch.join("OPENED.tsv").exists());
        options.insert("open".into(), String::new());
        score(&options).unwrap();
        score(&options).unwrap();
        let opened = std::fs::read_to_string(scratch.join("OPENED.tsv")).unwrap();
        std::fs::remove_dir_all(&scratch).unwrap();
        let lines: Vec<&str> = opened.lines().collect();
        assert_eq!((lines.len(), format!("{}\n", lines[0])), (3, HEAD.to_owned()));
        assert!(lines[2].contains("words and rules") && lines[2].contains("tool_right 100.0"));
    }
}
