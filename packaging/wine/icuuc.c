/* Stands in for Windows' own icuuc.dll, which Wine 8 doesn't have and Qt6Core.dll asks for. It knows no converters: what asks
   for one is told that there is none, and goes without. Only ever put into the system32 of the Wine that tries things out;
   installers/windows.py refuses to ship a file of this name. */

#define SHOWN __declspec(dllexport)
#define NOTHING(name) SHOWN void *name(void) { return 0; }

enum { U_UNSUPPORTED_ERROR = 16 };

SHOWN void *ucnv_open(const char *name, int *error) {
    (void)name;
    if (error) *error = U_UNSUPPORTED_ERROR;
    return 0;
}

SHOWN const char *ucnv_getName(void *converter, int *error) {
    (void)converter;
    if (error) *error = U_UNSUPPORTED_ERROR;
    return 0;
}

SHOWN const char *ucnv_getStandardName(const char *name, const char *standard, int *error) {
    (void)name, (void)standard;
    if (error) *error = U_UNSUPPORTED_ERROR;
    return 0;
}

/* Called with a converter only, of which there is none. */
NOTHING(UCNV_FROM_U_CALLBACK_SUBSTITUTE)
NOTHING(UCNV_TO_U_CALLBACK_SUBSTITUTE)
NOTHING(ucnv_cbFromUWriteUChars)
NOTHING(ucnv_cbToUWriteUChars)
NOTHING(ucnv_close)
NOTHING(ucnv_countAvailable)
NOTHING(ucnv_fromUCountPending)
NOTHING(ucnv_fromUnicode)
NOTHING(ucnv_getAvailableName)
NOTHING(ucnv_getFromUCallBack)
NOTHING(ucnv_getMaxCharSize)
NOTHING(ucnv_getToUCallBack)
NOTHING(ucnv_reset)
NOTHING(ucnv_setFromUCallBack)
NOTHING(ucnv_setToUCallBack)
NOTHING(ucnv_toUCountPending)
NOTHING(ucnv_toUnicode)
