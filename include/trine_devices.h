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


#ifndef TRINE_DEVICES_H
#define TRINE_DEVICES_H

#include <stddef.h>
#include <stdint.h>
/* The resources, and why something is refused. */
#include "trine_manager.h"


/**
 * Device: a processor.
 */
#define TRINE_DEVICE_CPU 0

/**
 * Device: a GPU by CUDA.
 */
#define TRINE_DEVICE_CUDA 1

/**
 * Device: a GPU by Metal.
 */
#define TRINE_DEVICE_METAL 2

/**
 * Device: a GPU by Vulkan.
 */
#define TRINE_DEVICE_VULKAN 3

/**
 * Device: a neural engine, which is no GPU.
 */
#define TRINE_DEVICE_NEURAL_ENGINE 4

/**
 * Device: pins.
 */
#define TRINE_DEVICE_GPIO 5

/**
 * Device: an I2C bus.
 */
#define TRINE_DEVICE_I2C 6

/**
 * Device: an SPI bus.
 */
#define TRINE_DEVICE_SPI 7

/**
 * Device: a serial port.
 */
#define TRINE_DEVICE_UART 8

/**
 * The device is there.
 */
#define TRINE_PRESENT 0

/**
 * The device is absent: the program has no code for it.
 */
#define TRINE_ABSENT_NOT_BUILT 1

/**
 * The device is absent: the machine has none.
 */
#define TRINE_ABSENT_NOT_FOUND 2

/**
 * The device is absent: its driver is missing or too old.
 */
#define TRINE_ABSENT_NO_DRIVER 3

/**
 * The device is absent: it failed to start.
 */
#define TRINE_ABSENT_FAILED 4

/**
 * The device is absent: it was removed.
 */
#define TRINE_ABSENT_REMOVED 5

/**
 * The device is absent: it is switched off by configuration.
 */
#define TRINE_ABSENT_DISABLED 6

/**
 * A device: as the program enters it, and who has it.
 */
typedef struct trine_resources_device {
    /**
     * `sizeof(trine_resources_device)`.
     */
    uint32_t struct_size;
    /**
     * Its number, by which it is taken: any but TRINE_NONE.
     */
    uint32_t id;
    /**
     * `TRINE_DEVICE_...`.
     */
    uint32_t kind;
    /**
     * Number of the bus, or of the device among those of its kind.
     */
    uint32_t bus;
    /**
     * TRINE_PRESENT, or `TRINE_ABSENT_...`.
     */
    uint32_t presence;
    /**
     * Answered: references of tools that share it.
     */
    uint32_t shared;
    /**
     * Bytes of its own memory; 0 for none.
     */
    uint64_t memory;
    /**
     * Answered: bytes of it that tools have.
     */
    uint64_t memory_used;
    /**
     * Answered: the tool that has it exclusively, or TRINE_NONE.
     */
    uint32_t exclusive;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * A name for people, of at most 29 bytes; copied.
     */
    trine_text name;
} trine_resources_device;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Enters a device into the table, present or absent.
 *
 * @param resources The resources.
 * @param device The device; copied.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION,
 *         TRINE_E_UNSUPPORTED, TRINE_E_UTF8, TRINE_E_FULL when there are `devices_max`, or
 *         TRINE_E_ARGUMENT when its number is taken or TRINE_NONE, its kind unknown or its name
 *         too long.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_add_device(trine_resources *resources,
                                        const struct trine_resources_device *device);

/**
 * Says that a device came or went. Tools that hold it keep it until they release it.
 *
 * @param resources The resources.
 * @param id Number of the device.
 * @param presence TRINE_PRESENT, or `TRINE_ABSENT_...`.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_ARGUMENT, or
 *         TRINE_E_NO_DEVICE when there is none of that number.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_set_presence(trine_resources *resources,
                                          uint32_t id,
                                          uint32_t presence);

/**
 * A device of the table, in the order in which they were entered, and who has it.
 *
 * @param resources The resources.
 * @param index From 0 on.
 * @param device Where it goes; its `struct_size` is set. Its name lives as long as the resources.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION, or
 *         TRINE_E_NOT_FOUND behind the last one.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_get_device(trine_resources *resources,
                                        uint32_t index,
                                        struct trine_resources_device *device);

/**
 * Takes a further device for a tool. Its number is higher than those that the tool holds, so that
 * no two tools wait for each other; one that it shares may be taken again.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param device Number of the device.
 * @param is_exclusive 1 when no other tool may have it, 0 to share it.
 * @param refusal Where the reason goes; its `struct_size` is set. It may be NULL.
 * @return TRINE_OK, TRINE_E_LIMIT when another tool has it or has waited for it for longer than
 *         `patience`, TRINE_E_NO_DEVICE, TRINE_E_FULL when there are `holds_max`,
 *         TRINE_E_NOT_FOUND when the tool has no allocation, TRINE_E_NULL, TRINE_E_STATE,
 *         TRINE_E_BUSY, TRINE_E_VERSION, or TRINE_E_ARGUMENT.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_take_device(trine_resources *resources,
                                         uint32_t tool,
                                         uint32_t device,
                                         uint32_t is_exclusive,
                                         trine_refusal *refusal);

/**
 * Gives one reference to a device back.
 *
 * @param resources The resources.
 * @param tool Number of the tool.
 * @param device Number of the device.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_STATE, TRINE_E_BUSY, or TRINE_E_NOT_FOUND when the tool
 *         does not hold it, such as after it gave it back.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_resources_give_device(trine_resources *resources,
                                         uint32_t tool,
                                         uint32_t device);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_DEVICES_H */
