// The looping target (METHOD 4.5, 5.1, 5.2; what patches/ does): which stretches of the captured clip a rendered loop
// should become.
//
// Query i of a location is its patch of the render in the frames i, i + 1, .. (mod frames); key j the patch of the clip at the same
// place in the frames j, j + 1, .. A patch distance is a sum over space and a diagonal sum over time of per-pixel
// frame-to-frame distances, so it is built in three launches that share sums: down the rows of a patch, along its columns,
// along time. Nothing is ever subtracted, so nothing cancels.
//
//   queries  [pixels, channel, frames]      floats 0-1
//   clip     [pixels, channel, captured]      bytes; keys = captured - span + 1 keys
//   row_start, column_start            first pixel row or column of each location of the grid
//   chosen   [grid rows, grid columns, frames]   the first frame of each query's key
// Distances are in units of 0-255. Locations are handled a block at a time: `rows` x `columns` of them from (first_row,
// first_column) on; "location" numbers those of the block.

// Frames of the render and of the clip that one thread of column_distances pairs: its sums stay in registers.
#define TILE 4
#define LARGEST 3.402823466e38f

// One thread for each row of locations, pixel column of the block, and TILE x TILE pairs of frames:
// sums[row, x, i, j] = sum over the patch's pixel rows and the channels of (query_i - key_j)^2. `left`: first pixel column of
// the block, `across`: number of them.
extern "C" __global__ void column_distances(
    const float* __restrict__ queries, const unsigned char* __restrict__ clip, const int* __restrict__ row_start,
    int first_row, int rows, int left, int across, int width, int patch, int frames, int captured, float* __restrict__ sums
) {
    int tiles_i = (frames + TILE - 1) / TILE, tiles_j = (captured + TILE - 1) / TILE;
    long long n = thread_number();
    if (n >= (long long)rows * across * tiles_i * tiles_j) return;
    int j0 = (int)(n % tiles_j) * TILE;
    n /= tiles_j;
    int i0 = (int)(n % tiles_i) * TILE;
    n /= tiles_i;
    int x = (int)(n % across), row = (int)(n / across);
    float sum[TILE][TILE] = {};
    int top = row_start[first_row + row];
    for (int y = top; y < top + patch; y++) {
        for (int c = 0; c < 3; c++) {
            long long line = ((long long)y * width + left + x) * 3 + c;
            const float* query = queries + line * frames;
            const unsigned char* key = clip + line * captured;
            // Frames after the last repeat it; their sums are dropped.
            float q[TILE], k[TILE];
            for (int a = 0; a < TILE; a++) q[a] = query[min(i0 + a, frames - 1)] * 255.0f;
            for (int b = 0; b < TILE; b++) k[b] = (float)key[min(j0 + b, captured - 1)];
            for (int a = 0; a < TILE; a++) {
                for (int b = 0; b < TILE; b++) {
                    float d = q[a] - k[b];
                    sum[a][b] += d * d;
                }
            }
        }
    }
    float* out = sums + ((long long)row * across + x) * frames * captured;
    for (int a = 0; a < TILE; a++)
        for (int b = 0; b < TILE; b++)
            if (i0 + a < frames && j0 + b < captured) out[(long long)(i0 + a) * captured + j0 + b] = sum[a][b];
}

// One thread for each location and pair of frames: patches[location, i, j] = sum of `sums` along the patch's columns.
extern "C" __global__ void patch_distances(
    const float* __restrict__ sums, const int* __restrict__ column_start, int first_column, int rows, int columns, int left,
    int across, int patch, int frames, int captured, float* __restrict__ patches
) {
    long long n = thread_number(), pairs = (long long)frames * captured;
    if (n >= (long long)rows * columns * pairs) return;
    long long pair = n % pairs;
    int column = (int)(n / pairs % columns), row = (int)(n / pairs / columns);
    const float* from = sums + ((long long)row * across + column_start[first_column + column] - left) * pairs + pair;
    float sum = 0.0f;
    for (int x = 0; x < patch; x++) sum += from[x * pairs];
    patches[n] = sum;
}

