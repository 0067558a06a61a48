//! The controller on the simulated board, over simulated minutes and hours.

use core::task::Poll;

use trine_board::greenhouse::{Reading, Unit};
use trine_board::sim::Chip;
use trine_board::{Fault, Greenhouse, Lamp, Sensor, SimHardware, Valve};

/// A booted board and the time it has reached.
struct Bench {
    board: Greenhouse<SimHardware>,
    now_ms: u64,
}

impl Bench {
    fn new() -> Self {
        // Clocks need not start at zero.
        let mut bench = Self { board: Greenhouse::new(SimHardware::new()), now_ms: 5_000 };
        bench.board.tick(bench.now_ms);
        bench.run_ms(500);
        bench
    }

    fn run_ms(&mut self, ms: u64) {
        let end_ms = self.now_ms + ms;
        while self.now_ms < end_ms {
            self.now_ms = end_ms.min(self.now_ms + 10);
            self.board.tick(self.now_ms);
        }
    }

    /// Ticks until a measurement has ended, and tells how long that took.
    fn read(&mut self, sensor: Sensor) -> (Result<Reading, Fault>, u64) {
        let ticket = self.board.sensor_start(sensor);
        let began_ms = self.now_ms;
        loop {
            if let Poll::Ready(outcome) = self.board.sensor_poll(ticket) {
                return (outcome, self.now_ms - began_ms);
            }
            assert!(self.now_ms - began_ms < 1_000, "{sensor:?} never ends");
            self.now_ms += 1;
            self.board.tick(self.now_ms);
        }
    }
}

#[test]
fn sensors_read_the_boot_values_and_take_their_chips_time() {
    let expected = [
        (Sensor::Temperature, 215, Unit::Celsius, 15..=20),
        (Sensor::Humidity, 550, Unit::Percent, 15..=20),
        (Sensor::Soil, 400, Unit::Percent, 15..=20),
        (Sensor::Light, 8_000, Unit::Lux, 180..=185),
        (Sensor::Tank, 800, Unit::Percent, 15..=20),
    ];
    for (sensor, tenths, unit, times) in expected {
        let (outcome, took_ms) = Bench::new().read(sensor);
        assert_eq!(outcome, Ok(Reading { tenths, unit }), "{sensor:?}");
        assert!(times.contains(&took_ms), "{sensor:?} took {took_ms} ms");
    }
}

#[test]
fn a_reading_is_newer_than_the_call_that_asked_for_it() {
    let mut bench = Bench::new();
    let before = bench.board.sensor_start(Sensor::Light);
    bench.run_ms(50);
    bench.board.light_set(Some(Lamp::Grow), true, 100).unwrap();
    bench.run_ms(10);
    let after = bench.board.sensor_start(Sensor::Light);
    bench.run_ms(140);
    let Poll::Ready(Ok(old)) = bench.board.sensor_poll(before) else { panic!("still pending") };
    assert_eq!(old.tenths, 8_000, "this conversion began before the lamp was lit");
    assert_eq!(bench.board.sensor_poll(after), Poll::Pending);
    bench.run_ms(200);
    let Poll::Ready(Ok(new)) = bench.board.sensor_poll(after) else { panic!("still pending") };
    assert_eq!(new.tenths, 88_000);
}

#[test]
fn probes_on_one_converter_take_turns() {
    let mut bench = Bench::new();
    let tank = bench.board.sensor_start(Sensor::Tank);
    let mut soil = bench.board.sensor_start(Sensor::Soil);
    for _ in 0..20 {
        bench.run_ms(10);
        if bench.board.sensor_poll(soil).is_ready() {
            soil = bench.board.sensor_start(Sensor::Soil);
        }
    }
    assert!(bench.board.sensor_poll(tank).is_ready(), "soil starved the tank");
}

#[test]
fn a_missing_or_disturbed_chip_is_a_fault_and_then_works_again() {
    let mut bench = Bench::new();
    for (chip, sensor) in [
        (Chip::Sht31, Sensor::Humidity),
        (Chip::Bh1750, Sensor::Light),
        (Chip::Ads1115, Sensor::Soil),
    ] {
        bench.board.hardware_mut().bus.unplug(Some(chip));
        assert_eq!(bench.read(sensor).0, Err(Fault::Bus));
        bench.board.hardware_mut().bus.unplug(None);
        assert!(bench.read(sensor).0.is_ok());
    }
    bench.board.hardware_mut().bus.disturb(true);
    assert_eq!(bench.read(Sensor::Temperature).0, Err(Fault::Checksum));
    bench.board.hardware_mut().bus.unplug(Some(Chip::Lcd));
    assert_eq!(bench.board.display_show(1, "dark"), Err(Fault::Bus));
    assert_eq!(bench.board.display_lines().next(), Some(""));
}

