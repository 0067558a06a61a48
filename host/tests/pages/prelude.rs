//! The example in Rust of README.md compiles with the prelude alone.

use trine::prelude::*;

use crate::shown::read;

// The example.
/// Multiply two numbers.
#[derive(Tool)]
#[trine(title = "Multiply", read_only, output = Product)]
struct Multiply {
    /// The first number.
    #[trine(min = -1000, max = 1000)]
    a: i32,
    /// The second one.
    #[trine(min = -1000, max = 1000, default = 2)]
    b: i32,
}

#[derive(Record)]
struct Product {
    /// One times the other.
    #[trine(min = -1_000_000, max = 1_000_000)]
    product: i32,
}

static TOOLS: [Tool<'static>; 1] = [Multiply::TOOL];
// Its end.

#[test]
fn the_example_of_the_readme_compiles_with_the_prelude_and_multiplies() {
    let here = include_str!("prelude.rs").split_once("// The example.\n").unwrap().1;
    let example = here.split_once("// Its end.").unwrap().0;
    assert!(read("README.md").contains(&format!("```rust\n{example}```")));
    let (mut room, mut result) = ([0; 16], [0; 16]);
    let mut args = ValueWriter::new(&mut room);
    args.int(0, 21);
    validate(&TOOLS, 0, Side::Params, args.bytes()).unwrap();
    let Multiply { a, b } = Multiply::read(&Args::new(&TOOLS, 0, args.bytes())).unwrap();
    let mut out = ValueWriter::new(&mut result);
    Product { product: a * b }.write_fields(0, &mut out);
    let mut expected = ValueWriter::new(&mut room);
    expected.int(0, 42);
    assert_eq!(out.bytes(), expected.bytes());
}
