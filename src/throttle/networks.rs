//! Failures per network, and the advice that follows.

use std::fmt;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use super::{Table, fingerprint, locked};
use crate::clock::Timestamp;

/// A count is halved each time that this long has passed.
const HALF_LIFE: i64 = 60_000;

/// As many recent failures draw no advice: people mistype.
const FREE: u32 = 5;

/// A /48 holds 65,536 networks of /64: one customer's, or many people's. It is given more room.
const FREE_WIDE: u32 = 40;

/// The longest advice, in seconds.
const LONGEST: u64 = 60;

/// How many places a network may stand at.
const WAYS: usize = 8;

/// Counts recent failures per network: IPv4 by /24, IPv6 by /64 and, for somebody who owns many of those,
/// summed by /48. An IPv4 address in IPv6 clothes (`::ffff:192.0.2.1`) is the IPv4 address. Failures without
/// an address, of callers in the same process, are counted together.
///
/// It gives advice and nothing else: the caller passes it on as `retry_after` with a refusal that stands
/// already.
///
/// The tables take some 100 KB and never grow. When all places for a network are taken, the one with the
/// fewest recent failures makes room, the stalest among equals: a flood of networks that fail once each can't
/// wash out one that fails often. Each kind of network has a table of its own, so that IPv6, where networks
/// cost nothing, can't touch the counts of IPv4. Addresses are kept only as fingerprints under a seed.
pub(crate) struct Throttle {
    seed: [u8; 16],
    tables: Mutex<[Table<Entry>; 3]>,
}

#[derive(Clone, Copy)]
struct Entry {
    fingerprint: u64,
    count: u32,
    /// When the count was last halved, or began.
    since: i64,
}

impl Entry {
    const EMPTY: Entry = Entry { fingerprint: 0, count: 0, since: 0 };

    /// Halve as often as the time since then says.
    fn decay(&mut self, now: i64) {
        // Were a time in the future left standing, the count would stay until the clock comes round to it.
        self.since = self.since.min(now);
        let periods = now.saturating_sub(self.since) / HALF_LIFE;
        self.count = self.count.checked_shr(u32::try_from(periods).unwrap_or(u32::MAX)).unwrap_or(0);
        self.since = self.since.saturating_add(periods.saturating_mul(HALF_LIFE));
    }
}

/// A network that an address belongs to: its table, its significant bytes and how many failures are free.
struct Network {
    table: usize,
    bytes: [u8; 8],
    free: u32,
}

impl Throttle {
    /// Empty tables. `seed` is drawn at random by the caller, once per process or store.
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        let table = |places| Table::new(places, Entry::EMPTY);
        Throttle { seed, tables: Mutex::new([table(2048), table(1024), table(1024)]) }
    }

    /// Count a failure, and advise how long to wait before the next try: nothing for the first few, then 1 s,
    /// doubling with each further failure up to a minute. The count is halved every minute.
    pub(crate) fn failed(&self, address: Option<IpAddr>, now: Timestamp) -> Option<Duration> {
        let mut tables = locked(&self.tables);
        let advice = networks(address).into_iter().flatten().map(|network| {
            let count = self.count(&mut tables, &network, now, 1);
            advice(count.saturating_sub(network.free))
        });
        advice.max().flatten()
    }

    /// The recent failures of the address's network: of its /24, or the greater number of its /64 and its
    /// /48.
    #[cfg(test)]
    fn failures(&self, address: Option<IpAddr>, now: Timestamp) -> u32 {
        let mut tables = locked(&self.tables);
        let counts = networks(address).into_iter().flatten().map(|it| self.count(&mut tables, &it, now, 0));
        counts.max().unwrap_or(0)
    }

    /// The network's count after `more` failures were added to it.
    fn count(&self, tables: &mut [Table<Entry>; 3], network: &Network, now: Timestamp, more: u32) -> u32 {
        let now = now.as_millis();
        let mark = fingerprint(&self.seed, network.table as u8, &network.bytes);
        let places = tables[network.table].places(WAYS, mark);
        for entry in &mut *places {
            entry.decay(now);
        }
        let known = places.iter().position(|entry| entry.fingerprint == mark);
        let entry = match known {
            Some(at) => Some(&mut places[at]),
            None if more == 0 => None,
            None => places.iter_mut().min_by_key(|entry| (entry.count, entry.since)),
        };
        let Some(entry) = entry else { return 0 };
        if entry.fingerprint != mark || entry.count == 0 {
            *entry = Entry { fingerprint: mark, count: 0, since: now };
        }
        entry.count = entry.count.saturating_add(more);
        entry.count
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle").finish_non_exhaustive()
    }
}

