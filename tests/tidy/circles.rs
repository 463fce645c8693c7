//! Finds circles: files of a crate that import each other, directly or through other files.
//!
//! An import is a path in the code of a file that names an item of another file, in a `use` or
//! elsewhere in the code. A `mod` line is not an import. Unit tests are left out.

use std::collections::{BTreeMap, BTreeSet};

/// The module path of a file: `["auth", "keys"]` for `src/auth/keys.rs`, none for `src/lib.rs`.
type Module = Vec<String>;

/// The circles of a crate, each as a sentence with its imports.
///
/// `folder` is the source folder of the crate. `files` has the paths and texts of its files.
pub(crate) fn circles(folder: &str, files: &[(String, String)]) -> Vec<String> {
    let modules: BTreeMap<Module, &str> = files
        .iter()
        .filter_map(|(path, text)| Some((module(folder, path)?, text.as_str())))
        .collect();
    let imports: BTreeMap<&Module, BTreeSet<&Module>> =
        modules.iter().map(|(own, text)| (own, imports(own, text, &modules))).collect();
    let reached: BTreeMap<_, _> =
        imports.keys().map(|own| (*own, reachable(own, &imports))).collect();
    let mut told = BTreeSet::new();
    for (own, all) in reached.iter().filter(|(own, all)| all.contains(*own)) {
        let members: BTreeSet<_> =
            all.iter().copied().filter(|other| reached[other].contains(own)).collect();
        told.insert(sentence(folder, &members, &imports));
    }
    told.into_iter().collect()
}

/// The module of a file. `None` for programs and unit tests.
fn module(folder: &str, path: &str) -> Option<Module> {
    let below = path.strip_prefix(folder)?.trim_start_matches('/').strip_suffix(".rs")?;
    let mut steps: Module = below.split('/').map(str::to_owned).collect();
    let is_test = |step: &String| ["tests", "bin"].contains(&step.as_str());
    if below == "main" || steps.iter().any(is_test) {
        return None;
    }
    if matches!(steps.last().map(String::as_str), Some("mod" | "lib")) {
        steps.pop();
    }
    Some(steps)
}

/// The files that a file imports.
fn imports<'m>(
    own: &Module,
    text: &str,
    modules: &'m BTreeMap<Module, &str>,
) -> BTreeSet<&'m Module> {
    let tokens = tokens(text);
    let children = children(&tokens);
    let absolute = paths(&tokens).into_iter().filter_map(|path| absolute(own, path, &children));
    let found = absolute.filter_map(|path| {
        let longest = (0..=path.len()).rev().find_map(|end| modules.get_key_value(&path[..end]));
        longest.map(|(module, _)| module)
    });
    found.filter(|module| *module != own).collect()
}

/// The path from the root of the crate, if it is a path of the crate.
fn absolute(own: &Module, path: Vec<String>, children: &BTreeSet<String>) -> Option<Module> {
    let first = path.first()?.as_str();
    let mut steps = own.clone();
    match first {
        "crate" => return Some(path[1..].to_vec()),
        "super" => {
            let above = path.iter().take_while(|step| *step == "super").count();
            steps.truncate(own.len().checked_sub(above)?);
            steps.extend_from_slice(&path[above..]);
        }
        "self" => steps.extend_from_slice(&path[1..]),
        child if children.contains(child) && path.len() > 1 => steps.extend(path),
        _ => return None,
    }
    Some(steps)
}

/// The modules that a file declares with `mod`.
fn children(tokens: &[Token<'_>]) -> BTreeSet<String> {
    let listed = tokens.windows(3).filter_map(|three| match three {
        [Token::Word("mod"), Token::Word(name), Token::Mark(';')] => Some((*name).to_owned()),
        _ => None,
    });
    listed.collect()
}

/// All paths in the code of a file. A `use` with braces is expanded.
fn paths(tokens: &[Token<'_>]) -> Vec<Vec<String>> {
    let mut tokens = tokens.iter().copied().peekable();
    let mut found = Vec::new();
    while let Some(token) = tokens.next() {
        let Token::Word(word) = token else { continue };
        if word == "pub" && tokens.next_if_eq(&Token::Mark('(')).is_some() {
            // `pub(in crate::a)` is a visibility, not an import.
            while tokens.next().is_some_and(|token| token != Token::Mark(')')) {}
            continue;
        }
        let mut tree = Tree { prefix: vec![word.to_owned()], found: &mut found };
        tree.rest(&mut tokens);
    }
    found
}

/// A token of the code, as far as it matters for paths.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'t> {
    Word(&'t str),
    Step,
    Mark(char),
}

/// The tokens of a file. Comments, string literals and unit tests are left out.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut found = Vec::new();
    let mut rest = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        let (token, length) = match first {
            _ if length > 0 => (Some(Token::Word(&rest[..length])), length),
            _ if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            _ if rest.starts_with("'\"'") => (None, 3),
            '"' => (None, string_length(rest)),
            ':' if rest.starts_with("::") => (Some(Token::Step), 2),
            _ if first.is_whitespace() => (None, first.len_utf8()),
            _ => (Some(Token::Mark(first)), first.len_utf8()),
        };
        found.extend(token);
        rest = &rest[length..];
    }
    found
}

