//! The functions as a C program calls them, beside the reference's tokens and logits.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::ffi::{CStr, c_char, c_void};
use std::path::PathBuf;
use std::ptr::{null, null_mut};

use trine_c_model::*;
use trine_infer::gguf::{File, Kind, Value};
use trine_infer::weights::Vector;

/// Bytes of a file of the repository, for as long as the program runs.
fn file(name: &str) -> &'static [u8] {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    std::fs::read(folder.join(name)).unwrap().leak()
}

/// Aligned memory, for as long as the program runs.
fn memory(bytes: usize) -> *mut c_void {
    vec![0_u64; bytes.div_ceil(8)].leak().as_mut_ptr().cast()
}

fn config(bytes: &'static [u8]) -> trine_model_config {
    trine_model_config {
        struct_size: size_of::<trine_model_config>() as u32,
        abi_version: TRINE_MODEL_ABI_VERSION,
        data: bytes.as_ptr().cast(),
        size: bytes.len(),
        flags: TRINE_MODEL_CHECK,
        reserved: 0,
    }
}

/// A problem of a program that has not written it yet.
fn problem() -> trine_model_problem {
    trine_model_problem { bytes_needed: 1, alignment_needed: 1, details: [7; 26] }
}

fn open(bytes: &'static [u8]) -> *mut trine_model {
    let config = config(bytes);
    // SAFETY: a sound configuration.
    let size = unsafe { trine_model_sizeof(&raw const config, null_mut()) };
    assert!(size > 0);
    let mut model = null_mut();
    // SAFETY: as much memory as it needs.
    let status = unsafe {
        trine_model_open(memory(size), size, &raw const config, &raw mut model, null_mut())
    };
    assert_eq!(status, 0);
    model
}

fn session(model: *mut trine_model, batch: u32) -> *mut trine_model_session {
    let config = trine_model_session_config {
        struct_size: size_of::<trine_model_session_config>() as u32,
        abi_version: TRINE_MODEL_ABI_VERSION,
        context: 0,
        batch,
        kv: TRINE_MODEL_KV_F32,
        candidates: 0,
        flags: 0,
        reserved: 0,
    };
    // SAFETY: the model is open.
    let size = unsafe { trine_model_session_sizeof(model, &raw const config, null_mut()) };
    assert!(size > 0);
    let (mut session, mut problem) = (null_mut(), problem());
    // SAFETY: as much memory as it needs.
    let status = unsafe {
        trine_model_session_open(
            memory(size),
            size,
            model,
            &raw const config,
            &raw mut session,
            &raw mut problem,
        )
    };
    assert_eq!((status, problem.bytes_needed), (0, size));
    session
}

/// What a status and a problem say.
fn said(status: i32, problem: &trine_model_problem) -> String {
    let mut text = [0x55_u8; 200];
    // SAFETY: room of its size.
    let size = unsafe {
        trine_model_error_text(status, problem, text.as_mut_ptr().cast::<c_char>(), text.len())
    };
    let text = CStr::from_bytes_until_nul(&text).unwrap().to_str().unwrap();
    assert_eq!(text.len(), usize::try_from(size).unwrap());
    text.to_owned()
}

/// Tokens, text, and after how many tokens to stop.
#[derive(Default)]
struct Received {
    tokens: Vec<u32>,
    text: Vec<u8>,
    most: usize,
    session: Option<*mut trine_model_session>,
}

unsafe extern "C" fn hear(
    user_data: *mut c_void,
    token: u32,
    text: *const c_char,
    size: usize,
) -> i32 {
    // SAFETY: what the test passes.
    let heard = unsafe { &mut *user_data.cast::<Received>() };
    heard.tokens.push(token);
    // SAFETY: the library's text.
    heard.text.extend(unsafe { std::slice::from_raw_parts(text.cast::<u8>(), size) });
    if let Some(session) = heard.session {
        // SAFETY: the session is open.
        assert_eq!(unsafe { trine_model_truncate(session, 0) }, -3, "TRINE_E_BUSY");
        // SAFETY: as above.
        assert_eq!(unsafe { trine_model_step(session, 0) }, -3);
        let mut logits = null();
        // SAFETY: as above.
        assert_eq!(unsafe { trine_model_logits(session, &raw mut logits) }, -3);
    }
    i32::from(heard.tokens.len() == heard.most)
}

fn generation(heard: &mut Received, tokens_max: u32) -> trine_model_generation {
    trine_model_generation {
        struct_size: size_of::<trine_model_generation>() as u32,
        tokens_max,
        flags: 0,
        keep: 0,
        on_text: Some(hear),
        user_data: (&raw mut *heard).cast(),
    }
}

