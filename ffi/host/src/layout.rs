//! Sizes and offsets of the C-visible structures, for ever: as in `ffi/model`.

use std::mem::{offset_of, size_of};

use crate::trine_host_config;

macro_rules! layout {
    ($($type:ident $small:literal $large:literal {
        $($field:ident $near:literal $far:literal;)*
    })*) => {
        $(
            const _: () = assert!($small == $large && size_of::<$type>() == $large);
            $(const _: () = assert!($near == $far && offset_of!($type, $field) == $far);)*
        )*
    };
}

layout! {
    trine_host_config 16 16 {
        struct_size 0 0;
        threads 4 4;
        flags 8 8;
        reserved 12 12;
    }
}
