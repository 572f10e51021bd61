//! Hashed gradient noise: it never repeats (no permutation table), so nothing built on it loops by accident.

use glam::{Vec2, Vec3};

/// A seeded family of noises. `Copy`, four bytes: every material holds its own.
#[derive(Clone, Copy, Debug)]
pub struct Noise(u32);

/// Finalizer of the 32-bit MurmurHash3: every input bit reaches every output bit.
fn finalize(mut h: u32) -> u32 {
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// Quintic step of gradient noise: first and second derivatives vanish at both ends.
fn fade(t: f32) -> f32 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

/// The lattice cell of a coordinate and the place in it. By a cast: without SSE4.1 `floor` is a function call.
fn cell(x: f32) -> (i32, f32) {
    let toward_zero = x as i32;
    let i = toward_zero.wrapping_sub(i32::from(x < toward_zero as f32));
    (i, x - i as f32)
}

/// Hermite step from 0 at `a` to 1 at `b`.
pub fn smoothstep(a: f32, b: f32, x: f32) -> f32 {
    let t = ((x - a) / (b - a)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Linear mix of two numbers.
pub fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

impl Noise {
    /// The noise of a scene's seed.
    pub fn new(seed: u64) -> Self {
        Self(finalize((seed as u32) ^ finalize((seed >> 32) as u32 ^ 0x9e37_79b9)))
    }

    /// An unrelated noise for the purpose `salt`.
    pub fn salted(self, salt: u32) -> Self {
        Self(finalize(self.0.wrapping_add(salt.wrapping_mul(0x9e37_79b9))))
    }

    /// 32 random bits of a lattice point.
    pub fn bits(self, x: i32, y: i32, z: i32) -> u32 {
        let h = (x as u32).wrapping_mul(0x27d4_eb2f)
            ^ (y as u32).wrapping_mul(0x1656_67b1).rotate_left(11)
            ^ (z as u32).wrapping_mul(0x9e37_79b1).rotate_left(22);
        finalize(h ^ self.0)
    }

    /// A uniform number in [0, 1) for a lattice point.
    pub fn uniform(self, x: i32, y: i32, z: i32) -> f32 {
        (self.bits(x, y, z) >> 8) as f32 / (1u32 << 24) as f32
    }

    /// Gradient noise on a line, about −1 to 1.
    pub fn line(self, x: f32) -> f32 {
        self.plane(Vec2::new(x, 0.37))
    }

    /// Gradient noise in the plane, about −1 to 1, features one unit large.
    pub fn plane(self, p: Vec2) -> f32 {
        let ((ix, fx), (iy, fy)) = (cell(p.x), cell(p.y));
        let f = Vec2::new(fx, fy);
        let corner = |dx: i32, dy: i32| {
            let h = self.bits(ix.wrapping_add(dx), iy.wrapping_add(dy), 0);
            let gx = (h & 0xffff) as f32 / 32768.0 - 1.0;
            let gy = (h >> 16) as f32 / 32768.0 - 1.0;
            gx * (f.x - dx as f32) + gy * (f.y - dy as f32)
        };
        let (u, v) = (fade(f.x), fade(f.y));
        1.5 * mix(mix(corner(0, 0), corner(1, 0), u), mix(corner(0, 1), corner(1, 1), u), v)
    }

    /// Gradient noise in space, about −1 to 1, features one unit large.
    pub fn space(self, p: Vec3) -> f32 {
        let ((ix, fx), (iy, fy), (iz, fz)) = (cell(p.x), cell(p.y), cell(p.z));
        let f = Vec3::new(fx, fy, fz);
        let corner = |dx: i32, dy: i32, dz: i32| {
            let h = self.bits(ix.wrapping_add(dx), iy.wrapping_add(dy), iz.wrapping_add(dz));
            let gx = (h & 0x3ff) as f32 / 512.0 - 1.0;
            let gy = ((h >> 10) & 0x3ff) as f32 / 512.0 - 1.0;
            let gz = ((h >> 20) & 0x3ff) as f32 / 512.0 - 1.0;
            gx * (f.x - dx as f32) + gy * (f.y - dy as f32) + gz * (f.z - dz as f32)
        };
        let (u, v, w) = (fade(f.x), fade(f.y), fade(f.z));
        let near = mix(mix(corner(0, 0, 0), corner(1, 0, 0), u), mix(corner(0, 1, 0), corner(1, 1, 0), u), v);
        let far = mix(mix(corner(0, 0, 1), corner(1, 0, 1), u), mix(corner(0, 1, 1), corner(1, 1, 1), u), v);
        1.4 * mix(near, far, w)
    }

    /// Octaves of plane noise, each half as large and `gain` times as strong. Octaves near or below the size
    /// `footprint` of a pixel (in the units of `p`) fade out, so that a far texture does not sparkle.
    pub fn fractal(self, p: Vec2, octaves: u32, gain: f32, footprint: f32) -> f32 {
        let (mut sum, mut amplitude, mut scale) = (0.0, 1.0, 1.0);
        for octave in 0..octaves {
            let kept = 1.0 - smoothstep(0.35, 0.9, footprint * scale);
            if kept <= 0.0 {
                break;
            }
            sum += kept * amplitude * self.salted(octave).plane(p * scale);
            amplitude *= gain;
            scale *= 2.03;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_continuous_centred_and_seeded() {
        let noise = Noise::new(3);
        let (mut sum, mut peak) = (0.0f64, 0.0f32);
        for i in 0..4000 {
            let p = Vec3::new(i as f32 * 0.37, i as f32 * 0.11, i as f32 * 0.05);
            let value = noise.space(p);
            assert!((value - noise.space(p + Vec3::splat(1e-3))).abs() < 0.02);
            sum += f64::from(value);
            peak = peak.max(value.abs());
        }
        assert!((sum / 4000.0).abs() < 0.03, "mean {}", sum / 4000.0);
        assert!((0.5..2.0).contains(&peak), "peak {peak}");
        assert_ne!(noise.plane(Vec2::new(0.3, 0.4)), Noise::new(4).plane(Vec2::new(0.3, 0.4)));
    }

    #[test]
    fn octaves_below_a_pixel_vanish() {
        let noise = Noise::new(1);
        let p = Vec2::new(5.3, 2.2);
        assert_eq!(noise.fractal(p, 4, 0.5, 2.0), 0.0);
        assert_eq!(noise.fractal(p, 5, 0.5, 0.5), noise.fractal(p, 9, 0.5, 0.5));
    }
}
