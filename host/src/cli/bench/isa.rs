//! `--isa`: with which of the processor's instruction sets.

use trine_ternary::{Isa, Kernels};

/// Kernels by the name of their instruction set.
pub(super) fn kernels(name: &str) -> Result<Kernels, String> {
    let named = Isa::ALL.iter().find(|isa| isa.name() == name);
    named.and_then(|isa| Kernels::new(*isa)).ok_or_else(|| {
        let usable: Vec<_> = Isa::supported().map(Isa::name).collect();
        format!("this processor has {}", usable.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::{Isa, kernels};

    #[test]
    fn each_set_of_the_processor_has_a_name_and_others_are_refused_with_these_names() {
        for isa in Isa::supported() {
            assert_eq!(kernels(isa.name()).unwrap().isa(), isa);
        }
        for isa in Isa::ALL.iter().filter(|isa| !isa.is_supported()) {
            assert!(kernels(isa.name()).is_err(), "{isa:?}");
        }
        let refused = kernels("mmx").unwrap_err();
        assert!(refused.starts_with("this processor has scalar"), "{refused}");
    }
}
