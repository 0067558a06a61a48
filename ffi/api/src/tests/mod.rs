//! What needs to look inside; what a program sees is tested by programs, in `tests/c`.

mod greenhouse;
