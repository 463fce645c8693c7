//! Lists of everybody, page by page. No connection is held between two pages, so that a slow reader
//! holds up nobody.

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::key::Key;
use isogloss_canonical::people::{KeysToo, Order, Page, Pages, PeopleQuery, Place};
use isogloss_canonical::user::User;

use crate::inner::Inner;
use crate::lookup::people;
use crate::rows::select_users;
use crate::sql::{self, Connection, Query};

/// The most people of a page.
pub(crate) const PAGE: usize = 500;

/// Reads a list. It remembers the place where the next page begins.
pub(crate) struct Reader {
    store: Arc<Inner>,
    order: Order,
    keys: Option<KeysToo>,
    /// The place of the last person who was read.
    last: Option<Place>,
}

impl Reader {
    /// A reader at the beginning of a list. `None`: the store has no index for this order.
    pub(crate) fn new(store: &Arc<Inner>, query: &PeopleQuery) -> Option<Self> {
        let numbered = |order: &Order| match order {
            Order::Created | Order::Name | Order::FoldedName => true,
            Order::Native(namespace) => store.numbers_users(namespace),
        };
        numbered(&query.order).then(|| Self {
            store: Arc::clone(store),
            order: query.order.clone(),
            keys: query.keys.clone(),
            last: None,
        })
    }

    async fn users(&self, database: &mut Connection) -> Result<Vec<User>, Fault> {
        let mut users = people(database, self.after_last()).await?;
        self.order.sort(&mut users);
        users.truncate(PAGE);
        Ok(users)
    }

    /// The statement that reads the people after the last place, in any order: at least a page of them,
    /// unless there are no more. An index leads to the first one. For numbers that takes two parts: the
    /// rest of the numbers of the same length, and the longer ones.
    fn after_last(&self) -> Query {
        let backend = &self.store.backend;
        let (length, text, id) = self.last.as_ref().map_or_else(
            || (0, String::new(), String::new()),
            |last| (last.length, last.text.clone(), last.id.to_string()),
        );
        let size = i64::try_from(PAGE).unwrap_or(i64::MAX);
        match &self.order {
            Order::Created => sql::query(select_users!(
                "WHERE u.id IN (SELECT p.id FROM users p WHERE p.backend = $1 AND p.id > $2 \
                 AND p.state = 'active' ORDER BY p.id LIMIT $3) ORDER BY u.id, m.place"
            ))
            .bind(backend)
            .bind(id)
            .bind(size),
            Order::Name => sql::query(select_users!(
                "WHERE u.id IN (SELECT p.id FROM users p WHERE p.backend = $1 AND p.username > $2 \
                 AND p.state = 'active' ORDER BY p.username LIMIT $3) ORDER BY u.id, m.place"
            ))
            .bind(backend)
            .bind(text)
            .bind(size),
            Order::FoldedName => sql::query(select_users!(
                "WHERE u.id IN (SELECT p.id FROM users p WHERE p.backend = $1 \
                 AND (p.folded_name, p.id) > ($2, $4) AND p.state = 'active' \
                 ORDER BY p.folded_name, p.id LIMIT $3) ORDER BY u.id, m.place"
            ))
            .bind(backend)
            .bind(text)
            .bind(size)
            .bind(id),
            Order::Native(namespace) => sql::query(select_users!(
                "WHERE u.id IN (SELECT s.id FROM (SELECT n.id FROM identities n \
                 JOIN users p ON p.id = n.id AND p.state = 'active' \
                 WHERE n.backend = $1 AND n.namespace = $4 AND n.kind = 'user' \
                 AND length(n.native) = $5 AND n.native > $2 ORDER BY n.native LIMIT $3) s \
                 UNION ALL SELECT l.id FROM (SELECT n.id FROM identities n \
                 JOIN users p ON p.id = n.id AND p.state = 'active' \
                 WHERE n.backend = $1 AND n.namespace = $4 AND n.kind = 'user' \
                 AND length(n.native) > $5 ORDER BY length(n.native), n.native LIMIT $3) l) \
                 ORDER BY u.id, m.place"
            ))
            .bind(backend)
            .bind(text)
            .bind(size)
            .bind(namespace.as_str())
            .bind(i64::try_from(length).unwrap_or(i64::MAX)),
        }
    }

    async fn keys(&self, users: &[User], database: &mut Connection) -> Result<Vec<Key>, Fault> {
        match &self.keys {
            Some(wanted) if !users.is_empty() => {
                self.store.keys_of_page(database, users, wanted).await
            }
            _ => Ok(Vec::new()),
        }
    }
}

#[async_trait]
impl Pages for Reader {
    async fn next(&mut self) -> Result<Page, Fault> {
        let mut database = self.store.database.list().await?;
        let users = self.users(&mut database).await?;
        let keys = self.keys(&users, &mut database).await?;
        self.last = users.last().map(|user| self.order.place(user));
        let is_last = users.len() < PAGE;
        Ok(Page::new(users, keys, is_last))
    }
}

impl Debug for Reader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reader").field("order", &self.order).finish_non_exhaustive()
    }
}
