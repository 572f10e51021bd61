// Gradients of texels, total variation and sparse Adam (METHOD D6, D9, D18; what looping_stage/model/ and
// kernels/adam.rs do).
//
// The gradient of a texel is gathered from the hits that saw it: dL/d(texel) = sum over its entries of weight * dL/d(sample),
// so nothing is scattered and no atomics are needed. To it comes that of the total variation between true neighbours of the
// plane, sum over neighbours n of min(coverage, 1) * |texel - n|, colour and opacity under weights of their own.
//
// Texels that a view sees, of one kind (static or looping):
//   seen    [n]            rows of the texels, ascending
//   cover   [n]            sum of bilinear weights over the view's pixels, above 0
//   first   [n + 1]        entries of texel n: first[n] .. first[n + 1]
//   hit, weight [entries]  which hit, with what weight
// neighbours [texels]      four ids for each texel of one kind, NOTHING where the plane ends

// Adds the slope of the total variation between a texel and one neighbour in a frame, `times` over.
__device__ __forceinline__ void add_tv_gradient(
    float4& g, float4 own, int neighbour, int times, float cover, float tv_rgb, float tv_alpha,
    const float4* __restrict__ static_texels, const float4* __restrict__ looping_texels, int frames, int frame
) {
    if (neighbour == NOTHING) return;
    float4 n = neighbour >= 0 ? static_texels[neighbour] : looping_texels[(long long)row_of(neighbour) * frames + frame];
    float weight = fminf(cover, 1.0f) * (float)times;
    g.x += weight * tv_rgb * sign(own.x - n.x);
    g.y += weight * tv_rgb * sign(own.y - n.y);
    g.z += weight * tv_rgb * sign(own.z - n.z);
    g.w += weight * tv_alpha * sign(own.w - n.w);
}

// The nearest valid texel, 0 <= colour <= alpha <= 1, and alpha = 1 on the backdrop (kernels/projection.rs has the formula): alpha
// is the largest mean of itself with the 0, 1, 2 or 3 brightest colours.
__device__ __forceinline__ float4 nearest_valid(float4 texel, bool backdrop) {
    float high = fmaxf(texel.x, texel.y), low = fminf(texel.x, texel.y);
    float one = texel.w + fmaxf(high, texel.z);
    float two = one + fminf(high, fmaxf(low, texel.z));
    float three = two + fminf(low, texel.z);
    float mean = fmaxf(fmaxf(texel.w, one * 0.5f), fmaxf(two * (1.0f / 3.0f), three * 0.25f));
    float alpha = backdrop ? 1.0f : fminf(fmaxf(mean, 0.0f), 1.0f);
    return make_float4(
        fminf(fmaxf(texel.x, 0.0f), alpha), fminf(fmaxf(texel.y, 0.0f), alpha), fminf(fmaxf(texel.z, 0.0f), alpha), alpha
    );
}

// Adam on a texel, whose channels share one second moment, their mean; then the nearest valid texel. `step`: size and epsilon of
// begin_steps.
__device__ __forceinline__ float4 moved_texel(
    float4 texel, float4 g, float4& m, float& v, float2 step, float beta1, float beta2, bool backdrop
) {
    v += (1.0f - beta2) * (0.25f * ((g.x * g.x + g.y * g.y) + (g.z * g.z + g.w * g.w)) - v);
    m = plus(m, 1.0f - beta1, make_float4(g.x - m.x, g.y - m.y, g.z - m.z, g.w - m.w));
    texel = plus(texel, -step.x / (sqrtf(v) + step.y), m);
    return nearest_valid(texel, backdrop);
}

// One thread for each touched tile: counts its step, and writes the step's size and epsilon with Adam's corrections for the
// moments' start at 0 folded in (Kingma and Ba 2015, end of section 2).
//   tiles    [n]       touched tiles: static ones, then looping ones
//   taken    [tiles]   steps that each tile took
//   steps    [tiles]   size, epsilon
extern "C" __global__ void begin_steps(
    const int* __restrict__ tiles, int n, float lr, float epsilon, float beta1, float beta2, int* __restrict__ taken,
    float2* __restrict__ steps
) {
    long long i = thread_number();
    if (i >= n) return;
    int tile = tiles[i];
    int step = ++taken[tile];
    double first = 1.0 - pow((double)beta1, (double)step);
    double second = sqrt(1.0 - pow((double)beta2, (double)step));
    steps[tile] = make_float2((float)((double)lr * second / first), epsilon * (float)second);
}

