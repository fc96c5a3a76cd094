//! The performance bench can't flatter: medians, the direction of its ratios, and what it says of a goal
//! missed.

#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../benches/performance/contest.rs"]
mod contest;
#[path = "../benches/performance/part.rs"]
mod part;
#[path = "../benches/performance/plot.rs"]
mod plot;
#[path = "../benches/performance/report.rs"]
mod report;
#[path = "../benches/performance/setup.rs"]
mod setup;

use std::cell::RefCell;

use contest::{Sample, contest, median, percentile, side};
use part::{Goal, Line, Part, Plot, figure};
use report::{Run, goals};

fn at(per_second: f64) -> Sample {
    Sample { per_second, worst: Some(1e6 / per_second), share: Some(0.5), ..Sample::default() }
}

fn run(measured: &[f64]) -> Run {
    let goal = |&measured: &f64| Goal { number: 2, what: "x".into(), at_least: 0.95, measured };
    Run {
        parts: vec![Part { goals: measured.iter().map(goal).collect(), ..Part::default() }],
        ..Run::default()
    }
}

#[test]
fn a_figure_is_the_median_of_the_rounds_and_the_worst_wait_the_worst() {
    let mut rounds = [7.0, 100.0, 1.0, 50.0].map(at).into_iter();
    let seen = contest(3, &mut [side("one", || rounds.next().unwrap())]);
    assert_eq!(seen[0].per_second, 50.0, "7 is the warm-up, thrown away; 50 lies between 1 and 100");
    assert_eq!(seen[0].worst, Some(1e6), "the slowest round's, not the middle one's");
    assert_eq!((seen[0].share, seen[0].p99), (Some(0.5), None));
    assert!(rounds.next().is_none());
}

#[test]
fn sides_work_by_turns_and_each_begins_a_round_as_often_as_the_others() {
    let order = RefCell::new(String::new());
    let turn = |name: &'static str| {
        let order = &order;
        side(name, move || {
            order.borrow_mut().push_str(name);
            at(if name == "a" { 1.0 } else { 2.0 })
        })
    };
    let seen = contest(3, &mut [turn("a"), turn("b"), turn("c")]);
    assert_eq!(*order.borrow(), "abcabcbcacab");
    assert_eq!(
        seen.iter().map(|one| one.per_second).collect::<Vec<_>>(),
        [1.0, 2.0, 2.0],
        "in the order given"
    );
}

#[test]
fn medians_and_percentiles() {
    assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    assert_eq!(median(vec![]), None);
    let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
    assert_eq!(percentile(&hundred, 0.5), Some(50.0));
    assert_eq!(percentile(&hundred, 0.99), Some(99.0));
    assert_eq!(percentile(&hundred, 1.0), Some(100.0));
    assert_eq!(percentile(&[5.0], 0.99), Some(5.0));
    assert_eq!(percentile(&[], 0.99), None);
}

#[test]
fn a_ratio_is_above_one_when_we_are_better() {
    let (ours, theirs) = (at(300.0), at(100.0));
    assert_eq!(Goal::faster(1, "more a second", 2.0, &ours, &theirs).measured, 3.0);
    assert_eq!(Goal::faster(1, "less a second", 2.0, &theirs, &ours).measured, 1.0 / 3.0);
    let wait = |sample: &Sample| sample.worst.unwrap();
    let shorter = Goal::shorter(1, "a shorter wait", 2.0, wait(&ours), wait(&theirs)).measured;
    assert!((shorter - 3.0).abs() < 1e-9, "{shorter}");
}

#[test]
fn a_goal_below_its_floor_is_printed_as_missed() {
    assert!(goals(&[&run(&[0.95])]).contains("| 0.950 | met |"));
    assert!(goals(&[&run(&[0.9499])]).contains("| 0.949 | **missed** |"));
    assert!(goals(&[&run(&[f64::NAN])]).contains("| - | **missed** |"));
    assert!(goals(&[&run(&[0.0 / 1.0])]).contains("**missed**"));
}

#[test]
fn a_goal_that_one_run_of_three_missed_is_not_met() {
    let (good, bad, lacking) = (run(&[1.0]), run(&[0.5]), run(&[]));
    assert!(goals(&[&good, &good, &good]).contains("| 1.00, 1.00, 1.00 | met |"));
    assert!(goals(&[&good, &bad, &good]).contains("| 1.00, 0.500, 1.00 | **missed** in 1 of 3 |"));
    assert!(goals(&[&bad, &bad, &bad]).contains("| **missed** |"));
    assert!(goals(&[&lacking, &good, &good]).contains("| -, 1.00, 1.00 | **missed** in 1 of 3 |"));
    assert!(goals(&[&good, &good, &lacking]).contains("**missed** in 1 of 3"), "the last run lacks it");
}

#[test]
fn figures_are_cut_off_and_never_rounded_up() {
    for (value, text) in [
        (14.999, "14.9"),
        (0.9496, "0.949"),
        (0.95, "0.950"),
        (1.7, "1.70"),
        (1.699_99, "1.69"),
        (999.9, "999"),
        (36_505.2, "36,505"),
        (1_234_567.0, "1,234,567"),
        (0.0, "0.000"),
        (f64::INFINITY, "-"),
    ] {
        assert_eq!(figure(value), text, "{value}");
    }
}

#[test]
fn a_chart_is_well_formed_names_its_axes_and_places_more_above_less() {
    let lines = vec![
        Line { name: "a <b>".into(), points: vec![(1.0, 100.0), (10.0, 1000.0), (100.0, 10.0)] },
        Line { name: "c".into(), points: vec![(1.0, 50.0)] },
    ];
    for log_y in [false, true] {
        let plot = Plot {
            title: "t & u".into(),
            x: "threads".into(),
            y: "pairs per second".into(),
            log_x: true,
            log_y,
            lines: lines.clone(),
            ..Plot::default()
        };
        let svg = plot::svg(&plot);
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
        for word in ["t & u", "threads", "pairs per second", "a <b>", "c"] {
            assert!(texts.contains(&word), "{word}");
        }
        let number = |node: &roxmltree::Node<'_, '_>, name| node.attribute(name)?.parse::<f64>().ok();
        let dots = document.descendants().filter(|node| node.has_tag_name("circle"));
        let dots: Vec<(f64, f64)> =
            dots.map(|dot| (number(&dot, "cx").unwrap(), number(&dot, "cy").unwrap())).collect();
        let [one, ten, hundred, other] = dots.as_slice() else { panic!("four points") };
        assert!(ten.1 < one.1 && one.1 < hundred.1, "more lies higher");
        assert!(((ten.0 - one.0) - (hundred.0 - ten.0)).abs() < 0.2, "powers of ten are equally far apart");
        assert_eq!(one.0, other.0);
    }
}
