/* FreeRTOS for the example: static memory only, so there is no heap to be found in the image. */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H

#include "map.h"

#define configCPU_CLOCK_HZ CLOCK_HZ
#define configTICK_RATE_HZ 1000u
#define configTICK_TYPE_WIDTH_IN_BITS TICK_TYPE_WIDTH_32_BITS
#define configMAX_PRIORITIES 4
#define configMINIMAL_STACK_SIZE 128u
#define configUSE_PREEMPTION 1
#define configUSE_IDLE_HOOK 0
#define configUSE_TICK_HOOK 0
#define configUSE_TIMERS 0
#define configUSE_TASK_NOTIFICATIONS 1
#define configSUPPORT_STATIC_ALLOCATION 1
#define configSUPPORT_DYNAMIC_ALLOCATION 0
#define configKERNEL_PROVIDED_STATIC_MEMORY 1
#define configCHECK_FOR_STACK_OVERFLOW 0
#define configCHECK_HANDLER_INSTALLATION 0

/* Three bits of priority; the kernel may be called from interrupts of rank 4 and below. */
#define configPRIO_BITS 3
#define configKERNEL_INTERRUPT_PRIORITY (7 << 5)
#define configMAX_SYSCALL_INTERRUPT_PRIORITY (4 << 5)

#define INCLUDE_vTaskDelay 1
#define INCLUDE_vTaskSuspend 1

/* The kernel's handlers under the names of bsp/vectors.c; its tick is called by rtos.c. */
#define vPortSVCHandler svc_handler
#define xPortPendSVHandler pendsv_handler

#endif
