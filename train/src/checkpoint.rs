//! A model in training, as a file to go on from.
//!
//! Eight bytes of magic, then little-endian: the steps made and the number of weights as u64, a
//! hash of the recipe and the shape, the shape as nine u32 in the order of its fields, and 1 for a
//! dense model as u32; then as f32 weights, means and squares, and the mean of weights.

use std::fs;
use std::path::Path;

use crate::average::Average;
use crate::error::{Error, Result};
use crate::random::Random;
use crate::shape::Shape;
use crate::trainer::Trainer;
use crate::weights::{Arithmetic, Rounded, Weights};

const MAGIC: &[u8; 8] = b"TRNTRN4\n";
/// Where the shape begins, and the numbers.
const SHAPE: usize = 32;
const HEAD: usize = SHAPE + 40;
const ROWS: usize = 4;

/// What a checkpoint must have been made with. The sentences are among it: what was trained on once
/// may not be scored later.
fn key(trainer: &Trainer) -> u64 {
    let recipe = crate::recipe::Recipe { threads: 0, ..trainer.recipe };
    Random::named(trainer.fingerprint, &format!("{recipe:?} {:?}", trainer.weights.shape)).bits()
}

/// Writes a checkpoint, in place of the one before.
///
/// # Errors
/// When the file cannot be written.
pub fn save(trainer: &Trainer, average: &Average, path: &Path) -> Result<()> {
    let mut out = MAGIC.to_vec();
    out.extend((trainer.step as u64).to_le_bytes());
    out.extend((trainer.weights.numbers.len() as u64).to_le_bytes());
    out.extend(key(trainer).to_le_bytes());
    let s = &trainer.weights.shape;
    let shape = [s.dim, s.ffn, s.layers, s.heads, s.kv_heads, s.vocab, s.context, s.whole, s.tags];
    out.extend(shape.iter().flat_map(|size| (*size as u32).to_le_bytes()));
    out.extend(u32::from(trainer.recipe.arithmetic == Arithmetic::Dense).to_le_bytes());
    let count = trainer.weights.numbers.len();
    let own = [&trainer.weights.numbers, &trainer.means, &trainer.squares];
    for (row, numbers) in own.into_iter().chain([&average.mean]).enumerate() {
        out.extend(numbers.iter().flat_map(|x| x.to_le_bytes()));
        // A mean that is not there yet is zeros.
        out.resize(HEAD + 4 * count * (row + 1), 0);
    }
    let fail = |source| Error::File { action: "write", path: path.to_owned(), source };
    let beside = path.with_extension("new");
    fs::write(&beside, out).map_err(fail)?;
    fs::rename(&beside, path).map_err(fail)
}

/// Goes on from a checkpoint. Answers whether there was one.
///
/// # Errors
/// When it is none, or was made with another recipe.
pub fn load(trainer: &mut Trainer, average: &mut Average, path: &Path) -> Result<bool> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::read(path, error)),
    };
    let head = bytes.get(..HEAD).filter(|head| head.starts_with(MAGIC));
    let head = head.ok_or_else(|| Error::NotACheckpoint { path: path.to_owned() })?;
    let field = |at: usize| {
        head.get(at..at + 8).and_then(|part| part.try_into().ok()).map_or(0, u64::from_le_bytes)
    };
    let count = trainer.weights.numbers.len();
    if field(24) != key(trainer) || bytes.len() != HEAD + 4 * ROWS * count {
        return Err(Error::OtherRecipe { path: path.to_owned() });
    }
    let mut numbers = bytes[HEAD..].as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four));
    let own = [&mut trainer.weights.numbers, &mut trainer.means, &mut trainer.squares];
    for place in own.into_iter().chain([&mut average.mean]) {
        place.resize(count, 0.0);
        place.iter_mut().zip(&mut numbers).for_each(|(place, number)| *place = number);
    }
    trainer.step = usize::try_from(field(8)).unwrap_or(0);
    trainer.rounded.take(&trainer.weights);
    Ok(true)
}

/// The mean of the weights of a checkpoint.
///
/// # Errors
/// When it cannot be read, or is no checkpoint.
pub fn mean(path: &Path) -> Result<Rounded> {
    let (weights, arithmetic) = mean_weights(path)?;
    Ok(Rounded::new(&weights, arithmetic))
}

