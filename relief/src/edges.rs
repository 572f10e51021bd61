//! Soft edges: a pixel on an edge of depth shows some of the near thing and some of what is behind. How much is told by the colors of both
//! sides, and the near plane gets its part alone: otherwise things carry a rim of what was behind them when they were filmed.

use crate::grid::{squared, window};
use crate::picture::Picture;
use rayon::prelude::*;

/// Pixels to each side of a jump in depth that may be mixed: lenses and encoders smear, and depth is a pixel off.
const BAND: i64 = 2;
/// How far from a mixed pixel pure ones are looked for.
const AROUND: i64 = 4;
/// Fewest pure pixels that tell a side's color.
const PURE: f32 = 2.0;
/// Least difference of both sides, in levels, at which their mixture can be told.
const CONTRAST: f32 = 16.0;
/// How much of the squared difference of both sides may be left unexplained by any mixture of them.
const UNEXPLAINED: f32 = 0.06;
/// How much of it the sides themselves may vary.
const VARIED: f32 = 0.25;
/// Levels from what is behind above which a pixel is unlike it, and times what that varies itself.
const SMEARED: f32 = 12.0;
/// See [`SMEARED`].
const UNLIKE: f32 = 4.0;
/// Parts of less than this, or of all but this, are none or all.
const NEGLIGIBLE: f32 = 0.06;

/// A pixel that shows a near thing in part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Row · width + column.
    pub pixel: u32,
    /// A pixel nearby that shows only what is behind.
    pub back: u32,
    /// The part of the near thing, between 0 and 1.
    pub alpha: f32,
}

/// What one side of an edge looks like, around one pixel.
struct Side {
    /// Its mean at each moment.
    means: Vec<[f32; 3]>,
    /// How much its pixels differ from that, squared: mean over moments, sum over channels.
    varied: f32,
    /// The pure pixel nearest by.
    nearest: usize,
}

/// Finds the soft edges of a picture, and puts each pixel near an edge on the side that its color tells. `apart`: planes between two
/// neighbouring pixels that make an edge.
pub fn soften(plane_of: &mut [u16], apart: u16, picture: &Picture) -> Vec<Edge> {
    let (width, height) = (picture.width, picture.height);
    let mixed = mixed(plane_of, width, apart);
    let told: Vec<(usize, u16, Option<Edge>)> = (0..width * height)
        .into_par_iter()
        .filter(|at| mixed[*at])
        .filter_map(|at| tell(at, plane_of, &mixed, apart, picture))
        .collect();
    for (at, plane, _) in &told {
        plane_of[*at] = *plane;
    }
    told.into_iter().filter_map(|(.., edge)| edge).collect()
}

/// Which pixels are near a jump in depth.
fn mixed(plane_of: &[u16], width: usize, apart: u16) -> Vec<bool> {
    let height = plane_of.len() / width;
    let jumps = |a: usize, b: usize| plane_of[a].abs_diff(plane_of[b]) >= apart;
    let mut mixed = vec![false; plane_of.len()];
    for at in 0..plane_of.len() {
        let (x, y) = (at % width, at / width);
        for (there, other) in [(x + 1 < width, at + 1), (y + 1 < height, at + width)] {
            if there && jumps(at, other) {
                mixed[at] = true;
                mixed[other] = true;
            }
        }
    }
    let around = |at: usize| {
        let reach = BAND - 1;
        window(at, reach, width, height).any(|other| mixed[other])
    };
    (0..mixed.len()).into_par_iter().map(around).collect()
}

/// Where a mixed pixel belongs, and its part of the near thing; `None` where that cannot be told.
fn tell(
    at: usize,
    plane_of: &[u16],
    mixed: &[bool],
    apart: u16,
    picture: &Picture,
) -> Option<(usize, u16, Option<Edge>)> {
    let (width, height) = (picture.width, picture.height);
    let planes = || window(at, BAND, width, height).map(|other| plane_of[other]);
    let (near, far) = (planes().min()?, planes().max()?);
    if far - near < apart {
        return None;
    }
    let is_near = |plane: u16| plane.abs_diff(near) < plane.abs_diff(far);
    let of_side = |wanted: bool| {
        let pure =
            window(at, AROUND, width, height).filter(|other| !mixed[*other] && is_near(plane_of[*other]) == wanted);
        Side::of(at, pure.collect(), picture)
    };
    let (front, back) = (of_side(true)?, of_side(false)?);
    let (mut across, mut apart_squared, mut own) = (0.0, 0.0, 0.0);
    let moments = picture.moments.len();
    for moment in 0..moments {
        let color = picture.color(at as u32, moment);
        let sides = front.means[moment].iter().zip(&back.means[moment]);
        for (value, (before, behind)) in color.iter().zip(sides) {
            let (difference, here) = (before - behind, *value as f32 - behind);
            across += here * difference;
            apart_squared += difference * difference;
            own += here * here;
        }
    }
    let each = apart_squared / moments as f32;
    if each < 3.0 * CONTRAST * CONTRAST || front.varied + back.varied > VARIED * each {
        return None;
    }
    let alpha = (across / apart_squared).clamp(0.0, 1.0);
    let unexplained = own - 2.0 * alpha * across + alpha * alpha * apart_squared;
    // On a slope the pure pixels of a side may be much nearer or farther than its rim.
    let rim = |wanted: bool| {
        let there = window(at, BAND, width, height).filter(|other| is_near(plane_of[*other]) == wanted);
        there.min_by_key(|other| squared(at, *other, width)).map(|other| plane_of[other])
    };
    if unexplained > UNEXPLAINED * apart_squared {
        // Encoders smear color farther than light: a rim that is unlike what is behind goes with the thing that it surrounds.
        let unlike = (SMEARED * SMEARED).max(UNLIKE * back.varied) * moments as f32;
        return if !is_near(plane_of[at]) && own > unlike { Some((at, rim(true)?, None)) } else { None };
    }
    Some(if alpha < NEGLIGIBLE {
        (at, rim(false)?, None)
    } else if alpha > 1.0 - NEGLIGIBLE {
        (at, rim(true)?, None)
    } else {
        (at, rim(true)?, Some(Edge { pixel: at as u32, back: back.nearest as u32, alpha }))
    })
}

