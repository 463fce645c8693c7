//! The three groups that a new Dandelion server has.

use isogloss_canonical::group::NewGroup;
use isogloss_canonical::role::Role;
use serde_json::{Map, json};

use crate::ids::{Gid, NAMESPACE};
use crate::roles::rights::{self, RIGHTS, Rights};

/// The rights of ordinary users.
const USER: &[&str] = &[
    "createlog",
    "editlog",
    "viewlog",
    "addcomment",
    "createcat",
    "editcat",
    "deletecat",
    "viewcheesto",
    "updatecheesto",
];
/// The rights of guests.
const GUEST: &[&str] = &["viewlog", "viewcheesto"];
/// The rights that the installed group of guests does not store at all.
const ABSENT_FOR_GUESTS: &[&str] = &["editlogall", "addcomment"];

/// The groups that a new server has.
pub(crate) fn foundation() -> Vec<NewGroup> {
    let user = rights_of(|right| USER.contains(&right), &[]);
    let admin = rights_of(|_| true, &[]);
    let guest = rights_of(|right| GUEST.contains(&right), ABSENT_FOR_GUESTS);
    vec![
        group(Gid::ORDINARY, "user", &user),
        NewGroup {
            confers: Some(Role::Administrator),
            ..group(Gid::ADMINISTRATORS, "admin", &admin)
        },
        group(Gid::GUESTS, "guest", &guest),
    ]
}

/// All rights, each `true` if the group holds it, without the absent ones.
fn rights_of(holds: impl Fn(&str) -> bool, absent: &[&str]) -> Rights {
    let stored = rights::names().filter(|name| !absent.contains(name));
    Rights::Stored(stored.map(|name| (name.to_owned(), json!(holds(name)))).collect())
}

fn group(id: Gid, name: &str, rights: &Rights) -> NewGroup {
    NewGroup {
        namespace: Some(NAMESPACE),
        name: name.to_owned(),
        grants: rights.grants(),
        attributes: Map::from_iter([(RIGHTS.to_owned(), rights.stored())]),
        ids: [(NAMESPACE, id.to_string())].into(),
        ..NewGroup::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isogloss_canonical::permission::Grants;

    #[test]
    fn the_group_of_guests_stores_fifteen_rights() {
        let guests = foundation().remove(2);
        let rights = guests.attributes[RIGHTS].as_object().map(Map::len);
        assert_eq!((rights, guests.grants), (Some(15), Grants::none()));
    }
}
