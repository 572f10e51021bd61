//! HTML's ways to write a character: `&eacute;`, `&#233;`, `&#xE9;`. Rules of the HTML standard, "named character reference"
//! and "numeric character reference end" states, as Python's `html.unescape` follows them.

use super::characters::WINDOWS;
use entities::ENTITIES;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The longest name, with its semicolon.
const LONGEST: usize = 33;

/// Each name with `&` (and `;`, where it needs one) to its characters.
static NAMES: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| ENTITIES.iter().map(|entity| (entity.entity, entity.characters)).collect());

/// All references resolved. Some old names do not need their semicolon.
pub(super) fn unescaped(text: &str) -> String {
    replaced(text, |reference| numeric(reference, false).or_else(|| named(reference)))
}

/// Only references that are complete, down to their semicolon. As in ftfy, those of small letters may be in capitals, and then
/// stand for a capital letter: `&NTILDE;` is Ñ.
pub(super) fn unescaped_whole(text: &str) -> String {
    replaced(text, |reference| {
        let end = reference.find(';').filter(|end| *end < LONGEST)? + 1;
        let name = &reference[..end];
        let characters = NAMES.get(name).map(|characters| (*characters).to_owned());
        let capital = || {
            let fits = !name.contains(|c: char| c.is_ascii_lowercase()) && named(name).is_none();
            fits.then(|| NAMES.get(name.to_ascii_lowercase().as_str()))
                .flatten()
                .map(|characters| characters.to_uppercase())
        };
        characters.or_else(capital).map(|characters| (characters, end)).or_else(|| numeric(reference, true))
    })
}

/// `text` with each `&…` replaced by what `resolve` makes of it: the characters, and how many bytes they stand for.
fn replaced(text: &str, resolve: impl Fn(&str) -> Option<(String, usize)>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        let reference = &rest[at..];
        let (characters, length) = resolve(reference).unwrap_or_else(|| ("&".to_owned(), 1));
        plain.push_str(&characters);
        rest = &reference[length..];
    }
    plain + rest
}

/// The longest name that `reference` begins with.
fn named(reference: &str) -> Option<(String, usize)> {
    let ends = reference.char_indices().map(|(at, c)| at + c.len_utf8()).take(LONGEST);
    let found = ends.filter_map(|end| Some((*NAMES.get(&reference[..end])?, end))).last()?;
    Some((found.0.to_owned(), found.1))
}

/// `&#…` with decimal or, after an `x`, hexadecimal digits.
fn numeric(reference: &str, needs_semicolon: bool) -> Option<(String, usize)> {
    let digits = reference.strip_prefix("&#")?;
    let (digits, radix) = digits.strip_prefix(['x', 'X']).map_or((digits, 10), |digits| (digits, 16));
    let length = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let semicolon = digits[length..].starts_with(';');
    if length == 0 || (needs_semicolon && !semicolon) {
        return None;
    }
    // Too large for u32 is too large for a character.
    let code = u32::from_str_radix(&digits[..length], radix).unwrap_or(u32::MAX);
    let used = reference.len() - digits.len() + length + usize::from(semicolon);
    Some((character(code), used))
}

/// The character of a number: as Windows has it where Unicode has controls, nothing where it has no character.
fn character(code: u32) -> String {
    let windows = code.checked_sub(0x80).and_then(|i| WINDOWS.get(i as usize)).copied().unwrap_or(0);
    match code {
        0x81 | 0x8d | 0x8f | 0x90 | 0x9d => char::from_u32(code).map(String::from).unwrap_or_default(),
        0x80..=0x9f => char::from_u32(windows).map(String::from).unwrap_or_default(),
        1..=8 | 0xb | 0xe..=0x1f | 0x7f | 0xfdd0..=0xfdef => String::new(),
        _ if code & 0xfffe == 0xfffe && code <= 0x0010_ffff => String::new(),
        0 => '\u{fffd}'.to_string(),
        _ => char::from_u32(code).unwrap_or('\u{fffd}').to_string(),
    }
}
