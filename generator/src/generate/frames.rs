//! From latents to clips, view by view, so that no more than one clip lies in memory.

use super::models::Models;
use super::{GenerateError, Plan, Request};
use crate::vae::{Latents, Pixels, Tiles, Vae};
use loop3d_media::Clip;
use loop3d_scene::job::{self, Event, Observer};
use loop3d_torch::guarded;
use loop3d_torch::weights::Weights;
use std::rc::Rc;

/// Decodes the latents of all views and hands out a clip for each. Loops are decoded so that they close exactly.
///
/// # Errors
/// Weights that cannot be read or computed with, [`GenerateError::Stopped`], and those of `each`.
pub fn decode<E: From<GenerateError>>(
    models: &Models,
    request: &Request,
    plan: &Plan,
    latents: &Latents,
    observer: &mut dyn Observer,
    each: &mut dyn FnMut(usize, Clip) -> Result<(), E>,
) -> Result<(), E> {
    let weights = Weights::new(Rc::clone(&models.vae_source), request.kind, request.device).checked();
    let vae = Vae::new(&weights).map_err(GenerateError::from)?;
    let tiles = plan.tiles.then(Tiles::default);
    let (views, frames) = (request.views(), request.frames() as usize);
    for view in 0..views {
        let Some(latents) = latents.clip(view as i64) else { break };
        let mut rgb: Vec<u8> = Vec::new();
        let mut made = 0;
        let mut take = |pixels: Pixels| -> Result<(), GenerateError> {
            let frames_u8 = pixels.to_u8();
            let count = frames_u8.numel();
            let start = rgb.len();
            rgb.resize(start + count, 0);
            frames_u8.copy_data(&mut rgb[start..], count);
            made += pixels.frames() as usize;
            let share = (view as f64 + made as f64 / frames as f64) / views as f64;
            let stage = format!("decoding view {}/{views}", view + 1);
            let total = request.settings.steps;
            job::check(observer.event(Event::step(&stage, share)), GenerateError::Stopped { done: total, total })
        };
        guarded(|| {
            if request.settings.ring {
                vae.decode_ring_each(&latents, vae.exact_warmup(), tiles, &mut take)
            } else {
                vae.decode_each(&latents, tiles, &mut take)
            }
        })?;
        let [width, height] = request.size.map(|side| side as usize);
        each(view, Clip { width, height, frames: made, rgb })?;
    }
    Ok(())
}
