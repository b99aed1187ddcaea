//! `modules.itertools`: the functions that dbt lets templates use. Endless iterators give at most [`MOST`] items.

use minijinja::{Error, State, Value};

use crate::jinja::items_of;
use crate::python::arguments::{Arguments, bind, function, required};
use crate::python::raise::compilation;
use crate::python::values::{dict, list, none, tuple};

/// How many items an endless iterator gives before it is cut.
const MOST: usize = 10_000;

/// The module's names.
pub(super) fn module() -> Value {
    type Body = fn(&mut State<'_, '_>, &[Value]) -> Result<Value, Error>;
    let all: [(&'static str, Body); 14] = [
        ("count", |_, args| count(args)),
        ("cycle", |_, args| cycle(args)),
        ("repeat", |_, args| repeat(args)),
        ("accumulate", accumulate),
        ("chain", |_, args| chain(args)),
        ("compress", |_, args| compress(args)),
        ("islice", |_, args| islice(args)),
        ("starmap", starmap),
        ("tee", |_, args| tee(args)),
        ("zip_longest", |_, args| zip_longest(args)),
        ("product", |_, args| product(args)),
        ("permutations", |_, args| permutations(args)),
        ("combinations", |_, args| choose("combinations", args, false)),
        ("combinations_with_replacement", |_, args| choose("combinations_with_replacement", args, true)),
    ];
    dict(all.into_iter().map(|(name, body)| (name, function(name, body))))
}

fn count(args: &[Value]) -> Result<Value, Error> {
    let [start, step] = bind("count", ["start", "step"], args)?;
    let integer = |value: Option<&Value>, default| value.map_or(Some(default), Value::as_i64);
    if let (Some(start), Some(step)) = (integer(start.as_ref(), 0), integer(step.as_ref(), 1)) {
        return Ok(list((0..MOST as i64).map(|index| Value::from(start + index * step)).collect()));
    }
    let float = |value: Option<Value>, default: f64| value.map_or(Ok(default), f64::try_from);
    let (start, step) = (float(start, 0.0)?, float(step, 1.0)?);
    Ok(list((0..MOST).map(|index| Value::from(start + index as f64 * step)).collect()))
}

fn cycle(args: &[Value]) -> Result<Value, Error> {
    let [items] = bind("cycle", ["iterable"], args)?;
    let items = items_of(&required("cycle", "iterable", items)?)?;
    Ok(list(items.iter().cycle().take(if items.is_empty() { 0 } else { MOST }).cloned().collect()))
}

fn repeat(args: &[Value]) -> Result<Value, Error> {
    let [item, times] = bind("repeat", ["object", "times"], args)?;
    let item = required("repeat", "object", item)?;
    let times = times.map_or(Some(MOST), |times| times.as_i64().map(|times| times.max(0) as usize));
    let times = times.ok_or_else(|| compilation("repeat() needs a whole number of times"))?;
    Ok(list(vec![item; times]))
}

fn accumulate(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [items, callee, initial] = bind("accumulate", ["iterable", "func", "initial"], args)?;
    let callee = callee.filter(|callee| !callee.is_none());
    let mut items = items_of(&required("accumulate", "iterable", items)?)?.into_iter();
    let Some(mut total) = initial.filter(|initial| !initial.is_none()).or_else(|| items.next()) else {
        return Ok(list(Vec::new()));
    };
    let mut totals = vec![total.clone()];
    for item in items {
        total = match &callee {
            Some(callee) => callee.call(state, &[total, item])?,
            None => add(state, &total, &item)?,
        };
        totals.push(total.clone());
    }
    Ok(list(totals))
}

/// `a + b` for numbers, texts and whatever answers `__add__`.
fn add(state: &mut State<'_, '_>, a: &Value, b: &Value) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        return Ok(Value::from(a + b));
    }
    if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
        return Ok(Value::from([a, b].concat()));
    }
    if a.is_number() && b.is_number() {
        return Ok(Value::from(f64::try_from(a.clone())? + f64::try_from(b.clone())?));
    }
    a.call_method(state, "__add__", std::slice::from_ref(b))
}

fn chain(args: &[Value]) -> Result<Value, Error> {
    let mut all = Vec::new();
    for items in args {
        all.extend(items_of(items)?);
    }
    Ok(list(all))
}

fn compress(args: &[Value]) -> Result<Value, Error> {
    let [data, selectors] = bind("compress", ["data", "selectors"], args)?;
    let data = items_of(&required("compress", "data", data)?)?;
    let selectors = items_of(&required("compress", "selectors", selectors)?)?;
    Ok(list(data.into_iter().zip(selectors).filter(|(_, selected)| selected.is_true()).map(|(item, _)| item).collect()))
}

fn islice(args: &[Value]) -> Result<Value, Error> {
    let [items, first, second, step] = bind("islice", ["iterable", "start", "stop", "step"], args)?;
    let items = items_of(&required("islice", "iterable", items)?)?;
    let number = |value: Option<Value>| value.and_then(|value| value.as_usize());
    let (start, stop) = match (first, second) {
        (stop, None) => (0, number(stop)),
        (start, Some(stop)) => (number(start).unwrap_or(0), number(Some(stop))),
    };
    let step = number(step).unwrap_or(1).max(1);
    Ok(list(items.into_iter().take(stop.unwrap_or(usize::MAX)).skip(start).step_by(step).collect()))
}

