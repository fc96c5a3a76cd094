use super::*;
use proptest::prelude::*;

/// Half past two in the night of a day.
const NOW: Timestamp = Timestamp::from_millis(20_000 * DAY + 2 * HOUR + HOUR / 2);

fn over(days: u32) -> LinkReportQuery {
    LinkReportQuery::default().days(days)
}

fn happened(label: Option<&str>, hours_ago: i64, what: LinkTally, count: u64) -> Tallied {
    let at = hour_of(Timestamp::from_millis(NOW.as_millis() - hours_ago * HOUR));
    Tallied { label: label.map(str::to_owned), at, what, count }
}

#[test]
fn a_range_begins_with_a_whole_hour_or_day() {
    let starts = |days| range_of(&over(days), NOW).unwrap().as_millis();
    let day = NOW.as_millis() - HOUR / 2;
    assert_eq!((starts(1), starts(7)), (day - DAY, day - 7 * DAY));
    let midnight = NOW.as_millis() - 2 * HOUR - HOUR / 2;
    assert_eq!((starts(8), starts(3_650)), (midnight - 8 * DAY, midnight - 3_650 * DAY));
    assert_eq!(LinkReportQuery::default().days, 30);
    let read: LinkReportQuery = serde_json::from_str("{}").unwrap();
    assert_eq!((read.days, read.label), (30, None));
}

#[test]
fn a_query_that_makes_no_sense_names_the_field() {
    for query in [over(0), over(3_651), over(u32::MAX)] {
        assert!(matches!(range_of(&query, NOW), Err(Error::Invalid { field, .. }) if field == "days"));
    }
    for label in [String::new(), "x".repeat(101), "a\0".to_owned()] {
        let query = LinkReportQuery::of_label(label);
        assert!(matches!(range_of(&query, NOW), Err(Error::Invalid { field, .. }) if field == "label"));
    }
}

#[test]
fn each_kind_stands_in_its_own_column_and_in_its_hour() {
    let used = LinkTally::Refused(Reason::LinkUsed);
    let counted = [
        happened(Some("offer"), 5, LinkTally::Created, 7),
        happened(Some("offer"), 5, LinkTally::Opened, 3),
        happened(Some("offer"), 4, LinkTally::Reopened, 2),
        happened(Some("offer"), 4, used, 5),
        happened(Some("offer"), 3, used, 1),
        happened(Some("offer"), 3, LinkTally::Refused(Reason::LinkExpired), 2),
        happened(Some("offer"), 6, LinkTally::NotCreated(Reason::RateLimited), 9),
        happened(Some("offer"), 2, LinkTally::Ended(LinkEnd::Revoked), 1),
        happened(Some("offer"), 2, LinkTally::Ended(LinkEnd::Superseded), 2),
        happened(Some("offer"), 2, LinkTally::Ended(LinkEnd::EmailChanged), 3),
        happened(Some("offer"), 2, LinkTally::Ended(LinkEnd::PasswordChanged), 4),
        happened(Some("offer"), 1, LinkTally::Expired, 1),
        happened(Some("offer"), 0, LinkTally::Live, 2),
        happened(None, 1, LinkTally::Created, 1),
    ];
    let query = over(1);
    let from = range_of(&query, NOW).unwrap();
    let report = report_of(&query, from, NOW, &counted);
    assert_eq!((report.from, report.to, report.step_seconds), (from, NOW, 3_600));
    let [unnamed, offer] = &report.labels[..] else { panic!("{report:?}") };
    assert_eq!((&unnamed.label, unnamed.created), (&None, 1), "links without a label come first");
    assert_eq!(offer.label.as_deref(), Some("offer"));
    assert_eq!((offer.created, offer.opened, offer.openings), (7, 3, 5));
    assert_eq!((offer.expired, offer.live), (1, 2));
    assert_eq!((offer.revoked, offer.superseded, offer.outdated), (1, 2, 7));
    let refusal = |reason, count| RefusalCount { reason, count };
    assert_eq!(offer.refused, [refusal(Reason::LinkUsed, 6), refusal(Reason::LinkExpired, 2)]);
    assert_eq!(offer.not_created, [refusal(Reason::RateLimited, 9)]);
    let at = |hours_ago| happened(None, hours_ago, LinkTally::Created, 1).at;
    let moments = [
        LinkMoment { at: at(5), created: 7, openings: 3, ..LinkMoment::default() },
        LinkMoment { at: at(4), openings: 2, refused: 5, ..LinkMoment::default() },
        LinkMoment { at: at(3), refused: 3, ..LinkMoment::default() },
        LinkMoment { at: at(2), ended: 10, ..LinkMoment::default() },
        LinkMoment { at: at(1), expired: 1, ..LinkMoment::default() },
    ];
    assert_eq!(offer.over_time, moments, "what is live now, and what was never made, is of no hour");
}

