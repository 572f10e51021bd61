//! Writes a matrix of float64 as an `.npy` file, version 1.0.

/// Bytes of an `.npy` file with `rows` as a C-ordered matrix of little-endian float64.
pub fn matrix<const N: usize>(rows: &[[f64; N]]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, {N}), }}", rows.len());
    // The whole prefix is a multiple of 64 bytes and ends in a newline.
    let prefix = 6 + 2 + 2;
    let padded = (prefix + header.len() + 1).next_multiple_of(64) - prefix;
    header.extend(std::iter::repeat_n(' ', padded - 1 - header.len()));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    bytes
}
