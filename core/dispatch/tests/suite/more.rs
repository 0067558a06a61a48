//! Tools that a program adds behind a table that no one has checked before.

use trine_arena::Ring;
use trine_descriptor::{Tool, ToolInfo, ToolTable, ValueWriter};
use trine_dispatch::{Answer, Call, Config, Device, InitError, Local, News, Tools};

const fn tool(name: &'static str) -> Tool<'static> {
    Tool::new(ToolInfo::new(name, "Does something."), &[], &[])
}

static TWO: [Tool<'static>; 2] = [tool("a"), tool("b")];
static FOUR: [Tool<'static>; 4] = [tool("a"), tool("b"), tool("c"), tool("d")];
/// The last one has a name that is none.
static BAD: [Tool<'static>; 3] = [tool("a"), tool("b"), tool("no name")];

struct Entered(Vec<u16>);

impl Tools for Entered {
    fn call(&mut self, call: Call<'_>, _: &mut ValueWriter<'_>) -> Answer {
        self.0.push(call.tool);
        Answer::Done
    }
}

fn device(table: &'static dyn ToolTable) -> Device<'static> {
    let config = Config { epoch: 7, message_max: 64, ..Config::DEFAULT };
    let (_, rx) = Box::leak(Box::new(Ring::new(vec![0; 256].leak()))).split();
    let memory = vec![0; config.memory()].leak();
    Device::new(config, memory, rx, table).expect("enough memory")
}

/// Polls until there is nothing to do at once; how often it was, at one step each.
fn polls(device: &mut Device<'static>, from: u64) -> u32 {
    let mut tools = Entered(Vec::new());
    for times in 1..50 {
        if device.poll(from, 1, &mut tools) > from {
            return times;
        }
    }
    panic!("it never ends");
}

#[test]
fn tools_of_a_table_are_checked_once_and_those_behind_them_are_served_too() {
    let mut plain = device(&TWO);
    let alone = polls(&mut plain, 5);
    let mut device = device(&TWO);
    device.set_tools(&FOUR);
    // Those behind the table were checked when they were added.
    assert_eq!(polls(&mut device, 5), alone);
    assert_eq!(device.fault(), None);
    let mut tools = Entered(Vec::new());
    for tool in 0..4 {
        let end = device.local((tool, &[]), 10, &mut tools, &mut [0; 16]);
        assert_eq!(end, Local::Done(0), "tool {tool}");
    }
    assert_eq!(tools.0, [0, 1, 2, 3]);
}

#[test]
fn a_broken_tool_of_the_table_is_found_whatever_is_behind_it() {
    let mut device = device(&BAD);
    device.set_tools(&FOUR);
    polls(&mut device, 5);
    let Some(InitError::Table(error)) = device.fault() else { panic!("{:?}", device.fault()) };
    assert_eq!(error.tool, 2);
}

#[test]
fn what_was_found_before_stays_found_and_nothing_is_checked_again() {
    let mut broken = device(&BAD);
    polls(&mut broken, 5);
    assert!(broken.fault().is_some());
    broken.set_tools(&FOUR);
    polls(&mut broken, 6);
    assert!(broken.fault().is_some(), "other tools behind it mend nothing");
    let mut fine = device(&TWO);
    polls(&mut fine, 5);
    fine.set_tools(&FOUR);
    assert_eq!(polls(&mut fine, 6), 1);
    assert_eq!(fine.fault(), None);
}

#[test]
fn a_program_in_process_is_told_that_the_tools_are_other_ones() {
    let mut device = device(&TWO);
    device.keep_news(vec![0; 256].leak());
    let before = device.next_news();
    device.tools_changed();
    let told = device.news(before).expect("it was kept").1;
    assert!(matches!(told, News::Changed { uri: "", .. }), "{told:?}");
    assert_ne!(device.next_news(), before);
}
