//! Name-based UUIDs (RFC 9562 §5.5, version 5): the same thing of the same store always has the same one.

use sha1::{Digest, Sha1};

/// The UUID of a name in a namespace, in its text form.
pub(super) fn of_name(namespace: &[u8; 16], name: &str) -> String {
    let digest = Sha1::new().chain_update(namespace).chain_update(name).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = crate::secret::hex(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_of_the_rfc_comes_out() {
        // RFC 9562, appendix A.4: the namespace DNS and "www.example.com".
        let dns = 0x6ba7b810_9dad_11d1_80b4_00c04fd430c8_u128.to_be_bytes();
        assert_eq!(super::of_name(&dns, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }
}
