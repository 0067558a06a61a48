//! FNV-1a (Fowler, Noll and Vo; draft-eastlake-fnv). Whoever chooses the bytes can make two that
//! have one hash.

macro_rules! fnv {
    ($name:ident, $word:ty, $offset:literal, $prime:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name($word);

        impl $name {
            /// The hash of no bytes.
            #[must_use]
            pub const fn new() -> Self {
                Self($offset)
            }

            /// The hash of the bytes so far and this one.
            #[inline]
            #[must_use]
            pub const fn byte(self, byte: u8) -> Self {
                Self((self.0 ^ byte as $word).wrapping_mul($prime))
            }

            /// The hash of the bytes so far and these.
            #[inline]
            #[must_use]
            pub const fn bytes(mut self, mut bytes: &[u8]) -> Self {
                while let [first, rest @ ..] = bytes {
                    self = self.byte(*first);
                    bytes = rest;
                }
                self
            }

            /// The hash as a number.
            #[inline]
            #[must_use]
            pub const fn hash(self) -> $word {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}

fnv!(
    Fnv64,
    u64,
    0xcbf2_9ce4_8422_2325,
    0x0000_0100_0000_01b3,
    "FNV-1a of 64 bits.

```
use trine_bits::Fnv64;

const NAME: u64 = Fnv64::new().bytes(b\"foobar\").hash();
assert_eq!(NAME, 0x8594_4171_f739_67e8);
assert_eq!(Fnv64::new().bytes(b\"foo\").bytes(b\"bar\").hash(), NAME);
```"
);

fnv!(
    Fnv32,
    u32,
    0x811c_9dc5,
    0x0100_0193,
    "FNV-1a of 32 bits.

```
assert_eq!(trine_bits::Fnv32::new().bytes(b\"foobar\").hash(), 0xbf9c_f968);
```"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_draft() {
        let known = [
            ("", 0x811c_9dc5, 0xcbf2_9ce4_8422_2325),
            ("a", 0xe40c_292c, 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0xbf9c_f968, 0x8594_4171_f739_67e8),
        ];
        for (text, short, long) in known {
            assert_eq!(Fnv32::default().bytes(text.as_bytes()).hash(), short);
            assert_eq!(Fnv64::default().bytes(text.as_bytes()).hash(), long);
        }
    }
}
