//! Pages: of each problem, to which its `type` leads, and of tokens.

use crate::problem::{Code, Problem};
use actix_web::{HttpResponse, web};

const MARKDOWN: &str = "text/markdown; charset=utf-8";

/// All of them, as a list.
pub(super) async fn errors() -> HttpResponse {
    let mut text = "# Every problem the gateway may answer with\n\n".to_owned();
    for code in Code::ALL {
        let row = code.row();
        let (name, status, title) = (row.code, row.status.as_u16(), row.title);
        text.push_str(&format!(
            "- [{name}](/docs/errors/{name}): {status}, {title}\n"
        ));
    }
    HttpResponse::Ok().content_type(MARKDOWN).body(text)
}

/// One.
pub(super) async fn error(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = Code::named(&name).ok_or_else(|| {
        Problem::new(
            Code::RouteNotFound,
            "There is no problem of this name. /docs/errors lists them all.",
        )
    })?;
    Ok(HttpResponse::Ok()
        .content_type(MARKDOWN)
        .body(code.row().page))
}

/// What a token must hold.
pub(super) async fn tokens() -> HttpResponse {
    let page = include_str!("../../../../docs/tokens.md");
    HttpResponse::Ok().content_type(MARKDOWN).body(page)
}
