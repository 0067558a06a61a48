//! Spike: one call through COBS and a dispatcher, the same code on the host and on a Cortex-M4.
#![no_std]
#![forbid(unsafe_code)]

/// COBS-encodes `body` into `out` with the closing zero; returns the length.
pub fn encode(body: &[u8], out: &mut [u8]) -> Option<usize> {
    let (mut code_at, mut at, mut code) = (0, 1, 1u8);
    for &byte in body {
        if byte != 0 {
            *out.get_mut(at)? = byte;
            at += 1;
            code += 1;
        }
        if byte == 0 || code == 255 {
            *out.get_mut(code_at)? = code;
            (code_at, at, code) = (at, at + 1, 1);
        }
    }
    *out.get_mut(code_at)? = code;
    *out.get_mut(at)? = 0;
    Some(at + 1)
}

/// Decodes one COBS frame (without its zero) in place; returns the length.
pub fn decode(buf: &mut [u8], len: usize) -> Option<usize> {
    let (mut from, mut to) = (0, 0);
    while from < len {
        let code = *buf.get(from)? as usize;
        if code == 0 || from + code > len {
            return None;
        }
        buf.copy_within(from + 1..from + code, to);
        (from, to) = (from + code, to + code - 1);
        if code != 255 && from < len {
            *buf.get_mut(to)? = 0;
            to += 1;
        }
    }
    Some(to)
}

/// Serves `[tool, percent]`; answers `[status, value]`: 0 done, 1 unknown tool, 2 above the bound.
pub fn dispatch(request: &[u8], fan: &mut u8) -> [u8; 2] {
    match *request {
        [1, percent] if percent <= 100 => {
            *fan = percent;
            [0, *fan]
        }
        [1, _] => [2, 100],
        _ => [1, 0],
    }
}

/// One framed request in, one framed answer out.
pub fn serve(frame: &mut [u8], len: usize, fan: &mut u8, out: &mut [u8]) -> Option<usize> {
    let n = decode(frame, len)?;
    encode(&dispatch(frame.get(..n)?, fan), out)
}
