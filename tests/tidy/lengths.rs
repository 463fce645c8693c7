//! The lengths of files and functions.

use std::fmt;

/// A path and its text.
type Source = (String, String);

/// The figures of one kind of length. They are rounded up, so that a small change does not change
/// the document.
pub(crate) struct Lengths {
    sorted: Vec<usize>,
    step: usize,
}

impl fmt::Display for Lengths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at =
            |part: usize| self.sorted[(self.sorted.len() * part / 100).min(self.sorted.len() - 1)];
        let up_to = |part: usize| at(part).next_multiple_of(self.step);
        let (median, tenth, longest) = (up_to(50), up_to(90), up_to(100));
        write!(f, "median up to {median}, 90th percentile up to {tenth}, maximum up to {longest}")
    }
}

/// The lengths of the files, and of the functions' bodies.
pub(crate) fn of(files: &[Source]) -> (Lengths, Lengths) {
    let mut lines: Vec<_> = files.iter().map(|file| file.1.lines().count()).collect();
    let mut functions: Vec<_> = files.iter().flat_map(bodies).map(|(_, lines)| lines).collect();
    lines.sort_unstable();
    functions.sort_unstable();
    (Lengths { sorted: lines, step: 25 }, Lengths { sorted: functions, step: 5 })
}

/// The functions whose body has more lines than this.
pub(crate) fn longer_than(files: &[Source], most: usize) -> Vec<String> {
    let all = files.iter().flat_map(|file| {
        bodies(file).into_iter().map(|(name, lines)| (format!("{} {name}", file.0), lines))
    });
    all.filter(|(_, lines)| *lines > most).map(|(name, lines)| format!("{name}: {lines}")).collect()
}

/// Each function with the number of lines of its body. The sources are formatted, so a body ends at
/// the first closing brace with the indentation of the function.
fn bodies(file: &Source) -> Vec<(String, usize)> {
    let lines: Vec<_> = file.1.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = function(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let rest = &lines[at..];
        let Some(opens) = rest.iter().position(|line| is_end_of_head(line)) else { continue };
        if !rest[opens].trim_end().ends_with('{') {
            // The body is on one line, or there is none.
            if rest[opens].trim_end().ends_with('}') {
                found.push((name, 1));
            }
            continue;
        }
        let end = format!("{}}}", " ".repeat(indent));
        // A function in a macro may end in another way.
        let Some(closes) = rest.iter().position(|line| line.trim_end() == end) else { continue };
        found.push((name, closes.saturating_sub(opens + 1)));
    }
    found
}

/// The name of the function that starts on a line.
fn function(line: &str) -> Option<String> {
    let mut words = line.trim_start().split(' ');
    let is_head = |word: &&str| {
        matches!(*word, "pub" | "const" | "async")
            || (word.starts_with("pub(") && word.ends_with(')'))
    };
    let mut word = words.next()?;
    while is_head(&word) {
        word = words.next()?;
    }
    let name = if word == "fn" { words.next()? } else { return None };
    Some(name.split(['(', '<']).next()?.to_owned())
}

fn is_end_of_head(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with('{') || line.ends_with('}') || line.ends_with(';')
}
