
/** Where the functions are: in a static library by default; define TRINE_SHARED for the DLL of
    Windows. */
#if defined(_WIN32) && defined(TRINE_SHARED)
#define TRINE_API __declspec(dllimport)
#else
#define TRINE_API
#endif

/** Before a function whose result has to be looked at: a compiler warns where it is dropped. Define
    it as nothing before the header is included to be told nothing. */
#if !defined(TRINE_MUST_USE)
#if defined(__cplusplus) && (__cplusplus >= 201703L)
#define TRINE_MUST_USE [[nodiscard]]
#elif !defined(__cplusplus) && defined(__STDC_VERSION__) && (__STDC_VERSION__ >= 202311L)
#define TRINE_MUST_USE [[nodiscard]]
#elif defined(__GNUC__)
#define TRINE_MUST_USE __attribute__((warn_unused_result))
#elif defined(_MSC_VER)
#include <sal.h>
#define TRINE_MUST_USE _Check_return_
#else
#define TRINE_MUST_USE
#endif
#endif

/** What an enumeration is in C++, where it is a type of its own. */
#if defined(__cplusplus)
#define TRINE_AS_INT32 : int32_t
#else
#define TRINE_AS_INT32
#endif

/** Version of this header as text. */
#define TRINE_VERSION "@VERSION@"
