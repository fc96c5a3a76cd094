//! The hand-over: people, a token, its redemption, and the ways in which a token dies.

use std::time::Duration;

use gatepass::credential::NewCredential;
use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::id::{ClientId, ItemId};
use gatepass::secret::Secret;
use gatepass::token::{IssueRequest, Issued, RedeemRequest, Token, TokenState};
use gatepass::{Error, Gatepass, InitOptions};
use serde_json::{Value, json};

use super::script::Step;
use super::stage::{EMAIL, LABEL, SYSTEM_URL, Stage, cut, missing, now};

/// Where clientarea:product_details of service 1 is.
const LANDING: &str = "https://billing.example.com/clientarea.php?action=productdetails&id=1";

/// A new store, and a sealing key in another folder.
pub(super) fn make_store(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let key = Gatepass::new_sealing_key_file(stage.sealing_key(), stage.store())?;
    let text = key.to_file_text();
    let digits = text.reveal().trim_end().rsplit(' ').next().unwrap_or_default().to_owned();
    stage.secrets.hex("the sealing key", &digits);
    let gate = stage.options().init(stage.store(), &InitOptions::new(Mode::Managed, SYSTEM_URL)?)?;
    // Only its permissions are asked for: nobody but SQLite opens the file while the store is open.
    let mode = std::fs::metadata(stage.store()).map_or(0, |file| file.permissions().mode() & 0o777);
    step.expect("permissions of the file", "0600", format!("{mode:04o}"));
    step.expect("signs people in to", SYSTEM_URL, &gate.settings()?.system_url);
    step.fact("store_id", json!(gate.info()?.store_id));
    stage.set_gate(Some(gate));
    Ok(())
}

/// The owner of a credential, the credential, and somebody to sign in.
pub(super) fn add_people(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let gate = stage.gate()?;
    gate.add_admin("operator", None)?;
    let new =
        NewCredential { label: LABEL.into(), admin: Some("operator".into()), ..NewCredential::default() };
    let made = gate.create_credential(&new)?;
    let user = gate.add_user(&NewUser {
        email: EMAIL.into(),
        first_name: "Demo".into(),
        last_name: "User".into(),
        ..NewUser::default()
    })?;
    let owner = Some(user.user_id);
    let client = gate.add_client(&NewClient { email: EMAIL.into(), owner, ..NewClient::default() })?;
    let identifier = made.credential.identifier.ok_or_else(|| missing("identifier"))?;
    let secret = made.secret.ok_or_else(|| missing("secret"))?;
    step.show(format!("identifier {identifier}, secret {} (shown once)", cut(secret.reveal())));
    let members: Vec<String> = client.members.iter().map(|member| member.user_id.to_string()).collect();
    step.expect(
        "client and owner",
        "client 1 of user 1",
        format!("client {} of user {}", client.client_id, members.join(", ")),
    );
    let caller = step.expect_accepted("the right secret", gate.authenticate(&identifier, &secret, None))?;
    let wrong = gate.authenticate(&identifier, &Secret::new(secret.reveal().to_lowercase()), None);
    step.expect_refused("a wrong one", "authentication_failed", wrong);
    step.fact("identifier", json!(identifier));
    stage.secrets.bytes("the credential's secret", secret.reveal().as_bytes());
    stage.set_caller(caller);
    Ok(())
}

fn request() -> Result<IssueRequest, Error> {
    let client = IssueRequest::for_client(ClientId::new(1)?);
    Ok(client.destination("clientarea:product_details").service(ItemId::new(1)?))
}

