pub(crate) mod arch;
pub(crate) mod code;
pub(crate) mod layout;
pub(crate) mod table;
