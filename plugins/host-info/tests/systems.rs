//! Files of different Linux systems, written by hand in the form that proc(5) and os-release(5)
//! have, and those of the computer that runs the test.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use trine_plugin_host_info::facts::{disks, space, Disk, Files, Info, Load, Space};

const MEMORY: &str = "MemTotal:       16000000 kB\nMemFree:         1000000 kB\n\
     MemAvailable:   12000000 kB\nBuffers:          100000 kB\nCached:          9000000 kB\n\
     SwapCached:            0 kB\nActive:                0 kB\nInactive:              0 kB\n\
     SwapTotal:       2000000 kB\nSwapFree:        1500000 kB\nDirty:  0 kB\nWriteback: 0 kB\n\
     Mapped: 0 kB\nSlab: 0 kB\nCommitted_AS: 0 kB\nVmallocTotal: 0 kB\nVmallocUsed: 0 kB\n\
     VmallocChunk: 0 kB\n";

/// A folder with a system's files.
fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let usual = [
        ("proc/meminfo", MEMORY),
        ("proc/uptime", "350735.47 234388.90\n"),
        ("proc/loadavg", "0.20 1.18 12.125 1/80 11206\n"),
        ("proc/stat", "cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n"),
        ("proc/sys/kernel/hostname", "node-7\n"),
        ("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n"),
    ];
    for (name, text) in usual.iter().chain(files) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn systems_and_processors_of_each_kind_are_named() {
    let read = |release: &str, cpuinfo: &str| {
        let folder = system(&[("etc/os-release", release), ("proc/cpuinfo", cpuinfo)]);
        Info::read(&Files::at(folder.path())).unwrap()
    };
    let debian = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
    let x86 = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel\t\t: 85\nmodel name\t: Xeon(R)\n";
    let info = read(debian, x86);
    let expected = Info {
        name: "node-7".to_owned(),
        system: "Debian GNU/Linux 12 (bookworm)".to_owned(),
        kernel: "6.1.0-18-amd64".to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        processor: "Xeon(R)".to_owned(),
        processors: 2,
        memory_mb: 16_384,
        swap_mb: 2_048,
        uptime_s: 350_735,
    };
    assert_eq!(info, expected);
    let arm =
        "processor\t: 0\nBogoMIPS\t: 108.00\n\nHardware\t: BCM2835\nModel\t\t: Raspberry Pi 4\n";
    let info = read("NAME='Alpine Linux'\n", arm);
    assert_eq!((&*info.system, &*info.processor), ("Alpine Linux", "Raspberry Pi 4"));
    let mips = "system type\t: MT7621\nprocessor\t: 0\ncpu model\t: MIPS 1004Kc V2.15\n";
    let info = read("", mips);
    assert_eq!((&*info.system, &*info.processor), ("Linux", "MIPS 1004Kc V2.15"));
    let riscv = "processor\t: 0\nhart\t: 1\nisa\t: rv64imafdc\nuarch\t: sifive,u74-mc\n";
    assert_eq!(read("", riscv).processor, "sifive,u74-mc");
    assert_eq!(read("", "").processor, "");
}

#[test]
fn load_and_memory_are_read_from_new_and_old_kernels() {
    let folder = system(&[]);
    let load = Load::read(&Files::at(folder.path())).unwrap();
    let expected = Load {
        hundredths: [20, 118, 1213],
        processors: 2,
        memory_mb: 16_384,
        memory_used_mb: 4_096,
        swap_mb: 2_048,
        swap_used_mb: 512,
    };
    assert_eq!(load, expected);
    let old = MEMORY.replace("MemAvailable:   12000000 kB\n", "");
    let folder = system(&[("proc/meminfo", &old)]);
    let load = Load::read(&Files::at(folder.path())).unwrap();
    assert_eq!(load.memory_used_mb, 6_144, "what is free or cached is not used");
}

#[test]
fn each_local_file_system_is_told_once() {
    let mounts = "proc /proc proc rw 0 0\n/dev/vda1 / ext4 rw,relatime 0 0\n\
        server:/home /home nfs4 rw 0 0\n/dev/vda1 /var/bound ext4 rw 0 0\n\
        /dev/loop0 /snap/core squashfs ro 0 0\n/dev/sdb1 /mnt/two\\040words\\134 vfat rw 0 0\n\
        tank/data /tank zfs rw 0 0\n/dev/sdc1 /gone ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n";
    let folder = system(&[("proc/self/mounts", mounts)]);
    let ask = |path: &Path| {
        let space = Space { size: 100_000_000, free: 40_000_000, for_users: 30_000_000 };
        (path != Path::new("/gone")).then_some(space)
    };
    let found = disks(&Files::at(folder.path()), &ask).unwrap();
    let paths: Vec<&str> = found.iter().map(|disk| &*disk.path).collect();
    assert_eq!(paths, ["/", "/mnt/two words\\", "/tank"]);
    let (path, kind) = ("/".to_owned(), "ext4".to_owned());
    assert_eq!(found[0], Disk { path, kind, size_mb: 100, used_mb: 60, free_mb: 30 });
}

#[test]
fn a_file_that_is_missing_or_wrong_is_named() {
    let folder = system(&[("proc/loadavg", "busy\n")]);
    let why = Load::read(&Files::at(folder.path())).unwrap_err();
    assert!(why.starts_with("cannot read /proc/loadavg: "), "{why}");
    let empty = tempfile::tempdir().unwrap();
    let why = Info::read(&Files::at(empty.path())).unwrap_err();
    assert!(why.starts_with("cannot read /proc/meminfo: "), "{why}");
    assert!(disks(&Files::at(empty.path()), &space).is_err());
    let folder = system(&[("proc/self/mounts", "/dev/vda1 /\n")]);
    let why = disks(&Files::at(folder.path()), &space).unwrap_err();
    assert!(why.contains("no three words"), "{why}");
}

#[cfg(target_os = "linux")]
#[test]
fn this_computer_has_what_its_kernel_says() {
    let files = Files::of_system().unwrap();
    let (info, load) = (Info::read(&files).unwrap(), Load::read(&files).unwrap());
    assert!(info.processors >= 1 && info.memory_mb > 100 && info.uptime_s > 0, "{info:?}");
    assert!(load.memory_used_mb < info.memory_mb && load.processors == info.processors);
    let root = space(Path::new("/")).unwrap();
    assert!(root.size > 0 && root.for_users <= root.size);
    assert!(space(Path::new("/no/such/folder")).is_none());
    disks(&files, &space).unwrap();
}
