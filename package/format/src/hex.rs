//! Hex digits, as the JSON of a package has them.

/// The bytes of lowercase hex digits; `None` where the text is anything else.
pub(crate) fn bytes_from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_lowercase_pairs() {
        assert_eq!(bytes_from_hex("00ff1a"), Some(vec![0, 255, 26]));
        assert_eq!([bytes_from_hex("0"), bytes_from_hex("0G"), bytes_from_hex("FF")], [None, None, None]);
    }
}
