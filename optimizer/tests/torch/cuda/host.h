// Compiles the CUDA kernels as C++ for this processor: what of CUDA they use, and a function for each kernel that runs its
// threads one after another. `host.rs` puts the sources after this and LAUNCHABLE(kernel) for each kernel after them.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#define __global__
#define __device__
#define __forceinline__ inline
#define __restrict__ __restrict

struct dim3 {
    unsigned x, y, z;
};
struct alignas(8) int2 {
    int x, y;
};
struct alignas(16) int4 {
    int x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
static inline float2 make_float2(float x, float y) { return {x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
static inline int min(int a, int b) { return a < b ? a : b; }
using std::pow;
using std::sqrt;

static thread_local dim3 blockIdx, blockDim, threadIdx;

// The letter of a parameter's type, as `host.rs` has it: i and f for numbers, I, F and B for the elements behind pointers.
template <class T> struct letter_of;
template <> struct letter_of<int> { static const char value = 'i'; };
template <> struct letter_of<float> { static const char value = 'f'; };
template <class T> struct letter_of<const T*> : letter_of<T*> {};
template <> struct letter_of<int*> { static const char value = 'I'; };
template <> struct letter_of<int2*> : letter_of<int*> {};
template <> struct letter_of<int4*> : letter_of<int*> {};
template <> struct letter_of<float*> { static const char value = 'F'; };
template <> struct letter_of<float2*> : letter_of<float*> {};
template <> struct letter_of<float4*> : letter_of<float*> {};
template <> struct letter_of<unsigned char*> { static const char value = 'B'; };

template <class... A, size_t... I>
int run(
    void (*kernel)(A...), unsigned blocks, unsigned threads, int backwards, const char* letters, void** arguments,
    std::index_sequence<I...>
) {
    const char expected[] = {letter_of<A>::value..., 0};
    if (std::strcmp(letters, expected) != 0) return 1;
    blockDim = {threads, 1, 1};
    unsigned long long total = (unsigned long long)blocks * threads;
    for (unsigned long long i = 0; i < total; i++) {
        unsigned long long n = backwards ? total - 1 - i : i;
        blockIdx = {(unsigned)(n / threads), 0, 0};
        threadIdx = {(unsigned)(n % threads), 0, 0};
        // As CUDA's driver does: each argument is read from where its pointer points.
        kernel(*(A*)arguments[I]...);
    }
    return 0;
}

template <class... A>
int run(void (*kernel)(A...), unsigned blocks, unsigned threads, int backwards, const char* letters, void** arguments) {
    return run(kernel, blocks, threads, backwards, letters, arguments, std::index_sequence_for<A...>());
}

#define LAUNCHABLE(kernel) \
    extern "C" int host_##kernel(unsigned blocks, unsigned threads, int backwards, const char* letters, void** arguments) { \
        return run(kernel, blocks, threads, backwards, letters, arguments); \
    }
