//! Tests of the sample capture.
use super::*;
#[test]
fn look() {
    let scale: u32 = std::env::var("SCALE").map_or(1, |s| s.parse().unwrap());
    let c = SampleConfig { width: 384 * scale, height: 216 * scale, ..SampleConfig::default() };
    let t = std::time::Instant::now();
    for (v, f) in [(4, 0), (4, 4), (4, 8), (4, 20), (0, 0), (8, 0)] {
        let rgb = render_view(&c, v, f);
        image::save_buffer(format!("/tmp/s_{v}_{f}.png"), &rgb, c.width, c.height, image::ColorType::Rgb8).unwrap();
    }
    println!("{:?}", t.elapsed());
}

#[test]
fn all() {
    let c = SampleConfig::default();
    let t = std::time::Instant::now();
    let garden = garden::Garden::new(7);
    let stage = render::Stage::new(&garden, &c, &cameras(&c)[4]);
    println!("trace {:?} still {} {:?}", t.elapsed(), stage.still_share(), stage.bounds);
    let t = std::time::Instant::now();
    let mut s = 0.0;
    for i in 0..20 {
        s += stage.frame(i as f32 / 25.0)[1000];
    }
    println!("frames {:?} {s}", t.elapsed() / 20);
    let r = write(std::path::Path::new("/tmp/sample"), &c, &mut |_| {}).unwrap();
    println!("{:?} {:?}", t.elapsed(), r);
}
