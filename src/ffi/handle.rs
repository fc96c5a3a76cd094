//! The objects behind the handles.
//!
//! A handle looks like a pointer to C and is four numbers: the kind of its object, how many forks the table
//! is away from the first, a slot, and the slot's generation. It is never dereferenced. A slot's generation
//! grows whenever it is freed, and a slot whose generations are used up is never used again, so that a freed
//! handle never becomes somebody else's.
//!
//! Each process has a table of its own: a child of a fork may find the parent's locked for ever by a thread
//! that it doesn't have. Handles from before the fork are known by their count of forks, and answered
//! `GATEPASS_FORKED`.

use std::any::Any;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::code::gatepass_code::{GATEPASS_INVALID_HANDLE, GATEPASS_NULL_ARGUMENT, GATEPASS_WRONG_HANDLE};
use super::guard::Failure;
use super::kept::KeptStores;
use super::text::empty_output;
use crate::error::{Error, StoreError};
use crate::sys::process_id;

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the C ABI packs its handles into 64 bits");

/// The kinds of objects. Never 0, so that no handle is `NULL` and none lies where memory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(super) enum Kind {
    Options = 1,
    Store = 2,
    Caller = 3,
    Request = 4,
    Issued = 5,
    SignIn = 6,
    Inspection = 7,
    Session = 8,
    Document = 9,
    WebRequest = 10,
    WebResponse = 11,
    CreatedLink = 12,
    OpenedLink = 13,
}

impl Kind {
    const LAST: u64 = 13;
}

/// An object that C may hold: its kind, the type that C knows it by, and what C calls the argument.
pub(super) trait Object: Any + Send + Sync {
    type Opaque;
    const KIND: Kind;
    const ARGUMENT: &'static str;
}

const GENERATION_BITS: u32 = 28;
const SLOT_BITS: u32 = 24;
const FORK_BITS: u32 = 8;
const SLOT_SHIFT: u32 = GENERATION_BITS;
const FORK_SHIFT: u32 = SLOT_SHIFT + SLOT_BITS;
const KIND_SHIFT: u32 = FORK_SHIFT + FORK_BITS;
const LAST_GENERATION: u64 = (1 << GENERATION_BITS) - 1;
const LAST_SLOT: usize = (1 << SLOT_BITS) - 1;
const LAST_FORK: u64 = (1 << FORK_BITS) - 1;

/// A handle taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Name {
    kind: u64,
    fork: u64,
    slot: usize,
    generation: u64,
}

impl Name {
    fn read(bits: u64) -> Self {
        Name {
            kind: bits >> KIND_SHIFT,
            fork: (bits >> FORK_SHIFT) & LAST_FORK,
            slot: ((bits >> SLOT_SHIFT) as usize) & LAST_SLOT,
            generation: bits & LAST_GENERATION,
        }
    }

    fn bits(self) -> u64 {
        self.kind << KIND_SHIFT | self.fork << FORK_SHIFT | (self.slot as u64) << SLOT_SHIFT | self.generation
    }
}

struct Slot {
    generation: u64,
    kind: u64,
    object: Option<Arc<dyn Any + Send + Sync>>,
}

impl Slot {
    fn is(&self, name: Name) -> bool {
        self.generation == name.generation && self.kind == name.kind
    }
}

#[derive(Default)]
struct Slots {
    all: Vec<Slot>,
    free: VecDeque<usize>,
}

impl Slots {
    /// Keep an object; its slot and generation, unless there are too many.
    fn put(&mut self, kind: u64, object: Arc<dyn Any + Send + Sync>) -> Option<(usize, u64)> {
        let slot = match self.free.pop_front() {
            Some(slot) => slot,
            None if self.all.len() <= LAST_SLOT => {
                self.all.push(Slot { generation: 1, kind, object: None });
                self.all.len() - 1
            }
            None => return None,
        };
        let place = self.all.get_mut(slot)?;
        place.kind = kind;
        place.object = Some(object);
        Some((slot, place.generation))
    }

    fn find(&self, name: Name) -> Option<Arc<dyn Any + Send + Sync>> {
        self.all.get(name.slot).filter(|slot| slot.is(name))?.object.clone()
    }

    fn take(&mut self, name: Name) -> Option<Arc<dyn Any + Send + Sync>> {
        let slot = self.all.get_mut(name.slot).filter(|slot| slot.is(name))?;
        let object = slot.object.take()?;
        if slot.generation < LAST_GENERATION {
            slot.generation += 1;
            self.free.push_back(name.slot);
        }
        Some(object)
    }
}

struct Table {
    process: u32,
    fork: u64,
    slots: Mutex<Slots>,
    kept: KeptStores,
    /// The parent's, which is never touched again and stays reachable for leak checkers.
    _inherited: *mut Table,
}

static TABLE: AtomicPtr<Table> = AtomicPtr::new(std::ptr::null_mut());

/// This process's table.
fn table() -> &'static Table {
    let process = process_id();
    loop {
        let current = TABLE.load(Ordering::Acquire);
        // SAFETY: a table is leaked when it is published, and nobody writes to it but through its lock.
        let known = unsafe { current.as_ref() };
        if let Some(table) = known
            && table.process == process
        {
            return table;
        }
        // The last number stands for all that come after it; nothing can be told apart there any more.
        let fork = known.map_or(0, |table| (table.fork + 1).min(LAST_FORK));
        let slots = Mutex::new(Slots::default());
        let kept = KeptStores::default();
        let new = Box::into_raw(Box::new(Table { process, fork, slots, kept, _inherited: current }));
        if TABLE.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // SAFETY: it comes from the box above, and nobody else has seen it.
            drop(unsafe { Box::from_raw(new) });
        }
    }
}

