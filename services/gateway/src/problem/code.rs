//! The one table of everything the gateway may answer but a success: code, status, title, whether
//! asking again can help, and what to do next. Each code has a page in docs/errors.

use actix_web::http::StatusCode;

/// What the gateway says of one kind of problem.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The stable code a merchant's program may match on.
    pub code: &'static str,
    /// The HTTP status.
    pub status: StatusCode,
    /// The short, fixed summary.
    pub title: &'static str,
    /// Whether the very same request may succeed later.
    pub retryable: bool,
    /// What to do next.
    pub next_action: &'static str,
    /// Its page, Markdown.
    pub page: &'static str,
}

// The variant, its code and its page must not drift apart; a macro writes all three from one line.
macro_rules! table {
    ($($(#[$doc:meta])* $name:ident $code:literal $status:ident $retry:literal $next:literal $title:literal;)*) => {
        /// A problem's stable code.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What is said of it.
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        code: $code,
                        status: StatusCode::$status,
                        title: $title,
                        retryable: $retry,
                        next_action: $next,
                        page: include_str!(concat!("../../../../docs/errors/", $code, ".md")),
                    },)*
                }
            }
        }
    };
}

table! {
    /// No bearer token was sent.
    MissingToken "missing_token" UNAUTHORIZED false "send_token" "The request bears no token";
    /// The token can't be read, or its signature is wrong.
    InvalidToken "invalid_token" UNAUTHORIZED false "get_new_token" "The token can't be believed";
    /// The token is signed by an algorithm that is not allowed (RFC 8725).
    WrongAlgorithm "wrong_algorithm" UNAUTHORIZED false "get_new_token" "The token is signed by an algorithm that is not allowed";
    /// The token names no key, or one that the issuer does not publish.
    UnknownKey "unknown_key" UNAUTHORIZED false "get_new_token" "The token's key is not known";
    /// The token's time is over.
    ExpiredToken "expired_token" UNAUTHORIZED false "get_new_token" "The token has expired";
    /// The token's time has not begun.
    TokenNotYetValid "token_not_yet_valid" UNAUTHORIZED true "check_clock" "The token is not valid yet";
    /// Another issuer's token.
    WrongIssuer "wrong_issuer" UNAUTHORIZED false "get_new_token" "The token is another issuer's";
    /// A token for another service.
    WrongAudience "wrong_audience" UNAUTHORIZED false "get_new_token" "The token is for another service";
    /// The token does not allow this call.
    InsufficientScope "insufficient_scope" FORBIDDEN false "get_new_token" "The token does not allow this call";
    /// The token's merchant is not set up here.
    MerchantNotConfigured "merchant_not_configured" FORBIDDEN false "contact_acquirer" "The merchant is not set up here";
    /// No `Idempotency-Key`.
    MissingIdempotencyKey "missing_idempotency_key" BAD_REQUEST false "correct_request" "The Idempotency-Key header is missing";
    /// The `Idempotency-Key` can't be used.
    InvalidIdempotencyKey "invalid_idempotency_key" BAD_REQUEST false "correct_request" "The Idempotency-Key can't be used";
    /// The key belongs to another request.
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY false "use_new_key" "The Idempotency-Key belongs to another request";
    /// The body is larger than is taken.
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE false "correct_request" "The body is too large";
    /// The body did not arrive in time.
    BodyTooSlow "body_too_slow" REQUEST_TIMEOUT true "repeat_with_same_key" "The body did not arrive in time";
    /// The body is not JSON, or not an object.
    InvalidJson "invalid_json" BAD_REQUEST false "correct_request" "The body is not a JSON object";
    /// The body is said to be something else than JSON.
    WrongMediaType "wrong_media_type" UNSUPPORTED_MEDIA_TYPE false "correct_request" "The body must be JSON";
    /// A field nobody knows.
    UnknownField "unknown_field" BAD_REQUEST false "correct_request" "The body has a field that is not known";
    /// A field that must be there is not.
    MissingField "missing_field" BAD_REQUEST false "correct_request" "A field is missing";
    /// A field's value can't be taken.
    InvalidField "invalid_field" BAD_REQUEST false "correct_request" "A field can't be taken as it is";
    /// Not a payment code (E1).
    InvalidPaymentCode "invalid_payment_code" BAD_REQUEST false "scan_new_code" "This is not a payment code";
    /// A float or a text where an integer of minor units belongs.
    AmountNotInteger "amount_not_integer" BAD_REQUEST false "correct_request" "The amount must be an integer in minor units";
    /// An amount nobody can pay.
    InvalidAmount "invalid_amount" BAD_REQUEST false "correct_request" "The amount can't be paid";
    /// Not an ISO 4217 currency.
    UnknownCurrency "unknown_currency" BAD_REQUEST false "correct_request" "The currency is not known";
    /// A currency the merchant may not take.
    CurrencyNotAllowed "currency_not_allowed" FORBIDDEN false "contact_acquirer" "The merchant may not take this currency";
    /// The query names nothing to search by, or too much.
    InvalidQuery "invalid_query" BAD_REQUEST false "correct_request" "The query can't be answered";
    /// No such payment of this merchant.
    PaymentNotFound "payment_not_found" NOT_FOUND false "check_id" "There is no such payment";
    /// No such address.
    RouteNotFound "route_not_found" NOT_FOUND false "correct_request" "There is nothing at this address";
    /// The address takes other methods.
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED false "correct_request" "This address does not take this method";
    /// The request can't be read as HTTP.
    BadRequest "bad_request" BAD_REQUEST false "correct_request" "The request can't be read";
    /// Address and headers are longer than is taken.
    HeadTooLarge "head_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE false "correct_request" "Address and headers are too large";
    /// Address and headers did not arrive in time.
    HeadTooSlow "head_too_slow" REQUEST_TIMEOUT true "repeat_with_same_key" "Address and headers did not arrive in time";
    /// The order was paid.
    OrderAlreadyPaid "order_already_paid" CONFLICT false "look_up_order" "The order was already paid";
    /// Another attempt is open.
    OrderHasOpenPayment "order_has_open_payment" CONFLICT false "wait_for_open_payment" "The order has an open payment";
    /// The last attempt is being reversed.
    ReversalInProgress "reversal_in_progress" CONFLICT false "take_another_tender" "The order's last payment is still being reversed";
    /// The order has had as many attempts as it may.
    OrderHasTooManyPayments "order_has_too_many_payments" CONFLICT false "use_new_order" "The order has had as many payments as an order may have";
    /// There is nothing to acknowledge.
    NotAcknowledgeable "not_acknowledgeable" CONFLICT false "look_up_payment" "There is no paid answer to acknowledge";
    /// The request could not be taken; nothing will happen unless it is repeated.
    RequestNotTaken "request_not_taken" SERVICE_UNAVAILABLE true "repeat_with_same_key" "The request could not be taken now";
    /// The request was turned away untouched.
    GatewayBusy "gateway_busy" SERVICE_UNAVAILABLE true "repeat_with_same_key" "The gateway is too busy to take the request";
    /// The merchant has its share of this gateway in use.
    MerchantBusy "merchant_busy" TOO_MANY_REQUESTS true "repeat_with_same_key" "The merchant has its share of this gateway in use";
    /// Whether the answer was written down is not known in time.
    OutcomeUnknown "outcome_unknown" SERVICE_UNAVAILABLE true "ask_again" "The outcome is not known at this instant";
    /// Something the gateway needs is not there.
    ServiceUnavailable "service_unavailable" SERVICE_UNAVAILABLE true "repeat_with_same_key" "The gateway can't do this now";
    /// A fault of ours.
    InternalError "internal_error" INTERNAL_SERVER_ERROR true "repeat_with_same_key" "Something broke in the gateway";
    /// Alipay's signature is wrong (H1).
    NotificationNotVerified "notification_not_verified" UNAUTHORIZED false "check_signature" "The notification's signature is not Alipay's";
    /// Signed by Alipay, yet not readable.
    NotificationUnreadable "notification_unreadable" BAD_REQUEST false "contact_acquirer" "The notification can't be read";
    /// A notification for a payment that nobody began.
    NotificationUnknownPayment "notification_unknown_payment" NOT_FOUND true "send_again_later" "The notification is about a payment that is not known";
}

