//! The session beside devices that are played by the test, message by message.

mod hostile;
mod keyed;
mod lanes;
mod old;
mod play;
mod said;
