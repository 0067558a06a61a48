//! What training of a base can go on from: how near each ternary weight is to another value.
//!
//! ```text
//! latents = "TRINEL01"  base:u64  codes
//! ```
//!
//! `base` is the hash of the base, which has everything else: scales, floats and rows. A code is
//! a signed byte for each ternary weight, matrix by matrix, in parts of a 32nd of the scale: from
//! 16 on the weight is 1, from -16 down it is -1.

use trine_models::ask::{floats_of, trits_of};
use trine_unseen::Base;
use trine_unseen::base::Piece;
use trine_unseen::shape::{COLUMNS, DIM, FFN, HEADS};

use super::model::Model;
use super::net::Shape;
use super::params::{Kind, Param};
use super::text::Table;
use crate::{Error, Result};

/// What latents begin with.
const MAGIC: &[u8; 8] = b"TRINEL01";
/// Parts of a scale.
const PARTS: f32 = 32.0;
/// The least code of a weight of 1.
const ONE: i8 = 16;

/// The latents of a model whose base this is.
#[must_use]
pub fn latents(model: &Model, base: &Base<'_>) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend(base.hash().to_le_bytes());
    for (_, param) in model.params.named() {
        if model.params.kind(param) != Kind::Ternary {
            continue;
        }
        let scale = model.params.scale(param);
        out.extend(model.params.of(param).iter().map(|x| code(x / scale).cast_unsigned()));
    }
    out
}

/// The code of a number in scales: on the same side of a half as that is.
fn code(x: f32) -> i8 {
    let code = (x * PARTS).round().clamp(-127.0, 127.0) as i8;
    match x.round().clamp(-1.0, 1.0) as i8 {
        1 => code.max(ONE),
        -1 => code.min(-ONE),
        _ => code.clamp(1 - ONE, ONE - 1),
    }
}

/// The model that a base is, with its latents; the scales of its matrices stay as they are.
///
/// # Errors
/// When the latents are of another base.
pub fn model(base: &Base<'_>, latents: &[u8]) -> Result<Model> {
    let what = "not the latent weights of the base: make both again with trine-train unseen";
    let wrong = || Error::Unseen { path: "the latent weights".into(), what };
    let rest = latents.strip_prefix(MAGIC).ok_or_else(wrong)?;
    let (hash, mut codes) = rest.split_first_chunk().ok_or_else(wrong)?;
    if u64::from_le_bytes(*hash) != base.hash() {
        return Err(wrong());
    }
    let [sentence, tool, both] = base.blocks().map(usize::from);
    let shape = Shape { table: COLUMNS, dim: DIM, ffn: FFN, heads: HEADS, sentence, tool, both };
    let mut model = Model::new(shape, 0, Table::of_rows(base.rows()).ok_or_else(wrong)?);
    let params: Vec<Param> = model.params.named().map(|(_, param)| param).collect();
    let mut params = params.into_iter();
    let mut is_sound = true;
    base.weights(&mut |piece| {
        is_sound &= params.next().is_some_and(|param| fill(&mut model, param, &piece, &mut codes));
    });
    if is_sound && params.next().is_none() && codes.is_empty() { Ok(model) } else { Err(wrong()) }
}

/// Takes the numbers of a matrix from its piece of a base, and from the codes that are next.
fn fill(model: &mut Model, param: Param, piece: &Piece<'_>, codes: &mut &[u8]) -> bool {
    let at = model.params.at(param);
    let (numbers, is_ternary) = match piece {
        Piece::Floats(bytes) => (floats_of(bytes), false),
        Piece::Matrix(_, scale) => {
            let trits = trits_of(piece);
            let Some((own, rest)) = codes.split_at_checked(trits.len()) else { return false };
            *codes = rest;
            model.params.set_scale(param, *scale);
            let number = |code: &u8| f32::from(code.cast_signed()) / PARTS;
            let is_same = |(x, trit): (f32, &i8)| x.round().clamp(-1.0, 1.0) as i8 == *trit;
            if !own.iter().map(number).zip(&trits).all(is_same) {
                return false;
            }
            (own.iter().map(|code| number(code) * scale).collect(), true)
        }
    };
    let is_of_kind = is_ternary == (model.params.kind(param) == Kind::Ternary);
    if !is_of_kind || numbers.len() != at.len() {
        return false;
    }
    model.params.data[at].copy_from_slice(&numbers);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tune::pieces;
    use trine_models::ask::{BASE, write_delta};

    const LATENTS: &[u8] = include_bytes!("../../../models/base.latent");

    #[test]
    fn the_latents_of_the_program_are_those_of_its_base() {
        let base = Base::parse(BASE).unwrap();
        let own = model(&base, LATENTS).unwrap();
        let (packing, thresholds) = (base.packing(), base.thresholds());
        assert!(own.base(packing, thresholds).unwrap() == BASE, "to the byte");
        assert!(latents(&own, &base) == LATENTS, "there and back");
        // Nothing was tuned: nothing differs.
        let delta = write_delta(&base, 0, thresholds, &pieces(&own));
        assert!(delta == write_delta(&base, 0, thresholds, &[]));
        let mut wrong = LATENTS.to_vec();
        wrong[8] ^= 1;
        assert!(model(&base, &wrong).is_err(), "another base");
        assert!(model(&base, &LATENTS[..LATENTS.len() - 1]).is_err(), "cut");
        let mut wrong = LATENTS.to_vec();
        wrong[16] = if wrong[16].cast_signed() > 0 { 0x80 } else { 0x7f };
        assert!(model(&base, &wrong).is_err(), "another weight");
    }

    #[test]
    fn a_code_is_on_the_side_of_its_number() {
        for (x, wanted) in [(0.499, 15), (0.501, 16), (-0.499, -15), (-0.501, -16), (9.0, 127)] {
            assert_eq!(code(x), wanted, "{x}");
        }
    }
}
