//! Python's `Decimal`: what results have for decimals and floats.
//!
//! Arithmetic is that of Python's default context: exact, then rounded to 28 significant digits, halves to even. Trailing
//! zeros are kept (`1.50`). A `Decimal` takes part with integers, not with floats; comparisons are exact with both.

use std::cmp::Ordering;
use std::fmt;

use minijinja::value::ValueKind;
use minijinja::{Error, Value};
use num_bigint::BigUint;

use super::failed;
use super::repr::{float_of, float_text};

/// Significant digits of a result.
const PRECISION: usize = 28;
/// Exponents beyond these are refused rather than written out.
const LARGEST_EXPONENT: i64 = 100_000;

/// `(-1)^negative * coefficient * 10^exponent`.
#[derive(Clone, PartialEq, Eq)]
pub struct Decimal {
    pub(super) negative: bool,
    pub(super) coefficient: BigUint,
    pub(super) exponent: i64,
}

pub(super) fn ten_to(power: u64) -> BigUint {
    BigUint::from(10_u32).pow(u32::try_from(power).unwrap_or(u32::MAX))
}

pub(super) fn is_zero(number: &BigUint) -> bool {
    *number == BigUint::ZERO
}

fn digits(number: &BigUint) -> usize {
    number.to_string().len()
}

/// Where digits that go are rounded to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    HalfEven,
    Down,
    Floor,
    Ceiling,
}

