/* Tools of a firmware, and the places of their parameters and results. */
#ifndef TOOLS_H
#define TOOLS_H

#include <trine.h>

enum { FAN_SET, SUM, LATER, LOUD, SILENT, CONFUSED, TOOLS };
enum { FAN_PERCENT, FAN_TARGET, FAN_MODE, FAN_NOTE };
enum { FAN_NOW, FAN_WARMTH, FAN_STATE, FAN_TOLD, FAN_ECHO };
enum { SUM_NUMBERS, SUM_NUMBER, SUM_THINGS, SUM_THING, SUM_COUNT, SUM_RANGE, SUM_LOW };
enum { SUM_ALL, SUM_SQUARES, SUM_SQUARE };

extern const trine_tool board[TOOLS];

/* Ends a call of `later` with the number that it is given. */
trine_status later_finish(void *user_data, trine_call *call);

#endif
