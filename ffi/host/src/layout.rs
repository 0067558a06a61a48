//! Sizes and offsets of the C-visible structures, for ever: as in `ffi/model`.

use std::mem::{offset_of, size_of};

#[cfg(feature = "hub")]
use crate::trine_hub_stats;
use crate::{trine_host_config, trine_host_device};

/// What a row says on this target: the first number with pointers of 32 bits, the second with 64.
const fn here(small: usize, large: usize) -> usize {
    if size_of::<usize>() == 4 { small } else { large }
}

macro_rules! layout {
    ($($type:ident $small:literal $large:literal {
        $($field:ident $near:literal $far:literal;)*
    })*) => {
        $(
            // The 32-bit ABI of x86 alone ends a structure of 64-bit numbers at 4 bytes.
            const _: () = assert!(
                cfg!(target_arch = "x86") || size_of::<$type>() == here($small, $large)
            );
            $(const _: () = assert!(
                cfg!(target_arch = "x86") || offset_of!($type, $field) == here($near, $far)
            );)*
        )*
    };
}

layout! {
    trine_host_config 48 56 {
        struct_size 0 0;
        threads 4 4;
        flags 8 8;
        reserved 12 12;
        backend 16 16;
        on_note 20 24;
        user_data 24 32;
        memory_max 32 40;
        layers 40 48;
        reserved_2 44 52;
    }
    trine_host_device 48 64 {
        struct_size 0 0;
        kind 4 4;
        is_software 8 8;
        is_taken 12 12;
        memory_free 16 16;
        memory_all 24 24;
        name 32 32;
        description 36 40;
        backend 40 48;
        why 44 56;
    }
}

#[cfg(feature = "hub")]
layout! {
    trine_hub_stats 32 32 {
        struct_size 0 0;
        reserved 4 4;
        calls 8 8;
        errors 16 16;
        nanoseconds 24 24;
    }
}