impl Decimal {
    /// The number that a text says, in plain or scientific form; none for anything else, infinities included.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) || exponent.abs() > LARGEST_EXPONENT {
            return None;
        }
        let exponent = exponent - i64::try_from(fraction.len()).ok()?;
        Some(Self { negative, coefficient: all.parse().ok()?, exponent })
    }

    /// A float as Python's `repr` writes it; none for infinities and what is not a number.
    pub fn of_float(float: f64) -> Option<Self> {
        Self::parse(&float_text(float))
    }

    /// The number as a value.
    pub fn value(self) -> Value {
        Value::from_object(self)
    }

    fn of_int(int: i128) -> Self {
        Self { negative: int < 0, coefficient: BigUint::from(int.unsigned_abs()), exponent: 0 }
    }

    /// The number behind a `Decimal`, an integer or a boolean.
    pub(super) fn operand(value: &Value) -> Option<Self> {
        match value.kind() {
            ValueKind::Bool => Some(Self::of_int(i128::from(value.is_true()))),
            ValueKind::Number if float_of(value).is_none() => i128::try_from(value.clone()).ok().map(Self::of_int),
            _ => value.downcast_object_ref::<Self>().cloned(),
        }
    }

    /// The nearest float.
    pub fn to_float(&self) -> f64 {
        self.scientific('e').parse().unwrap_or(f64::NAN)
    }

    /// The part before the point.
    pub(crate) fn to_integer(&self) -> i128 {
        let whole = self.scaled_to(0, Rounding::Down);
        let magnitude = i128::try_from(whole.coefficient).unwrap_or(i128::MAX);
        if self.negative { -magnitude } else { magnitude }
    }

    /// The number with another exponent, rounded where digits go.
    pub(super) fn scaled_to(&self, exponent: i64, rounding: Rounding) -> Self {
        let coefficient = if exponent <= self.exponent {
            &self.coefficient * ten_to((self.exponent - exponent).unsigned_abs())
        } else {
            let divisor = ten_to((exponent - self.exponent).unsigned_abs());
            let quotient = &self.coefficient / &divisor;
            let rest = &self.coefficient % &divisor;
            let up = match rounding {
                Rounding::Down => false,
                Rounding::Floor => self.negative && !is_zero(&rest),
                Rounding::Ceiling => !self.negative && !is_zero(&rest),
                Rounding::HalfEven => match (&rest * 2_u32).cmp(&divisor) {
                    Ordering::Equal => &quotient % 2_u32 == BigUint::from(1_u32),
                    order => order == Ordering::Greater,
                },
            };
            if up { quotient + 1_u32 } else { quotient }
        };
        Self { negative: self.negative, coefficient, exponent }
    }

    /// Rounded to the digits of the context.
    fn rounded(self) -> Self {
        let length = digits(&self.coefficient);
        if length <= PRECISION {
            return self;
        }
        let excess = i64::try_from(length - PRECISION).unwrap_or(i64::MAX);
        let shorter = self.scaled_to(self.exponent + excess, Rounding::HalfEven);
        // 99…9 became 100…0, one digit more.
        if digits(&shorter.coefficient) > PRECISION { shorter.rounded() } else { shorter }
    }

    pub(super) fn negated(mut self) -> Self {
        self.negative = !self.negative && !is_zero(&self.coefficient);
        self
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        let (a, b) = (self.scaled_to(exponent, Rounding::Down), other.scaled_to(exponent, Rounding::Down));
        let (negative, coefficient) = if a.negative == b.negative {
            (a.negative, a.coefficient + b.coefficient)
        } else if a.coefficient >= b.coefficient {
            (a.negative && a.coefficient != b.coefficient, a.coefficient - b.coefficient)
        } else {
            (b.negative, b.coefficient - a.coefficient)
        };
        Self { negative, coefficient, exponent }.rounded()
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self {
            negative: self.negative != other.negative,
            coefficient: &self.coefficient * &other.coefficient,
            exponent: self.exponent + other.exponent,
        }
        .rounded()
    }

    pub(super) fn divided_by(&self, other: &Self) -> Result<Self, Error> {
        if is_zero(&other.coefficient) {
            let which = if is_zero(&self.coefficient) { "DivisionUndefined" } else { "DivisionByZero" };
            return Err(failed(format!("[<class 'decimal.{which}'>]")));
        }
        let negative = self.negative != other.negative;
        let ideal = self.exponent - other.exponent;
        if is_zero(&self.coefficient) {
            return Ok(Self { negative, coefficient: BigUint::ZERO, exponent: ideal });
        }
        let longer = digits(&other.coefficient) + PRECISION + 1;
        let shift = i64::try_from(longer).unwrap_or(0) - i64::try_from(digits(&self.coefficient)).unwrap_or(0);
        let mut exponent = ideal - shift;
        let power = ten_to(shift.unsigned_abs());
        let (dividend, divisor) = if shift >= 0 {
            (&self.coefficient * power, other.coefficient.clone())
        } else {
            (self.coefficient.clone(), &other.coefficient * power)
        };
        let mut coefficient = &dividend / &divisor;
        if is_zero(&(dividend % divisor)) {
            while exponent < ideal && is_zero(&(&coefficient % 10_u32)) {
                coefficient /= 10_u32;
                exponent += 1;
            }
        } else if is_zero(&(&coefficient % 5_u32)) {
            // A digit that is no half tells the rounding that more follows.
            coefficient += 1_u32;
        }
        Ok(Self { negative, coefficient, exponent }.rounded())
    }

    /// The quotient without its fraction, and the rest, which has the sign of the dividend.
    pub(super) fn divided_whole(&self, other: &Self) -> Result<(Self, Self), Error> {
        if is_zero(&other.coefficient) {
            return Err(failed("[<class 'decimal.DivisionByZero'>]"));
        }
        let exponent = self.exponent.min(other.exponent);
        let (a, b) = (self.scaled_to(exponent, Rounding::Down), other.scaled_to(exponent, Rounding::Down));
        let quotient = Self {
            negative: self.negative != other.negative,
            coefficient: &a.coefficient / &b.coefficient,
            exponent: 0,
        };
        let rest = Self { negative: self.negative, coefficient: a.coefficient % b.coefficient, exponent };
        Ok((quotient, rest.rounded()))
    }

    pub(super) fn to_the_power(&self, power: &Self) -> Result<Self, Error> {
        let whole = power.to_integer();
        if power.compare(&Self::of_int(whole)) != Ordering::Equal || whole.abs() > 10_000 {
            return Err(failed("a Decimal can be raised to whole numbers only"));
        }
        let mut result = Self::of_int(1);
        for _ in 0..whole.abs() {
            result = result.times(self);
        }
        if whole < 0 { Self::of_int(1).divided_by(&result) } else { Ok(result) }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let signum = |number: &Self| match (is_zero(&number.coefficient), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let (left, right) = (signum(self), signum(other));
        if left != right || left == 0 {
            return left.cmp(&right);
        }
        let exponent = self.exponent.min(other.exponent);
        let magnitude = |number: &Self| number.scaled_to(exponent, Rounding::Down).coefficient;
        let order = magnitude(self).cmp(&magnitude(other));
        if left < 0 { order.reverse() } else { order }
    }

    /// Rounded to so many digits after the point.
    pub(crate) fn rounded_to(&self, places: i64, rounding: Rounding) -> Self {
        self.scaled_to(-places, rounding)
    }

    /// With so many digits after the point, without an exponent: `str.format`'s `f`.
    pub(crate) fn fixed(&self, places: usize) -> String {
        let scaled = self.scaled_to(-i64::try_from(places).unwrap_or(0), Rounding::HalfEven);
        scaled.plain()
    }

    fn plain(&self) -> String {
        let mut text = self.coefficient.to_string();
        if self.exponent > 0 {
            text.extend(std::iter::repeat_n('0', usize::try_from(self.exponent).unwrap_or(0)));
        } else if self.exponent < 0 {
            let places = usize::try_from(-self.exponent).unwrap_or(0);
            if text.len() <= places {
                text.insert_str(0, &"0".repeat(places + 1 - text.len()));
            }
            text.insert(text.len() - places, '.');
        }
        if self.negative { format!("-{text}") } else { text }
    }

    fn scientific(&self, mark: char) -> String {
        let digits = self.coefficient.to_string();
        let exponent = self.exponent + i64::try_from(digits.len()).unwrap_or(0) - 1;
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        format!("{}{first}{point}{rest}{mark}{exponent:+}", if self.negative { "-" } else { "" })
    }

    pub(super) fn normalized(&self) -> Self {
        let mut shorter = self.clone().rounded();
        if is_zero(&shorter.coefficient) {
            shorter.exponent = 0;
            return shorter;
        }
        while is_zero(&(&shorter.coefficient % 10_u32)) {
            shorter.coefficient /= 10_u32;
            shorter.exponent += 1;
        }
        shorter
    }
}

