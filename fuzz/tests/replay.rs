//! What fuzzers have found, and what they start from, played again without them.

use trine_fuzz::{FOLDER, TARGETS};

/// Names the input where one breaks something.
struct Told<'i>(&'i str, &'i [u8]);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let hex: String = self.1.iter().map(|byte| format!("{byte:02x}")).collect();
            println!("{}: {hex}", self.0);
        }
    }
}

fn play(name: &str, run: fn(&[u8]), input: &[u8]) {
    let _told = Told(name, input);
    run(input);
}

fn read(folder: &str, target: &str) -> Vec<Vec<u8>> {
    let path = format!("{FOLDER}/{folder}/{target}.hex");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    inputs(&text).unwrap_or_else(|line| panic!("{path}: line {line} is not hexadecimal"))
}

/// The inputs of a file of hexadecimal lines; `#` starts a comment. Or the number of the first line
/// that is something else.
fn inputs(text: &str) -> Result<Vec<Vec<u8>>, u32> {
    let mut inputs = Vec::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        let digits = line.split('#').next().unwrap_or_default().trim();
        if !digits.is_empty() {
            inputs.push(bytes(digits).ok_or(number)?);
        }
    }
    Ok(inputs)
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[test]
fn every_input_of_the_corpus_is_still_taken() {
    for (name, run) in TARGETS {
        let inputs = read("corpus", name);
        assert!(inputs.len() >= 20, "{name} has {} inputs", inputs.len());
        inputs.iter().for_each(|input| play(name, *run, input));
    }
}

#[test]
fn what_was_found_once_stays_mended() {
    for (name, run) in TARGETS {
        read("regressions", name).iter().for_each(|input| play(name, *run, input));
    }
}

/// Each input cut short, and with each byte turned over.
#[test]
fn the_neighbours_of_each_input_are_taken_too() {
    for (name, run) in TARGETS {
        for input in read("corpus", name).iter().filter(|input| input.len() < 200) {
            for at in 0..input.len() {
                play(name, *run, &input[..at]);
                let mut turned = input.clone();
                turned[at] ^= 1 << (at % 8);
                play(name, *run, &turned);
            }
        }
    }
}
