//! An empty root folder.

use std::ffi::OsString;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, StatVfsMountFlags, mkdirat, statvfs};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
    UnmountFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen, mount_change, move_mount, open_tree,
    unmount,
};
use rustix::process::{chdir, chroot, fchdir, pivot_root};

use crate::walls::WallState;

/// Where a zone finds its socket, each with what it holds.
const FOLDERS: [(&str, &str); 3] = [("/", "var"), ("/var", "run"), ("/var/run", "zone-bridge")];

/// What the first mount of the new root lies on: a folder that is a mount in every place where a zone can start, so
/// that only that one need be kept from passing the new mount on to others.
const FOOTHOLD: &str = "/proc";

const CLOSED: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOSUID
    .union(MountAttrFlags::MOUNT_ATTR_NODEV)
    .union(MountAttrFlags::MOUNT_ATTR_NOEXEC);

/// Makes this process's root a folder that holds nothing but, where one is given, the socket folder. Wants a mount
/// namespace of its own. The state of the wall `root`.
pub(crate) fn leave(socket_folder: Option<&Path>) -> WallState {
    match build(socket_folder).and_then(|new| enter(&new)) {
        Ok(()) => state(socket_folder.is_some()),
        Err((step, error)) => WallState::missing(format_args!("{step}: {error}")),
    }
}

type Step<T> = Result<T, (&'static str, Errno)>;

fn at(step: &'static str) -> impl FnOnce(Errno) -> (&'static str, Errno) {
    move |error| (step, error)
}

fn build(socket_folder: Option<&Path>) -> Step<OwnedFd> {
    let tmpfs = empty_file_system().map_err(at("making an empty file system"))?;
    let sockets = socket_folder
        .map(|folder| {
            let flags = OpenTreeFlags::OPEN_TREE_CLONE
                | OpenTreeFlags::OPEN_TREE_CLOEXEC
                | OpenTreeFlags::AT_RECURSIVE;
            let sockets = open_tree(CWD, folder, flags)?;
            close_mount(&sockets)?;
            Ok(sockets)
        })
        .transpose()
        .map_err(at("taking the socket folder along"))?;

    mount_change(FOOTHOLD, MountPropagationFlags::PRIVATE).map_err(at("keeping mounts to ourselves"))?;
    move_mount(&tmpfs, "", CWD, FOOTHOLD, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
        .map_err(at("mounting the empty file system"))?;
    if let Some(sockets) = sockets {
        let mode = Mode::from_raw_mode(0o755);
        let made = ["var", "var/run", "var/run/zone-bridge"]
            .iter()
            .try_for_each(|name| mkdirat(&tmpfs, *name, mode));
        made.map_err(at("making the folders"))?;
        move_mount(&sockets, "", &tmpfs, "var/run/zone-bridge", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
            .map_err(at("mounting the socket folder"))?;
    }
    close_mount(&tmpfs).map_err(at("making the root read-only"))?;
    Ok(tmpfs)
}

fn empty_file_system() -> rustix::io::Result<OwnedFd> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    // Room for the folders above and for nothing else.
    for (key, value) in [("size", "4k"), ("nr_inodes", "8"), ("mode", "0755")] {
        fsconfig_set_string(&context, key, value)?;
    }
    fsconfig_create(&context)?;
    fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, CLOSED)
}

fn enter(new: &OwnedFd) -> Step<()> {
    fchdir(new).map_err(at("entering the new root"))?;
    match pivot_root(".", ".") {
        // The old root now lies over the new one.
        Ok(()) => unmount(".", UnmountFlags::DETACH).map_err(at("leaving the old root"))?,
        // In a chroot. The old root stays in this mount namespace; there is no name for it, no descriptor, and without
        // CAP_SYS_CHROOT, which goes next, no way to it.
        Err(Errno::INVAL) => chroot(".").map_err(at("changing the root"))?,
        Err(error) => return Err(("changing the root", error)),
    }
    chdir("/").map_err(at("entering the new root"))
}

/// Read-only and without programs, devices and set-user-id, whatever it was before.
fn close_mount(mount: impl AsFd) -> rustix::io::Result<()> {
    let wanted = libc::mount_attr {
        attr_set: u64::from((CLOSED | MountAttrFlags::MOUNT_ATTR_RDONLY).bits()),
        attr_clr: 0,
        propagation: libc::MS_PRIVATE,
        userns_fd: 0,
    };
    let flags = AtFlags::EMPTY_PATH.bits() | libc::AT_RECURSIVE as u32;
    #[expect(
        unsafe_code,
        reason = "there is no safe wrapper of `mount_setattr`, the call that keeps all other flags"
    )]
    // SAFETY: the path is an empty C string, and the kernel reads as many bytes of `wanted` as it is told.
    let changed = unsafe {
        let mount = mount.as_fd().as_raw_fd();
        libc::syscall(
            libc::SYS_mount_setattr,
            mount,
            c"".as_ptr(),
            flags,
            &wanted,
            size_of::<libc::mount_attr>(),
        )
    };
    if changed == 0 {
        Ok(())
    } else {
        Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
    }
}

/// The wall is tried at once: what is there, and whether anything could be put there.
fn state(with_sockets: bool) -> WallState {
    let names = |folder: &str| -> std::io::Result<Vec<OsString>> {
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect()
    };
    let expected = FOLDERS.map(|(folder, name)| (folder, vec![name]));
    let expected = if with_sockets { expected.to_vec() } else { vec![("/", vec![])] };
    for (folder, expected) in expected {
        match names(folder) {
            Ok(found) if found == expected => {}
            Ok(found) => {
                return WallState::missing(format_args!("`{folder}` holds {found:?}, not {expected:?}"));
            }
            Err(error) => return WallState::missing(format_args!("`{folder}` cannot be listed: {error}")),
        }
    }
    let mounts: &[&str] = if with_sockets { &["/", "/var/run/zone-bridge"] } else { &["/"] };
    let flags = StatVfsMountFlags::RDONLY
        | StatVfsMountFlags::NOSUID
        | StatVfsMountFlags::NODEV
        | StatVfsMountFlags::NOEXEC;
    match mounts.iter().find(|mount| !statvfs(**mount).is_ok_and(|found| found.f_flag.contains(flags))) {
        Some(mount) => WallState::missing(format_args!("`{mount}` can be changed or run from")),
        None => WallState::Stands,
    }
}
