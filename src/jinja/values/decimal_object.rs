//! A `Decimal` in templates: operators, comparisons, methods.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Object, ObjectRepr, Tuple};
use minijinja::{Error, ErrorKind, State, Value};
use num_bigint::BigUint;

use super::decimal::{Decimal, Rounding, is_zero, ten_to};
use super::operators::int_value;
use super::repr::float_of;
use super::{bind, failed, required};

/// How two numbers compare where one of them is a `Decimal`; none for other values.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    let is_decimal = |value: &Value| value.downcast_object_ref::<Decimal>().is_some();
    if !is_decimal(left) && !is_decimal(right) {
        return None;
    }
    let exact = |value: &Value| match float_of(value) {
        // All digits of the float, not only those that tell it apart from others.
        Some(float) => Decimal::parse(&format!("{float:.1075}")),
        None => Decimal::operand(value),
    };
    Some(exact(left)?.compare(&exact(right)?))
}

impl Object for Decimal {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !is_zero(&self.coefficient)
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        other.downcast_ref::<Self>().map(|other| self.compare(other))
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "real" => Some(Value::from_dyn_object(Arc::clone(self))),
            "imag" => Some(Value::from(0)),
            _ => None,
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let unknown = || Error::from(ErrorKind::UnknownMethod);
        if method == "__neg__" {
            return Ok(self.as_ref().clone().negated().value());
        }
        if method.starts_with("__") {
            let other = args.first().and_then(Self::operand).ok_or_else(unknown)?;
            let result = match method {
                "__add__" | "__radd__" => self.plus(&other),
                "__sub__" => self.plus(&other.negated()),
                "__rsub__" => other.plus(&self.as_ref().clone().negated()),
                "__mul__" | "__rmul__" => self.times(&other),
                "__truediv__" => self.divided_by(&other)?,
                "__rtruediv__" => other.divided_by(self)?,
                "__floordiv__" => self.divided_whole(&other)?.0,
                "__rfloordiv__" => other.divided_whole(self)?.0,
                "__mod__" => self.divided_whole(&other)?.1,
                "__rmod__" => other.divided_whole(self)?.1,
                "__pow__" => self.to_the_power(&other)?,
                "__rpow__" => other.to_the_power(self)?,
                _ => return Err(unknown()),
            };
            return Ok(result.value());
        }
        let own = self.as_ref();
        Ok(match method {
            "quantize" => {
                let [exponent, _rounding] = bind(method, ["exp", "rounding"], args)?;
                let pattern = required(exponent, method)?;
                let pattern =
                    Self::operand(&pattern).ok_or_else(|| failed("conversion to Decimal is not supported"))?;
                own.scaled_to(pattern.exponent, Rounding::HalfEven).value()
            }
            "normalize" => own.normalized().value(),
            "to_integral_value" | "to_integral" | "to_integral_exact" => {
                if own.exponent >= 0 { own.clone() } else { own.scaled_to(0, Rounding::HalfEven) }.value()
            }
            "copy_abs" => Self { negative: false, ..own.clone() }.value(),
            "copy_negate" => Self { negative: !own.negative, ..own.clone() }.value(),
            "is_signed" => Value::from(own.negative),
            "is_zero" => Value::from(is_zero(&own.coefficient)),
            "is_finite" => Value::from(true),
            "is_nan" | "is_infinite" => Value::from(false),
            "as_integer_ratio" => ratio(own),
            _ => return Err(unknown()),
        })
    }
}

/// `abs(value)` of a `Decimal`; none for other values.
pub(crate) fn absolute(value: &Value) -> Option<Value> {
    let decimal = value.downcast_object_ref::<Decimal>()?;
    Some(Decimal { negative: false, ..decimal.clone() }.value())
}

/// Numerator and denominator, without a common divisor.
fn ratio(decimal: &Decimal) -> Value {
    let power = ten_to(decimal.exponent.unsigned_abs());
    let (mut above, mut below) = if decimal.exponent >= 0 {
        (&decimal.coefficient * power, BigUint::from(1_u32))
    } else {
        (decimal.coefficient.clone(), power)
    };
    let (mut a, mut b) = (above.clone(), below.clone());
    while !is_zero(&b) {
        (a, b) = (b.clone(), a % b);
    }
    above /= &a;
    below /= a;
    let int = |number: BigUint, negative: bool| {
        let number = i128::try_from(number).unwrap_or(i128::MAX);
        int_value(if negative { -number } else { number })
    };
    Value::from(Tuple::from(vec![int(above, decimal.negative), int(below, false)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_is_exact() {
        let decimal = |text: &str| Decimal::parse(text).map(Decimal::value).unwrap();
        assert_eq!(compare(&decimal("0.1"), &Value::from(0.1)), Some(Ordering::Less));
        assert_eq!(compare(&decimal("2.50"), &Value::from(2.5)), Some(Ordering::Equal));
        assert_eq!(compare(&Value::from(3), &decimal("-3")), Some(Ordering::Greater));
        assert_eq!(compare(&Value::from(3), &Value::from(4)), None);
    }
}
