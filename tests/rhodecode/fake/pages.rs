//! The web pages for signing in and out.

use std::collections::BTreeMap;

use crate::fake::Fake;

/// A page: status, cookie, body.
pub(crate) type Page = (u16, Option<String>, String);

const FORM: &str = r#"<form action="/_admin/login?came_from=%2F" method="post">
<input id="username" name="username" type="text" /><input id="password" name="password" type="password" />"#;
const ERROR: &str = "<span class=\"error-message\">no</span>";
const TOKEN: &str = "0123456789abcdef";

impl Fake {
    /// A request to a page that is not the API. `cookie` is the session.
    pub(crate) fn page(
        &mut self,
        (method, path, address): (&str, &str, &str),
        cookie: &str,
        form: &BTreeMap<String, String>,
    ) -> Page {
        self.asked.push(format!("{method} {path}"));
        let user = self.sessions.get(cookie).copied();
        let user = user.filter(|id| self.user(*id).admits(address));
        match (method, path, user) {
            ("GET", "/_admin/login", _) => (200, None, FORM.to_owned()),
            ("POST", "/_admin/login", _) => self.sign_in(form),
            ("GET", "/_admin/my_account/password", Some(id)) => {
                let name = &self.user(id).username;
                let page = format!(
                    "<script>var templateContext = {{\"rhodecode_user\": {{\"username\": \
                     \"{name}\"}}}};</script><input type=\"hidden\" name=\"csrf_token\" \
                     value=\"{TOKEN}\">"
                );
                (200, None, page)
            }
            ("POST", "/_admin/logout", Some(_))
                if form.get("csrf_token").is_some_and(|t| t == TOKEN) =>
            {
                self.sessions.remove(cookie);
                (302, None, String::new())
            }
            ("POST", "/_admin/logout", _) => (403, None, String::new()),
            (_, _, None) => (302, None, String::new()),
            _ => (404, None, String::new()),
        }
    }

    fn sign_in(&mut self, form: &BTreeMap<String, String>) -> Page {
        let given = |name: &str| form.get(name).cloned().unwrap_or_default();
        let (name, password) = (given("username"), given("password"));
        let name = name.trim();
        let exact = self.users.iter().find(|user| user.username == name);
        let folded =
            || self.users.iter().find(|user| user.username.to_lowercase() == name.to_lowercase());
        let user = exact.or_else(folded).filter(|user| user.id != 1);
        if user.is_some_and(|user| !user.active) {
            let (head, rest) = FORM.split_once(" />").unwrap();
            return (200, None, format!("{head} />{ERROR}{rest}"));
        }
        let letters = password.chars().count();
        let right = |own: &Option<String>| own.as_ref() == Some(&password);
        match user.filter(|user| (3..=72).contains(&letters) && right(&user.password)) {
            Some(user) => {
                let cookie = format!("rhodecode=session-{}", self.sessions.len() + 1);
                self.sessions.insert(cookie.clone(), user.id);
                (302, Some(cookie), String::new())
            }
            None => (200, None, format!("{FORM}{ERROR}")),
        }
    }
}