/// The stores that this process keeps open.
pub(super) fn kept() -> &'static KeptStores {
    &table().kept
}

fn misuse(argument: &'static str) -> Failure {
    Failure::misuse(GATEPASS_INVALID_HANDLE, argument, "is no handle, or was freed")
}

/// The slot that a handle names, if it belongs to this process and is of a kind that there is.
fn name(handle: *const c_void, argument: &'static str) -> Result<(Name, &'static Table), Failure> {
    if handle.is_null() {
        return Err(Failure::misuse(GATEPASS_NULL_ARGUMENT, argument, "is NULL"));
    }
    let name = Name::read(handle.addr() as u64);
    if name.kind == 0 || name.kind > Kind::LAST || name.generation == 0 {
        return Err(misuse(argument));
    }
    let table = table();
    if name.fork > table.fork {
        return Err(misuse(argument));
    }
    if name.fork < table.fork || table.fork == LAST_FORK {
        return Err(Error::Store(StoreError::Forked).into());
    }
    Ok((name, table))
}

/// Put an object into the table; the handle is written to `out` as the very last thing.
///
/// # Safety
/// `out` leads to a writable pointer and was emptied.
unsafe fn give<T: Object>(object: T, out: *mut *mut T::Opaque) -> Result<(), Failure> {
    let table = table();
    let mut slots = table.slots.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((slot, generation)) = slots.put(T::KIND as u64, Arc::new(object)) else {
        return Err(Error::Internal("too many handles are open".into()).into());
    };
    let name = Name { kind: T::KIND as u64, fork: table.fork, slot, generation };
    let handle = std::ptr::without_provenance_mut(name.bits() as usize);
    // SAFETY: the caller's promise; it need not be aligned.
    unsafe { out.write_unaligned(handle) };
    Ok(())
}

/// Make an object for C: the output is checked and emptied first, so that nothing is done in vain.
///
/// # Safety
/// `out` leads to a writable pointer, unless it is `NULL`.
pub(super) unsafe fn make<T: Object>(
    out: *mut *mut T::Opaque,
    make: impl FnOnce() -> Result<T, Failure>,
) -> Result<(), Failure> {
    // SAFETY: the caller's promise.
    unsafe { empty_output(out) }?;
    let object = make()?;
    // SAFETY: the caller's promise.
    unsafe { give(object, out) }
}

/// The object behind a handle. It stays alive while it is used, whoever frees the handle meanwhile.
pub(super) fn get<T: Object>(handle: *const T::Opaque) -> Result<Arc<T>, Failure> {
    let (name, table) = name(handle.cast(), T::ARGUMENT)?;
    if name.kind != T::KIND as u64 {
        return Err(Failure::misuse(GATEPASS_WRONG_HANDLE, T::ARGUMENT, "is a handle of another kind"));
    }
    let slots = table.slots.lock().unwrap_or_else(PoisonError::into_inner);
    slots.find(name).and_then(|object| object.downcast().ok()).ok_or_else(|| misuse(T::ARGUMENT))
}

/// Take an object out of the table, for good. `NULL` is no error: there is nothing to free.
pub(super) fn free(
    handle: *const c_void,
    argument: &'static str,
    kinds: impl FnOnce(u64) -> bool,
) -> Result<(), Failure> {
    if handle.is_null() {
        return Ok(());
    }
    let (name, table) = name(handle, argument)?;
    if !kinds(name.kind) {
        return Err(Failure::misuse(GATEPASS_WRONG_HANDLE, argument, "is a handle of another kind"));
    }
    let mut slots = table.slots.lock().unwrap_or_else(PoisonError::into_inner);
    let object = slots.take(name).ok_or_else(|| misuse(argument))?;
    drop(slots);
    // Outside of the lock: closing a store takes its time.
    drop(object);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_given_up_before_its_generations_begin_again() {
        let mut slots = Slots::default();
        let (slot, _) = slots.put(4, Arc::new(1)).unwrap();
        slots.all[slot].generation = LAST_GENERATION - 1;
        for generation in [LAST_GENERATION - 1, LAST_GENERATION] {
            let name = Name { kind: 4, fork: 0, slot, generation };
            assert!(slots.take(Name { kind: 5, ..name }).is_none());
            assert!(slots.find(name).is_some());
            assert!(slots.take(name).is_some());
            assert!(slots.find(name).is_none());
            assert!(slots.take(name).is_none());
            let (next, _) = slots.put(4, Arc::new(2)).unwrap();
            assert_eq!(next == slot, generation < LAST_GENERATION);
        }
    }

    #[test]
    fn a_handle_says_what_went_into_it() {
        for name in [
            Name { kind: 1, fork: 0, slot: 0, generation: 1 },
            Name { kind: Kind::LAST, fork: LAST_FORK, slot: LAST_SLOT, generation: LAST_GENERATION },
        ] {
            assert_eq!(Name::read(name.bits()), name);
        }
    }
}
