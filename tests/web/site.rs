//! A store with people, a portal that sends them, and its clock.

use std::sync::Arc;
use std::time::Duration;

use gatepass::clock::{Clock, ManualClock};
use gatepass::credential::{Caller, Limits, NewCredential};
use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::id::{ClientId, UserId};
use gatepass::link::{CreatedLink, LinkInspection, LinkRequest, SignInLink};
use gatepass::session::SessionQuery;
use gatepass::settings::Confirm;
use gatepass::token::{IssueRequest, Issued};
use gatepass::{Gatepass, InitOptions, KeyChoice, Options, ops};
use serde_json::{Value, json};

use crate::common::{Place, START, SYSTEM, secret};

pub(crate) const KEY: &str = "the key of an old website that is still in use";

/// Where the portal's people come from.
pub(crate) const HOME: &str = "https://portal.example.org/start?from=billing";

pub(crate) struct Site {
    pub(crate) place: Place,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) gate: Gatepass,
    pub(crate) ann: (UserId, ClientId),
    pub(crate) ben: (UserId, ClientId),
    portal: Caller,
}

impl Site {
    pub(crate) fn new() -> Self {
        Site::at(SYSTEM)
    }

    pub(crate) fn at(system_url: &str) -> Self {
        let place = Place::new();
        let clock = Arc::new(ManualClock::new(START));
        std::fs::create_dir(place.beside("keys")).unwrap();
        let seal = Gatepass::new_sealing_key_file(place.beside("keys").join("seal"), &place.store).unwrap();
        let options =
            Options::new().clock(clock.clone()).sealing_key(seal).deadline(Duration::from_millis(300));
        let init = InitOptions::new(Mode::Managed, system_url).unwrap();
        let gate = options.init(&place.store, &init).unwrap();
        let ann = somebody(&gate, "ann@example.com", "Ann", "Ünal");
        let ben = somebody(&gate, "ben@example.com", "Ben", "Boe");
        credential(&gate, "portal", None);
        let portal = gate.host_caller("portal").unwrap();
        Site { place, clock, gate, ann, ben, portal }
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A token that leads to the invoices.
    pub(crate) fn token(&self, whom: (UserId, ClientId)) -> String {
        self.issue(&self.portal, whom).token.reveal()
    }

    pub(crate) fn issue(&self, caller: &Caller, whom: (UserId, ClientId)) -> Issued {
        self.gate.issue(caller, &IssueRequest::for_client(whom.1).destination("clientarea:invoices")).unwrap()
    }

    /// A caller whose tokens are asked about like this.
    pub(crate) fn asking(&self, label: &str, confirm: Confirm) -> Caller {
        credential(&self.gate, label, Some(confirm));
        self.gate.host_caller(label).unwrap()
    }

    pub(crate) fn set(&self, name: &str, value: Value) {
        self.gate.set_setting(name, value).unwrap();
    }

    /// Accept AutoAuth links of one key.
    pub(crate) fn switch_on(&self, confirm: Option<Confirm>) {
        self.set("autoauth_enabled", json!(true));
        self.gate.add_autoauth_key("old website", &secret(KEY), confirm).unwrap();
    }

    /// The query of a link for now.
    pub(crate) fn link(&self, email: &str, goto: Option<&str>) -> String {
        let link = self.gate.sign_autoauth(email, KeyChoice::Given(&secret(KEY)), goto).unwrap();
        link.split_once('?').unwrap().1.to_owned()
    }

    /// A sign-in link as the portal mails it.
    pub(crate) fn mail(&self, request: &LinkRequest) -> CreatedLink {
        self.gate.create_link(&self.portal, request).unwrap()
    }

    /// Where a link stands, found without a page.
    pub(crate) fn seen(&self, link: &SignInLink) -> LinkInspection {
        self.gate.inspect_link(link, None).unwrap()
    }

    /// How many sessions are good now.
    pub(crate) fn sessions(&self) -> usize {
        self.gate.list_sessions(&SessionQuery::default()).unwrap().len()
    }

    /// Every audit event of this kind: its outcome.
    pub(crate) fn outcomes(&self, event: &str) -> Vec<String> {
        let to = self.clock.now().plus(Duration::from_secs(1));
        let found = ops::call(
            &self.gate,
            "audit.list",
            json!({ "from": START.to_string(), "to": to.to_string(), "event": event }),
        );
        let found = found.unwrap();
        let outcome = |event: &Value| event["outcome"].as_str().unwrap().to_owned();
        found.as_array().unwrap().iter().map(outcome).collect()
    }

    /// How often the token was tried again.
    pub(crate) fn replays(&self, token: &str) -> i64 {
        let token = self.gate.read_token(token, None).unwrap();
        self.gate.inspect(&token, None).unwrap().replays
    }
}

/// A link to invoice 5.
pub(crate) fn invoice(whom: (UserId, ClientId)) -> LinkRequest {
    LinkRequest::new(IssueRequest::for_client(whom.1).redirect_path("viewinvoice.php?id=5"))
        .title("invoice 5")
}

pub(crate) fn somebody(gate: &Gatepass, email: &str, first: &str, last: &str) -> (UserId, ClientId) {
    let user = NewUser {
        email: email.into(),
        first_name: first.into(),
        last_name: last.into(),
        ..NewUser::default()
    };
    let user = gate.add_user(&user).unwrap().user_id;
    let client = NewClient { email: email.into(), owner: Some(user), ..NewClient::default() };
    (user, gate.add_client(&client).unwrap().client_id)
}

fn credential(gate: &Gatepass, label: &str, confirm: Option<Confirm>) {
    let limits = Limits { confirm, links: true, destinations: Some(vec!["*".into()]), ..Limits::default() };
    let new = NewCredential {
        label: label.into(),
        host: true,
        home_url: Some(HOME.into()),
        limits,
        ..NewCredential::default()
    };
    gate.create_credential(&new).unwrap();
}
