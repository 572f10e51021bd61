// The compositor of looping tiles, forward and backward (METHOD 2.6; loss of METHOD 4.4; what kernels/compositor/looping_tiles.rs does).
//
// Premultiplied over, near to far: C = sum T_k s_k, T_{k+1} = T_k (1 - a_k), with s_k = (c_k, a_k) the bilinear sample of hit
// k. A ray ends where it lets through less than STOP.
//
// Hits of a view, near to far, those of pixel p from start[p] to start[p + 1]:
//   taps      [hits]   four texel ids: top left, top right, bottom left, bottom right
//   fraction  [hits]   where between them (right, down), each in [0, 1)
//   static_samples     [hits]   what their static taps make up: the same for all frames, so it is computed once a step

// A quarter of the 8-bit step.
#define STOP (1.0f / 1024.0f)
// Width of the robust penalty of a colour, 2 |r|^2 / (|r|^2 / 3 + 0.04) (METHOD 4.4, D25).
#define WIDTH 0.04f
// |a|_2 below which a ray counts as empty (kernels/compositor/looping_tiles.rs).
#define EMPTY (1.0f / 256.0f)

__device__ __forceinline__ float4 weights(float2 f) {
    return make_float4((1.0f - f.x) * (1.0f - f.y), f.x * (1.0f - f.y), (1.0f - f.x) * f.y, f.x * f.y);
}

// The sample of a hit in one frame.
__device__ __forceinline__ float4 sample(
    const int4* __restrict__ taps, const float2* __restrict__ fraction, const float4* __restrict__ static_samples,
    const float4* __restrict__ looping_texels, int hit, int frames, int frame
) {
    float4 s = static_samples[hit];
    int4 tap = taps[hit];
    if ((tap.x | tap.y | tap.z | tap.w) < 0) {
        float4 w = weights(fraction[hit]);
        if (tap.x < 0) s = plus(s, w.x, looping_texels[(long long)row_of(tap.x) * frames + frame]);
        if (tap.y < 0) s = plus(s, w.y, looping_texels[(long long)row_of(tap.y) * frames + frame]);
        if (tap.z < 0) s = plus(s, w.z, looping_texels[(long long)row_of(tap.z) * frames + frame]);
        if (tap.w < 0) s = plus(s, w.w, looping_texels[(long long)row_of(tap.w) * frames + frame]);
    }
    return s;
}

// One thread for each hit: static_samples[hit], the weighted sum of the hit's static taps.
extern "C" __global__ void sample_static_texels(
    const int4* __restrict__ taps, const float2* __restrict__ fraction, const float4* __restrict__ static_texels, int hits,
    float4* __restrict__ static_samples
) {
    long long hit = thread_number();
    if (hit >= hits) return;
    int4 tap = taps[hit];
    float4 w = weights(fraction[hit]);
    float4 s = zero();
    if (tap.x >= 0) s = plus(s, w.x, static_texels[tap.x]);
    if (tap.y >= 0) s = plus(s, w.y, static_texels[tap.y]);
    if (tap.z >= 0) s = plus(s, w.z, static_texels[tap.z]);
    if (tap.w >= 0) s = plus(s, w.w, static_texels[tap.w]);
    static_samples[hit] = s;
}

// One thread for each pixel and frame: image[pixel, channel, frame] = exposure * C.
extern "C" __global__ void compose(
    const int* __restrict__ start, const int4* __restrict__ taps, const float2* __restrict__ fraction,
    const float4* __restrict__ static_samples, const float4* __restrict__ looping_texels, int pixels, int frames, float exposure,
    float* __restrict__ image
) {
    long long i = thread_number();
    if (i >= (long long)pixels * frames) return;
    int pixel = (int)(i / frames), frame = (int)(i % frames);
    float4 color = zero();
    float through = 1.0f;
    for (int hit = start[pixel]; hit < start[pixel + 1]; hit++) {
        float4 s = sample(taps, fraction, static_samples, looping_texels, hit, frames, frame);
        color = plus(color, through, s);
        through = through - through * s.w;
        if (through < STOP) break;
    }
    float* out = image + (long long)pixel * 3 * frames + frame;
    out[0] = exposure * color.x;
    out[frames] = exposure * color.y;
    out[2 * frames] = exposure * color.z;
}

