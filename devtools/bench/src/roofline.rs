//! How near a model is to what the machine allows, by `trine bench --roofline`.

use anyhow::{Context, Result};
use devtools::record::{Figures, Record};
use devtools::{Gates, sh};
use devtools_gpu::build::target_dir;
use serde_json::Value;

use crate::model::{FULL, SMALL, built, made, measured, number};

/// The least share of reading that decoding after 128 tokens reaches, and the wanted one.
const READING: [f64; 2] = [0.75, 0.92];
/// The same of speeds after many tokens beside those after 128, by what is measured.
const FAR: [(&str, u64, [f64; 2]); 2] =
    [("prefill", 2048, [0.75, 0.85]), ("decode", 4064, [0.72, 0.80])];

/// The most of the time that is neither products nor attention, of a prompt and of decoding.
const REST: [(&str, f64); 2] = [("prefill", 0.15), ("decode", 0.10)];

/// `cargo xtask bench model roofline`: on one thread and on two. A small model says whether it
/// works, and no gate is asked of it.
pub fn main(keep: bool, small: bool) -> Result<()> {
    let record = Record::begin("model roofline", Figures::Times, keep)?;
    let shape = if small { SMALL } else { FULL };
    let trine = built()?;
    let model = made(sh::command(&trine), &target_dir().join("models"), &shape, "q6_k")?;
    let mut text = format!(
        "`trine model make {} --head q6_k`, then `trine bench FILE --roofline`: tokens a second, \
         and those that the machine allows. Keys and values are kept as they are by default.\n\n",
        shape.make
    );
    let mut gates = Gates::default();
    for threads in ["1", "2"] {
        let options = ["--roofline", "--threads", threads];
        let found = measured(sh::command(&trine), &model, &options)?;
        text += &table(threads, &found)?;
        let prompt = if small { "128" } else { "512" };
        let options = ["--profile", "--threads", threads, "--prompt", prompt];
        let profile = measured(sh::command(&trine), &model, &options)?;
        text += &stages(&format!("threads: {threads}, {prompt} tokens"), &profile)?;
        if !small {
            ask(&mut gates, threads, &found)?;
            ask_rest(&mut gates, threads, &profile)?;
        }
    }
    text += &gates.text;
    record.end(&text)?;
    gates.check()
}

fn table(threads: &str, found: &Value) -> Result<String> {
    let giga = |pointer| number(found, pointer).map(|rate| rate / 1e9);
    let mut text = format!(
        "Threads: {threads}. Memory: {:.1} GB/s. Products of ternary weights: {:.0} Gmac/s; of \
         attention, {:.0} in half precision, {:.0} in int8.\n\n\
         | threads: {threads} | tokens a second | allowed | share |\n|---|---:|---:|---:|\n",
        giga("/read_bytes_per_s")?,
        giga("/products_per_s")?,
        giga("/attention_per_s/f16")?,
        giga("/attention_per_s/i8")?
    );
    for point in points(found)? {
        let [speed, allowed, share] =
            ["/tokens_per_s", "/allowed_per_s", "/share"].map(|pointer| number(point, pointer));
        let (what, prompt) = (point["what"].as_str().unwrap_or_default(), &point["prompt"]);
        let row = format!("{:.1} | {:.1} | {:.2}", speed?, allowed?, share?);
        text += &format!("| {what} {prompt} | {row} |\n");
    }
    Ok(text + "\n")
}

/// Where the time goes, as shares.
fn stages(title: &str, profile: &Value) -> Result<String> {
    let mut text = format!("| share of the time, {title} | prefill | decode |\n|---|---:|---:|\n");
    let share = |what: &str, name: &str| {
        let of = &profile[what];
        let stages = of["stages"].as_array().context("no stages")?;
        let seconds = stages.iter().find(|it| it["stage"] == name);
        let seconds = seconds.and_then(|it| it["seconds"].as_f64()).unwrap_or(0.0);
        Ok::<f64, anyhow::Error>(seconds / number(of, "/seconds")?)
    };
    for stage in profile["decode"]["stages"].as_array().context("no stages")? {
        let name = stage["stage"].as_str().context("a stage without a name")?;
        let [prefill, decode] = ["prefill", "decode"].map(|what| share(what, name));
        text += &format!("| {name} | {:.3} | {:.3} |\n", prefill?, decode?);
    }
    let [prefill, decode] = ["/prefill/rest", "/decode/rest"].map(|rest| number(profile, rest));
    text += &format!("| neither products nor attention | {:.3} | {:.3} |\n\n", prefill?, decode?);
    Ok(text)
}

fn ask_rest(gates: &mut Gates, threads: &str, profile: &Value) -> Result<()> {
    for (what, most) in REST {
        let rest = number(profile, &format!("/{what}/rest"))?;
        gates.at_most(
            format!("{what}: neither products nor attention, threads: {threads}"),
            rest,
            most,
        );
    }
    Ok(())
}

fn points(found: &Value) -> Result<&Vec<Value>> {
    found["points"].as_array().context("no points")
}

fn ask(gates: &mut Gates, threads: &str, found: &Value) -> Result<()> {
    let points = points(found)?;
    let of = |what: &str, prompt: u64, pointer: &str| {
        let point = points.iter().find(|it| it["what"] == what && it["prompt"] == prompt);
        number(point.with_context(|| format!("no {what} of {prompt}"))?, pointer)
    };
    let share = of("decode", 128, "/share")?;
    gates.at_least(format!("decode after 128 of reading, threads: {threads}"), share, READING);
    for (what, prompt, wanted) in FAR {
        let speed = |prompt| of(what, prompt, "/tokens_per_s");
        let share = speed(prompt)? / speed(128)?;
        gates.at_least(format!("{what} {prompt} of 128's, threads: {threads}"), share, wanted);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use devtools::Gates;
    use serde_json::{Value, json};

    use super::{ask, table};

    fn found(decode: f64, far: f64) -> Value {
        let point = |what, prompt: u64, speed: f64| {
            json!({ "what": what, "prompt": prompt, "tokens_per_s": speed,
                    "allowed_per_s": 100.0, "share": speed / 100.0 })
        };
        json!({ "read_bytes_per_s": 4.0e10, "products_per_s": 9.0e11,
                "attention_per_s": { "f16": 1.0e11, "i8": 3.0e11 },
                "points": [point("prefill", 128, 90.0), point("decode", 128, decode),
                           point("prefill", 2048, far), point("decode", 4064, 60.0)] })
    }

    #[test]
    fn speeds_stand_beside_what_is_allowed_and_gates_are_asked() {
        let text = table("2", &found(80.0, 70.0)).unwrap();
        assert!(text.contains("| decode 128 | 80.0 | 100.0 | 0.80 |\n"), "{text}");
        let checked = |decode, far| {
            let mut gates = Gates::default();
            ask(&mut gates, "2", &found(decode, far)).unwrap();
            gates.check().is_ok()
        };
        assert!(checked(80.0, 70.0));
        assert!(!checked(74.0, 70.0), "decoding is far from reading");
        assert!(!checked(80.0, 60.0), "a long prompt is slow");
    }
}
