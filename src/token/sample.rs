//! Facts that the tests of the verdicts start from, each of them good: Ann, her one client, and a credential
//! that may ask for her.

use std::borrow::Cow;
use std::sync::Arc;

use super::IssueFacts;
use crate::clock::Timestamp;
use crate::credential::{Caller, CallerFacts, CallerId, Limits};
use crate::destination::{CUSTOM_REDIRECT, SystemUrl, find_default};
use crate::directory::{ClientFacts, ClientStatus, Mode, Subject, SubjectFacts, UserFacts};
use crate::id::{ClientId, CredentialId, UserId};
use crate::settings::Settings;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_356_780_000);

pub(crate) fn user(id: i64) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn client(id: i64) -> ClientId {
    ClientId::new(id).unwrap()
}

pub(crate) fn settings(mode: Mode) -> Settings {
    Settings::new(mode, SystemUrl::parse("https://billing.example.com").unwrap())
}

/// Shows the first secret of the first credential.
pub(crate) fn caller() -> Caller {
    Caller(CallerId::Api { credential: CredentialId::new(1).unwrap(), serial: 1 })
}

/// What is known of that credential.
pub(crate) fn issuer() -> CallerFacts {
    CallerFacts {
        void_serial: 0,
        serial: 1,
        limits: Arc::new(Limits {
            links: true,
            destinations: Some(vec!["*".to_owned()]),
            ..Limits::default()
        }),
        ..CallerFacts::admin(true)
    }
}

/// What somebody may do, to be changed.
pub(crate) fn limits(of: &mut CallerFacts) -> &mut Limits {
    Arc::make_mut(&mut of.limits)
}

pub(crate) const fn open_client(id: ClientId) -> ClientFacts {
    ClientFacts { id, status: ClientStatus::Active, allow_sso: true }
}

/// Ann in her client.
pub(crate) fn subject() -> Subject {
    Subject::UserInClient(user(1), client(1))
}

/// What is known of her.
pub(crate) fn ann() -> SubjectFacts {
    let client = open_client(client(1));
    SubjectFacts {
        user: Some(UserFacts { id: user(1), enabled: true }),
        client: Some(client),
        member: true,
        clients: vec![client],
    }
}

/// What a store loads when somebody is to be sent to a path of the caller's choice.
pub(crate) fn for_issue() -> IssueFacts {
    IssueFacts {
        settings: Arc::new(settings(Mode::Managed)),
        caller: issuer(),
        subject: ann(),
        destination: find_default(CUSTOM_REDIRECT).map(Cow::Borrowed),
    }
}
