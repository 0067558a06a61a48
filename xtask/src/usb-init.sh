#!/bin/busybox sh
# The first and only program of the machine of `cargo xtask soak usb`.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts
mount -t devpts pts /dev/pts
mount -t tmpfs tmp /tmp
for module in /modules/*; do
    case $module in
    *dummy_hcd*) insmod "$module" num=2 ;;
    *) insmod "$module" ;;
    esac
done
mount -t configfs config /sys/kernel/config
ip link set lo up
export HOME=/tmp RUST_BACKTRACE=0 SHARED_CALLS=500
TRINE_USB_GADGETS=acm gateway usb:: --nocapture --test-threads 1
rmmod cdc_acm
TRINE_USB_GADGETS=bulk gateway usb:: --nocapture --test-threads 1
for gadget in /sys/kernel/config/usb_gadget/*; do rm "$gadget"/configs/c.1/acm.usb0; done
TRINE_USB_GADGETS=vendor gateway usb:: --nocapture --test-threads 1
poweroff -f
