//! What a run is asked to make, checked, and in the terms of the model.

use super::{GenerateError, Models};
use crate::options::{Closing, Dtype, ManyViews, ModelOptions, Place};
use crate::rig::Rig;
use crate::samplers::{Schedule, Settings, ViewsHow};
use crate::weights::folder::Part;
use tch::{Device, Kind};

/// Pixels of a token's side: 8 of a latent, 2 latents.
const SIDE: u32 = 16;
/// Frames of a latent after the first.
const TIME: u32 = 4;

/// What a run makes.
#[derive(Clone, Debug)]
pub struct Request {
    /// What the clips show.
    pub prompt: String,
    /// What they should be unlike.
    pub negative: String,
    /// The cameras.
    pub rig: Rig,
    /// Width and height, multiples of 16.
    pub size: [u32; 2],
    /// Latent frames.
    pub latents: u32,
    /// How the run goes.
    pub settings: Settings,
    /// Kind of numbers of the transformer and the VAE.
    pub kind: Kind,
    /// Where they compute.
    pub device: Device,
}

impl Request {
    /// The request of a person's options.
    ///
    /// # Errors
    /// A size or a number of frames that the model cannot make, or a shift outside of its range.
    pub fn new(
        (prompt, negative): (&str, &str),
        rig: Rig,
        size: [u32; 2],
        seed: u64,
        options: &ModelOptions,
        (device, kind): (Device, Kind),
    ) -> Result<Self, GenerateError> {
        let ring = options.closing == Closing::On;
        let settings = Settings {
            steps: options.steps as usize,
            shift: options.shift,
            guidance: options.guidance,
            views: match options.views_how {
                ManyViews::Pairs => ViewsHow::Pairs,
                ManyViews::Reference => ViewsHow::Reference,
                ManyViews::Joint => ViewsHow::Joint,
            },
            ring,
            chunk: i64::from(options.chunk),
            overlap: i64::from(options.overlap),
            seed: i64::try_from(seed).unwrap_or(i64::MAX),
            ..Settings::default()
        };
        // Said before anything is read.
        Schedule::new(settings.steps, settings.shift, settings.strength)?;
        settings.check_windows()?;
        let size = divisible(size)?;
        let frames = if ring { options.frames(80, TIME, 0) } else { options.frames(81, TIME, 1) };
        let latents = latents(frames, ring)?;
        Ok(Self {
            prompt: prompt.to_owned(),
            negative: negative.to_owned(),
            rig,
            size,
            latents,
            settings,
            kind,
            device,
        })
    }

    /// Whether a model can make it.
    ///
    /// # Errors
    /// Several views, and a transformer without the module between them.
    pub fn check(&self, models: &Models) -> Result<(), GenerateError> {
        let views = self.views();
        if views > 1 && !models.dit.views {
            return Err(GenerateError::NoViewModule { views, published: Part::ViewModule.published() });
        }
        Ok(())
    }

    /// V.
    #[must_use]
    pub fn views(&self) -> usize {
        self.rig.cameras.len()
    }

    /// Frames of a clip.
    #[must_use]
    pub fn frames(&self) -> u32 {
        if self.settings.ring { TIME * self.latents } else { 1 + TIME * (self.latents - 1) }
    }
}

fn divisible([width, height]: [u32; 2]) -> Result<[u32; 2], GenerateError> {
    if width.is_multiple_of(SIDE) && height.is_multiple_of(SIDE) {
        return Ok([width, height]);
    }
    let below = [width, height].map(|side| (side / SIDE).max(1) * SIDE);
    let above = [width, height].map(|side| side.div_ceil(SIDE) * SIDE);
    Err(GenerateError::Size { width, height, multiple: SIDE, offered: [below, above] })
}

fn latents(frames: u32, ring: bool) -> Result<u32, GenerateError> {
    let (rest, expected) = if ring { (0, "a multiple of 4") } else { (1, "1 and a multiple of 4") };
    if frames % TIME == rest {
        return Ok(frames.div_ceil(TIME));
    }
    let below = (frames.saturating_sub(rest) / TIME) * TIME + rest;
    let below = below.max(if ring { TIME } else { 1 });
    Err(GenerateError::Frames { found: frames, expected, offered: [below, below + TIME] })
}

/// The device of a choice, and why it is not CUDA where that was left open. Call it before anything else uses libtorch.
///
/// # Errors
/// CUDA was asked for and cannot be used.
pub fn device(place: Place) -> Result<(Device, Option<String>), GenerateError> {
    match (place, if place == Place::Cpu { Ok(()) } else { loop3d_torch::cuda::open() }) {
        (Place::Cpu, _) => Ok((Device::Cpu, None)),
        (_, Ok(())) => Ok((Device::Cuda(0), None)),
        (Place::Auto, Err(why)) => Ok((Device::Cpu, Some(why.to_string()))),
        (Place::Cuda, Err(why)) => Err(GenerateError::Cuda(why)),
    }
}

/// How many threads libtorch computes with.
pub fn threads(count: u16) {
    tch::set_num_threads(count.into());
}

/// The kind of numbers of a choice on a device.
#[must_use]
pub fn kind(dtype: Dtype, device: Device) -> Kind {
    match (dtype, device) {
        (Dtype::F32, _) | (Dtype::Auto, Device::Cpu) => Kind::Float,
        _ => Kind::BFloat16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_made_comes_with_the_next_ones() {
        assert_eq!(divisible([832, 480]).unwrap(), [832, 480]);
        let said = divisible([850, 480]).unwrap_err().to_string();
        assert_eq!(said, "--size: found 850x480, expected multiples of 16; the next ones are 848x480 and 864x480");
        assert!(divisible([7, 16]).unwrap_err().to_string().contains("16x16 and 16x16"));
        let made = |frames, ring| latents(frames, ring).map_err(|error| error.to_string());
        assert_eq!((made(81, false), made(1, false), made(80, true)), (Ok(21), Ok(1), Ok(20)));
        let said = made(80, false).unwrap_err();
        assert_eq!(said, "--frames: found 80, expected 1 and a multiple of 4; the next ones are 77 and 81");
        assert!(made(81, true).unwrap_err().ends_with("the next ones are 80 and 84"));
        assert!(made(2, true).unwrap_err().ends_with("the next ones are 4 and 8"));
    }
}
