//! AV1: temporal units in and out of an IVF file, and the codec's name for WebCodecs.

const HEADER: usize = 32;
const FRAME_HEADER: usize = 12;

/// The temporal units of an IVF file; `None` where it is not one.
pub(crate) fn units(ivf: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rest = ivf.strip_prefix(b"DKIF").and_then(|_| ivf.get(HEADER..))?;
    let mut units = Vec::new();
    while !rest.is_empty() {
        let (length, _) = rest.split_first_chunk::<4>()?;
        let end = FRAME_HEADER + u32::from_le_bytes(*length) as usize;
        units.push(rest.get(FRAME_HEADER..end)?.to_vec());
        rest = &rest[end..];
    }
    Some(units)
}

/// An IVF file of temporal units.
pub(crate) fn ivf([width, height]: [usize; 2], units: &[&[u8]]) -> Option<Vec<u8>> {
    let [width, height] = [u16::try_from(width).ok()?, u16::try_from(height).ok()?];
    let mut file = b"DKIF\0\0\x20\0AV01".to_vec();
    file.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    file.extend([25u32, 1, u32::try_from(units.len()).ok()?, 0].map(u32::to_le_bytes).concat());
    for (time, unit) in units.iter().enumerate() {
        file.extend(u32::try_from(unit.len()).ok()?.to_le_bytes());
        file.extend((time as u64).to_le_bytes());
        file.extend(*unit);
    }
    Some(file)
}

/// The name of the codec, such as `av01.0.08M.08`, from a first temporal unit (AV1 specification, 5.3 and 5.5.1); `None` where its
/// sequence header has fields that this program's coders do not write.
pub(crate) fn name(unit: &[u8]) -> Option<String> {
    const SEQUENCE_HEADER: u8 = 1;
    let mut rest = unit;
    loop {
        let header = *rest.first()?;
        let (kind, extension, sized) = (header >> 3 & 15, header & 4 != 0, header & 2 != 0);
        rest = rest.get(1 + usize::from(extension)..)?;
        if !sized {
            return None;
        }
        let mut length = 0usize;
        for i in 0..8 {
            let byte = *rest.get(i)?;
            length |= usize::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                rest = &rest[i + 1..];
                break;
            }
        }
        if kind == SEQUENCE_HEADER {
            // seq_profile 3, still_picture 1, reduced_still_picture_header 1, timing_info_present_flag 1,
            // initial_display_delay_present_flag 1, operating_points_cnt_minus_1 5, operating_point_idc 12, seq_level_idx 5.
            let bits = rest.get(..4)?.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte));
            let take = |from: u32, count: u32| bits >> (32 - from - count) & ((1 << count) - 1);
            if take(3, 3) != 0 || take(7, 5) != 0 {
                return None;
            }
            let (profile, level) = (take(0, 3), take(24, 5));
            let tier = if level > 7 && take(29, 1) == 1 { 'H' } else { 'M' };
            return Some(format!("av01.{profile}.{level:02}{tier}.08"));
        }
        rest = rest.get(length..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_survive_an_ivf_file() {
        let file = ivf([64, 32], &[&[1, 2, 3], &[], &[4]]).unwrap();
        assert_eq!(file.len(), 32 + 3 * 12 + 4);
        assert_eq!(units(&file).unwrap(), [vec![1, 2, 3], vec![], vec![4]]);
        assert!(units(&file[..file.len() - 1]).is_none());
        assert!(units(b"RIFF").is_none());
    }

    #[test]
    fn the_name_is_that_of_the_sequence_header() {
        // A temporal delimiter, then profile 0, level index 12 (5.0), main tier.
        let unit = [0x12, 0, 0x0a, 4, 0, 0, 0, 12 << 3];
        assert_eq!(name(&unit).unwrap(), "av01.0.12M.08");
        assert_eq!(name(&[0x12, 0, 0x0a, 4, 0, 0, 0, 12 << 3 | 4]).unwrap(), "av01.0.12H.08");
        assert_eq!(name(&unit[..6]), None);
    }
}
