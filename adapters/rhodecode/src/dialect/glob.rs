//! Python's `fnmatch` for names in ASCII: patterns with `*`, `?` and `[...]`.

/// A parsed pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    parts: Vec<Part>,
    /// The length of the shortest name that can match.
    least: usize,
}

#[derive(Debug)]
enum Part {
    Any,
    One(Set),
}

/// A set of ASCII letters, one bit each.
#[derive(Clone, Copy, Debug)]
struct Set(u128);

impl Set {
    const ALL: Self = Self(u128::MAX);

    fn just(letter: char) -> Self {
        Self::range(letter, letter)
    }

    fn range(low: char, high: char) -> Self {
        let (low, high) = (u32::from(low), u32::from(high).min(127));
        if low > high {
            return Self(0);
        }
        Self((u128::MAX >> (127 - (high - low))) << low)
    }

    fn has(self, letter: u8) -> bool {
        1_u128.checked_shl(letter.into()).is_some_and(|bit| self.0 & bit != 0)
    }
}

impl Pattern {
    /// Parses a pattern.
    pub(crate) fn of(pattern: &str) -> Self {
        let letters: Vec<char> = pattern.chars().collect();
        // No class ends after the last bracket. The search for one must not scan the rest again.
        let last = letters.iter().rposition(|letter| *letter == ']').unwrap_or(0);
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(letter) = letters.get(at) {
            at += 1;
            parts.push(match letter {
                // Several stars match what one does.
                '*' if matches!(parts.last(), Some(Part::Any)) => continue,
                '*' => Part::Any,
                '?' => Part::One(Set::ALL),
                '[' if at < last => match class(&letters, at) {
                    Some((set, end)) => {
                        at = end;
                        Part::One(set)
                    }
                    None => Part::One(Set::just('[')),
                },
                other => Part::One(Set::just(*other)),
            });
        }
        let least = parts.iter().filter(|part| matches!(part, Part::One(_))).count();
        Self { parts, least }
    }

    /// Whether the whole of a name matches.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let name = name.as_bytes();
        if self.least > name.len() {
            return false;
        }
        // For each length: whether the parts so far match the first letters of the name up to it.
        let mut reach = vec![false; name.len() + 1];
        reach[0] = true;
        for part in &self.parts {
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
}

/// The class that starts at `start`, and the place after its end; `None` if it has no end.
fn class(text: &[char], start: usize) -> Option<(Set, usize)> {
    let not = text.get(start) == Some(&'!');
    let start = start + usize::from(not);
    // A closing bracket at the start of a class is one of its letters.
    let close = (start + 1..text.len()).find(|&at| text[at] == ']')?;
    let letters = &text[start..close];
    let mut set = 0;
    let mut at = 0;
    while at < letters.len() {
        let ranged = at + 2 < letters.len() && letters[at + 1] == '-';
        let high = if ranged { letters[at + 2] } else { letters[at] };
        set |= Set::range(letters[at], high).0;
        at += if ranged { 3 } else { 1 };
    }
    Some((Set(if not { !set } else { set }), close + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_fnmatch_does() {
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
            ("[]]x", "]x", true),
            ("[]", "[]", true),
            ("[!]]x", "ax", true),
            ("[z-a]", "m", false),
            ("[[[", "[[[", true),
            ("é", "e", false),
            ("*é*", "get", false),
            ("[é-ü]", "u", false),
            ("[!é]", "u", true),
        ] {
            assert_eq!(Pattern::of(pattern).matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn the_cost_of_a_pattern_is_linear_in_its_length() {
        for text in ["[".repeat(1 << 20), "?".repeat(1 << 20), "*a".repeat(1 << 19), {
            format!("[{}]", "ab-z".repeat(1 << 18))
        }] {
            let begun = std::time::Instant::now();
            let pattern = Pattern::of(&text);
            let found = (0..200).filter(|_| pattern.matches("get_user_group")).count();
            let took = begun.elapsed();
            assert!(found == 0 && took < std::time::Duration::from_secs(3), "{text:.9} {took:?}");
        }
    }
}
