//! `modules.re`: Python's regular expressions on fancy-regex.
//!
//! A pattern's own syntax is translated where the two differ (`(?P=name)`, `\Z`, flags inside); positions are counted in
//! characters, as Python does.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use fancy_regex::{Regex, RegexBuilder};
use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use crate::python::arguments::{bind, bound_method, function, required, text};
use crate::python::raise::compilation;
use crate::python::values::{dict, list, none, tuple};

type Captures<'t> = fancy_regex::Captures<'t, str>;

const IGNORECASE: i64 = 2;
const MULTILINE: i64 = 8;
const DOTALL: i64 = 16;
const VERBOSE: i64 = 64;

const FUNCTIONS: [&str; 9] = ["match", "search", "fullmatch", "sub", "subn", "findall", "finditer", "split", "compile"];

/// The module's names.
pub(super) fn module() -> Value {
    let functions =
        FUNCTIONS.into_iter().map(|name| (name, function(name, move |state, args| call(state, name, args))));
    let flags = [
        ("I", IGNORECASE),
        ("IGNORECASE", IGNORECASE),
        ("M", MULTILINE),
        ("MULTILINE", MULTILINE),
        ("S", DOTALL),
        ("DOTALL", DOTALL),
        ("X", VERBOSE),
        ("VERBOSE", VERBOSE),
        ("A", 256),
        ("ASCII", 256),
        ("U", 32),
        ("UNICODE", 32),
        ("L", 4),
        ("LOCALE", 4),
    ];
    let flags = flags.into_iter().map(|(name, value)| (name, Value::from(value)));
    let others =
        [("escape", function("escape", |_, args| escape(args))), ("purge", function("purge", |_, _| Ok(none())))];
    dict(functions.chain(flags).chain(others))
}

fn escape(args: &[Value]) -> Result<Value, Error> {
    let [pattern] = bind("escape", ["pattern"], args)?;
    let pattern = text("escape", "pattern", pattern)?;
    let special = |character: char| "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(character);
    let escaped: String = pattern.chars().flat_map(|c| if special(c) { vec!['\\', c] } else { vec![c] }).collect();
    Ok(Value::from(escaped))
}

/// A module function: its first argument is the pattern, the rest are the method's.
fn call(state: &mut State<'_, '_>, name: &'static str, args: &[Value]) -> Result<Value, Error> {
    let (positional, keywords) = crate::jinja::split_args(args);
    let mut positional = positional.to_vec();
    let mut keywords = keywords;
    let mut take = |key: &str| keywords.iter().position(|(name, _)| name == key).map(|index| keywords.remove(index).1);
    let pattern = take("pattern").or_else(|| (!positional.is_empty()).then(|| positional.remove(0)));
    let pattern = required(name, "pattern", pattern)?;
    // Where flags stand among the positional arguments that are left.
    let place = match name {
        "compile" => 0,
        "sub" | "subn" => 3,
        "split" => 2,
        _ => 1,
    };
    let flags = take("flags").or_else(|| (positional.len() > place).then(|| positional.remove(place)));
    let compiled = compiled(&pattern, flags.and_then(|flags| flags.as_i64()).unwrap_or(0))?;
    if name == "compile" {
        return Ok(Value::from_dyn_object(compiled));
    }
    if !keywords.is_empty() {
        positional.push(Value::from(keywords.into_iter().collect::<minijinja::value::Kwargs>()));
    }
    compiled.call_method(state, name, &positional)
}

fn compiled(pattern: &Value, flags: i64) -> Result<Arc<Pattern>, Error> {
    if let Some(compiled) = pattern.downcast_object::<Pattern>() {
        return Ok(compiled);
    }
    let source = pattern.to_string();
    let regex = build(&translate(&source), flags)
        .map_err(|error| compilation(format!("the regular expression '{source}' is invalid: {error}")))?;
    Ok(Arc::new(Pattern { regex, source, flags }))
}

fn build(translated: &str, flags: i64) -> fancy_regex::Result<Regex> {
    RegexBuilder::new(translated)
        .case_insensitive(flags & IGNORECASE != 0)
        .multi_line(flags & MULTILINE != 0)
        .dot_matches_new_line(flags & DOTALL != 0)
        .verbose_mode(flags & VERBOSE != 0)
        .build()
}

