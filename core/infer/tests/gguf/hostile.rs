use trine_infer::gguf::File;

use crate::build::{Builder, string};

fn refusal(bytes: &[u8]) -> String {
    File::parse(bytes).map_or_else(|error| error.to_string(), |_| "taken".to_owned())
}

#[track_caller]
fn refused(builder: &Builder, sentence: &str) {
    assert_eq!(refusal(&builder.bytes()), sentence);
}

#[test]
fn headers_that_are_not_those_of_version_3() {
    let new = Builder::new;
    refused(&new().magic(*b"GGUG"), "header: the file does not begin with GGUF");
    refused(&new().magic(*b"ggml"), "header: the file does not begin with GGUF");
    refused(&new().version(1), "header: version 1, only 3 is read: convert the file");
    refused(&new().version(4), "header: version 4, only 3 is read: convert the file");
    refused(&new().version(3 << 24), "header: a big-endian file: convert it to little-endian");
    for cut in 0..24 {
        let said = refusal(&new().bytes()[..cut]);
        assert_eq!(said, "header: the file ends here: it was cut short", "{cut}");
    }
}

#[test]
fn counts_that_the_file_cannot_hold() {
    let new = || Builder::new().key_u32("a", 1).tensor("t", &[8], 0, &[0; 32]);
    refused(
        &new().counts(Some(u64::MAX), None),
        "header: 18446744073709551615 tensors, at most 4096 are read",
    );
    refused(&new().counts(None, Some(1 << 32)), "header: 4294967296 keys, at most 128 are read");
    refused(
        &Builder::new().counts(None, Some(2)),
        "key number 0: the file ends here: it was cut short",
    );
    refused(
        &Builder::new().key_u32("a", 1).counts(Some(1), None),
        "tensor number 0: the file ends here: it was cut short",
    );
}

#[test]
fn keys_with_names_that_no_key_has() {
    let long = "k".repeat(65_536);
    let named = |name: &[u8]| Builder::new().key(name, 0, &[0]);
    refused(&named(b""), "key number 0: a name of 0 bytes, at most 65535");
    refused(&named(long.as_bytes()), "key number 0: a name of 65536 bytes, at most 65535");
    refused(&named(b"a\xff"), "key number 0: the text is not UTF-8");
    refused(
        &Builder::new().key_u32("a", 1).key_u32("b", 1).key_u32("a", 1),
        "key a: the name occurs twice",
    );
    let bytes =
        [&Builder::new().counts(None, Some(1)).bytes()[..], &u64::MAX.to_le_bytes()].concat();
    assert_eq!(
        refusal(&bytes),
        "key number 0: length 18446744073709551615 goes past the end of the file"
    );
}

#[test]
fn what_an_error_shows_of_a_name_is_bounded_and_harmless_to_a_terminal() {
    let name = format!("\x1b[31m{}", "ä".repeat(60));
    let said = refusal(&Builder::new().key(name, 13, &[]).bytes());
    assert_eq!(said, format!("key \\u{{1b}}[31m{}…: unknown kind of value 13", "ä".repeat(21)));
}

#[test]
fn invalid_values() {
    let value = |kind, bytes: &[u8]| Builder::new().key("k", kind, bytes);
    refused(&value(13, &[0; 8]), "key k: unknown kind of value 13");
    refused(&value(7, &[2]), "key k: 2 is not a Boolean: expected 0 or 1");
    refused(&value(4, &[0; 3]), "key k: the file ends here: it was cut short");
    refused(&value(8, &string(b"\xc3")), "key k: the text is not UTF-8");
    refused(
        &value(8, &(1_u64 << 63).to_le_bytes()),
        "key k: length 9223372036854775808 goes past the end of the file",
    );
}

#[test]
fn invalid_arrays() {
    let array = |kind, count, bytes: &[u8]| Builder::new().key_array("k", kind, count, bytes);
    refused(&array(9, 1, &[0; 64]), "key k: an array of arrays, which no model needs");
    refused(&array(14, 1, &[0; 64]), "key k: unknown kind of value 14");
    refused(&array(7, 2, &[1, 7]), "key k: 7 is not a Boolean: expected 0 or 1");
    refused(
        &array(4, 1 << 62, &[0; 64]),
        "key k: length 4611686018427387904 goes past the end of the file",
    );
    refused(&array(0, 3, &[0; 2]), "key k: length 3 goes past the end of the file");
    refused(&array(8, u64::MAX, &string("a")), "key k: the file ends here: it was cut short");
    refused(
        &array(8, 2, &[string("a"), 9_u64.to_le_bytes().to_vec()].concat()),
        "key k: length 9 goes past the end of the file",
    );
}

#[test]
fn alignments_that_are_no_power_of_two() {
    let key = "general.alignment";
    refused(
        &Builder::new().key_u32(key, 0),
        "key general.alignment: alignment 0 is not a power of two",
    );
    refused(
        &Builder::new().key_u32(key, 48),
        "key general.alignment: alignment 48 is not a power of two",
    );
    refused(
        &Builder::new().key(key, 10, &32_u64.to_le_bytes()),
        "key general.alignment: is u64, must be u32",
    );
}

#[test]
fn tensors_with_names_that_no_tensor_has() {
    let named = |name: &[u8]| Builder::new().info(name, &[8], 0, 0);
    refused(&named(b""), "tensor number 0: a name of 0 bytes, at most 63");
    refused(&named(&[b't'; 64]), "tensor number 0: a name of 64 bytes, at most 63");
    refused(&named(b"\x80"), "tensor number 0: the text is not UTF-8");
    let twice = Builder::new()
        .tensor("t", &[8], 0, &[0; 32])
        .tensor("u", &[8], 0, &[0; 32])
        .tensor("t", &[8], 0, &[0; 32]);
    refused(&twice, "tensor t: the name occurs twice");
}

