//! The two frames of the loop that a moment lies between.

/// The two frames that a moment lies between, and where between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// The frame at or before the moment, and the next one round the loop.
    pub frames: [usize; 2],
    /// Weight of the second frame, 0 to 1; 0 on a frame.
    pub second_fraction: f32,
}

impl Moment {
    /// The moment at `time`, in frames, of a loop of `frames` frames (at least 1). Any time goes round the loop.
    pub fn of(time: f64, frames: usize) -> Self {
        let t = time.rem_euclid(frames as f64);
        let first = t as usize % frames;
        Self { frames: [first, (first + 1) % frames], second_fraction: t.fract() as f32 }
    }

    /// Weights of both frames; they sum to 1.
    pub fn weights(&self) -> [f32; 2] {
        [1.0 - self.second_fraction, self.second_fraction]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_goes_round_the_loop() {
        assert_eq!(Moment::of(3.25, 5), Moment { frames: [3, 4], second_fraction: 0.25 });
        assert_eq!(Moment::of(4.5, 5), Moment { frames: [4, 0], second_fraction: 0.5 });
        assert_eq!(Moment::of(-0.5, 5), Moment { frames: [4, 0], second_fraction: 0.5 });
        assert_eq!(Moment::of(10.0, 5), Moment { frames: [0, 1], second_fraction: 0.0 });
        assert_eq!(Moment::of(7.75, 1), Moment { frames: [0, 0], second_fraction: 0.75 });
        assert_eq!(Moment::of(3.25, 5).weights(), [0.75, 0.25]);
        // A hair before the loop closes.
        assert_eq!(Moment::of(-1e-20, 5).frames[0], 0);
    }
}
