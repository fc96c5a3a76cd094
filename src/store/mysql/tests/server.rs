//! A MariaDB server of the tests' own: data, port and socket in a temporary folder, gone with the process.
//!
//! With `GATEPASS_TEST_MYSQL=mysql://user@host:port` the tests use that server instead, a node of a cluster say: as
//! a user who may make databases there. Those stay: `gatepass_test_*`.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mysql::prelude::Queryable;

use crate::store::StoreResult;
use crate::store::mysql::address::Address;
use crate::store::mysql::connection::Connection;
use crate::store::mysql::{MysqlStore, grants};

/// How long anything may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);

/// A running server.
pub(super) struct Server {
    /// As a URL without a database.
    url: String,
    databases: AtomicU32,
    own: Option<Own>,
}

/// What a server of our own is.
struct Own {
    // The shell that runs the server ends it when its input ends, however this process does.
    _shell: Child,
    folder: tempfile::TempDir,
}

/// The one that all tests of this process share.
pub(super) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| match std::env::var("GATEPASS_TEST_MYSQL") {
        Ok(url) => Server { url, databases: AtomicU32::new(0), own: None },
        Err(_) => Server::start(),
    })
}

fn program(name: &str) -> Command {
    let path = format!("/usr/sbin/{name}");
    Command::new(if Path::new(&path).exists() { path } else { name.to_owned() })
}

impl Server {
    fn start() -> Self {
        Server::start_with(tempfile::tempdir().unwrap(), &[])
    }

    /// One that can encrypt, with a certificate for the name `localhost`.
    pub(super) fn with_tls() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let openssl = |words: &[&str]| {
            let done =
                Command::new("openssl").args(words).output().expect("openssl: apt-get install openssl");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        };
        let new_key = ["req", "-newkey", "rsa:2048", "-nodes"];
        for (ca, subject) in [("ca", "/CN=a CA of the tests"), ("other", "/CN=another CA")] {
            let (key, pem) = (at(&format!("{ca}.key")), at(&format!("{ca}.pem")));
            openssl(
                &[&new_key[..], &["-x509", "-days", "2", "-subj", subject, "-keyout", &key, "-out", &pem]]
                    .concat(),
            );
        }
        for (name, subject) in [("server", "/CN=localhost"), ("client", "/CN=known")] {
            let (key, asked, pem) =
                (at(&format!("{name}.key")), at(&format!("{name}.csr")), at(&format!("{name}.pem")));
            openssl(&[&new_key[..], &["-subj", subject, "-keyout", &key, "-out", &asked]].concat());
            let names = at("names");
            std::fs::write(&names, "subjectAltName=DNS:localhost").unwrap();
            let (ca, ca_key) = (at("ca.pem"), at("ca.key"));
            openssl(&[
                "x509",
                "-req",
                "-days",
                "2",
                "-in",
                &asked,
                "-CA",
                &ca,
                "-CAkey",
                &ca_key,
                "-set_serial",
                "7",
                "-extfile",
                &names,
                "-out",
                &pem,
            ]);
        }
        let more = [
            format!("--ssl-ca={}", at("ca.pem")),
            format!("--ssl-cert={}", at("server.pem")),
            format!("--ssl-key={}", at("server.key")),
        ];
        Server::start_with(folder, &more)
    }

    fn start_with(folder: tempfile::TempDir, more: &[String]) -> Self {
        let data = folder.path().join("data");
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let user = format!("--user={}", user.trim());
        let made = program("mariadb-install-db")
            .args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal", &user])
            .arg(format!("--datadir={}", data.display()))
            .output()
            .expect("mariadb-install-db: apt-get install mariadb-server");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // Free for a moment ago.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut shell = Command::new("sh")
            .args(["-c", "\"$@\" <&- & server=$!; read -r _; kill -9 $server; wait $server", "sh"])
            .arg(program("mariadbd").get_program())
            .args(["--no-defaults", "--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=1"])
            .args([
                "--innodb-buffer-pool-size=64M",
                "--innodb-log-file-size=32M",
                "--max-connections=500",
                &user,
            ])
            .arg(format!("--port={port}"))
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", folder.path().join("socket").display()))
            .arg(format!("--log-error={}", folder.path().join("log").display()))
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        shell.stdin.as_mut().unwrap().flush().unwrap();
        let own = Some(Own { _shell: shell, folder });
        let url = format!("mysql://root@127.0.0.1:{port}");
        let server = Server { url, databases: AtomicU32::new(0), own };
        let until = Instant::now() + Duration::from_secs(120);
        while mysql::Conn::new(server.any_database().as_str()).is_err() {
            assert!(Instant::now() < until, "the server does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
        server
    }

    fn any_database(&self) -> String {
        format!("{}?prefer_socket=false", self.url)
    }

    /// Say something as the one who may do anything.
    pub(super) fn say(&self, sql: &str) {
        mysql::Conn::new(self.any_database().as_str()).unwrap().query_drop(sql).unwrap();
    }

    /// A connection to speak SQL over by oneself.
    pub(super) fn by_hand(&self, address: &Address) -> mysql::Conn {
        let url = format!("{}/{}?prefer_socket=false", self.url, address.database());
        mysql::Conn::new(url.as_str()).unwrap()
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        url::Url::parse(&self.url).unwrap().port().unwrap_or(3306)
    }

    /// A file in the folder of a server of our own.
    pub(super) fn file(&self, name: &str) -> String {
        self.own.as_ref().unwrap().folder.path().join(name).display().to_string()
    }

    /// The same database for an account that has the rights of everyday use and no others.
    pub(super) fn everyday(&self, address: &Address) -> Address {
        self.say("CREATE USER IF NOT EXISTS gatepass_everyday@'%' IDENTIFIED BY 'daily'");
        for grant in grants(address, "gatepass_everyday", "%") {
            self.say(&grant);
        }
        let url = url::Url::parse(&self.url).unwrap();
        let (host, port) = (url.host_str().unwrap(), self.port());
        let database = address.database();
        Address::parse(&format!("mysql://gatepass_everyday:daily@{host}:{port}/{database}?tls=off")).unwrap()
    }

    /// A new database without any tables; its address.
    pub(super) fn database(&self) -> Address {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("gatepass_test_{}_{number}", std::process::id());
        self.say(&format!("CREATE DATABASE {name}"));
        Address::parse(&format!("{}/{name}?tls=off", self.url)).unwrap()
    }
}

/// A connection of the backend's own.
pub(super) fn connection(address: &Address) -> Connection {
    Connection::open(&address.options(DEADLINE), DEADLINE, true).unwrap()
}

/// Open a store as everybody does, with what makes backups.
pub(super) fn open(address: &Address, deadline: Duration) -> StoreResult<MysqlStore> {
    MysqlStore::open(address, deadline, &crate::store::sqlite::Backups)
}
