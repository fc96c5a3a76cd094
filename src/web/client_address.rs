//! Where a request came from, seen through the proxies that are trusted.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::Request;

/// The header in which each proxy adds the address that it was called from.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the client: the peer, or if that is a trusted proxy, the last hop that is none. `None` when
/// it is not known, since a hop of that chain is no address.
pub(super) fn client_address(request: &Request, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.peer?.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = peer;
    if !is_trusted(&peer) {
        return Some(peer);
    }
    let lines: Vec<&[u8]> = request.header_lines(FORWARDED_FOR).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(|&byte| byte == b',')) {
        let hop = hop.trim_ascii();
        if hop.is_empty() {
            continue;
        }
        nearest = read(hop)?;
        if !is_trusted(&nearest) {
            return Some(nearest);
        }
    }
    // Nobody but proxies: the one farthest away asked.
    Some(nearest)
}

/// An address as proxies write it: bare, with a port, an IPv6 address in brackets or without.
fn read(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|both| both.ip()))?;
    // `[192.0.2.1]` is nothing that a proxy writes.
    (bare.len() == text.len() || address.is_ipv6()).then(|| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted() -> Vec<IpNet> {
        ["10.0.0.0/8", "2001:db8:1::/48"].map(|network| network.parse().unwrap()).to_vec()
    }

    fn of(peer: &str, lines: &[&[u8]]) -> Option<String> {
        let request = Request::new("GET", "dologin.php").peer(peer.parse().unwrap());
        let request = lines.iter().fold(request, |request, line| request.header("X-Forwarded-For", *line));
        client_address(&request, &trusted()).map(|address| address.to_string())
    }

    #[test]
    fn a_peer_that_is_no_trusted_proxy_is_the_client_whatever_it_says() {
        for said in [&b""[..], b"10.0.0.1", b"198.51.100.1", b"\xff"] {
            assert_eq!(of("203.0.113.9", &[said]).unwrap(), "203.0.113.9");
        }
        assert_eq!(of("::ffff:203.0.113.9", &[b"198.51.100.1"]).unwrap(), "203.0.113.9");
        let nobody = Request::new("GET", "x").header("X-Forwarded-For", "198.51.100.1");
        assert_eq!(client_address(&nobody, &trusted()), None);
        let trusting_nobody = Request::new("GET", "x").peer("10.0.0.1".parse().unwrap());
        let request = trusting_nobody.header("X-Forwarded-For", "198.51.100.1");
        assert_eq!(client_address(&request, &[]), Some("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn behind_trusted_proxies_the_last_hop_that_is_none_is_the_client() {
        for (lines, client) in [
            (&[&b"198.51.100.1"[..]][..], "198.51.100.1"),
            (&[b"192.0.2.66, 198.51.100.1"], "198.51.100.1"),
            (&[b"192.0.2.66", b"198.51.100.1", b"10.1.1.1"], "198.51.100.1"),
            (&[b"192.0.2.66,198.51.100.1 ,\t10.1.1.1,2001:db8:1::7"], "198.51.100.1"),
            (&[b"garbage, 198.51.100.1, 10.1.1.1"], "198.51.100.1"),
            (&[b"198.51.100.1:4711"], "198.51.100.1"),
            (&[b"2001:db8:2::1"], "2001:db8:2::1"),
            (&[b"[2001:db8:2::1]"], "2001:db8:2::1"),
            (&[b"[2001:db8:2::1]:443, [2001:db8:1::1]:80"], "2001:db8:2::1"),
            (&[b"::ffff:198.51.100.1"], "198.51.100.1"),
            (&[b"198.51.100.1, ::ffff:10.1.1.1"], "198.51.100.1"),
            (&[b"198.51.100.1,,"], "198.51.100.1"),
            (&[b"10.7.7.7, 10.1.1.1"], "10.7.7.7"),
            (&[], "10.0.0.1"),
            (&[b" , "], "10.0.0.1"),
        ] {
            assert_eq!(of("10.0.0.1", lines).as_deref(), Some(client), "{lines:?}");
        }
        assert_eq!(of("::ffff:10.0.0.1", &[b"198.51.100.1"]).unwrap(), "198.51.100.1");
    }

    #[test]
    fn a_hop_that_is_no_address_makes_the_client_unknown() {
        for line in [
            &b"unknown"[..],
            b"198.51.100.1, _hidden",
            b"198.51.100.1, \xff\xfe",
            b"198.51.100.1.5",
            b"198.51.100.1:99999",
            b"[198.51.100.1]",
            b"[2001:db8:2::1",
            b"fe80::1%eth0",
            b"\"198.51.100.1\"",
            b"198.51.100.1;10.0.0.1",
        ] {
            assert_eq!(of("10.0.0.1", &[line]), None, "{line:?}");
        }
    }
}
