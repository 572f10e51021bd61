//! Captions: a closed grammar from attributes to words and back.
//!
//! `[colour] thing [action] [on ground], [before backdrops], [sky], [style]`, in three orders (generate-tiny §2). An attribute
//! that a caption leaves out is free. [`Caption::read`] takes the words in any order, and any of them may be missing except the
//! thing's.

use super::dice::Dice;
use super::vocabulary::{Meaning, Word, meanings, nearest, vocabulary};
use super::words::{Action, Backdrop, Color, Ground, Sky, Style, Thing};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Attributes that training captions leave out (generate-tiny §2).
pub const DROPPED: f64 = 0.2;
/// Orders of the phrases.
pub const ORDERS: u8 = 3;

/// What a caption says. `None` and an empty list: nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caption {
    /// Colour of the thing.
    pub color: Option<Color>,
    /// What moves.
    pub thing: Thing,
    /// Whether the caption says how it moves.
    pub action: bool,
    /// The ground.
    pub ground: Option<Ground>,
    /// What is behind, near to far, each at most once.
    pub backdrops: Vec<Backdrop>,
    /// Sky and time of day.
    pub sky: Option<Sky>,
    /// Development of the frames.
    pub style: Option<Style>,
    /// Order of the phrases, below [`ORDERS`].
    pub order: u8,
}

/// Why words are not a caption.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaptionError {
    /// A word outside the vocabulary.
    #[error(
        "scene \"{caption}\": found the unknown word \"{word}\"; the nearest known word is \"{nearest}\". {}",
        known()
    )]
    Unknown {
        /// The whole caption.
        caption: String,
        /// The word.
        word: String,
        /// The known word with the fewest changed letters.
        nearest: &'static str,
    },
    /// Nothing that moves.
    #[error("scene \"{caption}\": found nothing that moves; expected one of {}", list(Thing::ALL, Thing::word))]
    NoThing {
        /// The whole caption.
        caption: String,
    },
    /// Two words for one attribute.
    #[error("scene \"{caption}\": found both \"{first}\" and \"{second}\"; expected one {what}")]
    Twice {
        /// The whole caption.
        caption: String,
        /// What they are.
        what: &'static str,
        /// The word that came first.
        first: &'static str,
        /// The other one.
        second: &'static str,
    },
    /// Words that do not go together.
    #[error("scene \"{caption}\": found \"{thing}\" with \"{other}\"; expected {expected}")]
    Conflict {
        /// The whole caption.
        caption: String,
        /// The thing.
        thing: &'static str,
        /// What does not go with it.
        other: &'static str,
        /// What goes with it.
        expected: String,
    },
}

fn list<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> String {
    all.iter().map(|value| word(*value)).collect::<Vec<_>>().join(", ")
}

/// The vocabulary in one sentence for each kind of word.
fn known() -> String {
    format!(
        "Known words: things: {}; motion: {}; colors: {}; grounds: {}; backdrops: {}; skies: {}; styles: {}",
        list(Thing::ALL, Thing::word),
        list(Action::ALL, Action::word),
        list(Color::ALL, Color::word),
        list(Ground::ALL, Ground::word),
        list(Backdrop::ALL, Backdrop::word),
        list(Sky::ALL, Sky::word),
        list(Style::ALL, Style::word),
    )
}

/// A value that may be set once.
fn once<T: Copy + PartialEq>(
    slot: &mut Option<T>,
    value: T,
    word: fn(T) -> &'static str,
    what: &'static str,
    caption: &str,
) -> Result<(), CaptionError> {
    match slot.replace(value) {
        Some(first) if first != value => {
            let (first, second) = (word(first), word(value));
            Err(CaptionError::Twice { caption: caption.to_owned(), what, first, second })
        }
        _ => Ok(()),
    }
}

impl Caption {
    /// The caption that names a thing and nothing else.
    #[must_use]
    pub fn of(thing: Thing) -> Self {
        Self { color: None, thing, action: false, ground: None, backdrops: vec![], sky: None, style: None, order: 0 }
    }

