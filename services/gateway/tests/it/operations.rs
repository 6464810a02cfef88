//! What operators and newcomers look at.

use crate::house::{House, json_of, problem};
use reqwest::StatusCode;

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_alive_and_ready_until_a_part_is_down() {
    let house = House::open().await;
    let live = house.bare("GET", "/livez").send().await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    let ready = house.bare("GET", "/readyz").send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
    house.health.register("clock").down("set the clock right");
    let unready = house.bare("GET", "/readyz").send().await.unwrap();
    assert_eq!(unready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body = json_of(unready).await;
    assert_eq!(body["reasons"][0]["reason"], "set the clock right");
    let metrics = house.bare("GET", "/metrics").send().await.unwrap();
    assert_eq!(metrics.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_problem_leads_to_its_page() {
    let house = House::open().await;
    let response = house.bare("GET", "/v1/payments").send().await.unwrap();
    let body = problem(response, 401, "missing_token").await;
    let page = house.bare("GET", body["type"].as_str().unwrap());
    let page = page.send().await.unwrap();
    assert_eq!(
        page.headers()["content-type"],
        "text/markdown; charset=utf-8"
    );
    assert!(page.text().await.unwrap().starts_with("# missing_token"));
    let none = house.bare("GET", "/docs/errors/none").send().await.unwrap();
    problem(none, 404, "route_not_found").await;
    let all = house.bare("GET", "/docs/errors").send().await.unwrap();
    let all = all.text().await.unwrap();
    for code in gateway::Code::ALL {
        assert!(all.contains(&format!("(/docs/errors/{})", code.row().code)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_itself_and_can_be_browsed() {
    let house = House::open().await;
    let api = house.bare("GET", "/openapi.json").send().await.unwrap();
    let api = json_of(api).await;
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, method) in [
        ("/v1/payments", "post"),
        ("/v1/payments", "get"),
        ("/v1/payments/{id}", "get"),
        ("/v1/payments/{id}/cancel", "post"),
        ("/v1/payments/{id}/acknowledgement", "post"),
        ("/v1/payments/{id}/events", "get"),
        ("/alipay/v1/notifications/payments", "post"),
    ] {
        assert!(api["paths"][path][method].is_object(), "{method} {path}");
    }
    assert_eq!(
        api["components"]["securitySchemes"]["token"]["scheme"],
        "bearer"
    );
    let page = house.bare("GET", "/docs").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.unwrap().contains("swagger-ui"));
}
