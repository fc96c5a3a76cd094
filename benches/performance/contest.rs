//! Sides that do the same work by turns.

/// What a side showed in a round. Times in microseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    pub(crate) per_second: f64,
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    pub(crate) worst: Option<f64>,
    /// What the slowest worker got done over what the fastest did.
    pub(crate) share: Option<f64>,
}

impl Sample {
    /// So many in so long, and nothing else known.
    pub(crate) fn of(count: usize, seconds: f64) -> Self {
        Sample { per_second: count as f64 / seconds, ..Sample::default() }
    }

    /// Microseconds for each.
    pub(crate) fn each(&self) -> f64 {
        1e6 / self.per_second
    }
}

/// One that takes part.
pub(crate) trait Side {
    fn name(&self) -> String;
    fn round(&mut self) -> Sample;
}

/// A side that is a function.
struct Act<F>(String, F);

impl<F: FnMut() -> Sample> Side for Act<F> {
    fn name(&self) -> String {
        self.0.clone()
    }

    fn round(&mut self) -> Sample {
        (self.1)()
    }
}

/// A side of this name, whose round is this function.
pub(crate) fn side<'a>(name: impl Into<String>, round: impl FnMut() -> Sample + 'a) -> Box<dyn Side + 'a> {
    Box::new(Act(name.into(), round))
}

/// Let the sides work by turns, and say what each came to, in the order given: of every figure the median of
/// the rounds, and of the longest wait the longest. A first round only warms up. Each round begins with
/// another side, so that nobody always comes after the same one.
pub(crate) fn contest(rounds: usize, sides: &mut [Box<dyn Side + '_>]) -> Vec<Sample> {
    for side in sides.iter_mut() {
        side.round();
    }
    let mut seen = vec![Vec::new(); sides.len()];
    for round in 0..rounds {
        for turn in 0..sides.len() {
            let at = (round + turn) % sides.len();
            seen[at].push(sides[at].round());
        }
    }
    seen.iter().map(|rounds| typical(rounds)).collect()
}

/// What several rounds of one side come to.
fn typical(rounds: &[Sample]) -> Sample {
    let of = |figure: fn(&Sample) -> Option<f64>| -> Vec<f64> { rounds.iter().filter_map(figure).collect() };
    Sample {
        per_second: median(of(|sample| Some(sample.per_second))).expect("at least one round"),
        p50: median(of(|sample| sample.p50)),
        p99: median(of(|sample| sample.p99)),
        worst: of(|sample| sample.worst).into_iter().reduce(f64::max),
        share: median(of(|sample| sample.share)),
    }
}

/// The one in the middle, or the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    Some(if values.len() % 2 == 1 { upper } else { (values[values.len() / 2 - 1] + upper) / 2.0 })
}

/// The value that this part of all, from 0 to 1, don't exceed; of sorted values.
pub(crate) fn percentile(sorted: &[f64], part: f64) -> Option<f64> {
    let rank = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}
