//! The addresses of the nodes and the wires between them, which can be cut.
//!
//! As root each node stands in a network namespace with two wires: one to the other nodes, and one to the clients
//! in this process. Where namespaces are not permitted the nodes share the loopback interface, and nothing can be
//! cut.

use std::process::{Command, Stdio};

/// Which of a node's wires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// To the other nodes.
    Nodes,
    /// To the clients.
    Clients,
}

#[derive(Debug)]
pub(crate) struct Wiring {
    /// What all names of namespaces and interfaces begin with.
    name: String,
    /// A part of the addresses.
    net: u32,
    pub(crate) namespaces: bool,
}

fn ip(words: &str) -> bool {
    let mut ip = Command::new("ip");
    ip.args(words.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
    ip.status().is_ok_and(|status| status.success())
}

#[track_caller]
fn must(words: &str) {
    assert!(ip(words), "ip {words}");
}

impl Wiring {
    /// Wires for so many nodes, numbered from 1. Names and addresses come from the number of this process, so that
    /// two of them don't meet.
    pub(crate) fn new(nodes: usize) -> Self {
        let name = format!("gp{}", std::process::id());
        let probe = format!("netns add {name}-probe");
        let namespaces = ip(&probe) && ip(&format!("netns del {name}-probe"));
        let wiring = Wiring { name, net: std::process::id() % 250, namespaces };
        if namespaces {
            wiring.lay(nodes);
        }
        wiring
    }

    fn lay(&self, nodes: usize) {
        let name = &self.name;
        must(&format!("link add {name}b type bridge"));
        must(&format!("link set {name}b up"));
        for node in 1..=nodes {
            let namespace = self.namespace(node);
            must(&format!("netns add {namespace}"));
            must(&format!("-n {namespace} link set lo up"));
            for (wire, inside) in [("n", "nodes"), ("c", "clients")] {
                must(&format!("link add {name}{wire}{node} type veth peer name {inside} netns {namespace}"));
                must(&format!("link set {name}{wire}{node} up"));
                must(&format!("-n {namespace} link set {inside} up"));
            }
            must(&format!("link set {name}n{node} master {name}b"));
            must(&format!("-n {namespace} address add {}/24 dev nodes", self.among_nodes(node)));
            must(&format!("address add 198.19.{}.{}/30 dev {name}c{node}", self.net, 4 * node + 1));
            must(&format!("-n {namespace} address add {}/30 dev clients", self.for_clients(node)));
        }
    }

    pub(crate) fn namespace(&self, node: usize) -> String {
        format!("{}-{node}", self.name)
    }

    /// A node's address for the other nodes. The networks are those that are kept for tests of devices.
    pub(crate) fn among_nodes(&self, node: usize) -> String {
        if self.namespaces { format!("198.18.{}.{node}", self.net) } else { self.for_clients(node) }
    }

    /// A node's address for clients.
    pub(crate) fn for_clients(&self, node: usize) -> String {
        match self.namespaces {
            true => format!("198.19.{}.{}", self.net, 4 * node + 2),
            false => format!("127.77.{}.{node}", self.net + 1),
        }
    }

    /// A command that runs where the node stands.
    pub(crate) fn command(&self, node: usize, program: &str) -> Command {
        if !self.namespaces {
            return Command::new(program);
        }
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(node), program]);
        command
    }

    /// From now on what is sent over the wire is lost, without a word to anybody.
    pub(crate) fn cut(&self, node: usize, wire: Wire) {
        let (name, namespace) = (&self.name, self.namespace(node));
        match wire {
            Wire::Nodes => must(&format!("link set {name}n{node} nomaster")),
            Wire::Clients => must(&format!("-n {namespace} link set clients down")),
        }
    }

    pub(crate) fn mend(&self, node: usize, wire: Wire) {
        let (name, namespace) = (&self.name, self.namespace(node));
        match wire {
            Wire::Nodes => must(&format!("link set {name}n{node} master {name}b")),
            Wire::Clients => must(&format!("-n {namespace} link set clients up")),
        }
    }

    /// The shell's words that take all of it away, with every process in the namespaces.
    pub(crate) fn undoing(&self, nodes: usize) -> String {
        if !self.namespaces {
            return ":".to_owned();
        }
        let name = &self.name;
        let each = (1..=nodes).map(|node| {
            let namespace = self.namespace(node);
            format!("ip netns pids {namespace} | xargs -r kill -9; ip netns del {namespace}")
        });
        format!("{}; ip link del {name}b", each.collect::<Vec<_>>().join("; "))
    }
}
