//! Figures against their bounds: which hold, and which are missed.

use std::fmt::Display;

use anyhow::{Result, ensure};

/// A list of gates in Markdown, and those that are missed.
#[derive(Debug, Default)]
pub struct Gates {
    /// The list.
    pub text: String,
    missed: Vec<String>,
}

impl Gates {
    /// Notes whether something holds.
    pub fn holds(&mut self, what: impl Display, holds: bool) {
        self.text += &format!("- {}: {what}\n", if holds { "met" } else { "MISSED" });
        if !holds {
            self.missed.push(what.to_string());
        }
    }

    /// Notes a figure that may not pass its gate.
    pub fn at_most(&mut self, what: impl Display, figure: f64, gate: f64) {
        self.holds(format!("{what}: {figure:.2} (at most {gate})"), figure <= gate);
    }

    /// Notes a figure that must reach its gate, and should reach its goal.
    pub fn at_least(&mut self, what: impl Display, figure: f64, [gate, goal]: [f64; 2]) {
        let place = if figure >= goal { ", goal reached" } else { "" };
        let what = format!("{what}: {figure:.2} (gate {gate}, goal {goal}){place}");
        self.holds(what, figure >= gate);
    }

    /// Prints the list, and fails with all gates that are missed.
    pub fn conclude(&self) -> Result<()> {
        println!("\n{}", self.text);
        self.check()
    }

    /// Fails with all gates that are missed.
    pub fn check(&self) -> Result<()> {
        ensure!(self.missed.is_empty(), "missed: {}", self.missed.join("; "));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Gates;

    #[test]
    fn what_is_missed_is_told_and_fails() {
        let mut gates = Gates::default();
        gates.at_most("size", 2.0, 2.0);
        gates.check().unwrap();
        gates.at_least("speed", 2.5, [2.0, 2.5]);
        gates.at_least("decode", 1.5, [1.9, 2.3]);
        gates.at_most("nothing", f64::NAN, 0.0);
        let wanted = "- met: size: 2.00 (at most 2)\n\
                      - met: speed: 2.50 (gate 2, goal 2.5), goal reached\n\
                      - MISSED: decode: 1.50 (gate 1.9, goal 2.3)\n\
                      - MISSED: nothing: NaN (at most 0)\n";
        assert_eq!(gates.text, wanted);
        let missed = "missed: decode: 1.50 (gate 1.9, goal 2.3); nothing: NaN (at most 0)";
        assert_eq!(gates.check().unwrap_err().to_string(), missed);
    }
}
