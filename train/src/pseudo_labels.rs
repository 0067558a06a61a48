//! What models make of unlabelled sentences: of several models, what most say.

use serde_json::{Value as Json, json};

use crate::error::{Error, Result};
use crate::example::Example;
use crate::parts::prepare;
use crate::random::Random;
use crate::recombination::Recombinations;
use crate::run::Plan;
use crate::score::{self, ModelAnswer};

/// Sentences that are made and labelled at a time, for progress.
const TOGETHER: usize = 10_000;

/// A sentence with what models say of it, and how sure they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Guessed {
    /// It.
    pub example: Example,
    /// The mean of how sure those are that say so.
    pub sure: f32,
}

impl Guessed {
    /// The object of a line.
    #[must_use]
    pub fn json(&self) -> Json {
        let mut json = self.example.json();
        json["sure"] = json!(((f64::from(self.sure) * 1e4).ceil() / 1e4).min(1.0));
        json
    }
}

/// Makes `count` sentences out of those that a plan would train on, and labels them by the models
/// of some GGUF files: what more than half of these say, of two both. The others are left out.
/// `progress` gets how many were made.
///
/// # Errors
/// Those of training, and when a file is no model for the plan's tools.
pub fn guess(
    plan: &Plan,
    count: usize,
    models: &[Vec<u8>],
    mut progress: impl FnMut(usize),
) -> Result<Vec<Guessed>> {
    if models.is_empty() {
        return Err(Error::NoModels);
    }
    prepare(plan, |parts| {
        let mut recombinations =
            Recombinations::of(parts.written.iter().map(|example| example.text.as_str()));
        let mut random = Random::named(plan.recipe.seed, "splices");
        let (mut made, mut kept) = (0, Vec::new());
        while made < count {
            let share = TOGETHER.min(count - made);
            let texts = (0..20 * share).filter_map(|_| recombinations.say(&mut random)).take(share);
            let texts: Vec<Example> =
                texts.map(|text| unlabelled(text, plan.recipe.seed)).collect();
            if texts.is_empty() {
                return Err(Error::TooFew);
            }
            made += texts.len();
            let (tools, program) = (parts.tokeniser.tools(), parts.tokeniser.program());
            let answer_all = |model: &Vec<u8>| {
                score::answer_all(model, tools, program, &texts, plan.recipe.threads)
            };
            let by_model = models.iter().map(answer_all).collect::<Result<Vec<_>>>()?;
            for (at, example) in texts.into_iter().enumerate() {
                let answers: Vec<&ModelAnswer> =
                    by_model.iter().filter_map(|all| all.get(at)).collect();
                // What cannot be read has no answer.
                let most = most(&answers).filter(|(_, sure)| *sure > 0.0);
                kept.extend(
                    most.map(|(answer, sure)| Guessed {
                        example: with_label(example, answer),
                        sure,
                    }),
                );
            }
            progress(made);
        }
        Ok(kept)
    })
}

fn unlabelled(text: String, seed: u64) -> Example {
    let wording = format!("s-{seed}");
    Example { text, tool: None, arguments: serde_json::Map::new(), kind: String::new(), wording }
}

fn with_label(example: Example, answer: &ModelAnswer) -> Example {
    // A call is a call, whatever its kind; what the others are no one knows.
    let kind = if answer.tool.is_some() { "plain" } else { "" };
    let (tool, arguments) = (answer.tool.clone(), answer.arguments.clone());
    Example { tool, arguments, kind: kind.to_owned(), ..example }
}

/// The answer that more than half of these are, and how sure they are of it on average.
fn most<'h>(answers: &[&'h ModelAnswer]) -> Option<(&'h ModelAnswer, f32)> {
    let same = |one: &ModelAnswer, other: &ModelAnswer| {
        one.tool == other.tool && score::same(&one.arguments, &other.arguments)
    };
    answers.iter().copied().find_map(|one| {
        let own = answers.iter().filter(|other| same(one, other)).map(|own| own.confidence);
        let (count, sum) = (own.clone().count(), own.sum::<f32>());
        (2 * count > answers.len()).then(|| (one, sum / count as f32))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_written_as_one_that_is_read() {
        let written = |sure| Guessed { example: unlabelled("fan".into(), 1), sure }.json();
        let shares = [f32::MIN_POSITIVE, 0.75, 1.0, 1.0 + f32::EPSILON];
        assert_eq!(shares.map(|sure| written(sure)["sure"].clone()), [1e-4, 0.75, 1.0, 1.0]);
    }

    #[test]
    fn what_more_than_half_say_is_the_label() {
        let by_model = |tool: Option<&str>, confidence| ModelAnswer {
            tool: tool.map(str::to_owned),
            confidence,
            ..ModelAnswer::default()
        };
        let (a, b, none) =
            (by_model(Some("a"), 0.5), by_model(Some("b"), 0.9), by_model(None, 1.0));
        assert_eq!(most(&[&a, &b, &by_model(Some("a"), 0.25)]), Some((&a, 0.375)));
        assert_eq!(most(&[&none, &b, &none]), Some((&none, 1.0)));
        assert_eq!(most(&[&a, &b]), None);
        assert_eq!(most(&[&a, &b, &none]), None);
        assert_eq!(most(&[&b, &b]), Some((&b, 0.9)));
        assert_eq!(most(&[]), None);
    }
}
