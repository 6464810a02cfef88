//! For whoever runs the process: is it alive, may it be given work, what has it measured.

use crate::state::State;
use actix_web::{HttpResponse, web};
use chassis::operations::readiness;
use serde_json::json;

/// It answers, so it lives.
pub(super) async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "alive"}))
}

/// Whether every part is well, and which is not.
pub(super) async fn readyz(state: web::Data<State>) -> HttpResponse {
    let (ready, body) = readiness(&state.health);
    if ready {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}

/// In Prometheus' text format.
pub(super) async fn metrics(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(state.metrics.render())
}
