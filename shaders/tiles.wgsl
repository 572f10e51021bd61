// Draws every tile of a scene as premultiplied colour, far to near, in one instanced draw. The texel filter is appended to this file:
// exact.wgsl or hardware.wgsl.
//
// An instance is a rectangle of one plane in which one cell of an atlas holds all texels that the bilinear filter reads. The
// rectangles cover the plane and do not overlap. The shader, not the rasteriser, decides whether a pixel belongs to a rectangle, from
// the plane's own coordinates. All rectangles of a plane compute the same coordinates for a pixel, so none is drawn twice or missed at
// an edge. For that the quads are drawn a little larger than their rectangles.

// loop3d_scene::MAX_PLANES; a test compares them.
const MAX_PLANES = 256;

struct View {
    // Columns: takes (slope x, slope y, 1) to the homogeneous pixel, counted from the centre of the image.
    pixel_from_slopes: array<vec4<f32>, 3>,
    // Columns: takes (x, y, 1) of a pixel, counted from the centre of the image, to its ray in reference axes.
    ray_from_pixel: array<vec4<f32>, 3>,
    // Half the image's width and height in pixels; margin of the quads in texels; weight of the second frame, 0 to 1.
    half_width: f32,
    half_height: f32,
    margin: f32,
    second_fraction: f32,
    // Array layers of the two frames that the moment lies between.
    first_layer: i32,
    second_layer: i32,
    padding: vec2<i32>,
    // For each plane offset (x, y) and scale (x, y): texel = offset + scale * slope, an integer at a texel's centre. Scale 0:
    // the plane lies behind the camera.
    planes: array<vec4<f32>, MAX_PLANES>,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var static_atlas: texture_2d<f32>;
@group(0) @binding(2) var looping_atlas: texture_2d_array<f32>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) plane: vec4<f32>,
    // Left, upper, right, lower; in texels of the plane.
    @location(1) @interpolate(flat) rectangle: vec4<f32>,
    // Atlas texel = plane texel + xy; z: 1 where the cell is in the looping atlas.
    @location(2) @interpolate(flat) cell: vec3<i32>,
}

@vertex
fn quad_corner(
    @builtin(vertex_index) index: u32,
    @location(0) rectangle: vec4<i32>,
    @location(1) cell: vec4<i32>,
) -> Corner {
    let plane = view.planes[cell.w];
    let edges = vec4<f32>(rectangle);
    let far_side = vec2<bool>((index & 1u) == 1u, index >= 2u);
    let texel = select(edges.xy - view.margin, edges.zw + view.margin, far_side);
    var position = vec4<f32>(2.0, 2.0, 0.0, 1.0);
    if plane.z != 0.0 {
        let slopes = (texel - plane.xy) / plane.zw;
        let m = view.pixel_from_slopes;
        let pixel = m[0].xyz * slopes.x + m[1].xyz * slopes.y + m[2].xyz;
        // Depth is not tested. It is there so that corners behind the camera (w <= 0) are clipped.
        position = vec4<f32>(pixel.x / view.half_width, -pixel.y / view.half_height, pixel.z - 0.001, pixel.z);
    }
    return Corner(position, plane, edges, cell.xyz);
}

// Where a pixel's ray meets a plane, in texels; z is positive in front of the camera.
fn texel_at(position: vec2<f32>, plane: vec4<f32>) -> vec3<f32> {
    let pixel = position - vec2<f32>(view.half_width, view.half_height);
    let m = view.ray_from_pixel;
    let ray = m[0].xyz * pixel.x + m[1].xyz * pixel.y + m[2].xyz;
    return vec3<f32>(plane.xy + plane.zw * (ray.xy / ray.z), ray.z);
}

@fragment
fn quad_pixel(in: Corner) -> @location(0) vec4<f32> {
    let texel = texel_at(in.position.xy, in.plane);
    if texel.z <= 0.0 || any(texel.xy < in.rectangle.xy) || any(texel.xy >= in.rectangle.zw) {
        discard;
    }
    return sampled(texel.xy, in.cell);
}

// The moment's colour at a texel of a plane; `cell` as in Corner.
fn sampled(texel: vec2<f32>, cell: vec3<i32>) -> vec4<f32> {
    if cell.z == 0 {
        return static_sample(texel, cell.xy);
    }
    let first = looping_sample(texel, cell.xy, view.first_layer);
    if view.second_fraction == 0.0 {
        return first;
    }
    return mix(first, looping_sample(texel, cell.xy, view.second_layer), view.second_fraction);
}