// One thread for each location, query and key: distances[location, i, j] = sum over s < span of patches[(i + s) mod frames, j + s].
extern "C" __global__ void time_distances(
    const float* __restrict__ patches, int locations, int frames, int captured, int span, float* __restrict__ distances
) {
    int keys = captured - span + 1;
    long long n = thread_number();
    if (n >= (long long)locations * frames * keys) return;
    int j = (int)(n % keys), i = (int)(n / keys % frames);
    const float* from = patches + n / keys / frames * frames * captured;
    float sum = 0.0f;
    for (int s = 0; s < span; s++) sum += from[(long long)((i + s) % frames) * captured + j + s];
    distances[n] = sum;
}

// --- Keys chosen evenly: entropic transport between queries and keys (Cuturi 2013; patches/sinkhorn.rs) ---
// Every query has mass 1, every key frames / keys. Kernel e_ij = exp((min_j d_ij - d_ij) / eps), eps = entropic_epsilon * mean distance; Sinkhorn's
// iteration finds the scalings v_j of keys; query i takes the key of the greatest e_ij v_j.

// Least sum that is divided by: below it a key is so far from every query that it stays out.
#define LEAST 1e-12f

// One thread for each location and query: row[location, i] = (least distance, sum of distances).
extern "C" __global__ void row_statistics(const float* __restrict__ distances, int locations, int frames, int keys, float2* __restrict__ row) {
    long long n = thread_number();
    if (n >= (long long)locations * frames) return;
    float least = LARGEST, sum = 0.0f;
    for (int j = 0; j < keys; j++) {
        float d = distances[n * keys + j];
        least = fminf(least, d);
        sum += d;
    }
    row[n] = make_float2(least, sum);
}

// One thread for each location: epsilon[location] = entropic_epsilon * mean distance.
extern "C" __global__ void entropic_epsilons(
    const float2* __restrict__ row, int locations, int frames, int keys, float entropic_epsilon, float* __restrict__ epsilon
) {
    long long n = thread_number();
    if (n >= locations) return;
    float sum = 0.0f;
    for (int i = 0; i < frames; i++) sum += row[n * frames + i].y;
    epsilon[n] = entropic_epsilon * sum / ((float)frames * (float)keys);
}

// One thread for each location, query and key: turns the distance into e_ij, in place. Where all patches are alike epsilon is
// 0; then all are 1, and the first key is chosen.
extern "C" __global__ void nearness(
    const float2* __restrict__ row, const float* __restrict__ epsilon, int locations, int frames, int keys, float* __restrict__ table
) {
    long long n = thread_number();
    if (n >= (long long)locations * frames * keys) return;
    float width = epsilon[n / keys / frames];
    table[n] = width > 0.0f ? expf(fmaxf((row[n / keys].x - table[n]) / width, -87.0f)) : 1.0f;
}

// One thread for each location and query: query_scaling[location, i] = 1 / sum over keys of e_ij v_j.
extern "C" __global__ void scale_queries(
    const float* __restrict__ table, const float* __restrict__ key_scaling, int locations, int frames, int keys, float* __restrict__ query_scaling
) {
    long long n = thread_number();
    if (n >= (long long)locations * frames) return;
    const float* scalings = key_scaling + n / frames * keys;
    float sum = 0.0f;
    for (int j = 0; j < keys; j++) sum += table[n * keys + j] * scalings[j];
    query_scaling[n] = 1.0f / fmaxf(sum, LEAST);
}

// One thread for each location and key: key_scaling[location, j] = (frames / keys) / sum over queries of query_scaling_i e_ij.
extern "C" __global__ void scale_keys(
    const float* __restrict__ table, const float* __restrict__ query_scaling, int locations, int frames, int keys, float* __restrict__ key_scaling
) {
    long long n = thread_number();
    if (n >= (long long)locations * keys) return;
    long long location = n / keys, j = n % keys;
    float sum = 0.0f;
    for (int i = 0; i < frames; i++) sum += query_scaling[location * frames + i] * table[(location * frames + i) * keys + j];
    key_scaling[n] = (float)frames / (float)keys / fmaxf(sum, LEAST);
}

// --- Choices ---

// Where a location of a block keeps its choices.
__device__ __forceinline__ long long choice_index(long long location, int first_row, int first_column, int columns, int grid_columns) {
    return (first_row + location / columns) * grid_columns + first_column + location % columns;
}

