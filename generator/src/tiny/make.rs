//! From words to a clip for each camera: the first view out of noise, then the others from what the first one shows.

use super::config::{LATENT_CHANNELS, SPACE, TIME};
use super::sampler::{Asked, Steps, sample};
use super::{Following, TinyError, TinyModel, hints, rays, words};
use crate::motion::{Background, Move, tracks};
use loop3d_media::Clip;
use loop3d_sample::scenes::Caption;
use loop3d_scene::Camera;
use loop3d_scene::job::{self, Event, Observer};
use loop3d_torch::guarded;
use tch::{Device, Kind, Tensor, no_grad};

/// Width and height of the clips in pixels: those of the training.
pub const SIDE: u32 = 64;
/// The longest clip. Training knew 16 frames; longer rings turn more slowly.
pub const MOST_FRAMES: usize = 64;
/// Points that stand for a mask.
const POINTS: usize = 16;
/// Views that are made together, besides the first one.
const TOGETHER: usize = 4;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct TinyRequest {
    /// What is seen.
    pub caption: Caption,
    /// Cameras of 64×64 pixels; the others see what the first one sees.
    pub cameras: Vec<Camera>,
    /// Frames of a clip, an even number.
    pub frames: usize,
    /// How the first view is drawn from noise.
    pub steps: Steps,
    /// What moves in the first view, in its pixels, and where to; the others show the same from elsewhere.
    pub moves: Vec<Move>,
    /// How much everything else may move, if something does.
    pub background: Background,
}

impl TinyModel {
    /// Makes a clip for each camera. The clips are loops: their last frame leads into the first.
    ///
    /// # Errors
    /// A number of frames that cannot be made, no camera, libtorch, [`TinyError::Stopped`].
    pub fn make(&self, request: &TinyRequest, observer: &mut dyn Observer) -> Result<Vec<Clip>, TinyError> {
        guarded(|| no_grad(|| self.clips(request, observer)))
    }

    fn clips(&self, request: &TinyRequest, observer: &mut dyn Observer) -> Result<Vec<Clip>, TinyError> {
        let (frames, cameras) = (request.frames, &request.cameras);
        if frames < 2 || frames % 2 == 1 || frames > MOST_FRAMES {
            return Err(TinyError::Frames { found: frames, most: MOST_FRAMES });
        }
        let first = cameras.first().ok_or(TinyError::NoCamera)?;
        let size = [first.width, first.height];
        let followed = match (&self.track, request.moves.is_empty()) {
            (_, true) => None,
            (None, false) => return Err(TinyError::NoAdapter),
            (Some(adapter), false) => {
                let parts = tracks(&request.moves, POINTS, frames, true, request.steps.seed);
                Some(adapter.follow_parts(&parts, frames, size, request.background))
            }
        };
        let groups: Vec<&[Camera]> = cameras[1..].chunks(TOGETHER).collect();
        let total = request.steps.steps + Steps::of_views().steps * groups.len();
        let mut done = 0;
        let mut step = |stage: &str| {
            done += 1;
            let answer = observer.event(Event::step(stage, done as f64 / total as f64));
            job::check(answer, TinyError::Stopped { done, total })
        };

        let n = frames as i64 / TIME;
        let side = i64::from(SIDE) / SPACE;
        let nothing = Tensor::zeros([1, n, LATENT_CHANNELS + 1, side, side], (Kind::Float, Device::Cpu));
        let caption = words::numbers([Some(&request.caption)]);
        let known =
            self.views(&[*first], (&caption, followed.as_ref()), &nothing, None, &request.steps, &mut |_| {
                step("the first view")
            })?;
        let clip = self.vae.decode(&known, false).squeeze_dim(0);
        let mut clips = vec![bytes(&clip)];
        for (number, group) in groups.iter().enumerate() {
            let rig: Vec<Camera> = [first].into_iter().chain(*group).copied().collect();
            let hint = hints(&self.vae, &self.lift, &clip, &rig).latents;
            let hint = if self.config.hints { hint } else { hint.zeros_like() };
            let how = Steps { seed: request.steps.seed.wrapping_add(1 + number as u64), ..Steps::of_views() };
            let made =
                self.views(&rig, (&caption, None), &hint, Some(&known), &how, &mut |_| step("the other views"))?;
            let made = self.vae.decode(&made, false);
            clips.extend((1..made.size()[0]).map(|view| bytes(&made.get(view))));
        }
        Ok(clips)
    }

    /// Latents `[v, n, 16, h, w]` of the views of a rig.
    fn views(
        &self,
        rig: &[Camera],
        (words, tracks): (&Tensor, Option<&Following<'_>>),
        hints: &Tensor,
        known: Option<&Tensor>,
        how: &Steps,
        each: &mut dyn FnMut(usize) -> Result<(), TinyError>,
    ) -> Result<Tensor, TinyError> {
        let asked = Asked {
            words,
            cameras: &rays::poses(rig).unsqueeze(0),
            rays: &rays::rays(rig).unsqueeze(0),
            places: &rays::places(rig).unsqueeze(0),
            hints: &hints.unsqueeze(0),
            known,
            tracks,
        };
        Ok(sample(&self.dit, &asked, how, each)?.squeeze_dim(0))
    }
}

/// `[t, 3, h, w]` in −1…1 as a clip.
pub(crate) fn bytes(clip: &Tensor) -> Clip {
    let frames =
        ((clip + 1.0) * 127.5).round().clamp(0.0, 255.0).to_kind(Kind::Uint8).permute([0, 2, 3, 1]).contiguous();
    let [t, h, w] = [0, 1, 2].map(|axis| frames.size()[axis] as usize);
    let mut rgb = vec![0; frames.numel()];
    frames.copy_data_u8(&mut rgb, frames.numel());
    Clip { width: w, height: h, frames: t, rgb }
}
