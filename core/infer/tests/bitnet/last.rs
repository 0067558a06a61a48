//! What of the last block is computed: no more than is read.

use trine_infer::{Options, Step};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

use crate::model::{expected, model, session};

/// Steps of so many rows that the first pass of some tokens takes, which has room for four.
fn steps(case: &str, rows: usize, count: usize) -> usize {
    let (model, tokens) = (model(case, Kernels::best()), expected(case).tokens);
    let mut session = session(&model, &Options { batch: 4, ..Options::new(model.config()) });
    assert_eq!(session.begin(&tokens[..count]), Ok(count.min(4)));
    let mut steps = 1;
    while session.step(rows, &Serial) == Step::More {
        steps += 1;
    }
    steps
}

#[test]
fn of_a_pass_that_others_follow_the_last_block_takes_keys_and_values_alone() {
    let config = *model("heads", Kernels::best()).config();
    assert_eq!(config.layers, 1);
    let rows = 32;
    let keys = (2 * config.kv_dim()).div_ceil(rows);
    // The embedding, the norm, and the turn by positions are a step each.
    assert_eq!(steps("heads", rows, 5), 3 + keys);
    // Then what follows is of one token, however many there are.
    assert_eq!(steps("heads", rows, 4), steps("heads", rows, 1) + 3 + keys);
}
