//! The whole C ABI: an input is a program, read by a small interpreter that calls any exported function with
//! whatever C could give it: live handles, freed ones, those of another kind and none at all; text that is
//! exactly as long as it says, or whose length can't be; numbers at their ends. Every call keeps to the
//! header's conventions.

pub mod asking;
mod functions;
mod machine;
pub mod values;
mod words;

use super::stage::{self, Kept, Stage};
use asking::integer;
use machine::Machine;
use values::Argument;

/// A stage, and its store as the last program left it open.
struct World {
    store: Option<usize>,
    stage: Stage,
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(store) = self.store {
            integer("gatepass_store_close", &[Argument::Handle(store)]);
        }
    }
}

/// The functions that it may call.
#[allow(dead_code, reason = "for the test that compares them with what the library exports")]
pub fn names() -> impl Iterator<Item = &'static str> {
    functions::FUNCTIONS.iter().map(|function| function.name)
}

thread_local! {
    static WORLD: Kept<World> = const { Kept::new(None) };
}

pub fn check(data: &[u8]) {
    let world = || World { store: None, stage: Stage::ticking() };
    stage::with(&WORLD, 2_000, world, |world| {
        world.store = Machine::new(&world.stage, data).run(world.store.take());
    });
}
