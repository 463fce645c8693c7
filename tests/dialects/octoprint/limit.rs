//! OctoPrint's own limit of sign-ins counts before the gateway's.

use std::sync::Arc;

use futures_util::future::join_all;
use isogloss_canonical::adapter::RouteOptions;
use isogloss_canonical::namespace::IdNamespace;
use serde_json::json;

use super::octoprint;
use crate::gateway::TestGateway;
use crate::guessing::fixture::{Fixture, KEY};
use crate::sessions::Case;

pub(super) const CASES: [Case; 1] =
    [("octoprints-own-limit-counts-before", |_: Arc<TestGateway>| Box::pin(own_limit()))];

async fn own_limit() {
    let fixture = Fixture::new().await;
    let settings = json!({"login_rate_limit": true}).as_object().unwrap().clone();
    let options = RouteOptions { settings, ..RouteOptions::of(IdNamespace::named("octoprint")) };
    let adapter = isogloss::registry::adapter("octoprint").unwrap();
    let dialect = adapter.make_dialect(&options).unwrap();
    let pipeline = fixture.gateway.pipeline();
    let login = |secret: &str| {
        octoprint(KEY, "POST /api/login", &json!({"user": "ann", "pass": secret})).request
    };
    let (wrong, right) = (login("wrong"), login("right"));
    let answers = join_all((0..40).map(|_| dialect.answer(&wrong, &pipeline))).await;
    let status = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((status(403), status(429)), (3, 37));
    assert_eq!(fixture.verified(), 3);
    assert_eq!(dialect.answer(&right, &pipeline).await.status, 429);
    let fixture = Fixture::new().await;
    let pipeline = fixture.gateway.pipeline();
    for _ in 0..6 {
        assert_eq!(dialect.answer(&right, &pipeline).await.status, 200);
    }
}