/// What Hugging Face's implementation answers.
struct Expected {
    tokens: Vec<u32>,
    positions: Vec<u32>,
    greedy: Vec<u32>,
    logits: Vec<Vec<f32>>,
}

fn expected(case: &str) -> Expected {
    let file = File::parse(file(&format!("bitnet/{case}.expected.gguf"))).unwrap();
    let integers = |key: &str| -> Vec<u32> {
        let number = |value: Value<'_>| u32::try_from(value.unsigned().unwrap()).unwrap();
        file.array(key, Kind::I32).unwrap().unwrap().iter().map(number).collect()
    };
    let logits = file.tensor("expected.logits").unwrap();
    let rows = Vector::new(logits.data).iter().collect::<Vec<f32>>();
    Expected {
        tokens: integers("expected.tokens"),
        positions: integers("expected.positions"),
        greedy: integers("expected.greedy"),
        logits: rows.chunks_exact(logits.columns() as usize).map(<[f32]>::to_vec).collect(),
    }
}

fn logits(session: *mut trine_model_session) -> Vec<f32> {
    let mut logits = null();
    // SAFETY: the session is open.
    let count = unsafe { trine_model_logits(session, &raw mut logits) };
    // SAFETY: the library's numbers, as many as it says.
    unsafe { std::slice::from_raw_parts(logits, usize::try_from(count).unwrap()) }.to_vec()
}

#[test]
fn logits_are_those_of_the_reference_and_the_same_in_steps_of_any_size() {
    let expected = expected("plain");
    let model = open(file("bitnet/bytes.gguf"));
    let mut seen: Option<Vec<f32>> = None;
    for (batch, budget) in [(1, 0), (3, 1), (4, 1000)] {
        let session = session(model, batch);
        let tokens = &expected.tokens;
        // SAFETY: the tokens outlive the call and its steps.
        let mut status =
            unsafe { trine_model_eval(session, tokens.as_ptr(), tokens.len(), budget) };
        let mut steps = 0;
        while status == 1 {
            steps += 1;
            // SAFETY: the session is open.
            status = unsafe { trine_model_step(session, budget) };
        }
        assert_eq!(status, 0);
        assert_eq!(steps > 0, budget > 0);
        let found = logits(session);
        if let Some(seen) = &seen {
            assert_eq!(&found, seen);
        }
        let last = expected.positions.iter().position(|at| *at as usize + 1 == tokens.len());
        let wanted = &expected.logits[last.unwrap()];
        let norm = |row: &mut dyn Iterator<Item = f32>| row.map(|x| x * x).sum::<f32>().sqrt();
        let off = norm(&mut found.iter().zip(wanted).map(|(found, wanted)| found - wanted));
        assert!(off < 1e-3 * norm(&mut wanted.iter().copied()), "{off}");
        seen = Some(found);
    }
}

#[test]
fn greedy_text_is_that_of_the_reference_and_a_callback_ends_it() {
    let expected = expected("plain");
    let model = open(file("bitnet/bytes.gguf"));
    for (most, end) in [(usize::MAX, TRINE_MODEL_END_LIMIT), (3, TRINE_MODEL_END_CANCELLED)] {
        let session = session(model, 8);
        let mut heard = Received { most, session: Some(session), ..Received::default() };
        let wanted = &expected.greedy[..expected.greedy.len().min(most)];
        let how = generation(&mut heard, expected.greedy.len() as u32);
        let tokens = &expected.tokens;
        // SAFETY: all of it outlives the call.
        let status = unsafe {
            trine_model_generate(session, tokens.as_ptr(), tokens.len(), &raw const how, 0)
        };
        assert_eq!(status, 0);
        heard.tokens.retain(|token| *token != TRINE_MODEL_NONE);
        assert_eq!(heard.tokens, wanted);
        let mut info = trine_model_session_info {
            struct_size: size_of::<trine_model_session_info>() as u32,
            tokens: 0,
            context: 0,
            written: 0,
            end: 9,
            is_pending: 9,
            memory_used: 0,
        };
        // SAFETY: the session is open.
        assert_eq!(unsafe { trine_model_get_session_info(session, &raw mut info) }, 0);
        assert_eq!((info.written, info.end), (wanted.len() as u32, end));
        assert_eq!((info.is_pending, info.tokens), (0, (tokens.len() + wanted.len() - 1) as u32));
        // SAFETY: as above.
        assert_eq!(unsafe { trine_model_session_close(session) }, 0);
        // SAFETY: the memory is still there.
        assert_eq!(unsafe { trine_model_session_close(session) }, -8, "TRINE_E_STATE");
    }
}

