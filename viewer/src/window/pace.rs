//! How fast frames are drawn, averaged so that a person can read it.

use std::time::{Duration, Instant};

/// How often the figures change.
const EVERY: Duration = Duration::from_millis(500);

/// Averages over the last stretch of time.
pub(super) struct Pace {
    since: Instant,
    frames: u32,
    work: Duration,
    pub(super) fps: f64,
    /// Milliseconds of CPU time for a frame.
    pub(super) cpu_ms: f64,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), frames: 0, work: Duration::ZERO, fps: 0.0, cpu_ms: 0.0 }
    }

    /// Counts a frame shown at `now` that took the CPU `work`.
    pub(super) fn count(&mut self, now: Instant, work: Duration) {
        self.frames += 1;
        self.work += work;
        let since = now.duration_since(self.since);
        if since >= EVERY {
            let frames = f64::from(self.frames);
            self.fps = frames / since.as_secs_f64();
            self.cpu_ms = self.work.as_secs_f64() * 1e3 / frames;
            (self.since, self.frames, self.work) = (now, 0, Duration::ZERO);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_frames_is_averaged() {
        let mut pace = Pace::new();
        let start = pace.since;
        for i in 1..=30 {
            pace.count(start + Duration::from_millis(20 * i), Duration::from_millis(3));
        }
        assert!((pace.fps - 50.0).abs() < 1e-9 && (pace.cpu_ms - 3.0).abs() < 1e-9);
    }
}
