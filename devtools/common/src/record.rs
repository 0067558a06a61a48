//! Keeps what was measured below `benches/record`, with what it depends on: commit, machine, load
//! and versions. Times of a busy machine are not kept.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use procfs::{CpuInfo, KernelStats, LoadAverage, prelude::*};

use crate::{Gates, parallel, sh};

/// A time as text, in UTC: the date is its first ten characters.
pub fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

/// What a bench measures, and so whether other work on the machine changes its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figures {
    /// Instructions and bytes, which valgrind and QEMU count: they are the same on a busy machine.
    Counts,
    /// Times: they are kept of a quiet machine alone.
    Times,
    /// Counts with times next to them, which the bench leaves out on a busy machine.
    Both,
}

/// The most that other processes may use of the machine, for times to be kept.
const BUSY_MAX: f64 = 0.05;
/// How long they are watched before a bench begins.
const WATCH: Duration = Duration::from_secs(2);

/// A bench that has begun.
#[derive(Debug)]
pub struct Record {
    bench: String,
    figures: Figures,
    keeps: bool,
    /// Where it is kept.
    pub folder: PathBuf,
    head: String,
    versions: Vec<String>,
    /// Since the beginning.
    work: Option<Work>,
    /// Whether the machine was quiet then.
    pub is_quiet: bool,
}

impl Record {
    /// Begins a bench, called as on the command line. A busy machine is an error where times are to
    /// be kept, and a warning where they are only shown.
    pub fn begin(bench: &str, figures: Figures, keeps: bool) -> Result<Self> {
        let load = LoadAverage::current();
        let load = load.map_or_else(|_| "unknown".to_owned(), |load| format!("{:.2}", load.one));
        let mut head = format!("- machine: {}\n- load at the start: {load}", machine());
        let mut is_quiet = true;
        if figures != Figures::Counts {
            let before = Work::so_far();
            std::thread::sleep(WATCH);
            let others = before.and_then(|work| work.of_others());
            is_quiet = judge(figures, keeps, others)?;
            head += &others.map_or_else(String::new, |it| format!("; others: {}", percent(it)));
        }
        let unknown = |error| if keeps { Err(error) } else { Ok("unknown".to_owned()) };
        let head = format!("- commit: {}\n{head}", commit().or_else(unknown)?);
        let folder = sh::root().join("benches/record");
        let (bench, versions, work) = (bench.to_owned(), Vec::new(), Work::so_far());
        Ok(Self { bench, figures, keeps, folder, head, versions, work, is_quiet })
    }

    /// Names a package that Trine is compared with, by the version of the lock file.
    pub fn peer(mut self, package: &str) -> Result<Self> {
        self.versions.push(format!("{package} {}", version_of(package)?));
        Ok(self)
    }

    /// Names a program that the figures depend on, by the first line of its `--version`.
    pub fn program(mut self, program: &str) -> Result<Self> {
        let version = sh::output(sh::command(program).arg("--version"))?;
        self.versions.push(version.lines().next().unwrap_or_default().to_owned());
        Ok(self)
    }

    /// [`Self::end`] of a text with its gates below it, which then have to hold.
    pub fn end_with(self, text: &str, gates: &Gates) -> Result<()> {
        self.end(&format!("{text}\n{}", gates.text))?;
        gates.check()
    }

    /// Prints the text of the bench, and keeps it where that is asked for.
    pub fn end(mut self, text: &str) -> Result<()> {
        let others = self.work.as_ref().and_then(Work::of_others);
        // Counts that were measured on a busy machine have no times next to them.
        let has_times = self.figures != Figures::Counts && self.is_quiet;
        if let Some(share) = others.filter(|_| has_times) {
            self.head += &format!(", during the bench {}", percent(share));
        }
        if !self.versions.is_empty() {
            self.head += &format!("\n- versions: {}", self.versions.join(", "));
        }
        let text = format!("{}\n\n{}", self.head, text.trim_end());
        println!("\n{text}");
        judge(if has_times { Figures::Times } else { Figures::Counts }, self.keeps, others)?;
        if self.keeps { self.keep(&text) } else { Ok(()) }
    }

    /// Writes the text under today's date.
    fn keep(&self, text: &str) -> Result<()> {
        let (now, bench) = (timestamp(SystemTime::now()), &self.bench);
        let date = now.get(..10).context("a date")?;
        // The gateway's were kept first, and have the plain name.
        let name = match bench.replace(" --", "-").replace(' ', "-") {
            name if name == "gateway" => format!("{date}.md"),
            name => format!("{date}-{name}.md"),
        };
        fs::create_dir_all(&self.folder)?;
        let file = self.folder.join(name);
        fs::write(&file, format!("# `cargo xtask bench {bench}`, {date}\n\n{text}\n"))?;
        println!("kept in {}", file.display());
        Ok(())
    }
}

