//! Charts of lines as SVG: no script and no fonts of their own, readable on light and on dark ground.

use std::fmt::Write;

use crate::part::{Plot, figure};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
/// Around the axes: left, right, top, bottom.
const LEFT: f64 = 84.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 56.0;
/// Between two names in the legend.
const STEP: f64 = 18.0;

/// Colours that can be told apart by everybody (Okabe and Ito), on light and on dark ground alike.
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"];
/// Told apart without colour too.
const DASHES: [&str; 7] = ["none", "7 3", "2 3", "10 3 2 3", "none", "7 3", "2 3"];

/// An axis: where a value lies between two ends, on a straight or a logarithmic scale.
struct Axis {
    log: bool,
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Axis {
    /// A value's place from 0 to 1.
    fn at(&self, value: f64) -> f64 {
        let of = |value: f64| if self.log { value.log10() } else { value };
        (of(value) - of(self.low)) / (of(self.high) - of(self.low))
    }

    /// For values that are measured: from nothing or a power of ten to a round number.
    fn of(values: &[f64], log: bool) -> Axis {
        let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        if log {
            let least = values.iter().copied().filter(|it| *it > 0.0).fold(most, f64::min);
            let (low, high) = (least.log10().floor(), most.log10().ceil());
            let high = if high > low { high } else { low + 1.0 };
            let ticks = (0..=(high - low) as i32).map(|power| 10_f64.powf(low + f64::from(power))).collect();
            return Axis { log, low: 10_f64.powf(low), high: 10_f64.powf(high), ticks };
        }
        let step = step(most / 5.0);
        let count = (most / step).ceil();
        let ticks = (0..=count as i32).map(|at| f64::from(at) * step).collect();
        Axis { log, low: 0.0, high: count * step, ticks }
    }

    /// For values that were chosen: these and no others are marked.
    fn chosen(values: &[f64], log: bool) -> Axis {
        let mut ticks = values.to_vec();
        ticks.sort_by(f64::total_cmp);
        ticks.dedup();
        let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
        Axis { log, low, high: if high > low { high } else { low + 1.0 }, ticks }
    }
}

/// The next 1, 2 or 5 of a power of ten.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|it| it * power >= least);
    round.unwrap_or(10.0) * power
}

/// So many points of a line at most are marked below.
const MOST_TICKS: usize = 10;

/// The chart. A line's name stands beside its own end of the legend, which lies above the axes.
pub(crate) fn svg(plot: &Plot) -> String {
    let all = |of: fn(&(f64, f64)) -> f64| -> Vec<f64> {
        plot.lines.iter().flat_map(|line| line.points.iter().map(of)).collect()
    };
    let (xs, ys) = (all(|point| point.0), all(|point| point.1));
    assert!(!xs.is_empty(), "{} shows nothing", plot.file);
    let top = TOP + STEP * plot.lines.len() as f64;
    let height = HEIGHT + STEP * plot.lines.len() as f64;
    let few = xs.len() <= MOST_TICKS * plot.lines.len();
    let across = if few { Axis::chosen(&xs, plot.log_x) } else { Axis::of(&xs, plot.log_x) };
    let up = Axis::of(&ys, plot.log_y);
    let x = |value: f64| LEFT + across.at(value) * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| height - BOTTOM - up.at(value) * (height - BOTTOM - top);

    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">
<style>
text {{ font: 13px system-ui, sans-serif; fill: #24292f }}
.title {{ font-size: 15px; font-weight: 600 }}
.ground {{ fill: #ffffff }}
.grid {{ stroke: #d0d7de }}
@media (prefers-color-scheme: dark) {{
  text {{ fill: #e6edf3 }}
  .ground {{ fill: #0d1117 }}
  .grid {{ stroke: #30363d }}
}}
</style>
<rect class="ground" width="100%" height="100%"/>
<text class="title" x="{LEFT}" y="26">{title}</text>
"#,
        title = escaped(&plot.title)
    );
    for tick in &up.ticks {
        let at = y(*tick);
        let label = figure_short(*tick);
        _ = writeln!(
            svg,
            r#"<line class="grid" x1="{LEFT}" x2="{:.1}" y1="{at:.1}" y2="{at:.1}"/>"#,
            WIDTH - RIGHT
        );
        _ = writeln!(
            svg,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{label}</text>"#,
            LEFT - 8.0,
            at + 4.0
        );
    }
    for tick in &across.ticks {
        let at = x(*tick);
        let label = figure_short(*tick);
        _ = writeln!(
            svg,
            r#"<line class="grid" x1="{at:.1}" x2="{at:.1}" y1="{top:.1}" y2="{:.1}"/>"#,
            height - BOTTOM
        );
        _ = writeln!(
            svg,
            r#"<text x="{at:.1}" y="{:.1}" text-anchor="middle">{label}</text>"#,
            height - BOTTOM + 18.0
        );
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    _ = writeln!(
        svg,
        r#"<text x="{middle}" y="{:.1}" text-anchor="middle">{}</text>"#,
        height - 14.0,
        escaped(&plot.x)
    );
    let middle = (top + height - BOTTOM) / 2.0;
    _ = writeln!(
        svg,
        r#"<text transform="translate(18 {middle:.1}) rotate(-90)" text-anchor="middle">{}</text>"#,
        escaped(&plot.y)
    );
    for (at, line) in plot.lines.iter().enumerate() {
        let (colour, dash) = (COLOURS[at % COLOURS.len()], DASHES[at % DASHES.len()]);
        let stroke = format!(r#"stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}" fill="none""#);
        let points: Vec<(f64, f64)> = line.points.iter().map(|&(at, value)| (x(at), y(value))).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        _ = writeln!(svg, r#"<polyline points="{}" {stroke}/>"#, path.join(" "));
        for (x, y) in points {
            _ = writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3.5" fill="{colour}"/>"#);
        }
        let level = TOP + STEP * at as f64;
        _ = writeln!(
            svg,
            r#"<line x1="{LEFT}" x2="{:.1}" y1="{level}" y2="{level}" {stroke}/>"#,
            LEFT + 36.0
        );
        _ = writeln!(
            svg,
            r#"<text x="{:.1}" y="{:.1}">{}</text>"#,
            LEFT + 44.0,
            level + 4.0,
            escaped(&line.name)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// A tick's label: `10M` rather than ten million.
fn figure_short(value: f64) -> String {
    let (short, unit) = match value {
        it if it >= 1e6 => (it / 1e6, "M"),
        it if it >= 1e5 => (it / 1e3, "k"),
        it => (it, ""),
    };
    let text = figure(short);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