#[test]
fn more_than_a_week_is_told_by_days_of_utc() {
    // Half past two in the night: three hours ago was yesterday.
    let counted = [2, 3, 26, 27].map(|hours| happened(None, hours, LinkTally::Created, 1));
    let query = over(8);
    let report = report_of(&query, range_of(&query, NOW).unwrap(), NOW, &counted);
    assert_eq!(report.step_seconds, 86_400);
    let days: Vec<_> = report.labels[0].over_time.iter().map(|day| (day.at, day.created)).collect();
    let midnight = NOW.as_millis() - 2 * HOUR - HOUR / 2;
    let day = |back: i64| Timestamp::from_millis(midnight - back * DAY);
    assert_eq!(days, [(day(2), 1), (day(1), 2), (day(0), 1)]);
}

#[test]
fn every_tally_reads_back_and_what_a_newer_release_counts_is_left_out() {
    let ends = LinkEnd::ALL.map(LinkTally::Ended);
    let reasons =
        Reason::ALL.iter().flat_map(|&reason| [LinkTally::Refused(reason), LinkTally::NotCreated(reason)]);
    let plain =
        [LinkTally::Created, LinkTally::Opened, LinkTally::Reopened, LinkTally::Expired, LinkTally::Live];
    for tally in plain.into_iter().chain(ends).chain(reasons) {
        assert_eq!(LinkTally::parse(&tally.code()), Some(tally));
    }
    for code in ["", "forwarded", "ended:", "ended:forwarded", "refused:no_such_reason", "sent:created"] {
        assert_eq!(LinkTally::parse(code), None, "{code}");
    }
}

#[test]
fn counts_that_pass_all_bounds_stay_at_the_highest() {
    let counted = [1, u64::MAX].map(|count| happened(None, 1, LinkTally::Reopened, count));
    let report = report_of(&over(1), NOW.minus(Duration::from_secs(86_400)), NOW, &counted);
    assert_eq!(report.labels[0].openings, u64::MAX);
}

proptest! {
    #[test]
    fn what_stands_under_the_hours_or_days_adds_up_to_the_row(
        days in 1..60_u32,
        counts in proptest::collection::vec((0..1_400_i64, 0..4_usize, 0..1_000_u64), 0..60),
    ) {
        let kinds = [LinkTally::Created, LinkTally::Opened, LinkTally::Reopened, LinkTally::Expired];
        let query = over(days);
        let from = range_of(&query, NOW).unwrap();
        let counted: Vec<_> = counts
            .into_iter()
            .map(|(hours, kind, count)| happened(None, hours, kinds[kind], count))
            .filter(|tally| tally.at >= from)
            .collect();
        let report = report_of(&query, from, NOW, &counted);
        for row in &report.labels {
            let sum = |of: fn(&LinkMoment) -> u64| row.over_time.iter().map(of).sum::<u64>();
            prop_assert_eq!(sum(|moment| moment.created), row.created);
            prop_assert_eq!(sum(|moment| moment.openings), row.openings);
            prop_assert_eq!(sum(|moment| moment.expired), row.expired);
            prop_assert!(row.over_time.iter().all(|moment| moment.at >= from && moment.at <= NOW));
            prop_assert!(row.over_time.windows(2).all(|pair| pair[0].at < pair[1].at));
        }
    }
}
