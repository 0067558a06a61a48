//! Whether two boards have said the same, when neither has said it at the same time.
//!
//! An emulated board lives by the clock of the computer that emulates it, which other programs
//! slow down at will. So what a board says of time itself is left out, what it measures drifts,
//! and everything else has to be equal to the byte.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Members that hold seconds since boot, or until something ends. That nothing is left until then
/// is not a matter of time: a shut valve says 0.
const SINCE: &str = "uptime_s";
const LEFT: &str = "remaining_s";
/// How far two readings of one sensor may be apart, in their larger one. Nothing on the board
/// changes faster than the air under the heater, by 0.012 of 21.5 degrees a second, so this is a
/// difference of a minute and a half; the heater is on for three calls.
const DRIFT: f64 = 0.05;
/// Where the palette stands in a PNG of 48 colours as Base64: it follows 33 bytes of signature and
/// header and has 156 itself, with its length, its name and its checksum.
const PALETTE: std::ops::Range<usize> = 44..252;
const PALETTE_BEGINS: &str = "AAAAkFBMVE";

/// Compares the answers of two boards to the same requests, one by one.
///
/// # Errors
/// When two answers differ, with both of them.
pub(crate) fn compare(one: &[Value], other: &[Value]) -> Result<()> {
    for (at, (one, other)) in one.iter().zip(other).enumerate() {
        let (mut left, mut right) = (one.clone(), other.clone());
        let (near, far) = (without_time(&mut left), without_time(&mut right));
        let close = near.iter().zip(&far).all(|(a, b)| (a - b).abs() <= DRIFT * a.max(*b));
        ensure!(
            left == right && near.len() == far.len() && close,
            "answer {at}: one says\n{one}\nand the other\n{other}"
        );
    }
    ensure!(one.len() == other.len(), "{} answers and {}", one.len(), other.len());
    Ok(())
}

/// Replaces what depends on time by its name, and gives the readings among it in their order.
fn without_time(value: &mut Value) -> Vec<f64> {
    let mut readings = Vec::new();
    replace(value, &mut readings);
    readings
}

fn replace(value: &mut Value, readings: &mut Vec<f64>) {
    match value {
        Value::Object(members) => {
            // One sensor with its unit, or all of them by their names.
            let is_reading = members.len() == 2 && members.contains_key("unit");
            for (name, member) in members.iter_mut() {
                match (name.as_str(), &*member) {
                    (SINCE, Value::Number(_)) => *member = json!("<seconds>"),
                    (LEFT, Value::Number(left)) if left.as_u64() != Some(0) => {
                        *member = json!("<seconds>");
                    }
                    ("value", Value::Number(_)) if is_reading => take(member, readings),
                    ("sensors", Value::Object(_)) => {
                        member.as_object_mut().into_iter().flatten().for_each(|(_, sensor)| {
                            take(sensor, readings);
                        });
                    }
                    ("data", Value::String(_)) => without_palette(member),
                    // The same value once more, as text.
                    ("text", Value::String(text)) => {
                        if let Ok(inner) = serde_json::from_str(text) {
                            *member = inner;
                        }
                        replace(member, readings);
                    }
                    _ => replace(member, readings),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, readings)),
        _ => {}
    }
}

fn take(reading: &mut Value, readings: &mut Vec<f64>) {
    if let Some(number) = reading.as_f64() {
        readings.push(number);
        *reading = json!("<reading>");
    }
}

/// The colours of a picture follow daylight and soil as they were measured. Its pixels, which are
/// numbers of colours, stay.
fn without_palette(data: &mut Value) {
    let begins = |text: &&mut String| {
        text.get(PALETTE).is_some_and(|palette| palette.starts_with(PALETTE_BEGINS))
    };
    if let Value::String(text) = data
        && let Some(text) = Some(text).filter(begins)
    {
        text.replace_range(PALETTE, "<palette>");
    }
}

/// Waits in a conversation until every sensor has been measured: a board that was asked at once
/// has no readings yet.
pub(crate) fn measured() -> impl Iterator<Item = (&'static str, Value)> {
    let sensors = ["temperature", "humidity", "soil", "light", "tank"];
    sensors.into_iter().map(|sensor| ("sensor_read", json!({"sensor": sensor})))
}

/// A picture is among the answers, so that the comparison looks at its pixels.
///
/// # Errors
/// When none is.
pub(crate) fn has_picture(answers: &[Value]) -> Result<()> {
    let is_picture = |answer: &Value| {
        let mut picture = answer["content"][0]["data"].clone();
        without_palette(&mut picture);
        picture.as_str().is_some_and(|data| data.contains("<palette>"))
    };
    answers.iter().find(|answer| is_picture(answer)).map(drop).context("no picture of 48 colours")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{PALETTE, PALETTE_BEGINS, compare, has_picture, without_time};

    fn alike(one: Value, other: Value) -> bool {
        compare(&[one], &[other]).is_ok()
    }

    #[test]
    fn only_time_is_left_out() {
        let text = "{\"uptime_s\":0,\"fan\":4}";
        let mut value = json!({"a": [{"remaining_s": 7}, {"remaining_s": 0}], "text": text});
        assert!(without_time(&mut value).is_empty());
        let seconds = json!("<seconds>");
        assert_eq!(
            value,
            json!({
                "a": [{"remaining_s": seconds}, {"remaining_s": 0}],
                "text": {"uptime_s": seconds, "fan": 4}
            })
        );
    }

    #[test]
    fn a_board_that_has_just_started_says_the_same_as_one_that_runs() {
        assert!(alike(json!({"uptime_s": 0, "fan": 4}), json!({"uptime_s": 9, "fan": 4})));
        assert!(!alike(json!({"uptime_s": 0, "fan": 4}), json!({"uptime_s": 0, "fan": 5})));
        assert!(!alike(json!({"remaining_s": 0}), json!({"remaining_s": 9})));
    }

    #[test]
    fn readings_may_drift_and_no_more() {
        let reading = |value: f64| json!({"value": value, "unit": "celsius"});
        assert!(alike(reading(21.5), reading(21.5)));
        assert!(alike(reading(21.5), reading(22.1)));
        assert!(!alike(reading(21.5), reading(0.0)));
        assert!(!alike(reading(21.5), json!({"value": 21.5, "unit": "percent"})));
        let status = |soil: f64| json!({"text": json!({"sensors": {"soil": soil}}).to_string()});
        assert!(alike(status(40.0), status(39.9)));
        assert!(!alike(status(40.0), status(30.0)));
        assert!(!alike(json!({"percent": 40}), json!({"percent": 41})));
    }

    #[test]
    fn a_picture_is_compared_without_its_colours() {
        let picture = |head: char, palette: char, pixels: char| {
            let rest = PALETTE.len() - PALETTE_BEGINS.len();
            let colours = palette.to_string().repeat(rest);
            let head = head.to_string().repeat(PALETTE.start);
            json!({"content": [{"data": format!("{head}{PALETTE_BEGINS}{colours}{pixels}")}]})
        };
        assert!(alike(picture('a', 'b', 'c'), picture('a', 'd', 'c')));
        assert!(!alike(picture('a', 'b', 'c'), picture('a', 'b', 'd')));
        assert!(!alike(picture('a', 'b', 'c'), picture('d', 'b', 'c')));
        assert!(has_picture(&[json!(1), picture('a', 'b', 'c')]).is_ok());
        assert!(has_picture(&[json!({"content": [{"data": "abc"}]})]).is_err());
    }

    #[test]
    fn a_missing_answer_is_a_difference() {
        assert!(compare(&[json!(1), json!(2)], &[json!(1)]).is_err());
    }
}