/// Python's syntax as fancy-regex's.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(character) = rest.chars().next() {
        if character == '\\' {
            let escaped = rest[1..].chars().next();
            let length = 1 + escaped.map_or(0, char::len_utf8);
            match escaped {
                Some('Z') if !in_class => out.push_str("\\z"),
                Some('/' | '\'' | '"' | ',' | ' ' | '=' | ':' | ';' | '!' | '@' | '%' | '_') if !in_class => {
                    out.push_str(&fancy_regex::escape(&rest[1..length]));
                }
                _ => out.push_str(&rest[..length]),
            }
            rest = &rest[length..];
            continue;
        }
        if !in_class && let Some(name) = rest.strip_prefix("(?P=").and_then(|rest| rest.split_once(')')) {
            let _ = write!(out, "\\k<{}>", name.0);
            rest = name.1;
            continue;
        }
        if in_class && character == '[' {
            // A bracket within a class is a plain character in Python.
            out.push_str("\\[");
            rest = &rest[1..];
            continue;
        }
        if in_class && (rest.starts_with("&&") || rest.starts_with("--") || rest.starts_with("~~")) {
            out.push('\\');
        }
        match character {
            '[' => {
                in_class = true;
                out.push('[');
                rest = &rest[1..];
                if let Some(after) = rest.strip_prefix('^') {
                    out.push('^');
                    rest = after;
                }
                if let Some(after) = rest.strip_prefix(']') {
                    out.push_str("\\]");
                    rest = after;
                }
                continue;
            }
            ']' => in_class = false,
            _ => {}
        }
        out.push(character);
        rest = &rest[character.len_utf8()..];
    }
    out
}

/// A compiled pattern.
struct Pattern {
    regex: Regex,
    source: String,
    flags: i64,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "re.compile({})", crate::jinja::repr(&Value::from(self.source.as_str())))
    }
}

fn failed(error: fancy_regex::Error) -> Error {
    compilation(format!("the regular expression failed: {error}"))
}

impl Pattern {
    fn all<'t>(&self, string: &'t str) -> Result<Vec<Captures<'t>>, Error> {
        self.regex.captures_iter(string).collect::<Result<_, _>>().map_err(failed)
    }

    fn group_names(&self) -> Arc<Vec<Option<String>>> {
        Arc::new(self.regex.capture_names().map(|name| name.map(str::to_owned)).collect())
    }

    fn matched(self: &Arc<Self>, captures: Option<Captures<'_>>, string: &str) -> Value {
        captures.map_or_else(none, |captures| Value::from_object(Match::new(self, &captures, string)))
    }

    fn substituted(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        replacement: &Value,
        string: &str,
        most: usize,
    ) -> Result<(String, usize), Error> {
        let (mut out, mut last, mut count) = (String::new(), 0, 0);
        for captures in self.all(string)? {
            if most != 0 && count == most {
                break;
            }
            let Some(whole) = captures.get(0) else { continue };
            out.push_str(&string[last..whole.start()]);
            let found = Match::new(self, &captures, string);
            match replacement.as_str() {
                Some(template) => out.push_str(&found.expand(template)?),
                None => out.push_str(&replacement.call(state, &[Value::from_object(found)])?.to_string()),
            }
            last = whole.end();
            count += 1;
        }
        out.push_str(&string[last..]);
        Ok((out, count))
    }
}

const PATTERN_METHODS: &[&str] = &["match", "search", "fullmatch", "sub", "subn", "findall", "finditer", "split"];

