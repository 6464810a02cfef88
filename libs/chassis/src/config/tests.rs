//! Files and environments as operators write them, right and wrong.

use super::*;
use serde::Deserialize;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Shop {
    port: u16,
    #[serde(default)]
    till: Till,
}

#[derive(Deserialize, Debug, Default, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Till {
    lanes: u16,
    name: String,
}

impl Check for Shop {
    fn check(&self, faults: &mut Faults) {
        if self.port == 0 {
            faults.add("port", "must not be 0");
        }
        if self.till.lanes > 9 {
            faults.add("till.lanes", "at most 9");
        }
    }
}

fn faults(text: &str) -> Vec<String> {
    let faults = from_text::<Shop>(text).unwrap_err();
    faults.to_string().lines().map(str::to_owned).collect()
}

#[test]
fn a_good_file_is_read() {
    let shop: Shop = from_text("port = 80\n[till]\nlanes = 2\nname = \"A\"").unwrap();
    assert_eq!(
        (shop.port, shop.till.lanes, shop.till.name.as_str()),
        (80, 2, "A")
    );
}

#[test]
fn unknown_names_and_wrong_types_are_reported_together_with_their_places() {
    let faults = faults("port = 80\nprot = 81\n[till]\nlanes = \"two\"\nlanse = 3");
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(
        faults
            .iter()
            .any(|fault| fault.starts_with("- prot: unknown field"))
    );
    assert!(
        faults
            .iter()
            .any(|fault| fault.starts_with("- till.lanes: invalid type"))
    );
    assert!(
        faults
            .iter()
            .any(|fault| fault.starts_with("- till.lanse: unknown field"))
    );
}

#[test]
fn wrong_values_are_reported_together() {
    assert_eq!(faults("port = 0\n[till]\nlanes = 10").len(), 2);
}

#[test]
fn a_setting_of_the_wrong_type_is_not_reported_as_missing_too() {
    assert_eq!(faults("port = \"x\"").len(), 1);
}

