//! Engines that compute nothing: one follows a script, one throws dice.

use trine_ask::DecodeEngine;
use trine_bits::Random;

/// Prefers what its script names, in the order of the script.
pub(crate) struct Scripted<'s> {
    pub(crate) script: &'s [u16],
    /// What was read.
    pub(crate) read: Vec<u16>,
    /// Tokens that there is room for.
    pub(crate) room: usize,
    at: usize,
    under_way: bool,
}

impl<'s> Scripted<'s> {
    pub(crate) fn new(script: &'s [u16]) -> Self {
        Self { script, read: Vec::new(), room: 400, at: 0, under_way: false }
    }
}

impl DecodeEngine for Scripted<'_> {
    type Error = String;

    fn begin_prompt(&mut self, tokens: &[u16]) -> Result<(), String> {
        self.read = tokens.to_vec();
        self.under_way = true;
        Ok(())
    }

    fn begin(&mut self, tokens: &[u16]) -> Result<usize, String> {
        // Not more than three at a time, to see that the rest is handed over again.
        let count = tokens.len().min(3).min(self.room - self.read.len());
        self.read.extend(&tokens[..count]);
        self.under_way = count > 0;
        Ok(count)
    }

    fn step(&mut self, _: usize) -> Result<bool, String> {
        Ok(std::mem::take(&mut self.under_way))
    }

    fn logits(&mut self, tokens: &[u16], out: &mut [f32]) -> Result<(), String> {
        let wanted = self.script.get(self.at).ok_or("the script has ended")?;
        self.at += 1;
        if !tokens.contains(wanted) {
            return Err(format!("{wanted} is not permitted, only {tokens:?}"));
        }
        for (logit, token) in out.iter_mut().zip(tokens) {
            *logit = if token == wanted { 2.0 } else { 0.0 };
        }
        Ok(())
    }

    fn room(&self) -> usize {
        self.room
    }
}

/// Random logits, now and then no numbers at all.
pub(crate) struct Dice {
    random: Random,
    pub(crate) room: usize,
    read: usize,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), room: 400, read: 0 }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.random.bits()
    }
}

impl DecodeEngine for Dice {
    type Error = String;

    fn begin_prompt(&mut self, tokens: &[u16]) -> Result<(), String> {
        self.read = tokens.len();
        Ok(())
    }

    fn begin(&mut self, tokens: &[u16]) -> Result<usize, String> {
        let count = tokens.len().min(self.room - self.read);
        self.read += count;
        Ok(count)
    }

    fn step(&mut self, _: usize) -> Result<bool, String> {
        Ok(false)
    }

    fn logits(&mut self, tokens: &[u16], out: &mut [f32]) -> Result<(), String> {
        assert!(tokens.len() > 1 && out.len() == tokens.len(), "one choice is none");
        for logit in out {
            *logit = match self.next() % 50 {
                0 => f32::NAN,
                1 => f32::INFINITY,
                2 => f32::NEG_INFINITY,
                dice => dice as f32 / 5.0,
            };
        }
        Ok(())
    }

    fn room(&self) -> usize {
        self.room
    }
}
