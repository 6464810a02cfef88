//! The addresses, as OpenAPI shows them. One file per thing that is asked.

mod acknowledge;
mod answer;
mod cancel;
mod event_body;
mod events;
mod find;
mod get;
mod head;
mod notify;
mod pages;
mod path;
mod pay;
mod produce;
mod sse;

pub(crate) use acknowledge::{__path_acknowledge, acknowledge};
pub(crate) use cancel::{__path_cancel, cancel};
pub(crate) use event_body::{EventBody, HistoryBody};
pub(crate) use events::{__path_events, events};
pub(crate) use find::{__path_find, FoundBody, find};
pub(crate) use get::{__path_get, get};
pub(crate) use notify::{__path_notify, notify};
pub(crate) use pay::{__path_pay, pay};
pub(crate) use produce::unavailable;

use crate::admission::at_the_gate;
use crate::notices;
use crate::openapi;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use payment::CodeFormat;

/// All of them.
pub(crate) fn all(config: &mut ServiceConfig, codes: &CodeFormat) {
    config
        .service(
            web::resource("/v1/payments")
                .route(web::post().to(pay).wrap(from_fn(at_the_gate)))
                .route(web::get().to(find))
                .route(web::head().to(head::find)),
        )
        .service(
            web::resource("/v1/payments/{id}")
                .route(web::get().to(get))
                .route(web::head().to(head::payment)),
        )
        .service(web::resource("/v1/payments/{id}/cancel").route(web::post().to(cancel)))
        .service(
            web::resource("/v1/payments/{id}/acknowledgement").route(web::post().to(acknowledge)),
        )
        .service(
            web::resource("/v1/payments/{id}/events")
                .route(web::get().to(events))
                .route(web::head().to(head::events)),
        )
        .service(web::resource(notices::PATH).route(web::post().to(notify)))
        .service(web::resource("/docs/errors").route(web::get().to(pages::errors)))
        .service(web::resource("/docs/errors/{code}").route(web::get().to(pages::error)))
        .service(web::resource("/docs/tokens").route(web::get().to(pages::tokens)))
        .service(web::redirect("/", "/docs/"))
        .service(web::redirect("/docs", "/docs/"))
        .service(openapi::pages(codes));
}
