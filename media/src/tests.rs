//! Videos through the real ffmpeg, and what its programs may say.

use crate::area::AreaFilter;
use crate::decode::frames;
use crate::probe::parse_probe;
use crate::{Clip, Ffmpeg, MediaError, Probe, Timing, Transfer};
use loop3d_scene::{Blame, Fault};
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs the real ffmpeg, which set-up installs.
fn ffmpeg(arguments: &str, file: &Path) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]).args(arguments.split(' ')).arg(file).stdin(Stdio::null());
    assert!(command.status().expect("ffmpeg is part of set-up").success());
}

fn read(file: &Path) -> Result<Clip, MediaError> {
    let programs = Ffmpeg::default();
    let probe = programs.probe(file)?;
    programs.read(file, probe, &same(probe), &Timing::default())
}

fn same(probe: Probe) -> AreaFilter {
    AreaFilter::new(probe.size, probe.size)
}

#[test]
fn probe_understands_turned_and_timed_streams() {
    let text = "streams/stream/0/width=64\nstreams/stream/0/height=48\nstreams/stream/0/avg_frame_rate=\"30000/1001\"\n\
                streams/stream/0/nb_frames=\"N/A\"\nstreams/stream/0/tags/DURATION=\"00:01:00.060000000\"\n\
                streams/stream/0/side_data_list/side_data/0/rotation=-90\n";
    let probe = parse_probe(text).unwrap();
    assert_eq!((probe.size, probe.frames, probe.counted), ((48, 64), Some(1800), false));
    assert!((probe.fps - 29.97003).abs() < 1e-5);
    assert_eq!(parse_probe("streams/stream/0/width=64\n"), None);
}

/// What ffprobe and ffmpeg may say, with wrong bytes: something that holds together or nothing. `LOOP3D_MUTATIONS` says how often.
#[test]
fn mutated_words_of_ffmpeg_are_survived() {
    let probed = "streams/stream/0/width=64\nstreams/stream/0/height=48\nstreams/stream/0/avg_frame_rate=\"30000/1001\"\n\
                  streams/stream/0/r_frame_rate=\"30/1\"\nstreams/stream/0/nb_frames=\"250\"\nstreams/stream/0/duration=\"8.3\"\n\
                  streams/stream/0/color_transfer=\"smpte2084\"\nstreams/stream/0/tags/DURATION=\"00:01:00.060000000\"\n\
                  streams/stream/0/side_data_list/side_data/0/rotation=-90\n";
    let image = b"P6\n2 1\n255\nabcdefP6\n2 1\n255\nghijkl";
    let mut state = 99u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize) % below
    };
    let mut mutated = |good: &[u8]| {
        let mut bytes = good.to_vec();
        let at = random(bytes.len());
        match random(4) {
            0 => bytes[at] = random(256) as u8,
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..(at + 1 + random(9)).min(good.len()))),
            _ => bytes
                .splice(at..at, std::iter::repeat_n(b"0919.:/\n=-e\xff"[random(12)], 1 + random(20)))
                .for_each(drop),
        }
        bytes
    };
    let count = std::env::var("LOOP3D_MUTATIONS").map_or(2000, |count| count.parse::<usize>().unwrap());
    let started = std::time::Instant::now();
    for _ in 0..count {
        if let Some(probe) = parse_probe(&String::from_utf8_lossy(&mutated(probed.as_bytes()))) {
            let (width, height) = probe.size;
            assert!(width > 0 && height > 0 && probe.fps.is_finite() && probe.fps > 0.0, "{probe:?}");
        }
        let sent = mutated(image);
        let whole = frames::<MediaError>(sent.as_slice(), Path::new("a.mp4"), (2, 1), &mut |frame| {
            assert_eq!(frame.len(), 6);
            Ok(())
        });
        assert!(whole.is_err() || whole.is_ok_and(|frames| frames <= 2));
    }
    eprintln!("ffprobe's words and ffmpeg's images: {count} mutations in {:.1} s", started.elapsed().as_secs_f64());
}

#[test]
fn colours_and_the_number_of_frames_survive() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.mkv");
    // Limited range BT.601, whose red is (81, 90, 240).
    ffmpeg("-f lavfi -i color=0xff0000:s=32x24:r=30000/1001:d=0.5 -pix_fmt yuv420p -c:v libx264 -qp 0", &file);
    let probe = Ffmpeg::default().probe(&file).unwrap();
    assert!((probe.fps - 29.97).abs() < 1e-3, "{}", probe.fps);
    let clip = read(&file).unwrap();
    assert_eq!((clip.width, clip.height, clip.frames, clip.rgb.len()), (32, 24, 15, 32 * 24 * 3 * 15));
    for pixel in clip.rgb.chunks_exact(3) {
        assert!(pixel[0] >= 253 && pixel[1] <= 2 && pixel[2] <= 2, "{pixel:?}");
    }
}

