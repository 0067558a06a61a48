//! `trine model make`.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use trine::{Error, Result};
use trine_models::model::{HeadFormat, Shape, Text, Weights, make};

use crate::cli::paint::{STRONG, count, say, time};

const AFTER_HELP: &str = "\
The tiny model has every part of the published one, with sizes that are not powers of two; options
change single sizes. The full model has the keys, tensors, layouts and size of the published BitNet
b1.58 2B-4T, 1,187,801,280 bytes, with random weights of which 42 % are zero. The same options and
seed give the same bytes.

Example: trine model make --tiny -o tiny.gguf";

/// Arguments of `trine model make`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Make {
    /// Use a shape of one or two megabytes [default]
    #[arg(long)]
    tiny: bool,
    /// Use the shape of BitNet b1.58 2B-4T.
    #[arg(long, conflicts_with = "tiny")]
    full: bool,
    /// Seed of the weights.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// File for the model.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Type of the ternary weights.
    #[arg(long, value_name = "TYPE", default_value = "i2_s")]
    weights: Weights,
    /// Type of the embedding, which is the head too.
    #[arg(long, value_name = "TYPE", default_value = "f16")]
    head: HeadFormat,
    #[command(flatten)]
    sizes: Sizes,
}

/// What a model can have of its own.
#[derive(Debug, clap::Args)]
struct Sizes {
    /// Use bytes as tokens, without a vocabulary.
    #[arg(long)]
    bytes: bool,
    /// Number of tokens in the vocabulary.
    #[arg(long, value_name = "COUNT")]
    vocab: Option<usize>,
    /// Context length in tokens.
    #[arg(long, value_name = "COUNT")]
    context: Option<usize>,
    /// Width of the residual stream.
    #[arg(long, value_name = "COUNT")]
    width: Option<usize>,
    /// Width of the feed-forward network.
    #[arg(long, value_name = "COUNT")]
    ffn: Option<usize>,
    /// Number of blocks.
    #[arg(long, value_name = "COUNT")]
    blocks: Option<usize>,
    /// Number of query heads.
    #[arg(long, value_name = "COUNT")]
    heads: Option<usize>,
    /// Number of key and value heads.
    #[arg(long, value_name = "COUNT")]
    kv_heads: Option<usize>,
    /// Name of the architecture in the file.
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
        if shape != usual || shape.weights != Weights::I2S || shape.head != HeadFormat::F16 {
            // The size of the published file is that of its shape alone.
            shape.file_bytes = None;
        }
        shape.check()?;
        let path = self.output.display();
        let failed = |error| Error::write(&self.output, error);
        let mut file = File::create(&self.output).map_err(failed)?;
        let bar = bar(&shape);
        let begin = Instant::now();
        let bytes = make(&shape, self.seed, &mut file, |done| bar.set_position(done))?;
        file.flush().map_err(failed)?;
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
