//! Sizes and offsets of every C-visible structure, for ever.
//!
//! A row may be added at the end of a structure that has a `struct_size`, and nothing else may
//! change. Each target that compiles this crate checks the rows, and `cargo xtask test --leg dist`
//! lets C compilers check them too.

use core::mem::{offset_of, size_of};

#[cfg(feature = "mcp")]
use crate::trine_outcome;
#[cfg(feature = "full")]
use crate::{
    trine_allocation, trine_device_request, trine_held, trine_pool_class, trine_pool_state,
    trine_quota_state, trine_reclaimed, trine_refusal, trine_requirements, trine_resources_config,
    trine_resources_device, trine_runtime_config, trine_times,
};
#[cfg(feature = "policy")]
use crate::{trine_block, trine_counters, trine_question};
use crate::{
    trine_call_info, trine_clock, trine_config, trine_node, trine_problem, trine_table, trine_text,
    trine_tool, trine_tool_more, trine_wide,
};
#[cfg(feature = "resources")]
use crate::{trine_completion, trine_extra, trine_mcp_lists, trine_resource};
#[cfg(feature = "sentences")]
use crate::{trine_sentence, trine_sentences};

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

#[cfg(feature = "mcp")]
layout! {
    trine_outcome 48 64 {
        struct_size 0 0;
        kind 4 4;
        id 8 8;
        tool 12 12;
        node 16 16;
        fault 20 20;
        bound 24 24;
        value 32 32;
        value_size 36 40;
        text 40 48;
    }
}

layout! {
    trine_node 24 32 {
        texts 0 0;
        name_size 4 8;
        unit_size 5 9;
        extent 6 10;
        kind 8 12;
        flags 9 13;
        when_node 10 14;
        when_label 11 15;
        preset 12 16;
        min 16 20;
        max 20 24;
    }
    trine_wide 32 32 {
        min 0 0;
        max 8 8;
        step 16 16;
        preset 24 24;
    }
    trine_tool_more 36 64 {
        struct_size 0 0;
        deadline_ms 4 4;
        pending_bytes 8 8;
        wide_count 10 10;
        wide 12 16;
        on_link_lost 16 24;
        on_reset 20 32;
        on_stop 24 40;
        on_ask 28 48;
        on_read 32 56;
    }
    trine_tool 36 64 {
        texts 0 0;
        params 4 8;
        results 8 16;
        call 12 24;
        user_data 16 32;
        more 20 40;
        name_size 24 48;
        title_size 25 49;
        version_size 26 50;
        hints 27 51;
        consent 28 52;
        flags 29 53;
        params_count 30 54;
        results_count 31 55;
        form 32 56;
    }
    trine_table 48 88 {
        struct_size 0 0;
        size 4 4;
        form 8 8;
        bytes 12 16;
        calls 16 24;
        calls_count 20 32;
        user_data 24 40;
        on_link_lost 28 48;
        on_reset 32 56;
        on_stop 36 64;
        on_ask 40 72;
        on_read 44 80;
    }
    trine_text 8 16 {
        data 0 0;
        size 4 8;
    }
    trine_config 136 208 {
        struct_size 0 0;
        abi_version 4 4;
        tools 8 8;
        tools_count 12 16;
        link 14 18;
        calls_max 15 19;
        rx_bytes 16 20;
        message_max 18 22;
        result_max 20 24;
        repeat_max 22 26;
        pending_max 24 28;
        mtu 26 30;
        address 28 32;
        json_calls_max 29 33;
        consent_bytes 30 34;
        epoch 32 36;
        deadline_ms 36 40;
        consent_ms 40 44;
        link_ms 44 48;
        reserved_flags 48 52;
        nonce 56 56;
        key 64 64;
        on_key 68 72;
        user_data 72 80;
        vendor 76 88;
        product 84 104;
        serial 92 120;
        firmware 100 136;
        build 108 152;
        title 116 168;
        instructions 124 184;
        table 132 200;
    }
    trine_problem 24 40 {
        bytes_needed 0 0;
        alignment_needed 4 8;
        tool 8 16;
        node 12 20;
        rule 16 24;
    }
    trine_call_info 40 48 {
        now 0 0;
        deadline 8 8;
        id 16 16;
        tool 20 20;
        tagged 24 24;
        reserved 28 28;
        principal 32 32;
    }
    trine_clock 8 8 {
        now 0 0;
    }
}

#[cfg(feature = "policy")]
layout! {
    trine_block 40 72 {
        struct_size 0 0;
        kind 4 4;
        data 8 8;
        size 12 16;
        mime 16 24;
        uri 24 40;
        name 32 56;
    }
    trine_question 20 32 {
        struct_size 0 0;
        fields_count 4 4;
        fields 8 8;
        message 12 16;
    }
    trine_counters 88 88 {
        struct_size 0 0;
        frames_in 4 4;
        frames_bad 8 8;
        bytes_lost 12 12;
        frames_out 16 16;
        calls 20 20;
        faults 24 24;
        unagreed 28 28;
        entered 32 32;
        expired 36 36;
        bad_results 40 40;
        repeats 44 44;
        unauthentic 48 48;
        link_losses 52 52;
        rx_high_water 56 56;
        tx_high_water 60 60;
        calls_high_water 64 64;
        memory_bytes 68 68;
        memory_used 72 72;
        reserved 76 76;
        uptime_ms 80 80;
    }
}

