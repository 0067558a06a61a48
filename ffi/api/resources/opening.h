/**
 * \file trine_resources.h
 * \brief Trine: memory, devices, processors and time of tools, each within its limits.
 *
 * Made from ffi/api by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A program with several tools decides which of them may have how much. All of it lies in memory
 * that the program gives; nothing grows, and what is refused changes nothing. Times are
 * microseconds of the program's clock. docs/resource-limits.md describes the limits.
 *
 * This header includes its four parts: trine_manager.h (what tools ask for and are given),
 * trine_devices.h, trine_pools.h (memory) and trine_accounts.h (calls and their times).
 *
 *     #include <trine_resources.h>
 *
 *     static uint64_t memory[1024];
 *
 *     int main(void)
 *     {
 *         const trine_resources_config config = {
 *             .struct_size = sizeof config, .tools_max = 4, .memory = 2048, .blocks_max = 8,
 *             .devices_max = 2, .holds_max = 8, .executions_max = 4, .processors = 1};
 *         const trine_resources_device bus = {.struct_size = sizeof bus, .id = 1,
 *             .kind = TRINE_DEVICE_I2C, .name = {TRINE_TEXT("sensors")}};
 *         const trine_device_request wanted[] = {{1, TRINE_REQUEST_EXCLUSIVE}};
 *         const trine_requirements asks = {.struct_size = sizeof asks, .memory_min = 512,
 *             .memory_max = 1024, .calls_per_second = 10, .devices_count = 1, .devices = wanted};
 *         trine_allocation given = {.struct_size = sizeof given};
 *         trine_refusal why = {.struct_size = sizeof why};
 *         trine_resources *resources;
 *         uint64_t call;
 *
 *         if (trine_resources_init(memory, sizeof memory, &config, &resources) != TRINE_OK ||
 *             trine_resources_add_device(resources, &bus) != TRINE_OK ||
 *             trine_resources_allocate(resources, 7, &asks, 0, &given, &why) != TRINE_OK ||
 *             trine_resources_begin(resources, 7, 10, &call, &why) != TRINE_OK) {
 *             return 1; // why.limit, why.asked, why.left
 *         }
 *         trine_resources_end(resources, call, 250, 200, TRINE_EXECUTION_DONE);
 *         return trine_resources_release(resources, 7, 300) == TRINE_OK ? 0 : 1;
 *     }
 *
 * The rules of trine.h hold. From profile `full` on.
 */
