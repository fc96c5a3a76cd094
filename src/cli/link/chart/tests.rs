//! The picture is well-formed, its bars' heights say the counts, and what it is told can't break out of it.

use roxmltree::{Document, Node};

use super::*;

const DAY: i64 = 24 * HOUR;

fn days(counts: &[[u64; 5]]) -> Vec<Step> {
    let first = Timestamp::parse("2026-10-01T00:00:00Z").unwrap().as_millis();
    let step = |(at, counts): (usize, &[u64; 5])| {
        let at = Timestamp::from_millis(first + i64::try_from(at).unwrap() * DAY);
        Step { at, counts: *counts }
    };
    counts.iter().enumerate().map(step).collect()
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

fn of_class<'a, 'input>(document: &'a Document<'input>, class: &str) -> Vec<Node<'a, 'input>> {
    document.descendants().filter(|node| node.attribute("class") == Some(class)).collect()
}

fn said<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default()
}

/// Series, height and foot of each part of a bar.
fn parts(bar: Node<'_, '_>) -> Vec<(usize, f64, f64)> {
    bar.children()
        .filter_map(|part| {
            let series = part.attribute("class")?.strip_prefix('s')?.parse().ok()?;
            Some((series, number(part, "height"), number(part, "y") + number(part, "height")))
        })
        .collect()
}

#[test]
fn the_heights_of_the_bars_say_the_counts() {
    let counts = [[3, 2, 1, 0, 4], [0, 0, 0, 0, 0], [10, 0, 0, 7, 0], [0, 1, 0, 0, 0]];
    let svg = svg("Sign-in links", &days(&counts), DAY);
    let document = Document::parse(&svg).unwrap();
    // The axis says how many pixels one is.
    let axis: Vec<(f64, f64)> = of_class(&document, "count")
        .iter()
        .map(|label| (said(*label).parse().unwrap(), number(*label, "y")))
        .collect();
    let (zero, highest) = (axis[0], *axis.last().unwrap());
    assert_eq!(zero.0, 0.0);
    assert!(highest.0 >= 17.0 && axis.len() <= 6, "{axis:?}");
    assert!(highest.1 - 4.0 >= TOP - 0.02, "the axis ends above the picture's field: {axis:?}");
    let one = (zero.1 - highest.1) / highest.0;
    let bars = of_class(&document, "step");
    assert_eq!(bars.len(), counts.len());
    for (bar, counts) in bars.into_iter().zip(counts) {
        let mut foot = FLOOR;
        let mut drawn = [0; 5];
        for (series, height, below) in parts(bar) {
            assert!((height / one - counts[series] as f64).abs() < 0.01, "{counts:?}: {height}");
            assert!((below - foot).abs() < 0.02, "{counts:?}: a part floats");
            foot -= height;
            drawn[series] = counts[series];
        }
        assert_eq!(drawn, counts, "a count is not drawn");
        assert!(foot >= TOP - 0.02, "{counts:?} does not fit");
    }
    let hover = said(of_class(&document, "step")[0].first_element_child().unwrap());
    assert_eq!(hover, "2026-10-01: 3 created, 2 openings, 1 expired, 4 refused");
    let legend: Vec<&str> = of_class(&document, "name").into_iter().map(said).collect();
    assert_eq!(legend, ["created 13", "openings 3", "expired 1", "ended 7", "refused 4"]);
}

#[test]
fn what_it_is_told_is_text_and_never_markup() {
    let heading = "<script>&\"'</title>\u{1b}[2J\u{FFFF}";
    let svg = svg(heading, &days(&[[1, 0, 0, 0, 0]]), DAY);
    let document = Document::parse(&svg).unwrap();
    assert!(!document.descendants().any(|node| node.has_tag_name("script")));
    let expected = "<script>&\"'</title>\u{FFFD}[2J\u{FFFD}";
    let title = document.root_element().first_element_child().unwrap();
    assert_eq!((title.tag_name().name(), said(title)), ("title", expected));
    assert_eq!(said(of_class(&document, "heading")[0]), expected);
    let long = super::svg(&"W".repeat(100), &[], DAY);
    let long = Document::parse(&long).unwrap();
    assert_eq!(said(of_class(&long, "heading")[0]).chars().count(), LONGEST_HEADING);
    assert_eq!(said(long.root_element().first_element_child().unwrap()).len(), 100);
}

