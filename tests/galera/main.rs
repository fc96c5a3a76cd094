//! A store that three nodes of a MariaDB cluster share and all write to: the suite that every backend passes, races
//! on all nodes at once, answers that must not be old, and nodes that are killed and cut off in the middle of traffic.
//!
//! Each test starts a cluster of its own, and each has a broken variant that it must catch. They are run by
//! `tests/long/galera`, which says what their sizes are set by; `cargo test --features mysql` leaves them out, but for the
//! test of the judge.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod by_hand;
mod cluster;
#[path = "../common/mod.rs"]
mod common;
mod contest;
mod judge;
#[cfg(feature = "serve")]
mod pages;
mod races;
mod traffic;
mod wiring;

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[cfg(feature = "serve")]
use gatepass::InitOptions;
use gatepass::credential::Caller;
#[cfg(feature = "serve")]
use gatepass::directory::Mode;
use gatepass::id::ClientId;
use gatepass::token::RedeemRequest;
use gatepass::{Gatepass, Options, Reason};
use mysql::prelude::Queryable;

use by_hand::{BelievesCommit, InOneTransaction, LooksOnce};
use cluster::{Cluster, NODES};
use common::{person, portal};
use contest::{Came, Contest};
use races::{Accepter, Manager, Opener, Redeemer, Revoker};
use traffic::Traffic;
use wiring::Wire;

const DEADLINE: Duration = Duration::from_secs(10);

const ADDRESS: &str = "ann@example.com";

/// A number that the long command sets.
fn size(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// A cluster with a store in which somebody can be signed in.
struct Ground {
    cluster: Cluster,
    gates: Vec<Gatepass>,
    caller: Caller,
    client: ClientId,
}

impl Ground {
    fn new(deadline: Duration) -> Self {
        let cluster = Cluster::start();
        let gates = cluster.with_store(deadline);
        let (_, client) = person(&gates[0], ADDRESS);
        gates[0].set_setting("autoauth_enabled", true.into()).unwrap();
        let caller = portal(&gates[0]);
        Ground { cluster, gates, caller, client }
    }

    fn redeemer(&self, node: usize) -> Redeemer<'_> {
        Redeemer { gate: &self.gates[node], caller: self.caller, client: self.client }
    }

    /// What a statement counts, on each node.
    fn counted(&self, sql: &str) -> Vec<usize> {
        (0..NODES).map(|node| self.cluster.by_hand(node).query_first(sql).unwrap().unwrap()).collect()
    }
}

/// One on each node, and as many prizes at once as keep the machine busy.
fn contest(rounds: usize) -> Contest {
    Contest { lanes: 8, on_each_node: 1, rounds, may_win: 1, until_doubled: false }
}

