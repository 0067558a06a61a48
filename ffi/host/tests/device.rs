//! Models on devices, as a C program opens them; and what a build without devices answers.
//!
//! The device is one of Vulkan's, in software where there is no other (`cargo xtask test --leg
//! gpu`), which compiles kernels for each number of tokens up to 8 for minutes: so prompts have
//! more.
#![expect(clippy::unwrap_used, clippy::multiple_unsafe_ops_per_block, reason = "these are tests")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::PathBuf;
#[cfg(any(feature = "vulkan", not(feature = "gpu")))]
use std::ptr::null;
use std::ptr::null_mut;

#[cfg(any(feature = "vulkan", not(feature = "gpu")))]
use trine_host::hosted::UNSUPPORTED;
use trine_host::hosted::{ARGUMENT, NULL, OK};
use trine_host::*;

/// Notes, each with its kind.
type Told = Vec<(u32, String)>;

unsafe extern "C" fn tell(told: *mut c_void, kind: u32, text: *const c_char) {
    // SAFETY: the list of the test, and a text that ends with a zero.
    let (told, text) = unsafe { (&mut *told.cast::<Told>(), CStr::from_ptr(text)) };
    told.push((kind, text.to_str().unwrap().to_owned()));
}

/// How a model is opened on a backend. The list outlives it.
fn config(backend: &CStr, told: *mut Told) -> trine_host_config {
    trine_host_config {
        struct_size: size_of::<trine_host_config>() as u32,
        threads: 1,
        flags: 0,
        reserved: 0,
        backend: backend.as_ptr(),
        on_note: Some(tell),
        user_data: told.cast(),
        memory_max: 0,
        layers: 0,
        reserved_2: 0,
    }
}

fn problem() -> trine_model_problem {
    trine_model_problem { bytes_needed: 0, alignment_needed: 0, details: [0; 26] }
}

fn sentence(status: trine_status, problem: &trine_model_problem) -> String {
    let mut text = [0_u8; 200];
    let room = text.as_mut_ptr().cast::<c_char>();
    // SAFETY: room of its size, and a problem that the library wrote or that is all zero.
    unsafe { trine_model_error_text(status, &raw const *problem, room, text.len()) };
    CStr::from_bytes_until_nul(&text).unwrap().to_str().unwrap().to_owned()
}

fn open(config: &trine_host_config) -> (trine_status, *mut trine_model, String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/bitnet");
    let path = CString::new(path.join("bytes.gguf").to_str().unwrap()).unwrap();
    let (mut model, mut problem) = (null_mut(), problem());
    // SAFETY: sound arguments.
    let status =
        unsafe { trine_host_model_open(path.as_ptr(), config, &raw mut model, &raw mut problem) };
    (status, model, sentence(status, &problem))
}

#[test]
fn an_unknown_backend_is_refused_with_the_known_ones() {
    let mut told = Told::new();
    for words in [c"gpu", c"", c"cpu,vulkan", c"vulkan, cpu", c"\xff"] {
        let (status, model, said) = open(&config(words, &raw mut told));
        assert!(status == ARGUMENT && model.is_null(), "{words:?}");
        assert!(said.contains("auto, cpu, ternary, vulkan, cuda and metal"), "{said}");
    }
    assert!(told.len() == 5 && told.iter().all(|(kind, _)| *kind == TRINE_HOST_NOTE_ERROR));
    told.clear();
    let (status, model, said) = open(&config(c"cpu", &raw mut told));
    assert_eq!((status, told.len()), (OK, 0), "{said}");
    // SAFETY: the model is open; NULL is checked.
    unsafe {
        assert_eq!(trine_host_model_close(model), OK);
        assert_eq!(trine_host_get_device(0, null_mut(), null_mut()), NULL);
    }
}

