//! For whoever runs the process: is it alive, may it be given work, what has it measured.

use crate::state::State;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

/// It answers, so it lives.
pub(super) async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "alive"}))
}

/// Whether every part is well, and which is not.
pub(super) async fn readyz(state: web::Data<State>) -> HttpResponse {
    match state.health.ready() {
        Ok(()) => HttpResponse::Ok().json(json!({"status": "ready"})),
        Err(unready) => {
            let reasons: Vec<Value> = unready
                .iter()
                .map(|one| json!({"check": one.check, "reason": one.reason}))
                .collect();
            HttpResponse::ServiceUnavailable()
                .json(json!({"status": "not_ready", "reasons": reasons}))
        }
    }
}

/// In Prometheus' text format.
pub(super) async fn metrics(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(state.metrics.render())
}
