//! What the public parsers promise about every text there is: they take exactly what they write themselves,
//! and panic at nothing. (The parsers of paths, AutoAuth links, credentials and sealing keys have such tests
//! beside them.)

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::str::FromStr;

use gatepass::audit::{AuditRef, EventKind};
use gatepass::clock::Timestamp;
use gatepass::destination::SystemUrl;
use gatepass::directory::{ClientStatus, Email};
use gatepass::id::{ClientId, ItemId, UserId};
use gatepass::secret::Reference;
use gatepass::session::{RedemptionId, SessionId};
use gatepass::token::Token;
use gatepass::{Error, Reason};
use proptest::prelude::*;

/// Hex, nearly hex, and anything else.
fn nearly_hex() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}",
        "[0-9a-f]{0,70}",
        "[0-9a-fA-FgGxX \\-]{20,66}",
        "[0-9a-f]{39}\\PC",
        ".{0,80}",
    ]
}

/// Whether a text is so many lower-case hex characters.
fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_shown_as_hex_is_read_only_as_it_is_shown(text in nearly_hex()) {
        let token = Token::parse(&text);
        prop_assert_eq!(token.as_ref().map(Token::reveal), is_hex(&text, 40).then(|| text.clone()));
        let session = SessionId::parse(&text);
        prop_assert_eq!(session.as_ref().map(SessionId::reveal), is_hex(&text, 64).then(|| text.clone()));
        let reference = Reference::parse(&text);
        prop_assert_eq!(reference.map(|it| it.to_string()), is_hex(&text, 24).then(|| text.clone()));
        let redemption = RedemptionId::parse(&text);
        prop_assert_eq!(redemption.map(|it| it.to_string()), is_hex(&text, 32).then(|| text.clone()));
        for shown in [format!("{token:?}"), format!("{session:?}")] {
            prop_assert!(text.len() < 40 || !shown.contains(&text));
        }
    }

    #[test]
    fn any_bytes_may_be_a_token_s_text(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let good = std::str::from_utf8(&bytes).is_ok_and(|text| is_hex(text, 40));
        prop_assert_eq!(Token::parse(&bytes).is_some(), good);
    }

    #[test]
    fn an_id_is_a_positive_number_in_its_one_spelling(
        text in "[+-]?0{0,2}[0-9]{0,20}|[ 0-9a-z.]{0,6}|.{0,6}",
        id: i64,
    ) {
        for (read, shown) in [
            (UserId::from_str(&text).map(UserId::get), text.clone()),
            (ClientId::from_str(&text).map(ClientId::get), text.clone()),
            (ItemId::from_str(&id.to_string()).map(ItemId::get), id.to_string()),
        ] {
            match read {
                Ok(number) => prop_assert!(number > 0 && number.to_string() == shown),
                Err(Error::Invalid { .. }) => {
                    prop_assert!(shown.parse().map_or(true, |number: i64| number <= 0) || !plain(&shown));
                }
                Err(other) => prop_assert!(false, "{other:?}"),
            }
        }
        prop_assert_eq!(UserId::new(id).is_ok(), id > 0);
        let json = serde_json::from_value::<UserId>(serde_json::json!(id));
        prop_assert_eq!(json.is_ok(), id > 0);
    }

    #[test]
    fn a_time_reads_back_to_the_millisecond(millis in -62_167_219_200_000i64..253_402_300_800_000, any: i64) {
        let at = Timestamp::from_millis(millis);
        prop_assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
        prop_assert_eq!(serde_json::from_value::<Timestamp>(serde_json::json!(at)).ok(), Some(at));
        let anywhere = Timestamp::from_millis(any);
        prop_assert!(!anywhere.to_string().is_empty());
        prop_assert!(anywhere.as_seconds() <= any / 1_000);
    }

    #[test]
    fn no_text_makes_a_parser_of_times_panic(
        text in prop_oneof![
            "[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}[Tt ][0-9:]{5,9}(\\.[0-9]{0,12})?(Z|z|[+-][0-9]{2}:?[0-9]{2})?",
            ".{0,40}",
        ],
    ) {
        if let Some(at) = Timestamp::parse(&text) {
            // Whatever was read is a time that can be written again, or lies beyond what has a name.
            prop_assert!(Timestamp::parse(&at.to_string()) == Some(at) || at.to_string().ends_with(" ms")
                || at.to_string().starts_with('-'));
        }
    }

    #[test]
    fn a_reference_number_is_read_only_as_it_is_shown(
        text in "[0-9]{0,20}-[0-9]{0,20}|[-+ 0-9]{0,12}|.{0,20}",
    ) {
        if let Some(reference) = AuditRef::parse(&text) {
            let bare = |part: &str| part.trim_start_matches('0').to_owned();
            let shown = reference.to_string();
            prop_assert!(text.split('-').map(bare).eq(shown.split('-').map(bare)), "{text} became {shown}");
            prop_assert_eq!(AuditRef::parse(&shown), Some(reference));
        }
    }

    #[test]
    fn an_address_is_its_own_normal_form(
        text in "[ \\t]{0,2}[a-zA-Z+.é@\\PC]{0,12}@?[a-zA-Z.ß\\PC]{0,12}[ \\n]{0,2}|.{0,300}",
    ) {
        if let Ok(email) = Email::parse(&text) {
            let normal = email.as_str();
            prop_assert_eq!(Email::parse(normal).unwrap(), email.clone());
            prop_assert!(normal.len() <= Email::LONGEST && normal.contains('@'));
            prop_assert!(!normal.chars().any(|c| c.is_control() || c.is_ascii_uppercase()));
            // Nothing but ASCII blanks at the ends and the case of ASCII letters may differ from what was
            // given.
            let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace());
            prop_assert!(trimmed.eq_ignore_ascii_case(normal));
            let debug = format!("{email:?}");
            prop_assert!(!debug.contains(normal));
        }
    }

    #[test]
    fn a_system_url_is_its_own_normal_form(
        text in prop_oneof![
            "(https?|HTTPS|ftp)?:?/{0,3}[a-zA-Z0-9.@\\[\\]:-]{0,20}(:[0-9]{0,6})?[/a-zA-Z.%?#\\\\-]{0,12}",
            ".{0,60}",
        ],
    ) {
        if let Ok(url) = SystemUrl::parse(&text) {
            let normal = url.as_str().to_owned();
            prop_assert_eq!(SystemUrl::parse(&normal).unwrap(), url);
            prop_assert!(normal.starts_with("https://") || normal.starts_with("http://"));
            prop_assert!(!normal.ends_with('/') && !normal.contains(['@', '?', '#', '\\', '%']));
        }
    }

    #[test]
    fn words_are_found_only_as_they_are_written(text in ".{0,20}|[a-z_.]{0,20}") {
        let reason = Reason::ALL.iter().find(|reason| reason.code() == text);
        prop_assert_eq!(Reason::from_code(&text), reason.copied());
        let kind = EventKind::ALL.iter().find(|kind| kind.code() == text);
        prop_assert_eq!(EventKind::from_code(&text), kind.copied());
        if let Some(status) = ClientStatus::parse(&text) {
            prop_assert!(status.as_str().eq_ignore_ascii_case(&text));
        }
    }
}

/// Digits without sign or leading zero.
fn plain(text: &str) -> bool {
    !text.starts_with('0') && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
