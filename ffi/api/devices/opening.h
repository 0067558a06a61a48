/**
 * \file trine_devices.h
 * \brief Trine: devices that tools take, exclusively or shared.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A program enters its devices, present or absent: processors, GPUs, neural engines, pins and
 * buses. A tool takes devices in rising order of their numbers, so that no two tools wait for
 * each other.
 *
 * A part of trine_resources.h, which shows how the parts are used together. Times are
 * microseconds of the program's clock. From profile `full` on.
 */
