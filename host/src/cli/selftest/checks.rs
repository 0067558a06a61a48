//! The link, the list, the clock, the memory.

use std::time::{Duration, Instant};

use serde_json::json;
use trine_bits::Random;
use trine_gateway::device::{FactoryResult, factory_op as op};

use super::{Bench, Check, Verdict};

/// The clock is watched for so long.
const CLOCK_TIME: Duration = Duration::from_millis(1_000);
/// How far it may be off: a crystal is far better, an RC oscillator of a chip about so bad; and
/// what asking takes comes to it.
const CLOCK_OFF: f64 = 0.03;
const CLOCK_SLACK_MS: f64 = 50.0;
/// Bytes around an echo's argument in the device's answer and in our question.
const ECHO_HEAD: usize = 32;
/// Longest echo that is tried.
const ECHO_MAX: usize = 1_024;
/// Stretches of noise, and bytes of each.
const NOISES: usize = 16;
const NOISE_LEN: usize = 97;

/// Runs all checks of this file.
pub(super) fn all(bench: &Bench<'_>, done: &mut dyn FnMut(Check)) {
    done(identity(bench));
    if !bench.device.has_factory() {
        done(Check::new("factory", Verdict::Skip, "the device has no factory operations"));
        return;
    }
    done(echo(bench));
    done(list(bench));
    done(clock(bench));
    done(memory(bench));
    done(noise(bench));
    own(bench, done);
}

fn identity(bench: &Bench<'_>) -> Check {
    let identity = bench.device.identity().unwrap_or_default();
    let parts = [
        ("product", &identity.product),
        ("serial number", &identity.serial),
        ("firmware version", &identity.firmware),
    ];
    let missing = parts.iter().find(|(_, text)| text.is_empty());
    let problem = missing.map(|(name, _)| format!("the device does not say its {name}"));
    Check::of("identity", format!("{} {}", identity.product, identity.serial), problem)
}

/// What an echo of these bytes came to: nothing, or what is wrong with it.
fn echoed(bench: &Bench<'_>, bytes: &[u8]) -> Result<FactoryResult, String> {
    let len = bytes.len();
    match bench.device.factory(op::ECHO, bytes, bench.patience) {
        None => Err(format!("an echo of {len} bytes is not answered")),
        Some(found) if found.code == 0 && found.bytes != bytes => {
            Err(format!("an echo of {len} bytes comes back changed"))
        }
        Some(found) => Ok(found),
    }
}

/// Every byte value, every length, and the patterns that lines are bad at.
fn echo(bench: &Bench<'_>) -> Check {
    let most = bench.device.message_max().saturating_sub(ECHO_HEAD).min(ECHO_MAX);
    let (mut longest, mut sent, mut again) = (0, 0, 0);
    let mut try_ = |bytes: &[u8]| -> Result<bool, String> {
        let found = echoed(bench, bytes)?;
        (sent, again) = (sent + 1, again + found.tries - 1);
        Ok(found.code == 0)
    };
    let problem = (|| {
        for len in 0..=most {
            let bytes: Vec<u8> = (0..len).map(|at| (at * 7 + len) as u8).collect();
            if !try_(&bytes)? {
                // More than the device gives back in one piece.
                break;
            }
            longest = len;
        }
        if longest == 0 {
            return Err("the device echoes nothing".to_owned());
        }
        let values: Vec<u8> = (0..=u8::MAX).collect();
        for bytes in values.chunks(longest) {
            try_(bytes)?;
        }
        for pattern in [0x00, 0xff, 0x55, 0xaa, 0x01, 0x80] {
            try_(&vec![pattern; longest])?;
        }
        Ok(())
    })();
    let text = format!("{sent} echoes of 0 to {longest} bytes, every byte value");
    let figures = json!({ "echoes": sent, "longestBytes": longest, "askedAgain": again });
    Check::of("echo", text, problem.err()).with(figures)
}

fn list(bench: &Bench<'_>) -> Check {
    let bytes = bench.device.table().map_or(0, |table| table.list_len());
    let problem = match bench.device.factory(op::LIST, &[], bench.patience) {
        Some(FactoryResult { code: 0, .. }) => None,
        Some(FactoryResult { code: 1, .. }) => {
            Some("its list of tools has changed in memory".to_owned())
        }
        _ => Some("the list of tools cannot be checked".to_owned()),
    };
    let text = format!("{bytes} bytes of descriptors are as announced");
    Check::of("list", text, problem).with(json!({ "bytes": bytes }))
}

