//! The session beside devices that are played by the test, message by message.

mod held;
mod hostile;
mod keyed;
mod old;
mod play;
mod sanitized;
mod slots;
mod wanted;