#[track_caller]
fn each_was_won_as_often_as_it_may(came: &Came) {
    assert_eq!((came.over, came.under), (0, 0), "won too often, too seldom");
    assert!(came.overlapped > came.rounds / 2, "they hardly met: this proves little");
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn a_node_of_a_cluster_passes_the_suite_of_every_backend() {
    let cluster = Cluster::start();
    let suite = Command::new(env!("CARGO"))
        .args(["test", "--locked", "--features", "mysql", "--lib", "store::mysql::tests::conformance::"])
        .args(["--", "--test-threads=2"])
        .env("GATEPASS_TEST_MYSQL", cluster.server_url(1))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&suite.stdout);
    let result = told.lines().find(|line| line.starts_with("test result:")).unwrap_or("it did not run");
    println!("conformance on one node: {result}");
    if !suite.status.success() {
        let told: Vec<&str> = told.lines().rev().take(100).collect();
        let told: Vec<&str> = told.into_iter().rev().collect();
        panic!("{}\n{}", told.join("\n"), String::from_utf8_lossy(&suite.stderr));
    }
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn each_token_has_one_winner_among_three_nodes() {
    let ground = Ground::new(DEADLINE);
    let rounds = size("GALERA_TOKENS", 50_000);
    let came = contest(rounds).hold(|node| ground.redeemer(node));
    came.tell("tokens");
    each_was_won_as_often_as_it_may(&came);
    came.heard_only(&["ok", "token_redeemed"]);
    // Nothing that was told is missing, and nobody has a session besides.
    for (what, sql) in [
        ("tokens", "SELECT COUNT(*) FROM gatepass_token WHERE redeemed_at IS NOT NULL"),
        ("sessions", "SELECT COUNT(*) FROM gatepass_session"),
        ("issues", "SELECT COUNT(*) FROM gatepass_audit WHERE event = 'token.issued' AND outcome = 'ok'"),
        (
            "redemptions",
            "SELECT COUNT(*) FROM gatepass_audit WHERE event = 'token.redeemed' AND outcome = 'ok'",
        ),
    ] {
        assert_eq!(ground.counted(sql), [rounds; NODES], "{what} on each node");
    }
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn a_transaction_of_several_statements_lets_two_in() {
    let ground = Ground::new(DEADLINE);
    let mut first = ground.cluster.by_hand(0);
    by_hand::TABLES.iter().for_each(|table| first.query_drop(table).unwrap());
    let most = size("GALERA_CONTROL", 150_000);
    let came = Contest { until_doubled: true, lanes: 4, ..contest(most) }
        .hold(|node| InOneTransaction { node: ground.cluster.by_hand(node), name: format!("node {node}") });
    came.tell("control, several statements");
    assert!(came.over > 0, "not one of {most} was won twice");
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn each_link_is_used_as_often_as_it_may_among_three_nodes() {
    let ground = Ground::new(DEADLINE);
    let rounds = size("GALERA_LINKS", 3_000);
    let opener = |uses: u32| move |redeemer| Opener { redeemer, uses };
    let once = contest(rounds).hold(|node| opener(1)(ground.redeemer(node)));
    once.tell("links of one use");
    let thrice = Contest { on_each_node: 2, may_win: 3, ..contest(rounds / 3) };
    let thrice = thrice.hold(|node| opener(3)(ground.redeemer(node)));
    thrice.tell("links of three uses");
    let accepted = contest(rounds).hold(|node| Accepter { gate: &ground.gates[node], email: ADDRESS });
    accepted.tell("AutoAuth links");
    for came in [&once, &thrice, &accepted] {
        each_was_won_as_often_as_it_may(came);
        came.heard_only(&["ok", "link_used", "autoauth_used"]);
    }
    let won = once.won + thrice.won + accepted.won;
    assert_eq!(
        ground.counted("SELECT COUNT(*) FROM gatepass_session"),
        [won; NODES],
        "sessions on each node"
    );
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn no_session_survives_a_revocation_on_another_node() {
    let ground = Ground::new(DEADLINE);
    let rounds = size("GALERA_REVOCATIONS", 2_000);
    let (survived, redeemed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let came = contest(rounds).hold(|node| Revoker {
        gate: &ground.gates[node],
        client: ground.client,
        survived: &survived,
        redeemed: &redeemed,
    });
    came.tell("revocations");
    let (survived, redeemed) = (survived.into_inner(), redeemed.into_inner());
    println!(
        "revocations: {redeemed} of {rounds} tokens were redeemed, {survived} looks at a session found it good"
    );
    assert_eq!(survived, 0);
    came.heard_only(&["ok", "redeemed", "token_redeemed", "token_revoked", "credential_revoked"]);
    assert_eq!(came.won, rounds, "each revocation is acknowledged");
    assert!(
        redeemed > rounds / 20 && redeemed < rounds * 19 / 20,
        "one was always first: this proves little"
    );

    let mut first = ground.cluster.by_hand(0);
    by_hand::TABLES.iter().for_each(|table| first.query_drop(table).unwrap());
    let survived = AtomicUsize::new(0);
    let came =
        contest(rounds).hold(|node| LooksOnce { node: ground.cluster.by_hand(node), survived: &survived });
    came.tell("control, without a second look");
    println!("control: {} looks at a session found it good", survived.load(Ordering::Relaxed));
    assert!(survived.into_inner() > 0);
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn no_acknowledged_change_is_lost_or_half_done() {
    let ground = Ground::new(DEADLINE);
    let rounds = size("GALERA_CHANGES", 1_500);
    let everybody = |rounds: usize| Contest { may_win: NODES, ..contest(rounds) };
    let lost = AtomicUsize::new(0);
    let came = everybody(rounds).hold(|node| Manager { gate: &ground.gates[node], lost: &lost, made: None });
    came.tell("changes");
    assert_eq!((came.heard.get("ok").copied(), came.heard.len()), (Some(rounds * NODES), 1));
    assert_eq!(lost.into_inner(), 0);
    for counted in [
        "SELECT COUNT(*) FROM gatepass_credential WHERE label LIKE 'portal %'",
        "SELECT COUNT(*) FROM gatepass_audit WHERE event = 'credential.created'",
    ] {
        assert_eq!(ground.counted(counted), [rounds * NODES; NODES], "{counted}");
    }

    let mut first = ground.cluster.by_hand(0);
    by_hand::TABLES.iter().for_each(|table| first.query_drop(table).unwrap());
    first.query_drop("INSERT INTO by_hand_turn (id) VALUES (1)").unwrap();
    let lost = AtomicUsize::new(0);
    let by_hand = everybody(rounds * 10).hold(|node| BelievesCommit {
        node: ground.cluster.by_hand(node),
        lost: &lost,
        made: None,
    });
    by_hand.tell("control, a commit that is believed");
    println!("control: {} acknowledged changes are not there", lost.load(Ordering::Relaxed));
    assert!(lost.into_inner() > 0);
}

/// How many of so many tokens, each issued on one node, are unknown at once on the next.
fn unknown_on_the_next_node(ground: &Ground, gates: &[Gatepass], tokens: usize) -> usize {
    let begun = Instant::now();
    let mut unknown = 0;
    for round in 0..tokens {
        let issued = ground.gates[round % NODES]
            .issue(&ground.caller, &gatepass::token::IssueRequest::for_client(ground.client))
            .unwrap();
        let next = &gates[(round + 1) % NODES];
        match next.redeem(&RedeemRequest::new(issued.token)) {
            Ok(_) => {}
            Err(error) if error.reason() == Some(Reason::TokenUnknown) => unknown += 1,
            Err(error) => panic!("{error}"),
        }
    }
    println!("{unknown} of {tokens} unknown on the next node, in {:.0?}", begun.elapsed());
    unknown
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn what_one_node_issued_is_known_on_the_next() {
    let ground = Ground::new(DEADLINE);
    let tokens = size("GALERA_CAUSALITY", 2_000);
    assert_eq!(unknown_on_the_next_node(&ground, &ground.gates, tokens), 0);
    let hasty: Vec<Gatepass> = (0..NODES)
        .map(|node| {
            let url = ground.cluster.url(node);
            Options::new().deadline(DEADLINE).open_without_causality(&url).unwrap()
        })
        .collect();
    print!("control, without waiting: ");
    assert!(unknown_on_the_next_node(&ground, &hasty, tokens) > 0);
}

#[cfg(feature = "serve")]
#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn what_one_host_issued_another_behind_the_same_address_redeems() {
    let ground = Ground::new(DEADLINE);
    let form = pages::portals_form(&ground.gates[0], ground.client);
    let stores: Vec<String> = [0, 1].into_iter().map(|node| ground.cluster.url(node)).collect();
    let sign_ins = size("GALERA_PAGES", 10_000);
    let begun = Instant::now();
    let told = pages::Site::new(&stores).hand_over_until(&form, sign_ins, usize::MAX);
    println!("two hosts behind nginx: {told:?} in {:.0?}", begun.elapsed());
    assert_eq!(told.wrong(), 0);
    let sessions = vec![told.crossed + told.stayed; NODES];
    assert_eq!(ground.counted("SELECT COUNT(*) FROM gatepass_session"), sessions, "sessions on each node");

    ground.cluster.by_hand(0).query_drop("CREATE DATABASE alone").unwrap();
    let alone = format!("{}/alone?tls=off", ground.cluster.server_url(1));
    Options::new().migrate(&alone).unwrap();
    let gate = Gatepass::init(&alone, &InitOptions::new(Mode::Managed, common::SYSTEM).unwrap()).unwrap();
    drop(gate);
    let apart = pages::Site::new(&[ground.cluster.url(0), alone]).hand_over_until(&form, sign_ins, 200);
    println!("control, two stores: {apart:?}");
    assert!(apart.wrong() > 0);
}

/// How long a call waits in the middle of faults.
const SHORT: Duration = Duration::from_secs(3);

/// Traffic runs on all nodes, something breaks for some seconds, is mended, and the cluster comes together by itself.
/// Everything that was answered is judged.
fn in_the_middle_of_traffic(what: &str, break_it: impl Fn(&mut Cluster), mend: impl Fn(&mut Cluster)) {
    let mut ground = Ground::new(SHORT);
    if !what.ends_with("killed") && !ground.cluster.can_be_cut() {
        println!("SKIPPED: {what}: network namespaces are not permitted here");
        return;
    }
    let mut too_trusting = 0;
    for _ in 0..size("GALERA_FAULTS", 2) {
        let begun = Instant::now();
        let (mut broken, mut mended) = (begun, begun);
        let Ground { cluster, gates, caller, client } = &mut ground;
        let account = Traffic::new(gates, *caller, *client).during(|| {
            std::thread::sleep(Duration::from_secs(4));
            broken = Instant::now();
            break_it(cluster);
            std::thread::sleep(Duration::from_secs(12));
            mended = Instant::now();
            mend(cluster);
            cluster.until_whole();
            println!("{what}: whole {:.1?} after the mending", mended.elapsed());
            std::thread::sleep(Duration::from_secs(6));
        });
        judge::tell(what, &account, begun, broken, mended);
        let wrong = judge::wrong(&account, gates);
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
        assert_eq!(judge::let_in_too_often(&account, false), 0);
        assert!(account.answers().any(|answer| answer.failed), "nobody noticed anything: this proves little");
        let longest = judge::longest_wait(&account);
        assert!(longest < 3 * SHORT, "somebody waited {longest:?}");
        too_trusting += judge::let_in_too_often(&account, true);
    }
    println!("control, errors taken for a yes: {too_trusting} let in too often");
    assert!(too_trusting > 0);
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn a_node_that_is_killed_lets_nobody_in_twice_and_loses_nothing() {
    in_the_middle_of_traffic("killed", |cluster| cluster.kill(2), |cluster| cluster.restart(2));
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn a_node_that_is_cut_off_from_the_others_lets_nobody_in_twice_and_loses_nothing() {
    in_the_middle_of_traffic(
        "cut off",
        |cluster| cluster.cut(2, Wire::Nodes),
        |cluster| cluster.mend(2, Wire::Nodes),
    );
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn a_node_that_nobody_reaches_lets_nobody_in_twice_and_loses_nothing() {
    let both = [Wire::Nodes, Wire::Clients];
    in_the_middle_of_traffic(
        "out of reach",
        |cluster| both.iter().for_each(|wire| cluster.cut(2, *wire)),
        |cluster| both.iter().for_each(|wire| cluster.mend(2, *wire)),
    );
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn a_cluster_in_pieces_lets_nobody_in_twice_and_loses_nothing() {
    in_the_middle_of_traffic(
        "in pieces",
        |cluster| (0..NODES).for_each(|node| cluster.cut(node, Wire::Nodes)),
        |cluster| (0..NODES).for_each(|node| cluster.mend(node, Wire::Nodes)),
    );
}

#[test]
#[ignore = "starts a cluster: tests/long/galera"]
fn a_node_that_is_left_alone_lets_nobody_in_twice_and_loses_nothing() {
    in_the_middle_of_traffic(
        "two killed",
        |cluster| [1, 2].into_iter().for_each(|node| cluster.kill(node)),
        |cluster| [1, 2].into_iter().for_each(|node| cluster.restart(node)),
    );
}
