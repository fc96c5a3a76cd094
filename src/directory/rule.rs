//! The one rule of who may sign in, and the facts it asks for.

use serde::{Deserialize, Serialize};

use super::{ClientStatus, Mode};
use crate::error::{Error, Reason, Result};
use crate::id::{ClientId, UserId};

/// Who shall be signed in, as asked: a user, a client's owner, or a user in a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The owner of this client.
    Client(ClientId),
    /// This user; bound to the client if there is exactly one.
    User(UserId),
    /// This user in this client.
    UserInClient(UserId, ClientId),
}

impl Subject {
    /// From the two optional ids of the API; at least one is needed.
    pub fn from_ids(user: Option<UserId>, client: Option<ClientId>) -> Result<Self> {
        match (user, client) {
            (Some(user), Some(client)) => Ok(Subject::UserInClient(user, client)),
            (Some(user), None) => Ok(Subject::User(user)),
            (None, Some(client)) => Ok(Subject::Client(client)),
            (None, None) => Err(Error::invalid("client_id", "a client_id or user_id is needed")),
        }
    }

    /// The user, if named.
    pub fn user(self) -> Option<UserId> {
        match self {
            Subject::Client(_) => None,
            Subject::User(user) | Subject::UserInClient(user, _) => Some(user),
        }
    }

    /// The client, if named.
    pub fn client(self) -> Option<ClientId> {
        match self {
            Subject::User(_) => None,
            Subject::Client(client) | Subject::UserInClient(_, client) => Some(client),
        }
    }
}

/// What a store loads about a subject, in one transaction with what it is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SubjectFacts {
    /// The user named, or the owner of the client named alone; `None` if there is none.
    pub(crate) user: Option<UserFacts>,
    /// The client named; `None` if there is none, or none was named.
    pub(crate) client: Option<ClientFacts>,
    /// Both named: whether the user has a place in the client.
    pub(crate) member: bool,
    /// A user alone named: every client that he has a place in.
    pub(crate) clients: Vec<ClientFacts>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UserFacts {
    pub(crate) id: UserId,
    pub(crate) enabled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientFacts {
    pub(crate) id: ClientId,
    pub(crate) status: ClientStatus,
    pub(crate) allow_sso: bool,
}

impl ClientFacts {
    fn admits(&self) -> Result<(), Reason> {
        if self.status == ClientStatus::Closed {
            Err(Reason::ClientClosed)
        } else if !self.allow_sso {
            Err(Reason::SsoDisabled)
        } else {
            Ok(())
        }
    }
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) user: UserId,
    /// The client that the session is bound to.
    pub(crate) client: Option<ClientId>,
    /// The clients that the session may enter.
    pub(crate) clients: Vec<ClientId>,
}

/// The one rule for issue, redemption, link, AutoAuth and session check: the user is enabled, still a member,
/// the client not Closed and its single sign-on switched on.
///
/// A client alone means its owner. A user alone is bound to his client if he has exactly one; with several
/// the session may enter only those that allow it, and with none he is refused.
pub(crate) fn may_sign_in(subject: Subject, facts: &SubjectFacts) -> Result<Admitted, Reason> {
    let user = match (facts.user, subject) {
        (Some(user), _) => user,
        (None, Subject::Client(_)) if facts.client.is_none() => return Err(Reason::ClientUnknown),
        (None, Subject::Client(_)) => return Err(Reason::NoOwner),
        (None, _) => return Err(Reason::UserUnknown),
    };
    match subject {
        Subject::Client(_) | Subject::UserInClient(..) => {
            let client = facts.client.ok_or(Reason::ClientUnknown)?;
            if matches!(subject, Subject::UserInClient(..)) && !facts.member {
                return Err(Reason::NotAMember);
            }
            if !user.enabled {
                return Err(Reason::UserDisabled);
            }
            client.admits()?;
            Ok(Admitted { user: user.id, client: Some(client.id), clients: vec![client.id] })
        }
        Subject::User(_) => {
            if !user.enabled {
                return Err(Reason::UserDisabled);
            }
            let first = facts.clients.first().ok_or(Reason::NoClient)?;
            let open: Vec<ClientId> = facts
                .clients
                .iter()
                .filter(|client| client.admits().is_ok())
                .map(|client| client.id)
                .collect();
            if open.is_empty() {
                first.admits()?;
            }
            let client = (facts.clients.len() == 1).then_some(first.id);
            Ok(Admitted { user: user.id, client, clients: open })
        }
    }
}

