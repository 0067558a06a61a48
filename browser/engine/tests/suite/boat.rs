//! A board that the page was not built for: the motor boat, at the page's own line.

use serde_json::json;
use trine_arena::Ring;
use trine_board::sim::NoPin;
use trine_browser::out::Kind;
use trine_dispatch::{Config, Device, Identity};
use trine_motorboat::{Boat, BoatTools, TOOLS, tools};

use crate::bench::Bench;

#[test]
fn another_board_is_listed_called_and_understood() {
    let config = Config { epoch: 3, ..tools::config(Identity { product: "boat", ..NAMES }) };
    let ring = Box::leak(Box::new(Ring::new(vec![0; 1024].leak())));
    let (mut line, received) = ring.split();
    let memory = vec![0; config.memory()].leak();
    let mut device = Device::new(config, memory, received, &TOOLS).unwrap();
    let mut boat = BoatTools::new(Boat::new(NoPin));
    let mut bench = Bench::without_board();
    let mut carry = |bench: &mut Bench, ms: u64| {
        let end = bench.now + ms;
        while bench.now < end {
            bench.pass(10);
            for (way, bytes) in std::mem::take(&mut bench.frames) {
                if way == Kind::ToDevice {
                    line.push(&bytes[1..]);
                }
            }
            device.poll(bench.now, 16, &mut boat);
            let said = device.tx_peek().to_vec();
            device.tx_consume(said.len());
            bench.page.receive(&said, bench.now);
            bench.look();
        }
    };
    carry(&mut bench, 3_000);
    assert_eq!(bench.ready[0]["product"], "boat", "{:?}", bench.notes);
    assert_eq!(bench.ready[0]["tools"], TOOLS.len());
    let said = bench.sentence("hold a course of 120 degrees");
    assert_eq!(said["tool"], "course_hold", "{said}");
    let id = bench.request(
        "tools/call",
        json!({"name": said["tool"],
        "arguments": said["arguments"]}),
    );
    carry(&mut bench, 200);
    let result = &bench.answers(id)[0]["result"];
    assert_eq!(result["structuredContent"], json!({"degrees": 120}), "{result}");
}

const NAMES: Identity<'static> =
    Identity { vendor: "trine", product: "", serial: "1", firmware: "1.0.0", build: "test" };