/// The answer as the public API words it: slashes are escaped.
fn response(issued: &Issued) -> String {
    let url = json!(issued.redirect_url).to_string().replace('/', "\\/");
    format!(r#"{{"result":"success","access_token":"{}","redirect_url":{url}}}"#, issued.token.reveal())
}

/// The request of the public article, as that credential.
pub(super) fn issue(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let issued = stage.gate()?.issue(stage.caller()?, &request()?)?;
    stage.keep_secret("the first token", &issued.token);
    let text = response(&issued);
    step.show(&text);
    // Read as the calling system would.
    let read: Value = serde_json::from_str(&text).map_err(|_| missing("readable response"))?;
    let token = read["access_token"].as_str().unwrap_or_default();
    let hex = token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let shape = if hex { "lower-case hex" } else { "something else" };
    step.expect("the token's shape", "40 characters of lower-case hex", {
        format!("{} characters of {shape}", token.len())
    });
    let page = format!("{SYSTEM_URL}/oauth/singlesignon.php?access_token={token}");
    let url = read["redirect_url"].as_str().unwrap_or_default();
    step.expect("the browser is sent to the sign-in page with it", "yes", yes(url == page));
    let inspected = stage.gate()?.inspect(&issued.token, None)?;
    let life = issued.expires_at.since(inspected.issued_at);
    step.expect("its life", "60 s", format!("{} s", life.as_secs_f64()));
    step.fact("response", read.clone());
    stage.redirect_url = url.to_owned();
    Ok(())
}

/// What the sign-in page does with what the browser brings.
pub(super) fn redeem(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let (_, brought) = stage.redirect_url.split_once("access_token=").unwrap_or_default();
    let gate = stage.gate()?;
    let token = gate.read_token(brought, None)?;
    let redeemed = gate.redeem(&RedeemRequest::new(token.clone()))?;
    let session = redeemed.session.ok_or_else(|| missing("session"))?;
    step.expect("the browser goes to", LANDING, &redeemed.landing_url);
    let found = gate.check_session(&session, None)?;
    let whom = |id: Option<String>| id.unwrap_or_else(|| "none".to_owned());
    step.expect_noted(
        "the session is good for",
        "user 1 in client 1",
        format!(
            "user {} in client {}",
            whom(found.user_id.map(|id| id.to_string())),
            whom(found.client_id.map(|id| id.to_string()))
        ),
        format!("session {}", cut(&session.reveal())),
    );
    step.fact("landing_url", json!(redeemed.landing_url));
    step.fact("redemption", json!(redeemed.redemption));
    stage.secrets.timed("the first session id", &session.reveal());
    stage.handed_over = Some((token, session));
    Ok(())
}

/// The same token once more.
pub(super) fn replay(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let (gate, (token, session)) = (stage.gate()?, stage.handed_over()?);
    let first = gate.inspect(token, None)?.redemption;
    let again = gate.redeem(&RedeemRequest::new(token.clone()));
    let told = match &again {
        Err(Error::Refused(refusal)) => refusal.redemption,
        _ => None,
    };
    step.expect_refused("brought by another browser", "token_redeemed", again);
    let same = told.is_some() && told == first;
    step.expect("the host is told which redemption came first", "yes", yes(same));
    let own = gate.redeem(&RedeemRequest::new(token.clone()).presenting(Some(session.clone())));
    let same_browser = matches!(&own, Err(Error::Refused(refusal)) if refusal.same_browser);
    step.expect_refused("brought again by the browser that holds the session", "token_redeemed", own);
    step.expect("and known to be the same browser", "yes", yes(same_browser));
    step.expect("the session meanwhile", "good", standing(gate.check_session(session, None)));
    Ok(())
}

/// A token whose life really passes.
pub(super) fn expire(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let issued = stage.gate()?.issue(stage.caller()?, &request()?.life(Duration::from_secs(1)))?;
    stage.keep_secret("the token that expires", &issued.token);
    let gate = stage.gate()?;
    step.expect("just issued, for 1 s", "Live", state(gate, &issued.token)?);
    loop {
        let left = issued.expires_at.since(now());
        if left.is_zero() {
            break;
        }
        std::thread::sleep(left);
    }
    let late = gate.redeem(&RedeemRequest::new(issued.token.clone()));
    step.expect_refused("brought after 1 s", "token_expired", late);
    Ok(())
}

/// What the end of a credential ends.
pub(super) fn revoke(stage: &mut Stage, step: &mut Step) -> Result<(), Error> {
    let issued = stage.gate()?.issue(stage.caller()?, &request()?)?;
    stage.keep_secret("the token of the revoked credential", &issued.token);
    let (gate, caller) = (stage.gate()?, stage.caller()?);
    step.expect("its unspent token before", "Live", state(gate, &issued.token)?);
    let ended = gate.revoke_credential(LABEL, false)?;
    step.expect("unspent tokens that die with it", 1, ended.tokens_ended);
    let dead = gate.redeem(&RedeemRequest::new(issued.token.clone()));
    step.expect_refused("its unspent token after", "credential_revoked", dead);
    step.expect_refused("another issue by it", "credential_revoked", gate.issue(caller, &request()?));
    let (_, session) = stage.handed_over()?;
    step.expect(
        "the session that it led to, which was to stay",
        "good",
        standing(gate.check_session(session, None)),
    );
    Ok(())
}

fn state(gate: &Gatepass, token: &Token) -> Result<String, Error> {
    let state: TokenState = gate.inspect(token, None)?.state;
    Ok(format!("{state:?}"))
}

fn standing<T>(checked: Result<T, Error>) -> String {
    checked.map_or_else(|error| error.code().to_owned(), |_| "good".to_owned())
}

fn yes(it: bool) -> &'static str {
    if it { "yes" } else { "no" }
}
