//! What a credential may do, as it stands in its column: a JSON text, which each act reads.

use std::cell::RefCell;
use std::sync::Arc;

use crate::credential::Limits;

/// So many texts a thread remembers the meaning of.
const KEPT: usize = 16;

thread_local! {
    /// The texts that were read last, and what they say. A text is compared whole, so what is remembered of
    /// it can't be out of date.
    static READ: RefCell<Vec<(Box<str>, Arc<Limits>)>> = const { RefCell::new(Vec::new()) };
}

/// What a text says.
pub(super) fn read(text: &str) -> serde_json::Result<Arc<Limits>> {
    READ.with_borrow_mut(|read| {
        if let Some((_, known)) = read.iter().find(|(known, _)| **known == *text) {
            return Ok(Arc::clone(known));
        }
        let limits: Arc<Limits> = serde_json::from_str(text).map(Arc::new)?;
        if read.len() == KEPT {
            read.remove(0);
        }
        read.push((text.into(), Arc::clone(&limits)));
        Ok(limits)
    })
}

/// As it is stored.
pub(super) fn text(limits: &Limits) -> String {
    serde_json::json!(limits).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_for_what_it_says_whatever_was_read_before() {
        let one = |most| Limits { issues_per_minute: Some(most), ..Limits::default() };
        for most in (0..40).chain(0..40) {
            assert_eq!(*read(&text(&one(most))).unwrap(), one(most));
        }
        assert!(Arc::ptr_eq(&read(&text(&one(39))).unwrap(), &read(&text(&one(39))).unwrap()));
        assert!(read("{").is_err());
        READ.with_borrow(|kept| assert_eq!(kept.len(), KEPT));
    }
}
