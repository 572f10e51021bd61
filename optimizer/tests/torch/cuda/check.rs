//! The self-check: passes on our kernels, and finds out broken ones.

use super::host::{UNFUSED, compiled, kernels};
use loop3d_optimizer::cuda::{check, source};

#[test]
fn right_kernels_pass() {
    check(&kernels()).unwrap();
}

/// GPUs fuse products with sums, which rounds otherwise than the CPU's kernels do.
#[test]
#[cfg(target_arch = "x86_64")]
fn fused_products_and_sums_pass() {
    if !std::arch::is_x86_feature_detected!("fma") {
        eprintln!("\n*** NOT RUN: this processor has no fused multiply-add ***\n");
        return;
    }
    let [fused, _] = compiled(&source(), "fused", &["-mfma", "-ffp-contract=fast"]);
    check(&fused).unwrap();
}

#[test]
fn wrong_kernels_do_not() {
    // What a driver, a compiler or an engineer might get wrong, and where it shows first.
    let wrongs = [
        (
            "through = through - through * s.w;\n        if",
            "through = through - 0.99f * through * s.w;\n        if",
            "a render",
        ),
        ("(sum[c] + weights / 2) / weights", "sum[c] / weights", "a looping target"),
        ("+= 2.0f * residual / d;", "+= 2.01f * residual / d;", "the loss of a step"),
        (
            "g = plus(g, entry_weight[entry], sum);",
            "g = plus(g, -entry_weight[entry], sum);",
            "the gradient of static texels",
        ),
        ("g.y += weight * tv_rgb", "g.y -= weight * tv_rgb", "the gradient of static texels"),
        ("float alpha = backdrop ?", "float alpha = !backdrop ?", "the loss of a step"),
        ("m = plus(m, 1.0f - beta1,", "m = plus(m, 0.9f * (1.0f - beta1),", "the gradient of static texels"),
    ];
    for (number, (right, wrong, shows)) in wrongs.into_iter().enumerate() {
        let broken = source().replacen(right, wrong, 1);
        assert!(broken != source(), "not in the sources: {right}");
        let [broken, _] = compiled(&broken, &format!("broken{number}"), UNFUSED);
        let error = check(&broken).unwrap_err().to_string();
        let expected = format!("the CUDA kernels disagree with the CPU's on a tiny scene: {shows}");
        assert!(error.starts_with(&expected), "{wrong}: {error}");
    }
}
