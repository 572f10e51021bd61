// Appended to tiles.wgsl: the bilinear filter, written out. Hardware filters have weights of 8 bits, which are off by up to 1/255 in each
// layer.

fn filtered(upper_left: vec4<f32>, upper_right: vec4<f32>, lower_left: vec4<f32>, lower_right: vec4<f32>, fraction: vec2<f32>) -> vec4<f32> {
    return mix(mix(upper_left, upper_right, fraction.x), mix(lower_left, lower_right, fraction.x), fraction.y);
}

// The colour of a plane at a texel; `shift` takes texels of the plane to texels of the atlas.
fn static_sample(texel: vec2<f32>, shift: vec2<i32>) -> vec4<f32> {
    let corner = floor(texel);
    let at = vec2<i32>(corner) + shift;
    return filtered(
        textureLoad(static_atlas, at, 0),
        textureLoad(static_atlas, at + vec2<i32>(1, 0), 0),
        textureLoad(static_atlas, at + vec2<i32>(0, 1), 0),
        textureLoad(static_atlas, at + vec2<i32>(1, 1), 0),
        texel - corner,
    );
}

fn looping_sample(texel: vec2<f32>, shift: vec2<i32>, layer: i32) -> vec4<f32> {
    let corner = floor(texel);
    let at = vec2<i32>(corner) + shift;
    return filtered(
        textureLoad(looping_atlas, at, layer, 0),
        textureLoad(looping_atlas, at + vec2<i32>(1, 0), layer, 0),
        textureLoad(looping_atlas, at + vec2<i32>(0, 1), layer, 0),
        textureLoad(looping_atlas, at + vec2<i32>(1, 1), layer, 0),
        texel - corner,
    );
}
