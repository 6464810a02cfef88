//! Accounts as operators write them, right and wrong.

use super::*;
use crate::signature::FreshKeys;
use std::fs::write;

/// An account with fresh keys, beside which nothing is wrong.
fn good(dir: &tempfile::TempDir) -> Options {
    let (ours, alipays) = (FreshKeys::make().unwrap(), FreshKeys::make().unwrap());
    let (private, public) = (
        dir.path().join("private.pem"),
        dir.path().join("public.pem"),
    );
    write(&private, ours.private_pem.as_bytes()).unwrap();
    write(dir.path().join("ours.pem"), ours.public_pem).unwrap();
    write(&public, alipays.public_pem).unwrap();
    let written = serde_json::json!({
        "client_id": "5Y0000000000000000",
        "private_key_file": private,
        "alipay_public_key_file": public,
        "base_url": "https://open-sea-global.alipay.com",
        "notify_url": "https://gateway.acquirer.example/alipay/v1/notifications/payments",
        "settlement_currency": "USD",
    });
    serde_json::from_value(written).unwrap()
}

/// Each setting at fault with what is told of it.
fn told(options: &Options) -> Vec<(&'static str, String)> {
    let faults = Account::faults(options);
    assert_eq!(Account::open(options).is_err(), !faults.is_empty());
    let told = faults
        .iter()
        .map(|fault| (fault.setting(), fault.problem()));
    told.collect()
}

#[test]
fn each_address_that_can_not_be_called_as_it_is_written_is_refused_by_its_settings_name() {
    let dir = tempfile::tempdir().unwrap();
    let good = good(&dir);
    assert_eq!(told(&good), []);
    for base_url in [
        "https://open-sea-global.alipay.com/ams",
        "https://open-sea-global.alipay.com/?a=b",
        "https://open-sea-global.alipay.com#x",
        "https://user@open-sea-global.alipay.com",
        "https://:hush@open-sea-global.alipay.com",
        "http://open-sea-global.alipay.com",
        " https://open-sea-global.alipay.com",
        "https://open-sea-global.alipay.com\n",
        "open-sea-global.alipay.com",
        "",
    ] {
        let options = Options {
            base_url: base_url.to_owned(),
            ..good.clone()
        };
        let told = told(&options);
        assert_eq!(told.len(), 1, "{base_url}: {told:?}");
        assert_eq!(told[0].0, "alipay.base_url");
        assert!(
            !told[0].1.contains("hush") && !told[0].1.contains("alipay.base_url"),
            "{told:?}"
        );
    }
    for notify_url in [
        "https://gateway.example/a?b=c",
        "https://gateway.example/a#b",
        "https://user:hush@gateway.example/a",
        "https://gateway.example/a/../b",
        "https://gateway.example/a b",
        "https://gateway.example/ü",
        "https://gateway.example",
        "http://gateway.example/a",
        // Alipay itself is elsewhere.
        "http://127.0.0.1:8080/a",
        "https://localhost/a",
    ] {
        let options = Options {
            notify_url: notify_url.to_owned(),
            ..good.clone()
        };
        let told = told(&options);
        assert_eq!(told.len(), 1, "{notify_url}: {told:?}");
        assert_eq!(told[0].0, "alipay.notify_url");
        assert!(!told[0].1.contains("hush"), "{told:?}");
    }
    let here = Options {
        base_url: "http://127.0.0.1:8081/".to_owned(),
        notify_url: "http://localhost:8080/alipay/v1/notifications/payments".to_owned(),
        ..good
    };
    assert_eq!(told(&here), []);
}

#[test]
fn our_own_public_key_in_the_place_of_alipays_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = good(&dir);
    options.alipay_public_key_file = dir.path().join("ours.pem");
    let told = told(&options);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "alipay.alipay_public_key_file");
    assert!(told[0].1.contains("our own key"), "{told:?}");
}

#[test]
fn keys_of_less_than_2048_bits_are_refused_by_their_settings_names() {
    let dir = tempfile::tempdir().unwrap();
    let options = good(&dir);
    write(&options.private_key_file, SHORT_PRIVATE).unwrap();
    write(&options.alipay_public_key_file, SHORT_PUBLIC).unwrap();
    let told = told(&options);
    let settings: Vec<&str> = told.iter().map(|(setting, _)| *setting).collect();
    assert_eq!(
        settings,
        ["alipay.private_key_file", "alipay.alipay_public_key_file"]
    );
    assert!(
        told.iter()
            .all(|(_, problem)| problem.contains("at least 2048 bits")),
        "{told:?}"
    );
}

