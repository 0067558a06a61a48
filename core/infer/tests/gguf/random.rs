use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use trine_infer::gguf::{File, Type};

use crate::build::{Builder, string};

/// Reads all that a file has to say.
fn read_all(bytes: &[u8]) -> Option<usize> {
    let file = File::parse(bytes).ok()?;
    let mut read = 0;
    for (key, value) in file.keys() {
        assert!(file.get(key).is_some());
        read += 1;
        if let trine_infer::gguf::Value::Array(array) = value {
            assert!(array.bytes().len() <= bytes.len());
            read += array.iter().count();
        }
    }
    assert_eq!(file.keys().count(), file.key_count() as usize);
    for tensor in file.tensors() {
        assert_eq!(file.tensor(tensor.name), Some(tensor));
        assert_eq!(tensor.kind.bytes(tensor.elements()), Some(tensor.data.len() as u64));
        assert_eq!(tensor.columns() * tensor.rows(), tensor.elements());
        read += tensor.data.len();
    }
    assert_eq!(file.tensors().count(), file.tensor_count() as usize);
    Some(read)
}

fn rich() -> Vec<u8> {
    Builder::new()
        .key_string("general.architecture", "bitnet-b1.58")
        .key_u32("general.alignment", 32)
        .key_array("tokens", 8, 3, &[string("a"), string("bc"), string("")].concat())
        .key_array("types", 5, 3, &[1; 12])
        .key("bool", 7, &[1])
        .tensor("a.weight", &[128, 3], 36, &[0; 128])
        .tensor("b.weight", &[256, 2], 35, &[0; 132])
        .tensor("c.weight", &[128, 2], 42, &[0; 72])
        .tensor("d.weight", &[64], 39, &[0; 34])
        .bytes()
}

/// One of the types with whole rows of it.
fn tensor() -> impl Strategy<Value = (u32, u64, u64)> {
    let kinds = prop::sample::select(vec![0_u32, 1, 8, 14, 30, 34, 35, 36, 39, 42]);
    (kinds, 1_u64..4, 1_u64..5).prop_map(|(id, blocks, rows)| {
        let block = Type::from_id(id).unwrap().block();
        (id, blocks * block, rows)
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(tensors in prop::collection::vec(tensor(), 0..8)) {
        let mut builder = Builder::new();
        for (index, (id, columns, rows)) in tensors.iter().enumerate() {
            let bytes = Type::from_id(*id).unwrap().bytes(columns * rows).unwrap();
            let data = vec![index as u8; bytes as usize];
            builder = builder.tensor(&format!("t{index}"), &[*columns, *rows], *id, &data);
        }
        let bytes = builder.padded().bytes();
        let file = File::parse(&bytes).unwrap();
        prop_assert_eq!(file.tensors().count(), tensors.len());
        for (index, (id, columns, rows)) in tensors.iter().enumerate() {
            let found = file.tensor(&format!("t{index}")).unwrap();
            let shape = (found.kind.id(), found.columns(), found.rows());
            prop_assert_eq!(shape, (*id, *columns, *rows));
            prop_assert!(found.data.iter().all(|byte| *byte == index as u8));
        }
    }

    #[test]
    fn turned_bytes_never_panic(
        turns in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let mut bytes = rich();
        prop_assert!(read_all(&bytes).is_some());
        for (at, value) in turns {
            *at.get_mut(&mut bytes) = value;
        }
        let end = if whole { bytes.len() } else { cut.index(bytes.len()) };
        read_all(&bytes[..end]);
    }

    #[test]
    fn any_bytes_after_a_good_header_never_panic(
        counts in (0_u64..4, 0_u64..4),
        rest in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let head = Builder::new().counts(Some(counts.0), Some(counts.1)).bytes();
        read_all(&[head, rest].concat());
    }
}

/// Every byte of a small file, turned in each bit.
#[test]
fn a_file_with_any_bit_turned_is_read_or_refused() {
    let bytes = rich();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut turned = bytes.clone();
            turned[at] ^= 1 << bit;
            read_all(&turned);
        }
    }
}
