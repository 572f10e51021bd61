// Appended to tiles.wgsl and exact.wgsl: draws every plane as one rectangle over the whole image, which finds its texels through a table.
// The plain way, as a baseline for measurements.

// For each piece of a plane (see whole_planes.rs): atlas texel minus plane texel, x and y; z: 1 looping, 0 static, -1 nothing.
@group(1) @binding(0) var pieces: texture_2d_array<i32>;

struct Plane {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) index: i32,
}

@vertex
fn plane_corner(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Plane {
    // One triangle over the image, the farthest plane first.
    let corner = vec2<f32>(select(-1.0, 3.0, vertex == 1u), select(-1.0, 3.0, vertex == 2u));
    return Plane(vec4<f32>(corner, 0.0, 1.0), i32(textureNumLayers(pieces)) - 1 - i32(instance));
}

@fragment
fn plane_pixel(in: Plane) -> @location(0) vec4<f32> {
    let plane = view.planes[in.index];
    let texel = texel_at(in.position.xy, plane);
    let cell = vec2<i32>(floor(texel.xy));
    // A tile is 16 texels wide; its last cell is shared with the next one. The table begins with the cells before the first tile.
    let piece = 2 * (cell >> vec2<u32>(4u)) + select(vec2<i32>(0), vec2<i32>(1), (cell & vec2<i32>(15)) == vec2<i32>(15)) + 1;
    let size = vec2<i32>(textureDimensions(pieces));
    if plane.z == 0.0 || texel.z <= 0.0 || any(piece < vec2<i32>(0)) || any(piece >= size) {
        discard;
    }
    let found = textureLoad(pieces, piece, in.index, 0).xyz;
    if found.z < 0 {
        discard;
    }
    return sampled(texel.xy, found);
}