/// Whether the times of a machine hold of which others use this share. Those that do not are an
/// error where they are to be kept, and else a warning.
fn judge(figures: Figures, keeps: bool, others: Option<f64>) -> Result<bool> {
    if figures == Figures::Counts || others.is_some_and(|share| share <= BUSY_MAX) {
        return Ok(true);
    }
    let fault = match others {
        None => "/proc/stat does not tell whether the machine is busy".to_owned(),
        Some(share) => format!(
            "other processes use {} of the machine, and times hold where they use at most {}: end \
             them, or wait",
            percent(share),
            percent(BUSY_MAX)
        ),
    };
    ensure!(!keeps || figures != Figures::Times, "times are not recorded: {fault}");
    eprintln!("warning: {fault}");
    Ok(false)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Processor time of all processes at a moment, and that of this one with its children that have
/// ended, in seconds.
#[derive(Debug)]
struct Work {
    at: Instant,
    all: f64,
    own: f64,
}

impl Work {
    fn so_far() -> Option<Self> {
        let all = KernelStats::current().ok()?.total;
        let told = [all.irq_duration(), all.softirq_duration(), all.steal_duration()];
        let known = all.user_duration() + all.nice_duration() + all.system_duration();
        let all = known + told.into_iter().flatten().sum::<Duration>();
        let own = sh::processor_time()?;
        Some(Self { at: Instant::now(), all: all.as_secs_f64(), own: own.as_secs_f64() })
    }

    /// The share of the machine that other processes have used since.
    fn of_others(&self) -> Option<f64> {
        let now = Self::so_far()?;
        let others = (now.all - self.all) - (now.own - self.own);
        let machine = (now.at - self.at).as_secs_f64() * parallel::processors() as f64;
        Some((others / machine).clamp(0.0, 1.0))
    }
}

/// Where a GPU bundle says of which commit it was made.
pub const COMMIT_FILE: &str = "commit";

/// The commit that is measured.
pub fn commit() -> Result<String> {
    if !sh::root().is_dir() {
        let program = std::env::current_exe()?;
        return fs::read_to_string(program.with_file_name(COMMIT_FILE))
            .context("the GPU bundle does not say of which commit it is: make it again");
    }
    let git = |words: &str| sh::output(&mut sh::line(&format!("git {words}")));
    let commit = git("rev-parse --short=10 HEAD").context("a record names the commit")?;
    // Records of other benches change no figure.
    let changes = git("status --porcelain --untracked-files=no -- . :!benches/record")?;
    let changed = if changes.is_empty() { "" } else { ", with changes" };
    Ok(format!("{}{changed}", commit.trim()))
}

/// The machine that figures depend on.
fn machine() -> String {
    let cpus = CpuInfo::current().ok();
    let model = cpus.as_ref().and_then(|cpus| cpus.model_name(0)).unwrap_or("unknown");
    let mut wide = cpus.as_ref().and_then(|cpus| cpus.flags(0)).unwrap_or_default();
    wide.retain(|flag| flag.starts_with("avx") || *flag == "sse4_2");
    format!("{} cores of {model} ({})", parallel::processors(), wide.join(" "))
}

/// The version of a package by the lock file of the workspace.
fn version_of(name: &str) -> Result<String> {
    // That of the build, since a GPU bundle is run where there is no source.
    let lock = include_str!("../../../Cargo.lock");
    let begin = format!("name = \"{name}\"\nversion = \"");
    let version = lock.split_once(&begin).and_then(|(_, rest)| rest.split('"').next());
    Ok(version.with_context(|| format!("Cargo.lock does not name {name}"))?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{BUSY_MAX, Figures, Record, commit, judge, version_of};
    use crate::sh;

    #[test]
    fn a_record_is_called_after_its_bench_and_says_what_its_figures_depend_on() {
        let begin = |bench| Record::begin(bench, Figures::Counts, true).unwrap();
        for (bench, ending) in
            [("gateway", ".md"), ("gpu", "-gpu.md"), ("gpu cuda --small", "-gpu-cuda-small.md")]
        {
            let folder = sh::scratch("records");
            let mut record = begin(bench).peer("anyhow").unwrap().program("cargo").unwrap();
            record.folder = folder.clone();
            record.end("text\n\n").unwrap();
            let [file] = &sh::entries(&folder).unwrap()[..] else { panic!("not one file") };
            assert_eq!(file.file_name().unwrap().to_str().unwrap().get(10..), Some(ending));
            let text = std::fs::read_to_string(file).unwrap();
            assert!(text.starts_with(&format!("# `cargo xtask bench {bench}`, 20")), "{text}");
            let head: Vec<&str> = text.lines().skip(2).take(4).collect();
            assert_eq!(head[0], format!("- commit: {}", commit().unwrap()));
            assert!(head[1].starts_with("- machine: ") && head[1].contains(" cores of "), "{text}");
            assert!(head[2].starts_with("- load at the start: "), "{text}");
            let versions = format!("- versions: anyhow {}, cargo ", version_of("anyhow").unwrap());
            assert!(head[3].starts_with(&versions) && text.ends_with("\n\ntext\n"), "{text}");
        }
        assert!(version_of("none").is_err());
    }

    #[test]
    fn times_are_kept_of_a_quiet_machine_alone_and_counts_of_any() {
        let shares = [Some(0.0), Some(BUSY_MAX), Some(BUSY_MAX + 0.001), None];
        for (others, is_quiet) in shares.into_iter().zip([true, true, false, false]) {
            let judged = |figures, keeps| judge(figures, keeps, others).ok();
            assert_eq!(judged(Figures::Times, true), is_quiet.then_some(true), "{others:?}");
            assert_eq!(judged(Figures::Times, false), Some(is_quiet), "{others:?}");
            assert_eq!(judged(Figures::Both, true), Some(is_quiet), "{others:?}");
            assert_eq!(judged(Figures::Counts, true), Some(true));
        }
        let error = judge(Figures::Times, true, Some(0.5)).unwrap_err().to_string();
        assert!(error.contains("50.0 %") && error.contains("at most 5.0 %: end them"), "{error}");
    }
}