/// Begins again with the mean of the weights of a checkpoint.
///
/// # Errors
/// When it cannot be read, is no checkpoint, or is of another shape.
pub fn begin(trainer: &mut Trainer, path: &Path) -> Result<()> {
    let (weights, _) = mean_weights(path)?;
    let (own, its) = (trainer.weights.shape, weights.shape);
    if own != its {
        let (found, expected) = (format!("{its:?}"), format!("{own:?}"));
        return Err(Error::OtherShape { path: path.to_owned(), found, expected });
    }
    trainer.weights = weights;
    trainer.rounded.take(&trainer.weights);
    Ok(())
}

fn mean_weights(path: &Path) -> Result<(Weights, Arithmetic)> {
    let wrong = || Error::NotACheckpoint { path: path.to_owned() };
    let bytes = fs::read(path).map_err(|error| Error::read(path, error))?;
    let (head, rows) = bytes
        .split_at_checked(HEAD)
        .filter(|(head, _)| head.starts_with(MAGIC))
        .ok_or_else(wrong)?;
    let word = |index: usize| {
        let at = SHAPE + 4 * index;
        let four = head.get(at..at + 4).and_then(|part| part.try_into().ok());
        four.map_or(0, u32::from_le_bytes) as usize
    };
    let [dim, ffn, layers, heads, kv_heads, vocab, context, whole, tags] =
        std::array::from_fn(word);
    let shape = Shape { dim, ffn, layers, heads, kv_heads, vocab, context, whole, tags };
    shape.check_sizes().map_err(|error| error.at(path.display()))?;
    let mut weights = Weights::random(shape, 0);
    let row = 4 * weights.numbers.len();
    if rows.len() != ROWS * row {
        return Err(wrong());
    }
    let numbers = rows[(ROWS - 1) * row..].as_chunks::<4>().0.iter();
    let numbers = numbers.map(|four| f32::from_le_bytes(*four));
    weights.numbers.iter_mut().zip(numbers).for_each(|(place, number)| *place = number);
    Ok((weights, if word(9) == 1 { Arithmetic::Dense } else { Arithmetic::Ternary }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Choice, TokenisedExample};
    use crate::recipe::Recipe;
    use crate::shape::TINY;
    use crate::weights::Weights;

    #[test]
    fn training_goes_on_as_if_it_had_not_stopped() {
        let recipe = Recipe { steps: 8, batch: 1, threads: 1, ..Recipe::default() };
        let choices =
            vec![Choice { at: 3, target: 2, permitted: vec![1, 2, 3], ..Choice::default() }];
        let batch =
            [TokenisedExample { tokens: vec![1, 5, 7, 3], prompt: 4, choices, tags: vec![] }];
        let path = std::env::temp_dir().join(format!("trine-train-{}.ckpt", std::process::id()));
        let mut trainer = Trainer::new(Weights::random(TINY, 1), recipe);
        let mut average = Average::default();
        assert!(!load(&mut trainer, &mut average, &path).unwrap());
        (0..3).for_each(|_| _ = trainer.learn(&batch));
        average.take(&trainer);
        save(&trainer, &average, &path).unwrap();
        (0..3).for_each(|_| _ = trainer.learn(&batch));
        let mut other = Trainer::new(Weights::random(TINY, 1), recipe);
        let mut again = Average::default();
        assert!(load(&mut other, &mut again, &path).unwrap());
        assert_eq!(again.mean, average.mean);
        (0..3).for_each(|_| _ = other.learn(&batch));
        assert_eq!(other.weights.numbers, trainer.weights.numbers);
        let mut changed = Trainer::new(Weights::random(TINY, 1), Recipe { batch: 2, ..recipe });
        assert!(load(&mut changed, &mut again, &path).is_err());
        begin(&mut changed, &path).unwrap();
        assert_eq!((changed.step, &changed.weights.numbers), (0, &average.mean));
        let shape = Shape { ffn: 2 * TINY.ffn, ..TINY };
        let mut wider = Trainer::new(Weights::random(shape, 1), recipe);
        assert!(begin(&mut wider, &path).unwrap_err().to_string().contains("has the shape"));
        std::fs::remove_file(path).unwrap();
    }
}
