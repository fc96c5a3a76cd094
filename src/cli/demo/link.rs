//! The sign-in link: mailed, looked at by a robot, opened by the person, clicked again.

use gatepass::Error;
use gatepass::id::ClientId;
use gatepass::link::{LinkInspection, LinkReportQuery, LinkRequest, OpenRequest};
use gatepass::token::IssueRequest;
use serde_json::json;

use super::script::Step;
use super::stage::{SYSTEM_URL, Stage, missing};

/// Where the mail's link leads.
const INVOICE: &str = "viewinvoice.php?id=5";

/// One mail from its making to the second click.
pub(super) fn mail(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let gate = stage.gate()?;
    let invoice = IssueRequest::for_client(ClientId::new(1)?).redirect_path(INVOICE);
    let request = LinkRequest::new(invoice).title("invoice 5").label("reminder");
    let made = gate.create_link(&gate.host_caller("cli")?, &request)?;
    let (_, query) = made.url.split_once("/signin.php?").ok_or_else(|| missing("link"))?;
    let start: String = query.chars().take(8).collect();
    step.show(format!("{SYSTEM_URL}/signin.php?{start}…, until {}", made.expires_at));
    step.expect("the URL's last part", "32 characters", format!("{} characters", query.len()));

    // What a link scanner does to a mailbox.
    let where_it_stands =
        |seen: &LinkInspection| format!("{:?}, used {} of {}", seen.state, seen.used, seen.uses);
    for _ in 0..3 {
        gate.inspect_link(&gate.read_link(query, None)?, None)?;
    }
    let seen = gate.inspect_link(&made.link, None)?;
    step.expect("after a robot looked three times", "Live, used 0 of 1", where_it_stands(&seen));

    let opened = gate.open_link(&OpenRequest::new(made.link.clone()).signing_in(None))?;
    let session = opened.redemption.and_then(|done| done.session).ok_or_else(|| missing("session"))?;
    step.expect("the person's click leads to", format!("{SYSTEM_URL}/{INVOICE}"), &opened.landing_url);
    let user = gate.check_session(&session, None)?.user_id.map(|id| id.to_string());
    step.expect("and signs in", "user 1", format!("user {}", user.as_deref().unwrap_or("none")));
    let again = gate.open_link(&OpenRequest::new(made.link.clone()));
    step.expect_refused("a second click", "link_used", again);
    let report = gate.link_report(&LinkReportQuery::of_label("reminder"))?;
    let told = report.labels.first().map(|row| (row.created, row.opened, row.refused.len()));
    step.expect("the mailing's report", "1 made, 1 opened, 1 refused", {
        let (created, opened, refused) = told.unwrap_or_default();
        format!("{created} made, {opened} opened, {refused} refused")
    });
    step.fact("link", json!(made.reference));
    stage.secrets.base32("the sign-in link", &made.link.reveal());
    stage.secrets.timed("the session id of the link", &session.reveal());
    stage.keep_secret("the token of the link", &opened.token);
    Ok(())
}
