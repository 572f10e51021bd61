//! The description of a scene for JavaScript.

use super::Player;
use loop3d_package_format::{CHUNK_FRAMES, Role};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
impl Player {
    /// Everything JavaScript needs to know about the scene, as JSON (`Plan` in `web/ts/engine/wasm.ts`), once the layouts have arrived.
    pub fn plan(&self) -> Option<String> {
        let (head, layouts) = self.parts.plan()?;
        let (static_tiles, looping_tiles) = layouts.tiles.counts();
        let limits = self.camera.as_ref()?.orbit_limits();
        let posters = head.parts.iter().enumerate().filter(|(_, part)| part.role == Role::Poster);
        let streams = head.looping_tiles.streams.iter();
        let streams = streams.map(|stream| {
            serde_json::json!({
                "codec": stream.codec, "names": stream.names, "descriptions": stream.descriptions,
                "chunks": stream.chunks.iter().map(|chunk| chunk.part).collect::<Vec<_>>(),
            })
        });
        let plan = serde_json::json!({
            "width": head.reference.width,
            "height": head.reference.height,
            "frames": head.frames,
            "fps": head.fps,
            "tiles": static_tiles + looping_tiles,
            "views": head.views.iter().map(|view| view.name.as_str()).collect::<Vec<_>>(),
            "look": { "yaw": limits[0].map(f64::to_degrees), "pitch": limits[1].map(f64::to_degrees) },
            "picture": head.picture,
            "static": head.static_tiles.images.iter().map(|image| image.part).collect::<Vec<_>>(),
            "posters": posters.map(|(index, _)| index).collect::<Vec<_>>(),
            "pages": head.looping_tiles.pages,
            "chunkFrames": CHUNK_FRAMES,
            "streams": streams.collect::<Vec<_>>(),
        });
        Some(plan.to_string())
    }
}
