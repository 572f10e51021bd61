//! `loop3d loop`: from a clip to a file.

use crate::support::{Folder, SIZE};
use loop3d_media::read_clip;
use std::fs;

/// Frames of the clip: five times the eight that its patch swings in.
const FRAMES: usize = 40;

#[test]
fn a_clip_becomes_a_loop_in_every_form_and_leaves_nothing_else() {
    let folder = Folder::new(FRAMES);
    let ended = folder.done("loop capture/frames/v0 -o a.mp4 --json --repeat 2 --compare beside");
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let frames = report["frames"].as_u64().unwrap() as usize;
    assert_eq!((frames % 8, report["of"].as_u64()), (0, Some(FRAMES as u64)), "{report}");
    assert!(report["seam"].as_f64().unwrap() < 1.2 && report["moving"].as_f64().unwrap() < 0.6, "{report}");
    assert!(ended.stderr.contains("wrote a.mp4") && ended.stderr.contains("seam"), "{}", ended.stderr);
    let (twice, fps) = read_clip(&folder.path("a.mp4")).unwrap();
    assert_eq!((twice.frames, twice.width, twice.height, fps), (2 * frames, SIZE.0 as usize, SIZE.1 as usize, 25.0));
    let (all, _) = read_clip(&folder.path("beside/compare.mp4")).unwrap();
    assert_eq!((all.frames, all.width), (3 * frames, 3 * SIZE.0 as usize));
    for name in ["cut", "fade", "loop"] {
        assert_eq!(read_clip(&folder.path(&format!("beside/{name}.mp4"))).unwrap().0.frames, frames, "{name}");
    }
    for name in ["b.webm", "b.gif", "b.webp", "b.avif"] {
        folder.done(&format!("loop capture/frames/v0 -o {name} --seconds 0.64 --quiet"));
    }
    folder.done("loop capture/frames/v0 -o frames --seconds 0.64 --quiet");
    assert_eq!(fs::read_dir(folder.path("frames")).unwrap().count(), 16);
    // What stands still in the clip is one value in all frames.
    let (made, _) = read_clip(&folder.path("frames")).unwrap();
    assert!((1..16).all(|t| made.frame(t)[..3] == made.frame(0)[..3]));
    assert!((1..16).any(|t| made.frame(t) != made.frame(0)));
    assert_eq!(folder.names(), ["a.mp4", "b.avif", "b.gif", "b.webm", "b.webp", "beside", "capture", "frames"]);
}

#[test]
fn what_cannot_be_closed_is_told_and_an_older_file_stays() {
    let folder = Folder::new(5);
    fs::write(folder.path("a.mp4"), "older").unwrap();
    folder.run("loop capture/frames/v0 -o a.mp4").said(65, &["capture/frames/v0: 5 frames; expected at least 12"]);
    let wrong = "loop capture/frames/v0 -o a.mp4 --mask capture/poses_bounds.npy";
    folder.run(wrong).said(65, &["poses_bounds.npy: unreadable"]);
    folder.run("loop none -o a.mp4").said(65, &["none: no such file or folder"]);
    assert_eq!(folder.bytes("a.mp4"), b"older");
    assert_eq!(folder.names(), ["a.mp4", "capture"]);
    folder.done("loop capture/frames/v0 -o a.mp4 --boomerang --max-height 16");
    let (clip, _) = read_clip(&folder.path("a.mp4")).unwrap();
    assert_eq!((clip.frames, clip.width, clip.height), (8, 24, 16));
}
