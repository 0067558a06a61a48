//! Random models as files, in any shape.

#![allow(dead_code, reason = "not every test makes every kind")]

use trine_ternary::{Packing, RowFormat, f16_from_f32, pack};

/// A model to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) architecture: &'static str,
    pub(crate) width: usize,
    pub(crate) ffn: usize,
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) blocks: usize,
    pub(crate) vocab: usize,
    pub(crate) context: usize,
    /// Blocks that have prefix attention over a prompt.
    pub(crate) whole: usize,
    /// Whether the weights of the first norm are the next greater numbers.
    pub(crate) is_nudged: bool,
    /// Where random numbers start.
    pub(crate) seed: u64,
    /// How trits lie: `Tq2_0` or `I2S`.
    pub(crate) packing: Packing,
    /// Whether they lie in `Q2_0` instead, which llama.cpp reads and our engine does not.
    pub(crate) is_q2_0: bool,
    pub(crate) head: RowFormat,
    /// Whether the feed-forward network is multiplied by zero.
    pub(crate) is_mute: bool,
    /// Whether each matrix has a scale of its own, and not what its columns call for.
    pub(crate) is_uneven: bool,
}

impl Made {
    /// A small one with `TQ2_0` and a head in single precision.
    pub(crate) const SMALL: Self = Self {
        architecture: "bitnet-b1.58",
        width: 256,
        ffn: 512,
        heads: 4,
        kv_heads: 2,
        blocks: 2,
        vocab: 100,
        context: 128,
        whole: 0,
        is_nudged: false,
        seed: 5,
        packing: Packing::Tq2_0,
        is_q2_0: false,
        head: RowFormat::F32,
        is_mute: false,
        is_uneven: false,
    };

    /// The file.
    pub(crate) fn file(&self) -> Vec<u8> {
        let mut file = Gguf { seed: self.seed, ..Gguf::default() };
        self.keys(&mut file);
        let width = self.width as u64;
        let kv = self.width / self.heads * self.kv_heads;
        file.table("token_embd.weight", self.vocab, self.width, self.head);
        let norm = |random: u64| 0.75 + (random % 500) as f32 / 1000.0;
        for block in 0..self.blocks {
            let name = |part: &str| format!("blk.{block}.{part}.weight");
            for part in ["attn_norm", "attn_sub_norm", "ffn_norm"] {
                let is_next = self.is_nudged && (block, part) == (0, "attn_norm");
                let own = |random| if is_next { norm(random).next_up() } else { norm(random) };
                file.floats(&name(part), width, own);
            }
            let is_mute = self.is_mute;
            let sub_norm = |random| if is_mute { 0.0 } else { norm(random) };
            file.floats(&name("ffn_sub_norm"), self.ffn as u64, sub_norm);
            for (part, columns, rows) in [
                ("attn_q", self.width, self.width),
                ("attn_k", self.width, kv),
                ("attn_v", self.width, kv),
                ("attn_output", self.width, self.width),
                ("ffn_gate", self.width, self.ffn),
                ("ffn_up", self.width, self.ffn),
                ("ffn_down", self.ffn, self.width),
            ] {
                file.matrix(&name(part), self, rows, columns);
            }
        }
        file.floats("output_norm.weight", width, norm);
        file.bytes()
    }

    fn keys(&self, file: &mut Gguf) {
        file.key("general.architecture", 8, &string(self.architecture));
        file.key("tokenizer.ggml.model", 8, &string("none"));
        for (name, number) in [
            ("vocab_size", self.vocab),
            ("context_length", self.context),
            ("embedding_length", self.width),
            ("block_count", self.blocks),
            ("feed_forward_length", self.ffn),
            ("rope.dimension_count", self.width / self.heads),
            ("attention.head_count", self.heads),
            ("attention.head_count_kv", self.kv_heads),
        ] {
            let name = format!("{}.{name}", self.architecture);
            file.key(&name, 4, &(number as u32).to_le_bytes());
        }
        if self.whole > 0 {
            file.key("trine.attention.whole", 4, &(self.whole as u32).to_le_bytes());
        }
        for (name, number) in [("attention.layer_norm_rms_epsilon", 1e-5), ("rope.freq_base", 5e5)]
        {
            let name = format!("{}.{name}", self.architecture);
            file.key(&name, 6, &f32::to_le_bytes(number));
        }
    }
}

/// A file in the making.
#[derive(Default)]
struct Gguf {
    keys: Vec<u8>,
    key_count: u64,
    tensors: Vec<(String, Vec<u64>, u32, Vec<u8>)>,
    seed: u64,
}

