//! Random numbers that come again with the same seed.

/// A generator (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// The run's seed: `REPLAY_SEED`, or another one each time. It is printed, so that a run can be had
    /// again.
    pub(crate) fn seed() -> u64 {
        let given =
            std::env::var("REPLAY_SEED").ok().map(|text| text.parse().expect("REPLAY_SEED is a number"));
        let seed = given.unwrap_or_else(now);
        println!("REPLAY_SEED={seed}");
        seed
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Others, for somebody who draws by himself.
    pub(crate) fn split(&mut self) -> Self {
        Dice(self.next())
    }

    /// From 0 to `below`, which is not among them.
    pub(crate) fn below(&mut self, below: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(below.max(1)).unwrap()).unwrap()
    }

    /// Yes, in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::from(since.subsec_nanos()) ^ (since.as_secs() << 20)
}
