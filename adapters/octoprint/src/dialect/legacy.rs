//! `/api/users*`, which since 1.4 only points elsewhere.

use super::answers::{self, Reply};
use super::routes::{decoded_path, quoted};
use super::visit::Visit;

/// Points to the same path under `/api/access`; the query is lost:
/// `fixtures/transcripts/octoprint/legacy-users.json`.
pub(crate) async fn redirect(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    let root = &visit.site.root;
    let path = decoded_path(&visit.request.path, root);
    let below = path.strip_prefix("/api").unwrap_or(&path);
    Ok(answers::redirect(307, &format!("{root}/api/access{}", quoted(below))))
}
