//! Whose turn it is on a bus.

use super::*;

const TIMING: BusTiming = BusTiming { byte_us: 100, answer_us: 50_000, quiet_us: 2_000 };

/// What a device answers.
fn answer(address: u8, more: bool, message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    let len = write(Header::from_device(address, more), message, &mut frame).unwrap();
    frame.truncate(len);
    frame
}

/// Asks the master each 100 us until it speaks; answers when, and the address it speaks to (0 for
/// the zeros that end a frame again).
fn polled(master: &mut BusMaster, now_us: &mut u64, until_us: u64) -> Option<u8> {
    while *now_us < until_us {
        if let Some(frame) = master.next_frame(*now_us) {
            return Some(if frame == END { 0 } else { frame[2] });
        }
        *now_us += 100;
    }
    None
}

fn line(addresses: &[u8]) -> BusMaster {
    let mut master = BusMaster::new(TIMING);
    addresses.iter().for_each(|&address| master.join(address));
    master
}

fn hear(master: &mut BusMaster, bytes: &[u8], now_us: u64) -> Vec<(u8, Vec<u8>)> {
    let mut heard = Vec::new();
    master.receive(bytes, now_us, &mut |address, message| heard.push((address, message.into())));
    heard
}

#[test]
fn the_host_is_silent_while_a_device_may_speak() {
    let (mut master, mut now) = (line(&[1, 2]), 10_000);
    assert_eq!(polled(&mut master, &mut now, 20_000), Some(1));
    let asked = now;
    // The frame is 9 bytes, then the device has 50 ms.
    assert_eq!(polled(&mut master, &mut now, asked + 900 + 50_000), None);
    // The end is sent again, and as long again it is still the first one's turn.
    assert_eq!(polled(&mut master, &mut now, asked + 60_000), Some(0));
    let ended = now;
    assert_eq!(polled(&mut master, &mut now, ended + 300 + 50_000), None);
    assert_eq!(polled(&mut master, &mut now, ended + 60_000), Some(2));
}

#[test]
fn an_answer_that_takes_long_is_received_to_its_end_and_silence_kept() {
    let (mut master, mut now) = (line(&[1, 2]), 10_000);
    assert_eq!(polled(&mut master, &mut now, 20_000), Some(1));
    let said = answer(1, false, &[7; 40]);
    for byte in &said[..said.len() - 1] {
        now += 40_000;
        assert_eq!(master.next_frame(now), None);
        assert_eq!(hear(&mut master, &[*byte], now), []);
    }
    now += 40_000;
    assert_eq!(hear(&mut master, &[0], now), [(1, vec![7; 40])]);
    let end = now;
    assert_eq!(polled(&mut master, &mut now, end + TIMING.quiet_us), None);
    assert_eq!(polled(&mut master, &mut now, end + 5_000), Some(2));
}

#[test]
fn what_a_device_says_out_of_turn_or_for_another_is_no_message() {
    let (mut master, mut now) = (line(&[1, 2]), 10_000);
    assert_eq!(hear(&mut master, &answer(1, false, b"early"), 5_000), []);
    assert_eq!(polled(&mut master, &mut now, 20_000), Some(1));
    assert_eq!(hear(&mut master, &answer(2, false, b"wrong"), now + 1_000), []);
    assert_eq!(hear(&mut master, &answer(1, false, b"right"), now + 9_000).len(), 1);
    assert_eq!(hear(&mut master, &answer(1, false, b"again"), now + 12_000), []);
    assert_eq!(master.bad(), 3);
}

#[test]
fn a_device_with_more_to_say_is_asked_again_before_it_is_quiet() {
    let (mut master, mut now) = (line(&[1]), 10_000);
    for _ in 0..3 {
        let since = now;
        assert_eq!(polled(&mut master, &mut now, since + 60_000), Some(1));
        assert!(now - since <= 4_000, "asked after {} us", now - since);
        now += 1_000;
        hear(&mut master, &answer(1, true, b"part"), now);
    }
}

#[test]
fn a_device_that_is_away_holds_the_other_up_little() {
    let (mut master, mut now) = (line(&[1, 2]), 10_000);
    let (mut away, mut there) = (0, 0);
    while now < 20_000_000 {
        let asked = now;
        match polled(&mut master, &mut now, asked + 2_000_000) {
            Some(1) => away += 1,
            Some(2) => {
                there += 1;
                now += 1_000;
                hear(&mut master, &answer(2, false, b""), now);
            }
            _ => {}
        }
    }
    assert!(away < 35 && there > 250, "{away} and {there}");
}

#[test]
fn messages_go_out_in_order_each_with_leave_to_speak() {
    let (mut master, mut now) = (line(&[5]), 10_000);
    master.send(5, b"one");
    master.send(5, b"two");
    master.send(6, b"nobody");
    for message in [&b"one"[..], b"two", b""] {
        now += 60_000;
        let mut wanted = Vec::new();
        let len = write(Header::to_device(5, true), message, &mut wanted).unwrap();
        assert_eq!(master.next_frame(now), Some(&wanted[..len]));
        now += 5_000;
        hear(&mut master, &answer(5, false, b""), now);
    }
}
