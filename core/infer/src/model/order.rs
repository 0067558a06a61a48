//! In which order passes go through stages and blocks, and what is left out because no one reads
//! it.
//!
//! What comes after the last block is read of a pass's last token alone, and not at all where
//! another pass follows. So in that block the other tokens get no further than keys and values, and
//! the last one then goes through it alone.
//!
//! Where the first blocks have prefix attention over a prompt ([`Config::prefix_layers`]), its keys
//! and values have to be there before any token attends to them. In one pass they are. Where the
//! prompt takes several, they are computed block by block: all passes up to the keys and values of
//! the first block, again up to those of the second, which attends in the first, and so on, and
//! then up to the end. That takes longer, and no more memory.

use super::products::IS_WIDE;
use super::stages::ROWS;
use crate::config::Config;

/// Where in a block, or after the last, a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// tokens → stream, turns
    Embed,
    /// stream → codes: the norm before attention
    AttnNorm,
    /// codes → sums: queries, keys and values
    Project,
    /// sums → wide, cache: queries and keys are turned by their positions
    Rotate,
    /// stream, turns → the same: the last token comes first, and goes on alone
    Last,
    /// wide, cache → mixed
    Attend,
    /// mixed → codes: the norm inside attention
    AttnSubNorm,
    /// codes → sums: attention's last matrix
    AttnOutput,
    /// sums → stream
    AttnAdd,
    /// stream → codes: the norm before the feed-forward network
    FfnNorm,
    /// codes → sums: gate and up
    GateUp,
    /// sums → codes: the function, and the norm inside the feed-forward network
    FfnSubNorm,
    /// codes → sums: down
    Down,
    /// sums → stream
    FfnAdd,
    /// stream → wide, codes
    OutputNorm,
    /// wide or codes → logits
    Head,
}

/// What a stage is, for those who measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageKind {
    /// Products of weights.
    Products,
    /// Queries with keys, and shares of values.
    Attention,
    /// All else.
    Rest,
}

impl Stage {
    /// Whether a unit is a row of a matrix.
    pub(crate) const fn is_rows(self) -> bool {
        matches!(self, Self::Project | Self::AttnOutput | Self::GateUp | Self::Down | Self::Head)
    }

    /// Its name, for those who measure.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Embed => "embedding",
            Self::AttnNorm | Self::AttnSubNorm | Self::FfnNorm | Self::OutputNorm => "norms",
            Self::Project => "queries, keys, values",
            Self::Rotate => "rotary embedding",
            Self::Attend => "attention",
            Self::AttnOutput => "output of attention",
            Self::AttnAdd | Self::FfnAdd | Self::Last => "residual",
            Self::GateUp => "gate and up",
            Self::FfnSubNorm => "activation function, norm",
            Self::Down => "down",
            Self::Head => "head",
        }
    }

    pub(crate) const fn kind(self) -> StageKind {
        match self {
            Self::Attend => StageKind::Attention,
            _ if self.is_rows() => StageKind::Products,
            _ => StageKind::Rest,
        }
    }

    /// Units of a step that is to take about `rows` rows of a matrix.
    pub(crate) fn most(self, rows: usize) -> usize {
        let rows = rows.max(1);
        // Rows that are stored together are cheaper together.
        let together = match self {
            // Of gate and up as many each.
            Self::GateUp if IS_WIDE => 2 * ROWS,
            _ if self.is_rows() => ROWS,
            _ => 1,
        };
        rows.checked_next_multiple_of(together).unwrap_or(rows)
    }
}

/// What a pass ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Keys and values of the last block.
    KvOnly,
    /// What the head takes in.
    Norm,
    /// All logits.
    Logits,
}

/// Where a pass is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub(crate) stage: Stage,
    pub(crate) layer: usize,
    /// Units of the stage that are done, or left out.
    pub(crate) done: usize,
    /// Positions before the first token.
    pub(crate) past: usize,
    /// Tokens.
    pub(crate) count: usize,
    /// The block that the pass goes up to.
    pub(crate) last: usize,
    /// Positions when all is read that was handed over.
    pub(crate) until: usize,
    /// What the last pass ends with; those before it end with keys and values.
    pub(crate) end: End,
    /// Whether this is a prompt, from position 0 on.
    pub(crate) is_prompt: bool,
    /// Tokens that go through the last block to the end; of the others, keys and values are kept.
    #[cfg(not(target_os = "none"))]
    pub(crate) ends: usize,
}

impl At {
    /// A pass before its first stage.
    pub(crate) const fn new(config: &Config, past: usize, count: usize, end: End) -> Self {
        let (last, until) = (config.layers - 1, past + count);
        Self {
            stage: Stage::Embed,
            layer: 0,
            done: 0,
            past,
            count,
            last,
            until,
            end,
            is_prompt: false,
            #[cfg(not(target_os = "none"))]
            ends: 1,
        }
    }

