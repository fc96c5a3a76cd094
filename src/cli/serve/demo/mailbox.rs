//! The mailbox of whoever is signed in to the portal: what the portal mails holds a sign-in link, and is
//! shown here as a page instead of being sent.

use gatepass::Error;
use gatepass::link::LinkRequest;
use gatepass::token::IssueRequest;
use gatepass::web::Response;

use super::Demo;
use super::page::{Escaped, button, page};
use super::people::Person;

/// The site's name.
const SITE: &str = "Mailbox";

/// The page that mails, and that people with an old link are sent to for a fresh one.
pub(super) const MAIL: &str = "portal/mail";

/// The invoices that are mailed.
const INVOICES: &[&str] = &["5", "6"];

impl Demo {
    /// A button for each mail.
    pub(super) fn mail_buttons(&self) -> String {
        let action = format!("{}/{MAIL}", self.base());
        let mail = |number| button(&action, &[("invoice", number)], &format!("E-mail me invoice {number}"));
        INVOICES.iter().map(|number| mail(number)).collect()
    }

    /// Ask what to mail once more.
    pub(super) fn offer_mail(&self) -> Response {
        let main = format!("<p>Which mail do you need again?</p>\n{}\n{}", self.mail_buttons(), self.back());
        page(200, &self.base(), SITE, "A fresh link", &main)
    }

    /// Make a link to an invoice and show the mail that it is in.
    pub(super) fn mail(&self, person: &Person, invoice: &str) -> Result<Response, Error> {
        let Some(number) = INVOICES.iter().find(|number| **number == invoice) else {
            return Ok(page(400, &self.base(), SITE, "There is no such invoice", &self.back()));
        };
        let issue =
            IssueRequest::for_client(person.client).redirect_path(format!("viewinvoice.php?id={number}"));
        let request = LinkRequest::new(issue).title(format!("invoice {number}")).label("invoices");
        let url = self.gate.create_link(&self.caller, &request)?.url;
        let main = format!(
            "<section>\n<dl>\n<dt>To</dt><dd>{}</dd>\n<dt>Subject</dt><dd>Invoice {number}</dd>\n</dl>\n\
             <p>Hello {},</p>\n<p><a href=\"{url}\" rel=\"noreferrer\">Pay invoice {number}</a></p>\n\
             <p><code>{url}</code></p>\n<p>The link signs you in once, within a day.</p>\n</section>\n{}",
            Escaped(person.email),
            Escaped(&person.shown),
            self.back(),
            url = Escaped(&url),
        );
        Ok(page(200, &self.base(), SITE, "A mail from the portal", &main))
    }
}
