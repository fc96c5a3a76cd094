//! A portal hands a signed-in client over to the billing system, and the billing system signs him in.
//!
//! Run it with `cargo run --example handoff`.

use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::id::ItemId;
use gatepass::token::{IssueRequest, RedeemRequest};
use gatepass::{Gatepass, InitOptions, Reason};

fn main() -> gatepass::Result<()> {
    let folder = tempfile::tempdir().map_err(|_| gatepass::StoreError::ReadOnly)?;
    let init = InitOptions::new(Mode::Managed, "https://billing.example.com")?;
    let gate = Gatepass::init(folder.path().join("gatepass.db"), &init)?;

    // Once: who exists.
    let ann = gate.add_user(&NewUser {
        email: "ann@example.com".into(),
        first_name: "Ann".into(),
        ..NewUser::default()
    })?;
    let account = gate.add_client(&NewClient {
        email: "ann@example.com".into(),
        owner: Some(ann.user_id),
        ..NewClient::default()
    })?;

    // The portal: Ann is signed in here and clicks "my service". Send her browser to the token's URL.
    let portal = gate.host_caller("cli")?;
    let request = IssueRequest::for_client(account.client_id)
        .destination("clientarea:product_details")
        .service(ItemId::new(1)?);
    let issued = gate.issue(&portal, &request)?;
    println!("portal: redirect to {}", issued.redirect_url);

    // The billing system: the browser arrives with the token, which is spent here.
    let redeemed = gate.redeem(&RedeemRequest::new(issued.token.clone()))?;
    println!("billing: user {:?} is signed in and goes to {}", redeemed.user_id, redeemed.landing_url);

    // Whoever brings the same token again hears why not.
    match gate.redeem(&RedeemRequest::new(issued.token)) {
        Err(error) if error.reason() == Some(Reason::TokenRedeemed) => println!("again: {error}"),
        other => println!("this must not happen: {other:?}"),
    }
    Ok(())
}
