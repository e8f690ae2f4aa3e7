//! Signatures, and the refusals of requests that are not well signed.

use chatroom_status_sync::{
    callback::{
        Freshness, Refusal, Unverified,
        keyring::{Keyring, Secret},
        sign,
    },
    domain::time::Timestamp,
};

const SECRET: &str = "Y1W2MeFwwwRxa0";
const TIMESTAMP: &str = "1408710653000";
const SIGNATURE: &str = "30be0bbca9c9b2e27578701e9fda2358a814c88f";
const ONE_APP: &str = r#"{"app":"Y1W2MeFwwwRxa0"}"#;

fn now() -> Timestamp {
    Timestamp::from_millis(1_408_710_653_000).unwrap()
}

fn verify_with(keyring: &str, freshness: Freshness, query: &str) -> Result<String, Refusal> {
    let keyring = Keyring::from_json(keyring).unwrap();
    let verified = Unverified::new(query.to_owned(), vec![]).verify(&keyring, freshness, now());
    verified.map(|verified| verified.app().to_string()).map_err(|(_, refusal)| refusal)
}

fn verify(query: &str) -> Result<String, Refusal> {
    verify_with(ONE_APP, Freshness::WithinSeconds(900), query)
}

fn query(timestamp: &str, signature: &str) -> String {
    format!("appKey=app&timestamp={timestamp}&nonce=14314&signature={signature}")
}

#[test]
fn every_known_vector_gives_its_signature() {
    let vectors = [
        (TIMESTAMP, SIGNATURE),
        ("1408710653491", "dd11a264276f438b045b3b236a2741ddc89d48df"),
        ("1574476797772", "53dca79fd88da86d6b7d8efd6210b3571caac8df"),
    ];
    for (timestamp, signature) in vectors {
        assert_eq!(sign(&Secret::new(SECRET), "14314", timestamp), signature);
        let unchecked = verify_with(ONE_APP, Freshness::Unchecked, &query(timestamp, signature));
        assert_eq!(unchecked, Ok("app".to_owned()));
    }
}

#[test]
fn digests_of_other_formulas_are_refused() {
    let wrong = [
        ("secret, timestamp, nonce", "a808007acdff569fbad411c2ac9423273586d02d"),
        ("sorted parts", "b18cc9129f115c4154f2584f3582058b197baec1"),
        ("HMAC-SHA1", "597b80822413cc28004e6dda00dfc6c8a407b2d5"),
        ("the vendor's sample URL", "45beb7cc7307889a8e711219a47b7cf6a5b000e8"),
    ];
    for (formula, signature) in wrong {
        assert_eq!(verify(&query(TIMESTAMP, signature)), Err(Refusal::WrongSignature), "{formula}");
    }
}

#[test]
fn the_signature_may_be_written_in_upper_case() {
    assert!(verify(&query(TIMESTAMP, &SIGNATURE.to_uppercase())).is_ok());
}

#[test]
fn a_signature_that_is_no_40_hex_digits_is_refused() {
    for signature in ["30be", "zz", &SIGNATURE[1..], &format!("{SIGNATURE}00"), "%00"] {
        assert_eq!(
            verify(&query(TIMESTAMP, signature)),
            Err(Refusal::MalformedSignature),
            "{signature}"
        );
    }
}

#[test]
fn older_senders_may_write_sign_timestamp() {
    let query = query(TIMESTAMP, SIGNATURE).replace("timestamp", "signTimestamp");
    assert!(verify(&query).is_ok());
}

#[test]
fn two_timestamps_under_two_names_are_refused() {
    let query = format!("{}&signTimestamp={TIMESTAMP}", query(TIMESTAMP, SIGNATURE));
    assert_eq!(verify(&query), Err(Refusal::Repeated("timestamp")));
}

#[test]
fn a_missing_app_key_is_accepted_where_there_is_one_app_only() {
    let query = query(TIMESTAMP, SIGNATURE).replace("appKey=app&", "");
    assert_eq!(verify(&query), Ok("app".to_owned()));
    let two_apps = r#"{"app":"Y1W2MeFwwwRxa0","other":"secret"}"#;
    let refused = verify_with(two_apps, Freshness::Unchecked, &query);
    assert_eq!(refused, Err(Refusal::UnknownApp));
}

#[test]
fn an_app_key_without_a_secret_is_refused() {
    let query = query(TIMESTAMP, SIGNATURE).replace("appKey=app", "appKey=other");
    assert_eq!(verify(&query), Err(Refusal::UnknownApp));
}

#[test]
fn the_secret_of_another_app_does_not_verify() {
    let query = query(TIMESTAMP, SIGNATURE).replace("appKey=app", "appKey=other");
    let two_apps = r#"{"app":"Y1W2MeFwwwRxa0","other":"secret"}"#;
    assert_eq!(verify_with(two_apps, Freshness::Unchecked, &query), Err(Refusal::WrongSignature));
}

