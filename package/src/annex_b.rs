//! H.264 in its two shapes: a byte stream with start codes, as coders write it (ITU-T H.264, Annex B), and samples with lengths and a
//! decoder configuration, as MP4 and WebCodecs take it (ISO/IEC 14496-15).

const NON_IDR: u8 = 1;
const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;
const DELIMITER: u8 = 9;

/// A coded video.
pub(crate) struct Avc {
    /// AVCDecoderConfigurationRecord.
    pub configuration: Vec<u8>,
    /// Name of the codec, such as `avc1.640033`.
    pub name: String,
    /// Each frame: units with lengths of four bytes.
    pub samples: Vec<Vec<u8>>,
    /// Which frames are key frames.
    pub keys: Vec<bool>,
}

/// The video of a byte stream in which a delimiter starts each frame; `None` where it is not one.
pub(crate) fn parse(stream: &[u8]) -> Option<Avc> {
    let (mut sps, mut pps): (Option<&[u8]>, Option<&[u8]>) = (None, None);
    let mut samples: Vec<Vec<u8>> = Vec::new();
    let mut keys = Vec::new();
    for unit in units(stream) {
        match unit.first()? & 0x1f {
            DELIMITER => {
                samples.push(Vec::new());
                keys.push(false);
            }
            SPS => sps = Some(unit),
            PPS => pps = Some(unit),
            kind => {
                if kind == IDR {
                    *keys.last_mut()? = true;
                }
                if kind == IDR || kind == NON_IDR {
                    let sample = samples.last_mut()?;
                    sample.extend(u32::try_from(unit.len()).ok()?.to_be_bytes());
                    sample.extend(unit);
                }
            }
        }
    }
    let (sps, pps) = (sps?, pps?);
    let &[_, profile, compatibility, level, ..] = sps else { return None };
    let mut configuration = vec![1, profile, compatibility, level, 0xff, 0xe1];
    for (i, unit) in [sps, pps].into_iter().enumerate() {
        if i == 1 {
            configuration.push(1);
        }
        configuration.extend(u16::try_from(unit.len()).ok()?.to_be_bytes());
        configuration.extend(unit);
    }
    // High profiles: chroma 4:2:0, 8 bits, no extensions of the SPS.
    if profile == 100 {
        configuration.extend([0xfd, 0xf8, 0xf8, 0]);
    }
    let name = format!("avc1.{profile:02x}{compatibility:02x}{level:02x}");
    Some(Avc { configuration, name, samples, keys })
}

/// The byte stream of a decoder configuration and samples; `None` where they are not valid.
pub(crate) fn write(configuration: &[u8], samples: &[&[u8]]) -> Option<Vec<u8>> {
    let mut stream = Vec::new();
    let mut add = |unit: &[u8]| {
        stream.extend([0, 0, 0, 1]);
        stream.extend(unit);
    };
    let sps_length = usize::from(u16::from_be_bytes([*configuration.get(6)?, *configuration.get(7)?]));
    add(configuration.get(8..8 + sps_length)?);
    let rest = configuration.get(8 + sps_length..)?;
    let pps_length = usize::from(u16::from_be_bytes([*rest.get(1)?, *rest.get(2)?]));
    add(rest.get(3..3 + pps_length)?);
    for mut sample in samples.iter().copied() {
        while let Some((length, rest)) = sample.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            add(rest.get(..length)?);
            sample = &rest[length..];
        }
        if !sample.is_empty() {
            return None;
        }
    }
    Some(stream)
}

/// The units between start codes (00 00 01), without the zeros that may follow a unit.
fn units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts = stream.windows(3).enumerate().filter(|(_, w)| *w == [0, 0, 1]).map(|(i, _)| i).peekable();
    std::iter::from_fn(move || {
        let start = starts.next()? + 3;
        let end = starts.peek().copied().unwrap_or(stream.len());
        let unit = &stream[start.min(end)..end];
        let zeros = unit.iter().rev().take_while(|&&byte| byte == 0).count();
        Some(&unit[..unit.len() - zeros])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_stream_becomes_samples_and_comes_back() {
        let sps = [0x67, 100, 0, 51, 9];
        let pps = [0x68, 7, 6];
        let mut stream = Vec::new();
        for unit in [&[0x09, 0xf0][..], &sps, &pps, &[0x06, 1, 2], &[0x65, 3, 0, 0, 3, 1], &[0x09, 0x30], &[0x41, 8]] {
            stream.extend([0, 0, 0, 1]);
            stream.extend(unit);
        }
        let avc = parse(&stream).unwrap();
        assert_eq!(avc.name, "avc1.640033");
        assert_eq!(avc.keys, [true, false]);
        assert_eq!(avc.samples, [vec![0, 0, 0, 6, 0x65, 3, 0, 0, 3, 1], vec![0, 0, 0, 2, 0x41, 8]]);
        assert_eq!(avc.configuration[..8], [1, 100, 0, 51, 0xff, 0xe1, 0, 5]);
        let samples: Vec<&[u8]> = avc.samples.iter().map(Vec::as_slice).collect();
        let back = parse(&[&[0, 0, 1, 9, 0][..], &write(&avc.configuration, &samples).unwrap()].concat()).unwrap();
        assert_eq!(back.samples.concat(), avc.samples.concat());
        assert_eq!(back.configuration, avc.configuration);
        assert!(write(&avc.configuration, &[&[0, 0, 0, 9, 1]]).is_none());
        assert!(write(&avc.configuration[..9], &[]).is_none());
        assert!(parse(&[1, 2, 3]).is_none());
    }
}
