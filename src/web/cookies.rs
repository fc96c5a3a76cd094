//! The cookies of the sign-in pages: what they are called, how they are read and how they are set.

use super::Request;
use crate::settings::Settings;
use crate::upkeep::StoreId;

/// How long a confirm page may be left open, in seconds.
const CONFIRM_LIFE: u32 = 600;

/// The names of a store's cookies. They hold a part of the store's id, so that two stores on one host don't
/// take each other's cookies for their own.
pub(super) struct Cookies {
    session: String,
    confirm: String,
    browser: String,
    secure: bool,
}

impl Cookies {
    /// On https the prefix makes browsers refuse such a cookie from a subdomain, another path or plain http.
    /// It can't be had on http, which a system URL may be on a loopback host alone.
    pub(super) fn of(settings: &Settings, store: &StoreId) -> Self {
        let secure = settings.system_url.is_https();
        let (prefix, store) = (if secure { "__Host-" } else { "" }, store.to_string());
        let store = store.get(..16).unwrap_or_default();
        Cookies {
            session: format!("{prefix}gp_{store}"),
            confirm: format!("{prefix}gp_confirm_{store}"),
            browser: format!("{prefix}gp_browser_{store}"),
            secure,
        }
    }

    /// The session's id as the browser brought it.
    pub(super) fn session<'a>(&self, request: &'a Request) -> Option<&'a [u8]> {
        one(request, &self.session)
    }

    /// The nonce of the last confirm page.
    pub(super) fn confirm<'a>(&self, request: &'a Request) -> Option<&'a [u8]> {
        one(request, &self.confirm)
    }

    /// The nonce that a site set before it asked for a token.
    pub(super) fn browser<'a>(&self, request: &'a Request) -> Option<&'a [u8]> {
        one(request, &self.browser)
    }

    /// Without a time: it goes with the browser's session. Lax, for the person comes from another site.
    pub(super) fn set_session(&self, id: &str) -> String {
        self.set(&self.session, id, "SameSite=Lax")
    }

    pub(super) fn clear_session(&self) -> String {
        self.set(&self.session, "", "SameSite=Lax; Max-Age=0")
    }

    pub(super) fn set_confirm(&self, nonce: &str) -> String {
        self.set(&self.confirm, nonce, &format!("SameSite=Strict; Max-Age={CONFIRM_LIFE}"))
    }

    pub(super) fn clear_confirm(&self) -> String {
        self.set(&self.confirm, "", "SameSite=Strict; Max-Age=0")
    }

    fn set(&self, name: &str, value: &str, more: &str) -> String {
        let secure = if self.secure { " Secure;" } else { "" };
        // In one piece, since a text that grows leaves copies behind.
        [name, "=", value, "; Path=/;", secure, " HttpOnly; ", more].concat()
    }
}

/// The value of a cookie. Of several with one name none is believed: somebody else set one of them.
fn one<'a>(request: &'a Request, name: &str) -> Option<&'a [u8]> {
    let pairs = request.header_lines("cookie").flat_map(|line| line.split(|&byte| byte == b';'));
    let mut values = pairs.filter_map(|pair| {
        let pair = pair.trim_ascii();
        pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
    });
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::SystemUrl;
    use crate::directory::Mode;

    fn cookies(url: &str) -> Cookies {
        let settings = Settings::new(Mode::Managed, SystemUrl::parse(url).unwrap());
        Cookies::of(&settings, &StoreId([0xAB; 16]))
    }

    #[test]
    fn a_cookie_is_for_this_host_alone_and_no_script() {
        let https = cookies("https://billing.example.com/portal");
        assert_eq!(
            https.set_session("id"),
            "__Host-gp_abababababababab=id; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            https.set_confirm("n"),
            "__Host-gp_confirm_abababababababab=n; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=600"
        );
        assert!(
            https.clear_session().ends_with("; Max-Age=0") && https.clear_confirm().ends_with("; Max-Age=0")
        );
        let http = cookies("http://localhost:8080");
        assert_eq!(http.set_session("id"), "gp_abababababababab=id; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn of_several_cookies_of_one_name_none_is_believed() {
        let names = cookies("https://billing.example.com");
        let session = |lines: &[&[u8]]| {
            let request = Request::new("GET", "x");
            let request = lines.iter().fold(request, |request, line| request.header("Cookie", *line));
            names.session(&request).map(<[u8]>::to_vec)
        };
        assert_eq!(session(&[b"a=b; __Host-gp_abababababababab=id;c"]).unwrap(), b"id");
        assert_eq!(session(&[b"a=b", b"__Host-gp_abababababababab=\xff=x"]).unwrap(), b"\xff=x");
        for none in [
            &[&b""[..]][..],
            &[b"gp_abababababababab=id"],
            &[b"__host-gp_abababababababab=id"],
            &[b"x__Host-gp_abababababababab=id"],
            &[b"__Host-gp_abababababababab"],
            &[b"__Host-gp_ababababababababx=id"],
            &[b"__Host-gp_abababababababab=id; __Host-gp_abababababababab=id"],
            &[b"__Host-gp_abababababababab=id", b"__Host-gp_abababababababab=other"],
        ] {
            assert_eq!(session(none), None, "{none:?}");
        }
    }
}
