//! What a model is trained on.

/// A choice: one of some tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// The position of the token after which it is made.
    pub at: usize,
    /// What is right.
    pub target: u32,
    /// What is permitted; the target is among them.
    pub permitted: Vec<u32>,
    /// How likely teachers hold each of these; empty where there are none.
    pub taught: Vec<f32>,
}

/// A sentence with its call, as the decoder reads them (`docs/ask.md`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenisedExample {
    /// What is read.
    pub tokens: Vec<u32>,
    /// How many of the tokens are the sentence.
    pub prompt: usize,
    /// The choices.
    pub choices: Vec<Choice>,
    /// What tokens of the sentence belong to: (position, label).
    pub tags: Vec<(usize, u32)>,
}
