//! A cluster of the test's own: three nodes of MariaDB with Galera, and a Gatepass store in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gatepass::directory::Mode;
use gatepass::{Gatepass, InitOptions, Options};
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder};

use super::common::SYSTEM;
use super::wiring::{Wire, Wiring};

pub(crate) const NODES: usize = 3;

const PORT: u16 = 13306;

const PROVIDER: &str = "/usr/lib/galera/libgalera_smm.so";

/// How long the nodes may take to find each other.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Cluster {
    nodes: Vec<Option<Child>>,
    folder: PathBuf,
    wiring: Wiring,
    /// A shell that takes everything away when its input ends, however this process does.
    janitor: Child,
}

fn program(name: &str) -> String {
    let path = format!("/usr/sbin/{name}");
    if Path::new(&path).exists() { path } else { name.to_owned() }
}

/// The servers don't run as root: the transfer of a node's state by rsync fails there.
fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    match String::from_utf8(output.stdout).unwrap().trim() {
        "root" => "mysql".to_owned(),
        user => user.to_owned(),
    }
}

impl Cluster {
    /// Three nodes that know each other.
    pub(crate) fn start() -> Self {
        assert!(Path::new(PROVIDER).exists(), "apt-get install mariadb-server galera-4 rsync");
        let begun = Instant::now();
        let folder = tempfile::Builder::new().prefix("gatepass-galera-").tempdir().unwrap().keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let wiring = Wiring::new(NODES);
        let janitor = janitor(&folder, &wiring);
        let mut cluster = Cluster { nodes: vec![None, None, None], folder, wiring, janitor };
        cluster.make_data();
        cluster.launch(0, &["--wsrep-new-cluster"]);
        cluster.until(0, "wsrep_ready", "ON");
        let mut first = cluster.as_root(0).unwrap();
        first.query_drop("CREATE USER gatepass@'%'").unwrap();
        first.query_drop("GRANT ALL ON *.* TO gatepass@'%' WITH GRANT OPTION").unwrap();
        for node in 1..NODES {
            cluster.launch(node, &[]);
        }
        cluster.until_whole();
        println!(
            "cluster: {NODES} nodes {} in {:.1} s",
            if cluster.wiring.namespaces { "in network namespaces" } else { "on loopback" },
            begun.elapsed().as_secs_f64()
        );
        cluster
    }

    fn folder_of(&self, node: usize) -> PathBuf {
        self.folder.join(node.to_string())
    }

    fn make_data(&self) {
        let user = format!("--user={}", user());
        for node in 0..NODES {
            let folder = self.folder_of(node);
            fs::create_dir(&folder).unwrap();
            // The server makes its socket, its log and what it keeps for a moment here.
            let owned = Command::new("chown").args([&user["--user=".len()..]]).arg(&folder).status();
            assert!(owned.unwrap().success());
            let data = folder.join("data");
            if node == 0 {
                let made = Command::new(program("mariadb-install-db"))
                    .args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"])
                    .args([&user, "--wsrep-on=OFF", &format!("--datadir={}", data.display())])
                    .env("TMPDIR", &folder)
                    .output()
                    .unwrap();
                assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            } else {
                let copied =
                    Command::new("cp").arg("-a").arg(self.folder_of(0).join("data")).arg(&data).status();
                assert!(copied.unwrap().success());
            }
        }
    }

