//! `trine report`.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use trine::report::{self, BYTES_MAX, Report};
use trine::{Error, Result};

use super::paint::say;

const AFTER_HELP: &str = "\
`trine gateway`, `trine serve` and `trine plugin watch` write the file with --report FILE, every two
seconds and when they end.

Example: trine report used.json --html used.html";

/// Arguments of `trine report`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ReportCommand {
    /// File that --report wrote.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write a page instead of text.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a picture instead of text.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl ReportCommand {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let report = self.read()?;
        let wanted =
            [(&self.html, report::html as fn(&Report) -> String), (&self.svg, report::svg)];
        for (path, make) in &wanted {
            if let Some(path) = path {
                write(path, &make(&report))?;
            }
        }
        if wanted.iter().all(|(path, _)| path.is_none()) {
            say!("{}", report::text(&report).trim_end());
        }
        Ok(ExitCode::SUCCESS)
    }

    fn read(&self) -> Result<Report> {
        let failed = |error| Error::read(&self.file, error);
        let file = std::fs::File::open(&self.file).map_err(failed)?;
        let mut text = String::new();
        file.take(BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        Report::read(&text).map_err(|why| Error::NoReport { path: self.file.clone(), why })
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |source| Error::File { action: "write", path: path.into(), source };
    std::fs::write(path, text).map_err(failed)
}
