/* Stands in for Windows' own bcryptprimitives.dll, which Wine 8 doesn't have and cryptography asks for. Its random bytes are the
   system's. As icuuc.c, for the Wine that tries things out only. */

#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(unsigned char *bytes, size_t length) {
    while (length) {
        ULONG part = length > 0x10000000 ? 0x10000000 : (ULONG)length;
        if (!RtlGenRandom(bytes, part)) return FALSE;
        bytes += part;
        length -= part;
    }
    return TRUE;
}
