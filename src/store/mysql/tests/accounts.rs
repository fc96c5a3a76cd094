//! Who may ask, and how the connection is secured.

use super::server::{DEADLINE, Server, open, server};
use crate::error::StoreError;
use crate::store::mysql::{Address, grants, migrate};
use crate::upkeep::Migrated;

fn refused(url: &str) -> StoreError {
    open(&Address::parse(url).unwrap(), DEADLINE).unwrap_err()
}

#[test]
fn each_thing_that_is_not_there_has_its_error() {
    let empty = server().database();
    assert_eq!(open(&empty, DEADLINE).unwrap_err(), StoreError::Missing, "no tables");
    migrate(&empty, DEADLINE).unwrap();
    assert_eq!(open(&empty, DEADLINE).unwrap_err(), StoreError::Missing, "tables, and no store");
    let port = server().port();
    assert_eq!(refused(&format!("mysql://root@127.0.0.1:{port}/nowhere")), StoreError::Missing);
    server().say("CREATE USER IF NOT EXISTS asker@'%' IDENTIFIED BY 'right'");
    assert_eq!(refused(&format!("mysql://asker:wrong@127.0.0.1:{port}/nowhere")), StoreError::Denied);
    assert_eq!(refused(&format!("mysql://asker:right@127.0.0.1:{port}/mysql")), StoreError::Denied);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let unavailable = |error: StoreError| assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    unavailable(refused(&format!("mysql://root@127.0.0.1:{nobody}/nowhere")));
    unavailable(refused("mysql://root@name.invalid/nowhere?tls=off"));
}

#[test]
fn an_account_with_the_granted_rights_can_not_touch_the_tables_themselves() {
    let address = server().database();
    assert_eq!(migrate(&address, DEADLINE), Ok(Migrated { from: 0, to: 1 }));
    let everyday = server().everyday(&address);
    assert_eq!(migrate(&everyday, DEADLINE), Err(StoreError::Denied));
    let said = grants(&address, "gatepass", "10.0.0.%");
    assert!(said.iter().all(|grant| grant.ends_with(" TO 'gatepass'@'10.0.0.%';")), "{said:?}");
    assert!(!said.iter().any(|grant| grant.contains("ALL") || grant.contains(".*")), "{said:?}");
}

#[test]
fn a_url_says_what_is_wrong_with_it_and_never_what_stands_in_it() {
    for (url, wanted) in [
        ("mysql://", "database"),
        ("mysql://hunter2@host", "database"),
        ("mysql://host/hunter2", "user"),
        ("mysql://u:hunter2@host/a/b", "database"),
        ("mysql://u:hunter2@host/a?tls=hunter2", "tls"),
        ("mysql://u:hunter2@host/a?hunter2=1", "parameter"),
        ("mysql://u:hunter2@host/a?tls=off&tls=off", "twice"),
        ("mysql://u:hunter2@host/a?cert=hunter2", "together"),
        ("mysql://u:hunter2@host/a?tls=off&ca=hunter2", "require"),
        ("mysql://u:hunter2@host:99999/a", "URL"),
    ] {
        let told = Address::parse(url).unwrap_err().to_string();
        assert!(told.starts_with("store: ") && told.contains(wanted), "{url}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    let address = Address::parse("mysql://us%40er:hunter%32@[::1]:3307/a%20b").unwrap();
    assert_eq!(format!("{address} {address:?}"), "mysql://::1:3307/a b mysql://::1:3307/a b");
}

#[test]
fn an_encrypted_connection_is_made_only_to_a_server_that_proves_its_name() {
    let secure = Server::with_tls();
    let (port, ca) = (secure.port(), secure.file("ca.pem"));
    let url = |host: &str, more: &str| format!("mysql://root@{host}:{port}/mysql?tls=require{more}");
    let ca = format!("&ca={ca}");
    // Its certificate is for this name; then there is only no store.
    assert_eq!(refused(&url("localhost", &ca)), StoreError::Missing);
    let unavailable = |error: StoreError| assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    unavailable(refused(&url("127.0.0.1", &ca)));
    unavailable(refused(&url("localhost", "")));
    unavailable(refused(&url("localhost", &format!("&ca={}", secure.file("other.pem")))));
    // An account that must show a certificate of its own.
    secure.say("CREATE USER known@'%' REQUIRE X509");
    let known = |more: &str| refused(&format!("mysql://known@localhost:{port}/test?tls=require{ca}{more}"));
    assert_eq!(known(""), StoreError::Denied);
    let own = format!("&cert={}&key={}", secure.file("client.pem"), secure.file("client.key"));
    assert_ne!(known(&own), StoreError::Unavailable("no connection to the server"));
    secure.say("CREATE DATABASE test; GRANT SELECT ON test.* TO known@'%'");
    assert_eq!(known(&own), StoreError::Missing);
    // A server that offers none.
    let plain = format!("mysql://root@127.0.0.1:{}/mysql?tls=require", server().port());
    unavailable(refused(&plain));
}
