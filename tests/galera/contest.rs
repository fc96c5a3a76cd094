//! Contests: members on all nodes try for the same prize at the same moment, round after round.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use super::cluster::NODES;

/// Somebody on one node.
pub(crate) trait Member {
    type Prize: Send + Sync;
    /// Make what is tried for in that round.
    fn make(&mut self, round: usize) -> Self::Prize;
    /// Try for it; `ok`, or the code of what came instead. Who makes the prize has turn 0, who stands on the next
    /// node turn 1, and so on.
    fn attempt(&mut self, prize: &Self::Prize, turn: usize) -> &'static str;
    /// When all have tried.
    fn afterwards(&mut self, _prize: &Self::Prize) {}
}

pub(crate) struct Contest {
    /// So many prizes are tried for at the same time.
    pub(crate) lanes: usize,
    /// So many try for each prize on each node.
    pub(crate) on_each_node: usize,
    pub(crate) rounds: usize,
    pub(crate) may_win: usize,
    /// Stop when one prize was won too often.
    pub(crate) until_doubled: bool,
}

struct Try {
    outcome: &'static str,
    begin: Instant,
    end: Instant,
}

/// What is told of a contest.
#[derive(Debug, Default)]
pub(crate) struct Came {
    pub(crate) rounds: usize,
    pub(crate) won: usize,
    /// Won more often than may be, and less often.
    pub(crate) over: usize,
    pub(crate) under: usize,
    pub(crate) heard: BTreeMap<&'static str, usize>,
    /// In so many rounds two or more were trying at one moment.
    pub(crate) overlapped: usize,
    pub(crate) worst_wait: Duration,
    pub(crate) took: Duration,
}

struct Lane<P> {
    barrier: Barrier,
    prize: Mutex<Option<Arc<P>>>,
    won: AtomicUsize,
}

/// The others would wait for ever for a member that failed.
struct EndsAll;

impl Drop for EndsAll {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("a member of the contest failed");
            std::process::exit(101);
        }
    }
}

impl Contest {
    /// Hold it among members that are made for their nodes.
    pub(crate) fn hold<M: Member>(&self, member: impl Fn(usize) -> M + Sync) -> Came {
        let begun = Instant::now();
        let (next, doubled) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let members = NODES * self.on_each_node;
        let lanes: Vec<Lane<M::Prize>> = (0..self.lanes)
            .map(|_| Lane {
                barrier: Barrier::new(members),
                prize: Mutex::new(None),
                won: AtomicUsize::new(0),
            })
            .collect();
        let mut came = Came::default();
        std::thread::scope(|scope| {
            let (member, next, doubled) = (&member, &next, &doubled);
            let threads: Vec<Vec<_>> = lanes
                .iter()
                .map(|lane| {
                    let run = |at: usize| move || self.take_part(member(at % NODES), at, lane, next, doubled);
                    (0..members).map(|at| scope.spawn(run(at))).collect()
                })
                .collect();
            for lane in threads {
                let tries: Vec<Vec<Try>> = lane.into_iter().map(|thread| thread.join().unwrap()).collect();
                for round in 0..tries[0].len() {
                    came.take(tries.iter().map(|tries| &tries[round]).collect(), self.may_win);
                }
            }
        });
        came.took = begun.elapsed();
        came
    }

    fn take_part<M: Member>(
        &self,
        mut member: M,
        at: usize,
        lane: &Lane<M::Prize>,
        next: &AtomicUsize,
        doubled: &AtomicUsize,
    ) -> Vec<Try> {
        let _ends_all = EndsAll;
        let members = NODES * self.on_each_node;
        let mut tries = Vec::new();
        loop {
            let turn = (at + members - tries.len() % members) % members;
            if turn == 0 {
                let won = lane.won.swap(0, Ordering::Relaxed);
                doubled.fetch_add(usize::from(won > self.may_win), Ordering::Relaxed);
                let round = next.fetch_add(1, Ordering::Relaxed);
                let enough = self.until_doubled && doubled.load(Ordering::Relaxed) > 0;
                let over = round >= self.rounds || enough;
                *lane.prize.lock().unwrap() = (!over).then(|| Arc::new(member.make(round)));
            }
            lane.barrier.wait();
            let Some(prize) = lane.prize.lock().unwrap().clone() else { return tries };
            let begin = Instant::now();
            let outcome = member.attempt(&prize, turn);
            tries.push(Try { outcome, begin, end: Instant::now() });
            lane.won.fetch_add(usize::from(outcome == "ok"), Ordering::Relaxed);
            lane.barrier.wait();
            member.afterwards(&prize);
        }
    }
}

impl Came {
    fn take(&mut self, tries: Vec<&Try>, may_win: usize) {
        let won = tries.iter().filter(|tried| tried.outcome == "ok").count();
        self.rounds += 1;
        self.won += won;
        self.over += usize::from(won > may_win);
        self.under += usize::from(won < may_win);
        let met = |one: &Try, other: &Try| other.begin <= one.begin && one.begin < other.end;
        let meetings = |one: &Try| tries.iter().filter(|other| met(one, other)).count();
        self.overlapped += usize::from(tries.iter().any(|one| meetings(one) > 1));
        for tried in &tries {
            *self.heard.entry(tried.outcome).or_insert(0) += 1;
            self.worst_wait = self.worst_wait.max(tried.end - tried.begin);
        }
    }

    pub(crate) fn tell(&self, what: &str) {
        println!(
            "{what}: {} rounds, {} won too often, {} too seldom, heard {:?}; in {} two or more were at it at one \
             moment, longest wait {:.1?}, {:.0?} in all",
            self.rounds, self.over, self.under, self.heard, self.overlapped, self.worst_wait, self.took
        );
    }

    /// Nothing was heard but these.
    #[track_caller]
    pub(crate) fn heard_only(&self, codes: &[&str]) {
        let others: Vec<_> = self.heard.keys().filter(|code| !codes.contains(code)).collect();
        assert!(others.is_empty(), "{others:?} in {:?}", self.heard);
    }
}
