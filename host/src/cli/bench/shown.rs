//! What was found out about a model: as text, as JSON, and as a picture beside either.

use std::process::ExitCode;

use serde_json::Value;
use trine::{Error, Result};
use trine_models::model::{Loaded, threads};

use super::Bench;
use super::load::escaped;
use crate::cli::paint::{STRONG, say};
use crate::cli::tools::pretty;

/// Left edge of pictures' titles.
const LEFT: f64 = 20.0;

pub(super) trait Shown {
    /// Prints all but the title.
    fn print(&self);

    fn object(&self) -> Value;

    /// A picture with this title.
    fn picture(&self, title: &str) -> String;
}

impl Bench {
    pub(super) fn show_found(&self, loaded: &Loaded<'_>, found: &impl Shown) -> Result<ExitCode> {
        let isa = loaded.model.kernels().isa().name();
        let title = format!("{}, {isa}, {} threads", self.file.display(), threads(self.threads));
        if let Some(svg) = &self.svg {
            let text = found.picture(&title);
            std::fs::write(svg, text).map_err(|error| Error::write(svg, error))?;
        }
        if self.json {
            say!("{}", pretty(&found.object()));
        } else {
            say!("{STRONG}{title}{STRONG:#}");
            found.print();
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The beginning of a picture: its size, its background and its title.
pub(super) fn begun(title: &str, [width, height]: [f64; 2]) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"28\" font-size=\"15\">{}</text>\n",
        escaped(title)
    )
}
