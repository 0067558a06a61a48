
/** Where the functions are: in a static library by default; define TRINE_SHARED for the DLL of
    Windows. */
#if defined(_WIN32) && defined(TRINE_SHARED)
#define TRINE_API __declspec(dllimport)
#else
#define TRINE_API
#endif

/** Version of this header as text. */
#define TRINE_VERSION "@VERSION@"
