//! Nothing: this package only names a version of the FreeRTOS kernel.
