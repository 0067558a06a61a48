//! Steps of training.

use super::batch::{Group, Prepared};
use super::loss::loss;
use super::net::Net;
use super::params::{AdamW, Params};
use super::tape::{Tape, ternary};
use super::text::Lexicon;
use crate::lists::check::WHYS;
use crate::random::Random;
use crate::simd::memory;

/// How a network is trained.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Steps.
    pub steps: usize,
    /// Lists of a step.
    pub lists: usize,
    /// Sentences of each of them.
    pub sentences: usize,
    /// The highest rate of learning.
    pub rate: f32,
    /// Weight decay.
    pub decay: f32,
    /// The share of numbers that are left out.
    pub dropout: f32,
    /// Up to which share of the other tools a sentence lacks.
    pub fewer_tools: f32,
    /// How often the right tool is taken away, so that there is no call.
    pub no_tool: f32,
    /// The share of a tool's words that it lacks.
    pub fewer_words: f32,
    /// How often a tool has no descriptions.
    pub no_descriptions: f32,
    /// The share of a sentence's words that are misheard.
    pub misheard: f32,
    /// What arguments count next to tools.
    pub arguments: f32,
    /// Steps in which the rate rises.
    pub warm: usize,
    /// How much of each step the mean of the parameters takes, at first and then.
    pub mean: (f32, f32),
    /// Whether parameters decay towards what they were at first, not towards zero.
    pub is_pulled_back: bool,
    /// What chance begins with.
    pub seed: u64,
    /// Threads; the groups of a step are shared out among as many.
    pub threads: usize,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            steps: 4000,
            lists: 16,
            sentences: 8,
            rate: 3e-3,
            decay: 0.05,
            dropout: 0.1,
            fewer_tools: 0.5,
            no_tool: 0.06,
            fewer_words: 0.08,
            no_descriptions: 0.12,
            misheard: 0.03,
            arguments: 0.7,
            warm: 200,
            mean: (0.05, 0.005),
            is_pulled_back: false,
            seed: 1,
            threads: 2,
        }
    }
}

/// The share of the highest rate at the end.
const COLD: f32 = 0.03;
/// The steps at first.
const MEAN_FIRST: usize = 400;

/// Sentences as they come up: each list as often as it has sentences.
struct Deck {
    lists: Vec<usize>,
    sentences: Vec<Vec<usize>>,
}

impl Deck {
    fn new(lists: &[&Prepared]) -> Self {
        Self { lists: Vec::new(), sentences: lists.iter().map(|_| Vec::new()).collect() }
    }

    fn next(
        &mut self,
        lists: &[&Prepared],
        recipe: &Recipe,
        random: &mut Random,
    ) -> (usize, Vec<usize>) {
        let count = |at: usize| lists[at].data.sentences.len();
        if self.lists.is_empty() {
            for at in 0..lists.len() {
                let times = count(at).div_ceil(recipe.sentences);
                self.lists.extend(std::iter::repeat_n(at, times));
            }
            random.shuffle(&mut self.lists);
        }
        let at = self.lists.pop().unwrap_or(0);
        let deck = &mut self.sentences[at];
        let mut out = Vec::new();
        for _ in 0..recipe.sentences.min(count(at)) {
            if deck.is_empty() {
                deck.extend(0..count(at));
                random.shuffle(deck);
            }
            out.extend(deck.pop());
        }
        out.sort_unstable();
        out.dedup();
        (at, out)
    }
}

/// Trains the parameters on lists; tells `each` of the steps that were made, and of the loss.
pub fn train(
    net: &Net,
    params: &mut Params,
    lexicon: &Lexicon<'_>,
    lists: &[&Prepared],
    recipe: &Recipe,
    each: impl FnMut(usize, f32),
) {
    train_parts(net, params, lexicon, &[(lists, recipe.lists)], recipe, each);
}

