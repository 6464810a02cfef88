//! Keys while one gives way to the next (decision 43).

use crate::asking::{pay, shop, within};
use alipay::signature::{Bound, FreshKeys, SignatureFault, Signer, Verifier};
use alipay::{Account, Client, NumberedKey, Options};
use payment::Timestamp;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

const BOUND: Bound<'static> = Bound {
    path: "/ams/api/v1/payments/pay",
    client_id: "5Y0000000000000000",
    time: "2026-11-28T10:15:00+00:00",
};

fn header(keys: &FreshKeys, version: u32) -> String {
    let signer = Signer::from_pem(&keys.private_pem, version).unwrap();
    signer.header_value(&BOUND, b"{}").unwrap()
}

#[test]
fn alipays_old_and_new_key_are_both_believed_whatever_version_is_said_and_no_other() {
    let (old, new, foreign) = (
        FreshKeys::make().unwrap(),
        FreshKeys::make().unwrap(),
        FreshKeys::make().unwrap(),
    );
    let verifier = |keys: &FreshKeys| Verifier::from_pem(&keys.public_pem).unwrap();
    let both = verifier(&old).and(2, &verifier(&new));
    for said in [1, 2, 99] {
        for keys in [&old, &new] {
            let verified = both.verify(&BOUND, b"{}", &header(keys, said));
            assert_eq!(verified, Ok(()), "version {said}");
        }
        let verified = both.verify(&BOUND, b"{}", &header(&foreign, said));
        assert_eq!(verified, Err(SignatureFault::Wrong), "version {said}");
        let moved = both.verify(&BOUND, b"{ }", &header(&new, said));
        assert_eq!(moved, Err(SignatureFault::Wrong), "version {said}");
    }
}

#[tokio::test]
async fn the_key_whose_version_is_set_signs_and_says_so() {
    let (old, new, alipays) = (
        FreshKeys::make().unwrap(),
        FreshKeys::make().unwrap(),
        FreshKeys::make().unwrap(),
    );
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = Options {
        client_id: "5Y0000000000000000".to_owned(),
        private_key_file: file("old", &old.private_pem),
        key_version: 1,
        further_private_keys: vec![NumberedKey {
            version: 2,
            file: file("new", &new.private_pem),
        }],
        alipay_public_key_file: file("alipays", &alipays.public_pem),
        further_alipay_keys: Vec::new(),
        base_url: format!("http://{}", listener.local_addr().unwrap()),
        notify_url: "https://gateway.example/alipay/v1/notifications/payments".to_owned(),
        settlement_currency: "USD".to_owned(),
        idle_ms: 4_000,
        merchant_region: None,
    };
    for version in [1, 2] {
        options.key_version = version;
        let client = Client::new(Account::open(&options).unwrap()).unwrap();
        let (ask, shop) = (pay(), shop());
        let now = Timestamp::from_ms(1_795_406_400_000);
        let asking = client.ask(&ask, Some(&shop), now, within(5_000));
        let hearing = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let count = stream.read(&mut head).await.unwrap();
            String::from_utf8_lossy(&head[..count]).into_owned()
        };
        let (_asked, head) = tokio::join!(asking, hearing);
        assert!(head.contains(&format!("keyVersion={version},")), "{head}");
    }
    let twice = options.further_private_keys[0].clone();
    options.further_private_keys.push(twice);
    let faults = Account::faults(&options);
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert!(
        told.iter().any(|fault| fault.contains("the same version")),
        "which of two signs must be said: {told:?}"
    );
    options.further_private_keys.truncate(1);
    options.further_private_keys[0].file = dir.path().join("missing");
    assert!(
        Account::open(&options).is_err(),
        "a key that can't be read is seen at the start"
    );
}
