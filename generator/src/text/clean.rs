//! Prompts in the form that the text encoder was trained on: repaired as the published pipeline does with ftfy's default set,
//! HTML entities resolved, white space as single blanks (generate-syncammaster §1, generate §5). Letters keep their case.
//!
//! One repair is left out: text that was decoded with the wrong encoding ("cafÃ©") stays as it is, and is reported.

use super::{characters, entities, garbled};
use unicode_normalization::UnicodeNormalization;

/// More passes than any text needs whose entities are not nested on purpose.
const MOST_PASSES: usize = 32;

/// A prompt after cleaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// The text, which may be empty.
    pub text: String,
    /// Whether parts look as if they had been decoded with the wrong encoding.
    pub garbled: bool,
}

/// Cleans a prompt.
///
/// ```
/// use loop3d_generator::text::clean;
///
/// assert_eq!(clean("  “ｆｉｒｅ”，\n &amp;  smoke ").text, "\"fire\", & smoke");
/// ```
#[must_use]
pub fn clean(prompt: &str) -> Cleaned {
    let garbled = garbled::is(prompt);
    // A text with a `<` may be HTML, in which entities mean something. As in ftfy, it counts from its line on.
    let mut entities = true;
    let lines = prompt.split_inclusive('\n').map(|line| {
        entities &= !line.contains('<');
        repaired(line, entities)
    });
    let text: String = lines.collect();
    let text = entities::unescaped(&entities::unescaped(&text));
    Cleaned { text: text.split_whitespace().collect::<Vec<_>>().join(" "), garbled }
}

/// A line after all repairs.
fn repaired(line: &str, entities: bool) -> String {
    let mut line = line.to_owned();
    for _ in 0..MOST_PASSES {
        let next = pass(&line, entities);
        if next == line {
            break;
        }
        line = next;
    }
    line
}

/// All repairs once, in ftfy's order.
fn pass(text: &str, entities: bool) -> String {
    let text = if entities { entities::unescaped_whole(text) } else { text.to_owned() };
    let text: String = text.chars().map(characters::without_c1).collect();
    let text = characters::without_ligatures(&text);
    let text: String = text.chars().flat_map(characters::plain_width).map(characters::plain_quote).collect();
    let text = characters::without_terminal_escapes(&characters::plain_lines(&text));
    text.chars().filter(|c| !characters::is_control(*c)).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cleaned(prompt: &str, expected: &str) {
        assert_eq!(clean(prompt), Cleaned { text: expected.to_owned(), garbled: false });
    }

    #[test]
    fn widths_quotes_and_ligatures() {
        cleaned("ＡＢＣ！ ｶﾞ ￥", "ABC! ガ ¥");
        cleaned("‘a’ ‚b‛ ʼn“c” „d‟", "'a' 'b' 'n\"c\" \"d\"");
        cleaned("ﬁ ﬂ ﬀ ﬃ ﬄ ﬅ ﬆ Ĳ ǆ ŉ", "fi fl ff ffi ffl ſt st IJ dž 'n");
        cleaned("½ ² ™", "½ ² ™");
    }

    #[test]
    fn composed_letters() {
        cleaned("cafe\u{301} A\u{30a}", "café Å");
        cleaned("\u{212b}", "Å");
    }

    #[test]
    fn control_characters_and_terminal_escapes() {
        cleaned("\u{1b}[31mred\u{1b}[0m \u{1b}[2;5Hat", "red at");
        cleaned("a\0b\u{7}c\u{7f}d\u{feff}e\u{fff9}", "abcde");
        cleaned("a\u{1b}b", "ab");
        cleaned("wait\u{85}", "wait…");
        cleaned("a\u{80}\u{93}b\u{94}", "a€\"b\"");
        cleaned("a\u{200b}b", "a\u{200b}b");
    }

    #[test]
    fn blanks() {
        cleaned(" a\t\tb\r\nc\rd\u{2028}e\u{a0}f\u{3000}g\u{c}h \n", "a b c d e f g h");
        cleaned("", "");
        cleaned(" \n\u{0}", "");
    }

    #[test]
    fn entities_of_html() {
        cleaned("&lt;b&gt; &eacute; &#233; &#xE9; &hellip;", "<b> é é é …");
        cleaned("&amp;amp;amp;amp;lt;", "<");
        cleaned("&NTILDE;&FRAC12;&LTIMES;", "Ñ½<IMES;");
        // Curly quotes are straightened where entities are resolved before.
        cleaned("&ldquo;a&rdquo;", "\"a\"");
        cleaned("<p>&ldquo;a&rdquo;", "<p>“a”");
        cleaned("&ldquo;a\n<p>\n&ldquo;b", "\"a <p> “b");
        // With a `<`, two levels and no more.
        cleaned("< &amp;amp;amp;", "< &amp;");
        // Without a semicolon only the old names count, the longest first.
        cleaned("AT&T R&D fire&smoke", "AT&T R&D fire&smoke");
        cleaned("a &ampb &notit; &copy 1", "a &b ¬it; © 1");
        cleaned("&nosuchname; &; & &#; &#x;", "&nosuchname; &; & &#; &#x;");
        // Numbers that stand for no character, and those of Windows.
        cleaned("a&#1;b&#128;c&#xD800;d&#99999999999;e&#0;", "ab€c\u{fffd}d\u{fffd}e\u{fffd}");
    }

    #[test]
    fn text_of_the_wrong_encoding_is_reported() {
        for text in ["schÃ¶n", "cafÃ©", "â€œquoteâ€\u{9d}", "ðŸ”¥"] {
            assert!(clean(text).garbled, "{text}");
        }
        for text in ["schön", "café", "“quote”", "🔥", "Ünïcode ÅNGSTRÖM Ω ½ ²", "SÃO PAULO", "过曝，静态"]
        {
            assert!(!clean(text).garbled, "{text}");
        }
    }
}
