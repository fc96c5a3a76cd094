//! Counts over time as an SVG picture: one stacked bar per step, with axes, a legend and the numbers by hover.
//!
//! It knows counts and words, nothing of links or stores. A step's height is its counts' sum on the scale of the
//! axis, so what can't be seen is little. The picture takes no script and fetches nothing; it follows the
//! reader's choice of light or dark, and says what it shows to those who can't see it.

use std::fmt::Write as _;

use gatepass::clock::Timestamp;

use super::super::table::shown;

/// What is counted, from the foot of a bar to its top. `expired` are links that were never used.
pub(super) const SERIES: [&str; 5] = ["created", "openings", "expired", "ended", "refused"];

/// The colours of the series, on light and on dark ground. Those next to each other differ for every eye.
const COLOURS: [(&str, &str); 5] = [
    ("#0b6bb0", "#5fb3ea"),
    ("#0a8f6a", "#3fcf9f"),
    ("#8a8f98", "#9aa1ad"),
    ("#d99000", "#f2bd4b"),
    ("#c8431f", "#f4835f"),
];

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = WIDTH - 40.0;
const TOP: f64 = 104.0;
const FLOOR: f64 = HEIGHT - 44.0;

/// More bars can't be told apart; then each takes several steps.
const MOST_BARS: usize = 184;

/// So many dates fit below the axis.
const MOST_DATES: usize = 10;

/// A bar is not made wider, however few there are.
const WIDEST: f64 = 48.0;

/// So many characters fit into the heading.
const LONGEST_HEADING: usize = 60;

const HOUR: i64 = 3_600_000;

/// A length of time and what was counted in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) at: Timestamp,
    pub(super) counts: [u64; SERIES.len()],
}

