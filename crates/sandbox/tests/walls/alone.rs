//! Each wall alone: an attack that succeeds without it is refused by it, whatever the other walls would have said.

use crate::runner::{Test, Who, answer, child, is_root, said};

pub(crate) const TESTS: &[Test] = &[
    // limits and descriptors
    ("descriptors_run_out_early", || holds("open-files", "hoard_descriptors", "EMFILE")),
    ("memory_runs_out_early", || holds("memory", "hoard_memory", "ENOMEM")),
    ("what_was_inherited_is_closed", || holds("descriptors", "use_what_was_inherited", "EBADF")),
    // the machine
    ("nobody_else_is_looked_into", || namespace("user-namespace", "look_into_another", "EACCES")),
    ("a_mount_does_not_show_outside", || with_power("mount-namespace", &[], "mount_for_all", "ENOENT")),
    ("the_root_is_empty", || stands_on("root", &["mount-namespace"], "read_a_file", "ENOENT")),
    ("the_network_has_nobody", || namespace("network-namespace", "dial_the_machine", "ENETUNREACH")),
    ("no_abstract_socket_is_dialled", || {
        namespace("network-namespace", "dial_an_abstract_socket", "ECONNREFUSED")
    }),
    ("no_other_process_has_a_number", || namespace("pid-namespace", "signal_another", "ESRCH")),
    ("no_shared_memory_is_found", || namespace("ipc-namespace", "find_shared_memory", "ENOENT")),
    ("the_name_of_the_machine_is_safe", || with_power("uts-namespace", &[], "rename_the_machine", "ENOENT")),
    ("the_cell_does_not_know_where_it_is", || namespace("cgroup-namespace", "see_the_cell", "ENOENT")),
    ("a_users_files_are_the_users", || with_power("user", &["capabilities"], "read_our_file", "EACCES")),
    ("root_without_capabilities_is_anybody", || with_power("capabilities", &[], "read_their_file", "EACCES")),
    ("nobody_mounts_in_the_own_namespace", || {
        stands_on("capabilities", &["mount-namespace"], "mount", "EPERM");
    }),
    ("a_set_user_id_program_gives_nothing", no_new_privileges),
    // Landlock
    ("a_file_cannot_be_read", || holds("files", "read_a_file", "EACCES")),
    ("a_folder_cannot_be_listed", || holds("files", "list_a_folder", "EACCES")),
    ("a_file_cannot_be_made", || holds("files", "make_a_file", "EACCES")),
    ("a_file_cannot_be_removed", || holds("files", "remove_a_file", "EACCES")),
    ("an_old_tcp_socket_takes_no_port", || holds("tcp", "bind_an_old_tcp_socket", "EACCES")),
    ("no_signal_leaves", || holds("scope", "signal_another", "EPERM")),
    ("no_abstract_socket_out_of_scope", || holds("scope", "dial_an_abstract_socket", "EPERM")),
    // system calls
    ("no_file_is_opened", || call("read_a_file", "EPERM")),
    ("a_file_cannot_be_cut_by_name", || call("truncate_a_file", "EPERM")),
    ("a_file_cannot_be_opened_to_others_by_name", || call("chmod_a_file", "EPERM")),
    ("no_tcp_socket", || call("tcp_socket", "EAFNOSUPPORT")),
    ("no_udp_socket", || call("udp_socket", "EAFNOSUPPORT")),
    ("no_vsock_socket", || call("vsock_socket", "EAFNOSUPPORT")),
    ("no_netlink_socket", || call("netlink_socket", "EAFNOSUPPORT")),
    ("no_other_unix_socket_is_dialled", || call("dial_a_unix_socket", "EAFNOSUPPORT")),
    ("an_old_datagram_socket_is_not_turned_elsewhere", || call("turn_a_datagram_socket", "EPERM")),
    ("no_new_datagram_pair", || call("datagram_pair", "EPERM")),
    ("no_old_listener_dials_by_sending", || call("dial_by_sending", "EPERM")),
    ("no_old_listener_dials_by_sending_a_message", || call("dial_by_sending_a_message", "EPERM")),
    ("no_other_program", || call("exec", "EPERM")),
    ("no_child_process", || call("fork", "EPERM")),
    ("no_child_process_by_clone3", || harmless("clone3", "ENOSYS")),
    ("no_thread_in_a_new_namespace", || harmless("clone_with_a_namespace", "EPERM")),
    ("no_namespace", || call("unshare", "EPERM")),
    ("no_tracing", || call("ptrace", "EPERM")),
    ("no_io_uring", || harmless("io_uring", "ENOSYS")),
    ("no_bpf", || harmless("bpf", "EPERM")),
    ("no_key_ring", || harmless("keyctl", "EPERM")),
    ("no_typing_into_the_terminal", || harmless("type_into_the_terminal", "EPERM")),
    ("no_code_is_made_of_data", || call("make_code_of_data", "EPERM")),
];

