//! The frame of every page: plain HTML without a script, and the headers that keep it to itself.

use super::Response;
use super::html::Html;
use crate::settings::Settings;

/// Black on white and white on black at more than 7:1, buttons of 48 px, and nothing wider than 320 px.
const STYLE: &str = "\
:root{color-scheme:light dark}\
*{box-sizing:border-box}\
body{margin:0;font:1.0625rem/1.5 system-ui,sans-serif;color:#1b1f24;background:#f4f5f7}\
main,footer{max-width:34rem;margin:0 auto;padding:1.5rem 1rem}\
main{margin-top:6vh;background:#fff;border:1px solid #c9ced6;border-radius:.5rem}\
h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.25}\
h1,p,li,code{overflow-wrap:anywhere}\
p{margin:0 0 1rem}\
a{color:#0b4fa8}\
code{font-family:ui-monospace,monospace;font-size:.9375em}\
.detail{color:#4a5260;font-size:.9375rem}\
button,.button{display:block;width:100%;min-height:48px;padding:.7rem 1rem;border:2px solid #0b4fa8;\
border-radius:.375rem;font:inherit;font-weight:600;text-align:center;text-decoration:none;\
overflow-wrap:anywhere;color:#fff;background:#0b4fa8;cursor:pointer}\
button:focus:not(:active):not(:focus-visible){pointer-events:none}\
.button.other{margin-top:.75rem;color:#0b4fa8;background:transparent}\
:focus-visible{outline:3px solid #b35900;outline-offset:2px}\
footer{font-size:.9375rem}\
@media (prefers-color-scheme:dark){\
body{color:#eceff4;background:#14171c}main{background:#1d2128;border-color:#434b58}\
a{color:#9cc4ff}.detail{color:#b9c1cd}\
button,.button{color:#0d1420;background:#9cc4ff;border-color:#9cc4ff}\
.button.other{color:#9cc4ff}:focus-visible{outline-color:#ffb35c}}";

/// The digest by which the policy allows that stylesheet and no other.
const STYLE_HASH: &str = "sha256-mdcpZRoE+G0cLg+VgVuFAhgSdf3uBZnB8C6hzYu6B0Y=";

/// A page of this status. `title` is its name in the browser, `main` what it says, with the one `h1`.
pub(super) fn page(status: u16, settings: Option<&Settings>, title: &'static str, main: Html) -> Response {
    // A form of ours is answered with a redirect to the system URL, and Chromium asks whether the policy
    // allows that too.
    let origin = settings.map(|settings| format!(" {}", settings.system_url.origin())).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src '{STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self'{origin}"
    );
    let html = Html::new()
        .markup("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .markup("<meta name=\"color-scheme\" content=\"light dark\">\n<title>")
        .text(title)
        .markup("</title>\n<style>")
        .markup(STYLE)
        .markup("</style>\n</head>\n<body>\n<main>\n")
        .part(main)
        .markup("</main>\n")
        .part(footer(settings))
        .markup("</body>\n</html>\n");
    let mut response = Response::new(status)
        .header("Content-Type", "text/html; charset=utf-8")
        .header("Content-Security-Policy", policy)
        .header("X-Frame-Options", "DENY")
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header("Cache-Control", "no-store")
        .header("X-Robots-Tag", "noindex");
    response.body = html.into_bytes();
    response
}

/// Every page leads back to the system that it stands for.
fn footer(settings: Option<&Settings>) -> Html {
    let Some(settings) = settings else { return Html::new() };
    let url = &settings.system_url;
    Html::new().markup("<footer><p>").part(link(url, url)).markup("</p></footer>\n")
}

/// The one heading.
pub(super) fn heading(text: impl std::fmt::Display) -> Html {
    Html::new().markup("<h1>").text(text).markup("</h1>\n")
}

/// A paragraph of plain text.
pub(super) fn paragraph(text: impl std::fmt::Display) -> Html {
    Html::new().markup("<p>").text(text).markup("</p>\n")
}

/// A link with its text.
pub(super) fn link(url: impl std::fmt::Display, text: impl std::fmt::Display) -> Html {
    Html::new().markup("<a href=\"").text(url).markup("\">").text(text).markup("</a>")
}

/// A link that looks like the page's one button.
pub(super) fn button_link(url: impl std::fmt::Display, text: impl std::fmt::Display) -> Html {
    Html::new().markup("<a class=\"button\" href=\"").text(url).markup("\">").text(text).markup("</a>\n")
}

/// A link for those who don't want what the page's button does.
pub(super) fn other_link(url: impl std::fmt::Display, text: impl std::fmt::Display) -> Html {
    Html::new()
        .markup("<a class=\"button other\" href=\"")
        .text(url)
        .markup("\">")
        .text(text)
        .markup("</a>\n")
}

/// A form of hidden fields and one button.
pub(super) fn form(
    action: impl std::fmt::Display,
    fields: &[(&'static str, &str)],
    button: impl std::fmt::Display,
) -> Html {
    let form = Html::new().markup("<form method=\"post\" action=\"").text(action).markup("\">\n");
    let form = fields.iter().fold(form, |form, (name, value)| {
        let named = form.markup("<input type=\"hidden\" name=\"").text(name);
        named.markup("\" value=\"").text(value).markup("\">\n")
    });
    form.markup("<button type=\"submit\">").text(button).markup("</button>\n</form>\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;

    #[test]
    fn the_policy_allows_the_stylesheet_by_its_digest() {
        let digest = crate::secret::sha256(&[STYLE.as_bytes()]);
        let encoded = base64::engine::general_purpose::STANDARD.encode(digest);
        assert_eq!(STYLE_HASH, format!("sha256-{encoded}"));
    }

    /// The relative luminance of WCAG 2, of a colour as `#rgb` or `#rrggbb`.
    fn luminance(colour: &str) -> f64 {
        let digits: Vec<u32> = colour[1..].chars().map(|digit| digit.to_digit(16).unwrap()).collect();
        let channel = |at: usize| match digits.len() {
            3 => digits[at] * 17,
            _ => digits[2 * at] * 16 + digits[2 * at + 1],
        };
        let linear = |at: usize| {
            let part = f64::from(channel(at)) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(0) + 0.7152 * linear(1) + 0.0722 * linear(2)
    }

    #[test]
    fn text_stands_out_from_its_ground_in_light_and_in_dark() {
        for (text, ground) in [
            ("#1b1f24", "#f4f5f7"),
            ("#1b1f24", "#fff"),
            ("#0b4fa8", "#fff"),
            ("#0b4fa8", "#f4f5f7"),
            ("#4a5260", "#fff"),
            ("#fff", "#0b4fa8"),
            ("#eceff4", "#14171c"),
            ("#eceff4", "#1d2128"),
            ("#9cc4ff", "#1d2128"),
            ("#9cc4ff", "#14171c"),
            ("#b9c1cd", "#1d2128"),
            ("#0d1420", "#9cc4ff"),
        ] {
            assert!(STYLE.contains(text) && STYLE.contains(ground), "{text} on {ground} is not in use");
            let (one, other) = (luminance(text) + 0.05, luminance(ground) + 0.05);
            let contrast = one.max(other) / one.min(other);
            assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
        }
    }
}
