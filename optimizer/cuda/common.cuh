// Shared by all kernels.
//
// Every kernel keeps to one rule: a thread computes outputs that no other thread of the launch touches, waits for none and
// uses no atomics. So results do not depend on the order of threads, and the tests compile these very files as C++ and run
// the threads one after another (optimizer/tests/torch/cuda/host.h). Whatever must wait for other threads is another launch.
//
// Texel ids: the sign bit marks looping texels (grid.rs); the rest is its row in `static_texels` or `looping_texels`.
//   static_texels   [static texels + 1]        premultiplied RGBA, the transparent texel at the end
//   looping_texels  [looping texels, frames]   premultiplied RGBA
// Frames are handled CHUNK at a time (defined by the host): "lane" is the number of a frame within its chunk.

// Of a list of neighbours: no texel there.
#define NOTHING 0x7fffffff

// The number of this thread in its launch; the host starts whole blocks, so some are too many.
__device__ __forceinline__ long long thread_number() {
    return (long long)blockIdx.x * blockDim.x + threadIdx.x;
}

__device__ __forceinline__ int row_of(int id) {
    return id & 0x7fffffff;
}

__device__ __forceinline__ float4 zero() {
    return make_float4(0.0f, 0.0f, 0.0f, 0.0f);
}

// sum + w * texel
__device__ __forceinline__ float4 plus(float4 sum, float w, float4 texel) {
    return make_float4(sum.x + w * texel.x, sum.y + w * texel.y, sum.z + w * texel.z, sum.w + w * texel.w);
}

__device__ __forceinline__ float sign(float x) {
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f;
}
