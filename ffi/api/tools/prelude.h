/* Devices, ports, statuses, and where the functions are. */
#include "trine.h"
