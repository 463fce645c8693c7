//! The front: reads OctoPrint's callers and answers them as OctoPrint 1.11 does.

mod account;
mod answers;
mod appkeys;
mod cookies;
mod csrf;
mod form;
mod groups;
mod headers;
mod identity;
mod legacy;
mod limits;
mod login;
mod membership;
mod pages;
mod pending;
mod routes;
pub(crate) mod secrets;
mod session;
mod site;
mod slots;
#[cfg(test)]
mod tests;
mod users;
mod visit;
mod wizard;

use async_trait::async_trait;
use isogloss_canonical::dialect::{Dialect, MethodInfo};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::vouching::Vouching;

use self::answers::{CRASH, Refusal, Reply, abort};
use self::routes::{Area, Found, METHODS, Map, decoded_path, quoted};
use self::visit::Visit;
use crate::options::Settings;

/// What Tornado takes; it says so of other verbs before Flask hears of them.
const VERBS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Larger bodies are refused by Tornado: a bare 400.
const LARGEST_BODY: usize = 100 * 1024;

/// OctoPrint's dialect.
#[derive(Debug)]
pub(crate) struct OctoPrint {
    settings: Settings,
}

impl OctoPrint {
    /// A dialect for a route with these options.
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings }
    }

    fn find(&self, verb: &str, path: &str) -> Found {
        Map { old: self.settings.old, wizard: self.settings.first_run }.find(verb, path)
    }

    /// Whether errors at this path are said in JSON.
    fn is_api(&self, path: &str) -> bool {
        let wizard = self.settings.first_run && path.starts_with("/plugin/corewizard");
        path.starts_with("/api") || path.starts_with("/plugin/appkeys") || wizard
    }

    fn word(&self, path: &str, refusal: &Refusal) -> Response {
        if self.is_api(path) { refusal.json() } else { refusal.page() }
    }

    async fn reply(&self, visit: &mut Visit<'_>, path: &str, found: Found) -> Reply {
        identity::identify(visit).await?;
        match found {
            Found::Nothing => Err(abort(404)),
            // Pages say what they take instead, the API does not.
            Found::WrongVerb(_) if self.is_api(path) => Err(abort(405)),
            Found::WrongVerb(verbs) => Ok(abort(405).page().with("Allow", verbs.join(", "))),
            Found::Elsewhere(path) => {
                let query = visit.request.query.as_ref();
                let query = query.map_or_else(String::new, |query| format!("?{query}"));
                let location = visit.site.absolute(&format!("{}{query}", quoted(&path)));
                Ok(answers::redirect(308, &location))
            }
            Found::Options(Area::Page, verbs) => Ok(answers::options(&verbs)),
            Found::Options(_, verbs) => self.preflight(visit, answers::options(&verbs)),
            Found::Row(row, names) => {
                if row.guarded() {
                    csrf::require_token(visit)?;
                }
                row.run(visit, &names).await
            }
        }
    }

    /// With other origins let in, an OPTIONS without a browser's headers crashes.
    fn preflight(&self, visit: &Visit<'_>, response: Response) -> Reply {
        if !self.settings.cross_origin {
            return Ok(response);
        }
        let header = |name| visit.request.header(name);
        let origin = header("origin").ok_or(CRASH)?;
        let method = header("access-control-request-method").ok_or(CRASH)?;
        let response = response
            .with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Allow-Methods", method)
            .with("Access-Control-Max-Age", "10");
        Ok(match header("access-control-request-headers") {
            Some(headers) => response.with("Access-Control-Allow-Headers", headers),
            None => response,
        })
    }
}

#[async_trait]
impl Dialect for OctoPrint {
    fn methods(&self) -> &'static [MethodInfo] {
        &METHODS
    }

    fn handles(&self, request: &Request) -> bool {
        let site = decoded_path(&request.path, "");
        !matches!(self.find(&request.method, &site), Found::Nothing)
    }

    async fn answer(&self, request: &Request, exchange: &dyn Exchange) -> Response {
        if !VERBS.contains(&request.method.as_str()) {
            return headers::of_tornado(answers::unknown_verb());
        }
        if request.body.len() > LARGEST_BODY {
            return Response::new(400, "");
        }
        let mut visit = Visit::new(&self.settings, request, exchange);
        let path = decoded_path(&request.path, &visit.site.root);
        let found = self.find(&request.method, &path);
        let area = match &found {
            Found::Row(row, _) => Some(row.area()),
            Found::Options(area, _) => Some(*area),
            Found::WrongVerb(_) | Found::Elsewhere(_) | Found::Nothing => None,
        };
        let reply = self.reply(&mut visit, &path, found).await;
        let response = reply.unwrap_or_else(|refusal| self.word(&path, &refusal));
        match headers::settle(&mut visit, area, response).await {
            Ok(response) => response,
            Err(fault) => self.refuse(request, &fault),
        }
    }

    fn vouching(&self) -> Vouching {
        self.settings.vouching()
    }

    fn refuse(&self, request: &Request, fault: &Fault) -> Response {
        if fault.kind == FaultKind::TooLarge {
            return Response::new(400, "");
        }
        let path = decoded_path(&request.path, "");
        headers::of_tornado(self.word(&path, &Refusal::from(fault.clone())))
    }
}