#[test]
fn sampled_tokens_are_those_of_a_loop_that_the_program_writes() {
    let model = open(file("bitnet/bytes.gguf"));
    let prompt = [3_u32, 1, 4, 1, 5];
    let sampling = trine_model_sampling {
        struct_size: size_of::<trine_model_sampling>() as u32,
        temperature: 0.8,
        top_k: 0,
        top_p: 0.95,
        min_p: 0.0,
        repetition: 1.1,
        window: 0,
        reserved: 0,
        seed: 11,
    };
    let mut heard = Received { most: usize::MAX, ..Received::default() };
    let how = generation(&mut heard, 12);
    let whole = session(model, 8);
    // SAFETY: the session is open.
    assert_eq!(unsafe { trine_model_set_sampling(whole, &raw const sampling) }, 0);
    // SAFETY: all of it outlives the call.
    let status =
        unsafe { trine_model_generate(whole, prompt.as_ptr(), prompt.len(), &raw const how, 0) };
    assert_eq!(status, 0);
    let own = session(model, 8);
    // SAFETY: the session is open.
    assert_eq!(unsafe { trine_model_set_sampling(own, &raw const sampling) }, 0);
    // SAFETY: the prompt outlives the call.
    assert_eq!(unsafe { trine_model_eval(own, prompt.as_ptr(), prompt.len(), 0) }, 0);
    let mut tokens = Vec::new();
    for _ in 0..12 {
        let mut token = u32::MAX;
        // SAFETY: the session is open.
        assert_eq!(unsafe { trine_model_sample(own, &raw mut token) }, 0);
        tokens.push(token);
        // SAFETY: the token outlives the call.
        assert_eq!(unsafe { trine_model_eval(own, &raw const token, 1, 0) }, 0);
    }
    heard.tokens.retain(|token| *token != TRINE_MODEL_NONE);
    assert_eq!(heard.tokens, tokens);
    assert!(tokens.iter().any(|token| *token != tokens[0]), "{tokens:?}");
}

#[test]
fn an_image_and_its_file_say_the_same() {
    let tokens = [2_u32, 7, 1, 8];
    let logits_of = |name: &str| {
        let session = session(open(file(name)), 2);
        // SAFETY: the tokens outlive the call.
        assert_eq!(unsafe { trine_model_eval(session, tokens.as_ptr(), tokens.len(), 0) }, 0);
        logits(session)
    };
    assert_eq!(logits_of("bitnet/bytes.gguf"), logits_of("model/plain.trnm"));
}

#[test]
fn info_says_what_the_file_has() {
    let bytes = file("bitnet/bytes.gguf");
    let model = open(bytes);
    let size = size_of::<trine_model_info>();
    let mut info = trine_model_info {
        struct_size: size as u32,
        layers: 0,
        width: 0,
        ffn: 0,
        heads: 0,
        kv_heads: 0,
        vocabulary: 0,
        context: 0,
        begin: 0,
        end: 0,
        piece_bytes_max: 0,
        reserved: 0,
        parameters: 0,
        bytes: 0,
        architecture: null(),
        kernels: null(),
    };
    // SAFETY: the model is open.
    assert_eq!(unsafe { trine_model_get_info(model, &raw mut info) }, 0);
    let file = File::parse(bytes).unwrap();
    let elements: u64 = file.tensors().map(|tensor| tensor.elements()).sum();
    assert_eq!((info.parameters, info.bytes), (elements, bytes.len() as u64));
    let rows = file.tensor("token_embd.weight").unwrap().rows();
    assert_eq!(u64::from(info.vocabulary), rows);
    assert_eq!(u64::from(info.width), file.tensor("output_norm.weight").unwrap().columns());
    // SAFETY: the library's texts.
    let text = |text: *const c_char| unsafe { CStr::from_ptr(text) }.to_str().unwrap();
    assert_eq!(Some(text(info.architecture)), file.string("general.architecture").unwrap());
    assert_eq!(text(info.kernels), trine_ternary::Kernels::best().isa().name());
}

