/* `ProcessPrng` of Windows 10, which Rust's standard library calls and Wine 8 lacks, by the function
 * that has the same use. The tests in Wine put it next to the program. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(void *bytes, ULONG len);

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *bytes, SIZE_T len);

BOOL WINAPI ProcessPrng(BYTE *bytes, SIZE_T len)
{
    return SystemFunction036(bytes, (ULONG)len);
}
