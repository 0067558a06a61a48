// The header of tests in C++, with nothing before it, and twice.
#include <trine_mock.h>
#include <trine_mock.h>

int main()
{
    static trine_mock mock;
    static const trine_tool tool = TRINE_TOOL("none", "", "", 0u, NULL, NULL, NULL, NULL);

    trine_mock_start(&mock, &tool);
    return (trine_mock_count(&mock, 0) == 0u) ? 0 : 1;
}
