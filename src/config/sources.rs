//! The place of each configuration value: an index of all layers, the one with the highest priority
//! first.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::finding::{Key, Place};

/// The layers of a configuration: command line, environment, file, built-in.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Spot>);

/// A value in one layer, with those inside it.
#[derive(Clone, Debug)]
struct Spot {
    place: Place,
    below: Below,
}

#[derive(Clone, Debug)]
enum Below {
    Leaf,
    Table(BTreeMap<String, Spot>),
    List(Vec<Spot>),
}

impl Sources {
    /// Adds a document as the layer with the highest priority.
    pub fn lay_document(&mut self, file: &Place, text: &str, document: &DeTable<'_>) {
        let lines = Lines { file, text };
        self.0.insert(0, Spot { place: file.clone(), below: lines.table(document) });
    }

    /// Adds single values as the layer with the highest priority.
    pub fn lay_values(&mut self, values: Vec<(Key, Place)>) {
        let Some((_, first)) = values.first() else { return };
        let mut root = Spot { place: first.clone(), below: Below::Table(BTreeMap::new()) };
        for (key, place) in values {
            root.set(key.steps(), &place);
        }
        self.0.insert(0, root);
    }

    /// Adds a list of one element as the layer with the highest priority: the route of the command
    /// line.
    pub fn lay_list(&mut self, name: &str, place: &Place) {
        let element = Spot { place: place.clone(), below: Below::Leaf };
        let list = Spot { place: place.clone(), below: Below::List(vec![element]) };
        let below = Below::Table(BTreeMap::from([(name.to_owned(), list)]));
        self.0.insert(0, Spot { place: place.clone(), below });
    }

    /// The place of a value. If it is not given, the place of the nearest table around it.
    #[must_use]
    pub fn find(&self, key: &Key) -> Place {
        let mut best: Option<(usize, &Place)> = None;
        for layer in &self.0 {
            let (depth, place, is_final) = layer.descend(key.steps());
            if best.is_none_or(|(known, _)| depth > known) {
                best = Some((depth, place));
            }
            if is_final || depth == key.steps().len() {
                break;
            }
        }
        best.map_or_else(|| Place::named("configuration"), |(_, place)| place.clone())
    }

    /// Whether a layer above the built-in one has this value.
    #[must_use]
    pub fn is_given(&self, key: &Key) -> bool {
        let layers = &self.0[..self.0.len().saturating_sub(1)];
        layers.iter().any(|layer| layer.descend(key.steps()).0 == key.steps().len())
    }

    /// Removes an element of a list. The elements after it move up.
    pub fn forget_element(&mut self, list: &Key, index: usize) {
        for layer in &mut self.0 {
            if let Some(Spot { below: Below::List(elements), .. }) = layer.get(list.steps())
                && index < elements.len()
            {
                elements.remove(index);
                return;
            }
        }
    }
}

impl Spot {
    /// How many steps of the key this layer has, the place there, and whether the value cannot be
    /// in a lower layer, because a list replaces a list.
    fn descend(&self, steps: &[String]) -> (usize, &Place, bool) {
        let (mut spot, mut in_list) = (self, false);
        for (depth, step) in steps.iter().enumerate() {
            let next = match &spot.below {
                Below::Leaf => None,
                Below::Table(table) => table.get(step),
                Below::List(list) => {
                    in_list = true;
                    step.parse().ok().and_then(|index: usize| list.get(index))
                }
            };
            let Some(next) = next else { return (depth, &spot.place, in_list) };
            spot = next;
        }
        (steps.len(), &spot.place, true)
    }

    fn get(&mut self, steps: &[String]) -> Option<&mut Self> {
        steps.iter().try_fold(self, |spot, step| match &mut spot.below {
            Below::Leaf => None,
            Below::Table(table) => table.get_mut(step),
            Below::List(list) => step.parse().ok().and_then(|index: usize| list.get_mut(index)),
        })
    }

    fn set(&mut self, steps: &[String], place: &Place) {
        let Some((first, rest)) = steps.split_first() else { return };
        if !matches!(self.below, Below::Table(_)) {
            self.below = Below::Table(BTreeMap::new());
        }
        if let Below::Table(table) = &mut self.below {
            let empty = || Self { place: place.clone(), below: Below::Leaf };
            table.entry(first.clone()).or_insert_with(empty).set(rest, place);
        }
    }
}

/// The text of a file, to compute lines.
struct Lines<'a> {
    file: &'a Place,
    text: &'a str,
}

impl Lines<'_> {
    fn table(&self, table: &DeTable<'_>) -> Below {
        let spot = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let name: &std::borrow::Cow<'_, str> = key.get_ref();
            (name.to_string(), self.spot(key.span().start, value))
        };
        Below::Table(table.iter().map(spot).collect())
    }

    fn spot(&self, start: usize, value: &Spanned<DeValue<'_>>) -> Spot {
        let below = match value.get_ref() {
            DeValue::Table(table) => self.table(table),
            DeValue::Array(array) => {
                let elements = array.iter().map(|value| self.spot(value.span().start, value));
                Below::List(elements.collect())
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => Below::Leaf,
        };
        Spot { place: self.file.at(line_of(self.text, start)), below }
    }
}

/// The line of a byte offset in a text. The first line is 1.
#[must_use]
pub fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().iter().take(at);
    before.filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::default();
        let defaults =
            "[server]\nlisten = \"a\"\nworkers = 0\n[[route]]\npath = \"/x\"\nhost = \"a\"\n";
        for (file, text) in [("built-in", defaults), ("file", text)] {
            let document = DeTable::parse(text).unwrap();
            sources.lay_document(&Place::named(file), text, document.get_ref());
        }
        sources
    }

    #[test]
    fn a_value_stands_in_the_strongest_layer_that_has_it() {
        let sources = sources("[server]\n\nworkers = 1\n[[route]]\npath = \"/y\"\n");
        let place = |steps: &[&str]| sources.find(&Key::of(steps)).to_string();
        assert_eq!(place(&["server", "workers"]), "file:3");
        assert_eq!(place(&["server", "listen"]), "built-in:2");
        assert_eq!(place(&["server", "colour"]), "file:1");
        assert_eq!(place(&["route", "0", "path"]), "file:5");
        assert_eq!(place(&["route", "0", "host"]), "file:4", "a list replaces a list");
    }
}
