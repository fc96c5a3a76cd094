//! The server of these tests, which `tests/mariadb` starts.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use mysql::prelude::Queryable;

pub(crate) struct Server {
    port: u16,
    databases: AtomicU32,
    // It ends when its input does, however this process ends.
    _running: Child,
}

/// The one that all tests of this process share.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

impl Server {
    fn start() -> Self {
        let mut running = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mariadb"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(running.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().next().expect("it says how to reach it");
        let port = url.rsplit_once(':').unwrap().1.parse().unwrap();
        Server { port, databases: AtomicU32::new(0), _running: running }
    }

    fn any_database(&self) -> String {
        format!("mysql://root@127.0.0.1:{}?prefer_socket=false", self.port)
    }

    /// A connection of the one who may do anything.
    pub(crate) fn connection(&self) -> mysql::Conn {
        mysql::Conn::new(self.any_database().as_str()).unwrap()
    }

    /// Say something over one, and hear the numbers that come back.
    pub(crate) fn say(&self, sql: &str) -> Vec<i64> {
        self.connection().query(sql).unwrap()
    }

    /// A new database without any tables: its name, and the URL of a store there, with a password in it.
    pub(crate) fn database(&self) -> (String, String) {
        let name = format!("house{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.say(&format!("CREATE DATABASE {name}"));
        self.say("CREATE USER IF NOT EXISTS mover@'%' IDENTIFIED BY 'unmistakable'");
        self.say(&format!("GRANT ALL ON {name}.* TO mover@'%'"));
        let url = format!("mysql://mover:unmistakable@127.0.0.1:{}/{name}?tls=off", self.port);
        (name, url)
    }

    /// The same with the tables.
    pub(crate) fn tables(&self) -> (String, String) {
        let (name, url) = self.database();
        gatepass::Options::new().migrate(&url).unwrap();
        (name, url)
    }
}
