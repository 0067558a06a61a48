//! `trine-train unseen`: a model for tools that it has never seen.

use std::path::{Path, PathBuf};

use trine_train::Error;
use trine_train::lists::{Set, load};
use trine_train::random::Random;
use trine_train::unseen::batch::Prepared;
use trine_train::unseen::learn::{Recipe, train};
use trine_train::unseen::model::Model;
use trine_train::unseen::net::Shape;
use trine_train::unseen::prepared;
use trine_train::unseen::text::{Lexicon, Table};

use super::{Options, Result, number};

/// What `trine-train unseen` takes.
pub(super) const USAGE: &str = "\
trine-train unseen --out FILE [OPTIONS]

  --lists PATH      the folder of the lists (train/lists), of which the training set is learnt
  --most N          only so many of these lists, chosen by chance
  --words PATH      a folder with pieces.txt and rows.i8 (train/base)
  --steps N         steps (4000)
  --batch N         lists of a step, with 8 sentences each (16)
  --rate X --decay X --dropout X --seed N --threads N
  --dim N --ffn N --heads N                 the shape (96 256 4)
  --sentence-blocks N --tool-blocks N --both-blocks N   its blocks (1 1 1)
";

/// Steps between two lines of progress.
const EVERY: usize = 100;

/// Trains a model on the training lists and writes it.
///
/// # Errors
/// When an option is wrong, or a file cannot be read or written.
pub(super) fn work(options: &Options) -> Result<()> {
    let out = options.get("out").ok_or(format!("missing --out\n\n{USAGE}"))?;
    let folder = options.get("lists").map_or("train/lists", String::as_str);
    let mut lists = load(Path::new(folder), Set::Training).map_err(Error::from)?;
    let seed = number(options, "seed", 1)?;
    if options.contains_key("most") {
        Random::named(1, "lists").shuffle(&mut lists);
        lists.truncate(number(options, "most", 0)?);
    }
    let table = table(options)?;
    let shape = Shape {
        table: table.columns,
        dim: number(options, "dim", 96)?,
        ffn: number(options, "ffn", 256)?,
        heads: number(options, "heads", 4)?,
        sentence: number(options, "sentence-blocks", 1)?,
        tool: number(options, "tool-blocks", 1)?,
        both: number(options, "both-blocks", 1)?,
    };
    if shape.heads == 0 || !shape.dim.is_multiple_of(shape.heads) {
        return Err("--dim is not a multiple of --heads".into());
    }
    let plain = Recipe::default();
    let recipe = Recipe {
        steps: number(options, "steps", plain.steps)?,
        lists: number(options, "batch", plain.lists)?,
        rate: number(options, "rate", plain.rate)?,
        decay: number(options, "decay", plain.decay)?,
        dropout: number(options, "dropout", plain.dropout)?,
        threads: number(options, "threads", plain.threads)?,
        seed,
        ..plain
    };
    let mut model = Model::new(shape, seed, table);
    let words = model.table.clone();
    let mut lexicon = Lexicon::new(&words);
    let lists = prepared(&lists, &mut lexicon);
    let all: Vec<&Prepared> = lists.iter().collect();
    train(&model.net, &mut model.params, &lexicon, &all, &recipe, |step, loss| {
        if step.is_multiple_of(EVERY) {
            eprintln!("step {step} of {}: loss {loss:.3}", recipe.steps);
        }
    });
    model.write(Path::new(out))?;
    eprintln!("{out}: {} parameters, hash {:016x}", model.params.data.len(), model.hash());
    Ok(())
}

/// The rows of words.
///
/// # Errors
/// When they cannot be read.
pub(super) fn table(options: &Options) -> Result<Table> {
    let folder = PathBuf::from(options.get("words").map_or("train/base", String::as_str));
    Ok(Table::read(&folder.join("pieces.txt"), &folder.join("rows.i8"))?)
}
