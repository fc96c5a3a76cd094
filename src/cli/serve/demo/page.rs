//! The pages of the two sites: plain HTML over one stylesheet.

use std::fmt;

use gatepass::web::Response;

/// Where the stylesheet is.
pub(super) const STYLESHEET: &str = "portal/demo.css";

const STYLE: &str = "\
:root { color-scheme: light dark; --line: light-dark(#c9d1d9, #3d444d); --soft: light-dark(#f6f8fa, #161b22);
  --text: light-dark(#1f2328, #e6edf3); --page: light-dark(#ffffff, #0d1117); --button: light-dark(#0b5cad, #79b8ff);
  --on-button: light-dark(#ffffff, #0d1117); }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
header, main, footer { max-width: 44rem; margin: 0 auto; padding: 1rem; }
header { border-bottom: 1px solid var(--line); font-weight: 600; }
h1 { font-size: 1.5rem; line-height: 1.25; }
section { margin: 1.5rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--soft); }
section h2 { margin: 0 0 .5rem; font-size: 1.1rem; }
form { display: inline-block; margin: .25rem .5rem .25rem 0; }
button { min-height: 44px; padding: .5rem 1rem; font: inherit; color: var(--on-button); background: var(--button);
  border: 0; border-radius: .375rem; cursor: pointer; }
a { color: var(--button); }
a:focus-visible, button:focus-visible { outline: 3px solid var(--button); outline-offset: 2px; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem; }
code, dd { overflow-wrap: anywhere; }
";

/// The stylesheet.
pub(super) fn stylesheet() -> Response {
    Response::new(200)
        .header("Content-Type", "text/css; charset=utf-8")
        .header("X-Content-Type-Options", "nosniff")
        .body(STYLE)
}

/// A text on its way into HTML.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => fmt::Write::write_char(f, other)?,
            }
        }
        Ok(())
    }
}

/// A page of the site `site`. `main` is HTML.
pub(super) fn page(status: u16, base: &str, site: &str, title: &str, main: &str) -> Response {
    let (site, title) = (Escaped(site), Escaped(title));
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title} · {site}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"stylesheet\" href=\"{base}/{STYLESHEET}\">\n</head>\n<body>\n<header>{site}</header>\n\
         <main>\n<h1>{title}</h1>\n{main}\n</main>\n</body>\n</html>\n"
    );
    Response::new(status)
        .header("Content-Type", "text/html; charset=utf-8")
        .header("Cache-Control", "no-store")
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        )
        .body(html)
}

/// A form that is one button: where it goes, its fields, and what stands on it.
pub(super) fn button(action: &str, fields: &[(&str, &str)], label: &str) -> String {
    let mut html = format!("<form method=\"post\" action=\"{}\">", Escaped(action));
    for (name, value) in fields {
        html += &format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", Escaped(name), Escaped(value));
    }
    html + &format!("<button>{}</button></form>\n", Escaped(label))
}