/// Paper white of PQ and of HLG (BT.2408), whether or not the file names its primaries.
#[test]
fn hdr_is_brought_to_the_ordinary_range() {
    let dir = tempfile::tempdir().unwrap();
    let full = "-color_primaries bt2020 -colorspace bt2020nc";
    for (name, grey, tags) in [
        ("pq.mp4", 0x94, format!("-color_trc smpte2084 {full}")),
        ("hlg.mp4", 0xbf, "-color_trc arib-std-b67".to_owned()),
    ] {
        let file = dir.path().join(name);
        let source = format!("color=0x{grey:x}{grey:x}{grey:x}:s=32x24:r=25:d=0.2");
        ffmpeg(&format!("-f lavfi -i {source} -c:v libx264 -qp 0 -pix_fmt yuv420p {tags}"), &file);
        assert_ne!(Ffmpeg::default().probe(&file).unwrap().transfer, Transfer::Ordinary, "{name}");
        for pixel in read(&file).unwrap().rgb.chunks_exact(3) {
            assert!(pixel.iter().all(|value| (200..=235).contains(value)), "{name}: {pixel:?}");
        }
    }
}

#[test]
fn uneven_time_stamps_neither_drop_nor_repeat_frames() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.mkv");
    ffmpeg("-f lavfi -i testsrc2=s=32x24:r=25:d=2 -vf select=not(mod(n\\,3))+lt(n\\,10)", &file);
    // Matroska keeps the stamps. 0 to 9, then 12, 15 … 48.
    assert_eq!(read(&file).unwrap().frames, 10 + 13);
}

#[test]
fn truncated_videos_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    for (name, options) in [("front.mp4", "-movflags +faststart"), ("end.mp4", "-g 50"), ("a.mkv", "-g 10")] {
        let file = dir.path().join(name);
        ffmpeg(&format!("-f lavfi -i testsrc2=s=64x48:r=25:d=4 -pix_fmt yuv420p {options}"), &file);
        assert_eq!(read(&file).unwrap().frames, 100, "{name}");
        let bytes = std::fs::read(&file).unwrap();
        for fraction in [0.95, 0.6] {
            std::fs::write(&file, &bytes[..(bytes.len() as f64 * fraction) as usize]).unwrap();
            let error = read(&file).unwrap_err();
            assert!(matches!(error, MediaError::Unreadable { .. }), "{name}: {error}");
            assert!(error.to_string().contains(name) && error.fault() == Fault::Input, "{error}");
        }
    }
}

#[test]
fn fewer_frames_than_promised_is_truncated() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.mp4");
    ffmpeg("-f lavfi -i testsrc2=s=32x24:r=25:d=1", &file);
    let programs = Ffmpeg::default();
    let probe = programs.probe(&file).unwrap();
    assert_eq!((probe.frames, probe.counted), (Some(25), true));
    let error =
        programs.read(&file, Probe { frames: Some(40), ..probe }, &same(probe), &Timing::default()).unwrap_err();
    assert!(error.to_string().ends_with("a.mp4: truncated: 25 frames could be read, expected 40"), "{error}");
}

#[test]
fn no_video_is_unreadable_and_no_ffmpeg_says_how_to_get_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.mp4");
    std::fs::write(&file, "no video at all").unwrap();
    let error = read(&file).unwrap_err();
    assert!(matches!(error, MediaError::Unreadable { .. }), "{error}");

    ffmpeg("-f lavfi -i testsrc2=s=32x24:r=25:d=1", &file);
    let none = Ffmpeg { ffmpeg: "no-such-ffmpeg".into(), ffprobe: "no-such-ffprobe".into() };
    let probe = Ffmpeg::default().probe(&file).unwrap();
    for error in
        [none.probe(&file).unwrap_err(), none.read(&file, probe, &same(probe), &Timing::default()).unwrap_err()]
    {
        assert!(error.to_string().contains("apt-get install ffmpeg"), "{error}");
        assert!(matches!(error, MediaError::FfmpegMissing { .. }) && error.fault() == Fault::Machine);
    }
}