#[test]
fn the_heater_holds_25_degrees_within_one() {
    let mut bench = Bench::new();
    bench.board.climate_heat(250).unwrap();
    bench.run_ms(1_800_000);
    let (mut low, mut high) = (i32::MAX, i32::MIN);
    // Through the night, when it is eight degrees outside.
    for _ in 0..14 * 60 {
        bench.run_ms(60_000);
        let now = bench.board.hardware().physics().centi_celsius();
        (low, high) = (low.min(now), high.max(now));
    }
    assert!(low >= 2_400 && high <= 2_600, "between {low} and {high} hundredths");
    assert_eq!(bench.board.target_tenths(), Some(250));

    bench.board.climate_off();
    bench.run_ms(3_600_000);
    assert!(
        bench.board.hardware().physics().centi_celsius() < 2_200,
        "it cools without the heater"
    );
    assert_eq!(bench.board.target_tenths(), None);
}

#[test]
fn the_heater_goes_off_when_the_air_is_not_known() {
    let mut bench = Bench::new();
    bench.board.climate_heat(350).unwrap();
    bench.run_ms(5_000);
    assert!(bench.board.heating() && bench.board.hardware().heater.is_on());
    bench.board.hardware_mut().bus.unplug(Some(Chip::Sht31));
    bench.run_ms(15_000);
    assert!(!bench.board.heating() && !bench.board.hardware().heater.is_on());
    bench.board.hardware_mut().bus.unplug(None);
    bench.run_ms(3_000);
    assert!(bench.board.hardware().heater.is_on());
}

#[test]
fn valves_close_by_themselves_at_their_deadline() {
    let mut bench = Bench::new();
    bench.board.valve_open(Valve::North, 3).unwrap();
    assert_eq!(bench.board.valve_remaining_s(Valve::North), Some(3));
    bench.run_ms(2_990);
    assert!(bench.board.hardware().valves.north.is_on());
    assert_eq!(bench.board.valve_remaining_s(Valve::North), Some(1));
    bench.run_ms(10);
    assert!(!bench.board.hardware().valves.north.is_on());
    assert_eq!(bench.board.valve_remaining_s(Valve::North), None);
}

#[test]
fn opening_an_open_valve_gives_it_the_new_time() {
    let mut bench = Bench::new();
    bench.board.valve_open(Valve::Mist, 2).unwrap();
    bench.run_ms(1_500);
    bench.board.valve_open(Valve::Mist, 2).unwrap();
    bench.run_ms(1_900);
    assert!(bench.board.hardware().valves.mist.is_on());
    bench.run_ms(100);
    assert!(!bench.board.hardware().valves.mist.is_on());
}

#[test]
fn valves_close_at_once_one_by_one_or_together() {
    let mut bench = Bench::new();
    for valve in Valve::ALL {
        bench.board.valve_open(valve, 1_800).unwrap();
    }
    bench.board.valve_close(Some(Valve::Drip)).unwrap();
    bench.board.valve_close(Some(Valve::Drip)).unwrap();
    let open = |bench: &Bench| Valve::ALL.map(|v| bench.board.hardware().valves.get(v).is_on());
    assert_eq!(open(&bench), [true, true, false, true]);
    bench.board.valve_close(None).unwrap();
    assert_eq!(open(&bench), [false; 4]);
    assert_eq!(bench.board.valve_open(Valve::Drip, 0), Err(Fault::OutOfRange));
    assert_eq!(bench.board.valve_open(Valve::Drip, 1_801), Err(Fault::OutOfRange));
    assert_eq!(open(&bench), [false; 4]);
}

#[test]
fn lamps_and_fan_follow_their_calls() {
    let mut bench = Bench::new();
    assert_eq!(bench.board.light_set(None, true, 40), Ok(40));
    assert_eq!(bench.board.light_set(Some(Lamp::Door), false, 100), Ok(0));
    let lamps = bench.board.lamps();
    assert_eq!((lamps.grow, lamps.door, lamps.status), (40, 0, 40));
    assert_eq!(bench.board.hardware().grow_lamp.percent(), 40);
    assert_eq!(bench.board.hardware().door_lamp.percent(), 0);
    assert_eq!(bench.board.light_set(None, true, 0), Err(Fault::OutOfRange));
    assert_eq!(bench.board.light_set(None, true, 101), Err(Fault::OutOfRange));

    bench.board.fan_set(70).unwrap();
    assert_eq!(bench.board.fan_set(101), Err(Fault::OutOfRange));
    assert_eq!((bench.board.fan_percent(), bench.board.hardware().fan.percent()), (70, 70));
}

#[test]
fn the_vent_takes_two_seconds_and_can_turn_round() {
    let mut bench = Bench::new();
    assert!(bench.board.vent_at_rest());
    bench.board.vent_move(90).unwrap();
    assert!(!bench.board.vent_at_rest());
    bench.run_ms(1_000);
    assert_eq!((bench.board.vent_degrees(), bench.board.vent_target()), (45, 90));
    bench.run_ms(1_000);
    assert!(bench.board.vent_at_rest());
    assert_eq!(bench.board.hardware().vent.duty(), 2_000, "a pulse of 2 ms");

    bench.board.vent_move(0).unwrap();
    bench.run_ms(500);
    bench.board.vent_move(80).unwrap();
    bench.run_ms(300);
    assert!(bench.board.vent_at_rest());
    assert_eq!(bench.board.vent_degrees(), 80);
    assert_eq!(bench.board.vent_move(91), Err(Fault::OutOfRange));
    assert_eq!(bench.board.vent_target(), 80);
}

