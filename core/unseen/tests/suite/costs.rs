//! Times of large inputs, which are printed: `cargo test -p trine-unseen costs -- --nocapture`.

use std::time::Instant;

use trine_descriptor::{Field, Kind, Tool};
use trine_unseen::Table;

use crate::common::{asker, base, check, plain, tool, try_compiled};

fn timed<T>(what: &str, done: impl FnOnce() -> T) -> T {
    let since = Instant::now();
    let done = done();
    println!("{:8.1} ms {what}", since.elapsed().as_secs_f64() * 1e3);
    done
}

fn ask(tools: &[Tool<'_>], table: &[u8], sentence: &str) {
    let table = Table::parse(table, base(), None).unwrap();
    let mut asker = asker();
    if let Ok(answer) = asker.ask(base(), &table, sentence.as_bytes()) {
        check(tools, &answer, sentence.as_bytes());
    }
}

#[test]
fn asking_takes_time_in_proportion_to_tools() {
    for count in [50, 100, 200, 400] {
        let tools: Vec<Tool<'static>> = plain().into_iter().cycle().take(count).collect();
        let table = timed(&format!("compile {count} tools"), || try_compiled(base(), &tools));
        let table = table.unwrap();
        for sentence in [
            "set the fan to 40 percent",
            "1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h 9 i 1 j 2 k 3 l 4 m 5 n 6 o 7 p",
            // Refused when it was read.
            "1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h 9 i 1 j 2 k 3 l 4 m 5 n 6 o 7 p and so",
            "turn the lamp on and set the fan and heat the room, then note it, then stop",
        ] {
            timed(&format!("ask {count} tools: {sentence}"), || ask(&tools, &table, sentence));
        }
    }
}

#[test]
fn long_texts_compile_in_time_in_proportion_to_them() {
    for size in [10_000, 100_000, 1_000_000] {
        let words = "set_".repeat(size / 4);
        let two = format!("{words}a|{words}b");
        let many = vec!["a"; size / 2].join("|");
        let about = "a = b, ".repeat(size / 7);
        let lists: [(&str, Tool<'static>); 5] = [
            ("one name", tool(&words, "", vec![])),
            ("one description", tool("x", &about, vec![])),
            ("two long labels", tool("x", "", vec![Field::new("p", Kind::Choice(two.leak()))])),
            ("many labels", tool("x", "", vec![Field::new("p", Kind::Choice(many.leak()))])),
            (
                "labels that a long text explains",
                tool(
                    "x",
                    &about,
                    vec![
                        Field::new("p", Kind::Choice("z|y|x|w|v|u|t|s|r|q|p|o"))
                            .describe(about.clone().leak());
                        8
                    ],
                ),
            ),
        ];
        for (what, one) in lists {
            _ = timed(&format!("{what}, {size} bytes"), || try_compiled(base(), &[one]));
        }
        let number = Field::new("p", Kind::Int(trine_descriptor::IntRange { min: 0, max: 9 }));
        let number = number.describe(words.replace('_', " ").leak());
        let one = tool("x", "", vec![number]);
        _ = timed(&format!("a number's description, {size}"), || try_compiled(base(), &[one]));
    }
}
