//! HTML in which nothing of others stands unescaped.

use std::fmt::{self, Display, Write};

/// A piece of a page. Markup can only be a text of this program, so that what comes from a request or the
/// directory is escaped, or it does not compile.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    pub(super) fn new() -> Self {
        Html::default()
    }

    /// Markup of ours.
    pub(super) fn markup(mut self, ours: &'static str) -> Self {
        self.0.push_str(ours);
        self
    }

    /// Text of anybody, for an element's content or an attribute in double quotes.
    pub(super) fn text(mut self, anybodys: impl Display) -> Self {
        // Writing to a String never fails.
        let _ = write!(Escaped(&mut self.0), "{anybodys}");
        self
    }

    /// A piece made before.
    pub(super) fn part(mut self, part: Html) -> Self {
        self.0.push_str(&part.0);
        self
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// Writes the characters that mean something in HTML as references.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_means_something_in_html_is_escaped() {
        let html = Html::new().markup("<p title=\"").text("a\"b'c<d>&amp;é").markup("\">");
        let written = String::from_utf8(html.into_bytes()).unwrap();
        assert_eq!(written, "<p title=\"a&quot;b&#39;c&lt;d&gt;&amp;amp;é\">");
    }
}