#[test]
fn timers_number_upwards_end_in_order_and_sound_the_buzzer() {
    let mut bench = Bench::new();
    assert_eq!(bench.board.timer_start(5, Some("tea")), Ok(1));
    assert_eq!(bench.board.timer_start(3, None), Ok(2));
    assert_eq!(bench.board.timer_start(86_400, Some("")), Ok(3));
    assert_eq!(bench.board.timer_start(60, Some("ünïcödé ünïcödé ünïcödé!")), Ok(4));
    assert_eq!(bench.board.timer_start(60, None), Err(Fault::TimersFull));
    let shown: Vec<_> = bench.board.timers().map(|t| (t.id, t.label, t.remaining_s)).collect();
    let long = Some("ünïcödé ünïcödé ünïcödé!");
    assert_eq!(shown, [(1, Some("tea"), 5), (2, None, 3), (3, Some(""), 86_400), (4, long, 60)]);

    bench.run_ms(3_000);
    assert!(bench.board.hardware().buzzer.is_on());
    assert_eq!(bench.board.timers().count(), 3);
    bench.run_ms(1_500);
    assert!(!bench.board.hardware().buzzer.is_on());
    bench.run_ms(500);
    let ended = bench.board.ended().unwrap();
    assert_eq!((ended.id, ended.label, ended.remaining_s), (2, None, 0));
    bench.board.drop_ended();
    let ended = bench.board.ended().unwrap();
    assert_eq!((ended.id, ended.label), (1, Some("tea")));
    bench.board.drop_ended();
    assert_eq!(bench.board.ended(), None);
    bench.board.drop_ended();
    assert_eq!(bench.board.timer_start(9, None), Ok(5));
}

#[test]
fn timer_numbers_wrap_round_those_in_use_and_unfetched_events_make_room() {
    let mut bench = Bench::new();
    assert_eq!(bench.board.timer_start(86_400, Some("long")), Ok(1));
    for round in 0..254_u32 {
        let id = bench.board.timer_start(1, None).unwrap();
        assert_eq!(u32::from(id), round + 2);
        bench.run_ms(1_000);
    }
    assert_eq!(bench.board.timer_start(1, None), Ok(2), "1 is still running");
}

#[test]
fn bad_timers_are_refused() {
    let mut bench = Bench::new();
    assert_eq!(bench.board.timer_start(0, None), Err(Fault::OutOfRange));
    assert_eq!(bench.board.timer_start(86_401, None), Err(Fault::OutOfRange));
    assert_eq!(bench.board.timer_start(1, Some(&"é".repeat(25))), Err(Fault::TextTooLong));
    assert_eq!(bench.board.timers().count(), 0);
    assert_eq!(bench.board.timer_start(1, Some(&"𝄞".repeat(24))), Ok(1), "four bytes each");
}

#[test]
fn the_display_keeps_text_that_its_glass_cannot_show() {
    let mut bench = Bench::new();
    let text = "é".repeat(32);
    bench.board.display_show(2, &text).unwrap();
    assert_eq!(bench.board.display_lines().collect::<Vec<_>>(), ["", &text, "", ""]);
    assert_eq!(bench.board.hardware().bus.shown(2).unwrap(), &[0xE9; 32]);
    assert_eq!(bench.board.display_show(2, &"é".repeat(33)), Err(Fault::TextTooLong));
    assert_eq!(bench.board.display_show(0, "x"), Err(Fault::OutOfRange));
    assert_eq!(bench.board.display_show(5, "x"), Err(Fault::OutOfRange));
    bench.board.display_show(4, &"𝄞".repeat(32)).unwrap();
    assert_eq!(bench.board.display_lines().nth(1), Some(text.as_str()));
}

#[test]
fn a_press_of_the_button_is_told_once() {
    let mut bench = Bench::new();
    assert!(!bench.board.take_press());
    bench.board.hardware_mut().press_button();
    bench.run_ms(1_000);
    assert!(bench.board.take_press());
    assert!(!bench.board.take_press());
}

#[test]
fn uptime_counts_from_the_first_tick_and_calls_are_counted() {
    let mut bench = Bench::new();
    bench.run_ms(59_500);
    assert_eq!(bench.board.uptime_s(), 60);
    bench.board.enter();
    bench.board.enter();
    assert_eq!(bench.board.calls_entered(), 2);
    bench.board.tick(0);
    assert_eq!(bench.board.uptime_s(), 60, "time does not run backwards");
}

#[test]
fn every_boot_is_the_same() {
    let run = || {
        let mut bench = Bench::new();
        bench.board.climate_heat(230).unwrap();
        bench.board.valve_open(Valve::South, 90).unwrap();
        bench.run_ms(600_000);
        (*bench.board.hardware().physics(), bench.board.reading(Sensor::Soil))
    };
    assert_eq!(run(), run());
}