impl Object for Pattern {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "pattern" => Some(Value::from(self.source.as_str())),
            "flags" => Some(Value::from(self.flags | 32)),
            "groups" => Some(Value::from(self.regex.captures_len() - 1)),
            name => bound_method(self, PATTERN_METHODS, name),
        }
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "match" | "search" | "fullmatch" => {
                let [string, _pos, _end] = bind(method, ["string", "pos", "endpos"], args)?;
                let string = subject(method, string)?;
                if method == "fullmatch" {
                    let whole = build(&format!("\\A(?:{})\\z", translate(&self.source)), self.flags).map_err(failed)?;
                    return Ok(self.matched(whole.captures(string.as_str()).map_err(failed)?, &string));
                }
                let captures = self.regex.captures(string.as_str()).map_err(failed)?;
                // The search gives the leftmost match: if any match begins at the start, this one does.
                let at_start = |captures: &Captures<'_>| captures.get(0).is_some_and(|found| found.start() == 0);
                Ok(self.matched(captures.filter(|found| method == "search" || at_start(found)), &string))
            }
            "sub" | "subn" => {
                let [replacement, string, count] = bind(method, ["repl", "string", "count"], args)?;
                let replacement = required(method, "repl", replacement)?;
                let string = subject(method, string)?;
                let most = count.and_then(|count| count.as_usize()).unwrap_or(0);
                let (text, count) = self.substituted(state, &replacement, &string, most)?;
                Ok(if method == "sub" { Value::from(text) } else { tuple(vec![Value::from(text), Value::from(count)]) })
            }
            "findall" | "finditer" => {
                let [string, _pos, _end] = bind(method, ["string", "pos", "endpos"], args)?;
                let string = subject(method, string)?;
                let all = self.all(&string)?;
                let group = |captures: &Captures<'_>, index| {
                    Value::from(captures.get(index).map_or("", |group| group.as_str()))
                };
                Ok(list(
                    all.iter()
                        .map(|captures| match (method, self.regex.captures_len()) {
                            ("finditer", _) => Value::from_object(Match::new(self, captures, &string)),
                            (_, 1) => group(captures, 0),
                            (_, 2) => group(captures, 1),
                            (_, groups) => tuple((1..groups).map(|index| group(captures, index)).collect()),
                        })
                        .collect(),
                ))
            }
            "split" => {
                let [string, most] = bind(method, ["string", "maxsplit"], args)?;
                let string = subject(method, string)?;
                let most = most.and_then(|most| most.as_usize()).unwrap_or(0);
                let (mut parts, mut last) = (Vec::new(), 0);
                for (index, captures) in self.all(&string)?.into_iter().enumerate() {
                    let Some(whole) = captures.get(0).filter(|_| most == 0 || index < most) else { break };
                    parts.push(Value::from(&string[last..whole.start()]));
                    for group in 1..captures.len() {
                        parts.push(captures.get(group).map_or_else(none, |group| Value::from(group.as_str())));
                    }
                    last = whole.end();
                }
                parts.push(Value::from(&string[last..]));
                Ok(list(parts))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// The text that is searched; anything but text is an error, as in Python.
fn subject(method: &str, value: Option<Value>) -> Result<String, Error> {
    let value = required(method, "string", value)?;
    match value.as_str() {
        Some(string) => Ok(string.to_owned()),
        None => {
            Err(compilation(format!("expected string or bytes-like object, got '{}'", crate::jinja::type_name(&value))))
        }
    }
}

/// One match; positions in characters.
struct Match {
    pattern: Arc<Pattern>,
    string: String,
    groups: Vec<Option<(usize, usize)>>,
    names: Arc<Vec<Option<String>>>,
}

impl fmt::Debug for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = self.span(0).unwrap_or((0, 0));
        let text = crate::jinja::repr(&Value::from(self.text(0).unwrap_or_default()));
        write!(f, "<re.Match object; span=({start}, {end}), match={text}>")
    }
}

impl Match {
    fn new(pattern: &Arc<Pattern>, captures: &Captures<'_>, string: &str) -> Self {
        let groups = (0..captures.len()).map(|index| captures.get(index).map(|group| (group.start(), group.end())));
        Self {
            pattern: Arc::clone(pattern),
            string: string.to_owned(),
            groups: groups.collect(),
            names: pattern.group_names(),
        }
    }

    fn text(&self, group: usize) -> Option<&str> {
        let (start, end) = (*self.groups.get(group)?)?;
        self.string.get(start..end)
    }

    /// Start and end in characters.
    fn span(&self, group: usize) -> Option<(usize, usize)> {
        let (start, end) = (*self.groups.get(group)?)?;
        let characters = |at: usize| self.string[..at].chars().count();
        Some((characters(start), characters(end)))
    }

    fn index(&self, group: &Value) -> Result<usize, Error> {
        let found = match group.as_str() {
            Some(name) => self.names.iter().position(|own| own.as_deref() == Some(name)),
            None => group.as_usize().filter(|index| *index < self.groups.len()),
        };
        found.ok_or_else(|| compilation("no such group"))
    }

    fn group(&self, group: &Value) -> Result<Value, Error> {
        Ok(self.text(self.index(group)?).map_or_else(none, Value::from))
    }

    /// A replacement with `\1`, `\g<name>` and escapes.
    fn expand(&self, template: &str) -> Result<String, Error> {
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let Some(character) = rest.chars().next() else {
                return Err(compilation("bad escape (end of pattern)"));
            };
            if let Some((name, after)) = rest.strip_prefix("g<").and_then(|rest| rest.split_once('>')) {
                let group = name.parse::<usize>().map_or_else(|_| Value::from(name), Value::from);
                out.push_str(self.text(self.index(&group)?).unwrap_or_default());
                rest = after;
                continue;
            }
            if character.is_ascii_digit() && character != '0' {
                let length = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
                let group: usize = rest[..length].parse().unwrap_or(0);
                out.push_str(self.text(self.index(&Value::from(group))?).unwrap_or_default());
                rest = &rest[length..];
                continue;
            }
            match character {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                '\\' => out.push('\\'),
                other if other.is_ascii_alphabetic() => {
                    return Err(compilation(format!("bad escape \\{other}")));
                }
                other => out.extend(['\\', other]),
            }
            rest = &rest[character.len_utf8()..];
        }
        out.push_str(rest);
        Ok(out)
    }
}

const MATCH_METHODS: &[&str] = &["group", "groups", "groupdict", "start", "end", "span", "expand"];