#[test]
fn one_step_ninety_and_ten_years_are_readable() {
    for (count, bars) in [(1, 1), (2, 2), (31, 31), (90, 90), (169, 169), (3_651, 183)] {
        let svg = svg("x", &days(&vec![[1, 0, 0, 0, 0]; count]), DAY);
        let document = Document::parse(&svg).unwrap();
        let drawn = of_class(&document, "step");
        assert_eq!(drawn.len(), bars, "of {count}");
        let all: u64 = drawn
            .iter()
            .map(|bar| said(bar.first_element_child().unwrap()))
            .map(|told| {
                told.rsplit(": ").next().unwrap().trim_end_matches(" created").parse::<u64>().unwrap()
            })
            .sum();
        assert_eq!(all, count as u64, "some were lost");
        let (range, hover) = (said(of_class(&document, "quiet")[0]), drawn[0].first_element_child().unwrap());
        if count == 3_651 {
            assert!(range.ends_with(", 20 days a bar (UTC)"), "{range}");
            assert_eq!(said(hover), "2026-10-01 to 2026-10-20: 20 created");
        } else {
            assert!(range.ends_with(", by the day (UTC)"), "{range}");
            assert_eq!(said(hover), "2026-10-01: 1 created");
        }
        let dates = of_class(&document, "date");
        assert!((1..=MOST_DATES).contains(&dates.len()), "{} dates for {count}", dates.len());
        for pair in dates.windows(2) {
            assert!(number(pair[1], "x") - number(pair[0], "x") > 74.0, "dates overlap for {count}");
        }
        let last = number(*dates.last().unwrap(), "x");
        assert!(last + 37.0 <= WIDTH && number(dates[0], "x") >= 37.0, "a date is cut off for {count}");
        for part in of_class(&document, "s0").into_iter().skip(1) {
            let (x, width) = (number(part, "x"), number(part, "width"));
            assert!((2.0..=WIDEST).contains(&width) && x >= LEFT && x + width <= RIGHT + 0.01);
        }
    }
}

#[test]
fn hours_tell_the_time_of_day() {
    let hours: Vec<Step> = (0..169)
        .map(|hour| Step { at: Timestamp::from_millis(1_795_384_800_000 + hour * HOUR), counts: [0; 5] })
        .collect();
    let svg = svg("x", &hours, HOUR);
    let document = Document::parse(&svg).unwrap();
    let dates: Vec<&str> = of_class(&document, "date").into_iter().map(said).collect();
    assert_eq!(dates.len(), 7);
    assert!(dates.iter().all(|date| date.ends_with(" 00:00")), "{dates:?}");
    assert!(said(of_class(&document, "quiet")[0]).ends_with(":00, by the hour (UTC)"));
}

#[test]
fn with_nothing_in_it_the_picture_says_so() {
    for steps in [vec![], days(&[[0; 5]; 31])] {
        let svg = svg("Sign-in links", &steps, DAY);
        let document = Document::parse(&svg).unwrap();
        assert_eq!(said(of_class(&document, "middle")[0]), "Nothing happened in this time.");
        assert!(of_class(&document, "step").into_iter().all(|bar| parts(bar).is_empty()));
        assert!(document.descendants().any(|node| node.has_tag_name("desc")));
    }
    let busy = svg("x", &days(&[[1, 0, 0, 0, 0]]), DAY);
    assert!(!busy.contains("Nothing happened"));
}

#[test]
fn the_axis_takes_round_steps_and_any_count() {
    for (highest, step) in [(0, 1), (1, 1), (5, 1), (6, 2), (10, 2), (11, 5), (25, 5), (26, 10), (101, 50)] {
        assert_eq!(tick(highest), step, "{highest}");
    }
    let svg = svg("x", &days(&[[u64::MAX, u64::MAX, 1, 0, 0]]), DAY);
    assert!(Document::parse(&svg).is_ok() && !svg.contains("NaN") && !svg.contains("inf"));
}
