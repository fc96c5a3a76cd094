//! The sources that are checked, and the faults that the checks must find in them.

/// Below `src`.
pub const SOURCES: &[&str] = &[
    "error/store_error.rs",
    "store/sqlite/gate.rs",
    "store/sqlite/transaction.rs",
    "store/sqlite/turns.rs",
    "store/sqlite/writing.rs",
    "sys/lent.rs",
];

/// A source with one place changed.
pub struct Fault {
    pub name: &'static str,
    pub source: &'static str,
    pub right: &'static str,
    pub wrong: &'static str,
}

const TRANSACTION: &str = "store/sqlite/transaction.rs";
const TURNS: &str = "store/sqlite/turns.rs";
const WRITING: &str = "store/sqlite/writing.rs";

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "nobody is woken when the writer comes back",
        source: TURNS,
        right: "            next.unpark();\n",
        wrong: "            drop(next);\n",
    },
    Fault {
        name: "who was told is not woken",
        source: TURNS,
        right: "        self.thread.unpark();\n",
        wrong: "",
    },
    Fault {
        name: "told before the outcome is there",
        source: TURNS,
        right: "        locked(&self.outcome).get_or_insert(outcome);\n        self.settled.store(true, Ordering::Release);\n",
        wrong: "        self.settled.store(true, Ordering::Release);\n        locked(&self.outcome).get_or_insert(outcome);\n",
    },
    Fault {
        name: "outcomes in the wrong places",
        source: TURNS,
        right: "self.outcomes.drain(..);",
        wrong: "self.outcomes.drain(..).rev();",
    },
    Fault {
        name: "what has no outcome is good",
        source: TURNS,
        right: "waiter.settle(outcomes.next().unwrap_or(Err(StoreError::Indeterminate)));",
        wrong: "waiter.settle(outcomes.next().unwrap_or(Ok(())));",
    },
    Fault {
        name: "a lost leader tells nobody",
        source: TURNS,
        right: "        for waiter in &self.batch {\n",
        wrong: "        if std::thread::panicking() {\n            return;\n        }\n        for waiter in &self.batch {\n",
    },
    Fault {
        name: "a leader goes without handing on",
        source: TURNS,
        right: "        state.idle = self.writer.take();\n",
        wrong: "        state.idle = if std::thread::panicking() { None } else { self.writer.take() };\n",
    },
    Fault {
        name: "the newest is taken first",
        source: TURNS,
        right: "queue.push_back(Arc::clone(waiter));",
        wrong: "queue.push_front(Arc::clone(waiter));",
    },
    Fault {
        name: "who gave up stays in the queue",
        source: TURNS,
        right: "                if left.is_zero() {\n                    state.queue.remove(place);\n",
        wrong: "                if left.is_zero() {\n",
    },
    Fault {
        name: "who leads stays in the queue",
        source: TURNS,
        right: "                    state.queue.remove(place);\n                    let batch",
        wrong: "                    let batch",
    },
    Fault {
        name: "who is being done gives up",
        source: TURNS,
        right: "                std::thread::park();\n            }\n",
        wrong: "                std::thread::park();\n                if Instant::now() >= waiter.until {\n                    return Err(StoreError::Busy);\n                }\n            }\n",
    },
    Fault {
        name: "acts overtake who wants the writer alone",
        source: TURNS,
        right: "            _ => break,\n",
        wrong: "            Some(_) => at += 1,\n            None => break,\n",
    },
    Fault {
        name: "who has little time is done with the others",
        source: TURNS,
        right: "Some(next) if next.act.is_some() && next.patient =>",
        wrong: "Some(next) if next.act.is_some() =>",
    },
    Fault {
        name: "work is called after it was taken back",
        source: "sys/lent.rs",
        right: "        *lock(self.0) = None;\n",
        wrong: "",
    },
    Fault {
        name: "a no is kept",
        source: WRITING,
        right: "                execute(connection, \"ROLLBACK TO act\").ok()?;\n",
        wrong: "",
    },
    Fault {
        name: "a failed sync is forgotten",
        source: WRITING,
        right: "writer.sync().inspect_err(|error| self.trust_after(error))?;",
        wrong: "writer.sync()?;",
    },
    Fault {
        name: "the log is synced inside the gate",
        source: WRITING,
        right: "        transaction.commit()?;\n        drop(pass);\n",
        wrong: "        transaction.commit()?;\n        self.sync()?;\n        drop(pass);\n",
    },
    Fault {
        name: "nothing is synced",
        source: WRITING,
        right: "        if sync == Sync::Relaxed {\n            return Ok(());\n        }\n",
        wrong: "        if sync == Sync::Relaxed || sync == Sync::Synced {\n            return Ok(());\n        }\n",
    },
    Fault {
        name: "all are told before the sync",
        source: WRITING,
        right: "done.iter().filter(|(sync, _)| !needs(sync)) {",
        wrong: "done.iter() {",
    },
    Fault {
        name: "a batch that fell apart is not done again",
        source: WRITING,
        right: "        if batch.len() > 1\n            && let Some(settled) = self.in_one(writer, batch)\n        {\n            return match settled {",
        wrong: "        if batch.len() > 1 {\n            let settled = self.in_one(writer, batch).unwrap_or(Ok(()));\n            return match settled {",
    },
    Fault {
        name: "a panic of an act ends its leader",
        source: WRITING,
        right: "let said = catch_unwind(AssertUnwindSafe(|| act(connection)));",
        wrong: "let said = Ok(act(connection));",
    },
    Fault {
        name: "a batch keeps the gate while it is synced",
        source: WRITING,
        right: "        drop(pass);\n",
        wrong: "        std::mem::forget(pass);\n",
    },
    Fault {
        name: "an act that says no keeps the gate",
        source: WRITING,
        right: "            None => Ok(()),\n",
        wrong: "            None => {\n                std::mem::forget(open.pass);\n                drop(open.transaction);\n                Ok(())\n            }\n",
    },
    Fault {
        name: "a call waits longer than its deadline",
        source: WRITING,
        right: "self.write_until(self.until(), sync, |_| sync, act)",
        wrong: "self.write_until(self.until() + NOTE, sync, |_| sync, act)",
    },
    Fault {
        name: "a batch waits as long as its last one may",
        source: WRITING,
        right: "batch.iter().map(|waiter| waiter.until()).min()?",
        wrong: "batch.iter().map(|waiter| waiter.until()).max()?",
    },
    Fault {
        name: "nobody says how long to wait for other processes",
        source: WRITING,
        right: "        wait_until(until);\n",
        wrong: "",
    },
    Fault {
        name: "the last sleep before the deadline lasts as long as any",
        source: TRANSACTION,
        right: "std::thread::sleep(Duration::from_millis(*moment).min(left));",
        wrong: "std::thread::sleep(Duration::from_millis(*moment));",
    },
    Fault {
        name: "all threads have one deadline",
        source: TRANSACTION,
        right: "thread_local! {",
        wrong: "shadow::for_all_threads! {",
    },
];