    /// Reads a caption.
    ///
    /// # Errors
    /// An unknown word, no thing, two words for one attribute, or words that do not go together.
    pub fn read(text: &str) -> Result<Self, CaptionError> {
        let caption = || text.trim().to_owned();
        let (mut color, mut thing, mut action) = (None, None, None);
        let (mut ground, mut backdrops, mut sky, mut style) = (None, Vec::new(), None, None);
        let mut before = "";
        let lower = text.to_lowercase();
        for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let found = meanings(word);
            let grounded = matches!(before, "on" | "over") || thing.is_some();
            // "grass" is a ground after "on" and once the thing is known, and the thing otherwise.
            let meaning = match found.as_slice() {
                [] => {
                    let (word, nearest) = (word.to_owned(), nearest(word));
                    return Err(CaptionError::Unknown { caption: caption(), word, nearest });
                }
                [only] => *only,
                several => {
                    let is_ground = |meaning: &&Meaning| matches!(meaning, Meaning::Ground(_)) == grounded;
                    several.iter().find(is_ground).copied().unwrap_or(several[0])
                }
            };
            match meaning {
                Meaning::Color(value) => once(&mut color, value, Color::word, "color", text)?,
                Meaning::Thing(value) => once(&mut thing, value, Thing::word, "thing that moves", text)?,
                Meaning::Action(value) => once(&mut action, value, Action::word, "motion", text)?,
                Meaning::Ground(value) => once(&mut ground, value, Ground::word, "ground", text)?,
                Meaning::Backdrop(value) => backdrops.push(value),
                Meaning::Sky(value) => once(&mut sky, value, Sky::word, "sky", text)?,
                Meaning::Style(value) => once(&mut style, value, Style::word, "style", text)?,
                Meaning::Filler => {}
            }
            before = vocabulary().iter().find(|known| known.text == word).map_or("", |known: &Word| known.text);
        }
        let Some(thing) = thing else { return Err(CaptionError::NoThing { caption: caption() }) };
        let conflict =
            |other, expected| CaptionError::Conflict { caption: caption(), thing: thing.word(), other, expected };
        if let Some(action) = action.filter(|action| *action != thing.action()) {
            return Err(conflict(action.word(), format!("\"{} {}\"", thing.word(), thing.action().word())));
        }
        if let Some(ground) = ground.filter(|ground| !thing.suits(*ground)) {
            let suitable: Vec<Ground> = Ground::ALL.iter().copied().filter(|ground| thing.suits(*ground)).collect();
            return Err(conflict(ground.word(), format!("one of {}", list(&suitable, Ground::word))));
        }
        if let Some(sky) = sky.filter(|sky| !thing.suits_sky(*sky)) {
            let suitable: Vec<Sky> = Sky::ALL.iter().copied().filter(|sky| thing.suits_sky(*sky)).collect();
            return Err(conflict(sky.word(), format!("one of {}", list(&suitable, Sky::word))));
        }
        backdrops.sort_unstable();
        backdrops.dedup();
        let action = action.is_some();
        let read = Self { color, thing, action, ground, backdrops, sky, style, order: 0 };
        let plain = |text: &str| -> Vec<String> {
            text.to_lowercase()
                .split(|c: char| !c.is_alphanumeric())
                .filter(|w| !w.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let words = plain(text);
        let same = |order: &u8| plain(&Self { order: *order, ..read.clone() }.to_string()) == words;
        let order = (0..ORDERS).find(same).unwrap_or(0);
        Ok(Self { order, ..read })
    }

    /// A caption of everything in a training scene, from its law: a thing of any colour, up to three backdrops.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let thing = dice.pick(Thing::ALL);
        let mut ground = dice.pick(Ground::ALL);
        while !thing.suits(ground) {
            ground = dice.pick(Ground::ALL);
        }
        let mut sky = dice.pick(Sky::ALL);
        while !thing.suits_sky(sky) {
            sky = dice.pick(Sky::ALL);
        }
        let backdrops = draw_backdrops(thing, dice);
        // Half of all scenes as they come, so that the plain look is the model's default.
        let style = if dice.chance(0.5) { Style::Photo } else { dice.pick(Style::ALL) };
        let color = if dice.chance(0.3) { dice.pick(thing.natural_colors()) } else { dice.pick(Color::ALL) };
        let order = dice.below(usize::from(ORDERS)) as u8;
        let (color, ground, sky, style) = (Some(color), Some(ground), Some(sky), Some(style));
        Self { color, thing, action: true, ground, backdrops, sky, style, order }
    }

