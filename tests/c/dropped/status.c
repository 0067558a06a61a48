/* A result that has to be looked at. With WRONG, which drops one, this must not compile where
 * warnings are errors; without, it must. */
#include <trine.h>

trine_status jam(void *user_data, trine_call *call);

trine_status jam(void *user_data, trine_call *call)
{
    (void)user_data;
#if defined(WRONG)
    trine_fail(call, TRINE_TEXT("it is jammed"));
    return TRINE_OK;
#else
    return trine_fail(call, TRINE_TEXT("it is jammed"));
#endif
}
