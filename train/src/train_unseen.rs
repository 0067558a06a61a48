//! `trine-train unseen`: a model for tools that it has never seen.

use std::path::{Path, PathBuf};

use trine_ternary::Packing;
use trine_train::Error;
use trine_train::lists::rewritten::rewritten;
use trine_train::lists::score::{careful_threshold, outcomes};
use trine_train::lists::texts::Texts;
use trine_train::lists::{List, Set, load};
use trine_train::random::Random;
use trine_train::tune::negatives::made as made_of;
use trine_train::tune::start;
use trine_train::unseen::batch::Prepared;
use trine_train::unseen::learn::{Recipe, train_parts};
use trine_train::unseen::model::Model;
use trine_train::unseen::net::Shape;
use trine_train::unseen::predict::Unseen;
use trine_train::unseen::prepared;
use trine_train::unseen::text::{Lexicon, Table};
use trine_unseen::Base;
use trine_unseen::base::Thresholds;
use trine_unseen::shape::{COLUMNS, DIM, FFN, HEADS};

use super::{Options, Result, number, write};

/// What `trine-train unseen` takes.
pub(super) const USAGE: &str = "\
trine-train unseen --out FILE [OPTIONS]

  --base FILE       the base model that it is, in four bits a number of a row and ternary weights
  --latents FILE    what trine train goes on from: the latent weights of the base
  --model FILE      trains nothing: takes that model in place of --out
  --from FILE       goes on with the parameters of that model, in place of chance; where the
                    shape has more blocks, those begin with next to nothing; `base`: with the
                    latent weights of the base in the program
  --lists PATH      the folder of the lists (train/lists), of which the training set is learnt
  --most N          only so many of these lists, chosen by chance
  --as-written yes  without the same lists rewritten
  --words PATH      a folder with pieces.txt and rows.i8 (train/base)
  --steps N         steps (4000)
  --batch N         lists of a step, with 8 sentences each (16)
  --made N          of these, so many with sentences that are made of theirs (2)
  --rate X --decay X --dropout X --seed N --threads N
  --fewer-tools X   up to which share of the other tools a sentence lacks (0.5)
  --dim N --ffn N --heads N                 the shape (96 256 4, or that of --from)
  --sentence-blocks N --tool-blocks N --both-blocks N   its blocks (3 2 2, or those of --from)
";

/// The share of numbers that are left out, where no option says another: with less, other people's
/// lists are learnt less well (decision 56).
const DROPOUT: f32 = 0.15;
/// How often each list comes up rewritten.
const REWRITTEN: u64 = 2;
/// Lists of a step whose sentences are made of others.
const MADE: usize = 2;
/// Steps between two lines of progress.
const EVERY: usize = 100;

/// Trains a model on the training lists and writes it.
///
/// # Errors
/// When an option is wrong, or a file cannot be read or written.
pub(super) fn work(options: &Options) -> Result<()> {
    let folder = options.get("lists").map_or("train/lists", String::as_str);
    if let Some(path) = options.get("model") {
        return write_base(options, &Model::read(Path::new(path), table(options)?)?, folder);
    }
    let out = options.get("out").ok_or(format!("missing --out\n\n{USAGE}"))?;
    let mut lists = load(Path::new(folder), Set::Training).map_err(Error::from)?;
    let seed = number(options, "seed", 1)?;
    if options.contains_key("most") {
        Random::named(1, "lists").shuffle(&mut lists);
        lists.truncate(number(options, "most", 0)?);
    }
    let table = table(options)?;
    let from = match options.get("from").map(String::as_str) {
        Some("base") => Some(start()?),
        Some(path) => Some(Model::read(Path::new(path), table.clone())?),
        None => None,
    };
    let plain = Shape { table: table.columns(), ..PLAIN };
    let shape = shape(options, from.as_ref().map_or(plain, |from| from.net.shape))?;
    let plain = Recipe::default();
    let recipe = Recipe {
        steps: number(options, "steps", plain.steps)?,
        lists: number(options, "batch", plain.lists)?,
        rate: number(options, "rate", plain.rate)?,
        decay: number(options, "decay", plain.decay)?,
        dropout: number(options, "dropout", DROPOUT)?,
        fewer_tools: number(options, "fewer-tools", plain.fewer_tools)?,
        threads: number(options, "threads", plain.threads)?,
        seed,
        ..plain
    };
    let mut model = match from {
        Some(from) => from.grown(shape, seed)?,
        None => Model::new(shape, seed, table),
    };
    let words = model.table.clone();
    let mut lexicon = Lexicon::new(&words);
    if !options.contains_key("as-written") {
        let texts = Texts::new(&lists);
        let times = (0..REWRITTEN).map(|time| seed.wrapping_add(time));
        let each = times.flat_map(|seed| lists.iter().map(move |list| (list, seed)));
        let others: Vec<_> = each.map(|(list, seed)| rewritten(list, &texts, seed)).collect();
        lists.extend(others);
    }
    let made = number(options, "made", MADE)?;
    let framed = prepared(&framed(&lists, (made, recipe.lists), seed)?, &mut lexicon)?;
    let made = if framed.is_empty() { 0 } else { made };
    let lists = prepared(&lists, &mut lexicon)?;
    let [all, framed] = [&lists, &framed].map(|lists| lists.iter().collect::<Vec<&Prepared>>());
    let parts = [(&all[..], recipe.lists - made), (&framed[..], made)];
    train_parts(&model.net, &mut model.params, &lexicon, &parts, &recipe, |step, loss| {
        if step.is_multiple_of(EVERY) {
            eprintln!("step {step} of {}: loss {loss:.3}", recipe.steps);
        }
    });
    model.write(Path::new(out))?;
    eprintln!("{out}: {} parameters, hash {:016x}", model.params.data.len(), model.hash());
    write_base(options, &model, folder)
}

