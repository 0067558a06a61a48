//! `trine model pack`.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::ValueEnum;
use trine::{Error, Result};
use trine_models::ask::{OpenedBase, Source, repacked, whole_base};
use trine_models::model::{Packed, Pool, pack};
use trine_ternary::{Packing, RowFormat};

use super::super::paint::{count, say};

const AFTER_HELP: &str = "\
The image is used in place, in flash or in a mapped file; docs/model.md has the format. Of a delta
of trine train, the whole base is written, by default as the base of this program is packed.

Example: trine model pack tiny.gguf -o tiny.trnm --packing look5 --head q8-0";

/// Arguments of `trine model pack`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Pack {
    /// Model: a name, a GGUF file, a base or a delta.
    #[arg(value_name = "base|board|FILE")]
    model: OsString,
    /// File for the image.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Packing of the ternary weights.
    #[arg(long, value_enum, default_value_t = Weights::Line16)]
    packing: Weights,
    /// Format of embedding and head.
    #[arg(long, value_enum, default_value_t = HeadFormat::Keep)]
    head: HeadFormat,
}

/// Packings by the names of the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Weights {
    /// As in the file.
    Keep,
    /// 2 bits a weight, for vector registers.
    Line2,
    /// 1.6 bits a weight, for vector registers.
    Line16,
    /// 2 bits a weight, for tables on microcontrollers.
    Look4,
    /// 1.6 bits a weight, for tables on microcontrollers.
    Look5,
    /// 2 bits a weight, for microcontrollers with SMLAD.
    Pairs,
}

/// Formats of rows by the names of the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum HeadFormat {
    /// As in the file.
    Keep,
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// 8 bits, with a scale for 32 values.
    #[value(name = "q8-0")]
    Q8_0,
}

impl Pack {
    pub(super) fn run(self) -> Result<ExitCode> {
        let path = Source::named(&self.model);
        let fail = |error: trine_models::Error| Error::from(error).at(&path);
        let bytes = path.bytes()?;
        if OpenedBase::is_one(&bytes) {
            return self.base(&bytes).map_err(fail);
        }
        let how = Packed {
            packing: match self.packing {
                Weights::Keep => None,
                Weights::Line2 => Some(Packing::Panel2Bit),
                Weights::Line16 => Some(Packing::PanelBase3),
                Weights::Look4 => Some(Packing::Table4Trit),
                Weights::Look5 => Some(Packing::Table5Trit),
                Weights::Pairs => Some(Packing::SmladPairs),
            },
            rows: match self.head {
                HeadFormat::Keep => None,
                HeadFormat::F32 => Some(RowFormat::F32),
                HeadFormat::F16 => Some(RowFormat::F16),
                HeadFormat::Q8_0 => Some(RowFormat::Q8_0),
            },
            descriptors: 0,
        };
        let pool = Pool::new(available_parallelism().map_or(1, usize::from));
        let pool = pool.map_err(trine_models::Error::Thread)?;
        let image = pack(&bytes, &how, &pool).map_err(fail)?;
        let out = self.output.display();
        fs::write(&self.output, &image).map_err(|error| Error::write(&self.output, error))?;
        say!("{out}: {} bytes", count(image.len() as u64));
        Ok(ExitCode::SUCCESS)
    }

    /// Writes the whole base that a delta makes of that of this program, or a base anew.
    fn base(&self, bytes: &[u8]) -> trine_models::Result<ExitCode> {
        let whole = whole_base(bytes)?;
        let packing = match self.packing {
            Weights::Keep | Weights::Line16 => None,
            Weights::Line2 => Some(Packing::Panel2Bit),
            Weights::Look4 => Some(Packing::Table4Trit),
            Weights::Look5 => Some(Packing::Table5Trit),
            Weights::Pairs => Some(Packing::SmladPairs),
        };
        let out = match packing {
            Some(packing) => repacked(&whole, packing)?,
            None => whole,
        };
        let (path, action) = (&self.output, "write");
        let written = fs::write(path, &out);
        written.map_err(|source| trine_models::Error::File {
            action,
            path: path.clone(),
            source,
        })?;
        say!("{}: {} bytes", path.display(), count(out.len() as u64));
        Ok(ExitCode::SUCCESS)
    }
}
