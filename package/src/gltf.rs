//! The glTF document: the scene without motion in standard glTF, and the extension.

use crate::geometry::Mesh;
use glam::DAffine3;
use loop3d_package_format::{EXTENSION, Head, SEAL_BYTES};
use loop3d_scene::{Scene, TileKind};
use serde_json::{Value, json};

const ARRAY_BUFFER: u32 = 34962;
const ELEMENT_ARRAY_BUFFER: u32 = 34963;
const FLOAT: u32 = 5126;
const UNSIGNED_SHORT: u32 = 5123;
const UNSIGNED_INT: u32 = 5125;
const LINEAR: u32 = 9729;
const CLAMP_TO_EDGE: u32 = 33071;

/// Vertices and indices as bytes: all positions, all texture coordinates, all indices.
pub(crate) fn geometry_bytes(meshes: &[Mesh]) -> Vec<u8> {
    let floats = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let each = |bytes: &dyn Fn(&Mesh) -> Vec<u8>| meshes.iter().flat_map(bytes).collect::<Vec<u8>>();
    let positions = each(&|mesh| floats(mesh.positions.as_flattened()));
    let uvs = each(&|mesh| mesh.uvs.as_flattened().iter().flat_map(|v| v.to_le_bytes()).collect());
    let indices = match index_bytes(meshes) {
        2 => each(&|mesh| mesh.indices.iter().flat_map(|&i| (i as u16).to_le_bytes()).collect()),
        _ => each(&|mesh| mesh.indices.iter().flat_map(|i| i.to_le_bytes()).collect()),
    };
    [positions, uvs, indices].concat()
}

/// Bytes of an index: 2 where no mesh needs more. 65535 is not an index: it restarts primitives.
fn index_bytes(meshes: &[Mesh]) -> usize {
    if meshes.iter().all(|mesh| mesh.positions.len() < 65536) { 2 } else { 4 }
}

/// Indices of the parts that the standard part of the document shows.
pub(crate) struct Shown<'a> {
    pub geometry: usize,
    /// A part for each page, of static and of looping tiles.
    pub images: [&'a [usize]; 2],
}