#[test]
fn a_program_of_the_first_version_opens_models_as_ever() {
    // Four numbers, at an address that is a multiple of 4 alone.
    let words = [0_u64; 4];
    let mut place = words;
    let place = place.as_mut_ptr().cast::<u32>().wrapping_add(1);
    for (at, word) in [16, 1, TRINE_HOST_IN_PLACE, 0].into_iter().enumerate() {
        // SAFETY: there is room for seven.
        unsafe { place.add(at).write(word) };
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/bitnet");
    let path = CString::new(path.join("bytes.gguf").to_str().unwrap()).unwrap();
    let mut model = null_mut();
    // SAFETY: a structure of the first version.
    unsafe {
        let config = place.cast::<trine_host_config>().cast_const();
        assert_eq!(trine_host_model_open(path.as_ptr(), config, &raw mut model, null_mut()), OK);
        assert_eq!(trine_host_model_close(model), OK);
    }
}

#[test]
#[cfg(not(feature = "gpu"))]
fn a_build_without_devices_says_what_to_build() {
    let (mut problem, mut told) = (problem(), Told::new());
    // SAFETY: sound arguments.
    let count = unsafe { trine_host_device_count(&raw mut problem) };
    assert_eq!(count, UNSUPPORTED);
    assert!(sentence(count, &problem).contains("--features vulkan"));
    let mut device = device();
    // SAFETY: as above.
    let status = unsafe { trine_host_get_device(0, &raw mut device, &raw mut problem) };
    assert_eq!(status, UNSUPPORTED);
    for backend in [c"vulkan", c"cuda", c"metal"] {
        let (status, model, said) = open(&config(backend, &raw mut told));
        assert!(status == UNSUPPORTED && model.is_null());
        let feature = format!("--features {}", backend.to_str().unwrap());
        assert!(said.contains(&feature) && told.pop().unwrap().1 == said, "{said}");
    }
    // Where the processor may go on it does, and that is said.
    for backend in [c"auto", c"vulkan,cpu"] {
        let (status, model, said) = open(&config(backend, &raw mut told));
        assert_eq!(status, OK, "{said}");
        let (kind, said) = told.pop().unwrap();
        assert!(kind == TRINE_HOST_NOTE_WARNING && said.contains("on the processor"), "{said}");
        // SAFETY: the model is open.
        assert_eq!(unsafe { trine_host_model_close(model) }, OK);
    }
    assert!(told.is_empty());
}

#[cfg(any(feature = "vulkan", not(feature = "gpu")))]
fn device() -> trine_host_device {
    trine_host_device {
        struct_size: size_of::<trine_host_device>() as u32,
        kind: 77,
        is_software: 77,
        is_taken: 77,
        memory_free: 0,
        memory_all: 0,
        name: null(),
        description: null(),
        backend: null(),
        why: null(),
    }
}

#[cfg(feature = "vulkan")]
mod vulkan {
    use trine_host::hosted::NOT_FOUND;

    use super::*;

    /// Tokens of the prompt, as many as are computed together on the device.
    const PROMPT: [u32; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    const CONTEXT: u32 = 32;
    /// `TRINE_PENDING` of `trine.h`.
    const PENDING: trine_status = 1;

    fn session(model: *mut trine_model, kv: u32) -> Result<*mut trine_model_session, String> {
        let config = trine_model_session_config {
            struct_size: size_of::<trine_model_session_config>() as u32,
            abi_version: TRINE_MODEL_ABI_VERSION,
            context: CONTEXT,
            batch: PROMPT.len() as u32,
            kv,
            candidates: 0,
            flags: 0,
            reserved: 0,
        };
        let (mut session, mut problem) = (null_mut(), problem());
        // SAFETY: the model is open.
        let status = unsafe {
            trine_host_session_open(model, &raw const config, &raw mut session, &raw mut problem)
        };
        if status == OK { Ok(session) } else { Err(sentence(status, &problem)) }
    }

    unsafe extern "C" fn gather(
        tokens: *mut c_void,
        token: u32,
        _: *const c_char,
        _: usize,
    ) -> i32 {
        // SAFETY: the list of the test.
        let tokens = unsafe { &mut *tokens.cast::<Vec<u32>>() };
        if token != TRINE_MODEL_NONE {
            tokens.push(token);
        }
        0
    }

    /// Reads these and writes what follows, in steps where there is a budget.
    fn generate(
        session: *mut trine_model_session,
        prompt: &[u32],
        (count, flags): (u32, u32),
        budget: u32,
    ) -> Result<Vec<u32>, trine_status> {
        let mut tokens: Vec<u32> = Vec::new();
        let how = trine_model_generation {
            struct_size: size_of::<trine_model_generation>() as u32,
            tokens_max: count,
            flags,
            keep: 0,
            on_text: Some(gather),
            user_data: (&raw mut tokens).cast(),
        };
        let (start, length) = (prompt.as_ptr(), prompt.len());
        // SAFETY: the session is open, and the prompt outlives the calls.
        let mut status =
            unsafe { trine_model_generate(session, start, length, &raw const how, budget) };
        while status == PENDING {
            // SAFETY: as above.
            status = unsafe { trine_model_step(session, budget) };
        }
        if status == OK { Ok(tokens) } else { Err(status) }
    }

    fn logits(session: *mut trine_model_session) -> Vec<f32> {
        let mut place = null();
        // SAFETY: the session is open.
        let count = unsafe { trine_model_logits(session, &raw mut place) };
        // SAFETY: the library's numbers, as many as it says.
        unsafe { std::slice::from_raw_parts(place, usize::try_from(count).unwrap()) }.to_vec()
    }

    fn close(session: *mut trine_model_session, model: *mut trine_model) {
        // SAFETY: both are open.
        unsafe {
            assert_eq!(trine_host_session_close(session), OK);
            assert_eq!(trine_host_model_close(model), OK);
        }
    }

    /// A model and a session on a backend.
    fn opened(backend: &CStr, told: &mut Told) -> (*mut trine_model, *mut trine_model_session) {
        let (status, model, said) = open(&config(backend, &raw mut *told));
        assert_eq!(status, OK, "{said}");
        (model, session(model, TRINE_MODEL_KV_F16).unwrap())
    }

    /// What the processor writes after the prompt.
    fn wanted(count: u32, flags: u32) -> Vec<u32> {
        let mut told = Told::new();
        let (model, session) = opened(c"cpu", &mut told);
        let tokens = generate(session, &PROMPT, (count, flags), 0).unwrap();
        close(session, model);
        assert!(told.is_empty());
        tokens
    }

    #[test]
    fn devices_are_listed_and_software_is_not_taken() {
        // SAFETY: sound arguments, here and below.
        let count = unsafe { trine_host_device_count(null_mut()) };
        assert!(count >= 2, "{count}");
        let mut names = Vec::new();
        for index in 0..count.cast_unsigned() {
            let mut device = device();
            // SAFETY: as above.
            let status = unsafe { trine_host_get_device(index, &raw mut device, null_mut()) };
            assert_eq!(status, OK);
            // SAFETY: texts of the library, which live for ever.
            let [name, description, why] = [device.name, device.description, device.why]
                .map(|text| unsafe { CStr::from_ptr(text) }.to_str().unwrap());
            println!("{name}: {description}: {why}");
            if description.contains("llvmpipe") {
                assert_eq!((device.is_software, device.is_taken), (1, 0));
                assert!(why.contains("software") && device.memory_all > 0);
            }
            assert_eq!(name == "CPU", device.kind == TRINE_HOST_PROCESSOR);
            names.push(name);
        }
        assert!(names.contains(&"Vulkan0") && names.contains(&"CPU"), "{names:?}");
        let (mut device, mut problem) = (device(), problem());
        // SAFETY: as above.
        let status = unsafe { trine_host_get_device(99, &raw mut device, &raw mut problem) };
        assert!(status == NOT_FOUND && device.kind == 77);
        assert!(sentence(status, &problem).starts_with("there is no device 99"));
    }

    #[test]
    fn a_device_writes_the_processors_tokens_in_steps_too() {
        let wanted = wanted(10, 0);
        let mut told = Told::new();
        let (model, session) = opened(c"vulkan", &mut told);
        assert!(told[0].0 == TRINE_HOST_NOTE_PLAN && told[0].1.contains("Vulkan0"), "{told:?}");
        // SAFETY: the session is open, and the tokens outlive the call.
        unsafe {
            assert_eq!(trine_model_eval(session, PROMPT.as_ptr(), PROMPT.len(), 0), OK);
        }
        let first = logits(session);
        assert!(first.iter().any(|logit| *logit != 0.0));
        // What is read is gone on from, and what is forgotten is read again.
        assert_eq!(generate(session, &[], (10, 0), 0), Ok(wanted.clone()));
        // SAFETY: as above.
        unsafe {
            assert_eq!(trine_model_truncate(session, 0), OK);
        }
        assert_eq!(generate(session, &PROMPT, (10, 0), 1), Ok(wanted));
        // SAFETY: as above.
        unsafe {
            assert_eq!(trine_model_truncate(session, 0), OK);
            assert_eq!(trine_model_eval(session, PROMPT.as_ptr(), PROMPT.len(), 1), PENDING);
            assert_eq!(trine_model_cancel(session), OK);
            assert_eq!(trine_model_step(session, 0), OK);
            assert_eq!(trine_model_truncate(session, 0), OK);
            assert_eq!(trine_model_eval(session, PROMPT.as_ptr(), PROMPT.len(), 0), OK);
        }
        assert_eq!(logits(session), first);
        let unknown = [99_999];
        // SAFETY: as above.
        unsafe {
            assert_eq!(trine_model_eval(session, unknown.as_ptr(), 1, 0), ARGUMENT);
        }
        assert_eq!(generate(session, &[1], (4, TRINE_MODEL_SHIFT), 0), Err(UNSUPPORTED));
        close(session, model);
        assert_eq!(told.iter().filter(|(kind, _)| *kind == TRINE_HOST_NOTE_WARNING).count(), 0);
    }

    #[test]
    fn a_device_that_rounds_nothing_has_other_logits_and_about_the_same() {
        let read = |flags| {
            let mut told = Told::new();
            let config = trine_host_config { flags, ..config(c"vulkan", &raw mut told) };
            let (status, model, said) = open(&config);
            assert_eq!(status, OK, "{said}");
            let session = session(model, TRINE_MODEL_KV_F16).unwrap();
            // SAFETY: the session is open, and the tokens outlive the call.
            unsafe {
                assert_eq!(trine_model_eval(session, PROMPT.as_ptr(), PROMPT.len(), 0), OK);
            }
            let found = logits(session);
            close(session, model);
            found
        };
        let (codes, floats) = (read(0), read(TRINE_HOST_FLOATS));
        assert!(codes.iter().chain(&floats).all(|logit| logit.is_finite()));
        let apart = codes.iter().zip(&floats).map(|(code, float)| (code - float).abs());
        let apart = apart.fold(0.0, f32::max);
        let greatest = codes.iter().fold(0.0, |most: f32, code| most.max(code.abs()));
        assert!(apart > 0.0 && apart < 0.2 * greatest, "{apart} of {greatest}");
    }

    #[test]
    fn the_processor_goes_on_where_a_device_takes_no_session_and_where_it_cannot_go_on() {
        let mut told = Told::new();
        let short = |backend: &CStr, told: &mut Told| {
            let config = trine_host_config { memory_max: 1000, ..config(backend, &raw mut *told) };
            let (status, model, said) = open(&config);
            assert_eq!(status, OK, "{said}");
            (model, session(model, TRINE_MODEL_KV_F16))
        };
        let (model, refused) = short(c"vulkan", &mut told);
        let said = refused.unwrap_err();
        assert!(said.contains("0.0 MB of memory free"), "{said}");
        assert!(told.pop().unwrap().1.starts_with(&said) && told.is_empty());
        // SAFETY: the model is open.
        assert_eq!(unsafe { trine_host_model_close(model) }, OK);
        let wanted_first = wanted(10, 0);
        let (model, session) = short(c"vulkan,cpu", &mut told);
        let session = session.unwrap();
        assert_eq!(generate(session, &PROMPT, (10, 0), 0), Ok(wanted_first));
        close(session, model);
        let (kind, said) = told.pop().unwrap();
        assert!(kind == TRINE_HOST_NOTE_WARNING && said.contains("0.0 MB"), "{said}");
        // A context that is shifted is the processor's, which reads again what was read.
        let shifted = (30, TRINE_MODEL_SHIFT);
        let wanted_more = wanted(shifted.0, shifted.1);
        for budget in [0, 7] {
            told.clear();
            let (model, session) = opened(c"vulkan,cpu", &mut told);
            // SAFETY: the session is open, and the tokens outlive the call.
            unsafe {
                assert_eq!(trine_model_eval(session, PROMPT.as_ptr(), PROMPT.len(), 0), OK);
            }
            assert_eq!(generate(session, &[], shifted, budget), Ok(wanted_more.clone()));
            close(session, model);
            let kinds: Vec<u32> = told.iter().map(|(kind, _)| *kind).collect();
            assert_eq!(kinds, [TRINE_HOST_NOTE_PLAN, TRINE_HOST_NOTE_WARNING]);
        }
    }
}
