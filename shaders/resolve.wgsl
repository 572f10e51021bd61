// Turns the accumulated picture (16-bit floats) into 8 bits, over black.

@group(0) @binding(0) var accumulated: texture_2d<f32>;

@vertex
fn whole_picture(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    // One triangle over the picture: (-1, -1), (3, -1), (-1, 3).
    return vec4<f32>(select(-1.0, 3.0, index == 1u), select(-1.0, 3.0, index == 2u), 0.0, 1.0);
}

@fragment
fn pixel(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return vec4<f32>(textureLoad(accumulated, vec2<i32>(position.xy), 0).rgb, 1.0);
}