impl Side {
    fn of(at: usize, pure: Vec<usize>, picture: &Picture) -> Option<Self> {
        let width = picture.width;
        let nearest = pure.iter().copied().min_by_key(|other| squared(at, *other, width))?;
        let weights: Vec<f32> = pure.iter().map(|other| 1.0 / squared(at, *other, width) as f32).collect();
        if (pure.len() as f32) < PURE {
            return None;
        }
        let total: f32 = weights.iter().sum();
        let (mut means, mut varied) = (Vec::with_capacity(picture.moments.len()), 0.0);
        for moment in 0..picture.moments.len() {
            let (mut sum, mut squares) = ([0.0; 3], 0.0);
            for (other, weight) in pure.iter().zip(&weights) {
                let color = picture.color(*other as u32, moment).map(|value| value as f32);
                for (sum, value) in sum.iter_mut().zip(color) {
                    *sum += weight * value;
                    squares += weight * value * value;
                }
            }
            let mean = sum.map(|sum| sum / total);
            varied += squares / total - mean.iter().map(|mean| mean * mean).sum::<f32>();
            means.push(mean);
        }
        Some(Self { means, varied: varied / picture.moments.len() as f32, nearest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A white disk of radius 20 before a blue wall, each pixel mixed by how much of it the disk covers; depth says the disk where it covers
    /// more than a third, so that it is too large.
    fn disk() -> (Picture, Vec<u16>, Vec<f32>) {
        let size = 64;
        let part = |at: usize| {
            let inside = |sub: usize| {
                let (x, y) = ((at % size) as f32 + (sub % 8) as f32 / 8.0, (at / size) as f32 + (sub / 8) as f32 / 8.0);
                ((x - 32.0).powi(2) + (y - 32.0).powi(2)).sqrt() < 20.0
            };
            (0..64).filter(|sub| inside(*sub)).count() as f32 / 64.0
        };
        let parts: Vec<f32> = (0..size * size).map(part).collect();
        let mix = |part: &f32| {
            [20.0 + 230.0 * part, 40.0 + 200.0 * part, 160.0 + 80.0 * part].map(|value| value.round() as u8)
        };
        let rgb = parts.iter().flat_map(mix).collect();
        let planes = parts.iter().map(|part| if *part > 0.33 { 2 } else { 20 }).collect();
        (Picture::of(vec![rgb], size, 1), planes, parts)
    }

    #[test]
    fn the_part_of_a_mixed_pixel_is_told_by_color() {
        let (picture, mut planes, parts) = disk();
        let edges = soften(&mut planes, 2, &picture);
        assert!(edges.len() > 60, "{}", edges.len());
        for Edge { pixel, back, alpha } in edges {
            assert!((alpha - parts[pixel as usize]).abs() < 0.03, "{alpha} {}", parts[pixel as usize]);
            assert_eq!(parts[back as usize], 0.0);
            assert_eq!(planes[pixel as usize], 2);
        }
        // What is not mixed is where it was.
        for (plane, part) in planes.iter().zip(&parts).filter(|(_, part)| **part == 0.0 || **part == 1.0) {
            assert_eq!(*plane, if *part == 1.0 { 2 } else { 20 });
        }
    }

    #[test]
    fn sides_of_one_color_stay_where_depth_puts_them() {
        let (picture, mut planes, _) = disk();
        let before = planes.clone();
        let grey = Picture::of(vec![vec![128; 64 * 64 * 3]], 64, 1);
        assert!(soften(&mut planes, 2, &grey).is_empty());
        assert_eq!(planes, before);
        // And what is neither side nor a mixture of both is left alone.
        let odd = picture.moments[0].chunks(3).enumerate();
        let red =
            odd.flat_map(
                |(at, rgb)| {
                    if before[at] == 2 && before[at - 1] == 20 { [255, 0, 0] } else { [rgb[0], rgb[1], rgb[2]] }
                },
            );
        let red = Picture::of(vec![red.collect()], 64, 1);
        let edges = soften(&mut planes, 2, &red);
        assert!(edges.iter().all(|edge| red.color(edge.pixel, 0) != [255, 0, 0]));
    }
}
