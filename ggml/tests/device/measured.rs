//! Our own backend is asked before others where a record of a device stands for its kernels.

#[path = "../../ternary/print.rs"]
mod print;

use std::fs;

use trine_ggml::Kernels;

use super::file;

#[test]
fn a_record_stands_for_the_kernels_as_they_are() {
    let (now, known) = (print::print(&file("ggml/ternary")).unwrap(), Kernels::here());
    assert_eq!(
        now, known.print,
        "the kernels for CUDA have changed, and no device has run them: write `kernels {now}` in \
         ggml/ternary/measured.txt, and `record none` or the record that `cargo xtask bench gpu \
         ternary --record` has made of them; without one --backend auto takes another GPU first"
    );
    if let Some(record) = known.record {
        let text = fs::read_to_string(file(record)).unwrap();
        let row = format!("| 1 kernels | {now} |");
        assert!(text.contains(&row), "{record} is of other kernels: it has no row `{row}`");
    }
}

#[cfg(feature = "fibers")]
mod order {
    use std::ffi::{CStr, CString, c_char};
    use std::ptr::null;

    use trine_ggml::{Device, Kernels};

    unsafe extern "C" {
        /// Says that the kernels have another print; where that is null, their own again.
        fn trine_ternary_pretends(print: *const c_char);
    }

    /// The first device and the last, with kernels of this print.
    fn ends(print: Option<&CStr>) -> [Device; 2] {
        // SAFETY: the text lives until the next call, which takes it back.
        unsafe { trine_ternary_pretends(print.map_or(null(), CStr::as_ptr)) };
        let all = Device::all();
        // SAFETY: as above.
        unsafe { trine_ternary_pretends(null()) };
        [all[0], all[all.len() - 1]]
    }

    #[test]
    fn kernels_without_a_record_are_asked_last() {
        let known = Kernels::here();
        let own = |print| ends(print).map(Device::is_ternary);
        assert_eq!(own(Some(c"0123456789abcdef")), [false, true]);
        let measured = CString::new(known.print).unwrap();
        let has_record = known.record.is_some();
        assert_eq!(own(Some(&measured)), [has_record, !has_record]);
        // What was compiled is what lies there.
        assert_eq!(own(None), [has_record, !has_record]);
        let own = Device::all().into_iter().find(|device| device.is_ternary()).unwrap();
        assert_eq!(own.kernels().as_deref(), Some(known.print));
        assert_eq!(own.is_measured(), has_record);
        assert!(Device::all().iter().all(|device| device.is_ternary() || device.is_measured()));
    }
}
