//! A number written as text, read as dbt reads the numbers of seeds: with currency signs, percent signs and thousands separators, and
//! otherwise as Python's `Decimal` does.

/// An exact decimal: digits and a power of ten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DecimalText {
    is_negative: bool,
    /// Significant digits without leading zeros; empty for zero.
    digits: Vec<u8>,
    exponent: i64,
    /// `NaN` and infinities are numbers without digits.
    special: Option<&'static str>,
}

/// Signs of currencies that may stand before or behind a number.
const CURRENCIES: &[char] =
    &['؋', '$', 'ƒ', '៛', '¥', '₡', '₱', '£', '€', '¢', '﷼', '₪', '₩', '₭', '₮', '₦', '฿', '₤', '₫'];

impl DecimalText {
    /// The digits that a Python decimal keeps when it is calculated with.
    pub(super) const PRECISION: usize = 28;

    /// The digits before the point and those after it of a text that is the plainest way to write a number, which most values are.
    /// What this refuses may still be a number.
    pub(super) fn plain(text: &str) -> Option<(&str, &str)> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (mut point, mut is_zero) = (None, true);
        for (at, byte) in digits.bytes().enumerate() {
            match byte {
                b'0' => {}
                b'1'..=b'9' => is_zero = false,
                b'.' if point.is_none() => point = Some(at),
                _ => return None,
            }
        }
        let (whole, fraction) = point.map_or((digits, "0"), |at| (&digits[..at], &digits[at + 1..]));
        let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
        let is_negative_zero = is_zero && text.len() > digits.len();
        let is_exact = text.len() <= Self::PRECISION;
        (!whole.is_empty() && !fraction.is_empty() && !has_leading_zero && !is_negative_zero && is_exact)
            .then_some((whole, fraction))
    }

    /// The number that a trimmed text is.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches('%');
        let (outer_negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let text = CURRENCIES.iter().fold(text, |text, currency| text.trim_matches(*currency));
        let plain: String = text.trim().chars().filter(|character| !matches!(character, ',' | '_')).collect();
        let (inner_negative, plain) = match plain.as_bytes().first() {
            Some(b'-') => (true, &plain[1..]),
            Some(b'+') => (false, &plain[1..]),
            _ => (false, plain.as_str()),
        };
        let mut number = Self::parse_unsigned(plain)?;
        number.is_negative = outer_negative != inner_negative;
        Some(number)
    }

    fn parse_unsigned(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        if matches!(lower.as_str(), "inf" | "infinity") {
            return Some(Self::special("Infinity"));
        }
        if lower.strip_prefix("nan").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit())) {
            return Some(Self::special("NaN"));
        }
        let (mantissa, exponent) = match lower.split_once('e') {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok().filter(|e| e.abs() < 1_000_000)?),
            None => (lower.as_str(), 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let leading = all.iter().take_while(|digit| **digit == b'0').count();
        let mut number = Self {
            is_negative: false,
            digits: all[leading..].to_vec(),
            exponent: exponent - fraction.len() as i64,
            special: None,
        };
        number.round();
        Some(number)
    }

    fn special(name: &'static str) -> Self {
        Self { is_negative: false, digits: Vec::new(), exponent: 0, special: Some(name) }
    }

    /// Keeps as many digits as Python does, half to even.
    fn round(&mut self) {
        let Some(excess) = self.digits.len().checked_sub(Self::PRECISION).filter(|excess| *excess > 0) else { return };
        let dropped = self.digits.split_off(Self::PRECISION);
        self.exponent += excess as i64;
        let last_is_odd = self.digits.last().is_some_and(|digit| digit % 2 == 1);
        let half_exactly = dropped[0] == b'5' && dropped[1..].iter().all(|digit| *digit == b'0');
        if if half_exactly { last_is_odd } else { dropped[0] >= b'5' } {
            self.increment();
        }
    }

    fn increment(&mut self) {
        for digit in self.digits.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
        self.digits.insert(0, b'1');
        self.digits.pop();
        self.exponent += 1;
    }

    /// How many digits stand before and after the point, without trailing zeros; nothing for what has no digits.
    pub(super) fn places(&self) -> Option<(i64, i64)> {
        if self.special.is_some() {
            return None;
        }
        if self.digits.is_empty() {
            return Some((1, 0));
        }
        let trailing = self.digits.iter().rev().take_while(|digit| **digit == b'0').count();
        let decimals = -(self.exponent + trailing as i64);
        Some(((self.digits.len() - trailing) as i64 - decimals, decimals))
    }

    /// The number without decoration and exponent: digits, a point where there are decimals, digits.
    pub(super) fn to_text(&self) -> String {
        if let Some(name) = self.special {
            return if self.is_negative { format!("-{name}") } else { name.to_owned() };
        }
        let sign = if self.is_negative && !self.digits.is_empty() { "-" } else { "" };
        let digits: String =
            if self.digits.is_empty() { "0".to_owned() } else { self.digits.iter().map(|d| char::from(*d)).collect() };
        if self.exponent >= 0 {
            let zeros = if self.digits.is_empty() { 0 } else { usize::try_from(self.exponent).unwrap_or(0) };
            return format!("{sign}{digits}{}", "0".repeat(zeros));
        }
        let decimals = usize::try_from(-self.exponent).unwrap_or(0);
        let padded = format!("{digits:0>width$}", width = decimals + 1);
        let (whole, fraction) = padded.split_at(padded.len() - decimals);
        format!("{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        DecimalText::parse(text).map(|number| number.to_text())
    }

    #[test]
    fn numbers_are_read_with_their_decoration() {
        for (given, expected) in [
            ("-$1,234.50", "-1234.50"),
            ("12%", "12"),
            ("€ 5", "5"),
            ("--5", "5"),
            ("1.5e3", "1500"),
            ("1e-3", "0.001"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-0", "0"),
            ("-inf", "-Infinity"),
        ] {
            assert_eq!(text(given).as_deref(), Some(expected), "{given}");
        }
        for given in ["", "-", "%", "abc", "1.2.3", "sNaN", "e5", ".", "0x10"] {
            assert_eq!(text(given), None, "{given}");
        }
    }

    #[test]
    fn plain_numbers_need_no_reading() {
        for given in ["0", "7", "-12", "0.50", "-3.25", "1234567890123456789012345.67"] {
            assert!(DecimalText::plain(given).is_some(), "{given}");
            assert_eq!(text(given).as_deref(), Some(given));
        }
        for given in ["", "-", "007", "-0", "-0.0", "5.", ".5", "1e3", "+1", "12345678901234567890123456789", "1.2.3"] {
            assert_eq!(DecimalText::plain(given), None, "{given}");
        }
    }

    #[test]
    fn places_do_not_count_trailing_zeros() {
        let places = |text: &str| DecimalText::parse(text).and_then(|number| number.places());
        assert_eq!(places("10.50"), Some((2, 1)));
        assert_eq!(places("100"), Some((3, -2)));
        assert_eq!(places("0.00"), Some((1, 0)));
        assert_eq!(places("999999999999999999999999999999"), Some((31, -30)));
    }
}