// One thread for each pixel and lane of the frames first .. first + count: compares the render with the target by the robust
// penalty and goes back through the hits. `sparsity` weighs |a|_1 / |a|_2 over the opacities of the ray's samples (METHOD 3.3).
//   target  [pixels, channel, frames]   bytes, 255 = 1.0
//   slots   [hits, CHUNK]               becomes dL/d(sample); on the way back it holds each sample's colour, and the light
//                                       that reaches it in place of its opacity: T_{k+1} / T_k = 1 - a_k gives that back
//   loss    [pixels, CHUNK]             sum of the penalties, added to what is there
extern "C" __global__ void data_gradient(
    const int* __restrict__ start, const int4* __restrict__ taps, const float2* __restrict__ fraction,
    const float4* __restrict__ static_samples, const float4* __restrict__ looping_texels, const unsigned char* __restrict__ target,
    int pixels, int frames, int first, int count, float exposure, float sparsity, float4* __restrict__ slots,
    float* __restrict__ loss
) {
    long long i = thread_number();
    if (i >= (long long)pixels * count) return;
    int pixel = (int)(i / count), lane = (int)(i % count);
    int begin = start[pixel], end = start[pixel + 1];
    float4 color = zero();
    float through = 1.0f, l1 = 0.0f, square = 0.0f;
    int hit = begin;
    while (hit < end && through >= STOP) {
        float4 s = sample(taps, fraction, static_samples, looping_texels, hit, frames, first + lane);
        slots[(long long)hit * CHUNK + lane] = make_float4(s.x, s.y, s.z, through);
        color = plus(color, through, s);
        through = through - through * s.w;
        l1 += s.w;
        square += s.w * s.w;
        hit++;
    }
    int visited = hit;
    for (; hit < end; hit++) slots[(long long)hit * CHUNK + lane] = zero();

    const unsigned char* wanted = target + (long long)pixel * 3 * frames + first + lane;
    float rendered[3] = {color.x, color.y, color.z};
    float slope[3], residual = 0.0f;
    for (int c = 0; c < 3; c++) {
        slope[c] = rendered[c] * exposure - (float)wanted[(long long)c * frames] / 255.0f;
        residual += slope[c] * slope[c];
    }
    float d = residual / 3.0f + WIDTH;
    loss[(long long)pixel * CHUNK + lane] += 2.0f * residual / d;
    for (int c = 0; c < 3; c++) slope[c] *= 4.0f * WIDTH / (d * d) * exposure;

    // d(|a|_1 / |a|_2) / da = 1 / |a|_2 - a |a|_1 / |a|_2^3.
    float spread = sparsity / fmaxf(sqrtf(square), EMPTY);
    float peaked = square > EMPTY * EMPTY ? spread * l1 / square : 0.0f;

    // C behind hit k, as if nothing stood before it.
    float behind[3] = {0.0f, 0.0f, 0.0f};
    for (hit = visited - 1; hit >= begin; hit--) {
        float4* slot = slots + (long long)hit * CHUNK + lane;
        float4 s = *slot;
        float reaches = s.w, clear = through / reaches;
        float hidden = slope[0] * behind[0] + slope[1] * behind[1] + slope[2] * behind[2];
        behind[0] = s.x + clear * behind[0];
        behind[1] = s.y + clear * behind[1];
        behind[2] = s.z + clear * behind[2];
        *slot = make_float4(reaches * slope[0], reaches * slope[1], reaches * slope[2],
            spread - peaked * (1.0f - clear) - reaches * hidden);
        through = reaches;
    }
}