    /// The same caption without some attributes: each is left out with probability [`DROPPED`].
    pub(crate) fn shortened(&self, dice: &mut Dice) -> Self {
        let mut kept = || !dice.chance(DROPPED);
        Self {
            color: self.color.filter(|_| kept()),
            action: self.action && kept(),
            ground: self.ground.filter(|_| kept()),
            backdrops: if kept() { self.backdrops.clone() } else { Vec::new() },
            sky: self.sky.filter(|_| kept()),
            style: self.style.filter(|_| kept()),
            ..*self
        }
    }

    /// The same caption with everything that it leaves open drawn, the plain choices only: a colour that the thing has by nature,
    /// a sky in which it is well seen, no style.
    pub(crate) fn completed(&self, dice: &mut Dice) -> Self {
        let drawn = draw_backdrops(self.thing, dice);
        let free = |options: &mut dyn FnMut() -> Ground| loop {
            let ground = options();
            if self.thing.suits(ground) {
                break ground;
            }
        };
        let ground = self.ground.unwrap_or_else(|| free(&mut || dice.pick(Ground::ALL)));
        // Night and fog hide much: they are for those who ask.
        let clear = [Sky::Noon, Sky::Clouds, Sky::Dawn, Sky::Dusk];
        let skies: Vec<Sky> = clear.into_iter().filter(|sky| self.thing.suits_sky(*sky)).collect();
        Self {
            color: self.color.or_else(|| Some(dice.pick(self.thing.natural_colors()))),
            action: true,
            ground: Some(ground),
            backdrops: if self.backdrops.is_empty() { drawn } else { self.backdrops.clone() },
            sky: self.sky.or_else(|| Some(dice.pick(&skies))),
            style: self.style.or(Some(Style::Photo)),
            ..*self
        }
    }

    fn subject(&self) -> String {
        let color = self.color.map(Color::word);
        let noun = self.thing.word();
        let first = color.unwrap_or(noun);
        let article = match first.chars().next() {
            _ if !self.thing.countable() => None,
            Some('a' | 'e' | 'i' | 'o' | 'u') => Some("an"),
            _ => Some("a"),
        };
        let action = self.action.then(|| self.thing.action().word());
        [article, color, Some(noun), action].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Up to three backdrops, near to far. Under clouds nothing is high.
fn draw_backdrops(thing: Thing, dice: &mut Dice) -> Vec<Backdrop> {
    let all = if thing == Thing::Clouds { &[Backdrop::Hills] } else { Backdrop::ALL };
    let mut backdrops: Vec<Backdrop> = (0..dice.below(4)).map(|_| dice.pick(all)).collect();
    backdrops.sort_unstable();
    backdrops.dedup();
    backdrops
}

impl fmt::Display for Caption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ground = self.ground.map(|ground| format!("{} {}", self.thing.preposition(), ground.word()));
        let behind: Vec<String> = self
            .backdrops
            .iter()
            .map(|backdrop| if *backdrop == Backdrop::Wall { "a wall".to_owned() } else { backdrop.word().to_owned() })
            .collect();
        let behind = (!behind.is_empty()).then(|| format!("before {}", behind.join(" and ")));
        let sky = self.sky.map(|sky| {
            let noun = if sky == Sky::Clouds { "cloudy sky" } else { sky.word() };
            format!("{} {noun}", sky.preposition())
        });
        let style = self.style.map(|style| style.word().to_owned());
        let subject = self.subject();
        let placed = match &ground {
            Some(ground) => format!("{subject} {ground}"),
            None => subject.clone(),
        };
        let phrases = match self.order {
            0 => [Some(placed), behind, sky, style, None],
            1 => [sky, behind, Some(placed), style, None],
            _ => [style, ground, Some(subject), sky, behind],
        };
        f.write_str(&phrases.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

impl FromStr for Caption {
    type Err = CaptionError;

    fn from_str(text: &str) -> Result<Self, CaptionError> {
        Self::read(text)
    }
}