#[test]
fn broken_toml_says_where_and_does_not_show_the_line() {
    let faults = faults("port = 1\nname = = \"hush-hush\"");
    assert!(faults[0].contains("not valid TOML"), "{faults:?}");
    assert!(faults[0].contains("line 2"), "{faults:?}");
    assert!(!faults[0].contains("hush"), "{faults:?}");
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only what is wrong with it is looked at")]
struct Street {
    shops: Vec<Shop>,
    name: String,
    open: std::net::SocketAddr,
}

impl Check for Street {
    fn check(&self, _: &mut Faults) {}
}

#[test]
fn what_is_missing_or_of_the_wrong_type_hides_no_fault_behind_it() {
    let text = "open = \"x\"\nhouses = 3\n[[shops]]\nport = \"a\"\n[[shops]]\nprt = 1\n\
                [[shops]]\nport = 1\ntill = 4\n[[shops]]\nport = 70000";
    let Faults(faults) = from_text::<Street>(text).unwrap_err();
    let mut places: Vec<&str> = faults.iter().map(|fault| fault.setting.as_str()).collect();
    places.sort_unstable();
    let expected = [
        "houses",
        "name",
        "open",
        "shops[0].port",
        "shops[1].port",
        "shops[1].prt",
        "shops[2].till",
        "shops[3].port",
    ];
    assert_eq!(places, expected, "{faults:#?}");
}

#[test]
fn a_value_of_the_wrong_type_is_named_by_its_place_and_never_shown() {
    let faults = faults("port = \"hush-hush\"\n[till]\nlanes = \"hush-hush\"").join("\n");
    assert!(faults.contains("- port: invalid type"), "{faults}");
    assert!(faults.contains("expected u16"), "{faults}");
    assert!(!faults.contains("hush"), "{faults}");
}

#[test]
fn a_missing_file_is_named() {
    let error = load::<Shop>(Some(Path::new("no-such.toml"))).unwrap_err();
    assert!(error.to_string().contains("no-such.toml"));
}

/// What `setting = "x"` and the like become for targets of each type.
#[derive(Deserialize, Debug, PartialEq)]
#[serde(default, deny_unknown_fields)]
struct Wide {
    text: String,
    secret: Option<String>,
    number: u64,
    signed: i32,
    share: f64,
    open: bool,
    maybe: Option<u16>,
    at: std::net::SocketAddr,
    path: std::path::PathBuf,
    words: Vec<String>,
    numbers: Vec<u8>,
    kind: Option<Kind>,
    till: Till,
    tills: Vec<Till>,
    by_name: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    HandedOver,
}

impl Default for Wide {
    fn default() -> Self {
        Self {
            text: String::new(),
            secret: None,
            number: 0,
            signed: 0,
            share: 0.0,
            open: false,
            maybe: None,
            at: std::net::SocketAddr::from(([127, 0, 0, 1], 1)),
            path: std::path::PathBuf::new(),
            words: Vec::new(),
            numbers: Vec::new(),
            kind: None,
            till: Till::default(),
            tills: Vec::new(),
            by_name: std::collections::BTreeMap::new(),
        }
    }
}

impl Check for Wide {
    fn check(&self, faults: &mut Faults) {
        if self.number > 9_000 {
            faults.add("number", "at most 9000");
        }
    }
}

fn with(text: &str, variables: &[(&str, &str)]) -> Result<Wide, Faults> {
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    parse(text, variables, Wide::check)
}

fn refused(text: &str, variables: &[(&str, &str)]) -> String {
    with(text, variables).unwrap_err().to_string()
}

#[test]
fn a_text_from_the_environment_stays_a_text_whatever_it_looks_like() {
    for raw in [
        "2021001100000000",
        "0042",
        "99999999999999999999999999",
        "-1",
        "1e5",
        "0x10",
        "true",
        "False",
        "null",
        "1979-05-27",
        "inf",
        "",
        " padded ",
        "a,b",
        "[1]",
        "{}",
        "it's \"so\" called",
        "=",
        "Ünïcode",
    ] {
        let read = with("text = \"file\"", &[("TIDEGATE__TEXT", raw)]).unwrap();
        assert_eq!(read.text, raw);
        let read = with("", &[("TIDEGATE__SECRET", raw)]).unwrap();
        assert_eq!(read.secret.as_deref(), Some(raw));
    }
}

#[test]
fn the_type_of_the_target_decides_what_a_text_from_the_environment_is() {
    let read = with(
        "number = 1",
        &[
            ("TIDEGATE__NUMBER", "8080"),
            ("TIDEGATE__SIGNED", "-7"),
            ("TIDEGATE__SHARE", "0.5"),
            ("TIDEGATE__OPEN", "TRUE"),
            ("TIDEGATE__MAYBE", "3"),
            ("TIDEGATE__AT", "[::1]:80"),
            ("TIDEGATE__PATH", "/run/1"),
            ("TIDEGATE__WORDS", "25, 0026,true"),
            ("TIDEGATE__NUMBERS", "[1, 2]"),
            ("TIDEGATE__KIND", "handed_over"),
            ("tidegate__till__Lanes", "2"),
            ("TIDEGATE__TILL__NAME", "1"),
        ],
    )
    .unwrap();
    let expected = Wide {
        number: 8_080,
        signed: -7,
        share: 0.5,
        open: true,
        maybe: Some(3),
        at: std::net::SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 80)),
        path: "/run/1".into(),
        words: ["25", "0026", "true"].map(str::to_owned).to_vec(),
        numbers: vec![1, 2],
        kind: Some(Kind::HandedOver),
        till: Till {
            lanes: 2,
            name: "1".to_owned(),
        },
        ..Wide::default()
    };
    assert_eq!(read, expected);
    assert_eq!(with("", &[("TIDEGATE__WORDS", "")]).unwrap().words.len(), 0);
}

