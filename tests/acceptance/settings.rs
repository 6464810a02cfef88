//! Configurations that would fail at the first sale, and what of the environment is believed.

use crate::operator::told;
use crate::process::{Standalone, tidegate};
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file_lacks_its_merchants_too() {
    let (code, text) = told(&["--check-config"], "").await;
    assert_eq!(code, Some(64), "{text}");
    for section in ["gateway", "alipay", "bus", "merchants"] {
        assert!(
            text.contains(&format!("- {section}: it is missing")),
            "{text}"
        );
    }
}

/// A fleet's configuration as `init` writes it, in this directory.
async fn written(dir: &Path) -> std::path::PathBuf {
    let done = tidegate().args(["init", "--data-dir"]).arg(dir).output();
    assert!(done.await.unwrap().status.success());
    dir.join("tidegate.toml")
}

/// Checks what `init` wrote, with these variables.
async fn checked(config: &Path, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = tidegate()
        .args(["standalone", "--check-config", "--config"])
        .arg(config)
        .envs(variables.iter().copied())
        .output()
        .await
        .unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_digits_from_the_environment_is_an_id_and_quotes_are_not_a_part_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = written(&dir.path().join("fleet")).await;
    let ids = |id| {
        [
            ("TIDEGATE__ALIPAY__CLIENT_ID", id),
            ("TIDEGATE__ALIPAY_SIMULATOR__CLIENT_ID", id),
        ]
    };
    let (code, text) = checked(&config, &ids("2021001100000000")).await;
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = checked(&config, &ids("\"2021001100000000\"")).await;
    assert_eq!(code, Some(64), "{text}");
    assert!(
        text.contains("alipay.client_id: it stands in quotes"),
        "{text}"
    );
    assert!(text.contains("TIDEGATE__ALIPAY__CLIENT_ID"), "{text}");
    // Nothing is served that was meant otherwise.
    let alone = tidegate()
        .args(["--port", "0", "--simulator-port", "0", "--data-dir"])
        .arg(dir.path().join("alone"))
        .env("TIDEGATE__GATEWAY__LISTEN", "127.0.0.1:0")
        .output()
        .await
        .unwrap();
    assert_eq!(alone.status.code(), Some(64));
    let text = String::from_utf8_lossy(&alone.stderr).into_owned();
    assert!(text.contains("TIDEGATE__GATEWAY__LISTEN"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_a5_a_policy_beyond_the_guide_is_a_trials_alone_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let config = written(&dir.path().join("fleet")).await;
    let hasty = ("TIDEGATE__MERCHANTS__0__POLICY__INQUIRY_EVERY_MS", "50");
    let (code, text) = checked(&config, &[hasty]).await;
    assert_eq!(code, Some(64), "{text}");
    assert!(
        text.contains("inquiry_every_ms is 50; it must be 3000"),
        "{text}"
    );
    let trial = ("TIDEGATE__GATEWAY__POLICY_PROFILE", "trial");
    let (code, text) = checked(&config, &[hasty, trial]).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("gateway.policy_profile"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_sale_would_fall_over_is_told_before_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = dir.path().join("fleet");
    let config = written(&fleet).await;
    let (code, text) = checked(&config, &[]).await;
    assert_eq!(code, Some(0), "{text}");
    let ours = fleet.join("acquirer.public.pem").display().to_string();
    let here = "http://127.0.0.1:8080";
    let elsewhere = format!("{here}/pay/alipay");
    let refused = [
        (
            "TIDEGATE__ALIPAY__ALIPAY_PUBLIC_KEY_FILE",
            ours.as_str(),
            "our own key",
        ),
        (
            "TIDEGATE__ALIPAY__NOTIFY_URL",
            elsewhere.as_str(),
            "notify_path_public",
        ),
        (
            "TIDEGATE__ALIPAY__BASE_URL",
            "http://127.0.0.1:8081/ams",
            "alipay.base_url",
        ),
        ("TIDEGATE__ORCHESTRATOR__DRAIN_MS", "5000", "which is 5000"),
        (
            "TIDEGATE__GATEWAY__LIMITS__BEGIN_LAG_MS_MAX",
            "5000",
            "last_begin_ms",
        ),
        (
            "TIDEGATE__ALIPAY_SIMULATOR__CLIENT_ID",
            "x",
            "alipay.client_id",
        ),
    ];
    for (name, value, part) in refused {
        let (code, text) = checked(&config, &[(name, value)]).await;
        assert_eq!(code, Some(64), "{name}: {text}");
        assert!(text.contains(part), "{name}: {text}");
    }
    let behind_a_proxy = [
        ("TIDEGATE__ALIPAY__NOTIFY_URL", elsewhere.as_str()),
        ("TIDEGATE__GATEWAY__NOTIFY_PATH_PUBLIC", "/pay/alipay"),
    ];
    let (code, text) = checked(&config, &behind_a_proxy).await;
    assert_eq!(code, Some(0), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_others_may_read_is_refused_and_one_that_its_group_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let fleet = dir.path().join("fleet");
    let config = written(&fleet).await;
    std::fs::copy(fleet.join("acquirer.private.pem"), fleet.join("next.pem")).unwrap();
    let next = fleet.join("next.pem").display().to_string();
    let listed = format!("[{{ version = 2, file = {next:?} }}]");
    let further = ("TIDEGATE__ALIPAY__FURTHER_PRIVATE_KEYS", listed.as_str());
    for (file, setting) in [
        ("acquirer.private.pem", "alipay.private_key_file"),
        ("next.pem", "alipay.further_private_keys[0].file"),
        ("sealing.key", "bus.sealing_key_file"),
    ] {
        let path = fleet.join(file);
        let set = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&path, permissions).unwrap();
        };
        set(0o644);
        let (code, text) = checked(&config, &[further]).await;
        assert_eq!(code, Some(64), "{text}");
        assert!(
            text.contains(&format!("{setting}: ")) && text.contains("chmod 600"),
            "{text}"
        );
        set(0o640);
        let (code, text) = checked(&config, &[further]).await;
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(&format!("{setting}: the group")), "{text}");
        set(0o600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_each_key_of_the_issuers_that_no_token_is_verified_by() {
    let dir = tempfile::tempdir().unwrap();
    let fleet = dir.path().join("fleet");
    let config = written(&fleet).await;
    let (code, text) = checked(&config, &[]).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("not used"), "{text}");
    let file = fleet.join("jwks.json");
    let good = std::fs::read_to_string(&file).unwrap();
    let mut set: serde_json::Value = serde_json::from_str(&good).unwrap();
    let all = set["keys"].as_array_mut().unwrap();
    let one = all[0].clone();
    let odd = [
        r#"{"kty":"RSA","kid":"small","n":"wJ8","e":"AQAB"}"#,
        r#"{"kty":"RSA","kid":"pss","alg":"PS256","n":"wJ8","e":"AQAB"}"#,
        r#"{"kty":"oct","kid":"shared","k":"c2VjcmV0LXNlY3JldA"}"#,
        r#"{"kty":"EC","crv":"P-384","kid":"curve","x":"AA","y":"AA"}"#,
        r#"{"kty":"RSA","use":"enc","kid":"for-others","n":"wJ8","e":"AQAB"}"#,
        "17",
    ];
    all.extend(odd.iter().map(|key| serde_json::from_str(key).unwrap()));
    for number in all.len()..200 {
        let mut key = one.clone();
        key["kid"] = format!("k-{number}").into();
        all.push(key);
    }
    std::fs::write(&file, set.to_string()).unwrap();
    let (code, text) = checked(&config, &[]).await;
    assert_eq!(code, Some(0), "{text}");
    for part in [
        "gateway.tokens.jwks_file: not used: key `small` is an RSA key of fewer than 2048 bits",
        "not used: key `pss` is",
        "not used: key `shared` is symmetric",
        "not used: key `curve` is of a curve other than",
        "not used: key number 7 is of no known kind",
        "not used: key `k-64` is past the 64th",
        "more keys",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("for-others") && !text.contains("c2VjcmV0"),
        "{text}"
    );
    assert!(text.lines().count() < 80, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_their_owner_may_read_the_databases_files() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let running = Standalone::start(&data).await;
    assert_eq!(mode(&data), 0o700);
    for file in [
        "tidegate.sqlite3",
        "tidegate.sqlite3-wal",
        "tidegate.sqlite3-shm",
    ] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    drop(running);
}
