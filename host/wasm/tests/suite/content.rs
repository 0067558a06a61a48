//! Blocks of content, and content that is read in pieces.

use trine_mcp::{Block, Contents, Outcome};
use trine_wasm::{Guest, Limits};

use crate::modules::{Plug, int};

/// How a call of the first tool ends, in short.
fn end(guest: &Guest) -> String {
    let mut said = String::new();
    guest.call_here(0, &[], &mut |outcome| {
        said = match outcome {
            Outcome::Content(blocks) => blocks.iter().map(short).collect::<Vec<_>>().join("; "),
            Outcome::Error(why) => why.to_owned(),
            other => format!("{other:?}"),
        };
    });
    said
}

fn short(block: &Block<'_>) -> String {
    let bytes = |data: &dyn trine_mcp::Bytes| {
        let mut all = Vec::new();
        data.pieces(&mut |piece| all.extend_from_slice(piece));
        String::from_utf8_lossy(&all).into_owned()
    };
    match *block {
        Block::Text(text) => format!("text {text}"),
        Block::Image { mime, data } => format!("image {mime} {}", bytes(data)),
        Block::Audio { mime, data } => format!("audio {mime} {}", bytes(data)),
        Block::Link { uri, name, mime, description } => {
            format!("link {uri} {name} {mime} {description}")
        }
        Block::Embedded { uri, mime, contents: Contents::Text(text) } => {
            format!("resource {uri} {mime} text {text}")
        }
        Block::Embedded { uri, mime, contents: Contents::Blob(data) } => {
            format!("resource {uri} {mime} blob {}", bytes(data))
        }
        Block::Structured(entries) => format!("structured {entries:?}"),
        _ => "other".to_owned(),
    }
}

/// A tool that puts one block of each kind given, whose data, media type, address and name are
/// "data", "a/b", "u:1" and "name".
fn blocks(kinds: &[u32], before: &str) -> Guest {
    let mut plug = Plug::new();
    let [data, mime, uri, name] = ["data", "a/b", "u:1", "name"].map(|it| plug.put(it.as_bytes()));
    let mut body = before.to_owned();
    for kind in kinds {
        let words = [40, *kind, data, 4, mime, 3, uri, 3, name, 4];
        let words: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let at = plug.put(&words);
        body += &format!("(drop (call $put_block (local.get $call) (i32.const {at})))");
    }
    body += "i32.const 3";
    plug.tool_with("blocks", [&[], &[int("n")]], &body, (0, 1)).load()
}

const PUT: &str = "(drop (call $put_int (local.get $call) (i32.const 0) (i64.const 5)))";

#[test]
fn each_kind_of_block_comes_as_it_was_put() {
    assert_eq!(
        end(&blocks(&[1, 2, 3, 4, 5, 6], "")),
        "text data; image a/b data; audio a/b data; link u:1 name a/b data; \
         resource u:1 a/b text data; resource u:1 a/b blob data"
    );
    assert_eq!(end(&blocks(&[7, 1], PUT)), "structured [0, 2, 10]; text data");
    assert_eq!(end(&blocks(&[], "")), "");
}

#[test]
fn a_block_that_cannot_stand_there_makes_the_call_fail() {
    let wrong = "a block of content that cannot stand there";
    for (kinds, before) in [
        (&[8][..], ""),
        (&[0], ""),
        // A structured block that is not the first one, and entries that none closed.
        (&[1, 7], ""),
        (&[1], PUT),
        (&[7, 7], PUT),
    ] {
        assert!(end(&blocks(kinds, before)).contains(wrong), "{kinds:?}");
    }
    // A structured result keeps the rules of its descriptor here too.
    assert!(end(&blocks(&[7], "")).contains("BadResult"));
    let many: Vec<u32> = vec![1; 40];
    let limits = Limits { result: 4_000, ..Limits::default() };
    let mut plug = Plug::new();
    let data = plug.put(&[b'x'; 500]);
    let words: Vec<u8> = [40, 1, data, 500, 0, 0, 0, 0, 0, 0]
        .iter()
        .flat_map(|word| u32::to_le_bytes(*word))
        .collect();
    let at = plug.put(&words);
    let put = format!("(drop (call $put_block (local.get $call) (i32.const {at})))");
    let body = put.repeat(many.len()) + "i32.const 3";
    let guest = plug.tool_with("blocks", [&[], &[]], &body, (0, 1)).load_with(&limits);
    assert!(end(&guest).contains(wrong));
}