#[test]
fn a_cut_file_is_refused_at_every_length_and_the_reason_names_what_is_missing() {
    for (name, step) in [("bitnet/bytes.gguf", 997), ("model/plain.trnm", 991)] {
        let bytes = file(name);
        for length in (0..bytes.len()).step_by(step) {
            let config = config(&bytes[..length]);
            let (mut model, mut problem) = (null_mut(), problem());
            let memory = memory(1 << 16);
            // SAFETY: sound arguments.
            let status = unsafe {
                trine_model_open(
                    memory,
                    1 << 16,
                    &raw const config,
                    &raw mut model,
                    &raw mut problem,
                )
            };
            assert!(model.is_null() && status < 0, "{name} of {length} bytes is opened");
            let text = said(status, &problem);
            assert!(text.len() > 10 && !text.contains("status"), "{text}");
        }
    }
    let bytes = file("bitnet/bytes.gguf");
    let config = config(&bytes[..bytes.len() - 1]);
    let mut problem = problem();
    // SAFETY: sound arguments.
    assert_eq!(unsafe { trine_model_sizeof(&raw const config, &raw mut problem) }, 0);
    assert!(said(TRINE_E_MODEL, &problem).contains("weight"), "{}", said(TRINE_E_MODEL, &problem));
}

#[test]
fn a_damaged_image_is_refused_when_it_is_checked() {
    let mut bytes = file("model/plain.trnm").to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let config = config(bytes.leak());
    let (mut model, mut problem) = (null_mut(), problem());
    // SAFETY: sound arguments.
    let status = unsafe {
        trine_model_open(
            memory(1 << 16),
            1 << 16,
            &raw const config,
            &raw mut model,
            &raw mut problem,
        )
    };
    assert_eq!(status, TRINE_E_MODEL);
    assert!(said(status, &problem).contains("checksum"));
}

/// A file in pieces, one of which fails.
struct Disk {
    bytes: &'static [u8],
    reads: usize,
    fails_at: usize,
}

unsafe extern "C" fn read(
    user_data: *mut c_void,
    offset: u64,
    into: *mut c_void,
    bytes: usize,
) -> i32 {
    // SAFETY: what the test passes.
    let disk = unsafe { &mut *user_data.cast::<Disk>() };
    disk.reads += 1;
    if disk.reads == disk.fails_at {
        return 5;
    }
    let from = &disk.bytes[usize::try_from(offset).unwrap()..][..bytes];
    // SAFETY: the library's room of so many bytes.
    unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), into.cast(), bytes) };
    0
}

#[test]
fn a_file_is_read_by_a_callback_and_an_image_says_its_own_length() {
    let image = [file("model/plain.trnm"), &[0xFF; 100]].concat().leak();
    let gguf = file("bitnet/bytes.gguf");
    for (bytes, size, length) in
        [(&*image, 0, image.len() - 100), (image, image.len(), image.len() - 100)]
            .into_iter()
            .chain([(gguf, gguf.len(), gguf.len())])
    {
        let load = |fails_at: usize, room: usize| {
            let mut disk = Disk { bytes, reads: 0, fails_at };
            let (mut loaded, mut problem) = (0, problem());
            let into = memory(room.max(1));
            // SAFETY: sound arguments.
            let status = unsafe {
                trine_model_load(
                    Some(read),
                    (&raw mut disk).cast(),
                    size as u64,
                    into,
                    room,
                    &raw mut loaded,
                    &raw mut problem,
                )
            };
            (status, loaded, problem, into)
        };
        let (status, loaded, _, into) = load(0, length);
        assert_eq!((status, loaded), (0, length));
        // SAFETY: as many bytes as were written.
        let copy = unsafe { std::slice::from_raw_parts(into.cast::<u8>(), loaded) };
        assert!(copy == &bytes[..length]);
        open(copy);
        let (status, loaded, problem, _) = load(0, length - 1);
        assert_eq!((status, loaded, problem.bytes_needed), (-4, 0, length), "TRINE_E_NO_SPACE");
        assert_eq!(
            said(status, &problem),
            format!("the memory is too small: {length} bytes are needed")
        );
        let (status, loaded, problem, _) = load(2, length);
        assert_eq!((status, loaded), (-12, 0), "TRINE_E_FAILED");
        assert_eq!(said(status, &problem), "the reader answered 5 at byte 128 of the file");
    }
}

