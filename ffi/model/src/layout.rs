//! Sizes and offsets of every C-visible structure, for ever.
//!
//! A row may be added at the end of a structure that has a `struct_size`, and nothing else may
//! change. Each target that compiles this crate checks the rows, and `cargo xtask test --leg dist`
//! lets C compilers check them too.

use core::mem::{offset_of, size_of};

#[cfg(feature = "ask")]
use crate::{trine_ask_answer, trine_ask_config};
#[cfg(feature = "base")]
use crate::{trine_base_answer, trine_base_call, trine_base_config, trine_base_steps};
use crate::{
    trine_model_config, trine_model_decoder, trine_model_generation, trine_model_info,
    trine_model_problem, trine_model_sampling, trine_model_session_config,
    trine_model_session_info,
};

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
            $(const _: () = assert!(offset_of!($type, $field) == here($near, $far));)*
        )*
    };
}

layout! {
    trine_model_config 24 32 {
        struct_size 0 0;
        abi_version 4 4;
        data 8 8;
        size 12 16;
        flags 16 24;
        reserved 20 28;
    }
    trine_model_problem 216 224 {
        bytes_needed 0 0;
        alignment_needed 4 8;
        details 8 16;
    }
    trine_model_info 72 80 {
        struct_size 0 0;
        layers 4 4;
        width 8 8;
        ffn 12 12;
        heads 16 16;
        kv_heads 20 20;
        vocabulary 24 24;
        context 28 28;
        begin 32 32;
        end 36 36;
        piece_bytes_max 40 40;
        reserved 44 44;
        parameters 48 48;
        bytes 56 56;
        architecture 64 64;
        kernels 68 72;
    }
    trine_model_decoder 8 8 {
        held 0 0;
    }
    trine_model_session_config 32 32 {
        struct_size 0 0;
        abi_version 4 4;
        context 8 8;
        batch 12 12;
        kv 16 16;
        candidates 20 20;
        flags 24 24;
        reserved 28 28;
    }
    trine_model_session_info 28 32 {
        struct_size 0 0;
        tokens 4 4;
        context 8 8;
        written 12 12;
        end 16 16;
        is_pending 20 20;
        memory_used 24 24;
    }
    trine_model_sampling 40 40 {
        struct_size 0 0;
        temperature 4 4;
        top_k 8 8;
        top_p 12 12;
        min_p 16 16;
        repetition 20 20;
        window 24 24;
        reserved 28 28;
        seed 32 32;
    }
    trine_model_generation 24 32 {
        struct_size 0 0;
        tokens_max 4 4;
        flags 8 8;
        keep 12 12;
        on_text 16 16;
        user_data 20 24;
    }
}

#[cfg(feature = "ask")]
layout! {
    trine_ask_config 32 48 {
        struct_size 0 0;
        abi_version 4 4;
        data 8 8;
        size 12 16;
        tools 16 24;
        tools_size 20 32;
        context 24 40;
        flags 28 44;
    }
    trine_ask_answer 36 48 {
        struct_size 0 0;
        verdict 4 4;
        tool 8 8;
        node 12 12;
        confidence 16 16;
        tokens_count 20 20;
        args 24 24;
        args_size 28 32;
        tokens 32 40;
    }
}

#[cfg(feature = "base")]
layout! {
    trine_base_config 40 64 {
        struct_size 0 0;
        abi_version 4 4;
        data 8 8;
        size 12 16;
        tools 16 24;
        tools_count 20 32;
        table 24 40;
        table_size 28 48;
        flags 32 56;
        reserved 36 60;
    }
    trine_base_call 16 24 {
        args 0 0;
        args_size 4 8;
        tool 8 16;
        reserved 12 20;
    }
    trine_base_answer 72 88 {
        struct_size 0 0;
        why 4 4;
        calls_count 8 8;
        is_sure 12 12;
        confidence 16 16;
        tool 20 20;
        node 24 24;
        between 28 28;
        reserved 36 36;
        calls 40 40;
    }
    trine_base_steps 28 48 {
        struct_size 0 0;
        reserved 4 4;
        on_step 8 8;
        user_data 12 16;
        told 16 24;
        told_max 20 32;
        told_size 24 40;
    }
}
