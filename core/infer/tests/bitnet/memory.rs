//! The memory of a session: as much as is said, and not a byte more.

use trine_infer::{Config, DecodeSession, Error, KvKind, Options, arena_bytes};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

use crate::model::{CASES, model};

/// A block of bytes that starts at a multiple of four.
fn aligned(memory: &mut [u8]) -> &mut [u8] {
    let skip = memory.as_ptr().align_offset(4);
    &mut memory[skip..]
}

#[test]
fn a_session_takes_exactly_the_bytes_that_are_said() {
    for case in CASES {
        let model = model(case, Kernels::best());
        for kv in [KvKind::F32, KvKind::F16, KvKind::I8] {
            for (context, batch) in [(1, 1), (7, 3), (31, 31), (64, 5)] {
                let options = Options { context, batch, kv, tables: 5 * batch };
                let bytes = arena_bytes(model.config(), &options).unwrap();
                let mut memory = vec![0xa5; bytes + 8];
                let memory = aligned(&mut memory);
                let less = DecodeSession::new(&model, &options, &mut memory[..bytes - 1]);
                assert!(matches!(less.err(), Some(Error::Memory(_))), "{case} {options:?}");
                let mut session =
                    DecodeSession::new(&model, &options, &mut memory[..bytes]).unwrap();
                session.read(&[1], &Serial).unwrap();
                assert!(session.logits().unwrap().iter().all(|logit| logit.is_finite()));
            }
        }
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let model = model("plain", Kernels::best());
    let config: &Config = model.config();
    let sound = Options::new(config);
    for (context, batch) in [(0, 1), (config.context + 1, 1), (8, 0), (8, 9)] {
        let options = Options { context, batch, ..sound };
        assert!(matches!(arena_bytes(config, &options), Err(Error::Option(_))), "{options:?}");
    }
}
