//! Which scope each call needs, in words, from what the call itself requires; and for Alipay's call,
//! that it needs none.

use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

/// Adds it to each call's description.
pub(super) struct Scopes;

impl Modify for Scopes {
    fn modify(&self, api: &mut OpenApi) {
        let paths = api.paths.paths.values_mut();
        let operations = paths.flat_map(|path| path.get.iter_mut().chain(path.post.iter_mut()));
        for operation in operations {
            let needs = needs(operation);
            let said = operation
                .description
                .take()
                .map(|said| format!("{said}\n\n"));
            operation.description = Some(format!("{}{needs}", said.unwrap_or_default()));
        }
    }
}

fn needs(operation: &Operation) -> String {
    let required = operation.security.iter().flatten();
    let scopes = required.filter_map(|requirement| {
        let value = serde_json::to_value(requirement).ok()?;
        let scopes = value.get("token")?.as_array()?.iter();
        let scopes = scopes.filter_map(|scope| Some(format!("`{}`", scope.as_str()?)));
        Some(scopes.collect::<Vec<_>>().join(" and "))
    });
    let scopes: Vec<String> = scopes.collect();
    if scopes.is_empty() {
        return "Needs Alipay's signature, and no token.".to_owned();
    }
    format!("Needs a token with the scope {}.", scopes.join(" or "))
}
