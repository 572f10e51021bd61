// Copies rectangles of a page to an atlas, texel for texel, as premultiplied colour. A page is an image as a package has it: static
// tiles, or one frame of looping tiles.

@group(0) @binding(0) var page: texture_2d<f32>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    // Page texel = atlas texel + xy.
    @location(0) @interpolate(flat) shift: vec2<i32>,
    @location(1) @interpolate(flat) gain: f32,
}

// Bounds: left, upper, right, lower in clip space.
@vertex
fn copied_corner(
    @builtin(vertex_index) index: u32,
    @location(0) bounds: vec4<f32>,
    @location(1) shift: vec2<i32>,
    @location(2) gain: f32,
) -> Corner {
    let far_side = vec2<bool>((index & 1u) == 1u, index >= 2u);
    return Corner(vec4<f32>(select(bounds.xy, bounds.zw, far_side), 0.0, 1.0), shift, gain);
}

fn texel_of(in: Corner) -> vec2<i32> {
    return vec2<i32>(floor(in.position.xy)) + in.shift;
}

// The decoded value times the gain, at most 1; colour never exceeds alpha.
fn brightened(colour: vec3<f32>, alpha: f32, gain: f32) -> vec4<f32> {
    return min(vec4<f32>(clamp(colour, vec3<f32>(0.0), vec3<f32>(alpha)), alpha) * gain, vec4<f32>(1.0));
}

// BT.709.
fn luma(colour: vec3<f32>) -> f32 {
    return dot(colour, vec3<f32>(0.2126, 0.7152, 0.0722));
}

fn premultiplied(straight: vec4<f32>) -> vec4<f32> {
    return vec4<f32>(straight.rgb * straight.a, straight.a);
}

// A page of straight colours.
@fragment
fn straight_pixel(in: Corner) -> @location(0) vec4<f32> {
    return premultiplied(textureLoad(page, texel_of(in), 0));
}

// A page of premultiplied colours.
@fragment
fn plain_pixel(in: Corner) -> @location(0) vec4<f32> {
    let texel = textureLoad(page, texel_of(in), 0);
    return brightened(texel.rgb, texel.a, in.gain);
}

// A frame of video: premultiplied colours above, alpha below as luma. Chroma has half the resolution, and browsers may interpolate it
// across the edge of a tile, beyond which another plane lies. At the edge it is taken from the neighbour in the same 2×2 that no other
// tile reaches. Luma is the texel's own.
@fragment
fn stacked_pixel(in: Corner) -> @location(0) vec4<f32> {
    let at = texel_of(in);
    let half_height = i32(textureDimensions(page).y) / 2;
    let place = at & vec2<i32>(15);
    let inner = textureLoad(page, at - place + clamp(place, vec2<i32>(1), vec2<i32>(14)), 0).rgb;
    let colour = inner + (luma(textureLoad(page, at, 0).rgb) - luma(inner));
    let alpha = luma(textureLoad(page, at + vec2<i32>(0, half_height), 0).rgb);
    return brightened(colour, alpha, in.gain);
}

// A byte of video as it was coded, from 16 to 235 for luma, 240 for chroma.
fn coded(at: vec2<i32>) -> f32 {
    return 255.0 * textureLoad(page, at, 0).r;
}

// A frame of video as its decoder left it: luma of colour and alpha, then both planes of chroma, each row of which is half as long as
// a row of the texture. Chroma belongs to its own 2x2 texels. BT.709, limited range.
@fragment
fn planes_pixel(in: Corner) -> @location(0) vec4<f32> {
    let at = texel_of(in);
    let width = i32(textureDimensions(page).x);
    let height = i32(textureDimensions(page).y) / 3;
    let chroma = at / 2;
    let place = vec2<i32>(chroma.x + (chroma.y & 1) * (width / 2), 2 * height + chroma.y / 2);
    let grey = (coded(at) - 16.0) / 219.0;
    let alpha = saturate((coded(at + vec2<i32>(0, height)) - 16.0) / 219.0);
    let blue = grey + (coded(place) - 128.0) / 224.0 * 1.8556;
    let red = grey + (coded(place + vec2<i32>(0, height / 2)) - 128.0) / 224.0 * 1.5748;
    let green = (grey - 0.2126 * red - 0.0722 * blue) / 0.7152;
    return brightened(vec3<f32>(red, green, blue), alpha, in.gain);
}

// A page of straight colours of half the size, enlarged; a block's halo is one of its pixels.
@fragment
fn poster_pixel(in: Corner) -> @location(0) vec4<f32> {
    let place = 0.5 * vec2<f32>(texel_of(in)) - 0.25;
    let corner = floor(place);
    let fraction = place - corner;
    let last = vec2<i32>(textureDimensions(page)) - 1;
    let a = clamp(vec2<i32>(corner), vec2<i32>(0), last);
    let b = clamp(vec2<i32>(corner) + 1, vec2<i32>(0), last);
    let upper = mix(premultiplied(textureLoad(page, a, 0)), premultiplied(textureLoad(page, vec2<i32>(b.x, a.y), 0)), fraction.x);
    let lower = mix(premultiplied(textureLoad(page, vec2<i32>(a.x, b.y), 0)), premultiplied(textureLoad(page, b, 0)), fraction.x);
    return mix(upper, lower, fraction.y);
}
