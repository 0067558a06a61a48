//! `trine model make`.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use trine::{Error, Result};
use trine_models::model::{Head, Shape, Text, Weights, make};

use crate::cli::paint::{STRONG, count, say, time};

const AFTER_HELP: &str = "\
The tiny model has all that the published one has in sizes that are no powers of two; the options
change one by one what it has. The full model has the keys, tensors, layouts and size of the
published BitNet b1.58 2B-4T, 1,187,801,280 bytes, with random weights of which 42 % are zero.
The same options and seed give the same bytes.

Example: trine model make --tiny -o tiny.gguf";

/// Arguments of `trine model make`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Make {
    /// A model of a megabyte or two [default]
    #[arg(long)]
    tiny: bool,
    /// A model in the shape of BitNet b1.58 2B-4T.
    #[arg(long, conflicts_with = "tiny")]
    full: bool,
    /// What the random numbers are drawn from.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Where to write the file.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// How trits are stored.
    #[arg(long, value_name = "TYPE", default_value = "i2_s")]
    weights: Weights,
    /// How the embedding is stored, which is the head too.
    #[arg(long, value_name = "TYPE", default_value = "f16")]
    head: Head,
    #[command(flatten)]
    sizes: Sizes,
}

/// What a model can have of its own.
#[derive(Debug, clap::Args)]
struct Sizes {
    /// Tokens are bytes; there is no vocabulary.
    #[arg(long)]
    bytes: bool,
    /// Tokens.
    #[arg(long, value_name = "COUNT")]
    vocab: Option<usize>,
    /// Positions.
    #[arg(long, value_name = "COUNT")]
    context: Option<usize>,
    /// Width of the residual stream.
    #[arg(long, value_name = "COUNT")]
    width: Option<usize>,
    /// Width inside the feed-forward network.
    #[arg(long, value_name = "COUNT")]
    ffn: Option<usize>,
    /// Blocks.
    #[arg(long, value_name = "COUNT")]
    blocks: Option<usize>,
    /// Query heads.
    #[arg(long, value_name = "COUNT")]
    heads: Option<usize>,
    /// Key and value heads.
    #[arg(long, value_name = "COUNT")]
    kv_heads: Option<usize>,
    /// What the file says of its architecture.
    #[arg(long, value_name = "NAME")]
    architecture: Option<String>,
}

impl Sizes {
    fn change(self, shape: &mut Shape) {
        let changes = [
            (self.vocab, &mut shape.vocab),
            (self.context, &mut shape.context),
            (self.width, &mut shape.width),
            (self.ffn, &mut shape.ffn),
            (self.blocks, &mut shape.blocks),
            (self.heads, &mut shape.heads),
            (self.kv_heads, &mut shape.kv_heads),
        ];
        for (given, place) in changes {
            *place = given.unwrap_or(*place);
        }
        if let Some(architecture) = self.architecture {
            shape.architecture = architecture;
        }
        if self.bytes {
            shape.text = Text::Byte;
            shape.vocab = self.vocab.unwrap_or(258);
        }
    }
}

impl Make {
    pub(super) fn run(self) -> Result<ExitCode> {
        let mut shape =
            if self.full { Shape::full() } else { Shape::tiny(self.weights, self.head) };
        (shape.weights, shape.head) = (self.weights, self.head);
        let usual = shape.clone();
        self.sizes.change(&mut shape);
        if shape != usual || shape.weights != Weights::I2S || shape.head != Head::F16 {
            // The size of the published file is that of its shape alone.
            shape.file_bytes = None;
        }
        shape.check()?;
        let path = self.output.display();
        let mut file =
            File::create(&self.output).map_err(|error| Error::new(format!("{path}: {error}")))?;
        let bar = bar(&shape);
        let begin = Instant::now();
        let bytes = make(&shape, self.seed, &mut file, |done| bar.set_position(done))?;
        file.flush().map_err(|error| Error::new(format!("{path}: {error}")))?;
        bar.finish_and_clear();
        let took = begin.elapsed();
        let rate = bytes as f64 / 1e6 / took.as_secs_f64().max(1e-9);
        let (bytes_text, took) = (count(bytes), time(took));
        say!("{STRONG}{path}{STRONG:#}: {bytes_text} bytes in {took} ({rate:.0} MB/s)");
        if let Some(wanted) = shape.file_bytes.filter(|wanted| *wanted != bytes) {
            say!("the published file has {} bytes", count(wanted));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A bar on standard error, if that is a terminal.
fn bar(shape: &Shape) -> ProgressBar {
    let tensors = shape.tensors().into_iter();
    let bytes = tensors.filter_map(|(_, dims, kind)| kind.bytes(dims.iter().product()));
    let bar = ProgressBar::new(bytes.sum());
    let style =
        ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    style.map_or(bar.clone(), |style| bar.with_style(style))
}
