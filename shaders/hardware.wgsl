// Appended to tiles.wgsl: the bilinear filter of the hardware, one read instead of four, with weights of 8 bits. For packages, whose video
// has no more.

@group(0) @binding(3) var bilinear: sampler;

// The colour of a plane at a texel; `shift` takes texels of the plane to texels of the atlas.
fn static_sample(texel: vec2<f32>, shift: vec2<i32>) -> vec4<f32> {
    let place = (texel + vec2<f32>(shift) + 0.5) / vec2<f32>(textureDimensions(static_atlas));
    return textureSampleLevel(static_atlas, bilinear, place, 0.0);
}

fn looping_sample(texel: vec2<f32>, shift: vec2<i32>, layer: i32) -> vec4<f32> {
    let place = (texel + vec2<f32>(shift) + 0.5) / vec2<f32>(textureDimensions(looping_atlas));
    return textureSampleLevel(looping_atlas, bilinear, place, layer, 0.0);
}
