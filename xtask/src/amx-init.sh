#!/bin/busybox sh
# The first and only program of the machine of `cargo xtask soak amx`.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
export RUST_BACKTRACE=0
tiles --nocapture --test-threads 1
edges --test-threads 1
oracle products:: --skip any_shape --test-threads 1
# The last lines have to leave by the serial port.
sleep 1
poweroff -f
