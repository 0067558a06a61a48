//! Any sequence of calls and pauses keeps the board's promises.

use core::task::Poll;

use proptest::prelude::*;
use trine_board::greenhouse::OPEN_S_MAX;
use trine_board::{Greenhouse, Lamp, Sensor, SimHardware, Valve};

/// One thing that someone does to the board.
#[derive(Clone, Debug)]
enum Act {
    Wait(u32),
    Light(Option<Lamp>, bool, u8),
    Fan(u8),
    Heat(i32),
    HeatOff,
    Open(Valve, u32),
    Close(Option<Valve>),
    Vent(u8),
    Read(Sensor),
    Timer(u32, String),
    DropEnded,
    Show(u8, String),
}

fn act() -> impl Strategy<Value = Act> {
    let lamp = prop::option::of(prop::sample::select(Lamp::ALL.to_vec()));
    let valve = || prop::sample::select(Valve::ALL.to_vec());
    prop_oneof![
        4 => (0_u32..120_000).prop_map(Act::Wait),
        1 => (lamp, any::<bool>(), 0..=110_u8).prop_map(|(l, on, b)| Act::Light(l, on, b)),
        1 => any::<u8>().prop_map(Act::Fan),
        1 => (0..400_i32).prop_map(Act::Heat),
        1 => Just(Act::HeatOff),
        2 => (valve(), 0..2_000_u32).prop_map(|(v, s)| Act::Open(v, s)),
        1 => prop::option::of(valve()).prop_map(Act::Close),
        1 => any::<u8>().prop_map(Act::Vent),
        1 => prop::sample::select(Sensor::ALL.to_vec()).prop_map(Act::Read),
        2 => (0..100_000_u32, ".{0,26}").prop_map(|(s, l)| Act::Timer(s, l)),
        1 => Just(Act::DropEnded),
        1 => (0..6_u8, ".{0,34}").prop_map(|(l, t)| Act::Show(l, t)),
    ]
}

/// Does it; whether it is accepted is another test's subject.
fn perform(board: &mut Greenhouse<SimHardware>, now_ms: &mut u64, act: Act) {
    let _ = match act {
        Act::Wait(ms) => {
            // Ticks need not come often: a busy processor may be late.
            for part in [ms / 3, ms - ms / 3] {
                *now_ms += u64::from(part);
                board.tick(*now_ms);
            }
            Ok(())
        }
        Act::Light(lamp, on, brightness) => board.light_set(lamp, on, brightness).map(drop),
        Act::Fan(percent) => board.fan_set(percent),
        Act::Heat(tenths) => board.climate_heat(tenths),
        Act::HeatOff => {
            board.climate_off();
            Ok(())
        }
        Act::Open(valve, seconds) => board.valve_open(valve, seconds),
        Act::Close(valve) => board.valve_close(valve),
        Act::Vent(degrees) => board.vent_move(degrees),
        Act::Read(sensor) => {
            let ticket = board.sensor_start(sensor);
            assert_eq!(board.sensor_poll(ticket), Poll::Pending);
            for _ in 0..5 {
                *now_ms += 100;
                board.tick(*now_ms);
            }
            assert!(matches!(board.sensor_poll(ticket), Poll::Ready(Ok(_))));
            Ok(())
        }
        Act::Timer(seconds, label) => board.timer_start(seconds, Some(&label)).map(drop),
        Act::DropEnded => {
            board.drop_ended();
            Ok(())
        }
        Act::Show(line, text) => board.display_show(line, &text),
    };
}

/// What holds after every act and every tick.
fn holds(board: &mut Greenhouse<SimHardware>, now_ms: u64) -> Result<(), TestCaseError> {
    board.tick(now_ms);
    for valve in Valve::ALL {
        let remaining_s = board.valve_remaining_s(valve);
        prop_assert_eq!(board.hardware().valves.get(valve).is_on(), remaining_s.is_some());
        prop_assert!(remaining_s.is_none_or(|left_s| (1..=OPEN_S_MAX).contains(&left_s)));
    }
    prop_assert!(board.target_tenths().is_some() || !board.hardware().heater.is_on());
    prop_assert_eq!(board.heating(), board.hardware().heater.is_on());
    let lamps = board.lamps();
    prop_assert_eq!(lamps.grow, board.hardware().grow_lamp.percent());
    prop_assert_eq!(lamps.door, board.hardware().door_lamp.percent());
    prop_assert_eq!(lamps.status, board.hardware().status_lamp.pwm().percent());
    prop_assert!((1_000..=2_000).contains(&board.hardware().vent.duty()));
    let mut ids: Vec<_> = board.timers().map(|timer| timer.id).collect();
    prop_assert!(board.timers().all(|timer| (1..=86_400).contains(&timer.remaining_s)));
    prop_assert!(ids.len() <= 4 && !ids.contains(&0));
    ids.sort_unstable();
    ids.dedup();
    prop_assert_eq!(ids.len(), board.timers().count());
    prop_assert!(board.display_lines().all(|line| line.chars().count() <= 32));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_keeps_the_promises(acts in prop::collection::vec(act(), 1..60)) {
        let mut board = Greenhouse::new(SimHardware::new());
        let mut now_ms = 1_000;
        board.tick(now_ms);
        for act in acts {
            perform(&mut board, &mut now_ms, act);
            holds(&mut board, now_ms)?;
        }
    }
}
