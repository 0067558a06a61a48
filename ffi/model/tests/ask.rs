//! Sentences in C: what is no model, no tools or no asker is answered with a status.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::path::PathBuf;
use std::ptr::{null, null_mut};

use trine_c_model::*;

const E_NULL: i32 = -1;
const E_ARGUMENT: i32 = -2;
const E_STATE: i32 = -8;
const E_MODEL: i32 = -16;

/// An image of a model that is none for sentences.
fn image() -> &'static [u8] {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/model");
    let mut files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let image = files.find(|path| path.extension().is_some_and(|end| end == "trnm")).unwrap();
    std::fs::read(image).unwrap().leak()
}

fn config(data: &'static [u8], tools: &'static [u8]) -> trine_ask_config {
    trine_ask_config {
        struct_size: size_of::<trine_ask_config>() as u32,
        abi_version: TRINE_MODEL_ABI_VERSION,
        data: data.as_ptr().cast(),
        size: data.len(),
        tools: tools.as_ptr(),
        tools_size: tools.len(),
        context: 0,
        flags: TRINE_MODEL_CHECK,
    }
}

fn opened(config: &trine_ask_config) -> (i32, String) {
    let mut problem =
        trine_model_problem { bytes_needed: 0, alignment_needed: 0, details: [0; 26] };
    let mut ask = null_mut();
    let mut memory = vec![0_u64; 1 << 14];
    let place = memory.as_mut_ptr().cast();
    // SAFETY: sound memory, and a sound configuration.
    let status = unsafe { trine_ask_open(place, 1 << 17, config, &raw mut ask, &raw mut problem) };
    let mut text = [0_u8; 160];
    // SAFETY: room for so many bytes.
    let len = unsafe {
        trine_model_error_text(status, &raw const problem, text.as_mut_ptr().cast(), text.len())
    };
    (status, String::from_utf8_lossy(&text[..len as usize]).into_owned())
}

#[test]
fn what_is_no_model_or_no_tools_is_refused_in_words() {
    let program: &[u8] = &[1, 1, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0];
    let (status, text) = opened(&config(image(), program));
    assert_eq!((status, &*text), (E_MODEL, "the model was not made to turn sentences into calls"));
    assert_eq!(opened(&config(image(), &[9; 20])).0, E_ARGUMENT, "tools of no known version");
    let (status, text) = opened(&config(&[7; 200], program));
    assert!(status == E_MODEL && !text.is_empty(), "{status} {text}");
    // SAFETY: NULL is allowed, and answered.
    assert_eq!(unsafe { trine_ask_sizeof(null(), null_mut()) }, 0);
}

#[test]
fn an_asker_that_was_never_opened_is_invalid() {
    let mut memory = vec![0_u64; 64];
    let ask: *mut trine_ask = memory.as_mut_ptr().cast();
    let mut answer = trine_ask_answer {
        struct_size: size_of::<trine_ask_answer>() as u32,
        verdict: 0,
        tool: 0,
        node: 0,
        confidence: 0.0,
        tokens_count: 0,
        args: null(),
        args_size: 0,
        tokens: null(),
    };
    for (ask, wanted) in [(null_mut(), E_NULL), (ask, E_STATE)] {
        // SAFETY: memory that is large enough for the head of an asker, or NULL.
        let begun = unsafe { trine_ask_begin(ask, c"fan".as_ptr(), 3) };
        // SAFETY: as above.
        let gone_on = unsafe { trine_ask_step(ask, 0) };
        // SAFETY: as above, and a place for an answer.
        let answered = unsafe { trine_ask_result(ask, &raw mut answer) };
        // SAFETY: as above.
        let closed = unsafe { trine_ask_close(ask) };
        assert_eq!([begun, gone_on, answered, closed], [wanted; 4]);
    }
}