#[test]
fn dimensions_that_are_invalid_or_overflow() {
    let dims = |dims: &[u64]| Builder::new().tensor("t", dims, 0, &[0; 32]);
    refused(&dims(&[]), "tensor t: 0 dimensions, must be 1 to 4");
    refused(&dims(&[1, 1, 1, 1, 1]), "tensor t: 5 dimensions, must be 1 to 4");
    refused(&dims(&[0]), "tensor t: dimension 0 is 0");
    refused(&dims(&[8, 1, 0]), "tensor t: dimension 2 is 0");
    let overflow = "tensor t: the dimensions overflow 63 bits";
    refused(&dims(&[1 << 32, 1 << 32]), overflow);
    refused(&dims(&[u64::MAX]), overflow);
    refused(&dims(&[3, u64::MAX / 3 + 1]), overflow);
    // The product fits, its bytes do not.
    refused(&dims(&[1 << 61]), overflow);
    refused(&dims(&[1 << 62, 2, 1, 1]), overflow);
}

#[test]
fn types_that_are_unknown_or_laid_out_for_one_machine() {
    let kind = |kind| Builder::new().tensor("t", &[256], kind, &vec![0; 512]);
    refused(&kind(4), "tensor t: unknown type id 4");
    refused(&kind(43), "tensor t: unknown type id 43");
    refused(&kind(u32::MAX), "tensor t: unknown type id 4294967295");
    for (id, name) in [(31, "Q4_0_4_4"), (37, "IQ4_NL_4_8"), (38, "TL1")] {
        let sentence = format!(
            "tensor t: type id {id} ({name}) is laid out for one machine: convert the original"
        );
        refused(&kind(id), &sentence);
    }
    // MXFP4 of ggml takes 17 bytes for 32 weights; TL2 of bitnet.cpp has its id and is shorter.
    let short = Builder::new().tensor("t", &[1536, 4], 39, &vec![0; 1536 * 4 * 5 / 24 + 32]);
    refused(&short, "tensor t: type id 39 (TL2) is laid out for one machine: convert the original");
}

#[test]
fn rows_that_cannot_be_cut_into_blocks() {
    let row = |columns, kind| Builder::new().tensor("t", &[columns, 4], kind, &vec![0; 4096]);
    refused(&row(64, 36), "tensor t: 64 columns, I2_S needs a multiple of 128");
    refused(&row(320, 36), "tensor t: 320 columns, I2_S needs a multiple of 128");
    refused(&row(128, 34), "tensor t: 128 columns, TQ1_0 needs a multiple of 256");
    refused(&row(128, 14), "tensor t: 128 columns, Q6_K needs a multiple of 256");
    refused(&row(33, 8), "tensor t: 33 columns, Q8_0 needs a multiple of 32");
    refused(&row(96, 42), "tensor t: 96 columns, Q2_0 needs a multiple of 64");
}

#[test]
fn data_that_is_not_where_the_list_says() {
    let info = |offset| Builder::new().tensor("a", &[8], 0, &[0; 32]).info("b", &[8], 0, offset);
    refused(&info(33), "tensor b: offset 33 is not aligned");
    refused(&info(32), "tensor b: the data ends 32 bytes after the file");
    refused(&info(u64::MAX - 31), "tensor b: the data ends 32 bytes after the file");
    refused(&info(0), "tensor a: the data overlaps that of tensor b");
    let inside = Builder::new().tensor("a", &[24], 0, &[0; 96]).info("b", &[8], 0, 32);
    refused(&inside, "tensor a: the data overlaps that of tensor b");
    let before = Builder::new().info("b", &[8], 0, 64).info("a", &[17], 0, 0).padded();
    let bytes = [before.bytes(), vec![0; 128]].concat();
    assert_eq!(refusal(&bytes), "tensor a: the data overlaps that of tensor b");
}

/// The 32 bytes after the weights, which begin with the scale, belong to the tensor.
#[test]
fn an_i2_s_tensor_without_its_scale() {
    let short = |bytes: usize| Builder::new().tensor("t", &[128, 4], 36, &vec![0; bytes]);
    refused(&short(128), "tensor t: the data ends 32 bytes after the file");
    refused(&short(159), "tensor t: the data ends 1 bytes after the file");
    let followed =
        Builder::new().tensor("t", &[128, 4], 36, &[0; 128]).tensor("u", &[8], 0, &[0; 32]);
    refused(&followed, "tensor t: the data overlaps that of tensor u");
}

#[test]
fn blocks_of_both_layouts_of_id_42_in_one_file() {
    let mixed = Builder::new()
        .tensor("a", &[1280, 8], 42, &vec![0; 2880])
        .tensor("b", &[1280, 8], 42, &vec![0; 2720])
        .padded();
    refused(&mixed, "tensor a: Q2_0 in blocks of 64 and of 128 in one file");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = Builder::new()
        .key_string("general.architecture", "bitnet")
        .key_array("tokens", 8, 2, &[string("a"), string("b")].concat())
        .tensor("a", &[256, 2], 36, &[0; 160])
        .tensor("b", &[9], 0, &[0; 36])
        .bytes();
    assert!(File::parse(&bytes).is_ok());
    for cut in 0..bytes.len() {
        let said = refusal(&bytes[..cut]);
        assert!(!said.is_empty(), "{cut}");
    }
}
