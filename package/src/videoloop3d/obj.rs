//! `geometry.obj`: rectangles of parallel planes.

use loop3d_scene::TileKind;
use std::fmt::Write;

/// A rectangle of a plane and its place in a texture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quad {
    pub kind: TileKind,
    /// Depth of the plane.
    pub z: f64,
    /// x and y of the left upper and the right lower corner.
    pub corners: [[f64; 2]; 2],
    /// u and v of the same corners; (0, 0) is the texture's lower left corner.
    pub uvs: [[f64; 2]; 2],
}

/// A bad line: its number from 1, what was found, what was expected.
#[derive(Debug, PartialEq)]
pub(super) struct BadLine {
    pub line: usize,
    pub found: String,
    pub expected: &'static str,
}

/// The text of the rectangles, in their order; static vertices come first.
pub(super) fn write(quads: &[Quad]) -> String {
    let (mut vertices, mut uvs, mut faces) = (String::new(), String::new(), String::new());
    let mut number = vec![0; quads.len()];
    let mut next = 1;
    for kind in [TileKind::Static, TileKind::Looping] {
        let colour = if kind == TileKind::Static { "1 0 0" } else { "0 1 0" };
        for (index, quad) in quads.iter().enumerate().filter(|(_, quad)| quad.kind == kind) {
            number[index] = next;
            next += 4;
            // Left upper, right upper, left lower, right lower.
            for (right, lower) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                // Writing to a string cannot fail.
                let _ =
                    writeln!(vertices, "v {} {} {} {colour}", quad.corners[right][0], quad.corners[lower][1], quad.z);
                let _ = writeln!(uvs, "vt {} {}", quad.uvs[right][0], quad.uvs[lower][1]);
            }
        }
    }
    for first in number {
        for corners in [[0, 1, 3], [3, 2, 0]] {
            let [a, b, c] = corners.map(|corner| first + corner);
            let _ = writeln!(faces, "f {a}/{a} {b}/{b} {c}/{c}");
        }
    }
    format!("{vertices}{uvs}{faces}")
}

/// The rectangles of a text; each is two triangles, one after the other or apart.
pub(super) fn read(text: &str) -> Result<Vec<Quad>, BadLine> {
    let (mut vertices, mut uvs) = (Vec::<[f64; 6]>::new(), Vec::<[f64; 2]>::new());
    let mut faces: Vec<(usize, [[usize; 2]; 3])> = Vec::new();
    for (line, words) in text.lines().enumerate() {
        let line = line + 1;
        let mut words = words.split_whitespace();
        let bad = |found: String, expected| Err(BadLine { line, found, expected });
        match words.next() {
            Some("v") => match numbers(words) {
                Some(vertex) => vertices.push(vertex),
                None => return bad("another vertex".to_owned(), "v with x y z and r g b"),
            },
            Some("vt") => match numbers(words) {
                Some(uv) => uvs.push(uv),
                None => return bad("another texture coordinate".to_owned(), "vt with u v"),
            },
            Some("f") => {
                let corner = |word: &str| {
                    let mut indices = word.split('/').map(|index| index.parse::<usize>().ok()?.checked_sub(1));
                    let [vertex, uv] = [indices.next()??, indices.next()??];
                    (vertex < vertices.len() && uv < uvs.len()).then_some([vertex, uv])
                };
                let corners: Option<Vec<[usize; 2]>> = words.map(corner).collect();
                match corners.and_then(|corners| corners.try_into().ok()) {
                    Some(corners) => faces.push((line, corners)),
                    None => return bad("another face".to_owned(), "f with three v/vt that come before it"),
                }
            }
            _ => {}
        }
    }
    if faces.len() % 2 == 1 {
        let line = faces.last().map_or(0, |face| face.0);
        return Err(BadLine { line, found: "a triangle alone".to_owned(), expected: "two for each rectangle" });
    }
    // The two triangles of a rectangle share its diagonal; a sort by depth may have parted them.
    let mut quads = Vec::with_capacity(faces.len() / 2);
    let mut waiting: std::collections::HashMap<[usize; 2], usize> = std::collections::HashMap::new();
    for (index, (line, corners)) in faces.iter().enumerate() {
        let named = corners.map(|corner| corner[0]);
        let edges =
            [[named[0], named[1]], [named[1], named[2]], [named[2], named[0]]].map(|[a, b]| [a.min(b), a.max(b)]);
        let partner = edges.iter().find_map(|edge| waiting.get(edge).copied());
        let Some(partner) = partner else {
            edges.into_iter().for_each(|edge| {
                waiting.insert(edge, index);
            });
            continue;
        };
        waiting.retain(|_, &mut other| other != partner);
        let all: Vec<_> = faces[partner].1.iter().chain(corners).map(|&[v, t]| (vertices[v], uvs[t])).collect();
        quads.push(quad(&all).ok_or_else(|| BadLine {
            line: *line,
            found: "two triangles of another shape".to_owned(),
            expected: "a rectangle of one depth and colour, upright in its texture",
        })?);
    }
    if let Some(&index) = waiting.values().min() {
        let found = "a triangle alone".to_owned();
        return Err(BadLine { line: faces[index].0, found, expected: "another that shares an edge" });
    }
    Ok(quads)
}

