//! Python's range.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, Value};

use super::list::{integer, position};
use super::{failed, split_args};

/// What `range()` returns: a sequence that prints as `range(0, 3)`.
#[derive(Debug)]
pub(crate) struct Range {
    start: i64,
    stop: i64,
    step: i64,
}

impl Range {
    /// `range(stop)`, `range(start, stop)`, `range(start, stop, step)`.
    pub(crate) fn from_args(args: &[Value]) -> Result<Value, Error> {
        let (positional, _) = split_args(args);
        let numbers: Vec<i64> = positional.iter().map(integer).collect::<Result<_, _>>()?;
        let (start, stop, step) = match numbers[..] {
            [stop] => (0, stop, 1),
            [start, stop] => (start, stop, 1),
            [start, stop, step] => (start, stop, step),
            _ => return Err(failed("range expected 1 to 3 arguments")),
        };
        if step == 0 {
            return Err(failed("range() arg 3 must not be zero"));
        }
        let range = Self { start, stop, step };
        if range.len() > 100_000 {
            return Err(failed("Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000)."));
        }
        Ok(Value::from_object(range))
    }

    fn len(&self) -> usize {
        let distance =
            if self.step > 0 { self.stop.saturating_sub(self.start) } else { self.start.saturating_sub(self.stop) };
        if distance <= 0 { 0 } else { ((distance as u64 - 1) / self.step.unsigned_abs() + 1) as usize }
    }
}

impl Object for Range {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = position(key.as_i64()?, self.len())?;
        Some(Value::from(self.start + at as i64 * self.step))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.len())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "range({}, {}", self.start, self.stop)?;
        if self.step != 1 {
            write!(f, ", {}", self.step)?;
        }
        f.write_str(")")
    }
}
