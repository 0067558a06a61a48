//! The greenhouse's state in memory and what each tool does to it.

use std::time::{Duration, Instant};

use rmcp::model::JsonObject;
use serde_json::{Value, json};

const VALVES: [&str; 4] = ["north", "south", "drip", "mist"];
const TIMERS_MAX: usize = 4;

/// How long the slow tools take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As on the board: two seconds for the vent, one for a sensor.
    Real,
    /// At once, for comparisons.
    Instant,
}

impl Pace {
    /// The wait before the answer of a tool.
    pub fn wait(self, tool: &str) -> Duration {
        match (self, tool) {
            (Self::Real, "vent_move") => Duration::from_secs(2),
            (Self::Real, "sensor_read") => Duration::from_secs(1),
            _ => Duration::ZERO,
        }
    }
}

/// A sentence for the caller: the call was well formed, but the board does not do it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

#[derive(Debug, Clone, Copy, Default)]
struct Lamp {
    on: bool,
    brightness: i64,
}

#[derive(Debug, Clone)]
struct Countdown {
    id: u8,
    label: Option<String>,
    end: Instant,
}

/// The whole state of the greenhouse.
#[derive(Debug)]
pub struct Greenhouse {
    boot: Instant,
    lamps: [(&'static str, Lamp); 3],
    fan_percent: i64,
    heat_celsius: Option<f64>,
    vent_degrees: i64,
    timers: Vec<Countdown>,
    last_timer_id: u8,
    display: [String; 4],
    calls_entered: u64,
}

impl Default for Greenhouse {
    fn default() -> Self {
        Self {
            boot: Instant::now(),
            lamps: ["grow", "door", "status"].map(|name| (name, Lamp::default())),
            fan_percent: 0,
            heat_celsius: None,
            vent_degrees: 0,
            timers: Vec::new(),
            last_timer_id: 0,
            display: Default::default(),
            calls_entered: 0,
        }
    }
}

impl Greenhouse {
    /// Runs a tool whose arguments have been checked; `camera_snap` is the server's own.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] when a person is needed or nothing is free.
    pub fn enter(&mut self, tool: &str, arguments: &JsonObject) -> Result<Value, Refusal> {
        if tool == "valve_open" {
            // Water flows at once, so no program may open a valve on its own word; the tool's code
            // is not reached and the counter stands.
            return Err(Refusal(
                "valve_open: a person at the board must agree first; nothing was opened".into(),
            ));
        }
        self.calls_entered += 1;
        let arguments = Arguments(arguments);
        match tool {
            "light_set" => Ok(self.light_set(&arguments)),
            "fan_set" => {
                self.fan_percent = arguments.integer("percent", 0);
                Ok(json!({ "percent": self.fan_percent }))
            }
            "climate_set" => Ok(self.climate_set(&arguments)),
            "valve_close" => Ok(json!({ "valve": arguments.text("valve") })),
            "vent_move" => {
                self.vent_degrees = arguments.integer("degrees", 0);
                Ok(json!({ "degrees": self.vent_degrees }))
            }
            "sensor_read" => Ok(self.sensor_read(arguments.text("sensor"))),
            "timer_start" => self.timer_start(&arguments),
            "display_show" => Ok(self.display_show(&arguments)),
            "board_status" => Ok(self.status()),
            _ => Err(Refusal(format!("{tool}: this board has no such function"))),
        }
    }

    /// Counts a call that the server itself answers.
    pub fn count_entry(&mut self) {
        self.calls_entered += 1;
    }

    fn light_set(&mut self, arguments: &Arguments<'_>) -> Value {
        let (light, on) = (arguments.text("light"), arguments.truth("on"));
        let brightness = if on { arguments.integer("brightness", 100) } else { 0 };
        for (name, lamp) in &mut self.lamps {
            if light == "all" || light == *name {
                *lamp = Lamp { on, brightness };
            }
        }
        json!({ "light": light, "on": on, "brightness": brightness })
    }

    fn climate_set(&mut self, arguments: &Arguments<'_>) -> Value {
        self.heat_celsius =
            if arguments.text("mode") == "heat" { arguments.number("celsius") } else { None };
        self.climate()
    }

    fn climate(&self) -> Value {
        match self.heat_celsius {
            Some(celsius) => json!({ "mode": "heat", "celsius": celsius }),
            None => json!({ "mode": "off" }),
        }
    }

    fn sensor_read(&self, sensor: &str) -> Value {
        let unit = match sensor {
            "temperature" => "celsius",
            "light" => "lux",
            _ => "percent",
        };
        json!({ "value": self.sensor(sensor), "unit": unit })
    }

    fn sensor(&self, sensor: &str) -> f64 {
        match sensor {
            "temperature" => self.heat_celsius.unwrap_or(18.5),
            "humidity" => 55.0,
            "soil" => 41.5,
            "light" => 1200.0,
            _ => 80.0,
        }
    }

    fn timer_start(&mut self, arguments: &Arguments<'_>) -> Result<Value, Refusal> {
        let now = Instant::now();
        self.timers.retain(|timer| timer.end > now);
        if self.timers.len() >= TIMERS_MAX {
            return Err(Refusal("timer_start: four timers run already; wait for one".into()));
        }
        let seconds = arguments.integer("seconds", 1);
        let id = self.last_timer_id.checked_add(1).unwrap_or(1);
        self.last_timer_id = id;
        let label = arguments.0.get("label").and_then(Value::as_str).map(str::to_owned);
        let end = now + Duration::from_secs(seconds.unsigned_abs());
        self.timers.push(Countdown { id, label, end });
        Ok(json!({ "timer_id": id, "ends_in_s": seconds }))
    }

    fn display_show(&mut self, arguments: &Arguments<'_>) -> Value {
        let line = arguments.integer("line", 1);
        let index = usize::try_from(line - 1).unwrap_or(0);
        if let Some(slot) = self.display.get_mut(index) {
            *slot = arguments.text("text").to_owned();
        }
        json!({ "line": line })
    }

    fn status(&self) -> Value {
        let now = Instant::now();
        let lights: serde_json::Map<String, Value> = self
            .lamps
            .iter()
            .map(|(name, lamp)| {
                ((*name).to_owned(), json!({ "on": lamp.on, "brightness": lamp.brightness }))
            })
            .collect();
        let valves: serde_json::Map<String, Value> = VALVES
            .iter()
            .map(|name| ((*name).to_owned(), json!({ "open": false, "remaining_s": 0 })))
            .collect();
        let timers: Vec<Value> = self
            .timers
            .iter()
            .filter(|timer| timer.end > now)
            .map(|timer| timer.show(now))
            .collect();
        json!({
            "lights": lights,
            "fan_percent": self.fan_percent,
            "climate": self.climate(),
            "valves": valves,
            "vent_degrees": self.vent_degrees,
            "sensors": {
                "temperature": self.sensor("temperature"),
                "humidity": self.sensor("humidity"),
                "soil": self.sensor("soil"),
                "light": self.sensor("light"),
                "tank": self.sensor("tank"),
            },
            "timers": timers,
            "display": self.display,
            "uptime_s": self.boot.elapsed().as_secs(),
            "calls_entered": self.calls_entered,
        })
    }
}

impl Countdown {
    fn show(&self, now: Instant) -> Value {
        let left = self.end.saturating_duration_since(now).as_secs_f64().ceil();
        let mut value = json!({ "timer_id": self.id, "remaining_s": left as u64 });
        if let Some(label) = &self.label {
            value["label"] = json!(label);
        }
        value
    }
}

/// Checked arguments: what the schema guarantees is read without asking again.
struct Arguments<'a>(&'a JsonObject);

impl Arguments<'_> {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn truth(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Value::as_f64)
    }

    /// An integer, which JSON Schema also finds in `40.0` and `4e1`.
    fn integer(&self, name: &str, default: i64) -> i64 {
        let value = self.0.get(name);
        value
            .and_then(|value| value.as_i64().or_else(|| value.as_f64().map(|float| float as i64)))
            .unwrap_or(default)
    }
}