fn numbers<'a, const N: usize>(words: impl Iterator<Item = &'a str>) -> Option<[f64; N]> {
    let values: Option<Vec<f64>> = words.map(|word| word.parse().ok().filter(|v: &f64| v.is_finite())).collect();
    values?.try_into().ok()
}

/// A vertex, and its texture coordinates.
type Corner = ([f64; 6], [f64; 2]);

fn quad(corners: &[Corner]) -> Option<Quad> {
    let axis = |i: usize| {
        let values = corners.iter().map(|corner| corner.0[i]);
        values.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(v), b.max(v)])
    };
    let [[left, right], [upper, lower], z] = [axis(0), axis(1), axis(2)];
    // Each corner comes with its texture coordinates.
    let uv_at = |x: f64, y: f64| corners.iter().find(|c| c.0[0] == x && c.0[1] == y).map(|c| c.1);
    let (from, to) = (uv_at(left, upper)?, uv_at(right, lower)?);
    let straight = corners.iter().all(|([x, y, ..], [u, v])| {
        (*x == left || *x == right)
            && (*y == upper || *y == lower)
            && *u == if *x == left { from[0] } else { to[0] }
            && *v == if *y == upper { from[1] } else { to[1] }
    });
    let kind = match (axis(3), axis(4)) {
        ([r, _], [_, g]) if r > 0.5 && g < 0.5 => TileKind::Static,
        ([_, r], [g, _]) if r < 0.5 && g > 0.5 => TileKind::Looping,
        _ => return None,
    };
    let good = straight && z[0] == z[1] && z[0] > 0.0 && left < right && upper < lower;
    good.then_some(Quad { kind, z: z[0], corners: [[left, upper], [right, lower]], uvs: [from, to] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_come_back_in_any_order_of_triangles() {
        let quad = |kind, z: f64, x: f64| Quad {
            kind,
            z,
            corners: [[x, -0.5], [x + 1.25, 0.125]],
            uvs: [[0.25, 0.75], [0.5, 0.1]],
        };
        let quads =
            [quad(TileKind::Looping, 4.0, 0.0), quad(TileKind::Static, 2.0, 1.25), quad(TileKind::Looping, 1.5, 0.0)];
        let text = write(&quads);
        assert_eq!(read(&text).unwrap(), quads);
        assert!(text.starts_with("v 1.25 -0.5 2 1 0 0\n"), "{text}");
        let (rest, faces): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| !line.starts_with('f'));
        let parted = [0, 2, 4, 1, 3, 5].map(|i| faces[i]);
        let text = [&rest[..], &parted].concat().join("\n");
        assert_eq!(read(&text).unwrap().len(), 3);
    }

    #[test]
    fn bad_lines_are_named() {
        let line = |text: &str| read(text).unwrap_err();
        assert_eq!(line("v 1 2\n").line, 1);
        assert_eq!(line("v 1 2 3 1 0 0\nvt 0 0\nf 1/1 1/1 2/1\n").expected, "f with three v/vt that come before it");
        assert_eq!(line("# a\nv 1 2 3 1 0 nan").line, 2);
        let text =
            write(&[Quad { kind: TileKind::Static, z: 1.0, corners: [[0.0; 2], [1.0; 2]], uvs: [[0.0; 2], [1.0; 2]] }]);
        let one = text.trim_end().rsplit_once('\n').unwrap().0;
        assert_eq!(read(one).unwrap_err().found, "a triangle alone");
        assert_eq!(line(&text.replace("v 1 0 1 1 0 0", "v 1 0 2 1 0 0")).found, "two triangles of another shape");
        assert_eq!(line(&text.replace("v 1 0 1 1 0 0", "v 1 0 1 0 1 0")).found, "two triangles of another shape");
    }
}