#[test]
fn frames_that_come_unevenly_are_taken_by_their_stamps() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("uneven.mp4");
    // A second at 25, then a second at 12.5: every other frame of the second half is left out.
    ffmpeg(
        "-f lavfi -i color=c=black:s=32x32:r=25:d=2 -vf geq=lum='16+4*N':cb=128:cr=128,select='lt(n\\,25)+mod(n\\,2)' \
            -fps_mode vfr -c:v libx264 -qp 0 -pix_fmt yuv420p",
        &file,
    );
    let probe = Ffmpeg::default().probe(&file).unwrap();
    assert!(probe.varies && (probe.fps - 25.0).abs() < 1e-3, "{probe:?}");
    let clip = read(&file).unwrap();
    let grey: Vec<i32> = (0..clip.frames).map(|frame| i32::from(clip.frame(frame)[0])).collect();
    assert!((48..=50).contains(&grey.len()), "{grey:?}");
    // Brightness tells the time at which a frame was taken.
    let per_frame = 4.0 * 255.0 / 219.0;
    for (time, grey) in grey.iter().enumerate() {
        let due = time as f64 * per_frame;
        assert!((f64::from(*grey) - due).abs() <= 1.5 * per_frame, "frame {time}: {grey}, due {due}");
    }
}

#[test]
fn a_cover_is_not_the_clip() {
    let dir = tempfile::tempdir().unwrap();
    let [cover, clip, both] = ["cover.png", "clip.mp4", "both.mp4"].map(|name| dir.path().join(name));
    ffmpeg("-f lavfi -i color=c=red:s=64x64:d=1 -frames:v 1", &cover);
    ffmpeg("-f lavfi -i color=c=blue:s=48x32:r=25:d=1 -c:v libx264 -pix_fmt yuv420p", &clip);
    let inputs =
        format!("-i {} -i {} -map 0 -map 1 -c copy -disposition:v:0 attached_pic", cover.display(), clip.display());
    ffmpeg(&inputs, &both);
    assert_eq!(Ffmpeg::default().probe(&both).unwrap().size, (48, 32));
    let clip = read(&both).unwrap();
    assert_eq!(clip.frames, 25);
    assert!(clip.frame(0)[2] > 200 && clip.frame(0)[0] < 50);
}

#[test]
fn fields_are_not_shown_as_combs() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("fields.mp4");
    // A bar that runs: in woven frames its edge has teeth.
    ffmpeg(
        "-f lavfi -i color=c=black:s=96x64:r=50:d=1 -vf \
            geq=lum='if(lt(abs(X-10-1.5*N)\\,8)\\,235\\,16)':cb=128:cr=128,tinterlace=interleave_top,fieldorder=tff \
            -flags +ilme+ildct -x264opts tff=1 -c:v libx264 -qp 1 -pix_fmt yuv420p",
        &file,
    );
    let probe = Ffmpeg::default().probe(&file).unwrap();
    assert!(probe.interlaced);
    let teeth = |clip: &Clip| {
        let at = |x: usize, y: usize| f64::from(clip.frame(5)[(y * 96 + x) * 3]);
        (0..96)
            .map(|x| (20..40).map(|y| (at(x, y) - (at(x, y - 1) + at(x, y + 1)) / 2.0).abs()).sum::<f64>())
            .sum::<f64>()
    };
    let woven = Ffmpeg::default().read(&file, Probe { interlaced: false, ..probe }, &same(probe), &Timing::default());
    let [shown, woven] = [read(&file), woven].map(|clip| teeth(&clip.unwrap()));
    assert!(shown < 0.3 * woven, "{shown} {woven}");
}

#[test]
fn stretches_count_from_the_first_frame_where_sound_comes_first() {
    let dir = tempfile::tempdir().unwrap();
    let [alone, file] = ["alone.mp4", "late.mp4"].map(|name| dir.path().join(name));
    // Brightness tells the frame's number.
    ffmpeg(
        "-f lavfi -i color=c=black:s=32x32:r=25:d=2 -filter:v geq=lum='16+4*N':cb=128:cr=128 -c:v libx264 -qp 0 -pix_fmt yuv420p",
        &alone,
    );
    ffmpeg(&format!("-itsoffset 0.8 -i {} -f lavfi -i sine=d=3 -c:v copy -c:a aac", alone.display()), &file);
    let programs = Ffmpeg::default();
    let probe = programs.probe(&file).unwrap();
    let timing = Timing { start: Some(1.0), end: Some(1.4), ..Timing::default() };
    let clip = programs.read(&file, probe, &same(probe), &timing).unwrap();
    let numbers: Vec<f64> =
        (0..clip.frames).map(|frame| f64::from(clip.frame(frame)[0]) * 219.0 / 255.0 / 4.0).map(f64::round).collect();
    assert_eq!(numbers, (25..35).map(f64::from).collect::<Vec<_>>());
}