/// The same rule for somebody who was admitted before, as that user in that client or in none; nothing to ask
/// in host mode.
pub(crate) fn may_still_sign_in(
    mode: Mode,
    user: Option<UserId>,
    client: Option<ClientId>,
    facts: &SubjectFacts,
) -> Result<Option<Admitted>, Reason> {
    match mode {
        Mode::Host => Ok(None),
        Mode::Managed => {
            let subject = Subject::from_ids(user, client).map_err(|_| Reason::UserUnknown)?;
            let mut admitted = may_sign_in(subject, facts)?;
            // Bound to no client then: stays so, even if the user lost all places but one meanwhile.
            admitted.client = client;
            Ok(Some(admitted))
        }
    }
}

/// What a host must check itself, since the store holds no directory.
pub const UNCHECKED_IN_HOST_MODE: &[&str] = &["user_enabled", "membership", "client_status", "client_sso"];

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: i64) -> UserFacts {
        UserFacts { id: UserId::new(id).unwrap(), enabled: true }
    }

    fn client(id: i64) -> ClientFacts {
        ClientFacts { id: ClientId::new(id).unwrap(), status: ClientStatus::Active, allow_sso: true }
    }

    fn in_client() -> (Subject, SubjectFacts) {
        let subject = Subject::UserInClient(UserId::new(1).unwrap(), ClientId::new(2).unwrap());
        let facts =
            SubjectFacts { user: Some(user(1)), client: Some(client(2)), member: true, clients: vec![] };
        (subject, facts)
    }

    #[test]
    fn an_enabled_member_of_an_open_client_may_sign_in_and_nobody_else() {
        let (subject, good) = in_client();
        let admitted = may_sign_in(subject, &good).unwrap();
        assert_eq!(admitted.client, Some(ClientId::new(2).unwrap()));
        let refused = |change: &dyn Fn(&mut SubjectFacts)| {
            let mut facts = good.clone();
            change(&mut facts);
            may_sign_in(subject, &facts).unwrap_err()
        };
        assert_eq!(refused(&|f| f.user = None), Reason::UserUnknown);
        assert_eq!(refused(&|f| f.client = None), Reason::ClientUnknown);
        assert_eq!(refused(&|f| f.member = false), Reason::NotAMember);
        assert_eq!(refused(&|f| f.user.as_mut().unwrap().enabled = false), Reason::UserDisabled);
        assert_eq!(
            refused(&|f| f.client.as_mut().unwrap().status = ClientStatus::Closed),
            Reason::ClientClosed
        );
        assert_eq!(refused(&|f| f.client.as_mut().unwrap().allow_sso = false), Reason::SsoDisabled);
        let mut inactive = good.clone();
        inactive.client.as_mut().unwrap().status = ClientStatus::Inactive;
        assert!(may_sign_in(subject, &inactive).is_ok());
    }

    #[test]
    fn a_client_alone_means_its_owner() {
        let subject = Subject::Client(ClientId::new(2).unwrap());
        let facts = SubjectFacts { user: Some(user(7)), client: Some(client(2)), ..Default::default() };
        assert_eq!(may_sign_in(subject, &facts).unwrap().user, UserId::new(7).unwrap());
        let ownerless = SubjectFacts { client: Some(client(2)), ..Default::default() };
        assert_eq!(may_sign_in(subject, &ownerless), Err(Reason::NoOwner));
        assert_eq!(may_sign_in(subject, &SubjectFacts::default()), Err(Reason::ClientUnknown));
    }

    #[test]
    fn a_user_alone_enters_his_one_client_or_the_allowed_ones_of_several() {
        let subject = Subject::User(UserId::new(1).unwrap());
        let with =
            |clients: Vec<ClientFacts>| SubjectFacts { user: Some(user(1)), clients, ..Default::default() };
        let closed = ClientFacts { status: ClientStatus::Closed, ..client(3) };
        let one = may_sign_in(subject, &with(vec![client(2)])).unwrap();
        assert_eq!(one.client, Some(ClientId::new(2).unwrap()));
        let several = may_sign_in(subject, &with(vec![client(2), closed])).unwrap();
        assert_eq!((several.client, several.clients), (None, vec![ClientId::new(2).unwrap()]));
        assert_eq!(may_sign_in(subject, &with(vec![])), Err(Reason::NoClient));
        assert_eq!(may_sign_in(subject, &with(vec![closed])), Err(Reason::ClientClosed));
        assert_eq!(may_sign_in(subject, &with(vec![closed, closed])), Err(Reason::ClientClosed));
    }
}
