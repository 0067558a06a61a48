//! The base model in steps, and its answer as a device tells it to a host.

use std::cell::Cell;
use std::ffi::c_void;
use std::mem::zeroed;

use trine_c_model::*;
use trine_wire::message::block::{Block, Blocks};

use crate::{BASE, C_TOOLS, E_NO_SPACE, E_UNSUPPORTED, ask, compiled, config, opened, with_table};

const E_BUSY: i32 = -3;
const E_STALE: i32 = -14;

/// How often a step began, and after how many it is to end.
struct Counted {
    steps: Cell<u32>,
    most: Cell<u32>,
    base: *mut trine_base,
    /// The program's sentence, which it uses for another one meanwhile.
    text: Cell<(*mut u8, usize)>,
}

unsafe extern "C" fn count(counted: *mut c_void) -> i32 {
    // SAFETY: what was asked to be passed.
    let counted = unsafe { &*counted.cast::<Counted>() };
    counted.steps.set(counted.steps.get() + 1);
    if counted.steps.get() == 1 {
        assert_eq!(ask(counted.base, b"light").unwrap_err(), E_BUSY, "it is in use");
        let (text, size) = counted.text.get();
        // SAFETY: so many bytes of the program's.
        unsafe { text.write_bytes(b'x', size) };
    }
    i32::from(counted.steps.get() > counted.most.get())
}

fn in_steps(
    base: *mut trine_base,
    sentence: &str,
    steps: &mut trine_base_steps,
) -> Result<trine_base_answer, i32> {
    let text: &'static mut [u8] = sentence.as_bytes().to_vec().leak();
    let (start, size) = (text.as_mut_ptr(), text.len());
    // SAFETY: what was asked to be passed.
    unsafe { &*steps.user_data.cast::<Counted>() }.text.set((start, size));
    // SAFETY: zeros are an answer.
    let mut answer: trine_base_answer = unsafe { zeroed() };
    answer.struct_size = size_of::<trine_base_answer>() as u32;
    let start = start.cast_const().cast();
    // SAFETY: a base, bytes that live, a structure, and a place for the answer.
    let status =
        unsafe { trine_base_ask_steps(base, start, size, &raw mut *steps, &raw mut answer) };
    if status == 0 { Ok(answer) } else { Err(status) }
}

#[test]
fn in_steps_the_answer_is_the_same_and_is_told_as_on_the_wire() {
    let base = {
        let config = config(BASE, &C_TOOLS);
        opened(&with_table(config, compiled(&config).unwrap())).unwrap()
    };
    let counted = Counted {
        steps: Cell::new(0),
        most: Cell::new(u32::MAX),
        base,
        text: Cell::new((std::ptr::null_mut(), 0)),
    };
    let mut told = vec![0; TRINE_BASE_TOLD_MAX];
    let mut steps = trine_base_steps {
        struct_size: size_of::<trine_base_steps>() as u32,
        on_step: Some(count),
        user_data: (&raw const counted).cast_mut().cast(),
        told: told.as_mut_ptr(),
        told_max: told.len(),
        reserved: 0,
        told_size: 0,
    };
    for sentence in ["switch the light on", "don't touch the light", "what is this"] {
        counted.steps.set(0);
        let answer = in_steps(base, sentence, &mut steps).unwrap();
        assert!(counted.steps.get() > 5, "{} steps", counted.steps.get());
        let wanted = ask(base, sentence.as_bytes()).unwrap();
        let both = [answer, wanted].map(|it| (it.why, it.calls_count, it.confidence.to_bits()));
        assert_eq!(both[0], both[1]);
        let blocks: Vec<_> = Blocks::new(&told[..steps.told_size]).map(Result::unwrap).collect();
        let [Block::Call { confidence, args, .. }, Block::Why { why, .. }, ..] = blocks[..] else {
            panic!("{blocks:?}")
        };
        assert_eq!(confidence, answer.confidence.to_bits());
        // Where arguments alone stand in the way, the reason says nothing and the fault does.
        assert!(u32::from(why) == answer.why || why == 0);
        assert_eq!(args.len(), if answer.calls_count == 1 { answer.calls[0].args_size } else { 0 });
    }
    counted.steps.set(0);
    counted.most.set(3);
    assert_eq!(in_steps(base, "switch the light on", &mut steps).unwrap_err(), E_STALE);
    assert_eq!(counted.steps.get(), 4, "it is not asked again");
    counted.most.set(u32::MAX);
    steps.told_max = 5;
    assert_eq!(in_steps(base, "switch the light on", &mut steps).unwrap_err(), E_NO_SPACE);
    steps.reserved = 1;
    assert_eq!(in_steps(base, "switch the light on", &mut steps).unwrap_err(), E_UNSUPPORTED);
    assert!(ask(base, b"switch the light on").is_ok());
}
