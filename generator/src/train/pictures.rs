//! Contact sheets of small pictures.

use super::TrainError;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Pixels of a sheet for each of a picture, a side.
const ENLARGED: i64 = 3;

/// RGB bytes `[frames, h, w, 3]` → `[frames, 3, h, w]` in −1…1.
pub(super) fn tensor(bytes: &[u8], side: i64) -> Tensor {
    let frames = Tensor::from_slice(bytes).reshape([-1, side, side, 3]);
    (frames.to_kind(Kind::Float) * (2.0 / 255.0) - 1.0).permute([0, 3, 1, 2]).contiguous()
}

/// Peak signal-to-noise ratio of clips of the same shape in −1…1, in dB, over all their values.
pub(super) fn psnr(a: &Tensor, b: &Tensor) -> f64 {
    let error = ((a - b) * 0.5).square().mean(Kind::Double).double_value(&[]);
    -10.0 * error.max(1e-12).log10()
}

/// Writes rows of pictures `[n, 3, h, w]` in −1…1, all of one shape, below each other.
pub(super) fn sheet(rows: &[Tensor], path: &Path) -> Result<(), TrainError> {
    // [rows, n, 3, h, w] → [3, rows·h, n·w]
    let sheet = Tensor::stack(rows, 0).permute([2, 0, 3, 1, 4]);
    let [_, r, h, n, w] = [0, 1, 2, 3, 4].map(|axis| sheet.size()[axis]);
    let [height, width] = [r * h, n * w];
    let size = [height * ENLARGED, width * ENLARGED];
    let large = sheet.reshape([1, 3, height, width]).upsample_nearest2d(size, None, None);
    let bytes = ((large + 1.0) * 127.5).round().clamp(0.0, 255.0).to_kind(Kind::Uint8);
    let bytes = bytes.squeeze_dim(0).permute([1, 2, 0]).contiguous().to_device(Device::Cpu);
    let mut rgb = vec![0; bytes.numel()];
    bytes.copy_data_u8(&mut rgb, bytes.numel());
    loop3d_media::images::write(path, &rgb, (size[1] as u32, size[0] as u32))
        .map_err(|error| TrainError::Unwritable { path: path.to_owned(), reason: error.to_string() })
}
