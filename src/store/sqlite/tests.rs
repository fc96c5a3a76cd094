//! What only this backend promises.
