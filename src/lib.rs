//! Gatepass.
pub mod autoauth;
pub mod clock;
pub mod credential;
pub mod error;
pub mod id;
pub mod seal;
pub mod secret;
pub mod throttle;
pub mod audit {
    #![allow(missing_docs)]
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct AuditRef;
}
pub mod session {
    #![allow(missing_docs)]
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct RedemptionId;
}
pub use error::{Error, Reason, Refusal, Result, StoreError};