    /// A pass over `count` tokens of several sequences, `ends` of which want logits.
    #[cfg(not(target_os = "none"))]
    pub(crate) const fn batch(config: &Config, count: usize, ends: usize) -> Self {
        let end = if ends > 0 { End::Logits } else { End::KvOnly };
        Self { ends, ..Self::new(config, 0, count, end) }
    }

    /// Tokens that go on to the end of a pass that does not end with keys and values.
    const fn ends(&self) -> usize {
        #[cfg(target_os = "none")]
        return 1;
        #[cfg(not(target_os = "none"))]
        self.ends
    }

    /// The first pass of a prompt of so many tokens, of which a pass takes `batch` at most.
    pub(crate) const fn prompt(config: &Config, tokens: usize, batch: usize, end: End) -> Self {
        let all = Self { is_prompt: true, ..Self::new(config, 0, tokens, end) };
        if tokens <= batch {
            return all;
        }
        let last = if config.prefix_layers > 0 { 0 } else { all.last };
        Self { count: batch, last, ..all }
    }

    /// Goes to the next pass, and answers whether there is one.
    const fn next_pass(&mut self, config: &Config, batch: usize) -> bool {
        self.past += self.count;
        if self.past == self.until {
            let (after, end) = (self.last + 1, config.layers - 1);
            if self.last == end {
                return false;
            }
            self.last = if after < config.prefix_layers { after } else { end };
            self.past = 0;
        }
        let left = self.until - self.past;
        self.count = if left < batch { left } else { batch };
        self.layer = 0;
        true
    }

    /// Whether the pass ends with keys and values.
    const fn ends_with_kv(&self, config: &Config) -> bool {
        let is_last = self.past + self.count == self.until && self.last + 1 == config.layers;
        !is_last || matches!(self.end, End::KvOnly)
    }

    /// Whether nothing but keys and values is wanted of the block.
    pub(crate) const fn is_kv_only(&self, config: &Config) -> bool {
        self.layer == self.last && (self.count > self.ends() || self.ends_with_kv(config))
    }

    /// How many positions a token of the pass attends to, from the first.
    pub(crate) const fn seen(&self, config: &Config, token: usize) -> usize {
        if self.is_prompt && self.layer < config.prefix_layers {
            self.until
        } else {
            self.past + token + 1
        }
    }

    /// How many units the stage has.
    pub(crate) const fn units(&self, config: &Config) -> usize {
        match self.stage {
            Stage::Project => config.dim + 2 * config.kv_dim(),
            Stage::AttnOutput | Stage::Down => config.dim,
            Stage::GateUp => 2 * config.ffn,
            Stage::Head => config.vocab,
            Stage::Attend => self.count * config.kv_heads,
            Stage::Last => 1,
            _ => self.count,
        }
    }

    /// Goes to the next stage, of this pass or the next one, and answers whether there is one.
    pub(crate) const fn advance(&mut self, config: &Config, batch: usize) -> bool {
        self.stage = match self.stage {
            Stage::Embed => Stage::AttnNorm,
            Stage::AttnNorm => Stage::Project,
            Stage::Project => Stage::Rotate,
            Stage::Rotate if !self.is_kv_only(config) => Stage::Attend,
            Stage::Rotate if !self.ends_with_kv(config) => Stage::Last,
            Stage::Last => {
                self.past += self.count - self.ends();
                self.count = self.ends();
                Stage::AttnNorm
            }
            Stage::Attend => Stage::AttnSubNorm,
            Stage::AttnSubNorm => Stage::AttnOutput,
            Stage::AttnOutput => Stage::AttnAdd,
            Stage::AttnAdd => Stage::FfnNorm,
            Stage::FfnNorm => Stage::GateUp,
            Stage::GateUp => Stage::FfnSubNorm,
            Stage::FfnSubNorm => Stage::Down,
            Stage::Down => Stage::FfnAdd,
            Stage::FfnAdd if self.layer + 1 < config.layers => {
                self.layer += 1;
                Stage::AttnNorm
            }
            Stage::FfnAdd => Stage::OutputNorm,
            Stage::OutputNorm if matches!(self.end, End::Logits) => Stage::Head,
            Stage::Rotate | Stage::OutputNorm | Stage::Head => {
                if !self.next_pass(config, batch) {
                    return false;
                }
                Stage::Embed
            }
        };
        // The first rows are those of queries.
        let is_without_queries = matches!(self.stage, Stage::Project) && self.is_kv_only(config);
        self.done = if is_without_queries { config.dim } else { 0 };
        true
    }
}