/// The same on parts: of each, so many lists come up in a step.
pub fn train_parts(
    net: &Net,
    params: &mut Params,
    lexicon: &Lexicon<'_>,
    parts: &[(&[&Prepared], usize)],
    recipe: &Recipe,
    mut each: impl FnMut(usize, f32),
) {
    memory::keep();
    let mut random = Random::named(recipe.seed, "learn");
    let mut adam = AdamW::new(params.data.len());
    let mut mean = params.data.clone();
    let origin = recipe.is_pulled_back.then(|| params.data.clone());
    let mut decks: Vec<Deck> = parts.iter().map(|(lists, _)| Deck::new(lists)).collect();
    let mut smooth = 0.0;
    for step in 0..recipe.steps {
        let mut groups = Vec::new();
        for ((lists, count), deck) in parts.iter().zip(&mut decks) {
            for _ in 0..*count {
                let (list, sentences) = deck.next(lists, recipe, &mut random);
                groups.push(changed(lists[list], sentences, recipe, &mut random));
            }
        }
        let (value, gradients) = gradients(net, params, lexicon, &groups, recipe, step);
        smooth = if step == 0 { value } else { smooth * 0.98 + value * 0.02 };
        let done = step as f32 / recipe.steps as f32;
        let cosine = 0.5 * (1.0 + libm::cosf(std::f32::consts::PI * done));
        let warm = ((step + 1) as f32 / recipe.warm.max(1) as f32).min(1.0);
        let rate = recipe.rate * warm * (cosine * (1.0 - COLD) + COLD);
        adam.step(params, &gradients, rate, (recipe.decay, origin.as_deref()));
        let pull = if step < MEAN_FIRST { recipe.mean.0 } else { recipe.mean.1 };
        mean.iter_mut().zip(&params.data).for_each(|(mean, x)| *mean += (x - *mean) * pull);
        each(step + 1, smooth);
    }
    params.data = mean;
}

/// The loss of a step and its gradients, computed side by side and added in order.
fn gradients(
    net: &Net,
    params: &Params,
    lexicon: &Lexicon<'_>,
    groups: &[Group<'_>],
    recipe: &Recipe,
    step: usize,
) -> (f32, Vec<f32>) {
    let count: usize = groups.iter().map(|group| group.sentences.len()).sum();
    let weight = 1.0 / count.max(1) as f32;
    let weights = ternary(params);
    let size = groups.len().div_ceil(recipe.threads.max(1)).max(1);
    let part = |(at, part): (usize, &[Group<'_>])| {
        let chance = recipe.seed ^ (step as u64 * 64 + at as u64);
        let mut random = Random::named(chance, "loss");
        let tape = Tape::new(params, &weights, true);
        loss((net, lexicon, part), tape, (recipe, weight), &mut random)
    };
    let parts: Vec<(f32, Vec<f32>)> = std::thread::scope(|scope| {
        let part = &part;
        let threads: Vec<_> =
            groups.chunks(size).enumerate().map(|own| scope.spawn(move || part(own))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut sums = (0.0, vec![0.0; params.data.len()]);
    for (value, gradients) in parts {
        sums.0 += value;
        sums.1.iter_mut().zip(&gradients).for_each(|(sum, gradient)| *sum += gradient);
    }
    sums
}

/// Sentences of a list with fewer tools, fewer words of these, and misheard words.
fn changed<'l>(
    list: &'l Prepared,
    sentences: Vec<usize>,
    recipe: &Recipe,
    random: &mut Random,
) -> Group<'l> {
    let mut group = Group::whole(list, sentences);
    for (tool, there) in list.data.tools.iter().zip(&mut group.tokens) {
        // Descriptions have odd places among the roles of names and of parameters.
        let is_bare = random.chance(recipe.no_descriptions);
        for (token, there) in tool.tokens.iter().zip(there.iter_mut()) {
            let is_long = token.role == 2 || token.role == 4;
            *there = !(random.chance(recipe.fewer_words) || is_bare && is_long);
        }
        if let Some(first) = there.first_mut().filter(|_| tool.tokens.len() > 1) {
            *first = true;
        }
    }
    for (at, sentence) in group.sentences.iter().enumerate() {
        let answer = &list.data.answers[*sentence];
        for misheard in &mut group.misheard[at] {
            *misheard = random.chance(recipe.misheard);
        }
        let why = answer.why.and_then(|why| why.checked_sub(1)).map_or("", |at| WHYS[at]);
        let needs_all = ["ambiguous", "range", "unit"].contains(&why);
        let least = random.unit() * recipe.fewer_tools;
        let is_lost =
            answer.calls.len() == 1 && list.data.tools.len() > 3 && random.chance(recipe.no_tool);
        let mut stays = |tool: &usize| {
            if answer.calls.iter().any(|call| call.tool == *tool) {
                return !is_lost;
            }
            needs_all
                || answer.missing.is_some_and(|(own, _)| own == *tool)
                || !random.chance(least)
        };
        let tools: Vec<usize> = group.tools[at].iter().copied().filter(|t| stays(t)).collect();
        if tools.len() > 1 {
            group.tools[at] = tools;
        }
    }
    group
}