    /// The server of a node, up to what differs from start to start.
    fn server(&self, node: usize) -> Command {
        let folder = self.folder_of(node);
        let own = self.wiring.among_nodes(node + 1);
        let all: Vec<String> = (1..=NODES).map(|node| self.wiring.among_nodes(node)).collect();
        let mut server = self.wiring.command(node + 1, &program("mariadbd"));
        server
            .args(["--no-defaults", &format!("--user={}", user()), &format!("--port={PORT}")])
            .arg(format!("--datadir={}", folder.join("data").display()))
            .arg(format!("--socket={}", folder.join("socket").display()))
            .arg(format!("--pid-file={}", folder.join("pid").display()))
            .args(["--innodb-buffer-pool-size=128M", "--innodb-log-file-size=64M", "--max-connections=300"])
            .args(["--innodb-flush-log-at-trx-commit=1", "--skip-name-resolve", "--binlog-format=ROW"])
            .args(["--innodb-autoinc-lock-mode=2", "--wsrep-on=ON", "--wsrep-slave-threads=4"])
            .arg(format!("--wsrep-provider={PROVIDER}"))
            .arg(format!("--wsrep-cluster-address=gcomm://{}", all.join(",")))
            .args([format!("--wsrep-node-address={own}"), format!("--wsrep-node-name=node{}", node + 1)])
            .args(["--wsrep-sst-method=rsync", &format!("--wsrep-sst-receive-address={own}:4444")])
            .arg(format!(
                "--wsrep-provider-options=gmcast.listen_addr=tcp://{own}:4567;ist.recv_addr={own}:4568;gcache.size=64M"
            ));
        if !self.wiring.namespaces {
            server.arg(format!("--bind-address={own}"));
        }
        server.env("TMPDIR", &folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        server
    }

    fn launch(&mut self, node: usize, more: &[&str]) {
        let mut server = self.server(node);
        server.args(more).arg(format!("--log-error={}", self.folder_of(node).join("log").display()));
        self.nodes[node] = Some(server.spawn().unwrap());
    }

    /// Kill a node's server, as a failing machine does.
    pub(crate) fn kill(&mut self, node: usize) {
        let mut server = self.nodes[node].take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// Start it again as its service would: at the place up to which its own files know the cluster's changes.
    pub(crate) fn restart(&mut self, node: usize) {
        let recovered = self.server(node).arg("--wsrep-recover").stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8_lossy(&recovered.stderr).into_owned();
        let position = told.rsplit("Recovered position:").next().unwrap().split_whitespace().next();
        let position =
            position.filter(|position| position.len() > 36 && told.contains("Recovered position:"));
        let start = position.map(|position| format!("--wsrep-start-position={position}"));
        self.launch(node, &start.iter().map(String::as_str).collect::<Vec<_>>());
    }

    pub(crate) fn cut(&self, node: usize, wire: Wire) {
        self.wiring.cut(node + 1, wire);
    }

    pub(crate) fn mend(&self, node: usize, wire: Wire) {
        self.wiring.mend(node + 1, wire);
    }

    /// Whether wires can be cut here.
    pub(crate) fn can_be_cut(&self) -> bool {
        self.wiring.namespaces
    }

    /// The node's server, for whom it may do anything; whatever the state of the cluster.
    fn as_root(&self, node: usize) -> mysql::Result<Conn> {
        let socket = self.folder_of(node).join("socket").display().to_string();
        let second = Some(Duration::from_secs(1));
        let options = OptsBuilder::new().user(Some("root")).socket(Some(socket)).read_timeout(second);
        Conn::new(options)
    }

    /// What the node says of itself.
    pub(crate) fn status(&self, node: usize, name: &str) -> Option<String> {
        let answer: Option<(String, String)> =
            self.as_root(node).ok()?.query_first(format!("SHOW STATUS LIKE '{name}'")).ok()?;
        Some(answer?.1)
    }

    fn until(&self, node: usize, name: &str, wanted: &str) {
        let until = Instant::now() + PATIENCE;
        while self.status(node, name).as_deref() != Some(wanted) {
            if Instant::now() > until {
                let log = fs::read_to_string(self.folder_of(node).join("log")).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(40).collect();
                panic!("node {} does not come to {name} = {wanted}:\n{}", node + 1, last.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Wait until all nodes are in the cluster and know everything.
    pub(crate) fn until_whole(&self) {
        for node in 0..NODES {
            self.until(node, "wsrep_cluster_status", "Primary");
            self.until(node, "wsrep_cluster_size", &NODES.to_string());
            self.until(node, "wsrep_local_state_comment", "Synced");
        }
    }

    /// A server of the cluster as the conformance suite takes it: without a database.
    pub(crate) fn server_url(&self, node: usize) -> String {
        format!("mysql://gatepass@{}:{PORT}", self.wiring.for_clients(node + 1))
    }

    /// The store as a host beside that node names it.
    pub(crate) fn url(&self, node: usize) -> String {
        format!("{}/gatepass?tls=off", self.server_url(node))
    }

    /// A connection to speak SQL over by oneself, in the store's database.
    pub(crate) fn by_hand(&self, node: usize) -> Conn {
        let url = format!("{}/gatepass?prefer_socket=false", self.server_url(node));
        let mut open = Conn::new(url.as_str()).unwrap();
        open.query_drop("SET SESSION wsrep_sync_wait = 3").unwrap();
        open
    }

    /// Make the store; a handle on each node.
    pub(crate) fn with_store(&self, deadline: Duration) -> Vec<Gatepass> {
        let mut first = self.as_root(0).unwrap();
        first.query_drop("CREATE DATABASE gatepass").unwrap();
        Options::new().migrate(self.url(0)).unwrap();
        Gatepass::init(self.url(0), &InitOptions::new(Mode::Managed, SYSTEM).unwrap()).unwrap();
        (0..NODES).map(|node| Options::new().deadline(deadline).open(self.url(node)).unwrap()).collect()
    }
}

/// Ends what is left of the servers, and takes the wires and the folder away.
fn janitor(folder: &Path, wiring: &Wiring) -> Child {
    let script = format!(
        "trap '' INT TERM HUP; read -r _
         for file in \"$1\"/*/pid; do
             pid=$(cat \"$file\" 2>/dev/null) && tr '\\0' '\\n' <\"/proc/$pid/cmdline\" 2>/dev/null |
                 grep -qF \"$1/\" && kill -9 \"$pid\"
         done
         {}; sleep 0.2; rm -rf \"$1\"",
        wiring.undoing(NODES)
    );
    let mut janitor = Command::new("sh");
    janitor.args(["-c", &script, "janitor"]).arg(folder);
    // Not in the group that a terminal interrupts.
    janitor.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    janitor.spawn().unwrap()
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for mut server in self.nodes.iter_mut().filter_map(Option::take) {
            let _ = server.kill();
            let _ = server.wait();
        }
        drop(self.janitor.stdin.take());
        let _ = self.janitor.wait();
    }
}
