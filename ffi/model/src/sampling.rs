//! How the next token is chosen.

use core::mem::{offset_of, size_of};

use trine_infer::generate::LogitModel as _;
use trine_infer::sample::{Candidate, Sampler, Sampling};

use crate::problem::status_of;
use crate::session::{owned, trine_model_session};
use crate::slices;
use crate::status::{
    TRINE_E_BUSY, TRINE_E_NO_SPACE, TRINE_E_NOT_FOUND, TRINE_E_NULL, TRINE_E_UNSUPPORTED, TRINE_OK,
    trine_status,
};

/// How the next token is chosen. Zero is the default of every member but the first; with all of
/// them zero it is the likeliest token, always. The filters work in the order repetition, `top_k`,
/// `top_p`, `min_p`, then the temperature on what is left; none takes the likeliest token away.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct trine_model_sampling {
    /// `sizeof(trine_model_sampling)`.
    pub struct_size: u32,
    /// What logits are divided by; 0 takes the likeliest token.
    pub temperature: f32,
    /// Draw from so many of the likeliest tokens; 0 is as many as the session has candidates.
    pub top_k: u32,
    /// Draw from the likeliest tokens that together have this probability, up to 1; 0 is 1, all.
    pub top_p: f32,
    /// Draw from tokens at least so likely, as a share of the likeliest, up to 1; 0 is all.
    pub min_p: f32,
    /// What logits of repeated tokens are divided by, or multiplied where they are negative; 0 is
    /// 1, which changes nothing.
    pub repetition: f32,
    /// How many of the last tokens count as repeated; 0 is 64.
    pub window: u32,
    /// Must be 0.
    pub reserved: u32,
    /// Where random numbers start: the same seed draws the same tokens on every machine.
    pub seed: u64,
}

/// Bytes of the first version.
const V1: usize = offset_of!(trine_model_sampling, seed) + size_of::<u64>();

/// Tells a session how to choose tokens from now on.
///
/// @param session The session.
/// @param sampling How.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY also while
///         something is under way, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT, or
///         TRINE_E_NO_SPACE when `top_k` is more than the session's candidates.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_set_sampling(
    session: *mut trine_model_session,
    sampling: *const trine_model_sampling,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(session) } {
        Ok(owned) => owned,
        Err(status) => return status,
    };
    // SAFETY: as above; zeros are a structure.
    let raw = match unsafe { slices::read(sampling, V1) } {
        Ok(raw) if raw.reserved != 0 => return TRINE_E_UNSUPPORTED,
        Ok(raw) => raw,
        Err(status) => return status,
    };
    let core = owned.core();
    if core.generation.is_some() {
        return TRINE_E_BUSY;
    }
    let sampling = known(&raw);
    if let Err(error) = Sampler::new(sampling, &mut [Candidate::default()]) {
        return status_of(&error);
    }
    if sampling.temperature > 0.0 && sampling.top_k > core.candidates_count {
        return TRINE_E_NO_SPACE;
    }
    // SAFETY: the candidates were written when the session was opened; the sampler before, which
    // alone had them, is replaced now and never used again.
    let candidates = unsafe { core.candidates_mut() };
    match Sampler::new(sampling, candidates) {
        Ok(sampler) => {
            core.sampler = sampler;
            TRINE_OK
        }
        Err(error) => status_of(&error),
    }
}

fn known(raw: &trine_model_sampling) -> Sampling {
    let or = |value: f32, default: f32| if value == 0.0 { default } else { value };
    Sampling {
        repetition: or(raw.repetition, 1.0),
        window: if raw.window == 0 { Sampling::GREEDY.window } else { raw.window as usize },
        top_k: raw.top_k as usize,
        top_p: or(raw.top_p, 1.0),
        min_p: raw.min_p,
        temperature: raw.temperature,
        seed: raw.seed,
    }
}

/// Chooses a token after those that were read. It is not read itself: pass it to
/// `trine_model_eval`. A penalty on repetition changes the logits.
///
/// @param session The session.
/// @param token Where it goes.
/// @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY, or
///         TRINE_E_NOT_FOUND when there are no logits, as for `trine_model_logits`.
///
/// Context: owner-only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trine_model_sample(
    session: *mut trine_model_session,
    token: *mut u32,
) -> trine_status {
    // SAFETY: the contract of every function.
    let mut owned = match unsafe { owned(session) } {
        Ok(owned) if !token.is_null() => owned,
        Ok(_) => return TRINE_E_NULL,
        Err(status) => return status,
    };
    let core = owned.core();
    let Some((logits, recent)) = core.session.choice() else { return TRINE_E_NOT_FOUND };
    let chosen = core.sampler.choose(logits, recent);
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { token.write(chosen) };
    TRINE_OK
}