/// A wall that everybody can raise.
fn holds(wall: &str, attack: &str, refused_with: &str) {
    Who::all().iter().for_each(|who| check(wall, &[], attack, refused_with, *who));
}

/// A wall that an ordinary user raises in a user namespace.
fn namespace(wall: &str, attack: &str, refused_with: &str) {
    stands_on(wall, &[], attack, refused_with);
}

fn stands_on(wall: &str, needs: &[&str], attack: &str, refused_with: &str) {
    for who in Who::all() {
        let user = ["user-namespace"].into_iter().filter(|first| !who.has_power() && *first != wall);
        let needs: Vec<&str> = user.chain(needs.iter().copied()).collect();
        check(wall, &needs, attack, refused_with, *who);
    }
}

/// An attack that takes root's powers, so that for anybody else there is nothing to hold.
fn with_power(wall: &str, needs: &[&str], attack: &str, refused_with: &str) {
    if is_root() {
        check(wall, needs, attack, refused_with, Who::Ourselves);
    } else {
        println!("unproven here: `{attack}`, because it takes root's powers");
        let said = said(child("nothing", &format!("only:{wall}"), Who::Ourselves));
        let told = said.missing.iter().any(|line| line.starts_with(wall));
        assert!(told || wall == "capabilities", "`{wall}` cannot stand by itself here: {said:?}");
    }
}

fn call(attack: &str, refused_with: &str) {
    holds("system-calls", attack, refused_with);
}

/// Where the control needs a privilege or a valid argument, it fails too, but not like this.
fn harmless(attack: &str, refused_with: &str) {
    for who in Who::all() {
        let without = answer(attack, "none", *who);
        assert!(
            without != refused_with && without.starts_with('E'),
            "without walls `{attack}` gave {without}"
        );
        assert_eq!(answer(attack, "only:system-calls", *who), refused_with, "`{attack}` as {who:?}");
    }
}

/// The attack succeeds with what the wall stands on, and is refused with the wall on top. Where the wall cannot be raised,
/// a whole zone must say so too.
fn check(wall: &str, needs: &[&str], attack: &str, refused_with: &str, who: Who) {
    let below = if needs.is_empty() { "none".to_owned() } else { format!("only:{}", needs.join(",")) };
    let without = said(child(attack, &below, who));
    let with = said(child(attack, &format!("only:{}", [needs, &[wall]].concat().join(",")), who));
    if let Some(missing) = with.missing.first() {
        println!("unproven here: `{attack}` as {who:?}, because this machine gives no {missing}");
        let whole = said(child("nothing", "reader", who));
        let name = missing.split(' ').next().unwrap();
        assert!(whole.missing.iter().any(|line| line.starts_with(name)), "{missing} is not told: {whole:?}");
        return;
    }
    if without.answer == "nothing to attack" {
        println!("unproven here: `{attack}` as {who:?}, because this machine has nothing to attack");
        return;
    }
    assert_eq!(
        without.answer, "done",
        "`{attack}` as {who:?} must succeed with {below}, or it shows nothing"
    );
    assert_eq!(with.answer, refused_with, "`{attack}` as {who:?} with `{wall}` on {below}");
}

fn no_new_privileges() {
    if Who::all().contains(&Who::Nobody) {
        check("new-privileges", &[], "run_a_set_user_id_program", "EPERM", Who::Nobody);
    } else {
        println!(
            "unproven here: `run_a_set_user_id_program`, because it takes root to make one and another user to run it"
        );
    }
    for (powers, said) in
        [("none", "may gain privileges"), ("executor", "may not"), ("control-plane", "may not")]
    {
        assert_eq!(answer("new_privileges", powers, Who::Ourselves), said, "{powers}");
    }
}