#[test]
fn blocks_without_a_byte_count_too() {
    let mut plug = Plug::new();
    let words: Vec<u8> =
        [40_u32, 1, 0, 0, 0, 0, 0, 0, 0, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
    let at = plug.put(&words);
    // Puts empty texts until one is refused.
    let body = format!(
        "(loop $again (br_if $again (i32.eqz
           (call $put_block (local.get $call) (i32.const {at}))))) i32.const 3"
    );
    let limits = Limits { fuel: 3_000_000, ..Limits::default() };
    let guest = plug.tool_with("blocks", [&[], &[]], &body, (0, 1)).load_with(&limits);
    assert!(end(&guest).contains("a block of content that cannot stand there"), "{}", end(&guest));
}

/// A tool whose content has so many bytes, of which `read` writes some and answers how many.
fn reader(mime: &str, size: u32, read: &str) -> Guest {
    let mut plug = Plug::new();
    let at = plug.put(mime.as_bytes());
    let signature = "(param $state i32) (param $id i32) (param $offset i32) (param $out i32)
        (param $size i32) (result i32)";
    let on_read = plug.function(signature, read);
    let more = [36, 0, 0, 0, 0, 0, 0, 0, on_read];
    let more: Vec<u8> = more.iter().flat_map(|word| word.to_le_bytes()).collect();
    let more = plug.put(&more);
    let body = format!(
        "(call $content (local.get $call) (i32.const {at}) (i32.const {}) (i32.const {size}))",
        mime.len()
    );
    plug.tool_with("content", [&[], &[]], &body, (more, 1)).load_with(&Limits {
        result: 100_000,
        fuel: 3_000_000,
        ..Limits::default()
    })
}

#[test]
fn content_is_read_in_pieces_until_it_is_whole() {
    // At most 1,000 bytes at a time, each an `x`.
    let some = "
        (if (i32.gt_u (local.get $size) (i32.const 1000))
          (then (local.set $size (i32.const 1000))))
        (memory.fill (local.get $out) (i32.const 0x78) (local.get $size))
        local.get $size";
    let x = "x".repeat(40_000);
    assert_eq!(end(&reader("image/png", 40_000, some)), format!("image image/png {x}"));
    assert_eq!(end(&reader("audio/wav", 40_000, some)), format!("audio audio/wav {x}"));
    assert_eq!(end(&reader("application/json; a=b", 40_000, some)), format!("text {x}"));
    assert!(end(&reader("image/png", 100_001, some)).contains("its limit `result` is 100000"));
    for (read, why) in [
        ("i32.const 0", "ended its content early"),
        ("unreachable", "it was stopped"),
        ("(loop $again (br $again)) unreachable", "more than 3000000 instructions"),
    ] {
        let guest = reader("image/png", 10, read);
        assert!(end(&guest).contains(why), "{}", end(&guest));
    }
    // More than was asked for is not taken.
    assert_eq!(end(&reader("a/b", 3, "i32.const -1")), "image a/b \0\0\0");
}

#[test]
fn content_without_a_reader_is_an_error() {
    let body = "(call $content (local.get $call) (i32.const 1024) (i32.const 3) (i32.const 9))";
    let guest = Plug::new().tool_with("abc", [&[], &[]], body, (0, 1)).load();
    assert!(end(&guest).contains("has no `on_read`"));
}
