/* By hand with nanopb: a call is a value, the answer too. A host must know the tools beforehand:
   there is no list, no description and no range that it could read. */
#include "two.h"
#include "two.pb.h"
#include <pb_decode.h>
#include <pb_encode.h>

int ready(void)
{
    return 1;
}

size_t handled(const char *message, size_t size, char *out, size_t room)
{
    pb_istream_t in = pb_istream_from_buffer((const pb_byte_t *)message, size);
    pb_ostream_t to = pb_ostream_from_buffer((pb_byte_t *)out, room);
    Call call = Call_init_zero;
    Answer answer = Answer_init_zero;

    if (!pb_decode(&in, Call_fields, &call)) {
        return 0u;
    }
    answer.id = call.id;
    switch (call.which_tool) {
    case Call_lamp_tag:
        lamp = call.tool.lamp.on ? 1 : 0;
        break;
    case Call_fan_tag:
        if (call.tool.fan.percent > 100u) {
            answer.is_error = true;
        } else {
            fan = (int)call.tool.fan.percent;
            answer.percent = call.tool.fan.percent;
        }
        break;
    default:
        answer.is_error = true;
        break;
    }
    return pb_encode(&to, Answer_fields, &answer) ? to.bytes_written : 0u;
}
