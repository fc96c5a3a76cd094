//! Admins: the owners of credentials, and the legacy form of authentication by username and MD5 of the
//! password.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::Serialize;

use crate::clock::Timestamp;
use crate::directory::check_text;
use crate::error::{Error, Result};
use crate::id::AdminId;
use crate::secret::{Randomness, Secret, hex, unhex};

/// An owner of credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Admin {
    /// The number.
    pub admin_id: AdminId,
    /// The name.
    pub username: String,
    /// Disabling an admin disables its credentials.
    pub enabled: bool,
    /// Whether a password is set for the legacy form.
    pub has_password: bool,
    /// When the admin was added.
    pub created_at: Timestamp,
}

/// What a store loads to check a legacy log-in.
#[derive(Debug, Clone)]
pub(crate) struct PasswordFacts {
    pub(crate) id: AdminId,
    pub(crate) enabled: bool,
    pub(crate) hash: Option<String>,
}

/// A username: 1 to 64 bytes without control characters, compared byte for byte.
pub(crate) fn check_username(username: &str) -> Result<()> {
    check_text("username", username, 1, 64)
}

/// The least length of an admin's password, in bytes.
const SHORTEST_PASSWORD: usize = 8;

/// The MD5 that legacy clients send for a password: 32 lower-case hex characters.
pub(crate) fn legacy_md5(password: &Secret) -> Result<Secret> {
    if password.reveal().len() < SHORTEST_PASSWORD {
        return Err(Error::invalid("password", "must have at least 8 characters"));
    }
    if password.reveal().len() > 1024 {
        return Err(Error::invalid("password", "must not be longer than 1024 bytes"));
    }
    use md5::Digest;
    Ok(Secret::new(hex(&md5::Md5::digest(password.reveal().as_bytes()))))
}

/// Whether a text has the shape of that MD5.
pub(crate) fn is_md5(text: &str) -> bool {
    unhex::<16>(text.as_bytes()).is_some()
}

/// Argon2id with 19 MiB, 2 passes, 1 lane (OWASP's second recommended setting).
fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None)
        .map_err(|_| Error::Internal("the Argon2 parameters were refused".into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Argon2id over the MD5, as a PHC string.
pub(crate) fn hash_password(md5: &Secret, random: &mut dyn Randomness) -> Result<String> {
    let mut salt = [0; 16];
    random.fill(&mut salt)?;
    let hash = argon2()?
        .hash_password_with_salt(md5.reveal().as_bytes(), &salt)
        .map_err(|_| Error::Internal("Argon2 failed".into()))?;
    Ok(hash.to_string())
}

/// Whether the MD5 fits the stored PHC string. Takes tens of milliseconds and 19 MiB by design.
pub(crate) fn verify_password(md5: &Secret, stored: &str) -> Result<bool> {
    let Ok(parsed) = PasswordHash::new(stored) else {
        return Ok(false);
    };
    Ok(argon2()?.verify_password(md5.reveal().as_bytes(), &parsed).is_ok())
}

/// A hash that no password fits, so that an unknown username costs what a known one does.
pub(crate) const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Z2F0ZXBhc3Mtbm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[cfg(test)]
mod tests {
    use super::*;
    use getrandom::SysRng;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let md5 = legacy_md5(&Secret::new("correct horse")).unwrap();
        assert!(is_md5(md5.reveal()));
        let stored = hash_password(&md5, &mut SysRng).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify_password(&md5, &stored).unwrap());
        let other = legacy_md5(&Secret::new("correct horsf")).unwrap();
        assert!(!verify_password(&other, &stored).unwrap());
        assert!(!verify_password(&md5, NO_PASSWORD).unwrap());
        assert!(PasswordHash::new(NO_PASSWORD).is_ok(), "the dummy hash must be worked through");
    }

    #[test]
    fn short_and_endless_passwords_are_named() {
        for bad in ["", "1234567", &"x".repeat(1025)] {
            assert!(matches!(legacy_md5(&Secret::new(bad)), Err(Error::Invalid { .. })));
        }
    }
}
