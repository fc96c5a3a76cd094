//! The actions by name.

use std::net::IpAddr;

use super::answer::{Failure, Fields};
use super::parameters::Parameters;
use super::{create_sso_token, get_clients, get_clients_details, get_users};
use crate::credential::Caller;
use crate::error::Error;
use crate::gatepass::Gatepass;

/// What a call may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    CreateSsoToken,
    GetClients,
    GetClientsDetails,
    GetUsers,
}

impl Action {
    const ALL: [Action; 4] =
        [Action::CreateSsoToken, Action::GetClients, Action::GetClientsDetails, Action::GetUsers];

    /// In lower case, as XML answers, refusals and a credential's list spell it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Action::CreateSsoToken => "createssotoken",
            Action::GetClients => "getclients",
            Action::GetClientsDetails => "getclientsdetails",
            Action::GetUsers => "getusers",
        }
    }

    /// The action of that name, in any letter case.
    pub(super) fn find(name: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.name().eq_ignore_ascii_case(name))
    }

    /// The same, or what whoever asked is told.
    pub(super) fn named(name: &str) -> Result<Action, Failure> {
        if name.is_empty() {
            return Err(Failure::no_action());
        }
        // Text and status are unknown in the contract; this is the newer of the two texts that clients look
        // for, with the status of the empty action.
        Action::find(name).ok_or_else(|| Failure::malformed("The requested API Action could not be found."))
    }

    /// Do it, if the caller may.
    pub(super) fn run(
        self,
        gate: &Gatepass,
        caller: &Caller,
        parameters: &Parameters,
        address: Option<IpAddr>,
    ) -> Result<Fields, Failure> {
        match self {
            Action::CreateSsoToken => create_sso_token::run(gate, caller, parameters, address),
            Action::GetClients => get_clients::run(&self.view(gate, caller, address)?, parameters),
            Action::GetClientsDetails => {
                get_clients_details::run(gate, &self.view(gate, caller, address)?, parameters)
            }
            Action::GetUsers => get_users::run(&self.view(gate, caller, address)?, parameters),
        }
    }

    fn view<'a>(
        self,
        gate: &'a Gatepass,
        caller: &Caller,
        address: Option<IpAddr>,
    ) -> Result<crate::gatepass::DirectoryView<'a>, Failure> {
        let view = gate.directory_view(caller, self.name(), address);
        view.map_err(|error| Failure::of_call(error, self.name(), address))
    }

    /// What a call over HTTP is told when nobody could answer. Nothing of the fault's own text stands in it.
    pub(super) fn fault_message(action: Option<Action>, error: &Error) -> String {
        let (code, description) = match error {
            Error::Store(_) => ("temporarily_unavailable", "the store could not answer"),
            _ => ("server_error", "something went wrong inside"),
        };
        match action {
            Some(Action::CreateSsoToken) => create_sso_token::not_provisioned(code, description),
            _ => format!("The call failed: {description}"),
        }
    }
}
