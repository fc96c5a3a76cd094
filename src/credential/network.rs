//! Lists of addresses that calls may come from: single ones (`203.0.113.7`) and CIDR ranges
//! (`203.0.113.0/24`).

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An address or a range of them. A single address is the range of its own; mapped IPv4 addresses count as
/// IPv4, as in [`within`].
fn network(text: &str) -> Option<IpNet> {
    let one = || text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()));
    text.parse().ok().or_else(one)
}

/// Reads a list of addresses and ranges.
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let wrong = || serde::de::Error::custom("must be addresses or CIDR ranges");
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| network(text).ok_or_else(wrong)).collect()
}

/// A JSON list in which single addresses are spelled out as ranges. What is neither stays as it is.
pub(crate) fn spelled_out(list: Value) -> Value {
    let range = |entry: Value| match entry.as_str().and_then(network) {
        Some(network) => Value::from(network.to_string()),
        None => entry,
    };
    match list {
        Value::Array(entries) => entries.into_iter().map(range).collect(),
        other => other,
    }
}

/// Whether an address stands in a list; an empty list means any. Mapped IPv4 addresses count as IPv4.
pub(crate) fn within(list: &[IpNet], address: Option<IpAddr>) -> bool {
    list.is_empty()
        || address.is_some_and(|address| {
            let address = address.to_canonical();
            list.iter().any(|net| net.contains(&address))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Limits;
    use serde_json::json;

    #[test]
    fn a_single_address_stands_for_itself_alone() {
        let limits: Limits = serde_json::from_value(
            json!({ "addresses": ["203.0.113.7", "::ffff:198.51.100.1", "2001:db8::/32"] }),
        )
        .unwrap();
        let allowed = |text: &str| within(&limits.addresses, Some(text.parse().unwrap()));
        assert!(allowed("203.0.113.7") && allowed("::ffff:203.0.113.7") && allowed("198.51.100.1"));
        assert!(allowed("2001:db8:1::1"));
        assert!(!allowed("203.0.113.8") && !allowed("2001:db9::1"));
        assert!(!within(&limits.addresses, None));
        for bad in ["", "203.0.113", "203.0.113.0/33", "example.com"] {
            let read = serde_json::from_value::<Limits>(json!({ "addresses": [bad] }));
            assert!(read.is_err(), "{bad:?} was taken for an address");
        }
    }
}
