//! USB boards that are named by their numbers, on cables that are pulled.

mod gadgets;
mod rig;
mod vendor;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::crowd::{Cabled as _, Crowd};
use crate::harness::{Gateway, PATIENCE, initialize, stateless, until};
use crate::web::Site;
use rig::{BOARD, Rig};

/// How many calls are made on a cable that is pulled.
fn calls() -> usize {
    let set = std::env::var("SHARED_CALLS").ok();
    set.map_or(300, |calls| calls.parse().unwrap())
}

/// A call of the only tool goes through, sooner or later.
fn notes(gateway: &mut Gateway, number: u32) {
    let since = Instant::now();
    loop {
        let tool = gateway.tools().remove(0);
        let result = gateway.call(&tool, json!({"number": number}));
        if result["isError"] == false {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "{result}\n{}", gateway.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The only tool is refused at once as its device is gone, sooner or later.
fn is_offline(gateway: &mut Gateway, number: u32) {
    let tool = gateway.tools().remove(0);
    let mut said = || gateway.call(&tool, json!({"number": number}))["content"][0].to_string();
    until(|| said().contains("offline").then_some(()), || "the device stays online".to_owned());
}

#[test]
fn a_board_is_found_again_under_another_name_by_each_program_that_uses_it() {
    let Some(mut rig) = Rig::new("usb-again", 100) else { return };
    // Before it is there, a program waits for it and says what there is.
    let mut holder = Gateway::spawn(&mut rig.gateway_with(&[]));
    holder.logged(&format!("no USB board {BOARD} is plugged in"));
    rig.plug();
    holder.tools_of(1);
    let mut guest = Gateway::spawn(&mut rig.gateway_with(&["--prefix", "always"]));
    guest.tools_of(1);
    let address = format!("usb {BOARD}");
    for round in 0..3 {
        let number = 10 * round;
        notes(&mut holder, number);
        notes(&mut guest, number + 1);
        let (code, said) = rig.run(&["devices", "usb"]);
        assert!(code == Some(0) && said.contains("1209:0001:A1  Trine Ledger"), "{said}");
        let port = said.lines().find(|line| line.contains(rig.port().2)).unwrap();
        println!("plugged in as{port}");
        let (code, said) = rig.run(&["devices", "--usb", &format!("{BOARD}:A1")]);
        assert!(code == Some(0) && said.contains(&address) && said.contains("online"), "{said}");
        rig.pull();
        for gateway in [&mut holder, &mut guest] {
            is_offline(gateway, number + 2);
        }
        rig.plug();
    }
    notes(&mut holder, 90);
}

#[test]
fn no_call_runs_twice_on_a_usb_board_that_is_pulled_and_plugged_in_under_other_names() {
    let Some(mut rig) = Rig::new("usb-crowd", calls()) else { return };
    rig.plug();
    Crowd::new(rig).play();
}

#[test]
fn what_an_address_does_not_name_is_said_with_what_there_is() {
    let Some(mut rig) = Rig::new("usb-names", 1) else { return };
    rig.plug();
    let refused = |rig: &Rig, address: &str| {
        let (code, said) = rig.run(&["devices", "--usb", address, "--patience", "1"]);
        assert_eq!(code, Some(3), "{said}");
        said
    };
    let said = refused(&rig, "1209:7");
    assert!(said.contains("plugged in; found: 1209:0001:A1 (Trine Ledger)"), "{said}");
    let (its, other, way) = rig.port();
    let said = refused(&rig, &format!("{BOARD}/{other}"));
    assert!(said.contains(&format!("(interface {its})")) && said.contains(way), "{said}");
    rig.plug_other(1, "B2");
    let said = refused(&rig, BOARD);
    let named = "name one of them: --usb 1209:0001:A1, --usb 1209:0001:B2";
    assert!(said.contains(named), "{said}");
    let (code, said) = rig.run(&["devices", "--usb", "1209:1:A1"]);
    assert!(code == Some(0) && said.contains("online"), "{said}");
    let (code, said) = rig.run(&["devices", "usb", "--json"]);
    let boards: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(code, Some(0), "{said}");
    let serials: Vec<_> = boards.as_array().unwrap().iter().map(|board| &board["serial"]).collect();
    assert_eq!(serials, ["A1", "B2"], "{said}");
    rig.pull_other();
    rig.plug_other(1, "A1");
    let said = refused(&rig, BOARD);
    assert!(said.contains("name the port of one with --serial"), "{said}");
    rig.pull_other();
    let (code, said) = rig.run(&["devices", "--usb", BOARD]);
    assert!(code == Some(0) && said.contains("online"), "{said}");
}

/// A pulled cable has to reach a client that listens within this time.
const REACH: Duration = Duration::from_millis(100);
/// The machine may have much else to do at one of the pulls; not at each.
const PULLS: usize = 5;

#[test]
fn a_pulled_cable_reaches_every_client_that_listens() {
    let Some(mut rig) = Rig::new("usb-reach", 1) else { return };
    rig.plug();
    let mut gateway = Gateway::spawn(&mut rig.gateway_with(&[]));
    gateway.tools_of(1);
    for message in initialize("2025-11-25") {
        gateway.send(&message);
    }
    gateway.answer(&json!("hello"));
    let listen = |id: &str| {
        let params = json!({"notifications": {"toolsListChanged": true}});
        stateless(&json!(id), "subscriptions/listen", params)
    };
    gateway.send(&listen("stdio"));
    assert_eq!(gateway.line()["method"], "notifications/subscriptions/acknowledged");
    let site = Site::spawn(&mut rig.gateway_with(&["--http", "127.0.0.1:0"]));
    let listed = || {
        let tools = site.ask("tools/list", json!({})).json()["result"]["tools"].clone();
        (tools.as_array()?.len() == 1).then_some(())
    };
    until(listed, || "the second program has no board".to_owned());
    let mut news = site.stream_of(&listen("http"));
    assert_eq!(news.next().unwrap()["method"], "notifications/subscriptions/acknowledged");
    let id = site.open("2025-11-25");
    let headers = [("Accept", "text/event-stream"), ("Mcp-Session-Id", &*id)];
    let mut session = site.stream("GET /mcp", &headers, "");
    let listening = || (site.get("/health").json()["listeners"] == 2).then_some(());
    until(listening, || "two listen".to_owned());

    let mut times = Vec::new();
    for _ in 0..PULLS {
        let since = Instant::now();
        rig.pull();
        let pulled = since.elapsed();
        // The first program has the port; the second one's clients learn it by way of the first.
        let mut took = vec![pulled];
        let told = [gateway.line(), gateway.line()];
        took.push(since.elapsed());
        are_of(&told, "stdio", "warning", "offline: ");
        let told = [news.next().unwrap(), session.next().unwrap()];
        took.push(since.elapsed());
        are_of(&told, "http", "warning", "offline: ");
        times.push(took);
        rig.plug();
        are_of(&[gateway.line(), gateway.line()], "stdio", "notice", "online again");
        are_of(&[news.next().unwrap(), session.next().unwrap()], "http", "notice", "online again");
    }
    let of = |which: usize| times.iter().map(move |took| took[which].as_millis());
    let listed = |which| of(which).map(|ms| ms.to_string()).collect::<Vec<_>>().join(", ");
    println!(
        "pulled cable told after {} ms on stdio, {} ms over HTTP, of which pulling took {} ms",
        listed(1),
        listed(2),
        listed(0)
    );
    // An emulated PC takes its time to pull the cable.
    let out = |took: &Vec<Duration>| if rig.is_real() { took[0] } else { Duration::ZERO };
    let best = |which: usize| times.iter().map(|took| took[which] - out(took)).min().unwrap();
    assert!(best(1) <= REACH && best(2) <= REACH, "{times:?}");
}

/// A subscription is told that its list is to be read again, a session how its device is.
fn are_of(told: &[Value], id: &str, level: &str, text: &str) {
    let is_list = |it: &&Value| it["method"] == "notifications/tools/list_changed";
    let tag = "io.modelcontextprotocol/subscriptionId";
    let list = told.iter().find(is_list).unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(list["params"]["_meta"][tag], json!(id), "{told:?}");
    let is_line = |it: &&Value| it["method"] == "notifications/message";
    let line = told.iter().find(is_line).unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(line["params"]["level"], json!(level), "{told:?}");
    assert_eq!(line["params"]["logger"], json!("ledger"), "{told:?}");
    assert!(line["params"]["data"].as_str().unwrap().starts_with(text), "{told:?}");
}