#[test]
fn all_that_is_wrong_with_an_account_is_told_at_once_each_by_its_setting() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = good(&dir);
    options.client_id = String::new();
    options.private_key_file = dir.path().join("missing.pem");
    options.key_version = 0;
    options.alipay_public_key_file = dir.path().to_owned();
    options.base_url = "x".to_owned();
    options.notify_url = "y".to_owned();
    options.settlement_currency = "usd".to_owned();
    let mut settings: Vec<&str> = told(&options).iter().map(|(setting, _)| *setting).collect();
    settings.sort_unstable();
    let expected = [
        "alipay.alipay_public_key_file",
        "alipay.base_url",
        "alipay.client_id",
        "alipay.key_version",
        "alipay.notify_url",
        "alipay.private_key_file",
        "alipay.settlement_currency",
    ];
    assert_eq!(settings, expected);
}

/// Made for this test; it opens nothing.
const SHORT_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAPX9GvYO/k7Ko/zN\n\
AOZeOm3cb2+bjTf3JXhE0LZ20UugbWaBR7RrmlyV812z1giGHi/MY1IKhGpp/rRd\n\
jXMQmvYg7LkvvGznSDLQx3x19h/CJLu90K3bV2olDe89Pte1LlG4MDX6L0XhnpaN\n\
szSpSIBWIVvgBvgDwdmrmQtiaTQzAgMBAAECgYAcs9bUhTVZPj3aPpVvS+lnbkQ2\n\
cqEMubLOkMEFuWF8gJCjWExkmfWd/gUylsxPnE6jZybjqMSAojONGilqFrLt8KOW\n\
d2ijXV79qkTUHO9YczqJBDQqvEkVuNB43soVXhBCu7oXcM5afZDZ8xfrmGoNt5kA\n\
gwrcFPwg+I1aJfP1gQJBAPr4CXCknbPiZ9FDOm4Vanjdr9JtwM7TE2poYOHdHjjq\n\
PqdUcFx/MwGIyuNqcCIVTEc9HrwbIVWPGxC4TRvd8nMCQQD664KejLgietC/W5qV\n\
+RmhsPXMv6joXhuLeIoycNFIY4Qvh4mpaWS60EeZe6nV6qdmE1ZqApDAeD6h5bU5\n\
/IdBAkAUgLL0ut4PVg25MM7TM3ixSxsUC9dWjjPl24UerpvLdoeL0AAl7lZSZ8R7\n\
c7SZdDf5Eesy3tyIStqhMQ1Lm4Q1AkEAhWv1aJkq0Cq+FQKAkH6EQpX2HYlMJ0Lj\n\
IqZV1bxnjDZec2d+q7Z++VcGu3YmOLktifl+WaBDmBRYOX4Lf2noAQJBAJG9rVE1\n\
sTFxnvL2PUDhCcrTe9PZ9Ri/9zazaiJVOVsDtja7y7ae+pCkcdHHNgd9gdYdPsNr\n\
QqJDzNOKugEjxBQ=\n\
-----END PRIVATE KEY-----";

const SHORT_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQD1/Rr2Dv5OyqP8zQDmXjpt3G9v\n\
m4039yV4RNC2dtFLoG1mgUe0a5pclfNds9YIhh4vzGNSCoRqaf60XY1zEJr2IOy5\n\
L7xs50gy0Md8dfYfwiS7vdCt21dqJQ3vPT7XtS5RuDA1+i9F4Z6WjbM0qUiAViFb\n\
4Ab4A8HZq5kLYmk0MwIDAQAB\n\
-----END PUBLIC KEY-----";

#[test]
fn how_long_a_connection_is_kept_and_the_merchants_region_have_their_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let good = good(&dir);
    for (idle_ms, fine) in [
        (0, false),
        (99, false),
        (100, true),
        (60_000, true),
        (60_001, false),
        (u64::MAX, false),
    ] {
        let options = Options {
            idle_ms,
            ..good.clone()
        };
        let settings: Vec<&str> = told(&options).iter().map(|(setting, _)| *setting).collect();
        let wanted: &[&str] = if fine { &[] } else { &["alipay.idle_ms"] };
        assert_eq!(settings, wanted, "{idle_ms}");
    }
    for (region, fine) in [
        ("JP", true),
        ("jp", false),
        ("JPN", false),
        ("", false),
        ("J1", false),
    ] {
        let options = Options {
            merchant_region: Some(region.to_owned()),
            ..good.clone()
        };
        let settings: Vec<&str> = told(&options).iter().map(|(setting, _)| *setting).collect();
        let wanted: &[&str] = if fine {
            &[]
        } else {
            &["alipay.merchant_region"]
        };
        assert_eq!(settings, wanted, "{region}");
    }
}