impl Step {
    fn sum(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// The picture of steps that follow each other without a gap, each so many milliseconds long.
pub(super) fn svg(heading: &str, steps: &[Step], step_millis: i64) -> String {
    let per_bar = steps.len().div_ceil(MOST_BARS).max(1);
    let bars: Vec<Step> = steps.chunks(per_bar).filter_map(merged).collect();
    let bar_millis = step_millis.saturating_mul(i64::try_from(per_bar).unwrap_or(i64::MAX));
    let chart = Chart { heading, bars, step_millis, bar_millis };
    let mut svg = String::new();
    // Nothing that is written to a string fails.
    let _ = chart.draw(&mut svg);
    svg
}

/// Steps added up.
fn merged(steps: &[Step]) -> Option<Step> {
    let mut all = *steps.first()?;
    for step in &steps[1..] {
        for (sum, count) in all.counts.iter_mut().zip(step.counts) {
            *sum = sum.saturating_add(count);
        }
    }
    Some(all)
}

struct Chart<'a> {
    heading: &'a str,
    bars: Vec<Step>,
    step_millis: i64,
    bar_millis: i64,
}

impl Chart<'_> {
    fn draw(&self, svg: &mut String) -> std::fmt::Result {
        let tick = tick(self.bars.iter().map(Step::sum).max().unwrap_or(0));
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" role=\"img\" aria-labelledby=\"chart-title chart-desc\">"
        )?;
        writeln!(svg, "<title id=\"chart-title\">{}</title>", escaped(self.heading))?;
        writeln!(svg, "<desc id=\"chart-desc\">{}</desc>", escaped(&self.description()))?;
        style(svg)?;
        writeln!(svg, "<rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>")?;
        text(svg, "heading", LEFT, 36.0, &shortened(self.heading))?;
        text(svg, "quiet", LEFT, 58.0, &self.range())?;
        self.legend(svg)?;
        let top = self.rules(svg, tick)?;
        for (at, bar) in self.bars.iter().enumerate() {
            self.bar(svg, at, bar, top)?;
        }
        self.dates(svg)?;
        if self.bars.iter().all(|bar| bar.sum() == 0) {
            text(svg, "middle", (LEFT + RIGHT) / 2.0, (TOP + FLOOR) / 2.0, "Nothing happened in this time.")?;
        }
        svg.push_str("</svg>\n");
        Ok(())
    }

    fn totals(&self) -> [u64; SERIES.len()] {
        merged(&self.bars).map_or([0; SERIES.len()], |all| all.counts)
    }

    /// From when to when, and how long a bar is.
    fn range(&self) -> String {
        let count = |millis: i64, unit: &str| match millis {
            1 => format!("by the {unit}"),
            many => format!("{many} {unit}s a bar"),
        };
        let steps = match self.bar_millis / HOUR {
            hours if hours % 24 == 0 => count(hours / 24, "day"),
            hours => count(hours, "hour"),
        };
        match (self.bars.first(), self.bars.last()) {
            (Some(first), Some(last)) => {
                format!("{} to {}, {steps} (UTC)", self.date(first.at), self.date(last.at))
            }
            _ => "no time at all".to_owned(),
        }
    }

    fn description(&self) -> String {
        let counts = SERIES.iter().zip(self.totals()).map(|(name, count)| format!("{count} {name}"));
        format!("{}: {}.", self.range(), counts.collect::<Vec<_>>().join(", "))
    }

    /// A day, or an hour of one.
    fn date(&self, at: Timestamp) -> String {
        let text = at.to_string();
        let day = text.get(..10).unwrap_or(&text);
        match text.get(11..16) {
            Some(clock) if self.step_millis % (24 * HOUR) != 0 => format!("{day} {clock}"),
            _ => day.to_owned(),
        }
    }

    fn legend(&self, svg: &mut String) -> std::fmt::Result {
        let mut x = LEFT;
        for (at, (name, count)) in SERIES.iter().zip(self.totals()).enumerate() {
            let said = format!("{name} {count}");
            writeln!(svg, "<rect class=\"s{at}\" x=\"{x}\" y=\"74\" width=\"11\" height=\"11\" rx=\"2\"/>")?;
            text(svg, "name", x + 17.0, 84.0, &said)?;
            // A character of the font is about so wide.
            x += 46.0 + 7.0 * to_f64(said.len() as u64);
        }
        Ok(())
    }

    /// The lines across with their counts; how many the uppermost stands for.
    fn rules(&self, svg: &mut String, tick: u64) -> Result<u64, std::fmt::Error> {
        let highest = self.bars.iter().map(Step::sum).max().unwrap_or(0).max(1);
        let lines = highest.div_ceil(tick);
        let top = lines.saturating_mul(tick);
        for line in 0..=lines {
            let count = line.saturating_mul(tick);
            let y = FLOOR - height(count, top);
            let class = if line == 0 { "axis" } else { "rule" };
            writeln!(svg, "<path class=\"{class}\" d=\"M{LEFT} {y:.2}H{RIGHT}\"/>")?;
            text(svg, "count", LEFT - 8.0, y + 4.0, &count.to_string())?;
        }
        Ok(top)
    }

    /// How wide the place of a bar is.
    fn slot(&self) -> f64 {
        (RIGHT - LEFT) / to_f64(self.bars.len().max(1) as u64)
    }

    fn bar(&self, svg: &mut String, at: usize, bar: &Step, top: u64) -> std::fmt::Result {
        let slot = self.slot();
        let left = LEFT + slot * to_f64(at as u64);
        let width = (slot * 0.8).min(WIDEST);
        let x = left + (slot - width) / 2.0;
        writeln!(svg, "<g class=\"step\"><title>{}</title>", escaped(&self.said(bar)))?;
        // The whole height answers to the mouse, or little counts could not be asked for.
        writeln!(
            svg,
            "<rect class=\"place\" x=\"{left:.2}\" y=\"{TOP}\" width=\"{slot:.2}\" height=\"{}\"/>",
            FLOOR - TOP
        )?;
        let mut y = FLOOR;
        for (series, &count) in bar.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let high = height(count, top);
            y -= high;
            writeln!(
                svg,
                "<rect class=\"s{series}\" x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{high:.2}\"/>"
            )?;
        }
        svg.push_str("</g>\n");
        Ok(())
    }

    /// What a bar stands for, in words.
    fn said(&self, bar: &Step) -> String {
        let counts: Vec<String> = SERIES
            .iter()
            .zip(bar.counts)
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        let from = self.date(bar.at);
        let when = if self.bar_millis == self.step_millis {
            from
        } else {
            let last = bar.at.as_millis().saturating_add(self.bar_millis - self.step_millis);
            format!("{from} to {}", self.date(Timestamp::from_millis(last)))
        };
        if counts.is_empty() { format!("{when}: nothing") } else { format!("{when}: {}", counts.join(", ")) }
    }

    /// Dates below the axis, as many as fit; of hours, those that divide the day.
    fn dates(&self, svg: &mut String) -> std::fmt::Result {
        const STRIDES: [usize; 13] = [1, 2, 3, 6, 12, 24, 48, 72, 96, 120, 144, 168, 192];
        let stride = STRIDES.into_iter().find(|stride| self.bars.len().div_ceil(*stride) <= MOST_DATES);
        let stride = stride.unwrap_or(MOST_BARS) as i64;
        let slot = self.slot();
        for (at, bar) in self.bars.iter().enumerate() {
            if bar.at.as_millis().div_euclid(self.bar_millis.max(1)) % stride != 0 {
                continue;
            }
            let x = LEFT + slot * (to_f64(at as u64) + 0.5);
            writeln!(svg, "<path class=\"axis\" d=\"M{x:.2} {FLOOR}v5\"/>")?;
            let date = self.date(bar.at);
            // The year of an hour is in the heading.
            let short = if date.len() > 10 { date.get(5..).unwrap_or(&date) } else { &date };
            text(svg, "date", x, FLOOR + 20.0, short)?;
        }
        Ok(())
    }
}

