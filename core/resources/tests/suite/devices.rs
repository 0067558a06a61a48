//! The table of devices next to a model.

use std::collections::BTreeMap;

use trine_bits::Random;
use trine_resources::{
    DEVICES_PER_REQUEST, DeviceInfo, DeviceKind, DeviceRequest, Devices, Error, Mode, Presence,
    Table, ToolId, Wanted,
};

use crate::{Aligned, steps};

const COUNT: u32 = 6;
const HOLDS: u32 = 10;

fn info(id: u32, kind: DeviceKind) -> DeviceInfo<'static> {
    DeviceInfo { id, kind, bus: id, name: "d", memory: 0, presence: Presence::Present }
}

/// Who holds which device: how, and how often.
type Held = BTreeMap<(u32, ToolId), (Mode, u32)>;

/// Whether a request has to be granted, and what it gets.
fn expected(held: &Held, tool: ToolId, asks: &[DeviceRequest]) -> Option<Vec<(u32, Mode)>> {
    let mut wanted: Vec<_> = asks
        .iter()
        .map(|ask| match ask.wanted {
            Wanted::Id(id) => (id, ask.mode),
            Wanted::Kind(_) => panic!("only numbers are drawn"),
        })
        .collect();
    wanted.sort_by_key(|(id, _)| *id);
    let is_twice = wanted.windows(2).any(|pair| pair[0].0 == pair[1].0);
    let highest = held.keys().filter(|(_, who)| *who == tool).map(|(id, _)| *id).max();
    let may_all = wanted.iter().all(|(id, mode)| {
        let others = || held.iter().filter(|((other, _), _)| other == id);
        let is_exclusive = others().any(|(_, (mode, _))| *mode == Mode::Exclusive);
        let is_held = held.contains_key(&(*id, tool));
        *id < COUNT
            && !is_exclusive
            && (*mode == Mode::Shared || others().next().is_none())
            && (is_held || highest.is_none_or(|highest| highest < *id))
    });
    let new = wanted.iter().filter(|(id, _)| !held.contains_key(&(*id, tool))).count();
    (may_all && !is_twice && held.len() + new <= HOLDS as usize).then_some(wanted)
}

#[test]
fn the_table_agrees_with_its_model() {
    let mut memory = Aligned([0; Devices::bytes(COUNT, HOLDS)]);
    let mut devices = Devices::new(&mut memory.0, COUNT, HOLDS).unwrap();
    (0..COUNT).for_each(|id| devices.add(&info(id, DeviceKind::Spi)).unwrap());
    let (mut held, mut random) = (Held::new(), Random::named(1, "devices"));
    let mut granted = 0;
    for _ in 0..steps(50_000) {
        let tool = ToolId(random.below(4) as u32);
        if random.chance(0.5) {
            let asks: Vec<_> = (0..1 + random.below(3))
                .map(|_| {
                    let id = random.below(COUNT as usize + 1) as u32;
                    let is_shared = random.chance(0.7);
                    if is_shared { DeviceRequest::shared(id) } else { DeviceRequest::exclusive(id) }
                })
                .collect();
            let expected = expected(&held, tool, &asks);
            assert_eq!(devices.check(tool, &asks).is_ok(), expected.is_some(), "{asks:?} {held:?}");
            assert_eq!(devices.take(tool, &asks).is_ok(), expected.is_some());
            for (id, mode) in expected.into_iter().flatten() {
                held.entry((id, tool)).or_insert((mode, 0)).1 += 1;
                granted += 1;
            }
        } else {
            let id = random.below(COUNT as usize) as u32;
            let has = held.get_mut(&(id, tool));
            assert_eq!(devices.release(tool, id).is_ok(), has.is_some());
            if let Some((_, count)) = has {
                *count -= 1;
                held.retain(|_, (_, count)| *count > 0);
            }
        }
        for id in 0..COUNT {
            let of =
                |mode| held.iter().filter(move |((at, _), (how, _))| (*at, *how) == (id, mode));
            let state = devices.state(id).unwrap();
            let shared: u32 = of(Mode::Shared).map(|(_, (_, count))| count).sum();
            let exclusive = of(Mode::Exclusive).map(|((_, tool), _)| *tool).next();
            assert_eq!((state.shared, state.exclusive), (shared, exclusive));
        }
    }
    assert!(granted > 100, "{granted} were granted");
    (0..4).for_each(|tool| {
        devices.release_all(ToolId(tool));
    });
    assert!(devices.states().all(|state| state.shared == 0 && state.exclusive.is_none()));
}

