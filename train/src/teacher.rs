//! Teachers: trained models that say of each choice how likely they hold what is permitted. The
//! mean of several is right more often than one of them, and a model that learns from it becomes
//! better than from what is right alone (Hinton and others, 2015, arXiv 1503.02531).

use std::path::Path;

use crate::checkpoint;
use crate::error::{Error, Result};
use crate::net::{Choice, Pass, TokenisedExample};
use crate::parallel;
use crate::weights::Rounded;

/// Examples that are computed together.
const TOGETHER: usize = 16;

/// Some trained models.
#[derive(Debug, Default)]
pub struct Teachers {
    models: Vec<Rounded>,
    /// What each thread computes in.
    passes: Vec<Pass>,
}

impl Teachers {
    /// The models of some checkpoints, which teach in as many threads.
    ///
    /// # Errors
    /// When one cannot be read, or is of another vocabulary.
    pub fn load(paths: &[impl AsRef<Path>], vocab: usize, threads: usize) -> Result<Self> {
        let models = paths.iter().map(|path| {
            let (path, model) = (path.as_ref(), checkpoint::mean(path.as_ref())?);
            let own = model.shape.vocab;
            if own == vocab {
                return Ok(model);
            }
            let (path, found) = (path.to_owned(), own);
            Err(Error::OtherVocabulary { path, found, expected: vocab })
        });
        let models = models.collect::<Result<_>>()?;
        Ok(Self { models, passes: (0..threads.max(1)).map(|_| Pass::default()).collect() })
    }

    /// Writes to each choice of the examples what the teachers hold likely, the mean of their
    /// probabilities, where they are right: what they have not learnt themselves they cannot teach.
    pub fn teach(&mut self, examples: &mut [TokenisedExample]) {
        let Self { models, passes } = self;
        if models.is_empty() {
            return;
        }
        let threads = passes.len();
        let share = examples.len().div_ceil(threads).max(1);
        let jobs = examples.chunks_mut(share).zip(passes).collect();
        parallel::each(threads, jobs, |(examples, pass): (&mut [TokenisedExample], &mut Pass)| {
            examples.chunks_mut(TOGETHER).for_each(|part| teach(models, pass, part));
        });
    }
}

fn teach(models: &[Rounded], pass: &mut Pass, part: &mut [TokenisedExample]) {
    let share = 1.0 / models.len() as f32;
    for model in models {
        let read: Vec<&TokenisedExample> = part.iter().collect();
        let logits = pass.choice_logits(model, &read);
        let choices = part.iter_mut().flat_map(|example| &mut example.choices);
        for (choice, (_, logits)) in choices.zip(logits) {
            choice.taught.resize(logits.len(), 0.0);
            add_softmax(&logits, share, &mut choice.taught);
        }
    }
    for choice in part.iter_mut().flat_map(|example| &mut example.choices) {
        if !is_right(choice) {
            choice.taught.clear();
        }
    }
}

/// Whether what is right is what the teachers hold likeliest.
fn is_right(choice: &Choice) -> bool {
    let taught = choice.permitted.iter().zip(&choice.taught);
    let likeliest = taught.max_by(|a, b| a.1.total_cmp(b.1));
    likeliest.is_some_and(|(token, _)| *token == choice.target)
}

/// Adds a share of softmax(logits).
fn add_softmax(logits: &[f32], share: f32, out: &mut [f32]) {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - most).exp()).sum();
    for (out, logit) in out.iter_mut().zip(logits) {
        *out += share * (logit - most).exp() / sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::average::Average;
    use crate::recipe::Recipe;
    use crate::shape::TINY;
    use crate::trainer::Trainer;
    use crate::weights::Weights;

    fn example(target: u32) -> TokenisedExample {
        let choice = Choice { at: 3, target, permitted: vec![1, 2, 3], ..Choice::default() };
        TokenisedExample {
            tokens: vec![1, 5, 7, 3],
            prompt: 4,
            choices: vec![choice],
            tags: Vec::new(),
        }
    }

    #[test]
    fn a_distilled_model_learns_the_probabilities_of_its_teachers() {
        let folder = std::env::temp_dir().join(format!("trine-teacher-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        // Each teacher has learnt another answer.
        let paths = [1, 2].map(|target| {
            let recipe = Recipe { seed: u64::from(target), threads: 1, ..Recipe::default() };
            let mut trainer = Trainer::new(Weights::random(TINY, u64::from(target)), recipe);
            let mut average = Average::default();
            for _ in 0..60 {
                trainer.learn(&[example(target)]);
                average.take(&trainer);
            }
            let path = folder.join(format!("{target}.ckpt"));
            checkpoint::save(&trainer, &average, &path).expect("a checkpoint");
            path
        });
        let mut teachers = Teachers::load(&paths, TINY.vocab, 2).expect("teachers");
        assert!(
            Teachers::load(&paths, 10, 1)
                .is_err_and(|error| error.to_string().contains("9 tokens"))
        );
        std::fs::remove_dir_all(&folder).expect("the folder goes");
        // Neither has learnt this.
        let mut examples = [example(3)];
        teachers.teach(&mut examples);
        assert!(examples[0].choices[0].taught.is_empty());
        // Of what each has learnt, their mean holds one likelier.
        let mut examples = [1, 2].map(example).to_vec();
        teachers.teach(&mut examples);
        examples.retain(|example| !example.choices[0].taught.is_empty());
        let taught = examples[0].choices[0].taught.clone();
        assert!((taught.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{taught:?}");
        assert!(taught[0] > 0.3 && taught[1] > 0.3 && taught[2] < 0.2, "{taught:?}");
        let recipe = Recipe { taught: 1.0, threads: 1, ..Recipe::default() };
        let mut student = Trainer::new(Weights::random(TINY, 3), recipe);
        for _ in 0..200 {
            student.learn(&examples);
        }
        let (_, logits) = student.choice_logits(&examples).remove(0);
        let mut found = vec![0.0; 3];
        add_softmax(&logits, 1.0, &mut found);
        let apart = found.iter().zip(&taught).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 0.1, "{found:?} {taught:?}");
    }
}
