//! A list of captures, as a user works through it: skipped, stopped, killed, shared, broken.

use crate::support::{Ended, Folder, SIZE, VIEWS, empty_png, row};
use serde_json::Value;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

const FLAGS: &str = "--hold-out=1 --preset=draft --planes=4";

/// Captures `c0` to `c2`, which differ in their depths, and the scenes that a lone fit makes of them.
fn folder() -> Folder {
    let folder = Folder::new(8);
    for index in 0..3 {
        copy(&folder, &format!("c{index}"), index);
    }
    folder
}

fn copy(folder: &Folder, name: &str, index: usize) {
    let done = Command::new("cp").arg("-r").arg(folder.path("capture")).arg(folder.path(name)).status().unwrap();
    assert!(done.success());
    let rows: Vec<_> = (0..VIEWS)
        .map(|view| {
            let mut row = row(0.1 * view as f64, SIZE);
            row[16] += index as f64;
            row
        })
        .collect();
    fs::write(folder.path(&format!("{name}/poses_bounds.npy")), crate::support::npy(&rows)).unwrap();
}

/// The scenes of lone fits, in order.
static ALONE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = folder();
    let fit = |index: usize| {
        folder.done(&format!("fit --views c{index} -o alone{index}.loop3d {FLAGS} --quiet"));
        folder.bytes(&format!("alone{index}.loop3d"))
    };
    (0..3).map(fit).collect()
});

fn same_as_alone(folder: &Folder) {
    for (index, alone) in ALONE.iter().enumerate() {
        assert!(folder.bytes(&format!("out/c{index}.loop3d")) == *alone, "c{index}");
        assert!(!folder.path(&format!("out/c{index}.loop3d.resume")).exists());
    }
}

