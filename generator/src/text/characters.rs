//! Characters that stand for others: full-width and half-width forms, curly quotes, ligatures, controls. The sets are those of
//! ftfy's default repairs.

use unicode_normalization::UnicodeNormalization;

/// What Windows' Latin code page (1252) has at 0x80…0x9F; 0 where it has nothing.
pub(super) const WINDOWS: [u32; 32] = [
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0,
    0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
];

/// Controls of Latin-1 that were meant as characters of Windows' code page.
pub(super) fn without_c1(c: char) -> char {
    let index = (c as u32).checked_sub(0x80).and_then(|i| WINDOWS.get(i as usize));
    index.filter(|code| **code != 0).and_then(|code| char::from_u32(*code)).unwrap_or(c)
}

/// Ligatures as their letters.
pub(super) fn without_ligatures(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'Ĳ' => plain.push_str("IJ"),
            'ĳ' => plain.push_str("ij"),
            'ŉ' => plain.push_str("ʼn"),
            'Ǳ' => plain.push_str("DZ"),
            'ǲ' => plain.push_str("Dz"),
            'ǳ' => plain.push_str("dz"),
            'Ǆ' => plain.push_str("DŽ"),
            'ǅ' => plain.push_str("Dž"),
            'ǆ' => plain.push_str("dž"),
            'Ǉ' => plain.push_str("LJ"),
            'ǈ' => plain.push_str("Lj"),
            'ǉ' => plain.push_str("lj"),
            'Ǌ' => plain.push_str("NJ"),
            'ǋ' => plain.push_str("Nj"),
            'ǌ' => plain.push_str("nj"),
            '\u{fb00}' => plain.push_str("ff"),
            '\u{fb01}' => plain.push_str("fi"),
            '\u{fb02}' => plain.push_str("fl"),
            '\u{fb03}' => plain.push_str("ffi"),
            '\u{fb04}' => plain.push_str("ffl"),
            '\u{fb05}' => plain.push_str("ſt"),
            '\u{fb06}' => plain.push_str("st"),
            other => plain.push(other),
        }
    }
    plain
}

/// Full-width and half-width forms, and the wide blank, in their usual width.
pub(super) fn plain_width(c: char) -> impl Iterator<Item = char> {
    let special = matches!(c, '\u{3000}' | '\u{ff01}'..='\u{ffef}');
    let (kept, normal) = if special { (None, Some(c)) } else { (Some(c), None) };
    kept.into_iter().chain(normal.into_iter().nfkc())
}

/// Curly quotes as straight ones.
pub(super) fn plain_quote(c: char) -> char {
    match c {
        '\u{2bc}' | '\u{2018}'..='\u{201b}' => '\'',
        '\u{201c}'..='\u{201f}' => '"',
        other => other,
    }
}

/// All ends of lines as `\n`.
pub(super) fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n")
}

/// Without the sequences that move the cursor of a terminal or colour it.
pub(super) fn without_terminal_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let letters = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        if letters.starts_with(|c: char| c.is_ascii_alphabetic()) {
            rest = &letters[1..];
        } else {
            plain.push_str("\u{1b}[");
            rest = after;
        }
    }
    plain + rest
}

/// Characters that mean nothing in a text: controls (but for blanks and ends of lines), marks of the byte order, annotations.
pub(super) fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}')
}
