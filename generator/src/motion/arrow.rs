//! Where something goes: a polyline, walked at one speed.

use super::MotionError;
use glam::DVec2;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Longest arrow, in points.
const MOST_POINTS: usize = 10_000;

/// A polyline in pixels; the centre of pixel (i, j) is (i + ½, j + ½).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrow {
    /// Its corners.
    pub points: Vec<[f64; 2]>,
    /// The frames in which it begins and ends [default: the first and the last one].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames: Option<[usize; 2]>,
}

impl Arrow {
    /// Reads an arrow from a JSON file.
    ///
    /// # Errors
    /// The file cannot be read, or what is in it is no arrow.
    pub fn open(path: &Path) -> Result<Self, MotionError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| MotionError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
        let place = path.display().to_string();
        let arrow: Self = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| MotionError::NotAnArrow { place: place.clone(), reason: error.to_string() })?;
        arrow.checked(&place)
    }

    /// An arrow as it is written on a command line: `x,y;x,y`, with as many points as it takes.
    ///
    /// # Errors
    /// The text is no arrow.
    pub fn parse(text: &str) -> Result<Self, MotionError> {
        let refused =
            |found: &str| MotionError::NotAnArrow { place: text.to_owned(), reason: format!("found {found:?}") };
        let number = |part: &str| part.trim().parse::<f64>().map_err(|_| refused(part));
        let point = |part: &str| {
            let (x, y) = part.split_once(',').ok_or_else(|| refused(part))?;
            Ok([number(x)?, number(y)?])
        };
        let points = text.split(';').map(point).collect::<Result<_, MotionError>>()?;
        Self { points, frames: None }.checked(text)
    }

    /// The arrow, if it leads somewhere.
    ///
    /// # Errors
    /// It has one point, no length, too many points, numbers that are none, or it ends before it begins.
    pub fn checked(self, place: &str) -> Result<Self, MotionError> {
        let refused = |found: String, expected| Err(MotionError::Arrow { place: place.to_owned(), found, expected });
        let count = self.points.len();
        if !(2..=MOST_POINTS).contains(&count) {
            return refused(format!("an arrow of {count} points"), "2 to 10000 of them");
        }
        if let Some(point) = self.points.iter().find(|point| point.iter().any(|x| !(x.is_finite() && x.abs() < 1e6))) {
            return refused(format!("the point {point:?}"), "numbers of pixels, less than a million");
        }
        if self.length() < 1.0 {
            return refused(format!("an arrow of {:.2} pixels", self.length()), "at least 1 pixel");
        }
        match self.frames {
            Some([first, last]) if last <= first => {
                refused(format!("frames {first} to {last}"), "a last frame after the first one")
            }
            _ => Ok(self),
        }
    }

    /// Where its tip is in each of `frames` frames: its start before it begins, its end afterwards, and between them pieces of equal
    /// length.
    #[must_use]
    pub fn positions(&self, frames: usize) -> Vec<DVec2> {
        let [first, last] = self.frames.unwrap_or([0, frames.saturating_sub(1)]);
        let at = |frame: usize| {
            let part = frame.saturating_sub(first) as f64 / last.saturating_sub(first).max(1) as f64;
            self.at(part.min(1.0))
        };
        (0..frames).map(at).collect()
    }

    /// The same walk there and back, as a loop of `frames` frames: slow at both ends. It rests before it begins and afterwards.
    #[must_use]
    pub fn there_and_back(&self, frames: usize) -> Vec<DVec2> {
        let [first, last] = self.frames.unwrap_or([0, frames.max(1)]);
        let turn = |frame: usize| {
            let part = frame.saturating_sub(first) as f64 / last.saturating_sub(first).max(1) as f64;
            std::f64::consts::TAU * part.min(1.0)
        };
        (0..frames).map(|frame| self.at(0.5 - 0.5 * turn(frame).cos())).collect()
    }

    /// The same in a picture that is larger or smaller.
    #[must_use]
    pub fn scaled(&self, [x, y]: [f64; 2]) -> Self {
        Self { points: self.points.iter().map(|point| [point[0] * x, point[1] * y]).collect(), ..self.clone() }
    }

    /// The point at a part of its length, 0…1.
    #[must_use]
    pub fn at(&self, part: f64) -> DVec2 {
        let mut left = part * self.length();
        for pair in self.points.windows(2) {
            let (from, to) = (DVec2::from_array(pair[0]), DVec2::from_array(pair[1]));
            let length = from.distance(to);
            if left <= length && length > 0.0 {
                return from.lerp(to, left / length);
            }
            left -= length;
        }
        self.points.last().copied().unwrap_or_default().into()
    }

    fn length(&self) -> f64 {
        self.points.windows(2).map(|pair| DVec2::from_array(pair[0]).distance(DVec2::from_array(pair[1]))).sum()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_of_equal_length() {
        let arrow = Arrow::parse("0,0; 30,40;30,50").unwrap();
        let found = arrow.positions(7);
        for (k, position) in found.iter().enumerate() {
            // 60 pixels in six pieces: five along the first side, one along the second.
            let expected = if k < 6 { DVec2::new(6.0, 8.0) * k as f64 } else { DVec2::new(30.0, 50.0) };
            assert!(position.distance(expected) < 1e-12, "{k}: {position}");
        }
        let late = Arrow { frames: Some([2, 4]), ..arrow.clone() }.positions(7);
        let halfway = DVec2::new(18.0, 24.0);
        assert_eq!([late[0], late[2], late[4], late[6]], [found[0], found[0], found[6], found[6]]);
        assert!(late[3].distance(halfway) < 1e-12);
        let back = arrow.there_and_back(8);
        assert!(back[4].distance(found[6]) < 1e-9 && back[2].distance(halfway) < 1e-9);
        assert!(back[1].distance(back[7]) < 1e-9 && back[0] == DVec2::ZERO);
        let resting = Arrow { frames: Some([2, 6]), ..arrow.clone() }.there_and_back(8);
        assert_eq!([resting[0], resting[2], resting[6], resting[7]], [DVec2::ZERO; 4]);
        assert!(resting[4].distance(found[6]) < 1e-9);
        assert_eq!(arrow.scaled([0.5, 2.0]).points[2], [15.0, 100.0]);
        // A point twice in a row is no corner.
        assert_eq!(Arrow::parse("0,0;0,0;4,0").unwrap().at(0.5), DVec2::new(2.0, 0.0));
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for (text, said) in [
            ("", "found \"\""),
            ("3,4", "1 points"),
            ("3;4", "found \"3\""),
            ("3,4;5,x", "found \"x\""),
            ("1,1;1,1", "0.00 pixels"),
            ("1,1;NaN,1", "NaN"),
            ("1,1;1e7,1", "10000000"),
        ] {
            let error = Arrow::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("arrow.json");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Arrow::open(&path)
        };
        let arrow = read("\u{feff}{\"points\": [[1, 2], [3.5, 2]], \"frames\": [0, 9]}\r\n").unwrap();
        assert_eq!((arrow.points[1], arrow.frames), ([3.5, 2.0], Some([0, 9])));
        assert!(read("{\"points\": [[1, 2], [3, 2]], \"frames\": [9, 9]}").unwrap_err().to_string().contains("9 to 9"));
        assert!(read("{\"points\": [[1, 2], [3, 2]], \"depth\": 3}").unwrap_err().to_string().contains("depth"));
        assert!(read("[[1, 2]]").unwrap_err().to_string().contains("arrow.json"));
        assert!(Arrow::open(Path::new("none.json")).is_err());
    }
}