fn events(ended: &Ended) -> Vec<(String, String)> {
    let line = |line: &str| -> Value { serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")) };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ended.stdout.lines().map(line).map(|line| (text(&line["event"]), text(&line["name"]))).collect()
}

fn count(events: &[(String, String)], name: &str) -> usize {
    events.iter().filter(|(event, _)| event == name).count()
}

#[test]
fn a_batch_makes_what_lone_fits_make_and_does_not_do_it_twice() {
    let folder = folder();
    fs::write(folder.path("list"), "# three\nc0\nc1\n{\"views\": \"c2\", \"threads\": 1}\n").unwrap();
    let words = format!("batch list -o out --jobs 2 --json -- {FLAGS}");
    let first = events(&folder.done(&words));
    assert_eq!((count(&first, "start"), count(&first, "done"), count(&first, "end")), (3, 3, 1), "{first:?}");
    same_as_alone(&folder);
    assert!(String::from_utf8(folder.bytes("out/c1.loop3d.log")).unwrap().contains("wrote "));
    let summary: Value = serde_json::from_slice(&folder.bytes("out/summary.json")).unwrap();
    let lines = summary["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[2]["state"], &lines[2]["code"]), (&"done".into(), &0.into()));
    assert_eq!(lines[0]["output_bytes"], ALONE[0].len());
    assert_eq!(lines[0]["scene"]["planes"], 4);
    let page = String::from_utf8(folder.bytes("out/report.html")).unwrap();
    assert_eq!(page.matches("data:image/jpeg").count(), 3);
    assert!(!page.contains("{{") && !page.contains("http:"), "{page}");
    // Claims are given back.
    let notes = fs::read_dir(folder.path("out/.batch")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    assert!(notes.into_iter().all(|name| name.ends_with(".json") || name.ends_with(".jpg")));

    let second = events(&folder.done(&words));
    assert_eq!((count(&second, "skipped"), count(&second, "start")), (3, 0), "{second:?}");
    // The same bytes with another date are the same capture; other bytes are not, nor are other settings.
    let pose = folder.bytes("c1/poses_bounds.npy");
    fs::write(folder.path("c1/poses_bounds.npy"), &pose).unwrap();
    assert_eq!(count(&events(&folder.done(&words)), "skipped"), 3);
    fs::write(folder.path("c1/poses_bounds.npy"), folder.bytes("c0/poses_bounds.npy")).unwrap();
    let third = events(&folder.done(&words));
    assert_eq!(count(&third, "skipped"), 2, "{third:?}");
    assert!(folder.bytes("out/c1.loop3d") == ALONE[0]);
}

#[test]
fn a_broken_capture_costs_its_line_alone() {
    let folder = folder();
    fs::write(folder.path("c1/poses_bounds.npy"), "no poses").unwrap();
    fs::write(folder.path("list"), "c0\nc1\nc2\n").unwrap();
    let ended = folder.run(&format!("batch list -o out -- {FLAGS}"));
    ended.said(65, &["c1.loop3d: failed: ", "poses_bounds.npy", "1 of 3 lines failed", "c2.loop3d  done"]);
    assert!(folder.bytes("out/c2.loop3d") == ALONE[2] && !folder.path("out/c1.loop3d").exists());
    let page = String::from_utf8(folder.bytes("out/report.html")).unwrap();
    assert!(page.contains("poses_bounds.npy") && page.contains("(exit code 65)"), "{page}");
    // Mended, it alone is done.
    fs::write(folder.path("c1/poses_bounds.npy"), folder.bytes("c0/poses_bounds.npy")).unwrap();
    let again = events(&folder.done(&format!("batch list -o out --json -- {FLAGS}")));
    assert_eq!((count(&again, "skipped"), count(&again, "done")), (2, 1), "{again:?}");
}

#[test]
fn what_may_succeed_later_is_tried_again_and_nothing_else() {
    let folder = Folder::new(1);
    let size = (60_000, 60_000);
    folder.poses(&[0.0, 0.1, 0.2, 0.3].map(|x| row(x, size)));
    (0..VIEWS).for_each(|view| empty_png(&folder.path(&format!("capture/frames/v{view}/00.png")), size));
    fs::create_dir(folder.path("empty")).unwrap();
    fs::write(folder.path("list"), "capture\nempty\n").unwrap();
    let ended = folder.run("batch list -o out --retries 2 --retry-wait 0 --json");
    ended.said(75, &["2 of 2 lines failed"]);
    let all = events(&ended);
    assert_eq!((count(&all, "start"), count(&all, "retry"), count(&all, "failed")), (4, 2, 2), "{all:?}");
    let summary: Value = serde_json::from_slice(&folder.bytes("out/summary.json")).unwrap();
    let of = |line: usize, key: &str| summary["lines"][line][key].clone();
    assert_eq!((of(0, "code"), of(0, "attempts")), (75.into(), 3.into()));
    assert_eq!((of(1, "code"), of(1, "attempts")), (65.into(), 1.into()));
}

#[test]
fn two_workers_share_a_list_and_a_folder() {
    let folder = folder();
    fs::write(folder.path("list"), "c0\nc1\nc2\n").unwrap();
    let one = folder.done(&format!("batch list -o out --index 0/2 --json -- {FLAGS}"));
    assert_eq!(count(&events(&one), "done"), 2);
    assert!(!folder.path("out/c1.loop3d").exists());
    let mut other = folder.command(&format!("batch list -o out --workers 2 --json -- {FLAGS}"));
    let other = Ended::of(other.env("JOB_COMPLETION_INDEX", "1"));
    assert_eq!((other.code, count(&events(&other), "done")), (Some(0), 1), "{}", other.stderr);
    same_as_alone(&folder);
    let mut lost = folder.command(&format!("batch list -o out -- {FLAGS}"));
    Ended::of(lost.env("JOB_COMPLETION_INDEX", "1")).said(2, &["JOB_COMPLETION_INDEX", "--workers N"]);
}

#[test]
fn two_workers_at_once_do_no_line_twice() {
    let folder = folder();
    fs::write(folder.path("list"), "c0\nc1\nc2\n").unwrap();
    let words = format!("batch list -o out --json -- {FLAGS}");
    let all: Vec<Ended> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..2).map(|_| scope.spawn(|| folder.done(&words))).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let starts: usize = all.iter().map(|ended| count(&events(ended), "start")).sum();
    assert_eq!(starts, 3);
    same_as_alone(&folder);
}

#[test]
fn bad_lists_are_refused_before_anything_starts() {
    let folder = Folder::new(1);
    for (text, code, said) in [
        ("capture\n{\"views\": 3}", 65, "list, line 2: \"views\": found 3"),
        ("{\"views\": \"capture\",}", 65, "list, line 1: is not JSON, at column 21"),
        ("\n# nothing\n", 65, "found no line with a capture"),
        ("capture\nnone", 65, "none: no such file or folder"),
        ("capture\n./capture", 65, "line 2: writes capture.loop3d, as line 1 does"),
        ("{\"views\": \"capture\", \"preset\": \"best\"}", 2, "list, line 1: invalid value 'best' for '--preset"),
        ("{\"views\": \"capture\", \"presto\": 1}", 2, "list, line 1: unexpected argument '--presto'"),
    ] {
        fs::write(folder.path("list"), text).unwrap();
        folder.run("batch list -o out").said(code, &[said]);
        assert!(!folder.path("out").exists(), "{text}");
    }
    folder.run("batch nowhere -o out").said(65, &["nowhere: "]);
}

fn begin(folder: &Folder) -> Child {
    let mut command = folder.command(&format!("batch list -o out --lease 5 --json -- {FLAGS}"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    // Fails where the batch has ended already.
    let _ = Command::new("sh").args(["-c", &format!("kill -{name} {} 2>/dev/null", child.id())]).status().unwrap();
}

#[test]
#[cfg(unix)]
fn a_stopped_and_a_killed_batch_go_on_to_the_same_bytes() {
    let folder = folder();
    fs::write(folder.path("list"), "c0\nc1\nc2\n").unwrap();
    for (name, code) in [("TERM", Some(143)), ("INT", Some(130)), ("KILL", None)] {
        let _ = fs::remove_dir_all(folder.path("out"));
        let child = begin(&folder);
        let patience = Instant::now();
        while !folder.path("out/c1.loop3d.resume").exists() {
            assert!(patience.elapsed() < Duration::from_secs(300), "no checkpoint");
            sleep(Duration::from_millis(2));
        }
        let asked = Instant::now();
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert!(asked.elapsed() < Duration::from_secs(30));
        assert_eq!(output.status.code(), code, "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(folder.path("out/c1.loop3d.resume").exists() && !folder.path("out/c1.loop3d").exists());
        let ended = folder.done(&format!("batch list -o out --lease 5 --json -- {FLAGS}"));
        let all = events(&ended);
        assert_eq!((count(&all, "skipped"), count(&all, "resume"), count(&all, "start")), (1, 1, 1), "{all:?}");
        same_as_alone(&folder);
    }
}

/// `cargo test --release --test command -- --ignored batch --nocapture`; `LOOP3D_KILLS` sets how many [default: 60].
#[test]
#[ignore = "minutes of kills, for BENCHMARKS.md; LOOP3D_KILLS says how many"]
#[cfg(unix)]
fn many_random_kills_change_no_byte() {
    let wanted: u32 = std::env::var("LOOP3D_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let folder = folder();
    fs::write(folder.path("list"), "c0\nc1\nc2\n").unwrap();
    // A small generator of its own: xorshift of a fixed seed.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let (mut kills, mut rounds, mut stops, mut resumed, mut longest) = (0, 0, 0, 0, 0.0_f64);
    let begun = Instant::now();
    while kills < wanted {
        let _ = fs::remove_dir_all(folder.path("out"));
        rounds += 1;
        loop {
            let mut child = begin(&folder);
            let limit = Duration::from_millis(random() % 1500);
            let started = Instant::now();
            while started.elapsed() < limit && child.try_wait().unwrap().is_none() {
                sleep(Duration::from_millis(1));
            }
            let running = child.try_wait().unwrap().is_none() && kills < wanted;
            if running {
                kills += 1;
                let gentle = random() % 2 == 0;
                stops += u32::from(gentle);
                signal(&child, if gentle { "TERM" } else { "KILL" });
            }
            let asked = Instant::now();
            let output = child.wait_with_output().unwrap();
            if running {
                longest = longest.max(asked.elapsed().as_secs_f64());
            }
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            resumed += text.matches("\"event\":\"resume\"").count();
            match output.status.code() {
                Some(0) => break,
                Some(143) | None => {}
                Some(code) => panic!("exit code {code}: {}", String::from_utf8_lossy(&output.stderr)),
            }
        }
        same_as_alone(&folder);
        let left: Vec<_> = fs::read_dir(folder.path("out")).unwrap().map(|e| e.unwrap().file_name()).collect();
        // One that was killed while it wrote the summary leaves that unfinished file, which goes after a minute.
        assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".c")), "{left:?}");
    }
    println!(
        "{kills} kills ({stops} SIGTERM, {} SIGKILL) over {rounds} batches of 3: {resumed} fits resumed, all bytes equal; \
         longest end {longest:.1} s; {:.0} s in all",
        kills - stops,
        begun.elapsed().as_secs_f64()
    );
}
