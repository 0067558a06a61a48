//! Lines of figures, and gates over them.

use std::fmt;

/// What is printed at the end.
#[derive(Debug, Default)]
pub(crate) struct Report {
    text: String,
    gates: Vec<(String, f64, f64, f64)>,
}

impl Report {
    /// A heading of a table, and its columns.
    pub(crate) fn table(&mut self, title: &str, columns: &[&str]) {
        self.text += &format!("\n| {title} | {} |\n|---|", columns.join(" | "));
        self.text += &"---:|".repeat(columns.len());
        self.text += "\n";
    }

    /// One line of the table; what is not a number stays empty.
    pub(crate) fn line(&mut self, name: &str, figures: &[f64]) {
        let text = |figure: &f64| match figure.is_nan() {
            true => String::new(),
            false => format!("{figure:.2}"),
        };
        let figures: Vec<String> = figures.iter().map(text).collect();
        self.text += &format!("| {name} | {} |\n", figures.join(" | "));
    }

    /// A ratio with its gate and its goal.
    pub(crate) fn gate(&mut self, what: String, ratio: f64, (gate, goal): (f64, f64)) {
        self.gates.push((what, ratio, gate, goal));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text.trim_start())?;
        for (what, ratio, gate, goal) in &self.gates {
            let word = match ratio {
                ratio if ratio >= goal => "goal",
                ratio if ratio >= gate => "gate",
                _ => "MISSED",
            };
            writeln!(f, "- {word}: {what}: {ratio:.2} (gate {gate}, goal {goal})")?;
        }
        Ok(())
    }
}

/// The middle value.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What a quarter of the values reach: on a machine that is not quiet, those that were left alone.
pub(crate) fn best_quarter(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() * 3 / 4).copied().unwrap_or(f64::NAN)
}
