//! The playback clock: which moment of the loop is shown. Real time drives it, however many frames are drawn.

/// Slowest and fastest speed.
pub const SPEEDS: [f64; 2] = [0.1, 4.0];

/// Plays a loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// Length of the loop in frames, and frames per second at speed 1.
    frames: f64,
    fps: f64,
    /// Moment of the loop in frames, from 0 up to `frames`.
    time: f64,
    speed: f64,
    is_playing: bool,
    is_reverse: bool,
    /// Frames played since the start or the last seek, in either direction.
    played: f64,
    /// The clock pauses after this many rounds.
    last_round: Option<u32>,
}

impl Clock {
    /// A clock that plays a loop of `frames` frames from its start, forever.
    pub fn new(frames: usize, fps: f64) -> Self {
        Self {
            frames: frames.max(1) as f64,
            fps,
            time: 0.0,
            speed: 1.0,
            is_playing: true,
            is_reverse: false,
            played: 0.0,
            last_round: None,
        }
    }

    /// Length of the loop in frames.
    pub fn frames(&self) -> f64 {
        self.frames
    }

    /// Frames per second at speed 1.
    pub fn fps(&self) -> f64 {
        self.fps
    }

    /// Moment of the loop in frames, from 0 up to its length.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Times that the loop has been played since the start or the last seek.
    pub fn rounds(&self) -> u32 {
        // Sums of steps fall slightly short of whole rounds by rounding.
        (self.played / self.frames + 1e-9) as u32
    }

    /// Whether it plays.
    pub fn is_playing(&self) -> bool {
        self.is_playing
    }

    /// Whether it plays backwards.
    pub fn is_reverse(&self) -> bool {
        self.is_reverse
    }

    /// Speed; 1 is as filmed.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// A moment that is shown soon: that of the next image if it comes after `seconds`, but at least one frame ahead.
    pub fn soon(&self, seconds: f64) -> f64 {
        let step = (seconds * self.fps * self.speed).max(1.0);
        if self.is_reverse { self.time - step } else { self.time + step }
    }

    /// Advances by `seconds` of real time.
    pub fn advance(&mut self, seconds: f64) {
        // A system clock that jumps back does not stop the loop for good.
        if !self.is_playing || !seconds.is_finite() || seconds <= 0.0 {
            return;
        }
        let mut step = seconds * self.fps * self.speed;
        if let Some(rounds) = self.last_round {
            let left = (f64::from(rounds) * self.frames - self.played).max(0.0);
            if step >= left {
                step = left;
                self.is_playing = false;
            }
        }
        self.played += step;
        self.shift(if self.is_reverse { -step } else { step });
    }

    /// Plays or pauses.
    pub fn toggle(&mut self) {
        self.is_playing = !self.is_playing;
        if self.is_playing && self.last_round.is_some_and(|rounds| self.rounds() >= rounds) {
            self.played = 0.0;
        }
    }

    /// Plays the other way.
    pub fn reverse(&mut self) {
        self.is_reverse = !self.is_reverse;
    }

    /// Seeks to a moment, in frames. A moment outside the loop goes round it.
    pub fn seek(&mut self, time: f64) {
        if time.is_finite() {
            self.time = 0.0;
            self.played = 0.0;
            self.shift(time);
        }
    }

    /// Pauses, and goes to the next whole frame or the one before.
    pub fn step(&mut self, forward: bool) {
        self.is_playing = false;
        let time = if forward { self.time.floor() + 1.0 } else { self.time.ceil() - 1.0 };
        self.seek(time);
    }

    /// Sets the speed, within [`SPEEDS`].
    pub fn set_speed(&mut self, speed: f64) {
        if speed.is_finite() {
            self.speed = speed.clamp(SPEEDS[0], SPEEDS[1]);
        }
    }

    /// Pauses after this many rounds, counted from now; `None` plays forever.
    pub fn stop_after(&mut self, rounds: Option<u32>) {
        self.last_round = rounds;
        self.played = 0.0;
    }

    /// After how many rounds it pauses.
    pub fn last_round(&self) -> Option<u32> {
        self.last_round
    }

    fn shift(&mut self, frames: f64) {
        let time = (self.time + frames).rem_euclid(self.frames);
        // A tiny negative time is rounded up to the length itself.
        self.time = if time < self.frames { time } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn the_moment_depends_on_time_and_not_on_how_it_is_cut() {
        let (mut smooth, mut rough) = (Clock::new(40, 25.0), Clock::new(40, 25.0));
        (0..600).for_each(|_| smooth.advance(1.0 / 60.0));
        (0..7).for_each(|_| rough.advance(10.0 / 7.0));
        assert!(near(smooth.time(), 10.0) && near(rough.time(), 10.0));
        assert_eq!((smooth.rounds(), rough.rounds()), (6, 6));
    }

    #[test]
    fn it_goes_round_in_both_directions() {
        let mut clock = Clock::new(10, 10.0);
        clock.advance(1.25);
        assert!(near(clock.time(), 2.5));
        clock.reverse();
        clock.advance(0.5);
        assert!(near(clock.time(), 7.5) && clock.is_reverse());
        clock.seek(-1.0);
        assert!(near(clock.time(), 9.0));
        clock.seek(-1e-18);
        assert_eq!(clock.time(), 0.0);
        clock.seek(f64::NAN);
        clock.advance(f64::NAN);
        clock.advance(-3.0);
        assert_eq!(clock.time(), 0.0);
    }

    #[test]
    fn what_comes_soon_is_a_frame_ahead_or_the_next_picture() {
        let mut clock = Clock::new(40, 25.0);
        clock.seek(39.5);
        assert!(near(clock.soon(1.0 / 60.0), 40.5));
        clock.set_speed(4.0);
        clock.reverse();
        assert!(near(clock.soon(0.1), 29.5));
    }

    #[test]
    fn speed_is_bounded_and_scales_time() {
        let mut clock = Clock::new(100, 10.0);
        clock.set_speed(0.5);
        clock.advance(1.0);
        assert!(near(clock.time(), 5.0));
        clock.set_speed(100.0);
        assert_eq!(clock.speed(), 4.0);
        clock.set_speed(-1.0);
        assert_eq!(clock.speed(), 0.1);
        clock.set_speed(f64::NAN);
        assert_eq!(clock.speed(), 0.1);
    }

    #[test]
    fn a_paused_clock_stops_and_steps_go_to_whole_frames() {
        let mut clock = Clock::new(4, 10.0);
        clock.advance(0.12);
        clock.toggle();
        clock.advance(5.0);
        assert!(near(clock.time(), 1.2) && !clock.is_playing());
        clock.step(true);
        assert_eq!(clock.time(), 2.0);
        clock.step(false);
        clock.step(false);
        clock.step(false);
        assert_eq!(clock.time(), 3.0);
    }

    #[test]
    fn it_stops_at_the_end_of_the_last_round_and_plays_again() {
        let mut clock = Clock::new(10, 10.0);
        clock.stop_after(Some(2));
        (0..100).for_each(|_| clock.advance(0.07));
        assert!(!clock.is_playing() && clock.rounds() == 2);
        assert!(near(clock.time(), 0.0) || near(clock.time(), 10.0), "{}", clock.time());
        clock.toggle();
        clock.advance(0.5);
        assert!(clock.is_playing() && clock.rounds() == 0);
    }
}
