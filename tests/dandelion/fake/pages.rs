//! The pages for sessions: `/login` and `/logout`.

use crate::fake::form::Form;
use crate::fake::{Fake, columns};

impl Fake {
    /// Logs in: the body of the answer and the new cookie of the session.
    pub(crate) fn login(&mut self, form: &Form) -> (String, Option<String>) {
        self.asked.push("login".to_owned());
        let (name, password) = (form.given("user"), form.given("pass"));
        let fits = |text: &[u8]| !text.is_empty() && text != b"0";
        let name = columns::folded(&name);
        let user = self.users.iter().find(|user| columns::folded(&user.username) == name);
        let user = user.filter(|user| {
            let right = columns::password(&password) == user.password;
            fits(&name) && fits(&password) && !user.disabled && right
        });
        let Some((id, prompt)) = user.map(|user| (user.id, user.initial_login)) else {
            return ("false".to_owned(), None);
        };
        let cookie = format!("PHPSESSID=session{}", self.fresh());
        self.sessions.insert(cookie.clone(), id);
        ((prompt + 1).to_string(), Some(cookie))
    }

    /// Ends a session.
    pub(crate) fn logout(&mut self, cookie: &str) {
        self.sessions.remove(cookie);
    }
}
