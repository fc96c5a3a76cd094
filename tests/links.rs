//! A store behind symbolic links is the store that they lead to.
#![allow(missing_docs)]

use gatepass::directory::Mode;
use gatepass::{Gatepass, InitOptions};

#[test]
fn a_store_is_made_opened_and_backed_up_through_a_linked_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let init = InitOptions::new(Mode::Host, "https://billing.example.com").unwrap();
    let gate = Gatepass::init(link.join("gatepass.db"), &init).unwrap();
    gate.backup(link.join("backup.db"), &mut |_, _| {}).unwrap();
    gate.restore(link.join("backup.db"), &mut |_, _| {}).unwrap();
    assert_eq!(Gatepass::open(real.join("gatepass.db")).unwrap().info().unwrap(), gate.info().unwrap());
}
