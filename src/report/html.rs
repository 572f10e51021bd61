//! HTML from text and templates. Text becomes HTML only through [`Html::text`], so nothing is left unescaped by mistake.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Display;

/// HTML that goes into a page as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(pub String);

impl Html {
    /// Plain text, for element content and quoted attributes.
    pub fn text(text: impl Display) -> Self {
        let mut html = String::new();
        for c in text.to_string().chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                other => html.push(other),
            }
        }
        Self(html)
    }

    /// Several pieces one after another.
    pub fn all(pieces: impl IntoIterator<Item = Self>) -> Self {
        Self(pieces.into_iter().map(|piece| piece.0).collect())
    }

    /// The template with each `{{name}}` replaced by the value of that name; a value may hold braces. A name without a value
    /// leaves nothing.
    pub fn fill(template: &str, values: &[(&str, Self)]) -> Self {
        let mut html = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else { break };
            html.push_str(before);
            if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
                html.push_str(&value.0);
            }
            rest = after;
        }
        html.push_str(rest);
        Self(html)
    }
}

impl Display for Html {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file as a URL.
pub fn data_url(media_type: &str, bytes: &[u8]) -> Html {
    Html(format!("data:{media_type};base64,{}", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_values_are_not_filled_again() {
        assert_eq!(Html::text("<b>&\"'").0, "&lt;b&gt;&amp;&quot;&#39;");
        let values = [("a", Html::text("{{b}}<")), ("b", Html("<i>".to_owned()))];
        assert_eq!(Html::fill("x {{a}} {{b}} {{c}}y }} {{", &values).0, "x {{b}}&lt; <i> y }} {{");
    }
}
