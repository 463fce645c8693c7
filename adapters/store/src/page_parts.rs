//! The ids and the groups of the people of a page, where statements of their own read them. That is
//! faster than one statement for all, if nothing is sent to a server.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::{User, UserId};

use crate::rows::uuid;
use crate::sql::{Builder, Connection, Query, View, column};
use crate::user_rows::membership;

/// The most people of a page.
pub(crate) const PAGE: usize = 500;

const IDS: &str = "SELECT i.id, i.namespace, i.native FROM identities i WHERE i.kind = 'user' \
                   AND i.id IN (";
const GROUPS: &str = "SELECT m.user_id, g.id, g.namespace, g.name, g.grants, g.confers, \
    (SELECT string_agg(i.namespace || '\u{1f}' || i.native, '\u{1e}') \
    FROM identities i WHERE i.id = g.id AND i.kind = 'group') FROM memberships m \
    JOIN groups g ON g.id = m.group_id AND g.state = 'active' WHERE m.user_id IN (";

/// Adds to the people of a page their ids and groups.
pub(crate) async fn add_parts(database: &mut Connection, users: &mut [User]) -> Result<(), Fault> {
    if users.is_empty() {
        return Ok(());
    }
    users.sort_unstable_by_key(|user| user.id);
    let (ids, groups) =
        (of(users, IDS, ") ORDER BY i.id"), of(users, GROUPS, ") ORDER BY m.user_id, m.place"));
    let mut owner = Owner::default();
    ids.each(database, |row| {
        let user = owner.of(users, row)?;
        let namespace = IdNamespace::new(column::<&str>(row, 1)?);
        user.ids.insert(namespace, column(row, 2)?);
        Ok(())
    })
    .await?;
    let mut owner = Owner::default();
    groups
        .each(database, |row| {
            let user = owner.of(users, row)?;
            user.groups.extend(membership(row, 1)?);
            Ok(())
        })
        .await
}

fn of(users: &[User], before: &'static str, after: &'static str) -> Query {
    let mut query = Builder::new(before);
    push_ids(&mut query, users);
    query.push(after);
    query.build()
}

/// Adds the ids of the people of a page to a statement. The last one is repeated, so that all pages have
/// the same statement, prepared once.
pub(crate) fn push_ids(query: &mut Builder, users: &[User]) {
    let last = users.last().into_iter().cycle();
    for (index, user) in users.iter().chain(last).take(PAGE).enumerate() {
        if index > 0 {
            query.push(", ");
        }
        query.push_bind(user.id.to_string());
    }
}

/// Finds the people to whom rows belong. Both are in the order of the ids.
#[derive(Default)]
struct Owner {
    at: usize,
}

impl Owner {
    fn of<'u>(&mut self, users: &'u mut [User], row: View<'_>) -> Result<&'u mut User, Fault> {
        let id = UserId(uuid(column(row, 0)?)?);
        while self.at + 1 < users.len() && users[self.at].id < id {
            self.at += 1;
        }
        Ok(&mut users[self.at])
    }
}