#[test]
fn a_device_that_is_absent_says_why_and_one_that_is_unknown_does_not() {
    let mut memory = Aligned([0; Devices::bytes(2, 4)]);
    let mut devices = Devices::new(&mut memory.0, 2, 4).unwrap();
    let absent = DeviceInfo { presence: Presence::NoDriver, ..info(3, DeviceKind::Cuda) };
    devices.add(&absent).unwrap();
    let tool = ToolId(1);
    let refused = |device, presence| Err(Error::NoDevice { device, presence });
    let why = refused(3, Some(Presence::NoDriver));
    assert_eq!(devices.take(tool, &[DeviceRequest::shared(3)]), why);
    let any = DeviceRequest::any(DeviceKind::Cuda, Mode::Shared);
    assert_eq!(devices.take(tool, &[any]), why);
    assert_eq!(devices.take(tool, &[DeviceRequest::shared(4)]), refused(4, None));
    let npu = DeviceRequest::any(DeviceKind::NeuralEngine, Mode::Shared);
    let kind = DeviceKind::NeuralEngine as u32;
    assert_eq!(devices.take(tool, &[npu]), refused(kind, None));
    devices.set_presence(3, Presence::Present).unwrap();
    devices.take(tool, &[any]).unwrap();
    // It is removed under the tool, which still gives it back once.
    devices.set_presence(3, Presence::Removed).unwrap();
    assert_eq!(devices.release(tool, 3), Ok(()));
    assert_eq!(devices.release(tool, 3), Err(Error::NotHeld { device: 3 }));
}

#[test]
fn several_are_taken_all_or_none_and_in_rising_order() {
    let mut memory = Aligned([0; Devices::bytes(3, 4)]);
    let mut devices = Devices::new(&mut memory.0, 3, 4).unwrap();
    [5, 1, 3].iter().for_each(|id| devices.add(&info(*id, DeviceKind::I2c)).unwrap());
    let [one, two] = [ToolId(1), ToolId(2)];
    devices.take(two, &[DeviceRequest::exclusive(3)]).unwrap();
    let both = [DeviceRequest::exclusive(5), DeviceRequest::exclusive(3)];
    assert_eq!(devices.take(one, &both), Err(Error::DeviceBusy { device: 3 }));
    assert_eq!(devices.held_by(one).count(), 0, "none was taken");
    // Each has what the other wants only if one of them may go down.
    devices.take(one, &[DeviceRequest::exclusive(5)]).unwrap();
    assert_eq!(devices.take(one, &both[1..]), Err(Error::Order { device: 3, held: 5 }));
    assert_eq!(devices.take(two, &both[..1]), Err(Error::DeviceBusy { device: 5 }));
    devices.release(one, 5).unwrap();
    assert_eq!(devices.take(two, &both[..1]), Ok(()));
}

