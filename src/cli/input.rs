//! What people type: values from standard input, times and durations.
//!
//! A token, secret, key or session id given as `-` is read from standard input, so that it stands neither in
//! the list of processes nor in the shell's history. Each takes one line; where a command reads several, they
//! come in the order that its help names.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use gatepass::clock::{Clock, SystemClock, Timestamp};
use gatepass::secret::Secret;
use gatepass::settings::Confirm;
use ipnet::IpNet;

use super::failure::Failure;

/// Stands for standard input.
const STDIN: &str = "-";

/// The longest line that is read, in bytes: far beyond every token, key and link.
const LONGEST_LINE: u64 = 64 * 1024;

/// The bytes given, or the next line of standard input for `-`, without its line end.
pub(crate) fn bytes(field: &'static str, given: &str) -> Result<Vec<u8>, Failure> {
    if given != STDIN {
        return Ok(given.as_bytes().to_vec());
    }
    let stdin = io::stdin();
    if stdin.is_terminal() && io::stderr().is_terminal() {
        // Without a prompt a person would think that the tool hangs. If it can't be shown, the line is read
        // all the same.
        let _ = write!(io::stderr(), "{}: ", field.replace('_', " "));
    }
    let mut line = Vec::new();
    let read = stdin.lock().take(LONGEST_LINE + 1).read_until(b'\n', &mut line);
    read.map_err(|error| Failure::invalid(field, format!("standard input: {}", error.kind())))?;
    if line.is_empty() {
        return Err(Failure::invalid(field, "was expected as a line of standard input"));
    }
    if line.len() as u64 > LONGEST_LINE {
        return Err(Failure::invalid(field, "must not be longer than 64 KiB"));
    }
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    Ok(line)
}

/// The same as a text.
pub(crate) fn text(field: &'static str, given: &str) -> Result<Secret, Failure> {
    String::from_utf8(bytes(field, given)?)
        .map(Secret::new)
        .map_err(|_| Failure::invalid(field, "must be UTF-8"))
}

/// A duration: a whole number with a unit, `90s`, `15m`, `2h`, `30d` or `4w`; `ms` as well, and `0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be a whole number with a unit: 500ms, 90s, 15m, 2h, 30d or 4w".to_owned();
        if text == "0" {
            return Ok(Span(Duration::ZERO));
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return Err(wrong()),
        };
        // Beyond a thousand years somebody slipped.
        match number.checked_mul(millis) {
            Some(millis) if millis <= 366_000 * 86_400_000 => Ok(Span(Duration::from_millis(millis))),
            _ => Err("is too long".to_owned()),
        }
    }
}

/// A number of seconds, also with a fraction: `10`, `0.5`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seconds(pub(crate) Duration);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be a number of seconds from 0 to 86400".to_owned();
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let seconds: f64 = if plain { text.parse().map_err(|_| wrong())? } else { return Err(wrong()) };
        if !(0.0..=86_400.0).contains(&seconds) {
            return Err(wrong());
        }
        Duration::try_from_secs_f64(seconds).map(Seconds).map_err(|_| wrong())
    }
}

/// A point in time as people say it: so long before or after now (`24h`), a day (`2026-11-22`, its midnight
/// in UTC) or a time in RFC 3339 (`2026-11-22T14:13:46Z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So far from now; the command knows the direction.
    Away(Duration),
    /// This time.
    At(Timestamp),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(Span(away)) = text.parse() {
            return Ok(Moment::Away(away));
        }
        let at = Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")));
        at.map(Moment::At).ok_or_else(|| {
            "must be a duration (24h, 30d), a day (2026-11-22) or a time (2026-11-22T14:13:46Z)".to_owned()
        })
    }
}

impl Moment {
    /// That time, durations counted back from now.
    pub(crate) fn past(self) -> Timestamp {
        match self {
            Moment::Away(away) => now().minus(away),
            Moment::At(at) => at,
        }
    }

    /// That time, durations counted on from now.
    pub(crate) fn coming(self) -> Timestamp {
        match self {
            Moment::Away(away) => now().plus(away),
            Moment::At(at) => at,
        }
    }
}

/// The present time by the clock that the library goes by.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// An address or a range of them: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let one = || text.parse::<IpAddr>().map(IpNet::from).ok();
    text.parse().ok().or_else(one).ok_or_else(|| "must be an address or a CIDR range".to_owned())
}

/// When a sign-in page asks first.
pub(crate) fn confirm(text: &str) -> Result<Confirm, String> {
    Confirm::parse(text).ok_or_else(|| "must be other_user or always".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_times_a_day() {
        assert_eq!("2h".parse(), Ok(Span(Duration::from_secs(7_200))));
        assert_eq!("30d".parse(), Ok(Span(Duration::from_secs(30 * 86_400))));
        assert_eq!("0".parse(), Ok(Span(Duration::ZERO)));
        for bad in ["", "5", "h", "-1h", "1.5h", "1 h", "1y", "99999999999w", "18446744073709551616s"] {
            assert!(bad.parse::<Span>().is_err(), "{bad:?}");
        }
        let midnight = Timestamp::parse("2026-11-22T00:00:00Z").unwrap();
        assert_eq!("2026-11-22".parse(), Ok(Moment::At(midnight)));
        assert_eq!("2026-11-22T01:00:00+01:00".parse(), Ok(Moment::At(midnight)));
        for bad in ["", "tomorrow", "2026-13-01", "2026-11-22 10:00", "22.11.2026"] {
            assert!(bad.parse::<Moment>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn seconds_may_have_a_fraction_and_nothing_else() {
        assert_eq!("0.5".parse(), Ok(Seconds(Duration::from_millis(500))));
        for bad in ["", ".", "-1", "1e3", "inf", "NaN", "86401", "1s"] {
            assert!(bad.parse::<Seconds>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_single_address_is_a_range_of_one() {
        assert_eq!(network("203.0.113.7").unwrap().to_string(), "203.0.113.7/32");
        assert_eq!(network("2001:db8::/32").unwrap().to_string(), "2001:db8::/32");
        assert!(network("203.0.113.0/33").is_err());
    }
}