impl Code {
    /// The code of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.row().code == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn each_code_has_its_page_and_each_page_its_code() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
        let pages: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let codes: BTreeSet<String> = Code::ALL
            .iter()
            .map(|code| format!("{}.md", code.row().code))
            .collect();
        assert_eq!(pages, codes);
    }

    #[test]
    fn each_page_bears_its_code_and_says_what_happened_what_to_do_and_shows_it() {
        for code in Code::ALL {
            let row = code.row();
            let first = row.page.lines().next().unwrap();
            assert_eq!(first, format!("# {}", row.code));
            for section in ["## What happened", "## What to do", "## Example"] {
                assert!(row.page.contains(section), "{}: {section}", row.code);
            }
            assert!(
                row.page.contains(&format!("\"code\": \"{}\"", row.code)),
                "{}",
                row.code
            );
            let status = format!("`{}`", row.status.as_u16());
            assert!(row.page.contains(&status), "{}: {status}", row.code);
        }
    }

    #[test]
    fn no_two_problems_share_a_code() {
        let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.row().code).collect();
        assert_eq!(codes.len(), Code::ALL.len());
    }

    #[test]
    fn every_refusal_a_door_may_give_stands_in_the_table() {
        use payment::Refusal;
        for refusal in [
            Refusal::OrderAlreadyPaid,
            Refusal::OrderHasOpenPayment,
            Refusal::ReversalInProgress,
            Refusal::TooManyAttempts,
            Refusal::UnknownPayment,
            Refusal::NotAcknowledgeable,
        ] {
            assert!(Code::named(refusal.code()).is_some(), "{}", refusal.code());
        }
    }
}