/// A step of the axis of 1, 2 or 5 times a power of ten, so that there are at most five.
fn tick(highest: u64) -> u64 {
    let mut tick = 1_u64;
    for factor in [2, 5, 10].into_iter().cycle() {
        if highest.div_ceil(tick) <= 5 {
            break;
        }
        let power = 10_u64.pow(tick.ilog10());
        match power.checked_mul(factor) {
            Some(next) => tick = next,
            None => break,
        }
    }
    tick
}

/// How high a count is drawn when the axis goes up to `top`.
fn height(count: u64, top: u64) -> f64 {
    (FLOOR - TOP) * to_f64(count) / to_f64(top.max(1))
}

/// Near enough for a picture.
fn to_f64(count: u64) -> f64 {
    count as f64
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, said: &str) -> std::fmt::Result {
    writeln!(svg, "<text class=\"{class}\" x=\"{x:.2}\" y=\"{y:.2}\">{}</text>", escaped(said))
}

/// What fits into one line.
fn shortened(heading: &str) -> String {
    if heading.chars().count() <= LONGEST_HEADING {
        return heading.to_owned();
    }
    heading.chars().take(LONGEST_HEADING - 1).chain(['…']).collect()
}

/// A text as XML has it. What XML can't hold at all is replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in shown(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{FFFE}' | '\u{FFFF}' => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}

fn style(svg: &mut String) -> std::fmt::Result {
    svg.push_str(
        "<style>
text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif; fill: #1c2430 }
.heading { font-size: 19px; font-weight: 600 }
.quiet, .count, .date { fill: #5a6472 }
.count { text-anchor: end; font-size: 12px }
.date { text-anchor: middle; font-size: 12px }
.middle { text-anchor: middle; font-size: 15px; fill: #5a6472 }
.ground { fill: #fff }
.axis { stroke: #7c8694; fill: none }
.rule { stroke: #e2e6eb; fill: none }
.place { fill: transparent }
.step:hover .place { fill: #8b95a333 }
",
    );
    for (at, (light, _)) in COLOURS.iter().enumerate() {
        writeln!(svg, ".s{at} {{ fill: {light} }}")?;
    }
    svg.push_str(
        "@media (prefers-color-scheme: dark) {
text { fill: #e8ecf2 }
.quiet, .count, .date, .middle { fill: #a3adba }
.ground { fill: #15191f }
.axis { stroke: #7c8694 }
.rule { stroke: #2b323b }
",
    );
    for (at, (_, dark)) in COLOURS.iter().enumerate() {
        writeln!(svg, ".s{at} {{ fill: {dark} }}")?;
    }
    svg.push_str("}\n</style>\n");
    Ok(())
}

#[cfg(test)]
mod tests;