/// The length of the string literal at the start of a text.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A path that is being read, and the paths that were found.
struct Tree<'f> {
    prefix: Vec<String>,
    found: &'f mut Vec<Vec<String>>,
}

impl Tree<'_> {
    /// Reads the rest of a path after its first word.
    fn rest<'t>(&mut self, tokens: &mut std::iter::Peekable<impl Iterator<Item = Token<'t>>>) {
        while tokens.next_if_eq(&Token::Step).is_some() {
            match tokens.peek().copied() {
                Some(Token::Word(word)) => {
                    tokens.next();
                    self.prefix.push(word.to_owned());
                }
                Some(Token::Mark('{')) => {
                    tokens.next();
                    return self.branches(tokens);
                }
                Some(Token::Mark(_) | Token::Step) | None => break,
            }
        }
        self.found.push(self.prefix.clone());
    }

    /// Reads `a::b, c}`.
    fn branches<'t>(&mut self, tokens: &mut std::iter::Peekable<impl Iterator<Item = Token<'t>>>) {
        while let Some(token) = tokens.next() {
            match token {
                Token::Mark('}') => return,
                Token::Word("as") => drop(tokens.next()),
                Token::Word(word) => {
                    let mut prefix = self.prefix.clone();
                    if word != "self" {
                        prefix.push(word.to_owned());
                    }
                    Tree { prefix, found: self.found }.rest(tokens);
                }
                Token::Mark(_) | Token::Step => {}
            }
        }
    }
}

/// The files that can be reached through imports.
fn reachable<'m>(
    own: &'m Module,
    imports: &BTreeMap<&'m Module, BTreeSet<&'m Module>>,
) -> BTreeSet<&'m Module> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![own];
    while let Some(next) = waiting.pop() {
        for other in imports.get(next).into_iter().flatten() {
            if found.insert(*other) {
                waiting.push(other);
            }
        }
    }
    found
}

fn sentence(
    folder: &str,
    members: &BTreeSet<&Module>,
    imports: &BTreeMap<&Module, BTreeSet<&Module>>,
) -> String {
    let name = |module: &Module| {
        if module.is_empty() { "(root)".to_owned() } else { module.join("::") }
    };
    let mut lines = vec![format!("{folder}: {} files", members.len())];
    for own in members {
        let others = imports[own].intersection(members).map(|other| name(other));
        lines.push(format!("  {} imports {}", name(own), others.collect::<Vec<_>>().join(", ")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::circles;

    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let files: Vec<_> =
            files.iter().map(|(path, text)| (format!("src/{path}"), (*text).to_owned())).collect();
        assert_eq!(circles("src", &files), expected);
    }

    #[test]
    fn a_circle_over_three_files_is_found() {
        check(
            &[
                ("lib.rs", "mod a;\nmod b;\nmod c;"),
                ("a.rs", "use crate::{x::Y, b::{self, B as Other}};"),
                ("b/mod.rs", "fn f() { crate::c::d::run() }"),
                ("c.rs", "use super::a::A;"),
                ("e.rs", "use crate::a::A; // crate::e"),
                ("y.rs", "const TEXT: &str = \"\\\"crate::a::A\"; use crate::b::B;"),
            ],
            &["src: 3 files\n  a imports b\n  b imports c\n  c imports a"],
        );
    }

    #[test]
    fn a_list_of_modules_is_no_import_and_a_path_is() {
        check(&[("a/mod.rs", "mod b;\nstruct A;"), ("a/b.rs", "use crate::a::A;")], &[]);
        check(
            &[("a/mod.rs", "mod b;\nfn f() { b::run() }"), ("a/b.rs", "use super::A;")],
            &["src: 2 files\n  a imports a::b\n  a::b imports a"],
        );
        check(
            &[
                ("a.rs", "#[cfg(test)]\nmod tests {\n use crate::b::B;"),
                ("b.rs", "use crate::a::A;"),
            ],
            &[],
        );
    }
}
