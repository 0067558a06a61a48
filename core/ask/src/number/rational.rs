//! Exact numbers: "a third of an hour" is 1,200 seconds and no more.

/// A quotient of two integers; the lower one is above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rational {
    over: i64,
    under: i64,
}

/// Beyond these bounds nothing is a number that anyone says.
const OVER_MAX: i64 = 1 << 52;
const UNDER_MAX: i64 = 1 << 31;

impl Rational {
    pub(crate) const fn whole(value: i64) -> Self {
        Self { over: value, under: 1 }
    }

    /// `None` where it is out of bounds.
    pub(crate) fn new(over: i64, under: i64) -> Option<Self> {
        let is_bounded = over.unsigned_abs() <= OVER_MAX.unsigned_abs();
        ((1..=UNDER_MAX).contains(&under) && is_bounded).then_some(Self { over, under })
    }

    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let left = self.over.checked_mul(other.under)?;
        let right = other.over.checked_mul(self.under)?;
        Self::new(left.checked_add(right)?, self.under.checked_mul(other.under)?)
    }

    pub(crate) fn times(self, other: Self) -> Option<Self> {
        Self::new(self.over.checked_mul(other.over)?, self.under.checked_mul(other.under)?)
    }

    pub(crate) fn negated(self) -> Self {
        Self { over: -self.over, ..self }
    }

    /// The whole number that it is, if it is one.
    pub(crate) fn exact(self) -> Option<i64> {
        (self.over % self.under == 0).then(|| self.over / self.under)
    }

    /// The greatest whole number that is not above it.
    pub(crate) const fn floor(self) -> i64 {
        self.over.div_euclid(self.under)
    }
}
