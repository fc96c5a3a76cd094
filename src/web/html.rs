//! HTML in which nothing of others stands unescaped.

use std::fmt::{self, Display, Write};

use zeroize::Zeroizing;

/// A piece of a page. Markup can only be a text of this program, so that what comes from a request or the
/// directory is escaped, or it does not compile.
/// A confirm page holds a token, so a piece is wiped when it goes.
#[derive(Default)]
pub(super) struct Html(Zeroizing<String>);

impl Html {
    pub(super) fn new() -> Self {
        Html::default()
    }

    /// Markup of ours.
    pub(super) fn markup(mut self, ours: &'static str) -> Self {
        self.push(ours);
        self
    }

    /// Text of anybody, for an element's content or an attribute in double quotes.
    pub(super) fn text(mut self, anybodys: impl Display) -> Self {
        // Writing to a String never fails.
        let _ = write!(Escaped(&mut self), "{anybodys}");
        self
    }

    /// A piece made before.
    pub(super) fn part(mut self, part: Html) -> Self {
        self.push(&part.0);
        self
    }

    /// A text that grows by itself leaves copies behind.
    fn push(&mut self, more: &str) {
        let needed = self.0.len() + more.len();
        if needed > self.0.capacity() {
            let mut longer = String::with_capacity(needed.max(2 * self.0.capacity()));
            longer.push_str(&self.0);
            self.0 = Zeroizing::new(longer);
        }
        self.0.push_str(more);
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0).into_bytes()
    }
}

/// Writes the characters that mean something in HTML as references.
struct Escaped<'a>(&'a mut Html);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.push("&amp;"),
                '<' => self.0.push("&lt;"),
                '>' => self.0.push("&gt;"),
                '"' => self.0.push("&quot;"),
                '\'' => self.0.push("&#39;"),
                other => self.0.push(other.encode_utf8(&mut [0; 4])),
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
