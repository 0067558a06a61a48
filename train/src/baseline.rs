//! What is trained instead of a transformer, to compare with.

use trine_ask::Vocabulary;
use trine_descriptor::Tool;

use crate::calibrate::{self, Certainty};
use crate::error::Result;
use crate::example::Example;
use crate::keywords::{self, Keywords};
use crate::linear::{self, Linear};
use crate::parts::{Stock, prepare};
use crate::report::Report;
use crate::run::Plan;
use crate::score::{self, ModelAnswer};
use crate::template::Templates;
use crate::tokenise;

/// What is trained instead of a transformer, to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// [`crate::linear`]
    Linear,
    /// [`crate::keywords`]
    Keywords,
}

/// Trains a baseline and scores it on the same sentences, under the same grammar.
///
/// # Errors
/// As [`crate::run::train`].
pub fn baseline(plan: &Plan, which: Baseline) -> Result<Report> {
    prepare(plan, |parts| {
        let tokeniser = &parts.tokeniser;
        let (tools, program) = (tokeniser.tools(), tokeniser.program());
        let bytes = tokenise::table(program, tokeniser.pieces(), Certainty::NONE);
        let vocabulary = Vocabulary::parse(&bytes)?;
        let names = crate::parts::token_names(tools, program, tokeniser.pieces());
        let keywords = Keywords::new(names, &known_words(tools, &parts.templates));
        let mut model = Linear::default();
        let stock = Stock::new(plan, parts);
        let steps = if which == Baseline::Linear { plan.recipe.steps } else { 0 };
        for step in 0..steps {
            model.learn(&parts.sampler(plan, &stock, step).batch(plan.recipe.batch));
        }
        let ask = |example: &Example| match which {
            Baseline::Linear => score::ask(
                &mut linear::LinearScorer::new(&model),
                tools,
                program,
                &vocabulary,
                &example.text,
            ),
            Baseline::Keywords => {
                let mut reader = keywords::KeywordScorer::new(&keywords);
                score::ask(&mut reader, tools, program, &vocabulary, &example.text)
            }
        };
        let answer_all = |all: &[Example]| -> Vec<ModelAnswer> {
            all.iter().map(|example| ask(example).unwrap_or_default()).collect()
        };
        let fit = &parts.fit;
        let least = plan.least.unwrap_or_else(|| calibrate::least(parts.fitted_nothings));
        let threshold = calibrate::threshold(&calibrate::certain(fit, &answer_all(fit))).max(least);
        let mut answers = answer_all(&parts.valid);
        answers.iter_mut().for_each(|answer| answer.acts &= answer.confidence >= threshold);
        let certainty = Certainty { threshold, ..Certainty::NONE };
        let mut report = Report { certainty, ..Report::default() };
        report.take_plan(plan, parts);
        report.take(&parts.valid, &answers, 0);
        Ok(report)
    })
}

/// Words of labels, and of tools: their descriptions, parameters and labels.
fn known_words(tools: &[Tool<'_>], templates: &Templates<'_>) -> Vec<(String, String)> {
    let mut all = templates.all_words();
    for tool in tools {
        let mut text = tool.info.description.to_owned();
        for field in tool.params {
            let labels = field.kind.labels().map(|label| {
                let example =
                    all.iter().find(|(name, _)| *name == format!("{}.{label}", field.name));
                format!(" {label} {}", example.map_or("", |(_, words)| words.as_str()))
            });
            text = labels.fold(format!("{text} {}", field.name), |text, words| text + &words);
        }
        all.push((format!("tool:{}", tool.info.name), text));
    }
    all
}