#[cfg(feature = "resources")]
layout! {
    trine_resource 28 48 {
        texts 0 0;
        read 4 8;
        user_data 8 16;
        data 12 24;
        size 16 32;
        uri_size 20 36;
        name_size 22 38;
        title_size 23 39;
        mime_size 24 40;
        flags 25 41;
        reserved 26 42;
    }
    trine_extra 16 24 {
        members 0 0;
        size 4 8;
        tool 8 12;
        node 10 14;
        of 12 16;
    }
    trine_mcp_lists 44 80 {
        struct_size 0 0;
        resources_count 4 4;
        templates_count 6 6;
        prompts_count 8 8;
        extras_count 10 10;
        resources 12 16;
        templates 16 24;
        prompts 20 32;
        extras 24 40;
        complete 28 48;
        on_stop 32 56;
        on_read 36 64;
        user_data 40 72;
    }
    trine_completion 24 32 {
        of 0 0;
        index 4 4;
        node 8 8;
        reserved 12 12;
        text 16 16;
    }
}

#[cfg(feature = "full")]
layout! {
    trine_pool_class 8 8 {
        size 0 0;
        count 4 4;
    }
    trine_resources_config 88 88 {
        struct_size 0 0;
        tools_max 4 4;
        memory 8 8;
        reserve 16 16;
        patience 24 24;
        blocks_max 32 32;
        devices_max 36 36;
        holds_max 40 40;
        executions_max 44 44;
        processors 48 48;
        counts_only 52 52;
        classes 56 56;
    }
    trine_resources_device 56 64 {
        struct_size 0 0;
        id 4 4;
        kind 8 8;
        bus 12 12;
        presence 16 16;
        shared 20 20;
        memory 24 24;
        memory_used 32 32;
        exclusive 40 40;
        reserved 44 44;
        name 48 48;
    }
    trine_refusal 48 48 {
        struct_size 0 0;
        limit 4 4;
        asked 8 8;
        left 16 16;
        wait 24 24;
        device 32 32;
        presence 36 36;
        kept_for 40 40;
        reserved 44 44;
    }
    trine_device_request 8 8 {
        id 0 0;
        flags 4 4;
    }
    trine_requirements 72 72 {
        struct_size 0 0;
        priority 4 4;
        memory_min 8 8;
        memory_max 16 16;
        gpu_memory 24 24;
        cpu_time 32 32;
        cpu_window 40 40;
        processors 48 48;
        calls_per_second 52 52;
        burst 56 56;
        devices_count 60 60;
        devices 64 64;
    }
    trine_allocation 96 96 {
        struct_size 0 0;
        tool 4 4;
        block 8 8;
        memory_min 16 16;
        memory_max 24 24;
        gpu_memory 32 32;
        allocated_at 40 40;
        processors 48 48;
        priority 52 52;
        gpu 56 56;
        devices_count 60 60;
        devices 64 64;
    }
    trine_held 24 24 {
        struct_size 0 0;
        kind 4 4;
        handle 8 8;
        count 16 16;
    }
    trine_reclaimed 32 32 {
        struct_size 0 0;
        had_allocation 4 4;
        blocks 8 8;
        devices 12 12;
        bytes 16 16;
        executions 24 24;
        reserved 28 28;
    }
    trine_times 80 80 {
        struct_size 0 0;
        reserved 4 4;
        started 8 8;
        ended 16 16;
        errors 24 24;
        aborted 32 32;
        min 40 40;
        mean 48 48;
        max 56 56;
        p50 64 64;
        p99 72 72;
    }
    trine_pool_state 72 72 {
        struct_size 0 0;
        blocks 4 4;
        size 8 8;
        used 16 16;
        high_water 24 24;
        largest 32 32;
        reserve 40 40;
        reserve_used 48 48;
        holes 56 56;
        processors 60 60;
        processors_used 64 64;
        reserved 68 68;
    }
    trine_runtime_config 28 40 {
        struct_size 0 0;
        sessions 4 4;
        bridge_bytes 8 8;
        reserved 12 12;
        device 16 16;
        resources 20 24;
        requirements 24 32;
    }
    trine_quota_state 64 64 {
        struct_size 0 0;
        refused_calls 4 4;
        refused_cpu 8 8;
        reserved 12 12;
        refused_memory 16 16;
        calls_left 24 24;
        cpu_left 32 32;
        memory_used 40 40;
        memory_high_water 48 48;
        memory_max 56 56;
    }
}

#[cfg(feature = "sentences")]
layout! {
    trine_sentence 32 40 {
        id 0 0;
        with_tokens 4 4;
        now 8 8;
        deadline 16 16;
        text 24 24;
    }
    trine_sentences 20 32 {
        struct_size 0 0;
        reserved 4 4;
        on_sentence 8 8;
        on_stop 12 16;
        user_data 16 24;
    }
}
