//! `trine gen`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{fs, io};

use trine::{Error, GenOptions, Result, c_header, c_sentences, device_bytes};

use super::paint::say;

const AFTER_HELP: &str = "\
The list is the result of tools/list: {\"tools\": [...]}. For each tool the header has a structure
for the arguments and one for the result, a function to read the former and one to write the latter,
and constants for labels. It has all tools in two forms: descriptors, where
PREFIX_TOOLS_DESCRIPTORS is defined, and a packed table of the least flash, where PREFIX_TOOLS_TABLE
is.

DEVICE.json has what only the device knows, by the name of the tool:
{\"NAME\": {\"version\": \"1.0\", \"deadline_ms\": 500, \"pending_bytes\": 4, \"fail_safe\":
[\"link_lost\", \"reset\"], \"units\": {\"PARAMETER\": \"s\"}, \"result_units\": {...}}}

Example: trine gen tools.json --device device.json --prefix greenhouse -o greenhouse_tools.h";

/// Arguments of `trine gen`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Gen {
    /// List of tools as JSON; - is standard input.
    #[arg(value_name = "TOOLS.json")]
    tools: PathBuf,
    /// JSON file with what the list lacks, such as units.
    #[arg(long, value_name = "DEVICE.json")]
    device: Option<PathBuf>,
    /// Prefix of every name [default: none]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    prefix: String,
    /// Decimals of a result whose schema has no multipleOf.
    #[arg(long, value_name = "COUNT", default_value_t = 1,
          value_parser = clap::value_parser!(u8).range(0..=9))]
    places: u8,
    /// Write a table for `trine_ask_open` instead of the header.
    #[arg(long, conflicts_with_all = ["device", "places"])]
    sentences: bool,
    /// File for the header [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Gen {
    pub(super) fn run(self) -> Result<ExitCode> {
        let text = if self.tools.as_os_str() == "-" {
            io::read_to_string(io::stdin())
        } else {
            fs::read_to_string(&self.tools)
        };
        let text = text.map_err(|error| Error::read(&self.tools, error))?;
        let source = self.tools.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let device = match self.device {
            Some(path) => fs::read_to_string(&path).map_err(|error| Error::read(path, error))?,
            None => String::new(),
        };
        let (header, ram) = if self.sentences {
            (c_sentences(&text, &self.prefix, &source)?, Vec::new())
        } else {
            let options = GenOptions { prefix: self.prefix, places: self.places, source, device };
            (c_header(&text, &options)?, device_bytes(&text, &options)?)
        };
        match self.output {
            Some(out) => {
                fs::write(&out, header).map_err(|error| Error::write(&out, error))?;
                show(&ram);
            }
            None => say!("{}", header.trim_end()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says how much memory a device with the tools takes, by profile of libtrine.
fn show(ram: &[(&str, u32)]) {
    if ram.is_empty() {
        return;
    }
    say!("RAM for a device with these tools on a 32-bit chip, by profile of libtrine:");
    for (profile, bytes) in ram {
        say!("  {profile:<10} {bytes:>6} bytes");
    }
    say!("with the sizes of a configuration that says none; TRINE_DEVICE_BYTES of trine.h counts");
    say!("for others.");
}
