/* Random numbers where Wine is older than Rust's standard library asks for: `ProcessPrng` of Windows 10,
 * by the function that did the same before. The tests under Wine put it next to the program. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(void *bytes, ULONG len);

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *bytes, SIZE_T len);

BOOL WINAPI ProcessPrng(BYTE *bytes, SIZE_T len)
{
    return SystemFunction036(bytes, (ULONG)len);
}