#[test]
fn any_of_a_kind_is_the_lowest_that_is_free() {
    let mut memory = Aligned([0; Devices::bytes(4, 3)]);
    let mut devices = Devices::new(&mut memory.0, 4, 3).unwrap();
    [9, 4, 7].iter().for_each(|id| devices.add(&info(*id, DeviceKind::Gpio)).unwrap());
    let any = DeviceRequest::any(DeviceKind::Gpio, Mode::Exclusive);
    let taken = [1, 2].map(|tool| {
        devices.take(ToolId(tool), &[any]).unwrap();
        devices.held_by(ToolId(tool)).next().unwrap().0
    });
    assert_eq!(taken, [4, 7]);
    devices.take(ToolId(3), &[any]).unwrap();
    assert!(matches!(devices.take(ToolId(4), &[any]), Err(Error::DeviceBusy { .. })));
    devices.add(&info(2, DeviceKind::Uart)).unwrap();
    let uart = [DeviceRequest::shared(2)];
    assert_eq!(devices.take(ToolId(4), &uart), Err(Error::Full(Table::Holds)));
    assert!(matches!(devices.add(&info(2, DeviceKind::Uart)), Err(Error::Invalid(_))));
    assert_eq!(devices.add(&info(8, DeviceKind::Uart)), Err(Error::Full(Table::Devices)));
}

#[test]
fn the_number_that_stands_for_none_is_no_device() {
    let mut memory = Aligned([0; Devices::bytes(1, 1)]);
    let mut devices = Devices::new(&mut memory.0, 1, 1).unwrap();
    let none = info(u32::MAX, DeviceKind::Cuda);
    assert!(matches!(devices.add(&none), Err(Error::Invalid(_))));
    assert_eq!(devices.add(&info(u32::MAX - 1, DeviceKind::Cuda)), Ok(()));
    let reserved = devices.take(ToolId(u32::MAX), &[DeviceRequest::shared(0)]);
    assert!(matches!(reserved, Err(Error::Invalid(why)) if why.contains("reserved")));
}

#[test]
fn numbers_of_kinds_and_reasons_are_their_places() {
    for (at, kind) in (0..).zip(DeviceKind::ALL) {
        assert_eq!((kind as u32, DeviceKind::from_number(at)), (at, Some(kind)));
    }
    for (at, presence) in (0..).zip(Presence::ALL) {
        assert_eq!((presence as u32, Presence::from_number(at)), (at, Some(presence)));
    }
    assert_eq!((DeviceKind::from_number(9), Presence::from_number(7)), (None, None));
}

#[test]
fn a_device_is_told_as_it_was_entered() {
    let mut memory = Aligned([0; Devices::bytes(2, 1)]);
    let mut devices = Devices::new(&mut memory.0, 2, 1).unwrap();
    let left = DeviceInfo { bus: 7, name: "left rack", memory: 5, ..info(3, DeviceKind::Vulkan) };
    let right = DeviceInfo { presence: Presence::NoDriver, ..info(4, DeviceKind::I2c) };
    for one in [left, right] {
        devices.add(&one).unwrap();
        assert_eq!(devices.state(one.id).unwrap().info, one);
    }
}

#[test]
fn as_many_devices_are_taken_at_once_as_a_request_may_name() {
    const MOST: u32 = DEVICES_PER_REQUEST as u32;
    let mut memory = Aligned([0; Devices::bytes(MOST + 1, MOST + 1)]);
    let mut devices = Devices::new(&mut memory.0, MOST + 1, MOST + 1).unwrap();
    (0..=MOST).for_each(|id| devices.add(&info(id, DeviceKind::Gpio)).unwrap());
    let all: Vec<_> = (0..=MOST).map(DeviceRequest::shared).collect();
    assert!(matches!(devices.take(ToolId(1), &all), Err(Error::Invalid(_))));
    assert_eq!(devices.take(ToolId(1), &all[1..]), Ok(()));
    assert_eq!(devices.held_by(ToolId(1)).count(), DEVICES_PER_REQUEST);
}

#[test]
fn kinds_have_the_names_that_people_know() {
    let names = DeviceKind::ALL.map(DeviceKind::name).join(" ");
    assert_eq!(names, "cpu cuda metal vulkan neural-engine gpio i2c spi uart");
}
