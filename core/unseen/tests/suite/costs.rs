//! Times of large inputs. They are printed by `cargo test -p trine-unseen costs -- --nocapture`.

use std::time::Instant;

use trine_descriptor::{Field, IntRange, Kind, Tool};
use trine_unseen::Table;

use crate::common::{asker, base, check, plain, tool, try_compiled};

fn timed<T>(what: &str, done: impl FnOnce() -> T) -> T {
    let since = Instant::now();
    let done = done();
    let seconds = since.elapsed().as_secs_f64();
    println!("{:8.1} ms {what}", seconds * 1e3);
    // What takes time with the square of its length takes minutes here.
    assert!(seconds < 30.0, "{what} took {seconds} s");
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
    for count in [50, 200] {
        let tools: Vec<Tool<'static>> = plain().into_iter().cycle().take(count).collect();
        let table = timed(&format!("compile {count} tools"), || try_compiled(base(), &tools));
        let table = table.unwrap();
        for sentence in [
            "set the fan to 40 percent",
            "1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h 9 i 1 j 2 k 3 l 4 m 5 n 6 o 7 p",
            // Refused once it was read.
            "1 q 2 w 3 b 4 d 5 e 6 f 7 q 8 w 9 j 1 j 2 k 3 q 4 w 5 n 6 o 7 p 8 w 9 q 1 n 2 n",
            "turn the lamp on and set the fan and heat the room, then note it, then stop",
        ] {
            timed(&format!("ask {count} tools: {sentence}"), || ask(&tools, &table, sentence));
        }
    }
}

#[test]
fn long_texts_compile_in_time_in_proportion_to_them() {
    for size in [10_000, 200_000] {
        let words = "set_".repeat(size / 4);
        let about: &'static str = "a = b, ".repeat(size / 7).leak();
        let choice = |labels: String| Field::new("p", Kind::Choice(labels.leak()));
        let explained = choice("z|y|x|w|v|u|t|s|r|q|p|o".into()).describe(about);
        let number = Field::new("p", Kind::Int(IntRange { min: 0, max: 9 }));
        let number = number.describe(words.replace('_', " ").leak());
        let lists = vec![
            ("one name", tool(&words, "", vec![])),
            ("one description", tool("x", about, vec![])),
            ("two long labels", tool("x", "", vec![choice(format!("{words}a|{words}b"))])),
            ("many labels", tool("x", "", vec![choice(vec!["a"; size / 2].join("|"))])),
            ("labels that a long text explains", tool("x", about, vec![explained; 8])),
            ("a number's description", tool("x", "", vec![number; 8])),
        ];
        for (what, one) in lists {
            _ = timed(&format!("{what}, {size} bytes"), || try_compiled(base(), &[one]));
        }
    }
}