impl Object for Match {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some("string") => Some(Value::from(self.string.as_str())),
            Some("re") => Some(Value::from_dyn_object(Arc::clone(&self.pattern))),
            Some("lastindex") => {
                let last = (1..self.groups.len()).rev().find(|index| self.groups[*index].is_some());
                Some(last.map_or_else(none, Value::from))
            }
            Some(name) => bound_method(self, MATCH_METHODS, name).or_else(|| self.group(key).ok()),
            None => self.group(key).ok(),
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let first = || args.first().cloned().unwrap_or_else(|| Value::from(0));
        let position = |pick: fn((usize, usize)) -> Value, missing: Value| -> Result<Value, Error> {
            Ok(self.span(self.index(&first())?).map_or(missing, pick))
        };
        match method {
            "group" if args.len() > 1 => {
                Ok(tuple(args.iter().map(|group| self.group(group)).collect::<Result<_, _>>()?))
            }
            "group" => self.group(&first()),
            "groups" => {
                let [default] = bind(method, ["default"], args)?;
                let default = default.unwrap_or_else(none);
                let group = |index| self.text(index).map_or_else(|| default.clone(), Value::from);
                Ok(tuple((1..self.groups.len()).map(group).collect()))
            }
            "groupdict" => {
                let [default] = bind(method, ["default"], args)?;
                let default = default.unwrap_or_else(none);
                let named = self.names.iter().enumerate().filter_map(|(index, name)| Some((index, name.clone()?)));
                Ok(dict(
                    named.map(|(index, name)| (name, self.text(index).map_or_else(|| default.clone(), Value::from))),
                ))
            }
            "start" => position(|(start, _)| Value::from(start), Value::from(-1)),
            "end" => position(|(_, end)| Value::from(end), Value::from(-1)),
            "span" => position(
                |(start, end)| tuple(vec![Value::from(start), Value::from(end)]),
                tuple(vec![Value::from(-1), Value::from(-1)]),
            ),
            "expand" => {
                let [template] = bind(method, ["template"], args)?;
                Ok(Value::from(self.expand(&text(method, "template", template)?)?))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::jinja::Engine;

    fn eval(expression: &str) -> String {
        let context = crate::python::values::dict([("re", super::module())]);
        match Engine::new().eval_expression(expression, None, context) {
            Ok(value) => value.to_string(),
            Err(error) => format!("error: {error}"),
        }
    }

    /// Expressions with the answers of CPython 3.12.
    const ANSWERS: &[(&str, &str)] = &[
        (r"re.match('a(b)?', 'ab').group(1)", "b"),
        (r"re.match('b', 'ab')", "None"),
        (r"re.search('b', 'éab').span()", "(2, 3)"),
        (r"re.search('(?P<x>[0-9]+)', 'a12').groupdict()", "{'x': '12'}"),
        (r"re.search('(?P<x>[0-9]+)', 'a12')['x']", "12"),
        (r"re.fullmatch('a|ab', 'ab') is none", "False"),
        (r"re.sub('[^a-z]+', '_', 'a-b  c')", "a_b_c"),
        (r"re.sub('(a)(b)', '\\2\\1', 'abab')", "baba"),
        (r"re.sub('(?P<y>a)', '<\\g<y>>', 'aa', count=1)", "<a>a"),
        (r"re.subn('a', 'b', 'aXa')", "('bXb', 2)"),
        (r"re.sub('a', 'b', 'A', flags=re.IGNORECASE)", "b"),
        (r"re.sub('a', 'b', 'A', 0, re.I)", "b"),
        (r"re.findall('[a-z]', 'a1b2')", "['a', 'b']"),
        (r"re.findall('([a-z])([0-9])', 'a1b2')", "[('a', '1'), ('b', '2')]"),
        (r"re.split(',\\s*', 'a, b,c')", "['a', 'b', 'c']"),
        (r"re.split('(,)', 'a,b', maxsplit=1)", "['a', ',', 'b']"),
        (r"re.compile('^[A-Z]+$').match('ABC') is not none", "True"),
        (r"re.compile('a.c', re.S).match('a\nc') is not none", "True"),
        (r"re.escape('a.b*c')", r"a\.b\*c"),
        (r"re.match('(?P<q>.)x(?P=q)', 'axa') is not none", "True"),
        (r"re.match('.*\\Z', 'abc').group()", "abc"),
        (r"re.findall('[[a]', 'a[')", "['a', '[']"),
        (r"re.search('(?i)ABC', 'xabc').start()", "1"),
        (r"re.match('(?<!x)a', 'a').end()", "1"),
    ];

    #[test]
    fn answers_are_those_of_python() {
        let wrong: Vec<String> = ANSWERS
            .iter()
            .filter(|(expression, answer)| eval(expression) != **answer)
            .map(|(expression, answer)| format!("{expression}: {} instead of {answer}", eval(expression)))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_bad_pattern_is_an_error() {
        assert!(eval("re.match('(', 'a')").contains("is invalid"));
    }
}
