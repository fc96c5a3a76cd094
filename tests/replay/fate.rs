//! What a power cut does to changes that are not on the disk for certain: none, some or all of them are there,
//! some in part.

use super::dice::Dice;

/// What a disk is told as a whole, and the least that it writes so.
pub(crate) const SECTOR: usize = 512;

/// What becomes of changes that are not synced.
pub(crate) enum Fate {
    Lost,
    Kept,
    First(usize),
    Each(usize),
    Torn(usize),
}

impl Fate {
    pub(crate) fn draw(dice: &mut Dice, changes: usize) -> Self {
        match dice.below(10) {
            0..=2 => Fate::Lost,
            3 => Fate::Kept,
            4 => Fate::First(dice.below(changes + 1)),
            // One missing, one kept, or a half.
            5..=7 => Fate::Each([5, 50, 95][dice.below(3)]),
            _ => Fate::Torn([5, 50, 95][dice.below(3)]),
        }
    }

    pub(crate) fn keeps(&self, place: usize, dice: &mut Dice) -> bool {
        match self {
            Fate::Lost => false,
            Fate::Kept => true,
            Fate::First(many) => place < *many,
            Fate::Each(percent) | Fate::Torn(percent) => dice.percent(*percent),
        }
    }
}

/// Parts of a write that lie in different sectors, or blocks, of that size.
pub(crate) fn parts(at: usize, bytes: &[u8], size: usize) -> impl Iterator<Item = (usize, &[u8])> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let left = &bytes[from..];
        let length = left.len().min(size - (at + from) % size);
        from += length;
        (length > 0).then_some((at + from - length, &left[..length]))
    })
}
