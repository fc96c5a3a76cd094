//! Reading the audit.

use super::Gatepass;
use crate::audit::{AuditEvent, AuditQuery, AuditRef};
use crate::error::{Error, Result};

impl Gatepass {
    /// Events in a time range, oldest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a range that ends before it begins, or a limit out of range.
    pub fn audit_events(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>> {
        if query.to < query.from {
            return Err(Error::invalid("to", "must not lie before `from`"));
        }
        let limit = query.checked_limit()?;
        Ok(self.store.audit_events(query, limit)?)
    }

    /// The event of that reference number, as refusal pages show it.
    pub fn audit_event(&self, reference: AuditRef) -> Result<Option<AuditEvent>> {
        let millisecond = std::time::Duration::from_millis(1);
        let query = AuditQuery {
            after: (reference.seq > 0).then(|| AuditRef { at: reference.at, seq: reference.seq - 1 }),
            ..AuditQuery::between(reference.at, reference.at.plus(millisecond))
        };
        Ok(self.store.audit_events(&query, 1)?.pop().filter(|event| event.reference == reference))
    }
}
