//! A hub without a plug-in, as a C program has it. `tests/c/hub` has the rest.
#![cfg(feature = "hub")]
#![expect(clippy::multiple_unsafe_ops_per_block, reason = "it is a test")]

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use trine_host::hosted::OK;
use trine_host::*;

/// `TRINE_E_NOT_FOUND` of `trine.h`.
const NOT_FOUND: trine_status = -10;

#[test]
fn a_plug_in_that_is_not_there_is_not_found_in_an_empty_hub_either() {
    let (mut hub, mut list) = (null_mut(), null_mut());
    // SAFETY: the places are this function's, the texts end with a zero byte, and the hub is closed
    // once.
    unsafe {
        assert_eq!(trine_hub_open(null(), &mut hub), OK);
        for by in [TRINE_HUB_BY_NAME, TRINE_HUB_BY_CAPABILITY] {
            assert_eq!(trine_hub_find(hub, by, c"clock".as_ptr(), &mut list), NOT_FOUND);
            assert!(list.is_null());
            let why = CStr::from_ptr(trine_hub_why()).to_str().unwrap();
            assert_eq!(why, "there is none: no plug-in is loaded");
        }
        // A list may be empty.
        assert_eq!(trine_hub_list(hub, &mut list), OK);
        assert_eq!(CStr::from_ptr(list).to_str().unwrap(), "[]");
        assert_eq!(trine_hub_free(list), OK);
        assert_eq!(trine_hub_close(hub), OK);
    }
}
