//! Models from files, as a C program opens them.
#![expect(clippy::unwrap_used, clippy::multiple_unsafe_ops_per_block, reason = "these are tests")]

use std::ffi::{CStr, CString, c_char};
use std::path::PathBuf;
use std::ptr::{null, null_mut};

use trine_host::hosted::{ARGUMENT, FAILED, NULL, OK, STATE, UNSUPPORTED};
use trine_host::*;

/// `TRINE_E_BUSY` of `trine.h`.
const BUSY: trine_status = -3;
/// `TRINE_E_VERSION` of `trine.h`.
const VERSION: trine_status = -6;

fn path(name: &str) -> CString {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    CString::new(folder.join(name).to_str().unwrap()).unwrap()
}

fn config(threads: u32, flags: u32) -> trine_host_config {
    trine_host_config {
        struct_size: size_of::<trine_host_config>() as u32,
        threads,
        flags,
        reserved: 0,
        backend: null(),
        on_note: None,
        user_data: null_mut(),
        memory_max: 0,
        layers: 0,
        reserved_2: 0,
    }
}

fn open(name: &str, config: &trine_host_config) -> (trine_status, *mut trine_model, String) {
    let mut model = null_mut();
    let mut problem =
        trine_model_problem { bytes_needed: 0, alignment_needed: 0, details: [0; 26] };
    let path = path(name);
    // SAFETY: sound arguments.
    let status =
        unsafe { trine_host_model_open(path.as_ptr(), config, &raw mut model, &raw mut problem) };
    let mut text = [0_u8; 160];
    let room = text.as_mut_ptr().cast::<c_char>();
    // SAFETY: room of its size, and a problem that the library wrote or that is all zero.
    unsafe { trine_model_error_text(status, &raw const problem, room, text.len()) };
    (status, model, CStr::from_bytes_until_nul(&text).unwrap().to_str().unwrap().to_owned())
}

fn session(model: *mut trine_model, batch: u32) -> (trine_status, *mut trine_model_session) {
    let config = trine_model_session_config {
        struct_size: size_of::<trine_model_session_config>() as u32,
        abi_version: TRINE_MODEL_ABI_VERSION,
        context: 12,
        batch,
        kv: TRINE_MODEL_KV_F16,
        candidates: 0,
        flags: 0,
        reserved: 0,
    };
    let mut session = null_mut();
    // SAFETY: the model is open.
    let status =
        unsafe { trine_host_session_open(model, &raw const config, &raw mut session, null_mut()) };
    (status, session)
}

#[test]
fn threads_and_packings_change_no_bit_of_the_logits() {
    let tokens = [1_u32, 2, 3, 4, 5];
    let logits = |threads, flags| {
        let (status, model, said) = open("bitnet/bytes.gguf", &config(threads, flags));
        assert_eq!(status, OK, "{said}");
        let (status, session) = session(model, 4);
        assert_eq!(status, OK);
        // SAFETY: the tokens outlive the call.
        assert_eq!(unsafe { trine_model_eval(session, tokens.as_ptr(), tokens.len(), 0) }, OK);
        let mut place = null();
        // SAFETY: the session is open.
        let count = unsafe { trine_model_logits(session, &raw mut place) };
        // SAFETY: the library's numbers, as many as it says.
        let found = unsafe { std::slice::from_raw_parts(place, count.cast_unsigned() as usize) };
        let found: Vec<u32> = found.iter().map(|logit: &f32| logit.to_bits()).collect();
        // SAFETY: both are open, and each was opened here.
        let closed = unsafe {
            [
                trine_model_session_close(session),
                trine_host_model_close(model),
                trine_host_session_close(session),
                trine_model_close(model),
                trine_host_model_close(model),
            ]
        };
        assert_eq!(closed, [STATE, BUSY, OK, STATE, OK]);
        found
    };
    let first = logits(1, TRINE_HOST_IN_PLACE);
    assert!(first.iter().any(|bits| *bits != 0));
    assert_eq!(logits(1, 0), first);
    assert_eq!(logits(3, 0), first);
    assert_eq!(logits(0, TRINE_HOST_IN_PLACE), first);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let (status, model, said) = open("bitnet/missing.gguf", &config(1, 0));
    assert!(status == FAILED && model.is_null());
    assert_eq!(said, "the file cannot be read: error 2 of the operating system");
    // A file that is none of the two kinds.
    let (status, model, said) = open("../../README.md", &config(1, 0));
    assert!(model.is_null() && status == TRINE_E_MODEL && said.len() > 10, "{said}");
    let (status, model, _) = open("bitnet/plain.expected.gguf", &config(1, 0));
    assert_eq!((status, model), (TRINE_E_MODEL, null_mut()));
}

#[test]
fn arguments_without_sense_have_a_status_each() {
    let refused = |config: &trine_host_config| open("bitnet/bytes.gguf", config).0;
    assert_eq!(refused(&config(5000, 0)), ARGUMENT);
    for unknown in [4, 1 << 31] {
        assert_eq!(refused(&config(1, unknown)), UNSUPPORTED);
    }
    // What a device would not round is no matter here.
    for flags in [TRINE_HOST_FLOATS, TRINE_HOST_FLOATS | TRINE_HOST_IN_PLACE] {
        let (status, model, said) = open("bitnet/bytes.gguf", &config(1, flags));
        assert_eq!(status, OK, "{said}");
        // SAFETY: the model is open.
        assert_eq!(unsafe { trine_host_model_close(model) }, OK);
    }
    assert_eq!(refused(&trine_host_config { reserved: 1, ..config(1, 0) }), UNSUPPORTED);
    assert_eq!(refused(&trine_host_config { struct_size: 15, ..config(1, 0) }), VERSION);
    let path = path("bitnet/bytes.gguf");
    let mut model = null_mut();
    // SAFETY: NULL is checked.
    unsafe {
        assert_eq!(trine_host_model_open(null(), null(), &raw mut model, null_mut()), NULL);
        assert_eq!(trine_host_model_open(path.as_ptr(), null(), null_mut(), null_mut()), NULL);
        assert_eq!(trine_host_model_close(null_mut()), NULL);
        assert_eq!(trine_host_session_close(null_mut()), NULL);
        assert_eq!(trine_host_model_open(path.as_ptr(), null(), &raw mut model, null_mut()), OK);
        assert_eq!(trine_host_session_open(model, null(), null_mut(), null_mut()), NULL);
    }
    // A batch larger than the context is refused, and what was taken for it is given back.
    assert_eq!(session(model, 13), (ARGUMENT, null_mut()));
    assert_eq!(session(null_mut(), 1), (NULL, null_mut()));
    // SAFETY: the model is open.
    assert_eq!(unsafe { trine_host_model_close(model) }, OK);
}
