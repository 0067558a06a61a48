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

#[cfg(feature = "measures")]
impl Rational {
    /// The same in lowest terms.
    pub(crate) const fn reduced(self) -> Self {
        // The lower one is above zero, and so is what divides both.
        let divisor = common(self.over, self.under);
        Self { over: self.over / divisor, under: self.under / divisor }
    }

    /// It divided by a quotient of integers that are above zero.
    pub(crate) fn divided(self, over: u32, under: u32) -> Option<Self> {
        let other = Self::new(under.into(), over.into())?.reduced();
        let (left, right) = (common(self.over, other.under), common(other.over, self.under));
        let over = (self.over / left).checked_mul(other.over / right)?;
        Self::new(over, (self.under / right).checked_mul(other.under / left)?)
    }

    /// The nearest whole number.
    pub(crate) fn rounded(self) -> Option<i64> {
        let doubled = self.over.checked_mul(2)?.checked_add(self.under)?;
        Some(doubled.div_euclid(self.under * 2))
    }

    /// The whole number that it is, or that is within a millionth of it.
    pub(crate) fn nearly(self) -> Option<i64> {
        let near = self.rounded()?;
        let off = self.over.checked_sub(near.checked_mul(self.under)?)?;
        (off.unsigned_abs().checked_mul(1_000_000)? <= self.under.unsigned_abs()).then_some(near)
    }
}

/// The greatest integer that divides both, of which the second is above zero.
#[cfg(feature = "measures")]
const fn common(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b > 0 {
        (a, b) = (b, a % b);
    }
    // Bounds of both are far below those of the type.
    a as i64
}
