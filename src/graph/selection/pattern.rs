//! Shell patterns as Python's `fnmatch` and `pathlib` understand them.

/// A pattern of `*`, `?`, `[...]`; everything else is literal, and `*` also matches separators.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    tokens: Vec<Token>,
    literal: Option<String>,
}

#[derive(Debug, Clone)]
enum Token {
    Any,
    One,
    Literal(char),
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// A compiled pattern; an unclosed `[` is a literal.
    pub(super) fn new(pattern: &str) -> Self {
        let chars: Vec<char> = pattern.chars().collect();
        let mut tokens = Vec::new();
        let mut at = 0;
        while at < chars.len() {
            let (token, next) = match chars[at] {
                '*' => (Token::Any, at + 1),
                '?' => (Token::One, at + 1),
                '[' => class(&chars, at),
                other => (Token::Literal(other), at + 1),
            };
            tokens.push(token);
            at = next;
        }
        let literal = tokens
            .iter()
            .map(|token| match token {
                Token::Literal(c) => Some(*c),
                _ => None,
            })
            .collect();
        Self { tokens, literal }
    }

    /// Whether the whole text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        if let Some(literal) = &self.literal {
            return literal == text;
        }
        if matches!(self.tokens.as_slice(), [Token::Any]) {
            return true;
        }
        let text: Vec<char> = text.chars().collect();
        let (mut token, mut at) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.tokens.get(token) {
                Some(Token::Any) => {
                    retry = Some((token, at));
                    token += 1;
                }
                Some(other) if other.matches(text[at]) => {
                    token += 1;
                    at += 1;
                }
                _ => match retry {
                    Some((star, from)) => {
                        retry = Some((star, from + 1));
                        token = star + 1;
                        at = from + 1;
                    }
                    None => return false,
                },
            }
        }
        self.tokens[token..].iter().all(|token| matches!(token, Token::Any))
    }
}

impl Token {
    fn matches(&self, c: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Literal(literal) => *literal == c,
            Self::Class { negated, ranges } => ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *negated,
        }
    }
}

fn class(chars: &[char], open: usize) -> (Token, usize) {
    let negated = chars.get(open + 1) == Some(&'!');
    let first = open + 1 + usize::from(negated);
    // A closing bracket that comes first is a member.
    let Some(close) = (first + 1..chars.len()).find(|&at| chars[at] == ']') else {
        return (Token::Literal('['), open + 1);
    };
    let mut ranges = Vec::new();
    let mut at = first;
    while at < close {
        if at + 2 < close && chars[at + 1] == '-' {
            ranges.push((chars[at], chars[at + 2]));
            at += 3;
        } else {
            ranges.push((chars[at], chars[at]));
            at += 1;
        }
    }
    (Token::Class { negated, ranges }, close + 1)
}

/// Whether a text would be read as a pattern.
pub(super) fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '[', ']'])
}

/// A pattern of path segments: `*` stays within a segment, `**` spans folders.
#[derive(Debug, Clone)]
pub(super) struct PathPattern {
    segments: Vec<Option<Pattern>>,
}

impl PathPattern {
    /// A pattern relative to the project's root; `.` segments and closing slashes do not count.
    pub(super) fn new(pattern: &str) -> Self {
        let segments = pattern
            .split(['/', std::path::MAIN_SEPARATOR])
            .filter(|segment| !segment.is_empty() && *segment != ".")
            .map(|segment| (segment != "**").then(|| Pattern::new(segment)))
            .collect();
        Self { segments }
    }

    /// Whether the whole path matches; the root's is empty.
    pub(super) fn matches_path(&self, path: &str) -> bool {
        let separators = ['/', std::path::MAIN_SEPARATOR];
        let segments: Vec<&str> = path.split(separators).filter(|segment| !segment.is_empty()).collect();
        matches_segments(&self.segments, &segments)
    }
}

fn matches_segments(patterns: &[Option<Pattern>], segments: &[&str]) -> bool {
    match patterns.split_first() {
        None => segments.is_empty(),
        Some((None, rest)) => (0..=segments.len()).any(|skipped| matches_segments(rest, &segments[skipped..])),
        Some((Some(pattern), rest)) => segments
            .split_first()
            .is_some_and(|(first, others)| pattern.matches(first) && matches_segments(rest, others)),
    }
}

#[cfg(test)]
mod tests {
    use super::{PathPattern, Pattern};

    #[test]
    fn patterns_match_as_pythons_fnmatch() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcb", false),
            ("a?c", "abc", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]x", "]x", true),
            ("[ab", "[ab", true),
            ("*.sql", "a/b.sql", true),
            ("stg_*_v?", "stg_a_b_v2", true),
            ("**a", "ba", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn paths_match_by_segment() {
        for (pattern, path, expected) in [
            ("models/staging", "models/staging", true),
            ("models/staging/", "models/staging", true),
            ("./models", "models", true),
            (".", "", true),
            ("models", "models/staging/a.sql", false),
            ("models/*/a.sql", "models/staging/a.sql", true),
            ("models/*.sql", "models/staging/a.sql", false),
            ("models/**/a.sql", "models/x/y/a.sql", true),
            ("models/**/a.sql", "models/a.sql", true),
            ("models/stag", "models/staging", false),
            ("models/staging/a.*", "models/staging/a.sql", true),
        ] {
            assert_eq!(PathPattern::new(pattern).matches_path(path), expected, "{pattern} on {path}");
        }
    }
}