/// Lists with sentences that are made of those of others; none where no step has any.
fn framed(lists: &[List], (made, of): (usize, usize), seed: u64) -> Result<Vec<List>> {
    if made >= of {
        return Err("--made has to be less than --batch".into());
    }
    let each = (0_u64..).zip(lists).filter(|_| made > 0);
    // Each has its own chance: copies of a list have other frames.
    let each = each
        .map(|(at, list)| List { records: made_of(list, seed.wrapping_add(at)), ..list.clone() });
    Ok(each.filter(|list| !list.records.is_empty()).collect())
}

/// The shape of a network, where no option says another.
const PLAIN: Shape =
    Shape { table: COLUMNS, dim: DIM, ffn: FFN, heads: HEADS, sentence: 3, tool: 2, both: 2 };

/// The shape that the options ask for.
fn shape(options: &Options, plain: Shape) -> Result<Shape> {
    let shape = Shape {
        table: plain.table,
        dim: number(options, "dim", plain.dim)?,
        ffn: number(options, "ffn", plain.ffn)?,
        heads: number(options, "heads", plain.heads)?,
        sentence: number(options, "sentence-blocks", plain.sentence)?,
        tool: number(options, "tool-blocks", plain.tool)?,
        both: number(options, "both-blocks", plain.both)?,
    };
    if shape.heads == 0 || !shape.dim.is_multiple_of(shape.heads) {
        return Err("--dim is not a multiple of --heads".into());
    }
    Ok(shape)
}

/// Writes the base of a model, where one is asked for.
fn write_base(options: &Options, model: &Model, folder: &str) -> Result<()> {
    let Some(path) = options.get("base") else { return Ok(()) };
    let thresholds = fitted(model, Path::new(folder))?;
    let Thresholds { acting, reading } = thresholds;
    let bytes = model.base(Packing::Table5Trit, thresholds)?;
    write(Path::new(path), &bytes)?;
    if let Some(latents) = options.get("latents") {
        let base = Base::parse(&bytes).map_err(|error| error.to_string())?;
        write(Path::new(latents), &trine_train::unseen::latents::latents(model, &base))?;
    }
    eprintln!("{path}: {} bytes, calls from {acting:.3} on, {reading:.3} to read", bytes.len());
    Ok(())
}

/// A base without thresholds makes every call.
pub(super) const NO_THRESHOLDS: Thresholds = Thresholds { acting: 0.0, reading: 0.0 };
/// The share of all sentences that may get a wrong call, were the threshold of tools that do
/// something the only one, and were that of those that only read.
const WRONG_MAX: (f64, f64) = (0.02, 0.04);

/// The least confidence of calls, by the choosing lists.
fn fitted(model: &Model, folder: &Path) -> Result<Thresholds> {
    let bytes = model.base(Packing::Panel2Bit, NO_THRESHOLDS)?;
    let base = Base::parse(&bytes).map_err(|error| error.to_string())?;
    let lists = load(folder, Set::Choosing).map_err(Error::from)?;
    let all = outcomes(&Unseen::new(base), &lists);
    let acting = careful_threshold(&all, WRONG_MAX.0) as f32;
    let reading = careful_threshold(&all, WRONG_MAX.1) as f32;
    Ok(Thresholds { acting, reading: reading.min(acting) })
}

/// The rows of words.
///
/// # Errors
/// When they cannot be read.
pub(super) fn table(options: &Options) -> Result<Table> {
    let folder = PathBuf::from(options.get("words").map_or("train/base", String::as_str));
    Ok(Table::read(&folder.join("pieces.txt"), &folder.join("rows.i8"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_sentences_are_a_part_of_a_step() {
        let lists = [List { name: "none".into(), tools: Vec::new(), records: Vec::new() }];
        assert!(framed(&lists, (2, 2), 1).unwrap_err().to_string().contains("--made"));
        assert!(framed(&lists, (2, 16), 1).unwrap().is_empty(), "of no sentence none is made");
        assert!(framed(&lists, (0, 1), 1).unwrap().is_empty());
    }
}
