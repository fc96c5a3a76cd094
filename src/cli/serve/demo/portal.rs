//! The portal: another system, which knows who is signed in and hands people over.
//!
//! Its own log-in is a cookie with a name in it, for a real portal's would only be in the way here. The
//! cookie is `SameSite=Strict`, so that no other site can press its buttons.

use std::time::Duration;

use gatepass::token::IssueRequest;
use gatepass::web::{Request, Response};
use gatepass::{Error, KeyChoice};

use super::Demo;
use super::mailbox::MAIL;
use super::page::{Escaped, button, page};
use super::people::{OLD_SYSTEM, Person};

/// The site's name.
const SITE: &str = "Customer portal";

/// The cookie with the name of who is signed in to the portal.
const COOKIE: &str = "demo_portal";

/// Where people can be handed over to: the name in the form, and what stands on the button.
const PLACES: &[(&str, &str)] = &[
    ("service", "Open my service"),
    ("invoices", "My invoices"),
    ("invoice", "Pay invoice 5"),
    ("home", "My account"),
];

impl Demo {
    /// Answer a request for the portal.
    pub(super) fn portal(&self, request: &Request) -> Response {
        let who = self.portal_user(request);
        let form: Vec<(String, String)> = form_urlencoded::parse(&request.body).into_owned().collect();
        let field =
            |name: &str| form.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        match (request.method.as_str(), request.path.as_str(), who) {
            ("GET", "portal/", Some(person)) => self.portal_home(person),
            ("GET", "portal/", None) => self.log_in("ann"),
            ("POST", "portal/switch", Some(_)) => self.log_in(field("who").unwrap_or_default()),
            ("POST", "portal/open", Some(person)) => {
                self.told(self.hand_over(person, field("to").unwrap_or_default()))
            }
            ("POST", "portal/link", Some(person)) => self.told(self.show_link(person)),
            ("POST", "portal/expired", Some(person)) => self.told(self.show_expired(person)),
            ("POST", "portal/old", Some(person)) => self.told(self.show_old_link(person)),
            ("GET", MAIL, Some(_)) => self.offer_mail(),
            ("POST", MAIL, Some(person)) => {
                self.told(self.mail(person, field("invoice").unwrap_or_default()))
            }
            ("POST", _, None) => self.log_in("ann"),
            _ => page(404, &self.base(), SITE, "There is no such page", &self.back()),
        }
    }

    /// What stands before each path.
    pub(super) fn base(&self) -> String {
        self.url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default()
    }

    fn portal_user(&self, request: &Request) -> Option<&Person> {
        let cookies = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        cookies
            .flat_map(|(_, value)| value.split(|byte| *byte == b';'))
            .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE)
            .and_then(|(_, value)| self.cast.person(value))
    }

    fn log_in(&self, name: &str) -> Response {
        let base = self.base();
        match self.cast.person(name) {
            Some(person) => Response::new(303)
                .header("Location", format!("{base}/portal/"))
                .header("Cache-Control", "no-store")
                .header(
                    "Set-Cookie",
                    format!("{COOKIE}={}; Path={base}/portal/; HttpOnly; SameSite=Strict", person.name),
                ),
            None => page(400, &base, SITE, "Nobody goes by that name", &self.back()),
        }
    }

    fn portal_home(&self, person: &Person) -> Response {
        let base = self.base();
        let open = format!("{base}/portal/open");
        let mut main = format!(
            "<p>Signed in as <strong>{}</strong> ({}), client {}.</p>\n",
            Escaped(&person.shown),
            Escaped(person.email),
            person.client
        );
        main += "<section>\n<h2>Go on without another log-in</h2>\n";
        for (place, label) in PLACES {
            main += &button(&open, &[("to", place)], label);
        }
        main += "</section>\n<section>\n<h2>Go on from an e-mail</h2>\n";
        main += &self.mail_buttons();
        main += "</section>\n<section>\n<h2>Look closer</h2>\n";
        main += &button(&format!("{base}/portal/link"), &[], "Show me such a link");
        main += &button(&format!("{base}/portal/expired"), &[], "One that has expired");
        main += &button(&format!("{base}/portal/old"), &[], "An old AutoAuth link");
        main += "</section>\n<section>\n<h2>Be somebody else</h2>\n";
        for other in self.cast.people.iter().filter(|other| other.name != person.name) {
            let label = format!("Sign in to the portal as {}", other.shown);
            main += &button(&format!("{base}/portal/switch"), &[("who", other.name)], &label);
        }
        main += &format!("</section>\n<p><a href=\"{base}/clientarea.php\">To the client area</a></p>");
        page(200, &base, SITE, "Your services", &main)
    }

    /// Issue a token and send the browser to its address.
    fn hand_over(&self, person: &Person, place: &str) -> Result<Response, Error> {
        let request = IssueRequest::for_client(person.client);
        let request = match place {
            "service" => request
                .destination("clientarea:product_details")
                .service(gatepass::id::ItemId::new(person.client.get())?),
            "invoices" => request.destination("clientarea:invoices"),
            "invoice" => request.redirect_path("viewinvoice.php?id=5"),
            _ => request,
        };
        let issued =
            self.gate.issue(&self.caller, &request.actor(format!("{} in the portal", person.name)))?;
        Ok(Response::new(303)
            .header("Location", issued.redirect_url)
            .header("Referrer-Policy", "no-referrer")
            .header("Cache-Control", "no-store"))
    }

    fn show_link(&self, person: &Person) -> Result<Response, Error> {
        let issued = self.gate.issue(&self.caller, &IssueRequest::for_client(person.client))?;
        Ok(self.link_page("A sign-in link", "It works once, within 60 seconds.", &issued.redirect_url))
    }

    fn show_expired(&self, person: &Person) -> Result<Response, Error> {
        let life = Duration::from_millis(1);
        let issued = self.gate.issue(&self.caller, &IssueRequest::for_client(person.client).life(life))?;
        std::thread::sleep(life * 5);
        Ok(self.link_page("An expired link", "Its life of one millisecond is over.", &issued.redirect_url))
    }

    fn show_old_link(&self, person: &Person) -> Result<Response, Error> {
        let goto = Some("viewinvoice.php?id=5");
        let link = self.gate.sign_autoauth(person.email, KeyChoice::Label(OLD_SYSTEM), goto)?;
        Ok(self.link_page("An old AutoAuth link", "It works once, within 15 minutes.", &link))
    }

    fn link_page(&self, title: &str, about: &str, link: &str) -> Response {
        let shown = Escaped(link);
        let main = format!(
            "<p>{}</p>\n<p><a href=\"{shown}\" rel=\"noreferrer\">Follow it</a></p>\n<p><code>{shown}</code></p>\n{}",
            Escaped(about),
            self.back()
        );
        page(200, &self.base(), SITE, title, &main)
    }

    fn told(&self, answer: Result<Response, Error>) -> Response {
        answer.unwrap_or_else(|error| {
            let main = format!("<p>{}</p>\n{}", Escaped(&error.to_string()), self.back());
            page(503, &self.base(), SITE, "That did not work", &main)
        })
    }

    pub(super) fn back(&self) -> String {
        format!("<p><a href=\"{}/portal/\">Back to the portal</a></p>", self.base())
    }
}