#[test]
fn what_a_target_can_not_read_is_named_with_its_variable_and_never_shown() {
    for (name, raw, setting) in [
        ("TIDEGATE__NUMBER", "hush", "number"),
        ("TIDEGATE__NUMBER", "", "number"),
        ("TIDEGATE__NUMBER", "1e5", "number"),
        ("TIDEGATE__NUMBER", "9_000", "number"),
        ("TIDEGATE__NUMBER", "9001", "number"),
        ("TIDEGATE__NUMBER", "99999999999999999999999999", "number"),
        ("TIDEGATE__SIGNED", "2147483648", "signed"),
        ("TIDEGATE__OPEN", "hush", "open"),
        ("TIDEGATE__OPEN", "1", "open"),
        ("TIDEGATE__MAYBE", "hush", "maybe"),
        ("TIDEGATE__AT", "hush", "at"),
        ("TIDEGATE__KIND", "hush", "kind"),
        ("TIDEGATE__TILL", "hush", "till"),
        ("TIDEGATE__NUMBERS", "[hush", "numbers"),
        ("TIDEGATE__NUMBERS", "[]\nopen = true", "numbers"),
        ("TIDEGATE__LANES", "hush", "lanes"),
        ("TIDEGATE__TILL__LANSE", "2", "till.lanse"),
        // Quotes would silently become part of the value.
        ("TIDEGATE__TEXT", "\"hush\"", "text"),
        ("TIDEGATE__SECRET", "'hush'", "secret"),
        ("TIDEGATE__NUMBER", "\"5\"", "number"),
        ("TIDEGATE__WORDS", "\"hush\"", "words"),
        ("TIDEGATE__PATH", "\"/run\"", "path"),
    ] {
        let told = refused("", &[(name, raw)]);
        assert!(
            told.starts_with(&format!("- {setting}: ")),
            "{name}={raw}: {told}"
        );
        assert!(
            told.contains(name) && !told.contains("hush"),
            "{name}={raw}: {told}"
        );
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    assert!(refused("", &[("TIDEGATE__WORDS", "a,\"b\"")]).starts_with("- words[1]: it stands in"));
}

#[test]
fn items_of_lists_are_set_by_their_number_and_added_behind_the_last() {
    let text = "words = [\"a\", \"b\"]\n[[tills]]\nlanes = 1\n[by_name]\n\"a.b-C\" = \"x\"";
    let mut variables = vec![
        ("TIDEGATE__TILLS__0__NAME".to_owned(), "007".to_owned()),
        ("TIDEGATE__WORDS__1".to_owned(), "3".to_owned()),
        ("TIDEGATE__BY_NAME__A.B-c".to_owned(), "1".to_owned()),
    ];
    for place in 1..12 {
        variables.push((
            format!("TIDEGATE__TILLS__{place}__LANES"),
            place.to_string(),
        ));
    }
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let read = with(text, &variables).unwrap();
    assert_eq!(
        (read.tills[0].lanes, read.tills[0].name.as_str()),
        (1, "007")
    );
    let lanes: Vec<u16> = read.tills.iter().map(|till| till.lanes).collect();
    assert_eq!(lanes, [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert_eq!(read.words, ["a", "3"]);
    assert_eq!(read.by_name["a.b-C"], "1");
    assert_eq!(
        with("", &[("TIDEGATE__TILLS__0__LANES", "4")])
            .unwrap()
            .tills[0]
            .lanes,
        4
    );
    assert!(refused(text, &[("TIDEGATE__TILLS__2__LANES", "4")]).contains("tills has 1 items"));
    assert!(refused(text, &[("TIDEGATE__TILLS__X__LANES", "4")]).contains("by number"));
    assert!(refused(text, &[("TIDEGATE__TILLS", "a,b")]).contains("is a section"));
}

#[test]
fn a_variable_that_can_not_be_meant_is_a_fault() {
    for (variables, told) in [
        (&[("TIDEGATE__", "x")][..], "TIDEGATE__ names no setting"),
        (&[("TIDEGATE__TILL__", "x")], "names no setting"),
        (&[("TIDEGATE__TILL____LANES", "1")], "names no setting"),
        (&[("TIDEGATE_TILL__LANES", "1")], "begins with TIDEGATE__"),
        (&[("TIDEGATE__TEXT__MORE", "1")], "text is no section"),
        (
            &[("TIDEGATE__TILL", "x"), ("TIDEGATE__TILL__LANES", "1")],
            "till",
        ),
        (
            &[("TIDEGATE__TEXT", "x"), ("tidegate__text", "y")],
            "both set it",
        ),
    ] {
        let faults = refused("text = \"a\"", variables);
        assert!(faults.contains(told), "{variables:?}: {faults}");
    }
    let neighbours = [
        ("TIDEGATE_CONFIG", "x"),
        ("TIDEGATE", "x"),
        ("MY_TIDEGATE__X", "1"),
    ];
    assert_eq!(with("", &neighbours).unwrap(), Wide::default());
}
