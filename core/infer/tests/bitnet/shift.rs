//! A context shift, and forgetting in general.

use trine_infer::{Error, KvKind, Model, Options, Step};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

use crate::model::{expected, model, session};

fn last(model: &Model<'static>, kv: KvKind, tokens: &[u32]) -> Vec<f32> {
    let mut session = session(model, &Options { kv, ..Options::new(model.config()) });
    session.read(tokens, &Serial).unwrap();
    session.logits().unwrap().to_vec()
}

/// In a model of one block, a key depends on its token and position alone: after a shift it must be
/// as if the forgotten tokens had never been there.
#[test]
fn after_a_shift_a_model_of_one_block_has_never_read_the_forgotten_tokens() {
    let (model, tokens) = (model("heads", Kernels::best()), expected("heads").tokens);
    assert_eq!(model.config().layers, 1);
    for (kv, most) in [(KvKind::F32, 0.02), (KvKind::F16, 0.03), (KvKind::I8, 0.1)] {
        let mut shifted = session(&model, &Options { kv, ..Options::new(model.config()) });
        let (before, newest) = tokens.split_at(tokens.len() - 1);
        shifted.read(before, &Serial).unwrap();
        shifted.shift(2, 5).unwrap();
        let kept: Vec<u32> = before[..2].iter().chain(&before[7..]).copied().collect();
        assert_eq!(shifted.tokens(), kept);
        shifted.read(newest, &Serial).unwrap();
        let wanted = last(&model, kv, shifted.tokens());
        let scale = wanted.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let found = shifted.logits().unwrap();
        let apart = found.iter().zip(&wanted).map(|(a, b)| (a - b).abs() / scale);
        let worst = apart.fold(0.0, f32::max);
        assert!(worst < most, "{kv:?}: {worst}");
        // The test would see keys that were left where they were.
        let unlike = last(&model, kv, &tokens);
        let apart = unlike.iter().zip(&wanted).map(|(a, b)| (a - b).abs() / scale);
        assert!(apart.fold(0.0, f32::max) > 2.0 * most, "{kv:?}");
    }
}

#[test]
fn a_shift_of_nothing_changes_nothing_and_one_of_too_much_is_refused() {
    let (model, tokens) = (model("plain", Kernels::best()), expected("plain").tokens);
    let mut session = session(&model, &Options::new(model.config()));
    session.read(&tokens, &Serial).unwrap();
    assert!(matches!(session.shift(3, tokens.len() - 2), Err(Error::Option(_))));
    assert!(matches!(session.shift(usize::MAX, 1), Err(Error::Option(_))));
    session.shift(3, 0).unwrap();
    assert_eq!(session.tokens(), tokens);
}

#[test]
fn truncating_goes_back_to_an_earlier_moment() {
    let (model, tokens) = (model("plain", Kernels::best()), expected("plain").tokens);
    let mut session = session(&model, &Options::new(model.config()));
    session.read(&tokens, &Serial).unwrap();
    let wanted = session.logits().unwrap().to_vec();
    session.read(&[1, 2, 3], &Serial).unwrap();
    session.truncate(tokens.len() - 1).unwrap();
    assert_eq!(session.logits(), None);
    session.read(&tokens[tokens.len() - 1..], &Serial).unwrap();
    assert_eq!(session.logits().unwrap(), wanted);
}

#[test]
fn a_cancelled_pass_leaves_the_session_as_it_was() {
    let (model, tokens) = (model("plain", Kernels::best()), expected("plain").tokens);
    let options = Options { batch: 4, ..Options::new(model.config()) };
    let mut session = session(&model, &options);
    let (first, newest) = tokens.split_at(tokens.len() - 1);
    session.read(first, &Serial).unwrap();
    for steps in [0, 1, 10, 30] {
        assert_eq!(session.begin(&[5, 6, 7]), Ok(3));
        assert_eq!(session.begin(&[1]), Err(Error::Busy));
        assert_eq!(session.shift(0, 1), Err(Error::Busy));
        assert_eq!(session.truncate(0), Err(Error::Busy));
        for _ in 0..steps {
            assert_eq!(session.step(64, &Serial), Step::More);
        }
        session.cancel();
        assert_eq!((session.tokens(), session.logits()), (first, None));
    }
    session.read(newest, &Serial).unwrap();
    assert_eq!(session.logits().unwrap(), last(&model, KvKind::F16, &tokens));
}