// One thread for each static texel seen: adds the gradients of a chunk's frames to gradient[n].
extern "C" __global__ void gather_static_gradients(
    const int* __restrict__ seen, const float* __restrict__ cover, const int* __restrict__ first_entry,
    const int* __restrict__ entry_hit, const float* __restrict__ entry_weight, const int4* __restrict__ neighbours,
    const float4* __restrict__ slots, const float4* __restrict__ static_texels, const float4* __restrict__ looping_texels, int n,
    int frames, int first, int count, float tv_rgb, float tv_alpha, float4* __restrict__ gradient
) {
    long long i = thread_number();
    if (i >= n) return;
    float4 g = zero();
    for (int entry = first_entry[i]; entry < first_entry[i + 1]; entry++) {
        const float4* slot = slots + (long long)entry_hit[entry] * CHUNK;
        float4 sum = zero();
        for (int lane = 0; lane < count; lane++) sum = plus(sum, 1.0f, slot[lane]);
        g = plus(g, entry_weight[entry], sum);
    }
    float4 own = static_texels[seen[i]];
    int4 around = neighbours[seen[i]];
    int ids[4] = {around.x, around.y, around.z, around.w};
    for (int k = 0; k < 4; k++) {
        // A static neighbour says the same in every frame.
        bool loops = ids[k] < 0;
        for (int lane = 0; lane < (loops ? count : 1); lane++)
            add_tv_gradient(g, own, ids[k], loops ? 1 : count, cover[i], tv_rgb, tv_alpha, static_texels, looping_texels, frames, first + lane);
    }
    gradient[i] = plus(gradient[i], 1.0f, g);
}

// One thread for each looping texel seen and lane: gathers the gradient, updates the moments and writes the texel's new value
// to moved[n, CHUNK]. The old values stay until store_looping_texels, since neighbours read them.
extern "C" __global__ void move_looping_texels(
    const int* __restrict__ seen, const float* __restrict__ cover, const int* __restrict__ first_entry,
    const int* __restrict__ entry_hit, const float* __restrict__ entry_weight, const int4* __restrict__ neighbours,
    const float4* __restrict__ slots, const float4* __restrict__ static_texels, const float4* __restrict__ looping_texels,
    const float2* __restrict__ steps, int n, int frames, int first, int count, int static_tiles, int tile_texels,
    int backdrop, float tv_rgb, float tv_alpha, float beta1, float beta2, float4* __restrict__ first_moments,
    float* __restrict__ second_moments, float4* __restrict__ moved
) {
    long long i = thread_number();
    if (i >= (long long)n * count) return;
    int k = (int)(i / count), lane = (int)(i % count);
    int texel = seen[k];
    float4 g = zero();
    for (int entry = first_entry[k]; entry < first_entry[k + 1]; entry++)
        g = plus(g, entry_weight[entry], slots[(long long)entry_hit[entry] * CHUNK + lane]);
    long long at = (long long)texel * frames + first + lane;
    float4 own = looping_texels[at];
    int4 around = neighbours[texel];
    int ids[4] = {around.x, around.y, around.z, around.w};
    for (int side = 0; side < 4; side++)
        add_tv_gradient(g, own, ids[side], 1, cover[k], tv_rgb, tv_alpha, static_texels, looping_texels, frames, first + lane);
    float4 m = first_moments[at];
    float v = second_moments[at];
    float2 step = steps[static_tiles + texel / tile_texels];
    moved[(long long)k * CHUNK + lane] = moved_texel(own, g, m, v, step, beta1, beta2, texel >= backdrop);
    first_moments[at] = m;
    second_moments[at] = v;
}

// One thread for each looping texel seen and lane: puts its new value in place.
extern "C" __global__ void store_looping_texels(
    const int* __restrict__ seen, const float4* __restrict__ moved, int n, int frames, int first, int count,
    float4* __restrict__ looping_texels
) {
    long long i = thread_number();
    if (i >= (long long)n * count) return;
    int k = (int)(i / count), lane = (int)(i % count);
    looping_texels[(long long)seen[k] * frames + first + lane] = moved[(long long)k * CHUNK + lane];
}

// One thread for each static texel seen: moves it by the gradient of all frames.
//   gradient [n]; moments [static texels], one second moment for a texel
extern "C" __global__ void move_static_texels(
    const int* __restrict__ seen, const float4* __restrict__ gradient, const float2* __restrict__ steps, int n,
    int tile_texels, int backdrop, float beta1, float beta2, float4* __restrict__ first_moments,
    float* __restrict__ second_moments, float4* __restrict__ static_texels
) {
    long long i = thread_number();
    if (i >= n) return;
    int texel = seen[i];
    float4 m = first_moments[texel];
    float v = second_moments[texel];
    float2 step = steps[texel / tile_texels];
    static_texels[texel] = moved_texel(static_texels[texel], gradient[i], m, v, step, beta1, beta2, texel >= backdrop);
    first_moments[texel] = m;
    second_moments[texel] = v;
}
