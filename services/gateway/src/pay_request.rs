//! The body of `POST /v1/payments`: every field by name and type, and for each thing that is wrong
//! with one, what to send instead. The payment code never comes back in any text.

use crate::fields::Fields;
use crate::idempotency;
use crate::merchants::Merchant;
use crate::problem::{Code, Problem};
use aws_lc_rs::digest::{SHA256, digest};
use payment::{
    CodeFormat, Currency, Money, MoneyFault, OrderNumber, PaymentCode, Reference, TerminalId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

const FIELDS: [&str; 6] = [
    "order_id",
    "terminal_id",
    "payment_code",
    "amount_minor",
    "currency",
    "description",
];

/// AMS 3.1: what the wallet shows of an order.
const DESCRIPTION_CHARS_MAX: usize = 256;

/// What `POST /v1/payments` takes, as OpenAPI shows it.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayBody {
    /// Your number of the order: 1 to 64 visible ASCII characters. Once paid it is spent.
    #[schema(
        example = "2026-000017",
        min_length = 1,
        max_length = 64,
        pattern = "^[!-~]*$"
    )]
    order_id: String,
    /// The till: 1 to 64 letters, digits, `.`, `_` and `-`.
    #[schema(
        example = "till-3",
        min_length = 1,
        max_length = 64,
        pattern = "^[A-Za-z0-9._-]*$"
    )]
    terminal_id: String,
    /// The scanned code, digits only.
    #[schema(example = "281012020262467128")]
    payment_code: String,
    /// The amount in minor units: 1988 for CNY 19.88, 500 for JPY 500.
    #[schema(example = 1988, minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    amount_minor: i64,
    /// ISO 4217, three capitals.
    #[schema(example = "CNY")]
    currency: String,
    /// What the customer reads in the wallet; at most 256 characters, none of them a control
    /// character, and not spaces alone. Your order number if absent.
    #[schema(
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$"
    )]
    description: Option<String>,
}

/// 2^53 - 1 (RFC 8259, 6): beyond it, who reads JSON's numbers as floating-point may read another
/// sum than was sent.
const AMOUNT_MINOR_MAX: i64 = 9_007_199_254_740_991;

/// A request to pay that can be taken.
#[derive(Debug)]
pub(crate) struct PayRequest {
    pub(crate) order: OrderNumber,
    pub(crate) terminal: TerminalId,
    pub(crate) code: PaymentCode,
    pub(crate) amount: Money,
    pub(crate) description: String,
}

impl PayRequest {
    /// Reads the body of a request that came under this key.
    pub(crate) fn parse(
        bytes: &[u8],
        key: &Reference,
        merchant: &Merchant,
        format: &CodeFormat,
    ) -> Result<Self, Problem> {
        let body = object(bytes)?;
        known_fields(&body)?;
        let order = text(&body, "order_id")?;
        let order = OrderNumber::parse(order).map_err(|fault| field("order_id", &fault))?;
        let terminal = text(&body, "terminal_id")?;
        let terminal = TerminalId::parse(terminal).map_err(|fault| field("terminal_id", &fault))?;
        let code = PaymentCode::parse(text(&body, "payment_code")?, format).map_err(|fault| {
            Problem::of_field(
                Code::InvalidPaymentCode,
                "payment_code",
                format!("{}.", capitalized(&fault.to_string())),
            )
        })?;
        let amount = amount(&body, merchant)?;
        let description = match body.get("description") {
            None | Some(Value::Null) => order.as_str().to_owned(),
            Some(_) => description(text(&body, "description")?)?,
        };
        unnamed(
            &code,
            key,
            [
                ("order_id", order.as_str()),
                ("terminal_id", terminal.as_str()),
                ("description", &description),
            ],
        )?;
        Ok(Self {
            order,
            terminal,
            code,
            amount,
            description,
        })
    }

