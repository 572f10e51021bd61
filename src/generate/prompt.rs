//! The words that a clip is made from, checked before anything is done with them.

use crate::failure::mistake;
use anyhow::Result;

/// Longest text: what the documented calls of `/v1/videos` take.
const MOST: usize = 32_000;

/// Checks a text that says what is seen.
///
/// # Errors
/// It is empty, too long, or has control characters.
pub fn check(text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(mistake("the words are empty; expected what the clip shows, such as \"a campfire beside a wall\""));
    }
    let count = text.chars().count();
    if count > MOST {
        return Err(mistake(format!("the words are {count} characters long; expected at most {MOST}")));
    }
    let control = text.chars().enumerate().find(|(_, c)| c.is_control() && !matches!(c, '\n' | '\t'));
    if let Some((place, c)) = control {
        let (place, code) = (place + 1, u32::from(c));
        return Err(mistake(format!(
            "character {place} of the words is the control character U+{code:04X}; remove it"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_text_of_any_script_and_nothing_else() {
        for good in ["a campfire", "たき火\n夜", "نار مخيم", "a \"fire\"; rm -rf"] {
            assert!(check(good).is_ok(), "{good}");
        }
        let said = |text: &str| check(text).unwrap_err().to_string();
        assert!(said(" \n\t").contains("empty") && said("").contains("empty"));
        assert!(said("fire\u{1b}[2J").contains("character 5") && said("a\0").contains("U+0000"));
        assert!(check(&"é".repeat(MOST)).is_ok() && said(&"flame ".repeat(10_000)).contains("60000 characters"));
    }
}
