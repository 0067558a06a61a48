//! What faults do to what passes.

use super::*;

fn run(plan: &FaultPlan, pieces: u32) -> (Vec<(u64, Vec<u8>)>, Tally) {
    let mut faults = Faults::new(plan.clone());
    let mut read = Vec::new();
    for piece in 0..pieces {
        let now = u64::from(piece) * 10_000;
        let bytes: Vec<u8> = (0..20).map(|byte| byte as u8 ^ piece as u8).collect();
        faults
            .pass(Direction::ToDevice, now, &bytes, &mut |piece| read.push((now, piece.to_vec())));
        while let Some(at) = faults.next_due().filter(|at| *at < now + 10_000) {
            faults.due(Direction::ToDevice, at, &mut |piece| read.push((at, piece.to_vec())));
        }
    }
    (read, faults.tally)
}

#[test]
fn without_faults_everything_goes_through_at_once() {
    let (read, tally) = run(&FaultPlan::none(1), 50);
    assert_eq!((read.len(), tally), (50, Tally::default()));
    assert!(read.iter().enumerate().all(|(at, (now, _))| *now == at as u64 * 10_000));
}

#[test]
fn the_same_seed_corrupts_the_same_bytes_and_another_one_others() {
    let all = "drop=0.02,flip=0.02,split=0.2,duplicate=0.1,stall=0.1:3ms,baud=115200,\
               mask=0.01:200us,mask=0.001:5ms,seed=9";
    let plan: FaultPlan = all.parse().unwrap();
    let (read, tally) = run(&plan, 400);
    assert_eq!((read.clone(), tally), run(&plan, 400));
    assert_ne!(read, run(&FaultPlan { seed: 10, ..plan }, 400).0);
    let Tally { dropped, flipped, split, duplicated, stalled, masked } = tally;
    for (count, least, most) in [
        (dropped, 100, 260),
        (flipped, 100, 260),
        (split, 50, 120),
        (duplicated, 20, 70),
        (stalled, 20, 80),
        (masked, 80, 700),
    ] {
        assert!((least..most).contains(&count), "{tally:?}");
    }
}

#[test]
fn a_baud_rate_gives_each_byte_its_time() {
    let (read, _) = run(&"baud=115200".parse().unwrap(), 3);
    let times: Vec<u64> = read.iter().map(|(at, _)| *at).collect();
    // 20 bytes of ten bits at 115200 baud, three times.
    assert_eq!(times.len(), 60);
    assert_eq!((times[0], times[1], times[19], times[39]), (86, 173, 1_736, 11_736));
}

#[test]
fn a_masked_interrupt_loses_what_came_meanwhile_but_for_one() {
    // At 115200 baud a byte takes 87 us: the first is kept, two more fall into the 200 us, and all
    // others of the piece into the 5 ms.
    for (mask, lost) in [("200us", 2), ("5ms", 19)] {
        let plan: FaultPlan = format!("baud=115200,mask=0.000000001:{mask}").parse().unwrap();
        let mut faults = Faults::new(plan.clone());
        // The interrupt is masked as the first byte comes.
        faults.channels[0].masked_until = plan.bytes_us(1) + plan.masks[0].1;
        let mut read = Vec::new();
        faults.pass(Direction::ToDevice, 0, &[7; 20], &mut |piece| read.extend_from_slice(piece));
        faults.due(Direction::ToDevice, u64::MAX, &mut |piece| read.extend_from_slice(piece));
        assert_eq!(read.len(), 20 - lost, "{mask}");
        assert_eq!(faults.tally.masked, lost as u64);
    }
}

#[test]
fn a_packet_is_lost_as_a_unit() {
    let plan = FaultPlan { packets: true, ..FaultPlan::none(3) };
    let (read, tally) = run(&FaultPlan { drop: 0.3, ..plan }, 200);
    assert!(read.iter().all(|(_, piece)| piece.len() == 20));
    assert_eq!(read.len() as u64 + tally.dropped, 200);
    assert!((40..80).contains(&tally.dropped), "{tally:?}");
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    for (text, part) in [
        ("drop", "NAME=VALUE"),
        ("drop=2", "from 0 to 1"),
        ("stall=0.1", "0.01:5ms"),
        ("stall=0.1:x", "200us or 5ms"),
        ("fire=1", "unknown fault"),
        ("mask=0.1:5ms", "add baud="),
        ("seed=x", "an integer"),
    ] {
        let said = text.parse::<FaultPlan>().unwrap_err().to_string();
        assert!(said.contains(part), "{text}: {said}");
    }
    assert_eq!("".parse::<FaultPlan>().unwrap(), FaultPlan::none(1));
}