    /// What tells this request from another under the same key. One way: the code is not in it in
    /// clear.
    pub(crate) fn digest(&self) -> String {
        // Lengths first, so that no two requests give the same text.
        let parts = [
            self.order.as_str(),
            self.terminal.as_str(),
            self.code.expose(),
            &self.amount.amount_minor().to_string(),
            self.amount.currency().code(),
            &self.description,
        ];
        let mut text = zeroize::Zeroizing::new(String::new());
        for part in parts {
            text.push_str(&format!("{}:", part.len()));
            text.push_str(part);
        }
        let sum = digest(&SHA256, text.as_bytes());
        sum.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// E1: a code is spendable, and what names or describes a sale is stored, logged and shown.
fn unnamed(
    code: &PaymentCode,
    key: &Reference,
    names: [(&'static str, &str); 3],
) -> Result<(), Problem> {
    if code.stands_in(key.as_str()) {
        return Err(idempotency::holds_the_code());
    }
    let Some((name, _)) = names.iter().find(|(_, text)| code.stands_in(text)) else {
        return Ok(());
    };
    let detail =
        format!("`{name}` holds the payment code, which belongs into `payment_code` only.");
    Err(Problem::of_field(Code::InvalidField, *name, detail))
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    // Line and column only: the text itself may hold a payment code.
    let Fields { all, twice } = serde_json::from_slice(bytes).map_err(|fault| {
        let detail = if fault.is_data() {
            "The body must be one JSON object: {\"order_id\": …}.".to_owned()
        } else {
            let (line, column) = (fault.line(), fault.column());
            let why = why_not_json(&fault);
            format!("The body stops being JSON at line {line}, column {column}{why}.")
        };
        Problem::new(Code::InvalidJson, detail)
    })?;
    match twice {
        None => Ok(all),
        Some(name) => {
            let name = shown(&name);
            let detail = format!("`{name}` stands twice; which one is meant? Send it once.");
            Err(Problem::of_field(Code::InvalidField, name, detail))
        }
    }
}

/// What scanners and hand-made JSON get wrong most; the parser's own words hold nothing of the text.
fn why_not_json(fault: &serde_json::Error) -> &'static str {
    if fault.is_eof() {
        return ": it ends too early";
    }
    if fault.to_string().starts_with("control character") {
        return ": within a text, the end of a line, a TAB or another control character must be \
                written as \\n, \\t or \\u00XX";
    }
    ""
}

fn known_fields(body: &Map<String, Value>) -> Result<(), Problem> {
    let Some(unknown) = body.keys().find(|name| !FIELDS.contains(&name.as_str())) else {
        return Ok(());
    };
    let shown = shown(unknown);
    let detail = format!(
        "`{shown}` is not a field of this request. Its fields are {}.",
        FIELDS.join(", ")
    );
    Err(Problem::of_field(Code::UnknownField, shown, detail))
}

/// A field's name as it was sent, where digits may be a code that was put in the wrong place.
fn shown(name: &str) -> String {
    let name = name.chars().take(64);
    name.map(|c| if c.is_numeric() { '#' } else { c }).collect()
}

fn text<'a>(body: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, Problem> {
    match body.get(name) {
        None | Some(Value::Null) => Err(missing(name)),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            let code = match name {
                "payment_code" => Code::InvalidPaymentCode,
                "currency" => Code::UnknownCurrency,
                _ => Code::InvalidField,
            };
            let detail = format!("`{name}` must be a text; put it in quotes.");
            Err(Problem::of_field(code, name, detail))
        }
    }
}

fn missing(name: &'static str) -> Problem {
    let detail = format!("`{name}` is missing. Send it.");
    Problem::of_field(Code::MissingField, name, detail)
}

fn field(name: &'static str, fault: &payment::IdFault) -> Problem {
    let fault = fault.to_string().replacen(name, &format!("`{name}`"), 1);
    Problem::of_field(Code::InvalidField, name, format!("{fault}."))
}

fn amount(body: &Map<String, Value>, merchant: &Merchant) -> Result<Money, Problem> {
    let minor = match body.get("amount_minor") {
        None | Some(Value::Null) => return Err(missing("amount_minor")),
        Some(value) => integer(value)?,
    };
    let code = text(body, "currency")?;
    let currency = Currency::parse(code).map_err(|fault| money(&fault))?;
    if !merchant.currencies.contains(&currency) {
        let allowed: Vec<&str> = merchant.currencies.iter().map(|c| c.code()).collect();
        let detail = format!(
            "This merchant takes {} only. To take {} too, ask the acquirer.",
            allowed.join(", "),
            currency.code()
        );
        return Err(Problem::of_field(
            Code::CurrencyNotAllowed,
            "currency",
            detail,
        ));
    }
    Money::new(minor, currency).map_err(|fault| money(&fault))
}

fn integer(value: &Value) -> Result<i64, Problem> {
    let bounded = |minor: &i64| (1..=AMOUNT_MINOR_MAX).contains(minor);
    if let Some(minor) = value.as_i64().filter(bounded) {
        return Ok(minor);
    }
    // An integer of twenty digits or more is kept as a number with an exponent.
    let beyond = value.is_number() && value.to_string().contains("e+");
    if value.is_i64() || value.is_u64() || beyond {
        let detail = format!("`amount_minor` must be 1 to {AMOUNT_MINOR_MAX} minor units.");
        return Err(Problem::of_field(
            Code::InvalidAmount,
            "amount_minor",
            detail,
        ));
    }
    Err(Problem::of_field(
        Code::AmountNotInteger,
        "amount_minor",
        "`amount_minor` must be a whole number of minor units, without a decimal point and \
         without quotes: send 1988 for CNY 19.88, and 500 for JPY 500.",
    ))
}

fn money(fault: &MoneyFault) -> Problem {
    let (code, name) = match fault {
        MoneyFault::UnknownCurrency(_) => (Code::UnknownCurrency, "currency"),
        MoneyFault::OutOfRange(_) | MoneyFault::NotWholeRupiah(_) => {
            (Code::InvalidAmount, "amount_minor")
        }
    };
    Problem::of_field(code, name, format!("{}.", capitalized(&fault.to_string())))
}

fn description(text: &str) -> Result<String, Problem> {
    let invalid = |why: &str| Problem::of_field(Code::InvalidField, "description", why);
    if text.trim().is_empty() {
        return Err(invalid("`description` is empty; leave it out instead."));
    }
    if text.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(invalid("`description` may have 256 characters at most."));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid("`description` may not hold control characters."));
    }
    Ok(text.to_owned())
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
