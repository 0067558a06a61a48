/* The same call as values by nanopb: a message of Protocol Buffers is decoded, its fields are
   validated by hand, and the answer is encoded. Next to `postcard`, which is judged by a descriptor. */
#include "timed.h"
#include "call.pb.h"
#include <pb_decode.h>
#include <pb_encode.h>

#define ADD 1u

static uint8_t request[64];
static size_t request_size;
static uint8_t answer[64];
static size_t answer_size;

static int start(void)
{
    const Call call = {7, ADD, 12, 5};
    pb_ostream_t out = pb_ostream_from_buffer(request, sizeof request);
    const int is_encoded = pb_encode(&out, Call_fields, &call);

    request_size = out.bytes_written;
    return is_encoded;
}

static int is_bounded(int64_t value)
{
    return value >= -1000000 && value <= 1000000;
}

static size_t handled(void)
{
    Call call = Call_init_zero;
    Answer result = Answer_init_zero;
    pb_istream_t in = pb_istream_from_buffer(request, request_size);
    pb_ostream_t out = pb_ostream_from_buffer(answer, sizeof answer);

    if (!pb_decode(&in, Call_fields, &call) || call.tool != ADD || !is_bounded(call.a) ||
        !is_bounded(call.b)) {
        return 0;
    }
    result.id = call.id;
    result.sum = call.a + call.b;
    if (!is_bounded(result.sum) || !pb_encode(&out, Answer_fields, &result)) {
        return 0;
    }
    answer_size = out.bytes_written;
    return answer_size;
}

static __attribute__((noinline)) size_t measured(unsigned calls)
{
    size_t bytes = 0;
    unsigned call;

    for (call = 0; call < calls; call++) {
        bytes += handled();
    }
    return bytes;
}

static int is_right(void)
{
    Answer result = Answer_init_zero;
    pb_istream_t in = pb_istream_from_buffer(answer, answer_size);
    return pb_decode(&in, Answer_fields, &result) && result.id == 7u && result.sum == 17;
}
