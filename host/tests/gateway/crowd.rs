//! Programs that use one board at a time, some of which are killed, on a cable that is pulled.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use trine_bits::Random;

use crate::harness::{Gateway, stateless};
use crate::ledger::Ledger;

/// Calls that a program has under way at a time.
const BATCH: usize = 8;

/// A ledger at the end of a cable.
pub(crate) trait Cabled {
    fn ledger(&self) -> &Ledger;
    /// A program that is to have it.
    fn gateway(&self) -> Command;
    fn pull(&mut self);
    fn plug(&mut self);
}

/// Programs that use one port, and how each of their calls has ended.
pub(crate) struct Crowd<P> {
    port: P,
    programs: Vec<Gateway>,
    ends: Vec<&'static str>,
    made: usize,
}

impl<P: Cabled> Crowd<P> {
    pub(crate) fn new(port: P) -> Self {
        let calls = port.ledger().noted.lock().unwrap().len();
        Self { port, programs: Vec::new(), ends: vec![""; calls], made: 0 }
    }

    fn join(&mut self) {
        let mut gateway = Gateway::spawn(&mut self.port.gateway());
        gateway.tools_of(1);
        self.programs.push(gateway);
    }

    /// Each program makes calls; answers the numbers of the calls of each.
    fn call(&mut self) -> Vec<Vec<usize>> {
        let mut all = Vec::new();
        for program in &mut self.programs {
            let numbers: Vec<_> = (self.made..self.ends.len()).take(BATCH).collect();
            self.made += numbers.len();
            for number in &numbers {
                let params = json!({"name": "note", "arguments": {"number": number}});
                program.send(&stateless(&json!(number), "tools/call", params));
            }
            all.push(numbers);
        }
        all
    }

    /// Reads the answers of a program.
    fn answers(&mut self, program: usize, numbers: &[usize]) {
        for _ in numbers {
            let answer = loop {
                let line = self.programs[program].line();
                if line.get("id").is_some() {
                    break line;
                }
            };
            let number = answer["id"].as_u64().unwrap() as usize;
            assert!(numbers.contains(&number), "an answer to another program: {answer}");
            assert_eq!(self.ends[number], "", "a second answer: {answer}");
            let result = &answer["result"];
            let text = result["content"][0]["text"].as_str().unwrap_or_default();
            self.ends[number] = if result["isError"] == false {
                assert_eq!(result["structuredContent"]["number"], json!(number), "another's");
                "done"
            } else if text.contains("outcome unknown") {
                "unknown"
            } else if text.contains("nothing was done") {
                "refused"
            } else {
                panic!("{answer}")
            };
        }
    }

    /// Kills the program that has the port, or the one that came last.
    fn kill(&mut self, which: usize, numbers: &[usize]) {
        let mut killed = self.programs.remove(which);
        killed.child.kill().unwrap();
        while let Some(line) = killed.line_or_end() {
            if let Some(number) = line["id"].as_u64().filter(|_| line["result"]["isError"] == false)
            {
                self.ends[number as usize] = "done";
            }
        }
        for &number in numbers {
            if self.ends[number].is_empty() {
                self.ends[number] = "killed";
            }
        }
    }

    /// Makes all calls, while programs come and are killed and the cable is pulled. No call runs
    /// twice, and each is answered.
    pub(crate) fn play(mut self) {
        let calls = self.ends.len();
        let mut random = Random::new(27);
        while self.made < calls {
            // Two to four programs.
            while self.programs.len() < 2 + random.below(3) {
                self.join();
            }
            let mut all = self.call();
            std::thread::sleep(Duration::from_micros(random.below(4_000) as u64));
            match random.below(6) {
                // The one that came first has the port.
                0 => self.kill(0, &all.remove(0)),
                1 => {
                    let last = self.programs.len() - 1;
                    self.kill(last, &all.remove(last));
                }
                2 => {
                    self.port.pull();
                    std::thread::sleep(Duration::from_millis(random.below(300) as u64));
                    self.port.plug();
                }
                _ => {}
            }
            for (program, numbers) in all.iter().enumerate() {
                self.answers(program, numbers);
            }
        }
        let noted = self.port.ledger().noted.lock().unwrap().clone();
        let count = |end: &str| self.ends.iter().filter(|other| **other == end).count();
        let tally =
            ["done", "unknown", "refused", "killed"].map(|end| format!("{end} {}", count(end)));
        println!("{calls} calls: {}", tally.join(", "));
        for (number, (end, noted)) in self.ends.iter().zip(&noted).enumerate() {
            let is_right = match *end {
                "done" => *noted == 1,
                "refused" => *noted == 0,
                "unknown" | "killed" => *noted <= 1,
                _ => false,
            };
            assert!(is_right, "call {number} ended '{end}' and ran {noted} times");
        }
        // Where the machine is busy, programs take longer to open the port, and refuse until then.
        assert!(count("done") > calls / 10, "hardly any call went through");
    }
}
