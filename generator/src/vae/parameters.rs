//! The parameters that an autoencoder of given sizes has.

use super::config::{CHANNELS, Config};

/// Names and shapes.
type Parameters = Vec<(String, Vec<i64>)>;

impl Config {
    /// Original names and shapes of all parameters.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        let mut all = Parameters::new();
        let stages = self.channels();
        let last = stages.last().copied().unwrap_or(self.dim);
        causal(&mut all, "conv1", 2 * CHANNELS, 2 * CHANNELS, [1, 1, 1]);
        causal(&mut all, "conv2", CHANNELS, CHANNELS, [1, 1, 1]);

        causal(&mut all, "encoder.conv1", 3, self.dim, [3, 3, 3]);
        let (mut channels, mut place) = (self.dim, 0);
        for (stage, &outputs) in stages.iter().enumerate() {
            for _ in 0..self.residuals {
                residual(&mut all, &format!("encoder.downsamples.{place}"), channels, outputs);
                (channels, place) = (outputs, place + 1);
            }
            if let Some(&halves_time) = self.halves_time.get(stage) {
                let name = format!("encoder.downsamples.{place}");
                image(&mut all, &format!("{name}.resample.1"), channels, channels, 3);
                if halves_time {
                    causal(&mut all, &format!("{name}.time_conv"), channels, channels, [3, 1, 1]);
                }
                place += 1;
            }
        }
        middle(&mut all, "encoder.middle", last);
        head(&mut all, "encoder.head", last, 2 * CHANNELS);

        causal(&mut all, "decoder.conv1", CHANNELS, last, [3, 3, 3]);
        middle(&mut all, "decoder.middle", last);
        let (mut channels, mut place) = (last, 0);
        for (stage, &outputs) in stages.iter().rev().enumerate() {
            for _ in 0..=self.residuals {
                residual(&mut all, &format!("decoder.upsamples.{place}"), channels, outputs);
                (channels, place) = (outputs, place + 1);
            }
            if let Some(&doubles_time) = self.halves_time.iter().rev().nth(stage) {
                let name = format!("decoder.upsamples.{place}");
                image(&mut all, &format!("{name}.resample.1"), channels, channels / 2, 3);
                if doubles_time {
                    causal(&mut all, &format!("{name}.time_conv"), channels, 2 * channels, [3, 1, 1]);
                }
                (channels, place) = (channels / 2, place + 1);
            }
        }
        head(&mut all, "decoder.head", channels, 3);
        all
    }
}

fn causal(all: &mut Parameters, name: &str, inputs: i64, outputs: i64, [t, h, w]: [i64; 3]) {
    all.push((format!("{name}.weight"), vec![outputs, inputs, t, h, w]));
    all.push((format!("{name}.bias"), vec![outputs]));
}

fn image(all: &mut Parameters, name: &str, inputs: i64, outputs: i64, kernel: i64) {
    all.push((format!("{name}.weight"), vec![outputs, inputs, kernel, kernel]));
    all.push((format!("{name}.bias"), vec![outputs]));
}

fn residual(all: &mut Parameters, name: &str, inputs: i64, outputs: i64) {
    all.push((format!("{name}.residual.0.gamma"), vec![inputs, 1, 1, 1]));
    causal(all, &format!("{name}.residual.2"), inputs, outputs, [3, 3, 3]);
    all.push((format!("{name}.residual.3.gamma"), vec![outputs, 1, 1, 1]));
    causal(all, &format!("{name}.residual.6"), outputs, outputs, [3, 3, 3]);
    if inputs != outputs {
        causal(all, &format!("{name}.shortcut"), inputs, outputs, [1, 1, 1]);
    }
}

fn middle(all: &mut Parameters, name: &str, channels: i64) {
    residual(all, &format!("{name}.0"), channels, channels);
    all.push((format!("{name}.1.norm.gamma"), vec![channels, 1, 1]));
    image(all, &format!("{name}.1.to_qkv"), channels, 3 * channels, 1);
    image(all, &format!("{name}.1.proj"), channels, channels, 1);
    residual(all, &format!("{name}.2"), channels, channels);
}

fn head(all: &mut Parameters, name: &str, inputs: i64, outputs: i64) {
    all.push((format!("{name}.0.gamma"), vec![inputs, 1, 1, 1]));
    causal(all, &format!("{name}.2"), inputs, outputs, [3, 3, 3]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_parameter_count() {
        let all = Config::default().parameters();
        let count = |part: &str| -> i64 {
            let of_part = all.iter().filter(|(name, _)| name.starts_with(part));
            of_part.map(|(_, shape)| shape.iter().product::<i64>()).sum()
        };
        // generate.md §6, in tenths of a million: 126.9, encoder 53.6, decoder 73.3.
        assert_eq!([count(""), count("encoder."), count("decoder.")].map(|n| (n + 50_000) / 100_000), [1269, 536, 733]);
    }
}