/// Numbers of an answer.
fn numbers(found: Option<FactoryResult>) -> Option<Vec<u64>> {
    let found = found.filter(|found| found.code == 0)?;
    let (mut all, mut number, mut shift) = (Vec::new(), 0u64, 0);
    for byte in found.bytes {
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte < 0x80 {
            all.push(number);
            (number, shift) = (0, 0);
        }
    }
    Some(all)
}

fn clock(bench: &Bench<'_>) -> Check {
    let read = || -> Option<(u64, Instant)> {
        let found = bench.device.factory(op::CLOCK, &[], bench.patience);
        Some((*numbers(found)?.first()?, Instant::now()))
    };
    let first = read();
    std::thread::sleep(CLOCK_TIME);
    let Some(((start, since), (end, _))) = first.zip(read()) else {
        return Check::new("clock", Verdict::Fail, "the clock cannot be read");
    };
    let ours = since.elapsed().as_secs_f64() * 1e3 * f64::from(bench.time_scale);
    let its = end.saturating_sub(start);
    let off = (its as f64 - ours).abs();
    let slack = CLOCK_SLACK_MS * f64::from(bench.time_scale);
    let problem = (off > ours * CLOCK_OFF + slack)
        .then(|| format!("{its} ms by its clock are {ours:.0} by ours"));
    let figures = json!({ "deviceMs": its, "hostMs": ours.round() as u64 });
    Check::of("clock", format!("{its} ms of its time are {ours:.0} of ours"), problem).with(figures)
}

fn memory(bench: &Bench<'_>) -> Check {
    let found = numbers(bench.device.factory(op::MEMORY, &[], bench.patience));
    let Some([given, used, received, sent, calls]) = found.as_deref() else {
        return Check::new("memory", Verdict::Fail, "the high-water marks cannot be read");
    };
    let lost = bench.device.status(bench.patience).map(|status| status.bytes_lost);
    let problem = if used > given {
        Some(format!("{used} of {given} bytes are used"))
    } else {
        lost.filter(|lost| *lost > 0)
            .map(|lost| format!("{lost} received bytes were lost: the receive ring is too small"))
    };
    let text = format!("{used} of {given} bytes; at most {received} received, {sent} to send");
    Check::of("memory", text, problem).with(json!({
        "givenBytes": given,
        "usedBytes": used,
        "receivedHighWaterBytes": received,
        "sendHighWaterBytes": sent,
        "pendingHighWaterCalls": calls,
    }))
}

/// After noise of any kind the next message is served.
fn noise(bench: &Bench<'_>) -> Check {
    let before = bench.device.status(bench.patience).unwrap_or_default();
    let mut problem = None;
    let mut random = Random::new(1);
    for stretch in 0..NOISES {
        let noise: Vec<u8> = (0..NOISE_LEN)
            .map(|_| {
                // Half of them without a zero, so that the next frame ends them.
                let byte = random.bits() as u8;
                if stretch % 2 == 0 { byte.max(1) } else { byte }
            })
            .collect();
        bench.device.noise(&noise);
        match echoed(bench, b"after noise") {
            Ok(found) if found.tries == 1 && found.code == 0 => {}
            Ok(_) => problem = Some("a message after noise is not served".to_owned()),
            Err(why) => {
                problem = Some(format!("after noise {why}"));
                // Who is silent now is waited for once.
                break;
            }
        }
    }
    let after = bench.device.status(bench.patience).unwrap_or_default();
    let bad = after.frames_bad.wrapping_sub(before.frames_bad);
    let problem = problem.or_else(|| {
        (bad == 0).then(|| "the device has not noticed the noise: it counts no bad frame".into())
    });
    let text = format!("{NOISES} stretches of noise, {bad} bad frames counted, all served after");
    Check::of("noise", text, problem).with(json!({ "stretches": NOISES, "badFrames": bad }))
}

/// Operations of the product's own, from the first to the first that there is not.
fn own(bench: &Bench<'_>, done: &mut dyn FnMut(Check)) {
    for op in op::OWN..=u8::MAX {
        let Some(found) = bench.device.factory(op, &[], bench.patience) else {
            done(Check::new(format!("operation {op}"), Verdict::Fail, "is not answered"));
            return;
        };
        let hex: String = found.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let verdict = match found.code {
            0 => Verdict::Pass,
            1 => Verdict::Fail,
            _ => return,
        };
        let text = if hex.is_empty() { "no bytes".to_owned() } else { hex.clone() };
        done(Check::new(format!("operation {op}"), verdict, text).with(json!({ "bytes": hex })));
    }
}