/// The document. The parts are in the binary chunk where `head` says.
pub(crate) fn document(scene: &Scene, head: &Head, meshes: &[Mesh], shown: &Shown<'_>, binary: u64) -> Value {
    let part = |index: usize| &head.parts[index];
    let mut views = Vec::new();
    let mut accessors = Vec::new();
    let vertices: usize = meshes.iter().map(|mesh| mesh.positions.len()).sum();
    let indices: usize = meshes.iter().map(|mesh| mesh.indices.len()).sum();
    let geometry = part(shown.geometry).offset;
    let mut view = |offset: u64, length: u64, words: Value| {
        let mut view = words;
        view["buffer"] = 0.into();
        view["byteOffset"] = offset.into();
        view["byteLength"] = length.into();
        views.push(view);
        views.len() - 1
    };
    let (vertices, index_bytes) = (vertices as u64, index_bytes(meshes));
    let positions_view = view(geometry, 12 * vertices, json!({"target": ARRAY_BUFFER, "byteStride": 12}));
    let uvs_view = view(geometry + 12 * vertices, 4 * vertices, json!({"target": ARRAY_BUFFER, "byteStride": 4}));
    let indices_view =
        view(geometry + 16 * vertices, (index_bytes * indices) as u64, json!({"target": ELEMENT_ARRAY_BUFFER}));
    let images: Vec<Value> = shown
        .images
        .concat()
        .iter()
        .map(
            |&index| json!({"bufferView": view(part(index).offset, part(index).length, json!({})), "mimeType": "image/png"}),
        )
        .collect();

    let (mut first_vertex, mut first_index) = (0, 0);
    let mut mesh_of_plane: Vec<Vec<Value>> = vec![Vec::new(); scene.planes.count];
    for mesh in meshes {
        let count = mesh.positions.len();
        let bound = |pick: fn(f32, f32) -> f32| {
            let fold = |axis: usize| mesh.positions.iter().map(|p| p[axis]).reduce(pick).unwrap_or(0.0);
            [fold(0), fold(1), fold(2)]
        };
        let first = accessors.len();
        accessors.push(json!({
            "bufferView": positions_view, "byteOffset": 12 * first_vertex, "componentType": FLOAT, "count": count, "type": "VEC3",
            "min": bound(f32::min), "max": bound(f32::max),
        }));
        accessors.push(json!({
            "bufferView": uvs_view, "byteOffset": 4 * first_vertex, "componentType": UNSIGNED_SHORT, "normalized": true,
            "count": count, "type": "VEC2",
        }));
        accessors.push(json!({
            "bufferView": indices_view, "byteOffset": index_bytes * first_index,
            "componentType": if index_bytes == 2 { UNSIGNED_SHORT } else { UNSIGNED_INT },
            "count": mesh.indices.len(), "type": "SCALAR",
        }));
        first_vertex += count;
        first_index += mesh.indices.len();
        let material = match mesh.kind {
            TileKind::Static => mesh.page,
            TileKind::Looping => shown.images[0].len() + mesh.page,
        };
        mesh_of_plane[mesh.plane].push(json!({
            "attributes": {"POSITION": first, "TEXCOORD_0": first + 1}, "indices": first + 2, "material": material,
        }));
    }

    // Node 0 turns OpenCV axes (y down, z forward) to glTF's, node 1 is the reference camera's frame, node 2 its camera; then the
    // planes, the farthest first. Each has its own translation, because viewers sort blended meshes by it.
    let camera = &scene.reference;
    let mut meshes_json = Vec::new();
    let mut planes = Vec::new();
    for (plane, primitives) in mesh_of_plane.into_iter().enumerate().rev() {
        if !primitives.is_empty() {
            meshes_json.push(json!({"name": format!("plane {plane}"), "primitives": primitives}));
            let depth = scene.planes.depth(plane);
            planes.push(
                json!({"name": format!("plane {plane}"), "mesh": meshes_json.len() - 1, "translation": [0, 0, depth]}),
            );
        }
    }
    let children: Vec<usize> = (2..3 + planes.len()).collect();
    let mut reference = json!({"name": "reference", "children": children});
    if camera.world_from_camera != DAffine3::IDENTITY {
        reference["matrix"] = glam::DMat4::from(camera.world_from_camera).to_cols_array().as_slice().into();
    }
    let mut nodes = vec![
        json!({"name": "loop3d", "rotation": [1, 0, 0, 0], "children": [1]}),
        reference,
        json!({"name": "camera", "rotation": [1, 0, 0, 0], "camera": 0}),
    ];
    nodes.extend(planes);

    let textures: Vec<Value> = (0..images.len()).map(|index| json!({"sampler": 0, "source": index})).collect();
    let material = |index: usize| {
        json!({
            "pbrMetallicRoughness": {"baseColorTexture": {"index": index}, "metallicFactor": 0, "roughnessFactor": 1},
            "alphaMode": "BLEND",
            "extensions": {"KHR_materials_unlit": {}},
        })
    };
    let materials: Vec<Value> = (0..images.len()).map(material).collect();
    let (width, height) = (f64::from(camera.width), f64::from(camera.height));
    let mut document = json!({
        "asset": {"version": "2.0", "generator": format!("loop3d {}", head.tool)},
        "extensionsUsed": ["KHR_materials_unlit", EXTENSION],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "cameras": [{"type": "perspective", "perspective": {
            "yfov": 2.0 * (height / 2.0 / camera.focal_px.y).atan(), "aspectRatio": width / height,
            "znear": scene.planes.near * 0.01, "zfar": scene.planes.far * 4.0,
        }}],
        "buffers": [{"byteLength": binary}],
        "extensions": {EXTENSION: head},
    });
    // glTF does not allow empty lists.
    if !images.is_empty() {
        document["images"] = images.into();
        document["textures"] = textures.into();
        document["samplers"] =
            json!([{"magFilter": LINEAR, "minFilter": LINEAR, "wrapS": CLAMP_TO_EDGE, "wrapT": CLAMP_TO_EDGE}]);
        document["materials"] = materials.into();
        document["meshes"] = meshes_json.into();
        document["accessors"] = accessors.into();
        document["bufferViews"] = views.into();
    }
    document
}

/// A glTF binary up to its first part: headers, JSON, seal. `binary` is the length of the binary chunk's data.
pub(crate) fn glb_head(document: &Value, binary: u64) -> Option<Vec<u8>> {
    use sha2::{Digest, Sha256};
    let mut json = serde_json::to_vec(document).ok()?;
    json.resize(json.len().next_multiple_of(4), b' ');
    let length = u32::try_from(12 + 8 + json.len() as u64 + 8 + binary).ok()?;
    let mut bytes = Vec::with_capacity(json.len() + 28 + SEAL_BYTES as usize);
    bytes.extend(b"glTF");
    bytes.extend(2u32.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend((json.len() as u32).to_le_bytes());
    bytes.extend(b"JSON");
    bytes.extend(&json);
    bytes.extend((binary as u32).to_le_bytes());
    bytes.extend(b"BIN\0");
    bytes.extend(Sha256::digest(&json));
    Some(bytes)
}