#[test]
fn text_becomes_tokens_and_text_again() {
    let model = open(file("model/plain.trnm"));
    let text = "a€😀";
    let mut tokens = [0; 64];
    // SAFETY: sound arguments.
    let count = unsafe {
        trine_model_tokenize(model, text.as_ptr().cast(), text.len(), 0, tokens.as_mut_ptr(), 64)
    };
    let count = usize::try_from(count).unwrap();
    assert_eq!(count, text.len());
    let (mut decoder, mut out) = (trine_model_decoder { held: [0; 8] }, Vec::new());
    let mut piece = [0_u8; 16];
    // Of the last character a byte is left out, which the end makes U+FFFD.
    for token in tokens[..count - 1].iter().copied().chain([TRINE_MODEL_NONE]) {
        // SAFETY: sound arguments.
        let size = unsafe {
            let place = piece.as_mut_ptr().cast();
            trine_model_detokenize(model, &raw mut decoder, token, 0, place, piece.len())
        };
        let piece = &piece[..usize::try_from(size).unwrap()];
        assert!(std::str::from_utf8(piece).is_ok());
        out.extend(piece);
    }
    assert_eq!(std::str::from_utf8(&out).unwrap(), "a€\u{fffd}");
    decoder.held = [4, 1, 2, 3, 4, 0, 0, 0];
    // SAFETY: sound arguments.
    let status = unsafe {
        trine_model_detokenize(model, &raw mut decoder, 65, 0, piece.as_mut_ptr().cast(), 16)
    };
    assert_eq!(status, -2, "TRINE_E_ARGUMENT: no such decoder");
}

#[test]
fn a_prompt_longer_than_the_context_is_refused_and_nothing_is_read_or_written() {
    let model = open(file("bitnet/bytes.gguf"));
    let session = session(model, 8);
    let mut heard = Received { most: usize::MAX, ..Received::default() };
    let how = generation(&mut heard, 4);
    let tokens = vec![3_u32; 129];
    // SAFETY: all of it outlives the call.
    let status =
        unsafe { trine_model_generate(session, tokens.as_ptr(), tokens.len(), &raw const how, 0) };
    assert_eq!(status, -13, "TRINE_E_FULL");
    // SAFETY: as above.
    let status = unsafe { trine_model_eval(session, tokens.as_ptr(), tokens.len(), 0) };
    assert_eq!(status, -13, "TRINE_E_FULL");
    assert!(heard.tokens.is_empty());
    let mut info: trine_model_session_info = trine_model_session_info {
        struct_size: size_of::<trine_model_session_info>() as u32,
        tokens: 9,
        context: 0,
        written: 0,
        end: 0,
        is_pending: 9,
        memory_used: 0,
    };
    // SAFETY: the session is open.
    assert_eq!(unsafe { trine_model_get_session_info(session, &raw mut info) }, 0);
    assert_eq!((info.tokens, info.context, info.is_pending), (0, 128, 0));
}

#[test]
fn a_session_longer_than_the_model_is_refused_with_both_numbers() {
    let model = open(file("bitnet/bytes.gguf"));
    let mut config = trine_model_session_config {
        struct_size: size_of::<trine_model_session_config>() as u32,
        abi_version: TRINE_MODEL_ABI_VERSION,
        context: 129,
        batch: 1,
        kv: TRINE_MODEL_KV_F32,
        candidates: 0,
        flags: 0,
        reserved: 0,
    };
    let mut problem = problem();
    // SAFETY: a sound configuration, and a problem to be written.
    let bytes = |config: &trine_model_session_config, problem: &mut trine_model_problem| unsafe {
        trine_model_session_sizeof(model, config, problem)
    };
    assert_eq!(bytes(&config, &mut problem), 0);
    let mut text = [0_u8; 160];
    let room = text.as_mut_ptr().cast();
    // SAFETY: the library's problem, and room for a sentence.
    let count = unsafe { trine_model_error_text(-2, &raw const problem, room, text.len()) };
    let said = std::str::from_utf8(&text[..usize::try_from(count).unwrap()]).unwrap();
    assert!(said.starts_with("a context of 129 tokens is asked for, and the model takes 128"));
    config.context = 128;
    assert!(bytes(&config, &mut problem) > 0);
}

#[test]
fn a_file_without_a_tokenizer_reads_tokens_and_no_text() {
    let model = open(file("bitnet/plain.gguf"));
    let mut tokens = [0_u32; 64];
    let room = tokens.as_mut_ptr();
    // SAFETY: the text and the room outlive the call.
    let status = unsafe { trine_model_tokenize(model, c"THE CAT".as_ptr(), 7, 0, room, 64) };
    assert_eq!(status, TRINE_E_MODEL);
    let session = session(model, 2);
    // SAFETY: the tokens outlive the call.
    assert_eq!(unsafe { trine_model_eval(session, [2, 7].as_ptr(), 2, 0) }, 0);
}