impl Gguf {
    fn key(&mut self, name: &str, kind: u32, value: &[u8]) {
        self.keys.extend(string(name));
        self.keys.extend(kind.to_le_bytes());
        self.keys.extend(value);
        self.key_count += 1;
    }

    // Knuth's linear congruences, and not `trine_bits`: the figures of `docs/` and `benches/record`
    // are of the models that these numbers make.
    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.seed >> 33
    }

    fn floats(&mut self, name: &str, count: u64, number: impl Fn(u64) -> f32) {
        let data = (0..count).flat_map(|_| number(self.random()).to_le_bytes()).collect();
        self.tensors.push((name.into(), vec![count], 0, data));
    }

    /// Rows of numbers which deviate by so much that logits deviate by 1. A token's own embedding,
    /// which the stream carries to the head, adds less than that to its own logit: else each token
    /// would be the likeliest after itself, and any engine would write the same text.
    fn table(&mut self, name: &str, rows: usize, columns: usize, format: RowFormat) {
        let mut data = Vec::new();
        let deviation = 1.0 / (columns as f32).sqrt();
        // Evenly spread numbers of -1..=1 deviate by √⅓.
        let spread = |random: u64| {
            let even = (random % 2001) as f32 / 1000.0 - 1.0;
            even * 3.0_f32.sqrt() * deviation
        };
        let kind = match format {
            RowFormat::F16 => {
                for _ in 0..rows * columns {
                    data.extend(f16_from_f32(spread(self.random())).to_le_bytes());
                }
                1
            }
            RowFormat::Q8_0 => {
                for _ in 0..rows * columns / 32 {
                    // Bytes deviate by 73.9.
                    data.extend(f16_from_f32(deviation / 73.9).to_le_bytes());
                    data.extend((0..32).map(|_| self.random() as u8));
                }
                8
            }
            RowFormat::Q6K => {
                for _ in 0..rows * columns / 256 {
                    data.extend((0..192).map(|_| self.random() as u8));
                    data.extend((0..16).map(|_| (self.random() % 64 + 32) as u8));
                    // Six bits deviate by 18.5, and scales by 66 from 0.
                    data.extend(f16_from_f32(deviation / (18.5 * 66.0)).to_le_bytes());
                }
                14
            }
            _ => {
                for _ in 0..rows * columns {
                    data.extend(spread(self.random()).to_le_bytes());
                }
                0
            }
        };
        self.tensors.push((name.into(), vec![columns as u64, rows as u64], kind, data));
    }

    /// Trits whose products have the variance of what they are multiplied by, about.
    fn matrix(&mut self, name: &str, made: &Made, rows: usize, columns: usize) {
        let trits: Vec<i8> = (0..rows * columns).map(|_| (self.random() % 3) as i8 - 1).collect();
        let packing = made.packing;
        let mut data = vec![0; packing.bytes(rows, columns).unwrap()];
        pack(packing, rows, columns, &trits, &mut data).unwrap();
        let uneven = if made.is_uneven { (self.tensors.len() % 5) as f32 / 16.0 } else { 0.0 };
        let scale = (1.0 + uneven) / (columns as f32 * 2.0 / 3.0).sqrt();
        let kind = if made.is_q2_0 {
            data.clear();
            for trits in trits.chunks_exact(64) {
                data.extend(f16_from_f32(scale).to_le_bytes());
                let code = |(at, trit): (usize, &i8)| ((trit + 1) as u8) << (2 * at);
                data.extend(
                    trits.chunks(4).map(|four| four.iter().enumerate().map(code).sum::<u8>()),
                );
            }
            42
        } else if packing == Packing::I2S {
            data.extend(scale.to_le_bytes());
            data.resize(data.len() + 28, 0);
            36
        } else {
            for block in data.chunks_exact_mut(66) {
                block[64..].copy_from_slice(&f16_from_f32(scale).to_le_bytes());
            }
            35
        };
        self.tensors.push((name.into(), vec![columns as u64, rows as u64], kind, data));
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3_u32.to_le_bytes());
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend(self.key_count.to_le_bytes());
        bytes.extend(&self.keys);
        let mut offset = 0_u64;
        for (name, dims, kind, data) in &self.tensors {
            bytes.extend(string(name));
            bytes.extend((dims.len() as u32).to_le_bytes());
            bytes.extend(dims.iter().flat_map(|dim| dim.to_le_bytes()));
            bytes.extend(kind.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
            offset += data.len().next_multiple_of(32) as u64;
        }
        for (.., data) in &self.tensors {
            bytes.resize(bytes.len().next_multiple_of(32), 0);
            bytes.extend(data);
        }
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes
    }
}

fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}
