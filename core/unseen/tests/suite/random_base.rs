//! Bases of random weights, in the order of `net::Net`'s fields.

use trine_ternary::Packing;
use trine_unseen::Base;
use trine_unseen::base::{BaseWriter, HEAD, MATRIX_MAX, Thresholds};
use trine_unseen::said::FLAGS;
use trine_unseen::shape::{
    CHOICE, COLUMNS, DIM, DISTANCE_MAX, FFN, HEADS, LEXICAL, LIKENESS, MATCHED, REASONS, SPAN,
    SPAN_SCORES, WHOLE,
};
use trine_unseen::tool::ROLES;

use crate::common::MADE;

/// Numbers one after the other.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From -1 to 1.
    fn float(&mut self) -> f32 {
        (self.next() >> 40) as f32 / 8_388_608.0 - 1.0
    }
}

struct Maker<'b> {
    writer: BaseWriter<'b>,
    dice: Dice,
    memory: Vec<u8>,
    /// What floats are multiplied by.
    size: f32,
}

impl Maker<'_> {
    fn product(&mut self, rows: usize, cols: usize) {
        let trits: Vec<i8> = (0..rows * cols).map(|_| (self.dice.next() >> 33) as i8 % 2).collect();
        let scale = self.size / (cols as f32).sqrt();
        self.writer.product((rows, cols), &trits, scale, &mut self.memory).unwrap();
    }

    fn square(&mut self, count: usize) {
        (0..count).for_each(|_| self.product(DIM, DIM));
    }

    fn floats(&mut self, count: usize) {
        let floats: Vec<f32> = (0..count).map(|_| self.dice.float() * self.size).collect();
        self.writer.floats(&floats);
    }

    fn norms(&mut self, count: usize) {
        self.writer.floats(&vec![1.0; DIM * count]);
    }

    fn biased(&mut self, outs: usize, ins: usize) {
        self.floats(outs * ins);
        self.floats(outs);
    }

    fn head(&mut self, ins: usize, outs: usize) {
        self.product(DIM, ins);
        self.floats(DIM);
        self.biased(outs, DIM);
    }

    fn block(&mut self) {
        self.norms(1);
        self.product(3 * DIM, DIM);
        self.floats(HEADS * (2 * DISTANCE_MAX + 1));
        self.square(1);
        self.norms(1);
        self.product(FFN, DIM);
        self.product(DIM, FFN);
    }

    fn all(&mut self, blocks: [u8; 3]) {
        self.product(DIM, COLUMNS);
        self.floats(DIM * (FLAGS + 2));
        self.product(DIM, COLUMNS);
        self.floats(DIM * (ROLES + 2));
        (0..blocks.iter().sum()).for_each(|_| self.block());
        self.norms(3);
        self.square(4);
        self.floats(HEADS * LIKENESS);
        self.floats(HEADS);
        self.biased(DIM, MATCHED);
        self.biased(DIM, WHOLE);
        self.square(1);
        self.biased(1, DIM);
        self.head(3 * DIM, 1);
        self.head(3 * DIM, REASONS);
        self.head(5 * DIM + 3, 1);
        self.floats(DIM * CHOICE);
        self.square(5);
        self.floats(LIKENESS);
        self.floats(1);
        self.head(3 * DIM + LEXICAL, 1);
        self.floats(DIM);
        self.square(SPAN_SCORES);
        self.head(2 * DIM + SPAN, SPAN_SCORES);
    }
}

/// The bytes of one, as hosts compute with it.
pub(crate) fn bytes(seed: u64) -> Vec<u8> {
    sized(seed, [0.3, 1.0, 3.0][(seed % 3) as usize])
}

/// The same with weights up to a size.
pub(crate) fn sized(seed: u64, size: f32) -> Vec<u8> {
    let made = Base::parse(MADE).unwrap();
    let rows = &MADE[HEAD..HEAD + made.rows_bytes()];
    let mut out = vec![0; 4 << 20];
    let blocks = [seed % 3, seed / 2 % 3, seed % 2].map(|count| count as u8);
    let thresholds = Thresholds { acting: 0.5, reading: 0.5 };
    let packing = Packing::Panel2Bit;
    let writer = BaseWriter::new(&mut out, packing, blocks, thresholds, rows).unwrap();
    let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut maker = Maker { writer, dice, memory: vec![0; MATRIX_MAX], size };
    maker.all(blocks);
    let length = maker.writer.finish();
    out.truncate(length);
    assert_eq!(out.len(), length);
    assert_eq!(Base::parse(&out).unwrap().packing(), packing);
    out
}