#[test]
fn every_secret_of_an_app_verifies_during_rotation() {
    for secrets in [r#"["new","Y1W2MeFwwwRxa0"]"#, r#"["Y1W2MeFwwwRxa0","old"]"#] {
        let keyring = format!(r#"{{"app":{secrets}}}"#);
        let verified = verify_with(&keyring, Freshness::Unchecked, &query(TIMESTAMP, SIGNATURE));
        assert!(verified.is_ok(), "{secrets}");
    }
}

#[test]
fn repeated_parameters_are_refused() {
    let query = query(TIMESTAMP, SIGNATURE);
    for (name, value) in [("appKey", "app"), ("nonce", "14314"), ("timestamp", TIMESTAMP)] {
        let repeated = format!("{query}&{name}={value}");
        assert_eq!(verify(&repeated), Err(Refusal::Repeated(name)));
    }
    let repeated = format!("{query}&signature={SIGNATURE}");
    assert_eq!(verify(&repeated), Err(Refusal::Repeated("signature")));
}

#[test]
fn missing_and_empty_parameters_are_refused() {
    let query = query(TIMESTAMP, SIGNATURE);
    for name in ["nonce", "timestamp", "signature"] {
        let others: Vec<_> = query.split('&').filter(|pair| !pair.starts_with(name)).collect();
        let without = others.join("&");
        assert_eq!(verify(&without), Err(Refusal::Missing(name)));
        assert_eq!(verify(&format!("{without}&{name}=")), Err(Refusal::Missing(name)));
        assert_eq!(verify(&format!("{without}&{name}")), Err(Refusal::Missing(name)));
    }
    let empty_app = query.replace("appKey=app", "appKey=");
    assert_eq!(verify(&empty_app), Err(Refusal::Missing("appKey")));
    assert_eq!(verify(""), Err(Refusal::Missing("nonce")));
}

#[test]
fn a_timestamp_that_is_not_13_digits_is_refused() {
    let others = [
        "1408710653",
        "01408710653000",
        "140871065300",
        "-408710653000",
        "+408710653000",
        "1408710653.00",
        "0x08710653000",
        "１４０８",
        "99999999999999999999999999",
        "18446744073709551615",
        "1e12",
        "%201408710653",
    ];
    for timestamp in others {
        let signature = sign(&Secret::new(SECRET), "14314", timestamp);
        let refused = verify_with(ONE_APP, Freshness::Unchecked, &query(timestamp, &signature));
        assert_eq!(refused, Err(Refusal::MalformedTimestamp), "{timestamp}");
    }
}

#[test]
fn characters_cannot_be_moved_between_nonce_and_timestamp() {
    let moved = format!("appKey=app&timestamp=4{TIMESTAMP}&nonce=1431&signature={SIGNATURE}");
    assert_eq!(verify(&moved), Err(Refusal::MalformedTimestamp));
    let moved =
        format!("appKey=app&timestamp={}&nonce=143141&signature={SIGNATURE}", &TIMESTAMP[1..]);
    assert_eq!(verify(&moved), Err(Refusal::MalformedTimestamp));
}

#[test]
fn a_timestamp_is_fresh_up_to_15_minutes_of_age_and_5_minutes_ahead() {
    let at = |offset: i64| {
        let timestamp = (1_408_710_653_000 + offset).to_string();
        verify(&query(&timestamp, &sign(&Secret::new(SECRET), "14314", &timestamp)))
    };
    assert!(at(-900_000).is_ok());
    assert!(matches!(at(-900_001), Err(Refusal::Stale { .. })));
    assert!(at(300_000).is_ok());
    assert!(matches!(at(300_001), Err(Refusal::Stale { .. })));
}

#[test]
fn extreme_timestamps_overflow_nothing() {
    for timestamp in ["0000000000000", "9999999999999"] {
        let query = query(timestamp, &sign(&Secret::new(SECRET), "14314", timestamp));
        assert!(matches!(verify(&query), Err(Refusal::Stale { .. })), "{timestamp}");
        assert!(verify_with(ONE_APP, Freshness::Unchecked, &query).is_ok());
        let patient = Freshness::WithinSeconds(u64::from(u32::MAX));
        assert!(verify_with(ONE_APP, patient, &query).is_ok() == (timestamp < "1"));
    }
}

#[test]
fn a_wrong_signature_is_not_told_whether_it_was_fresh() {
    let refused = verify(&query("0000000000000", SIGNATURE));
    assert_eq!(refused, Err(Refusal::WrongSignature));
}

#[test]
fn decoded_characters_are_hashed() {
    let signature = sign(&Secret::new(SECRET), "a+b c%", TIMESTAMP);
    let query = format!("appKey=app&timestamp={TIMESTAMP}&nonce=a%2Bb+c%25&signature={signature}");
    assert!(verify(&query).is_ok());
}

#[test]
fn parameters_that_nobody_documents_are_ignored() {
    assert!(verify(&format!("x=1&x=2&{}", query(TIMESTAMP, SIGNATURE))).is_ok());
}

#[test]
fn a_secret_never_shows() {
    let keyring = Keyring::from_json(r#"{"app":["hush-hush"]}"#).unwrap();
    assert!(!format!("{keyring:?} {:?}", Secret::new("hush-hush")).contains("hush"));
}
