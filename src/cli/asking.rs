//! Whom to sign in, where to land, and who asks: the options that `token issue` and `link create` share.

use std::net::IpAddr;

use clap::Args;
use gatepass::Gatepass;
use gatepass::credential::Caller;
use gatepass::directory::Subject;
use gatepass::id::{ClientId, ItemId, UserId};
use gatepass::secret::Secret;
use gatepass::token::IssueRequest;

use super::credential::not_accepted;
use super::failure::Failure;
use super::input;

#[derive(Debug, Args)]
pub(crate) struct Asking {
    /// Sign in the owner of this client, or --user into it
    #[arg(long, value_name = "CLIENT", allow_negative_numbers = true, required_unless_present = "user")]
    client: Option<ClientId>,
    /// Sign in this user
    #[arg(long, value_name = "USER", allow_negative_numbers = true)]
    user: Option<UserId>,
    /// The landing page; the home page if absent
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,
    /// The service that the landing page shows
    #[arg(long, value_name = "ID", allow_negative_numbers = true)]
    service: Option<ItemId>,
    /// The domain that the landing page shows
    #[arg(long, value_name = "ID", allow_negative_numbers = true)]
    domain: Option<ItemId>,
    /// Land on this relative path, through sso:custom_redirect
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// On whose behalf, for the audit
    #[arg(long, value_name = "WHO")]
    actor: Option<String>,
    /// Where the call came from
    #[arg(long, value_name = "IP")]
    address: Option<IpAddr>,
    /// Ask as this credential
    #[arg(long, value_name = "ID", requires = "secret")]
    identifier: Option<String>,
    /// Its secret; `-` reads it from standard input
    #[arg(long, value_name = "SECRET", allow_hyphen_values = true, requires = "identifier")]
    secret: Option<String>,
    /// Ask as the host credential of this label
    #[arg(long = "as", value_name = "LABEL", default_value = "cli", conflicts_with = "identifier")]
    host: String,
}

impl Asking {
    /// The secret, given or read from standard input.
    pub(crate) fn secret(&self) -> Result<Option<Secret>, Failure> {
        self.secret.as_deref().map(|given| input::text("secret", given)).transpose()
    }

    /// Whom to sign in, and where to.
    pub(crate) fn request(&self) -> Result<IssueRequest, Failure> {
        let mut request = IssueRequest::new(Subject::from_ids(self.user, self.client)?);
        if let Some(path) = &self.path {
            request = request.redirect_path(path);
        }
        request.destination = self.destination.clone().or(request.destination);
        request.service_id = self.service;
        request.domain_id = self.domain;
        request.actor = self.actor.clone();
        request.address = self.address;
        Ok(request)
    }

    /// Who asks, with the secret that [`Asking::secret`] gave.
    pub(crate) fn caller(&self, gate: &Gatepass, secret: Option<&Secret>) -> Result<Caller, Failure> {
        match (&self.identifier, secret) {
            (Some(identifier), Some(secret)) => gate
                .authenticate(identifier, secret, self.address)
                .map_err(|error| not_accepted(error.into(), identifier, secret.reveal())),
            _ => Ok(gate.host_caller(&self.host)?),
        }
    }
}
