//! What a first start prints: where things are, and commands that work as they stand.

use super::Standalone;
use std::io::Write;
use std::path::Path;

/// Prints the greeting.
///
/// # Errors
/// When standard output is gone.
pub(crate) fn greet(standalone: &Standalone) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    let gateway = standalone.gateway;
    let operations = standalone.operations;
    writeln!(out, "Tidegate serves on http://{gateway}")?;
    writeln!(
        out,
        "  API      http://{gateway}/docs  (OpenAPI: /openapi.json)"
    )?;
    writeln!(out, "  health   http://{operations}/readyz")?;
    writeln!(out, "  metrics  http://{operations}/metrics")?;
    let (Some(simulator), Some(token_file)) = (standalone.simulator, &standalone.token_file) else {
        return out.flush();
    };
    writeln!(out, "  Alipay   simulated on http://{simulator}")?;
    writeln!(
        out,
        "           what it holds: curl -s http://{simulator}/simulator/ledger"
    )?;
    writeln!(out)?;
    writeln!(out, "A sale that is paid at once:")?;
    writeln!(
        out,
        "{}",
        sale(&gateway.to_string(), token_file, "280000000000000001")
    )?;
    writeln!(
        out,
        "A sale whose answer is lost after the charge (about 3 seconds):"
    )?;
    writeln!(
        out,
        "{}",
        sale(&gateway.to_string(), token_file, "280401000000000002")
    )?;
    writeln!(
        out,
        "Other payment codes: curl -s http://{simulator}/simulator/behaviors"
    )?;
    writeln!(
        out,
        "Stop with Ctrl-C. kill -9 is safe too: nothing accepted is lost."
    )?;
    out.flush()
}

fn sale(gateway: &str, token_file: &Path, code: &str) -> String {
    let token_file = token_file.display();
    format!(
        r#"
  curl -sS http://{gateway}/v1/payments \
    -H "Authorization: Bearer $(cat {token_file})" \
    -H "Idempotency-Key: sale-$(date +%s%N)" -H 'Prefer: wait=25' \
    -H 'Content-Type: application/json' \
    -d '{{"order_id":"order-'$(date +%s%N)'","terminal_id":"till-1","payment_code":"{code}","amount_minor":1280,"currency":"CNY"}}'
"#
    )
}
