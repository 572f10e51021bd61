// Turns the accumulated image, whose format is the tier's (16-bit unorm, 16-bit floats or 8-bit unorm), into 8 bits over black: texel for
// texel, or enlarged.

@group(0) @binding(0) var accumulated: texture_2d<f32>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    // From (0, 0), the image's upper left corner, to (1, 1).
    @location(0) place: vec2<f32>,
}

@vertex
fn whole_image(@builtin(vertex_index) index: u32) -> Corner {
    // One triangle over the image: (-1, -1), (3, -1), (-1, 3).
    let corner = vec2<f32>(select(-1.0, 3.0, index == 1u), select(-1.0, 3.0, index == 2u));
    return Corner(vec4<f32>(corner, 0.0, 1.0), vec2<f32>(0.5 + 0.5 * corner.x, 0.5 - 0.5 * corner.y));
}

@fragment
fn pixel(in: Corner) -> @location(0) vec4<f32> {
    return vec4<f32>(textureLoad(accumulated, vec2<i32>(in.position.xy), 0).rgb, 1.0);
}

// Bilinear, written out: not every device filters textures of the tier's format.
@fragment
fn enlarged_pixel(in: Corner) -> @location(0) vec4<f32> {
    let size = vec2<f32>(textureDimensions(accumulated));
    let texel = clamp(in.place * size - 0.5, vec2<f32>(0.0), size - 1.0);
    let corner = floor(texel);
    let part = texel - corner;
    let first = vec2<i32>(corner);
    let last = vec2<i32>(min(corner + 1.0, size - 1.0));
    let upper = mix(textureLoad(accumulated, first, 0), textureLoad(accumulated, vec2<i32>(last.x, first.y), 0), part.x);
    let lower = mix(textureLoad(accumulated, vec2<i32>(first.x, last.y), 0), textureLoad(accumulated, last, 0), part.x);
    return vec4<f32>(mix(upper, lower, part.y).rgb, 1.0);
}
