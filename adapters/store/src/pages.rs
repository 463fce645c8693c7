//! Lists of everybody, page by page. No connection is held between two pages, so that a slow reader
//! holds up nobody.

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::key::Key;
use isogloss_canonical::people::{KeysToo, Order, Page, Pages, PeopleQuery, Place};
use isogloss_canonical::user::User;
use tokio::runtime::Handle;
use tokio::task::{JoinError, spawn_blocking};

use crate::inner::Inner;
use crate::lookup::people;
use crate::page_parts::{PAGE, add_parts};
use crate::sql::{Builder, Connection, Query};
use crate::user_rows::{select_bare_users, select_users};

/// The beginning of a statement that reads users with their ids and groups.
const TOGETHER: &str = select_users!("WHERE u.id IN (SELECT u.id FROM users u WHERE ");
/// The beginning of a statement that reads the rows of users alone.
const APART: &str = concat!(select_bare_users!(), "WHERE ");

/// Which users are on a page, for each order: those after a place.
const CREATED: &str = "u.backend = $1 AND u.id > $3 AND u.state = 'active' ORDER BY u.id LIMIT $2";
const NAME: &str =
    "u.backend = $1 AND u.username > $3 AND u.state = 'active' ORDER BY u.username LIMIT $2";
const FOLDED_NAME: &str = "u.backend = $1 AND (u.folded_name, u.id) > ($3, $4) \
                           AND u.state = 'active' ORDER BY u.folded_name, u.id LIMIT $2";
/// The numbers of the same length, and then the longer ones, which are read only if the page has room.
const NATIVE: &str = "u.id IN (SELECT b.id FROM (SELECT a.id, a.digits, a.native FROM \
    (SELECT n.id, length(n.native) AS digits, n.native FROM identities n \
    JOIN users p ON p.id = n.id AND p.state = 'active' \
    WHERE n.backend = $1 AND n.namespace = $5 AND n.kind = 'user' \
    AND length(n.native) = $4 AND n.native > $3 ORDER BY n.native LIMIT $2) a \
    UNION ALL SELECT n.id, length(n.native), n.native FROM identities n \
    JOIN users p ON p.id = n.id AND p.state = 'active' \
    WHERE n.backend = $1 AND n.namespace = $5 AND n.kind = 'user' \
    AND length(n.native) > $4 ORDER BY 2, 3 LIMIT $2) b)";

/// Reads a list. It remembers the place where the next page begins.
pub(crate) struct Reader {
    list: Arc<List>,
    /// The place of the last person who was read.
    last: Option<Place>,
}

/// What is listed, and how.
struct List {
    store: Arc<Inner>,
    order: Order,
    keys: Option<KeysToo>,
}

impl Reader {
    /// A reader at the beginning of a list. `None`: the store has no index for this order.
    pub(crate) fn new(store: &Arc<Inner>, query: &PeopleQuery) -> Option<Self> {
        let numbered = |order: &Order| match order {
            Order::Created | Order::Name | Order::FoldedName => true,
            Order::Native(namespace) => store.numbers_users(namespace),
        };
        let store = numbered(&query.order).then(|| Arc::clone(store))?;
        let list = List { store, order: query.order.clone(), keys: query.keys.clone() };
        Some(Self { list: Arc::new(list), last: None })
    }
}

impl List {
    /// The page after a place.
    async fn page(&self, last: Option<&Place>, database: &mut Connection) -> Result<Page, Fault> {
        let users = self.users(last, database).await?;
        let keys = self.keys(&users, database).await?;
        let is_last = users.len() < PAGE;
        Ok(Page::new(users, keys, is_last))
    }

    async fn users(
        &self,
        last: Option<&Place>,
        database: &mut Connection,
    ) -> Result<Vec<User>, Fault> {
        let apart = database.blocks();
        let mut users = people(database, self.after(last, apart)).await?;
        if apart {
            add_parts(database, &mut users).await?;
        }
        self.order.sort(&mut users);
        users.truncate(PAGE);
        Ok(users)
    }

    /// The statement that reads the page after a place, in any order. An index leads to the first
    /// person. `apart`: other statements read the ids and groups.
    fn after(&self, last: Option<&Place>, apart: bool) -> Query {
        let mut query = Builder::new(if apart { APART } else { TOGETHER });
        query.push(match self.order {
            Order::Created => CREATED,
            Order::Name => NAME,
            Order::FoldedName => FOLDED_NAME,
            Order::Native(_) => NATIVE,
        });
        if !apart {
            query.push(") ORDER BY u.id, m.place");
        }
        let (length, text, id) = last.map_or_else(
            || (0, String::new(), String::new()),
            |last| (last.length, last.text.clone(), last.id.to_string()),
        );
        let size = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let query = query.build().bind(&self.store.backend).bind(size);
        match &self.order {
            Order::Created => query.bind(id),
            Order::Name => query.bind(text),
            Order::FoldedName => query.bind(text).bind(id),
            Order::Native(namespace) => {
                let length = i64::try_from(length).unwrap_or(i64::MAX);
                query.bind(text).bind(length).bind(namespace.as_str())
            }
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
        let mut database = self.list.store.database.page().await?;
        let (list, last) = (Arc::clone(&self.list), self.last.take());
        let page = if database.blocks() {
            let runtime = Handle::current();
            let read =
                spawn_blocking(move || runtime.block_on(list.page(last.as_ref(), &mut database)));
            read.await.map_err(ended)??
        } else {
            list.page(last.as_ref(), &mut database).await?
        };
        self.last = page.users.last().map(|user| self.list.order.place(user));
        Ok(page)
    }
}

/// The fault of a page whose thread ended: the process stops.
fn ended(error: JoinError) -> Fault {
    Fault::new(FaultKind::Unavailable, "a page of a list was not read").because(error)
}

impl Debug for Reader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reader").field("order", &self.list.order).finish_non_exhaustive()
    }
}