fn advice(excess: u32) -> Option<Duration> {
    let doublings = excess.checked_sub(1)?;
    Some(Duration::from_secs(1u64.checked_shl(doublings).unwrap_or(LONGEST).clamp(1, LONGEST)))
}

fn networks(address: Option<IpAddr>) -> [Option<Network>; 2] {
    let network = |table, significant: &[u8], free| {
        let mut bytes = [0; 8];
        bytes[..significant.len()].copy_from_slice(significant);
        Some(Network { table, bytes, free })
    };
    match address.map(|address| address.to_canonical()) {
        // The fourth byte is set apart from every /24, whose fourth byte is zero.
        None => [network(0, &[0, 0, 0, 1], FREE), None],
        Some(IpAddr::V4(v4)) => [network(0, &v4.octets()[..3], FREE), None],
        Some(IpAddr::V6(v6)) => {
            [network(1, &v6.octets()[..8], FREE), network(2, &v6.octets()[..6], FREE_WIDE)]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn throttle() -> Throttle {
        Throttle::new([7; 16])
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_millis(START.as_millis() + seconds * 1000)
    }

    #[test]
    fn a_few_failures_are_free_and_then_the_wait_grows_to_a_minute() {
        let throttle = throttle();
        let waits: Vec<_> = (0..14)
            .map(|_| throttle.failed(ip("192.0.2.1"), START).map_or(0, |wait| wait.as_secs()))
            .collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(throttle.failures(ip("192.0.2.1"), START), 14);
        assert_eq!(advice(u32::MAX), Some(Duration::from_secs(60)));
    }

    #[test]
    fn a_count_fades_with_time() {
        let throttle = throttle();
        for _ in 0..16 {
            throttle.failed(None, START);
        }
        for (seconds, left) in [(0, 16), (59, 16), (60, 8), (119, 8), (120, 4), (300, 0), (1_000_000_000, 0)]
        {
            assert_eq!(throttle.failures(None, after(seconds)), left, "after {seconds} s");
        }
        assert_eq!(throttle.failed(None, after(301)), None);
    }

    #[test]
    fn neighbours_count_together_and_strangers_apart() {
        let throttle = throttle();
        for last in 0..10 {
            throttle.failed(ip(&format!("192.0.2.{last}")), START);
        }
        assert_eq!(throttle.failures(ip("192.0.2.255"), START), 10);
        for other in ["192.0.3.1", "0.0.0.0", "0.0.0.1", "::1", "2001:db8::1"] {
            assert_eq!(throttle.failures(ip(other), START), 0, "{other}");
        }
        assert_eq!(throttle.failures(None, START), 0);
    }

    #[test]
    fn an_ipv4_address_counts_the_same_in_ipv6_clothes() {
        let throttle = throttle();
        throttle.failed(ip("::ffff:192.0.2.1"), START);
        throttle.failed(ip("192.0.2.2"), START);
        assert_eq!(throttle.failures(ip("::ffff:c000:203"), START), 2);
        assert_eq!(throttle.failures(ip("192.0.2.3"), START), 2);
        assert_eq!(throttle.failures(ip("::ffff:198.51.100.1"), START), 0);
    }

    #[test]
    fn somebody_with_many_networks_is_counted_by_their_sum() {
        let throttle = throttle();
        let mut advised = 0;
        for network in 0..60 {
            let address = ip(&format!("2001:db8:0:{network:x}::1"));
            advised += u32::from(throttle.failed(address, START).is_some());
        }
        assert_eq!(advised, 20, "40 are free for a /48");
        assert_eq!(throttle.failures(ip("2001:db8:0:ffff::1"), START), 60);
        assert_eq!(throttle.failures(ip("2001:db8:1::1"), START), 0);
        assert_eq!(throttle.failed(ip("2001:db8:1::1"), START), None);
    }

    #[test]
    fn a_flood_of_networks_takes_no_memory_and_washes_out_nobody_who_fails_often() {
        let throttle = throttle();
        for _ in 0..20 {
            throttle.failed(ip("192.0.2.1"), START);
            throttle.failed(ip("2001:db8:7:7::1"), START);
        }
        // Each from another /48, so that both tables of IPv6 are flooded; and later, so that the two are the
        // stalest.
        for network in 0..300_000u128 {
            let address = IpAddr::V6(Ipv6Addr::from((0x2a00 << 112) | (network << 80)));
            throttle.failed(Some(address), after(30));
        }
        assert_eq!(throttle.failures(ip("192.0.2.1"), after(30)), 20);
        assert_eq!(throttle.failures(ip("2001:db8:7:7::1"), after(30)), 20);
        let tables = locked(&throttle.tables);
        let bytes: usize = tables.iter().map(|table| std::mem::size_of_val(&*table.entries)).sum();
        assert!(bytes <= 100_000, "{bytes}");
        assert!(
            tables[0].entries.iter().filter(|entry| entry.fingerprint != 0).count() == 1,
            "IPv6 is in IPv4's table"
        );
        assert!(
            tables[1].entries.iter().all(|entry| entry.fingerprint != 0),
            "the flood did not fill the table"
        );
    }

    #[test]
    fn a_newcomer_is_counted_also_in_a_full_table() {
        let throttle = throttle();
        for entry in &mut locked(&throttle.tables)[0].entries {
            *entry = Entry { fingerprint: u64::MAX, count: 1000, since: START.as_millis() };
        }
        for count in 1..=10 {
            throttle.failed(ip("192.0.2.1"), START);
            assert_eq!(throttle.failures(ip("192.0.2.1"), START), count);
        }
    }

    #[test]
    fn a_clock_set_back_neither_panics_nor_freezes() {
        let throttle = throttle();
        for _ in 0..16 {
            throttle.failed(None, after(100_000));
        }
        assert_eq!(throttle.failures(None, START), 16);
        assert_eq!(throttle.failures(None, after(60)), 8, "the count waits for the old time to come again");
        for now in [i64::MIN, i64::MAX, 0, i64::MAX, i64::MIN, -1] {
            throttle.failed(None, Timestamp::from_millis(now));
            throttle.failures(None, Timestamp::from_millis(now));
        }
    }

    #[test]
    fn nobody_without_the_seed_knows_the_places() {
        let mark = |seed: u8| fingerprint(&[seed; 16], 0, &[192, 0, 2]);
        assert_ne!(mark(1), mark(2));
        assert_ne!(fingerprint(&[1; 16], 1, &[0; 8]), fingerprint(&[1; 16], 2, &[0; 8]));
    }

    /// Memory of this process, in bytes.
    #[cfg(target_os = "linux")]
    fn memory() -> u64 {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
    }

    /// An address unlike those of the numbers near this one: IPv4, or a /64 of its own in IPv6.
    #[cfg(target_os = "linux")]
    fn scattered(number: u64) -> IpAddr {
        // splitmix64, whose constants these are.
        let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        match number % 2 {
            0 => IpAddr::V4(std::net::Ipv4Addr::from((mixed >> 16) as u32)),
            _ => IpAddr::V6(Ipv6Addr::from((0x2001_0db8 << 96) | (u128::from(mixed) << 32) | 1)),
        }
    }

    /// The measure is that of the whole process, in which other tests run too. So this test runs once more as
    /// a process of its own.
    #[test]
    #[cfg(target_os = "linux")]
    fn counting_failures_takes_no_more_memory_however_many_networks_there_are() {
        const ALONE: &str = "GATEPASS_TEST_ALONE";
        const NETWORKS: u64 = 400_000;
        const LITTLE: u64 = 4 << 20;
        if std::env::var_os(ALONE).is_none() {
            let thread = std::thread::current();
            let alone = std::process::Command::new(std::env::current_exe().unwrap())
                .args([thread.name().unwrap(), "--exact", "--test-threads=1"])
                .env(ALONE, "")
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&alone.stdout);
            assert!(alone.status.success() && text.contains("1 passed"), "{text}");
            return;
        }
        let throttle = throttle();
        throttle.failed(Some(scattered(0)), START);
        let before = memory();
        for number in 0..NETWORKS {
            throttle.failed(Some(scattered(number)), START);
        }
        let grown = memory().saturating_sub(before);
        assert!(grown < LITTLE, "{grown} bytes more");

        // One that remembers each address is seen.
        let mut remembered = std::collections::HashMap::new();
        let before = memory();
        for number in 0..NETWORKS {
            *remembered.entry(scattered(number)).or_insert(0u32) += 1;
        }
        let kept = memory().saturating_sub(before);
        assert!(kept > LITTLE, "the measure sees nothing: {kept} bytes, {} addresses", remembered.len());
    }
}