// One thread for each location and query: the first key of the greatest e_ij v_j.
extern "C" __global__ void choose_greatest(
    const float* __restrict__ table, const float* __restrict__ key_scaling, int locations, int frames, int keys, int first_row,
    int first_column, int columns, int grid_columns, int* __restrict__ chosen
) {
    long long n = thread_number();
    if (n >= (long long)locations * frames) return;
    float most = -LARGEST;
    int best = 0;
    for (int j = 0; j < keys; j++) {
        float score = table[n * keys + j] * key_scaling[n / frames * keys + j];
        if (score > most) {
            most = score;
            best = j;
        }
    }
    chosen[choice_index(n / frames, first_row, first_column, columns, grid_columns) * frames + n % frames] = best;
}

// One thread for each location and key: divisor[location, j] = rho + least distance of any query to the key: the normalised
// score of METHOD 4.5.
extern "C" __global__ void key_divisors(
    const float* __restrict__ distances, int locations, int frames, int keys, float rho, float* __restrict__ divisor
) {
    long long n = thread_number();
    if (n >= (long long)locations * keys) return;
    float least = LARGEST;
    for (int i = 0; i < frames; i++) least = fminf(least, distances[(n / keys * frames + i) * keys + n % keys]);
    divisor[n] = rho + least;
}

// One thread for each location and query: the first key of the least distance / divisor.
extern "C" __global__ void choose_least(
    const float* __restrict__ distances, const float* __restrict__ divisor, int locations, int frames, int keys, int first_row,
    int first_column, int columns, int grid_columns, int* __restrict__ chosen
) {
    long long n = thread_number();
    if (n >= (long long)locations * frames) return;
    float least = LARGEST;
    int best = 0;
    for (int j = 0; j < keys; j++) {
        float score = distances[n * keys + j] / divisor[n / frames * keys + j];
        if (score < least) {
            least = score;
            best = j;
        }
    }
    chosen[choice_index(n / frames, first_row, first_column, columns, grid_columns) * frames + n % frames] = best;
}

// --- Folding by gathering (METHOD 5.2) ---

// The frame of the clip that vote number `vote` is for: each location that covers a pixel casts `span` of them.
__device__ __forceinline__ int voted(
    const int* __restrict__ chosen, int2 rows, int2 columns, int grid_columns, int frames, int span, int t, int vote
) {
    int s = vote % span, location = vote / span, across = columns.y - columns.x;
    int row = rows.x + location / across, column = columns.x + location % across;
    // Patches may be longer than the loop.
    return chosen[((long long)row * grid_columns + column) * frames + ((t - s) % frames + frames) % frames] + s;
}

// One thread for each pixel and frame: each s < span and location that covers the pixel votes for the frame
// chosen((t - s) mod frames) + s of the clip, and target[pixel, channel, t] is the mean of these frames, weighted by the square of
// their votes (METHOD 5.2, D24) and rounded to the nearest byte. Locations that cover row y of pixels: row_cover[y].x up to but not
// row_cover[y].y; column_cover likewise.
extern "C" __global__ void fold(
    const int* __restrict__ chosen, const unsigned char* __restrict__ clip, const int2* __restrict__ row_cover,
    const int2* __restrict__ column_cover, int height, int width, int grid_columns, int frames, int captured, int span,
    unsigned char* __restrict__ target
) {
    long long n = thread_number();
    if (n >= (long long)height * width * frames) return;
    int t = (int)(n % frames);
    long long pixel = n / frames;
    int2 rows = row_cover[pixel / width], columns = column_cover[pixel % width];
    const unsigned char* lines = clip + pixel * 3 * captured;
    unsigned long long sum[3] = {0, 0, 0}, weights = 0;
    int votes = (rows.y - rows.x) * (columns.y - columns.x) * span;
    for (int vote = 0; vote < votes; vote++) {
        int frame = voted(chosen, rows, columns, grid_columns, frames, span, t, vote);
        // A frame that n votes are for comes up n times, each time with weight n: all in all with n^2.
        unsigned agree = 0;
        for (int other = 0; other < votes; other++) {
            agree += voted(chosen, rows, columns, grid_columns, frames, span, t, other) == frame;
        }
        weights += agree;
        for (int c = 0; c < 3; c++) sum[c] += agree * lines[(long long)c * captured + frame];
    }
    for (int c = 0; c < 3; c++) target[(pixel * 3 + c) * frames + t] = (unsigned char)((sum[c] + weights / 2) / weights);
}
