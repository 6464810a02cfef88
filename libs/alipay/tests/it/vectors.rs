//! Six messages signed by Alipay's own SDK: ours must be the same byte for byte.

use alipay::signature::{Bound, SignatureFault, Signer, Verifier};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Vector {
    name: String,
    signed_by: String,
    path: String,
    client_id: String,
    time: String,
    body: String,
    signature_header: String,
}

pub(crate) const ALIPAY_KEY: &str = include_str!("../vectors/alipay_rsa.pem");
pub(crate) const ALIPAY_PUBLIC: &str = include_str!("../vectors/alipay_pub.pem");
pub(crate) const MERCHANT_KEY: &str = include_str!("../vectors/merchant_rsa.pem");
pub(crate) const MERCHANT_PUBLIC: &str = include_str!("../vectors/merchant_pub.pem");

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../vectors/vectors.json")).unwrap()
}

impl Vector {
    fn bound(&self) -> Bound<'_> {
        Bound {
            path: &self.path,
            client_id: &self.client_id,
            time: &self.time,
        }
    }

    fn keys(&self) -> (Signer, Verifier) {
        let (private, public) = if self.signed_by == "alipay" {
            (ALIPAY_KEY, ALIPAY_PUBLIC)
        } else {
            (MERCHANT_KEY, MERCHANT_PUBLIC)
        };
        let signer = Signer::from_pem(private, 1).unwrap();
        (signer, Verifier::from_pem(public).unwrap())
    }
}

#[test]
fn our_signature_of_every_message_is_the_sdks_byte_for_byte_and_is_believed() {
    assert_eq!(vectors().len(), 6);
    for vector in vectors() {
        let (signer, verifier) = vector.keys();
        let body = vector.body.as_bytes();
        let ours = signer.header_value(&vector.bound(), body).unwrap();
        assert_eq!(ours, vector.signature_header, "{}", vector.name);
        let believed = verifier.verify(&vector.bound(), body, &vector.signature_header);
        assert_eq!(believed, Ok(()), "{}", vector.name);
    }
}

#[test]
fn a_message_bound_to_another_path_client_or_time_is_not_believed() {
    for vector in vectors() {
        let (_, verifier) = vector.keys();
        let bound = vector.bound();
        for other in [
            Bound {
                path: "/ams/api/v1/payments/other",
                ..bound
            },
            Bound {
                client_id: "SOMEONE_ELSE",
                ..bound
            },
            Bound {
                time: "1795428900999",
                ..bound
            },
        ] {
            let verdict = verifier.verify(&other, vector.body.as_bytes(), &vector.signature_header);
            assert_eq!(verdict, Err(SignatureFault::Wrong), "{}", vector.name);
        }
    }
}

#[test]
fn the_header_is_read_with_spaces_in_any_order_and_with_plain_base64() {
    let vector = vectors().remove(0);
    let (_, verifier) = vector.keys();
    let value = vector.signature_header.rsplit("signature=").next().unwrap();
    let plain = value
        .replace("%2B", "+")
        .replace("%2F", "/")
        .replace("%3D", "=");
    for header in [
        format!("algorithm=RSA256, keyVersion=1, signature={value}"),
        format!("signature={value},keyVersion=1,algorithm=RSA256"),
        format!("algorithm=RSA256,keyVersion=1,signature={plain}"),
    ] {
        let verdict = verifier.verify(&vector.bound(), vector.body.as_bytes(), &header);
        assert_eq!(verdict, Ok(()), "{header}");
    }
    for (header, fault) in [
        ("", SignatureFault::Missing),
        ("algorithm=RSA256,signature=", SignatureFault::Missing),
        ("signature=***", SignatureFault::Unreadable),
    ] {
        let verdict = verifier.verify(&vector.bound(), vector.body.as_bytes(), header);
        assert_eq!(verdict, Err(fault));
    }
}

#[test]
fn keys_come_as_pkcs1_or_pkcs8_and_never_print() {
    let fresh = alipay::signature::FreshKeys::make().unwrap();
    let signer = Signer::from_pem(&fresh.private_pem, 1).unwrap();
    assert!(ALIPAY_KEY.contains("RSA PRIVATE KEY"), "PKCS#1");
    assert_eq!(format!("{signer:?}"), "Signer([redacted])");
    let verifier = Verifier::from_pem(&fresh.public_pem).unwrap();
    assert_eq!(format!("{verifier:?}"), "Verifier");
    assert!(Signer::from_pem("no key", 1).is_err());
    assert!(Verifier::from_pem(ALIPAY_KEY).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn case_x30_one_changed_byte_anywhere_in_the_body_is_seen(
        which in 0_usize..6,
        place in any::<prop::sample::Index>(),
        change in 1_u8..=255,
    ) {
        let vector = vectors().remove(which);
        let (_, verifier) = vector.keys();
        let mut body = vector.body.clone().into_bytes();
        let place = place.index(body.len());
        body[place] ^= change;
        let verdict = verifier.verify(&vector.bound(), &body, &vector.signature_header);
        prop_assert_eq!(verdict, Err(SignatureFault::Wrong));
    }
}
