//! Tools that go while a person is asked about them, and tools that a device has no room for.

use trine_arena::Ring;
use trine_descriptor::{Consent, Limits, Tool, ToolInfo, ToolTable, ValueWriter};
use trine_dispatch::{
    Answer, Call, Config, Device, Listed, Local, Place, Registry, RegistryError, Tools,
};
use trine_wire::message::read;
use trine_wire::{DeviceMessage, Outcome};

type Three = Registry<Listed<'static>, [Place<'static, Listed<'static>>; 3]>;

const fn empty() -> Three {
    Registry::new(0, [const { Place::free() }; 3])
}

fn listed(table: &'static dyn ToolTable, tool: u16) -> &'static Listed<'static> {
    Box::leak(Box::new(Listed::new(table, tool).expect("a right tool")))
}

static PLAIN: [Tool<'static>; 1] = [Tool::new(ToolInfo::new("a", "Does something."), &[], &[])];

const fn asking(name: &'static str) -> Tool<'static> {
    let info = ToolInfo { consent: Consent::Device, ..ToolInfo::new(name, "Asks for a person.") };
    Tool::new(info, &[], &[])
}

static ASKING: [Tool<'static>; 3] = [asking("water"), asking("fill"), asking("drain")];

struct Entered(u32);

impl Tools for Entered {
    fn call(&mut self, _: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        self.0 += 1;
        Answer::Done
    }
}

/// A device that serves a registry, in which two tools ask for a person.
fn device(registry: &'static Three) -> Device<'static> {
    let config = Config { epoch: 7, message_max: 64, consent_bytes: 32, ..Config::DEFAULT };
    let (_, rx) = Box::leak(Box::new(Ring::new(vec![0; 256].leak()))).split();
    let memory = vec![0; config.memory()].leak();
    let mut device = Device::with_rules(&config, memory, rx, registry).expect("enough memory");
    for now in 0..100 {
        device.poll(now, 8, &mut Entered(0));
    }
    assert_eq!(device.fault(), None);
    device
}

#[test]
fn a_question_goes_with_its_tool_and_stays_when_another_goes() {
    let registry: &'static Three = Box::leak(Box::new(empty()));
    let (mut device, mut tools) = (device(registry), Entered(0));
    let water = device.add_tool(registry, listed(&ASKING, 0)).unwrap();
    let fill = device.add_tool(registry, listed(&ASKING, 1)).unwrap();
    let ask = |device: &mut Device<'static>, tools: &mut Entered, now: u64| {
        device.local((water.number(), &[]), now, tools, &mut [0; 16])
    };
    assert_eq!(ask(&mut device, &mut tools, 1_000), Local::NeedsPerson(Consent::Device));
    assert_eq!(device.asked(1_000), Some(water.number()));
    device.poll(1_001, 8, &mut tools);
    device.replace_tool(registry, (fill, listed(&ASKING, 2)), &mut tools).unwrap();
    assert_eq!(device.asked(1_002), Some(water.number()), "it is another tool's");
    assert!(device.remove_tool(registry, fill, &mut tools));
    assert_eq!(device.asked(1_002), Some(water.number()));
    assert!(device.remove_tool(registry, water, &mut tools));
    assert_eq!(device.asked(1_002), None, "no one agrees to a tool that is gone");
    assert_eq!(tools.0, 0);
}

#[test]
fn an_agreement_goes_with_its_tool_too() {
    let registry: &'static Three = Box::leak(Box::new(empty()));
    let (mut device, mut tools) = (device(registry), Entered(0));
    let water = device.add_tool(registry, listed(&ASKING, 0)).unwrap();
    let call = |device: &mut Device<'static>, tools: &mut Entered, now: u64| {
        device.local((water.number(), &[]), now, tools, &mut [0; 16])
    };
    assert_eq!(call(&mut device, &mut tools, 1_000), Local::NeedsPerson(Consent::Device));
    device.shown(1_001);
    assert_eq!(device.agree(9_000), Some(water.number()));
    device.poll(9_000, 8, &mut tools);
    // The same tool in its own place is another one: what was agreed to is gone.
    device.replace_tool(registry, (water, listed(&ASKING, 0)), &mut tools).unwrap();
    assert_eq!(call(&mut device, &mut tools, 9_001), Local::NeedsPerson(Consent::Device));
    assert_eq!(tools.0, 0);
    device.shown(9_002);
    assert_eq!(device.agree(17_000), Some(water.number()));
    assert_eq!(call(&mut device, &mut tools, 17_001), Local::Done(0));
    assert_eq!(tools.0, 1);
}

#[test]
fn what_a_device_has_no_room_for_is_refused_by_its_bound() {
    static PENDING: [Tool<'static>; 2] = [pending("little", 4), pending("much", 5)];
    let registry: &'static Three = Box::leak(Box::new(empty()));
    let config = Config { epoch: 7, pending_max: 4, consent_bytes: 0, ..Config::DEFAULT };
    let (_, rx) = Box::leak(Box::new(Ring::new(vec![0; 256].leak()))).split();
    let memory = vec![0; config.memory()].leak();
    let mut device = Device::with_rules(&config, memory, rx, registry).expect("enough memory");
    assert!(device.add_tool(registry, listed(&PENDING, 0)).is_ok());
    let refused = device.add_tool(registry, listed(&PENDING, 1));
    assert_eq!(refused, Err(RegistryError::PendingBytes(5)));
    let asks = device.add_tool(registry, listed(&ASKING, 0));
    assert_eq!(asks, Err(RegistryError::NoConsent));
    assert!(device.add_tool(registry, listed(&PLAIN, 0)).is_ok());
}

const fn pending(name: &'static str, bytes: u16) -> Tool<'static> {
    let limits = Limits { deadline_ms: 100, pending_bytes: bytes };
    Tool::new(ToolInfo { limits, ..ToolInfo::new(name, "Waits.") }, &[], &[])
}

/// Tools that answer later.
struct Later;

impl Tools for Later {
    fn call(&mut self, _: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        Answer::Pending
    }
}

#[test]
fn an_answer_that_no_one_took_goes_with_its_tool_and_others_stay() {
    static PENDING: [Tool<'static>; 2] = [pending("fill", 4), pending("drain", 4)];
    let registry: &'static Three = Box::leak(Box::new(empty()));
    let config = Config { epoch: 7, pending_max: 4, local_max: 3, ..Config::DEFAULT };
    let (_, rx) = Box::leak(Box::new(Ring::new(vec![0; 256].leak()))).split();
    let memory = vec![0; config.memory()].leak();
    let mut device = Device::with_rules(&config, memory, rx, registry).expect("enough memory");
    device.poll(0, 100, &mut Later);
    let fill = device.add_tool(registry, listed(&PENDING, 0)).unwrap();
    let drain = device.add_tool(registry, listed(&PENDING, 1)).unwrap();
    let mut call = |tool: trine_dispatch::ToolId| match device.local(
        (tool.number(), &[]),
        10,
        &mut Later,
        &mut [0; 16],
    ) {
        Local::Pending(call) => call,
        other => panic!("{other:?}"),
    };
    let [answered, waiting, other] = [call(fill), call(fill), call(drain)];
    for call in [answered, other] {
        device.with_calls(|calls| calls.answer(call, |_| Answer::Done)).unwrap();
    }
    let before = device.local_answer(other).expect("it is answered").to_vec();
    assert!(!before.is_empty() && device.local_answer(answered) == Some(&*before));
    assert!(device.remove_tool(registry, fill, &mut Later));
    // Without the tool's descriptor the value says nothing; that the call has ended is still known.
    assert_eq!(device.local_answer(answered), Some(&[][..]));
    assert_eq!(device.local_answer(other), Some(&*before));
    let end = device.local_answer(waiting).expect("it has ended too");
    let Some(DeviceMessage::Result { outcome, .. }) = read(end) else { panic!("{end:?}") };
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
}
