//! The simulated board's button.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use super::{Control, Simulation};
use crate::device::Person;
use crate::link::Board;

/// Lets a board run beside `test`.
fn beside(test: impl FnOnce(&Control)) {
    let control = Control::new(1);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut board = Simulation::new("sim-button", Arc::clone(&control), None)
                .expect("the simulated board starts");
            while !ended.load(SeqCst) {
                board.run(&mut Vec::new());
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        test(&control);
        ended.store(true, SeqCst);
    });
}

#[test]
fn presses_that_follow_each_other_at_once_are_each_noticed() {
    beside(|control| {
        let since = Instant::now();
        for press in 0..4 {
            assert!(control.press().is_ok(), "press {press}, after {:?}", since.elapsed());
        }
    });
}

#[test]
fn presses_of_two_at_a_time_leave_a_button_that_works() {
    beside(|control| {
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| drop(control.press()));
            }
        });
        assert!(control.press().is_ok());
    });
}

#[test]
fn an_unnoticed_press_is_not_made_later() {
    let control = Control::new(1);
    assert!(control.press().is_err(), "there is no board");
    assert_eq!(control.presses.load(SeqCst), 0);
}
