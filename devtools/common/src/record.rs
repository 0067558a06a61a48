//! Keeps what was measured below `benches/record`, with what it depends on: commit, machine, load
//! and versions. Times of a busy machine are not kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};

use crate::{parallel, sh};

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
    folder: PathBuf,
    head: String,
    versions: Vec<String>,
    /// Since the beginning.
    work: Option<Work>,
    /// Whether the machine was quiet then.
    is_quiet: bool,
}

impl Record {
    /// Begins a bench, called as on the command line. A busy machine is an error where times are to
    /// be kept, and a warning where they are only shown.
    pub fn begin(bench: &str, figures: Figures, keeps: bool) -> Result<Self> {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or("unknown");
        let mut head = format!("- machine: {}\n- load at the start: {load}", machine());
        let mut is_quiet = true;
        if figures != Figures::Counts {
            let before = Work::so_far();
            std::thread::sleep(WATCH);
            let others = before.and_then(|work| work.of_others());
            let warning = judge(figures, keeps, others)?;
            is_quiet = warning.is_none();
            warning.iter().for_each(|warning| eprintln!("warning: {warning}"));
            head +=
                &others.map_or_else(String::new, |share| format!("; others: {}", percent(share)));
        }
        let commit = commit();
        let commit = if keeps { commit? } else { commit.unwrap_or_else(|_| "unknown".to_owned()) };
        let head = format!("- commit: {commit}\n{head}");
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

    /// Keeps it in another folder.
    pub fn folder(self, folder: PathBuf) -> Self {
        Self { folder, ..self }
    }

    /// Whether the machine was quiet when the bench began.
    pub fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// Prints the text of the bench, and keeps it where that is asked for.
    pub fn end(self, text: &str) -> Result<()> {
        let others = self.work.as_ref().and_then(Work::of_others);
        // Counts that were measured on a busy machine have no times next to them.
        let has_times = self.figures != Figures::Counts && self.is_quiet;
        let figures = if has_times { Figures::Times } else { Figures::Counts };
        let mut head = self.head;
        if let Some(share) = others.filter(|_| has_times) {
            head += &format!(", during the bench {}", percent(share));
        }
        if !self.versions.is_empty() {
            head += &format!("\n- versions: {}", self.versions.join(", "));
        }
        let text = format!("{head}\n\n{}", text.trim_end());
        println!("\n{text}");
        let warning = judge(figures, self.keeps, others)?;
        warning.iter().for_each(|warning| eprintln!("warning: {warning}"));
        if self.keeps {
            let name = keep_in(&self.folder, &self.bench, &text)?;
            println!("kept in {}", self.folder.join(name).display());
        }
        Ok(())
    }
}

/// What is wrong with the times of a machine of which others use this share: a warning, or an error
/// where they are to be kept.
fn judge(figures: Figures, keeps: bool, others: Option<f64>) -> Result<Option<String>> {
    let fault = match others {
        _ if figures == Figures::Counts => return Ok(None),
        Some(share) if share <= BUSY_MAX => return Ok(None),
        Some(share) => format!(
            "other processes use {} of the machine, and times hold where they use at most {}: end \
             them, or wait",
            percent(share),
            percent(BUSY_MAX)
        ),
        None => "/proc/stat does not tell whether the machine is busy: measure on Linux".to_owned(),
    };
    if keeps && figures == Figures::Times {
        bail!("times are not recorded: {fault}");
    }
    Ok(Some(fault))
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Processor time at a moment, in seconds: that of all processes, and that of this one with its
/// children that have ended.
#[derive(Debug)]
struct Work {
    at: Instant,
    all: f64,
    own: f64,
}

impl Work {
    fn so_far() -> Option<Self> {
        let read = |path| fs::read_to_string(path).ok();
        let (all, own) = (read("/proc/stat")?, read("/proc/self/stat")?);
        Some(Self { at: Instant::now(), all: all_work(&all)?, own: own_work(&own)? })
    }

    /// The share of the machine that other processes have used since.
    fn of_others(&self) -> Option<f64> {
        let now = Self::so_far()?;
        let others = (now.all - self.all) - (now.own - self.own);
        let machine = (now.at - self.at).as_secs_f64() * parallel::processors() as f64;
        Some((others / machine).clamp(0.0, 1.0))
    }
}

/// Linux tells times in ticks.
const TICKS_PER_S: f64 = 100.0;

/// All but idle time and waiting of `/proc/stat`; what other machines took of this one is in it.
fn all_work(stat: &str) -> Option<f64> {
    let mut fields = stat.strip_prefix("cpu ")?.split_whitespace();
    let ticks: Vec<u64> = fields.by_ref().map_while(|field| field.parse().ok()).take(8).collect();
    let [user, nice, system, _idle, _waiting, irq, softirq, steal] = ticks[..] else { return None };
    Some([user, nice, system, irq, softirq, steal].iter().sum::<u64>() as f64 / TICKS_PER_S)
}

/// The times of `/proc/self/stat`: in user mode and in the kernel, of the process and its children.
fn own_work(stat: &str) -> Option<f64> {
    // The name may hold spaces; it ends with the last parenthesis.
    let fields = stat.rsplit_once(") ")?.1.split(' ').skip(11).take(4);
    let ticks: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
    (ticks.len() == 4).then(|| ticks.iter().sum::<u64>() as f64 / TICKS_PER_S)
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

/// Writes the text of a bench under today's date, and answers the name of the file.
fn keep_in(folder: &Path, bench: &str, text: &str) -> Result<String> {
    let now = timestamp(SystemTime::now());
    let date = now.get(..10).context("a date")?;
    fs::create_dir_all(folder)?;
    // The gateway's were kept first, and have the plain name.
    let name = match bench.replace(" --", "-").replace(' ', "-") {
        bench if bench == "gateway" => format!("{date}.md"),
        bench => format!("{date}-{bench}.md"),
    };
    let text = text.trim_end();
    fs::write(folder.join(&name), format!("# `cargo xtask bench {bench}`, {date}\n\n{text}\n"))?;
    Ok(name)
}

/// The machine that figures depend on.
fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpus.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, value)| value)
    };
    let mut wide: Vec<&str> = field("flags").split(' ').collect();
    wide.retain(|flag| flag.starts_with("avx") || *flag == "sse4_2");
    format!("{} cores of {} ({})", parallel::processors(), field("model name"), wide.join(" "))
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
    use super::{
        BUSY_MAX, Figures, Record, all_work, commit, judge, keep_in, own_work, timestamp,
        version_of,
    };
    use crate::sh;

    #[test]
    fn a_record_is_called_after_its_date_and_its_bench() {
        let folder = sh::scratch("records");
        for (bench, ending) in
            [("gateway", ".md"), ("gpu", "-gpu.md"), ("gpu cuda --small", "-gpu-cuda-small.md")]
        {
            let name = keep_in(&folder, bench, "text\n\n").unwrap();
            assert_eq!(name.get(10..), Some(ending));
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            assert!(text.starts_with("# `cargo xtask bench ") && text.ends_with("\n\ntext\n"));
        }
        assert_eq!(timestamp(std::time::UNIX_EPOCH), "1970-01-01T00:00:00Z");
        assert!(version_of("anyhow").unwrap().starts_with("1.") && version_of("none").is_err());
    }

    #[test]
    fn a_record_says_commit_machine_load_and_versions() {
        let folder = sh::scratch("record with a head");
        let record = Record::begin("x", Figures::Counts, true).unwrap().folder(folder.clone());
        record.peer("anyhow").unwrap().program("cargo").unwrap().end("text").unwrap();
        let [file] = &sh::entries(&folder).unwrap()[..] else { panic!("not one file") };
        let text = std::fs::read_to_string(file).unwrap();
        let head: Vec<&str> = text.lines().skip(2).take(4).collect();
        assert_eq!(head[0], format!("- commit: {}", commit().unwrap()));
        assert!(head[1].starts_with("- machine: ") && head[1].contains(" cores of "), "{text}");
        assert!(head[2].starts_with("- load at the start: "), "{text}");
        let versions = format!("- versions: anyhow {}, cargo ", version_of("anyhow").unwrap());
        assert!(head[3].starts_with(&versions) && text.ends_with("\n\ntext\n"), "{text}");
    }

    #[test]
    fn times_are_kept_of_a_quiet_machine_alone_and_counts_of_any() {
        for (others, is_quiet) in [
            (Some(0.0), true),
            (Some(BUSY_MAX), true),
            (Some(BUSY_MAX + 0.001), false),
            (None, false),
        ] {
            let judged = |figures, keeps| judge(figures, keeps, others);
            assert_eq!(judged(Figures::Times, true).is_ok(), is_quiet, "{others:?}");
            for (figures, keeps) in [(Figures::Times, false), (Figures::Both, true)] {
                assert_eq!(judged(figures, keeps).unwrap().is_none(), is_quiet, "{others:?}");
            }
            assert_eq!(judged(Figures::Counts, true).unwrap(), None);
        }
        let error = judge(Figures::Times, true, Some(0.5)).unwrap_err().to_string();
        assert!(error.contains("50.0 %") && error.contains("at most 5.0 %: end them"), "{error}");
    }

    #[test]
    fn work_is_what_is_not_idle() {
        let stat = "cpu  1000 100 200 9000 8000 10 20 70 5 5\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(all_work(stat), Some(14.0));
        assert_eq!((all_work("cpu  1 2 3\n"), all_work("intr 1 2 3 4 5 6 7 8\n")), (None, None));
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 40 60 20";
        assert_eq!((own_work(stat), own_work("7 (a) S 1 2")), (Some(4.0), None));
    }
}
