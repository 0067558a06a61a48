//! A picture of the board in text, drawn from the answer of `board_status`.

use serde_json::Value;

/// Columns inside the frame.
const INSIDE: usize = 70;
/// Cells of a bar.
const BAR: usize = 10;
const VALVES: [&str; 4] = ["north", "south", "drip", "mist"];

/// The lines of the panel.
pub(super) fn lines(state: &Value) -> Vec<String> {
    let mut rows = Vec::new();
    let lamp = |name: &str| number(&state["lights"][name]["brightness"]);
    let sensor = |name: &str, unit: &str| {
        format!("{name:<12}{:>7} {unit}", state["sensors"][name].to_string())
    };
    let left = [
        format!("grow lamp   {}", bar(lamp("grow"), 100, "%")),
        format!("door lamp   {}", bar(lamp("door"), 100, "%")),
        format!("status lamp {}", bar(lamp("status"), 100, "%")),
        format!("fan         {}", bar(number(&state["fan_percent"]), 100, "%")),
        format!("roof vent   {}", bar(number(&state["vent_degrees"]), 90, "deg")),
    ];
    let right = [
        sensor("temperature", "C"),
        sensor("humidity", "%"),
        sensor("soil", "%"),
        sensor("light", "lux"),
        sensor("tank", "%"),
    ];
    rows.extend(left.iter().zip(&right).map(|(left, right)| format!("{left:<36}{right}")));
    rows.push(String::new());
    rows.push(format!("heater      {}", heater(&state["climate"])));
    let valves: Vec<_> = VALVES.iter().map(|name| valve(name, &state["valves"][name])).collect();
    rows.push(format!("valves      {}", valves.join("   ")));
    rows.push(format!("timers      {}", timers(&state["timers"])));
    for (line, text) in state["display"].as_array().into_iter().flatten().enumerate() {
        let label = if line == 0 { "display" } else { "" };
        rows.push(format!("{label:<12}|{:<32}|", text.as_str().unwrap_or_default()));
    }
    let edge = |left, right| format!("{left}{}{right}", "─".repeat(INSIDE + 2));
    let mut framed = vec![edge('┌', '┐')];
    framed.extend(rows.iter().map(|row| format!("│ {row:<INSIDE$} │")));
    framed.push(edge('└', '┘'));
    framed
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn bar(value: u64, full: u64, unit: &str) -> String {
    let cells = usize::try_from(value * BAR as u64 / full.max(1)).unwrap_or(BAR).min(BAR);
    format!("{}{} {value:>3} {unit}", "█".repeat(cells), "░".repeat(BAR - cells))
}

fn heater(climate: &Value) -> String {
    match climate["celsius"].as_f64() {
        Some(celsius) => format!("to {celsius} C"),
        None => "off".to_owned(),
    }
}

fn valve(name: &str, valve: &Value) -> String {
    if valve["open"] == true {
        format!("{name} OPEN {} s", number(&valve["remaining_s"]))
    } else {
        format!("{name} shut")
    }
}

fn timers(timers: &Value) -> String {
    let running: Vec<_> = timers
        .as_array()
        .into_iter()
        .flatten()
        .map(|timer| {
            let label = timer["label"].as_str().unwrap_or("timer");
            format!("{label} {} s", number(&timer["remaining_s"]))
        })
        .collect();
    if running.is_empty() { "none".to_owned() } else { running.join("   ") }
}
