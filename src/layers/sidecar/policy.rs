//! Policies for attributes that the system has no column for.

use std::collections::BTreeMap;

/// What happens to an attribute that the system has no column for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributePolicy {
    /// The sidecar stores it.
    Store,
    /// It is lost.
    Drop,
    /// The command is refused.
    Refuse,
}

/// The policies of a route, by prefix of the attribute's name: `octoprint.settings.`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributePolicies(BTreeMap<String, AttributePolicy>);

impl AttributePolicies {
    /// The policy of an attribute: that of the longest prefix, or [`AttributePolicy::Store`].
    #[must_use]
    pub fn of(&self, attribute: &str) -> AttributePolicy {
        let fits = self.0.iter().filter(|(prefix, _)| attribute.starts_with(*prefix));
        let longest = fits.max_by_key(|(prefix, _)| prefix.len());
        longest.map_or(AttributePolicy::Store, |(_, policy)| *policy)
    }
}

impl FromIterator<(String, AttributePolicy)> for AttributePolicies {
    fn from_iter<I: IntoIterator<Item = (String, AttributePolicy)>>(policies: I) -> Self {
        Self(policies.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_decides() {
        let table = [("a.", AttributePolicy::Drop), ("a.b.", AttributePolicy::Refuse)];
        let policies: AttributePolicies =
            table.into_iter().map(|(prefix, policy)| (prefix.to_owned(), policy)).collect();
        assert_eq!(policies.of("a.b.c"), AttributePolicy::Refuse);
        assert_eq!(policies.of("a.c"), AttributePolicy::Drop);
        assert_eq!(policies.of("b"), AttributePolicy::Store);
    }
}
