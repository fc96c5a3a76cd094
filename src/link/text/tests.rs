use super::*;
use getrandom::SysRng;
use proptest::prelude::*;

fn link() -> SignInLink {
    SignInLink::generate(&mut SysRng).unwrap()
}

#[test]
fn a_link_is_32_characters_that_no_mail_program_breaks_and_reads_back() {
    let text = link().reveal();
    assert_eq!(text.len(), 32);
    assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte)), "{text}");
    let made = link();
    assert_eq!(SignInLink::parse(made.reveal()), Some(made.clone()));
    assert_eq!(SignInLink::parse(made.reveal().to_uppercase()), Some(made.clone()));
    assert_ne!(made, link());
    assert!(!format!("{made:?}").contains(&made.reveal()[..4]));
}

#[test]
fn every_one_of_the_160_bits_counts() {
    let made = link();
    for bit in 0..160 {
        let mut bytes = *made.0;
        bytes[bit / 8] ^= 1 << (bit % 8);
        let other = SignInLink(Zeroizing::new(bytes));
        assert_ne!(other.reveal(), made.reveal());
        assert_ne!(other.digest(), made.digest());
    }
}

#[test]
fn only_the_exact_text_of_a_link_is_read() {
    let good = link().reveal();
    for bad in [
        String::new(),
        good[..31].to_owned(),
        format!("{good}a"),
        format!("{}=", &good[..31]),
        format!("{}1", &good[..31]),
        format!("{}8", &good[..31]),
        format!("{}\0", &good[..31]),
        format!("{}é", &good[..30]),
        "a".repeat(1 << 20),
    ] {
        assert!(SignInLink::parse(&bad).is_none(), "{} bytes accepted", bad.len());
    }
}

#[test]
fn a_link_is_found_with_what_mail_programs_put_around_it() {
    let made = link();
    let text = made.reveal();
    for query in [
        text.clone(),
        text.to_uppercase(),
        format!("{text}="),
        format!("{text}."),
        format!("{text}%3E"),
        format!("{text}&utm_source=mail&utm_medium=email"),
        format!("utm_source=mail&{text}"),
        format!("{text}=&fbclid=x"),
        format!("{text}&{text}"),
        format!("{text}\u{a0}"),
    ] {
        assert_eq!(SignInLink::in_query(query.as_bytes()), Some(made.clone()), "{query}");
    }
    for query in
        [String::new(), format!("{text}a"), format!("{text}&{}", link().reveal()), format!("link={text}")]
    {
        assert_eq!(SignInLink::in_query(query.as_bytes()), None, "{query}");
    }
    assert_eq!(SignInLink::from_url(&format!("https://x.example/signin.php?{text}")), Some(made.clone()));
    assert_eq!(SignInLink::from_url(&text), Some(made.clone()));
    assert_eq!(SignInLink::from_url(&format!("{text}=&utm_source=mail")), Some(made));
}

proptest! {
    #[test]
    fn no_query_makes_the_reader_of_links_panic(query in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = SignInLink::in_query(&query);
        let _ = SignInLink::from_url(&String::from_utf8_lossy(&query));
    }
}