fn starmap(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [callee, items] = bind("starmap", ["function", "iterable"], args)?;
    let callee = required("starmap", "function", callee)?;
    let mut results = Vec::new();
    for arguments in items_of(&required("starmap", "iterable", items)?)? {
        results.push(callee.call(state, &items_of(&arguments)?)?);
    }
    Ok(list(results))
}

fn tee(args: &[Value]) -> Result<Value, Error> {
    let [items, copies] = bind("tee", ["iterable", "n"], args)?;
    let items = items_of(&required("tee", "iterable", items)?)?;
    let copies = copies.and_then(|copies| copies.as_usize()).unwrap_or(2);
    Ok(tuple((0..copies).map(|_| list(items.clone())).collect()))
}

fn zip_longest(args: &[Value]) -> Result<Value, Error> {
    let mut arguments = Arguments::of(args);
    let fill = arguments.take("fillvalue").unwrap_or_else(none);
    let columns: Vec<Vec<Value>> = arguments.positional.iter().map(items_of).collect::<Result<_, _>>()?;
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let row =
        |index: usize| tuple(columns.iter().map(|c| c.get(index).cloned().unwrap_or_else(|| fill.clone())).collect());
    Ok(list((0..longest).map(row).collect()))
}

fn product(args: &[Value]) -> Result<Value, Error> {
    let mut arguments = Arguments::of(args);
    let times = arguments.take("repeat").and_then(|times| times.as_usize()).unwrap_or(1);
    let pools: Vec<Vec<Value>> = arguments.positional.iter().map(items_of).collect::<Result<_, _>>()?;
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for pool in (0..times).flat_map(|_| &pools) {
        rows = rows
            .into_iter()
            .flat_map(|row| pool.iter().map(move |item| row.iter().cloned().chain([item.clone()]).collect()))
            .collect();
    }
    Ok(list(rows.into_iter().map(tuple).collect()))
}

fn permutations(args: &[Value]) -> Result<Value, Error> {
    let [items, length] = bind("permutations", ["iterable", "r"], args)?;
    let items = items_of(&required("permutations", "iterable", items)?)?;
    let length = length.and_then(|length| length.as_usize()).unwrap_or(items.len());
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..length {
        rows = rows
            .into_iter()
            .flat_map(|row| {
                let free: Vec<usize> = (0..items.len()).filter(|index| !row.contains(index)).collect();
                free.into_iter().map(move |index| row.iter().copied().chain([index]).collect::<Vec<_>>())
            })
            .collect();
    }
    Ok(chosen(&items, rows))
}

fn chosen(items: &[Value], rows: Vec<Vec<usize>>) -> Value {
    list(rows.into_iter().map(|row| tuple(row.into_iter().map(|index| items[index].clone()).collect())).collect())
}

/// Combinations in order of position; `again`: an item may come several times.
fn choose(name: &str, args: &[Value], again: bool) -> Result<Value, Error> {
    let [items, length] = bind(name, ["iterable", "r"], args)?;
    let items = items_of(&required(name, "iterable", items)?)?;
    let length = required(name, "r", length)?;
    let length =
        length.as_usize().ok_or_else(|| compilation(format!("{name}() needs a length that is not negative")))?;
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..length {
        rows = rows
            .into_iter()
            .flat_map(|row| {
                let first = row.last().map_or(0, |last| if again { *last } else { last + 1 });
                (first..items.len()).map(move |index| row.iter().copied().chain([index]).collect::<Vec<_>>())
            })
            .collect();
    }
    Ok(chosen(&items, rows))
}

#[cfg(test)]
mod tests {
    use crate::jinja::Engine;

    /// Expressions with the answers of CPython (as lists).
    const ANSWERS: &[(&str, &str)] = &[
        ("it.product(['a', 'b'], [1, 2])", "[('a', 1), ('a', 2), ('b', 1), ('b', 2)]"),
        ("it.product([0, 1], repeat=2)", "[(0, 0), (0, 1), (1, 0), (1, 1)]"),
        ("it.combinations([1, 2, 3], 2)", "[(1, 2), (1, 3), (2, 3)]"),
        ("it.combinations_with_replacement('ab', 2)", "[('a', 'a'), ('a', 'b'), ('b', 'b')]"),
        ("it.permutations([1, 2, 3], 2)", "[(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)]"),
        ("it.chain([1], (2, 3))", "[1, 2, 3]"),
        ("it.accumulate([1, 2, 3])", "[1, 3, 6]"),
        ("it.islice([1, 2, 3, 4, 5], 1, none, 2)", "[2, 4]"),
        ("it.islice(it.count(10), 3)", "[10, 11, 12]"),
        ("it.zip_longest([1, 2], ['a'], fillvalue='-')", "[(1, 'a'), (2, '-')]"),
        ("it.compress('abc', [1, 0, 1])", "['a', 'c']"),
        ("it.repeat('x', 3)", "['x', 'x', 'x']"),
    ];

    #[test]
    fn answers_are_those_of_python() {
        for (expression, answer) in ANSWERS {
            let context = crate::python::values::dict([("it", super::module())]);
            let value = Engine::new().eval_expression(expression, None, context).unwrap();
            assert_eq!(value.to_string(), *answer, "{expression}");
        }
    }
}