/// Python's `str`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = i64::try_from(digits(&self.coefficient)).unwrap_or(i64::MAX);
        let is_plain = self.exponent <= 0 && self.exponent + length > -6;
        f.write_str(&if is_plain { self.plain() } else { self.scientific('E') })
    }
}

/// Python's `repr`.
impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decimal('{self}')")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn texts_keep_their_zeros() {
        for text in ["1.50", "-0.00", "0", "12345678901234567890.123", "1E+20", "1E-7", "0.000001", "1.5E+30"] {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(format!("{:?}", decimal("1.50")), "Decimal('1.50')");
        assert!(Decimal::parse("NaN").is_none() && Decimal::parse("").is_none() && Decimal::parse("1.2.3").is_none());
    }

    #[test]
    fn arithmetic_is_pythons() {
        let (a, b) = (decimal("12.345"), decimal("2.50"));
        assert_eq!(a.plus(&b).to_string(), "14.845");
        assert_eq!(a.times(&b).to_string(), "30.86250");
        assert_eq!(a.divided_by(&b).unwrap().to_string(), "4.938");
        assert_eq!(a.divided_by(&decimal("7")).unwrap().to_string(), "1.763571428571428571428571429");
        assert_eq!(decimal("-7").divided_whole(&decimal("2")).unwrap().0.to_string(), "-3");
        assert_eq!(decimal("-7").divided_whole(&decimal("2")).unwrap().1.to_string(), "-1");
        assert_eq!(b.to_the_power(&decimal("2")).unwrap().to_string(), "6.2500");
        assert!(a.divided_by(&decimal("0.0")).is_err());
    }
}
