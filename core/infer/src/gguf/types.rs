//! The types of tensor elements, with the sizes that decide between those that share an id.

/// How the elements of a tensor are stored.
///
/// Names and sizes are those of ggml, and of its BitNet fork for [`Type::I2S`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are ggml's own")]
pub enum Type {
    F32,
    F16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q8_1,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
    Q8K,
    Iq2Xxs,
    Iq2Xs,
    Iq3Xxs,
    Iq1S,
    Iq4Nl,
    Iq3S,
    Iq2S,
    Iq4Xs,
    I8,
    I16,
    I32,
    I64,
    F64,
    Iq1M,
    Bf16,
    Tq1_0,
    Tq2_0,
    /// Two bits a weight in runs of 128, then 32 bytes for the whole tensor that begin with its
    /// scale.
    I2S,
    Mxfp4,
    Nvfp4,
    Q1_0,
    /// `Q2_0` of ggml, in blocks of 64.
    Q2_0,
    /// What a fork of ggml writes under the id of [`Type::Q2_0`], in blocks of 128.
    Q2_0G128,
}

/// The type, its id, its name, elements of a block, bytes of a block.
type Row = (Type, u32, &'static str, u32, u32);

const TABLE: &[Row] = &[
    (Type::F32, 0, "F32", 1, 4),
    (Type::F16, 1, "F16", 1, 2),
    (Type::Q4_0, 2, "Q4_0", 32, 18),
    (Type::Q4_1, 3, "Q4_1", 32, 20),
    (Type::Q5_0, 6, "Q5_0", 32, 22),
    (Type::Q5_1, 7, "Q5_1", 32, 24),
    (Type::Q8_0, 8, "Q8_0", 32, 34),
    (Type::Q8_1, 9, "Q8_1", 32, 36),
    (Type::Q2K, 10, "Q2_K", 256, 84),
    (Type::Q3K, 11, "Q3_K", 256, 110),
    (Type::Q4K, 12, "Q4_K", 256, 144),
    (Type::Q5K, 13, "Q5_K", 256, 176),
    (Type::Q6K, 14, "Q6_K", 256, 210),
    (Type::Q8K, 15, "Q8_K", 256, 292),
    (Type::Iq2Xxs, 16, "IQ2_XXS", 256, 66),
    (Type::Iq2Xs, 17, "IQ2_XS", 256, 74),
    (Type::Iq3Xxs, 18, "IQ3_XXS", 256, 98),
    (Type::Iq1S, 19, "IQ1_S", 256, 50),
    (Type::Iq4Nl, 20, "IQ4_NL", 32, 18),
    (Type::Iq3S, 21, "IQ3_S", 256, 110),
    (Type::Iq2S, 22, "IQ2_S", 256, 82),
    (Type::Iq4Xs, 23, "IQ4_XS", 256, 136),
    (Type::I8, 24, "I8", 1, 1),
    (Type::I16, 25, "I16", 1, 2),
    (Type::I32, 26, "I32", 1, 4),
    (Type::I64, 27, "I64", 1, 8),
    (Type::F64, 28, "F64", 1, 8),
    (Type::Iq1M, 29, "IQ1_M", 256, 56),
    (Type::Bf16, 30, "BF16", 1, 2),
    (Type::Tq1_0, 34, "TQ1_0", 256, 54),
    (Type::Tq2_0, 35, "TQ2_0", 256, 66),
    // Without the 32 bytes at the end of the tensor.
    (Type::I2S, 36, "I2_S", 128, 32),
    (Type::Mxfp4, 39, "MXFP4", 32, 17),
    (Type::Nvfp4, 40, "NVFP4", 64, 36),
    (Type::Q1_0, 41, "Q1_0", 128, 18),
    (Type::Q2_0, 42, "Q2_0", 64, 18),
    (Type::Q2_0G128, 42, "Q2_0 (128)", 128, 34),
];

/// Ids whose layouts depended on the machine that wrote them.
const WITHDRAWN: &[(u32, &str)] =
    &[(31, "Q4_0_4_4"), (32, "Q4_0_4_8"), (33, "Q4_0_8_8"), (37, "IQ4_NL_4_8"), (38, "TL1")];

/// Bytes after the weights of an `I2_S` tensor; the first four are its scale.
const I2S_TAIL_BYTES: u64 = 32;

impl Type {
    fn row(self) -> Row {
        let found = TABLE.iter().find(|row| row.0 == self);
        // Every type has a row, which a test checks.
        found.copied().unwrap_or((self, u32::MAX, "", 1, 1))
    }

    /// The type that ggml gives this id, where two share it the one of ggml itself.
    #[must_use]
    pub fn from_id(id: u32) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == id).map(|row| row.0)
    }

    /// The id in the file.
    #[must_use]
    pub fn id(self) -> u32 {
        self.row().1
    }

    /// The name that ggml uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// Elements of a block: a row holds a multiple of it.
    #[must_use]
    pub fn block(self) -> u64 {
        self.row().3.into()
    }

    /// Bytes of `elements` of this type, which are whole blocks; `None` when that overflows.
    #[must_use]
    pub fn bytes(self, elements: u64) -> Option<u64> {
        let (_, _, _, block, bytes) = self.row();
        let blocks = elements / u64::from(block);
        let tail = if self == Self::I2S { I2S_TAIL_BYTES } else { 0 };
        blocks.checked_mul(bytes.into())?.checked_add(tail)
    }

    /// The name of a layout that an id stood for and that is not read.
    pub(crate) fn withdrawn(id: u32) -> Option<&'static str> {
        WITHDRAWN.iter().find(|row| row.0 == id).map(|row| row.1)
    }
}

#[cfg(test)]
mod tests {
    use super::{TABLE, Type};

    #[test]
    fn each_type_has_one_row_and_says_what_stands_there() {
        for (at, row) in TABLE.iter().enumerate() {
            assert_eq!(TABLE.iter().position(|other| other.0 == row.0), Some(at), "{row:?}");
            assert_eq!((row.0.id(), row.0.name()), (row.1, row.2));
            assert_eq!(Type::withdrawn(row.1), None);
            if row.0 != Type::Q2_0G128 {
                assert_eq!(Type::from_id(row.1), Some(row.0));
            }
        }
        let last = TABLE.last().unwrap();
        assert_eq!((last.0, TABLE.len()), (Type::Q2_0G128, last.0 as usize + 1));
    }

    #[test]
    fn sizes_are_those_of_the_published_file() {
        assert_eq!(Type::I2S.bytes(2560 * 6912), Some(2560 * 6912 / 4 + 32));
        assert_eq!(Type::F16.bytes(2560 * 128_256), Some(656_670_720));
        assert_eq!(Type::Tq1_0.bytes(u64::MAX), Some((u64::MAX / 256) * 54));
        assert_eq!(Type::F64.bytes(u64::MAX), None);
    }
}
