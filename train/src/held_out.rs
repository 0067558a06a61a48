//! What sentences are for: to train on, to fit confidence on, or to score. None is for two.

use std::collections::HashSet;

use crate::example::{self, Example};
use crate::run::Plan;

/// Sentences by what they are for.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// To train on.
    pub(crate) written: Vec<Example>,
    /// To fit confidence on.
    pub(crate) fit: Vec<Example>,
    /// How many of those are for these tools (not the program's own) and have no call.
    pub(crate) fitted_nothings: usize,
    /// To score.
    pub(crate) valid: Vec<Example>,
    /// Sentences to score that are also among the others, and so are not scored.
    pub(crate) seen: usize,
}

/// Shares out the sentences of a plan before anything is trained. `pattern` is what is left of a
/// text when its numbers are taken out.
pub(crate) fn share_out(plan: &Plan, pattern: impl Fn(&str) -> String) -> Held {
    let split = |all: &[Example], share: f32| example::split(all, &pattern, share);
    // A sentence's chance is its own: of what the first share left, the next begins behind it.
    let (rest, mut valid, behind) = match &plan.valid {
        Some(valid) => (plan.sentences.clone(), valid.clone(), 0.0),
        None => {
            let (rest, valid) = split(&plan.sentences, plan.valid_share);
            (rest, valid, plan.valid_share)
        }
    };
    let (mut written, mut fit) = match &plan.fit {
        Some(fit) => (rest, fit.clone()),
        None => split(&rest, behind + plan.fit_share),
    };
    let (general, general_fit) = match &plan.fit {
        Some(_) => (plan.general.clone(), Vec::new()),
        None => split(&plan.general, plan.fit_share),
    };
    written.splice(0..0, general);
    let fitted_nothings = fit.iter().filter(|example| example.tool.is_none()).count();
    fit.extend(general_fit);
    let names = |example: &Example| {
        [format!("w {}", example.wording), format!("p {}", pattern(&example.text))]
    };
    let seen: HashSet<String> = written.iter().chain(&fit).flat_map(&names).collect();
    let all = valid.len();
    valid.retain(|example| names(example).iter().all(|name| !seen.contains(name)));
    let seen = all - valid.len();
    Held { written, fit, fitted_nothings, valid, seen }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: &str = r#"[{"name": "brew", "description": "Makes a coffee.", "inputSchema":
        {"type": "object", "properties": {}}}]"#;

    fn example(text: &str) -> Example {
        Example {
            text: text.into(),
            tool: Some("brew".into()),
            arguments: serde_json::Map::new(),
            kind: String::new(),
            wording: text.into(),
        }
    }

    fn plan(count: usize) -> Plan {
        let mut plan = Plan::new(TOOLS).unwrap();
        plan.add((0..count).map(|at| example(&format!("brew {at:x}"))).collect(), "");
        plan
    }

    /// Sentences of two sets that have a text or a wording in common.
    fn shared<'s>(one: &'s [Example], other: &[Example]) -> Vec<&'s Example> {
        let is_in = |example: &&Example| {
            other.iter().any(|other| other.text == example.text || other.wording == example.wording)
        };
        one.iter().filter(is_in).collect()
    }

    #[test]
    fn no_sentence_is_scored_that_is_trained_or_fitted_on() {
        let held = share_out(&plan(900), str::to_owned);
        assert!(held.valid.len() > 50 && held.fit.len() > 20, "{}", held.valid.len());
        assert!(shared(&held.valid, &held.fit).is_empty());
        assert!(shared(&held.valid, &held.written).is_empty());
        assert!(shared(&held.fit, &held.written).is_empty());
        assert_eq!(held.seen, 0);
    }

    #[test]
    fn a_sentence_that_is_planted_in_two_sets_is_not_scored() {
        let mut plan = plan(40);
        let planted = plan.sentences[7].clone();
        let of_its_wording = Example { wording: "brew 3".into(), ..example("the third, please") };
        plan.valid = Some(vec![planted, example("espresso, please"), of_its_wording]);
        let held = share_out(&plan, str::to_owned);
        assert_eq!(held.valid, [example("espresso, please")]);
        assert_eq!(held.seen, 2);
        plan.valid = Some(vec![example("espresso, please"), example("a mocha")]);
        plan.fit = Some(vec![example("a mocha")]);
        assert_eq!(share_out(&plan, str::to_owned).valid, [example("espresso, please")]);
    }

    #[test]
    fn what_the_program_brings_along_is_never_scored() {
        let plan = plan(0);
        assert!(plan.general.len() > 100);
        let held = share_out(&plan, str::to_owned);
        assert!(held.valid.is_empty() && !held.fit.is_empty());
        assert_eq!(held.fitted_nothings, 0, "nor does it make a threshold low");
        assert_eq!(held.written.len() + held.fit.len(), plan.general.len());
    }
}
