//! Captions as numbers: each known word has one, in the order of the vocabulary; 0 fills up.

use loop3d_sample::scenes::{Caption, vocabulary};
use tch::Tensor;

/// Places of a caption.
pub const WORDS: i64 = 32;

/// Rows of the table of words: one for each, and one for empty places.
#[must_use]
pub fn rows() -> i64 {
    vocabulary().len() as i64 + 1
}

/// The numbers of captions, `[b, 32]`; an empty row for `None`, which asks for nothing.
pub fn numbers<'a>(captions: impl IntoIterator<Item = Option<&'a Caption>>) -> Tensor {
    let mut all: Vec<i64> = Vec::new();
    for caption in captions {
        let begin = all.len();
        let text = caption.map(|caption| caption.to_string().to_lowercase()).unwrap_or_default();
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        // A caption is made of known words.
        let known = |word: &str| vocabulary().iter().position(|known| known.text == word);
        all.extend(words.filter_map(known).map(|number| number as i64 + 1).take(WORDS as usize));
        all.resize(begin + WORDS as usize, 0);
    }
    Tensor::from_slice(&all).reshape([-1, WORDS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_number() {
        let caption: Caption = "a red flag waving on grass".parse().unwrap();
        let found = numbers([Some(&caption), None]);
        assert_eq!(found.size(), [2, WORDS]);
        let word = |row: i64, place: i64| found.int64_value(&[row, place]);
        for (place, text) in caption.to_string().split(' ').enumerate() {
            assert_eq!(vocabulary()[word(0, place as i64) as usize - 1].text, text);
        }
        assert!((0..WORDS).all(|place| word(1, place) == 0));
    }
}
