//! The client area: the system that people are handed over to. It asks the library whose session a request
//! brings, and shows what there is to know of it.

use gatepass::session::{Origin, Session};
use gatepass::web::{self, Request, Response};
use gatepass::{Error, Reason};

use super::Demo;
use super::page::{Escaped, button, page};

/// The site's name.
const SITE: &str = "Client area";

impl Demo {
    /// Answer a request for a page of the client area.
    pub(super) fn client_area(&self, request: &Request) -> Response {
        let base = self.base();
        match web::session(&self.gate, request) {
            Ok(session) => match self.about(request, &session) {
                Ok(main) => page(200, &base, SITE, "You are signed in", &main),
                Err(error) => failed(&base, &error),
            },
            Err(Error::Refused(refusal)) => {
                let why = match refusal.reason {
                    Reason::SessionUnknown => "Nobody is signed in here.".to_owned(),
                    reason => format!("You were signed out: {}.", reason.message()),
                };
                let main =
                    format!("<p>{}</p>\n<p><a href=\"{base}/portal/\">To the portal</a></p>", Escaped(&why));
                page(403, &base, SITE, "Please sign in", &main)
            }
            Err(error) => failed(&base, &error),
        }
    }

    fn about(&self, request: &Request, session: &Session) -> Result<String, Error> {
        let base = self.base();
        let user = session.user_id.map(|id| self.gate.user(id)).transpose()?;
        let name = user.as_ref().map(|user| format!("{} {}", user.first_name, user.last_name));
        let email = user.and_then(|user| user.email).unwrap_or_default();
        let query = String::from_utf8_lossy(&request.query);
        let asked = if query.is_empty() { request.path.clone() } else { format!("{}?{query}", request.path) };
        let client = session.client_id.map(|id| id.to_string()).unwrap_or_default();
        let facts = [
            ("Name", name.unwrap_or_default()),
            ("Address", email),
            ("Client", client),
            ("Page", asked),
            ("Signed in through", self.through(session)?),
            ("Session", session.session.to_string()),
            ("Ends at the latest", session.ends_at.to_string()),
        ];
        let mut main = "<section>\n<dl>\n".to_owned();
        for (name, value) in facts {
            main += &format!("<dt>{name}</dt><dd>{}</dd>\n", Escaped(&value));
        }
        main += "</dl>\n</section>\n";
        main += &button(&format!("{base}/logout.php"), &[], "Sign out");
        main += &format!("<p><a href=\"{base}/portal/\">To the portal</a></p>");
        Ok(main)
    }

    /// Which calling system vouched for the person.
    fn through(&self, session: &Session) -> Result<String, Error> {
        if session.origin == Origin::AutoAuth {
            let keys = self.gate.list_autoauth_keys()?;
            let key = keys.into_iter().find(|key| Some(key.key_id) == session.autoauth_key_id);
            return Ok(key.map_or_else(String::new, |key| format!("AutoAuth key “{}”", key.label)));
        }
        let all = self.gate.list_credentials()?;
        let credential = all.into_iter().find(|one| Some(one.credential_id) == session.credential_id);
        Ok(credential.map_or_else(String::new, |credential| format!("credential “{}”", credential.label)))
    }
}

fn failed(base: &str, error: &Error) -> Response {
    let main = format!("<p>{}</p>", Escaped(&error.to_string()));
    page(503, base, SITE, "That did not work", &main)
}
