use trine_infer::gguf::{File, Kind, Type, Value};

use crate::build::{Builder, string};

#[test]
fn keys_come_back_as_they_were_written() {
    let bytes = Builder::new()
        .key("u8", 0, &[200])
        .key("i8", 1, &[200])
        .key("u16", 2, &[1, 2])
        .key("i16", 3, &[255, 255])
        .key_u32("u32", 7)
        .key("i32", 5, &(-7_i32).to_le_bytes())
        .key("f32", 6, &1.5_f32.to_le_bytes())
        .key("bool", 7, &[1])
        .key_string("string", "drei Gläser")
        .key("u64", 10, &u64::MAX.to_le_bytes())
        .key("i64", 11, &i64::MIN.to_le_bytes())
        .key("f64", 12, &2.5_f64.to_le_bytes())
        .bytes();
    let file = File::parse(&bytes).unwrap();
    let values: Vec<(&str, Value<'_>)> = file.keys().collect();
    assert_eq!(
        values,
        [
            ("u8", Value::U8(200)),
            ("i8", Value::I8(-56)),
            ("u16", Value::U16(513)),
            ("i16", Value::I16(-1)),
            ("u32", Value::U32(7)),
            ("i32", Value::I32(-7)),
            ("f32", Value::F32(1.5)),
            ("bool", Value::Bool(true)),
            ("string", Value::String("drei Gläser")),
            ("u64", Value::U64(u64::MAX)),
            ("i64", Value::I64(i64::MIN)),
            ("f64", Value::F64(2.5)),
        ]
    );
    for (key, value) in values {
        assert_eq!(file.get(key), Some(value));
    }
    assert_eq!(file.get("u3"), None);
    assert_eq!((file.key_count(), file.tensor_count(), file.alignment()), (12, 0, 32));
}

#[test]
fn arrays_are_counted_and_their_elements_read() {
    let strings = [string("a"), string(""), string("xyz")].concat();
    let bytes = Builder::new()
        .key_array("strings", 8, 3, &strings)
        .key_array("floats", 6, 2, &[1.0_f32.to_le_bytes(), 2.0_f32.to_le_bytes()].concat())
        .key_array("none", 5, 0, &[])
        .key_u32("last", 1)
        .bytes();
    let file = File::parse(&bytes).unwrap();
    let found = file.array("strings", Kind::String).unwrap().unwrap();
    assert_eq!((found.kind(), found.count(), found.bytes()), (Kind::String, 3, &strings[..]));
    let texts: Vec<Value<'_>> = found.iter().collect();
    assert_eq!(texts, [Value::String("a"), Value::String(""), Value::String("xyz")]);
    let floats = file.array("floats", Kind::F32).unwrap().unwrap();
    assert_eq!(floats.iter().collect::<Vec<_>>(), [Value::F32(1.0), Value::F32(2.0)]);
    assert_eq!(file.array("none", Kind::I32).unwrap().unwrap().iter().count(), 0);
    assert_eq!(file.array("absent", Kind::I32), Ok(None));
    assert_eq!(file.u32("last"), Ok(Some(1)));
}

#[test]
fn a_value_of_another_kind_is_refused_by_the_name_of_its_key() {
    let bytes = Builder::new()
        .key_string("name", "x")
        .key("below", 5, &(-1_i32).to_le_bytes())
        .key("large", 10, &(1_u64 << 32).to_le_bytes())
        .key("small", 0, &[9])
        .key_array("numbers", 5, 1, &[0; 4])
        .bytes();
    let file = File::parse(&bytes).unwrap();
    let said = |error: trine_infer::gguf::Error| error.to_string();
    assert_eq!(file.u32("name").map_err(said), Err("key name: is a string, must be u32".into()));
    assert_eq!(file.u32("below").map_err(said), Err("key below: is i32, must be u32".into()));
    let large = "key large: 4294967296 is out of range";
    assert_eq!(file.u32("large").map_err(said), Err(large.into()));
    assert_eq!(file.u32("small"), Ok(Some(9)));
    assert_eq!(file.f32("small").map_err(said), Err("key small: is u8, must be f32".into()));
    assert_eq!(file.bool("small").map_err(said), Err("key small: is u8, must be bool".into()));
    assert_eq!(
        file.string("small").map_err(said),
        Err("key small: is u8, must be a string".into())
    );
    let array = |key, kind| file.array(key, kind).map(|found| found.is_some()).map_err(said);
    assert_eq!(array("numbers", Kind::F32), Err("key numbers: is i32, must be f32".into()));
    assert_eq!(array("name", Kind::F32), Err("key name: is a string, must be an array".into()));
}

#[test]
fn tensors_are_found_with_their_bytes() {
    let bytes = Builder::new()
        .tensor("one", &[3], 0, &[1; 12])
        .tensor("two", &[128, 3], 36, &[2; 128 * 3 / 4 + 32])
        .tensor("three", &[256, 1, 2], 34, &[3; 2 * 54])
        .bytes();
    let file = File::parse(&bytes).unwrap();
    let two = file.tensor("two").unwrap();
    assert_eq!(
        (two.kind, two.dims, two.axes, two.data),
        (Type::I2S, [128, 3, 1, 1], 2, &[2; 128][..])
    );
    assert_eq!((two.columns(), two.rows(), two.elements()), (128, 3, 384));
    let three = file.tensor("three").unwrap();
    assert_eq!((three.kind, three.data.len(), three.rows()), (Type::Tq1_0, 108, 2));
    assert_eq!(file.tensor("four"), None);
    let names: Vec<&str> = file.tensors().map(|tensor| tensor.name).collect();
    assert_eq!(names, ["one", "two", "three"]);
}

#[test]
fn data_begins_at_the_alignment_that_the_file_states() {
    for alignment in [1_u32, 8, 64, 4096] {
        let bytes = Builder::new()
            .aligned(alignment as usize)
            .key_u32("general.alignment", alignment)
            .tensor("a", &[5], 24, &[1; 5])
            .tensor("b", &[5], 24, &[2; 5])
            .bytes();
        let file = File::parse(&bytes).unwrap();
        assert_eq!(file.alignment(), alignment.into());
        assert_eq!(file.tensor("b").unwrap().data, [2; 5]);
    }
}

#[test]
fn the_order_of_the_data_may_differ_from_that_of_the_list() {
    let mut bytes = Builder::new().info("a", &[8], 0, 64).info("b", &[8], 0, 0).bytes();
    let start = bytes.len();
    bytes.resize(start + 96, 0);
    bytes[start..start + 32].fill(2);
    bytes[start + 64..].fill(1);
    let file = File::parse(&bytes).unwrap();
    assert_eq!(file.tensor("a").unwrap().data, [1; 32]);
    assert_eq!(file.tensor("b").unwrap().data, [2; 32]);
}

/// Type id 42 is 18 bytes for 64 weights in ggml, and 34 bytes for 128 in a fork of it.
#[test]
fn the_length_of_the_data_tells_the_two_layouts_of_id_42_apart() {
    let with = |first: usize, second: usize| {
        Builder::new()
            .tensor("a", &[1280, 8], 42, &vec![0; first])
            .tensor("tiny", &[128], 42, &vec![0; second])
            .padded()
            .bytes()
    };
    for (a, tiny, kind) in [(2880, 36, Type::Q2_0), (2720, 34, Type::Q2_0G128)] {
        let bytes = with(a, tiny);
        let file = File::parse(&bytes).unwrap();
        // Padding hides the difference in the second tensor; the first decides for both.
        for (name, length) in [("a", a), ("tiny", tiny)] {
            let tensor = file.tensor(name).unwrap();
            assert_eq!((tensor.kind, tensor.data.len()), (kind, length));
        }
    }
}

#[test]
fn a_file_of_4096_tensors_and_128_keys_is_read() {
    let mut builder = Builder::new();
    for key in 0..File::KEYS_MAX {
        builder = builder.key_u32(&format!("key.{key}"), key as u32);
    }
    for tensor in 0..File::TENSORS_MAX {
        builder = builder.tensor(&format!("tensor.{tensor}"), &[8], 0, &[0; 32]);
    }
    let bytes = builder.bytes();
    let file = File::parse(&bytes).unwrap();
    assert_eq!(file.tensors().count(), 4096);
    assert_eq!(file.u32("key.127"), Ok(Some(127)));
    let more = builder.key_u32("one.more", 0).bytes();
    let error = File::parse(&more).unwrap_err().to_string();
    assert_eq!(error, "header: 129 keys, at most 128 are read");
}
