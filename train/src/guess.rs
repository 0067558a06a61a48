//! What models make of sentences that nobody has labelled: of several models, what most say.

use crate::error::{Error, Result};
use crate::parts::prepare;
use crate::random::Random;
use crate::run::Plan;
use crate::said::Said;
use crate::score::{self, Heard};
use crate::splice::Splices;

/// Sentences that are made and labelled at a time, for progress.
const TOGETHER: usize = 10_000;

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
) -> Result<Vec<Said>> {
    if models.is_empty() {
        return Err(Error::NoModels);
    }
    prepare(plan, |parts| {
        let mut splices = Splices::of(parts.written.iter().map(|said| said.text.as_str()));
        let mut random = Random::named(plan.recipe.seed, "splices");
        let (mut made, mut labelled) = (0, Vec::new());
        while made < count {
            let share = TOGETHER.min(count - made);
            let texts = (0..20 * share).filter_map(|_| splices.say(&mut random)).take(share);
            let texts: Vec<Said> = texts.map(|text| unlabelled(text, plan.recipe.seed)).collect();
            if texts.is_empty() {
                return Err(Error::TooFew);
            }
            made += texts.len();
            let (tools, program) = (parts.lesson.tools(), parts.lesson.program());
            let hear =
                |model: &Vec<u8>| score::hear(model, tools, program, &texts, plan.recipe.threads);
            let heard = models.iter().map(hear).collect::<Result<Vec<_>>>()?;
            for (at, said) in texts.into_iter().enumerate() {
                let answers: Vec<&Heard> = heard.iter().filter_map(|all| all.get(at)).collect();
                labelled.extend(most(&answers).map(|answer| with_label(said, answer)));
            }
            progress(made);
        }
        Ok(labelled)
    })
}

fn unlabelled(text: String, seed: u64) -> Said {
    let wording = format!("s-{seed}");
    Said { text, tool: None, arguments: serde_json::Map::new(), kind: String::new(), wording }
}

fn with_label(said: Said, answer: &Heard) -> Said {
    // A call is a call, whatever its kind; what the others are nobody knows.
    let kind = if answer.tool.is_some() { "plain" } else { "" };
    let (tool, arguments) = (answer.tool.clone(), answer.arguments.clone());
    Said { tool, arguments, kind: kind.to_owned(), ..said }
}

/// The answer that more than half of these are.
fn most<'h>(answers: &[&'h Heard]) -> Option<&'h Heard> {
    let same = |one: &Heard, other: &Heard| {
        one.tool == other.tool && score::same(&one.arguments, &other.arguments)
    };
    let count = |one: &Heard| answers.iter().filter(|other| same(one, other)).count();
    answers.iter().copied().find(|one| 2 * count(one) > answers.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_more_than_half_say_is_the_label() {
        let heard =
            |tool: Option<&str>| Heard { tool: tool.map(str::to_owned), ..Heard::default() };
        let (a, b, none) = (heard(Some("a")), heard(Some("b")), heard(None));
        assert_eq!(most(&[&a, &b, &a]), Some(&a));
        assert_eq!(most(&[&none, &b, &none]), Some(&none));
        assert_eq!(most(&[&a, &b]), None);
        assert_eq!(most(&[&a, &b, &none]), None);
        assert_eq!(most(&[&b, &b]), Some(&b));
        assert_eq!(most(&[]), None);
    }
}
