//! Text that was written as UTF-8 and read as Windows' Latin code page: "cafÃ©". It is recognised, not repaired: a repair needs
//! statistics of such text to be safe.

use super::characters::WINDOWS;

/// First bytes of UTF-8 that such text nearly always has: Latin letters (C2, C3), punctuation (E2), emoji (F0). Their
/// characters Â, Ã, â and ð seldom come before a symbol in any language.
const TELLING: [u8; 4] = [0xc2, 0xc3, 0xe2, 0xf0];

/// Whether a part of `text` is a character of UTF-8 if it is written in Windows' code page.
pub(super) fn is(text: &str) -> bool {
    let bytes: Vec<Option<u8>> = text.chars().map(byte).collect();
    let runs = bytes.split(|byte| byte.is_none_or(|byte| byte < 0x80));
    runs.filter(|run| run.len() > 1).any(|run| {
        let run: Vec<u8> = run.iter().flatten().copied().collect();
        let starts = run.iter().enumerate().filter(|(_, byte)| TELLING.contains(byte));
        starts.into_iter().any(|(at, first)| {
            let length = match first {
                0xf0 => 4,
                0xe2 => 3,
                _ => 2,
            };
            run.get(at..at + length).is_some_and(|character| std::str::from_utf8(character).is_ok())
        })
    })
}

/// A character's byte in Windows' code page. Where that has none, Latin-1's control.
fn byte(c: char) -> Option<u8> {
    let windows = WINDOWS.iter().position(|code| *code == c as u32 && *code != 0).map(|i| i as u8 + 0x80);
    windows.or_else(|| u8::try_from(c as u32).ok())
}
