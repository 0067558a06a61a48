//! What every function answers: the statuses of `trine.h`, and one of its own.

/// What a function answers, as in `trine.h`.
pub type trine_status = i32;

pub(crate) const TRINE_OK: i32 = 0;
pub(crate) const TRINE_PENDING: i32 = 1;
pub(crate) const TRINE_E_NULL: i32 = -1;
pub(crate) const TRINE_E_ARGUMENT: i32 = -2;
pub(crate) const TRINE_E_BUSY: i32 = -3;
pub(crate) const TRINE_E_NO_SPACE: i32 = -4;
pub(crate) const TRINE_E_ALIGNMENT: i32 = -5;
pub(crate) const TRINE_E_VERSION: i32 = -6;
pub(crate) const TRINE_E_UNSUPPORTED: i32 = -7;
pub(crate) const TRINE_E_STATE: i32 = -8;
pub(crate) const TRINE_E_NOT_FOUND: i32 = -10;
pub(crate) const TRINE_E_FAILED: i32 = -12;
pub(crate) const TRINE_E_FULL: i32 = -13;
#[cfg(feature = "base")]
pub(crate) const TRINE_E_STALE: i32 = -14;
pub(crate) const TRINE_E_UTF8: i32 = -15;
/// The bytes are no model that this library computes: `trine_model_error_text` says which key or
/// tensor is wrong, and why.
pub const TRINE_E_MODEL: i32 = -16;

/// One sentence on a status.
pub(crate) const fn text(status: trine_status) -> &'static str {
    match status {
        TRINE_OK => "done",
        TRINE_PENDING => "there is more to do: call trine_model_step",
        TRINE_E_NULL => "a pointer that must not be NULL is",
        TRINE_E_ARGUMENT => "a value is out of its range, or a token is not in the vocabulary",
        TRINE_E_BUSY => "in use by a running callback, another thread, or work that is under way",
        TRINE_E_NO_SPACE => "the memory or the buffer is too small",
        TRINE_E_ALIGNMENT => "the memory is not aligned as trine_model_alignof says",
        TRINE_E_VERSION => "struct_size or abi_version is not known to this library",
        TRINE_E_UNSUPPORTED => "asks for what this library does not have",
        TRINE_E_STATE => "not open, open already, or opened by another function",
        TRINE_E_NOT_FOUND => "there are no logits: nothing was read, or a pass is under way",
        TRINE_E_FAILED => "the file could not be read, or what computes has failed",
        TRINE_E_FULL => "the context is full: make it larger, shift it, or truncate the session",
        #[cfg(feature = "base")]
        TRINE_E_STALE => "the answer is no longer wanted",
        TRINE_E_UTF8 => "the text is not UTF-8",
        TRINE_E_MODEL => "the bytes are no model that this library computes",
        _ => "no status of this library",
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_other_header() {
        use trine_c_api as api;
        let both = [
            (TRINE_OK, api::TRINE_OK),
            (TRINE_PENDING, api::TRINE_PENDING),
            (TRINE_E_NULL, api::TRINE_E_NULL),
            (TRINE_E_ARGUMENT, api::TRINE_E_ARGUMENT),
            (TRINE_E_BUSY, api::TRINE_E_BUSY),
            (TRINE_E_NO_SPACE, api::TRINE_E_NO_SPACE),
            (TRINE_E_ALIGNMENT, api::TRINE_E_ALIGNMENT),
            (TRINE_E_VERSION, api::TRINE_E_VERSION),
            (TRINE_E_UNSUPPORTED, api::TRINE_E_UNSUPPORTED),
            (TRINE_E_STATE, api::TRINE_E_STATE),
            (TRINE_E_NOT_FOUND, api::TRINE_E_NOT_FOUND),
            (TRINE_E_FAILED, api::TRINE_E_FAILED),
            (TRINE_E_FULL, api::TRINE_E_FULL),
            (TRINE_E_UTF8, api::TRINE_E_UTF8),
        ];
        for (ours, theirs) in both {
            assert_eq!(ours, theirs);
            assert_ne!(text(ours), text(-999));
        }
        // Of the other header, no status has this number.
        let theirs = api::trine_status_string(TRINE_E_MODEL);
        assert_eq!(theirs, api::trine_status_string(-999));
    }
}
