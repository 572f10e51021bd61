//! The words of the grammar, in a fixed order: the tiny model's word list.

use super::words::{Action, Backdrop, Color, Ground, Sky, Style, Thing};
use std::sync::OnceLock;

/// What a word may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Color(Color),
    Thing(Thing),
    Action(Action),
    Ground(Ground),
    Backdrop(Backdrop),
    Sky(Sky),
    Style(Style),
    Filler,
}

/// A known word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// In lower case.
    pub text: &'static str,
    meanings: Vec<Meaning>,
}

/// Words between the others.
const FILLERS: &[&str] =
    &["a", "an", "the", "on", "over", "in", "of", "with", "before", "front", "behind", "and", "at", "under", "sky"];

/// All known words. New ones come last, so that the number of a word never changes.
pub fn vocabulary() -> &'static [Word] {
    static WORDS: OnceLock<Vec<Word>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut words: Vec<Word> = Vec::new();
        let mut add = |text: &'static str, meaning: Meaning| match words.iter_mut().find(|word| word.text == text) {
            Some(word) => word.meanings.push(meaning),
            None => words.push(Word { text, meanings: vec![meaning] }),
        };
        FILLERS.iter().for_each(|word| add(word, Meaning::Filler));
        Color::ALL.iter().for_each(|value| add(value.word(), Meaning::Color(*value)));
        Thing::ALL.iter().for_each(|value| add(value.word(), Meaning::Thing(*value)));
        Action::ALL.iter().for_each(|value| add(value.word(), Meaning::Action(*value)));
        Ground::ALL.iter().for_each(|value| add(value.word(), Meaning::Ground(*value)));
        Backdrop::ALL.iter().for_each(|value| add(value.word(), Meaning::Backdrop(*value)));
        Sky::ALL.iter().for_each(|value| add(value.word(), Meaning::Sky(*value)));
        Style::ALL.iter().for_each(|value| add(value.word(), Meaning::Style(*value)));
        words
    })
}

/// What a word may say; nothing where it is unknown.
pub(crate) fn meanings(word: &str) -> Vec<Meaning> {
    vocabulary().iter().find(|known| known.text == word).map_or_else(Vec::new, |known| known.meanings.clone())
}

/// The known word with the fewest changed, missing or added letters; never a filler.
pub(crate) fn nearest(word: &str) -> &'static str {
    let contents = vocabulary().iter().filter(|known| known.meanings != [Meaning::Filler]);
    contents.map(|known| known.text).min_by_key(|known| distance(word, known)).unwrap_or_default()
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_about_eighty_and_distinct() {
        let words = vocabulary();
        assert!((65..=90).contains(&words.len()), "{}", words.len());
        let mut texts: Vec<&str> = words.iter().map(|word| word.text).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), words.len());
        assert_eq!(meanings("grass"), [Meaning::Thing(Thing::Grass), Meaning::Ground(Ground::Grass)]);
        assert_eq!(meanings("dragon"), []);
    }

    #[test]
    fn the_nearest_word_has_the_fewest_changes() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "flag"), 4);
        for (word, known) in [("fleg", "flag"), ("flags", "flag"), ("windmil", "windmill"), ("grey", "gray")] {
            assert_eq!(nearest(word), known);
        }
    }
}
