//! A store with people in it, made once and used by many inputs, then made anew.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::LocalKey;

use gatepass::clock::ManualClock;
use gatepass::credential::NewCredential;
use gatepass::directory::{Mode, NewClient, NewUser};
use gatepass::id::{ClientId, UserId};
use gatepass::rand_core::{TryCryptoRng, TryRng};
use gatepass::secret::Secret;
use gatepass::{Gatepass, Options};
use serde_json::json;

use super::common::{Place, START, portal};

/// The AutoAuth key of the stage. It is given with each call, as `configuration.php` did.
pub const KEY: &str = "abcXYZ123-abcXYZ123-abcXYZ123";

/// Users 1 to 3 own the clients of the same numbers; user 2 has a place in client 1, and client 3 is closed.
pub const EMAILS: [&str; 3] = ["ann@example.com", "bob+shop@example.net", "Carl@example.org"];

/// A store, and a credential that may do everything.
pub struct Stage {
    pub gate: Gatepass,
    pub identifier: String,
    pub secret: String,
    pub place: Place,
}

impl Stage {
    /// With a clock that stands still and secrets that are the same each time, so that an input does.
    pub fn still() -> Self {
        let clock = Arc::new(ManualClock::new(START));
        Stage::with(Options::new().clock(clock).random(Counting(0)))
    }

    /// As the C ABI opens it: with the system's clock.
    pub fn ticking() -> Self {
        Stage::with(Options::new().random(Counting(0)))
    }

    fn with(options: Options) -> Self {
        let place = Place::new();
        let gate = place.init_with(Mode::Managed, options);
        for (id, email) in (1..).zip(EMAILS) {
            let user_id = Some(UserId::new(id).unwrap());
            gate.add_user(&NewUser { user_id, email: email.into(), ..NewUser::default() }).unwrap();
            let client_id = Some(ClientId::new(id).unwrap());
            let client = NewClient { client_id, email: email.into(), owner: user_id, ..NewClient::default() };
            gate.add_client(&client).unwrap();
        }
        gate.add_member(UserId::new(2).unwrap(), ClientId::new(1).unwrap(), false).unwrap();
        gate.set_client_status(ClientId::new(3).unwrap(), gatepass::directory::ClientStatus::Closed).unwrap();
        gate.set_setting("autoauth_enabled", json!(true)).unwrap();
        gate.add_admin("root", None).unwrap();
        let new = NewCredential { label: "portal".into(), admin: Some("root".into()), ..Default::default() };
        let made = gate.create_credential(&new).unwrap();
        portal(&gate);
        Stage {
            identifier: made.credential.identifier.unwrap(),
            secret: made.secret.as_ref().map(Secret::reveal).unwrap().to_owned(),
            gate,
            place,
        }
    }

    /// `{i}` and `{s}` in an input stand for the credential.
    pub fn filled(&self, text: &[u8]) -> Vec<u8> {
        replaced(&replaced(text, b"{i}", self.identifier.as_bytes()), b"{s}", self.secret.as_bytes())
    }

    /// A path in the folder beside the store's.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.place.beside(name)
    }
}

/// `text` with `mark` replaced.
pub fn replaced(text: &[u8], mark: &[u8], by: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(mark) {
            Some(behind) => {
                out.extend_from_slice(by);
                rest = behind;
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

/// Something that many inputs use: this many, then it is made anew.
pub type Kept<T> = RefCell<Option<(T, u32)>>;

/// Use it.
pub fn with<T, R>(
    kept: &'static LocalKey<Kept<T>>,
    uses: u32,
    make: impl FnOnce() -> T,
    act: impl FnOnce(&mut T) -> R,
) -> R {
    kept.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|(_, left)| *left == 0) {
            // The old one goes before the new one comes.
            *kept = None;
            *kept = Some((make(), uses));
        }
        let (held, left) = kept.as_mut().unwrap();
        *left -= 1;
        act(held)
    })
}

/// Numbers that look random and are the same in each run.
struct Counting(u64);

impl TryRng for Counting {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|number| (number >> 32) as u32)
    }

    /// SplitMix64.
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(mixed ^ (mixed >> 31))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in out.chunks_mut(8) {
            let bytes = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Counting {}
