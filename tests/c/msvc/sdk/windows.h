/* Stands for the header of Microsoft's SDK: what trine_stdio.h takes of it. */
#ifndef STAND_IN_WINDOWS_H
#define STAND_IN_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif
typedef void *HANDLE;
typedef unsigned long DWORD;
typedef int BOOL;

#define STD_INPUT_HANDLE ((DWORD)-10)
#define STD_OUTPUT_HANDLE ((DWORD)-11)
#define FILE_TYPE_PIPE 3u

__declspec(dllimport) DWORD __stdcall GetFileType(HANDLE file);
__declspec(dllimport) HANDLE __stdcall GetStdHandle(DWORD number);
__declspec(dllimport) uint64_t __stdcall GetTickCount64(void);
__declspec(dllimport) BOOL __stdcall PeekNamedPipe(HANDLE pipe, void *bytes, DWORD size,
                                                   DWORD *read, DWORD *ready, DWORD *left);
__declspec(dllimport) BOOL __stdcall ReadFile(HANDLE file, void *bytes, DWORD size, DWORD *read,
                                              void *overlapped);
__declspec(dllimport) void __stdcall Sleep(DWORD milliseconds);
__declspec(dllimport) BOOL __stdcall WriteFile(HANDLE file, const void *bytes, DWORD size,
                                               DWORD *written, void *overlapped);
#if defined(__cplusplus)
}
#endif

#endif
