//! A machine whose power can be cut: QEMU with Debian's own kernel, and nothing but the writer on it.
//!
//! It is started once, up to the moment before it looks for its disk; each life begins from that moment.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::image::run;

/// Longer than anything takes here, also on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(180);

/// A machine that stands ready, and what belongs to it in a folder.
pub(crate) struct Machine {
    folder: PathBuf,
    kernel: PathBuf,
}

impl Machine {
    /// Start it once. The modules belong to the kernel.
    pub(crate) fn ready(folder: &Path, kernel: &Path, modules: &Path) -> Self {
        let machine = Machine { folder: folder.to_owned(), kernel: kernel.to_owned() };
        machine.pack(modules);
        let disk = folder.join("no-disk");
        std::fs::File::create(&disk).unwrap().set_len(1 << 20).unwrap();
        let mut first = machine.start(&disk, false);
        first.hear("ready");
        let mut monitor = loop {
            match UnixStream::connect(folder.join("monitor")) {
                Ok(monitor) => break monitor,
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        let wanted = format!("migrate \"exec:cat > '{}'\"\nquit\n", machine.state().display());
        monitor.write_all(b"migrate_set_parameter max-bandwidth 10G\n").unwrap();
        monitor.write_all(wanted.as_bytes()).unwrap();
        std::io::copy(&mut monitor, &mut std::io::sink()).unwrap();
        assert!(first.child.wait().unwrap().success());
        machine
    }

    /// The log of the last life's disk.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// A life, from the moment at which it stands ready.
    pub(crate) fn live(&self, disk: &Path) -> Life {
        let mut life = self.start(disk, true);
        // The console loses the first letter.
        life.tell("");
        life
    }

    fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// The writer (this program), what it is linked with, and what a system needs.
    fn pack(&self, modules: &Path) {
        let root = self.folder.join("root");
        std::fs::create_dir_all(root.join("bin")).unwrap();
        std::fs::create_dir_all(root.join("modules")).unwrap();
        let own = std::env::current_exe().unwrap();
        run(Command::new("strip").arg("-o").arg(root.join("writer")).arg(&own));
        let linked = Command::new("ldd").arg(&own).output().unwrap().stdout;
        for library in
            String::from_utf8(linked).unwrap().split_whitespace().filter(|word| word.starts_with('/'))
        {
            let to = root.join(library.trim_start_matches('/'));
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(library, to).unwrap();
        }
        let of_this = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power_cut");
        std::fs::copy(of_this.join("init"), root.join("init")).unwrap();
        std::fs::copy("/bin/busybox", root.join("bin/busybox")).unwrap();
        let kinds = ["virtio/virtio_ring", "virtio/virtio", "virtio/virtio_pci_legacy_dev"];
        for kind in
            [&kinds[..], &["virtio/virtio_pci_modern_dev", "virtio/virtio_pci", "block/virtio_blk"]].concat()
        {
            let module = modules.join("kernel/drivers").join(format!("{kind}.ko"));
            std::fs::copy(&module, root.join("modules").join(module.file_name().unwrap())).unwrap();
        }
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let mut swallowing = Command::new(compiler);
        swallowing.args(["-shared", "-fPIC", "-o"]).arg(root.join("unsynced.so"));
        run(swallowing.arg(of_this.join("unsynced.c")));
        let pack = format!("find . | cpio -o -H newc --quiet | gzip -1 > '{}'", self.packed().display());
        run(Command::new("sh").args(["-c", &format!("chmod 755 init && {pack}")]).current_dir(&root));
    }

    fn packed(&self) -> PathBuf {
        self.folder.join("initrd.gz")
    }

    fn start(&self, disk: &Path, from_state: bool) -> Life {
        let log = self.log();
        drop(std::fs::File::create(&log).unwrap());
        let mut command = Command::new("qemu-system-x86_64");
        command
            .args(["-machine", "pc", "-accel", "tcg", "-cpu", "max", "-m", "384", "-smp", "2"])
            .args(["-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio"])
            .args(["-append", "console=ttyS0 quiet panic=-1"])
            .arg("-kernel")
            .arg(&self.kernel)
            .arg("-initrd")
            .arg(self.packed())
            .args(["-monitor", &format!("unix:{},server=on,wait=off", self.folder.join("monitor").display())])
            .args(["-blockdev", &format!("driver=file,node-name=file,filename={}", disk.display())])
            .args(["-blockdev", &format!("driver=file,node-name=log,filename={}", log.display())])
            .args(["-blockdev", "driver=blklogwrites,node-name=disk,file=file,log=log"])
            .args(["-device", "virtio-blk-pci,drive=disk"]);
        if from_state {
            command.arg("-incoming").arg(format!("exec:cat '{}'", self.state().display()));
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (say, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim().to_owned();
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        Life { input: child.stdin.take().unwrap(), child, lines }
    }
}

/// A machine while it runs.
pub(crate) struct Life {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Life {
    /// A line for its shell.
    pub(crate) fn tell(&mut self, line: &str) {
        // What a console takes as one line.
        assert!(line.len() < 4_000);
        self.input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Wait until it says this.
    pub(crate) fn hear(&mut self, wanted: &str) {
        let mut heard = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if line.strip_prefix('@') == Some(wanted) {
                return;
            }
            heard.push(line);
        }
        panic!("the machine did not say {wanted}, but:\n{}", heard.join("\n"));
    }

    /// Let it run for so long; nothing may fail in it.
    pub(crate) fn run_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => panic!("the machine ended by itself"),
                Ok(line) => {
                    assert!(!line.contains("panicked") && !line.contains("FAILED"), "{}", self.rest(&line))
                }
            }
        }
    }

    fn rest(&self, line: &str) -> String {
        let more = std::iter::from_fn(|| self.lines.recv_timeout(Duration::from_secs(1)).ok());
        std::iter::once(line.to_owned()).chain(more.take(20)).collect::<Vec<_>>().join("\n")
    }

    /// Cut its power.
    pub(crate) fn cut(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // Fails where it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
