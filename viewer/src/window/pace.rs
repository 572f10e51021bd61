//! How fast pictures come, averaged so that a person can read it.

use std::time::{Duration, Instant};

/// Figures change so often.
const EVERY: Duration = Duration::from_millis(500);

/// Averages over the last stretch of time.
pub(super) struct Pace {
    since: Instant,
    pictures: u32,
    work: Duration,
    pub(super) pictures_per_s: f64,
    /// Milliseconds of CPU time for a picture.
    pub(super) cpu_ms: f64,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), pictures: 0, work: Duration::ZERO, pictures_per_s: 0.0, cpu_ms: 0.0 }
    }

    /// Counts a picture shown at `now` that the CPU worked at for so long.
    pub(super) fn count(&mut self, now: Instant, work: Duration) {
        self.pictures += 1;
        self.work += work;
        let since = now.duration_since(self.since);
        if since >= EVERY {
            let pictures = f64::from(self.pictures);
            self.pictures_per_s = pictures / since.as_secs_f64();
            self.cpu_ms = self.work.as_secs_f64() * 1e3 / pictures;
            (self.since, self.pictures, self.work) = (now, 0, Duration::ZERO);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_pictures_is_averaged() {
        let mut pace = Pace::new();
        let start = pace.since;
        for i in 1..=30 {
            pace.count(start + Duration::from_millis(20 * i), Duration::from_millis(3));
        }
        assert!((pace.pictures_per_s - 50.0).abs() < 1e-9 && (pace.cpu_ms - 3.0).abs() < 1e-9);
    }
}
