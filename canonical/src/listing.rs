//! Lists of people, written while they are read.

use std::fmt::{self, Debug};

use async_trait::async_trait;
use bytes::Bytes;

use crate::fault::{Fault, FaultKind};
use crate::http::{Pieces, Response, Rest};
use crate::key::Key;
use crate::people::{Page, Pages};
use crate::user::User;

/// The text of a list around its rows and between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Before the first row.
    pub before: String,
    /// Between two rows.
    pub between: String,
    /// After the last row.
    pub after: String,
    /// The whole text if there is no row.
    pub empty: String,
}

impl Frame {
    /// The frame of an answer. `write` writes the answer with these JSON strings as its rows. Text of
    /// the request in the answer cannot be taken for a row: such a mark is not used.
    pub fn of<E>(write: impl Fn(&[&str]) -> Result<String, E>) -> Result<Self, E> {
        let empty = write(&[])?;
        let mut number = 0_u32;
        loop {
            let mark = format!("row {number}");
            let text = write(&[&mark, &mark])?;
            let parts: Vec<_> = text.split(&format!("\"{mark}\"")).collect();
            if let [before, between, after] = parts[..] {
                let [before, between, after] = [before, between, after].map(str::to_owned);
                return Ok(Self { before, between, after, empty });
            }
            number += 1;
        }
    }
}

/// Writes the row of a person, with the keys asked for.
type Write<E> = Box<dyn FnMut(&User, &[Key], &mut String) -> Result<(), E> + Send>;

/// A list of people as a dialect writes it.
pub struct Rows<E> {
    pages: Box<dyn Pages>,
    write: Write<E>,
}

impl<E> Debug for Rows<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rows").field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl<E: From<Fault> + 'static> Rows<E> {
    /// The rows of a list. `write` appends the row of a person.
    pub fn new(
        pages: Box<dyn Pages>,
        write: impl FnMut(&User, &[Key], &mut String) -> Result<(), E> + Send + 'static,
    ) -> Self {
        Self { pages, write: Box::new(write) }
    }

    /// Reads and writes the first page. What goes wrong until then can still be answered as a fault.
    pub async fn begin(mut self, frame: Frame) -> Result<Listing, E> {
        let Frame { before: mut text, between, after, empty } = frame;
        let page = self.pages.next().await?;
        let mut is_first = true;
        self.page(&page, &between, &mut is_first, &mut text)?;
        if page.is_last {
            return Ok(if is_first { empty } else { text + &after }.into());
        }
        let rest = Coming { rows: self, between, is_first, after: Some(after) };
        Ok(Listing { text, rest: Some(Rest::new(rest)) })
    }

    fn page(
        &mut self,
        page: &Page,
        between: &str,
        is_first: &mut bool,
        text: &mut String,
    ) -> Result<(), E> {
        for user in &page.users {
            if !std::mem::take(is_first) {
                text.push_str(between);
            }
            let keys = page.keys.get(&user.id).map_or(&[][..], Vec::as_slice);
            (self.write)(user, keys, text)?;
        }
        Ok(())
    }
}

/// The pages after the first one.
struct Coming<E> {
    rows: Rows<E>,
    between: String,
    is_first: bool,
    /// What follows the last row. `None`: the list has ended.
    after: Option<String>,
}

#[async_trait]
impl<E: From<Fault> + 'static> Pieces for Coming<E> {
    async fn next(&mut self) -> Option<Result<Bytes, Fault>> {
        let after = self.after.take()?;
        let page = match self.rows.pages.next().await {
            Ok(page) => page,
            Err(fault) => return Some(Err(fault)),
        };
        let mut text = String::new();
        if self.rows.page(&page, &self.between, &mut self.is_first, &mut text).is_err() {
            let detail = "a row in the middle of a list cannot be written";
            return Some(Err(Fault::new(FaultKind::Unexpected, detail)));
        }
        if page.is_last {
            text.push_str(&after);
        } else {
            self.after = Some(after);
        }
        Some(Ok(text.into()))
    }
}

/// A list whose first page is written.
#[derive(Debug)]
pub struct Listing {
    /// The text up to the end of the first page.
    pub text: String,
    /// What follows. `None`: the text is complete.
    pub rest: Option<Rest>,
}

impl From<String> for Listing {
    fn from(text: String) -> Self {
        Self { text, rest: None }
    }
}

impl Listing {
    /// The whole text, for an answer that is a part of another one.
    pub async fn whole(self) -> Result<String, Fault> {
        let Some(rest) = self.rest else { return Ok(self.text) };
        let mut bytes = Vec::from(self.text);
        rest.append_to(&mut bytes).await?;
        String::from_utf8(bytes)
            .map_err(|error| Fault::new(FaultKind::Unexpected, "a list is no text").because(error))
    }

    /// A response with this body.
    #[must_use]
    pub fn response(self, status: u16) -> Response {
        Response { rest: self.rest, ..Response::new(status, self.text) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[derive(Debug)]
    struct Parts(VecDeque<Result<Page, Fault>>);

    #[async_trait]
    impl Pages for Parts {
        async fn next(&mut self) -> Result<Page, Fault> {
            self.0.pop_front().unwrap()
        }
    }

    /// The result of a future that never waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("it waits"),
        }
    }

    /// The text of a list with these pages.
    fn text<const N: usize>(pages: [Result<Vec<&'static str>, Fault>; N]) -> Result<String, Fault> {
        let page = |(at, names): (usize, Result<Vec<&'static str>, Fault>)| {
            Ok(Page::new(names?.into_iter().map(User::seen).collect(), Vec::new(), at == N - 1))
        };
        let parts = Parts(pages.into_iter().enumerate().map(page).collect());
        let rows = Rows::<Fault>::new(Box::new(parts), |user, _, text| {
            text.push_str(&user.username);
            Ok(())
        });
        let write = |rows: &[&str]| Ok::<_, Fault>(format!("{rows:?}"));
        now(now(rows.begin(Frame::of(write)?))?.whole())
    }

    #[test]
    fn a_list_has_the_same_text_in_one_page_and_in_several() {
        let whole = text([Ok(vec!["a", "b", "c"])]).unwrap();
        assert_eq!(whole, "[a, b, c]");
        assert_eq!(text([Ok(vec!["a", "b"]), Ok(vec!["c"])]).unwrap(), whole);
        assert_eq!(text([Ok(vec!["a", "b", "c"]), Ok(vec![])]).unwrap(), whole);
        assert_eq!(text([Ok(vec![])]).unwrap(), "[]");
    }

    #[test]
    fn a_list_whose_page_cannot_be_read_does_not_end_as_if_it_were_complete() {
        let fault = || Err(Fault::new(FaultKind::Unavailable, "gone"));
        assert!(text([fault()]).is_err());
        assert!(text([Ok(vec!["a"]), fault()]).is_err());
    }

    #[test]
    fn a_frame_is_split_where_the_rows_are() {
        let write = |id: &str, rows: &[&str]| {
            let rows: Vec<_> = rows.iter().map(|row| format!("\"{row}\"")).collect();
            Ok::<_, Fault>(format!("{{\"id\":\"{id}\",\"result\":[{}]}}", rows.join(", ")))
        };
        for id in ["7", "row 0", "row 0\", \"row 1"] {
            let frame = Frame::of(|rows| write(id, rows)).unwrap();
            assert_eq!(frame.before, format!("{{\"id\":\"{id}\",\"result\":["), "{id}");
            assert_eq!((frame.between.as_str(), frame.after.as_str()), (", ", "]}"), "{id}");
            assert_eq!(frame.empty, write(id, &[]).unwrap(), "{id}");
        }
    }
}
