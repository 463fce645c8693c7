//! Python's `fnmatch`: `*`, `?` and `[...]`.

/// Whether a name matches a pattern as a whole.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let parts = parse(&pattern);
    let name: Vec<char> = name.chars().collect();
    // One row of the table at a time: which lengths of the name the parts so far can match.
    let mut reach = vec![false; name.len() + 1];
    reach[0] = true;
    for part in &parts {
        let mut next = vec![false; name.len() + 1];
        for end in 0..=name.len() {
            next[end] = match part {
                Part::Any => reach[end] || (end > 0 && next[end - 1]),
                Part::One(set) => end > 0 && reach[end - 1] && set.has(name[end - 1]),
            };
        }
        reach = next;
    }
    reach[name.len()]
}

enum Part {
    Any,
    One(Set),
}

enum Set {
    All,
    Just(char),
    Of { ranges: Vec<(char, char)>, not: bool },
}

impl Set {
    fn has(&self, letter: char) -> bool {
        match self {
            Self::All => true,
            Self::Just(own) => *own == letter,
            Self::Of { ranges, not } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter)) != *not
            }
        }
    }
}

fn parse(pattern: &[char]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        parts.push(match first {
            // Several stars are one.
            '*' if matches!(parts.last(), Some(Part::Any)) => continue,
            '*' => Part::Any,
            '?' => Part::One(Set::All),
            '[' => match class(after) {
                Some((set, left)) => {
                    rest = left;
                    Part::One(set)
                }
                None => Part::One(Set::Just('[')),
            },
            other => Part::One(Set::Just(*other)),
        });
    }
    parts
}

/// A class after its bracket, and what follows it; `None` if it is never closed.
fn class(text: &[char]) -> Option<(Set, &[char])> {
    let not = text.first() == Some(&'!');
    let start = usize::from(not);
    // A bracket at the very beginning is one of the letters.
    let close = (start + 1..text.len()).find(|&at| text[at] == ']')?;
    let letters = &text[start..close];
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        if at + 2 < letters.len() && letters[at + 1] == '-' {
            ranges.push((letters[at], letters[at + 2]));
            at += 3;
        } else {
            ranges.push((letters[at], letters[at]));
            at += 1;
        }
    }
    Some((Set::Of { ranges, not }, &text[close + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_python_does() {
        for (pattern, name, expected) in [
            ("*", "get_user", true),
            ("get_user", "get_user", true),
            ("GET_USER", "get_user", false),
            ("get_user?", "get_users", true),
            ("get_user?", "get_user", false),
            ("[gs]*_ip", "show_ip", true),
            ("[!gs]*_ip", "show_ip", false),
            ("*user*", "grant_user_permission", true),
            ("[", "[", true),
            ("", "x", false),
            ("[a-f]et", "get", false),
            ("[a-g]et", "get", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
